//! The dialect over real sockets: signing, errors as documented, and an order from REST to its WebSocket
//! events.

mod support;

use serde_json::json;
use simulator::{Options, TapeSource, start};
use support::{Feed, call, call_option, get, post, raw};

async fn venue() -> simulator::Running {
    let options = Options { tape: TapeSource::Embedded, speed: 120, ..Options::new(7) };
    start(options, |_telling| {}).await.unwrap()
}

#[tokio::test]
async fn an_order_goes_from_rest_to_its_events() {
    let venue = venue().await;
    let (url, mut feed) = (&venue.rest_url, Feed::signed_in(&venue.ws_url).await);
    let (symbol, id) = call_option(url).await;
    feed.subscribe(&[("orders", "all"), ("positions", "all"), ("v2/user_trades", "all"), ("ob_l1", &symbol)])
        .await;
    feed.subscribe(&[("ticker", &symbol), ("spot_price", ".DEXBTUSD"), ("v2/ticker", "all")]).await;
    let first = feed.wait(|frame| frame["type"] == "subscriptions").await;
    assert_eq!(first["channels"].as_array().unwrap().len(), 4);
    let second = feed.wait(|frame| frame["type"] == "subscriptions").await;
    let channels = second["channels"].as_array().unwrap();
    assert_eq!(channels.len(), 7, "cumulative, the refused one at the end: {second}");
    assert_eq!(channels[6]["error"], "subscription forbidden on this invalid channel");

    let body = json!({ "product_id": id, "size": 200, "side": "sell", "order_type": "market_order",
        "client_order_id": "entry-1" });
    let order = post(url, "/v2/orders", body).await.unwrap().result();
    assert_eq!((&order["state"], &order["unfilled_size"]), (&json!("closed"), &json!(0)));
    let created = feed.wait(|frame| frame["type"] == "orders").await;
    assert_eq!((&created["action"], &created["seq_no"]), (&json!("create"), &json!(1)));
    let mut filled = 0;
    while filled < 200 {
        let fill = feed.wait(|frame| frame["type"] == "v2/user_trades").await;
        assert_eq!((&fill["c"], &fill["o"], &fill["r"]), (&json!("entry-1"), &order["id"], &json!("taker")));
        filled += fill["s"].as_i64().unwrap();
        assert_eq!(fill["po"], -filled);
    }
    feed.wait(|frame| frame["type"] == "positions" && frame["size"] == -200).await;
    feed.wait(|frame| frame["type"] == "ticker").await;
    feed.wait(|frame| frame["type"] == "spot_price").await;

    assert_eq!(get(url, "/v2/orders/client_order_id/entry-1").await["id"], order["id"]);
    assert_eq!(get(url, &format!("/v2/positions?product_id={id}")).await["size"], -200);
    let fills = get(url, &format!("/v2/fills?product_ids={id}%2C27&start_time=1")).await;
    assert_eq!(fills.as_array().unwrap().iter().map(|fill| fill["size"].as_i64().unwrap()).sum::<i64>(), 200);
    venue.shutdown().await;
}

#[tokio::test]
async fn refusals_have_their_documented_shapes() {
    let venue = venue().await;
    let url = &venue.rest_url;
    let address = url.strip_prefix("http://").unwrap();
    let blocked =
        raw(address, "GET /v2/settings HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    assert_eq!(blocked.status, 403);
    assert!(serde_json::from_str::<serde_json::Value>(&blocked.body).is_err(), "the CDN speaks no JSON");
    let unsigned = call(url, "GET", "/v2/wallet/balances", "", false).await.unwrap();
    assert_eq!(
        (unsigned.status, unsigned.json()["error"]["code"].clone()),
        (401, json!("unauthorized_api_access"))
    );
    let stale = format!(
        "GET /v2/fills HTTP/1.1\r\nhost: x\r\nuser-agent: t\r\nconnection: close\r\napi-key: simulator-key\r\n\
         timestamp: {}\r\nsignature: 00\r\n\r\n",
        support::now_s() - 60
    );
    assert_eq!(raw(address, &stale).await.unwrap().json()["error"]["code"], "expired_signature");
    let wrong = post(url, "/v2/orders", json!({ "product_id": 27, "side": "buy" })).await.unwrap();
    assert_eq!((wrong.status, wrong.json()["error"]["code"].clone()), (400, json!("bad_schema")));
    let gone = call(url, "DELETE", "/v2/orders", r#"{"id":1,"product_id":27}"#, true).await.unwrap();
    assert_eq!((gone.status, gone.json()["error"]["code"].clone()), (400, json!("open_order_not_found")));
    let quota = get(url, "/v2/rate_limits/quota").await;
    assert!(quota["current_quota"].as_i64().unwrap() >= 8, "{quota}");
    assert_eq!(call(url, "PATCH", "/v2/orders", "", true).await.unwrap().status, 405);
    assert_eq!(call(url, "GET", "/v2/profile", "", true).await.unwrap().status, 401);
    venue.shutdown().await;
}

/// 150 in five minutes for an address; the rest is refused before it is a socket.
#[tokio::test]
async fn connections_are_counted() {
    let venue = venue().await;
    let address = venue.ws_url.strip_prefix("ws://").unwrap();
    let handshake = format!(
        "GET /public HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nuser-agent: t\r\n\r\n"
    );
    let mut sockets = Vec::new();
    for _ in 0..150 {
        sockets.push(Feed::public(&venue.ws_url).await);
    }
    let refused =
        raw(address, &handshake.replace("connection: upgrade", "connection: upgrade, close")).await.unwrap();
    assert_eq!(refused.status, 429, "{}", refused.head);
    assert!(refused.head.contains("x-rate-limit-reset"), "{}", refused.head);
    assert_eq!(get(&venue.rest_url, "/v2/settings").await["under_maintenance"], "false", "REST goes on");
    venue.shutdown().await;
}

/// A minute in the venue's documents; one party measured that it does not happen.
#[tokio::test]
async fn a_socket_of_which_nothing_is_heard_is_closed_or_lives_by_the_switch() {
    let idle = std::time::Duration::from_millis(300);
    let with = |quirks: simulator::Quirks| Options { socket_idle: idle, quirks, ..Options::new(7) };
    let mut lives = simulator::Quirks::default();
    lives.turn("idle_sockets_live").unwrap();
    let (documented, measured) = (
        start(with(simulator::Quirks::default()), |_| {}).await.unwrap(),
        start(with(lives), |_| {}).await.unwrap(),
    );
    let mut measured_feed = Feed::open(&measured.ws_url).await;
    let (mut silent, mut heard) =
        (Feed::open(&documented.ws_url).await, Feed::open(&documented.ws_url).await);
    heard.send(json!({ "type": "ping" })).await;
    assert_eq!(heard.next().await.as_deref(), Some(r#"{"type":"pong"}"#));
    assert_eq!(silent.next().await, None, "nothing was heard of it");
    for feed in [&mut heard, &mut measured_feed] {
        // They were opened no later than one that is closed by now.
        feed.send(json!({ "type": "ping" })).await;
        assert_eq!(feed.next().await.as_deref(), Some(r#"{"type":"pong"}"#));
    }
    documented.shutdown().await;
    measured.shutdown().await;
}
