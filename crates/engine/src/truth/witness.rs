//! Witnesses of a zero. A panic of all believes lists that show nothing only when the account's own fills leave nothing
//! on and no margin is blocked: a venue, a cache or a fail-over node that answers with nothing is not taken at its word.

use std::collections::BTreeMap;

use model::decision::{ClosingDecision, TruthDecision};
use model::order::Order;
use model::witness::{Doubt, Trade, Witness, WitnessRead};
use model::{Decimal, Lots, Micros, Money, ProductId, Stamp, Symbol, TradingState};

use crate::closing::Closer;
use crate::closing::reads::list_since;
use crate::said::{MILLISECOND, SECOND, Said, say, since};
use crate::sweep;

/// So far back fills are read. What is older and hidden blocks margin.
const WINDOW: i64 = 48 * 3_600 * SECOND;
/// An answer may take this long: the list has many pages.
const LIFE: i64 = 20 * SECOND;
/// What the sweep itself did is in the venue's lists after this long.
const SETTLING: i64 = 300 * MILLISECOND;
/// Witnesses that do not explain it are asked again after this long, and more slowly once it takes long.
const AGAIN: i64 = SECOND;
const AGAIN_LATER: i64 = 5 * SECOND;
const LONG: i64 = 15 * SECOND;
/// A doubt that stands for so long is told.
const PATIENCE: i64 = 5 * SECOND;
/// USD: less than this is what rounding leaves, and no position.
const DUST: Money = Decimal::from_parts(1, 0, 0, false, 2);

/// What came back: fills are summed up, oldest first.
pub(crate) fn facts(state: &TradingState, stamp: &Stamp, witness: Witness) -> Vec<Said> {
    let sweep = state.account.sweep.as_ref();
    let id = sweep.map_or(&stamp.correlation_id, |sweep| &sweep.correlation_id);
    let witnessed = TruthDecision::Witnessed {
        request: witness.request,
        requested_at: witness.requested_at,
        fills: witness.trades.as_ref().map(|trades| u32::try_from(trades.len()).unwrap_or(u32::MAX)),
        net: witness.trades.as_deref().map(net),
        margin: witness.margin,
        elsewhere: witness.elsewhere,
        failures: witness.failures,
        latency_us: since(witness.requested_at, stamp.at),
    };
    vec![say(id, witnessed)]
}

/// What trades leave on, by instrument. A settlement ends its contract, whatever was on.
fn net(trades: &[Trade]) -> BTreeMap<Symbol, (ProductId, Lots)> {
    let mut net: BTreeMap<Symbol, (ProductId, Lots)> = BTreeMap::new();
    for trade in trades {
        let (_, lots) = net.entry(trade.symbol.clone()).or_insert((trade.product_id, 0));
        *lots = if trade.settlement { 0 } else { lots.saturating_add(trade.lots) };
    }
    net.retain(|_, (_, lots)| *lots != 0);
    net
}

/// Asks, as long as a panic of all is at work and what was heard does not explain what it sees.
pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    let Some(closer) = sweep::at_work(state, stamp) else { return Vec::new() };
    let witness = &state.account.truth.witness;
    let due = due(&closer);
    let asked = witness.asked_at.filter(|at| *at >= closer.began_at());
    let on_its_way = |at: Micros| witness.pending.is_some() && since(at, stamp.at) < LIFE && at >= due;
    if due > stamp.at || asked.is_some_and(on_its_way) {
        return Vec::new();
    }
    let long = since(closer.began_at(), stamp.at) >= LONG;
    let pause = if long { AGAIN_LATER } else { AGAIN };
    let waits = asked.is_some_and(|at| since(at, stamp.at) < pause);
    // What is seen to be on needs no witness; what was heard before may have found something that is not seen.
    let seen = known(&closer).is_some() && closer.shows_open();
    if waits
        || seen
        || known(&closer).is_some_and(|read| read.mark.requested_at >= due) && doubt(&closer).is_none()
    {
        return Vec::new();
    }
    let request = state.account.truth.requests + 1;
    let requested = TruthDecision::WitnessRequested { request, since: Micros(stamp.at.0 - WINDOW) };
    vec![say(&closer.flatten.correlation_id, requested)]
}

/// Since when witnesses count that are asked for now: the list counts, and what the sweep did has settled.
fn due(closer: &Closer<'_>) -> Micros {
    let settled = moved(closer).map(|moved| Micros(moved.0 + SETTLING));
    settled.map_or_else(|| list_since(closer), |at| at.max(list_since(closer)))
}

/// When the sweep last did anything.
fn moved(closer: &Closer<'_>) -> Option<Micros> {
    closer.symbols().filter_map(|symbol| closer.orders().moved_in(symbol)).max()
}

/// What was heard since the account's own list counts.
pub(crate) fn known<'a>(closer: &Closer<'a>) -> Option<&'a WitnessRead> {
    let read = closer.state.account.truth.witness.read.as_ref();
    read.filter(|read| read.mark.requested_at >= list_since(closer))
}

/// Signed lots that the account has on in an instrument by all but the venue's word on positions: what was found there
/// less what the sweep has closed, or what the account's fills leave on. What the venue says is gone is gone.
pub(crate) fn expected(closer: &Closer<'_>, symbol: &Symbol) -> Lots {
    let Some(closing) = closer.flatten.products.get(symbol) else { return 0 };
    let lots = match closing.was {
        0 => traded(closer, symbol),
        was => closed(closer, symbol).fold(was, |lots, order| {
            lots.saturating_add(order.request.side.sign().saturating_mul(order.filled_lots))
        }),
    };
    if closing.gone == Some(lots) { 0 } else { lots }
}

/// By fills that were asked for after anything of ours last moved in the instrument.
fn traded(closer: &Closer<'_>, symbol: &Symbol) -> Lots {
    let sessions = closer.state.sessions.values().map(|session| &session.orders);
    let moved = sessions.chain([closer.orders()]).filter_map(|orders| orders.moved_in(symbol)).max();
    let fresh = known(closer).filter(|read| moved.is_none_or(|moved| read.mark.requested_at > moved));
    fresh.and_then(|read| read.net.get(symbol)).map_or(0, |(_, lots)| *lots)
}

/// Orders of this sweep in an instrument.
fn closed<'a>(closer: &Closer<'a>, symbol: &'a Symbol) -> impl Iterator<Item = &'a Order> {
    let began = closer.flatten.started_at;
    let orders = closer.orders().iter().filter(move |order| order.submitted_at >= began);
    orders.filter(move |order| &order.request.symbol == symbol)
}

/// What speaks against calling the account flat although its lists show nothing.
pub(crate) fn doubt(closer: &Closer<'_>) -> Option<Doubt> {
    if let Some((symbol, lots)) = closer.contradicted() {
        return Some(Doubt::Traded { symbol: symbol.clone(), lots });
    }
    let read = known(closer).filter(|read| read.mark.requested_at >= due(closer));
    let Some(read) = read else {
        return Some(Doubt::Unread { code: closer.state.account.truth.witness.failed.clone() });
    };
    // What cannot be read of the wallet keeps nobody from flat: fills are there.
    let blocked = read.margin.filter(|usd| *usd >= DUST);
    let blocked = blocked.filter(|_| read.elsewhere.is_none_or(|positions| positions == 0))?;
    Some(Doubt::Margin { blocked })
}

/// Tells a doubt once it has lasted, and that it is gone.
pub(crate) fn doubted(closer: &Closer<'_>) -> Vec<Said> {
    if closer.session.is_some() || closer.state.active().next().is_some() || closer.shows_any() {
        return Vec::new();
    }
    let told = closer.flatten.doubt.as_ref();
    let doubt = doubt(closer).filter(|_| since(list_since(closer), closer.now()) >= PATIENCE);
    let same = match (&doubt, told) {
        (Some(doubt), Some(told)) => doubt.is_like(told),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    // While it is being looked at anew what was told stands.
    let looks = told.is_some() && matches!(doubt, Some(Doubt::Unread { code: None }));
    if same || looks { Vec::new() } else { vec![closer.say(ClosingDecision::Doubted { doubt })] }
}
