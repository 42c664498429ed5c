//! What must be remembered between minutes: orders that have not ended, and since when streams are up.

use std::collections::BTreeMap;

use telemetry::Micros;

use super::{OrderLife, Span};
use crate::decision::orders::OrderNews;
use crate::decision::{AccountDecision, MarketDecision, OrderDecision, RulesDecision};
use crate::ids::ClientOrderId;
use crate::input::Link;
use crate::order::OrderRequest;
use crate::tell::elapsed_ms;
use crate::words::ExitReason;
use crate::{Decision, DecisionRecord};

/// Follows the journal; decisions are noted in their order.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    open: BTreeMap<ClientOrderId, OrderLife>,
    links: BTreeMap<Link, Up>,
}

/// A stream that is watched.
#[derive(Clone, Copy, Debug)]
struct Up {
    up: bool,
    /// Up to when its time is counted.
    counted: Micros,
}

/// Orders that are followed at once; beyond it the oldest names are given up.
const OPEN_MOST: usize = 1_000;

impl Watch {
    /// Goes on with orders that had not ended.
    #[must_use]
    pub fn resume(open: &[OrderLife]) -> Self {
        let open = open.iter().map(|life| (ClientOrderId(life.client_order_id.clone()), life.clone()));
        Self { open: open.collect(), links: BTreeMap::new() }
    }

    /// Orders that have not ended.
    #[must_use]
    pub fn open(&self) -> Vec<OrderLife> {
        self.open.values().cloned().collect()
    }

    /// Whether time is counted for any stream.
    #[must_use]
    pub fn counts(&self) -> bool {
        !self.links.is_empty()
    }

    /// Nobody watched until now.
    pub fn interrupted(&mut self) {
        self.links.clear();
    }

    /// Notes a decision in the span of its time.
    pub fn note(&mut self, record: &DecisionRecord, span: &mut Span) {
        span.next_seq = span.next_seq.max(record.seq + 1);
        match &record.decision {
            Decision::Order(decision) => self.order(record, decision, span),
            Decision::Rules(decision) => trailing(decision, span),
            Decision::Market(MarketDecision::LinkChanged(change)) => {
                self.count(record.at, span);
                if !change.up {
                    span.links.entry(change.link.word().to_owned()).or_default().losses += 1;
                }
                self.links.insert(change.link, Up { up: change.up, counted: record.at });
            }
            // Nobody watched between two processes; a stream that never comes is down, and not unknown.
            Decision::Account(AccountDecision::Booted { .. }) => {
                let down = Up { up: false, counted: record.at };
                self.links = [Link::Prices, Link::Orders].map(|link| (link, down)).into();
            }
            Decision::Account(_)
            | Decision::Market(MarketDecision::Seen { .. } | MarketDecision::Restricted(_))
            | Decision::Session(_)
            | Decision::Entry(_)
            | Decision::Truth(_)
            | Decision::Closing(_) => {}
        }
    }

    /// Counts the time of streams up to a moment of the span.
    pub fn count(&mut self, to: Micros, span: &mut Span) {
        for (link, state) in &mut self.links {
            let passed = (to.0 - state.counted.0).max(0);
            let time = span.links.entry(link.word().to_owned()).or_default();
            time.watched_us += passed;
            time.up_us += if state.up { passed } else { 0 };
            state.counted = Micros(state.counted.0.max(to.0));
        }
    }

    fn order(&mut self, record: &DecisionRecord, decision: &OrderDecision, span: &mut Span) {
        let orders = &mut span.orders;
        match decision {
            OrderDecision::Submitted(request) => {
                orders.submitted += 1;
                self.open.insert(request.client_order_id.clone(), life(record, request));
                if self.open.len() > OPEN_MOST {
                    self.open.pop_first();
                }
            }
            OrderDecision::Acknowledged(news) => {
                if let Some(life) = self.open.get_mut(&news.snapshot.client_order_id) {
                    acknowledged(life, news, span);
                }
            }
            OrderDecision::PartiallyFilled(news) => {
                if let Some(life) = self.open.get_mut(&news.snapshot.client_order_id) {
                    acknowledged(life, news, span);
                    filled(life, news);
                }
            }
            OrderDecision::Filled(news) => {
                orders.filled += 1;
                orders.done.note(micros(news.elapsed_ms));
                self.answered(news, "filled", record, span);
            }
            OrderDecision::Canceled(news) => {
                orders.canceled += 1;
                self.answered(news, "canceled", record, span);
            }
            OrderDecision::Rejected { client_order_id, .. } => {
                orders.rejected += 1;
                self.end(client_order_id, "rejected", record, span);
            }
            OrderDecision::Denied { client_order_id, .. } => {
                orders.denied += 1;
                self.end(client_order_id, "denied", record, span);
            }
            OrderDecision::NeverSent { client_order_id, .. } => {
                orders.never_sent += 1;
                self.end(client_order_id, "never_sent", record, span);
            }
            OrderDecision::Ambiguous { .. } => orders.ambiguous += 1,
            OrderDecision::Missed { .. }
            | OrderDecision::CancelRequested { .. }
            | OrderDecision::CancelFailed { .. }
            | OrderDecision::LookupRequested { .. }
            | OrderDecision::LookupFailed { .. }
            | OrderDecision::FillBooked(_)
            | OrderDecision::FillCharged { .. }
            | OrderDecision::FillRefused { .. } => {}
        }
    }

    fn answered(&mut self, news: &OrderNews, end: &str, record: &DecisionRecord, span: &mut Span) {
        if let Some(life) = self.open.get_mut(&news.snapshot.client_order_id) {
            acknowledged(life, news, span);
            filled(life, news);
        }
        self.end(&news.snapshot.client_order_id, end, record, span);
    }

    fn end(&mut self, id: &ClientOrderId, end: &str, record: &DecisionRecord, span: &mut Span) {
        if let Some(mut life) = self.open.remove(id) {
            end.clone_into(&mut life.end);
            life.ended_ms = Some(elapsed_ms(life.submitted_at, record.at));
            span.lives.push(life);
            let surplus = span.lives.len().saturating_sub(super::LIVES_MOST);
            span.lives.drain(..surplus);
        }
    }
}

fn life(record: &DecisionRecord, request: &OrderRequest) -> OrderLife {
    OrderLife {
        client_order_id: request.client_order_id.0.clone(),
        session_id: record.session_id.as_ref().map(|id| id.0.clone()),
        correlation_id: record.correlation_id.to_string(),
        symbol: request.symbol.0.clone(),
        side: request.side.word().to_owned(),
        purpose: request.purpose.word().to_owned(),
        qty: request.lots,
        submitted_at: record.at,
        ..OrderLife::default()
    }
}

/// The first word of the venue that it has the order.
fn acknowledged(life: &mut OrderLife, news: &OrderNews, span: &mut Span) {
    if life.acknowledged_ms.is_none() {
        life.acknowledged_ms = Some(news.elapsed_ms);
        span.orders.acknowledged.note(micros(news.elapsed_ms));
    }
}

fn filled(life: &mut OrderLife, news: &OrderNews) {
    life.filled_qty = life.filled_qty.max(news.snapshot.filled_lots);
    if life.filled_qty > 0 && life.first_fill_ms.is_none() {
        life.first_fill_ms = Some(news.elapsed_ms);
    }
}

fn micros(ms: i64) -> u64 {
    u64::try_from(ms.saturating_mul(1_000)).unwrap_or(0)
}

fn trailing(decision: &RulesDecision, span: &mut Span) {
    match decision {
        RulesDecision::TrailingArmed { .. } => span.trailing.armed += 1,
        RulesDecision::FloorRaised { .. } => span.trailing.raised += 1,
        RulesDecision::ExitDecided { reason: ExitReason::Trailing | ExitReason::TrailingRestart, .. } => {
            span.trailing.fired += 1;
        }
        RulesDecision::ExitDecided { .. }
        | RulesDecision::CycleStarted
        | RulesDecision::CycleCompleted { .. }
        | RulesDecision::Evaluated { .. }
        | RulesDecision::BreachCounted { .. }
        | RulesDecision::BreachCleared { .. }
        | RulesDecision::PeakRaised { .. } => {}
    }
}
