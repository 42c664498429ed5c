//! Literal payloads of the venue, as recorded, and what they mean to the engine.

mod mutations;
mod payloads;

use model::fill::Fill;
use model::ids::{ClientOrderId, FillId, OrderId};
use model::market::{Level, MarketSource};
use model::order::{OrderStatus, Side};
use model::{Decimal, Symbol};

use super::*;

const AT: Micros = Micros(1_788_431_318_700_000);

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn inputs(frame: &str) -> Vec<Input> {
    match Translator::default().frame(frame, AT) {
        Ok(Heard::Inputs(inputs)) => inputs,
        other => panic!("{frame} → {other:?}"),
    }
}

fn one(frame: &str) -> Input {
    let mut inputs = inputs(frame);
    assert_eq!(inputs.len(), 1, "{inputs:?}");
    inputs.remove(0)
}

fn events(inputs: &[Input]) -> &[MarketEvent] {
    match inputs {
        [Input::Market { events }] => events,
        other => panic!("{other:?}"),
    }
}

fn event(frame: &str) -> MarketEvent {
    match events(&[one(frame)]) {
        [event] => event.clone(),
        other => panic!("{other:?}"),
    }
}

const TICKER: &str = r#"{"d":[{"g":["0.34327462","0.00027746","0.76789980","-229.15857004","15.41423017"],"i":150580,"m":"300.12007529","m24hc":"53.4349","ohlc":[211.0,555.8,170.0,271.0],"oi":["18144","677063.5600"],"pb":["0.1","1153.89775828"],"q":["304","5396","298","9614",null],"qiv":["0.31815835","0.31426582","0.31558286"],"s":"C-BTC-78200-040926","to":[3019112.2080999995,3019112.2080999995]}],"sp":"77651.9","sy":"C-BTC-78200-040926","ts":1788431318663014,"type":"ticker"}"#;

#[test]
fn a_ticker_is_a_mark_with_its_band() {
    let MarketEvent::Mark(mark) = event(TICKER) else { panic!("a mark") };
    assert_eq!(mark.symbol, Symbol::from("C-BTC-78200-040926"));
    assert_eq!(mark.price, dec("300.12007529"));
    assert_eq!(mark.band, Some((dec("0.1"), dec("1153.89775828"))));
    assert_eq!(mark.delta, Some(dec("0.34327462")));
    assert_eq!(mark.volatility, Some(dec("0.31558286")));
    assert_eq!((mark.source, mark.at), (MarketSource::Stream, AT));
}

#[test]
fn a_bare_mark_keeps_what_the_ticker_said() {
    let mut translator = Translator::default();
    translator.frame(TICKER, AT).unwrap();
    let bare = r#"{"p":"301.5","sy":"MARK:C-BTC-78200-040926","ts":1788431319663014,"type":"mark_price"}"#;
    let Ok(Heard::Inputs(inputs)) = translator.frame(bare, AT) else { panic!("inputs") };
    let [MarketEvent::Mark(mark)] = events(&inputs) else { panic!("a mark") };
    assert_eq!((mark.price, mark.band), (dec("301.5"), Some((dec("0.1"), dec("1153.89775828")))));
}

#[test]
fn books_are_read_with_missing_sides_as_none() {
    let top = r#"{"ap":"68519.0","as":"285","bp":"68518.0","bs":"2452","lts":1775037882675402,"sy":"BTCUSD","ts":1775037882748105,"type":"ob_l1"}"#;
    let MarketEvent::Quote(quote) = event(top) else { panic!("a quote") };
    assert_eq!(quote.bid, Some(Level { price: dec("68518"), lots: 2_452 }));
    assert_eq!(quote.ask, Some(Level { price: dec("68519"), lots: 285 }));
    for nothing in ["null", "\"\"", "\"0\""] {
        let frame = format!(r#"{{"ap":"5","as":"1","bp":{nothing},"bs":{nothing},"sy":"X","type":"ob_l1"}}"#);
        let MarketEvent::Quote(quote) = event(&frame) else { panic!("a quote") };
        assert_eq!((quote.bid, quote.ask.is_some()), (None, true), "{nothing}");
    }
    let book = r#"{"a":[["0.2","3862"],["0.6","454"],["0.7","4592"]],"b":[["0.1","268604"]],"lts":1788431315761904,"sy":"P-BTC-68000-040926","ts":1788431315798142,"type":"ob_l2"}"#;
    let MarketEvent::Depth(depth) = event(book) else { panic!("a depth") };
    assert_eq!((depth.asks.len(), depth.bids.len()), (3, 1));
    assert_eq!(depth.bids[0], Level { price: dec("0.1"), lots: 268_604 });
}

#[test]
fn spot_is_the_index_of_an_underlying() {
    let frame = r#"{"p":"45210.5","sy":".DEXBTUSD","ts":1775818505952018,"type":"spot_price"}"#;
    let MarketEvent::Spot(spot) = event(frame) else { panic!("a spot") };
    assert_eq!((spot.underlying.as_str(), spot.price), ("BTC", dec("45210.5")));
    let other = r#"{"p":"1","sy":".DEUSDTUSD","ts":1775818505952018,"type":"spot_price"}"#;
    assert_eq!(Translator::default().frame(other, AT), Ok(Heard::Ignored));
}

#[test]
fn order_states_become_our_words() {
    let frame = |state: &str, size: i64, unfilled: i64, client: &str| {
        format!(
            r#"{{"type":"orders","action":"create","reason":"","symbol":"BTCUSD","product_id":27,"order_id":1234,"client_order_id":"{client}","size":{size},"unfilled_size":{unfilled},"average_fill_price":"8999.00","limit_price":"9000.00","side":"buy","cancellation_reason":null,"bracket_order":false,"state":"{state}","seq_no":1,"timestamp":1594105083998848}}"#
        )
    };
    for (state, size, unfilled, status, filled) in [
        ("open", 100, 100, OrderStatus::New, 0),
        ("open", 100, 55, OrderStatus::PartiallyFilled, 45),
        ("pending", 100, 100, OrderStatus::New, 0),
        ("closed", 100, 0, OrderStatus::Filled, 100),
        ("closed", 100, 40, OrderStatus::Canceled, 60),
        ("cancelled", 100, 100, OrderStatus::Canceled, 0),
    ] {
        let Input::Execution(ExecutionReport::Order(order)) = one(&frame(state, size, unfilled, "s1")) else {
            panic!("an order")
        };
        assert_eq!((order.status, order.filled_lots), (status, filled), "{state} {size} {unfilled}");
        assert_eq!((order.order_id.as_str(), order.average_price), ("1234", Some(dec("8999"))));
    }
    assert_eq!(inputs(&frame("open", 1, 1, "")), Vec::new(), "not ours");
    assert!(Translator::default().frame(&frame("melted", 1, 1, "s1"), AT).is_err());
    let snapshot = r#"{"type":"orders","action":"snapshot","result":[{"id":9,"client_order_id":"s1","size":5,"unfilled_size":5,"state":"open"}]}"#;
    assert!(
        matches!(one(snapshot), Input::Execution(ExecutionReport::Order(order)) if order.order_id.as_str() == "9")
    );
}

#[test]
fn fills_are_read_from_both_doors_alike() {
    let frame = r#"{"type":"v2/user_trades","sy":"BTCUSD","f":"1234-abcd-qwer-3456","R":"normal","u":1998,"o":3283999,"S":"buy","s":190,"p":"17289.2","po":5,"r":"taker","c":"GA123","t":1685794274866438,"se":4}"#;
    let Input::Execution(ExecutionReport::Fill(streamed)) = one(frame) else { panic!("a fill") };
    let expected = Fill {
        id: FillId::from("1234abcdqwer3456"),
        order_id: OrderId::from("3283999"),
        client_order_id: Some(ClientOrderId::from("GA123")),
        symbol: Symbol::from("BTCUSD"),
        side: Side::Buy,
        lots: 190,
        price: dec("17289.2"),
        fee: None,
        fee_estimated: false,
        settlement: false,
        at: Micros(1_685_794_274_866_438),
    };
    assert_eq!(streamed, expected);

    let recorded = r#"{"commission":"0.008335000000000000","created_at":"2020-11-16T19:07:19Z","fill_type":"normal","id":"e7ff05c233a74245b72381f8dd91d1ce","meta_data":{"effective_commission_rate":"0.0005","order_price":"16249","order_size":1,"order_type":"market_order","order_unfilled_size":0,"trading_fee_credits_used":"0"},"order_id":"152999629","price":"16669","product_id":139,"role":"taker","side":"sell","size":1}"#;
    let read = super::fill(
        &serde_json::from_str(recorded).unwrap(),
        &BTreeMap::from([(model::ids::ProductId(139), Symbol::from("BTCUSDT"))]),
    )
    .unwrap();
    assert_eq!((read.symbol.as_str(), read.fee), ("BTCUSDT", Some(dec("0.008335"))));
    assert_eq!(read.at.to_rfc3339(), "2020-11-16T19:07:19.000000Z");
    assert!(super::fill(&serde_json::from_str(recorded).unwrap(), &BTreeMap::new()).is_err(), "no symbol");
}

/// Whatever spelling the id of one fill comes in, through whichever door, it is one fill: it is booked once.
#[test]
fn every_spelling_of_a_fill_id_is_the_same_id() {
    let streamed = |id: &str| {
        let frame = format!(
            r#"{{"type":"v2/user_trades","sy":"BTCUSD","f":{id},"R":"normal","o":7,"S":"buy","s":1,"p":"5","t":1685794274866438}}"#
        );
        let Input::Execution(ExecutionReport::Fill(fill)) = one(&frame) else { panic!("a fill") };
        fill.id
    };
    let read = |id: &str| {
        let row = format!(
            r#"{{"id":{id},"order_id":"7","product_symbol":"BTCUSD","side":"buy","size":1,"price":"5","fill_type":"normal","created_at":"2020-11-16T19:07:19Z"}}"#
        );
        super::fill(&serde_json::from_str(&row).unwrap(), &BTreeMap::new()).unwrap().id
    };
    let uuid = "\"E7FF05C2-33A7-4245-B723-81F8DD91D1CE\"";
    let hex = "\"e7ff05c233a74245b72381f8dd91d1ce\"";
    for same in [[uuid, hex], [hex, "\" e7ff05c233a74245b72381f8dd91d1ce \""], ["1042", "\"1042\""]] {
        for (one, other) in [(same[0], same[1]), (same[1], same[0])] {
            assert_eq!(streamed(one), read(other), "{one} {other}");
        }
    }
}

#[test]
fn a_recorded_order_and_ticker_are_read() {
    let order = r#"{"average_fill_price":null,"bracket_order":null,"cancellation_reason":"cancelled_by_user","client_order_id":null,"close_on_trigger":"false","commission":"0","created_at":"2020-11-16T02:38:26Z","id":152870626,"limit_price":"10000","meta_data":{"source":"api"},"order_type":"limit_order","product_id":139,"reduce_only":false,"side":"buy","size":0,"state":"cancelled","unfilled_size":0,"user_id":22142}"#;
    let snapshot = order_snapshot(&serde_json::from_str(order).unwrap(), &ClientOrderId::from("s1")).unwrap();
    assert_eq!((snapshot.status, snapshot.order_id.as_str()), (OrderStatus::Canceled, "152870626"));

    let ticker = r#"{"product_id":148143,"mark_price":"3377.1683002","mark_vol":"0.38796444","tick_size":"0.100000000000000000","open":3883.0,"time":"2026-09-02T10:20:37.823597657Z","spot_price":"77636","size":259,"timestamp":1788431309964504,"contract_type":"put_options","strike_price":"81000","greeks":{"delta":"-0.97788186","spot":"77635.8"},"quotes":{"ask_iv":"0.45096058","best_ask":"3396","best_bid":"3359","bid_iv":"0.000005","mark_iv":"0.38787509","ask_size":"5466","bid_size":"8096","impact_mid_price":null},"price_band":{"upper_limit":"4934.69719503","lower_limit":"1819.60666317"},"symbol":"P-BTC-81000-040926","underlying_asset_symbol":"BTC"}"#;
    let inputs = super::ticker(&serde_json::from_str(ticker).unwrap(), AT).unwrap();
    assert_eq!(inputs.len(), 3);
    let MarketEvent::Quote(quote) = &inputs[0] else { panic!("a quote") };
    assert_eq!(quote.ask, Some(Level { price: dec("3396"), lots: 5_466 }));
    assert_eq!(quote.source, MarketSource::RestFallback);
}

#[test]
fn products_become_instruments_only_whole() {
    let product = r#"{"id":7,"symbol":"C-BTC-48000-070122","contract_type":"call_options","settlement_time":"2022-01-07T12:00:00Z","strike_price":"48000","tick_size":"0.1","contract_value":"0.001","taker_commission_rate":"0.0001","initial_margin":"1","maintenance_margin":"0.5","product_specs":{"premium_commission_rate":0.035},"underlying_asset":{"id":2,"symbol":"BTC"}}"#;
    let btc = Underlying::from("BTC");
    let read = |text: &str, of: &Underlying| super::instrument(&serde_json::from_str(text).unwrap(), of);
    let instrument = read(product, &btc).unwrap().unwrap();
    assert_eq!((instrument.strike, instrument.commission_cap), (dec("48000"), dec("0.035")));
    assert_eq!((instrument.initial_margin, instrument.maintenance_margin), (dec("0.01"), dec("0.005")));
    assert_eq!(read(product, &Underlying::from("ETH")), Ok(None));
    let without = product.replace(r#""tick_size":"0.1","#, "");
    assert!(read(&without, &btc).unwrap_err().contains("tick size"));
}

#[test]
fn only_what_trades_as_usual_can_be_entered() {
    let product = |state: &str, status: &str| {
        let row = format!(
            r#"{{"id":7,"symbol":"C-BTC-1-010130","contract_type":"call_options","state":{state},"trading_status":{status}}}"#
        );
        is_tradable(&serde_json::from_str(&row).unwrap())
    };
    assert!(product("\"live\"", "\"operational\""));
    assert!(product("null", "\"\""), "what does not say so is asked for, and refused if it must be");
    for status in ["disrupted_cancel_only", "disrupted_post_only", "a_new_word"] {
        assert!(!product("\"live\"", &format!("\"{status}\"")), "{status}");
    }
    for state in ["upcoming", "expired", "settled"] {
        assert!(!product(&format!("\"{state}\""), "\"operational\""), "{state}");
    }
}

#[test]
fn replies_of_the_socket_are_understood() {
    let heard = |text: &str| Translator::default().frame(text, AT);
    assert_eq!(
        heard(r#"{"type":"key-auth","success":true,"status_code":200,"status":"authenticated"}"#),
        Ok(Heard::KeyAuth { success: true, expired: false, status: "authenticated".to_owned() })
    );
    let late = r#"{"type":"key-auth","success":false,"status_code":408,"status":"request_expired","message":"Timestamp header outside of allowed time window"}"#;
    assert!(matches!(heard(late), Ok(Heard::KeyAuth { success: false, expired: true, .. })));
    let refused = r#"{"channels":[{"error":"subscription forbidden on this invalid channel","name":"v2/ticker"}],"type":"subscriptions"}"#;
    let Ok(Heard::Subscriptions(channels)) = heard(refused) else { panic!("subscriptions") };
    let [Subscribed { channel, symbols, refused: Some(words) }] = channels.as_slice() else {
        panic!("a refusal")
    };
    assert_eq!((channel.as_str(), symbols.len()), ("v2/ticker", 0));
    assert_eq!(words, "subscription forbidden on this invalid channel");
    let granted = r#"{"channels":[{"name":"ob_l1","symbols":["C-BTC-1"]}],"type":"subscriptions"}"#;
    let Ok(Heard::Subscriptions(channels)) = heard(granted) else { panic!("subscriptions") };
    assert_eq!(
        (channels[0].refused.clone(), channels[0].symbols.as_slice()),
        (None, ["C-BTC-1".to_owned()].as_slice())
    );
    assert_eq!(heard(r#"{"type":"heartbeat"}"#), Ok(Heard::Heartbeat));
    assert_eq!(heard(r#"{"type":"pong"}"#), Ok(Heard::Pong));
}

#[test]
fn what_does_not_parse_is_an_error_and_never_a_panic() {
    for frame in [
        "",
        "{",
        "[]",
        "null",
        r#"{"sy":"X"}"#,
        r#"{"type":"ob_l1"}"#,
        r#"{"type":"ob_l1","sy":"X","ap":"abc","as":"1","bp":null,"bs":null}"#,
        r#"{"type":"ob_l1","sy":"X","ap":"5","as":"1.5","bp":null,"bs":null}"#,
        r#"{"type":"ticker","d":[{"m":"1"}]}"#,
        r#"{"type":"orders","state":5}"#,
        r#"{"type":"v2/user_trades","sy":"X","f":"1","o":1,"S":"hold","s":1,"p":"1","t":1}"#,
        "\u{0}\u{1}garbage",
    ] {
        assert!(Translator::default().frame(frame, AT).is_err(), "{frame:?}");
    }
}

#[test]
fn a_frame_that_waited_somewhere_is_as_old_as_it_is() {
    use crate::venue::offset::{Freshness, Reading};
    let second = AT.0.div_euclid(1_000_000);
    let at_once = Reading { sent: AT, received: AT, date_s: second, freshness: Freshness::Made };
    let mut clock = Estimate::default();
    clock.learn(at_once);
    clock.heard(AT, AT);
    let mut translator = Translator::default();
    translator.know_clock(clock);
    let mut at = |made_at: i64, received: i64| {
        let frame = format!(r#"{{"type":"mark_price","sy":"MARK:X","p":"5","ts":{made_at}}}"#);
        match translator.frame(&frame, Micros(received)) {
            Ok(Heard::Inputs(inputs)) => match events(&inputs) {
                [MarketEvent::Mark(mark)] => mark.at.0,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    let later = AT.0 + 30_000_000;
    assert!(
        (at(later - 9_000_000, later + 2_000_000) - (later - 9_000_000)).abs() < 20_000,
        "eleven seconds late"
    );
    assert_eq!(at(later - 40_000, later), later, "the usual way");
    assert_eq!(at(later + 60_000_000, later), later, "never of the future");
    let mut unknown = Translator::default();
    let frame = r#"{"type":"mark_price","sy":"MARK:X","p":"5","ts":1788431200000000}"#;
    let Ok(Heard::Inputs(inputs)) = unknown.frame(frame, AT) else { panic!("inputs") };
    assert!(
        matches!(events(&inputs), [MarketEvent::Mark(mark)] if mark.at == AT),
        "clocks that differ make nothing old"
    );
}
