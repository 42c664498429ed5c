//! What the small venue answers to reads of its truth.

use super::*;

/// Positions by number, open orders, the account's list and the wallet cost 3 units each, fills 10.
fn cost(request: &TruthRequest) -> u32 {
    let threes = request.products.len() + 1 + usize::from(request.account) + usize::from(request.wallet);
    3 * threes as u32 + if request.fills_since.is_some() { 10 } else { 0 }
}

impl Venue {
    pub fn truth(&mut self, request: &TruthRequest, requested_at: Micros) -> Truth {
        self.spent += cost(request);
        if request.wallet && self.wallets.len() > 1 {
            self.wallets.pop_front();
        }
        let outcome = if requested_at < self.reads_fail_until {
            TruthOutcome::Unknown { code: Code::from("http_504") }
        } else {
            self.reads.push(requested_at);
            TruthOutcome::Known(Box::new(self.known(request, requested_at)))
        };
        Truth { request: request.request, requested_at, outcome }
    }

    pub fn refuse_reads(&mut self, until: Micros, code: &'static str) {
        self.parts_refused = Some((until, code));
    }

    /// Nothing but refusals, one for each request that a read is made of.
    fn refused(&self, request: &TruthRequest, code: &str) -> TruthKnown {
        let parts = request.products.iter().map(|_| TruthPart::Positions).chain([TruthPart::OpenOrders]);
        let more = [
            (request.fills_since.is_some(), TruthPart::Fills),
            (request.wallet, TruthPart::Wallet),
            (request.account, TruthPart::Account),
        ];
        let parts = parts.chain(more.into_iter().filter(|(asked, _)| *asked).map(|(_, part)| part));
        TruthKnown { failures: parts.map(|part| (part, Code::from(code))).collect(), ..TruthKnown::default() }
    }

    fn known(&self, request: &TruthRequest, at: Micros) -> TruthKnown {
        if let Some((_, code)) = self.parts_refused.filter(|(until, _)| at < *until) {
            return self.refused(request, code);
        }
        let lies = at < self.empty_until;
        let lots = |symbol: &Symbol| self.positions.get(symbol).copied().unwrap_or(0);
        let shown = |symbol: &Symbol| if lies { 0 } else { lots(symbol) };
        let account = || {
            let held = self.positions.iter().filter(|(symbol, lots)| **lots != 0 && shown(symbol) != 0);
            held.map(|(symbol, lots)| AccountPosition {
                product_id: product_of(symbol),
                symbol: symbol.clone(),
                lots: *lots,
            })
            .collect()
        };
        let wallet_fails = request.wallet && at < self.wallet_fails_until;
        let fills_fail = request.fills_since.is_some() && at < self.fills_fail_until;
        let mut failures = Vec::new();
        failures.extend(wallet_fails.then(|| (TruthPart::Wallet, Code::from("http_500"))));
        failures.extend(fills_fail.then(|| (TruthPart::Fills, Code::from("http_503"))));
        let unread = |symbol: &Symbol| self.unread_symbol.as_ref() == Some(symbol);
        let part = (TruthPart::Positions, Code::from("http_404"));
        failures.extend(request.products.iter().filter(|(_, symbol)| unread(symbol)).map(|_| part.clone()));
        let read = request.products.iter().filter(|(_, symbol)| !unread(symbol));
        TruthKnown {
            positions: read.map(|(_, symbol)| (symbol.clone(), shown(symbol))).collect(),
            open_orders: Some(self.open()),
            fills: request.fills_since.filter(|_| !fills_fail).map(|since| self.listed_fills(since, at)),
            wallet_balance: (request.wallet && !wallet_fails)
                .then(|| self.wallets.front().copied().unwrap_or(Decimal::from(100_000))),
            account: request.account.then(account),
            failures,
        }
    }

    /// What the fills since then and the wallet say: a short blocks 0.5 USD a lot.
    pub fn witness(&mut self, request: &WitnessRequest, at: Micros) -> Witness {
        self.spent += 13;
        let mut failures = Vec::new();
        let trades = if at < self.fills_fail_until {
            failures.push((TruthPart::Fills, Code::from("http_503")));
            None
        } else {
            let listed = self.listed_fills(request.since, at);
            let trade = |fill: Fill| Trade {
                product_id: product_of(&fill.symbol),
                lots: fill.signed_lots(),
                settlement: fill.settlement,
                symbol: fill.symbol,
            };
            Some(listed.into_iter().map(trade).collect())
        };
        let short: Lots = self.positions.values().filter(|lots| **lots < 0).map(|lots| -lots).sum();
        let margin = if at < self.wallet_fails_until {
            failures.push((TruthPart::Wallet, Code::from("http_500")));
            None
        } else {
            Some(Decimal::new(5 * short, 1))
        };
        let asked = margin.filter(|usd| !usd.is_zero() && !self.elsewhere_fails);
        let elsewhere = asked.map(|_| self.elsewhere);
        Witness { request: request.request, requested_at: at, trades, margin, elsewhere, failures }
    }

    fn open(&self) -> Vec<OpenOrder> {
        let open = self.orders.iter().filter(|(_, order)| !order.status.is_terminal());
        open.map(|(id, order)| OpenOrder {
            client_order_id: Some(id.clone()),
            order_id: order.id.clone(),
            product_id: order.request.product_id,
            symbol: order.request.symbol.clone(),
            side: order.request.side,
            limit: order.request.limit,
            leaves_lots: order.request.lots - order.filled,
            reduce_only: order.request.reduce_only,
        })
        .collect()
    }

    /// The venue's fill list need not carry our ids, and says what was charged.
    fn listed_fills(&self, since: Micros, at: Micros) -> Vec<Fill> {
        if at < self.fills_empty_until {
            return Vec::new();
        }
        let listed = self.fills.iter().filter(|fill| fill.at >= since).cloned();
        let named = |fill: &Fill| fill.client_order_id.clone().filter(|_| self.fills_are_named);
        listed.map(|fill| Fill { client_order_id: named(&fill), ..fill }).collect()
    }
}
