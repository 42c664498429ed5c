//! A session at a venue with faults: every line that belongs to it carries its context, and says what it has to.

use serde_json::Value;

use crate::told::{Flow, has_context, told};

/// The first record of the session in which something holds.
fn find<'a>(flow: &'a Flow, event: &'a str, holds: impl Fn(&Value) -> bool) -> &'a Value {
    let found = flow.in_session(event).find(|record| holds(record));
    found.unwrap_or_else(|| panic!("{event} of the session in {:#?}", flow.of(event).collect::<Vec<_>>()))
}

fn stopped(flow: &Flow) -> &Value {
    find(flow, "session.lifecycle_changed", |record| record["payload"]["to"] == "STOPPED")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_session_carries_its_context() {
    let flow = &told().await.session;
    let start = flow.of("session.starting").next().expect("it starts");
    // The next process begins before it knows what there was.
    let one_process = |record: &&Value| record["boot_id"] == start["boot_id"];
    let families = [
        "session.",
        "entry.",
        "order.",
        "exit.",
        "cycle.",
        "rules.",
        "trailing.",
        "position.",
        "market.",
        "stream.",
    ];
    let belongs = |record: &&Value| {
        let event = record["event"].as_str().unwrap_or_default();
        families.iter().any(|family| event.starts_with(family)) || event == "venue.request"
    };
    let of_it: Vec<&Value> = flow.after(start).filter(one_process).filter(belongs).collect();
    assert!(of_it.len() > 100, "{}", of_it.len());
    for record in of_it {
        assert!(flow.is_whole(record), "{record:#}");
        assert!(record["correlation_id"].is_string(), "{record:#}");
    }
}

/// What the next process asks about the account before it knows of any session: clock, quotas, switches.
fn is_of_house(record: &Value) -> bool {
    let endpoint = record["endpoint"].as_str().unwrap_or_default();
    ["/v2/settings", "/v2/rate_limits/quota", "/v2/heartbeat"].contains(&endpoint)
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_after_its_end_are_still_about_it() {
    let flow = &told().await.session;
    let end = stopped(flow);
    let after: Vec<&Value> = flow.after(end).filter(|record| !is_of_house(record)).collect();
    for event in
        ["exit.audited", "position.read_requested", "venue.request", "stream.unsubscribed", "market.watching"]
    {
        let told: Vec<&&Value> = after.iter().filter(|record| record["event"] == event).collect();
        assert!(!told.is_empty(), "{event} after STOPPED");
        assert!(told.iter().all(|record| flow.is_whole(record)), "{told:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_people_about_it_carry_its_context() {
    let flow = &told().await.session;
    for (method, route) in [
        ("POST", "/api/v1/sessions"),
        ("POST", "/api/v1/sessions/{id}/{request}"),
        ("GET", "/api/v1/sessions/{id}"),
        ("GET", "/api/v1/sessions/{id}/decisions"),
        ("GET", "/sessions/{session_id}"),
    ] {
        find(flow, "http.request", |record| {
            record["payload"]["method"] == method && record["payload"]["route"] == route
        });
    }
    // A repeat of the request after a restart of the process.
    let restarted = flow.of("server.started").nth(1).expect("the process was started again");
    let later = flow.after(restarted).find(|record| record["payload"]["route"] == "/api/v1/sessions/{id}");
    assert!(later.is_some_and(|record| flow.is_whole(record)), "{later:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_run_loop_says_what_it_looked_at_and_what_came_of_it() {
    let flow = &told().await.session;
    let held = find(flow, "cycle.completed", |record| {
        record["level"] == "info" && record["payload"]["legs"].as_array().is_some_and(|legs| legs.len() == 2)
    });
    let payload = &held["payload"];
    for key in ["started_at", "ended_at", "notional", "at_mark", "fresh", "cycles", "sampled"] {
        assert!(!payload[key].is_null(), "{key} in {held:#}");
    }
    assert!(held["latency_us"].is_i64() && held["outcome"].is_string(), "{held:#}");
    assert!(payload["thresholds"].as_array().is_some_and(|rules| !rules.is_empty()), "{held:#}");
    assert!(held["sample_rate"].as_f64().is_some_and(|rate| rate > 0.0 && rate <= 1.0), "{held:#}");
    find(flow, "cycle.completed", |record| record["level"] == "debug");
    let exit = find(flow, "cycle.completed", |record| record["outcome"] == "exit_decided");
    assert_eq!((exit["level"].as_str(), exit["reason"].as_str()), (Some("info"), Some("operator")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_whose_prices_are_polled_is_told_with_its_sources() {
    let flow = &told().await.session;
    let entered = find(flow, "market.leg_fallback_entered", |record| {
        let from = |key: &str| record["payload"][key].as_str().unwrap_or_default().to_owned();
        from("quote_source") != "stream" || from("mark_source") != "stream"
    });
    assert!(entered["level"] == "warn" && entered["symbol"].is_string(), "{entered:#}");
    let symbol = &entered["symbol"];
    find(flow, "market.leg_fallback_left", |record| &record["symbol"] == symbol);
    let evaluated = find(flow, "exit.evaluated", |record| {
        record["payload"]["legs"].as_array().is_some_and(|l| l.len() == 2)
    });
    assert!(evaluated["payload"]["legs"][0]["quote_source"].is_string(), "{evaluated:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_says_prices_and_reason() {
    let flow = &told().await.session;
    let summary = find(flow, "session.summarised", |_| true);
    assert_eq!(summary["reason"], "operator", "{summary:#}");
    assert!(summary["payload"]["also_matched"].is_array(), "{summary:#}");
    let legs = summary["payload"]["legs"].as_array().expect("legs");
    assert_eq!(legs.len(), 2, "{summary:#}");
    for leg in legs {
        for price in ["entry_price", "exit_price"] {
            assert!(
                leg[price].as_str().is_some_and(|text| text.parse::<f64>().is_ok_and(|price| price > 0.0)),
                "{leg:#}"
            );
        }
        assert_eq!((leg["entry_qty"].as_i64(), leg["exit_qty"].as_i64()), (Some(200), Some(200)), "{leg:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_the_venue_say_symbols_authentication_and_what_could_not_be_read() {
    let flow = &told().await.session;
    let unreadable = find(flow, "venue.request", |record| record["outcome"] == "unreadable");
    assert_eq!(
        (unreadable["level"].as_str(), unreadable["status_code"].as_u64()),
        (Some("error"), Some(200))
    );
    assert!(unreadable["symbol"].is_string() && unreadable["payload"]["body"].is_string(), "{unreadable:#}");
    for (method, endpoint) in
        [("POST", "/v2/orders"), ("GET", "/v2/positions"), ("GET", "/v2/tickers/{symbol}")]
    {
        let of_call =
            |record: &Value| record["payload"]["method"] == method && record["endpoint"] == endpoint;
        let told: Vec<&Value> = flow.in_session("venue.request").filter(|record| of_call(record)).collect();
        assert!(!told.is_empty(), "{method} {endpoint}");
        assert!(told.iter().all(|record| record["symbol"].is_string()), "{told:#?}");
    }
    // Whether an order is canceled or looked up is left to chance; its symbol is not.
    let by_id = |record: &&Value| record["client_order_id"].is_string();
    for record in flow.of("venue.request").filter(by_id) {
        assert!(record["symbol"].is_string(), "{record:#}");
    }
    for record in flow.of("venue.request").filter(|record| record["outcome"] == "ok") {
        let state = record["payload"]["auth"].as_str();
        assert!(matches!(state, Some("accepted" | "unsigned")), "{record:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_tell_that_they_signed_in_and_that_they_live() {
    let flow = &told().await.session;
    let signed_in = flow.of("stream.signed_in").next().expect("the private stream signs in");
    assert!(signed_in["stream"] == "orders" && signed_in["latency_us"].is_i64(), "{signed_in:#}");
    for stream in ["prices", "orders"] {
        let beat = find(flow, "stream.heartbeat", |record| record["stream"] == stream);
        for key in ["uptime_ms", "since_ms", "frames", "frames_total", "frame_bytes", "silence_ms"] {
            assert!(beat["payload"][key].is_u64(), "{key} in {beat:#}");
        }
        assert!(beat["payload"]["frames_by_kind"].is_object(), "{beat:#}");
    }
    let data = find(flow, "stream.heartbeat", |record| record["stream"] == "prices");
    assert!(data["payload"]["frames_by_kind"]["data"].as_u64() > Some(0), "{data:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_tell_for_which_session_they_worked() {
    let flow = &told().await.session;
    let slow = find(flow, "db.slow_statement", |record| record["payload"]["database"] == "trading");
    assert!(has_context(slow), "{slow:#}");
}
