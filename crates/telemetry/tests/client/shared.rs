//! What the client logger shares with the other tabs of its browser: the session, the back-off, the settings; and what
//! it hands over to the spool so that a page that dies loses nothing that was sealed.

use telemetry::{
    Level, LoggerSettings, Receipt,
    client::{Effect, Input, LoggerConfig, Outcome},
};

use crate::world::{Page, config, envelope, send_one};

fn set(page: &mut Page, cfg: LoggerSettings) {
    let bid = page.in_flight.pop_front().unwrap().bid;
    let receipt = Receipt { bid: bid.clone(), now: page.now_ms, cfg: Some(cfg), ..Receipt::default() };
    page.settle(bid, Outcome::Accepted(receipt));
}

fn spooled(page: &Page) -> Vec<(String, Level, Level)> {
    let each = page.effects.iter().filter_map(|effect| match effect {
        Effect::Spool { bid, level, lowest, .. } => Some((bid.clone(), *level, *lowest)),
        _ => None,
    });
    each.collect()
}

/// Catches: records of before a sign-in told under the session of after it.
#[test]
fn another_session_begins_with_the_next_record() {
    let mut page = Page::new(config());
    page.say(Level::Warn, "before");
    page.on(Input::Session("another".to_owned()));
    page.say(Level::Warn, "after");
    page.advance(1_000);
    let sent = [0, 1].map(|at| envelope(&page, at));
    assert_eq!((&sent[0]["sid"], &sent[0]["recs"][0]["m"]), (&"s0123456789".into(), &"before".into()));
    assert_eq!((&sent[1]["sid"], &sent[1]["recs"][0]["m"]), (&"another".into(), &"after".into()));
    assert_eq!((&sent[0]["tid"], &sent[1]["tid"]), (&"t1".into(), &"t1".into()));
    let block = String::from_utf8_lossy(&page.logger.black_box()[..2_048]).into_owned();
    assert!(block.contains("\"sid\":\"another\"") && !block.contains("s0123456789"));
    page.calm_down();
}

/// Catches: every tab knocking at a server that another one has found shut, or waiting on although it is back.
#[test]
fn a_back_off_of_another_tab_holds_this_one() {
    let mut page = Page::new(config());
    let until_ms = page.now_ms + 30_000;
    page.on(Input::Hold { until_ms });
    for number in 0..3 {
        page.say(Level::Warn, &format!("warn {number}"));
        page.advance(2_000);
    }
    assert!(page.in_flight.is_empty());
    page.advance(24_000);
    assert_eq!((page.in_flight.len(), page.now_ms), (1, until_ms), "a single probe");
    page.deliver();
    assert_eq!(page.in_flight.len(), 2);
    page.calm_down();
    page.on(Input::Hold { until_ms: page.now_ms + 30_000 });
    page.say(Level::Warn, "last");
    page.advance(1_000);
    assert!(page.in_flight.is_empty());
    page.on(Input::Online);
    assert_eq!(page.in_flight.len(), 1);
}

/// Catches: a share of warnings that is not obeyed, or stands on no record, so that sums are wrong.
#[test]
fn a_share_of_warnings_is_told_with_its_share() {
    let mut page = Page::new(LoggerConfig { limited: true, ..config() });
    send_one(&mut page, Level::Warn, "first");
    set(&mut page, LoggerSettings { sr_warn: Some(0.0), ..LoggerSettings::default() });
    send_one(&mut page, Level::Warn, "second");
    send_one(&mut page, Level::Error, "error");
    let sent = envelope(&page, 0);
    assert_eq!(sent["recs"].as_array().unwrap().len(), 1, "errors are never sampled");
    assert_eq!((&sent["drops"][0]["why"], &sent["drops"][0]["l"]), (&"sampled".into(), &13.into()));
    set(&mut page, LoggerSettings { sr_warn: Some(0.999), sr_info: Some(1.0), ..LoggerSettings::default() });
    send_one(&mut page, Level::Info, "info");
    assert_eq!(envelope(&page, 0)["recs"][0].get("sr"), None);
    page.in_flight.clear();
    page.say(Level::Warn, "third");
    page.advance(1_000);
    assert_eq!(envelope(&page, 0)["recs"][0]["sr"], 0.999);
}

/// Catches: a small batch that was asked for once and stays for ever.
#[test]
fn the_size_of_batches_follows_the_server() {
    let mut page = Page::new(config());
    let mut sealed = |most: usize| {
        send_one(&mut page, Level::Warn, &format!("before {most}"));
        set(&mut page, LoggerSettings { max_batch: Some(most), ..LoggerSettings::default() });
        (0..12).for_each(|number| page.say(Level::Warn, &format!("{number} {most}")));
        page.advance(1_000);
        let records = envelope(&page, 0)["recs"].as_array().unwrap().len();
        while page.deliver() {}
        page.advance(20_000);
        records
    };
    assert_eq!((sealed(5), sealed(2_000)), (5, 12));
}

/// Catches: sealed bytes that only this program has, so that its death takes them along.
#[test]
fn what_cannot_leave_at_once_is_kept_beside() {
    let mut page = Page::new(LoggerConfig { spool: true, ..config() });
    send_one(&mut page, Level::Info, "one");
    assert_eq!(spooled(&page), [], "it is on its way, and the driver has its bytes");
    page.refuse(503, Some(60_000));
    page.say(Level::Info, "two");
    send_one(&mut page, Level::Warn, "three");
    assert_eq!(page.in_flight.len(), 0);
    let kept = spooled(&page);
    assert_eq!(
        kept.iter().map(|(_, level, lowest)| (*level, *lowest)).collect::<Vec<_>>(),
        [(Level::Info, Level::Info), (Level::Warn, Level::Info)]
    );
}

/// Catches: a page that keeps in memory only, and does not say so.
#[test]
fn a_spool_in_memory_only_is_told() {
    let mut page = Page::new(LoggerConfig { spool: true, ..config() });
    send_one(&mut page, Level::Info, "one");
    assert_eq!(envelope(&page, 0)["self"].get("memory"), None);
    page.deliver();
    page.on(Input::MemoryOnly);
    send_one(&mut page, Level::Info, "two");
    assert_eq!(envelope(&page, 0)["self"]["memory"], 1);
}

/// Catches: a ring that is full in the middle of a task making a whole batch and a small one each time.
#[test]
fn two_thousand_records_of_one_task_leave_in_two_batches() {
    let mut page = Page::new(LoggerConfig { spool: true, limited: false, ..config() });
    for number in 0..2_000 {
        page.say_at(
            Level::Info,
            1,
            &format!("Clicked Choose for exit-{number} {:04x}, as a page tells it.", number * 7),
        );
    }
    page.on(Input::Hide);
    let sizes: Vec<_> = page.in_flight.iter().map(|request| request.encoded_bytes).collect();
    assert_eq!((sizes.len(), page.logger.books().held), (2, 2_000), "{sizes:?}");
    assert!(sizes.iter().sum::<usize>() <= 60_000, "{sizes:?}");
    page.calm_down();
}

/// Catches: a back-off, a flush or a window that waits for hours because the clock of the machine was set back.
#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let mut page = Page::new(config());
    send_one(&mut page, Level::Info, "again and again");
    page.refuse(429, Some(120_000));
    for message in ["again and again", "again and again", "not sealed yet"] {
        page.say(Level::Info, message);
    }
    page.now_ms -= 7_200_000;
    // Timers go by a clock that nobody sets.
    page.on(Input::Wake);
    page.advance(115_000);
    assert_eq!(page.in_flight.len(), 0, "the server is not asked earlier");
    page.advance(6_000);
    while page.deliver() {}
    assert_eq!(page.logger.books().held, 0, "{:?}", page.logger.books());
    assert_eq!(page.server.told, 4);
    page.say(Level::Info, "again and again");
    page.advance(5_000);
    assert_eq!(page.in_flight.len(), 1, "its window is over");
    page.calm_down();
}
