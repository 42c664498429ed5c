//! The share of audit records and errors on a full disk: they are in the log's files while nothing else gets there, and
//! not only in memory. On a real file system.

use std::collections::BTreeSet;
use std::time::Duration;

use server::health::Condition;
use server::store::log::{Log, SEGMENT_BYTES};
use server::store::telemetry::Filter;
use telemetry::{Level, LogRecord, Micros, Source};

use crate::support::Console;
use crate::support::small_disk::{self, SmallDisk};

const PATIENCE: Duration = Duration::from_secs(60);

fn tell(console: &Console, event: &'static str, level: Level, source: Source, message: String) {
    let record = LogRecord { event: event.into(), message, level, source, ..LogRecord::default() };
    console.running.app.teller.tell_record(record);
}

/// Lines of an event in the files, as `jq` would find them beside the server or after its death.
fn in_files(disk: &SmallDisk, event: &str) -> Vec<String> {
    let pattern = format!("\"event\":\"{event}\"");
    let days = std::fs::read_dir(disk.path().join("data/log")).expect("the log").flatten();
    let files = days.filter_map(|day| std::fs::read_dir(day.path()).ok()).flat_map(|day| day.flatten());
    let texts = files.filter(|file| file.path().extension().is_some_and(|kind| kind == "ndjson"));
    let lines = texts.flat_map(|file| {
        let text = std::fs::read_to_string(file.path()).expect("text");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    lines.filter(|line| line.contains(&pattern)).collect()
}

/// Fills the disk, and the log with it.
async fn fill(console: &Console, disk: &SmallDisk) {
    disk.fill();
    let full = async {
        let down = || {
            let parts = console.running.app.health.parts();
            matches!(parts["telemetry_store"].condition, Condition::Down { .. })
        };
        while !down() {
            tell(console, "cycle.filler", Level::Info, Source::Backend, "x".repeat(200));
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, full).await.expect("it is full");
}

#[tokio::test]
async fn audit_records_and_errors_are_on_the_disk_while_it_is_full() {
    let settings = [("DELTASCOPE__LOG__QUEUE_RECORDS", "1024")];
    let Some((disk, console)) = small_disk::console(&settings).await else { return };
    fill(&console, &disk).await;
    let mut written = console.running.app.records.committed();
    for n in 0..4_000 {
        tell(&console, "cycle.noted", Level::Info, Source::Backend, "x".repeat(200));
        if n % 40 == 0 {
            tell(&console, "auth.noted", Level::Info, Source::Audit, format!("{n}"));
            tell(&console, "task.noted", Level::Error, Source::Backend, format!("{n}"));
        }
    }
    let there = async {
        loop {
            written.borrow_and_update();
            if in_files(&disk, "auth.noted").len() + in_files(&disk, "task.noted").len() >= 200 {
                return;
            }
            written.changed().await.expect("a log");
        }
    };
    tokio::time::timeout(PATIENCE, there).await.expect("they are in the files while the disk is full");
    assert!(in_files(&disk, "cycle.noted").is_empty(), "nothing else takes their room");
    let told = in_files(&disk, "telemetry.store_failed");
    assert_eq!(told.len(), 1, "told once, and at once: {told:?}");
    let told: LogRecord = LogRecord::from_line(&told[0]).expect("a record");
    assert!(told.payload["reserve_bytes"].as_u64() > Some(100_000), "{told:?}");

    disk.free();
    console.settled().await;
    for event in ["auth.noted", "task.noted", "telemetry.store_failed", "telemetry.store_recovered"] {
        let filter = Filter { event: Some(event.to_owned()), ..Filter::default() };
        let found = console.running.app.records.after(&filter, 0, 100_000).await.expect("an answer");
        let ids: BTreeSet<String> =
            found.iter().map(|(_, line)| LogRecord::from_line(line).expect("a record").event_id).collect();
        let expected = if event.starts_with("telemetry") { 1 } else { 100 };
        assert_eq!((found.len(), ids.len()), (expected, expected), "{event}: each once");
    }
    console.stop().await;
}

/// The first line of a day meets a full disk: what is written later on that day is found all the same.
#[tokio::test]
async fn a_day_that_began_on_a_full_disk_is_read_when_there_is_room() {
    let Some(disk) = SmallDisk::mount(2_048) else { return };
    let (log, _) = Log::own(disk.path(), SEGMENT_BYTES);
    let day = |days: i64| Micros(1_795_000_000_000_000 + days * 86_400_000_000);
    let line = |n: i64| LogRecord { event_id: format!("n-{n}"), ..LogRecord::default() }.to_line() + "\n";
    log.append(line(0).as_bytes(), day(0)).expect("written");
    disk.fill();
    let error = log.append(line(1).repeat(40).as_bytes(), day(1)).expect_err("there is no room");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    disk.free();
    log.append(line(2).as_bytes(), day(1)).expect("written");
    let (mut forward, mut found) = (log.after(0), Vec::new());
    while let Some((_, lines)) = forward.next(log.end()).expect("read") {
        found.extend(
            lines
                .iter()
                .map(|(_, line)| LogRecord::from_line(std::str::from_utf8(line).unwrap()).unwrap().event_id),
        );
    }
    assert_eq!(found, ["n-0", "n-2"]);
}
