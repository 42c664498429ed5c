//! The dead-man switch: what it cancels, what it spares, and that being heard keeps it quiet.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use model::order::Side;
use server::health::Health;
use server::tasks::Tasks;
use server::telling::Teller;
use server::trading::{DeadMan, Entering, Pace};
use server::venue::{Call, Sent, Switch, wire};
use telemetry::Level;

use crate::desk::{Desk, patient};

#[tokio::test]
async fn a_switch_that_is_not_held_cancels_the_orders_of_its_products_only() {
    let desk = Desk::start().await;
    let products = desk.rest.read_all::<wire::Product>(&Call::options()).await.unwrap();
    let other = products.iter().find(|product| product.id != desk.product.0).unwrap();
    desk.acked(&Call::place(&desk.order("d-1", Side::Buy, Some(desk.far())))).await;
    let mut beside = desk.order("d-2", Side::Buy, Some(model::Decimal::ONE));
    beside.product_id = model::ids::ProductId(other.id);
    beside.symbol = model::Symbol::from(other.symbol.as_str());
    let rests = desk.rest.send::<wire::Order>(&Call::place(&beside)).await;
    let beside_rests = matches!(rests, Sent::Acked(_));

    let switch = Switch { id: "desk".to_owned(), symbols: vec![desk.symbol.clone()] };
    let unknown =
        desk.rest.send::<wire::SwitchHeard>(&patient(&Call::hold_switch(&switch, Duration::ZERO))).await;
    assert!(matches!(unknown, Sent::Rejected(_)), "it is not there yet: {unknown:?}");
    desk.done(&Call::create_switch(&switch)).await;
    let hold = |for_: Duration| {
        let (rest, call) = (desk.rest.clone(), Call::hold_switch(&switch, for_));
        async move {
            match rest.send::<wire::SwitchHeard>(&patient(&call)).await {
                Sent::Acked(heard) => heard,
                other => panic!("{other:?}"),
            }
        }
    };
    assert_eq!(hold(Duration::ZERO).await.process_enabled, Some(false), "off");
    let on = hold(Duration::from_millis(300)).await;
    assert!(on.process_enabled == Some(true) && on.heartbeat_timestamp.is_some(), "{on:?}");
    let (rows, _) = desk.rest.read::<Vec<wire::SwitchRow>>(&Call::switches()).await.unwrap();
    let row = rows.iter().find(|row| row.heartbeat_id == "desk").unwrap();
    assert_eq!(row.product_symbols, [desk.symbol.as_str()]);

    let left = loop {
        let open = desk.open().await;
        if !open.iter().any(|order| order.client_order_id.as_deref() == Some("d-1")) {
            break open.len();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(left, usize::from(beside_rests));
}

/// As the server holds it: while something is entered; and when it dies, what still rests is canceled by the venue.
#[tokio::test]
async fn entries_of_a_process_that_dies_are_canceled_by_the_venue_and_no_others() {
    let desk = Desk::start().await;
    let pace = Pace {
        ttl: Duration::from_millis(1_500),
        hold: Duration::from_millis(300),
        look: Duration::from_millis(20),
        again: Duration::from_millis(50),
    };
    let left = Switch { id: "deltascope.earlier.7".to_owned(), symbols: vec![desk.symbol.clone()] };
    desk.done(&Call::create_switch(&left)).await;
    desk.done(&Call::hold_switch(&left, Duration::from_secs(600))).await;
    let foreign = Switch { id: "by-hand".to_owned(), ..left };
    desk.done(&Call::create_switch(&foreign)).await;
    desk.done(&Call::hold_switch(&foreign, Duration::from_secs(600))).await;

    let (entering, watched) = tokio::sync::watch::channel(BTreeSet::new());
    let look: Entering = Arc::new(move || watched.borrow().clone());
    let dead_man = DeadMan::new(look, desk.rest.clone(), Teller::new(Level::Fatal, 16), pace);
    let living = tokio::spawn(dead_man.run(fake_stop()));
    desk.acked(&Call::place(&desk.order("d-1", Side::Buy, Some(desk.far())))).await;
    entering.send_replace(BTreeSet::from([desk.symbol.clone()]));
    let armed =
        until(&desk, |rows| rows.iter().any(|row| row.starts_with("deltascope.") && row.ends_with(".1")))
            .await;
    assert!(armed.contains(&"by-hand".to_owned()), "{armed:?}");
    assert!(!armed.contains(&"deltascope.earlier.7".to_owned()), "an earlier process's is off: {armed:?}");

    // Held for longer than it lives, and then not needed: nothing is canceled.
    tokio::time::sleep(pace.ttl * 2).await;
    assert_eq!(desk.open().await.len(), 1, "it is held");
    entering.send_replace(BTreeSet::new());
    until(&desk, |rows| rows == ["by-hand"]).await;
    entering.send_replace(BTreeSet::from([desk.symbol.clone()]));
    until(&desk, |rows| rows.len() == 2).await;
    assert_eq!(desk.open().await.len(), 1);

    living.abort();
    while !desk.open().await.is_empty() {
        tokio::task::yield_now().await;
    }
}

/// A venue that refuses the switch, and one that does not answer, are asked again until it is up.
#[tokio::test]
async fn a_switch_that_is_refused_or_lost_is_put_up_later() {
    let desk = Desk::with(
        7,
        "[[rule]]\nfault = \"rest_status\"\nroute = \"POST /v2/heartbeat/create\"\nstatus = 503\ntimes = 2\n\
         [[rule]]\nfault = \"reply_lost\"\nroute = \"POST /v2/heartbeat\"\ntimes = 1\n",
    )
    .await;
    let pace = Pace { again: Duration::from_millis(20), look: Duration::from_millis(20), ..Pace::USUAL };
    let wanted = BTreeSet::from([desk.symbol.clone()]);
    let dead_man = DeadMan::new(
        Arc::new(move || wanted.clone()),
        desk.rest.clone(),
        Teller::new(Level::Fatal, 16),
        pace,
    );
    let living = tokio::spawn(dead_man.run(fake_stop()));
    until(&desk, |rows| rows.len() == 1).await;
    living.abort();
    let sent = desk.rest.take_calls()["POST /v2/heartbeat/create"].clone();
    assert_eq!(sent.outcomes.get("failed"), Some(&2), "{sent:?}");
}

/// Names of the switches that wait, once they are as they should be.
async fn until(desk: &Desk, are: impl Fn(&[String]) -> bool) -> Vec<String> {
    loop {
        let (rows, _) = desk.rest.read::<Vec<wire::SwitchRow>>(&Call::switches()).await.unwrap();
        let up = rows.into_iter().filter(|row| row.heartbeat_timestamp.is_some());
        let names: Vec<String> = up.map(|row| row.heartbeat_id).collect();
        if are(&names) {
            return names;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_an_earlier_process_left_up_is_turned_off_whether_or_not_the_list_wants_to_know_whose() {
    for quirk in ["", "[quirks]\nheartbeats_need_user_id = true\n"] {
        let desk = Desk::with(7, quirk).await;
        let left = Switch { id: "deltascope.left.1".to_owned(), symbols: vec![desk.symbol.clone()] };
        desk.done(&Call::create_switch(&left)).await;
        desk.done(&Call::hold_switch(&left, Duration::from_secs(600))).await;
        let up = async || {
            let rows = desk.rest.switches().await.unwrap();
            rows.iter().any(|row| row.heartbeat_id == left.id && row.heartbeat_timestamp.is_some())
        };
        assert!(up().await, "{quirk}");
        let dead_man = DeadMan::new(
            Arc::new(BTreeSet::new),
            desk.rest.clone(),
            Teller::new(Level::Fatal, 16),
            Pace::USUAL,
        );
        let living = tokio::spawn(dead_man.run(fake_stop()));
        while up().await {
            tokio::task::yield_now().await;
        }
        living.abort();
    }
}

/// The signal that never comes.
fn fake_stop() -> server::tasks::Stop {
    let tasks = Tasks::new(Teller::new(Level::Fatal, 16), Health::default());
    // Its end would be the signal.
    Box::leak(Box::new(tasks)).stop_signal()
}
