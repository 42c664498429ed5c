//! Files from the field and what becomes of them.

use super::*;

/// `time,open,high,low,close` rows of these times.
fn rows(times: &[i64]) -> String {
    times.iter().map(|time| format!("{time},45832,45874,45820,45861\n")).collect()
}

const HEADER: &str = "time,open,high,low,close\n";
const T: i64 = 1_641_340_800;

/// Each file with the sentence that refuses it.
fn refuses(cases: Vec<(Vec<u8>, &str)>) {
    for (bytes, expected) in cases {
        let refused = read(&bytes).map(|file| file.bars.len());
        assert_eq!(refused, Err(expected.to_owned()), "{}", String::from_utf8_lossy(&bytes));
    }
}

/// Rows under a header.
fn of(text: &str) -> String {
    format!("{HEADER}{text}")
}

#[test]
fn rows_that_do_not_follow_each_other_minute_by_minute_are_refused() {
    let hourly = "time,open,high,low,close,volume\n1771963200,64406.0,64563.5,64290.0,64437.5,220987\n\
                  1771966800,64409.0,64409.0,63805.5,64016.0,299736\n1771970400,64002.0,64206.5,63949.5,64096.0,1\n";
    refuses(vec![
        (hourly.into(), "rows are 3,600 s apart, 60 wanted"),
        (rows(&[T, T + 1, T + 2]).into(), "rows are 1 s apart, 60 wanted"),
        (rows(&[T * 1_000, T * 1_000 + 500]).into(), "rows are 0.5 s apart, 60 wanted"),
        (of(&rows(&[T, T + 3_540, T])).into(), "line 4, column time: stands already in line 2"),
        (rows(&[T, T + 60, T + 60]).into(), "line 3, column time: stands already in line 2"),
        (
            rows(&[T, T - 60]).into(),
            "line 2, column time: is 60 s before the row above, rows must be in order of time",
        ),
        (
            rows(&[T, T + 60, T + 150]).into(),
            "line 3, column time: is 90 s after the row before, must be whole minutes",
        ),
        (
            rows(&[T, T + 60, T + 200_000 * 60]).into(),
            "line 3, column time: 199,998 minutes are missing before it, at most 1,440 can be held",
        ),
        (
            of("05.01.2022 00:00,45832,45874,45820,45861").into(),
            "line 2, column time: is \"05.01.2022 00:00\", must be Unix seconds, milliseconds or microseconds, \
             or like 2022-01-05T00:00:00Z",
        ),
        (
            of("17,45832,45874,45820,45861").into(),
            "line 2, column time: is \"17\", must be Unix seconds, milliseconds or microseconds, or like 2022-01-05T00:00:00Z",
        ),
    ]);
}

#[test]
fn prices_that_are_none_or_allow_no_chain_are_refused() {
    refuses(vec![
        (
            of("1641340800,0.0712,0.0714,0.0711,0.0713").into(),
            "line 2, column open: no option chain can be built for a price of 0.0712, must be from 1,334 to 356,086",
        ),
        (
            of("1641340800,100,101,99,100").into(),
            "line 2, column open: no option chain can be built for a price of 100, must be from 1,334 to 356,086",
        ),
        (
            of("1641340800,45000,450000,45000,45000").into(),
            "line 2, column high: no option chain can be built for a price of 450000, must be from 1,334 to 356,086",
        ),
        (
            of("1525496520,9853,9860,9854,9858").into(),
            "line 2, column low: is 9854.0, above the open of 9853.0",
        ),
        (
            of("1525496520,9853,9855,9850,9858").into(),
            "line 2, column high: is 9855.0, below the close of 9858.0",
        ),
        (of("1525496520,9853,9860,0,9858").into(), "line 2, column low: is 0, must be above 0"),
        (of("1525496520,9853,9860,-1,9858").into(), "line 2, column low: is -1, must be above 0"),
        (
            of("1641340800,\"45,832.01\",45874,45820,45861").into(),
            "line 2, column open: is \"45,832.01\", must be a number without commas in it",
        ),
        (of("1641340800,NaN,45874,45820,45861").into(), "line 2, column open: is NaN, must be a number"),
        (of("1641340800,45832,inf,45820,45861").into(), "line 2, column high: is inf, must be a number"),
        (of("1641340800,45832,,45820,45861").into(), "line 2, column high: is \"\", must be a number"),
        (
            format!("{HEADER}\n\n{}\n1641340860,x,45874,45820,45861\n", rows(&[T]).trim_end()).into(),
            "line 5, column open: is \"x\", must be a number",
        ),
    ]);
}

/// A digit that is missing, a column that stands twice, a file of another coin: none of it plays as Bitcoin's minute.
#[test]
fn what_is_readable_and_cannot_be_meant_is_refused() {
    let with =
        |name: &str| format!("unix,{name},open,high,low,close\n1641340800,ETH/USD,3832,3874,3820,3861\n");
    refuses(vec![
        (with("symbol").into(), "line 2, column symbol: is \"ETH/USD\", must be Bitcoin's"),
        (with("Pair").into(), "line 2, column symbol: is \"ETH/USD\", must be Bitcoin's"),
        (
            b"time,open,high,low,close,close\n1641340800,1,1,1,1,1\n".to_vec(),
            "line 1, column close: stands twice in the header",
        ),
        (
            of("1641340800,45832,145874,45820,45861").into(),
            "line 2, column high: is 145874.0, more than twice the low of 45820.0",
        ),
        (
            of("1641340800,45832,45874,45820,45861\n1641340860,4586,4590,4580,4585").into(),
            "line 3, column open: is 4586.0 a minute after a close of 45861.0, at most 50 % can be played",
        ),
        (
            of("1641340860,45832,45874,45820,45861\n1641340800,45832,45874,45820,45861").into(),
            "line 3, column time: is 60 s before the row above, rows must be in order of time",
        ),
        // Seconds and milliseconds in one file are the times that they say.
        (
            of("1641340800,45832,45874,45820,45861\n1641340890000,45832,45874,45820,45861").into(),
            "rows are 90 s apart, 60 wanted",
        ),
    ]);
    assert_eq!(read(with("note").as_bytes()).map(|file| file.bars.len()), Ok(1), "no column of symbols");
}

#[test]
fn files_of_another_form_are_refused_by_their_true_cause() {
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(HEADER.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let latin = [of("1641340800,45832,45874,45820,45861").into_bytes(), b"\n\xb7\n".to_vec()].concat();
    refuses(vec![
        (
            b"time;open;high;low;close\n1641340800;45832,01;45874,19;45820,00;45861,33\n".to_vec(),
            "line 1: columns are separated by semicolons, must be by commas",
        ),
        (
            b"\n1641340800;45832,01;45874,19;45820,00;45861,33\n".to_vec(),
            "line 2: columns are separated by semicolons, must be by commas",
        ),
        (
            b"time\topen\thigh\tlow\tclose\n".to_vec(),
            "line 1: columns are separated by tabs, must be by commas",
        ),
        (utf16, "the file is UTF-16 text, must be UTF-8"),
        (latin, "line 3: is no UTF-8 text"),
        (of(&format!("{}{HEADER}", rows(&[T]))).into(), "line 3: the header stands here a second time"),
        (of(&format!("{}# gap\n", rows(&[T]))).into(), "line 3: is a comment, must be a row of prices"),
        (b"# BTC\n".to_vec(), "line 1: is a comment, must be a header or a row"),
        (of("1641340800,45832,45874,45820").into(), "line 2, column close: is missing"),
        (
            b"https://example.org\n1641340800,1,1,1,1\n".to_vec(),
            "line 1, column time: is missing; the first line must be a row, or name time, open, high, low and close",
        ),
        (
            b"time,open,high,close\n1641340800,1,1,1\n".to_vec(),
            "line 1, column low: is missing; the first line must be a row, or name time, open, high, low and close",
        ),
        (HEADER.into(), "there is no row of time, open, high, low and close"),
        (Vec::new(), "there is no row of time, open, high, low and close"),
    ]);
}

#[test]
fn what_is_accepted_plays_every_row_at_its_own_time() {
    let binance = "45832.01,45874.19,45820.00,45861.33,21.1,1641340859999,967432.1,802,10.2,467000.1,0";
    let klines = |times: [i64; 3]| times.map(|time| format!("{time},{binance}\n")).concat();
    let quoted = "\"time\",\"open\",\"high\",\"low\",\"close\"\n\"1641340800\",\"45832\",\"45874\",\"45820\",\"45861\"\n\
                  \"1641340860\",\"45832\",\"45874\",\"45820\",\"45861\"\n\"1641340920\",\"45832\",\"45874\",\"45820\",\"45861\"\n";
    let plain = format!("{HEADER}{}", rows(&[T, T + 60, T + 120]));
    let cases: Vec<Vec<u8>> = vec![
        plain.clone().into(),
        klines([T * 1_000, T * 1_000 + 60_000, T * 1_000 + 120_000]).into(),
        klines([T * 1_000_000, T * 1_000_000 + 60_000_000, T * 1_000_000 + 120_000_000]).into(),
        quoted.into(),
        format!("\u{feff}{}", plain.replace('\n', "\r\n")).into(),
        plain.replace(",45832,", ",4.5832e4,").replace("1641340860,", "1641340860.0,").into(),
        "Unix,Date,Symbol,Open,High,Low,Close\n"
            .to_owned()
            .into_bytes()
            .into_iter()
            .chain(
                [T, T + 60, T + 120]
                    .map(|time| format!("{time},2022,BTC/USD,45832,45874,45820,45861\n"))
                    .concat()
                    .into_bytes(),
            )
            .collect(),
        format!("{plain}\n\n").into(),
        plain
            .replace("1641340800", "2022-01-05T00:00:00Z")
            .replace("1641340860", "2022-01-05 00:01:00")
            .into(),
        plain.trim_end().into(),
    ];
    for bytes in cases {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let file = read(&bytes).unwrap_or_else(|why| panic!("{why}: {text}"));
        assert_eq!((file.bars.len(), file.gaps), (3, None), "{text}");
        assert_eq!((file.bars[0].open, file.bars[0].low), (458_320, 458_200), "{text}");
    }
}

#[test]
fn a_gap_holds_the_last_close_and_is_told() {
    let file = read(rows(&[T, T + 60, T + 240, T + 300, T + 420]).as_bytes()).unwrap();
    assert_eq!(file.gaps, Some(Gaps { minutes: 3, places: 2, first_s: T + 120 }));
    assert_eq!(file.bars.len(), 8);
    let held = Bar { open: 458_610, high: 458_610, low: 458_610, close: 458_610 };
    assert_eq!([file.bars[2], file.bars[3], file.bars[6]], [held; 3]);
    assert_eq!(file.bars[4].open, 458_320);
}

#[test]
fn what_is_no_text_is_called_what_it_is() {
    let wide = |mark: &[u8], little: bool| -> Vec<u8> {
        let units = of(&rows(&[T])).encode_utf16().collect::<Vec<u16>>().into_iter();
        let bytes = units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
        mark.iter().copied().chain(bytes).collect()
    };
    let utf16 = "the file is UTF-16 text, must be UTF-8";
    refuses(vec![
        (
            [&[0x1f, 0x8b, 8, 0], rows(&[T]).as_bytes()].concat(),
            "the file is compressed (gzip), must be text",
        ),
        (b"PK\x03\x04\x14\0\0\0".to_vec(), "the file is compressed (zip), must be text"),
        (vec![0x28, 0xb5, 0x2f, 0xfd, 0], "the file is compressed (zstd), must be text"),
        (wide(&[0xff, 0xfe], true), utf16),
        (wide(&[0xfe, 0xff], false), utf16),
        (wide(&[], true), utf16),
        (wide(&[], false), utf16),
        ((0..=255).collect(), "the file is no text"),
    ]);
}

#[test]
fn a_quote_that_is_never_closed_makes_a_short_sentence() {
    let text = format!("\"{}", rows(&(0..1_000).map(|minute| T + 60 * minute).collect::<Vec<_>>()));
    let why = read(text.as_bytes()).map(|file| file.bars.len()).unwrap_err();
    assert!(why.len() < 300 && why.contains("a quote is not closed"), "{why}");
    refuses(vec![(
        "-60,45832,45874,45820,45861\n".into(),
        "line 1, column time: is \"-60\", must be Unix seconds, milliseconds or microseconds, or like 2022-01-05T00:00:00Z",
    )]);
}

#[test]
fn a_price_of_a_million_digits_makes_a_short_sentence() {
    let (zeros, nines) = ("0".repeat(1_000_000), "9".repeat(1_000_000));
    for cell in [
        format!("{nines}.0"),
        format!("-{nines}"),
        format!("0.{zeros}"),
        format!("0.{zeros}1"),
        format!("1{}.5", "0".repeat(300) + &zeros),
        format!("1.5{zeros}"),
        format!("{nines},"),
        format!("0.5{zeros}"),
        format!("0000000009{}", "1".repeat(200)),
    ] {
        let why = read(format!("1641340800,{cell},45874,45820,45861\n").as_bytes()).err();
        assert!(why.as_ref().is_none_or(|why| why.len() < 300), "{} bytes", why.unwrap().len());
    }
}
