//! A venue on a price file: what is refused says why, what it holds over is told, and rows play at their times.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use simulator::{Level, Options, Tape, TapeEnd, TapeSource, Telling, start};

const T: i64 = 1_641_340_800;

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (directory, path)
}

#[tokio::test]
async fn a_file_that_cannot_be_played_stops_the_start_with_its_line() {
    let hourly = format!("{T},45832,45874,45820,45861\n{},45832,45874,45820,45861\n", T + 3_600);
    let cheap = b"time,open,high,low,close\n1641340800,0.0712,0.0714,0.0711,0.0713\n";
    for (bytes, why) in [
        (hourly.as_bytes(), "tape mine: rows are 3,600 s apart, 60 wanted"),
        (
            cheap.as_slice(),
            "tape mine: line 2, column open: no option chain can be built for a price of 0.0712, must be from 1,334 to 356,086",
        ),
    ] {
        let (_directory, path) = file("mine.csv", bytes);
        let options = Options { tape: TapeSource::File(path), ..Options::new(1) };
        assert_eq!(start(options, |_| {}).await.unwrap_err().to_string(), why);
    }
}

#[tokio::test]
async fn minutes_that_are_missing_are_told_at_the_start() {
    let rows = [0, 1, 4].map(|minute| format!("{},45832,45874,45820,45861\n", T + 60 * minute)).concat();
    let (_directory, path) = file("gaps.csv", rows.as_bytes());
    let told = Arc::new(Mutex::new(Vec::new()));
    let options = Options { tape: TapeSource::File(path), speed: 60, ..Options::new(1) };
    let tell = {
        let told = told.clone();
        move |telling: Telling| told.lock().unwrap().push(telling)
    };
    let venue = start(options, tell).await.unwrap();
    assert_eq!(venue.tape.as_deref(), Some("gaps"));
    venue.shutdown().await;
    let told = told.lock().unwrap();
    let note = told.iter().find(|telling| telling.name == "simulator.tape_gaps_held").unwrap();
    assert_eq!(note.level, Level::Warn);
    assert!(
        note.message.contains("tape gaps lacks: 2 in all, the first at 2022-01-05T00:02:00Z"),
        "{note:?}"
    );
}

#[test]
fn a_row_after_a_gap_plays_at_its_own_time() {
    let tape = Tape::parse(
        "t",
        format!(
            "{T},45832,45874,45820,45861\n{},46000,46100,45990,46050\n{},46050,46060,46040,46050\n",
            T + 180,
            T + 240
        )
        .as_bytes(),
    );
    let tape = tape.unwrap();
    assert_eq!(tape.length_us(), 5 * 60_000_000);
    let at = |second: i64| tape.index_at(second * 1_000_000, TapeEnd::Hold);
    assert_eq!([at(0), at(60), at(179), at(180), at(240)], [458_320, 458_610, 458_610, 460_000, 460_500]);
}

/// The lowest and the highest price that are accepted list strikes around spot, for both underlyings.
#[test]
fn at_both_ends_of_what_is_accepted_a_chain_is_built() {
    use simulator::chain::Contract;
    use simulator::{Exchange, Setup, Source, Underlying};
    for price in [1_334_i64, 356_000] {
        let row = format!("{T},{price},{price},{price},{price}\n");
        let tape = Tape::parse("t", row.as_bytes()).unwrap();
        let now_us = 1_789_992_001 * 1_000_000;
        let mut exchange = Exchange::new(Setup::new(1, Source::Tape(tape, TapeEnd::Hold), now_us));
        let products = exchange.products(now_us);
        for underlying in Underlying::ALL {
            let first = products
                .iter()
                .filter(|product| product.underlying == underlying)
                .find_map(|product| product.expiry_s());
            let calls = products
                .iter()
                .filter(|product| Some(true) == first.map(|first| product.expires_in(underlying, first)));
            let strikes: std::collections::BTreeSet<u32> = calls
                .filter_map(|product| match product.contract {
                    Contract::Option { strike, .. } => Some(strike),
                    Contract::Perpetual => None,
                })
                .collect();
            assert!(strikes.len() >= 2, "{underlying:?} at {price}: {strikes:?}");
        }
    }
}
