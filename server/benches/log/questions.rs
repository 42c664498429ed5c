//! The same questions to both, with the time each takes and a look at whether they say the same.

use std::time::Instant;

use server::store::telemetry::{Filter, TelemetryStore};
use telemetry::{Level, Micros};

use super::{DAY_US, DAYS, Rows};

struct Question {
    name: &'static str,
    filter: Filter,
    /// The same for the rows.
    condition: &'static str,
    since: Micros,
}

fn questions(now: Micros) -> Vec<Question> {
    let (always, day) = (Micros(0), Micros(now.0 - DAY_US));
    let none = Filter::default();
    let question = |name, filter: Filter, condition, since: Micros| Question {
        name,
        filter: Filter { from: (since.0 > 0).then_some(since), ..filter },
        condition,
        since,
    };
    let word = |text: &str| Some(text.to_owned());
    vec![
        question("the latest 100", none.clone(), "TRUE", always),
        question("errors", Filter { level: Some(Level::Error), ..none.clone() }, "level >= 4", always),
        question(
            "one event, last 24 h",
            Filter { event: word("order.filled"), ..none.clone() },
            "event = 'order.filled'",
            day,
        ),
        question(
            "one session",
            Filter { session_id: word("s-000007"), ..none.clone() },
            "session_id = 's-000007'",
            always,
        ),
        question(
            "one correlation id",
            Filter { correlation_id: word("00000000000000000000000000000000"), ..none.clone() },
            "correlation_id = '00000000000000000000000000000000'",
            always,
        ),
        question(
            "a rare word, last 24 h",
            Filter { q: word("NEEDLE"), ..none.clone() },
            "(LOWER(event) LIKE '%needle%' OR LOWER(message) LIKE '%needle%')",
            day,
        ),
        question(
            "a rare word, everywhere",
            Filter { q: word("NEEDLE"), ..none.clone() },
            "(LOWER(event) LIKE '%needle%' OR LOWER(message) LIKE '%needle%')",
            always,
        ),
        question(
            "a word that is not there, last 24 h",
            Filter { q: word("unheard of"), ..none },
            "(LOWER(event) LIKE '%unheard of%' OR LOWER(message) LIKE '%unheard of%')",
            day,
        ),
    ]
}

/// Each is asked twice, and the second time counts.
pub async fn ask(store: &TelemetryStore, rows: &mut Rows, now: Micros) {
    println!("  {:<40} {:>12} {:>12} {:>8}", "question", "files ms", "rows ms", "found");
    for question in questions(now) {
        let mut took = (0.0, 0.0);
        let mut found = (0, 0);
        for _ in 0..2 {
            let began = Instant::now();
            found.0 = all(store, &question.filter).await;
            took.0 = began.elapsed().as_secs_f64() * 1e3;
            let began = Instant::now();
            found.1 = rows.page(question.condition, question.since).await;
            took.1 = began.elapsed().as_secs_f64() * 1e3;
        }
        told(question.name, took, found);
    }
    let since = Micros(now.0 - DAYS * DAY_US);
    let step_us = DAYS * DAY_US / 60;
    let (mut took, mut found) = ((0.0, 0.0), (0, 0));
    for _ in 0..2 {
        let filter = Filter { from: Some(since), ..Filter::default() };
        let began = Instant::now();
        found.0 =
            store.histogram(&filter, since, step_us).await.unwrap_or_else(|error| panic!("{error}")).len();
        took.0 = began.elapsed().as_secs_f64() * 1e3;
        let began = Instant::now();
        found.1 = rows.histogram(since, step_us).await;
        took.1 = began.elapsed().as_secs_f64() * 1e3;
    }
    told("histogram of all, 60 columns", took, found);
    let mut took = (0.0, 0.0);
    for _ in 0..2 {
        // A step that is no whole minute: rows of the index are counted, as everything was before there were minutes.
        let filter = Filter { from: Some(since), ..Filter::default() };
        let began = Instant::now();
        found.0 = store
            .histogram(&filter, since, step_us - 1)
            .await
            .unwrap_or_else(|error| panic!("{error}"))
            .len();
        took.0 = began.elapsed().as_secs_f64() * 1e3;
    }
    told("the same without counts of minutes", (took.0, 0.0), (found.0, found.0));
    for _ in 0..2 {
        let began = Instant::now();
        found.0 = store.errors(&Filter::default()).await.unwrap_or_else(|error| panic!("{error}")).len();
        took.0 = began.elapsed().as_secs_f64() * 1e3;
        let began = Instant::now();
        found.1 = rows.errors().await;
        took.1 = began.elapsed().as_secs_f64() * 1e3;
    }
    told("groups of errors", took, found);
}

fn told(name: &str, took: (f64, f64), found: (usize, usize)) {
    let same = if found.0 == found.1 { found.0.to_string() } else { format!("{} / {}", found.0, found.1) };
    println!("  {name:<40} {:>12.1} {:>12.1} {same:>8}", took.0, took.1);
}

/// A page; a search that had no more time is gone on with.
async fn all(store: &TelemetryStore, filter: &Filter) -> usize {
    let (mut found, mut after) = (0, None);
    loop {
        let page = store.page(filter, after, 100 - found).await.unwrap_or_else(|error| panic!("{error}"));
        found += page.lines.len();
        after = page.next;
        if after.is_none() || page.looked_to.is_none() || found >= 100 {
            return found;
        }
    }
}
