//! Every switch on and off: one for each contradiction of the venue's sources.

#[path = "support/pure.rs"]
mod pure;

use pure::{Client, SECOND, START};
use serde_json::{Value, json};
use simulator::Quirks;

const CALL: &str = "C-BTC-46200-230926";

/// The same look at a venue without the switch and with it.
fn both<T>(name: &str, look: impl Fn(&mut Client) -> T) -> (T, T) {
    let mut quirks = Quirks::default();
    quirks.turn(name).unwrap();
    (look(&mut Client::new()), look(&mut Client::with(quirks)))
}

fn limit(more: Value) -> Value {
    let mut body = json!({ "product_symbol": CALL, "size": 5, "side": "buy", "order_type": "limit_order", "limit_price": "500" });
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

fn status(client: &mut Client, method: &str, target: &str, body: &Value) -> u16 {
    client.send(method, target, &body.to_string()).status
}

#[test]
fn booleans_of_bodies() {
    let look = |client: &mut Client| {
        ["true", "\"true\""].map(|flag| {
            let body = limit(json!({ "post_only": serde_json::from_str::<Value>(flag).unwrap() }));
            status(client, "POST", "/v2/orders", &body)
        })
    };
    assert_eq!(both("booleans_must_be_text", look), ([200, 200], [400, 200]));
    assert_eq!(both("booleans_must_be_json", look), ([200, 200], [200, 400]));
}

#[test]
fn how_a_product_is_named() {
    let look = |client: &mut Client| {
        let id = client.exchange.product(CALL).unwrap().id;
        [limit(json!({})), limit(json!({ "product_id": id }))]
            .map(|body| status(client, "POST", "/v2/orders", &body))
    };
    assert_eq!(both("product_id_and_symbol_allowed", look), ([200, 400], [200, 200]));
    assert_eq!(both("product_id_and_symbol_required", look), ([200, 400], [400, 200]));
}

#[test]
fn quotas() {
    let affordable = |client: &mut Client| {
        let answered = (0..20_000).take_while(|_| client.send("GET", "/v2/settings", "").status == 200);
        answered.count()
    };
    assert_eq!(both("quota_is_20000", affordable), (3_333, 6_666));
    assert_eq!(both("public_reads_cost_one", affordable), (3_333, 10_000));
    let bare = |client: &mut Client| client.get("/v2/rate_limits/quota")["current_quota"].is_i64();
    assert_eq!(both("quota_is_bare", bare), (false, true));
}

#[test]
fn words_of_rows() {
    let created = |client: &mut Client| {
        let order = client.rests(CALL, 1);
        order["created_at"].as_str().unwrap().contains('T')
    };
    assert_eq!(both("created_at_in_microseconds", created), (true, false));
    let fill = |client: &mut Client| {
        client.market(CALL, "sell", 1);
        let fill = client.get("/v2/fills")["result"][0].clone();
        (fill["id"].is_string(), fill["product"].is_object())
    };
    assert_eq!(both("fill_ids_are_integers", fill), ((true, true), (false, true)));
    assert_eq!(both("positions_without_product", fill), ((true, true), (true, false)));
    let nested = |client: &mut Client| {
        client.market(CALL, "sell", 1);
        client.get("/v2/positions/margined")["result"][0]["product"].is_object()
    };
    assert_eq!(both("positions_without_product", nested), (true, false));
    let trades = |client: &mut Client| client.get(&format!("/v2/trades/{CALL}"))["result"].is_array();
    assert_eq!(both("trades_as_object", trades), (true, false));
    let text = |client: &mut Client| {
        let body = client.send_as("wrong", "GET", "/v2/fills", "").body;
        serde_json::from_str::<Value>(&body).unwrap()["error"].is_string()
    };
    assert_eq!(both("errors_as_text", text), (false, true));
}

#[test]
fn what_a_short_option_has_made() {
    let look = |client: &mut Client| {
        client.market(CALL, "sell", 10);
        let row = client.get("/v2/positions/margined")["result"][0].clone();
        let number = |name: &str| row[name].as_str().unwrap().parse::<f64>().unwrap();
        (number("unrealized_pnl") - number("mark_price") * 0.01).abs() < 1e-6
    };
    assert_eq!(both("short_option_pnl_unsigned", look), (false, true));
}

#[test]
fn candles_and_their_limits() {
    let look = |client: &mut Client| {
        let end = client.now_us / SECOND;
        let target = |resolution: &str| {
            format!("/v2/history/candles?resolution={resolution}&symbol=BTCUSD&start=0&end={end}")
        };
        let rows = client.get(&target("1m"))["result"].as_array().unwrap().len();
        let later = client.now_us / SECOND + 5_000 * 60;
        let whole = format!("/v2/history/candles?resolution=1m&symbol=BTCUSD&start={end}&end={later}");
        let future = client.get(&whole)["result"].as_array().unwrap().len();
        (rows > 1_400, future, client.send("GET", &target("12h"), "").status)
    };
    let (plain, capped) = both("candles_capped_at_2000", look);
    assert_eq!((plain.0, plain.2), (true, 400));
    assert!(plain.1 <= 4_001 && capped.1 <= 2_001, "{plain:?} {capped:?}");
    assert_eq!(both("candles_of_twelve_hours", look).1.2, 200);
}

#[test]
fn calls_that_need_something() {
    let look = |client: &mut Client| {
        let body = json!({ "close_all_isolated": true });
        status(client, "POST", "/v2/positions/close_all", &body)
    };
    assert_eq!(both("close_all_needs_user_id", look), (200, 400));
    let look = |client: &mut Client| {
        client.rests(CALL, 1);
        client.call("DELETE", "/v2/orders/all", json!({}));
        client.get("/v2/orders")["result"].as_array().unwrap().len()
    };
    assert_eq!(both("cancel_all_needs_no_flags", look), (1, 0));
    let look = |client: &mut Client| {
        let body = limit(json!({ "size": 100_000, "side": "sell", "limit_price": "900" }));
        let refused = (0..5).map(|_| client.send("POST", "/v2/orders", &body.to_string()));
        refused.last().unwrap().body.contains("additional_margin_required")
    };
    assert_eq!(both("documented_margin_context", look), (false, true));
}

#[test]
fn lists_that_lag() {
    let look = |client: &mut Client| {
        client.get("/v2/positions/margined");
        client.market(CALL, "sell", 10);
        let rows =
            |client: &mut Client| client.get("/v2/positions/margined")["result"].as_array().unwrap().len();
        let at_once = rows(client);
        client.now_us += 11 * SECOND;
        (at_once, rows(client))
    };
    assert_eq!(both("margined_positions_lag", look), ((1, 1), (0, 1)));
    let look = |client: &mut Client| {
        let id = client.market(CALL, "sell", 10)["id"].clone();
        let rows = |client: &mut Client| {
            let open = client.get("/v2/orders")["result"].as_array().unwrap().len();
            open + client.get("/v2/orders/history")["result"].as_array().unwrap().len()
        };
        let at_once = rows(client);
        assert_eq!(
            client.get(&format!("/v2/orders/{id}"))["result"]["state"],
            "closed",
            "by its id it is there"
        );
        client.now_us += SECOND;
        (at_once, rows(client))
    };
    assert_eq!(both("finished_orders_appear_late", look), ((1, 1), (0, 1)));
    let look = |client: &mut Client| {
        let (open, ended) =
            (json!({ "client_order_id": "open", "post_only": true, "limit_price": "200" }), "ended");
        client.call("POST", "/v2/orders", limit(open));
        client.call("POST", "/v2/orders", limit(json!({ "client_order_id": ended, "limit_price": "200" })));
        let product_id = client.exchange.product(CALL).unwrap().id;
        client.call("DELETE", "/v2/orders", json!({ "client_order_id": ended, "product_id": product_id }));
        ["open", ended].map(|id| client.send("GET", &format!("/v2/orders/client_order_id/{id}"), "").status)
    };
    assert_eq!(both("client_ids_of_open_orders_only", look), ([200, 200], [200, 404]));
    let look = |client: &mut Client| {
        client.market(CALL, "sell", 1);
        let rows = |client: &mut Client| client.get("/v2/fills")["result"].as_array().unwrap().len();
        let at_once = rows(client);
        client.now_us += SECOND;
        (at_once, rows(client))
    };
    assert_eq!(both("fills_appear_late", look), ((1, 1), (0, 1)));
    let look = |client: &mut Client| {
        let stamp =
            |client: &mut Client| client.get("/v2/tickers/BTCUSD")["result"]["timestamp"].as_i64().unwrap();
        let first = stamp(client);
        client.now_us += 30 * SECOND;
        let second = stamp(client) - first;
        client.now_us += 31 * SECOND;
        (second > 0, stamp(client) > START + 60 * SECOND)
    };
    assert_eq!(both("tickers_are_cached", look), ((true, true), (false, true)));
}

#[test]
fn channels() {
    let refused = |client: &mut Client| {
        let answers = client.subscribe(&[("ob_l2", &[CALL, "BTCUSD"]), ("v2/ticker", &[CALL])]);
        let channels = answers[0]["channels"].as_array().unwrap().clone();
        let error = |name: &str| channels.iter().any(|row| row["name"] == name && row["error"].is_string());
        (error("ob_l2"), error("v2/ticker"))
    };
    assert_eq!(both("one_depth_symbol", refused), ((false, true), (true, true)));
    assert_eq!(both("legacy_channels", refused), ((false, true), (false, false)));
}

#[test]
fn whose_heartbeats_are_listed() {
    let look = |client: &mut Client| {
        ["/v2/heartbeat", "/v2/heartbeat?user_id=22142"].map(|target| client.send("GET", target, "").status)
    };
    assert_eq!(both("heartbeats_need_user_id", look), ([200, 200], [400, 200]));
}
