//! Reads that are not true, feeds that die in part and cancellations that fail, each by the fault file and
//! over real sockets: only what the rule names is touched.

mod support;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use simulator::{Faults, Options, Running, TapeSource, Telling, start};
use support::{Answer, Feed, call, call_option, get, post};

async fn venue(faults: &str) -> (Running, Arc<Mutex<Vec<Telling>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let faults = Some(Faults::parse(faults).unwrap());
    let options = Options { tape: TapeSource::Embedded, speed: 60, faults, ..Options::new(3) };
    let tell = {
        let told = told.clone();
        move |telling: Telling| told.lock().unwrap().push(telling)
    };
    (start(options, tell).await.unwrap(), told)
}

/// The faults that were told so far.
fn struck(told: &Mutex<Vec<Telling>>) -> Vec<String> {
    let told = told.lock().unwrap();
    let struck = told.iter().filter(|telling| telling.name == "simulator.fault_injected");
    struck.map(|telling| telling.message.rsplit(' ').next().unwrap().to_owned()).collect()
}

fn market(product_id: i64, side: &str, size: i64) -> Value {
    json!({ "product_id": product_id, "size": size, "side": side, "order_type": "market_order" })
}

/// A resting purchase far below the market.
async fn rests(url: &str, symbol: &str, product_id: i64, name: &str) -> Value {
    let ticker = get(url, &format!("/v2/tickers/{symbol}")).await;
    let far = (ticker["mark_price"].as_str().unwrap().parse::<f64>().unwrap() * 0.6).round().to_string();
    let mut body = market(product_id, "buy", 20);
    body["order_type"] = json!("limit_order");
    body["limit_price"] = json!(far);
    body["client_order_id"] = json!(name);
    post(url, "/v2/orders", body).await.unwrap().result()
}

fn code(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["error"]["code"].clone())
}

#[tokio::test]
async fn positions_are_read_as_empty_so_many_times_and_nothing_else_is() {
    let rule = "[[rule]]\nfault = \"reply_empty\"\nroute = \"GET /v2/positions*\"\ntimes = 3";
    let (venue, told) = venue(rule).await;
    let url = &venue.rest_url;
    let (_, id) = call_option(url).await;
    post(url, "/v2/orders", market(id, "sell", 50)).await.unwrap().result();
    let one = get(url, &format!("/v2/positions?product_id={id}")).await;
    assert_eq!((&one["size"], &one["entry_price"]), (&json!(0), &Value::Null));
    assert_eq!(get(url, "/v2/positions?underlying_asset_symbol=BTC").await, json!([]));
    assert_eq!(get(url, "/v2/positions/margined").await, json!([]));
    assert_eq!(get(url, "/v2/positions/margined").await[0]["size"], -50, "three times was all");
    assert!(!get(url, "/v2/fills").await.as_array().unwrap().is_empty());
    assert_eq!(struck(&told), ["reply_empty"; 3]);
    venue.shutdown().await;
}

#[tokio::test]
async fn open_orders_fills_and_single_orders_are_not_there() {
    let file: String = ["/v2/orders?", "/v2/orders/*", "/v2/fills", "/v2/wallet/*"]
        .map(|path| path.trim_end_matches('?'))
        .iter()
        .map(|path| format!("[[rule]]\nfault = \"reply_empty\"\nroute = \"GET {path}\"\ntimes = 1\n"))
        .collect();
    let (venue, _) = venue(&file).await;
    let url = &venue.rest_url;
    let (symbol, id) = call_option(url).await;
    rests(url, &symbol, id, "rests").await;
    post(url, "/v2/orders", market(id, "buy", 5)).await.unwrap().result();
    let named = call(url, "GET", "/v2/orders/client_order_id/rests", "", true).await.unwrap();
    assert_eq!(code(&named), (404, json!("open_order_not_found")));
    for path in ["/v2/orders?states=open", "/v2/fills", "/v2/wallet/balances"] {
        assert_eq!(get(url, path).await, json!([]), "{path}");
        assert!(!get(url, path).await.as_array().unwrap().is_empty(), "{path} once was all");
    }
    assert_eq!(get(url, "/v2/orders/client_order_id/rests").await["state"], "open");
    venue.shutdown().await;
}

#[tokio::test]
async fn fields_are_missing_from_an_order_that_was_carried_out() {
    let file = "[[rule]]\nfault = \"reply_altered\"\nroute = \"POST /v2/orders\"\ntimes = 1\n\
                drop_fields = [\"unfilled_size\", \"size\"]\n\
                [[rule]]\nfault = \"reply_altered\"\nroute = \"GET /v2/positions*\"\n\
                set_fields = { size = \"-40\", entry_price = \"\" }";
    let (venue, _) = venue(file).await;
    let url = &venue.rest_url;
    let (_, id) = call_option(url).await;
    let order = post(url, "/v2/orders", market(id, "sell", 40)).await.unwrap().result();
    assert_eq!((order.get("size"), order.get("unfilled_size")), (None, None));
    assert_eq!(order["state"], "closed");
    assert_eq!(get(url, &format!("/v2/orders/{}", order["id"])).await["size"], 40);
    let position = get(url, &format!("/v2/positions?product_id={id}")).await;
    assert_eq!((&position["size"], &position["entry_price"]), (&json!("-40"), &json!("")));
    venue.shutdown().await;
}

#[tokio::test]
async fn the_wallet_alone_fails_and_an_entry_alone_is_refused() {
    let file = "[[rule]]\nfault = \"rest_status\"\nroute = \"GET /v2/wallet/*\"\nstatus = 500\n\
                [[rule]]\nfault = \"rest_status\"\nroute = \"POST /v2/orders\"\nstatus = 400\n\
                code = \"insufficient_margin\"\nskip = 1\ntimes = 1";
    let (venue, _) = venue(file).await;
    let url = &venue.rest_url;
    let (_, id) = call_option(url).await;
    let wallet = call(url, "GET", "/v2/wallet/balances", "", true).await.unwrap();
    assert_eq!(code(&wallet), (500, json!("internal_server_error")));
    post(url, "/v2/orders", market(id, "sell", 10)).await.unwrap().result();
    let second = post(url, "/v2/orders", market(id, "sell", 10)).await.unwrap();
    assert_eq!(code(&second), (400, json!("insufficient_margin")));
    post(url, "/v2/orders", market(id, "buy", 10)).await.unwrap().result();
    assert_eq!(get(url, "/v2/positions/margined").await, json!([]));
    venue.shutdown().await;
}

#[tokio::test]
async fn cancellations_fail_while_orders_are_placed() {
    let file: String = [
        "rest_status\"\nstatus = 429\nreset_ms = 900",
        "rest_status\"\nstatus = 500",
        "request_lost\"",
        "reply_lost\"",
    ]
    .iter()
    .map(|fault| format!("[[rule]]\nroute = \"DELETE /v2/orders*\"\ntimes = 1\nfault = \"{fault}\n"))
    .collect();
    let (venue, _) = venue(&file).await;
    let url = &venue.rest_url;
    let (symbol, id) = call_option(url).await;
    rests(url, &symbol, id, "a").await;
    let body = json!({ "client_order_id": "a", "product_id": id }).to_string();
    let cancel = || call(url, "DELETE", "/v2/orders", &body, true);
    let limited = cancel().await.unwrap();
    assert_eq!(limited.status, 429);
    assert!(limited.head.contains("x-rate-limit-reset: 900"), "{}", limited.head);
    assert_eq!(cancel().await.unwrap().status, 500);
    assert!(cancel().await.is_none(), "lost on its way");
    assert_eq!(get(url, "/v2/orders/client_order_id/a").await["state"], "open");
    assert!(cancel().await.is_none(), "carried out, the answer lost");
    assert_eq!(get(url, "/v2/orders/client_order_id/a").await["state"], "cancelled");
    assert_eq!(code(&cancel().await.unwrap()), (400, json!("open_order_not_found")));
    venue.shutdown().await;
}

/// Frames of `feed` until so many of `channel` came; how many of them were about `symbol`.
async fn about(feed: &mut Feed, channel: &str, count: usize, symbol: &str) -> usize {
    let mut seen = 0;
    for _frame in 0..count {
        let frame = feed.wait(|frame| frame["type"] == channel).await;
        let of = frame["sy"].as_str().unwrap().trim_start_matches("MARK:");
        seen += usize::from(of == symbol || frame["d"][0]["s"] == symbol);
    }
    seen
}

#[tokio::test]
async fn one_symbol_falls_silent_while_the_connection_lives() {
    let file = "[[rule]]\nfault = \"frames_dropped\"\nsymbol = \"C-*\"\nsocket = \"public\"\n";
    let (venue, told) = venue(file).await;
    let (call, _) = call_option(&venue.rest_url).await;
    let put = call.replacen('C', "P", 1);
    let mut feed = Feed::public(&venue.ws_url).await;
    for channel in ["ob_l1", "ob_l2", "mark_price", "ticker"] {
        feed.subscribe(&[(channel, &call), (channel, &put)]).await;
    }
    for channel in ["ob_l1", "ob_l2", "mark_price", "ticker"] {
        assert_eq!(about(&mut feed, channel, 2, &call).await, 0, "{channel}: not even the first book");
    }
    // The private socket is not meant.
    let mut whole = Feed::signed_in(&venue.ws_url).await;
    whole.subscribe(&[("ob_l1", &call)]).await;
    assert_eq!(about(&mut whole, "ob_l1", 3, &call).await, 3);
    assert_eq!(struck(&told), ["frames_dropped"], "once, not for every frame");
    venue.shutdown().await;
}

#[tokio::test]
async fn private_frames_are_dropped_by_channel() {
    let file = "[[rule]]\nfault = \"frames_dropped\"\nchannels = [\"v2/user_trades\", \"positions\"]\n";
    let (venue, _) = venue(file).await;
    let url = &venue.rest_url;
    let (_, id) = call_option(url).await;
    let mut feed = Feed::signed_in(&venue.ws_url).await;
    feed.subscribe(&[("v2/user_trades", "all"), ("positions", "all"), ("orders", "all"), ("margins", "all")])
        .await;
    post(url, "/v2/orders", market(id, "sell", 30)).await.unwrap().result();
    let mut kinds = std::collections::BTreeSet::new();
    loop {
        let frame = feed.wait(|frame| frame["type"] != "subscriptions").await;
        kinds.insert(frame["type"].as_str().unwrap().to_owned());
        if frame["type"] == "margins" && kinds.contains("orders") && frame["available_balance"].is_string() {
            break;
        }
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["margins", "orders"]);
    venue.shutdown().await;
}

#[tokio::test]
async fn a_channel_is_refused_and_the_others_are_served() {
    let error = "subscription forbidden on this channel with more than 4 symbols";
    let file = format!(
        "[[rule]]\nfault = \"subscription_refused\"\nchannels = [\"ob_l1\"]\nerror = \"{error}\"\ntimes = 1"
    );
    let (venue, _) = venue(&file).await;
    let (symbol, _) = call_option(&venue.rest_url).await;
    let mut feed = Feed::public(&venue.ws_url).await;
    feed.subscribe(&[("ob_l1", &symbol), ("ticker", &symbol)]).await;
    let answer = feed.wait(|frame| frame["type"] == "subscriptions").await;
    let channels = json!([{ "name": "ticker", "symbols": [symbol] }, { "name": "ob_l1", "error": error }]);
    assert_eq!(answer["channels"], channels);
    feed.wait(|frame| frame["type"] == "ticker").await;
    feed.subscribe(&[("ob_l1", &symbol)]).await;
    feed.wait(|frame| frame["type"] == "ob_l1").await;
    venue.shutdown().await;
}
