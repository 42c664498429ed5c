//! Requests as they are signed and sent, and what is told of them.

use super::*;
use model::ids::{ClientOrderId, ProductId};
use model::order::{OrderRequest, Purpose, Side, TimeInForce};

#[test]
fn what_is_signed_is_what_is_sent() {
    let path = |call: &Call| call.path_and_query(&Estimate::default());
    assert_eq!(path(&Call::open_orders()), "/v2/orders?states=open%2Cpending&page_size=50");
    let mut call = Call::open_orders();
    call.set_query("after", "a=b/c".to_owned());
    call.set_query("after", "x".to_owned());
    assert!(path(&call).ends_with("&after=x"));
    let fills = path(&Call::fills(Micros(5), &[]));
    assert_eq!(fills, "/v2/fills?contract_types=call_options%2Cput_options&page_size=50&start_time=5");
    let url = reqwest::Url::parse(&format!("http://127.0.0.1{}", path(&Call::open_orders()))).unwrap();
    assert_eq!(url.query(), Some("states=open%2Cpending&page_size=50"), "the client must not encode again");
}

#[test]
fn only_what_closes_may_spend_the_last_units() {
    let (id, symbol) = (ClientOrderId::from("s1"), Symbol::from("C-BTC-1"));
    let product = ProductId(27);
    for (call, spender) in [
        (Call::options(), Spender::Public),
        (Call::ticker(&symbol), Spender::Public),
        (Call::position(product, &symbol), Spender::Account(Priority::Read)),
        (Call::product(&symbol), Spender::Public),
        (Call::account_positions(), Spender::Account(Priority::Read)),
        (Call::open_orders(), Spender::Account(Priority::Read)),
        (Call::fills(Micros(1), &[]), Spender::Account(Priority::Read)),
        (Call::wallet(), Spender::Account(Priority::Read)),
        (Call::lookup(&id), Spender::Account(Priority::Close)),
        (Call::cancel(Some(&id), None, product), Spender::Account(Priority::Close)),
    ] {
        assert_eq!(call.spender(), spender, "{}", call.pattern);
    }
}

#[test]
fn a_call_names_the_symbol_of_the_decision_that_asked_for_it() {
    let record = |decision: OrderDecision| DecisionRecord {
        boot_id: "b".to_owned(),
        seq: 7,
        input_seq: 1,
        at: Micros(1),
        correlation_id: telemetry::CorrelationId::from_bits(1),
        session_id: Some(model::SessionId::from("s-1")),
        strategy_id: None,
        configuration: None,
        execution_mode: None,
        decision: Decision::Order(decision),
    };
    let (id, symbol, product_id) = (ClientOrderId::from("s1"), Symbol::from("C-BTC-1"), ProductId(27));
    let cancel = record(OrderDecision::CancelRequested {
        client_order_id: Some(id.clone()),
        order_id: None,
        product_id,
        symbol: symbol.clone(),
        request: 1,
        cause: model::causes::CancelCause::Closing,
    });
    let look_up = record(OrderDecision::LookupRequested { client_order_id: id.clone(), symbol, lookup: 1 });
    for (call, record) in [(Call::cancel(Some(&id), None, product_id), cancel), (Call::lookup(&id), look_up)]
    {
        let call = call.behalf(&record);
        assert_eq!((call.symbols, call.caused_by.as_deref()), (vec!["C-BTC-1".to_owned()], Some("b-d7")));
    }
}

#[test]
fn an_order_has_text_prices_and_whole_sizes() {
    let order = OrderRequest {
        client_order_id: ClientOrderId::from("s1"),
        product_id: ProductId(27),
        symbol: Symbol::from("C"),
        side: Side::Buy,
        lots: 10,
        limit: Some(model::Decimal::new(590_000, 1)),
        time_in_force: TimeInForce::Ioc,
        reduce_only: true,
        purpose: Purpose::Close,
        leg: 0,
        attempt: 1,
    };
    assert_eq!(
        Call::place(&order).body.unwrap().to_string(),
        r#"{"client_order_id":"s1","limit_price":"59000","order_type":"limit_order","product_id":27,"reduce_only":true,"side":"buy","size":10,"time_in_force":"ioc"}"#
    );
    let market = OrderRequest { limit: None, ..order };
    assert_eq!(Call::place(&market).body.unwrap()["order_type"], "market_order");
    assert_eq!(Call::place(&market).timeout, CLOSE_TIMEOUT);
    assert_eq!(Call::place(&market).spender(), Spender::Account(Priority::Close));
    let entry = OrderRequest { reduce_only: false, purpose: Purpose::Entry, ..market };
    assert_eq!(Call::place(&entry).spender(), Spender::Account(Priority::Normal));
}
