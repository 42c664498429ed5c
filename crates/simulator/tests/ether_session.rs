//! A whole trade in Ether over the sockets, as a client makes it: chain, spot, two sales, positions, fills,
//! closing, flat; and that it outlives a restart.

mod support;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulator::{Options, Running, TapeSource, start};
use support::{Feed, get, now_s, post};

async fn venue(state_file: Option<std::path::PathBuf>) -> Running {
    let options = Options { tape: TapeSource::Embedded, speed: 120, state_file, ..Options::new(4) };
    start(options, |_telling| {}).await.unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// Call and put two percent from spot in the expiry of the day after tomorrow, and its chain token.
async fn strangle(url: &str) -> (Vec<Value>, String) {
    let day = simulator::time::Date::from_day(now_s() as i64 / 86_400 + 2);
    let date = format!("{:02}-{:02}-{}", day.day, day.month, day.year);
    let query = "contract_types=call_options,put_options&underlying_asset_symbols=ETH";
    let rows = get(url, &format!("/v2/tickers?{query}&expiry_date={date}")).await;
    let rows = rows.as_array().unwrap();
    assert!(rows.iter().all(
        |row| row["underlying_asset_symbol"] == "ETH" && row["contract_value"] == "0.010000000000000000"
    ));
    let leg = |kind: &str, factor: f64| {
        let of_kind = rows.iter().filter(|row| row["contract_type"] == kind);
        let distance = |row: &&Value| {
            let wanted = number(&row["spot_price"]) * factor;
            ((number(&row["strike_price"]) - wanted).abs() * 100.0) as i64
        };
        of_kind.min_by_key(distance).unwrap().clone()
    };
    (vec![leg("call_options", 1.02), leg("put_options", 0.98)], format!("ETH-{}", day.code()))
}

#[tokio::test]
async fn a_strangle_is_sold_watched_closed_and_flat() {
    let venue = venue(None).await;
    let url = &venue.rest_url;
    let (legs, token) = strangle(url).await;
    let mut feed = Feed::signed_in(&venue.ws_url).await;
    feed.subscribe(&[("spot_price", ".DEETHUSD"), ("ticker", &token), ("v2/user_trades", "all")]).await;
    let spot = feed.wait(|frame| frame["type"] == "spot_price").await;
    assert_eq!(spot["sy"], ".DEETHUSD");
    let row = feed.wait(|frame| frame["type"] == "ticker" && frame["sy"] == token.as_str()).await;
    assert_eq!(row["sp"].as_str().map(|price| price.len() >= 4), Some(true), "{row}");
    for leg in &legs {
        let product = get(url, &format!("/v2/products/{}", leg["symbol"].as_str().unwrap())).await;
        assert_eq!((&product["tick_size"], &product["contract_value"]), (&json!("0.05"), &json!("0.01")));
        assert_eq!(product["spot_index"]["symbol"], ".DEETHUSD");
        let bid: Decimal = leg["quotes"]["best_bid"].as_str().unwrap().parse().unwrap();
        let off_tick = json!({ "product_id": product["id"], "size": 1, "side": "sell", "order_type": "limit_order",
            "limit_price": (bid + Decimal::new(1, 2)).to_string() });
        assert_eq!(post(url, "/v2/orders", off_tick).await.unwrap().json()["error"]["code"], "bad_schema");
        let body = json!({ "product_id": product["id"], "size": 60, "side": "sell", "order_type": "market_order",
            "client_order_id": leg["contract_type"] });
        let order = post(url, "/v2/orders", body).await.unwrap().result();
        assert_eq!((&order["state"], &order["unfilled_size"]), (&json!("closed"), &json!(0)));
        feed.wait(|frame| frame["type"] == "v2/user_trades" && frame["po"] == -60).await;
    }
    let held = get(url, "/v2/positions?underlying_asset_symbol=ETH").await;
    assert_eq!(held.as_array().unwrap().len(), 2);
    assert_eq!(get(url, "/v2/positions?underlying_asset_symbol=BTC").await, json!([]));
    let margined = get(url, "/v2/positions/margined").await;
    for position in margined.as_array().unwrap() {
        let margin = number(&position["margin"]);
        let expected = number(&spot["p"]) * 60.0 * 0.01 * 0.01;
        assert!((margin / expected - 1.0).abs() < 0.05, "1 % of Ether's index: {margin} {expected}");
    }
    let closes = margined.as_array().unwrap().iter().map(|position| {
        json!({ "product_id": position["product_id"], "size": 60, "side": "buy", "order_type": "market_order",
            "reduce_only": true })
    });
    for body in closes {
        assert_eq!(post(url, "/v2/orders", body).await.unwrap().result()["state"], "closed");
    }
    assert_eq!(get(url, "/v2/positions/margined").await, json!([]));
    venue.shutdown().await;
}

#[tokio::test]
async fn a_position_in_it_outlives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let file = Some(directory.path().join("exchange.json"));
    let first = venue(file.clone()).await;
    let (legs, _) = strangle(&first.rest_url).await;
    let id = &legs[0]["product_id"];
    let body = json!({ "product_id": id, "size": 40, "side": "sell", "order_type": "market_order" });
    post(&first.rest_url, "/v2/orders", body).await.unwrap().result();
    let before = get(&first.rest_url, &format!("/v2/tickers/{}", legs[0]["symbol"].as_str().unwrap())).await;
    drop(first);

    let second = venue(file).await;
    let url = &second.rest_url;
    assert!(second.resumed);
    assert_eq!(get(url, &format!("/v2/positions?product_id={id}")).await["size"], -40);
    let after = get(url, &format!("/v2/tickers/{}", legs[0]["symbol"].as_str().unwrap())).await;
    let moved = number(&after["spot_price"]) / number(&before["spot_price"]) - 1.0;
    assert!(moved.abs() < 0.02, "its index goes on: {before} {after}");
    second.shutdown().await;
}
