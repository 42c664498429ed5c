//! Browsers that send at a rate, not as fast as they are answered: what one waits for its answer is counted from the
//! moment at which it wanted to send, so that a slow answer delays no other and hides nothing. Beside it, from the server's own
//! lines, how long each request took from its headers to its answer: what is between the two are the senders, who share
//! the processors with it. And beside that, at the same rate, a server that reads the bodies and does nothing with them:
//! what it takes is the machine's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::batch_of;
use crate::process::{Process, connected, post};

/// Records of a page's batch, as most are.
const RECORDS: usize = 20;
/// Connections at once, so that nobody waits for one.
const SENDERS: u32 = 16;
const SECONDS: u32 = 10;
/// Where the baseline does nothing.
pub const NOTHING: &str = "/nothing";

/// Waits at so many records a second: of the server, or of the one that does nothing.
pub async fn run(process: &Process, path: &str, records_a_second: u32) {
    let (http, url, headers) = connected(process, path).await;
    let headers = Arc::new(headers);
    let apart = Duration::from_secs(1) * RECORDS as u32 / records_a_second;
    let each = SECONDS * records_a_second / RECORDS as u32 / SENDERS;
    let (began, cpu, kept) = (Instant::now(), process.cpu_seconds(), process.kept_waiting_seconds());
    let senders = (0..SENDERS).map(|sender| {
        let (http, url, headers) = (http.clone(), url.clone(), Arc::clone(&headers));
        tokio::spawn(async move {
            let mut waits = Vec::with_capacity(each as usize);
            for turn in 0..each {
                let due = began + apart * (turn * SENDERS + sender);
                tokio::time::sleep_until(due.into()).await;
                post(&http, &url, &headers, batch_of(RECORDS).to_string()).await;
                waits.push(due.elapsed());
            }
            waits
        })
    });
    let mut waits = Vec::new();
    for sender in senders.collect::<Vec<_>>() {
        waits.extend(sender.await.expect("a sender"));
    }
    let took = began.elapsed().as_secs_f64();
    let used = process.cpu_seconds() - cpu;
    waits.sort();
    let at = |percent: usize| waits[waits.len() * percent / 100].as_secs_f64() * 1e3;
    println!(
        "  {path}: {:>6} records a second in batches of {RECORDS}: {:>6.0} arrived, {:.2} cores, p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms",
        records_a_second,
        (waits.len() * RECORDS) as f64 / took,
        used / took,
        at(50),
        at(90),
        at(99),
    );
    let kept = (process.kept_waiting_seconds() - kept) * 1e6 / waits.len() as f64;
    let served = match path {
        NOTHING => measured(&http, &process.base).await,
        _ => served(&http, &process.base, &headers).await,
    };
    let at = |percent: usize| served[served.len() * percent / 100] as f64 / 1e3;
    println!(
        "         by itself, the latest {}: p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms; its threads waited {kept:.0} µs a request for a processor",
        served.len(),
        at(50),
        at(90),
        at(99)
    );
}

/// What the baseline measured of itself since it was asked last.
async fn measured(http: &reqwest::Client, base: &str) -> Vec<u64> {
    let text =
        http.get(format!("{base}/waits")).send().await.expect("an answer").text().await.expect("all of it");
    let mut waits: Vec<u64> = serde_json::from_str(&text).expect("numbers");
    let latest = waits.len().saturating_sub(3_000);
    waits.drain(..latest);
    waits.sort_unstable();
    waits
}

/// Latencies of the latest requests for the route, in microseconds, in order.
async fn served(http: &reqwest::Client, base: &str, headers: &[(&'static str, String)]) -> Vec<u64> {
    let (mut latencies, mut cursor) = (Vec::new(), String::new());
    for _ in 0..3 {
        let url = format!("{base}/api/v1/logs?event=http.request&limit=1000{cursor}");
        let mut request = http.get(url);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let text = request.send().await.expect("an answer").text().await.expect("all of it");
        let page: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let records = page["records"].as_array().expect("records").iter();
        let of_route = records.filter(|record| record["payload"]["route"] == "/api/logs");
        latencies.extend(of_route.filter_map(|record| record["latency_us"].as_u64()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    latencies.sort_unstable();
    latencies
}
