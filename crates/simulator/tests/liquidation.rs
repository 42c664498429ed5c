//! Isolated margin, in virtual time: when a position is topped up or liquidated, what that costs, and what the
//! account sees of it on REST, on sockets and in the log.

#[path = "support/pure.rs"]
mod pure;

use std::collections::BTreeSet;

use pure::{Client, SECOND, START};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulator::account::FillKind;
use simulator::book::Side;
use simulator::tape::Bar;
use simulator::{Exchange, Level, Quirks, Setup, Source, Tape, TapeEnd, VenueEvent, Volatility};

const CALL: &str = "C-BTC-46200-230926";

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

/// Straight minutes of the index, in tenths of a USD, from corner to corner; a pair is a minute.
fn venue(minutes: &[(i64, i64)], balance: i64, topped_up: bool) -> Client {
    let bar = |(open, close): &(i64, i64)| Bar {
        open: *open,
        high: *open.max(close),
        low: *open.min(close),
        close: *close,
    };
    let tape = Tape::from_bars("made", minutes.iter().map(bar).collect()).unwrap();
    let quirks = Quirks { positions_are_not_topped_up: !topped_up, ..Quirks::default() };
    let setup = Setup::new(6, Source::Tape(tape, TapeEnd::Hold), START);
    let volatility = Volatility { held: true, ..Volatility::default() };
    let setup = Setup { quirks, volatility, balance: Decimal::from(balance), ..setup };
    Client { exchange: Exchange::new(setup), ..Client::with(quirks) }
}

fn held(client: &mut Client, symbol: &str) -> Option<Value> {
    let rows = client.get("/v2/positions/margined")["result"].clone();
    rows.as_array().unwrap().iter().find(|row| row["product_symbol"] == symbol).cloned()
}

fn balance(client: &mut Client) -> Decimal {
    decimal(&client.get("/v2/wallet/balances")["result"][0]["balance"])
}

/// Lets the market run second by second until a position is gone; the frames of it all.
fn until_gone(client: &mut Client, symbol: &str, most_s: i64) -> Vec<Value> {
    let mut frames = Vec::new();
    for _second in 0..most_s {
        frames.extend(client.frames(1_000));
        if held(client, symbol).is_none() {
            frames.extend(client.frames(1_000));
            return frames;
        }
    }
    panic!("{symbol} is still there after {most_s} s: {:?}", held(client, symbol));
}

/// `bankruptcy = entry − M / (size × cv)` and liquidation the maintenance margin before it, as in recorded rows.
#[test]
fn the_identities_of_recorded_positions_hold_to_the_digit() {
    let mut client = venue(&[(450_000, 450_000), (450_000, 452_000)], 100_000, false);
    client.market("BTCUSD", "buy", 100);
    client.market("ETHUSD", "sell", 30);
    client.call("POST", "/v2/products/27/orders/leverage", json!({ "leverage": "20" }));
    client.frames(61_000);
    client.market("BTCUSD", "buy", 50);
    for (symbol, cv, leverage) in [("BTCUSD", "0.001", 20), ("ETHUSD", "0.01", 100)] {
        let row = held(&mut client, symbol).unwrap();
        let lots = Decimal::from(row["size"].as_i64().unwrap()) * d(cv);
        let (entry, margin) = (decimal(&row["entry_price"]), decimal(&row["margin"]));
        let (bankruptcy, liquidation) =
            (decimal(&row["bankruptcy_price"]), decimal(&row["liquidation_price"]));
        let near = |got: Decimal, wanted: Decimal| (got - wanted).abs() <= d("0.00000002");
        assert!(near(margin, (entry * lots).abs() / Decimal::from(leverage)), "{row}");
        assert!(near(bankruptcy, entry - margin / lots), "{row}");
        assert!(
            near(
                liquidation,
                bankruptcy + d("0.005") * entry * Decimal::from(lots.is_sign_positive() as i64 * 2 - 1)
            ),
            "{row}"
        );
    }
    // What is closed takes its part of the margin with it, exactly.
    let whole = decimal(&held(&mut client, "ETHUSD").unwrap()["margin"]);
    client.market("ETHUSD", "buy", 10);
    assert_eq!(
        decimal(&held(&mut client, "ETHUSD").unwrap()["margin"]) * Decimal::from(3),
        whole * Decimal::from(2)
    );
}

/// Only what is realised is available: neither a paper profit nor a premium that is still owed.
#[test]
fn what_is_available_is_the_balance_less_margins_and_premiums_owed() {
    let mut client = venue(&[(450_000, 450_000), (450_000, 452_000)], 100_000, true);
    client.market(CALL, "sell", 100);
    client.market("BTCUSD", "buy", 10);
    let look = |client: &mut Client| {
        let row = client.get("/v2/wallet/balances")["result"][0].clone();
        ["balance", "available_balance", "position_margin"].map(|name| decimal(&row[name]))
    };
    let [cash, available, margin] = look(&mut client);
    let owed = decimal(&held(&mut client, CALL).unwrap()["entry_price"]) * d("0.1");
    assert_eq!(available, cash - margin - owed);
    client.frames(61_000);
    assert_eq!(look(&mut client), [cash, available, margin], "the index moved, and nothing was realised");
}

#[test]
fn a_long_perpetual_is_liquidated_by_its_mark_and_everybody_is_told() {
    let mut client = venue(&[(450_000, 440_000)], 100_000, false);
    client.subscribe(&[
        ("orders", &["all"]),
        ("positions", &["all"]),
        ("v2/user_trades", &["all"]),
        ("margins", &[]),
    ]);
    client.market("BTCUSD", "buy", 100);
    let body = json!({ "product_id": 27, "size": 7, "side": "buy", "order_type": "limit_order", "limit_price": "43000" });
    client.call("POST", "/v2/orders", body);
    let other = client.rests("P-BTC-44000-230926", 5);
    let (before, row) = (balance(&mut client), held(&mut client, "BTCUSD").unwrap());
    let [liquidation, bankruptcy, margin, entry] =
        ["liquidation_price", "bankruptcy_price", "margin", "entry_price"].map(|name| decimal(&row[name]));
    assert_eq!(row["auto_topup"], false);
    let frames = until_gone(&mut client, "BTCUSD", 60);

    let fills = client.exchange.fills(client.now_us);
    let closed: Vec<_> = fills.iter().filter(|fill| fill.kind == FillKind::Liquidation).collect();
    assert_eq!(closed.iter().map(|fill| fill.size).sum::<i64>(), 100);
    assert!(closed.iter().all(|fill| fill.side == Side::Sell
        && fill.price >= bankruptcy
        && fill.price < liquidation + d("60")));
    let (loss, fees) = (before - balance(&mut client), closed.iter().map(|fill| fill.fee).sum::<Decimal>());
    let paid: Decimal =
        closed.iter().map(|fill| (entry - fill.price) * Decimal::from(fill.size) * d("0.001")).sum();
    let charge = loss - fees - paid;
    let whole = d("0.5") * d("0.005") * entry * d("0.1");
    assert_eq!(charge, whole.min(margin - paid).round_dp(8), "half the maintenance margin, or what is left");
    assert!(loss - fees <= margin, "no more than its margin is lost");

    // REST, sockets, log: each says so, and nothing else of the account was touched.
    let row = &client.get("/v2/fills")["result"][0];
    assert_eq!(row["fill_type"], "liquidation");
    let order = client.get(&format!("/v2/orders/{}", row["order_id"].as_str().unwrap()))["result"].clone();
    assert_eq!((&order["state"], &order["meta_data"]["source"]), (&json!("closed"), &json!("liquidation")));
    let rows = client.get("/v2/wallet/transactions?transaction_types=liquidation_fee")["result"].clone();
    assert_eq!(decimal(&rows[0]["amount"]), -charge);
    let open = client.get("/v2/orders")["result"].clone();
    assert_eq!(open.as_array().unwrap().iter().map(|row| &row["id"]).collect::<Vec<_>>(), [&other["id"]]);
    let told = |kind: &str, field: &str| -> BTreeSet<String> {
        let of = frames.iter().filter(|frame| {
            frame["type"] == kind && frame["sy"].as_str().or(frame["symbol"].as_str()) == Some("BTCUSD")
        });
        of.map(|frame| frame[field].as_str().unwrap_or("null").to_owned()).collect()
    };
    assert!(told("v2/user_trades", "R").contains("liquidation"));
    assert!(told("orders", "reason").contains("liquidation"));
    assert!(told("orders", "cancellation_reason").contains("liquidation"), "the own order in its way");
    assert!(told("positions", "action").contains("delete"));
    let margins = frames.iter().rfind(|frame| frame["type"] == "margins").unwrap();
    assert_eq!(decimal(&margins["position_margin"]), Decimal::ZERO);
}

/// What the makers do not take the venue takes over, at the price at which the margin is gone.
#[test]
fn behind_a_gap_exactly_the_margin_is_lost_and_the_log_says_what_was_taken_over() {
    let mut client = venue(&[(450_000, 450_000), (430_000, 430_000)], 100_000, false);
    client.market("BTCUSD", "buy", 100);
    client.market(CALL, "buy", 3);
    let (before, row) = (balance(&mut client), held(&mut client, "BTCUSD").unwrap());
    let bankruptcy = decimal(&row["bankruptcy_price"]);
    let mut notes = Vec::new();
    for second in 1..=70 {
        client.now_us = START + second * SECOND;
        notes.extend(client.exchange.advance(client.now_us).into_iter().filter_map(|event| match event {
            VenueEvent::Note(note) => Some(note),
            _other => None,
        }));
    }
    let fills = client.exchange.fills(client.now_us);
    let last = fills.iter().find(|fill| fill.kind == FillKind::Liquidation).unwrap();
    assert_eq!((last.size, last.position_after), (100, 0), "{last:?}");
    assert!(
        last.price >= bankruptcy && last.price < bankruptcy + d("0.5"),
        "the price step towards the entry"
    );
    assert_eq!(
        before - balance(&mut client) - last.fee,
        decimal(&row["margin"]),
        "with what that step leaves"
    );
    assert!(held(&mut client, CALL).is_some(), "a bought option has no margin to lose");
    let note = notes.iter().find(|note| note.name == "simulator.position_liquidated").expect("told");
    assert_eq!(
        (note.level, &note.payload["taken_over"], &note.payload["size"]),
        (Level::Warn, &json!(100), &json!(100))
    );
    assert!(note.message.contains("100 lots of BTCUSD were liquidated"), "{}", note.message);
}

#[test]
fn a_short_option_is_topped_up_until_the_wallet_is_empty() {
    let mut client = venue(&[(450_000, 450_000), (450_000, 490_000)], 200, true);
    client.subscribe(&[("positions", &["all"])]);
    client.market(CALL, "sell", 100);
    let opened = held(&mut client, CALL).unwrap();
    assert_eq!(opened["auto_topup"], true);
    let (before, at_first) = (balance(&mut client), decimal(&opened["margin"]));
    assert_eq!(at_first, d("45"), "one percent of the index at which it was sold");
    let mut frames = Vec::new();
    let mut most = at_first;
    let mut seconds = 0;
    while let Some(row) = held(&mut client, CALL) {
        let (margin, mark) = (decimal(&row["margin"]), decimal(&row["mark_price"]));
        assert!(margin >= most, "what was added stays");
        // Every time the venue looked, the position was above its maintenance margin afterwards.
        if client.now_us % (2 * SECOND) == 0 {
            assert!(mark < decimal(&row["liquidation_price"]), "{row}");
        }
        most = margin;
        frames.extend(client.frames(1_000));
        seconds += 1;
        assert!(seconds < 130, "{row}");
    }
    assert!(most > at_first + d("100"), "{most}");
    let topped_up: Vec<&Value> = frames.iter().filter(|frame| frame["reason"] == "auto_topup").collect();
    assert!(topped_up.len() > 2, "{}", topped_up.len());
    // In whole portions of half a percent of its notional, but for the last of the wallet.
    for pair in topped_up[..topped_up.len() - 1].windows(2) {
        let added = decimal(&pair[1]["margin"]) - decimal(&pair[0]["margin"]);
        assert_eq!(added % d("22.5"), Decimal::ZERO, "{added}");
    }
    let lost = before - balance(&mut client);
    let fills = client.exchange.fills(client.now_us).into_iter();
    let fees: Decimal = fills.filter(|fill| fill.kind == FillKind::Liquidation).map(|fill| fill.fee).sum();
    let owed = decimal(&opened["entry_price"]) * d("0.1");
    assert!(lost > most && lost <= owed + most + fees, "{lost} of {before}: {owed}, {most} and {fees}");
}

#[test]
fn what_the_wallet_adds_is_told() {
    let mut client = venue(&[(450_000, 450_000), (450_000, 490_000)], 200, true);
    client.market(CALL, "sell", 100);
    let mut notes = Vec::new();
    for second in 1..=130 {
        client.now_us = START + second * SECOND;
        notes.extend(client.exchange.advance(client.now_us).into_iter().filter_map(|event| match event {
            VenueEvent::Note(note) => Some(note),
            _other => None,
        }));
    }
    let note = notes.iter().find(|note| note.name == "simulator.margin_topped_up").expect("told");
    assert_eq!((note.level, &note.payload["symbol"]), (Level::Info, &json!(CALL)));
    assert!(d(note.payload["added"].as_str().unwrap()) > Decimal::ZERO, "{:?}", note.payload);
}

#[test]
fn margin_that_is_added_keeps_a_position_and_cannot_be_taken_back_too_far() {
    let mut client = venue(&[(450_000, 450_000), (450_000, 447_000), (447_000, 447_000)], 100_000, false);
    client.market("BTCUSD", "buy", 100);
    let before = held(&mut client, "BTCUSD").unwrap();
    let add = |delta: &str| json!({ "product_id": 27, "delta_margin": delta });
    let after = client.call("POST", "/v2/positions/change_margin", add("20"));
    assert_eq!(decimal(&after["liquidation_price"]), decimal(&before["liquidation_price"]) - d("200"));
    client.frames(130_000);
    assert!(
        held(&mut client, "BTCUSD").is_some(),
        "it would have been gone at {}",
        before["liquidation_price"]
    );
    assert_eq!(client.refused("POST", "/v2/positions/change_margin", add("-20")).1, "immediate_liquidation");
    assert_eq!(
        decimal(&held(&mut client, "BTCUSD").unwrap()["margin"]),
        decimal(&after["margin"]),
        "as it was"
    );
    client.call("POST", "/v2/positions/change_margin", add("-1"));
    client.frames(10_000);
    assert!(held(&mut client, "BTCUSD").is_some());
    // Through zero: what was added to the long position is not margin of the short one.
    client.market("BTCUSD", "sell", 150);
    let short = held(&mut client, "BTCUSD").unwrap();
    assert_eq!(short["size"], -50);
    assert!(decimal(&short["margin"]) < d("23"), "{short}");
}

#[test]
fn leverage_that_would_liquidate_at_once_is_refused() {
    let mut client = venue(&[(450_000, 450_000), (450_000, 444_000), (444_000, 444_000)], 100_000, false);
    client.call("POST", "/v2/products/27/orders/leverage", json!({ "leverage": "10" }));
    client.market("BTCUSD", "buy", 100);
    client.frames(130_000);
    let path = "/v2/products/27/orders/leverage";
    assert_eq!(client.refused("POST", path, json!({ "leverage": "100" })).1, "immediate_liquidation");
    assert_eq!(client.get(path)["result"]["leverage"], "10");
    assert_eq!(client.get("/v2/users/trading_preferences")["result"]["default_auto_topup"], false);
}

#[test]
fn a_switch_of_the_position_decides_whether_the_wallet_backs_it() {
    let mut client = venue(&[(450_000, 440_000)], 100_000, true);
    client.market("BTCUSD", "buy", 100);
    client.market("ETHUSD", "buy", 100);
    client.call("PUT", "/v2/positions/auto_topup", json!({ "product_id": 27, "auto_topup": false }));
    client.frames(90_000);
    assert!(held(&mut client, "BTCUSD").is_none());
    let row = held(&mut client, "ETHUSD").expect("its margin was topped up");
    assert!(decimal(&row["margin"]) > decimal(&row["entry_price"]) * d("0.01"), "{row}");
    assert_eq!(client.get("/v2/users/trading_preferences")["result"]["default_auto_topup"], true);
}

#[test]
fn nobody_is_liquidated_while_nothing_is_matched() {
    let mut client = venue(&[(450_000, 440_000)], 100_000, false);
    client.market("BTCUSD", "buy", 100);
    client.exchange.disrupt("BTCUSD", simulator::status::TradingStatus::PostOnly, START + 80 * SECOND);
    client.frames(79_000);
    let lower = |row: &Value| decimal(&row["mark_price"]) < decimal(&row["liquidation_price"]);
    assert!(held(&mut client, "BTCUSD").is_some_and(|row| lower(&row)));
    client.frames(4_000);
    assert!(held(&mut client, "BTCUSD").is_none());
}
