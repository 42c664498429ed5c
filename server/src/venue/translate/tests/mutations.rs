//! Every field of every kind of frame and answer replaced by what it should not be: no panic, and no order that is
//! filled, no position and no fill that the whole payload does not say.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::venue::wire;

fn oddities() -> Vec<Value> {
    vec![
        Value::Null,
        json!(""),
        json!(" "),
        json!("x"),
        json!("NaN"),
        json!(true),
        json!([]),
        json!({}),
        json!([[]]),
        json!([["5"]]),
        json!([[null, null]]),
        json!(0),
        json!(-1),
        json!(0.5),
        json!(1e300),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!("-79228162514264337593543950335"),
        json!("9".repeat(5_000)),
        json!("\u{0}\u{1f600}"),
    ]
}

/// The payload with each of its fields, however deep, taken out or replaced.
fn mutants(whole: &Value) -> Vec<Value> {
    let mut paths = Vec::new();
    collect(whole, String::new(), &mut paths);
    let mut mutants = Vec::new();
    for path in paths {
        for oddity in oddities() {
            let mut mutant = whole.clone();
            if let Some(field) = mutant.pointer_mut(&path) {
                *field = oddity;
            }
            mutants.push(mutant);
        }
        let (parent, name) = path.rsplit_once('/').unwrap();
        let mut mutant = whole.clone();
        if let Some(Value::Object(fields)) = mutant.pointer_mut(parent) {
            fields.remove(name);
            mutants.push(mutant);
        }
    }
    mutants
}

fn collect(value: &Value, path: String, paths: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), field)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (name, child) in children {
        let path = format!("{path}/{name}");
        paths.push(path.clone());
        collect(child, path, paths);
    }
}

fn order() -> Value {
    json!({ "type": "orders", "order_id": 7, "id": 7, "client_order_id": "s1", "product_id": 27, "symbol": "C-BTC-1",
        "product_symbol": "C-BTC-1", "side": "buy", "size": 200, "unfilled_size": 150, "state": "open",
        "reduce_only": true, "limit_price": "5", "average_fill_price": "5", "cancellation_reason": null })
}

#[test]
fn no_mutant_of_an_order_is_filled() {
    let ours = ClientOrderId::from("s1");
    let mut read = 0;
    for mutant in mutants(&order()) {
        let frame = mutant.to_string();
        let text = format!("{:?}", Translator::default().frame(&frame, AT));
        assert!(!text.contains("status: Filled"), "{frame} → {text}");
        let Ok(order) = serde_json::from_value::<wire::Order>(mutant) else { continue };
        let _ = open_order(&order);
        if let Ok(snapshot) = order_snapshot(&order, &ours) {
            read += 1;
            assert!(
                snapshot.filled_lots >= 0 && snapshot.status != OrderStatus::Filled,
                "{frame} → {snapshot:?}"
            );
        }
    }
    assert!(read > 50, "{read} mutants were orders all the same");
}

#[test]
fn no_mutant_of_a_fill_has_other_lots_or_another_fee_by_default() {
    let fill = json!({ "id": "e7ff", "order_id": "7", "product_id": 27, "product_symbol": "C-BTC-1", "side": "buy",
        "size": 190, "price": "5", "commission": "0.1", "fill_type": "normal",
        "created_at": "2026-09-02T10:20:37Z", "meta_data": { "client_order_id": "s1" } });
    for mutant in mutants(&fill) {
        let text = mutant.to_string();
        let Ok(row) = serde_json::from_value::<wire::Fill>(mutant) else { continue };
        if let Ok(fill) = super::fill(&row, &BTreeMap::new()) {
            assert!(
                fill.lots > 0 && fill.price > Decimal::ZERO && !fill.id.as_str().is_empty(),
                "{text} → {fill:?}"
            );
            assert!(
                fill.fee != Some(Decimal::ZERO) || text.contains(r#""commission":0"#),
                "{text} → {fill:?}"
            );
        }
    }
}

/// A price, a size or a number that is not what the venue wrote is an error, not another number; only its checksum and
/// times may go.
#[test]
fn no_mutant_of_a_frame_of_the_market_is_another_market() {
    let ts = 1_788_431_318_663_014_i64;
    let top = json!({ "type": "ob_l1", "sy": "X", "ap": "5", "as": "3", "bp": "4", "bs": "2", "ts": ts });
    let book = json!({ "type": "ob_updates", "action": "update", "sy": "X", "a": [["5", "3"]], "b": [["4", "2"]],
        "seq": 8, "cs": 7, "ts": ts });
    let mark = json!({ "type": "mark_price", "sy": "MARK:X", "p": "5", "ts": ts });
    let (five, four) = (Decimal::from(5), Decimal::from(4));
    for whole in [top, book, mark] {
        for mutant in mutants(&whole) {
            let text = mutant.to_string();
            match Translator::default().frame(&text, AT) {
                Ok(Heard::Inputs(inputs)) => match event_of(&inputs) {
                    Some(MarketEvent::Quote(quote)) => {
                        let (ap, a_s) = (&mutant["ap"], &mutant["as"]);
                        let whole = quote.ask == Some(Level { price: five, lots: 3 });
                        assert!(whole || *ap != json!("5") || *a_s != json!("3"), "{text} → {quote:?}");
                        let positive = quote.ask.iter().chain(&quote.bid).all(|level| level.lots > 0);
                        assert!(positive, "{text} → {quote:?}");
                    }
                    Some(MarketEvent::Mark(mark)) => {
                        let as_written = mark.price == five || mutant["p"] != json!("5");
                        assert!(as_written && mark.price >= Decimal::ZERO, "{text} → {mark:?}");
                    }
                    Some(MarketEvent::Depth(_) | MarketEvent::Spot(_)) | None => {}
                },
                Ok(Heard::Book(frame)) => {
                    let rows: Vec<_> = frame.asks.iter().chain(&frame.bids).collect();
                    assert!(rows.iter().all(|row| row.lots >= 0 && row.price > Decimal::ZERO), "{text}");
                    let same = |row: &crate::venue::book::BookRow, price, lots| {
                        (row.price, row.lots) == (price, lots)
                    };
                    let ours =
                        frame.asks.iter().all(|row| same(row, five, 3) || mutant["a"] != json!([["5", "3"]]));
                    let theirs =
                        frame.bids.iter().all(|row| same(row, four, 2) || mutant["b"] != json!([["4", "2"]]));
                    assert!(ours && theirs, "{text} → {frame:?}");
                    assert!(frame.seq == 8 || mutant["seq"] != json!(8), "{text} → {frame:?}");
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
}

fn event_of(inputs: &[Input]) -> Option<&MarketEvent> {
    match inputs {
        [Input::Market { events }] => events.first(),
        _other => None,
    }
}

#[test]
fn mutants_of_frames_and_answers_never_panic() {
    let frames = [
        json!({ "type": "ticker", "sy": "X", "ts": 1_788_431_318_663_014_i64, "sp": "5",
            "d": [{ "s": "X", "m": "5", "pb": ["1", "9"], "qiv": ["1", "1", "1"], "g": ["1"], "q": ["5", "1", "4", "1"] }] }),
        json!({ "type": "ob_l1", "sy": "X", "ap": "5", "as": "1", "bp": "4", "bs": "1", "ts": 1_788_431_318_663_014_i64 }),
        json!({ "type": "ob_l2", "sy": "X", "a": [["5", "1"]], "b": [["4", "1"]], "ts": 1_788_431_318_663_014_i64 }),
        json!({ "type": "ob_updates", "action": "update", "sy": "X", "a": [["5", "1"]], "b": [["4", "0"]], "seq": 8,
            "cs": 7, "ts": 1_788_431_318_663_014_i64 }),
        json!({ "type": "ob_updates", "action": "error", "sy": "X", "ts": 1_788_431_318_663_014_i64 }),
        json!({ "type": "mark_price", "sy": "MARK:X", "p": "5", "ts": 1_788_431_318_663_014_i64 }),
        json!({ "type": "spot_price", "sy": ".DEXBTUSD", "p": "5", "ts": 1_788_431_318_663_014_i64 }),
        json!({ "type": "v2/user_trades", "sy": "X", "f": "1", "R": "normal", "o": 1, "S": "buy", "s": 1, "p": "5",
            "c": "s1", "t": 1_788_431_318_663_014_i64 }),
        json!({ "type": "positions", "action": "snapshot", "timestamp": 1_788_431_318_663_014_i64,
            "result": [{ "symbol": "X", "size": -5 }] }),
        json!({ "type": "orders", "action": "snapshot", "result": [order()] }),
        json!({ "type": "product_updates", "event": "start_auction",
            "product": { "symbol": "X", "trading_status": "disrupted_post_only" } }),
        json!({ "type": "system_status", "event": "snapshot", "status": "live" }),
        json!({ "type": "key-auth", "success": true, "status_code": 200, "status": "authenticated" }),
        json!({ "type": "subscriptions", "channels": [{ "name": "ob_l1", "symbols": ["X"], "error": "no" }] }),
    ];
    let mut translator = Translator::default();
    for frame in &frames {
        assert!(translator.frame(&frame.to_string(), AT).is_ok(), "{frame}");
        for mutant in mutants(frame) {
            // Only that it returns.
            let _ = translator.frame(&mutant.to_string(), AT);
        }
    }
    let ticker = json!({ "symbol": "X", "mark_price": "5", "spot_price": "5", "underlying_asset_symbol": "BTC",
        "timestamp": 1_788_431_318_663_014_i64, "quotes": { "best_bid": "4", "bid_size": "1", "best_ask": "5", "ask_size": "1" },
        "price_band": { "lower_limit": "1", "upper_limit": "9" }, "greeks": { "delta": "1" } });
    let product = json!({ "id": 7, "symbol": "C-BTC-48000-070122", "contract_type": "call_options",
        "settlement_time": "2022-01-07T12:00:00Z", "strike_price": "48000", "tick_size": "0.1", "contract_value": "0.001",
        "taker_commission_rate": "0.0001", "initial_margin": "1", "maintenance_margin": "0.5",
        "product_specs": { "premium_commission_rate": 0.035 }, "underlying_asset": { "symbol": "BTC" } });
    for mutant in mutants(&ticker) {
        let _ = serde_json::from_value::<wire::Ticker>(mutant).map(|row| super::ticker(&row, AT));
    }
    for mutant in mutants(&product) {
        let text = mutant.to_string();
        let Ok(row) = serde_json::from_value::<wire::Product>(mutant) else { continue };
        if let Ok(Some(option)) = super::option(&row) {
            assert!(option.tick > Decimal::ZERO && option.contract_value > Decimal::ZERO, "{text}");
        }
    }
}
