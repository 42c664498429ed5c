//! Ten minutes without an engine at two thousand records a second lie in the log when it comes back, and as many go on
//! coming: how soon it gets the first, how soon all of it, and how long an error waits that is told meanwhile.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::process::{Process, connected, post};
use crate::{records, seen, settings, stub, stub::now_us};

const PER_SECOND: u32 = 2_000;
const OUTAGE_SECONDS: u32 = 600;
/// One of them is an error.
const BATCH: u32 = 40;
const SENDERS: u32 = 4;
/// So long the server looks in vain: its pauses are as long as they get.
const IN_VAIN: Duration = Duration::from_secs(20);

pub async fn run() {
    let backlog = PER_SECOND * OUTAGE_SECONDS;
    println!("forwarder: back after {OUTAGE_SECONDS} s at {PER_SECOND} records a second, which go on");
    let dir = tempfile::tempdir().expect("a folder");
    records::prepare(dir.path(), backlog as usize).await;
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let url = format!("http://{free}");
    let server = Process::server(dir.path(), &settings(&url));
    let over = Arc::new(AtomicBool::new(false));
    let senders = senders(&server, &over).await;
    tokio::time::sleep(IN_VAIN).await;
    let _stub = stub(free.port());
    let (back, cpu) = (now_us(), server.cpu_seconds());
    let seen = drained(&url, backlog).await;
    over.store(true, Ordering::Relaxed);
    let cpu = server.cpu_seconds() - cpu;
    for sender in senders {
        sender.await.expect("a sender");
    }
    let since = |name: &str| seen[name].as_u64().unwrap_or_default().saturating_sub(back) as f64 / 1e6;
    println!("  first _bulk {:.0} ms after the engine could be reached", since("first_bulk_us") * 1e3);
    println!(
        "  {backlog} records gone in {:.1} s, {:.2} cores, none twice: {}",
        since("last_us"),
        cpu / since("last_us"),
        seen["twice"] == 0
    );
    println!("  the errors of these had overtaken the others after {:.1} s", since("last_error_us"));
    let errors = seen["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let new = errors.iter().filter(|error| error[0].as_u64() >= Some(back));
    let mut waits: Vec<u64> = new.filter_map(|error| error[1].as_u64()).collect();
    waits.sort_unstable();
    let at = |percent: usize| waits.get(waits.len() * percent / 100).map_or(0.0, |us| *us as f64 / 1e3);
    println!(
        "  {} new errors arrived meanwhile: p50 {:.0} ms, p99 {:.0} ms after they were told",
        waits.len(),
        at(50),
        at(99)
    );
}

async fn drained(url: &str, backlog: u32) -> serde_json::Value {
    loop {
        let seen = seen(url).await;
        if seen["distinct"].as_u64() >= Some(u64::from(backlog)) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Browsers that tell at the rate until it is over.
async fn senders(server: &Process, over: &Arc<AtomicBool>) -> Vec<tokio::task::JoinHandle<()>> {
    let (http, url, headers) = connected(server, "/api/logs").await;
    let (headers, apart) = (Arc::new(headers), Duration::from_secs(1) * BATCH / PER_SECOND);
    let began = Instant::now();
    let sender = |sender: u32| {
        let (http, url, headers, over) = (http.clone(), url.clone(), Arc::clone(&headers), Arc::clone(over));
        tokio::spawn(async move {
            for turn in 0.. {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                tokio::time::sleep_until((began + apart * (turn * SENDERS + sender)).into()).await;
                post(&http, &url, &headers, records::batch(BATCH as usize).to_string()).await;
            }
        })
    };
    (0..SENDERS).map(sender).collect()
}
