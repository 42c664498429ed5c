//! What parses must survive anything: tapes, recordings, fault files, bodies and frames of clients, each from a corpus
//! of good ones that is mutated. Nothing panics, and no number comes out that did not stand there.
//! `MUTATIONS=200000` runs longer; the seed is fixed, so that what fails fails again.

#[path = "support/pure.rs"]
mod pure;

use pure::Client;
use serde_json::json;
use simulator::exchange::random::Random;
use simulator::{Faults, Tape, TapeEnd, recording};

fn rounds() -> u64 {
    std::env::var("MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

/// Pieces that parsers stumble over.
const PIECES: [&str; 32] = [
    "\"",
    ",",
    ";",
    "\n",
    "\r\n",
    "{",
    "}",
    "[",
    "]",
    ":",
    "-",
    ".",
    "e9",
    "1e400",
    "NaN",
    "inf",
    "null",
    "true",
    "0",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "79228162514264337593543950335",
    "0.0000000000000000000000000001",
    "\u{feff}",
    "\u{0}",
    "\\ud83d",
    "=",
    "#",
    "*",
    "99999999999999999999999999999999999999",
    "'",
];

struct Mutator(Random);

impl Mutator {
    fn below(&mut self, most: usize) -> usize {
        (self.0.uniform() * most as f64) as usize
    }

    /// One to five changes: bytes turned, cut, doubled, moved, pieces put in, parts of another put in.
    fn mutated(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let which = self.below(corpus.len());
        let mut bytes = corpus[which].clone();
        for _ in 0..=self.below(5) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(12)).min(bytes.len());
            match self.below(7) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let part = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, part));
                }
                3 => bytes.truncate(at),
                4 => {
                    let other = &corpus[self.below(corpus.len())];
                    let from = self.below(other.len() + 1);
                    let part = other[from..(from + 20).min(other.len())].to_vec();
                    drop(bytes.splice(at..end, part));
                }
                _piece => {
                    let piece = PIECES[self.below(PIECES.len())].as_bytes().to_vec();
                    let replaced = if self.below(2) == 0 { end } else { at };
                    drop(bytes.splice(at..replaced, piece));
                }
            }
        }
        bytes
    }
}

fn bytes(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
fn price_files_are_played_as_they_say_or_refused_in_one_sentence() {
    let corpus = bytes(&[
        "time,open,high,low,close,volume\n1641340800,45832,45874,45820,45861,1\n1641340860,45861,45900,45850,45870,2\n1641341100,45870,45870,45800,45800,3\n",
        "1641340800000,45832.01,45874.19,45820.00,45861.33,21.1\n1641340860000,45861.33,45900,45850,45870,1\n",
        "\u{feff}\"Date\",\"Open\",\"High\",\"Low\",\"Close\"\r\n\"2022-01-05T00:00:00Z\",\"45832\",\"45874\",\"45820\",\"45861\"\r\n",
        "1771963200,64406.0,64563.5,64290.0,64437.5\n1771966800,64409.0,64409.0,63805.5,64016.0\n",
        "Unix,Date,Symbol,Open,High,Low,Close\n1641340800,2022,BTC/USD,4.5832e4,45874,45820,45861\n",
    ]);
    let mut mutator = Mutator(Random::new(1, 1));
    let mut played = 0;
    for _ in 0..rounds() {
        let file = mutator.mutated(&corpus);
        let text = String::from_utf8_lossy(&file).into_owned();
        match Tape::parse("t", &file) {
            Err(why) => {
                assert!(
                    why.starts_with("tape t: ") && !why.contains('\n') && why.len() < 400,
                    "{why}\n{text}"
                );
            }
            Ok(tape) => {
                played += 1;
                let numbers: Vec<f64> = text
                    .split(|sign: char| !(sign.is_ascii_alphanumeric() || "+-.".contains(sign)))
                    .filter_map(|word| word.parse().ok())
                    .collect();
                // The corners of bars are numbers of the file, rounded to tenths.
                for minute in 0..(tape.length_us() / 60_000_000).min(100) {
                    let usd = tape.index_at(minute * 60_000_000, TapeEnd::Hold) as f64 / 10.0;
                    assert!((1_334.0..=356_086.0).contains(&usd), "{usd}\n{text}");
                    assert!(numbers.iter().any(|number| (number - usd).abs() <= 0.0501), "{usd}\n{text}");
                }
            }
        }
    }
    assert!(played > 20, "some are still good: {played}");
}

#[test]
fn recordings_are_played_or_refused_in_one_sentence() {
    let us = 1_788_431_318_000_000_i64;
    let mut text = recording::head("ws://x", us) + "\n";
    for second in 0..4 {
        let ts = us + second * 1_000_000;
        let price = format!("4583{second}.5");
        let frame = json!({ "type": "spot_price", "sy": ".DEXBTUSD", "p": price, "ts": ts });
        text += &(recording::line(ts, &frame.to_string()) + "\n");
        let top =
            json!({ "type": "ob_l1", "sy": "C-1", "ap": "1.5", "as": "3", "bp": null, "bs": null, "ts": ts });
        text += &(recording::line(ts, &top.to_string()) + "\n");
    }
    let corpus = vec![
        text.clone().into_bytes(),
        format!("{}{}\n", text, recording::event(us, "lost", "x")).into_bytes(),
    ];
    let mut mutator = Mutator(Random::new(2, 1));
    for _ in 0..rounds() {
        let file = mutator.mutated(&corpus);
        let text = String::from_utf8_lossy(&file).into_owned();
        match Tape::parse("t", &file) {
            Err(why) => assert!(why.starts_with("tape t: ") && !why.contains('\n'), "{why}\n{text}"),
            Ok(tape) => {
                let usd = tape.index_at(0, TapeEnd::Mirror) / 10;
                assert!((1_334..=356_086).contains(&usd) && tape.length_us() > 0, "{usd}\n{text}");
            }
        }
    }
}

#[test]
fn fault_files_are_read_or_refused_with_a_place() {
    let corpus = bytes(&[
        include_str!("../../../config/faults.sample.toml"),
        "seed = 7\n[quirks]\nlegacy_channels = true\n[[rule]]\nfault = \"reply_lost\"\n",
    ]);
    let mut mutator = Mutator(Random::new(3, 1));
    for _ in 0..rounds() / 4 {
        let text = String::from_utf8_lossy(&mutator.mutated(&corpus)).into_owned();
        if let Err(why) = Faults::parse(&text) {
            assert!(why.starts_with("fault file"), "{why}");
        }
    }
}

/// Whatever a signed client sends, the venue answers in its words, and its books stay sound.
#[test]
fn bodies_and_queries_of_clients_are_answered() {
    let corpus = bytes(&[
        r#"{"product_id":27,"size":10,"side":"buy","order_type":"limit_order","limit_price":"45000","time_in_force":"gtc","reduce_only":false,"client_order_id":"a"}"#,
        r#"{"product_symbol":"C-BTC-46200-230926","size":"3","side":"sell","order_type":"market_order","post_only":"false"}"#,
        r#"{"product_id":27,"size":5,"side":"sell","order_type":"market_order","stop_order_type":"stop_loss_order","stop_price":"44000","trail_amount":"-50"}"#,
        r#"{"product_id":27,"orders":[{"size":1,"side":"buy","limit_price":"44900"},{"size":2,"side":"buy","limit_price":"44901"}]}"#,
        r#"{"product_id":27,"bracket_stop_loss_price":"44000","bracket_take_profit_price":"47000","size":1,"side":"buy","order_type":"market_order"}"#,
        r#"{"id":1000001,"product_id":27,"size":7,"limit_price":"45100"}"#,
        r#"{"product_id":27,"delta_margin":"5"}"#,
        r#"{"leverage":"25"}"#,
        r#"{"heartbeat_id":"x","ttl":30000,"impact":"contracts","config":[{"action":"cancel_orders","unhealthy_count":1}]}"#,
    ]);
    let targets = [
        ("POST", "/v2/orders"),
        ("PUT", "/v2/orders"),
        ("DELETE", "/v2/orders"),
        ("DELETE", "/v2/orders/all"),
        ("POST", "/v2/orders/batch"),
        ("POST", "/v2/orders/bracket"),
        ("PUT", "/v2/orders/bracket"),
        ("POST", "/v2/positions/change_margin"),
        ("POST", "/v2/products/27/orders/leverage"),
        ("POST", "/v2/heartbeat/create"),
        ("POST", "/v2/heartbeat"),
        ("POST", "/v2/positions/close_all"),
    ];
    let queries = bytes(&[
        "product_ids=27,28&states=open,pending&page_size=5&after=x",
        "contract_types=call_options&underlying_asset_symbols=BTC&expiry_date=23-09-2026",
        "resolution=1m&symbol=MARK:BTCUSD&start=1789990000&end=1789992000",
        "start_time=1789992001000000&end_time=9999999999999999&order_types=market",
    ]);
    let reads = [
        "/v2/orders",
        "/v2/orders/history",
        "/v2/fills",
        "/v2/tickers",
        "/v2/products",
        "/v2/history/candles",
        "/v2/wallet/transactions",
        "/v2/positions",
        "/v2/l2orderbook/BTCUSD",
    ];
    let mut mutator = Mutator(Random::new(4, 1));
    let mut client = Client::new();
    for round in 0..rounds() / 2 {
        client.now_us += 700_000;
        let (method, target) = targets[mutator.below(targets.len())];
        let body = String::from_utf8_lossy(&mutator.mutated(&corpus)).into_owned();
        let reply = client.send(method, target, &body);
        assert!(
            [200, 400, 401, 404, 429].contains(&reply.status),
            "{method} {target} {body}: {}",
            reply.body
        );
        let answer: serde_json::Value = serde_json::from_str(&reply.body).expect("an answer in JSON");
        if reply.status == 200 && target == "/v2/orders" && method != "DELETE" {
            stands_there(&body, &answer["result"]);
        }
        let query = String::from_utf8_lossy(&mutator.mutated(&queries)).replace(['\n', '\r'], "");
        let path = reads[mutator.below(reads.len())];
        let reply = client.send("GET", &format!("{path}?{query}"), "");
        assert!([200, 400, 404, 429].contains(&reply.status), "{path}?{query}: {}", reply.body);
        if round % 64 == 0 {
            let now_us = client.now_us;
            let rows = client.exchange.ledger(now_us);
            assert_eq!(rows.last().map(|row| row.balance), Some(client.exchange.wallet(now_us).balance));
        }
    }
}

fn number_of(value: &serde_json::Value) -> Option<rust_decimal::Decimal> {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).trim().parse().ok()
}

/// An order that was taken has the size and the price that its body says, in whatever digits.
fn stands_there(body: &str, order: &serde_json::Value) {
    let said: serde_json::Value = serde_json::from_str(body).expect("what is taken is JSON");
    if !said["size"].is_null() {
        assert_eq!(number_of(&said["size"]), number_of(&order["size"]), "{body}: {order}");
    }
    if order["order_type"] == "limit_order" && !said["limit_price"].is_null() {
        assert_eq!(number_of(&said["limit_price"]), number_of(&order["limit_price"]), "{body}: {order}");
    }
}

/// Whatever stands where a number should: no order, or one of that number. What is no number is refused as such, not for
/// what somebody takes it for: a price of one would be refused by the price band as well.
#[test]
fn what_stands_for_a_number_is_that_number_or_refused() {
    let more =
        ["10x", "x10", "1 0", "0x10", "1e1", "10.0", "+10", "-10", "10,0", "１０", "", " 10 ", "ten", "true"];
    let mut client = Client::new();
    let mut taken = 0;
    for field in ["size", "limit_price"] {
        for (at, piece) in PIECES.iter().chain(&more).enumerate() {
            let quoted = serde_json::to_string(piece).unwrap();
            for value in [quoted.as_str(), *piece] {
                let number = |name: &str, usual: &'static str| if field == name { value } else { usual };
                let body = format!(
                    r#"{{"product_id":27,"side":"buy","order_type":"limit_order","post_only":true,"client_order_id":"{field}{at}","size":{},"limit_price":{}}}"#,
                    number("size", "10"),
                    number("limit_price", "44000")
                );
                client.now_us += 700_000;
                let reply = client.send("POST", "/v2/orders", &body);
                if reply.status == 200 {
                    let answer: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
                    stands_there(&body, &answer["result"]);
                    taken += 1;
                }
                let said: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
                if !said[field].is_null() && number_of(&said[field]).is_none() {
                    assert!(reply.body.contains(&format!("{field} must be")), "{body}: {}", reply.body);
                }
            }
        }
    }
    assert!(taken >= 2, "numbers as text are taken: {taken}");
}

#[test]
fn frames_of_clients_are_answered_or_ignored() {
    let corpus = bytes(&[
        r#"{"type":"subscribe","payload":{"channels":[{"name":"ob_l1","symbols":["BTCUSD"]},{"name":"orders","symbols":["all"]}]}}"#,
        r#"{"type":"unsubscribe","payload":{"channels":[{"name":"ob_l1"}]}}"#,
        r#"{"type":"key-auth","payload":{"api-key":"k","timestamp":1789992001,"signature":"00"}}"#,
        r#"{"type":"enable_heartbeat"}"#,
        r#"{"type":"ping"}"#,
    ]);
    let mut mutator = Mutator(Random::new(5, 1));
    let mut client = Client::new();
    let keys = client.gate.credentials.clone();
    for _ in 0..rounds() {
        let text = String::from_utf8_lossy(&mutator.mutated(&corpus)).into_owned();
        for reply in client.session.on_text(&text, &mut client.exchange, &keys, &mut (), client.now_us) {
            assert!(reply["type"].is_string() || reply.get("channels").is_some(), "{reply}");
        }
        client.session.watched();
    }
}
