//! `deltascope panic --all` needs the journal and the venue, nothing else: it closes with everything else broken and
//! not a byte of room on the disk.

use std::path::Path;
use std::process::{Output, Stdio};

use tokio::process::Command;

use crate::support::small_disk::SmallDisk;
use crate::trading::program::spawn;
use crate::trading::server_support::environment;
use crate::trading::venue::Venue;

fn program(dir: &Path, more: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deltascope"));
    command.env_clear().envs(environment(dir, more)).stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// A session with both legs on; then the process is killed.
async fn killed_with_a_position(dir: &Path, venue: &Venue) {
    let (mut child, console) = spawn(dir, &venue.settings()).await;
    let mut feed = console.feed().await;
    console.start().await;
    feed.entered().await;
    child.kill().await.unwrap();
    assert_ne!(venue.position().await, 0);
}

fn harm(dir: &Path) {
    // Its log holds every page that was ever written: beside it the file could still be read.
    std::fs::remove_file(dir.join("telemetry.db-wal")).unwrap();
    std::fs::write(dir.join("telemetry.db"), [0xA5; 40_000]).unwrap();
    std::fs::write(dir.join("console.db"), [0xA5; 15]).unwrap();
    std::fs::remove_file(dir.join("page-token.key")).unwrap();
    std::fs::create_dir(dir.join("page-token.key")).unwrap();
}

async fn panic_all(dir: &Path, venue: &Venue) -> Output {
    let mut settings = venue.settings();
    settings.extend([
        ("ELASTICSEARCH_URL", "https://[nowhere"),
        ("DELTASCOPE__ELASTICSEARCH__CA_FILE", "/nowhere/ca.pem"),
    ]);
    program(dir, &settings).args(["panic", "--all", "--patience", "60"]).output().await.unwrap()
}

async fn is_flat(output: Output, venue: &Venue) -> String {
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words}");
    assert!(words.contains("verified flat by two reads"), "{words}");
    assert_eq!((venue.position().await, venue.open_orders().await), (0, 0), "{words}");
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn it_closes_with_everything_else_broken() {
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start("").await);
    killed_with_a_position(dir.path(), &venue).await;
    harm(dir.path());
    let words = is_flat(panic_all(dir.path(), &venue).await, &venue).await;
    for file in ["telemetry.db", "console.db", "page-token.key", "nothing is forwarded"] {
        assert!(words.contains(file), "{file} is said: {words}");
    }
    assert!(words.contains("the latch is on disk"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_closes_on_a_full_disk() {
    let Some(disk) = SmallDisk::mount(24 * 1_024) else { return };
    let (dir, venue) = (disk.path().join("data"), Venue::start("").await);
    killed_with_a_position(&dir, &venue).await;
    harm(&dir);
    disk.fill();
    let words = is_flat(panic_all(&dir, &venue).await, &venue).await;
    assert!(words.contains("the latch cannot be written"), "{words}");
}
