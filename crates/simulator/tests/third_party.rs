//! What clients that are not ours met at this venue, one by one, in virtual time; their suites are in `end2end/clients`.

#[path = "support/pure.rs"]
mod pure;

use pure::{Client, SECOND, START};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simulator::Quirks;

const CALL: &str = "C-BTC-46200-230926";
const PUT: &str = "P-BTC-45400-230926";

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

fn ids(rows: &Value) -> Vec<i64> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[test]
fn a_cancel_between_two_pages_hides_no_order() {
    let mut client = Client::new();
    let placed: Vec<i64> = (1..=6).map(|size| client.rests(CALL, size)["id"].as_i64().unwrap()).collect();
    let first = client.get("/v2/orders?states=open&page_size=2");
    assert_eq!(ids(&first["result"]), [placed[5], placed[4]]);
    let body = json!({ "id": placed[5], "product_symbol": CALL });
    client.call("DELETE", "/v2/orders", body);
    let after = first["meta"]["after"].as_str().unwrap();
    let second = client.get(&format!("/v2/orders?states=open&page_size=2&after={after}"));
    assert_eq!(ids(&second["result"]), [placed[3], placed[2]], "the fourth is not hidden");
    let before = second["meta"]["before"].as_str().unwrap();
    let back = client.get(&format!("/v2/orders?states=open&page_size=2&before={before}"));
    assert_eq!(ids(&back["result"]), [placed[4]]);
}

#[test]
fn whole_numbers_come_as_text_too() {
    let mut client = Client::new();
    let id = client.exchange.product(CALL).unwrap().id;
    let body = json!({ "product_id": id.to_string(), "size": "3", "side": "buy", "order_type": "limit_order",
        "limit_price": "500" });
    let order = client.call("POST", "/v2/orders", body);
    assert_eq!((&order["size"], &order["product_id"]), (&json!(3), &json!(id)));
    let body = json!({ "id": order["id"].to_string(), "product_id": id.to_string() });
    assert_eq!(client.call("DELETE", "/v2/orders", body)["state"], "cancelled");
}

#[test]
fn lists_are_filtered_by_kind_and_cancel_all_by_symbol() {
    let mut client = Client::new();
    client.rests(CALL, 1);
    client.rests(PUT, 2);
    let stop = json!({ "product_symbol": CALL, "size": 3, "side": "sell", "order_type": "market_order",
        "stop_order_type": "stop_loss_order", "stop_price": "300" });
    client.call("POST", "/v2/orders", stop);
    let mut sizes = |types: &str| -> Vec<i64> {
        let rows = client.get(&format!("/v2/orders?order_types={types}"))["result"].clone();
        rows.as_array().unwrap().iter().map(|row| row["size"].as_i64().unwrap()).collect()
    };
    assert_eq!((sizes("limit"), sizes("stop_market"), sizes("all_stop")), (vec![2, 1], vec![3], vec![3]));
    assert_eq!(sizes("stop_limit,market"), [0; 0]);
    let all = json!({ "product_symbol": CALL, "cancel_limit_orders": "true", "cancel_stop_orders": true });
    client.call("DELETE", "/v2/orders/all", all);
    let left = client.get("/v2/orders")["result"].clone();
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["product_symbol"], PUT);
}

#[test]
fn products_books_and_tickers_have_several_names() {
    let mut client = Client::new();
    let id = client.exchange.product(CALL).unwrap().id;
    assert_eq!(client.get(&format!("/v2/products/{id}"))["result"]["symbol"], CALL);
    assert_eq!(client.get(&format!("/v2/l2orderbook/{id}"))["result"]["symbol"], CALL);
    assert_eq!(client.get(&format!("/v2/tickers/{id}"))["result"]["symbol"], CALL);
    for comma in [",", "%2C"] {
        let rows = client.get(&format!("/v2/tickers/{CALL}{comma}{PUT}"))["result"].clone();
        assert_eq!((&rows[0]["symbol"], &rows[1]["symbol"]), (&json!(CALL), &json!(PUT)));
    }
    let eleven = [CALL; 11].join(",");
    assert_eq!(client.refused("GET", &format!("/v2/tickers/{eleven}"), json!(null)).0, 400);
    assert_eq!(client.get("/v2/assets")["result"].as_array().unwrap().len(), 3);
    let product = client.get(&format!("/v2/products/{CALL}"))["result"].clone();
    assert_eq!(product["underlying_asset"]["symbol"], "BTC");
}

#[test]
fn a_wrong_signature_is_the_word_that_clients_know() {
    let mut client = Client::new();
    let reply = client.send_as("wrong", "GET", "/v2/fills", "");
    assert_eq!(reply.status, 401);
    assert!(reply.body.contains("invalid_signature"), "{}", reply.body);
}

/// No code of our own: what is not documented is a schema error that names its field; the switch brings the old words.
#[test]
fn codes_are_the_documented_ones() {
    for old in [false, true] {
        let quirks = Quirks { undocumented_order_codes: old, ..Quirks::default() };
        let mut client = Client::with(quirks);
        let body = json!({ "product_symbol": CALL, "size": 1, "side": "buy", "order_type": "limit_order",
            "limit_price": "500", "client_order_id": "twice" });
        client.call("POST", "/v2/orders", body.clone());
        let again = client.send("POST", "/v2/orders", &body.to_string());
        let unknown = client.refused("GET", "/v2/orders/client_order_id/nobody", json!(null));
        if old {
            assert!(again.body.contains("duplicate_client_order_id"), "{}", again.body);
            assert_eq!(unknown, (404, "order_not_found".to_owned()));
        } else {
            assert!(again.body.contains("bad_schema") && again.body.contains(r#""param":"client_order_id""#));
            assert_eq!(unknown, (404, "open_order_not_found".to_owned()));
        }
    }
}

#[test]
fn fees_have_eight_digits_and_fills_their_product() {
    let mut client = Client::new();
    let order = client.market(CALL, "sell", 7);
    let fills = client.get("/v2/fills")["result"].clone();
    let paid: Decimal = fills.as_array().unwrap().iter().map(|fill| decimal(&fill["commission"])).sum();
    assert_eq!(decimal(&order["paid_commission"]), paid);
    assert!(
        fills.as_array().unwrap().iter().any(|fill| decimal(&fill["commission"]).normalize().scale() > 6)
    );
    let fill = &fills[0];
    assert_eq!(fill["product"]["symbol"], CALL);
    assert_eq!(fill["product"]["settling_asset"]["symbol"], "USD");
    assert_eq!(fill["meta_data"]["order_type"], "market_order");
    let rows = client.get("/v2/wallet/transactions")["result"].clone();
    let moved: Decimal = rows.as_array().unwrap().iter().map(|row| decimal(&row["amount"])).sum();
    let balance = decimal(&client.get("/v2/wallet/balances")["result"][0]["balance"]);
    assert_eq!((moved, decimal(&rows[0]["balance"])), (balance, balance));
}

#[test]
fn a_position_says_what_it_risks_and_what_closing_costs() {
    let mut client = Client::new();
    client.market(CALL, "sell", 100);
    client.market("BTCUSD", "buy", 10);
    let rows = client.get("/v2/positions/margined")["result"].clone();
    for row in rows.as_array().unwrap() {
        let (entry, size) = (decimal(&row["entry_price"]), row["size"].as_i64().unwrap());
        let lots = Decimal::from(size) * Decimal::new(1, 3);
        let bankruptcy = decimal(&row["bankruptcy_price"]);
        assert!((bankruptcy - (entry - decimal(&row["margin"]) / lots)).abs() < Decimal::new(1, 6), "{row}");
        let liquidation = decimal(&row["liquidation_price"]);
        assert_eq!(liquidation > bankruptcy, size > 0, "before the margin is gone: {row}");
        assert!(decimal(&row["commission"]) > Decimal::ZERO);
        assert_eq!(row["product"]["symbol"], row["product_symbol"]);
    }
    client.market(CALL, "buy", 100);
    client.market(CALL, "buy", 1);
    let long = client.get("/v2/positions/margined?contract_types=call_options")["result"][0].clone();
    assert_eq!(
        (&long["liquidation_price"], &long["margin"]),
        (&Value::Null, &json!("0")),
        "its premium is paid"
    );
}

#[test]
fn tickers_have_their_day_and_perpetuals_their_funding() {
    let mut client = Client::new();
    let row = client.get(&format!("/v2/tickers/{CALL}"))["result"].clone();
    let number = |name: &str| row[name].as_f64().unwrap_or_else(|| panic!("{name}: {row}"));
    assert!(number("low") <= number("open").min(number("close")) && number("high") >= number("close"));
    assert!(number("volume") > 0.0 && row["size"].is_i64());
    for name in ["oi_value", "oi_value_usd", "oi_contracts", "mark_change_24h"] {
        assert!(row[name].is_string(), "{name}");
    }
    let perpetual = client.get("/v2/tickers/BTCUSD")["result"].clone();
    assert!(perpetual["funding_rate"].is_string() && row["funding_rate"].is_null());
    // What nobody trades has no keys, not nulls.
    let rows = client.get("/v2/tickers?contract_types=call_options")["result"].clone();
    let untraded =
        rows.as_array().unwrap().iter().find(|row| row.get("open").is_none()).expect("one far away");
    assert!(untraded.get("volume").is_none() && untraded.get("close").is_none());
}

#[test]
fn a_settled_product_says_at_which_index() {
    let mut client = Client::new();
    client.now_us = START + 86_400 * SECOND;
    let row = client.get("/v2/products?states=expired&page_size=1")["result"][0].clone();
    assert!(decimal(&row["product_specs"]["settlement_index_price"]) > Decimal::from(10_000), "{row}");
}

#[test]
fn leverage_is_what_was_set_and_margins_follow() {
    let mut client = Client::new();
    let id = client.exchange.product(CALL).unwrap().id;
    let path = format!("/v2/products/{id}/orders/leverage");
    client.market(CALL, "sell", 100);
    let margin = |client: &mut Client| decimal(&client.get("/v2/positions/margined")["result"][0]["margin"]);
    let at_most = margin(&mut client);
    for wanted in [json!({ "leverage": "20" }), json!({ "leverage": 20 })] {
        assert_eq!(client.call("POST", &path, wanted)["leverage"], "20");
    }
    assert_eq!(client.get(&path)["result"]["leverage"], "20");
    assert_eq!(margin(&mut client), at_most * Decimal::from(5));
    assert_eq!(client.refused("POST", &path, json!({ "leverage": 101 })).1, "max_leverage_exceeded");
    assert_eq!(client.refused("POST", &path, json!({ "leverage": "0.5" })).1, "min_leverage_exceeded");
}

#[test]
fn a_kind_of_contract_subscribes_what_rests_and_is_held_in_it() {
    let mut client = Client::new();
    client.rests(CALL, 4);
    client.market(PUT, "sell", 5);
    client.frames(500);
    let frames = client.subscribe(&[("orders", &["call_options"]), ("positions", &["put_options"])]);
    let orders = frames.iter().find(|frame| frame["type"] == "orders").expect("a snapshot");
    assert_eq!((&orders["symbol"], &orders["result"][0]["size"]), (&json!(CALL), &json!(4)));
    assert_eq!(orders["meta"]["seq_no"], 1);
    let positions = frames.iter().find(|frame| frame["type"] == "positions").expect("a snapshot");
    assert_eq!(
        (positions["result"].as_array().unwrap().len(), &positions["result"][0]["size"]),
        (1, &json!(-5))
    );
    client.rests(CALL, 6);
    let next = client.frames(200);
    let update = next.iter().find(|frame| frame["type"] == "orders").expect("an update");
    assert_eq!(
        (&update["seq_no"], &update["action"]),
        (&json!(2), &json!("create")),
        "it goes on from the snapshot"
    );
    let mut named = Client::new();
    let empty = named.subscribe(&[("orders", &[CALL])]);
    assert_eq!(
        (&empty[1]["meta"]["seq_no"], &empty[1]["result"]),
        (&json!(0), &json!([])),
        "nothing rests yet"
    );
}

#[test]
fn a_position_begins_with_create_and_margins_follow_orders() {
    let mut client = Client::new();
    client.subscribe(&[("positions", &["all"]), ("margins", &[])]);
    client.rests(CALL, 40);
    let margins = client.frames(200);
    let blocked = margins.iter().find(|frame| frame["type"] == "margins").expect("an order blocks margin");
    assert!(decimal(&blocked["order_margin"]) > Decimal::ZERO);
    client.market(CALL, "sell", 100);
    client.market(CALL, "buy", 100);
    let frames = client.frames(500);
    let actions: Vec<&str> = frames
        .iter()
        .filter(|frame| frame["type"] == "positions")
        .map(|frame| frame["action"].as_str().unwrap())
        .collect();
    assert_eq!((actions[0], actions[1], actions[actions.len() - 1]), ("create", "update", "delete"));
    client.call("DELETE", "/v2/orders/all", json!({ "cancel_limit_orders": true }));
    let freed = client.frames(200);
    let freed = freed.iter().rfind(|frame| frame["type"] == "margins").expect("and frees it");
    assert_eq!(decimal(&freed["order_margin"]), Decimal::ZERO);
}

/// The checksum that the documents describe, bit by bit, of a book that is kept as text.
fn checksum(kept: &[std::collections::BTreeMap<Decimal, (String, i64)>; 2]) -> u64 {
    let row = |(price, lots): &(String, i64)| format!("{price}:{lots}");
    let bids: Vec<String> = kept[0].values().rev().take(10).map(row).collect();
    let asks: Vec<String> = kept[1].values().take(10).map(row).collect();
    let text = [asks.join(","), bids.join(",")].join("|");
    let crc = text.bytes().fold(u32::MAX, |crc, byte| {
        (0..8)
            .fold(crc ^ u32::from(byte), |crc, _bit| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    });
    u64::from(!crc)
}

/// A client that keeps the book from its first frame and the changes has what the venue shows, number by number.
#[test]
fn a_book_that_is_kept_from_its_changes_is_the_venues() {
    let mut client = Client::new();
    let frames = client.subscribe(&[("ob_updates", &[CALL])]);
    let snapshot = frames.iter().find(|frame| frame["type"] == "ob_updates").expect("a snapshot").clone();
    assert_eq!(snapshot["action"], "snapshot");
    let product = client.exchange.product(CALL).unwrap();
    for (channel, token) in client.session.watched() {
        client.exchange.watch(channel, &token);
    }
    let mut kept: [std::collections::BTreeMap<Decimal, (String, i64)>; 2] = Default::default();
    let take = |kept: &mut [std::collections::BTreeMap<Decimal, (String, i64)>; 2], frame: &Value| {
        for (side, name) in ["b", "a"].into_iter().enumerate() {
            for row in frame[name].as_array().unwrap() {
                let (price, lots) = (decimal(&row[0]), row[1].as_str().unwrap().parse::<i64>().unwrap());
                if lots == 0 {
                    assert!(kept[side].remove(&price).is_some(), "what goes was there");
                } else {
                    kept[side].insert(price, (row[0].as_str().unwrap().to_owned(), lots));
                }
            }
        }
        assert_eq!(frame["cs"].as_u64(), Some(checksum(kept)), "of the book as it is after the change");
    };
    take(&mut kept, &snapshot);
    let mut seq = snapshot["seq"].as_u64().unwrap();
    let mut updates = 0;
    for round in 0..40 {
        if round % 7 == 3 {
            client.market(CALL, if round % 2 == 0 { "buy" } else { "sell" }, 900);
        }
        for frame in client.frames(500) {
            if frame["type"] == "ob_updates" {
                seq += 1;
                updates += 1;
                assert_eq!((frame["seq"].as_u64(), &frame["action"]), (Some(seq), &json!("update")));
                take(&mut kept, &frame);
            }
        }
        let book = client.exchange.book(client.now_us, &product);
        let shown: [std::collections::BTreeMap<Decimal, i64>; 2] =
            [book.bids, book.asks].map(|side| side.into_iter().collect());
        let lots =
            kept.clone().map(|side| side.into_iter().map(|(price, (_, lots))| (price, lots)).collect());
        assert_eq!(shown, lots, "after {updates} updates");
    }
    assert!(updates > 30);
}

#[test]
fn trades_and_funding_are_published() {
    let mut client = Client::new();
    client.subscribe(&[("trades", &["BTCUSD"]), ("funding_rate", &["perpetual_futures"])]);
    for (channel, token) in client.session.watched() {
        client.exchange.watch(channel, &token);
    }
    client.frames(2_000);
    client.market("BTCUSD", "buy", 40);
    let frames = client.frames(60_000);
    let of = |name: &str| frames.iter().filter(|frame| frame["type"] == name).collect::<Vec<_>>();
    let trades = of("trades");
    let filled: Vec<f64> =
        client.exchange.fills(client.now_us).iter().rev().map(|fill| fill.size as f64).collect();
    let told: Vec<f64> = trades.iter().map(|frame| frame["s"].as_f64().unwrap()).collect();
    assert!(told.len() > filled.len() + 2, "{trades:?}");
    assert!(
        filled.iter().all(|size| told.contains(size)),
        "the account's own among them: {filled:?} {told:?}"
    );
    let times: Vec<i64> = trades.iter().map(|frame| frame["ts"].as_i64().unwrap()).collect();
    assert!(times.is_sorted());
    let funding = of("funding_rate");
    assert!(funding.iter().any(|frame| frame["sy"] == "ETHUSD"));
    assert_eq!(
        (&funding[0]["fi"], funding[0]["nfr"].as_i64().unwrap() > client.now_us),
        (&json!(28_800), true)
    );
}
