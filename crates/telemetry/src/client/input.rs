//! What a logger is made of, what it is told, and its books.

use super::outbox::{Auth, Outcome};
use crate::{Level, LoggerSettings};

/// Who and where the logger is.
#[derive(Clone, Debug)]
pub struct LoggerConfig {
    /// Browser session: 128 random bits as text, kept over pages.
    pub client_session_id: String,
    /// This page load.
    pub tab_id: String,
    pub app_name: String,
    pub release: String,
    pub build_id: String,
    pub environment: String,
    /// 128 random bits; batch ids derive from them.
    pub seed: u128,
    /// Lowest level that is told.
    pub level: Level,
    pub auth: Auth,
    pub gzip: bool,
    /// True when the driver serves the spool effects.
    pub spool: bool,
    /// False: no token buckets and no sampling, for drills and measurements.
    pub limited: bool,
}

/// What happened outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The task that logged has ended.
    Microtask,
    /// The moment of `Effect::WakeAt` has come.
    Wake,
    /// The page becomes hidden, frozen or unloaded: everything leaves now, synchronously.
    Hide,
    /// The network, or the page, is back.
    Online,
    /// Another tab has found the server shut until then, by this browser's clock.
    Hold {
        until_ms: i64,
    },
    /// From now on the browser session is this one.
    Session(String),
    /// There is no disk for the spool: what waits is lost with the page.
    MemoryOnly,
    /// What the server has told this tab or another one.
    Settings(LoggerSettings),
    /// Another tab was told to stop.
    Halt,
    SignedIn,
    SignedOut,
    /// A request has ended. `jitter`: uniform over its range.
    Settled {
        bid: String,
        outcome: Outcome,
        jitter: u16,
    },
    /// Where the page stands: route pattern, visibility, network type, language, viewport in CSS pixels.
    Page {
        route: String,
        visible: bool,
        net: String,
        lang: String,
        viewport: [u32; 2],
    },
    /// A call came while the logger itself was running.
    Reentrant(Level),
}

/// The books. `calls = told + declared + held`, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Books {
    /// Calls that took a number.
    pub calls: u64,
    /// Calls in records that the server acknowledged.
    pub told: u64,
    /// Lost calls whose declaration the server acknowledged.
    pub declared: u64,
    /// Calls in the ring, in open windows, in batches, and losses not yet declared.
    pub held: u64,
}
