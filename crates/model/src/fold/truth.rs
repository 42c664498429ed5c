//! How reads of the venue's truth fold. Each part replaces what was known of it; what failed lowers nothing.

use telemetry::Micros;

use crate::decision::TruthDecision;
use crate::read::{ReadMark, TruthPart};
use crate::record::DecisionRecord;
use crate::state::TradingState;
use crate::truth::{AccountRead, OpenOrdersRead, PendingTruth, PositionRead, READ_LIFE, StreamedPosition};
use crate::witness::WitnessRead;

impl TradingState {
    pub(super) fn fold_truth(&mut self, decision: &TruthDecision, record: &DecisionRecord) {
        match decision {
            TruthDecision::Requested { request, products, fills_since, account, .. } => {
                let truth = &mut self.account.truth;
                truth.requests = *request;
                truth.pending.retain(|pending| record.at.0 - pending.at.0 < READ_LIFE.0);
                truth.pending.push(PendingTruth {
                    request: *request,
                    at: record.at,
                    products: products.iter().map(|(_, symbol)| symbol.clone()).collect(),
                    account: *account,
                    fills: fills_since.is_some(),
                });
            }
            TruthDecision::Read { .. } => self.fold_read(decision, record),
            TruthDecision::Unknown { request, part, code, quiet, .. } => {
                let truth = &mut self.account.truth;
                truth.failures.note(*part, code, !*quiet, record.at);
                truth.pending.retain(|pending| pending.request != *request);
                if part.is_needed() {
                    let since = truth.unknown.as_ref().map_or(record.at, |(since, _)| *since);
                    truth.unknown = Some((since, code.clone()));
                    truth.failed_at = Some(record.at);
                }
                if *part == TruthPart::Fills {
                    truth.fills_failed_at = Some(record.at);
                }
            }
            TruthDecision::Streamed { symbol, lots, at } => {
                let position = StreamedPosition { lots: *lots, at: *at };
                self.account.truth.streamed.insert(symbol.clone(), position);
            }
            TruthDecision::Mismatched { reads, request, .. } => {
                if let Some(session) = self.session_of(record) {
                    session.mismatches = *reads;
                    session.mismatched_read = *request;
                }
            }
            TruthDecision::Matched => {
                if let Some(session) = self.session_of(record) {
                    session.mismatches = 0;
                }
            }
            TruthDecision::ZeroExplained { symbol, lots, .. } => {
                if let Some(session) = self.session_of(record) {
                    session.ledger.write_off(symbol, *lots);
                }
            }
            TruthDecision::WitnessRequested { request, .. } => {
                let witness = &mut self.account.truth.witness;
                self.account.truth.requests = *request;
                witness.pending = Some(*request);
                witness.asked_at = Some(record.at);
            }
            TruthDecision::Witnessed { .. } => self.fold_witness(decision, record),
        }
    }

    fn fold_read(&mut self, decision: &TruthDecision, record: &DecisionRecord) {
        let TruthDecision::Read {
            request,
            requested_at,
            positions,
            own,
            foreign,
            account,
            fills,
            wallet_balance,
            ..
        } = decision
        else {
            return;
        };
        let mark = ReadMark { request: *request, requested_at: *requested_at, read_at: record.at };
        let truth = &mut self.account.truth;
        let asked = truth.pending.iter().find(|pending| pending.request == *request);
        let whole =
            asked.is_none_or(|asked| asked.products.iter().all(|symbol| positions.contains_key(symbol)));
        truth.pending.retain(|pending| pending.request != *request);
        for (symbol, lots) in positions {
            let known = truth.position(symbol);
            if known.is_none_or(|known| known.mark.request < *request) {
                let same = known.filter(|known| known.lots == *lots);
                let shown_at = same.map_or(record.at, |known| known.shown_at);
                truth.positions.insert(symbol.clone(), PositionRead { lots: *lots, shown_at, mark });
            }
        }
        if let (Some(own), Some(foreign)) = (own, foreign)
            && truth.open_orders.as_ref().is_none_or(|known| known.mark.request < *request)
        {
            let read = OpenOrdersRead { mark, own: own.clone(), foreign: foreign.clone() };
            truth.cancels.retain(|id, _| read.numbered(id).is_some());
            truth.open_orders = Some(read);
        }
        if let Some(rows) = account
            && truth.account.as_ref().is_none_or(|known| known.mark.request < *request)
        {
            let held = rows.iter().filter(|row| row.lots != 0);
            let positions = held.map(|row| (row.symbol.clone(), (row.product_id, row.lots))).collect();
            truth.account = Some(AccountRead { mark, positions });
        }
        if fills.is_some() {
            truth.fills_read_at = truth.fills_read_at.max(Some(*requested_at));
            truth.fills_failed_at = None;
        }
        if own.is_some() && truth.latest.is_none_or(|latest| latest.request < *request) {
            truth.latest = Some(mark);
            // A list of orders says nothing of a position that could not be read.
            if whole {
                truth.unknown = None;
                truth.failed_at = None;
            }
        }
        let read = [
            (TruthPart::Positions, whole && !positions.is_empty()),
            (TruthPart::OpenOrders, own.is_some()),
            (TruthPart::Fills, fills.is_some()),
            (TruthPart::Wallet, wallet_balance.is_some()),
            (TruthPart::Account, account.is_some()),
            (TruthPart::All, own.is_some() && whole),
        ];
        read.into_iter().filter(|(_, read)| *read).for_each(|(part, _)| truth.failures.over(part));
        if let Some(balance) = wallet_balance {
            self.account.note_wallet(*balance, record.at);
        }
        self.note_exposure_read(positions.keys(), record.at);
    }

    /// Fills that could not be read leave what they said before.
    fn fold_witness(&mut self, decision: &TruthDecision, record: &DecisionRecord) {
        let TruthDecision::Witnessed { request, requested_at, net, margin, elsewhere, failures, .. } =
            decision
        else {
            return;
        };
        let witness = &mut self.account.truth.witness;
        witness.pending = witness.pending.filter(|pending| pending != request);
        let unread = failures.iter().find(|(part, _)| matches!(part, TruthPart::Fills | TruthPart::All));
        witness.failed = unread.map(|(_, code)| code.clone());
        if let Some(net) = net
            && witness.read.as_ref().is_none_or(|known| known.mark.request < *request)
        {
            let mark = ReadMark { request: *request, requested_at: *requested_at, read_at: record.at };
            let (net, margin, elsewhere) = (net.clone(), *margin, *elsewhere);
            witness.read = Some(WitnessRead { mark, net, margin, elsewhere });
        }
    }

    /// A session's exposure is as old as the oldest read of its instruments.
    fn note_exposure_read<'a>(&mut self, read: impl Iterator<Item = &'a crate::ids::Symbol>, at: Micros) {
        for symbol in read {
            let holder = self.account.leases.get(symbol);
            if let Some(session) = holder.and_then(|id| self.sessions.get_mut(id)) {
                session.exposure_read_at = Some(at);
            }
        }
    }
}
