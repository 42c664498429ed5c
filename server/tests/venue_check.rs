//! `deltascope venue check`, against the simulator: every line, one that a fault makes fail, and that nothing is left at
//! the venue, whoever is killed in the middle.

#[path = "trading_support/console.rs"]
mod console;
#[path = "live_support/mod.rs"]
mod live_support;
#[path = "trading_support/server.rs"]
mod server_support;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use live_support::{PROFILES, at, look, quiet as venue};
use serde_json::Value;
use simulator::Running;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(180);

fn program(dir: &Path, settings: &[(&'static str, String)], arguments: &[&str]) -> Command {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_deltascope"));
    command
        .args(["venue", "check"])
        .args(arguments)
        .env_clear()
        .envs(server_support::environment(dir, &settings))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

struct Ran {
    good: bool,
    lines: Vec<String>,
    words: String,
}

impl Ran {
    fn line(&self, number: &str) -> &str {
        let of = |line: &&String| line.get(11..13).is_some_and(|shown| shown.trim() == number);
        self.lines
            .iter()
            .find(of)
            .unwrap_or_else(|| panic!("no line {number}: {:#?}\n{}", self.lines, self.words))
    }

    fn counted(&self, word: &str) -> usize {
        self.lines.iter().filter(|line| line.starts_with(word)).count()
    }
}

async fn ran(dir: &Path, settings: &[(&'static str, String)], arguments: &[&str]) -> Ran {
    let output = tokio::time::timeout(PATIENCE, program(dir, settings, arguments).output());
    let output = output.await.expect("it ends").unwrap();
    Ran {
        good: output.status.success(),
        lines: String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect(),
        words: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Whether anything is on: open orders and lots.
async fn left(venue: &Running) -> (usize, i64) {
    let orders = look(venue, "/v2/orders?states=open%2Cpending&page_size=50").await;
    let positions = look(venue, "/v2/positions/margined").await;
    let size = |row: &Value| row["size"].as_i64().unwrap().abs();
    (orders.as_array().unwrap().len(), positions.as_array().unwrap().iter().map(size).sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_is_tried_where_there_is_play_money_and_nothing_is_left() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), venue("delta-india-testnet", "").await);
    let settings = at("delta-india-testnet", &venue);
    let ran = ran(dir.path(), &settings, &[]).await;
    assert!(ran.good, "{:#?}\n{}", ran.lines, ran.words);
    for number in
        ["a", "b", "c", "d", "e", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "13", "14", "15"]
    {
        assert!(ran.line(number).starts_with("passed"), "{}", ran.line(number));
    }
    for number in ["11", "12"] {
        assert!(ran.line(number).starts_with("not tried"), "{}", ran.line(number));
    }
    assert!(ran.line("1").contains("refused as bad_schema"), "{}", ran.line("1"));
    assert!(ran.line("3").contains("the protective stop stayed"), "{}", ran.line("3"));
    assert!(ran.line("13").contains("tax 0.18"), "{}", ran.line("13"));
    assert_eq!(ran.lines.len(), 20, "{:#?}", ran.lines);
    assert_eq!(left(&venue).await, (0, 0));
    assert!(!dir.path().join("venue-check.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_venue_does_otherwise_makes_its_line_fail() {
    let fees = "[[rule]]\nfault = \"reply_altered\"\nroute = \"GET /v2/fills*\"\nset_fields = { commission = \"0.5\" }\n";
    let look_ups =
        "[[rule]]\nfault = \"rest_status\"\nroute = \"GET /v2/orders/client_order_id*\"\nstatus = 500\n";
    let numbers = "[[rule]]\nfault = \"reply_altered\"\nroute = \"GET /v2/products/BTCUSD\"\nset_fields = { id = 139 }\n";
    for (faults, number, words) in [
        (fees, "13", "0.5 was charged"),
        (look_ups, "2", "a cancelled order is not found by its id"),
        (numbers, "d", "REST as 139: the host is another venue's"),
    ] {
        let (dir, venue) = (tempfile::tempdir().unwrap(), venue("delta-india-testnet", faults).await);
        let ran = ran(dir.path(), &at("delta-india-testnet", &venue), &[]).await;
        assert!(!ran.good && ran.words.contains("failed"), "{:#?}\n{}", ran.lines, ran.words);
        let line = ran.line(number);
        assert!(line.starts_with("failed") && line.contains(words) && line.contains("To do: "), "{line}");
        assert!(ran.counted("passed") > 8, "the others are tried all the same: {:#?}", ran.lines);
        assert_eq!(left(&venue).await, (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_money_and_an_account_that_is_not_named_place_no_orders() {
    for kind in PROFILES {
        let (dir, venue) = (tempfile::tempdir().unwrap(), venue(kind, "").await);
        let mut settings = at(kind, &venue);
        if kind == "delta-india-testnet" {
            settings.retain(|(name, _)| *name != "DELTASCOPE__VENUE__LIVE_ACCOUNT");
        }
        let ran = ran(dir.path(), &settings, &[]).await;
        assert!(ran.good, "{kind}: {:#?}\n{}", ran.lines, ran.words);
        for number in ["a", "b", "c", "d", "e", "15"] {
            assert!(ran.line(number).starts_with("passed"), "{kind}: {}", ran.line(number));
        }
        for number in ["1", "4", "7", "10", "13"] {
            assert!(ran.line(number).starts_with("not tried"), "{kind}: {}", ran.line(number));
        }
        let fills = look(&venue, "/v2/fills").await;
        assert_eq!(fills.as_array().map(Vec::len), Some(0), "{kind}");
        let history = look(&venue, "/v2/orders/history").await;
        assert_eq!(history.as_array().map(Vec::len), Some(0), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_a_venue_is_a_rehearsal() {
    let dir = tempfile::tempdir().unwrap();
    let ran = ran(dir.path(), &[], &[]).await;
    assert!(ran.good && ran.words.contains("rehearsal"), "{:#?}\n{}", ran.lines, ran.words);
    assert!(ran.line("10").starts_with("passed"), "{}", ran.line("10"));
}

/// Starts a run and waits until it has said that line: what comes next is on its way.
async fn begun(dir: &Path, settings: &[(&'static str, String)], number: &str) -> Child {
    let mut child = program(dir, settings, &[]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let wait = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.get(11..13).is_some_and(|shown| shown.trim() == number) {
                return;
            }
        }
        panic!("it ended before line {number}");
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the line comes");
    // Its pipe stays open, or the next line would end it in another way than the one that is tried.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    child
}

/// A run that holds a lot is killed, and its guard before it.
async fn abandoned(dir: &Path, settings: &[(&'static str, String)]) {
    let mut child = begun(dir, settings, "7").await;
    let id = child.id().unwrap().to_string();
    // The guard first, and the run before it can notice.
    let family = Command::new("ps").args(["-o", "pid=", "--ppid", &id]).output().await.unwrap();
    let guard = String::from_utf8_lossy(&family.stdout).trim().to_owned();
    Command::new("kill").args(["-STOP", &id]).status().await.unwrap();
    Command::new("kill").args(["-KILL", &guard, &id]).status().await.unwrap();
    child.wait().await.unwrap();
}

async fn until_clean(dir: &Path, venue: &Running) {
    let wait = async {
        while dir.join("venue-check.json").exists() || left(venue).await != (0, 0) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("somebody cleans up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_is_cleaned_up_by_its_guard() {
    // After line 7 a lot is held; line 3 has orders beside it.
    for number in ["7", "14"] {
        let (dir, venue) = (tempfile::tempdir().unwrap(), venue("delta-india-testnet", "").await);
        let settings = at("delta-india-testnet", &venue);
        let mut child = begun(dir.path(), &settings, number).await;
        assert!(left(&venue).await.1 > 0, "it holds a lot");
        child.kill().await.unwrap();
        until_clean(dir.path(), &venue).await;
    }
}

/// A process that is only being killed may hold the directory for longer than its guard waits for its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_guard_that_finds_the_directory_held_tries_again() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), venue("delta-india-testnet", "").await);
    let settings = at("delta-india-testnet", &venue);
    abandoned(dir.path(), &settings).await;
    let held = std::fs::File::open(dir.path().join("lock")).unwrap();
    held.lock().unwrap();
    // Whoever it waits for has ended: it has no line at all.
    let mut guard = program(dir.path(), &settings, &["--guard"]).spawn().unwrap();
    let mut words = BufReader::new(guard.stderr.take().unwrap()).lines();
    let said = async {
        while let Some(line) = words.next_line().await.unwrap() {
            if line.contains("another deltascope process uses") {
                return;
            }
        }
        panic!("the guard gives up without a word");
    };
    tokio::time::timeout(PATIENCE, said).await.expect("the guard says what it waits for");
    assert!(left(&venue).await.1 > 0, "nothing was touched");
    drop(held);
    until_clean(dir.path(), &venue).await;
}

/// Neither whose the keys are can be read at first, nor can anything be sold.
#[tokio::test(flavor = "multi_thread")]
async fn a_guard_that_finds_no_venue_tries_again() {
    let silent = |(route, times)| {
        format!(
            "[[rule]]\nfault = \"rest_status\"\nroute = \"{route}\"\nstatus = 503\nwhen = \"holding\"\ntimes = {times}\n"
        )
    };
    // A read is repeated by the client as well.
    let faults: String =
        [("GET /v2/users/trading_preferences", 6), ("POST /v2/orders", 4)].map(silent).concat();
    let (dir, venue) = (tempfile::tempdir().unwrap(), venue("delta-india-testnet", &faults).await);
    let mut child = begun(dir.path(), &at("delta-india-testnet", &venue), "7").await;
    child.kill().await.unwrap();
    until_clean(dir.path(), &venue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_asked_to_stop_cleans_up_itself() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), venue("delta-india-testnet", "").await);
    let settings = at("delta-india-testnet", &venue);
    let mut child = begun(dir.path(), &settings, "7").await;
    let id = child.id().unwrap().to_string();
    Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
    let status = tokio::time::timeout(PATIENCE, child.wait()).await.expect("it ends").unwrap();
    assert!(!status.success(), "nothing was shown");
    assert_eq!(left(&venue).await, (0, 0));
    assert!(!dir.path().join("venue-check.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_both_have_left_is_taken_away_by_the_next_run() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), venue("delta-india-testnet", "").await);
    let settings = at("delta-india-testnet", &venue);
    abandoned(dir.path(), &settings).await;
    assert!(left(&venue).await.1 > 0, "nobody is there to take it away");
    assert!(dir.path().join("venue-check.json").exists());
    let other = venue_of_another_account().await;
    let wrong = ran(dir.path(), &at("delta-india-testnet", &other), &["--clean"]).await;
    assert!(!wrong.good && wrong.words.contains("nothing was touched"), "{}", wrong.words);
    let cleaned = ran(dir.path(), &settings, &["--clean"]).await;
    assert!(cleaned.good && cleaned.words.contains("nothing of the check is left"), "{}", cleaned.words);
    assert_eq!(left(&venue).await, (0, 0));
    assert!(!dir.path().join("venue-check.json").exists());
}

async fn venue_of_another_account() -> Running {
    let faults =
        "[[rule]]\nfault = \"reply_altered\"\nroute = \"GET /v2/users*\"\nset_fields = { user_id = 7 }\n";
    venue("delta-india-testnet", faults).await
}
