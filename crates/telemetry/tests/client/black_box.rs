//! The block of the ring as a stranger reads it, by the documentation of its layout alone; and the law of who goes when
//! it is full.

use std::collections::BTreeSet;

use proptest::prelude::*;
use telemetry::{
    DropReason, Level, Micros,
    client::{Auth, BLOCK, Call, Input, Logger, LoggerConfig, Message},
    ingest::{AdmitContext, Tier, admit},
};

use crate::world::{Page, START_MS, config, site};

#[derive(Clone, Debug, PartialEq)]
struct Seen {
    arena: usize,
    number: u64,
    level: Level,
    first_ms: i64,
    last_ms: i64,
    calls: u32,
    text: String,
}

fn u32_at(block: &[u8], at: usize) -> usize {
    u32::from_le_bytes(block[at..at + 4].try_into().unwrap()) as usize
}

fn i64_at(block: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(block[at..at + 8].try_into().unwrap())
}

fn records(block: &[u8]) -> Vec<Seen> {
    assert_eq!((&block[..4], u32_at(block, 4), block.len()), (&b"DLR2"[..], 2, BLOCK));
    let mut found = Vec::new();
    for arena in 0..4 {
        let head = 16 + 16 * arena;
        let (start, used) = (u32_at(block, head), u32_at(block, head + 8));
        let mut at = start;
        while at < start + used {
            let length = u32_at(block, at);
            found.push(Seen {
                arena,
                number: i64_at(block, at + 8) as u64,
                level: Level::from_severity(u64::from(block[at + 38])).unwrap(),
                first_ms: i64_at(block, at + 16),
                last_ms: i64_at(block, at + 24),
                calls: u32_at(block, at + 32) as u32,
                text: String::from_utf8(block[at + 40..at + length].to_vec()).unwrap(),
            });
            at += length;
        }
    }
    found
}

/// Calls lost and not yet declared.
fn lost(block: &[u8], level: Level, reason: DropReason) -> u64 {
    u32_at(block, 96 + 4 * (9 * level as usize + reason as usize)) as u64
}

/// What the sentinel sends after a trap.
fn report(block: &[u8]) -> String {
    let seen = records(block);
    let t0 = seen.iter().map(|seen| seen.first_ms).min().unwrap_or(0);
    let [start, length] = [80, 84].map(|at| u32_at(block, at));
    let envelope = std::str::from_utf8(&block[start..start + length]).unwrap();
    let told: Vec<String> = seen
        .iter()
        .map(|seen| {
            let (first, last) = (seen.first_ms - t0, seen.last_ms - t0);
            let rep = format!(",\"rep\":{{\"c\":{},\"f\":{first},\"l\":{last}}}", seen.calls);
            let rep = if seen.calls > 1 { rep } else { String::new() };
            format!("{{\"d\":{first},\"n\":{},{}{rep}}}", seen.number, seen.text)
        })
        .collect();
    let mut drops = Vec::new();
    for level in Level::ALL {
        for reason in DropReason::ALL {
            let (count, severity, why) = (lost(block, level, reason), level.severity(), reason.as_str());
            if count > 0 {
                drops.push(format!("{{\"l\":{severity},\"why\":\"{why}\",\"c\":{count},\"f\":0,\"t\":0}}"));
            }
        }
    }
    format!(
        "{{{envelope},\"bid\":\"019abcde-0000-7000-8000-000000000000\",\"bseq\":1,\"t0\":{t0},\"n0\":1,\"drops\":[{}],\"recs\":[{}]}}",
        drops.join(","),
        told.join(",")
    )
}

/// Catches: a block that says something else than its documentation, an envelope that does not follow the page, a loss
/// that stands in no cell.
#[test]
fn what_a_dead_program_leaves_is_a_batch() {
    let mut page = Page::new(LoggerConfig { auth: Auth::Nobody, ..config() });
    page.on(Input::Page {
        route: "/telemetry".to_owned(),
        visible: true,
        net: String::new(),
        lang: "en".to_owned(),
        viewport: [360, 640],
    });
    for number in 0..60 {
        page.say_at(Level::Info, 1, &format!("info {number}"));
        page.now_ms += 10;
    }
    page.say(Level::Error, "error");
    page.say(Level::Error, "error");
    let block = page.logger.black_box().to_vec();
    let context = AdmitContext {
        received_at: Micros::from_millis(page.now_ms),
        sent_at_ms: Some(page.now_ms),
        user_id: None,
        session_bound: false,
        tier: Tier::Session,
        clock_offset_ms: Some(0),
    };
    let admitted = admit(report(&block).as_bytes(), &context).unwrap();
    assert!(admitted.rejected.is_empty(), "{:?}", admitted.rejected);
    // 50 of a callsite, and one token that came back in half a second.
    assert_eq!((admitted.records.len(), admitted.calls), (52, 53));
    assert_eq!(admitted.declared_drops.iter().map(|drop| drop.count).sum::<u64>(), 9);
    assert_eq!(admitted.records[0].message, "error");
    assert!(report(&block).contains("\"route\":\"/telemetry\""));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Catches: an eviction that takes the newest, a higher level first, another arena's record, or one above the call's
    /// own level; one that is in vain; and one that is not counted.
    #[test]
    fn the_oldest_of_the_lowest_level_goes(
        calls in prop::collection::vec((0..6_usize, prop::sample::select(vec![50_usize, 900, 1_000])), 1..60)
    ) {
        let unlimited = LoggerConfig { auth: Auth::Nobody, limited: false, level: Level::Trace, ..config() };
        let mut logger = Logger::new(unlimited, START_MS);
        let (mut unique, mut before, mut counted) = (0, Vec::new(), 0);
        for (level, bytes) in calls {
            let level = Level::ALL[level];
            for _ in 0..20 {
                unique += 1;
                let message = format!("{unique} {}", "x ".repeat(bytes / 2));
                logger.log(START_MS, &Call { message: Message::Text(&message), ..Call::of(&site(level, 1), &[]) });
                while logger.poll(START_MS).is_some() {}
                let after = records(logger.black_box());
                let gone = judge(&before, &after, level);
                let goes_in = after.iter().any(|seen| seen.number == unique);
                let now_counted = full(logger.black_box());
                prop_assert_eq!(now_counted - counted, gone + u64::from(!goes_in));
                prop_assert!(goes_in || gone == 0, "others went, and {} did not go in", level);
                (before, counted) = (after, now_counted);
            }
        }
    }
}

fn full(block: &[u8]) -> u64 {
    Level::ALL.into_iter().map(|level| lost(block, level, DropReason::RingFull)).sum()
}

fn arena(level: Level) -> usize {
    match level {
        Level::Fatal | Level::Error => 0,
        Level::Warn => 1,
        Level::Info => 2,
        Level::Debug | Level::Trace => 3,
    }
}

/// How many went; each of them rightly.
fn judge(before: &[Seen], after: &[Seen], level: Level) -> u64 {
    let left: BTreeSet<u64> = after.iter().map(|seen| seen.number).collect();
    let stays = |seen: &&Seen| left.contains(&seen.number);
    let mut lost = 0;
    for gone in before.iter().filter(|seen| !stays(seen)) {
        lost += u64::from(gone.calls);
        assert!(gone.level <= level, "{} goes for {level}", gone.level);
        let same_arena = before.iter().filter(|seen| seen.arena == gone.arena);
        assert_eq!(gone.arena, arena(level));
        for kept in same_arena.filter(stays) {
            let worth_less = (kept.level, kept.number) < (gone.level, gone.number);
            assert!(!worth_less, "{} {} goes before {} {}", gone.level, gone.number, kept.level, kept.number);
        }
    }
    lost
}
