//! What a finished session came to, as the lists and the figures of the console use it: made from the session itself,
//! or, where the journal has forgotten it, from the view that was kept.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::{Lots, Money, Price};
use crate::configuration::Configuration;
use crate::ids::{SessionId, Symbol, Underlying};
use crate::session::Session;
use crate::view::SessionView;
use crate::words::{ExecutionMode, ExitReason};

/// A session that is over. USD; `None` is unknown, never zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionResult {
    pub session_id: SessionId,
    pub strategy_id: String,
    /// Name of the configuration.
    pub configuration: String,
    pub configuration_hash: String,
    pub execution_mode: ExecutionMode,
    pub underlying: Underlying,
    pub lots_per_leg: Lots,
    /// Of the start request: its trace.
    pub correlation_id: String,
    pub started_by: String,
    pub started_at: Micros,
    pub ended_at: Micros,
    pub exit_reason: Option<ExitReason>,
    pub also_matched: Vec<ExitReason>,
    /// Of the decision to leave: its trace.
    pub exit_correlation_id: Option<String>,
    pub exit_decided_at: Option<Micros>,
    /// Whether anything was sold or bought. A session that never was in the market is no trade.
    pub traded: bool,
    /// Time of the first fill, by the venue's clock.
    pub opened_at: Option<Micros>,
    /// Time of the last fill, by the venue's clock.
    pub closed_at: Option<Micros>,
    /// From the first fill to the last.
    pub held_ms: Option<i64>,
    /// Premium received for what was sold to open.
    pub credit: Money,
    /// What buying it back cost.
    pub cost_to_close: Option<Money>,
    /// Before fees.
    pub gross: Option<Money>,
    pub fees: Money,
    /// After fees.
    pub net: Option<Money>,
    /// Net less what was executable when the exit was decided.
    pub slippage: Option<Money>,
    /// The highest executable P&L that was seen, and the lowest.
    pub best: Option<Money>,
    pub worst: Option<Money>,
    /// Of the trailing floor, where it was armed.
    pub peak: Option<Money>,
    pub floor: Option<Money>,
    pub legs: Vec<LegResult>,
    pub seconds_by_lifecycle: BTreeMap<String, i64>,
    /// The configuration as it was; `None` where only the view of the session was kept.
    pub settings: Option<Box<Configuration>>,
}

/// One product of a finished session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegResult {
    pub symbol: Symbol,
    pub sold: Lots,
    pub sold_average: Option<Price>,
    pub bought: Lots,
    pub bought_average: Option<Price>,
    pub fees: Money,
    /// After fees; `None` where lots left without a price.
    pub net: Option<Money>,
}

impl SessionResult {
    /// Of a session that is over; `None` while it is not.
    pub fn of(session: &Session) -> Option<Self> {
        let ended_at = session.ended_at.filter(|_| session.is_over())?;
        let exit = session.exit();
        let times = || session.fills.iter().map(|fill| fill.at);
        let (opened_at, closed_at) = (times().min(), times().max());
        let summary = session.summary.as_ref();
        let trailing = &session.rules.trailing;
        Some(Self {
            session_id: session.id.clone(),
            strategy_id: session.configuration.strategy_id.word().to_owned(),
            configuration: session.configuration.name.clone(),
            configuration_hash: session.configuration_hash.clone(),
            execution_mode: session.execution_mode,
            underlying: session.configuration.underlying.clone(),
            lots_per_leg: session.configuration.lots_per_leg,
            correlation_id: session.correlation_id.to_string(),
            started_by: session.started_by.clone(),
            started_at: session.started_at,
            ended_at,
            exit_reason: exit.map(|exit| exit.reason),
            also_matched: exit.map(|exit| exit.also_matched.clone()).unwrap_or_default(),
            exit_correlation_id: exit.map(|exit| exit.correlation_id.to_string()),
            exit_decided_at: exit.map(|exit| exit.decided_at),
            traded: !session.fills.is_empty(),
            opened_at,
            closed_at,
            held_ms: held(opened_at, closed_at),
            credit: summary.map_or(session.ledger.credit, |summary| summary.credit),
            cost_to_close: summary.and_then(|summary| summary.cost_to_close),
            gross: summary.and_then(|summary| summary.gross),
            fees: summary.map_or(session.ledger.fees, |summary| summary.fees),
            net: summary.and_then(|summary| summary.net),
            slippage: summary.and_then(|summary| summary.slippage),
            best: summary.and_then(|summary| summary.max_favourable),
            worst: summary.and_then(|summary| summary.max_adverse),
            peak: trailing.peak.filter(|_| trailing.active),
            floor: trailing.floor.filter(|_| trailing.active),
            legs: legs_of(session),
            seconds_by_lifecycle: summary
                .map_or(&session.seconds_by_lifecycle, |summary| &summary.seconds_by_lifecycle)
                .clone(),
            settings: Some(Box::new(session.configuration.clone())),
        })
    }

    /// Of a view that was kept when nothing else was; `None` of a session that has not ended.
    pub fn of_view(view: &SessionView) -> Option<Self> {
        let times = || view.fills.iter().map(|fill| fill.time);
        let (opened_at, closed_at) = (times().min(), times().max());
        let credit = view.pnl.credit.unwrap_or_default();
        let net =
            if view.fills.is_empty() && view.exit.is_some() { Some(Money::ZERO) } else { view.pnl.realized };
        let gross = net.and_then(|net| net.checked_add(view.pnl.fees));
        Some(Self {
            session_id: view.session_id.clone(),
            strategy_id: view.strategy_id.clone(),
            configuration: view.configuration.clone(),
            configuration_hash: view.configuration_hash.clone(),
            execution_mode: view.execution_mode,
            underlying: view.underlying.clone(),
            lots_per_leg: view.lots_per_leg,
            correlation_id: view.correlation_id.clone(),
            started_by: view.started_by.clone(),
            started_at: view.started_at,
            ended_at: view.ended_at?,
            exit_reason: view.exit_reason,
            also_matched: view.exit.as_ref().map(|exit| exit.also_matched.clone()).unwrap_or_default(),
            exit_correlation_id: view.exit.as_ref().map(|exit| exit.correlation_id.clone()),
            exit_decided_at: view.exit.as_ref().map(|exit| exit.decided_at),
            traded: !view.fills.is_empty(),
            opened_at,
            closed_at,
            held_ms: held(opened_at, closed_at),
            credit,
            cost_to_close: gross.and_then(|gross| credit.checked_sub(gross)),
            gross,
            fees: view.pnl.fees,
            net,
            slippage: None,
            best: None,
            worst: None,
            peak: view.pnl.peak,
            floor: view.pnl.floor,
            legs: Vec::new(),
            seconds_by_lifecycle: BTreeMap::new(),
            settings: None,
        })
    }
}

fn held(opened: Option<Micros>, closed: Option<Micros>) -> Option<i64> {
    Some((closed?.0 - opened?.0) / 1_000)
}

/// What each product that was traded came to so far.
pub fn legs_of(session: &Session) -> Vec<LegResult> {
    let traded = session
        .ledger
        .holdings()
        .filter(|(_, holding)| holding.sold.lots != 0 || holding.bought.lots != 0 || holding.gone != 0);
    traded
        .map(|(symbol, holding)| LegResult {
            symbol: symbol.clone(),
            sold: holding.sold.lots,
            sold_average: holding.sold.average(),
            bought: holding.bought.lots,
            bought_average: holding.bought.average(),
            fees: holding.fees,
            net: holding
                .cash
                .checked_sub(holding.fees)
                .filter(|_| holding.gone == 0 && holding.position() == 0),
        })
        .collect()
}

/// How the results of a set of sessions add up. USD.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub sessions: u64,
    /// Those that were in the market.
    pub traded: u64,
    pub won: u64,
    pub lost: u64,
    /// Net of exactly 0.
    pub even: u64,
    /// Traded, and nobody knows the result: counted in no sum of results.
    pub unknown: u64,
    pub credit: Money,
    pub fees: Money,
    /// Of those whose result is known.
    pub net: Money,
}

/// Exact to 10⁻⁸ USD: how an amount stands where it has to be compared and added up by a database.
pub const E8: i64 = 100_000_000;

/// An amount in units of 10⁻⁸ USD, half away from zero; `None` when it is no amount of ours.
pub fn to_e8(money: Money) -> Option<i64> {
    let scaled = money.checked_mul(Decimal::from(E8))?;
    let rounded = scaled.round_dp_with_strategy(0, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    i64::try_from(rounded).ok()
}

/// The amount of so many units of 10⁻⁸ USD.
pub fn from_e8(units: i64) -> Money {
    Decimal::new(units, 8).normalize()
}

#[cfg(test)]
mod tests;
