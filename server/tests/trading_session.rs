//! One true path: a session is started over HTTP against the embedded venue, sells its legs, is told, traced,
//! stopped, and replayed.

#[path = "trading_support/console.rs"]
mod console;
#[path = "trading_support/server.rs"]
mod server_support;

use serde_json::{Value, json};

fn events(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["event"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_runs_from_the_click_to_flat_and_replays() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let mut feed = console.feed().await;
    feed.until("a first snapshot", |feed| feed.snapshots == 1).await;
    console.foresees().await;

    let body = json!({ "preset": "quick-strangle", "execution_mode": "simulated" });
    let started = console.post("/api/v1/sessions", body).await;
    assert_eq!(started.status, 202, "{started:?}");
    let id = started.body["session_id"].as_str().unwrap().to_owned();
    assert!(started.body["accepted_at"].is_string() && started.body["seq"].is_u64(), "{started:?}");
    let again = console.post("/api/v1/sessions", json!({ "preset": "quick-strangle" })).await;
    assert_eq!((again.status, again.body["error"]["code"].as_str()), (409, Some("PRODUCT_LEASED")));

    feed.entered().await;
    let session = console.get(&format!("/api/v1/sessions/{id}")).await.body;
    assert_eq!(
        (session["lifecycle"].as_str(), session["exposure"].as_str()),
        (Some("RUNNING"), Some("OPEN"))
    );
    let sold: i64 =
        session["fills"].as_array().unwrap().iter().map(|fill| fill["qty"].as_i64().unwrap()).sum();
    assert_eq!(sold, 400, "two legs of 200 lots");
    feed.until("a moving P&L", |feed| feed.points.len() >= 3).await;

    let stopped = console.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
    assert_eq!(stopped.status, 202, "{stopped:?}");
    feed.lifecycle("STOPPED").await;
    let session = console.get(&format!("/api/v1/sessions/{id}")).await.body;
    assert_eq!(
        (session["exposure"].as_str(), session["exit_reason"].as_str()),
        (Some("FLAT"), Some("operator"))
    );
    assert!(session["legs"].as_array().unwrap().iter().all(|leg| leg["qty"] == 0), "{session:#}");

    let query = format!("correlation_id={}", started.correlation_id);
    console.logs_until(&query, |records| events(records).contains(&"entry.completed")).await;
    let trace = console.get(&format!("/api/v1/traces/{}", started.correlation_id)).await.body;
    let records = trace["records"].as_array().unwrap();
    for event in ["http.request", "session.starting", "order.submitted", "venue.request", "order.fill_booked"]
    {
        assert!(events(records).contains(&event), "{event} in {:?}", events(records));
    }
    let call = records.iter().find(|record| record["endpoint"] == "/v2/orders").unwrap();
    assert_eq!(
        (call["session_id"].as_str(), call["strategy_id"].as_str()),
        (Some(id.as_str()), Some("short_strangle"))
    );

    let decisions = console.get(&format!("/api/v1/sessions/{id}/decisions?limit=5")).await.body;
    assert_eq!(decisions["decisions"].as_array().unwrap().len(), 5);
    assert!(decisions["next_cursor"].is_string());
    let list = console.get("/api/v1/sessions").await.body;
    assert_eq!(list["sessions"][0]["session_id"], id.as_str());

    let replayed = server::replay::replay(&running.app.trading.store, &id).await.unwrap();
    assert!(replayed.is_identical(), "{:?}", replayed.difference);
    assert!(replayed.decisions > 50, "{replayed:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn key_figures_are_kept_as_things_happen_and_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    console.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
    feed.lifecycle("STOPPED").await;
    // A leg may take more than one order to close; all that were sent are waited for.
    let session = console.get(&format!("/api/v1/sessions/{id}")).await.body;
    let sent = u64::try_from(session["orders"].as_array().unwrap().len()).unwrap();
    let enough = |kpis: &Value| {
        let count = |name: &str| kpis["orders"][name].as_u64();
        count("filled") >= Some(4) && count("submitted") >= Some(sent)
    };
    let mut kpis = Value::Null;
    while !enough(&kpis) {
        // The journal is looked at once a second.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        kpis = console.get("/api/v1/kpis").await.body;
    }
    let orders = kpis["venue"].as_array().unwrap().iter().find(|call| call["call"] == "POST /v2/orders");
    let orders = orders.unwrap_or_else(|| panic!("{kpis:#}"));
    assert!(orders["calls"].as_u64() >= Some(4) && orders["latency"]["p99_us"].is_u64(), "{orders:#}");
    let lives = kpis["orders"]["timelines"].as_array().unwrap();
    assert!(lives.iter().all(|life| life["session_id"] == id.as_str()), "{lives:#?}");
    assert!(
        lives.iter().any(|life| life["purpose"] == "close" && life["first_fill_ms"].is_i64()),
        "{lives:#?}"
    );
    let prices = kpis["streams"].as_array().unwrap().iter().find(|stream| stream["stream"] == "prices");
    assert!(prices.is_some_and(|prices| prices["up_ms"].as_i64() > Some(0)), "{kpis:#}");
    assert!(kpis["records"]["told"].as_u64() > Some(0) && kpis["browser_unexplained"] == 0, "{kpis:#}");

    let refused = console.get("/api/v1/kpis?from=yesterday").await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let nothing = console.get("/api/v1/kpis?from=2020-01-01&to=2020-01-02").await.body;
    assert_eq!(
        (&nothing["orders"]["submitted"], &nothing["orders"]["done"]["p50_us"]),
        (&json!(0), &Value::Null)
    );
    running.stop().await;

    let (running, console) = server_support::start(dir.path(), &[]).await;
    let again = console.get("/api/v1/kpis").await.body;
    assert_eq!(again["orders"]["submitted"], kpis["orders"]["submitted"], "{again:#}");
    assert_eq!(again["orders"]["timelines"], kpis["orders"]["timelines"]);
    let page = console.get("/telemetry/kpis").await;
    let html = page.body.as_str().unwrap_or_default();
    assert!(html.contains("Order timelines") && html.contains("POST /v2/orders"), "{html}");
    running.stop().await;
}
