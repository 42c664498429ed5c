//! `console.db` is cut or damaged while the server runs: whoever was let in before is let in after, and nobody else.

use std::path::Path;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::small_disk::SmallDisk;
use crate::support::{Console, PASSWORD, cookie_of};

/// Signed in with a password that was set by the one-time link: no setting knows it.
async fn signed_in_by_link() -> Console {
    let mut console = Console::start_bare(&[]).await;
    console.ready().await;
    let link = console.running.sign_in_link.clone().unwrap();
    let token = link.split_once("?token=").unwrap().1.to_owned();
    let set = json!({ "token": token, "password": PASSWORD });
    let response = console.post("/api/v1/set-password-by-link", &set).await;
    assert_eq!(response.status(), StatusCode::OK);
    console.cookie = cookie_of(&response);
    console
}

/// Both files end here and now, under the connections.
fn cut(dir: &Path) {
    for name in ["console.db", "console.db-wal"] {
        std::fs::File::options().write(true).open(dir.join(name)).unwrap().set_len(0).unwrap();
    }
}

fn overwrite(dir: &Path) {
    for name in ["console.db", "console.db-wal"] {
        let length = std::fs::metadata(dir.join(name)).unwrap().len();
        std::fs::write(dir.join(name), vec![0xA5; usize::try_from(length).unwrap()]).unwrap();
    }
}

fn remove(dir: &Path) {
    for name in ["console.db", "console.db-wal", "console.db-shm"] {
        std::fs::remove_file(dir.join(name)).unwrap();
    }
}

/// Until another database stands there; what is asked meets the damage.
async fn begun_anew(console: &Console) {
    let accounts = console.running.app.accounts.clone();
    let opened = accounts.opened();
    let asked = async {
        while *opened.borrow() < 2 {
            // Nobody's cookie: it is looked up in the file. Writing meets what reading does not.
            let _ = accounts.session("nobody's").await;
            accounts.end_session("nobody's").await;
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), asked).await.expect("it is found");
}

async fn sign_in(console: &Console, password: &str) -> Response {
    console.post("/api/v1/sign-in", &json!({ "username": "admin", "password": password })).await
}

async fn form(console: &Console, password: &str) -> StatusCode {
    let body = format!("confirm=PANIC&username=admin&password={}", password.replace(' ', "+"));
    let origin = console.url("").trim_end_matches('/').to_owned();
    let sent = console.http.post(console.url("/panic")).header("origin", origin);
    let sent = sent.header("content-type", "application/x-www-form-urlencoded").body(body);
    sent.send().await.unwrap().status()
}

async fn press(console: &Console, path: &str, body: &Value) -> Response {
    let key = uuid::Uuid::new_v4().to_string();
    let request = console.request(Method::POST, path).header("idempotency-key", key).json(body);
    request.send().await.unwrap()
}

/// Cookie, form, password and every button work; what is wrong stays wrong.
async fn lets_in_who_was_let_in(console: &mut Console, session: &str, left: &str) {
    assert_eq!(console.get("/api/v1/me").await.status(), StatusCode::OK, "the cookie that was good");
    for button in ["pause", "stop"] {
        let pressed = press(console, &format!("/api/v1/sessions/{session}/{button}"), &json!({})).await;
        let (status, words) = (pressed.status(), pressed.text().await.unwrap());
        assert!(!matches!(status.as_u16(), 401 | 503), "{button}: {status} {words}");
    }
    assert_eq!(press(console, "/api/v1/panic", &json!({})).await.status(), StatusCode::ACCEPTED, "PANIC");
    assert_eq!(form(console, PASSWORD).await, StatusCode::ACCEPTED, "the emergency form");
    assert_eq!(form(console, "wrong horse battery").await, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(console, PASSWORD).await.status(), StatusCode::OK, "the password that was right");
    assert_eq!(sign_in(console, "wrong horse battery").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(console.running.app.accounts.list().await.unwrap_or_default(), ["admin"]);
    let cookie = console.cookie.replace(left.to_owned());
    assert_eq!(console.get("/api/v1/me").await.status(), StatusCode::UNAUTHORIZED, "who had signed out");
    console.cookie = cookie;
}

/// A session runs, and somebody else has signed out; gives its id and the cookie of who left.
async fn a_session_and_one_who_left(console: &Console) -> (String, String) {
    let started = press(console, "/api/v1/sessions", &json!({ "preset": "quick-strangle" })).await;
    assert_eq!(started.status(), StatusCode::ACCEPTED);
    let id = started.json::<Value>().await.unwrap()["session_id"].as_str().unwrap().to_owned();
    let left = cookie_of(&sign_in(console, PASSWORD).await).unwrap();
    let cookie = format!("__Host-session={left}");
    let out = console.http.post(console.url("/api/v1/sign-out")).header("cookie", cookie);
    let out = out.header("origin", console.url("").trim_end_matches('/').to_owned());
    assert_eq!(out.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    (id, left)
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_cut_or_damaged_while_running_shut_nobody_out() {
    for (word, harm) in [("cut", cut as fn(&Path)), ("overwritten", overwrite), ("removed", remove)] {
        let mut console = signed_in_by_link().await;
        let (session, left) = a_session_and_one_who_left(&console).await;
        harm(&console.data_dir().join("data"));
        begun_anew(&console).await;
        lets_in_who_was_let_in(&mut console, &session, &left).await;
        // The new file holds it too.
        let mut console = console.restart().await;
        assert_eq!(console.running.sign_in_link, None, "{word}: no way in that was not there before");
        assert_eq!(console.get("/api/v1/me").await.status(), StatusCode::OK, "{word}");
        assert_eq!(console.sign_in(PASSWORD).await.status(), StatusCode::OK, "{word}");
        let told = console.json("/api/v1/logs?event=auth.carried_over").await;
        assert_eq!(told["records"].as_array().unwrap().len(), 1, "{word}: {told}");
        let links = console.json("/api/v1/logs?event=auth.link_issued").await;
        assert_eq!(links["records"].as_array().unwrap().len(), 1, "{word}: that of the first start");
        console.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_was_lost_with_the_log_beside_the_file_is_good() {
    let mut console = Console::start(&[]).await;
    console.ready().await;
    console.running.app.accounts.db().unwrap().checkpoint().await.unwrap();
    assert_eq!(console.sign_in(PASSWORD).await.status(), StatusCode::OK);
    let log = console.data_dir().join("data/console.db-wal");
    std::fs::File::options().write(true).open(log).unwrap().set_len(0).unwrap();
    begun_anew(&console).await;
    assert_eq!(console.get("/api/v1/me").await.status(), StatusCode::OK);
    assert_eq!(press(&console, "/api/v1/panic", &json!({})).await.status(), StatusCode::ACCEPTED);
    let console = console.restart().await;
    assert_eq!(console.get("/api/v1/me").await.status(), StatusCode::OK, "the file knows it again");
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_of_the_settings_is_not_set_in_place_of_one_that_was_chosen() {
    let mut console = Console::start(&[]).await;
    let accounts = console.running.app.accounts.clone();
    assert!(accounts.set_password("admin", "chosen by hand".to_owned()).await.unwrap());
    assert_eq!(console.sign_in("chosen by hand").await.status(), StatusCode::OK);
    cut(&console.data_dir().join("data"));
    begun_anew(&console).await;
    assert_eq!(sign_in(&console, PASSWORD).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&console, "chosen by hand").await.status(), StatusCode::OK);
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_cannot_be_begun_anew_shut_nobody_out_either() {
    let Some(disk) = SmallDisk::mount(24 * 1_024) else { return };
    let dir = disk.path().join("data");
    let mut console = Console::start(&[("DELTASCOPE__DATA__DIR", dir.to_str().unwrap())]).await;
    console.sign_in(PASSWORD).await;
    cut(&dir);
    disk.fill();
    // Whatever the files are at this moment, or become.
    for _ in 0..20 {
        assert_eq!(console.get("/api/v1/me").await.status(), StatusCode::OK);
        assert_eq!(form(&console, PASSWORD).await, StatusCode::ACCEPTED);
        assert_eq!(form(&console, "wrong horse battery").await, StatusCode::UNAUTHORIZED);
        console.running.app.accounts.end_session("nobody's").await;
    }
    console.stop().await;
}
