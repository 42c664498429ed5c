//! What is told of a busy page, and what the server may change about it: whole stories by place and minute, each record
//! with the share of its kind that is told, so that sums can be made right.

use std::collections::BTreeMap;

use telemetry::{
    DropReason, Level, LoggerSettings, Receipt,
    client::{Call, LoggerConfig, Message, Outcome},
};

use crate::world::{Page, config, envelope, send_one, site};

/// Answers what is in flight, with these settings.
fn configure(page: &mut Page, settings: &LoggerSettings) {
    let message = format!("asks for settings after {} calls", page.logger.books().calls);
    send_one(page, Level::Error, &message);
    let bid = page.in_flight.pop_back().unwrap().bid;
    let receipt =
        Receipt { bid: bid.clone(), now: page.now_ms, cfg: Some(settings.clone()), ..Receipt::default() };
    page.settle(bid, Outcome::Accepted(receipt));
}

fn page() -> Page {
    Page::new(LoggerConfig { level: Level::Info, ..config() })
}

/// One call at each of so many places, a few a second, so that no bucket is empty.
fn walk(page: &mut Page, level: Level, places: std::ops::Range<u32>, ms: i64) {
    for place in places {
        page.say_at(level, place, "walked by");
        page.advance(ms);
        while page.deliver() {}
    }
}

fn sampled(page: &Page, level: Level) -> u64 {
    let of =
        |drop: &&telemetry::ingest::DeclaredDrop| drop.reason == DropReason::Sampled && drop.level == level;
    page.server.drops.iter().filter(of).map(|drop| drop.count).sum()
}

/// Catches: a page that tells everything for ever, and one that tells a tenth from the start.
#[test]
fn after_three_hundred_in_five_minutes_a_tenth_of_places_is_told() {
    let mut page = page();
    walk(&mut page, Level::Info, 0..1_300, 150);
    page.calm_down();
    let told = page.server.records.len();
    assert!((350..=450).contains(&told), "300 and about a tenth of a thousand: {told}");
    assert_eq!(sampled(&page, Level::Info) + told as u64, 1_300);
    assert!(page.server.records[..300].iter().all(|record| record.sample_rate.is_none()));
    assert!(page.server.records[300..].iter().all(|record| record.sample_rate == Some(0.1)));
    page.advance(300_000);
    let before = page.server.records.len();
    walk(&mut page, Level::Info, 5_000..5_100, 150);
    page.calm_down();
    assert_eq!(page.server.records.len() - before, 100, "five minutes later everything again");
}

/// Catches: a share that stands on no record, and a follow-up that forgets it.
#[test]
fn weighted_counts_are_about_right_and_a_story_is_told_whole() {
    let mut page = page();
    walk(&mut page, Level::Info, 0..300, 150);
    for _ in 0..3 {
        walk(&mut page, Level::Info, 10_000..10_500, 1);
        page.advance(6_000);
        while page.deliver() {}
    }
    page.calm_down();
    let calls = 300 + 3 * 500;
    let weighted: f64 = page
        .server
        .records
        .iter()
        .map(|record| record.count.unwrap_or(1) as f64 / record.sample_rate.unwrap_or(1.0))
        .sum();
    assert!((weighted - f64::from(calls)).abs() < 500.0, "{weighted} for {calls}");
    let mut by_place: BTreeMap<&str, u64> = BTreeMap::new();
    for record in &page.server.records[300..] {
        assert_eq!(record.sample_rate, Some(0.1), "{record:?}");
        *by_place.entry(record.callsite.as_deref().unwrap_or_default()).or_default() +=
            record.count.unwrap_or(1);
    }
    assert!(by_place.values().all(|calls| *calls == 3), "{by_place:?}");
}

/// Catches: windows that close a few milliseconds apart, each with a timer of its own (the world counts).
#[test]
fn windows_that_close_one_after_the_other_are_closed_together() {
    let mut page = Page::new(LoggerConfig { limited: false, ..config() });
    for _ in 0..2 {
        walk(&mut page, Level::Info, 0..250, 2);
        page.advance(6_000);
        while page.deliver() {}
    }
    page.calm_down();
    assert_eq!((page.server.told, page.server.records.len()), (500, 500));
}

/// Catches: a browser that obeys for info only, and one that obeys for errors as well.
#[test]
fn an_overloaded_server_gets_half_of_the_warnings_and_all_errors() {
    let mut page = page();
    let shares = LoggerSettings { sr_info: Some(0.01), sr_warn: Some(0.5), ..LoggerSettings::default() };
    configure(&mut page, &shares);
    let before = page.server.records.len();
    walk(&mut page, Level::Warn, 0..200, 300);
    walk(&mut page, Level::Error, 1_000..1_020, 300);
    page.calm_down();
    let of = |level| page.server.records[before..].iter().filter(move |record| record.level == level);
    let warnings = of(Level::Warn).count();
    assert!((70..=130).contains(&warnings), "{warnings} of 200");
    assert!(of(Level::Warn).all(|record| record.sample_rate == Some(0.5)));
    assert_eq!((sampled(&page, Level::Warn), of(Level::Error).count()), (200 - warnings as u64, 20));
    assert!(of(Level::Error).all(|record| record.sample_rate.is_none()));
    configure(&mut page, &LoggerSettings { sr_warn: Some(1.0), ..shares });
    let before = page.server.records.len();
    walk(&mut page, Level::Warn, 2_000..2_020, 300);
    page.calm_down();
    assert_eq!(page.server.records.len() - before, 20);
}

/// Catches: the click on Start that is not told because a page was busy.
#[test]
fn what_somebody_wanted_is_never_sampled() {
    let mut page = page();
    configure(&mut page, &LoggerSettings { sr_info: Some(0.0), ..LoggerSettings::default() });
    for place in 0..20 {
        let (site, id) = (site(Level::Info, place), format!("{place:032x}"));
        let call = Call { intent: true, correlation_id: Some(&id), ..Call::of(&site, &[]) };
        page.log(&Call { message: Message::Text("Clicked Start."), ..call });
        page.say_at(Level::Info, 100 + place, "nobody wanted this");
    }
    page.calm_down();
    assert_eq!((page.server.records.len(), sampled(&page, Level::Info)), (20, 20));
    assert!(page.server.records.iter().all(|record| record.sample_rate.is_none()));
}

/// Catches: a moment of the server's clock held against the browser's, and a bucket too small for what was asked.
#[test]
fn debug_is_opened_for_a_time_whatever_the_clock() {
    for ahead_ms in [-600_000, 0, 600_000, 3_600_000] {
        let mut page = page();
        send_one(&mut page, Level::Error, "asks");
        let bid = page.in_flight.pop_front().unwrap().bid;
        let now = page.now_ms + ahead_ms;
        let cfg = LoggerSettings { debug_until: Some(now + 60_000), ..LoggerSettings::default() };
        page.settle(
            bid.clone(),
            Outcome::Accepted(Receipt { bid, now, cfg: Some(cfg), ..Receipt::default() }),
        );
        let before = page.server.records.len();
        for second in 0..10 {
            for place in 0..40 {
                page.say_at(Level::Debug, place, &format!("detail {second}"));
            }
            page.advance(1_000);
        }
        page.calm_down();
        assert_eq!(page.server.records.len() - before, 400, "{ahead_ms}");
        page.advance(60_000);
        page.say(Level::Debug, "too late");
        page.calm_down();
        assert_eq!(page.server.records.len() - before, 400, "{ahead_ms}");
    }
    // Nobody may open it for longer, and whoever opened it may close it.
    let mut page = page();
    let cfg = LoggerSettings { debug_until: Some(page.now_ms + 86_400_000), ..LoggerSettings::default() };
    configure(&mut page, &cfg);
    assert!(page.logger.enabled(Level::Debug, page.now_ms + 590_000));
    assert!(!page.logger.enabled(Level::Debug, page.now_ms + 601_000));
    configure(&mut page, &LoggerSettings::default());
    assert!(!page.logger.enabled(Level::Debug, page.now_ms));
}

/// Catches: a size that can only shrink.
#[test]
fn the_size_of_batches_follows_the_server() {
    let mut page = page();
    let records = |page: &Page| envelope(page, 0)["recs"].as_array().unwrap().len();
    configure(&mut page, &LoggerSettings { max_batch: Some(5), ..LoggerSettings::default() });
    (0..10).for_each(|place| page.say_at(Level::Info, place, "one of ten"));
    page.advance(5_000);
    assert_eq!((records(&page), page.in_flight.len()), (5, 2));
    page.calm_down();
    configure(&mut page, &LoggerSettings { max_batch: Some(2_000), ..LoggerSettings::default() });
    (20..30).for_each(|place| page.say_at(Level::Info, place, "one of ten"));
    page.advance(5_000);
    assert_eq!((records(&page), page.in_flight.len()), (10, 1));
}
