//! What a client must be able to see and decides on: the whole account's positions, fills that name their
//! orders, open orders in full, refusals by code, and the venue's time.

mod support;

use serde_json::{Value, json};
use simulator::{Faults, Options, Running, TapeSource, start};
use support::{call, call_option, get, now_s, post};

async fn venue(faults: &str) -> Running {
    let faults = Some(Faults::parse(faults).unwrap());
    let options = Options { tape: TapeSource::Embedded, speed: 60, faults, ..Options::new(5) };
    start(options, |_telling| {}).await.unwrap()
}

fn market(product_id: &Value, side: &str, size: i64) -> Value {
    json!({ "product_id": product_id, "size": size, "side": side, "order_type": "market_order" })
}

/// Sells a call, buys a perpetual; the second by an order without a client's id, as a person would.
async fn held(url: &str) -> Value {
    let (_, id) = call_option(url).await;
    let id = json!(id);
    let mut ours = market(&id, "sell", 120);
    ours["client_order_id"] = json!("ours-1");
    post(url, "/v2/orders", ours).await.unwrap().result();
    post(url, "/v2/orders", market(&json!(3_136), "buy", 7)).await.unwrap().result();
    id
}

#[tokio::test]
async fn the_whole_account_is_read_at_once_or_by_contract_type() {
    let venue = venue("").await;
    let url = &venue.rest_url;
    let id = held(url).await;
    let row = |position: &Value| {
        (
            position["product_id"].clone(),
            position["product_symbol"].as_str().unwrap()[..1].to_owned(),
            position["size"].clone(),
        )
    };
    let rows = |positions: Value| positions.as_array().unwrap().iter().map(row).collect::<Vec<_>>();
    let (perpetual, call) = ((json!(3_136), "E".to_owned(), json!(7)), (id, "C".to_owned(), json!(-120)));
    let all = rows(get(url, "/v2/positions/margined").await);
    assert_eq!(all, [perpetual.clone(), call.clone()]);
    let options = get(url, "/v2/positions/margined?contract_types=call_options%2Cput_options").await;
    assert_eq!(rows(options), [call]);
    let perpetuals = get(url, "/v2/positions/margined?contract_types=perpetual_futures").await;
    assert_eq!(rows(perpetuals), [perpetual]);
    venue.shutdown().await;
}

#[tokio::test]
async fn fills_name_their_order_whoever_placed_it() {
    let venue = venue("").await;
    let url = &venue.rest_url;
    let id = held(url).await;
    let order = get(url, "/v2/orders/client_order_id/ours-1").await;
    let fills = get(url, &format!("/v2/fills?product_ids={id}&contract_types=call_options")).await;
    let fills = fills.as_array().unwrap();
    let mut unfilled = 0;
    for fill in fills {
        assert_eq!((&fill["product_id"], &fill["product_symbol"]), (&id, &order["product_symbol"]));
        assert_eq!(fill["order_id"], json!(order["id"].as_i64().unwrap().to_string()));
        let meta = &fill["meta_data"];
        assert_eq!(meta["client_order_id"], "ours-1");
        assert_eq!((&meta["order_type"], &meta["order_size"]), (&json!("market_order"), &json!(120)));
        assert_eq!(
            (&meta["order_price"], &meta["effective_commission_rate"]),
            (&order["limit_price"], &json!("0.0001"))
        );
        assert_eq!(meta["order_unfilled_size"], unfilled, "newest first");
        unfilled += fill["size"].as_i64().unwrap();
    }
    assert_eq!(unfilled, 120);
    let by_hand = get(url, "/v2/fills?contract_types=perpetual_futures").await;
    let by_hand = by_hand.as_array().unwrap();
    assert!(!by_hand.is_empty() && by_hand.iter().all(|fill| fill["meta_data"]["client_order_id"].is_null()));
    venue.shutdown().await;
}

#[tokio::test]
async fn open_orders_are_shown_in_full() {
    let venue = venue("").await;
    let url = &venue.rest_url;
    let id = held(url).await;
    let ticker = get(
        url,
        &format!(
            "/v2/tickers/{}",
            get(url, "/v2/orders/client_order_id/ours-1").await["product_symbol"].as_str().unwrap()
        ),
    )
    .await;
    let far = (ticker["mark_price"].as_str().unwrap().parse::<f64>().unwrap() * 0.6).round().to_string();
    let mut target = market(&id, "buy", 500);
    target["order_type"] = json!("limit_order");
    target["limit_price"] = json!(far);
    target["reduce_only"] = json!(true);
    post(url, "/v2/orders", target).await.unwrap().result();
    let open = get(url, "/v2/orders?states=open").await;
    let order = &open[0];
    let seen = ["side", "order_type", "size", "unfilled_size", "reduce_only", "state", "product_id"]
        .map(|key| order[key].clone());
    let wanted = [json!("buy"), json!("limit_order"), json!(120), json!(120), json!(true), json!("open"), id];
    assert_eq!(seen, wanted, "capped at the position");
    assert_eq!(order["limit_price"].as_str().map(|price| price.trim_end_matches(".0").to_owned()), Some(far));
    venue.shutdown().await;
}

#[tokio::test]
async fn refusals_are_told_by_the_venues_codes() {
    for quirk in [false, true] {
        let venue = venue(&format!("[quirks]\nown_orders_block_band = {quirk}")).await;
        let url = &venue.rest_url;
        let (symbol, id) = call_option(url).await;
        let id = json!(id);
        let code = |answer: support::Answer| (answer.status, answer.json()["error"]["code"].clone());
        let mut reduce = market(&id, "buy", 10);
        reduce["reduce_only"] = json!(true);
        let flat = post(url, "/v2/orders", reduce).await.unwrap();
        assert_eq!(code(flat), (400, json!("no_position_for_reduce_only")));
        // A person rests a sale of their own far above the market, inside the price band.
        let ticker = get(url, &format!("/v2/tickers/{symbol}")).await;
        let mark: f64 = ticker["mark_price"].as_str().unwrap().parse().unwrap();
        let mut rests = market(&id, "sell", 10);
        rests["order_type"] = json!("limit_order");
        rests["limit_price"] = json!((mark * 1.4).round().to_string());
        rests["client_order_id"] = json!("by-hand-2");
        post(url, "/v2/orders", rests).await.unwrap().result();
        let through = post(url, "/v2/orders", market(&id, "buy", 10)).await.unwrap();
        if quirk {
            assert_eq!(code(through), (400, json!("overlapping_buy_sell_orders")));
        } else {
            assert_eq!(through.status, 200, "makers stand in front: {}", through.body);
            // All that the makers show above the market does not suffice: it would trade with the own order.
            let deep = post(url, "/v2/orders", market(&id, "buy", 100_000)).await.unwrap();
            assert_eq!(code(deep), (400, json!("overlapping_buy_sell_orders")));
        }
        venue.shutdown().await;
    }
}

#[tokio::test]
async fn the_venues_time_is_on_every_answer_and_can_be_read() {
    let venue = venue("").await;
    let url = &venue.rest_url;
    for (method, target, signed) in [
        ("GET", "/v2/settings", false),
        ("GET", "/v2/positions/margined", true),
        ("GET", "/v2/positions/margined", false),
        ("POST", "/v2/orders", true),
        ("GET", "/v2/nothing", true),
    ] {
        let answer = call(url, method, target, "", signed).await.unwrap();
        let date = answer.head.lines().find_map(|line| line.strip_prefix("date: ")).unwrap();
        assert!(date.ends_with(" gmt"), "{method} {target}: {date}");
    }
    let settings = get(url, "/v2/settings").await;
    let server_s = settings["server_time"].as_i64().unwrap() / 1_000_000;
    assert!((server_s - now_s() as i64).abs() <= 1, "microseconds: {settings}");
    venue.shutdown().await;
}
