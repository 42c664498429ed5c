//! A process that is killed at any moment, and a file that is gone: figures are what they would have been.

use std::path::Path;

use model::decision::{MarketDecision, OrderDecision};
use model::ids::Code;
use model::input::{Link, LinkChange};
use model::kpis::kpis;
use model::order::{OrderRequest, Purpose, Side, TimeInForce};
use model::{ClientOrderId, Decimal, ProductId, Symbol};
use telemetry::CorrelationId;

use super::*;

const SECOND: i64 = 1_000_000;
const BEGIN: i64 = 1_000 * MINUTE;

fn request(id: u64) -> OrderRequest {
    OrderRequest {
        client_order_id: ClientOrderId(format!("o-{id}")),
        product_id: ProductId(139),
        symbol: Symbol::from("C-BTC-48000-070122"),
        side: Side::Sell,
        lots: 200,
        limit: Some(Decimal::ONE),
        time_in_force: TimeInForce::Ioc,
        reduce_only: false,
        purpose: Purpose::Entry,
        leg: 0,
        attempt: 1,
    }
}

fn rejected(id: u64) -> Decision {
    Decision::Order(OrderDecision::Rejected {
        client_order_id: ClientOrderId(format!("o-{id}")),
        symbol: Symbol::from("C-BTC-48000-070122"),
        side: Side::Sell,
        code: Code::from("insufficient_margin"),
        detail: None,
        attempt: 1,
    })
}

fn link(up: bool) -> Decision {
    let change = LinkChange { link: Link::Prices, up, code: Code::from("connected") };
    Decision::Market(MarketDecision::LinkChanged(change))
}

fn boot(id: &str) -> Decision {
    Decision::Account(AccountDecision::Booted { boot_id: id.to_owned() })
}

/// An order every ten seconds that ends seven seconds later, a stream that goes away twice.
fn journal() -> Vec<DecisionRecord> {
    let mut told: Vec<(i64, Decision)> = vec![(0, boot("one")), (SECOND, link(true))];
    for n in 0..30 {
        let at = 3 * SECOND + i64::try_from(n).unwrap() * 10 * SECOND;
        told.push((at, Decision::Order(OrderDecision::Submitted(request(n)))));
        told.push((at + 7 * SECOND, rejected(n)));
    }
    told.extend([(65 * SECOND, link(false)), (66 * SECOND, link(true)), (200 * SECOND, link(false))]);
    told.sort_by_key(|(at, _)| *at);
    let record = |(seq, (at, decision)): (u64, (i64, Decision))| DecisionRecord {
        boot_id: "one".to_owned(),
        seq,
        input_seq: seq,
        at: Micros(BEGIN + at),
        correlation_id: CorrelationId::from_bits(1),
        session_id: None,
        strategy_id: None,
        configuration: None,
        execution_mode: None,
        decision,
    };
    (1..).zip(told).map(record).collect()
}

fn open(dir: &Path) -> Book {
    let (file, spans, trouble) = SpanFile::open(dir, Micros(BEGIN));
    assert_eq!(trouble, None);
    let mut book = Book::new(file, spans);
    book.begin_at(1);
    book
}

/// Reads on as the keeper does, up to a decision.
fn follow(book: &mut Book, journal: &[DecisionRecord], until: u64) {
    let from = book.next_seq().unwrap();
    let page: Vec<_> = journal.iter().filter(|record| (from..until).contains(&record.seq)).cloned().collect();
    if !page.is_empty() {
        book.decisions(&page, until).unwrap();
    }
}

fn figures(book: &Book) -> model::kpis::Kpis {
    kpis(book.spans(), Micros(0), Micros(i64::MAX))
}

#[test]
fn killed_anywhere_orders_and_floors_are_counted_once_and_no_life_is_lost() {
    let journal = journal();
    let last = journal.len() as u64 + 1;
    let undisturbed = {
        let dir = tempfile::tempdir().unwrap();
        let mut book = open(dir.path());
        follow(&mut book, &journal, last);
        figures(&book)
    };
    assert_eq!((undisturbed.orders.submitted, undisturbed.orders.timelines.len()), (30, 30));
    for kill in 1..=last {
        for kept in [kill.saturating_sub(3).max(1), kill] {
            let dir = tempfile::tempdir().unwrap();
            let mut book = open(dir.path());
            follow(&mut book, &journal, kept);
            book.keep().unwrap();
            follow(&mut book, &journal, kill);
            // Nothing is closed: the process is gone.
            drop(book);
            let mut book = open(dir.path());
            follow(&mut book, &journal, last);
            let figures = figures(&book);
            assert_eq!(figures.orders, undisturbed.orders, "killed before {kill}, kept before {kept}");
            assert_eq!(
                figures.orders.timelines, undisturbed.orders.timelines,
                "killed before {kill}, kept before {kept}"
            );
        }
    }
}

#[test]
fn calls_that_were_kept_outlive_a_kill_and_are_not_counted_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut calls = Calls::default();
    calls.note("ok", Some(2_000));
    let count = |book: &Book| figures(book).venue.iter().map(|call| call.calls).sum::<u64>();
    let mut book = open(dir.path());
    for minute in 0..3 {
        let at = Micros(BEGIN + minute * MINUTE);
        book.pass(at).unwrap();
        book.calls(at, "GET /v2/positions".to_owned(), &calls);
        book.keep().unwrap();
    }
    drop(book);
    for _ in 0..3 {
        let book = open(dir.path());
        assert_eq!(count(&book), 3);
    }
    // One that was closed after it was kept is no second one.
    let mut book = open(dir.path());
    book.calls(Micros(BEGIN + 2 * MINUTE), "GET /v2/positions".to_owned(), &calls);
    book.keep().unwrap();
    book.close().unwrap();
    assert_eq!(count(&open(dir.path())), 4);
}

#[test]
fn without_its_file_everything_is_made_again_from_the_journal_and_nobody_watched_between_processes() {
    let mut journal = journal();
    let dead = BEGIN + 900 * SECOND;
    journal.retain(|record| record.at.0 < BEGIN + 190 * SECOND);
    let next = journal.len() as u64 + 1;
    let mut second = journal[0].clone();
    (second.seq, second.at) = (next, Micros(dead));
    journal.push(second);
    let dir = tempfile::tempdir().unwrap();
    let mut book = open(dir.path());
    follow(&mut book, &journal, next + 1);
    let figures = figures(&book);
    let prices = figures.streams.iter().find(|share| share.stream == "prices").unwrap();
    let watched = prices.watched_ms / 1_000;
    assert!((180..=190).contains(&watched), "not the ten minutes without a process: {watched}");
    assert_eq!(prices.losses, 1);
    assert_eq!((figures.orders.submitted, figures.orders.rejected), (19, 18));
    for span in book.spans() {
        let time = span.links.get("prices").copied().unwrap_or_default();
        assert!(time.watched_us <= MINUTE, "a minute has no more: {span:?}");
    }
}
