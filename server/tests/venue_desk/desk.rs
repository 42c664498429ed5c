//! A venue of its own with a client, and the option that is nearest to spot.

use std::time::Duration;

use model::Decimal;
use model::ids::{ClientOrderId, ProductId, Symbol};
use model::order::{OrderRequest, Purpose, Side, TimeInForce};
use serde::de::IgnoredAny;
use server::clock;
use server::venue::{Call, Rest, Sent, translate, wire};
use simulator::{Faults, Options, Running};

pub use super::embedded::client;

pub struct Desk {
    pub running: Running,
    pub rest: Rest,
    /// The call nearest to spot that lives for another day.
    pub product: ProductId,
    pub symbol: Symbol,
    pub bid: Decimal,
    pub ask: Decimal,
}

/// The same on a machine that has much else to do.
pub fn patient(call: &Call) -> Call {
    let mut call = call.clone();
    call.timeout = Duration::from_secs(60);
    call
}

impl Desk {
    pub async fn start() -> Self {
        Self::with(7, "").await
    }

    /// A market of this seed with these faults and switches.
    pub async fn with(seed: u64, faults: &str) -> Self {
        let options = Options { faults: Some(Faults::parse(faults).unwrap()), ..Options::new(seed) };
        let running = simulator::start(options, |_| {}).await.unwrap();
        // What is looked for here must not be missing in the books of the client that is tested.
        let scout = client(&running);
        let products = scout.read_all::<wire::Product>(&Call::options()).await.unwrap();
        let first = Symbol::from(products[0].symbol.as_str());
        let (ticker, _) = scout.read::<wire::Ticker>(&Call::ticker(&first)).await.unwrap();
        let spot = ticker.spot_price.unwrap();
        // One that expires in the next hours loses its value, and at noon its orders, under whoever looks.
        let day = clock::now().0 + 86_400_000_000;
        let lives = |product: &&wire::Product| {
            translate::option(product).unwrap().is_some_and(|option| option.expiry.0 > day)
        };
        let calls = products.iter().filter(|product| product.contract_type == "call_options").filter(lives);
        let nearest = calls.min_by_key(|product| (product.strike_price.unwrap() - spot).abs()).unwrap();
        let symbol = Symbol::from(nearest.symbol.as_str());
        let (ticker, _) = scout.read::<wire::Ticker>(&Call::ticker(&symbol)).await.unwrap();
        let quotes = ticker.quotes.unwrap();
        Self {
            rest: client(&running),
            product: ProductId(nearest.id),
            symbol,
            bid: quotes.best_bid.unwrap(),
            ask: quotes.best_ask.unwrap(),
            running,
        }
    }

    /// An order of two lots; one without a limit is carried out at once.
    pub fn order(&self, id: &str, side: Side, limit: Option<Decimal>) -> OrderRequest {
        OrderRequest {
            client_order_id: ClientOrderId::from(id),
            product_id: self.product,
            symbol: self.symbol.clone(),
            side,
            lots: 2,
            limit,
            time_in_force: if limit.is_some() { TimeInForce::Gtc } else { TimeInForce::Ioc },
            reduce_only: false,
            purpose: Purpose::Entry,
            leg: 0,
            attempt: 1,
        }
    }

    pub fn closing(&self, id: &str, side: Side, limit: Option<Decimal>) -> OrderRequest {
        OrderRequest { reduce_only: true, purpose: Purpose::Close, ..self.order(id, side, limit) }
    }

    /// A price at which a buy rests far from the market.
    pub fn far(&self) -> Decimal {
        (self.bid * Decimal::new(9, 1)).round_dp(0)
    }

    pub async fn done(&self, call: &Call) {
        let sent = self.rest.send::<IgnoredAny>(&patient(call)).await;
        assert!(matches!(sent, Sent::Acked(_)), "{}: {sent:?}", call.pattern);
    }

    /// The order that a call answers with.
    pub async fn acked(&self, call: &Call) -> wire::Order {
        match self.rest.send::<wire::Order>(&patient(call)).await {
            Sent::Acked(order) => order,
            other => panic!("{} {}: {other:?}", call.method, call.pattern),
        }
    }

    pub async fn sold(&self, id: &str) -> wire::Order {
        self.acked(&Call::place(&self.order(id, Side::Sell, None))).await
    }

    pub async fn open(&self) -> Vec<wire::Order> {
        self.rest.read_all::<wire::Order>(&Call::open_orders()).await.unwrap()
    }

    pub async fn held(&self) -> i64 {
        let call = Call::position(self.product, &self.symbol);
        let (position, _) = self.rest.read::<wire::PositionNow>(&call).await.unwrap();
        i64::try_from(position.size.unwrap()).unwrap()
    }
}
