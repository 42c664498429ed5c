//! The venue: books, orders, positions and the ways in which it fails. Orders rest and are matched as the market
//! moves; requests may arrive late; reads may fail, lag or lie; strangers trade on the same account.

mod orders;
mod reads;
mod refusals;

use std::collections::{BTreeMap, VecDeque};

use model::fill::Fill;
use model::input::{AccountPosition, ExecutionReport, OpenOrder, Truth, TruthKnown, TruthOutcome};
use model::market::{MarketEvent, MarketSource, Spot};
use model::order::{OrderRequest, OrderSnapshot, OrderStatus, Purpose, Side, TimeInForce};
use model::read::TruthPart;
use model::restriction::Restrictions;
use model::witness::{Trade, Witness, WitnessRequest};
use model::{
    ClientOrderId, Code, Decimal, FillId, Lots, Micros, OrderId, Price, ProductId, Symbol, TruthRequest,
    Underlying,
};

use super::book::Book;

/// What goes wrong with the next request of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It arrives and is carried out, but the answer is lost.
    LostReply,
    /// It never arrives.
    LostRequest,
    /// No answer, and it arrives after so many milliseconds.
    Late(i64),
    /// The venue refuses it.
    Rejected(&'static str),
    /// It was never sent.
    NotSent,
    /// Nothing goes wrong with it.
    Passes,
}

#[derive(Clone, Debug)]
pub struct VenueOrder {
    pub request: OrderRequest,
    pub id: OrderId,
    pub filled: Lots,
    pub status: OrderStatus,
    pub by_hand: bool,
}

#[derive(Default)]
pub struct Venue {
    pub spot: BTreeMap<Underlying, Price>,
    pub books: BTreeMap<Symbol, Book>,
    openings: BTreeMap<Symbol, Book>,
    pub orders: BTreeMap<ClientOrderId, VenueOrder>,
    pub positions: BTreeMap<Symbol, Lots>,
    pub fills: Vec<Fill>,
    pub faults: VecDeque<Fault>,
    pub cancel_faults: VecDeque<Fault>,
    /// What does not trade as usual.
    pub restrictions: Restrictions,
    /// Orders in it are refused.
    pub refused_symbol: Option<Symbol>,
    /// No cancel arrives.
    pub cancels_fail: bool,
    /// An order is acknowledged as new; its fills come before the word that it has ended.
    pub fills_come_first: bool,
    /// And that word never comes.
    pub ends_get_lost: bool,
    /// Cancels are answered as carried out, and are not: a lie.
    pub cancels_lie: bool,
    /// On their way: they arrive at that moment.
    late: Vec<(Micros, OrderRequest)>,
    /// Until then all reads fail.
    pub reads_fail_until: Micros,
    /// Until then each part of a read is refused, for this reason.
    parts_refused: Option<(Micros, &'static str)>,
    /// Its position cannot be read.
    pub unread_symbol: Option<Symbol>,
    /// Until then reads of the truth are never answered.
    pub reads_hang_until: Micros,
    /// Until then look-ups fail.
    pub lookups_fail_until: Micros,
    /// Until then positions are answered as nothing: a lie.
    pub empty_until: Micros,
    /// Until then the list of fills is answered as empty: a lie.
    pub fills_empty_until: Micros,
    /// Positions in what is no option.
    pub elsewhere: u32,
    /// And whether they can be read.
    pub elsewhere_fails: bool,
    /// Until then the list of fills cannot be read.
    pub fills_fail_until: Micros,
    /// The list of fills carries our ids, as far as they are known.
    pub fills_are_named: bool,
    /// What the wallet says next; the last of them for good.
    pub wallets: VecDeque<Decimal>,
    /// Until then only the wallet cannot be read.
    pub wallet_fails_until: Micros,
    /// Fills do not come through the stream until then.
    pub stream_dead_until: Micros,
    /// Every client order id that arrived, in order.
    pub placed: Vec<ClientOrderId>,
    /// Reads of positions, with when they were asked for.
    pub reads: Vec<Micros>,
    /// Units of the request quota that were spent, answered or not.
    pub spent: u32,
    next: u64,
}

impl Venue {
    pub fn new() -> Self {
        let mut venue = Venue::default();
        venue.spot.insert(Underlying::new("BTC"), Decimal::from(46_000));
        venue.spot.insert(Underlying::new("ETH"), Decimal::from(2_880));
        for (symbol, bid, ask) in [
            (super::call(), "300", "304"),
            (super::put(), "280", "284"),
            (super::eth_call(), "25", "25.4"),
            (super::eth_put(), "24", "24.4"),
        ] {
            venue.books.insert(symbol, Book::new(bid, ask));
        }
        venue.openings = venue.books.clone();
        venue
    }

    /// Moves all books and marks to `factor` times the opening prices.
    pub fn reprice(&mut self, factor: &str) {
        let factor = super::dec(factor);
        for (symbol, book) in &mut self.books {
            *book = book.scaled(&self.openings[symbol], factor);
        }
    }

    pub fn publish(&self, now: Micros) -> Vec<MarketEvent> {
        let source = MarketSource::Stream;
        let spots = self.spot.iter().map(|(underlying, price)| {
            MarketEvent::Spot(Spot { underlying: underlying.clone(), price: *price, source, at: now })
        });
        let books = self.books.iter().flat_map(|(symbol, book)| book.publish(symbol, now));
        spots.chain(books).collect()
    }

    /// Time passes: what was late arrives, what rests is matched. The stream events that this causes.
    pub fn pass(&mut self, now: Micros) -> Vec<ExecutionReport> {
        let (due, late) = std::mem::take(&mut self.late).into_iter().partition(|(at, _)| *at <= now);
        self.late = late;
        let arrived: Vec<(Micros, OrderRequest)> = due;
        let mut reports = Vec::new();
        for (_, request) in arrived {
            if self.refusal(&request).is_none() {
                let fills = self.execute(&request, now);
                reports.extend(self.told(&request.client_order_id, fills, now));
            }
        }
        let resting: Vec<ClientOrderId> = self
            .orders
            .iter()
            .filter(|(_, order)| !order.status.is_terminal())
            .map(|(id, _)| id.clone())
            .collect();
        for id in resting {
            let fills = self.match_order(&id, now);
            if !fills.is_empty() {
                reports.extend(self.told(&id, fills, now));
            }
        }
        reports
    }

    /// What the private stream says of an order, unless it is dead or the order is a stranger's.
    fn told(&self, id: &ClientOrderId, fills: Vec<Fill>, now: Micros) -> Vec<ExecutionReport> {
        if now < self.stream_dead_until {
            return Vec::new();
        }
        let by_hand = self.orders.get(id).is_none_or(|order| order.by_hand);
        let order = self.snapshot(id).filter(|_| !by_hand).map(ExecutionReport::Order);
        let fills = fills.into_iter().map(|fill| match by_hand {
            true => ExecutionReport::Fill(Fill { client_order_id: None, ..fill }),
            // The stream does not say what was charged.
            false => ExecutionReport::Fill(Fill { fee: None, ..fill }),
        });
        order.into_iter().chain(fills).collect()
    }

    /// Places an order; what comes back at once, and the stream events it causes.
    pub fn place(&mut self, request: &OrderRequest, now: Micros) -> Vec<ExecutionReport> {
        self.spent += 5;
        let id = request.client_order_id.clone();
        let ambiguous =
            |code: &str| ExecutionReport::Ambiguous { client_order_id: id.clone(), code: Code::from(code) };
        let rejected = |code: &str| ExecutionReport::Rejected {
            client_order_id: id.clone(),
            code: Code::from(code),
            detail: None,
        };
        if self.refused_symbol.as_ref() == Some(&request.symbol) {
            return vec![rejected("order_size_exceed_available")];
        }
        match self.faults.pop_front() {
            Some(Fault::LostRequest) => return vec![ambiguous("no_answer")],
            Some(Fault::NotSent) => {
                let code = Code::from("budget_empty");
                return vec![ExecutionReport::NotSent { client_order_id: id, code }];
            }
            Some(Fault::Rejected(code)) => return vec![rejected(code)],
            Some(Fault::Late(ms)) => {
                self.late.push((Micros(now.0 + ms * 1_000), request.clone()));
                return vec![ambiguous("no_answer")];
            }
            Some(Fault::LostReply) => {
                if self.refusal(request).is_none() {
                    self.execute(request, now);
                }
                return vec![ambiguous("broke_off")];
            }
            Some(Fault::Passes) | None => {}
        }
        if let Some(code) = self.refusal(request) {
            return vec![rejected(code)];
        }
        let fills = self.execute(request, now);
        let fills = fills.into_iter().filter(|_| now >= self.stream_dead_until);
        let fills = fills.map(|fill| ExecutionReport::Fill(Fill { fee: None, ..fill }));
        let end = self.snapshot(&id);
        let new = end.clone().filter(|_| self.fills_come_first).map(|end| OrderSnapshot {
            status: OrderStatus::New,
            filled_lots: 0,
            average_price: None,
            ..end
        });
        let (first, last) = match new {
            Some(new) => (Some(new), end.filter(|_| !self.ends_get_lost)),
            None => (end, None),
        };
        let order = |snapshot: Option<OrderSnapshot>| snapshot.map(ExecutionReport::Order);
        order(first).into_iter().chain(fills).chain(order(last)).collect()
    }

    fn execute(&mut self, request: &OrderRequest, now: Micros) -> Vec<Fill> {
        self.placed.push(request.client_order_id.clone());
        self.rest(request, false);
        self.match_order(&request.client_order_id, now)
    }

    fn rest(&mut self, request: &OrderRequest, by_hand: bool) {
        self.next += 1;
        let id = OrderId(self.next.to_string());
        let order = VenueOrder { request: request.clone(), id, filled: 0, status: OrderStatus::New, by_hand };
        self.orders.insert(request.client_order_id.clone(), order);
    }

    /// An order of somebody else on the same account, as from the venue's own app.
    pub fn by_hand(&mut self, symbol: &Symbol, side: Side, lots: Lots, limit: Option<&str>, now: Micros) {
        let request = OrderRequest {
            client_order_id: ClientOrderId(format!("hand-{}", self.next)),
            product_id: product_of(symbol),
            symbol: symbol.clone(),
            side,
            lots,
            limit: limit.map(super::dec),
            time_in_force: if limit.is_some() { TimeInForce::Gtc } else { TimeInForce::Ioc },
            reduce_only: false,
            purpose: Purpose::Entry,
            leg: 0,
            attempt: 1,
        };
        self.rest(&request, true);
        self.match_order(&request.client_order_id, now);
    }

    /// Matches one order against its book, at most what is on display, reduce-only capped at the position.
    fn match_order(&mut self, id: &ClientOrderId, now: Micros) -> Vec<Fill> {
        let Some(order) = self.orders.get_mut(id) else { return Vec::new() };
        let Some(book) = self.books.get(&order.request.symbol) else { return Vec::new() };
        let matched = self.restrictions.of(&order.request.symbol).is_none();
        let side = order.request.side;
        let position = self.positions.entry(order.request.symbol.clone()).or_default();
        let crosses = book.best(side).filter(|_| matched).filter(|price| {
            order.request.limit.is_none_or(|limit| match side {
                Side::Buy => *price <= limit,
                Side::Sell => *price >= limit,
            })
        });
        let mut lots = (order.request.lots - order.filled).min(book.size);
        if order.request.reduce_only {
            lots = lots.min((-side.sign() * *position).max(0));
        }
        let mut fills = Vec::new();
        if let Some(price) = crosses.filter(|_| lots > 0) {
            *position += side.sign() * lots;
            order.filled += lots;
            self.next += 1;
            let fill = Fill {
                id: FillId(format!("f{}", self.next)),
                order_id: order.id.clone(),
                client_order_id: Some(id.clone()),
                symbol: order.request.symbol.clone(),
                side,
                lots,
                price,
                fee: Some(super::dec("0.5")),
                fee_estimated: false,
                settlement: false,
                at: now,
            };
            self.fills.push(fill.clone());
            fills.push(fill);
        }
        order.status = match (order.filled == order.request.lots, order.request.time_in_force) {
            (true, _) => OrderStatus::Filled,
            (false, TimeInForce::Ioc) => OrderStatus::Canceled,
            (false, TimeInForce::Gtc | TimeInForce::PostOnly) if order.filled > 0 => {
                OrderStatus::PartiallyFilled
            }
            (false, TimeInForce::Gtc | TimeInForce::PostOnly) => OrderStatus::New,
        };
        // A reduce-only order shrinks with the position and ends with it.
        if order.request.reduce_only && *position == 0 && !order.status.is_terminal() {
            order.status = OrderStatus::Canceled;
        }
        fills
    }

    pub(super) fn snapshot(&self, id: &ClientOrderId) -> Option<OrderSnapshot> {
        let order = self.orders.get(id)?;
        Some(OrderSnapshot {
            client_order_id: id.clone(),
            order_id: order.id.clone(),
            status: order.status,
            filled_lots: order.filled,
            average_price: None,
            reason: None,
        })
    }

    /// Expiry: every position is closed by a settlement fill at `price`, without a fee and without an order.
    pub fn settle(&mut self, price: &str) -> Vec<Fill> {
        let mut fills = Vec::new();
        for (symbol, lots) in self.positions.iter_mut().filter(|(_, lots)| **lots != 0) {
            let fill = Fill {
                id: FillId(format!("settled-{symbol}")),
                order_id: OrderId(format!("uuid-{symbol}")),
                client_order_id: None,
                symbol: symbol.clone(),
                side: if *lots < 0 { Side::Buy } else { Side::Sell },
                lots: lots.abs(),
                price: super::dec(price),
                fee: Some(Decimal::ZERO),
                fee_estimated: false,
                settlement: true,
                at: self.fills.last().map_or(Micros(0), |fill| fill.at),
            };
            *lots = 0;
            fills.push(fill);
        }
        self.fills.extend(fills.clone());
        fills
    }

    pub fn position(&self, symbol: &Symbol) -> Lots {
        self.positions.get(symbol).copied().unwrap_or(0)
    }

    pub fn is_flat(&self) -> bool {
        self.positions.values().all(|lots| *lots == 0)
    }

    pub fn open_orders(&self) -> usize {
        self.orders.values().filter(|order| !order.status.is_terminal() && !order.by_hand).count()
    }
}

pub fn product_of(symbol: &Symbol) -> ProductId {
    let listed = super::listed().into_iter().find(|instrument| &instrument.symbol == symbol);
    listed.map_or(ProductId(99), |instrument| instrument.product_id)
}
