//! Requests of operators: what each button does in each state (engine design, section 3). A request that asks
//! for what is already so is accepted and changes nothing.

use model::decision::closing::PanicScope;
use model::decision::session::Refusal;
use model::decision::{ClosingDecision, RulesDecision, SessionDecision};
use model::input::{OperatorAction, OperatorRequest};
use model::session::{ExitReason, Exposure, Intent, Session};
use model::valuation::value;
use model::{ExecutionMode, Lifecycle, Micros, PanicId, SessionId, Stamp, TradingState};

use crate::verdict::{Verdict, say};

pub(crate) fn request(state: &TradingState, stamp: &Stamp, request: OperatorRequest) -> Vec<Verdict> {
    let asked = Asked { state, request: &request, now: stamp.at };
    match &request.action {
        OperatorAction::Start { session_id, configuration, execution_mode } => {
            if *execution_mode == ExecutionMode::Live {
                return asked.refuse(
                    "start",
                    Refusal::ModeUnavailable,
                    "live trading is not available in this version.",
                );
            }
            if state.account.latch.is_some() {
                let why = "the panic latch is set; clear it with a reason once everything is verified flat.";
                return asked.refuse("start", Refusal::PanicLatched, why);
            }
            if let Some(active) = state.active() {
                let why = format!("session {} is active on this account; stop it first.", active.id);
                return asked.refuse("start", Refusal::SessionActive, &why);
            }
            let starting = SessionDecision::Starting {
                session_id: session_id.clone(),
                configuration: configuration.clone(),
                execution_mode: *execution_mode,
                who: request.who.clone(),
            };
            vec![say(&request.correlation_id, starting)]
        }
        OperatorAction::Pause { session_id } => {
            asked.with(session_id, "pause", |session| asked.pause(session))
        }
        OperatorAction::Resume { session_id } => {
            asked.with(session_id, "resume", |session| asked.resume(session))
        }
        OperatorAction::Stop { session_id } => asked.with(session_id, "stop", |session| asked.stop(session)),
        OperatorAction::Drain { session_id } => {
            asked.with(session_id, "drain", |session| asked.drain(session))
        }
        OperatorAction::Resolve { session_id } => {
            asked.with(session_id, "resolve", |session| asked.resolve(session))
        }
        OperatorAction::Panic { session_id, panic_id } => asked.panic(session_id.as_ref(), panic_id),
        OperatorAction::Acknowledge { reason } => asked.acknowledge(reason),
    }
}

struct Asked<'a> {
    state: &'a TradingState,
    request: &'a OperatorRequest,
    now: Micros,
}

impl Asked<'_> {
    fn refuse(&self, action: &str, refusal: Refusal, sentence: &str) -> Vec<Verdict> {
        let refused = SessionDecision::RequestRefused {
            who: self.request.who.clone(),
            action: action.to_owned(),
            refusal,
            sentence: sentence.to_owned(),
        };
        vec![say(&self.request.correlation_id, refused)]
    }

    /// Runs `act` on the active session of that id.
    fn with(&self, id: &SessionId, action: &str, act: impl FnOnce(&Session) -> Vec<Verdict>) -> Vec<Verdict> {
        match self.state.session.as_ref().filter(|session| &session.id == id) {
            None => self.refuse(action, Refusal::NoSuchSession, "no session of that id is active."),
            Some(session) if session.is_over() => {
                self.refuse(action, Refusal::AlreadyEnding, "the session has stopped; start a new one.")
            }
            Some(session) => act(session),
        }
    }

    fn intent(&self, session: &Session, to: Intent) -> Verdict {
        let who = Some(self.request.who.clone());
        say(&self.request.correlation_id, SessionDecision::IntentChanged { from: session.intent, to, who })
    }

    fn lifecycle(&self, session: &Session, to: Lifecycle) -> Verdict {
        let why = format!("{} asked for it", self.request.who);
        say(
            &self.request.correlation_id,
            SessionDecision::LifecycleChanged { from: session.lifecycle, to, why },
        )
    }

    fn pause(&self, session: &Session) -> Vec<Verdict> {
        match session.lifecycle {
            Lifecycle::Running => {
                vec![self.intent(session, Intent::Pause), self.lifecycle(session, Lifecycle::Paused)]
            }
            Lifecycle::Starting if session.intent == Intent::Run => vec![self.intent(session, Intent::Pause)],
            Lifecycle::Starting | Lifecycle::Paused | Lifecycle::NeedsOperator => Vec::new(),
            Lifecycle::Exiting | Lifecycle::Panicking | Lifecycle::Stopped => self.refuse(
                "pause",
                Refusal::AlreadyEnding,
                "the session is closing; entries are shut already.",
            ),
        }
    }

    fn resume(&self, session: &Session) -> Vec<Verdict> {
        match session.lifecycle {
            Lifecycle::Running => Vec::new(),
            Lifecycle::Paused if !session.health.is_empty() => {
                let words: Vec<_> = session.health.iter().map(|health| health.word()).collect();
                let why = format!("health is {}; it must be well first.", words.join(", "));
                self.refuse("resume", Refusal::HealthBad, &why)
            }
            Lifecycle::Paused if session.exposure == Exposure::Unknown => {
                self.refuse("resume", Refusal::ExposureUnknown, "what is on at the venue is not known yet.")
            }
            Lifecycle::Paused => {
                vec![self.intent(session, Intent::Run), self.lifecycle(session, Lifecycle::Running)]
            }
            Lifecycle::Starting
            | Lifecycle::NeedsOperator
            | Lifecycle::Exiting
            | Lifecycle::Panicking
            | Lifecycle::Stopped => {
                self.refuse("resume", Refusal::NotPaused, "only a paused session can resume.")
            }
        }
    }

    fn stop(&self, session: &Session) -> Vec<Verdict> {
        match session.lifecycle {
            Lifecycle::Exiting | Lifecycle::Panicking => Vec::new(),
            Lifecycle::Starting | Lifecycle::Running | Lifecycle::Paused | Lifecycle::NeedsOperator => {
                vec![self.intent(session, Intent::Exit), self.exit(ExitReason::Operator)]
            }
            Lifecycle::Stopped => Vec::new(),
        }
    }

    fn exit(&self, reason: ExitReason) -> Verdict {
        let session = self.state.session.as_ref();
        let decided = RulesDecision::ExitDecided {
            reason,
            also_matched: Vec::new(),
            who: Some(self.request.who.clone()),
            executable: session.and_then(|session| value(self.state, session, self.now).executable),
            readings: session.map(|session| session.rules.readings.clone()).unwrap_or_default(),
            rationale: format!("Leaving: {} asked for it.", self.request.who),
        };
        say(&self.request.correlation_id, decided)
    }

    fn drain(&self, session: &Session) -> Vec<Verdict> {
        let drain = say(
            &self.request.correlation_id,
            SessionDecision::DrainRequested { who: self.request.who.clone() },
        );
        match session.lifecycle {
            Lifecycle::Running => {
                vec![drain, self.intent(session, Intent::Pause), self.lifecycle(session, Lifecycle::Paused)]
            }
            Lifecycle::Paused if session.drain => Vec::new(),
            Lifecycle::Paused => vec![drain],
            Lifecycle::Starting
            | Lifecycle::NeedsOperator
            | Lifecycle::Exiting
            | Lifecycle::Panicking
            | Lifecycle::Stopped => {
                self.refuse("drain", Refusal::NotRunning, "only a running or paused session can drain.")
            }
        }
    }

    fn resolve(&self, session: &Session) -> Vec<Verdict> {
        if session.lifecycle != Lifecycle::NeedsOperator {
            return self.refuse(
                "resolve",
                Refusal::NothingToResolve,
                "the session does not need an operator.",
            );
        }
        let resolved = SessionDecision::Resolved { who: self.request.who.clone() };
        let mut verdicts =
            vec![say(&self.request.correlation_id, resolved), self.intent(session, Intent::Exit)];
        if session.exit.is_none() {
            verdicts.push(self.exit(ExitReason::Operator));
        }
        verdicts
    }

    /// Panic works from every state. A second press while the first holds returns the first's id.
    fn panic(&self, session_id: Option<&SessionId>, panic_id: &PanicId) -> Vec<Verdict> {
        let id = &self.request.correlation_id;
        let who = self.request.who.clone();
        let session = session_id.map(|id| self.state.session.as_ref().filter(|session| &session.id == id));
        let (scope, standing) = match session {
            None => (PanicScope::Account, self.state.account.latch.as_ref()),
            Some(None) => {
                return self.refuse("panic", Refusal::NoSuchSession, "no session of that id is known here.");
            }
            Some(Some(session)) => (PanicScope::Session, session.latch.as_ref()),
        };
        if let Some(latch) = standing {
            return vec![say(id, ClosingDecision::PanicRepeated { panic_id: latch.panic_id.clone(), who })];
        }
        let reason = ExitReason::Panic;
        vec![say(id, ClosingDecision::PanicLatched { scope, panic_id: panic_id.clone(), who, reason })]
    }

    fn acknowledge(&self, reason: &str) -> Vec<Verdict> {
        let Some(latch) = &self.state.account.latch else {
            return self.refuse("clear the latch", Refusal::NotLatched, "no panic latch is set.");
        };
        if latch.verified_flat_at.is_none() {
            let why = "not everything is verified flat yet; closing goes on.";
            return self.refuse("clear the latch", Refusal::NotVerifiedFlat, why);
        }
        let acknowledged = ClosingDecision::PanicAcknowledged {
            panic_id: latch.panic_id.clone(),
            who: self.request.who.clone(),
            reason: reason.to_owned(),
        };
        vec![say(&self.request.correlation_id, acknowledged)]
    }
}
