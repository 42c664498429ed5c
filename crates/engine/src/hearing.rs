//! A session before a judge: what is known, the session, and the stamp of the step.

use model::causes::{HealthCause, LifecycleCause};
use model::decision::SessionDecision;
use model::{Exposure, Health, Lifecycle, Micros, Session, Stamp, TradingState};
use telemetry::CorrelationId;

use crate::said::{IntoDecision, Said, say};

#[derive(Clone, Copy)]
pub(crate) struct Hearing<'a> {
    pub state: &'a TradingState,
    pub session: &'a Session,
    pub stamp: &'a Stamp,
}

impl<'a> Hearing<'a> {
    pub fn now(&self) -> Micros {
        self.stamp.at
    }

    /// Whose intent work on the session is now: a running close, else the start while it enters or recovers,
    /// else the tick.
    pub fn intent(&self) -> &'a CorrelationId {
        if let Some(flatten) = self.session.flatten().filter(|flatten| !flatten.is_verified()) {
            return &flatten.correlation_id;
        }
        if let Some(exit) = self.session.exit() {
            return &exit.correlation_id;
        }
        if self.session.entry().completed_at.is_none() {
            &self.session.correlation_id
        } else {
            &self.stamp.correlation_id
        }
    }

    /// Says it under the intent of now.
    pub fn say(&self, decision: impl IntoDecision) -> Said {
        say(self.intent(), decision).of(&self.session.id)
    }

    /// Says it of the tick itself.
    pub fn note(&self, decision: impl IntoDecision) -> Said {
        say(&self.stamp.correlation_id, decision).of(&self.session.id)
    }

    pub fn lifecycle(&self, to: Lifecycle, cause: LifecycleCause) -> SessionDecision {
        SessionDecision::LifecycleChanged { from: self.session.lifecycle, to, cause }
    }

    pub fn exposure(&self, to: Exposure, evidence_at: Option<Micros>) -> SessionDecision {
        SessionDecision::ExposureChanged { from: self.session.exposure, to, evidence_at }
    }

    /// A condition of health as it should be; nothing when it is so already.
    pub fn health(&self, health: Health, on: bool, cause: HealthCause) -> Option<Said> {
        let known = self.session.health.contains(&health);
        (known != on).then(|| self.note(SessionDecision::HealthChanged { health, on, cause }))
    }
}
