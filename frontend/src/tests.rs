//! The browser's side in a real browser: from a call to the bytes of a batch as the server admits them. The server is a
//! function in place of `fetch`; everything else is what ships.

use std::cell::Cell;

use app::UiEvent;
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use telemetry::client::{Auth, Frame, Input, LoggerConfig};
use telemetry::ingest::{AdmitContext, Admitted, Tier, admit};
use telemetry::{Level, Micros, inflate};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use crate::{logger, subscriber, transport};

wasm_bindgen_test_configure!(run_in_browser);

/// Puts a server in place that keeps what it is sent, and counts how often the clock is read. Each page is alone: it
/// shares nothing with the ones before it, which stay in this document.
const SERVER: &str = r"
    window.sent = []; window.reads = 0; window.cfg = undefined;
    window.BroadcastChannel = undefined;
    const now = Date.now.bind(Date);
    if (!window.counted) { window.counted = true; Date.now = () => { window.reads += 1; return now(); }; }
    window.deltascope = { queue: [], fetch: (path, init) => {
        window.sent.push({ path, gzip: init.headers['Content-Encoding'] === 'gzip', body: init.body, keepalive: init.keepalive });
        const bid = init.headers['Idempotency-Key'];
        const receipt = { bid, ok: 1, dup: false, rej: [], rej_n: 0, now: now(), cfg: window.cfg };
        return Promise.resolve(new Response(JSON.stringify(receipt), { status: 202 }));
    } };
";

/// The sentinel's own script, as it ships.
const GUARD: &str = include_str!("../../public/guard.js");

/// What the sentinel calls of the module.
type Settled = dyn Fn(String, u16, f64, f64, u8, Vec<u32>, u32) -> f64;
type Configure = dyn Fn(u8, f64, f64, f64, f64, f64);

thread_local! {
    /// Which page it is. What an earlier one is still answered must not reach this one.
    static PAGE: Cell<u32> = const { Cell::new(0) };
}

/// What the loader gives to the sentinel.
fn attach_module() {
    PAGE.set(PAGE.get() + 1);
    let page = PAGE.get();
    let module = js_sys::Object::new();
    let put = |name: &str, function: JsValue| {
        Reflect::set(&module, &name.into(), &function).expect("an object");
    };
    let settled =
        move |bid: String, status: u16, wait: f64, now: f64, flags: u8, refused: Vec<u32>, all: u32| {
            if page == PAGE.get() {
                transport::settled(bid, status, wait, now, flags, &refused, all)
            } else {
                0.0
            }
        };
    let settled: Box<Settled> = Box::new(settled);
    put("settled", Closure::wrap(settled).into_js_value());
    let configure: Box<Configure> = Box::new(move |level, info, warn, flush, most, until| {
        if page == PAGE.get() {
            transport::configure(level, info, warn, flush, most, until);
        }
    });
    put("configure", Closure::wrap(configure).into_js_value());
    let signal: Box<dyn Fn(u8, f64)> = Box::new(transport::signal);
    put("signal", Closure::wrap(signal).into_js_value());
    let session: Box<dyn Fn(String)> = Box::new(transport::session);
    put("session", Closure::wrap(session).into_js_value());
    let sentinel = run("return window.deltascope");
    Reflect::set(&sentinel, &"module".into(), &module).expect("the sentinel");
}

fn run(script: &str) -> JsValue {
    Function::new_no_args(script).call0(&JsValue::NULL).expect("the script runs")
}

/// A page that has just started.
fn start() {
    run(SERVER);
    run(GUARD);
    attach_module();
    logger::start_with(LoggerConfig {
        client_session_id: "0123456789abcdef0123456789abcdef".to_owned(),
        tab_id: "tab".to_owned(),
        app_name: "web".to_owned(),
        release: "1".to_owned(),
        build_id: "beef".to_owned(),
        environment: "test".to_owned(),
        seed: app::platform::random_bits(),
        level: Level::Info,
        auth: Auth::Session,
        gzip: true,
        spool: true,
        limited: true,
    });
}

/// Lets everything that waits for the end of this task happen.
async fn next_task() {
    let soon = Promise::new(&mut |resolve, _| {
        let later = Function::new_with_args("go", "setTimeout(go, 0)");
        later.call1(&JsValue::NULL, &resolve).expect("there are timers");
    });
    JsFuture::from(soon).await.expect("the timer fires");
}

fn reads() -> f64 {
    run("return window.reads").as_f64().unwrap_or(f64::NAN)
}

/// What the server was sent, as it would store it.
fn sent() -> Vec<Admitted> {
    let requests: Array = run("return window.sent").unchecked_into();
    let get = |request: &JsValue, name: &str| Reflect::get(request, &name.into()).expect("a request");
    requests
        .iter()
        .map(|request| {
            assert_eq!(get(&request, "path"), "/api/logs");
            let body = get(&request, "body").unchecked_into::<Uint8Array>().to_vec();
            let gzip = get(&request, "gzip").is_truthy();
            let body = if gzip { inflate(&body, 1 << 20).expect("gzip") } else { body };
            let now_ms = app::platform::now_ms() as i64;
            let context = AdmitContext {
                received_at: Micros::from_millis(now_ms),
                sent_at_ms: Some(now_ms),
                user_id: None,
                session_bound: false,
                tier: Tier::Session,
                clock_offset_ms: Some(0),
            };
            admit(&body, &context).expect("a batch")
        })
        .collect()
}

fn seen(to: &str) -> UiEvent {
    UiEvent::TruthSeen { truth: "lifecycle", from: "STARTING".to_owned(), to: to.to_owned() }
}

#[wasm_bindgen_test]
fn what_libraries_say_becomes_a_batch() {
    start();
    subscriber::tell_the_server();
    tracing::warn!(target: "leptos_router", route = "/x", "No route matched {}.", 7);
    tracing::info!(target: "leptos_router", "nothing to worry about");
    logger::on(Input::Hide);
    let batches = sent();
    assert_eq!((batches.len(), batches[0].records.len()), (1, 1));
    let record = &batches[0].records[0];
    assert_eq!(
        (record.event.as_ref(), record.level, record.message.as_str()),
        ("ui.log", Level::Warn, "No route matched 7. route=\"/x\"")
    );
}

#[wasm_bindgen_test]
fn a_flood_of_one_event_is_one_record_with_its_count() {
    start();
    (0..1_000).for_each(|_| app::tell(&seen("RUNNING")));
    app::tell(&UiEvent::Log { level: Level::Debug, target: "app".to_owned(), text: "unheard".to_owned() });
    logger::on(Input::Hide);
    let batches = sent();
    let records = &batches[0].records;
    assert_eq!((records.len(), records[0].count, batches[0].calls), (1, Some(1_000), 1_000));
    assert_eq!(records[0].message, "The screen showed lifecycle RUNNING instead of STARTING.");
}

#[wasm_bindgen_test]
async fn a_full_ring_is_sealed_when_the_task_ends() {
    start();
    (0..250)
        .for_each(|number| app::tell(&UiEvent::Toast { code: format!("{number}"), text: "x".repeat(900) }));
    assert!(sent().is_empty(), "nothing is compressed or sent while the page is at work");
    next_task().await;
    // Fifty warnings at once, the others are declared.
    let (calls, declared) = sent().iter().fold((0, 0), |(calls, declared), batch| {
        let lost: u64 = batch.declared_drops.iter().map(|drop| drop.count).sum();
        (calls + batch.calls, declared + lost)
    });
    assert_eq!((calls, declared), (50, 200));
}

#[wasm_bindgen_test]
async fn the_clock_is_read_once_in_a_task() {
    start();
    next_task().await;
    let begun = reads();
    for _ in 0..3 {
        let before = reads();
        (0..50).for_each(|number| app::tell(&seen(&format!("RUNNING {number}"))));
        // The logger itself may have looked at it in this task already.
        assert!(reads() - before <= 1.0, "{} times", reads() - before);
        next_task().await;
    }
    assert!(reads() > begun, "a later task looks anew");
}

#[wasm_bindgen_test]
fn a_panic_leaves_at_once_with_what_led_to_it() {
    start();
    app::tell(&seen("RUNNING"));
    let stack = [Frame { function: "app::run", module: "", index: Some(812), offset: Some(0x9_f1d2) }];
    assert!(logger::panicked("index out of bounds", "app/src/a.rs:118", &stack));
    assert!(run("return window.sent.some((request) => request.keepalive)").is_truthy());
    let batches = sent();
    let (panic, before) = (&batches[0].records[0], &batches[0].records[1]);
    assert_eq!(
        (panic.event.as_ref(), panic.level, before.event.as_ref()),
        ("ui.panic", Level::Fatal, "ui.truth_seen")
    );
    let error = panic.error.as_ref().expect("what failed");
    assert_eq!(error.message.as_deref(), Some("index out of bounds"));
    assert!(panic.payload["breadcrumbs"].as_str().is_some_and(|names| names.starts_with("ui.truth_seen")));
}

#[wasm_bindgen_test]
async fn the_server_closes_the_gate() {
    start();
    assert!(app::is_told(Level::Info) && !app::is_told(Level::Debug));
    run("window.cfg = { level: 'warn', etag: 'one' }");
    app::tell(&seen("RUNNING"));
    logger::on(Input::Hide);
    // The answer is read in a few tasks.
    for _ in 0..100 {
        if app::is_told(Level::Info) {
            next_task().await;
        }
    }
    assert!(app::is_told(Level::Warn) && !app::is_told(Level::Info));
}

#[wasm_bindgen_test]
fn the_black_box_lies_where_it_says() {
    start();
    app::tell(&seen("RUNNING"));
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let block = Uint8Array::new(&memory.buffer()).subarray(logger::black_box(), logger::black_box() + 4);
    assert_eq!(block.to_vec(), b"DLR2");
}

/// The bytes of a batch that nobody confirmed, as the next page finds them.
async fn on_disk() -> Vec<Vec<u8>> {
    let kept = run("return window.deltascope.log.opened.then(() => window.deltascope.log.all())");
    let kept = JsFuture::from(kept.unchecked_into::<Promise>()).await.expect("a spool");
    let rows: Array = kept.unchecked_into();
    let body =
        |row: JsValue| Reflect::get(&row, &"body".into()).expect("a row").unchecked_into::<Uint8Array>();
    rows.iter().map(|row| body(row).to_vec()).collect()
}

#[wasm_bindgen_test]
async fn what_is_not_confirmed_is_on_disk_as_it_was_sent_and_goes_when_it_is() {
    start();
    run(
        "window.deltascope.fetch = (path, init) => { window.sent.push({ path, body: init.body }); return Promise.reject(new TypeError('no network')); }",
    );
    app::tell(&UiEvent::Toast { code: "lost".to_owned(), text: "x".to_owned() });
    logger::on(Input::Hide);
    let sent: Array = run("return window.sent").unchecked_into();
    let body = Reflect::get(&sent.get(0), &"body".into()).expect("a request").unchecked_into::<Uint8Array>();
    assert!(on_disk().await.contains(&body.to_vec()), "the same bytes");
    run(SERVER_AGAIN);
    next_task().await;
    // A request that failed is believed after a quarter of a second: the page might have been going.
    for _ in 0..2_000 {
        if !on_disk().await.contains(&body.to_vec()) {
            return;
        }
        logger::on(Input::Online);
        next_task().await;
    }
    panic!("it was confirmed and is still kept");
}

/// The server answers again.
const SERVER_AGAIN: &str = r"
    window.deltascope.fetch = (path, init) => Promise.resolve(new Response(
        JSON.stringify({ bid: init.headers['Idempotency-Key'], ok: 1, dup: false, rej: [], rej_n: 0, now: Date.now() }), { status: 202 }));
";

#[wasm_bindgen_test]
fn another_session_is_told_from_the_next_record_on() {
    start();
    app::tell(&seen("RUNNING"));
    transport::session("fedcba9876543210fedcba9876543210".to_owned());
    app::tell(&seen("PAUSED"));
    logger::on(Input::Hide);
    let mut ids: Vec<_> = sent().iter().map(|batch| batch.client_session_id.clone()).collect();
    // What is on its way goes again when the page is hidden.
    ids.dedup();
    assert_eq!(
        ids,
        [
            Some("0123456789abcdef0123456789abcdef".to_owned()),
            Some("fedcba9876543210fedcba9876543210".to_owned())
        ]
    );
}

/// Catches: a timer's closure that may run only once, where a clock that is wound by hand fires it twice.
#[wasm_bindgen_test]
async fn a_timer_that_fires_twice_is_nobodys_failure() {
    start();
    run(r"
        window.failures = []; window.fired = 0;
        addEventListener('error', (event) => window.failures.push(event.message));
        window.timeout = window.setTimeout;
        window.setTimeout = (deed) => window.timeout(() => { window.fired += 1; deed(); deed(); }, 0);
    ");
    app::tell(&UiEvent::FeedGap { expected: 1, received: 3 });
    next_task().await;
    run("window.setTimeout = window.timeout");
    next_task().await;
    assert!(run("return window.fired").as_f64() > Some(0.0), "a timer fired");
    assert_eq!(run("return window.failures.join()").as_string().as_deref(), Some(""));
}
