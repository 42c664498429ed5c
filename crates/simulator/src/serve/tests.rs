//! A venue whose disk fails, in virtual time: what is taken, what is undone, what is told.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::keeper::Keeper;
use super::shared::Venue;
use super::store::{Disk, Store};
use crate::dialect::auth::{Credentials, Given, Quotas, sign};
use crate::dialect::rest::{Gate, Reply, Request};
use crate::exchange::event::{Level, Telling};
use crate::exchange::tape::{Tape, TapeEnd};
use crate::exchange::time::{Micros, SECOND_US};
use crate::exchange::{Exchange, Setup};
use crate::faults::Faults;
use crate::faults::plan::FaultPlan;
use crate::market::Source;

const START: Micros = 1_789_992_001 * SECOND_US;

/// A disk that can be full, and what was last written to it.
#[derive(Clone, Default)]
struct SmallDisk {
    full: Arc<AtomicBool>,
    state: Arc<Mutex<Vec<u8>>>,
    writes: Arc<Mutex<u32>>,
}

impl SmallDisk {
    fn room(&self) -> io::Result<()> {
        *self.writes.lock().unwrap() += 1;
        let full = self.full.load(Ordering::Relaxed);
        if full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    /// Signed lots of a product in the state that was last saved.
    fn saved_size(&self, product_id: i64) -> i64 {
        let state: Value = serde_json::from_slice(&self.state.lock().unwrap()).unwrap();
        state["state"]["account"]["positions"][product_id.to_string()]["size"].as_i64().unwrap_or(0)
    }
}

impl Disk for SmallDisk {
    fn append(&mut self, _keep: u64, _lines: &[u8]) -> io::Result<()> {
        self.room()
    }

    fn replace(&mut self, state: &[u8]) -> io::Result<()> {
        self.room()?;
        *self.state.lock().unwrap() = state.to_vec();
        Ok(())
    }
}

struct World {
    venue: Venue,
    disk: SmallDisk,
    now_us: Micros,
    told: Vec<Telling>,
}

impl World {
    fn new() -> World {
        let source = Source::Tape(Tape::embedded().unwrap(), TapeEnd::Mirror);
        let exchange = Exchange::new(Setup { speed: 60, ..Setup::new(5, source, START) });
        let credentials = Credentials { key: "k".to_owned(), secret: "s".to_owned() };
        let gate = Gate { credentials, quotas: Quotas::default() };
        let disk = SmallDisk::default();
        let keeper = Keeper::new(Some(Store::on(Box::new(disk.clone()))));
        let plan = FaultPlan::new(Faults::default(), 1, START);
        World { venue: Venue::new(exchange, gate, plan, keeper), disk, now_us: START, told: Vec::new() }
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> Reply {
        let timestamp = (self.now_us / SECOND_US).to_string();
        let signature = sign("s", format!("{method}{timestamp}{path}{body}").as_bytes());
        let given = Given { key: Some("k"), timestamp: Some(&timestamp), signature: Some(&signature) };
        let (user_agent, body) = (Some("t"), body.as_bytes());
        let request = Request { method, path, query: None, user_agent, given, address: "a", body };
        let (reply, note) = self.venue.carry_out(self.now_us, &request);
        self.told.extend(note);
        reply
    }

    fn order(&mut self, body: &Value) -> (u16, Value) {
        let reply = self.send("POST", "/v2/orders", &body.to_string());
        let answer: Value = serde_json::from_str(&reply.body).unwrap();
        (reply.status, answer["error"]["code"].clone())
    }

    fn size(&mut self, product_id: i64) -> i64 {
        let held = self.venue.exchange.positions(self.now_us);
        held.iter().find(|position| position.product_id == product_id).map_or(0, |position| position.size)
    }

    /// What the pump does, so many seconds later.
    fn pump(&mut self, seconds: i64) {
        self.now_us += seconds * SECOND_US;
        self.venue.exchange.run_to(self.now_us);
        self.told.extend(self.venue.keeper.keep(&mut self.venue.exchange, self.now_us));
        self.venue.exchange.advance(self.now_us);
    }
}

#[test]
fn on_a_full_disk_risk_can_be_reduced_but_not_opened_and_saving_catches_up() {
    let mut world = World::new();
    let call = world.venue.exchange.product("C-BTC-46200-230926").unwrap();
    let mark = world.venue.exchange.ticker(START, &call).mark.round_dp(0);
    let market = |side: &str, size: i64, reduce_only: bool| {
        json!({ "product_id": call.id, "size": size, "side": side, "order_type": "market_order",
            "reduce_only": reduce_only })
    };
    assert_eq!(world.order(&market("sell", 50, false)), (200, Value::Null));
    let rests = json!({ "product_id": call.id, "size": 10, "side": "sell", "order_type": "limit_order",
        "limit_price": (mark + rust_decimal::Decimal::from(200)).to_string(), "client_order_id": "rests" });
    assert_eq!(world.order(&rests), (200, Value::Null));
    assert_eq!(world.disk.saved_size(call.id), -50);

    world.disk.full.store(true, Ordering::Relaxed);
    let (used, orders) = (quota(&mut world), world.venue.exchange.state.account.next_order_id);
    assert_eq!(world.order(&market("sell", 20, false)), (400, json!("reduce_only_orders_allowed")));
    assert_eq!(world.size(call.id), -50, "it never happened");
    assert_eq!(world.venue.exchange.state.account.next_order_id, orders);
    assert_eq!(quota(&mut world), used + 5 + 3, "and was paid once");
    assert_eq!(world.order(&market("buy", 20, false)), (400, json!("reduce_only_orders_allowed")));
    assert_eq!(world.send("GET", "/v2/tickers/C-BTC-46200-230926", "").status, 200);
    assert_eq!(world.order(&market("buy", 30, true)), (200, Value::Null));
    let cancel = json!({ "client_order_id": "rests", "product_id": call.id }).to_string();
    assert_eq!(world.send("DELETE", "/v2/orders", &cancel).status, 200);
    assert_eq!((world.size(call.id), world.disk.saved_size(call.id)), (-20, -50));
    let writes = *world.disk.writes.lock().unwrap();
    world.pump(0);
    assert_eq!(*world.disk.writes.lock().unwrap(), writes, "not tried again at once");
    world.pump(10);
    assert!(*world.disk.writes.lock().unwrap() > writes, "but again");
    assert_eq!(world.told.len(), 1, "told once: {:?}", world.told);
    assert_eq!((world.told[0].level, world.told[0].payload["failing"].as_bool()), (Level::Error, Some(true)));

    world.disk.full.store(false, Ordering::Relaxed);
    world.pump(1);
    assert_eq!(world.disk.saved_size(call.id), -20, "caught up");
    assert_eq!((world.told.len(), world.told[1].payload["failing"].as_bool()), (2, Some(false)));
    assert_eq!(world.order(&market("sell", 5, false)), (200, Value::Null));
    assert_eq!(world.disk.saved_size(call.id), -25);
}

fn quota(world: &mut World) -> i64 {
    let reply = world.send("GET", "/v2/rate_limits/quota", "");
    let answer: Value = serde_json::from_str(&reply.body).unwrap();
    answer["result"]["current_quota"].as_i64().unwrap()
}

/// The first request that meets the full disk is one that reduces: it counts, although nothing is saved.
#[test]
fn a_close_that_meets_a_full_disk_first_is_carried_out() {
    let mut world = World::new();
    let call = world.venue.exchange.product("C-BTC-46200-230926").unwrap();
    let body = |side: &str, reduce_only: bool| {
        json!({ "product_id": call.id, "size": 40, "side": side, "order_type": "market_order",
            "reduce_only": reduce_only })
    };
    assert_eq!(world.order(&body("sell", false)), (200, Value::Null));
    world.disk.full.store(true, Ordering::Relaxed);
    assert_eq!(world.order(&body("buy", true)), (200, Value::Null));
    assert_eq!(world.size(call.id), 0);
    assert_eq!(world.told.len(), 1);
    world.disk.full.store(false, Ordering::Relaxed);
    world.pump(1);
    assert_eq!(world.disk.saved_size(call.id), 0);
}

/// A dozen positions and orders fit into a few blocks of a disk.
#[test]
fn what_is_kept_is_small() {
    let mut world = World::new();
    world.pump(600);
    for strike in (45_000..46_200).step_by(200) {
        for right in ["C", "P"] {
            let symbol = format!("{right}-BTC-{strike}-230926");
            let id = world.venue.exchange.product(&symbol).unwrap().id;
            let body = json!({ "product_id": id, "size": 10, "side": "sell", "order_type": "market_order" });
            assert_eq!(world.order(&body), (200, Value::Null));
        }
    }
    let bytes = world.disk.state.lock().unwrap().len();
    assert!(bytes < 32 * 1024, "{bytes} bytes");
}
