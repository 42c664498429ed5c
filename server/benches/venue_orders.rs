//! How many orders the simulated venue carries out in a second over HTTP, signature, quota, matching, fills and events
//! included, beside a plain axum handler that reads the same requests and answers the same bytes.

#[path = "support/cpu.rs"]
mod cpu;

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use server::venue::{Address, Call, Rest, Terms, translate, wire};
use simulator::auth::sign;
use simulator::{Faults, Options};
use telemetry::{Level, Secret};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Its latency keeps each connection waiting for some five milliseconds an order.
const CONNECTIONS: usize = 64;
/// Of one venue: what a window's quota affords.
const ORDERS: usize = 60;
const ROUNDS: usize = 5;
const KEY: &str = "simulator-key";
const SECRET: &str = "simulator-secret";

/// Sells and buys a lot at the market in turn, so that each is matched and nothing piles up.
async fn trade(address: String, product: u64) -> String {
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let (mut held, mut last) = (Vec::new(), String::new());
    for at in 0..ORDERS {
        let side = ["sell", "buy"][at % 2];
        let body = format!(
            r#"{{"product_id":{product},"size":1,"side":"{side}","order_type":"market_order","client_order_id":"bench{product}-{at}"}}"#
        );
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
        let signature = sign(SECRET, format!("POST{now}/v2/orders{body}").as_bytes());
        let request = format!(
            "POST /v2/orders HTTP/1.1\r\nhost: {address}\r\nuser-agent: bench\r\napi-key: {KEY}\r\ntimestamp: {now}\r\n\
             signature: {signature}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        last = answer(&mut stream, &mut held).await;
    }
    last
}

/// The body of the next answer, which must be a success.
async fn answer(stream: &mut TcpStream, held: &mut Vec<u8>) -> String {
    let mut buffer = [0_u8; 4_096];
    loop {
        if let Some(head) = held.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&held[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            let whole = head + 4 + length.and_then(|length| length.parse::<usize>().ok()).expect("a length");
            if held.len() >= whole {
                let body = String::from_utf8_lossy(&held[head + 4..whole]).into_owned();
                assert!(text.starts_with("http/1.1 200"), "{text}: {body}");
                held.drain(..whole);
                return body;
            }
        }
        let read = stream.read(&mut buffer).await.expect("an answer");
        assert!(read > 0, "the connection ended");
        held.extend_from_slice(&buffer[..read]);
    }
}

/// All connections at once: orders a second, nanoseconds that the process computed for each, and an answer.
async fn round(url: &str, products: &[u64]) -> (f64, f64, String) {
    let address = url.trim_start_matches("http://").to_owned();
    let (began, before) = (Instant::now(), cpu::process());
    let running: Vec<_> =
        products.iter().map(|product| tokio::spawn(trade(address.clone(), *product))).collect();
    let mut last = String::new();
    for trader in running {
        last = trader.await.expect("a trader");
    }
    let orders = (products.len() * ORDERS) as f64;
    (orders / began.elapsed().as_secs_f64(), (cpu::process() - before) / orders, last)
}

async fn venue() -> (simulator::Running, Vec<u64>) {
    let quota = Faults::parse("[quirks]\nquota_is_20000 = true\n").expect("quirks");
    let options = Options { faults: Some(quota), ..Options::new(7) };
    let running = simulator::start(options, |_| {}).await.expect("a venue");
    let address = Address {
        rest_url: running.rest_url.clone(),
        public_ws_url: String::new(),
        private_ws_url: String::new(),
        api_key: Secret::new(KEY),
        api_secret: Secret::new(SECRET),
        terms: Terms::default(),
    };
    let scout = Rest::new(address, server::telling::Teller::new(Level::Fatal, 16)).expect("a client");
    let rows = scout.read_all::<wire::Product>(&Call::options()).await.expect("the list");
    // Those near the market, and not at their end, have books on both sides.
    let day = server::clock::now().0 + 86_400_000_000;
    let mut options: Vec<_> = rows.iter().filter_map(|row| translate::option(row).ok().flatten()).collect();
    options.retain(|option| option.expiry.0 > day);
    let strikes: model::Decimal = options.iter().map(|option| option.strike).sum();
    let spot = strikes / model::Decimal::from(options.len());
    options.sort_by_key(|option| (option.strike - spot).abs());
    (running, options.iter().take(CONNECTIONS).map(|option| option.product_id.0).collect())
}

/// Answers the same to everybody once it has read the body.
async fn plain(answer: String) -> String {
    let answer: Arc<str> = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().fallback(move |body: Bytes| {
        let answer = Arc::clone(&answer);
        async move {
            assert!(!body.is_empty());
            ([(CONTENT_TYPE, "application/json")], answer.to_string())
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn median(figures: &[(f64, f64)], of: impl Fn(&(f64, f64)) -> f64) -> [f64; 3] {
    let mut figures: Vec<f64> = figures.iter().map(of).collect();
    figures.sort_by(f64::total_cmp);
    [figures[0], figures[figures.len() / 2], figures[figures.len() - 1]]
}

#[tokio::main]
async fn main() {
    println!(
        "venue_orders: market orders over {CONNECTIONS} connections, {ORDERS} on each, {ROUNDS} rounds in turn"
    );
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (mut ours, mut baseline) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (running, products) = venue().await;
        let (rate, computed, answer) = round(&running.rest_url, &products).await;
        ours.push((rate, computed));
        running.shutdown().await;
        let url = plain(answer).await;
        let (rate, computed, _) = round(&url, &products).await;
        baseline.push((rate, computed));
    }
    for (name, figures) in [("simulated venue", &ours), ("plain handler", &baseline)] {
        let ([low, rate, high], [_, computed, _]) =
            (median(figures, |figure| figure.0), median(figures, |figure| figure.1));
        println!(
            "  {name:<16} {rate:>8.0} orders a second ({low:.0} to {high:.0}), {:.1} µs computed for each, clients included",
            computed / 1e3
        );
    }
    let own = median(&ours, |figure| figure.1)[1] - median(&baseline, |figure| figure.1)[1];
    println!("  the venue's own: {:.1} µs an order, {:.0} a second and core", own / 1e3, 1e9 / own);
}
