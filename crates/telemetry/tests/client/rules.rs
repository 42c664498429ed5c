//! The rules of the client logger, one by one, in virtual time.

use telemetry::{
    DropReason, Level,
    client::{Auth, Entry, Failure, Field, FieldValue, Frame, Input, LoggerConfig},
};

use crate::world::{Page, START_MS, config, envelope};

#[test]
fn the_wire_format_is_version_one() {
    let mut page = Page::new(config());
    page.on(Input::Page {
        route: "/orders/:id".to_owned(),
        visible: true,
        net: "4g".to_owned(),
        lang: "en".to_owned(),
        viewport: [1440, 900],
    });
    let fields = [
        Field { key: "code", value: FieldValue::U64(42) },
        Field { key: "_latency_us", value: FieldValue::I64(-7) },
        Field { key: "Api Key", value: FieldValue::Str("hush") },
        Field { key: "share", value: FieldValue::F64(0.5) },
        Field { key: "ok", value: FieldValue::Bool(true) },
    ];
    let stack = [Frame { function: "run", module: "app", index: Some(812), offset: Some(651_746) }];
    page.log(&Entry {
        level: Level::Error,
        event: "ui.order_refused",
        target: "app::orders",
        callsite: "src/orders.rs:118",
        message: "refused for a@example.org",
        fields: &fields,
        session_id: Some("ses_1"),
        correlation_id: Some("4bf92f3577b34da6a3ce929d0e0e4736"),
        span_id: Some("00f067aa0ba902b7"),
        failure: Some(Failure { kind: "js", message: "boom", location: "", stack: &stack }),
        ..Entry::default()
    });
    page.advance(1_000);
    let sent = envelope(&page, 0);
    let record = &sent["recs"][0];
    assert_eq!(
        (&sent["v"], &sent["bseq"], &sent["n0"], &sent["t0"]),
        (&1.into(), &1.into(), &1.into(), &START_MS.into())
    );
    assert_eq!(sent["app"], serde_json::json!({ "n": "web", "r": "1.0.0+test", "b": "beef", "e": "test" }));
    assert_eq!(sent["ctx"]["vp"], serde_json::json!([1440, 900]));
    assert_eq!(sent["bid"].as_str().unwrap().as_bytes()[14], b'7');
    assert_eq!((&record["d"], &record["n"], &record["l"]), (&0.into(), &1.into(), &17.into()));
    assert_eq!((&record["ev"], &record["ss"]), (&"ui.order_refused".into(), &"ses_1".into()));
    assert_eq!(record["tr"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(record["m"].as_str().unwrap().starts_with("refused for [email:"));
    assert_eq!(record["k"].as_str().unwrap().len(), 8);
    let told =
        serde_json::json!({ "code": 42, "latency_us": -7, "api_key": "***", "share": 0.5, "ok": true });
    assert_eq!(record["f"], told);
    assert_eq!(
        record["ex"]["st"][0],
        serde_json::json!({ "fn": "run", "mod": "app", "ix": 812, "off": 651_746 })
    );
    assert_eq!(record.get("rep"), None);
}

#[test]
fn repeats_are_merged_while_the_record_is_here_and_follow_up_later() {
    let mut page = Page::new(config());
    for _ in 0..37 {
        page.say(Level::Info, "same");
        page.advance(10);
    }
    page.advance(5_000);
    let rep = envelope(&page, 0)["recs"][0]["rep"].clone();
    assert_eq!(rep, serde_json::json!({ "c": 37, "f": 0, "l": 360 }));
    page.deliver();
    page.say(Level::Info, "same");
    page.say(Level::Info, "same");
    page.advance(9_000);
    assert!(page.in_flight.is_empty(), "the window is still open");
    page.advance(7_000);
    let follow_up = envelope(&page, 0)["recs"][0].clone();
    assert_eq!(
        (&follow_up["rep"]["c"], &follow_up["m"], &follow_up["n"]),
        (&2.into(), &"same".into(), &38.into())
    );
    page.calm_down();
    assert_eq!((page.server.records.len(), page.server.told), (2, 39));
}

#[test]
fn a_million_identical_errors_are_few_requests() {
    let mut page = Page::new(config());
    for _ in 0..1_000 {
        for _ in 0..1_000 {
            page.logger
                .log(page.now_ms, &Entry { level: Level::Error, message: "again", ..Entry::default() });
        }
        page.advance(10);
        while page.deliver() {}
    }
    let requests = page.server.receipts.len();
    assert!(requests <= 5, "{requests} requests in ten seconds");
    page.calm_down();
    assert_eq!(page.server.told, 1_000_000);
}

#[test]
fn flushes_come_when_they_are_due() {
    let mut page = Page::new(config());
    assert_eq!(page.wake_at_ms, None, "no timer while empty");
    page.say(Level::Info, "info");
    assert_eq!(page.wake_at_ms, Some(START_MS + 5_000));
    page.say(Level::Warn, "warn");
    assert_eq!(page.wake_at_ms, Some(START_MS + 1_000));
    page.say(Level::Fatal, "fatal");
    assert_eq!(page.in_flight.len(), 1, "a fatal record leaves at once, with all that was there");
    assert_eq!(envelope(&page, 0)["recs"].as_array().unwrap().len(), 3);
    page.deliver();
    for number in 0..100 {
        page.say(Level::Info, &format!("burst {number}"));
        assert_eq!(page.microtask, number == 99, "{number}");
    }
    page.run_microtask();
    assert_eq!(page.in_flight.len(), 1);
    page.deliver();
    assert_eq!(page.wake_at_ms, None, "no timer while empty");
}

#[test]
fn hiding_the_page_sends_everything_at_once() {
    let mut page = Page::new(config());
    for number in 0..250 {
        page.say(Level::Info, &format!("{number} {}", "words and more words ".repeat(20)));
    }
    page.say(Level::Error, "error");
    page.on(Input::Hide);
    assert!(page.in_flight.iter().all(|request| request.keepalive && request.gzip));
    let total: usize = page.in_flight.iter().map(|request| request.encoded_bytes).sum();
    assert!(page.in_flight.len() <= 2 && total <= 60_000, "{} requests, {total} bytes", page.in_flight.len());
    assert_eq!(envelope(&page, 0)["recs"][0]["m"], "error", "highest level first");
    page.calm_down();
    let books = page.logger.books();
    assert_eq!((books.told + books.declared, books.held), (251, 0));
}

#[test]
fn what_is_refused_by_the_limits_is_declared() {
    let mut page = Page::new(config());
    for number in 0..200 {
        let message = format!("number {number}");
        page.log(&Entry { level: Level::Info, message: &message, callsite: "one.rs:1", ..Entry::default() });
    }
    page.advance(5_000);
    let sent = envelope(&page, 0);
    assert_eq!(sent["recs"].as_array().unwrap().len(), 50, "a callsite has a burst of 50");
    assert_eq!(sent["drops"], serde_json::json!([{ "l": 9, "why": "rate", "c": 150, "f": 0, "t": 0 }]));
}

#[test]
fn large_records_are_cut_and_say_so() {
    let mut page = Page::new(config());
    let long = "é".repeat(10_000);
    let names: Vec<String> = (0..50).map(|number| format!("field{number}")).collect();
    let fields: Vec<Field<'_>> =
        names.iter().map(|key| Field { key, value: FieldValue::Str(&long) }).collect();
    page.log(&Entry { level: Level::Info, message: &long, fields: &fields, ..Entry::default() });
    page.advance(5_000);
    let record = &envelope(&page, 0)["recs"][0];
    assert_eq!((record["cut"].as_u64(), record["m"].as_str().unwrap().len()), (Some(1), 1_024));
    assert!(record.to_string().len() <= 8 * 1024);
    page.deliver();
    assert_eq!(page.server.records[0].truncated, Some(true));
}

/// Catches: an eviction that is not counted, or that leaves a window pointing at a place where another record is.
#[test]
fn a_full_ring_declares_what_it_evicts() {
    let mut page = Page::new(LoggerConfig { auth: Auth::PageOnly, ..config() });
    let long = "x ".repeat(500);
    let say = |page: &mut Page, number: usize| {
        let (message, callsite) = (format!("{number} {long}"), format!("a.rs:{}", number % 20));
        page.log(&Entry { level: Level::Info, message: &message, callsite: &callsite, ..Entry::default() });
    };
    (0..300).for_each(|number| say(&mut page, number));
    // Still in the ring, but moved: repeats must find them.
    (280..300).for_each(|number| say(&mut page, number));
    page.calm_down();
    let evicted: u64 = page
        .server
        .drops
        .iter()
        .filter(|drop| drop.reason == DropReason::RingFull)
        .map(|drop| drop.count)
        .sum();
    assert!((16..100).contains(&evicted), "{evicted} of 300 records of 1.1 kB in 288 KiB");
    assert_eq!(page.server.records.len() as u64, 300 - evicted);
    for record in &page.server.records {
        let number: usize = record.message.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(record.count, (number >= 280).then_some(2), "{number}");
    }
}
