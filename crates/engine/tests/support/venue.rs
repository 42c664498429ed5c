//! The venue: books, orders, positions and the ways in which it fails.

use std::collections::{BTreeMap, VecDeque};

use model::input::{ExecutionReport, OpenOrder, Truth, TruthKnown, TruthOutcome};
use model::market::{Depth, Level, Mark, MarketEvent, MarketSource, Quote, Spot};
use model::order::{Fill, OrderRequest, OrderSnapshot, OrderStatus, Side, TimeInForce};
use model::{ClientOrderId, Decimal, FillId, Lots, Micros, OrderId, Price, Symbol, TruthRequest, Underlying};

/// What goes wrong with the next mutating request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It arrives and is carried out, but the answer is lost.
    LostReply,
    /// It never arrives.
    LostRequest,
    /// The venue refuses it.
    Rejected,
}

#[derive(Clone, Debug)]
pub struct Book {
    pub bid: Option<Price>,
    pub ask: Option<Price>,
    pub mark: Price,
    /// Lots on display at the best price of each side.
    pub size: Lots,
}

#[derive(Clone, Debug)]
pub struct VenueOrder {
    pub request: OrderRequest,
    pub id: OrderId,
    pub filled: Lots,
    pub status: OrderStatus,
}

#[derive(Default)]
pub struct Venue {
    pub spot: Price,
    pub books: BTreeMap<Symbol, Book>,
    pub orders: BTreeMap<ClientOrderId, VenueOrder>,
    pub positions: BTreeMap<Symbol, Lots>,
    pub fills: Vec<Fill>,
    pub faults: VecDeque<Fault>,
    /// Reads of positions fail until then.
    pub reads_fail_until: Micros,
    /// Every client order id that arrived, in order.
    pub placed: Vec<ClientOrderId>,
    next: u64,
}

impl Venue {
    pub fn new() -> Self {
        let book = |bid: i64, ask: i64| Book {
            bid: Some(Decimal::from(bid)),
            ask: Some(Decimal::from(ask)),
            mark: Decimal::new((bid + ask) * 5, 1),
            size: 1_000,
        };
        let mut venue = Venue { spot: Decimal::from(46_000), ..Venue::default() };
        venue.books.insert(super::call(), book(300, 304));
        venue.books.insert(super::put(), book(280, 284));
        venue
    }

    /// Moves both books and marks to `factor` times the opening prices.
    pub fn reprice(&mut self, factor: &str) {
        let factor = super::dec(factor);
        let fresh = Venue::new();
        for (symbol, book) in &mut self.books {
            let opening = &fresh.books[symbol];
            let scaled = |price: Price| (price * factor).round_dp(1);
            book.bid = opening.bid.map(scaled);
            book.ask = opening.ask.map(scaled);
            book.mark = scaled(opening.mark);
        }
    }

    pub fn publish(&self, now: Micros) -> Vec<MarketEvent> {
        let source = MarketSource::Stream;
        let mut events = vec![MarketEvent::Spot(Spot {
            underlying: Underlying::new("BTC"),
            price: self.spot,
            source,
            at: now,
        })];
        for (symbol, book) in &self.books {
            let level = |price: Option<Price>| price.map(|price| Level { price, lots: book.size });
            events.push(MarketEvent::Quote(Quote {
                symbol: symbol.clone(),
                bid: level(book.bid),
                ask: level(book.ask),
                source,
                at: now,
            }));
            events.push(MarketEvent::Depth(Depth {
                symbol: symbol.clone(),
                bids: level(book.bid).into_iter().collect(),
                asks: level(book.ask).into_iter().collect(),
                source,
                at: now,
            }));
            let band = Some((Decimal::ONE, book.mark * Decimal::from(3)));
            events.push(MarketEvent::Mark(Mark {
                symbol: symbol.clone(),
                price: book.mark,
                band,
                delta: None,
                volatility: None,
                source,
                at: now,
            }));
        }
        events
    }

    /// Places an order; what comes back at once, and the stream events it causes.
    pub fn place(&mut self, request: &OrderRequest, now: Micros) -> Vec<ExecutionReport> {
        let id = request.client_order_id.clone();
        let lost = |reason: &str| ExecutionReport::Ambiguous {
            client_order_id: id.clone(),
            reason: reason.to_owned(),
        };
        match self.faults.pop_front() {
            Some(Fault::LostRequest) => return vec![lost("request timed out")],
            Some(Fault::Rejected) => {
                let code = "insufficient_margin".to_owned();
                return vec![ExecutionReport::Rejected { client_order_id: id, code, detail: None }];
            }
            Some(Fault::LostReply) => {
                self.execute(request, now);
                return vec![lost("reply lost")];
            }
            None => {}
        }
        let fills = self.execute(request, now);
        let mut reports: Vec<_> = self.snapshot(&id).map(ExecutionReport::Order).into_iter().collect();
        reports.extend(fills.into_iter().map(ExecutionReport::Fill));
        reports
    }

    fn execute(&mut self, request: &OrderRequest, now: Micros) -> Vec<Fill> {
        self.placed.push(request.client_order_id.clone());
        self.next += 1;
        let id = OrderId(self.next.to_string());
        let order = VenueOrder { request: request.clone(), id, filled: 0, status: OrderStatus::New };
        self.orders.insert(request.client_order_id.clone(), order);
        self.match_order(&request.client_order_id, now)
    }

    /// Matches one order against its book, at most what is on display, reduce-only capped at the position.
    fn match_order(&mut self, id: &ClientOrderId, now: Micros) -> Vec<Fill> {
        let Some(order) = self.orders.get_mut(id) else { return Vec::new() };
        let Some(book) = self.books.get(&order.request.symbol) else { return Vec::new() };
        let (side, position) =
            (order.request.side, self.positions.entry(order.request.symbol.clone()).or_default());
        let price = match side {
            Side::Buy => book.ask,
            Side::Sell => book.bid,
        };
        let crosses = price.filter(|price| {
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
                settlement: false,
                at: now,
            };
            self.fills.push(fill.clone());
            fills.push(fill);
        }
        order.status = match (order.filled == order.request.lots, order.request.time_in_force) {
            (true, _) => OrderStatus::Filled,
            (false, TimeInForce::Ioc) => OrderStatus::Canceled,
            (false, TimeInForce::Gtc) if order.filled > 0 => OrderStatus::PartiallyFilled,
            (false, TimeInForce::Gtc) => OrderStatus::New,
        };
        fills
    }

    pub fn cancel(&mut self, id: &ClientOrderId) -> ExecutionReport {
        match self.orders.get_mut(id).filter(|order| !order.status.is_terminal()) {
            Some(order) => {
                order.status = OrderStatus::Canceled;
                self.snapshot(id).map_or_else(|| unreachable!("it is there"), ExecutionReport::Order)
            }
            None => ExecutionReport::CancelFailed {
                client_order_id: id.clone(),
                reason: "open_order_not_found".to_owned(),
            },
        }
    }

    pub fn lookup(&self, id: &ClientOrderId) -> ExecutionReport {
        self.snapshot(id)
            .map_or_else(|| ExecutionReport::NotFound { client_order_id: id.clone() }, ExecutionReport::Order)
    }

    fn snapshot(&self, id: &ClientOrderId) -> Option<OrderSnapshot> {
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

    pub fn truth(&self, request: &TruthRequest, requested_at: Micros) -> Truth {
        let outcome = if requested_at < self.reads_fail_until {
            TruthOutcome::Unknown { reason: "504 gateway timeout".to_owned() }
        } else {
            let positions = request
                .products
                .iter()
                .map(|(_, symbol)| (symbol.clone(), self.positions.get(symbol).copied().unwrap_or(0)))
                .collect();
            let open = self.orders.values().filter(|order| !order.status.is_terminal());
            let open_orders = open
                .map(|order| OpenOrder {
                    client_order_id: Some(order.request.client_order_id.clone()),
                    order_id: order.id.clone(),
                    product_id: order.request.product_id,
                    symbol: order.request.symbol.clone(),
                    reduce_only: order.request.reduce_only,
                })
                .collect();
            let fills = request.fills_since.map(|_| self.without_client_ids()).unwrap_or_default();
            let wallet_balance = Some(Decimal::from(100_000));
            TruthOutcome::Known(Box::new(TruthKnown { positions, open_orders, fills, wallet_balance }))
        };
        Truth { request: request.request, requested_at, outcome }
    }

    /// The venue's fill list does not carry our ids.
    fn without_client_ids(&self) -> Vec<Fill> {
        self.fills.iter().cloned().map(|fill| Fill { client_order_id: None, ..fill }).collect()
    }

    /// Expiry: every position is closed by a settlement fill at `price`, without a fee and without an order.
    pub fn settle(&mut self, price: &str) -> Vec<Fill> {
        let mut fills = Vec::new();
        for (symbol, lots) in &mut self.positions {
            let fill = Fill {
                id: FillId(format!("settled-{symbol}")),
                order_id: OrderId(format!("uuid-{symbol}")),
                client_order_id: None,
                symbol: symbol.clone(),
                side: if *lots < 0 { Side::Buy } else { Side::Sell },
                lots: lots.abs(),
                price: super::dec(price),
                fee: Some(Decimal::ZERO),
                settlement: true,
                at: self.fills.last().map_or(Micros(0), |fill| fill.at),
            };
            *lots = 0;
            fills.push(fill);
        }
        self.fills.extend(fills.clone());
        fills
    }

    pub fn is_flat(&self) -> bool {
        self.positions.values().all(|lots| *lots == 0)
    }

    pub fn open_orders(&self) -> usize {
        self.orders.values().filter(|order| !order.status.is_terminal()).count()
    }
}
