//! How what concerns the account and the process folds.

use crate::decision::AccountDecision;
use crate::record::DecisionRecord;
use crate::restriction::Restricted;
use crate::state::{Boot, TradingState};

impl TradingState {
    pub(super) fn fold_account(&mut self, decision: &AccountDecision, record: &DecisionRecord) {
        match decision {
            AccountDecision::Booted { boot_id } => {
                self.keep_offsets();
                self.boot = Some(Boot { boot_id: boot_id.clone(), at: record.at });
                self.clock.resumed_at = Some(record.at);
                self.clock.skew_ms = 0;
                self.clock.venue_offset_ms = 0;
                self.clock.venue_moved_at = None;
                // Prices on which nothing was decided are not in the journal: what a process knows does not depend on
                // whether its state came from there or from a snapshot.
                self.spot.clear();
                self.markets.clear();
                self.market_heard_at = None;
                // What the last process knew of links, running reads and its own health died with it.
                self.links.clear();
                self.restricted = Restricted::default();
                self.watched.clear();
                self.account.truth.pending.clear();
                self.account.truth.streamed.clear();
                self.account.health.clear();
                self.account.live = None;
                self.instruments.clear();
                self.failed_judges.clear();
            }
            AccountDecision::LiveOpened(live) => self.account.live = Some(live.clone()),
            AccountDecision::DayBegan { day } => {
                self.account.day.turn(*day);
            }
            AccountDecision::ClockStepped { skew_ms } => self.clock.skew_ms = *skew_ms,
            AccountDecision::VenueClockMeasured { offset_ms } => self.clock.measure(*offset_ms, record.at),
            AccountDecision::GapNoticed { .. } => self.clock.resumed_at = Some(record.at),
            AccountDecision::Watching { symbols } => {
                self.markets.retain(|symbol, _| symbols.contains(symbol));
                self.watched.clone_from(symbols);
            }
            AccountDecision::HealthChanged { health, on, .. } => {
                if *on {
                    self.account.health.insert(*health);
                } else {
                    self.account.health.remove(health);
                }
            }
            AccountDecision::JudgeFailed { judge } => {
                self.failed_judges.insert(judge.clone());
            }
        }
    }

    /// The clock by which things were timed ends with its process; how far the venue's was from it does not.
    fn keep_offsets(&mut self) {
        let offset_ms = self.clock.venue_offset_ms;
        self.clock.earlier_offset_ms = offset_ms;
        for session in self.sessions.values_mut() {
            session.started_offset_ms.get_or_insert(offset_ms);
            if let Some(gap) = session.unwatched.last_mut() {
                gap.until_offset_ms.get_or_insert(offset_ms);
            }
            let is_over = session.is_over();
            if let Some(round) = session.rounds.last_mut()
                && !is_over
                && round.entry.completed_at.is_some()
            {
                round.entry.completed_offset_ms.get_or_insert(offset_ms);
            }
        }
    }
}
