//! Closing until verified flat: cancel what works, close what is measured, read again, and believe "flat" only
//! from two reads whose zeros are explained. Exits, panics and the account's sweep share it; a panic is less
//! gentle with prices, and clears what stands in its way.

mod attempt;
mod beside;
mod clear;
mod finish;
mod flat;
mod measure;
pub(crate) mod reads;
mod report;
mod restricted;

use model::closing::{Closing, Flatten};
use model::ids::{account_owner, client_order_id};
use model::input::OpenOrder;
use model::instrument::Instrument;
use model::order::{Order, OrderStatus};
use model::orders::Orders;
use model::{ClientOrderId, Lots, Micros, Session, SessionId, Stamp, Symbol, TradingState};

use crate::hearing::Hearing;
use crate::said::{IntoDecision, MILLISECOND, SECOND, Said, say, since};
use crate::truth::witness;

/// A close order of which nothing is known for so long does not hold up the next one: reducing twice is harmless where
/// no stranger's lots stand beside ours (`beside`).
const DOUBT_MAX: i64 = 2 * SECOND;
/// Two flat reads are at least so far apart.
const VERIFY_GAP: i64 = 400 * MILLISECOND;

/// A close at work: a session's, or what a panic of all closes beside the sessions.
#[derive(Clone, Copy)]
pub(crate) struct Closer<'a> {
    pub state: &'a TradingState,
    pub flatten: &'a Flatten,
    /// `None`: the account's sweep.
    pub session: Option<&'a Session>,
    pub stamp: &'a Stamp,
}

pub(crate) fn judge(hearing: &Hearing<'_>) -> Vec<Said> {
    let Some(closer) = Closer::of_session(hearing) else { return Vec::new() };
    if closer.flatten.is_verified() {
        return finish::judge(hearing, closer.flatten);
    }
    work(&closer)
}

/// The third look at what the sweep closed; `None` of it may be on.
pub(crate) fn account_audit(closer: &Closer<'_>) -> Vec<Said> {
    finish::account_audit(closer)
}

/// One round of closing: the first step that has anything to say.
pub(crate) fn work(closer: &Closer<'_>) -> Vec<Said> {
    const STEPS: [fn(&Closer<'_>) -> Vec<Said>; 10] = [
        report::escalate,
        report::exposure,
        report::blocked,
        restricted::tell,
        measure::explain,
        witness::doubted,
        flat::count,
        clear::entries,
        clear::in_the_way,
        attempt::close,
    ];
    STEPS.iter().map(|step| step(closer)).find(|said| !said.is_empty()).unwrap_or_default()
}

impl<'a> Closer<'a> {
    pub fn of_session(hearing: &Hearing<'a>) -> Option<Self> {
        let flatten = hearing.session.flatten()?;
        Some(Self { state: hearing.state, flatten, session: Some(hearing.session), stamp: hearing.stamp })
    }

    pub fn of_account(state: &'a TradingState, stamp: &'a Stamp) -> Option<Self> {
        let flatten = state.account.sweep.as_ref()?;
        Some(Self { state, flatten, session: None, stamp })
    }

    pub fn now(&self) -> Micros {
        self.stamp.at
    }

    pub fn say(&self, decision: impl IntoDecision) -> Said {
        let said = say(&self.flatten.correlation_id, decision);
        match self.session {
            Some(session) => said.of(&session.id),
            None => said,
        }
    }

    pub fn orders(&self) -> &'a Orders {
        self.session.map_or(&self.state.account.orders, |session| &session.orders)
    }

    /// Whether an order of ours that the venue lists is this close's: known to it, or named by its session though the
    /// journal does not know it. A panic of all looks after every one.
    pub fn is_own(&self, open: &OpenOrder) -> bool {
        let Some(session) = self.session else { return true };
        open.client_order_id.as_ref().is_some_and(|id| session.orders.get(id).is_some() || session.names(id))
    }

    /// Owner in the names of its orders.
    pub fn owner(&self) -> SessionId {
        self.session.map_or_else(account_owner, |session| session.id.clone())
    }

    /// The name of an attempt.
    pub fn name(&self, closing: &Closing, attempt: u32) -> ClientOrderId {
        client_order_id(&self.owner(), &self.state.phase(&self.flatten.id), closing.leg, attempt)
    }

    pub fn instrument(&self, symbol: &Symbol) -> Option<&'a Instrument> {
        self.session?.leg(symbol).map(|leg| &leg.instrument)
    }

    /// Signed lots that are on by all that is known of our own; in a panic of all by all that is known of the account.
    pub fn expected(&self, symbol: &Symbol) -> Lots {
        self.session.map_or_else(|| witness::expected(self, symbol), |session| session.expected(symbol))
    }

    /// A running session holds the instrument: the sweep leaves it alone until that one has nothing of its own there.
    pub fn is_dormant(&self, symbol: &Symbol) -> bool {
        if self.session.is_some() {
            return false;
        }
        let Some(id) = self.state.account.leases.get(symbol) else { return false };
        let holder = self.state.session(id).and_then(|session| Some((session, session.flatten()?)));
        !holder.is_some_and(|(session, flatten)| {
            let theirs = Closer { session: Some(session), flatten, ..*self };
            flatten.of_account && theirs.measure(symbol).is_done()
        })
    }

    /// What is being closed here.
    pub fn symbols(&self) -> impl Iterator<Item = &'a Symbol> {
        let closer = *self;
        self.flatten.products.keys().filter(move |symbol| !closer.is_dormant(symbol))
    }

    /// What the venue showed before this moment does not count: the close began, PANIC was pressed again, or the
    /// process is another.
    pub fn began_at(&self) -> Micros {
        let latch = match self.session {
            Some(session) if !self.flatten.of_account => session.latch.as_ref(),
            Some(_) | None => self.state.account.latch.as_ref(),
        };
        let pressed = latch.map(|latch| latch.pressed_at);
        let boot = self.state.boot.as_ref().map(|boot| boot.at);
        pressed.max(boot).max(Some(self.flatten.started_at)).unwrap_or(self.flatten.started_at)
    }

    /// The latest moment at which anything of ours may have changed in an instrument.
    pub fn moved_at(&self, symbol: &Symbol) -> Micros {
        self.orders().moved_in(symbol).map_or(self.began_at(), |moved| moved.max(self.began_at()))
    }

    /// Orders of ours that work in an instrument and must end first. A resting protective order is foreseen. One
    /// of which nothing is known does not hold up a close for long, unless it is itself one that may rest.
    pub fn in_flight(&self, symbol: &'a Symbol) -> impl Iterator<Item = &'a Order> {
        let now = self.now();
        let stands = move |order: &&Order| {
            let in_doubt = order.status == OrderStatus::Unknown
                && (order.missed_at.is_some() || since(order.submitted_at, now) >= DOUBT_MAX);
            !in_doubt || order.request.reduce_only && order.can_rest()
        };
        self.orders().working().filter(move |order| &order.request.symbol == symbol).filter(stands)
    }
}
