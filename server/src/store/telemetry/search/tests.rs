//! What is found, in what time, and what becomes of a search that nobody waits for.

use std::future::Future as _;

use proptest::prelude::*;

use super::*;

fn line(event: &str, message: &str) -> String {
    LogRecord { event: event.to_owned().into(), message: message.to_owned(), ..LogRecord::default() }
        .to_line()
}

fn found(lines: &[String], q: &str) -> Vec<usize> {
    let needle = Needle::new(q);
    let bytes: Vec<u8> = lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect();
    let mut found = Vec::new();
    needle.candidates(&bytes, |begins, ends| {
        let line = &bytes[begins..ends];
        if needle.is_in(&Head::of(line).unwrap(), line) {
            found.push(lines.iter().position(|known| known.as_bytes() == line).unwrap());
        }
        true
    });
    found
}

/// A log of some pieces, every fiftieth line a needle.
async fn haystack(dir: &std::path::Path) -> TelemetryStore {
    let config = crate::config::DatabaseConfig { slow_statement_ms: 10_000, slow_acquire_ms: 10_000 };
    let teller = crate::telling::Teller::new(telemetry::Level::Fatal, 16);
    let store = TelemetryStore::own(dir, teller, &config).await.unwrap();
    for group in 0..30 {
        let record = |n: usize| LogRecord {
            event: "cycle.noted".into(),
            event_id: format!("{group}-{n}"),
            message: format!("{} {}", if n == 7 { "a needle" } else { "hay" }, "x".repeat(10_000)),
            ..LogRecord::default()
        };
        let group = super::super::Group::from_iter((0..50).map(record));
        store.append(&group).await.unwrap();
    }
    store
}

#[tokio::test]
async fn a_search_without_time_says_how_far_it_looked_and_goes_on_from_there() {
    let dir = tempfile::tempdir().unwrap();
    let store = haystack(dir.path()).await;
    let filter = Filter { q: Some("NEEDLE".to_owned()), ..Filter::default() };
    let (mut found, mut after, mut pages) = (std::collections::BTreeSet::new(), None, 0);
    loop {
        let page = store.search_within(&filter, after, 1_000, Duration::ZERO).await.unwrap();
        pages += 1;
        assert_eq!(page.looked_to.is_some(), page.next.is_some(), "it says how far it looked");
        for line in page.lines {
            assert!(found.insert(LogRecord::from_line(&line).unwrap().event_id), "once");
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert!(found.len() == 30 && pages > 2, "{} in {pages} pages", found.len());
    assert_eq!(store.search_within(&filter, None, 1_000, LONGEST).await.unwrap().lines.len(), 30);
}

#[tokio::test]
async fn a_search_that_nobody_waits_for_ends_and_gives_its_turn_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = haystack(dir.path()).await;
    let over = Arc::new(AtomicBool::new(false));
    drop(Waited(Arc::clone(&over)));
    let search = Search {
        log: store.log.clone(),
        filter: Filter::default(),
        needle: Needle::new("needle"),
        limit: 1_000,
        over,
        until: Instant::now() + LONGEST,
    };
    let page = search.run(store.log.end() + 1);
    assert!(page.lines.is_empty() && page.next.is_some(), "it looks at nothing any more");
    // Who asks and goes away before the answer, again and again, takes no turn from anybody.
    let filter = Filter { q: Some("needle".to_owned()), ..Filter::default() };
    for _ in 0..20 {
        let mut asked = Box::pin(store.search(&filter, None, 1_000));
        std::future::poll_fn(|context| {
            let _ = asked.as_mut().poll(context);
            std::task::Poll::Ready(())
        })
        .await;
    }
    assert_eq!(store.search(&filter, None, 1_000).await.unwrap().lines.len(), 30);
}

#[test]
fn any_case_of_any_script_is_found_and_nothing_beside_event_and_message() {
    let lines = [
        line("order.filled", "Sold at 617.0"),
        line("cycle.started", "Größe 7 \"quoted\"\\ 日本"),
        line("ui.log", "ÜBER ALLES\tend"),
    ];
    for (q, expected) in [
        ("ORDER.f", vec![0]),
        ("617.0", vec![0]),
        ("GRÖSSE", vec![]),
        ("grÖße", vec![1]),
        ("\"QUOTED\"\\", vec![1]),
        ("日本", vec![1]),
        ("über", vec![2]),
        ("s\te", vec![2]),
        ("tend", vec![]),
        ("backend", vec![]),
        ("correlation_id", vec![]),
    ] {
        assert_eq!(found(&lines, q), expected, "{q}");
    }
}

proptest! {
    /// Catches: a byte that is looked for at the wrong place, a line that is passed over.
    #[test]
    fn what_a_slow_reader_finds_is_found(
        messages in prop::collection::vec("[aAbB\"\\\\ é\\n]{0,6}", 1..8), q in "[aAb\"\\\\ é]{1,3}",
    ) {
        let lines: Vec<String> = messages.iter().enumerate().map(|(n, text)| line(&format!("e{n}.x"), text)).collect();
        let slow: Vec<usize> = (0..messages.len()).rev()
            .filter(|n| messages[*n].to_lowercase().contains(&q.to_lowercase())).collect();
        prop_assert_eq!(found(&lines, &q), slow);
    }
}
