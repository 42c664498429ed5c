//! A process beside the check: when the check dies, whatever killed it, its standard input ends, and it cleans up. When
//! the guard dies first, the check stops and cleans up itself. Both at once leave the ledger, and the next run cleans.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};

use super::clean::left_over;
use super::{Ledger, clean_up};
use crate::data_dir::DataDir;
use crate::telling::say;
use crate::venue::{Profile, Rest};

/// What a run says that has cleaned up itself.
const DONE: &[u8] = b"done\n";

/// Nobody waits for a guard: it outlasts the maintenance of a venue and the auction after it.
const WATCH: Duration = Duration::from_secs(30 * 60);
/// For how long it holds the directory: a person may want to start a server, or to clean up.
const TURN: Duration = Duration::from_secs(30);
/// Between two turns.
const BREAK: Duration = Duration::from_secs(5);

/// The guard as the run sees it.
pub struct Guard {
    child: Child,
    line: ChildStdin,
}

impl Guard {
    /// Starts it with these arguments of this very program. It has a process group of its own, so that Ctrl-C does not
    /// reach it.
    pub fn start(arguments: &[std::ffi::OsString]) -> std::io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::inherit());
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let line = child.stdin.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
        Ok(Self { child, line })
    }

    /// Resolves when it is gone.
    pub async fn gone(&mut self) {
        // Whether it ended well or not: nobody watches.
        let _ = self.child.wait().await;
    }

    /// Nothing is left to be watched.
    pub async fn dismiss(mut self) {
        // A guard that is gone needs no word.
        let _ = self.line.write_all(DONE).await;
        drop(self.line);
        let _ = self.child.wait().await;
    }
}

/// The guard's own life: waits for the end of the run, and cleans up unless the run has.
pub async fn keep_watch(rest: &Rest, profile: &'static Profile, dir: &Path) -> Result<(), String> {
    let mut said = Vec::new();
    // An end that cannot be read is one.
    let _ = tokio::io::stdin().read_to_end(&mut said).await;
    if said == DONE {
        return Ok(());
    }
    if Ledger::read(dir)?.is_some() {
        say("the check ended without cleaning up: its guard does");
    }
    let (began, mut told) = (Instant::now(), false);
    while let Err(trouble) = clean_once(rest, profile, dir).await {
        if began.elapsed() >= WATCH {
            return Err(trouble);
        }
        if !told {
            say(&format!("not yet, and it is tried for half an hour: {trouble}"));
            told = true;
        }
        tokio::time::sleep(BREAK).await;
    }
    Ok(())
}

/// Unless nothing is left. The run may still hold the directory: its line ends before it does. Whoever has taken it since
/// cleans up itself, which shows by the ledger.
async fn clean_once(rest: &Rest, profile: &'static Profile, dir: &Path) -> Result<(), String> {
    let Some(ledger) = Ledger::read(dir)? else { return Ok(()) };
    let _held = DataDir::open(dir).map_err(|error| left_over(&ledger, &error.to_string()))?;
    // Only now nobody else can change it.
    let Some(ledger) = Ledger::read(dir)? else { return Ok(()) };
    clean_up(rest, profile, &ledger, TURN).await?;
    Ledger::remove(dir)?;
    say("nothing of the check is left at the venue");
    Ok(())
}
