//! The commands of docs/questions.md and docs/runbook.md, run as they stand there against a server that has had a session.

#[path = "trading_support/console.rs"]
mod console;
#[path = "platform/support/receivers.rs"]
#[allow(dead_code)]
mod receivers;
#[path = "trading_support/server.rs"]
mod server_support;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// Lines of the shell blocks.
fn commands() -> Vec<&'static str> {
    let text = include_str!("../../docs/questions.md");
    let blocks = text.split("```sh\n").skip(1);
    blocks.flat_map(|rest| rest.split("```").next().unwrap_or_default().lines()).collect()
}

/// Indented lines of the runbook, those that go on put together.
fn commands_of_the_runbook() -> Vec<String> {
    let text = include_str!("../../docs/runbook.md").replace("\\\n", "");
    let indented = text.lines().filter_map(|line| Some(line.strip_prefix("    ")?.trim().to_owned()));
    // A real venue cannot be reached from a test: its guard has tests of its own (`live_guard.rs`).
    indented.filter(|command| !command.contains("VENUE__KIND=delta-")).collect()
}

/// Runs a command as a person would, in a folder with the cookie file.
fn run(folder: &Path, data: &Path, command: &str) -> (bool, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_deltascope")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-c", command])
        .current_dir(folder)
        .env("PATH", path)
        .env("DELTASCOPE__DATA__DIR", data)
        .output()
        .expect("bash runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Signs in, with a cookie file as the README makes it.
fn cookie_file(folder: &Path, data: &Path, base: &str) {
    let sign_in = format!(
        "curl -sf -c jar -H 'content-type: application/json' -d '{}' {base}/api/v1/sign-in",
        json!({ "username": "admin", "password": console::PASSWORD })
    );
    assert!(run(folder, data, &sign_in).0, "a cookie file");
}

/// `false`, with a line that says so, where something is missing that a person would have.
fn can_run(programs: &[&'static str]) -> bool {
    let missing: Vec<&str> = programs.iter().copied().filter(|program| !has(program)).collect();
    if !missing.is_empty() {
        assert!(std::env::var_os("CI").is_none(), "{missing:?} must be there");
        eprintln!("not run: {missing:?} is not installed");
    }
    missing.is_empty()
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_questions_works() {
    if !can_run(&["curl", "jq", "bash"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (running, console) = server_support::start(&data, &[]).await;
    let base = format!("http://{}", running.address);
    cookie_file(folder.path(), &data, &base);

    let mut feed = console.feed().await;
    let started = console.post("/api/v1/sessions", json!({ "preset": "quick-strangle" })).await;
    let session = started.body["session_id"].as_str().unwrap().to_owned();
    feed.entered().await;
    console.logs_until("event=cycle.completed", |records| !records.is_empty()).await;
    console.post(&format!("/api/v1/sessions/{session}/stop"), json!({})).await;
    feed.lifecycle("STOPPED").await;
    let submitted = console.logs_until("event=order.submitted", |records| records.len() >= 2).await;
    let order = submitted[0]["client_order_id"].as_str().unwrap().to_owned();
    console.logs_until("event=stream.heartbeat", |records| !records.is_empty()).await;
    console.logs_until("event=session.summarised", |records| !records.is_empty()).await;

    let commands = commands();
    assert!(commands.len() >= 25, "{}", commands.len());
    for command in commands {
        let key = uuid::Uuid::new_v4().to_string();
        let filled = command
            .replace("BASE", &base)
            .replace("TRACE", &started.correlation_id)
            .replace("SESSION", &session)
            .replace("ORDER", &order)
            .replace("KEY", &key);
        let (done, said) = tokio::task::block_in_place(|| run(folder.path(), &data, &filled));
        assert!(done, "{command}\n{said}");
        if MUST_FIND.iter().any(|event| command.contains(event)) {
            assert!(!said.trim().is_empty(), "{command} finds nothing");
        }
    }
    running.stop().await;
}

/// What such a session has told, so that a question for it must have an answer.
const MUST_FIND: [&str; 9] = [
    "api/v1/traces",
    "cycle.completed",
    "exit.decided",
    "session.summarised",
    "order.submitted",
    "venue.request --limit",
    "stream.heartbeat",
    "--source audit",
    "ORDER",
];

/// An answer over HTTP that is a refusal; `curl` itself is content with it, and tells of its progress behind it.
fn is_refusal(said: &str) -> bool {
    let answer = serde_json::Deserializer::from_str(said).into_iter::<Value>().next();
    answer.is_some_and(|answer| answer.is_ok_and(|answer| answer.get("error").is_some()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_runbook_works() {
    if !can_run(&["curl", "bash", "sqlite3"]) {
        return;
    }
    let receiver = receivers::Receiver::start(&[], "taken").await;
    let hook = format!("http://{}/", receiver.address);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let settings = [
        ("DELTASCOPE__NOTIFY__WEBHOOK_URL", hook.as_str()),
        ("DELTASCOPE__NOTIFY__WEBHOOK_SECRET", "a secret of ours"),
        ("DELTASCOPE__SIMULATOR__SPEED", "120"),
    ];
    let (running, console) = server_support::start(&data, &settings).await;
    let base = format!("http://{}", running.address);
    cookie_file(folder.path(), &data, &base);
    let mut feed = console.feed().await;
    let session = console.start().await;
    feed.entered().await;
    // What the runbook is there for: something fires, and everything is to be closed.
    console.post("/api/v1/panic", json!({})).await;
    feed.until("verified flat", |feed| feed.strip["latch"]["verified_flat_at"].is_string()).await;
    let alert = loop {
        let alerts = console.get("/api/v1/alerts").await.body;
        let firing = alerts["firing"].as_array().unwrap().clone();
        if let Some(alert) = firing.iter().find(|alert| alert["rule"] == "panic_started") {
            break alert["id"].as_str().unwrap().to_owned();
        }
        tokio::task::yield_now().await;
    };
    let soon = telemetry::Micros(server::clock::now().0 + 600_000_000).to_rfc3339();
    let commands = commands_of_the_runbook();
    assert!(commands.len() >= 25, "{commands:#?}");
    // The latch is cleared last: with it ends the alert that others are about. What closes without a server is run without one.
    let cleared = |command: &&String| command.contains("panic/acknowledge");
    let alone = |command: &&String| command.contains("panic --all");
    let (with, rest): (Vec<&String>, Vec<&String>) =
        commands.iter().partition(|command| !cleared(command) && !alone(command));
    let filled = |command: &str| {
        command
            .replace("http://127.0.0.1:3000", &base)
            .replace("BASE", &base)
            .replace("SESSION", &session)
            .replace("ALERT", &alert)
            .replace("2026-01-05T14:00:00Z", &soon)
            .replace("KEY", &uuid::Uuid::new_v4().to_string())
    };
    let works = |command: &str| {
        let (done, said) = tokio::task::block_in_place(|| run(folder.path(), &data, &filled(command)));
        assert!(done && !is_refusal(&said), "{command}\n{said}");
        said
    };
    for command in with {
        let said = works(command);
        let of_panic =
            ["--event panic.started", "--event alert.fired"].iter().any(|event| command.contains(event));
        assert!(!of_panic || !said.trim().is_empty(), "{command} finds nothing");
    }
    for command in rest.iter().filter(|command| cleared(command)) {
        works(command);
    }
    running.stop().await;
    for command in rest.iter().filter(|command| alone(command)) {
        works(command);
    }
}
