//! The state file: a venue that was ended without warning comes back knowing everything, and continues
//! its market only while something is held or resting.

mod support;

use serde_json::{Value, json};
use simulator::{Options, Running, TapeSource, start};
use std::path::Path;
use support::{call, call_option, get, post};

async fn venue(directory: &Path, seed: u64, speed: u32) -> Running {
    let state_file = Some(directory.join("exchange.json"));
    let options = Options { tape: TapeSource::Embedded, speed, state_file, ..Options::new(seed) };
    start(options, |_telling| {}).await.unwrap()
}

#[tokio::test]
async fn positions_orders_and_market_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let first = venue(directory.path(), 1, 120).await;
    let (symbol, id) = call_option(&first.rest_url).await;
    let body = json!({ "product_id": id, "size": 100, "side": "sell", "order_type": "market_order",
        "client_order_id": "entry" });
    let entry = post(&first.rest_url, "/v2/orders", body).await.unwrap().result();
    let ticker = get(&first.rest_url, &format!("/v2/tickers/{symbol}")).await;
    let far = (ticker["mark_price"].as_str().unwrap().parse::<f64>().unwrap() * 0.6).round().to_string();
    let body = json!({ "product_id": id, "size": 100, "side": "buy", "order_type": "limit_order",
        "limit_price": far, "reduce_only": true, "post_only": true, "client_order_id": "target" });
    post(&first.rest_url, "/v2/orders", body).await.unwrap().result();
    let fills = get(&first.rest_url, "/v2/fills").await;
    drop(first); // no farewell commit: everything must already be on disk

    let second = venue(directory.path(), 99, 1).await;
    let url = &second.rest_url;
    assert_eq!((second.resumed, second.speed, second.seed), (true, 120, 1), "stored, not asked for");
    assert_eq!(get(url, &format!("/v2/positions?product_id={id}")).await["size"], -100);
    assert_eq!(get(url, "/v2/fills").await, fills);
    assert_eq!(get(url, "/v2/orders/client_order_id/entry").await["id"], entry["id"]);
    assert_eq!(get(url, "/v2/orders").await[0]["client_order_id"], "target");
    let body = json!({ "client_order_id": "target", "product_id": id }).to_string();
    call(url, "DELETE", "/v2/orders", &body, true).await.unwrap().result();
    let body = json!({ "product_id": id, "size": 100, "side": "buy", "order_type": "market_order",
        "reduce_only": true });
    let exit = post(url, "/v2/orders", body).await.unwrap().result();
    assert!(exit["id"].as_i64() > entry["id"].as_i64());
    assert_eq!(exit["state"], "closed");
    second.shutdown().await;

    let third = venue(directory.path(), 99, 60).await;
    assert_eq!((third.resumed, third.speed, third.seed), (false, 60, 99), "flat: the tape begins anew");
    let all = get(&third.rest_url, "/v2/fills").await;
    assert!(all.as_array().unwrap().len() > fills.as_array().unwrap().len());
    assert_eq!(get(&third.rest_url, "/v2/orders/history").await[0]["id"], exit["id"]);
    third.shutdown().await;
}

#[tokio::test]
async fn a_state_file_that_cannot_be_read_stops_the_start_with_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("exchange.json"), "{").unwrap();
    let state_file = Some(directory.path().join("exchange.json"));
    let error = start(Options { state_file, ..Options::new(1) }, |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("exchange.json") && error.contains("EOF"), "{error}");
}

#[tokio::test]
async fn while_the_state_cannot_be_saved_no_order_that_opens_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let venue = venue(directory.path(), 1, 60).await;
    let (_, id) = call_option(&venue.rest_url).await;
    std::fs::remove_dir_all(directory.path()).unwrap();
    let body = json!({ "product_id": id, "size": 1, "side": "sell", "order_type": "market_order" });
    let refused = post(&venue.rest_url, "/v2/orders", body).await.unwrap();
    assert_eq!(
        (refused.status, refused.json()["error"]["code"].clone()),
        (400, json!("reduce_only_orders_allowed"))
    );
    venue.shutdown().await;
}

/// A state of before margins were isolated says nothing of notionals: what it holds stays backed by the wallet.
#[tokio::test]
async fn what_an_older_version_held_is_not_liquidated_by_an_upgrade() {
    let directory = tempfile::tempdir().unwrap();
    let first = venue(directory.path(), 1, 1).await;
    let (_, id) = call_option(&first.rest_url).await;
    let body = json!({ "product_id": id, "size": 100, "side": "sell", "order_type": "market_order" });
    post(&first.rest_url, "/v2/orders", body).await.unwrap().result();
    let before = get(&first.rest_url, "/v2/positions/margined").await[0].clone();
    drop(first);
    let path = directory.path().join("exchange.json");
    let mut state: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let position = state.pointer_mut(&format!("/state/account/positions/{id}")).expect("a position");
    for name in ["basis", "cost", "auto_topup"] {
        assert!(position.as_object_mut().unwrap().remove(name).is_some(), "{name}");
    }
    std::fs::write(&path, state.to_string()).unwrap();
    let second = venue(directory.path(), 1, 1).await;
    let after = get(&second.rest_url, "/v2/positions/margined").await[0].clone();
    assert_eq!((&after["size"], &after["entry_price"]), (&before["size"], &before["entry_price"]));
    assert_eq!(after["auto_topup"], true);
    let margin = |row: &Value| row["margin"].as_str().unwrap().parse::<f64>().unwrap();
    assert!((margin(&after) / margin(&before) - 1.0).abs() < 0.05, "{after} {before}");
    second.shutdown().await;
}
