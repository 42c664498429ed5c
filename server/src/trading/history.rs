//! Keeps the history: follows the journal by a cursor of its own, at its own pace, and saves what the decisions
//! changed as it is by now. Nobody who trades waits for it.

use std::collections::BTreeSet;
use std::time::Duration;

use model::decision::{ClosingDecision, OrderDecision, RulesDecision};
use model::ids::{ClientOrderId, SessionId};
use model::order::Order;
use model::result::SessionResult;
use model::view::session_view;
use model::{Decision, DecisionRecord, TradingState};

use super::FeedHub;
use super::events::TradingEvent;
use crate::store::StoreError;
use crate::store::history::{Changes, FillRow, HistoryStore, OrderRow};
use crate::store::trading::{Page, TradingStore, json};
use crate::tasks::Stop;
use crate::telling::Teller;
use telemetry::Context;

/// Decisions that are looked at once.
const CHUNK: i64 = 500;
/// How often it is looked at, at most.
const EVERY: Duration = Duration::from_millis(250);
/// What failed is tried again after this long.
const AGAIN: Duration = Duration::from_secs(1);

/// The task; cheap to clone.
#[derive(Clone)]
pub struct HistoryKeeper {
    pub store: TradingStore,
    pub history: HistoryStore,
    pub hub: FeedHub,
    pub teller: Teller,
}

impl HistoryKeeper {
    /// Runs until the server stops.
    pub async fn run(self, mut stop: Stop) {
        let (mut cursor, mut looked) = (None, false);
        loop {
            let caught_up = match self.catch_up(&mut cursor).await {
                Ok(()) if !looked => self.look_back().await.map(|done| looked = done),
                other => other,
            };
            let pause = match caught_up {
                Ok(()) => EVERY,
                Err(_told_by_the_store) => AGAIN,
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.stopped() => return,
            }
        }
    }

    /// Saves everything that is on disk and known to the feed.
    pub async fn catch_up(&self, cursor: &mut Option<u64>) -> Result<(), StoreError> {
        let mut next_seq = match *cursor {
            Some(next_seq) => next_seq,
            // A journal that was put back from an older copy has been seen already.
            None => self.history.next_seq().await?.min(self.store.last().await? + 1),
        };
        *cursor = Some(next_seq);
        loop {
            let page = self.store.page_from(next_seq, CHUNK).await?;
            let (mut changes, missing) = self.hub.look(|state, known| changes(state, &page, known));
            changes.points = self.hub.take_points();
            let through = changes.next_seq.unwrap_or(next_seq);
            for session_id in &missing {
                self.add_from_journal(session_id, through, &mut changes).await?;
            }
            if !changes.is_empty()
                && let Err(error) = self.history.save(&changes).await
            {
                self.hub.give_points_back(changes.points);
                return Err(error);
            }
            if changes.swept_at.is_some() {
                // Sessions that were lost have ended with the sweep.
                self.history.fill_results().await?;
            }
            match changes.next_seq {
                Some(after) => next_seq = after,
                None => return Ok(()),
            }
            *cursor = Some(next_seq);
        }
    }

    /// Once, when everything that the journal holds is seen; `false` while trading has not begun.
    async fn look_back(&self) -> Result<bool, StoreError> {
        let done = self.lose().await?;
        if done {
            self.history.fill_results().await?;
        }
        Ok(done)
    }

    /// Says of sessions that nobody knows any more that they are lost; `false` while trading has not begun.
    async fn lose(&self) -> Result<bool, StoreError> {
        let known = self.hub.look(|state, _| {
            state.boot.as_ref().map(|_| state.sessions.keys().cloned().collect::<BTreeSet<SessionId>>())
        });
        let Some(known) = known else { return Ok(false) };
        let lost = self.history.lose(&known).await?;
        if !lost.is_empty() {
            self.teller.tell(&TradingEvent::SessionsLost { sessions: lost }, &Context::default());
        }
        Ok(true)
    }

    /// A session that is over so long that nobody has it in mind: folded from its start until it is over, and to
    /// `through` at least, because a fill that came late changes what it made.
    async fn add_from_journal(
        &self,
        id: &SessionId,
        through: u64,
        changes: &mut Changes,
    ) -> Result<(), StoreError> {
        let Some(state) = folded(&self.store, id, through).await? else { return Ok(()) };
        if let Some(session) = state.session(id) {
            let at = session.ended_at.unwrap_or_default();
            changes.sessions.push(session_view(&state, session, at));
            changes.results.extend(SessionResult::of(session));
        }
        Ok(())
    }
}

/// The state in which a session that is over stands, folded from its start to `through` at least; `None` where the
/// journal does not know how it began.
pub(super) async fn folded(
    store: &TradingStore,
    id: &SessionId,
    through: u64,
) -> Result<Option<TradingState>, StoreError> {
    let Some(origin) = store.origin(id.as_str()).await? else { return Ok(None) };
    let (mut state, mut next_seq) = (origin.state, origin.next_seq);
    loop {
        let page = store.page_from(next_seq, CHUNK).await?;
        let Some(after) = page.next_seq.filter(|_| page.unreadable.is_empty()) else { break };
        next_seq = after;
        page.records.iter().for_each(|record| state.apply(record));
        if next_seq >= through && state.session(id).is_none_or(model::Session::is_over) {
            break;
        }
    }
    Ok(Some(state))
}

/// What `decisions` changed, as it is in `state`, which knows the decisions up to `known`; and sessions that the state
/// does not know any more.
fn changes(state: &TradingState, page: &Page, known: u64) -> (Changes, BTreeSet<SessionId>) {
    let mut changes = Changes::default();
    let decisions = &page.records;
    let (mut sessions, mut orders) = (BTreeSet::new(), BTreeSet::new());
    let mut at = model::Micros::default();
    for record in decisions.iter().filter(|record| record.seq <= known) {
        changes.next_seq = Some(record.seq + 1);
        at = record.at;
        if record.session_id.is_none()
            && let Decision::Closing(ClosingDecision::VerifiedFlat { .. }) = &record.decision
        {
            changes.swept_at = Some(record.at);
        }
        if let (Some(id), true) = (&record.session_id, changes_session(record)) {
            sessions.insert(id.clone());
        }
        if let Decision::Order(decision) = &record.decision {
            changes.fills.extend(fill(state, record, decision));
            orders.extend(decision.client_order_id().map(|id| (record.session_id.clone(), id.clone())));
        }
    }
    if let Some(after) = page.next_seq.filter(|after| *after <= known + 1) {
        // Also behind rows that cannot be read.
        changes.next_seq = Some(after);
    }
    for (session_id, id) in orders {
        changes.orders.extend(order(state, session_id, &id));
    }
    let mut missing = BTreeSet::new();
    for id in sessions {
        match state.session(&id) {
            Some(session) => {
                changes.sessions.push(session_view(state, session, at));
                changes.results.extend(SessionResult::of(session));
            }
            None => {
                missing.insert(id);
            }
        }
    }
    (changes, missing)
}

/// A fill as it was booked, or as it is charged by now.
fn fill(state: &TradingState, record: &DecisionRecord, decision: &OrderDecision) -> Option<FillRow> {
    let session = record.session_id.as_ref().and_then(|id| state.session(id));
    let known = |id| session.and_then(|session| session.fills.get(id)).cloned();
    let fill = match decision {
        OrderDecision::FillBooked(fill) => known(&fill.id).unwrap_or_else(|| fill.clone()),
        OrderDecision::FillCharged { fill_id, .. } => known(fill_id)?,
        OrderDecision::Submitted(_)
        | OrderDecision::Acknowledged(_)
        | OrderDecision::PartiallyFilled(_)
        | OrderDecision::Filled(_)
        | OrderDecision::Canceled(_)
        | OrderDecision::Rejected { .. }
        | OrderDecision::Denied { .. }
        | OrderDecision::Ambiguous { .. }
        | OrderDecision::Missed { .. }
        | OrderDecision::NeverSent { .. }
        | OrderDecision::CancelRequested { .. }
        | OrderDecision::CancelFailed { .. }
        | OrderDecision::LookupRequested { .. }
        | OrderDecision::LookupFailed { .. }
        | OrderDecision::FillRefused { .. } => return None,
    };
    Some(FillRow { session_id: record.session_id.clone(), fill, seq: record.seq })
}

fn order(state: &TradingState, session_id: Option<SessionId>, id: &ClientOrderId) -> Option<OrderRow> {
    let orders = match &session_id {
        Some(session_id) => &state.session(session_id)?.orders,
        None => &state.account.orders,
    };
    let order: &Order = orders.get(id)?;
    Some(OrderRow {
        session_id,
        client_order_id: id.clone(),
        order_id: order.order_id.clone(),
        symbol: order.request.symbol.clone(),
        side: order.request.side.word(),
        qty: order.request.lots,
        filled_qty: order.filled_lots,
        status: order.status.word(),
        submitted_us: order.submitted_at.0,
        updated_us: order.updated_at.0,
        correlation_id: order.correlation_id.to_string(),
        body: json(order).ok()?,
    })
}

/// Whether a decision changes what the list shows of its session. Steady ticks and evaluations do not: they would
/// rewrite the row many times a second.
fn changes_session(record: &DecisionRecord) -> bool {
    match &record.decision {
        Decision::Session(_) | Decision::Entry(_) | Decision::Order(_) | Decision::Closing(_) => true,
        Decision::Rules(decision) => {
            matches!(decision, RulesDecision::TrailingArmed { .. } | RulesDecision::ExitDecided { .. })
        }
        Decision::Account(_) | Decision::Market(_) | Decision::Truth(_) => false,
    }
}
