//! A recorder beside a venue of its own: cut connections, a kill, and a replay of what it wrote.

use std::sync::Arc;

use serde_json::json;
use simulator::recording::Recording;
use simulator::{Faults, Options, Tape, TapeEnd, TapeSource};
use tokio::sync::Notify;

use super::*;

async fn recorded(out: &Path, url: &str, enough: impl Fn(&Recording) -> bool) -> Kept {
    let arguments =
        Record { url: format!("{url}/public"), out: out.to_owned(), symbols: vec!["BTCUSD".to_owned()] };
    let done = Arc::new(Notify::new());
    let watched = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if Recording::parse(&std::fs::read(out).unwrap()).is_ok_and(|recording| enough(&recording)) {
                return done.notify_one();
            }
        }
    };
    let (kept, ()) = tokio::join!(record(&arguments, done.notified()), watched);
    kept.unwrap()
}

#[tokio::test]
async fn a_feed_is_recorded_over_cut_connections_and_a_kill_and_played_as_it_was() {
    let faults = "[[rule]]\nfault = \"socket_cut\"\nafter_s = 1\ntimes = 1";
    let faults = Some(Faults::parse(faults).unwrap());
    let options = Options { tape: TapeSource::Embedded, speed: 60, faults, ..Options::new(3) };
    let venue = simulator::start(options, |_| {}).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("feed.ndjson");
    let text = || std::fs::read_to_string(&out).unwrap();
    let kept = recorded(&out, &venue.ws_url, |_| text().matches("\"connected\"").count() == 2).await;
    assert_eq!(kept.connections, 2);
    assert!(text().contains("\"lost\""));

    // A killed recorder leaves a torn line; the next one begins in its place.
    let before = Recording::parse(text().as_bytes()).unwrap();
    OpenOptions::new().append(true).open(&out).unwrap().write_all(b"{\"received_us\":1,\"fra").unwrap();
    let wanted = before.index.len() + 5;
    recorded(&out, &venue.ws_url, |recording| recording.index.len() > wanted).await;
    let after = Recording::parse(text().as_bytes()).unwrap();
    assert!(!after.torn && after.index.starts_with(&before.index));
    assert!(!after.quotes["BTCUSD"].is_empty());

    // It plays at its own times.
    let tape = Tape::parse("feed", text().as_bytes()).unwrap();
    let first_us = after.index[0].0;
    for (at_us, units) in &after.index {
        assert_eq!(tape.index_at(at_us - first_us, TapeEnd::Hold), *units);
    }
    venue.shutdown().await;
}

#[test]
fn a_file_that_is_no_recording_is_not_written_over() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("prices.csv");
    std::fs::write(&out, "time,open\n").unwrap();
    let why = Out::open(&out, "ws://x").map(|_| ()).unwrap_err();
    assert!(why.ends_with("prices.csv is there and is no recording; name another file"), "{why}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "time,open\n");
}

#[test]
fn fills_are_compared_with_the_quotes_of_their_times() {
    let us = 1_788_431_318_000_000_i64;
    let index = |us: i64| json!({ "type": "spot_price", "sy": ".DEXBTUSD", "p": "45832", "ts": us });
    let top = json!({ "type": "ob_l1", "sy": "C-1", "bp": "10", "bs": "5", "ap": "11", "as": "5", "ts": us });
    let mut text = recording::head("ws://x", us) + "\n";
    for frame in [index(us), index(us + 1_000_000), top] {
        text += &(recording::line(us, &frame.to_string()) + "\n");
    }
    let tape = Recording::parse(text.as_bytes()).unwrap();
    let fill = |symbol: &str, side: &str, size: i64, price: &str, ms: i64| json!({ "product_symbol": symbol, "side": side, "size": size, "price": price, "created_at": (us + ms * 1_000).to_string() });
    let fills = json!({ "result": [fill("C-2", "buy", 1, "3", 9), fill("C-1", "sell", 30, "9.8", 20), fill("C-1", "buy", 10, "11.5", 5)] });
    let lines = report::lines(&tape, &fills).unwrap();
    assert_eq!(
        lines,
        [
            format!("{} C-1 buy 10 at 11.5: quoted 11, 0.5 worse, quote 5 ms old", us + 5_000),
            format!("{} C-1 sell 30 at 9.8: quoted 10, 0.2 worse, quote 20 ms old", us + 20_000),
            format!("{} C-2 buy 1 at 3: no quote was recorded", us + 9_000),
            "2 fills of 40 lots were 0.275 worse than quoted in the mean of their lots; 1 had no quote"
                .to_owned(),
        ]
    );
    assert_eq!(
        report::lines(&tape, &json!([{}])).unwrap_err(),
        "fill 1 lacks symbol, side, size, price or created_at"
    );
}
