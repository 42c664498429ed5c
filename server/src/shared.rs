//! `App`: what handlers and tasks share.

use std::sync::{Arc, Mutex};

use crate::alerts::Desk;
use crate::auth::{Accounts, SetupLink, SlowLane, StepUps, Throttle};
use crate::config::Config;
use crate::elastic::Search;
use crate::forwarder::Status;
use crate::health::Health;
use crate::ingest::Ingest;
use crate::levels::LogLevels;
use crate::store::telemetry::TelemetryStore;
use crate::symbols::Symbols;
use crate::tasks::{StopHook, Tasks};
use crate::telling::Teller;
use crate::trading::Trading;

/// The shared parts of a running server.
pub struct App {
    pub config: Arc<Config>,
    pub teller: Teller,
    pub health: Health,
    pub tasks: Tasks,
    pub records: TelemetryStore,
    pub accounts: Accounts,
    pub throttle: Throttle,
    /// Failures at the emergency form, which sign-ins of others do not use up.
    pub emergency: Throttle,
    pub slow_lane: SlowLane,
    pub setup_link: SetupLink,
    /// Who has shown the password again a moment ago.
    pub step_ups: StepUps,
    pub ingest: Ingest,
    /// What the session cookie's name says of this server.
    pub cookie_tag: String,
    pub(crate) symbols: Symbols,
    pub trading: Trading,
    pub alerts: Desk,
    pub levels: LogLevels,
    /// `None` when forwarding is not configured.
    pub forwarder: Option<Status>,
    /// The search engine, as one who is asked; `None` when there is none, or its settings cannot be used.
    pub index: Option<Search>,
    pub(crate) stop_hooks: Mutex<Vec<StopHook>>,
}

impl App {
    /// Adds what has to be done before the server ends.
    pub fn on_stop(&self, hook: StopHook) {
        self.stop_hooks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(hook);
    }
}
