//! Starting, telling, stopping: on stdout nothing but records, gapless; one clear sentence when a start fails.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use server::startup;
use server::telling::Output;

use crate::support::{Console, PASSWORD, config};

const REQUIRED: [&str; 11] = [
    "timestamp",
    "level",
    "service",
    "source",
    "event",
    "message",
    "correlation_id",
    "payload",
    "boot_id",
    "seq",
    "event_id",
];

#[tokio::test]
async fn records_reach_stdout_and_store_with_every_required_field_and_no_gap() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    console.get("/api/v1/logs").await;
    console.settled().await;
    let page = console.json("/api/v1/logs?limit=1000").await;
    let in_store = page["records"].as_array().unwrap().clone();
    let (words, on_stdout) = console.stop().await;
    assert!(words.contains("no positions of ours stay open"), "{words}");
    for record in on_stdout.iter().chain(&in_store) {
        for field in REQUIRED {
            assert!(record.get(field).is_some(), "{record} lacks {field}");
        }
    }
    for record in &in_store {
        assert!(on_stdout.contains(record), "the same JSON in both: {record}");
    }
    let seqs: Vec<u64> = on_stdout.iter().filter_map(|record| record["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "numbers from 1 without a gap, in order");
    let last = on_stdout.last().unwrap();
    assert_eq!(
        (last["event"].as_str(), last["payload"]["count"].as_u64()),
        (Some("telemetry.dropped"), Some(0))
    );
}

#[tokio::test]
async fn the_level_filters_records_without_taking_numbers() {
    let console = Console::start(&[("LOG_LEVEL", "fatal")]).await;
    console.get("/health").await;
    let (_, records) = console.stop().await;
    let told: Vec<(&str, u64)> =
        records.iter().map(|r| (r["event"].as_str().unwrap(), r["seq"].as_u64().unwrap())).collect();
    let declared = [("telemetry.suppressed", 1), ("telemetry.dropped", 2)];
    assert_eq!(told, declared, "the declarations of losses are never filtered");
}

#[tokio::test]
async fn noisy_debug_records_are_sampled_and_every_number_is_accounted_for() {
    let console = Console::start(&[("LOG_LEVEL", "debug")]).await;
    for _ in 0..1_000 {
        console.running.app.teller.tell_record(telemetry::LogRecord {
            level: telemetry::Level::Debug,
            event: "cycle.noisy".into(),
            ..telemetry::LogRecord::default()
        });
    }
    let (_, records) = console.stop().await;
    let told = records.iter().filter(|record| record["event"] == "cycle.noisy").count() as u64;
    let declared = |name: &str| -> u64 {
        records.iter().filter(|r| r["event"] == name).filter_map(|r| r["payload"]["count"].as_u64()).sum()
    };
    assert!((200..1_000).contains(&told), "{told}");
    let numbers = records.iter().filter_map(|record| record["seq"].as_u64()).max().unwrap();
    let accounted = records.len() as u64 + declared("telemetry.suppressed") + declared("telemetry.dropped");
    assert_eq!(numbers, accounted, "told + suppressed + dropped = numbers given");
}

#[tokio::test]
async fn slow_statements_are_told_without_feeding_themselves() {
    let console = Console::start(&[("DELTASCOPE__DATABASE__SLOW_STATEMENT_MS", "0")]).await;
    for _ in 0..50 {
        console.get("/health").await;
    }
    console.settled().await;
    let (_, records) = console.stop().await;
    let slow = records.iter().filter(|record| record["event"] == "db.slow_statement");
    let inserts = slow.filter(|record| record["payload"]["statement"] == "index.cover").count();
    assert!((1..=10).contains(&inserts), "told, but at most once a second: {inserts}");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_its_line() {
    let console = Console::start(&[]).await;
    let mut committed = console.running.app.records.committed();
    // A body that is announced and never comes keeps the request open until the client hangs up.
    let mut socket = tokio::net::TcpStream::connect(console.running.address).await.unwrap();
    let head = "POST /api/v1/sign-in HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 100\r\nx-correlation-id: gone-away-1\r\n\r\n{";
    tokio::io::AsyncWriteExt::write_all(&mut socket, head.as_bytes()).await.unwrap();
    drop(socket);
    let trace = async {
        loop {
            let trace = console.running.app.records.trace("gone-away-1").await.unwrap();
            if !trace.is_empty() {
                return trace.join("");
            }
            committed.changed().await.unwrap();
        }
    };
    let line = tokio::time::timeout(std::time::Duration::from_secs(10), trace).await.expect("a line");
    assert!(line.contains("http.request") && line.contains("gone-away-1"), "{line}");
}

#[tokio::test]
async fn a_second_server_and_a_taken_port_are_refused_in_one_sentence() {
    let console = Console::start(&[]).await;
    let settings = |dir: &str, listen: &str| {
        vec![
            ("DELTASCOPE__DATA__DIR".to_owned(), dir.to_owned()),
            ("DELTASCOPE__HTTP__LISTEN".to_owned(), listen.to_owned()),
        ]
    };
    let other = tempfile::tempdir().unwrap();
    let taken = console.data_dir().join("data").display().to_string();
    let same_dir = config(&other, &settings(&taken, "127.0.0.1:0"));
    let refused = startup::start(same_dir, Output::none()).await.err().expect("refused").to_string();
    assert!(refused.contains("another deltascope process uses the data directory"), "{refused}");
    let free = other.path().join("data").display().to_string();
    let same_port = config(&other, &settings(&free, &console.running.address.to_string()));
    let refused = startup::start(same_port, Output::none()).await.err().expect("refused").to_string();
    assert!(refused.contains("another program uses that port"), "{refused}");
}

/// A failing test leaves nothing running.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn binary(dir: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deltascope"));
    command
        .env_clear()
        .current_dir(dir)
        .env("DELTASCOPE__DATA__DIR", dir.join("data"))
        .env("DELTASCOPE__HTTP__LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn the_binary_serves_until_it_is_told_to_stop_and_says_what_stays() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Killed(binary(dir.path()).spawn().unwrap());
    let mut people = BufReader::new(server.0.stderr.take().unwrap());
    let mut words = String::new();
    while !words.contains("/login?token=") {
        assert!(people.read_line(&mut words).unwrap() > 0, "{words}");
    }
    assert!(words.contains("ready on http://127.0.0.1:"), "{words}");
    let pid = server.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    people.read_to_string(&mut words).unwrap();
    assert!(server.0.wait().unwrap().success());
    assert!(words.lines().last().unwrap().contains("no positions of ours stay open"), "{words}");
    let mut records = String::new();
    server.0.stdout.take().unwrap().read_to_string(&mut records).unwrap();
    assert!(records.lines().all(|line| line.starts_with("{\"timestamp\"")), "records and nothing else");
}

#[test]
fn a_wrong_setting_stops_the_start_and_secrets_are_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let refused = binary(dir.path()).env("DELTASCOPE__HTTP__PROT", "1").output().unwrap();
    let words = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && refused.stdout.is_empty());
    assert!(words.contains("DELTASCOPE__HTTP__PROT") && words.contains("http.listen"), "{words}");
    let shown = binary(dir.path())
        .args(["config", "show"])
        .env("DELTASCOPE__AUTH__BOOTSTRAP_PASSWORD", "hunter22")
        .output()
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success() && !text.contains("hunter22"), "{text}");
    assert!(text.contains("auth.bootstrap_password = ***"), "{text}");
    assert!(text.contains("environment variable DELTASCOPE__AUTH__BOOTSTRAP_PASSWORD"), "{text}");
}

#[tokio::test]
async fn accounts_are_managed_beside_a_running_server_and_told_as_audit_records() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let dir = console.data_dir().to_owned();
    let user = |arguments: &[&str], stdin: &str| {
        use std::io::Write as _;
        let mut child = binary(&dir).args(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(user(&["user", "add", "alice"], "short\n"), (false, String::new()));
    assert_eq!(user(&["user", "add", "alice"], "a long password\n"), (true, "added alice\n".to_owned()));
    assert_eq!(
        user(&["user", "add", "alice"], "a long password\n"),
        (false, String::new()),
        "the name is taken"
    );
    assert_eq!(user(&["user", "list"], "").1, "admin\nalice\n");
    assert!(user(&["user", "remove", "alice"], "").0);
    console.running.app.accounts.tell_changes(&console.running.app.teller).await.unwrap();
    console.settled().await;
    let page = console.json("/api/v1/logs?source=audit&q=user%20alice").await;
    let events: Vec<&str> =
        page["records"].as_array().unwrap().iter().filter_map(|r| r["event"].as_str()).collect();
    assert_eq!(events, ["auth.user_removed", "auth.user_added"]);
}

#[test]
fn the_simulator_alone_says_one_line_on_stdout_and_records_on_stderr() {
    let dir = tempfile::tempdir().unwrap();
    let mut venue = Killed(binary(dir.path()).args(["simulator", "--seed", "7"]).spawn().unwrap());
    let mut stdout = BufReader::new(venue.0.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).expect("one JSON line");
    assert!(ready["rest_url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert!(ready["ws_url"].as_str().unwrap().starts_with("ws://127.0.0.1:"));
    let pid = venue.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let (mut more, mut records) = (String::new(), String::new());
    stdout.read_to_string(&mut more).unwrap();
    venue.0.stderr.take().unwrap().read_to_string(&mut records).unwrap();
    assert!(venue.0.wait().unwrap().success());
    assert_eq!(more, "", "nothing after the one line");
    assert!(records.lines().all(|line| line.starts_with("{\"timestamp\"")), "{records}");
    assert!(!dir.path().join("data").exists(), "no data directory is touched");
}

/// Whoever is not signed in stored a record with every request, as many as he liked.
#[tokio::test]
async fn strangers_cannot_fill_the_log_and_what_is_left_out_is_declared() {
    let mut console = Console::start(&[]).await;
    for _ in 0..600 {
        console.get("/health").await;
    }
    console.sign_in(crate::support::PASSWORD).await;
    console.settled().await;
    let (_, records) = console.stop().await;
    let lines = records.iter().filter(|record| record["event"] == "http.request").count();
    assert!((200..500).contains(&lines), "a burst, and then a few a second: {lines}");
    let declared: u64 = records
        .iter()
        .filter(|record| record["event"] == "telemetry.suppressed")
        .filter_map(|record| record["payload"]["by_event"]["http.request"].as_u64())
        .sum();
    assert!(lines as u64 + declared >= 600, "{lines} told and {declared} declared");
}

/// A batch that came again while the store was slow was printed twice, and its numbers stood nowhere.
#[tokio::test]
async fn a_batch_that_comes_twice_is_printed_once_and_its_numbers_are_declared() {
    let console = Console::start(&[]).await;
    let teller = console.running.app.teller.clone();
    let records = || {
        let message = |n: usize| telemetry::LogRecord {
            event_id: format!("the-batch-{n}"),
            message: "told in a browser".to_owned(),
            ..telemetry::LogRecord::default()
        };
        (0..3).map(message).collect::<Vec<_>>()
    };
    let both = tokio::join!(
        teller.commit_batch(records(), "the-batch".to_owned(), None),
        teller.commit_batch(records(), "the-batch".to_owned(), None)
    );
    assert_eq!(
        both,
        (Ok(server::telling::BatchOutcome::Stored), Ok(server::telling::BatchOutcome::Duplicate))
    );
    let (_, records) = console.stop().await;
    let printed = records.iter().filter(|record| record["message"] == "told in a browser").count();
    assert_eq!(printed, 3);
    let declared = |record: &&serde_json::Value| record["payload"]["by_event"]["repeated_batch"] == 3;
    assert!(records.iter().any(|record| declared(&record)), "three numbers are declared");
}

/// What the writer had in its hands when it panicked stood in no count.
#[tokio::test]
async fn what_a_writer_that_panics_takes_with_it_is_declared() {
    struct Bad;
    impl telemetry::Event for Bad {
        fn name(&self) -> &'static str {
            "db.commits"
        }
        fn level(&self) -> telemetry::Level {
            telemetry::Level::Info
        }
        fn message(&self) -> String {
            panic!("on purpose")
        }
        fn payload(&self) -> telemetry::Map<String, telemetry::Value> {
            telemetry::Map::new()
        }
    }
    let console = Console::start(&[]).await;
    let app = &console.running.app;
    app.teller.tell_later(Box::new(Bad), &std::sync::Arc::default(), server::clock::now());
    let declared = async {
        loop {
            console.settled().await;
            let told = app.teller.counts();
            if told.shed > 0 {
                return told.shed;
            }
        }
    };
    let lost = tokio::time::timeout(std::time::Duration::from_secs(30), declared).await.expect("declared");
    let (_, records) = console.stop().await;
    let declared: u64 = records
        .iter()
        .filter(|record| {
            record["event"] == "telemetry.dropped" && record["payload"]["reason"] == "writer_failed"
        })
        .filter_map(|record| record["payload"]["count"].as_u64())
        .sum();
    assert_eq!(declared, lost, "the bad one and whatever was taken with it");
}
