//! Threads of their own: whatever the rest of the server is busy with (log posts, searches, password hashes), no tick,
//! no order and no answer of the venue waits for it.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime that may be dropped anywhere: its tasks are cut off, not waited for.
pub(super) struct OwnRuntime(Option<Runtime>);

impl OwnRuntime {
    /// A runtime with this name on its threads.
    pub fn start(name: &'static str, threads: usize) -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(threads).thread_name(name).enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    pub fn handle(&self) -> Option<Handle> {
        self.0.as_ref().map(|runtime| runtime.handle().clone())
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
