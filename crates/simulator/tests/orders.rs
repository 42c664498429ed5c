//! Orders that are changed, sent in batches, triggered or put around a position, in virtual time.

#[path = "support/pure.rs"]
mod pure;

use pure::{Client, SECOND, START};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulator::book::Side;
use simulator::order::{OrderState, StopKind, TriggerMethod};
use simulator::tape::Bar;
use simulator::{
    Exchange, OrderKey, OrderRequest, Quirks, Setup, Source, Tape, TapeEnd, Underlying, Volatility,
};

const CALL: &str = "C-BTC-46200-230926";

/// A straight minute of the index from 45,000 to `to`.
fn ramp(to: i64, quirks: Quirks) -> Exchange {
    let bar = Bar { open: 450_000, high: 450_000.max(to), low: 450_000.min(to), close: to };
    let source = Source::Tape(Tape::from_bars("made", vec![bar]).unwrap(), TapeEnd::Hold);
    let volatility = Volatility { held: true, ..Volatility::default() };
    Exchange::new(Setup { volatility, quirks, ..Setup::new(6, source, START) })
}

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

fn sizes(rows: &Value) -> Vec<i64> {
    rows.as_array().unwrap().iter().map(|row| row["size"].as_i64().unwrap()).collect()
}

#[test]
fn an_edited_order_keeps_its_id_and_goes_through_the_checks_again() {
    let mut client = Client::new();
    let order = client.rests(CALL, 10);
    let (id, price) = (order["id"].clone(), decimal(&order["limit_price"]));
    let mut edit = |fields: Value| {
        let mut body = json!({ "id": id, "product_symbol": CALL });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let reply = client.send("PUT", "/v2/orders", &body.to_string());
        (reply.status, serde_json::from_str::<Value>(&reply.body).unwrap())
    };
    let (_, edited) = edit(json!({ "size": 25, "limit_price": (price - Decimal::ONE).to_string() }));
    let edited = &edited["result"];
    assert_eq!((&edited["id"], &edited["size"], &edited["unfilled_size"]), (&id, &json!(25), &json!(25)));
    assert_eq!(decimal(&edited["limit_price"]), price - Decimal::ONE);
    for (fields, code) in [
        (json!({ "size": 0 }), "less_than_order_min_size"),
        (json!({ "limit_price": "0.15" }), "bad_schema"),
        (json!({ "limit_price": "44000" }), "bad_schema"),
        (json!({ "size": 100_001 }), "order_max_size_exceeded"),
    ] {
        let (status, refused) = edit(fields.clone());
        assert_eq!((status, &refused["error"]["code"]), (400, &json!(code)), "{fields}");
    }
    let kept = client.get(&format!("/v2/orders/{id}"))["result"].clone();
    assert_eq!((&kept["size"], &kept["limit_price"]), (&json!(25), &edited["limit_price"]), "as it was");
    // Through the offer it trades at once, however it came there; but not as post-only.
    let crossing = json!({ "id": id, "product_symbol": CALL, "limit_price": (price * Decimal::from(2)).round_dp(1).to_string() });
    assert_eq!(client.refused("PUT", "/v2/orders", crossing.clone()).1, "immediate_execution_post_only");
    let mut open = crossing;
    open["post_only"] = json!(false);
    assert_eq!(client.call("PUT", "/v2/orders", open)["state"], "closed");
    let gone = json!({ "id": id, "product_symbol": CALL, "size": 30 });
    assert_eq!(client.refused("PUT", "/v2/orders", gone).1, "order_already_filled");
    let unknown = json!({ "id": 1, "product_symbol": CALL, "size": 30 });
    assert_eq!(client.refused("PUT", "/v2/orders", unknown).1, "open_order_not_found");
}

#[test]
fn an_edit_of_what_only_reduces_never_opens() {
    let mut client = Client::new();
    client.market(CALL, "sell", 50);
    let body = json!({ "product_symbol": CALL, "size": 20, "side": "buy", "order_type": "limit_order",
        "limit_price": "500", "reduce_only": true });
    let id = client.call("POST", "/v2/orders", body)["id"].clone();
    let edited = client.call("PUT", "/v2/orders", json!({ "id": id, "product_symbol": CALL, "size": 900 }));
    assert_eq!((&edited["size"], &edited["unfilled_size"]), (&json!(50), &json!(50)));
}

#[test]
fn a_batch_leaves_out_what_cannot_be_done() {
    let mut client = Client::new();
    let row = |size: i64, price: &str| json!({ "size": size, "side": "buy", "order_type": "limit_order", "limit_price": price });
    let market = json!({ "size": 9, "side": "buy", "order_type": "market_order" });
    let orders = json!([row(1, "500"), row(2, "0.15"), row(3, "501"), market, row(4, "502")]);
    let placed = client.call("POST", "/v2/orders/batch", json!({ "product_symbol": CALL, "orders": orders }));
    assert_eq!(sizes(&placed), [1, 3, 4], "a wrong price and a market order are not there");
    let edits: Vec<Value> =
        placed.as_array().unwrap().iter().map(|row| json!({ "id": row["id"], "size": 7 })).collect();
    let edits = [edits, vec![json!({ "id": 1, "size": 7 })]].concat();
    let edited = client.call("PUT", "/v2/orders/batch", json!({ "product_symbol": CALL, "orders": edits }));
    assert_eq!(sizes(&edited), [7, 7, 7]);
    let ids: Vec<Value> = placed.as_array().unwrap().iter().map(|row| json!({ "id": row["id"] })).collect();
    let body = json!({ "product_symbol": CALL, "orders": ids });
    assert_eq!(client.call("DELETE", "/v2/orders/batch", body.clone()).as_array().unwrap().len(), 3);
    assert_eq!(client.call("DELETE", "/v2/orders/batch", body), json!([]), "gone already");
    let many = json!({ "product_symbol": CALL, "orders": vec![row(1, "500"); 51] });
    assert_eq!(client.refused("POST", "/v2/orders/batch", many).1, "bad_schema");
    let quota = client.get("/v2/rate_limits/quota")["result"]["current_quota"].as_i64().unwrap();
    assert_eq!(quota, 5 * 25 + 3, "25 each");
}

/// Whether a stop at 45,300 of the index, 120 above the mark or beside the last trade triggers in a rising minute.
#[test]
fn stops_look_at_the_price_they_name() {
    for (method, to, triggers) in [
        (TriggerMethod::Spot, 454_000, true),
        (TriggerMethod::Spot, 452_000, false),
        (TriggerMethod::Mark, 456_000, true),
        (TriggerMethod::Last, 456_000, true),
        (TriggerMethod::Last, 450_000, false),
    ] {
        let mut exchange = ramp(to, Quirks::default());
        let call = exchange.product(CALL).unwrap();
        exchange.place(START, &OrderRequest::market(call.id, Side::Sell, 50)).unwrap();
        let above = match method {
            TriggerMethod::Spot => Decimal::from(45_300),
            TriggerMethod::Mark | TriggerMethod::Last => {
                (exchange.ticker(START, &call).mark + Decimal::from(120)).round_dp(1)
            }
        };
        let request = OrderRequest {
            reduce_only: true,
            stop: Some((above, StopKind::StopLoss)),
            trigger: method,
            ..OrderRequest::market(call.id, Side::Buy, 50)
        };
        let stop = exchange.place(START, &request).unwrap();
        exchange.advance(START + 65 * SECOND);
        let state = exchange.order(START + 65 * SECOND, &OrderKey::Id(stop.id)).unwrap().state;
        assert_eq!(state != OrderState::Pending, triggers, "{method:?} to {to}: {state:?}");
    }
}

#[test]
fn a_trailing_stop_follows_and_never_goes_back() {
    let mut exchange = ramp(440_000, Quirks::default());
    let perpetual = exchange.product("BTCUSD").unwrap();
    exchange.place(START, &OrderRequest::market(perpetual.id, Side::Sell, 10)).unwrap();
    let trail = OrderRequest {
        reduce_only: true,
        trail: Some(Decimal::from(200)),
        ..OrderRequest::market(perpetual.id, Side::Buy, 10)
    };
    let wrong = OrderRequest { trail: Some(Decimal::from(-200)), ..trail.clone() };
    assert_eq!(exchange.place(START, &wrong).unwrap_err().code(), "bad_schema", "below, for a purchase");
    let id = exchange.place(START, &trail).unwrap().id;
    let mut last = Decimal::from(1_000_000);
    for second in 1..60 {
        let now_us = START + second * SECOND;
        exchange.advance(now_us);
        let order = exchange.order(now_us, &OrderKey::Id(id)).unwrap();
        let Some(stop) = order.stop_price() else { panic!("it triggered in a fall") };
        assert!(stop <= last, "never up");
        last = stop;
    }
    let spot = exchange.spot(START + 60 * SECOND, Underlying::Btc);
    assert!((last - spot - Decimal::from(200)).abs() < Decimal::from(50), "{last} beside {spot}");
}

#[test]
fn a_bracket_is_the_positions_size_and_ends_with_it() {
    let mut client = Client::new();
    let bracket = json!({ "product_symbol": CALL, "stop_loss_order": { "order_type": "market_order", "stop_price": "1200" },
        "take_profit_order": { "order_type": "limit_order", "stop_price": "100", "limit_price": "110" } });
    assert_eq!(client.refused("POST", "/v2/orders/bracket", bracket.clone()).1, "no_open_position");
    client.market(CALL, "sell", 40);
    let both = json!({ "product_symbol": CALL,
        "stop_loss_order": { "order_type": "market_order", "stop_price": "1200", "trail_amount": "50" } });
    assert_eq!(client.refused("POST", "/v2/orders/bracket", both).1, "bad_schema", "a price or a trail");
    client.call("POST", "/v2/orders/bracket", bracket.clone());
    assert_eq!(
        client.refused("POST", "/v2/orders/bracket", bracket).1,
        "position_bracket_exist_or_invalid_data"
    );
    let legs = |client: &mut Client| sizes(&client.get("/v2/orders?states=pending")["result"]);
    assert_eq!(legs(&mut client), [40, 40]);
    client.market(CALL, "sell", 20);
    assert_eq!(legs(&mut client), [60, 60], "it grows with the position");
    client.market(CALL, "buy", 45);
    assert_eq!(legs(&mut client), [15, 15], "and shrinks");
    client.market(CALL, "buy", 15);
    assert_eq!(legs(&mut client), [0; 0]);
    let position = client.get("/v2/positions/margined")["result"].clone();
    assert_eq!(position, json!([]), "neither leg opens anything");
}

#[test]
fn an_entry_brings_its_bracket_once_it_fills_and_it_can_be_moved() {
    let mut client = Client::new();
    let entry = json!({ "product_symbol": CALL, "size": 30, "side": "sell", "order_type": "market_order",
        "bracket_stop_loss_price": "1200", "bracket_stop_loss_limit_price": "1250", "bracket_take_profit_price": "90" });
    let entry = client.call("POST", "/v2/orders", entry);
    assert_eq!(
        (&entry["bracket_stop_loss_price"], &entry["bracket_take_profit_price"]),
        (&json!("1200.0"), &json!("90.0"))
    );
    let legs = client.get("/v2/orders?states=pending")["result"].clone();
    assert_eq!(sizes(&legs), [30, 30]);
    assert!(
        legs.as_array().unwrap().iter().all(|leg| leg["bracket_order"] == true && leg["reduce_only"] == true)
    );
    let moved = json!({ "id": entry["id"], "product_symbol": CALL, "bracket_stop_loss_price": "1300" });
    client.call("PUT", "/v2/orders/bracket", moved);
    let legs = client.get("/v2/orders?states=pending")["result"].clone();
    let stops: Vec<&str> =
        legs.as_array().unwrap().iter().map(|leg| leg["stop_price"].as_str().unwrap()).collect();
    assert!(stops.contains(&"1300.0") && stops.contains(&"90.0"), "{stops:?}");
    let by_leg = json!({ "id": legs[0]["id"], "product_symbol": CALL, "bracket_stop_loss_price": "1400" });
    assert_eq!(
        client.refused("PUT", "/v2/orders/bracket", by_leg).1,
        "open_order_not_found",
        "not by the leg's id"
    );
}

/// The stop loss of a short call, when the index runs through it: flat, and the other leg gone.
#[test]
fn one_leg_of_a_bracket_ends_the_other() {
    let mut exchange = ramp(456_000, Quirks::default());
    let call = exchange.product(CALL).unwrap();
    let mark = exchange.ticker(START, &call).mark;
    let usd = |away: i64| (mark + Decimal::from(away)).round_dp(1);
    let leg =
        |price: Decimal| simulator::order::Leg { at: simulator::order::LegAt::Price(price), limit: None };
    let bracket = simulator::order::BracketRequest {
        stop_loss: Some(leg(usd(100))),
        take_profit: Some(leg(usd(-150))),
        method: TriggerMethod::Mark,
    };
    let entry = OrderRequest { bracket: Some(bracket), ..OrderRequest::market(call.id, Side::Sell, 25) };
    exchange.place(START, &entry).unwrap();
    assert_eq!(exchange.open_orders(START).len(), 2);
    let later = START + 60 * SECOND;
    exchange.advance(later);
    assert!(exchange.positions(later).is_empty() && exchange.open_orders(later).is_empty());
    let bought: i64 =
        exchange.fills(later).iter().filter(|fill| fill.side == Side::Buy).map(|fill| fill.size).sum();
    assert_eq!(bought, 25, "once");
}

#[test]
fn a_take_profit_buy_fires_at_once_by_the_switch() {
    for (quirk, state) in [(false, OrderState::Pending), (true, OrderState::Closed)] {
        let quirks = Quirks { take_profit_buy_triggers_above: quirk, ..Quirks::default() };
        let mut exchange = ramp(450_000, quirks);
        let call = exchange.product(CALL).unwrap();
        exchange.place(START, &OrderRequest::market(call.id, Side::Sell, 5)).unwrap();
        let target = OrderRequest {
            reduce_only: true,
            stop: Some((Decimal::from(50), StopKind::TakeProfit)),
            ..OrderRequest::market(call.id, Side::Buy, 5)
        };
        let order = exchange.place(START, &target).unwrap();
        exchange.advance(START + 5 * SECOND);
        assert_eq!(exchange.order(START + 5 * SECOND, &OrderKey::Id(order.id)).unwrap().state, state);
    }
}

#[test]
fn close_all_leaves_nothing_and_says_so() {
    let mut client = Client::new();
    client.market(CALL, "sell", 40);
    client.market("BTCUSD", "buy", 5);
    client.call("POST", "/v2/positions/close_all", json!({ "close_all_isolated": false }));
    assert_eq!(client.get("/v2/positions/margined")["result"].as_array().unwrap().len(), 2, "not asked for");
    client.call("POST", "/v2/positions/close_all", json!({ "close_all_isolated": true }));
    assert_eq!(client.get("/v2/positions/margined")["result"], json!([]));
}

/// Every change over the whole wire is a row, and the rows add up whatever happened.
#[test]
fn the_ledger_adds_up_with_funding_and_settlement() {
    let mut client = Client::new();
    client.market("BTCUSD", "buy", 100);
    client.market(CALL, "sell", 40);
    client.now_us += 3 * 86_400 * SECOND;
    let rows = client.get("/v2/wallet/transactions?page_size=50")["result"].clone();
    let kinds: std::collections::BTreeSet<&str> =
        rows.as_array().unwrap().iter().map(|row| row["transaction_type"].as_str().unwrap()).collect();
    for kind in ["cashflow", "commission", "funding", "settlement", "deposit"] {
        assert!(kinds.contains(kind) || (kind == "settlement" && kinds.len() >= 4), "{kind}: {kinds:?}");
    }
    let balance = decimal(&client.get("/v2/wallet/balances")["result"][0]["balance"]);
    assert_eq!(decimal(&rows[0]["balance"]), balance);
    let only = client.get("/v2/wallet/transactions?transaction_types=funding")["result"].clone();
    assert!(only.as_array().unwrap().iter().all(|row| row["transaction_type"] == "funding"));
}

#[test]
fn who_promised_to_be_heard_and_is_not_has_his_orders_cancelled_and_keeps_his_positions() {
    let mut client = Client::new();
    client.market(CALL, "sell", 10);
    client.rests(CALL, 5);
    client.rests("P-BTC-45400-230926", 6);
    let create = json!({ "heartbeat_id": "desk", "impact": "contracts", "contract_types": ["call_options"],
        "config": [{ "action": "cancel_orders", "unhealthy_count": 2 }] });
    client.call("POST", "/v2/heartbeat/create", create);
    let open = |client: &mut Client| sizes(&client.get("/v2/orders")["result"]);
    client.frames(60_000);
    assert_eq!(open(&mut client), [6, 5], "off until it is heard first");
    let beat = |client: &mut Client, ttl: i64| {
        client.call("POST", "/v2/heartbeat", json!({ "heartbeat_id": "desk", "ttl": ttl }))
    };
    assert_eq!(beat(&mut client, 30_000)["process_enabled"], "true");
    client.frames(29_000);
    beat(&mut client, 30_000);
    client.frames(31_000);
    assert_eq!(open(&mut client), [6, 5], "missed once");
    client.frames(30_000);
    assert_eq!(open(&mut client), [6], "missed twice: what it covers is gone");
    assert_eq!(client.get("/v2/positions/margined")["result"][0]["size"], -10);
    client.rests(CALL, 7);
    client.frames(120_000);
    assert_eq!(open(&mut client), [7, 6], "it acts once, until it is heard again");
    assert_eq!(beat(&mut client, 0)["process_enabled"], "false");
    assert_eq!(
        client.refused("POST", "/v2/heartbeat", json!({ "heartbeat_id": "x", "ttl": 1 })).1,
        "bad_schema"
    );
    let other = json!({ "heartbeat_id": "desk", "impact": "low" });
    assert_eq!(client.refused("POST", "/v2/heartbeat/create", other.clone()).1, "bad_schema");
    let quirks = Quirks { impact_is_low_medium_high: true, ..Quirks::default() };
    Client::with(quirks).call("POST", "/v2/heartbeat/create", other);
}
