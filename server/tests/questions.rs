//! The commands of docs/questions.md, run as they stand there against a server that has had a session.

#[path = "trading_support/console.rs"]
mod console;
#[path = "trading_support/server.rs"]
mod server_support;

use std::path::Path;
use std::process::Command;

use serde_json::json;

/// Lines of the shell blocks.
fn commands() -> Vec<&'static str> {
    let text = include_str!("../../docs/questions.md");
    let blocks = text.split("```sh\n").skip(1);
    blocks.flat_map(|rest| rest.split("```").next().unwrap_or_default().lines()).collect()
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

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_questions_works() {
    let missing: Vec<&str> = ["curl", "jq", "bash"].into_iter().filter(|program| !has(program)).collect();
    if !missing.is_empty() {
        assert!(std::env::var_os("CI").is_none(), "{missing:?} must be there");
        eprintln!("not run: {missing:?} is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (running, console) = server_support::start(&data, &[]).await;
    let base = format!("http://{}", running.address);
    let sign_in = format!(
        "curl -sf -c jar -H 'content-type: application/json' -d '{}' {base}/api/v1/sign-in",
        json!({ "username": "admin", "password": console::PASSWORD })
    );
    assert!(run(folder.path(), &data, &sign_in).0, "a cookie file as the README makes it");

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
