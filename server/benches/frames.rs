//! What hearing the market costs: frames decoded beside reading the same text as a generic `serde_json::Value`, and changes
//! of a book with its checksum beside a book of plain maps without one.

mod support;

use std::collections::BTreeMap;

use model::{Decimal, Micros};
use server::venue::translate::{Heard, Translator};
use server::venue::{Book, BookFrame};

const NOW: Micros = Micros(1_788_431_318_700_000);
const FRAMES: usize = 20_000;

/// Frames as they come in a second of two legs: mostly tops and changes of books, some depths, marks and spots.
fn frames() -> Vec<String> {
    let depth = |base: usize| {
        let level = |at: usize| format!(r#"["{}.{}","{}"]"#, base + at, at % 10, 100 + at * 37 % 900);
        (0..15).map(level).collect::<Vec<_>>().join(",")
    };
    (0..FRAMES)
        .map(|at| {
            let (ts, symbol) = (NOW.0 + at as i64, ["C-BTC-78200-040926", "P-BTC-68000-040926"][at % 2]);
            match at % 20 {
                0 => format!(r#"{{"a":[{}],"b":[{}],"lts":{ts},"sy":"{symbol}","ts":{ts},"type":"ob_l2"}}"#, depth(301), depth(200)),
                1 => format!(r#"{{"p":"300.12{at}","sy":"MARK:{symbol}","ts":{ts},"type":"mark_price"}}"#),
                2 => format!(r#"{{"p":"77651.{}","sy":".DEXBTUSD","ts":{ts},"type":"spot_price"}}"#, at % 10),
                3..=10 => format!(
                    r#"{{"action":"update","a":[["301.1","{at}"],["302.2","0"]],"b":[["299.5","{at}"]],"seq":{at},"sy":"{symbol}","type":"ob_updates","ts":{ts},"cs":3409694612}}"#
                ),
                _top => format!(
                    r#"{{"ap":"304.1","as":"{at}","bp":"298.2","bs":"9614","lts":{ts},"sy":"{symbol}","ts":{ts},"type":"ob_l1"}}"#
                ),
            }
        })
        .collect()
}

/// A snapshot of 200 levels a side and 5,000 changes of three levels, as the venue spells them.
fn book() -> (BookFrame, Vec<BookFrame>) {
    let mut translator = Translator::default();
    let mut read = |text: String| match translator.frame(&text, NOW) {
        Ok(Heard::Book(frame)) => *frame,
        other => panic!("{other:?}"),
    };
    let side = |from: i64, step: i64| {
        let level = |at: i64| format!(r#"["{}","{}"]"#, Decimal::new(from + at * step, 1), 10 + at % 90);
        (0..200).map(level).collect::<Vec<_>>().join(",")
    };
    let begin = read(format!(
        r#"{{"action":"snapshot","a":[{}],"b":[{}],"seq":0,"sy":"X","type":"ob_updates","ts":{}}}"#,
        side(5_000, 5),
        side(4_990, -5),
        NOW.0
    ));
    let changes = (1..=5_000_i64).map(|seq| {
        let price = |side: i64, at: i64| Decimal::new(if side == 0 { 5_000 + at * 5 } else { 4_990 - at * 5 }, 1);
        let (near, far) = (seq % 12, seq * 7 % 200);
        read(format!(
            r#"{{"action":"update","a":[["{}","{}"],["{}","{}"]],"b":[["{}","{}"]],"seq":{seq},"sy":"X","type":"ob_updates","ts":{}}}"#,
            price(0, near),
            if seq % 3 == 0 { 0 } else { seq },
            price(0, far),
            seq + 1,
            price(1, near),
            seq,
            NOW.0 + seq
        ))
    });
    let changes = changes.collect();
    (begin, changes)
}

fn main() {
    let frames = frames();
    let bytes: usize = frames.iter().map(String::len).sum();
    println!("frames: {} of the market, {} bytes on average", frames.len(), bytes / frames.len());
    let decoded = support::time(|| {
        let mut translator = Translator::default();
        frames
            .iter()
            .filter(|frame| matches!(translator.frame(frame, NOW), Ok(Heard::Inputs(_) | Heard::Book(_))))
            .count()
    });
    let generic = support::time(|| {
        frames.iter().filter(|frame| serde_json::from_str::<serde_json::Value>(frame).is_ok()).count()
    });
    support::line("decoded to the engine's inputs, per frame", decoded);
    support::line("baseline: the same text as serde_json::Value", generic);
    support::ratio("decoded beside generic", decoded, generic);

    let (begin, changes) = book();
    println!("books: 200 levels a side, {} changes of three levels", changes.len());
    let copies = || (begin.clone(), changes.clone());
    let kept = support::prepared_time(copies, |(begin, changes)| {
        let mut book = Book::begin(begin.clone()).expect("a book");
        for change in changes.drain(..) {
            book.change(change).expect("the next change");
        }
        std::hint::black_box(book.checksum());
        5_000
    });
    let plain = support::prepared_time(copies, |(begin, changes)| {
        let mut sides: [BTreeMap<Decimal, i64>; 2] = Default::default();
        for frame in std::iter::once(begin.clone()).chain(changes.drain(..)) {
            for (side, rows) in sides.iter_mut().zip([frame.bids, frame.asks]) {
                for row in rows {
                    if row.lots == 0 {
                        side.remove(&row.price);
                    } else {
                        side.insert(row.price, row.lots);
                    }
                }
            }
        }
        std::hint::black_box(sides[0].len() + sides[1].len());
        5_000
    });
    support::line("book with number and checksum, per change", kept);
    support::line("baseline: plain maps, nothing verified", plain);
    support::ratio("verified beside plain", kept, plain);
}
