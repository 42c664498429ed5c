//! Recordings that are read, and those that are refused.

use super::*;

const T: i64 = 1_788_431_318_000_000;

fn spot(second: i64, price: &str) -> String {
    line(
        T + second * SECOND_US + 7,
        &json!({ "type": "spot_price", "sy": ".DEXBTUSD", "p": price, "ts": T + second * SECOND_US })
            .to_string(),
    )
}

fn top(second: i64, bid: &str, ask: &str) -> String {
    let frame = json!({ "type": "ob_l1", "sy": "C-1", "bp": bid, "bs": "5", "ap": ask, "as": "6", "ts": T + second * SECOND_US });
    line(T, &frame.to_string())
}

fn file(lines: &[String]) -> String {
    [vec![head("ws://x", T)], lines.to_vec()].concat().iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_index_is_read_at_the_venues_times_and_a_torn_line_is_left_out() {
    let lines = [
        event(T, "connected", ""),
        spot(0, "45832"),
        spot(1, "45833.46"),
        line(T, "{\"type\":\"ob_l1\",\"ap\":\"4"),
        event(T, "lost", "closed"),
        head("ws://x", T),
        spot(1, "45833.46"),
        spot(0, "45832"),
        spot(130, "45900"),
        top(1, "10", "11"),
        top(3, "0", "12.5"),
        top(2, "9", "9"),
    ];
    let mut text = file(&lines);
    let whole = Recording::parse(text.as_bytes()).unwrap();
    assert_eq!(whole.index, [(T, 458_320), (T + SECOND_US, 458_335), (T + 130 * SECOND_US, 459_000)]);
    assert_eq!((whole.silences, whole.torn), (Some((1, T + SECOND_US)), false));
    let ask = |second: i64| whole.quote_at("C-1", T + second * SECOND_US).map(|quote| (quote.bid, quote.ask));
    let d = |text: &str| text.parse().ok();
    assert_eq!([ask(0), ask(1), ask(2)], [None, Some((d("10"), d("11"))), Some((d("10"), d("11")))]);
    assert_eq!(ask(9), Some((None, d("12.5"))), "nobody bids");
    text.push_str("{\"received_us\":17,\"frame\":{\"type\":\"spot_pri");
    assert_eq!(whole_lines(text.as_bytes()), text.rfind('\n').unwrap() + 1);
    assert_eq!(Recording::parse(text.as_bytes()).unwrap(), Recording { torn: true, ..whole });
}

#[test]
fn what_is_no_recording_is_refused_in_one_sentence() {
    let none = "there are no two spot_price frames of .DEXBTUSD, which a tape is played from";
    for (text, why) in [
        (file(&[]), none),
        (file(&[spot(0, "45832")]), none),
        (file(&[spot(0, "45832"), spot(0, "45833")]), none),
        (
            "{\"a\":1}\n".to_owned(),
            "line 1: is no head of a recording, must have \"tape\":\"deltascope tape\"",
        ),
        (
            "{\"tape\":\"deltascope tape\",\"version\":2}\n".to_owned(),
            "line 1: its version is 2, this program reads 1",
        ),
        (file(&["{\"frame\":{}}".to_owned()]), "line 2: received_us is missing, must be microseconds"),
        (
            file(&[spot(0, "0.07")]),
            "line 2: p: no option chain can be built for a price of 0.07, must be from 1334 to 356086",
        ),
        (file(&[spot(0, "x")]), "line 2: p is \"x\", must be a price"),
        (
            file(&[spot(0, "45832"), spot(200_000, "45832")]),
            "line 3: ts is 200000 s after the index before it, at most a day can be held",
        ),
        (
            file(&[line(1, "{\"type\":\"spot_price\",\"sy\":\".DEXBTUSD\",\"p\":\"45832\",\"ts\":5}")]),
            "line 2: ts is 5, must be microseconds",
        ),
    ] {
        assert_eq!(Recording::parse(text.as_bytes()).map(|_| ()), Err(why.to_owned()), "{text}");
    }
    let broken = Recording::parse(b"{\"tape\":\"deltascope tape\",\"version\":1}\n{\"a\n").unwrap_err();
    assert!(broken.starts_with("line 2: is no JSON: "), "{broken}");
    assert!(is_recording(b" {") && is_recording("\u{feff}{".as_bytes()) && !is_recording(b"time,open"));
}

#[test]
fn a_price_of_a_million_digits_makes_a_short_sentence() {
    let digits = "9".repeat(1_000_000);
    for price in [digits.clone(), format!("-{digits}"), format!("1.{digits}x")] {
        let why = Recording::parse(file(&[spot(0, &price), spot(1, "45832")]).as_bytes()).unwrap_err();
        assert!(why.contains("must be a price") && why.len() < 200, "{} bytes", why.len());
    }
}
