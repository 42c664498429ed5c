//! The guard of a real venue, with the simulator in the venue's place: each thing that is missing keeps everybody from
//! it, in one sentence, and with all of it a session trades under each profile.

#[path = "trading_support/console.rs"]
mod console;
#[path = "live_support/mod.rs"]
mod live_support;
#[path = "trading_support/server.rs"]
mod server_support;

use std::time::{Duration, Instant};

use console::Console;
use live_support::{ACCOUNT, PROFILES, at, look, refusal, venue};
use reqwest::Method;
use serde_json::{Value, json};
use server::auth::Session;
use server::config;
use server::startup::{self, Running};
use server::telling::Output;

fn of(kind: &'static str, more: &[(&'static str, &'static str)]) -> Vec<(&'static str, String)> {
    let kind = [("DELTASCOPE__VENUE__KIND", kind)];
    kind.iter().chain(more).map(|(name, value)| (*name, (*value).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_said_before_anything_is_asked_of_anybody() {
    let dir = tempfile::tempdir().unwrap();
    for kind in PROFILES {
        let mut settings = of(kind, &[]);
        let no_keys = refusal(dir.path(), &settings).await;
        assert!(
            no_keys.contains("DELTA_API_KEY and DELTA_API_SECRET") && no_keys.contains(kind),
            "{no_keys}"
        );
        settings.push(("DELTA_API_KEY", "key-that-is-told-nowhere".to_owned()));
        assert_eq!(refusal(dir.path(), &settings).await, no_keys, "half a pair");
        settings.push(("DELTA_API_SECRET", "secret-that-is-told-nowhere".to_owned()));
        let not_named = refusal(dir.path(), &settings).await;
        assert!(not_named.contains("DELTASCOPE__VENUE__LIVE_ACCOUNT"), "{not_named}");
        settings.push(("DELTASCOPE_LIVE_ACCOUNT", ACCOUNT.to_owned()));
        for host in ["https://example.org", "http://10.0.0.1:4000", "http://127.0.0.1.example.org"] {
            let mut elsewhere = settings.clone();
            elsewhere.push(("DELTASCOPE__VENUE__REST_URL", host.to_owned()));
            elsewhere.push(("DELTASCOPE__VENUE__WS_URL", "ws://127.0.0.1:1".to_owned()));
            let foreign = refusal(dir.path(), &elsewhere).await;
            assert!(foreign.contains("to its own hosts only") && foreign.contains(host), "{foreign}");
        }
        for said in [no_keys, not_named] {
            assert!(!said.contains("told-nowhere"), "{said}");
        }
    }
    for (name, host) in [
        ("REST_URL", "https://api.india.delta.exchange"),
        ("REST_URL", "https://cdn-ind.testnet.deltaex.org"),
        ("WS_URL", "wss://socket.delta.exchange"),
    ] {
        let (rest, ws) =
            if name == "REST_URL" { (host, "ws://127.0.0.1:1") } else { ("http://127.0.0.1:1", host) };
        let settings =
            [("DELTASCOPE__VENUE__REST_URL", rest.to_owned()), ("DELTASCOPE__VENUE__WS_URL", ws.to_owned())];
        let refused = refusal(dir.path(), &settings).await;
        assert!(refused.contains("the simulated venue cannot be at"), "{refused}");
    }
    assert!(!dir.path().join("trading.db").exists(), "no journal was begun");
    assert!(!dir.path().join("venue-account.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_venues_own_word_is_held_against_the_settings() {
    let fault =
        |route: &str, what: &str| format!("[[rule]]\nfault = \"rest_status\"\nroute = \"{route}\"\n{what}\n");
    let read_only = fault("DELETE /v2/orders", "status = 401\ncode = \"unauthorized_api_access\"");
    let address = fault("GET /v2/users*", "status = 401\ncode = \"ip_not_whitelisted_for_api_key\"");
    let silent = fault("GET /v2/users*", "status = 503");
    for (faults, key, account, words) in [
        (
            "",
            "simulator-key",
            "7",
            "answers these keys as account 1001, and DELTASCOPE__VENUE__LIVE_ACCOUNT names 7",
        ),
        ("", "another-key", ACCOUNT, "refuses these keys (invalid_api_key)"),
        (&read_only, "simulator-key", ACCOUNT, "the keys may read and not trade"),
        (&address, "simulator-key", ACCOUNT, "put the address on the list"),
        (&silent, "simulator-key", ACCOUNT, "does not say whose keys these are"),
    ] {
        for kind in PROFILES {
            let dir = tempfile::tempdir().unwrap();
            let venue = venue(kind, faults).await;
            let mut settings = at(kind, &venue);
            settings.push(("DELTA_API_KEY", key.to_owned()));
            settings.push(("DELTASCOPE__VENUE__LIVE_ACCOUNT", account.to_owned()));
            let refused = refusal(dir.path(), &settings).await;
            let words = words.replace("1001", ACCOUNT);
            assert!(refused.contains(&words) && refused.contains(kind), "{words}\n{refused}");
            assert!(!dir.path().join("trading.db").exists(), "{kind}: no journal was begun");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_is_continued_on_its_own_account_alone() {
    let (simulated, live) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let venue = venue("delta-india", "").await;
    let settings = at("delta-india", &venue);
    let begun = start(simulated.path(), &[]).await.0;
    begun.stop().await;
    let refused = refusal(simulated.path(), &settings).await;
    assert!(refused.contains("holds what was traded on a simulated venue"), "{refused}");
    let begun = start(live.path(), &settings).await.0;
    begun.stop().await;
    let refused = refusal(live.path(), &[]).await;
    assert!(refused.contains(&format!("account {ACCOUNT} of delta-india")), "{refused}");
    let mut other = at("delta-india-testnet", &venue);
    assert!(refusal(live.path(), &other).await.contains("of delta-india-testnet: set DELTASCOPE__DATA__DIR"));
    other = settings.clone();
    other.push(("DELTASCOPE__VENUE__LIVE_ACCOUNT", "7".to_owned()));
    assert!(refusal(live.path(), &other).await.contains("account 7 of delta-india"));
    start(live.path(), &settings).await.0.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_session_wants_the_password_once_more_and_trades_under_each_profile() {
    for kind in PROFILES {
        let dir = tempfile::tempdir().unwrap();
        let venue = venue(kind, "").await;
        let (running, console) = start(dir.path(), &at(kind, &venue)).await;
        let live = json!({ "preset": "quick-strangle", "execution_mode": "live" });
        let begin = |key: &'static str| {
            let (console, live) = (&console, live.clone());
            async move { console.call(Method::POST, "/api/v1/sessions", Some(key), Some(live)).await }
        };
        let without = begin("one").await;
        assert_eq!((without.status, code(&without.body)), (403, "STEP_UP_REQUIRED"), "{without:?}");
        let wrong = console.post("/api/v1/step-up", json!({ "password": "a wrong password" })).await;
        assert_eq!((wrong.status, code(&wrong.body)), (401, "BAD_CREDENTIALS"));
        assert_eq!(begin("one").await.status, 403, "a wrong one is none");
        let right = console.post("/api/v1/step-up", json!({ "password": console::PASSWORD })).await;
        assert_eq!(right.status, 200, "{right:?}");
        let simulated = console
            .post("/api/v1/sessions", json!({ "preset": "quick-strangle", "execution_mode": "simulated" }))
            .await;
        assert_eq!((simulated.status, code(&simulated.body)), (409, "MODE_UNAVAILABLE"), "{simulated:?}");
        let begun = begin("one").await;
        assert_eq!(begun.status, 202, "{begun:?}");
        make_stale(&running, &console).await;
        assert_eq!(begin("one").await.body, begun.body, "a repeat gets the first answer");
        let stale = begin("two").await;
        assert_eq!((stale.status, code(&stale.body)), (403, "STEP_UP_REQUIRED"), "{stale:?}");
        let mut feed = console.feed().await;
        feed.entered().await;
        assert_eq!(feed.session["execution_mode"], "live");
        assert_eq!((&feed.strip["execution_mode"], &feed.strip["venue"]), (&json!("live"), &json!(kind)));
        assert_eq!(feed.strip["live"]["account"], ACCOUNT);
        let real = kind != "delta-india-testnet";
        assert_eq!(feed.strip["live"]["real_money"], real, "{kind}");
        let id = begun.body["session_id"].as_str().unwrap();
        assert_eq!(console.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.status, 202);
        feed.lifecycle("STOPPED").await;
        assert_eq!(feed.session["exposure"], "FLAT");
        audited(&console).await;
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulated_server_starts_no_live_session() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = start(dir.path(), &[]).await;
    let live = json!({ "preset": "quick-strangle", "execution_mode": "live" });
    console.post("/api/v1/step-up", json!({ "password": console::PASSWORD })).await;
    let refused = console.post("/api/v1/sessions", live).await;
    assert_eq!((refused.status, code(&refused.body)), (409, "MODE_UNAVAILABLE"), "{refused:?}");
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("Going live"), "{refused:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latch_of_a_live_account_is_cleared_with_the_password_alone() {
    let dir = tempfile::tempdir().unwrap();
    let venue = venue("delta-india", "").await;
    let (running, console) = start(dir.path(), &at("delta-india", &venue)).await;
    let mut feed = console.feed().await;
    assert_eq!(console.post("/api/v1/panic", json!({})).await.status, 202, "PANIC wants nothing");
    feed.until("verified flat", |feed| !feed.strip["latch"]["verified_flat_at"].is_null()).await;
    let clear = json!({ "reason": "looked at it" });
    let refused = console.post("/api/v1/panic/acknowledge", clear.clone()).await;
    assert_eq!((refused.status, code(&refused.body)), (403, "STEP_UP_REQUIRED"), "{refused:?}");
    console.post("/api/v1/step-up", json!({ "password": console::PASSWORD })).await;
    assert_eq!(console.post("/api/v1/panic/acknowledge", clear).await.status, 202);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_keeps_nobody_from_what_is_on_and_lets_nobody_begin() {
    let dir = tempfile::tempdir().unwrap();
    let calm = venue("delta-india", "").await;
    start(dir.path(), &at("delta-india", &calm)).await.0.stop().await;
    // The first question has three attempts; the one after it is answered.
    let faults = "[[rule]]\nfault = \"rest_status\"\nroute = \"GET /v2/users*\"\nstatus = 503\ntimes = 3\n";
    let ill = venue("delta-india", faults).await;
    let (running, console) = start(dir.path(), &at("delta-india", &ill)).await;
    console.post("/api/v1/step-up", json!({ "password": console::PASSWORD })).await;
    let live = json!({ "preset": "quick-strangle", "execution_mode": "live" });
    let refused = console.post("/api/v1/sessions", live.clone()).await;
    assert_eq!((refused.status, code(&refused.body)), (409, "LIVE_NOT_VERIFIED"), "{refused:?}");
    let unverified = console.logs_until("event=live.account_unverified", |told| told.len() == 1).await;
    assert_eq!(unverified[0]["source"], "audit");
    console.logs_until("event=live.account_verified", |told| told.len() == 2).await;
    let begun = console.post("/api/v1/sessions", live).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_turns_out_to_be_another_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let calm = venue("delta-india", "").await;
    start(dir.path(), &at("delta-india", &calm)).await.0.stop().await;
    // Silent at the start, and then somebody else.
    let faults = "[[rule]]\nfault = \"rest_status\"\nroute = \"GET /v2/users*\"\nstatus = 503\ntimes = 3\n\
                  [[rule]]\nfault = \"reply_altered\"\nroute = \"GET /v2/users*\"\nset_fields = { user_id = 7 }\n";
    let other = venue("delta-india", faults).await;
    let (running, console) = start(dir.path(), &at("delta-india", &other)).await;
    let told = console.logs_until("event=live.account_contradicted", |told| !told.is_empty()).await;
    assert!(told[0]["message"].as_str().unwrap().contains("as account 7"), "{told:#?}");
    console.post("/api/v1/step-up", json!({ "password": console::PASSWORD })).await;
    let live = json!({ "preset": "quick-strangle", "execution_mode": "live" });
    let refused = console.post("/api/v1/sessions", live).await;
    assert_eq!((refused.status, code(&refused.body)), (409, "LIVE_NOT_VERIFIED"), "{refused:?}");
    assert_eq!(console.get("/health").await.body["status"], "down", "and everybody can see it");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_everything_takes_the_account_from_the_directory_and_never_another() {
    let dir = tempfile::tempdir().unwrap();
    let venue = venue("delta-india", "").await;
    let settings = at("delta-india", &venue);
    let (running, console) = start(dir.path(), &settings).await;
    console.post("/api/v1/step-up", json!({ "password": console::PASSWORD })).await;
    let live = json!({ "preset": "quick-strangle", "execution_mode": "live" });
    let mut feed = console.feed().await;
    assert_eq!(console.post("/api/v1/sessions", live).await.status, 202);
    feed.entered().await;
    running.stop().await;
    let held = look(&venue, "/v2/positions/margined").await;
    assert_eq!(held.as_array().map(Vec::len), Some(2), "positions stay: {held}");
    let without = |name: &'static str| {
        let mut less = settings.clone();
        less.retain(|(given, _)| *given != name);
        less
    };
    let (closed, words) = panic_all(dir.path(), &without("DELTASCOPE__VENUE__KIND")).await;
    assert!(!closed && words.contains("holds what was traded on account"), "{words}");
    let (closed, words) = panic_all(dir.path(), &without("DELTA_API_KEY")).await;
    assert!(!closed && words.contains("DELTA_API_KEY"), "{words}");
    let (closed, words) = panic_all(dir.path(), &without("DELTASCOPE__VENUE__LIVE_ACCOUNT")).await;
    assert!(closed && words.contains("verified flat"), "{words}");
    assert_eq!(look(&venue, "/v2/positions/margined").await.as_array().map(Vec::len), Some(0));
}

/// `deltascope panic --all`: whether it closed, and what it said.
async fn panic_all(dir: &std::path::Path, settings: &[(&'static str, String)]) -> (bool, String) {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_deltascope"))
        .args(["panic", "--all", "--patience", "60"])
        .env_clear()
        .envs(server_support::environment(dir, &settings))
        .output()
        .await
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

async fn start(dir: &std::path::Path, settings: &[(&'static str, String)]) -> (Running, Console) {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let config = config::load(None, &server_support::environment(dir, &settings)).unwrap();
    let running = startup::start(config, Output::none()).await.unwrap_or_else(|error| panic!("{error}"));
    let console = Console::sign_in(&running.address.to_string()).await;
    (running, console)
}

fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

/// As if the password had been shown six minutes ago.
async fn make_stale(running: &Running, console: &Console) {
    let session: Session = running.app.accounts.session(console.token()).await.unwrap().expect("signed in");
    let ago = Instant::now().checked_sub(Duration::from_secs(360)).expect("the machine runs longer");
    running.app.step_ups.confirm(&session, ago);
}

/// Who confirmed, who had not, and what it was used for.
async fn audited(console: &Console) {
    for (event, at_least) in [("auth.stepped_up", 1), ("auth.step_up_missing", 3), ("auth.step_up_used", 1)] {
        let told = console.logs_until(&format!("event={event}"), |told| told.len() >= at_least).await;
        assert!(told.iter().all(|record| record["source"] == "audit"), "{event}");
        assert!(told.iter().all(|record| record["payload"]["user"] == "admin"), "{told:#?}");
    }
    let used = console.logs("event=auth.step_up_used").await;
    assert_eq!(used.len(), 1, "one live start, one use: {used:#?}");
    let live = console.logs("event=account.live_opened").await;
    assert_eq!(live.len(), 1, "{live:#?}");
}
