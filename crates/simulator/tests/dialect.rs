//! The REST dialect as the pure function it is: quota, paging, cancel-all, settled products, no sockets.

#[path = "support/pure.rs"]
mod pure;

use pure::{Client, SECOND, START};
use serde_json::json;

#[test]
fn the_quota_is_spent_by_weight_and_comes_back_whole() {
    let mut client = Client::new();
    let mut answered = 0;
    let refused = loop {
        let reply = client.send("GET", "/v2/settings", "");
        if reply.status != 200 {
            break reply;
        }
        answered += 1;
    };
    assert_eq!((answered, refused.status), (10_000 / 3, 429));
    let (name, reset_ms) = &refused.headers[0];
    assert_eq!(*name, "x-rate-limit-reset");
    client.now_us += reset_ms.parse::<i64>().unwrap() * 1_000;
    assert_eq!(client.send("GET", "/v2/settings", "").status, 200);
}

#[test]
fn pages_are_chained_by_cursors_and_hold_everything_once() {
    let mut client = Client::new();
    let mut all = |query: &str| {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = client.get(&format!("/v2/products?{query}{after}"));
            seen.extend(page["result"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()));
            let Some(cursor) = page["meta"]["after"].as_str() else { return seen };
            after = format!("&after={cursor}");
        }
    };
    let mut seen = all("contract_types=call_options%2Cput_options&page_size=97");
    let whole = all("page_size=1000").len();
    assert_eq!(whole, seen.len() + 2, "and the perpetuals");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(whole, seen.len() + 2, "nothing twice");
    assert_eq!(client.send("GET", "/v2/products?after=xyz", "").status, 400);
    assert_eq!(client.send("GET", "/v2/products?expiry=", "").status, 400);
}

#[test]
fn cancel_all_cancels_nothing_unless_told_what() {
    let mut client = Client::new();
    let order = json!({ "product_symbol": "C-BTC-46200-230926", "size": 5, "side": "buy",
        "order_type": "limit_order", "limit_price": "500", "post_only": "true" });
    assert_eq!(client.send("POST", "/v2/orders", &order.to_string()).status, 200);
    let all = |flag: bool| json!({ "cancel_limit_orders": flag, "cancel_stop_orders": true, "cancel_reduce_only_orders": true });
    for (body, left) in [(String::new(), 1), (all(false).to_string(), 1), (all(true).to_string(), 0)] {
        let reply = client.send("DELETE", "/v2/orders/all", &body);
        assert_eq!(reply.status, 200, "{}", reply.body);
        let open = client.get("/v2/orders?states=open,pending");
        assert_eq!(open["result"].as_array().unwrap().len(), left, "{body}");
    }
}

#[test]
fn a_settled_expiry_is_found_among_the_expired() {
    let mut client = Client::new();
    client.now_us = START + 86_400 * SECOND;
    let expired = client.get("/v2/products?states=expired&expiry=2026-09-22&page_size=1000");
    let rows = expired["result"].as_array().unwrap();
    assert!(rows.len() > 50);
    for row in rows {
        assert_eq!((&row["state"], row["settlement_price"].is_string()), (&json!("expired"), true), "{row}");
    }
    let symbol = rows[0]["symbol"].as_str().unwrap().to_owned();
    assert_eq!(client.get(&format!("/v2/products/{symbol}"))["result"]["state"], "expired");
    assert_eq!(client.send("GET", &format!("/v2/tickers/{symbol}"), "").status, 404);
}
