//! Every kind of fault over real sockets that another file does not show: what a client meets is what the file says.

mod support;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use simulator::{Faults, Options, Quirks, Running, TapeSource, Telling, start};
use support::{Feed, call, call_option, get, post};

async fn venue(faults: &str) -> (Running, Arc<Mutex<Vec<Telling>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let faults = Some(Faults::parse(faults).unwrap());
    let options = Options { tape: TapeSource::Embedded, faults, ..Options::new(3) };
    let tell = {
        let told = told.clone();
        move |telling: Telling| told.lock().unwrap().push(telling)
    };
    (start(options, tell).await.unwrap(), told)
}

fn market(id: i64, side: &str, name: &str) -> Value {
    json!({ "product_id": id, "size": 1, "side": side, "order_type": "market_order", "client_order_id": name })
}

async fn held(url: &str, id: i64) -> Value {
    get(url, &format!("/v2/positions?product_id={id}")).await["size"].clone()
}

async fn told_of(told: &Mutex<Vec<Telling>>, fault: &str) -> usize {
    told.lock().unwrap().iter().filter(|note| note.payload["fault"] == fault).count()
}

#[tokio::test]
async fn an_answer_comes_behind_the_next_one() {
    let (venue, told) = venue(
        "[[rule]]\nfault = \"reply_reordered\"\nroute = \"POST /v2/orders\"\ntimes = 1\nmost_ms = 60000",
    )
    .await;
    let url = venue.rest_url.clone();
    let (_, id) = call_option(&url).await;
    let order = Mutex::new(Vec::new());
    let first = async {
        let answer = post(&url, "/v2/orders", market(id, "sell", "first")).await.unwrap();
        order.lock().unwrap().push("first");
        assert_eq!(answer.status, 200);
    };
    let second = async {
        // The first is carried out before its answer comes: it is seen from here.
        while call(&url, "GET", "/v2/orders/client_order_id/first", "", true).await.unwrap().status != 200 {}
        order.lock().unwrap().push("second");
    };
    tokio::join!(first, second);
    assert_eq!(*order.lock().unwrap(), ["second", "first"]);
    assert_eq!(told_of(&told, "reply_reordered").await, 1);
    venue.shutdown().await;
}

#[tokio::test]
async fn a_request_is_repeated_on_its_way() {
    let (venue, _told) = venue("[[rule]]\nfault = \"request_repeated\"\nroute = \"POST /v2/orders\"").await;
    let url = &venue.rest_url;
    let (symbol, id) = call_option(url).await;
    assert_eq!(post(url, "/v2/orders", market(id, "sell", "twice")).await.unwrap().status, 200);
    assert_eq!(held(url, id).await, -2, "a client id is taken only while its order is open");
    let mark =
        get(url, &format!("/v2/tickers/{symbol}")).await["mark_price"].as_str().unwrap().parse::<f64>();
    let rests = json!({ "product_id": id, "size": 1, "side": "buy", "order_type": "limit_order", "client_order_id": "rests",
        "limit_price": (mark.unwrap() * 0.8).round().to_string() });
    let answer = post(url, "/v2/orders", rests).await.unwrap();
    assert_eq!((answer.status, get(url, "/v2/orders").await.as_array().unwrap().len()), (400, 1));
    venue.shutdown().await;
}

#[tokio::test]
async fn a_half_open_connection_takes_an_order_and_says_nothing() {
    let (venue, _told) =
        venue("[[rule]]\nfault = \"reply_never\"\nroute = \"POST /v2/orders\"\napplied = true\ntimes = 1")
            .await;
    let url = venue.rest_url.clone();
    let (_, id) = call_option(&url).await;
    let unanswered = tokio::spawn({
        let url = url.clone();
        async move { post(&url, "/v2/orders", market(id, "sell", "x")).await.is_none() }
    });
    while held(&url, id).await != -1 {}
    assert!(!unanswered.is_finished(), "carried out, and neither answered nor ended");
    venue.shutdown().await;
    assert!(unanswered.await.unwrap());
}

#[tokio::test]
async fn a_page_comes_where_json_was_expected() {
    let (venue, _told) =
        venue("[[rule]]\nfault = \"reply_html\"\nroute = \"POST /v2/orders\"\ntimes = 1\n[[rule]]\nfault = \"reply_html\"\nstatus = 503\nroute = \"GET /v2/fills*\"").await;
    let url = &venue.rest_url;
    let (_, id) = call_option(url).await;
    let answer = post(url, "/v2/orders", market(id, "sell", "x")).await.unwrap();
    assert!(answer.status == 200 && answer.body.starts_with("<html>") && answer.head.contains("text/html"));
    assert_eq!(held(url, id).await, -1, "it was carried out");
    let fills = call(url, "GET", "/v2/fills", "", true).await.unwrap();
    assert!(fills.status == 503 && fills.body.starts_with("<html>"));
    venue.shutdown().await;
}

#[tokio::test]
async fn a_cache_answers_as_it_was() {
    let (venue, _told) =
        venue("[[rule]]\nfault = \"reply_stale\"\nroute = \"GET /v2/*\"\nage_s = 600\ntimes = 3").await;
    let url = &venue.rest_url;
    let stamp = async || get(url, "/v2/tickers/BTCUSD").await["timestamp"].clone();
    let (first, other) = (stamp().await, get(url, "/v2/tickers/ETHUSD").await["timestamp"].clone());
    assert_ne!(first, other, "another target is another answer");
    assert_eq!(stamp().await, first);
    assert_ne!(stamp().await, first, "three times were all");
    venue.shutdown().await;
}

#[tokio::test]
async fn addresses_and_permissions_are_refused_for_a_while_and_by_the_switch() {
    let file = "[[rule]]\nfault = \"address_refused\"\ntimes = 2\nroute = \"*\"\n\
                [[rule]]\nfault = \"permission_refused\"\nroute = \"POST *\"\ntimes = 1\n\
                [[rule]]\nfault = \"sign_in_refused\"\ntimes = 1\n\
                [[rule]]\nfault = \"sign_in_refused\"\nstatus = \"internal_server_error\"\ntimes = 1";
    let (venue, _told) = venue(file).await;
    let url = &venue.rest_url;
    let signed = async |method: &str, path: &str| {
        let answer = call(url, method, path, "{}", true).await.unwrap();
        (answer.status, answer.json()["error"].clone())
    };
    let (status, error) = signed("GET", "/v2/positions/margined").await;
    assert_eq!((status, &error["code"]), (401, &json!("ip_not_whitelisted_for_api_key")));
    assert_eq!(error["context"]["client_ip"], "127.0.0.1");
    // What nobody signed needs no list; it takes its turn all the same.
    assert_eq!(call(url, "GET", "/v2/settings", "", false).await.unwrap().status, 200);
    assert_eq!(signed("POST", "/v2/orders").await.1["code"], "unauthorized_api_access");
    assert_ne!(signed("POST", "/v2/orders").await.1["code"], "unauthorized_api_access");
    for (status, code) in [("ip_not_whitelisted", 401), ("internal_server_error", 500)] {
        let mut feed = Feed::open(&venue.ws_url).await;
        let reply = feed.sign_in().await;
        assert_eq!(
            (&reply["status"], &reply["status_code"], &reply["success"]),
            (&json!(status), &json!(code), &json!(false))
        );
    }
    assert_eq!(Feed::open(&venue.ws_url).await.sign_in().await["status"], "authenticated");
    venue.shutdown().await;

    let quirks = Quirks { address_not_whitelisted: true, ..Quirks::default() };
    let switched = start(Options { quirks, ..Options::new(1) }, |_| {}).await.unwrap();
    let answer = call(&switched.rest_url, "GET", "/v2/wallet/balances", "", true).await.unwrap();
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (401, &json!("ip_not_whitelisted_for_api_key"))
    );
    let reply = Feed::open(&switched.ws_url).await.sign_in().await;
    assert_eq!(reply["message"], "IP address not whitelisted. Your IP: 127.0.0.1");
    switched.shutdown().await;
}

#[tokio::test]
async fn a_key_that_may_only_read_reads_and_does_not_trade() {
    let quirks = Quirks { key_reads_only: true, ..Quirks::default() };
    let venue = start(Options { quirks, ..Options::new(1) }, |_| {}).await.unwrap();
    let url = &venue.rest_url;
    let (_, id) = call_option(url).await;
    assert_eq!(held(url, id).await, 0);
    let refused = post(url, "/v2/orders", market(id, "sell", "x")).await.unwrap();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (401, &json!("unauthorized_api_access")));
    assert_eq!(Feed::open(&venue.ws_url).await.sign_in().await["status"], "authenticated");
    venue.shutdown().await;
}

/// Numbers of the updates of one symbol's orders, as they came.
async fn order_numbers(venue: &Running, orders: usize, frames: usize) -> Vec<i64> {
    let (symbol, id) = call_option(&venue.rest_url).await;
    let mut feed = Feed::signed_in(&venue.ws_url).await;
    feed.subscribe(&[("orders", &symbol)]).await;
    feed.wait(|frame| frame["action"] == "snapshot").await;
    for number in 0..orders {
        let order = market(id, "sell", &format!("n{number}"));
        assert_eq!(post(&venue.rest_url, "/v2/orders", order).await.unwrap().status, 200);
    }
    let mut numbers = Vec::new();
    while numbers.len() < frames {
        let frame = feed.wait(|frame| frame["type"] == "orders").await;
        numbers.push(frame["seq_no"].as_i64().unwrap());
    }
    numbers
}

#[tokio::test]
async fn frames_come_twice() {
    let (venue, told) =
        venue("[[rule]]\nfault = \"frames_repeated\"\nchannels = [\"orders\"]\ntimes = 2").await;
    assert_eq!(order_numbers(&venue, 2, 6).await, [1, 1, 2, 2, 3, 4]);
    assert_eq!(told_of(&told, "frames_repeated").await, 1, "told once, where it began");
    venue.shutdown().await;
}

#[tokio::test]
async fn frames_come_behind_the_next_one() {
    let (venue, _told) =
        venue("[[rule]]\nfault = \"frames_reordered\"\nchannels = [\"orders\"]\ntimes = 1\nmost_ms = 60000")
            .await;
    assert_eq!(order_numbers(&venue, 2, 4).await, [2, 1, 3, 4]);
    venue.shutdown().await;
}

#[tokio::test]
async fn frames_come_late_and_are_overtaken() {
    let (venue, _told) =
        venue("[[rule]]\nfault = \"frames_late\"\nchannels = [\"orders\"]\ntimes = 1\ndelay_ms = 700").await;
    assert_eq!(order_numbers(&venue, 2, 4).await, [2, 3, 4, 1]);
    venue.shutdown().await;
}

/// The other connections go on, and this one is neither answered nor ended.
#[tokio::test]
async fn a_half_open_socket_hears_nothing_and_does_not_end() {
    let (venue, _told) =
        venue("[[rule]]\nfault = \"socket_half_open\"\nsocket = \"private\"\nafter_s = 0.5").await;
    let mut feed = Feed::open(&venue.ws_url).await;
    feed.subscribe(&[("spot_price", ".DEXBTUSD")]).await;
    let mut public = Feed::public(&venue.ws_url).await;
    public.subscribe(&[("spot_price", ".DEXBTUSD")]).await;
    let silent = tokio::spawn(async move {
        let mut frames = 0;
        while feed.next().await.is_some() {
            frames += 1;
        }
        frames
    });
    for _frame in 0..20 {
        public.wait(|frame| frame["type"] == "spot_price").await;
    }
    assert!(!silent.is_finished());
    venue.shutdown().await;
    assert!(silent.await.unwrap() < 15, "half a second of them and no more");
}

#[tokio::test]
async fn books_are_thin_while_something_is_held() {
    let (venue, told) =
        venue("[[rule]]\nfault = \"book_thin\"\nsymbol = \"C-BTC-*\"\nshare = 0.002\nfor_s = 3600\nwhen = \"holding\"").await;
    let url = &venue.rest_url;
    let (symbol, id) = call_option(url).await;
    let lots = async || {
        let book = get(url, &format!("/v2/l2orderbook/{symbol}")).await;
        book["buy"].as_array().unwrap().iter().map(|level| level["size"].as_i64().unwrap()).sum::<i64>()
    };
    assert!(lots().await > 20_000);
    post(url, "/v2/orders", market(id, "sell", "x")).await.unwrap().result();
    while told_of(&told, "book_thin").await == 0 {
        lots().await;
    }
    let thin = lots().await;
    assert!((1..400).contains(&thin), "{thin}");
    venue.shutdown().await;
}

#[tokio::test]
async fn the_market_gaps_once_its_condition_holds() {
    let file = "[[rule]]\nfault = \"market_gap\"\npercent = -10\nspot_above = 40000\n\
                [[rule]]\nfault = \"market_gap\"\npercent = 50\nspot_above = 400000\n\
                [[rule]]\nfault = \"market_gap\"\npercent = 50\nwhen = \"resting\"";
    let (venue, told) = venue(file).await;
    while told_of(&told, "market_gap").await == 0 {
        call(&venue.rest_url, "GET", "/v2/settings", "", false).await.unwrap();
    }
    let spot = get(&venue.rest_url, "/v2/tickers/BTCUSD").await["spot_price"]
        .as_str()
        .unwrap()
        .parse::<f64>()
        .unwrap();
    assert!((40_500.0..42_500.0).contains(&spot), "45,832 less ten percent, and it stays there: {spot}");
    assert_eq!(told_of(&told, "market_gap").await, 1, "of the others no condition holds");
    venue.shutdown().await;
}

#[tokio::test]
async fn a_wrong_clock_is_on_answers_and_frames_and_refuses_signatures() {
    let (venue, told) = venue("[[rule]]\nfault = \"clock_wrong\"\nby_ms = 90000\nfor_s = 3600").await;
    let url = &venue.rest_url;
    while told_of(&told, "clock_wrong").await == 0 {
        call(url, "GET", "/v2/settings", "", false).await.unwrap();
    }
    let now_us = || {
        i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros())
            .unwrap()
    };
    let ahead_s = |stamp: &Value| (stamp.as_i64().unwrap() - now_us()) / 1_000_000;
    let settings = call(url, "GET", "/v2/settings", "", false).await.unwrap();
    assert!((85..=91).contains(&ahead_s(&settings.json()["result"]["server_time"])), "{}", settings.body);
    let date = simulator::time::http_date(now_us() + 90_000_000);
    assert_eq!(
        settings.head.split("date: ").nth(1).unwrap()[..16],
        date.to_lowercase()[..16],
        "{}",
        settings.head
    );
    let refused = call(url, "GET", "/v2/wallet/balances", "", true).await.unwrap();
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (401, &json!("expired_signature")));
    let mut feed = Feed::public(&venue.ws_url).await;
    feed.subscribe(&[("mark_price", "BTCUSD")]).await;
    let frame = feed.wait(|frame| frame["type"] == "mark_price").await;
    assert!((85..=91).contains(&ahead_s(&frame["ts"])), "{frame}");
    assert_eq!(Feed::open(&venue.ws_url).await.sign_in().await["status"], "request_expired");
    venue.shutdown().await;
}
