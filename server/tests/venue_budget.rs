//! Quotas: what limits public reads must not hold back a close, and what limits reads of the account neither.

#[path = "venue_support/embedded.rs"]
mod embedded;
#[path = "venue_support/fake.rs"]
mod fake;

use fake::{Fake, Said};
use model::ids::{ClientOrderId, ProductId, Symbol};
use model::order::{OrderRequest, Purpose, Side, TimeInForce};
use server::venue::{Call, Rest, Sent, wire};
use simulator::{Faults, Options};

fn order(product: &wire::Product, side: Side, purpose: Purpose, id: &str) -> OrderRequest {
    OrderRequest {
        client_order_id: ClientOrderId::from(id),
        product_id: ProductId(product.id),
        symbol: Symbol::from(product.symbol.as_str()),
        side,
        lots: 2,
        limit: None,
        time_in_force: TimeInForce::Ioc,
        reduce_only: purpose == Purpose::Close,
        purpose,
        leg: 0,
        attempt: 1,
    }
}

/// Case A07: the address's quota for public data is used up for four minutes while a position is open.
#[tokio::test]
async fn a_close_and_a_position_read_leave_while_public_reads_are_blocked() {
    let faults = "[[rule]]\nfault = \"rest_status\"\nstatus = 429\nreset_ms = 240000\n\
                  route = \"GET /v2/tickers*\"\nskip = 1\ntimes = 1\n";
    let options = Options { faults: Some(Faults::parse(faults).unwrap()), ..Options::new(7) };
    let running = simulator::start(options, |_| {}).await.unwrap();
    let rest = embedded::client(&running);
    let products = rest.read_all::<wire::Product>(&Call::options()).await.unwrap();
    let product = near_the_money(&rest, &products).await;
    let (id, symbol) = (ProductId(product.id), Symbol::from(product.symbol.as_str()));

    let sold =
        rest.send::<wire::Order>(&Call::place(&order(product, Side::Sell, Purpose::Entry, "a07-1"))).await;
    assert!(matches!(sold, Sent::Acked(_)), "{sold:?}");
    let limited = rest.read::<wire::Ticker>(&Call::ticker(&symbol)).await;
    assert!(limited.is_err(), "the quota for public data is used up: {limited:?}");

    let (held, _) = rest.read::<wire::PositionNow>(&Call::position(id, &symbol)).await.unwrap();
    assert_eq!(held.size.map(|size| size.to_string()), Some("-2".to_owned()));
    let closed =
        rest.send::<wire::Order>(&Call::place(&order(product, Side::Buy, Purpose::Close, "a07-2"))).await;
    assert!(matches!(closed, Sent::Acked(_)), "{closed:?}");
    let (flat, _) = rest.read::<wire::PositionNow>(&Call::position(id, &symbol)).await.unwrap();
    assert_eq!(flat.size.map(|size| size.to_string()), Some("0".to_owned()));
    running.shutdown().await;
}

/// The call whose strike is nearest to spot.
async fn near_the_money<'a>(rest: &Rest, products: &'a [wire::Product]) -> &'a wire::Product {
    let first = Symbol::from(products[0].symbol.as_str());
    let (ticker, _) = rest.read::<wire::Ticker>(&Call::ticker(&first)).await.unwrap();
    let spot = ticker.spot_price.unwrap();
    let calls = products.iter().filter(|product| product.contract_type == "call_options");
    calls.min_by_key(|product| (product.strike_price.unwrap() - spot).abs()).unwrap()
}

/// A 429 of the account's quota on a read holds back reads, and no close.
#[tokio::test]
async fn a_limited_read_of_the_account_holds_back_no_close() {
    let venue = Fake::start(|asked| match asked.method.as_str() {
        "GET" => Said::new(429, "{}").header("x-rate-limit-reset", "240000"),
        _write => Said::new(400, r#"{"success":false,"error":{"code":"no_position_for_reduce_only"}}"#),
    })
    .await;
    let rest = venue.rest();
    assert!(rest.read::<Vec<wire::Wallet>>(&Call::wallet()).await.is_err());
    let before = venue.asked().len();
    assert!(rest.read::<Vec<wire::Wallet>>(&Call::wallet()).await.is_err());
    assert_eq!(venue.asked().len(), before, "reads wait for the venue's reset");

    let cancel = Call::cancel(Some(&ClientOrderId::from("a07-3")), None, ProductId(27));
    for _again in 0..2 {
        let canceled = rest.send::<wire::Order>(&cancel).await;
        assert!(matches!(canceled, Sent::Rejected(_)), "it left and was answered: {canceled:?}");
    }
}
