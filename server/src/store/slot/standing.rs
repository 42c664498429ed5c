//! What health says of a database that trading does without: down, refusing what is written, set aside once, up.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::health::{Condition, Health};

/// Keeps the reasons apart, so that one does not wipe out another.
pub(super) struct Standing {
    health: Health,
    part: &'static str,
    reasons: Mutex<Reasons>,
}

#[derive(Default)]
struct Reasons {
    down: Option<String>,
    refusing: Option<String>,
    /// The last file that was set aside since the start: people should look at it.
    aside: Option<String>,
    outage_told: bool,
}

impl Standing {
    pub fn new(health: Health, part: &'static str, why: String) -> Self {
        let this = Self { health, part, reasons: Mutex::default() };
        this.is_down(&why);
        this
    }

    pub fn stands(&self) {
        self.change(|reasons| reasons.down = None);
    }

    pub fn is_down(&self, why: &str) {
        self.change(|reasons| reasons.down = Some(why.to_owned()));
    }

    pub fn refuses(&self, why: Option<&str>) {
        self.change(|reasons| reasons.refusing = why.map(str::to_owned));
    }

    pub fn was_set_aside(&self, words: String) {
        self.change(|reasons| reasons.aside = Some(words));
    }

    /// `true` the first time in an outage.
    pub fn outage_begins(&self) -> bool {
        !std::mem::replace(&mut self.reasons().outage_told, true)
    }

    /// Whether there was one that was told.
    pub fn outage_over(&self) -> bool {
        std::mem::take(&mut self.reasons().outage_told)
    }

    fn change(&self, change: impl FnOnce(&mut Reasons)) {
        let mut reasons = self.reasons();
        change(&mut reasons);
        let condition = match (&reasons.down, &reasons.refusing, &reasons.aside) {
            (Some(why), _, _) | (None, Some(why), _) => Condition::Down { why: why.clone() },
            (None, None, Some(why)) => Condition::Degraded { why: why.clone() },
            (None, None, None) => Condition::Up,
        };
        self.health.set(self.part, condition);
    }

    fn reasons(&self) -> MutexGuard<'_, Reasons> {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
