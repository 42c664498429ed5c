//! What frames and answers do not say is not zero, and what they say in another spelling is the same.

use std::collections::BTreeMap;

use model::fill::Fill;
use model::ids::{ClientOrderId, ProductId, Symbol, Underlying};
use model::input::{ExecutionReport, Input};
use model::market::MarketEvent;
use model::order::OrderStatus;
use server::venue::translate::{self, Heard, Translator};
use server::venue::wire;
use telemetry::Micros;

const AT: Micros = Micros(1_788_431_318_700_000);

fn inputs(frame: &str) -> Vec<Input> {
    match Translator::default().frame(frame, AT) {
        Ok(Heard::Inputs(inputs)) => inputs,
        other => panic!("{frame} → {other:?}"),
    }
}

/// An order frame of ours with these fields instead of the usual ones; `-` takes a field out.
fn order_frame(changes: &[(&str, &str)]) -> String {
    let mut fields = BTreeMap::from([
        ("type", r#""orders""#),
        ("symbol", r#""C-BTC-1""#),
        ("order_id", "1234"),
        ("client_order_id", r#""s1""#),
        ("size", "200"),
        ("unfilled_size", "0"),
        ("state", r#""closed""#),
    ]);
    for (name, value) in changes {
        match *value {
            "-" => fields.remove(name),
            value => fields.insert(name, value),
        };
    }
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
    format!("{{{}}}", fields.join(","))
}

/// The state that a frame gives our order, if it gives one.
fn status(frame: &str) -> Option<OrderStatus> {
    // Whatever was read of it, be the frame an error or not.
    let text = format!("{:?}", Translator::default().frame(frame, AT));
    [
        ("status: Filled", OrderStatus::Filled),
        ("status: PartiallyFilled", OrderStatus::PartiallyFilled),
        ("status: New", OrderStatus::New),
        ("status: Canceled", OrderStatus::Canceled),
    ]
    .into_iter()
    .find_map(|(word, status)| text.contains(word).then_some(status))
}

#[test]
fn a_frame_that_does_not_say_all_gives_our_order_no_state() {
    assert_eq!(status(&order_frame(&[])), Some(OrderStatus::Filled));
    for changes in [
        &[("unfilled_size", "-")] as &[(&str, &str)],
        &[("size", "-")],
        &[("size", "-"), ("unfilled_size", "-"), ("cancellation_reason", r#""x""#)],
        &[("unfilled_size", "null")],
        &[("unfilled_size", r#""""#)],
        &[("size", "0")],
        &[("size", "-200"), ("unfilled_size", "-200")],
        &[("unfilled_size", "-5")],
        &[("unfilled_size", "201")],
        &[("unfilled_size", "0.5")],
        &[("size", r#""many""#)],
        &[("size", "1e300")],
        &[("size", "99999999999999999999")],
        &[("state", r#""melted""#)],
        &[("state", r#""""#)],
        &[("state", "null")],
        &[("state", "-")],
        &[("state", r#""open""#), ("size", "0")],
        &[("state", r#""pending""#)],
        &[("order_id", "-")],
        &[("average_fill_price", r#""-1""#)],
        &[("state", r#""cancelled""#), ("size", "-")],
        &[("state", r#""cancelled""#), ("unfilled_size", "-")],
    ] {
        assert_eq!(status(&order_frame(changes)), None, "{changes:?}");
    }
}

#[test]
fn text_and_number_are_the_same_in_orders() {
    for changes in [
        &[("size", r#""200""#), ("unfilled_size", r#""0""#)] as &[(&str, &str)],
        &[("size", r#""200.000""#), ("unfilled_size", r#"" 0 ""#)],
        &[("order_id", r#""1234""#)],
    ] {
        assert_eq!(inputs(&order_frame(changes)), inputs(&order_frame(&[])), "{changes:?}");
    }
}

#[test]
fn an_order_of_ours_that_cannot_be_read_is_looked_up_and_its_neighbours_are_read() {
    let broken = order_frame(&[("unfilled_size", "-")]);
    let whole = order_frame(&[("client_order_id", r#""s2""#)]);
    let frame = format!(r#"{{"type":"orders","action":"snapshot","result":[{broken},{whole}]}}"#);
    let heard = format!("{:?}", Translator::default().frame(&frame, AT));
    assert!(heard.contains(r#"Ambiguous { client_order_id: ClientOrderId("s1")"#), "{heard}");
    assert!(heard.contains(r#"client_order_id: ClientOrderId("s2")"#), "{heard}");
    assert!(heard.contains("unfilled_size"), "what failed is told: {heard}");
}

#[test]
fn an_absent_list_is_no_empty_one() {
    for frame in [
        r#"{"type":"orders","action":"snapshot"}"#,
        r#"{"type":"orders","action":"snapshot","result":null}"#,
        r#"{"type":"orders","action":"snapshot","result":{}}"#,
        r#"{"type":"ob_l2","sy":"X","a":[["5","1"]]}"#,
        r#"{"type":"ob_l2","sy":"X","a":[["5","1"]],"b":null}"#,
        r#"{"type":"ob_l1","sy":"X"}"#,
        r#"{"type":"ob_l1","sy":"X","ap":"5","as":"1"}"#,
        r#"{"type":"ticker","sy":"X"}"#,
        r#"{"type":"ticker","sy":"X","d":[{"s":"X"}]}"#,
        r#"{"type":"mark_price","sy":"MARK:X"}"#,
        r#"{"type":"spot_price","sy":".DEXBTUSD"}"#,
        r#"{"type":"subscriptions"}"#,
        r#"{"type":"subscriptions","channels":[{"symbols":[]}]}"#,
    ] {
        let heard = Translator::default().frame(frame, AT);
        assert!(heard.is_err(), "{frame} → {heard:?}");
    }
}

#[test]
fn odd_prices_and_sizes_are_errors() {
    let top = |ap: &str, size: &str| {
        format!(r#"{{"type":"ob_l1","sy":"X","ap":{ap},"as":{size},"bp":null,"bs":null}}"#)
    };
    for frame in [
        top(r#""-5""#, "1"),
        top("5", "-1"),
        top("5", "null"),
        top("5", r#""""#),
        top("5", "1.5"),
        top(r#""1e25""#, "1"),
        top("5", "99999999999999999999999"),
        r#"{"type":"ob_l2","sy":"X","a":[["5","-1"]],"b":[]}"#.to_owned(),
        r#"{"type":"ob_l2","sy":"X","a":[["5",null]],"b":[]}"#.to_owned(),
        r#"{"type":"mark_price","sy":"MARK:X","p":"-1"}"#.to_owned(),
        r#"{"type":"mark_price","sy":"MARK:X","p":"1e20"}"#.to_owned(),
        r#"{"type":"spot_price","sy":".DEXBTUSD","p":"-45000"}"#.to_owned(),
        r#"{"type":"ticker","sy":"X","d":[{"s":"X","m":"5","pb":["9","1"]}]}"#.to_owned(),
        r#"{"type":"ticker","sy":"X","d":[{"s":"X","m":"-5"}]}"#.to_owned(),
    ] {
        let heard = Translator::default().frame(&frame, AT);
        assert!(heard.is_err(), "{frame} → {heard:?}");
    }
    for (ap, size) in [("null", "null"), (r#""""#, r#""""#), (r#""0""#, r#""0""#), ("0", "5"), ("5", "0")] {
        let Input::Market { events } = inputs(&top(ap, size)).remove(0) else { panic!("prices") };
        let [MarketEvent::Quote(quote)] = events.as_slice() else { panic!("a quote") };
        assert_eq!((quote.ask, quote.bid), (None, None), "{ap} {size} is no offer");
    }
}

const TRADE: &str = r#"{"type":"v2/user_trades","sy":"BTCUSD","f":ID,"R":"normal","u":1998,"o":3283999,"S":"buy","s":190,"p":"17289.2","po":5,"r":"taker","c":"GA123","t":1685794274866438,"se":4}"#;
const FILL: &str = r#"{"commission":"0.0083","created_at":"2023-06-03T12:11:14.866438Z","fill_type":"normal","id":ID,"order_id":"3283999","price":"17289.2","product_id":27,"product_symbol":"BTCUSD","role":"taker","side":"buy","size":190}"#;

fn streamed(frame: &str) -> Result<Fill, String> {
    match Translator::default().frame(frame, AT).map_err(|failed| format!("{failed:?}"))? {
        Heard::Inputs(inputs) => match inputs.as_slice() {
            [Input::Execution(ExecutionReport::Fill(fill))] => Ok(fill.clone()),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn read(row: &str) -> Result<Fill, String> {
    let row: wire::Fill = serde_json::from_str(row).map_err(|error| error.to_string())?;
    translate::fill(&row, &BTreeMap::new())
}

#[test]
fn one_fill_is_one_fill_through_whatever_door_and_in_whatever_spelling() {
    let spellings = [
        r#""e7ff05c2-33a7-4245-b723-81f8dd91d1ce""#,
        r#""e7ff05c233a74245b72381f8dd91d1ce""#,
        r#""E7FF05C233A74245B72381F8DD91D1CE""#,
        r#"" E7FF05C2-33A7-4245-B723-81F8DD91D1CE ""#,
    ];
    let numbers = ["152999629", r#""152999629""#, r#"" 152999629""#];
    for alike in [&spellings as &[&str], &numbers] {
        let first = streamed(&TRADE.replace("ID", alike[0])).unwrap().id;
        for id in alike {
            let streamed = streamed(&TRADE.replace("ID", id)).unwrap();
            let read = read(&FILL.replace("ID", id)).unwrap();
            assert_eq!((&streamed.id, &read.id), (&first, &first), "{id}");
            assert_eq!((streamed.lots, streamed.price, streamed.at), (read.lots, read.price, read.at));
            assert_eq!(streamed.order_id, read.order_id);
            assert_eq!(
                (streamed.fee, read.fee.map(|fee| fee.to_string())),
                (None, Some("0.0083".to_owned()))
            );
        }
    }
    for id in ["null", r#""""#, r#"" - ""#, "1.5", "true"] {
        assert!(streamed(&TRADE.replace("ID", id)).is_err(), "{id}");
        assert!(read(&FILL.replace("ID", id)).is_err(), "{id}");
    }
}

#[test]
fn a_fill_that_does_not_say_all_is_an_error() {
    for (from, to) in [
        (r#""s":190"#, r#""s":0"#),
        (r#""s":190"#, r#""s":-190"#),
        (r#""s":190"#, r#""s":null"#),
        (r#""s":190,"#, ""),
        (r#""p":"17289.2""#, r#""p":"0""#),
        (r#""p":"17289.2""#, r#""p":"-1""#),
        (r#""p":"17289.2""#, r#""p":"""#),
        (r#""R":"normal","#, ""),
        (r#""R":"normal""#, r#""R":"airdrop""#),
        (r#""S":"buy""#, r#""S":"BUY?""#),
        (r#""t":1685794274866438"#, r#""t":1685794274"#),
        (r#""t":1685794274866438"#, r#""t":0"#),
        (r#""o":3283999"#, r#""o":null"#),
    ] {
        let frame = TRADE.replace("ID", "1").replace(from, to);
        assert!(streamed(&frame).is_err(), "{frame}");
    }
    for (from, to) in [
        (r#""size":190"#, r#""size":"0""#),
        (r#""size":190"#, r#""size":-190"#),
        (r#","size":190"#, ""),
        (r#""price":"17289.2","#, ""),
        (r#""price":"17289.2""#, r#""price":"0""#),
        (r#""order_id":"3283999","#, ""),
        (r#""order_id":"3283999""#, r#""order_id":"""#),
        (r#""fill_type":"normal","#, ""),
        (r#""fill_type":"normal""#, r#""fill_type":"airdrop""#),
        (r#""created_at":"2023-06-03T12:11:14.866438Z""#, r#""created_at":1685794274"#),
        (r#""created_at":"2023-06-03T12:11:14.866438Z""#, r#""created_at":null"#),
    ] {
        let row = FILL.replace("ID", "1").replace(from, to);
        assert!(read(&row).is_err(), "{row}");
    }
    let settled = FILL.replace("ID", "1").replace("normal", "settlement").replace("17289.2", "0");
    assert!(read(&settled).is_ok_and(|fill| fill.settlement && fill.price.is_zero()), "worthless");
    let number = FILL.replace("ID", "1").replace(r#""2023-06-03T12:11:14.866438Z""#, "1685794274866438");
    assert_eq!(read(&number), read(&FILL.replace("ID", "1")), "a time as a number");
}

#[test]
fn a_rebate_stays_negative() {
    let row = FILL.replace("ID", "1").replace(r#""0.0083""#, r#""-0.0021000""#);
    assert_eq!(read(&row).unwrap().fee.map(|fee| fee.to_string()), Some("-0.0021".to_owned()));
    let unknown = FILL.replace("ID", "1").replace(r#""commission":"0.0083","#, "");
    assert_eq!(read(&unknown).unwrap().fee, None);
}

#[test]
fn an_answer_about_another_order_is_none() {
    let answer = r#"{"id":7,"client_order_id":"s2","size":5,"unfilled_size":0,"state":"closed"}"#;
    let order: wire::Order = serde_json::from_str(answer).unwrap();
    assert!(translate::order_snapshot(&order, &ClientOrderId::from("s1")).is_err());
    assert!(translate::order_snapshot(&order, &ClientOrderId::from("s2")).is_ok());
}

#[test]
fn an_open_order_says_whether_it_only_reduces() {
    let order = |more: &str| {
        let text = format!(
            r#"{{"id":7,"product_id":"27","product_symbol":"C-BTC-1","side":"buy","size":5,"unfilled_size":5,"state":"open"{more}}}"#
        );
        translate::open_order(&serde_json::from_str::<wire::Order>(&text).map_err(|error| error.to_string())?)
    };
    for (more, reduces) in [(r#","reduce_only":true"#, true), (r#","reduce_only":"false""#, false)] {
        let order = order(more).unwrap().unwrap();
        assert_eq!((order.reduce_only, order.product_id), (reduces, ProductId(27)), "{more}");
    }
    for more in ["", r#","reduce_only":null"#, r#","reduce_only":"maybe""#, r#","reduce_only":1"#] {
        assert!(order(more).is_err(), "{more}");
    }
}

#[test]
fn terms_that_cannot_be_are_errors() {
    let product = r#"{"id":7,"symbol":"C-BTC-48000-070122","contract_type":"call_options","settlement_time":"2022-01-07T12:00:00Z","strike_price":"48000","tick_size":"0.1","contract_value":"0.001","taker_commission_rate":"0.0001","initial_margin":"1","maintenance_margin":"0.5","product_specs":{"premium_commission_rate":0.035}}"#;
    let read = |text: &str| {
        let product: wire::Product = serde_json::from_str(text).unwrap();
        translate::instrument(&product, &Underlying::from("BTC"))
    };
    assert!(read(product).unwrap().is_some_and(|option| option.symbol == Symbol::from("C-BTC-48000-070122")));
    for (from, to) in [
        (r#""tick_size":"0.1""#, r#""tick_size":"0""#),
        (r#""tick_size":"0.1""#, r#""tick_size":"-0.1""#),
        (r#""contract_value":"0.001""#, r#""contract_value":"0""#),
        (r#""strike_price":"48000""#, r#""strike_price":"""#),
        (r#""taker_commission_rate":"0.0001""#, r#""taker_commission_rate":"-1""#),
        (r#""premium_commission_rate":0.035"#, r#""premium_commission_rate":null"#),
        (r#""symbol":"C-BTC-48000-070122""#, r#""symbol":"X""#),
    ] {
        let text = product.replace(from, to);
        assert!(read(&text).is_err(), "{text}");
    }
}

#[test]
fn a_ticker_without_quotes_says_nothing_of_offers() {
    let ticker: wire::Ticker = serde_json::from_str(r#"{"symbol":"X","mark_price":"5"}"#).unwrap();
    let events = translate::ticker(&ticker, AT).unwrap();
    assert!(matches!(events.as_slice(), [MarketEvent::Mark(_)]), "{events:?}");
}

#[test]
fn a_frame_that_came_after_a_younger_one_is_not_taken() {
    let mark =
        |price: &str, ts: i64| format!(r#"{{"type":"mark_price","sy":"MARK:X","p":"{price}","ts":{ts}}}"#);
    let mut translator = Translator::default();
    let mut taken = |price: &str, ts: i64| {
        let heard = format!("{:?}", translator.frame(&mark(price, ts), AT).unwrap());
        heard.contains(&format!("price: {price}"))
    };
    assert!(taken("5", AT.0));
    assert!(taken("6", AT.0 + 2_000_000));
    assert!(!taken("7", AT.0 + 1_000_000), "out of order");
    assert!(taken("6", AT.0 + 2_000_000), "a repetition");
    assert!(taken("8", AT.0 - 60_000_000), "the venue's clock was set back");
    assert!(taken("9", AT.0 - 58_000_000));
}
