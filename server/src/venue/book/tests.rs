//! The book beside a naive one, and the two frames whose checksums the venue prints.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::venue::translate::{Heard, Translator};

const NOW: Micros = Micros(1_671_140_769_100_000);

fn frame(text: &str) -> BookFrame {
    match Translator::default().frame(text, NOW) {
        Ok(Heard::Book(frame)) => *frame,
        other => panic!("{text} → {other:?}"),
    }
}

const SNAPSHOT: &str = r#"{"action":"snapshot","a":[["16919.0","1087"],["16919.5","1193"],["16920.0","510"]],"b":[["16918.0","602"],["16917.5","1792"],["16917.0","2039"]],"ts":1671140718980723,"seq":6199,"sy":"BTCUSD","type":"ob_updates","cs":2178756498}"#;
const UPDATE: &str = r#"{"action":"update","a":[["16919.0","0"],["16919.5","710"]],"b":[["16918.5","304"]],"seq":6200,"sy":"BTCUSD","type":"ob_updates","ts":1671140769059031,"cs":3409694612}"#;

/// Both frames that the documents print (example 12).
#[test]
fn the_documented_book_has_the_documented_checksums() {
    let mut book = Book::begin(frame(SNAPSHOT)).unwrap();
    assert_eq!(book.checksum(), 2_178_756_498);
    book.change(frame(UPDATE)).unwrap();
    assert_eq!((book.checksum(), book.seq()), (3_409_694_612, 6_200));
    let best = |levels: &[Level]| levels.iter().map(|level| (level.price.to_string(), level.lots)).next();
    let depth = book.depth(&Symbol::from("BTCUSD"));
    assert_eq!(best(&depth.asks), Some(("16919.5".to_owned(), 710)));
    assert_eq!(best(&depth.bids), Some(("16918.5".to_owned(), 304)));
}

#[test]
fn what_does_not_fit_is_no_book_any_more() {
    let begun = || Book::begin(frame(SNAPSHOT)).unwrap();
    for (from, to, fault) in [
        (r#""seq":6200"#, r#""seq":6201"#, BookFault::Gap { expected: 6_200, came: 6_201 }),
        (r#""seq":6200"#, r#""seq":6199"#, BookFault::Gap { expected: 6_200, came: 6_199 }),
        (r#""seq":6200"#, r#""seq":1"#, BookFault::Gap { expected: 6_200, came: 1 }),
        (
            r#""cs":3409694612"#,
            r#""cs":3409694613"#,
            BookFault::Checksum { expected: 3_409_694_613, ours: 3_409_694_612 },
        ),
    ] {
        assert_eq!(begun().change(frame(&UPDATE.replace(from, to))), Err(fault), "{to}");
    }
    let lots = begun().change(frame(&UPDATE.replace(r#""710""#, r#""711""#)));
    assert!(matches!(lots, Err(BookFault::Checksum { .. })), "{lots:?}");
    let without = UPDATE.replace(r#","cs":3409694612"#, "");
    assert_eq!(begun().change(frame(&without)), Ok(()), "a venue that sends none");
    let wrong = SNAPSHOT.replace("2178756498", "1");
    assert!(matches!(Book::begin(frame(&wrong)), Err(BookFault::Checksum { .. })));
}

/// Numbers as the venue may spell them; the checksum is made of the spelling.
#[test]
fn the_spelling_counts_for_the_checksum_and_not_for_the_book() {
    let spelled = SNAPSHOT.replace(r#""16919.0""#, r#""16919.00""#);
    assert!(matches!(Book::begin(frame(&spelled)), Err(BookFault::Checksum { .. })));
    let number = SNAPSHOT.replace(r#""1087""#, "1087");
    assert_eq!(Book::begin(frame(&number)).map(|book| book.checksum()), Ok(2_178_756_498));
    let mut book = Book::begin(frame(&spelled.replace(r#","cs":2178756498"#, ""))).unwrap();
    book.change(frame(UPDATE)).unwrap();
    assert_eq!(book.asks.len(), 2, "16919.0 goes however it was spelled");
}

type Plain = Vec<(Decimal, Lots)>;

/// A book without any thought: all levels in maps, sorted and checked when asked.
#[derive(Default)]
struct Naive([BTreeMap<Decimal, (Lots, String)>; 2]);

impl Naive {
    fn take(&mut self, rows: [&[(i64, i64)]; 2]) {
        for (side, rows) in self.0.iter_mut().zip(rows) {
            for (tenths, lots) in rows {
                let price = Decimal::new(*tenths, 1);
                if *lots == 0 {
                    side.remove(&price);
                } else {
                    side.insert(price, (*lots, format!("{price}:{lots}")));
                }
            }
        }
    }

    fn sides(&self) -> [Plain; 2] {
        let bids = self.0[0].iter().rev().map(|(price, (lots, _))| (*price, *lots)).collect();
        let asks = self.0[1].iter().map(|(price, (lots, _))| (*price, *lots)).collect();
        [bids, asks]
    }

    fn checksum(&self) -> u32 {
        let asks: Vec<&str> = self.0[1].values().take(10).map(|(_, spelled)| spelled.as_str()).collect();
        let bids: Vec<&str> =
            self.0[0].values().rev().take(10).map(|(_, spelled)| spelled.as_str()).collect();
        let mut crc = u32::MAX;
        for byte in format!("{}|{}", asks.join(","), bids.join(",")).bytes() {
            crc ^= u32::from(byte);
            for _bit in 0..8 {
                crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
            }
        }
        !crc
    }
}

fn text(action: &str, seq: u64, rows: [&[(i64, i64)]; 2], checksum: u32) -> String {
    let side = |rows: &[(i64, i64)]| {
        let row = |(tenths, lots): &(i64, i64)| format!(r#"["{}","{lots}"]"#, Decimal::new(*tenths, 1));
        rows.iter().map(row).collect::<Vec<_>>().join(",")
    };
    format!(
        r#"{{"type":"ob_updates","action":"{action}","sy":"X","b":[{}],"a":[{}],"seq":{seq},"cs":{checksum},"ts":{}}}"#,
        side(rows[0]),
        side(rows[1]),
        NOW.0
    )
}

fn changes() -> impl Strategy<Value = Vec<(i64, i64)>> {
    // Few prices, so that levels are changed and removed; a third of the sizes is none.
    prop::collection::vec((1_i64..40, (0_i64..9).prop_map(|lots| (lots - 2).max(0) * 11)), 0..12)
}

proptest! {
    /// Whatever changes, the kept book is the naive one, level by level and in its checksum; a change that is left out,
    /// doubled or has another size is noticed at once.
    #[test]
    fn the_book_is_the_naive_one(
        begin in (changes(), changes()),
        rounds in prop::collection::vec((changes(), changes()), 1..12),
        spoiled in 0_usize..12,
    ) {
        let mut naive = Naive::default();
        naive.take([&begin.0, &begin.1]);
        let mut seq = 6_199;
        let snapshot = text("snapshot", seq, [&begin.0, &begin.1], naive.checksum());
        let mut book = Book::begin(frame(&snapshot)).unwrap();
        for (round, (bids, asks)) in rounds.iter().enumerate() {
            naive.take([bids, asks]);
            seq += 1;
            let update = text("update", seq, [bids, asks], naive.checksum());
            let again = book.clone().change(frame(&text("update", seq - 1, [bids, asks], naive.checksum())));
            prop_assert_eq!(again, Err(BookFault::Gap { expected: seq, came: seq - 1 }));
            if round == spoiled {
                let mut other = book.clone();
                let wrong = text("update", seq, [bids, asks], naive.checksum() ^ 1);
                prop_assert!(other.change(frame(&wrong)).is_err());
            }
            book.change(frame(&update)).unwrap();
            let (bids, asks) = book.levels();
            let plain = |levels: Vec<Level>| levels.into_iter().map(|l| (l.price, l.lots)).collect::<Plain>();
            prop_assert_eq!([plain(bids), plain(asks)], naive.sides());
        }
        let skipped = text("update", seq + 2, [&[], &[]], naive.checksum());
        prop_assert_eq!(book.change(frame(&skipped)), Err(BookFault::Gap { expected: seq + 1, came: seq + 2 }));
    }
}
