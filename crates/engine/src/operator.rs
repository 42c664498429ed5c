//! Requests of operators: what each button does in each state (engine design, section 3). A request that asks
//! for what is already so is accepted and changes nothing.

use model::causes::LifecycleCause;
use model::closing::Latch;
use model::decision::closing::PanicScope;
use model::decision::{ClosingDecision, RulesDecision, SessionDecision};
use model::input::{OperatorAction, OperatorRequest, ResolveChoice};
use model::refusal::{Asked, Refusal};
use model::valuation::value;
use model::{
    Configuration, ExecutionMode, ExitReason, Exposure, Health, Intent, Lifecycle, Micros, PanicId, Session,
    SessionId, Stamp, Symbol, TradingState,
};

use crate::said::{IntoDecision, Said, say};

pub(crate) fn request(state: &TradingState, stamp: &Stamp, request: &OperatorRequest) -> Vec<Said> {
    let desk = Desk { state, request, now: stamp.at };
    match &request.action {
        OperatorAction::Start { session_id, configuration, execution_mode, expected } => {
            match desk.start_refusal(configuration, *execution_mode, expected) {
                Some(refusal) => desk.refuse(None, Asked::Start, refusal),
                None => vec![desk.say(SessionDecision::Starting {
                    session_id: session_id.clone(),
                    configuration: configuration.clone(),
                    execution_mode: *execution_mode,
                    who: request.who.clone(),
                    expected: expected.clone(),
                })],
            }
        }
        OperatorAction::Pause { session_id } => desk.with(session_id, Asked::Pause, Desk::pause),
        OperatorAction::Resume { session_id } => desk.with(session_id, Asked::Resume, Desk::resume),
        OperatorAction::Stop { session_id } => desk.with(session_id, Asked::Stop, Desk::stop),
        OperatorAction::Drain { session_id } => desk.with(session_id, Asked::Drain, Desk::drain),
        OperatorAction::Resolve { session_id, choice } => {
            desk.with(session_id, Asked::Resolve, |desk, session| desk.resolve(session, *choice))
        }
        OperatorAction::Panic { session_id: None, panic_id } => desk.panic_all(panic_id),
        OperatorAction::Panic { session_id: Some(id), panic_id } => desk.panic_one(id, panic_id),
        OperatorAction::Acknowledge { reason } => desk.acknowledge(reason),
    }
}

/// What every request is held against.
struct Desk<'a> {
    state: &'a TradingState,
    request: &'a OperatorRequest,
    now: Micros,
}

impl Desk<'_> {
    fn say(&self, decision: impl IntoDecision) -> Said {
        say(&self.request.correlation_id, decision)
    }

    fn refuse(&self, session: Option<&Session>, asked: Asked, refusal: Refusal) -> Vec<Said> {
        let who = self.request.who.clone();
        let refused = self.say(SessionDecision::RequestRefused { who, asked, refusal });
        vec![match session {
            Some(session) => refused.of(&session.id),
            None => refused,
        }]
    }

    /// Why a start is refused; nothing here needs the venue.
    fn start_refusal(
        &self,
        configuration: &Configuration,
        execution_mode: ExecutionMode,
        expected: &[Symbol],
    ) -> Option<Refusal> {
        let account = &self.state.account;
        if execution_mode != account.execution_mode() {
            return Some(match execution_mode {
                ExecutionMode::Live => Refusal::ModeUnavailable,
                ExecutionMode::Simulated => Refusal::SimulatedUnavailable,
            });
        }
        if account.latch.is_some() {
            return Some(Refusal::PanicLatched);
        }
        let realized = self.state.realized_at_worst(self.now);
        let open = self.state.active().filter_map(|session| value(self.state, session, self.now).loss_side());
        let losses = open.filter(|pnl| pnl.is_sign_negative());
        let result = losses.fold(realized, |sum, pnl| sum.saturating_add(pnl));
        if let Some(limit) = configuration.day_loss_limit.filter(|limit| result <= -*limit) {
            return Some(Refusal::DayLimit { realized: result.round_dp(2), limit });
        }
        expected.iter().find_map(|symbol| {
            let holder = account.leases.get(symbol)?.clone();
            Some(Refusal::ProductLeased { symbol: symbol.clone(), holder })
        })
    }

    /// Runs `act` on the active session of that id.
    fn with(
        &self,
        id: &SessionId,
        asked: Asked,
        act: impl FnOnce(&Self, &Session) -> Vec<Said>,
    ) -> Vec<Said> {
        match self.state.session(id) {
            None => self.refuse(None, asked, Refusal::NoSuchSession),
            Some(session) if session.is_over() => self.refuse(Some(session), asked, Refusal::Ended),
            Some(session) => act(self, session).into_iter().map(|said| said.of(&session.id)).collect(),
        }
    }

    fn intent(&self, session: &Session, to: Intent) -> Said {
        let who = Some(self.request.who.clone());
        self.say(SessionDecision::IntentChanged { from: session.intent, to, who })
    }

    fn lifecycle(&self, session: &Session, to: Lifecycle) -> Said {
        let cause = LifecycleCause::Asked { who: self.request.who.clone() };
        self.say(SessionDecision::LifecycleChanged { from: session.lifecycle, to, cause })
    }

    fn pause(&self, session: &Session) -> Vec<Said> {
        match session.lifecycle {
            Lifecycle::Running => {
                vec![self.intent(session, Intent::Pause), self.lifecycle(session, Lifecycle::Paused)]
            }
            Lifecycle::Starting if session.intent == Intent::Run => vec![self.intent(session, Intent::Pause)],
            Lifecycle::Starting | Lifecycle::Paused | Lifecycle::NeedsOperator => Vec::new(),
            Lifecycle::Exiting | Lifecycle::Panicking | Lifecycle::Stopped => {
                self.refuse(Some(session), Asked::Pause, Refusal::AlreadyEnding)
            }
        }
    }

    fn resume(&self, session: &Session) -> Vec<Said> {
        let bad = self.bad_health(session);
        let refuse = |refusal| self.refuse(Some(session), Asked::Resume, refusal);
        match session.lifecycle {
            Lifecycle::Running => Vec::new(),
            Lifecycle::Paused if self.state.account.latch.is_some() => refuse(Refusal::PanicLatched),
            Lifecycle::Paused if !bad.is_empty() => refuse(Refusal::HealthBad { health: bad }),
            Lifecycle::Paused if session.exposure == Exposure::Unknown => refuse(Refusal::ExposureUnknown),
            Lifecycle::Paused => {
                vec![self.intent(session, Intent::Run), self.lifecycle(session, Lifecycle::Running)]
            }
            Lifecycle::Starting
            | Lifecycle::NeedsOperator
            | Lifecycle::Exiting
            | Lifecycle::Panicking
            | Lifecycle::Stopped => refuse(Refusal::NotPaused),
        }
    }

    /// What must be well before anything is opened. A stranger's position elsewhere on the account is shown and
    /// does not keep a session from its own instruments; neither does a clock that differs.
    fn bad_health(&self, session: &Session) -> Vec<Health> {
        let account = self.state.account.health.iter().copied();
        let account = account.filter(|health| !matches!(health, Health::Unreconciled | Health::ClockSkew));
        session.health.iter().copied().chain(account).collect()
    }

    fn stop(&self, session: &Session) -> Vec<Said> {
        match session.lifecycle {
            Lifecycle::Exiting | Lifecycle::Panicking | Lifecycle::Stopped => Vec::new(),
            Lifecycle::Starting | Lifecycle::Running | Lifecycle::Paused | Lifecycle::NeedsOperator => {
                vec![self.intent(session, Intent::Exit), self.exit(session)]
            }
        }
    }

    fn exit(&self, session: &Session) -> Said {
        self.say(RulesDecision::ExitDecided {
            reason: ExitReason::Operator,
            also_matched: Vec::new(),
            who: Some(self.request.who.clone()),
            executable: value(self.state, session, self.now).executable,
            readings: session.rules.readings.clone(),
        })
    }

    fn drain(&self, session: &Session) -> Vec<Said> {
        let drain = self.say(SessionDecision::DrainRequested { who: self.request.who.clone() });
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
            | Lifecycle::Stopped => self.refuse(Some(session), Asked::Drain, Refusal::NotRunning),
        }
    }

    fn resolve(&self, session: &Session, choice: ResolveChoice) -> Vec<Said> {
        if session.lifecycle != Lifecycle::NeedsOperator {
            return self.refuse(Some(session), Asked::Resolve, Refusal::NothingToResolve);
        }
        let resolved = self.say(SessionDecision::Resolved { who: self.request.who.clone(), choice });
        match choice {
            ResolveChoice::Close => {
                let mut said = vec![resolved, self.intent(session, Intent::Exit)];
                if session.exit().is_none() {
                    said.push(self.exit(session));
                }
                said
            }
            ResolveChoice::IgnoreForeign if !self.is_explained(session) => {
                self.refuse(Some(session), Asked::Resolve, Refusal::Unexplained)
            }
            ResolveChoice::IgnoreForeign => {
                vec![
                    resolved,
                    self.intent(session, Intent::Pause),
                    self.lifecycle(session, Lifecycle::Paused),
                ]
            }
        }
    }

    /// Whether somebody else's trades account for every difference between the venue and our books.
    fn is_explained(&self, session: &Session) -> bool {
        !session.legs().is_empty()
            && session.oversold().is_none()
            && session.symbols().all(|symbol| {
                let venue = self.state.account.truth.position(symbol).map(|read| read.lots);
                venue == Some(session.expected(symbol) + session.foreign_lots(symbol))
            })
    }

    /// Panic works from every state. A second press while the first holds has the first's id; once that one is
    /// verified flat it looks at the venue anew.
    fn panic_all(&self, panic_id: &PanicId) -> Vec<Said> {
        vec![self.press(PanicScope::Account, self.state.account.latch.as_ref(), panic_id)]
    }

    fn panic_one(&self, id: &SessionId, panic_id: &PanicId) -> Vec<Said> {
        let Some(session) = self.state.session(id) else {
            return self.refuse(None, Asked::Panic, Refusal::NoSuchSession);
        };
        vec![self.press(PanicScope::Session, session.latch.as_ref(), panic_id).of(id)]
    }

    fn press(&self, scope: PanicScope, standing: Option<&Latch>, panic_id: &PanicId) -> Said {
        let who = self.request.who.clone();
        match standing {
            Some(latch) => {
                let anew = latch.verified_flat_at.is_some();
                let panic_id = latch.panic_id.clone();
                self.say(ClosingDecision::PanicRepeated { scope, panic_id, who, anew })
            }
            None => self.say(ClosingDecision::PanicLatched {
                scope,
                panic_id: panic_id.clone(),
                who,
                reason: ExitReason::Panic,
            }),
        }
    }

    fn acknowledge(&self, reason: &str) -> Vec<Said> {
        let Some(latch) = &self.state.account.latch else {
            return self.refuse(None, Asked::Acknowledge, Refusal::NotLatched);
        };
        if latch.verified_flat_at.is_none() {
            return self.refuse(None, Asked::Acknowledge, Refusal::NotVerifiedFlat);
        }
        vec![self.say(ClosingDecision::PanicAcknowledged {
            panic_id: latch.panic_id.clone(),
            who: self.request.who.clone(),
            reason: reason.to_owned(),
        })]
    }
}
