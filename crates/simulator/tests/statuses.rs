//! When the venue does not trade as usual: disruptions, auctions and maintenance, in virtual time.

#[path = "support/pure.rs"]
mod pure;

use pure::{Client, SECOND, START};
use serde_json::{Value, json};
use simulator::Quirks;
use simulator::status::TradingStatus;

const CALL: &str = "C-BTC-46200-230926";
const PUT: &str = "P-BTC-45400-230926";

fn body(symbol: &str, order_type: &str, more: Value) -> Value {
    let mut body = json!({ "product_symbol": symbol, "size": 5, "side": "sell", "order_type": order_type });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[test]
fn a_disrupted_product_takes_only_cancellations_and_others_trade_on() {
    let mut client = Client::new();
    client.subscribe(&[("product_updates", &[])]);
    let order = client.rests(CALL, 5);
    client.exchange.disrupt("C-BTC-*", TradingStatus::CancelOnly, START + 60 * SECOND);
    let frames = client.frames(100);
    let told = frames.iter().find(|frame| frame["product"]["symbol"] == CALL).expect("it is told");
    assert_eq!(
        (&told["event"], &told["product"]["trading_status"]),
        (&json!("market_disruption"), &json!("disrupted_cancel_only"))
    );
    assert_eq!(
        client.refused("POST", "/v2/orders", body(CALL, "market_order", json!({}))).1,
        "trading_blocked"
    );
    client.market(PUT, "sell", 5);
    assert_eq!(
        client.get(&format!("/v2/tickers/{CALL}"))["result"]["product_trading_status"],
        "disrupted_cancel_only"
    );
    assert_eq!(
        client.get(&format!("/v2/products/{CALL}"))["result"]["trading_status"],
        "disrupted_cancel_only"
    );
    let cancel = json!({ "id": order["id"], "product_symbol": CALL });
    assert_eq!(client.call("DELETE", "/v2/orders", cancel)["state"], "cancelled");
    let over = client.frames(61_000);
    assert!(
        over.iter().any(|frame| frame["event"] == "finish_auction" && frame["product"]["symbol"] == CALL)
    );
    client.market(CALL, "sell", 5);
}

#[test]
fn in_an_auction_orders_rest_crossed_and_none_is_matched() {
    let mut client = Client::new();
    client.exchange.disrupt(CALL, TradingStatus::PostOnly, START + 30 * SECOND);
    let crossing = body(CALL, "limit_order", json!({ "limit_price": "500", "client_order_id": "crossed" }));
    assert_eq!(client.call("POST", "/v2/orders", crossing)["state"], "open", "far through the bid");
    assert_eq!(client.refused("POST", "/v2/orders", body(CALL, "market_order", json!({}))).1, "unsupported");
    let meets = json!({ "product_symbol": CALL, "size": 5, "side": "buy", "order_type": "limit_order", "limit_price": "600" });
    assert_eq!(client.refused("POST", "/v2/orders", meets).1, "self_matching_disrupted_post_only");
    client.frames(20_000);
    assert_eq!(client.get("/v2/fills")["result"], json!([]));
    client.frames(15_000);
    assert_eq!(
        client.get("/v2/orders/client_order_id/crossed")["result"]["state"],
        "closed",
        "matched once it is over"
    );
}

#[test]
fn maintenance_answers_nothing_but_the_settings_and_ends_in_an_auction() {
    let mut client = Client::new();
    client.subscribe(&[("system_status", &[])]);
    client.exchange.maintain(START + 60 * SECOND);
    let frames = client.frames(100);
    assert_eq!(
        (&frames[0]["event"], &frames[0]["status"]),
        (&json!("maintenance_started"), &json!("maintenance"))
    );
    assert_eq!(client.get("/v2/settings")["result"]["under_maintenance"], "true");
    for (method, target) in [("GET", "/v2/tickers/BTCUSD"), ("GET", "/v2/orders"), ("POST", "/v2/orders")] {
        assert_eq!(client.refused(method, target, json!({})), (503, "unavailable".to_owned()), "{target}");
    }
    let frames = client.frames(60_000);
    assert!(frames.iter().any(|frame| frame["event"] == "maintenance_finished" && frame["status"] == "live"));
    assert_eq!(client.get("/v2/tickers/BTCUSD")["result"]["product_trading_status"], "disrupted_post_only");
    client.frames(301_000);
    client.market("BTCUSD", "buy", 1);
}

#[test]
fn a_new_series_begins_with_an_auction_by_the_switch() {
    for quirk in [false, true] {
        let mut client = Client::with(Quirks { launch_auctions: quirk, ..Quirks::default() });
        let before: Vec<String> =
            client.exchange.products(START).into_iter().map(|product| product.symbol).collect();
        client.now_us = START + 86_400 * SECOND;
        let new = client.exchange.products(client.now_us).into_iter().find(|product| {
            product.contract_type() == "call_options"
                && !before
                    .iter()
                    .any(|symbol| product.chain_token().is_some_and(|token| symbol.contains(&token)))
                && client.exchange.launched_s(product.underlying, product.expiry_s().unwrap()).is_some()
        });
        let symbol = new.expect("a day later there is another daily").symbol;
        let status = if quirk { "disrupted_post_only" } else { "operational" };
        let product = client.get(&format!("/v2/products/{symbol}"))["result"].clone();
        assert_eq!((&product["trading_status"], product["launch_time"].is_string()), (&json!(status), true));
        client.now_us += 301 * SECOND;
        assert_eq!(client.get(&format!("/v2/products/{symbol}"))["result"]["trading_status"], "operational");
    }
}
