//! The fault file over real sockets: what is lost, late, refused or garbled is exactly that.

mod support;

use serde_json::json;
use simulator::{Faults, Options, TapeSource, Telling, start};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{Feed, call, call_option, get, post};

const ORDERS: &str = "[[rule]]\nroute = \"POST /v2/orders\"\ntimes = 1\n";

async fn venue(faults: &str) -> (simulator::Running, Arc<Mutex<Vec<Telling>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let faults = Some(Faults::parse(faults).unwrap());
    let options = Options { tape: TapeSource::Embedded, speed: 60, faults, ..Options::new(3) };
    let tell = {
        let told = told.clone();
        move |telling: Telling| told.lock().unwrap().push(telling)
    };
    (start(options, tell).await.unwrap(), told)
}

#[tokio::test]
async fn requests_and_replies_are_lost_refused_and_late() {
    let rules = [
        "\"reply_lost\"",
        "\"request_lost\"",
        "\"rest_status\"\nstatus = 429\nreset_ms = 750",
        "\"rest_status\"\nstatus = 504\napplied = true",
        "\"reply_late\"\ndelay_ms = 20",
    ];
    let file: String = rules.iter().map(|rule| format!("{ORDERS}fault = {rule}\n")).collect();
    let (venue, told) = venue(&file).await;
    let url = &venue.rest_url;
    let (_, id) = call_option(url).await;
    let order = |name: &str| json!({ "product_id": id, "size": 10, "side": "sell", "order_type": "market_order", "client_order_id": name });
    assert!(post(url, "/v2/orders", order("reply-lost")).await.is_none());
    assert!(post(url, "/v2/orders", order("request-lost")).await.is_none());
    let limited = post(url, "/v2/orders", order("limited")).await.unwrap();
    assert_eq!(limited.status, 429);
    assert!(limited.head.contains("x-rate-limit-reset: 750"), "{}", limited.head);
    assert_eq!(post(url, "/v2/orders", order("timed-out")).await.unwrap().status, 504);
    assert_eq!(post(url, "/v2/orders", order("late")).await.unwrap().status, 200);
    for (name, status) in
        [("reply-lost", 200), ("request-lost", 404), ("limited", 404), ("timed-out", 200), ("late", 200)]
    {
        let found = call(url, "GET", &format!("/v2/orders/client_order_id/{name}"), "", true).await.unwrap();
        assert_eq!(found.status, status, "{name}");
    }
    assert_eq!(get(url, &format!("/v2/positions?product_id={id}")).await["size"], -30);
    let struck =
        told.lock().unwrap().iter().filter(|telling| telling.name == "simulator.fault_injected").count();
    assert_eq!(struck, 5, "each stands in the log");
    venue.shutdown().await;
}

#[tokio::test]
async fn sockets_are_garbled_and_cut_without_a_close_frame() {
    let file = "[[rule]]\nfault = \"undecodable_frame\"\nevery_s = 0.1\n\
                [[rule]]\nfault = \"socket_cut\"\nevery_s = 1\nsocket = \"private\"";
    let (venue, _told) = venue(file).await;
    let mut garbled = 0;
    while garbled == 0 {
        let mut feed = Feed::open(&venue.ws_url).await;
        while let Some(text) = feed.next().await {
            assert_ne!(text, "close frame");
            garbled += usize::from(serde_json::from_str::<serde_json::Value>(&text).is_err());
        }
    }
    venue.shutdown().await;
}

#[tokio::test]
async fn a_silent_socket_holds_frames_back_and_catches_up() {
    let file = "[[rule]]\nfault = \"socket_silent\"\nafter_s = 0.3\nevery_s = 1.5\nfor_s = 0.5";
    let (venue, _told) = venue(file).await;
    let mut feed = Feed::signed_in(&venue.ws_url).await;
    feed.subscribe(&[("spot_price", ".DEXBTUSD")]).await;
    let mut last = std::time::Instant::now();
    let mut silences = 0;
    for _frame in 0..40 {
        feed.wait(|frame| frame["type"] == "spot_price").await;
        silences += usize::from(last.elapsed() > Duration::from_millis(350));
        last = std::time::Instant::now();
    }
    assert!(silences > 0, "frames come ten times a second but for the silences");
    venue.shutdown().await;
}

#[tokio::test]
async fn a_missing_side_of_the_book_refuses_market_orders() {
    let file = "[[rule]]\nfault = \"book_side_missing\"\nsymbol = \"C-BTC-*\"\nside = \"ask\"\nfor_s = 60";
    let (venue, _told) = venue(file).await;
    let url = &venue.rest_url;
    let (symbol, id) = call_option(url).await;
    assert!(get(url, &format!("/v2/tickers/{symbol}")).await["quotes"]["best_ask"].is_null());
    let body = json!({ "product_id": id, "size": 1, "side": "buy", "order_type": "market_order" });
    let refused = post(url, "/v2/orders", body).await.unwrap();
    assert_eq!((refused.status, refused.json()["error"]["code"].clone()), (400, json!("unsupported")));
    venue.shutdown().await;
}
