//! Books that fail and come back, in virtual time.

use model::market::{Level, MarketSource};
use model::{Decimal, Lots};

use super::super::book::BookRow;
use super::*;

const A: &str = "C-BTC-48000-070122";

fn ms(at: i64) -> Micros {
    Micros(1_671_140_000_000_000 + at * 1_000)
}

fn frame(action: BookAction, seq: u64, at: i64, asks: &[(i64, Lots)]) -> BookFrame {
    let row = |(price, lots): &(i64, Lots)| BookRow {
        price: Decimal::from(*price),
        lots: *lots,
        spelled: format!("{price}:{lots}"),
    };
    let asks = asks.iter().map(row).collect();
    BookFrame {
        symbol: A.into(),
        action,
        asks,
        bids: Vec::new(),
        seq,
        checksum: None,
        made_at: ms(at),
        at: ms(at),
    }
}

fn view(at: i64, asks: &[(i64, Lots)]) -> Depth {
    let level = |(price, lots): &(i64, Lots)| Level { price: Decimal::from(*price), lots: *lots };
    let asks = asks.iter().map(level).collect();
    Depth { symbol: A.into(), bids: Vec::new(), asks, source: MarketSource::Stream, at: ms(at) }
}

fn begun() -> Books {
    let mut books = Books::default();
    books.follow(ms(0), &[A.into()]);
    let news = books.heard(ms(10), frame(BookAction::Snapshot, 7, 10, &[(5, 100), (6, 50)]));
    assert_eq!(news, Some(BookNews::Depth(view(10, &[(5, 100), (6, 50)]))));
    books
}

#[test]
fn a_change_that_is_missing_loses_the_book_until_its_snapshot_comes() {
    let mut books = begun();
    assert_eq!(books.heard(ms(20), frame(BookAction::Update, 7, 20, &[(5, 1)])), None, "was under way");
    let news = books.heard(ms(30), frame(BookAction::Update, 8, 30, &[(5, 0)]));
    assert_eq!(news, Some(BookNews::Depth(view(30, &[(6, 50)]))));
    let news = books.heard(ms(40), frame(BookAction::Update, 10, 40, &[(7, 1)]));
    assert_eq!(news, Some(BookNews::Lost(BookFault::Gap { expected: 9, came: 10 })));
    assert_eq!(books.book(&A.into()), None, "what is not believed is handed to nobody");
    assert_eq!(books.next_at(), Some(ms(40)), "asked for at once");
    assert_eq!(books.due(ms(40)), (vec![A.into()], Vec::new()));
    assert_eq!(books.due(ms(41)), (Vec::new(), Vec::new()), "and not again while it is under way");
    assert_eq!(books.heard(ms(50), frame(BookAction::Update, 11, 50, &[(7, 2)])), None);
    let news = books.heard(ms(90), frame(BookAction::Snapshot, 11, 90, &[(7, 2)]));
    assert_eq!(news, Some(BookNews::Restored { lost_ms: 50, depth: view(90, &[(7, 2)]) }));
    assert_eq!(books.next_at(), None);
}

#[test]
fn a_number_of_before_is_a_venue_that_began_anew_once_changes_were_heard() {
    let mut books = begun();
    books.heard(ms(20), frame(BookAction::Update, 8, 20, &[(5, 1)]));
    let news = books.heard(ms(30), frame(BookAction::Update, 1, 30, &[(5, 2)]));
    assert_eq!(news, Some(BookNews::Lost(BookFault::Gap { expected: 9, came: 1 })));
}

#[test]
fn a_book_that_fails_for_ever_is_asked_for_every_half_minute_and_told_once() {
    let mut books = begun();
    let (mut asked, mut told) = (Vec::new(), 0);
    for at in 0..600_000 {
        let (due, missing) = books.due(ms(at));
        told += missing.len();
        if !due.is_empty() {
            asked.push(at);
            let news = books.heard(ms(at), frame(BookAction::Error, 0, at, &[]));
            told += usize::from(news.is_some());
        } else if at == 100 {
            told += usize::from(books.heard(ms(at), frame(BookAction::Error, 0, at, &[])).is_some());
        }
    }
    assert_eq!(told, 1, "{asked:?}");
    assert!(asked.len() < 30 && asked[0] == 101, "{asked:?}");
    let pauses: Vec<i64> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.iter().all(|pause| *pause <= 30_000) && pauses.last() == Some(&30_000), "{pauses:?}");
}

#[test]
fn a_snapshot_that_never_comes_is_missed_after_five_seconds() {
    let mut books = Books::default();
    books.follow(ms(0), &[A.into()]);
    assert_eq!(books.due(ms(4_999)), (Vec::new(), Vec::new()));
    assert_eq!(books.due(ms(5_000)), (vec![A.into()], vec![A.into()]));
    let shown = books.shown(ms(5_500), view(5_500, &[(5, 1)]), ms(5_500));
    assert_eq!(shown, (Some(view(5_500, &[(5, 1)])), None), "the other channel stands in for it");
    let news = books.heard(ms(6_000), frame(BookAction::Snapshot, 3, 6_000, &[(5, 1)]));
    assert!(matches!(news, Some(BookNews::Restored { lost_ms: 1_000, .. })), "{news:?}");
}

#[test]
fn the_other_channel_confirms_goes_before_or_finds_it_stalled() {
    let mut books = begun();
    let same = [(5, 100), (6, 50)];
    let confirmed = books.shown(ms(9_000), view(9_000, &same), ms(10));
    assert_eq!(confirmed, (Some(view(9_000, &same)), None), "a quiet book is young again");
    assert_eq!(books.shown(ms(9_000), view(9_000, &[(4, 1)]), ms(9)), (None, None), "older than ours");
    let younger = view(1_000, &[(4, 1)]);
    assert_eq!(books.shown(ms(1_000), younger.clone(), ms(1_000)), (Some(younger), None));
    let later = view(2_010, &[(4, 1)]);
    let stalled = books.shown(ms(2_010), later.clone(), ms(2_010));
    assert_eq!(stalled, (Some(later), Some(BookFault::Stalled)));
    assert_eq!(books.next_at(), Some(ms(2_010)));
    let unknown = Depth { symbol: "X".into(), ..view(5, &[]) };
    assert_eq!(books.shown(ms(5), unknown.clone(), ms(5)), (Some(unknown), None), "not followed");
}

#[test]
fn what_is_not_watched_any_more_has_no_book() {
    let mut books = begun();
    books.follow(ms(20), &[]);
    assert_eq!((books.book(&A.into()), books.next_at()), (None, None));
    assert_eq!(books.heard(ms(30), frame(BookAction::Update, 8, 30, &[(5, 1)])), None);
}
