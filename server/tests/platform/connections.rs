//! Nobody shuts PANIC out: not with idle connections, not with failed sign-ins, not by removing a file.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use futures_util::StreamExt as _;
use server::http::{router, serving};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::{Console, PASSWORD};

async fn ask(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn whoever_comes_next_gets_in_however_many_say_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(|| async { "here" }));
    let console = Console::start(&[]).await;
    let stop = console.stop_signal();
    let serving = tokio::spawn(serving::serve(listener, router, 8, stop));
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    for _ in 0..3 {
        assert!(ask(address).await.ends_with("here"));
    }
    // The quietest made room: the first that came.
    let mut byte = [0];
    assert_eq!(idle[0].read(&mut byte).await.unwrap_or(0), 0, "it was closed");
    console.stop().await;
    serving.await.unwrap().unwrap();
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A feed that is served: its first frame has come.
async fn feed(address: SocketAddr, cookie: &str) -> Socket {
    let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
    request.headers_mut().insert("cookie", format!("__Host-session={cookie}").parse().unwrap());
    request.headers_mut().insert("origin", format!("http://{address}").parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().is_text());
    socket
}

/// How it is closed.
async fn closed(socket: &mut Socket) -> (u16, String) {
    let heard = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => break (frame.code.into(), frame.reason.to_string()),
                Some(Ok(_frame)) => {}
                other => panic!("closed without a word: {other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("it is closed")
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_of_one_login_make_room_for_each_other_and_panic_is_taken() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let (address, cookie) = (console.running.address, console.cookie.clone().unwrap());
    let mut feeds = Vec::new();
    for _ in 0..40 {
        feeds.push(feed(address, &cookie).await);
    }
    for oldest in &mut feeds[..8] {
        let (code, reason) = closed(oldest).await;
        assert_eq!((code, reason.contains("too many live feeds")), (4_429, true), "{reason}");
    }
    for live in &mut feeds[8..] {
        assert!(live.next().await.unwrap().unwrap().is_text(), "the others go on");
    }
    let press = console.request(reqwest::Method::POST, "/api/v1/panic");
    let key = uuid::Uuid::new_v4().to_string();
    let pressed = press.header("idempotency-key", key).json(&serde_json::json!({})).send().await.unwrap();
    assert_eq!(pressed.status(), 202);
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_count_as_connections_and_take_a_quarter_of_them() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let cookie = console.cookie.clone().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = router::build(Arc::clone(&console.running.app));
    let serving = tokio::spawn(serving::serve(listener, routes, 8, console.stop_signal()));
    let mut feeds = Vec::new();
    for _ in 0..6 {
        feeds.push(feed(address, &cookie).await);
    }
    for oldest in &mut feeds[..4] {
        assert_eq!(closed(oldest).await.0, 4_429);
    }
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    // Two sockets and six connections: all others had to go.
    for gone in &mut idle[..34] {
        let ended = tokio::time::timeout(PATIENCE, gone.read(&mut [0])).await.expect("it is closed");
        assert_eq!(ended.unwrap_or(0), 0);
    }
    for live in &mut feeds[4..] {
        assert!(
            live.next().await.unwrap().unwrap().is_text(),
            "a socket makes room for nobody who says nothing"
        );
    }
    assert!(ask(address).await.starts_with("HTTP/1.1"), "whoever comes next gets in");
    drop(feeds);
    console.stop().await;
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn failing_sign_ins_of_others_do_not_shut_the_emergency_form() {
    let console = Console::start(&[]).await;
    for _ in 0..12 {
        let body = serde_json::json!({ "username": "nobody", "password": "wrong horse battery" });
        console.post("/api/v1/sign-in", &body).await;
    }
    let refused = console
        .post("/api/v1/sign-in", &serde_json::json!({ "username": "admin", "password": PASSWORD }))
        .await;
    assert_eq!(refused.status(), 429, "sign-in waits");
    let send = |password: &'static str| {
        let form = format!("confirm=PANIC&username=admin&password={}", password.replace(' ', "+"));
        console
            .request(reqwest::Method::POST, "/panic")
            .header("origin", console.url("").trim_end_matches('/').to_owned())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
    };
    assert_eq!(send(PASSWORD).await.unwrap().status(), 202);
    // Also when the form itself was tried too often.
    for _ in 0..11 {
        send("wrong horse battery").await.unwrap();
    }
    assert_eq!(send(PASSWORD).await.unwrap().status(), 202, "slowly, but it gets through");
    console.stop().await;
}

#[tokio::test]
async fn a_database_whose_file_was_removed_is_not_written_on() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    for name in ["trading.db", "trading.db-wal", "trading.db-shm"] {
        std::fs::remove_file(console.data_dir().join("data").join(name)).unwrap();
    }
    let mut tries = 0;
    let started = loop {
        let body = serde_json::json!({ "preset": "quick-strangle" });
        let key = format!("00000000-0000-4000-8000-{tries:012}");
        tries += 1;
        let request =
            console.request(reqwest::Method::POST, "/api/v1/sessions").header("idempotency-key", key);
        let started = request.json(&body).send().await.unwrap();
        if started.status() == 202 {
            break started;
        }
    };
    let id = started.json::<serde_json::Value>().await.unwrap()["session_id"].as_str().unwrap().to_owned();
    let mut console = console.restart().await;
    console.sign_in(PASSWORD).await;
    let known = console.json(&format!("/api/v1/sessions/{id}")).await;
    assert_ne!(known["lost"], true, "what was promised is in the file that stands there: {known:#}");
    console.stop().await;
}
