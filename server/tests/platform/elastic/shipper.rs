//! A shipper that is not ours, beside our own forwarder: both deliver the same records under the same ids, and each
//! stands in the index once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use telemetry::Source;

use super::cutting::{Cutting, Harm};
use super::engines::{Engine, all, browser_records, ids_of, tell};

const CONFIGURATION: &str = include_str!("../../../../deploy/rsyslog/deltascope.conf");

struct Rsyslog(Child);

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Rsyslog {
    /// Tails the files of a pattern.
    fn start(url: &str, engine: &Engine, folder: &Path, pattern: &str) -> Self {
        let state = folder.join("rsyslog");
        std::fs::create_dir_all(&state).expect("a folder");
        let address = url.split_once("://").expect("an address").1;
        let (host, port) = address.split_once(':').expect("host and port");
        let text = CONFIGURATION
            .replace("@STATE@", &state.display().to_string())
            .replace("@LOGS@", pattern)
            .replace("@HOST@", host)
            .replace("@PORT@", port)
            .replace("@NAMESPACE@", &engine.namespace);
        let file = state.join("rsyslog.conf");
        std::fs::write(&file, text).expect("written");
        let told = std::fs::File::create(state.join("stderr.log")).expect("a file");
        let program =
            ["/usr/sbin/rsyslogd", "/sbin/rsyslogd"].into_iter().find(|path| Path::new(path).exists());
        let child = Command::new(program.expect("rsyslogd"))
            .args(["-n", "-f"])
            .arg(&file)
            .arg("-i")
            .arg(state.join("pid"))
            .stdin(Stdio::null())
            .stderr(told)
            .spawn();
        Self(child.expect("rsyslogd starts"))
    }
}

/// Where the segments are; a server that keeps none has the same lines on its stdout.
fn pattern(console: &crate::support::Console, folder: &Path) -> String {
    let segments = console.data_dir().join("data/log");
    if segments.is_dir() {
        return segments.join("*/*.ndjson").display().to_string();
    }
    let lines: Vec<String> = console.lines.records().iter().map(Value::to_string).collect();
    std::fs::write(folder.join("000001.ndjson"), lines.join("\n") + "\n").expect("written");
    folder.join("*.ndjson").display().to_string()
}

#[tokio::test]
#[ignore = "needs real engines and rsyslog: `cargo xtask test --full --only engines`"]
async fn rsyslog_and_the_forwarder_together_leave_every_record_once() {
    for engine in all() {
        let console = engine.console(&[("DELTASCOPE__ELASTICSEARCH__BATCH_RECORDS", "50")]).await;
        // Templates stand there once the first record does.
        let first = browser_records(1, "setup", |_, _| {});
        tell(&console, &first).await;
        engine.until(&ids_of(&first)).await;
        let mut records = browser_records(2_000, "both", |n, record| {
            record.payload.insert("n".to_owned(), n.into());
        });
        for (n, record) in records.iter_mut().enumerate() {
            record.source = [Source::Frontend, Source::Backend, Source::Audit][n % 3];
        }
        tell(&console, &records).await;
        let folder = tempfile::tempdir().expect("a folder");
        let shipper = Rsyslog::start(&engine.url, &engine, folder.path(), &pattern(&console, folder.path()));
        let page = ids_in_the_log(&console).await;
        assert!(page.len() > 2_000, "{}", page.len());
        engine.until(&page).await;
        drop(shipper);
        console.stop().await;
        // What the shipper alone has to bring: records of a server that forwards nowhere.
        let alone = crate::support::Console::start(&[]).await;
        let mut more = browser_records(300, "alone", |_, _| {});
        more.iter_mut().for_each(|record| record.message = "Told to a file".to_owned());
        tell(&alone, &more).await;
        let found = brought(&engine, &alone, &ids_of(&more)).await;
        let twice: Vec<_> = found.iter().filter(|(_, count)| **count != 1).take(5).collect();
        assert!(twice.is_empty(), "{twice:?}");
        alone.stop().await;
        engine.clean().await;
    }
}

/// Reads the files once. What a full write queue turns away it would drop, a request at a time: a proxy keeps that from it.
async fn brought(
    engine: &Engine,
    console: &crate::support::Console,
    wanted: &BTreeSet<String>,
) -> BTreeMap<String, usize> {
    let proxy = Cutting::patient(&engine.url).await;
    let folder = tempfile::tempdir().expect("a folder");
    let _shipper = Rsyslog::start(&proxy.url(), engine, folder.path(), &pattern(console, folder.path()));
    engine.until(wanted).await
}

async fn ids_in_the_log(console: &crate::support::Console) -> BTreeSet<String> {
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = console.json(&format!("/api/v1/logs?limit=1000{cursor}")).await;
        let records = page["records"].as_array().expect("records");
        // What is told of these very questions comes later than the file.
        let told = records.iter().filter(|record| record["event"] == "ui.click");
        ids.extend(told.map(|record| record["event_id"].as_str().expect("an id").to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

/// What both meet on their way, in this order, and then nothing more.
fn harm() -> Vec<Harm> {
    let round = [
        Harm::None,
        Harm::Refuse(503),
        Harm::Cut,
        Harm::Refuse(429),
        Harm::CutAndRollOver,
        Harm::Refuse(502),
    ];
    std::iter::repeat_n(round, 3).flatten().collect()
}

/// How many are missing and how many stand there more than once.
fn verdict(wanted: &BTreeSet<String>, found: &BTreeMap<String, usize>) -> (usize, usize) {
    let lost = wanted.iter().filter(|id| !found.contains_key(*id)).count();
    let twice = wanted.iter().filter(|id| found.get(*id).is_some_and(|count| *count > 1)).count();
    (lost, twice)
}

#[tokio::test]
#[ignore = "needs real engines and rsyslog: `cargo xtask test --full --only engines`"]
async fn the_same_faults_before_both_shippers() {
    for (ours, theirs) in all().into_iter().zip(all()) {
        let records = browser_records(3_000, "faults", |n, record| {
            record.payload.insert("n".to_owned(), n.into());
        });
        let wanted = ids_of(&records);
        let streams = |engine: &Engine| vec![engine.stream(Source::Frontend)];
        let proxy = Cutting::start(&ours.url, streams(&ours), harm()).await;
        let console =
            ours.console_by(&proxy.url(), &[("DELTASCOPE__ELASTICSEARCH__BATCH_RECORDS", "100")]).await;
        tell(&console, &records).await;
        let mine = ours.until(&wanted).await;
        assert!(proxy.is_through());

        let proxy = Cutting::start(&theirs.url, streams(&theirs), harm()).await;
        let behind = theirs.behind(proxy.url());
        let folder = tempfile::tempdir().expect("a folder");
        let shipper = Rsyslog::start(&behind.url, &behind, folder.path(), &pattern(&console, folder.path()));
        // It may never bring all of them: until nothing new comes for a while.
        let (mut found, mut still) = (BTreeMap::new(), 0);
        while still < 25 {
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            let now = behind.ids().await;
            still = if now.len() == found.len() && proxy.is_through() { still + 1 } else { 0 };
            found = now;
        }
        drop(shipper);
        let (us, them) = (verdict(&wanted, &mine), verdict(&wanted, &found));
        println!("of {} records     lost  twice", wanted.len());
        println!("our forwarder  {:>8}  {:>5}", us.0, us.1);
        println!("rsyslog        {:>8}  {:>5}", them.0, them.1);
        assert_eq!(us, (0, 0));
        console.stop().await;
        ours.clean().await;
        behind.clean().await;
    }
}
