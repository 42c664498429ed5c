//! What the account holds and what rests in it, read from the simulated venue: positions that nobody asked for by name,
//! orders whole, and one product alone.

#[path = "venue_support/embedded.rs"]
mod embedded;

use model::ids::{ClientOrderId, ProductId, Symbol};
use model::input::AccountPosition;
use model::order::{OrderRequest, Purpose, Side, TimeInForce};
use server::venue::{Call, Rest, RestError, Sent, translate, wire};
use simulator::Options;

async fn venue() -> (simulator::Running, Rest) {
    let running = simulator::start(Options::new(7), |_| {}).await.unwrap();
    let rest = embedded::client(&running);
    (running, rest)
}

fn order(product: &wire::Product, side: Side, limit: Option<i64>, id: &str) -> OrderRequest {
    OrderRequest {
        client_order_id: ClientOrderId::from(id),
        product_id: ProductId(product.id),
        symbol: Symbol::from(product.symbol.as_str()),
        side,
        lots: 3,
        limit: limit.map(model::Decimal::from),
        time_in_force: if limit.is_some() { TimeInForce::Gtc } else { TimeInForce::Ioc },
        reduce_only: false,
        purpose: Purpose::Entry,
        leg: 0,
        attempt: 1,
    }
}

#[tokio::test]
async fn the_account_is_read_whole() {
    let (running, rest) = venue().await;
    let products = rest.read_all::<wire::Product>(&Call::options()).await.unwrap();
    let first = Symbol::from(products[0].symbol.as_str());
    let (ticker, _) = rest.read::<wire::Ticker>(&Call::ticker(&first)).await.unwrap();
    let spot = ticker.spot_price.unwrap();
    let product = products.iter().min_by_key(|product| (product.strike_price.unwrap() - spot).abs()).unwrap();
    assert_eq!(rest.read_all::<wire::AccountPosition>(&Call::account_positions()).await.unwrap().len(), 0);

    let sold = rest.send::<wire::Order>(&Call::place(&order(product, Side::Sell, None, "calls-1"))).await;
    assert!(matches!(sold, Sent::Acked(_)), "{sold:?}");
    let positions = rest.read_all::<wire::AccountPosition>(&Call::account_positions()).await.unwrap();
    let positions: Vec<_> = positions.iter().map(|row| translate::account_position(row).unwrap()).collect();
    let symbol = Symbol::from(product.symbol.as_str());
    let expected = AccountPosition { product_id: ProductId(product.id), symbol: symbol.clone(), lots: -3 };
    assert_eq!(positions, [expected]);

    let resting =
        rest.send::<wire::Order>(&Call::place(&order(product, Side::Buy, Some(1), "calls-2"))).await;
    assert!(matches!(resting, Sent::Acked(_)), "{resting:?}");
    let orders = rest.read_all::<wire::Order>(&Call::open_orders()).await.unwrap();
    let [order] = orders.as_slice() else { panic!("{orders:?}") };
    let seen = translate::open_order(order).unwrap().unwrap();
    assert_eq!((seen.side, seen.leaves_lots, seen.reduce_only), (Side::Buy, 3, false));
    assert_eq!((seen.limit, &seen.symbol), (Some(model::Decimal::ONE), &symbol));
    assert_eq!(seen.client_order_id, Some(ClientOrderId::from("calls-2")));

    let fills = rest.read_all::<wire::Fill>(&Call::fills(telemetry::Micros(0), &[])).await.unwrap();
    assert_eq!(fills.len(), 1);
    running.shutdown().await;
}

#[tokio::test]
async fn one_product_is_read_by_its_symbol() {
    let (running, rest) = venue().await;
    let products = rest.read_all::<wire::Product>(&Call::options()).await.unwrap();
    let listed = translate::option(&products[0]).unwrap().unwrap();
    let (product, _) = rest.read::<wire::Product>(&Call::product(&listed.symbol)).await.unwrap();
    assert_eq!(translate::option(&product), Ok(Some(listed)));
    let (perpetual, _) = rest.read::<wire::Product>(&Call::product(&Symbol::from("BTCUSD"))).await.unwrap();
    assert_eq!(translate::option(&perpetual), Ok(None));
    let unknown = rest.read::<wire::Product>(&Call::product(&Symbol::from("C-BTC-1-010199"))).await;
    assert!(
        matches!(&unknown, Err(RestError::Refused { code, .. }) if code == "product_not_found"),
        "{unknown:?}"
    );
    running.shutdown().await;
}

#[test]
fn a_spot_order_has_no_lots_and_is_no_error() {
    let row = r#"{"id":7,"product_id":500,"product_symbol":"BTC_INR","side":"buy","size":"0.5","unfilled_size":"0.5","limit_price":"1","state":"open","reduce_only":false}"#;
    let order: wire::Order = serde_json::from_str(row).unwrap();
    assert_eq!(translate::open_order(&order), Ok(None));
    assert!(translate::open_order(&order).is_ok(), "and the list of open orders is read with it");
    let contract: wire::Order = serde_json::from_str(&row.replace("BTC_INR", "C-BTC-1-1")).unwrap();
    assert!(translate::open_order(&contract).is_err(), "half a lot of a contract cannot be");
}
