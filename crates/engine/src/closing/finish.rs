//! Verified flat: the summary, STOPPED, and ten seconds later a third read as an audit. A fill that comes late
//! changes the summary, and the day with it.

use std::collections::BTreeMap;

use model::amount::total;
use model::causes::LifecycleCause;
use model::closing::Flatten;
use model::decision::closing::PanicScope;
use model::decision::{ClosingDecision, SessionDecision};
use model::session::Summary;
use model::tell::elapsed_ms;
use model::{ExitReason, Exposure, Lifecycle, Lots, Micros, Money, Session, Symbol};

use super::Closer;
use super::reads::{AUDIT_AFTER, audited_read};
use crate::hearing::Hearing;
use crate::said::{SECOND, Said, since};

pub(super) fn judge(hearing: &Hearing<'_>, flatten: &Flatten) -> Vec<Said> {
    if hearing.session.is_closing() {
        return stop(hearing, flatten);
    }
    if hearing.session.is_over() && is_changed(hearing.session) {
        let summary = summary(hearing);
        return vec![hearing.say(SessionDecision::Summarised(Box::new(summary)))];
    }
    audit(hearing, flatten)
}

fn stop(hearing: &Hearing<'_>, flatten: &Flatten) -> Vec<Said> {
    let session = hearing.session;
    let reason = session.exit().map_or(ExitReason::Panic, |exit| exit.reason);
    let say = |decision: SessionDecision| crate::said::say(&flatten.correlation_id, decision).of(&session.id);
    let mut said = Vec::new();
    if session.exposure != Exposure::Flat {
        said.push(say(hearing.exposure(Exposure::Flat, hearing.state.account.truth.read_at())));
    }
    said.push(say(SessionDecision::Summarised(Box::new(summary(hearing)))));
    said.push(say(hearing.lifecycle(Lifecycle::Stopped, LifecycleCause::VerifiedFlat { reason })));
    said
}

/// Gross is cash in less cash out; net takes the fees; slippage is net less what was executable at the decision.
/// Where a closing price is missing, none of them is known.
pub(crate) fn summary(hearing: &Hearing<'_>) -> Summary {
    let (session, stamp) = (hearing.session, hearing.stamp);
    let ledger = &session.ledger;
    let without_price: BTreeMap<_, Lots> = ledger
        .holdings()
        .map(|(symbol, holding)| (symbol.clone(), holding.position() - holding.gone))
        .filter(|(_, lots)| *lots != 0)
        .collect();
    let known = is_known(session);
    let net = ledger.cash.checked_sub(ledger.fees).filter(|_| known);
    let cost = total([Some(ledger.credit), Some(-ledger.cash)]);
    let decided = session.exit().and_then(|exit| exit.executable).filter(|_| !session.fills.is_empty());
    let ended = session.ended_at.unwrap_or(stamp.at);
    let mut seconds_by_lifecycle = session.seconds_by_lifecycle.clone();
    if !session.is_over() {
        *seconds_by_lifecycle.entry(session.lifecycle.word().to_owned()).or_default() +=
            since(session.lifecycle_since, stamp.at) / SECOND;
    }
    Summary {
        credit: ledger.credit,
        cost_to_close: cost.filter(|_| known),
        gross: known.then_some(ledger.cash),
        fees: ledger.fees,
        net,
        assumed: net.unwrap_or_else(|| assumed(session)),
        slippage: total([net, decided.map(|executable| -executable)]),
        max_favourable: ledger.marks.high,
        max_adverse: ledger.marks.low,
        without_price,
        held_ms: held_ms(hearing, ended),
        seconds_by_lifecycle,
    }
}

/// From entry to the end. What changes the books later changes nothing of that.
fn held_ms(hearing: &Hearing<'_>, ended: Micros) -> i64 {
    let told = hearing.session.summary.as_ref().map(|summary| summary.held_ms);
    let entered = hearing.session.entered_at(&hearing.state.clock);
    told.unwrap_or_else(|| entered.map_or(0, |entered| elapsed_ms(entered, ended)))
}

/// Whether every lot that was traded has its fill, told in one way, and every lot that left a price.
fn is_known(session: &Session) -> bool {
    let booked = session.orders.missing_fills().next().is_none();
    booked && session.contradicted.is_empty() && session.ledger.is_known() && session.ledger.is_flat()
}

/// What a session may have made whose closing price is not known: no better than nothing, and no better than what
/// it was worth when loss rules last looked.
fn assumed(session: &Session) -> Money {
    session.ledger.last_loss_side.unwrap_or_default().min(Money::ZERO)
}

/// Books that differ from what the summary said.
fn is_changed(session: &Session) -> bool {
    session.summary.as_ref().is_some_and(|summary| {
        let net = session.ledger.cash.checked_sub(session.ledger.fees).filter(|_| is_known(session));
        summary.fees != session.ledger.fees || summary.net != net
    })
}

fn audit(hearing: &Hearing<'_>, flatten: &Flatten) -> Vec<Said> {
    let Some(verified) = flatten.verified_flat_at.filter(|_| flatten.audited.is_none()) else {
        return Vec::new();
    };
    let at = Micros(verified.0 + AUDIT_AFTER);
    let Some(closer) = Closer::of_session(hearing).filter(|closer| audited_read(closer, at)) else {
        return Vec::new();
    };
    let flat = !is_ours_on(&closer, at);
    let left = shown_since(&closer, at);
    let mut said = vec![closer.say(ClosingDecision::Audited { flat, left })];
    if !flat && hearing.state.account.latch.is_none() {
        // Something of ours is on after all: everything is closed, and nothing opens.
        said.push(closer.say(crate::exits::latched(PanicScope::Account, ExitReason::Panic, hearing.stamp)));
    }
    said
}

/// Whether anything of this session's is on after all, or may be: an order, lots that its books say are on (a fill
/// that came late), or lots that neither were left on nor are a stranger's by their trades.
fn is_ours_on(closer: &Closer<'_>, at: Micros) -> bool {
    let Some(session) = closer.session else { return false };
    let left = |symbol: &Symbol| closer.flatten.left.get(symbol).copied().unwrap_or_default();
    let explained = |symbol: &Symbol| {
        let read = closer.state.account.truth.position_since(symbol, at).map_or(0, |read| read.lots);
        read == 0 || read == left(symbol) || read == session.strangers_lots(symbol)
    };
    let mut symbols = closer.flatten.products.keys().filter(|symbol| !is_leased_anew(closer, symbol));
    symbols.any(|symbol| session.expected(symbol) != 0 || !explained(symbol)) || own_order_since(closer, at)
}

/// Another session holds the instrument by now.
fn is_leased_anew(closer: &Closer<'_>, symbol: &Symbol) -> bool {
    let holder = closer.state.account.leases.get(symbol);
    holder.is_some_and(|holder| closer.session.is_none_or(|session| holder != &session.id))
}

fn own_order_since(closer: &Closer<'_>, at: Micros) -> bool {
    let own = closer.state.account.truth.open_orders_since(at).into_iter().flat_map(|read| &read.own);
    own.into_iter().any(|open| closer.is_own(open))
}

/// What is on in its instruments, signed lots.
fn shown_since(closer: &Closer<'_>, at: Micros) -> BTreeMap<Symbol, Lots> {
    let products = closer.flatten.products.keys().filter(|symbol| !is_leased_anew(closer, symbol));
    let shown = products.filter_map(|symbol| {
        let lots = closer.state.account.truth.position_since(symbol, at)?.lots;
        (lots != 0).then(|| (symbol.clone(), lots))
    });
    shown.collect()
}

/// The same for the account's sweep, with the account's own list.
pub(super) fn account_audit(closer: &Closer<'_>) -> Vec<Said> {
    let Some(verified) = closer.flatten.verified_flat_at.filter(|_| closer.flatten.audited.is_none()) else {
        return Vec::new();
    };
    let at = Micros(verified.0 + AUDIT_AFTER);
    let Some(list) = closer.state.account.truth.account_since(at).filter(|_| audited_read(closer, at)) else {
        return Vec::new();
    };
    let strangers = list.positions.keys().any(|symbol| !closer.state.account.leases.contains_key(symbol));
    let read = closer.flatten.products.keys().filter(|symbol| !is_leased_anew(closer, symbol));
    let read =
        read.map(|symbol| closer.state.account.truth.position_since(symbol, at)).all(|read| read.is_some());
    let on = shown_since(closer, at);
    let flat = read && on.is_empty() && !strangers && !own_order_since(closer, at);
    // What is on is closed with the next press, whose ever it is.
    vec![closer.say(ClosingDecision::Audited { flat, left: BTreeMap::new() })]
}
