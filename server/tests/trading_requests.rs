//! What people and programs may ask: keys that make a request happen once, panic in every form, previews, and who
//! may listen to the feed.

#[path = "trading_support/console.rs"]
mod console;
#[path = "trading_support/server.rs"]
mod server_support;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_a_request_happen_once() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    console.foresees().await;
    let body = json!({ "preset": "quick-strangle", "execution_mode": "simulated" });
    let start = |key: Option<&'static str>, body: Value| {
        let console = &console;
        async move { console.call(Method::POST, "/api/v1/sessions", key, Some(body)).await }
    };

    assert_eq!(start(None, body.clone()).await.status, 400, "a key is needed");
    let (first, twin) =
        tokio::join!(start(Some("key-one"), body.clone()), start(Some("key-one"), body.clone()));
    assert_eq!((first.status, twin.status), (202, 202));
    assert_eq!(first.body, twin.body, "two at once are one");
    assert_eq!(start(Some("key-one"), body.clone()).await.body, first.body, "and so is a repeat");
    let other = start(Some("key-one"), json!({ "preset": "daily-straddle" })).await;
    assert_eq!((other.status, other.body["error"]["code"].as_str()), (422, Some("IDEMPOTENCY_KEY_REUSED")));
    let refused = start(Some("key-two"), body.clone()).await;
    assert_eq!((refused.status, refused.body["error"]["code"].as_str()), (409, Some("PRODUCT_LEASED")));
    assert_eq!(start(Some("key-two"), body.clone()).await.body, refused.body, "a refusal is repeated too");
    let sessions = console.get("/api/v1/sessions").await.body;
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);

    running.stop().await;
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let after = console.call(Method::POST, "/api/v1/sessions", Some("key-one"), Some(body)).await;
    assert_eq!(after.body, first.body, "kept over a restart");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_name_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    for (path, body, status, code) in [
        ("/api/v1/sessions", json!({}), 400, "INVALID"),
        ("/api/v1/sessions", json!({ "preset": "nothing" }), 422, "NO_SUCH_PRESET"),
        (
            "/api/v1/sessions",
            json!({ "preset": "quick-strangle", "execution_mode": "live" }),
            409,
            "MODE_UNAVAILABLE",
        ),
        ("/api/v1/sessions", json!({ "preset": "quick-strangle", "surprise": 1 }), 400, "INVALID"),
        ("/api/v1/sessions/s-unknown/stop", json!({}), 404, "NO_SUCH_SESSION"),
        ("/api/v1/sessions/s-unknown/dance", json!({}), 404, "NOT_FOUND"),
        ("/api/v1/panic/acknowledge", json!({ "reason": " " }), 400, "INVALID"),
        ("/api/v1/panic/acknowledge", json!({ "reason": "none is set" }), 409, "NOT_LATCHED"),
    ] {
        let answer = console.post(path, body.clone()).await;
        assert_eq!(
            (answer.status, answer.body["error"]["code"].as_str()),
            (status, Some(code)),
            "{path} {body}"
        );
        assert_eq!(answer.body["error"]["correlation_id"], answer.correlation_id.as_str(), "{path} {body}");
    }
    let mut configuration = console.get("/api/v1/presets").await.body["presets"][0]["configuration"].clone();
    configuration["max_loss"] = json!("-5");
    let answer = console.post("/api/v1/sessions", json!({ "configuration": configuration })).await;
    assert_eq!((answer.status, answer.body["error"]["code"].as_str()), (422, Some("CONFIGURATION_INVALID")));
    assert!(answer.body["error"]["fields"]["max_loss"].is_string(), "{answer:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_what_starting_would_mean() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let mut feed = console.feed().await;
    feed.until("a spot price", |feed| feed.strip["spot"].is_string()).await;
    let presets = console.get("/api/v1/presets").await.body;
    assert_eq!(presets["presets"][0]["id"], "quick-strangle");
    let configuration = presets["presets"][0]["configuration"].clone();
    let body = json!({ "configuration": configuration });
    let answer = console.call(Method::POST, "/api/v1/configurations/validate", None, Some(body)).await;
    assert_eq!((answer.status, &answer.body["valid"]), (200, &json!(true)), "{answer:?}");
    let preview = &answer.body["preview"];
    assert_eq!(preview["legs"].as_array().unwrap().len(), 2);
    for (leg, kind) in preview["legs"].as_array().unwrap().iter().zip(["call", "put"]) {
        assert_eq!((leg["kind"].as_str(), leg["qty"].as_i64()), (Some(kind), Some(-200)), "{leg}");
        assert!(leg["bid"].is_string() && leg["ask"].is_string() && leg["mark"].is_string(), "{leg}");
    }
    for field in ["credit", "cost_to_leave", "fees", "margin"] {
        assert!(preview[field].is_string(), "{field} in {preview:#}");
    }
    let number = |value: &Value| value.as_str().unwrap().parse::<model::Decimal>().unwrap();
    let (low, high) = (number(&preview["breakeven"][0]), number(&preview["breakeven"][1]));
    assert!(low < number(&feed.strip["spot"]) && number(&feed.strip["spot"]) < high);

    let mut wrong = configuration;
    wrong["lots_per_leg"] = json!(0);
    let body = json!({ "configuration": wrong });
    let answer = console.call(Method::POST, "/api/v1/configurations/validate", None, Some(body)).await;
    assert_eq!((answer.status, &answer.body["valid"]), (200, &json!(false)));
    assert!(
        answer.body["fields"]["lots_per_leg"].is_string() && answer.body["preview"].is_null(),
        "{answer:?}"
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn panic_closes_everything_and_latches_until_it_is_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let mut feed = console.feed().await;
    console.start().await;
    feed.entered().await;
    let first = console.post("/api/v1/panic", json!({})).await;
    assert_eq!(first.status, 202, "{first:?}");
    let again = console.post("/api/v1/panic", json!({})).await;
    assert_eq!(again.body["panic_id"], first.body["panic_id"], "one panic stands");
    let early = console.post("/api/v1/panic/acknowledge", json!({ "reason": "too early" })).await;
    assert_eq!((early.status, early.body["error"]["code"].as_str()), (409, Some("NOT_VERIFIED_FLAT")));

    feed.lifecycle("STOPPED").await;
    feed.until("verified flat", |feed| feed.strip["latch"]["verified_flat_at"].is_string()).await;
    assert_eq!(feed.session["exit_reason"], "panic");
    let latched = console.post("/api/v1/sessions", json!({ "preset": "quick-strangle" })).await;
    assert_eq!((latched.status, latched.body["error"]["code"].as_str()), (409, Some("PANIC_LATCHED")));
    let reason = "all is\u{202e} well, api_key=sesame0pen";
    let clear = console.post("/api/v1/panic/acknowledge", json!({ "reason": reason })).await;
    assert_eq!(clear.status, 202, "{clear:?}");
    feed.until("no latch", |feed| feed.strip["latch"].is_null()).await;
    console.start().await;
    running.stop().await;
    let kept = std::fs::read(dir.path().join("trading.db")).unwrap();
    assert_eq!(memchr::memmem::find(&kept, b"sesame0pen"), None, "no secret is kept in the journal");
    assert!(memchr::memmem::find(&kept, b"all is well, api_key=").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plain_form_panics_without_any_script() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let mut feed = console.feed().await;
    console.start().await;
    feed.entered().await;
    let address = running.address.to_string();
    let post = |origin: String, body: String| {
        let request = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = request.post(format!("http://{address}/panic")).header("origin", origin);
        async move {
            let form = request.header("content-type", "application/x-www-form-urlencoded").body(body);
            let response = form.send().await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        }
    };
    let own = format!("http://{address}");
    let with =
        format!("key=f1&confirm=PANIC&username=admin&password={}", console::PASSWORD.replace(' ', "+"));
    for (origin, body, status) in [
        ("http://evil.example".to_owned(), with.clone(), 403),
        (own.clone(), "key=f1&confirm=yes".to_owned(), 400),
        (own.clone(), "key=f1&confirm=PANIC&username=admin&password=wrong".to_owned(), 401),
        (own.clone(), with.clone(), 202),
        (own.clone(), with.clone(), 202),
    ] {
        let (got, html) = post(origin, body.clone()).await;
        assert_eq!(got, status, "{body}: {html}");
    }
    feed.lifecycle("STOPPED").await;
    assert_eq!(feed.session["exit_reason"], "panic");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_is_only_for_signed_in_pages_of_this_server() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let mut feed = console.feed().await;
    feed.until("a delta", |feed| feed.seq > 2).await;
    assert_eq!((feed.snapshots, feed.session.is_null()), (1, true), "no session has ever run");
    feed.resync().await;
    feed.until("a second snapshot", |feed| feed.snapshots == 2).await;
    assert_eq!(console.connect("http://evil.example").await.err(), Some(403), "another site's page");
    let address = running.address;
    let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
    request.headers_mut().insert("origin", format!("http://{address}").parse().unwrap());
    let Err(tokio_tungstenite::tungstenite::Error::Http(response)) = connect_async(request).await else {
        panic!("nobody was let in")
    };
    assert_eq!(response.status().as_u16(), 401, "not signed in");
    running.stop().await;
}

/// Another program holds the journal: it cannot be written.
async fn hold(dir: &std::path::Path) -> SqliteConnection {
    let path = dir.join("trading.db");
    let mut other = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_with_nothing_can_be_promised_is_not_carried_out() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let mut feed = console.feed().await;
    let clear = || console.post("/api/v1/panic/acknowledge", json!({ "reason": "all is well" }));

    // A start during which the journal begins to fail is taken back.
    let mut other = hold(dir.path()).await;
    let start = json!({ "preset": "quick-strangle", "execution_mode": "simulated" });
    let refused = console.post("/api/v1/sessions", start).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    feed.until("it ends", |feed| feed.session["lifecycle"] == "STOPPED").await;
    assert!(!feed.why.iter().any(|why| why["event"] == "order.acknowledged"), "nothing reached the venue");

    console.post("/api/v1/panic", json!({})).await;
    feed.until("verified flat", |feed| feed.strip["latch"]["verified_flat_at"].is_string()).await;
    let mut other = hold(dir.path()).await;
    let failing = console.post("/api/v1/panic", json!({})).await;
    assert_eq!(failing.body["durable"], Value::Null, "the file holds it: {failing:?}");
    feed.until("verified flat", |feed| feed.strip["latch"]["verified_flat_at"].is_string()).await;
    let refused = clear().await;
    assert_eq!(refused.status, 503, "{refused:?}");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    let latched = loop {
        let answer = console.post("/api/v1/sessions", json!({ "preset": "quick-strangle" })).await;
        if answer.status != 503 {
            break answer;
        }
    };
    assert_eq!((latched.status, latched.body["error"]["code"].as_str()), (409, Some("PANIC_LATCHED")));
    // The second press is looked at anew before it can be cleared.
    let cleared = loop {
        let answer = clear().await;
        if answer.status != 409 {
            break answer;
        }
    };
    assert_eq!(cleared.status, 202, "{cleared:?}");
    feed.until("no latch", |feed| feed.strip["latch"].is_null()).await;
    running.stop().await;
}
