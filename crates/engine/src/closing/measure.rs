//! How much there is to close in an instrument: what the venue says, held against our own books. A zero that
//! contradicts our books is no zero until something explains it.

use model::causes::{HealthCause, ZeroCause};
use model::decision::{ClosingDecision, TruthDecision};
use model::order::OrderStatus;
use model::truth::PositionRead;
use model::{Code, Health, Lots, Micros, Session, Symbol};

use super::Closer;
use crate::hearing::Hearing;
use crate::said::{SECOND, Said, since};

/// How long fills that may still come are waited for.
pub(super) const FILLS_PATIENCE: i64 = 10 * SECOND;

/// A panic waits so long for a read of positions.
const READ_PATIENCE: i64 = SECOND / 2;

/// What the venue answers to an order in a contract that has been paid out.
const CONTRACT_ENDED: &str = "invalid_contract";

/// What there is to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// It was not read since anything of ours moved.
    Unread,
    /// Nothing, and our books agree.
    Flat,
    /// Nothing of ours; these signed lots are on, and somebody else's.
    Left(Lots),
    /// Signed lots that are on.
    Open(Lots),
    /// The venue says nothing is on, our books say this is, and nothing explains it.
    Contradicted(Lots),
}

impl Measure {
    /// Signed lots to close; `None` while it must be read first.
    pub fn lots(self) -> Option<Lots> {
        match self {
            Measure::Unread => None,
            Measure::Flat | Measure::Left(_) => Some(0),
            Measure::Open(lots) | Measure::Contradicted(lots) => Some(lots),
        }
    }

    /// Nothing of ours is on, and our books agree.
    pub fn is_done(self) -> bool {
        matches!(self, Measure::Flat | Measure::Left(_))
    }
}

impl<'a> Closer<'a> {
    /// The position, if it was asked for after anything of ours last moved in the instrument.
    pub fn fresh(&self, symbol: &Symbol) -> Option<&PositionRead> {
        self.state.account.truth.position_since(symbol, self.moved_at(symbol))
    }

    /// Somebody else's part of what the venue shows: a session leaves it alone. A panic of all closes it as well,
    /// but beside the sessions, so that it spoils nobody's result.
    pub fn foreign(&self, symbol: &Symbol) -> Lots {
        self.session.map_or(0, |session| session.strangers_lots(symbol))
    }

    /// Whether all trades are known that may explain what the venue showed: ours, and somebody else's. The list of
    /// fills must have been asked for when the position was there already.
    fn knows_all_trades(&self, symbol: &Symbol) -> bool {
        let waited = since(self.moved_at(symbol), self.now()) >= FILLS_PATIENCE;
        let in_doubt = self.orders().live_in(symbol).any(|order| order.status == OrderStatus::Unknown);
        self.has_read_trades(symbol) || waited || in_doubt || self.session.is_none()
    }

    /// The same with nothing but the venue's own list for it.
    pub(super) fn has_read_trades(&self, symbol: &Symbol) -> bool {
        let moved_at = self.moved_at(symbol);
        let shown_at = self.fresh(symbol).map_or(moved_at, |read| read.shown_at.max(moved_at));
        self.state.account.truth.fills_read_at.is_some_and(|at| at >= shown_at)
    }

    /// What is on where nothing of ours is: a stranger's once every trade was read. In a panic of all it need not be,
    /// because the sweep closes it, whose ever it is.
    fn left(&self, symbol: &Symbol, lots: Lots) -> Measure {
        let sure = self.has_read_trades(symbol) || self.flatten.of_account && self.knows_all_trades(symbol);
        if sure { Measure::Left(lots) } else { Measure::Unread }
    }

    pub fn measure(&self, symbol: &Symbol) -> Measure {
        let expected = self.expected(symbol);
        let Some(read) = self.fresh(symbol) else {
            // Reads fail: closing goes on with what was last known; reducing that is safe.
            let blind =
                self.state.account.truth.fails_since(self.moved_at(symbol)) || self.is_kept_waiting(symbol);
            return if blind && expected != 0 { Measure::Open(expected) } else { Measure::Unread };
        };
        let ours = within(read.lots - self.foreign(symbol), read.lots);
        let ours = self.session.map_or(ours, |session| within(ours, may_hold(session, symbol)));
        if ours == 0 {
            return match (expected, read.lots) {
                (0, 0) => Measure::Flat,
                (0, lots) => self.left(symbol, lots),
                (expected, _) => Measure::Contradicted(expected),
            };
        }
        if self.knows_all_trades(symbol) {
            return Measure::Open(ours);
        }
        // More than our books know of may be a stranger's: only once all trades are read is the rest closed too.
        match within(expected, ours) {
            0 => Measure::Unread,
            known => Measure::Open(known),
        }
    }

    /// A panic does not wait for a read that hangs: what our books say is on may be reduced in the meantime.
    fn is_kept_waiting(&self, symbol: &Symbol) -> bool {
        let moved = self.moved_at(symbol).max(self.flatten.started_at);
        self.flatten.panic && since(moved, self.now()) >= READ_PATIENCE
    }

    /// The first zero that our books contradict, with what they leave on.
    pub fn contradicted(&self) -> Option<(&'a Symbol, Lots)> {
        self.symbols().find_map(|symbol| match self.measure(symbol) {
            Measure::Contradicted(lots) => Some((symbol, lots)),
            Measure::Unread | Measure::Flat | Measure::Left(_) | Measure::Open(_) => None,
        })
    }

    /// Something is on by the venue's word, or, while it cannot be read, by all that is known.
    pub fn shows_open(&self) -> bool {
        self.symbols().any(|symbol| matches!(self.measure(symbol), Measure::Open(_)))
    }

    /// Something is on by the venue's word, or it has not been heard on it.
    pub fn shows_any(&self) -> bool {
        self.symbols().any(|symbol| matches!(self.measure(symbol), Measure::Open(_) | Measure::Unread))
    }

    /// What explains that nothing is on where our books say something is.
    fn explanation(&self, symbol: &Symbol) -> Option<ZeroCause> {
        let Some(session) = self.session else { return self.refusal(symbol) };
        let read = self.fresh(symbol)?;
        if !self.knows_all_trades(symbol) || self.in_flight(symbol).next().is_some() {
            return None;
        }
        if session.expected(symbol) + session.foreign_lots(symbol) == read.lots {
            return Some(ZeroCause::ForeignFill);
        }
        let refused = self.flatten.products.get(symbol)?.no_position_at?;
        let moved: Option<Micros> = session.orders.moved_in(symbol);
        (Some(refused) >= moved).then_some(ZeroCause::Refused)
    }

    /// The venue has refused to reduce, or to trade a contract that has ended, after the last that the sweep did there.
    fn refusal(&self, symbol: &Symbol) -> Option<ZeroCause> {
        let closing = self.flatten.products.get(symbol)?;
        if self.in_flight(symbol).next().is_some() {
            return None;
        }
        let ended =
            closing.last.as_ref().filter(|last| last.code.as_ref() == Some(&Code::from(CONTRACT_ENDED)));
        let said = closing.no_position_at.max(ended.and_then(|last| last.ended_at))?;
        (Some(said) >= self.orders().moved_in(symbol)).then_some(ZeroCause::Refused)
    }
}

/// The most that a session can have on in an instrument: what its leg sells, once an order was or may have been sent
/// there.
fn may_hold(session: &Session, symbol: &Symbol) -> Lots {
    let unclaimed = session.foreign_lots(symbol) != session.strangers_lots(symbol);
    let sent = unclaimed || session.orders.moved_in(symbol).is_some();
    session.leg(symbol).filter(|_| sent).map_or(0, |leg| -leg.lots)
}

/// As much of `lots` as fits into `most`: nothing when they point in different directions.
fn within(lots: Lots, most: Lots) -> Lots {
    if lots.signum() == most.signum() { lots.signum() * lots.abs().min(most.abs()) } else { 0 }
}

/// A zero that contradicts our books is UNRECONCILED until it is explained; then the lots are written off, and
/// what they cost is unknown.
pub(super) fn explain(closer: &Closer<'_>) -> Vec<Said> {
    let contradicted = closer.contradicted();
    if let Some((symbol, lots)) = contradicted
        && let Some(by) = closer.explanation(symbol)
    {
        let symbol = symbol.clone();
        return vec![match closer.session {
            Some(_) => closer.say(TruthDecision::ZeroExplained { symbol, lots, by }),
            None => closer.say(ClosingDecision::ZeroExplained { symbol, lots, by }),
        }];
    }
    // Of the account it is told with everything else that speaks against its being flat.
    let Some(session) = closer.session else { return Vec::new() };
    let hearing = Hearing { state: closer.state, session, stamp: closer.stamp };
    let Some((symbol, lots)) = contradicted else {
        let doubted = |measure| matches!(measure, Measure::Unread | Measure::Left(_));
        let unread = closer.symbols().any(|symbol| doubted(closer.measure(symbol)));
        let over = || hearing.health(Health::Unreconciled, false, HealthCause::ZeroExplained);
        return if unread { Vec::new() } else { over().into_iter().collect() };
    };
    let cause = HealthCause::ZeroUnexplained { symbol: symbol.clone(), lots };
    hearing.health(Health::Unreconciled, true, cause).into_iter().collect()
}
