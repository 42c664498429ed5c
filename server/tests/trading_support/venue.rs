//! A venue of its own beside the server, with the documented keys, and an independent look at what is on there.

use model::Decimal;
use model::order::{OrderRequest, Purpose, Side, TimeInForce};
use server::telling::Teller;
use server::venue::{Address, Call, Cause, Rest, RestError, Sent, translate, wire};
use simulator::{Faults, Options, Running, TapeSource};
use telemetry::{Level, Secret};

pub struct Venue {
    pub running: Running,
    rest: Rest,
}

#[allow(dead_code)]
impl Venue {
    /// The default market of a new user, with these faults.
    pub async fn start(faults: &str) -> Self {
        let faults = Some(Faults::parse(faults).unwrap());
        let options = Options { tape: TapeSource::Embedded, speed: 120, faults, ..Options::new(7) };
        let (key, secret) = (options.api_key.clone(), options.api_secret.clone());
        let running = simulator::start(options, |_| {}).await.unwrap();
        let address = Address {
            rest_url: running.rest_url.clone(),
            public_ws_url: running.ws_url.clone(),
            private_ws_url: running.ws_url.clone(),
            api_key: Secret::new(key),
            api_secret: Secret::new(secret),
            terms: server::venue::Terms::default(),
        };
        let rest = Rest::new(address, Teller::new(Level::Fatal, 16)).unwrap();
        Self { running, rest }
    }

    /// Settings with which a server talks to it.
    pub fn settings(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("DELTASCOPE__VENUE__REST_URL", self.running.rest_url.as_str()),
            ("DELTASCOPE__VENUE__WS_URL", self.running.ws_url.as_str()),
        ]
    }

    /// Every fill of the account: symbol, side and lots.
    pub async fn fills(&self) -> Vec<(String, String, i64)> {
        let call = Call::fills(telemetry::Micros(0), &[]);
        // The venue's faults strike this look from outside as well: it is repeated until it gets through.
        let mut tries = 0;
        let fills = loop {
            tries += 1;
            match self.rest.read_all::<wire::Fill>(&call).await {
                Ok(fills) => break fills,
                Err(error) => assert!(tries < 50, "the venue's fills cannot be read: {error:?}"),
            }
        };
        let row = |fill: wire::Fill| {
            let size = i64::try_from(fill.size.unwrap()).unwrap();
            (fill.product_symbol.unwrap(), fill.side, size)
        };
        fills.into_iter().map(row).collect()
    }

    /// Signed lots over all products, by the venue's own fills.
    pub async fn position(&self) -> i64 {
        self.fills().await.iter().map(|(_, side, lots)| if side == "buy" { *lots } else { -lots }).sum()
    }

    /// Sells so many lots of one option that has a bid for them, as from the venue's own app.
    pub async fn sold(&self, lots: i64) {
        let products = self.rest.read_all::<wire::Product>(&Call::options()).await.unwrap();
        // Not one that is settled while somebody looks.
        let day = server::clock::now().0 + 86_400_000_000;
        let options = products.iter().filter_map(|product| translate::option(product).unwrap());
        for option in options.filter(|option| option.expiry.0 > day) {
            let (ticker, _) = self.rest.read::<wire::Ticker>(&Call::ticker(&option.symbol)).await.unwrap();
            let quotes = ticker.quotes.unwrap_or_default();
            let wanted =
                |bid: Option<Decimal>, least: i64| bid.is_some_and(|bid| bid >= Decimal::from(least));
            if !(wanted(quotes.best_bid, 50) && wanted(quotes.bid_size, lots)) {
                continue;
            }
            let order = OrderRequest {
                client_order_id: "by-hand".into(),
                product_id: option.product_id,
                symbol: option.symbol.clone(),
                side: Side::Sell,
                lots,
                limit: None,
                time_in_force: TimeInForce::Ioc,
                reduce_only: false,
                purpose: Purpose::Entry,
                leg: 0,
                attempt: 1,
            };
            let sent = self.rest.send::<wire::Order>(&Call::place(&order)).await;
            assert!(matches!(sent, Sent::Acked(_)), "{sent:?}");
            assert_eq!(self.position().await, -lots);
            return;
        }
        panic!("no option has a bid for {lots} lots");
    }

    /// What the venue says of trading: `operational`, how it is disrupted, or `maintenance`.
    pub async fn trading_status(&self) -> String {
        let call = Call::product(&model::Symbol::from("BTCUSD"));
        match self.rest.read::<wire::Product>(&call).await {
            Ok((product, _)) => product.trading_status.unwrap_or_default(),
            Err(RestError::Failed(Cause::Unavailable)) => "maintenance".to_owned(),
            Err(error) => panic!("{error:?}"),
        }
    }

    pub async fn open_orders(&self) -> usize {
        self.rest.read_all::<wire::Order>(&Call::open_orders()).await.unwrap().len()
    }
}
