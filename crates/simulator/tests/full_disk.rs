//! The embedded venue on a real file system that is full: a position can be watched, canceled and closed, and
//! nothing is opened; with room again everything is saved.

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::json;
use simulator::{Level, Options, Running, TapeSource, Telling, start};
use support::{call, call_option, get, post};
use tokio::sync::mpsc;

/// A small file system of its own, unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// None where it may not be made: only root may.
    fn new() -> Option<SmallDisk> {
        let directory = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(directory.path())
            .output();
        mount.is_ok_and(|output| output.status.success()).then(|| SmallDisk(directory))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        use std::io::Write;
        let mut filler = std::fs::File::create(self.path().join("filler")).unwrap();
        while filler.write(&[0; 512]).is_ok_and(|written| written > 0) {}
    }

    fn free(&self) {
        std::fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg(self.path()).output();
    }
}

async fn venue(disk: &SmallDisk) -> (Running, mpsc::UnboundedReceiver<Telling>) {
    let (sender, told) = mpsc::unbounded_channel();
    let state_file = Some(disk.path().join("simulator.json"));
    let options = Options { tape: TapeSource::Embedded, speed: 60, state_file, ..Options::new(4) };
    let tell = move |telling: Telling| sender.send(telling).unwrap_or_default();
    (start(options, tell).await.unwrap(), told)
}

/// The next note on saving.
async fn saving(told: &mut mpsc::UnboundedReceiver<Telling>) -> Telling {
    loop {
        let telling = told.recv().await.unwrap();
        if telling.name == "simulator.state_saving_changed" {
            return telling;
        }
    }
}

#[tokio::test]
async fn a_venue_that_starts_on_a_full_disk_lets_the_stored_position_be_closed() {
    let Some(disk) = SmallDisk::new() else {
        println!("SKIPPED: a small file system can only be mounted by root");
        return;
    };
    let (first, _told) = venue(&disk).await;
    let (_, id) = call_option(&first.rest_url).await;
    let market = |side: &str, reduce_only: bool| {
        json!({ "product_id": id, "size": 30, "side": side, "order_type": "market_order",
            "reduce_only": reduce_only })
    };
    post(&first.rest_url, "/v2/orders", market("sell", false)).await.unwrap().result();
    drop(first);
    disk.fill();

    let (second, mut told) = venue(&disk).await;
    let url = &second.rest_url;
    assert!(second.resumed);
    assert_eq!(get(url, &format!("/v2/positions?product_id={id}")).await["size"], -30);
    assert_eq!(saving(&mut told).await.level, Level::Error);
    assert_eq!(post(url, "/v2/orders", market("buy", true)).await.unwrap().result()["state"], "closed");
    assert_eq!(get(url, "/v2/positions/margined").await, json!([]));
    second.shutdown().await;
}

#[tokio::test]
async fn a_position_is_closed_on_a_full_disk_and_saved_when_there_is_room() {
    let Some(disk) = SmallDisk::new() else {
        println!("SKIPPED: a small file system can only be mounted by root");
        return;
    };
    let (first, mut told) = venue(&disk).await;
    let url = &first.rest_url;
    let (symbol, id) = call_option(url).await;
    let market = |side: &str, reduce_only: bool| {
        json!({ "product_id": id, "size": 100, "side": side, "order_type": "market_order",
            "reduce_only": reduce_only })
    };
    post(url, "/v2/orders", market("sell", false)).await.unwrap().result();
    let mark = get(url, &format!("/v2/tickers/{symbol}")).await["mark_price"].as_str().unwrap().to_owned();
    let far = (mark.parse::<f64>().unwrap() * 0.6).round().to_string();
    let target = json!({ "product_id": id, "size": 100, "side": "buy", "order_type": "limit_order",
        "limit_price": far, "reduce_only": true, "client_order_id": "target" });
    post(url, "/v2/orders", target).await.unwrap().result();

    disk.fill();
    let refused = post(url, "/v2/orders", market("sell", false)).await.unwrap();
    assert_eq!(
        (refused.status, refused.json()["error"]["code"].clone()),
        (400, json!("reduce_only_orders_allowed"))
    );
    let failing = saving(&mut told).await;
    assert_eq!((failing.level, &failing.payload), (Level::Error, &json!({ "failing": true })));
    assert!(failing.message.contains("only cancellations and reduce-only orders"), "{}", failing.message);
    assert!(get(url, &format!("/v2/tickers/{symbol}")).await["mark_price"].is_string());
    assert_eq!(get(url, &format!("/v2/positions?product_id={id}")).await["size"], -100);
    let cancel = json!({ "client_order_id": "target", "product_id": id }).to_string();
    call(url, "DELETE", "/v2/orders", &cancel, true).await.unwrap().result();
    let closed = post(url, "/v2/orders", market("buy", true)).await.unwrap().result();
    assert_eq!((&closed["state"], &closed["unfilled_size"]), (&json!("closed"), &json!(0)));
    assert_eq!(get(url, "/v2/positions/margined").await, json!([]));
    let fills = get(url, "/v2/fills").await;

    disk.free();
    let saved = saving(&mut told).await;
    assert_eq!((saved.level, &saved.payload), (Level::Info, &json!({ "failing": false })));
    drop(first);
    let (second, _told) = venue(&disk).await;
    assert!(!second.resumed, "flat");
    assert_eq!(get(&second.rest_url, "/v2/fills").await, fills, "and nothing is forgotten");
    second.shutdown().await;
}
