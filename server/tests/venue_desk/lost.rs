//! Three in ten replies to order placements are lost after the venue accepted them. No order is there twice, and none is
//! forgotten. Ten thousand placements with DELTASCOPE_FULL.

use std::collections::BTreeMap;
use std::time::Duration;

use model::Decimal;
use model::input::ExecutionReport;
use model::order::{OrderRequest, OrderSnapshot, OrderStatus, Side};
use server::venue::{Call, translate, wire};

use crate::desk::{Desk, client};
use crate::lookups::{Gateway, MEMORIES, now};

/// Of one venue: what its quota of a window affords, with what look-ups cost.
const PLACEMENTS: usize = 500;
/// The engine takes an order for never sent after seven seconds.
const PROOF: Duration = Duration::from_secs(7);

fn venues() -> (u64, usize) {
    if std::env::var_os("DELTASCOPE_FULL").is_some() { (20, PLACEMENTS) } else { (2, 60) }
}

#[derive(Debug, Default)]
struct Tally {
    placed: usize,
    lost: usize,
    lookups: usize,
    /// The venue refused them, whether that was heard or not: they must not be there.
    refused: usize,
    forgotten: usize,
    twice: usize,
}

#[tokio::test]
async fn no_order_is_doubled_or_forgotten_when_replies_are_lost() {
    let (venues, placements) = venues();
    let mut all = Tally::default();
    for some in (0..venues).collect::<Vec<u64>>().chunks(4) {
        for tally in futures_util::future::join_all(some.iter().map(|venue| run(*venue, placements))).await {
            all.placed += tally.placed;
            all.lost += tally.lost;
            all.lookups += tally.lookups;
            all.refused += tally.refused;
            all.forgotten += tally.forgotten;
            all.twice += tally.twice;
        }
    }
    println!("{all:?}");
    assert_eq!((all.twice, all.forgotten), (0, 0), "{all:?}");
    assert_eq!(all.placed, placements * usize::try_from(venues).unwrap());
    assert!(all.refused * 20 < all.placed, "an order that is refused shows nothing: {all:?}");
    assert!(all.lost * 10 > all.placed * 2 && all.lost * 10 < all.placed * 4, "three in ten: {all:?}");
}

async fn run(venue: u64, placements: usize) -> Tally {
    let memory = MEMORIES[usize::try_from(venue).unwrap() % 2];
    // Every other venue shows an order that just ended in no list at all for a moment.
    let late = if venue % 4 < 2 { "" } else { "finished_orders_appear_late = true\n" };
    let desk = Desk::with(
        venue + 1,
        &format!(
            "seed = {venue}\n[quirks]\n{memory}{late}[[rule]]\nfault = \"reply_lost\"\nroute = \"POST /v2/orders\"\nprobability = 0.3\n"
        ),
    )
    .await;
    let gateway = Gateway::start(&desk.rest);
    let mut tally = Tally::default();
    let mut known = BTreeMap::new();
    for at in 0..placements {
        let order = intent(&desk, &format!("lost{venue:02}-{at:04}"), at);
        let sent_at = now();
        let snapshot = match gateway.place(&order).await {
            ExecutionReport::Order(snapshot) => Some(snapshot),
            // A contract that moved to an own resting order, or out of its band.
            ExecutionReport::Rejected { .. } => None,
            ExecutionReport::Ambiguous { .. } => {
                tally.lost += 1;
                resolve(&gateway, &order, sent_at, &mut tally).await
            }
            other => panic!("{other:?}"),
        };
        tally.placed += 1;
        tally.refused += usize::from(snapshot.is_none());
        known.insert(order.client_order_id.0.clone(), snapshot);
    }
    let calls = desk.rest.take_calls();
    let sent: u64 = calls["POST /v2/orders"].outcomes.values().sum();
    assert_eq!(sent, u64::try_from(placements).unwrap(), "each was sent once");
    compare(&desk, &known, &mut tally).await;
    desk.running.shutdown().await;
    tally
}

/// Sells and buys at the market in turn, orders that rest, and orders that find nothing.
fn intent(desk: &Desk, id: &str, at: usize) -> OrderRequest {
    match at % 4 {
        0 => desk.order(id, Side::Sell, None),
        1 => desk.order(id, Side::Buy, None),
        2 => desk.order(id, Side::Buy, Some(desk.far())),
        _fourth => OrderRequest { lots: 1, ..desk.order(id, Side::Buy, Some(desk.far() - Decimal::ONE)) },
    }
}

/// As the engine does: looked up until it is known, or has not been there for as long as a signature lives; and never sent
/// again.
async fn resolve(
    gateway: &Gateway,
    order: &OrderRequest,
    sent_at: model::Micros,
    tally: &mut Tally,
) -> Option<OrderSnapshot> {
    let began = std::time::Instant::now();
    loop {
        tally.lookups += 1;
        match gateway.look_up(order, sent_at).await {
            ExecutionReport::Order(snapshot) => return Some(snapshot),
            ExecutionReport::NotFound { .. } if began.elapsed() >= PROOF => return None,
            report @ (ExecutionReport::NotFound { .. } | ExecutionReport::LookupFailed { .. }) => {
                assert!(began.elapsed() < PROOF * 10, "it is never known: {report:?}");
                // The venue's lists are late by half a second; there is no event to wait for.
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            other => panic!("{other:?}"),
        }
    }
}

/// All that the venue lists of ours, by our ids.
async fn listed(desk: &Desk) -> BTreeMap<String, Vec<wire::Order>> {
    let auditor = client(&desk.running);
    let mut rows = auditor.read_all::<wire::Order>(&Call::open_orders()).await.unwrap();
    let history = Call::order_history(model::Micros(0), &[desk.product]);
    rows.extend(auditor.read_all::<wire::Order>(&history).await.unwrap());
    let mut seen: BTreeMap<String, Vec<wire::Order>> = BTreeMap::new();
    for row in rows {
        seen.entry(row.client_order_id.clone().expect("all are ours")).or_default().push(row);
    }
    seen
}

/// The lists once they have all that we know of. One that rested and was filled a moment ago may be in neither, as at the
/// real venue: by its number it is known meanwhile.
async fn settled(
    desk: &Desk,
    known: &BTreeMap<String, Option<OrderSnapshot>>,
) -> BTreeMap<String, Vec<wire::Order>> {
    for _look in 0..20 {
        let seen = listed(desk).await;
        let missing: Vec<&OrderSnapshot> = known
            .iter()
            .filter(|(id, _)| !seen.contains_key(*id))
            .filter_map(|(_, ours)| ours.as_ref())
            .collect();
        if missing.is_empty() {
            return seen;
        }
        for ours in missing {
            let by_number = client(&desk.running).read::<wire::Order>(&Call::order(&ours.order_id)).await;
            let (theirs, _) =
                by_number.unwrap_or_else(|error| panic!("{ours:?} is nowhere at the venue: {error}"));
            let theirs = translate::order_snapshot(&theirs, &ours.client_order_id).unwrap();
            let rested = ours.status == OrderStatus::New && theirs.status == OrderStatus::Filled;
            assert!(rested || ours.status != OrderStatus::New, "in no list, and did not end: {theirs:?}");
            println!("{} is in neither list: {theirs:?}", ours.client_order_id);
        }
        // There is no event to wait for.
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    panic!("orders that the venue knows by their numbers are in none of its lists");
}

/// Our books beside the venue's.
async fn compare(desk: &Desk, known: &BTreeMap<String, Option<OrderSnapshot>>, tally: &mut Tally) {
    // Orders that have just ended may still be missing from the list; there is no event to wait for.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let seen = settled(desk, known).await;
    tally.twice += seen.values().filter(|rows| rows.len() > 1).count();
    tally.forgotten += seen.keys().filter(|id| !known.contains_key(*id)).count();
    for (id, ours) in known {
        let (ours, rows) = match (ours, seen.get(id)) {
            (Some(ours), Some(rows)) => (ours, rows),
            (None, None) => continue,
            (None, Some(_)) => {
                tally.forgotten += 1;
                continue;
            }
            (Some(ours), None) => panic!("{id} is nowhere at the venue: {ours:?}"),
        };
        let theirs = translate::order_snapshot(&rows[0], &ours.client_order_id).unwrap();
        // One that rested may have been filled since.
        if ours.status != OrderStatus::New {
            assert_eq!(&theirs, ours, "{id}");
        }
        assert_eq!(theirs.order_id, ours.order_id, "{id}");
    }
}
