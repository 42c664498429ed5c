//! How fast a backlog gets to a search engine, and what a record costs on the way: the server beside rsyslog, both on the
//! same log, to the same stub and to the same real engines (`cargo xtask bench` starts them and installs rsyslog). Then an
//! outage of ten minutes: how soon it is made good, and how long new errors wait meanwhile.

mod engine;
mod outage;
#[path = "../support/process.rs"]
mod process;
mod records;
mod rsyslog;
mod stub;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use process::Process;
use rsyslog::Rsyslog;

/// Records that nobody delivered yet.
const BACKLOG: usize = 1_000_000;

fn main() {
    server::tls::install();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut words = std::env::args().skip_while(|word| word != "--stub");
    if let Some(port) = words.nth(1) {
        return runtime.block_on(stub::serve(port.parse().expect("a port")));
    }
    let only = std::env::var("DELTASCOPE_FORWARDER").unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only == name;
    runtime.block_on(async {
        if wanted("stub") {
            to_the_stub().await;
        }
        if wanted("outage") {
            outage::run().await;
        }
        if wanted("engine") {
            engine::run().await;
        }
    });
}

/// A stub on that port; 0: any.
fn stub(port: u16) -> Process {
    let itself = std::env::current_exe().expect("this program");
    Process::start(Command::new(itself).arg("--stub").arg(port.to_string()))
}

/// What a stub has seen.
async fn seen(url: &str) -> Value {
    let answer =
        reqwest::get(format!("{url}/_figures")).await.expect("an answer").text().await.expect("text");
    serde_json::from_str(&answer).expect("JSON")
}

/// Waits until that many different records have come, and gives what the stub has seen then.
async fn until(url: &str, records: usize) -> Value {
    loop {
        let seen = seen(url).await;
        if seen["distinct"].as_u64() >= Some(records as u64) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How one of the two did.
pub struct Run {
    pub per_second: f64,
    pub cpu_us: f64,
}

impl Run {
    pub fn print(&self, name: &str, besides: &str) {
        println!(
            "  {name:<34} {:>9.0} records a second, {:>6.2} µs of processor a record{besides}",
            self.per_second, self.cpu_us
        );
    }

    pub fn beside(&self, baseline: &Self) {
        println!(
            "  {:<34} {:>9.2} × as many a second, {:.2} × as many a processor second",
            "beside rsyslog",
            self.per_second / baseline.per_second,
            baseline.cpu_us / self.cpu_us
        );
    }
}

fn settings(url: &str) -> [(&str, &str); 2] {
    [("ELASTICSEARCH_URL", url), ("DELTASCOPE__ELASTICSEARCH__NAMESPACE", "default")]
}

async fn to_the_stub() {
    println!("forwarder: a backlog of {BACKLOG} records to a local stub that unpacks and reads every record");
    let dir = tempfile::tempdir().expect("a folder");
    records::prepare(dir.path(), BACKLOG).await;
    let ours = forwarded(dir.path()).await;
    let Some(program) = rsyslog::program() else {
        println!("  rsyslog with its output for Elasticsearch is not installed: no baseline");
        return;
    };
    let stub = stub(0);
    let shipper = Rsyslog::start(&program, dir.path(), &stub.base, "default");
    let seen = until(&stub.base, BACKLOG).await;
    let theirs = run_of(&seen, shipper.cpu_seconds());
    theirs.print("baseline: rsyslog", &requests(&seen));
    ours.beside(&theirs);
}

async fn forwarded(dir: &Path) -> Run {
    let stub = stub(0);
    let began = stub::now_us();
    let server = Process::server(dir, &settings(&stub.base));
    let cpu = server.cpu_seconds();
    let seen = until(&stub.base, BACKLOG).await;
    let run = run_of(&seen, server.cpu_seconds() - cpu);
    run.print("the server, all of it", &requests(&seen));
    let first = seen["first_bulk_us"].as_u64().unwrap_or_default().saturating_sub(began);
    println!("  first _bulk {:.0} ms after the start of the process", first as f64 / 1e3);
    run
}

fn run_of(seen: &Value, cpu_seconds: f64) -> Run {
    assert_eq!(seen["twice"], 0, "each once");
    let at = |name: &str| seen[name].as_u64().unwrap_or_default() as f64 / 1e6;
    let (records, seconds) =
        (seen["distinct"].as_u64().unwrap_or_default() as f64, at("last_us") - at("first_bulk_us"));
    Run { per_second: records / seconds, cpu_us: cpu_seconds * 1e6 / records }
}

fn requests(seen: &Value) -> String {
    let (bulks, bytes) = (&seen["bulks"], seen["bytes"].as_u64().unwrap_or_default());
    format!(", {bulks} requests, {} MB on the wire", bytes / 1_000_000)
}
