//! Every literal payload of the venue facts (section 14), and what it means here.

use std::collections::BTreeMap;

use super::*;
use crate::venue::wire::{self, Refusal};

fn order(json: &str) -> wire::Order {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

fn heard(frame: &str) -> Heard {
    Translator::default().frame(frame, AT).unwrap_or_else(|error| panic!("{error:?}: {frame}"))
}

fn fixed(number: i64, scale: u32) -> Decimal {
    Decimal::new(number, scale).normalize()
}

/// Example 3.
const ORDER: &str = r#"{"average_fill_price":null,"bracket_order":null,"bracket_stop_loss_limit_price":null,"bracket_stop_loss_price":null,"bracket_take_profit_limit_price":null,"bracket_take_profit_price":null,"bracket_trail_amount":null,"cancellation_reason":"cancelled_by_user","client_order_id":null,"close_on_trigger":"false","commission":"0","created_at":"2020-11-16T02:38:26Z","id":152870626,"limit_price":"10000","meta_data":{"source":"api"},"order_type":"limit_order","paid_commission":"0","product_id":139,"reduce_only":false,"side":"buy","size":0,"state":"cancelled","stop_order_type":null,"stop_price":null,"stop_trigger_method":"mark_price","time_in_force":"gtc","trail_amount":null,"unfilled_size":0,"user_id":22142}"#;

#[test]
fn the_order_that_was_recorded_is_a_canceled_one() {
    let body = format!(r#"{{"result":{ORDER},"success":true}}"#);
    let (order, meta) = wire::result::<wire::Order>(&body).unwrap();
    assert_eq!(meta, None);
    let snapshot = order_snapshot(&order, &ClientOrderId::from("s1")).unwrap();
    assert_eq!((snapshot.status, snapshot.filled_lots), (OrderStatus::Canceled, 0));
    assert_eq!((snapshot.order_id.as_str(), snapshot.average_price), ("152870626", None));
    assert_eq!(snapshot.reason, Some(model::Code::from("cancelled_by_user")));
}

/// Example 4.
#[test]
fn the_errors_that_were_recorded_are_refusals() {
    for (body, code) in [
        (
            r#"{"error":{"code":"insufficient_margin","context":{"available_balance":"0.000000000000000000","required_additional_balance":"1.618626000000000000000000000"}},"success":false}"#,
            "insufficient_margin",
        ),
        (
            r#"{"error":{"code":"bad_schema","context":{"schema_errors":[{"code":"validation_error","message":"id is required","param":""}]}},"success":false}"#,
            "bad_schema",
        ),
        (r#"{"error":{"code":"open_order_not_found"},"success":false}"#, "open_order_not_found"),
        (r#"{"success":false,"error":{"code":"invalid_api_key"}}"#, "invalid_api_key"),
        (r#"{"error":"SignatureExpired","message":"your signature has expired"}"#, "signature_expired"),
    ] {
        assert_eq!(Refusal::parse(body).map(|refusal| refusal.code).as_deref(), Some(code), "{body}");
        assert!(wire::result::<wire::Order>(body).is_err(), "{body}");
    }
}

/// Example 5.
#[test]
fn the_fill_that_was_recorded() {
    let row = r#"{"commission":"0.008335000000000000","created_at":"2020-11-16T19:07:19Z","fill_type":"normal","id":"e7ff05c233a74245b72381f8dd91d1ce","meta_data":{"effective_commission_rate":"0.0005","order_price":"16249","order_size":1,"order_type":"market_order","order_unfilled_size":0,"trading_fee_credits_used":"0"},"order_id":"152999629","price":"16669","product_id":139,"role":"taker","side":"sell","size":1}"#;
    let symbols = BTreeMap::from([(model::ids::ProductId(139), Symbol::from("BTCUSDT"))]);
    let read = fill(&serde_json::from_str(row).unwrap(), &symbols).unwrap();
    let expected = Fill {
        id: FillId::from("e7ff05c233a74245b72381f8dd91d1ce"),
        order_id: OrderId::from("152999629"),
        client_order_id: None,
        symbol: Symbol::from("BTCUSDT"),
        side: Side::Sell,
        lots: 1,
        price: fixed(16_669, 0),
        fee: Some(fixed(8_335, 6)),
        fee_estimated: false,
        settlement: false,
        at: Micros::parse_rfc3339("2020-11-16T19:07:19Z").unwrap(),
    };
    assert_eq!(read, expected);
}

/// Examples 6 and 7.
#[test]
fn the_positions_that_were_recorded() {
    let row = r#"{"adl_level":null,"auto_topup":false,"bankruptcy_price":"88618.22667","commission":"0.03797924","created_at":"2026-01-14T11:24:35.801586Z","entry_price":"94948.1","liquidation_price":"89092.96717","margin":"6.32987333","margin_mode":"isolated","mark_price":"94942.90888022","product_id":84,"product_symbol":"BTCUSDT","realized_cashflow":"0.000000000000000000","realized_funding":"0","realized_holding_cost":"0","realized_pnl":"0","size":1,"unrealized_pnl":"-0.00519112","updated_at":"2026-01-14T11:24:35.801586Z","user_id":30084879}"#;
    for (text, lots) in [(row.to_owned(), 1), (row.replace(r#""size":1"#, r#""size":"-200""#), -200)] {
        let row: wire::AccountPosition = serde_json::from_str(&text).unwrap();
        let expected = model::input::AccountPosition {
            product_id: model::ids::ProductId(84),
            symbol: Symbol::from("BTCUSDT"),
            lots,
        };
        assert_eq!(account_position(&row), Ok(expected), "{text}");
    }
    for wrong in [
        row.replace(r#""size":1"#, r#""size":"""#),
        row.replace(r#""size":1,"#, ""),
        row.replace(r#""product_id":84,"#, ""),
    ] {
        assert!(serde_json::from_str::<wire::AccountPosition>(&wrong).is_err(), "{wrong}");
    }
    let now = r#"{"result":{"entry_price":null,"size":0,"timestamp":1605454074268079},"success":true}"#;
    assert_eq!(wire::result::<wire::PositionNow>(now).unwrap().0.size, Some(Decimal::ZERO));
    let whole =
        now.replace(r#""size":0"#, r#""size":0,"product_id":27,"product_symbol":"C-BTC-46800-050122""#);
    let read = wire::result::<wire::PositionNow>(&whole).unwrap().0;
    assert_eq!((read.product_id, read.product_symbol.as_deref()), (Some(27), Some("C-BTC-46800-050122")));
    let without = now.replace(r#""size":0,"#, "");
    assert!(wire::result::<wire::PositionNow>(&without).is_err(), "a position without a size");
}

/// Example 8.
#[test]
fn the_ticker_that_was_recorded() {
    let row = r#"{"product_id":148143,"mark_price":"3377.1683002","leverage":200,"mark_vol":"0.38796444","tick_size":"0.100000000000000000","contract_value":"0.001000000000000000","turnover_symbol":"USD","open":3883.0,"time":"2026-09-02T10:20:37.823597657Z","oi":"0.6930","oi_contracts":"693","spot_price":"77636","size":259,"low":3144.0,"close":3271.0,"high":4044.0,"product_trading_status":"operational","timestamp":1788431309964504,"contract_type":"put_options","strike_price":"81000","greeks":{"delta":"-0.97788186","theta":"-40.36229205","spot":"77635.8","gamma":"0.00003238","rho":"-2.31069195","vega":"2.20958320"},"volume":0.259,"quotes":{"ask_iv":"0.45096058","best_ask":"3396","best_bid":"3359","bid_iv":"0.000005","mark_iv":"0.38787509","ask_size":"5466","bid_size":"8096","impact_mid_price":null},"price_band":{"upper_limit":"4934.69719503","lower_limit":"1819.60666317"},"symbol":"P-BTC-81000-040926","underlying_asset_symbol":"BTC","oi_reduce_only_mode":false}"#;
    let row: wire::Ticker = serde_json::from_str(row).unwrap();
    assert_eq!(row.timestamp, Some(1_788_431_309_964_504));
    let read = ticker(&row, AT).unwrap();
    let [MarketEvent::Quote(quote), MarketEvent::Mark(mark), MarketEvent::Spot(spot)] = read.as_slice()
    else {
        panic!("{read:?}")
    };
    assert_eq!(quote.bid, Some(Level { price: fixed(3_359, 0), lots: 8_096 }));
    assert_eq!(quote.ask, Some(Level { price: fixed(3_396, 0), lots: 5_466 }));
    assert_eq!(mark.band, Some((fixed(181_960_666_317, 8), fixed(493_469_719_503, 8))));
    assert_eq!((mark.price, mark.delta), (fixed(33_771_683_002, 7), Some(fixed(-97_788_186, 8))));
    assert_eq!(
        (spot.underlying.as_str(), spot.price, spot.source),
        ("BTC", fixed(77_636, 0), MarketSource::RestFallback)
    );
}

/// Examples 9 to 14, and what of them is of use.
#[test]
fn the_frames_that_were_recorded() {
    let ticker = r#"{"d":[{"g":["0.34327462","0.00027746","0.76789980","-229.15857004","15.41423017"],"i":150580,"m":"300.12007529","m24hc":"53.4349","ohlc":[211.0,555.8,170.0,271.0],"oi":["18144","677063.5600"],"pb":["0.1","1153.89775828"],"q":["304","5396","298","9614",null],"qiv":["0.31815835","0.31426582","0.31558286"],"s":"C-BTC-78200-040926","to":[3019112.2080999995,3019112.2080999995]}],"sp":"77651.9","sy":"C-BTC-78200-040926","ts":1788431318663014,"type":"ticker"}"#;
    let depth = r#"{"a":[["0.2","3862"],["0.6","454"],["0.7","4592"]],"b":[["0.1","268604"]],"lts":1788431315761904,"sy":"P-BTC-68000-040926","ts":1788431315798142,"type":"ob_l2"}"#;
    let top = r#"{"ap":"68519.0","as":"285","bp":"68518.0","bs":"2452","lts":1775037882675402,"sy":"BTCUSD","ts":1775037882748105,"type":"ob_l1"}"#;
    let mark =
        r#"{"p":"2296.3486551","sy":"MARK:C-BTC-69500-100426","ts":1775814170680883,"type":"mark_price"}"#;
    for (frame, expected) in [(ticker, 1), (depth, 1), (top, 1), (mark, 1)] {
        let Heard::Inputs(inputs) = heard(frame) else { panic!("{frame}") };
        assert_eq!(inputs.len(), expected, "{frame}");
    }
    let book = r#"{"action":"snapshot","a":[["16919.0","1087"],["16919.5","1193"],["16920.0","510"]],"b":[["16918.0","602"],["16917.5","1792"],["16917.0","2039"]],"ts":1671140718980723,"seq":6199,"sy":"BTCUSD","type":"ob_updates","cs":2178756498}"#;
    let Heard::Book(book) = heard(book) else { panic!("a book") };
    assert_eq!(
        (book.seq, book.checksum, book.asks.len(), book.bids.len()),
        (6_199, Some(2_178_756_498), 3, 3)
    );
    assert_eq!(book.asks[0].spelled, "16919.0:1087");
    for ignored in [
        r#"{"p":"72141.5","r":"m","s":1.0,"sy":"BTCUSD","t":1775800366578410,"ts":1775800367003029,"type":"trades"}"#,
        r#"{"p":"1","sy":".DEUSDTUSD","ts":1775818505952018,"type":"spot_price"}"#,
        r#"{"symbol":".DEXBTUSD","price":"0.0014579","type":"spot_30mtwap_price","timestamp":1561634049751430}"#,
    ] {
        assert_eq!(heard(ignored), Heard::Ignored, "{ignored}");
    }
}

/// Example 15: the words of a cancellation stand on an open order too, and mean nothing there.
#[test]
fn the_order_frame_of_the_documents() {
    let frame = r#"{"type":"orders","action":"create","reason":"","symbol":"BTCUSD","product_id":27,"order_id":1234,"client_order_id":"","size":100,"unfilled_size":55,"average_fill_price":"8999.00","limit_price":"9000.00","side":"buy","cancellation_reason":"cancelled_by_user","stop_order_type":"stop_loss_order","bracket_order":false,"state":"open","seq_no":1,"timestamp":1594105083998848,"stop_price":"9010.00","trigger_price_max_or_min":"9020.00","bracket_stop_loss_price":"8090.00","bracket_stop_loss_limit_price":"8090.00","bracket_take_profit_price":"9020","bracket_take_profit_limit_price":"9020","bracket_trail_amount":"10.00"}"#;
    assert_eq!(heard(frame), Heard::Inputs(Vec::new()), "not ours");
    let ours = frame.replace(r#""client_order_id":"""#, r#""client_order_id":"s1""#);
    let Input::Execution(ExecutionReport::Order(snapshot)) = one(&ours) else { panic!("an order") };
    assert_eq!((snapshot.status, snapshot.filled_lots), (OrderStatus::PartiallyFilled, 45));
    assert_eq!((snapshot.average_price, snapshot.reason), (Some(fixed(8_999, 0)), None));
    let seen =
        open_order(&order(&ours.replace(r#""symbol""#, r#""reduce_only":true,"symbol""#))).unwrap().unwrap();
    assert_eq!((seen.side, seen.limit, seen.leaves_lots), (Side::Buy, Some(fixed(9_000, 0)), 55));
    assert!(seen.reduce_only);
}

/// Example 16.
#[test]
fn the_fill_frame_of_the_documents() {
    let frame = r#"{"type":"v2/user_trades","sy":"BTCUSD","f":"1234-abcd-qwer-3456","R":"normal","u":1998,"o":3283999,"S":"buy","s":190,"p":"17289.2","po":5,"r":"taker","c":"GA123","t":1685794274866438,"se":4}"#;
    let Input::Execution(ExecutionReport::Fill(fill)) = one(frame) else { panic!("a fill") };
    assert_eq!((fill.id.as_str(), fill.fee, fill.lots), ("1234abcdqwer3456", None, 190));
}

/// Example 17.
#[test]
fn the_position_frame_of_the_documents() {
    let frame = r#"{"type":"positions","action":"","reason":"","symbol":"BTCUSD","product_id":1,"size":-100,"margin":"0.0121","entry_price":"3500.0","liquidation_price":"3356.0","bankruptcy_price":"3300.0","commission":"0.00001212"}"#;
    let seen = |lots, at| Heard::Positions(vec![PositionSeen { symbol: Symbol::from("BTCUSD"), lots, at }]);
    assert_eq!(heard(frame), seen(-100, AT));
    assert_eq!(heard(&frame.replace("-100", r#""-100""#)), seen(-100, AT));
    let snapshot = r#"{"type":"positions","action":"snapshot","result":[{"symbol":"BTCUSD","size":0}],"timestamp":1788431318000000}"#;
    assert_eq!(heard(snapshot), seen(0, AT), "without a known difference of clocks it is of now");
    for wrong in [
        frame.replace(r#""size":-100,"#, ""),
        frame.replace("-100", "null"),
        frame.replace("-100", r#""""#),
        frame.replace("-100", "0.5"),
        r#"{"type":"positions","action":"snapshot"}"#.to_owned(),
    ] {
        assert!(Translator::default().frame(&wrong, AT).is_err(), "{wrong}");
    }
}

/// Examples 18 to 20.
#[test]
fn the_words_about_the_connection() {
    let key_auth =
        |success, expired, status: &str| Heard::KeyAuth { success, expired, status: status.to_owned() };
    for (frame, expected) in [
        (
            r#"{"type":"key-auth","success":true,"status_code":200,"status":"authenticated"}"#,
            key_auth(true, false, "authenticated"),
        ),
        (
            r#"{"type":"key-auth","success":false,"status_code":408,"status":"request_expired","message":"Timestamp header outside of allowed time window"}"#,
            key_auth(false, true, "Timestamp header outside of allowed time window"),
        ),
        (r#"{"type":"key-auth"}"#, key_auth(false, false, "no status")),
        (r#"{"type":"heartbeat"}"#, Heard::Heartbeat),
        (r#"{"type":"pong"}"#, Heard::Pong),
    ] {
        assert_eq!(heard(frame), expected, "{frame}");
    }
}

/// One product whose asset the venue left empty fails no page; its symbol says what it is written on.
#[test]
fn an_empty_asset_fails_no_page() {
    let rows = r#"{"success":true,"result":[{"id":7,"symbol":"C-BTC-48000-070122","contract_type":"call_options","settlement_time":"2022-01-07T12:00:00Z","strike_price":"48000","tick_size":"0.1","contract_value":"0.001","taker_commission_rate":"0.0001","initial_margin":"1","maintenance_margin":"0.5","product_specs":{"premium_commission_rate":0.035},"underlying_asset":{}}]}"#;
    let (products, _) = wire::result::<Vec<wire::Product>>(rows).unwrap();
    let read = instrument(&products[0], &Underlying::from("BTC")).unwrap().expect("an option on Bitcoin");
    assert_eq!(read.underlying, Underlying::from("BTC"));
}
