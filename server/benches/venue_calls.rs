//! What the client costs its caller for a signed call, beside a plain request of the same HTTP client to the same server
//! in the same run: budget, signature, judging, reading and telling are what is between them.

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use server::telling::Teller;
use server::venue::{Address, Call, Rest, wire};
use support::{line, prepared_time, ratio, time};
use telemetry::{Level, Secret};

const CALLS: usize = 400;
/// An answer of the size of a wallet.
const BODY: &str = r#"{"success":true,"result":[{"asset_id":14,"asset_symbol":"USD","balance":"100000.5","available_balance":"99000.25","blocked_margin":"1000.25","order_margin":"0","position_margin":"1000.25","user_id":22142,"id":1}],"meta":{"net_equity":"100000.5"}}"#;

/// A server that says the same to everybody, one thread for a connection.
fn venue() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || {
                let mut stream = stream;
                let _ = stream.set_nodelay(true);
                let (mut buffer, mut held) = ([0_u8; 4_096], Vec::new());
                while let Ok(read @ 1..) = stream.read(&mut buffer) {
                    held.extend_from_slice(&buffer[..read]);
                    while let Some(end) = held.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                        held.drain(..end + 4);
                        if stream.write_all(answer.as_bytes()).is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    format!("http://{address}")
}

fn main() {
    println!("venue_calls: one signed read of the wallet over loopback, beside a plain request");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let url = venue();
    let address = Address {
        rest_url: url.clone(),
        public_ws_url: String::new(),
        private_ws_url: String::new(),
        api_key: Secret::new("a-key-of-thirty-characters-000"),
        api_secret: Secret::new("a-secret-of-sixty-characters-00000000000000000000000000000000"),
        terms: server::venue::Terms::default(),
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plain_client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let wallet = format!("{url}/v2/wallet/balances");
    let plain = time(|| {
        runtime.block_on(async {
            for _ in 0..CALLS {
                let response = plain_client.get(&wallet).send().await.expect("an answer");
                let text = response.text().await.expect("a body");
                let _: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            }
        });
        CALLS
    });
    let read = async |rest: &Rest| {
        let read = rest.read::<Vec<wire::Wallet>>(&Call::wallet()).await;
        assert!(read.is_ok(), "{read:?}");
    };
    // All rounds together spend more than a window's quota: each has a client with one of its own, made beforehand.
    let client = || {
        let rest = Rest::new(address.clone(), Teller::new(Level::Info, 4_096)).expect("a client");
        runtime.block_on(read(&rest));
        rest
    };
    let signed = prepared_time(client, |rest| {
        runtime.block_on(async {
            for _ in 0..CALLS {
                read(rest).await;
            }
        });
        CALLS
    });
    line("plain request, answer read as JSON", plain);
    line("signed, budgeted, judged, typed and told", signed);
    ratio("of the plain request", signed, plain);
    println!("  {:<52} {:>9.0} ns", "overhead of the client per call", signed.median - plain.median);
}
