//! SIGKILL while browsers send and the server trades: what was acknowledged is in the segments once, what was not is
//! there whole or not at all, the journal is told once, and the index that was made beside says the same as the lines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use server::store::log::{Head, Log};
use server::store::telemetry::{Filter, TelemetryStore};
use server::telling::{Teller, samples_away};
use sqlx::{Connection as _, SqliteConnection};
use telemetry::Level;

use crate::durability::{Process, numbered};
use crate::support::config;

const RECORDS: usize = 20;
const AT_ONCE: usize = 8;

fn kills() -> usize {
    if std::env::var_os("DELTASCOPE_FULL").is_some() { 100 } else { 10 }
}

/// Lines of every batch, and how often each decision is told.
fn logged(data: &Path) -> (BTreeMap<String, Vec<String>>, BTreeMap<u64, usize>, usize) {
    let log = Log::guest(data);
    let (mut batches, mut told, mut lines) = (BTreeMap::<String, Vec<String>>::new(), BTreeMap::new(), 0);
    let mut forward = log.after(0);
    while let Some((_, piece)) = forward.next(log.end()).unwrap() {
        for (_, line) in piece.iter() {
            let head = Head::of(line).expect("every line is a record");
            lines += 1;
            if let Some((bid, size)) = head.batch() {
                assert_eq!(size, RECORDS as u64);
                batches.entry(bid.to_owned()).or_default().push(head.event_id.to_string());
            }
            if let Some(seq) = head.decision_seq {
                *told.entry(seq).or_default() += 1;
            }
        }
    }
    (batches, told, lines)
}

/// The decisions of the journal, and whether each is to be told: not those that sampling leaves out.
async fn decided(data: &Path) -> BTreeMap<u64, bool> {
    let url = format!("sqlite:{}", data.join("trading.db").display());
    let mut journal = SqliteConnection::connect(&url).await.unwrap();
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT json FROM journal_decisions").fetch_all(&mut journal).await.unwrap();
    let record = |row: &String| serde_json::from_str::<model::DecisionRecord>(row).unwrap();
    let due = |record: &model::DecisionRecord| {
        let (event, level) =
            (telemetry::Event::name(&record.decision), telemetry::Event::level(&record.decision));
        !samples_away(event, level, record.seq)
    };
    rows.iter().map(record).map(|record| (record.seq, due(&record))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_it_is_killed_acknowledged_batches_journal_segments_and_index_agree() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut acknowledged = BTreeSet::new();
    let mut open: Vec<Value> = Vec::new();
    let (mut next, mut repeats) = (0, 0);
    let mut process = Process::start(dir.path());
    let cookie = process.sign_in().await;
    for kill in 0..=kills() {
        let token = process.page_token().await;
        // What waits does not grow with the kills, or a server's limit would be met and not its death.
        let more = 30 - open.len();
        open.extend((0..more).map(|n| numbered::<RECORDS>(next + n)));
        next += more;
        let sent = open.iter().map(|body| async {
            (process.try_send(&cookie, &token, body).await, body["bid"].as_str().unwrap().to_owned())
        });
        let mut answers = futures_util::stream::iter(sent).buffer_unordered(AT_ONCE);
        // Another moment each time; the last round is not cut.
        let until = if kill == kills() { usize::MAX } else { 1 + kill * 7 % 23 };
        let mut settled = BTreeSet::new();
        while let Some((answer, bid)) = answers.next().await {
            let Some(answer) = answer else { continue };
            repeats += usize::from(answer["dup"] == json!(true));
            settled.insert(bid);
            if settled.len() == until {
                process.kill();
            }
        }
        drop(answers);
        open.retain(|body| !settled.contains(body["bid"].as_str().unwrap()));
        acknowledged.extend(settled);
        if kill < kills() {
            process = process.again(dir.path());
            let (batches, ..) = logged(&data);
            let missing: Vec<_> = acknowledged.iter().filter(|bid| !batches.contains_key(*bid)).collect();
            assert!(missing.is_empty(), "after kill {kill}: {missing:?}");
        }
    }
    assert!(open.is_empty());
    let books = process.get(&cookie, "/api/v1/pipeline").await["clients"].clone();
    assert_eq!(books["delivered"], json!(acknowledged.len() * RECORDS), "{books}");
    assert_eq!(books["unexplained_loss"], json!(0), "{repeats} were stored and not acknowledged at first");
    process.end();

    let (batches, told, lines) = logged(&data);
    assert_eq!(batches.keys().cloned().collect::<BTreeSet<_>>(), acknowledged);
    for (bid, ids) in &batches {
        let expected: Vec<String> = (0..RECORDS).map(|n| format!("{bid}-{n}")).collect();
        assert_eq!(*ids, expected, "whole, once, in order");
    }
    let decided = decided(&data).await;
    let due: BTreeMap<u64, usize> =
        decided.iter().filter(|(_, due)| **due).map(|(seq, _)| (*seq, 1)).collect();
    assert_eq!(told, due, "each that is due is told, and once");
    let indexed = tokio::time::timeout(Duration::from_secs(60), indexed(&data)).await.expect("it is made");
    assert_eq!(indexed, lines, "the index knows every line, each once");
}

/// Rows of the index, which is made to its end; and what it finds is what the lines say.
async fn indexed(data: &Path) -> usize {
    let settings = config(&tempfile::tempdir().unwrap(), &[]);
    let store = TelemetryStore::own(data, Teller::new(Level::Fatal, 16), &settings.database).await.unwrap();
    store.index_to_the_end().await.unwrap();
    let (mut rows, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.page(&Filter::default(), after, 1_000).await.unwrap();
        let before = rows.len();
        rows.extend(page.lines.iter().map(|line| Head::of(line.as_bytes()).unwrap().event_id.into_owned()));
        assert_eq!(rows.len() - before, page.lines.len(), "no line twice");
        match page.next {
            Some(next) => after = Some(next),
            None => return rows.len(),
        }
    }
}

/// They were deleted as soon as their records were on their way.
#[tokio::test(flavor = "multi_thread")]
async fn whenever_it_is_killed_a_change_of_accounts_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut process = Process::start(dir.path());
    let rounds = if std::env::var_os("DELTASCOPE_FULL").is_some() { 40 } else { 6 };
    for round in 0..rounds {
        let name = format!("user-{round}");
        let added = tokio::process::Command::new(env!("CARGO_BIN_EXE_deltascope"))
            .args(["user", "add", &name])
            .env("DELTASCOPE__DATA__DIR", &data)
            .stdin(std::process::Stdio::piped())
            .spawn();
        let mut added = added.unwrap();
        let mut stdin = added.stdin.take().unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stdin, b"a long password\n").await.unwrap();
        drop(stdin);
        assert!(added.wait().await.unwrap().success());
        // It is told within two seconds: each kill falls somewhere else within them.
        tokio::time::sleep(Duration::from_millis(2_400 * round / rounds)).await;
        process = process.again(dir.path());
    }
    let told = async {
        loop {
            let log = Log::guest(&data);
            let (mut told, mut forward) = (Vec::new(), log.after(0));
            while let Some((_, piece)) = forward.next(log.end()).unwrap() {
                let lines = piece.iter().map(|(_, line)| serde_json::from_slice::<Value>(line).unwrap());
                let added = lines.filter(|line| line["event"] == "auth.user_added");
                told.extend(added.map(|line| line["payload"]["user"].as_str().unwrap().to_owned()));
            }
            let names: BTreeSet<String> = told.iter().cloned().collect();
            if (0..rounds).all(|round| names.contains(&format!("user-{round}"))) {
                return (told.len(), names.len());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let (told, names) = tokio::time::timeout(Duration::from_secs(60), told).await.expect("each is told");
    assert_eq!(told, names, "and none twice");
}
