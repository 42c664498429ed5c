//! stdout: records and nothing else, one JSON object a line, written by a thread of its own so that a reader
//! that stands still cannot hold up the store.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Chunks that may wait for a slow reader; each holds the lines of one commit.
const WAITING_CHUNKS: usize = 256;

/// Lines of a group, which the store writes too.
pub(super) struct Chunk {
    pub bytes: Arc<Vec<u8>>,
    pub part: Range<usize>,
}

/// Where lines go.
pub struct Output {
    chunks: Option<SyncSender<Chunk>>,
    thread: Option<JoinHandle<()>>,
}

impl Output {
    /// Lines go nowhere.
    #[must_use]
    pub fn none() -> Self {
        Self { chunks: None, thread: None }
    }

    /// Lines go to stdout.
    #[must_use]
    pub fn stdout() -> Self {
        Self::to(std::io::stdout())
    }

    /// Lines go to a writer, from a thread that ends with the output.
    #[must_use]
    pub fn to(target: impl Write + Send + 'static) -> Self {
        let (chunks, receiver) = sync_channel(WAITING_CHUNKS);
        let thread =
            std::thread::Builder::new().name("records-out".to_owned()).spawn(|| write(target, receiver));
        match thread {
            Ok(thread) => Self { chunks: Some(chunks), thread: Some(thread) },
            Err(error) => {
                say(&format!("no thread for stdout ({error}); records go to the store only"));
                Self::none()
            }
        }
    }

    /// Hands lines over without waiting; `false` when too many wait already.
    pub(super) fn try_send(&self, lines: Chunk) -> bool {
        self.chunks.as_ref().is_none_or(|chunks| lines.part.is_empty() || chunks.try_send(lines).is_ok())
    }

    /// Waits until all lines are written, two seconds at most.
    pub fn close(mut self) {
        drop(self.chunks.take());
        let started = Instant::now();
        if let Some(thread) = self.thread.take() {
            while !thread.is_finished() && started.elapsed() < Duration::from_secs(2) {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }
}

/// Words for people, on stderr. One that is closed must not end the server, as the macro for it would.
pub fn say(words: &str) {
    let _ = writeln!(std::io::stderr(), "deltascope: {words}");
}

fn write(mut target: impl Write, chunks: Receiver<Chunk>) {
    for chunk in chunks {
        // A closed pipe is no reason to stop anything: the store has the records.
        let lines = chunk.bytes.get(chunk.part).unwrap_or_default();
        let _ = target.write_all(lines).and_then(|()| target.flush());
    }
}
