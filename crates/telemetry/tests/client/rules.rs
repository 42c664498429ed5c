//! The rules of the client logger, one by one, in virtual time.

use telemetry::{
    DropReason, Level,
    client::{Auth, Call, Failure, FieldValue, Frame, Input, Key, LoggerConfig, Message, Site},
};

use crate::world::{Page, START_MS, config, envelope, site};

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
    let site = Site::new(
        Level::Error,
        "ui.order_refused",
        "app::orders",
        "",
        const {
            &[
                Key::told("code"),
                Key::volatile("latency_us"),
                Key::told("api_key"),
                Key::told("share"),
                Key::told("ok"),
                Key::told("absent"),
                Key::said("unsaid"),
            ]
        },
    )
    .at("src/orders.rs", 118);
    let values = [
        FieldValue::U64(42),
        FieldValue::I64(-7),
        FieldValue::Str("hush"),
        FieldValue::U64(5),
        FieldValue::Bool(true),
        FieldValue::Absent,
        FieldValue::Str("unsaid"),
    ];
    let stack = [Frame { function: "run", module: "app", index: Some(812), offset: Some(651_746) }];
    page.log(&Call {
        message: Message::Text("refused for a@example.org"),
        session_id: Some("ses_1"),
        correlation_id: Some("4bf92f3577b34da6a3ce929d0e0e4736"),
        span_id: Some("00f067aa0ba902b7"),
        failure: Some(Failure { kind: "js", message: "boom", location: "", stack: &stack }),
        ..Call::of(&site, &values)
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
    assert_eq!((&record["g"], &record["cs"]), (&"app::orders".into(), &"src/orders.rs:118".into()));
    assert_eq!((&record["ev"], &record["ss"]), (&"ui.order_refused".into(), &"ses_1".into()));
    assert_eq!(record["tr"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(record["m"].as_str().unwrap().starts_with("refused for [email:"));
    assert_eq!(record["k"].as_str().unwrap().len(), 8);
    let told = serde_json::json!({ "code": 42, "latency_us": -7, "api_key": "***", "share": 5, "ok": true, "breadcrumbs": "ui.order_refused" });
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
            page.logger.log(page.now_ms, &Call::of(&site(Level::Error, 1), &[]));
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
        page.say_at(Level::Info, 1, &message);
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
    let site = Site::new(Level::Info, "ui.tested", "", "", const { &[Key::told("long"); 50] });
    let values = [FieldValue::Str(&long); 50];
    page.log(&Call { message: Message::Text(&long), ..Call::of(&site, &values) });
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
        page.say_at(Level::Info, number as u32 % 20, &format!("{number} {long}"));
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

/// Catches: a sentence that is cut inside its JSON, or whose values are not cleaned.
#[test]
fn a_sentence_is_told_with_its_values() {
    const SITE: Site = Site::new(
        Level::Warn,
        "ui.tested",
        "app",
        "{who} waited {wait_ms} ms ({share}, {sure}).",
        &[Key::said("who"), Key::volatile("wait_ms"), Key::told("share"), Key::told("sure")],
    );
    let mut page = Page::new(config());
    let values = [
        FieldValue::Str("a@example.org \"\n"),
        FieldValue::I64(i64::MIN),
        FieldValue::Absent,
        FieldValue::Bool(false),
    ];
    page.log(&Call::of(&SITE, &values));
    page.log(&Call::of(&SITE, &[FieldValue::Str(&"long ".repeat(500))]));
    page.advance(1_000);
    let sent = envelope(&page, 0);
    let said = sent["recs"][0]["m"].as_str().unwrap();
    assert!(
        said.starts_with("[email:") && said.ends_with("\"\n waited -9223372036854775808 ms (, false)."),
        "{said}"
    );
    assert_eq!(sent["recs"][0]["f"], serde_json::json!({ "wait_ms": i64::MIN, "sure": false }));
    assert_eq!(sent["recs"][1]["cut"], 1);
}

/// Catches: a duration in the sentence that makes every call a record.
#[test]
fn what_is_volatile_is_merged_with_its_sentence() {
    const SITE: Site =
        Site::new(Level::Info, "ui.tested", "app", "Took {took_ms} ms.", &[Key::volatile("took_ms")]);
    let mut page = Page::new(config());
    (0..37).for_each(|took_ms| page.log(&Call::of(&SITE, &[FieldValue::I64(took_ms)])));
    page.advance(5_000);
    let records = envelope(&page, 0)["recs"].clone();
    assert_eq!((records.as_array().unwrap().len(), &records[0]["rep"]["c"]), (1, &37.into()));
    assert_eq!((&records[0]["m"], &records[0]["f"]["took_ms"]), (&"Took 0 ms.".into(), &0.into()));
}

/// Catches: a message that is written to be hashed, or hashed without being written.
#[test]
fn what_is_shown_is_hashed_and_told() {
    let mut page = Page::new(config());
    let say = |page: &mut Page, number: u32, bytes: usize| {
        let shown = format_args!("number {number} {}", "x ".repeat(bytes / 2)).to_string();
        page.log(&Call { message: Message::Shown(&shown), ..Call::of(&site(Level::Info, 1), &[]) });
    };
    say(&mut page, 1, 0);
    say(&mut page, 1, 0);
    say(&mut page, 2, 10_000);
    page.advance(5_000);
    let records = envelope(&page, 0)["recs"].clone();
    assert_eq!((&records[0]["m"], &records[0]["rep"]["c"]), (&"number 1 ".into(), &2.into()));
    assert_eq!((records[1]["m"].as_str().unwrap().len(), &records[1]["cut"]), (1_024, &1.into()));
}
