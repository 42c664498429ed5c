//! Orders in every form that a desk needs, each seen again in the venue's own lists.

use model::Decimal;
use model::ids::{ClientOrderId, OrderId};
use model::order::{OrderStatus, Side};
use server::venue::wire::OrderState;
use server::venue::{
    Ask, Bracket, BracketLeg, Call, Edit, Named, Sent, StopAt, StopKind, Trigger, translate, wire,
};

use crate::desk::{Desk, patient};

fn id_of(order: &wire::Order) -> OrderId {
    OrderId(order.id.clone().unwrap())
}

#[tokio::test]
async fn an_order_is_changed_where_it_rests() {
    let desk = Desk::start().await;
    let placed = desk.acked(&Call::place(&desk.order("e-1", Side::Buy, Some(desk.far())))).await;
    let edit = Edit { lots: Some(5), limit: Some(desk.far() - Decimal::ONE), stop_price: None };
    let named = Named::Venue(id_of(&placed));
    let changed = desk.acked(&Call::edit(&named, desk.product, &desk.symbol, &edit)).await;
    assert_eq!((changed.id.clone(), changed.size), (placed.id.clone(), Decimal::from(5)));
    let (seen, _) = desk.rest.read::<wire::Order>(&Call::order(&id_of(&placed))).await.unwrap();
    assert_eq!((seen.limit_price, seen.size), (edit.limit, Decimal::from(5)));
    let gone = Named::Ours(ClientOrderId::from("never"));
    let refused = desk.rest.send::<wire::Order>(&Call::edit(&gone, desk.product, &desk.symbol, &edit)).await;
    assert!(matches!(refused, Sent::Rejected(_)), "{refused:?}");
}

#[tokio::test]
async fn an_order_that_must_not_take_is_refused_when_it_would() {
    let desk = Desk::start().await;
    let ask = |limit| Ask { post_only: true, ..desk.order("p-1", Side::Buy, Some(limit)).into() };
    let crossing = desk.rest.send::<wire::Order>(&Call::ask(&ask(desk.ask + Decimal::TEN))).await;
    let Sent::Rejected(refusal) = crossing else { panic!("{crossing:?}") };
    assert_eq!(server::venue::Reason::of(&refusal), server::venue::Reason::WouldTake);
    let rests = desk.acked(&Call::ask(&ask(desk.far()))).await;
    assert_eq!(rests.state, OrderState::Open);
}

/// A stop of each kind waits as pending, is listed with the open orders, and is canceled by our id.
#[tokio::test]
async fn stops_wait_at_a_price_or_behind_the_market() {
    let desk = Desk::start().await;
    desk.sold("s-0").await;
    // Inside the price band, whatever the option is worth at this time of day.
    let above = desk.ask + Decimal::ONE_HUNDRED;
    for (id, at, trigger) in [
        ("s-1", StopAt::Price(above), Trigger::Mark),
        ("s-2", StopAt::Price(above), Trigger::LastTrade),
        ("s-3", StopAt::Price(above * Decimal::ONE_THOUSAND), Trigger::Index),
        ("s-4", StopAt::Trail(desk.ask), Trigger::Mark),
    ] {
        let stop = Some((StopKind::StopLoss, at, trigger));
        let limit = Some((above + Decimal::from(50)).round_dp(0)).filter(|_| id == "s-1");
        let ask = Ask { stop, ..desk.closing(id, Side::Buy, limit).into() };
        let waits = desk.acked(&Call::ask(&ask)).await;
        assert_eq!(waits.state, OrderState::Pending, "{id}: {waits:?}");
        let snapshot = translate::order_snapshot(&waits, &ClientOrderId::from(id)).unwrap();
        assert_eq!((snapshot.status, snapshot.filled_lots), (OrderStatus::New, 0), "{id}");
    }
    assert_eq!(desk.open().await.len(), 4);
    let canceled = desk.acked(&Call::cancel(Some(&ClientOrderId::from("s-4")), None, desk.product)).await;
    assert_eq!(canceled.state, OrderState::Cancelled);
    // A panic spares what protects until the position is closed.
    desk.acked(&Call::place(&desk.order("s-5", Side::Buy, Some(desk.far())))).await;
    desk.done(&Call::cancel_all(Some(desk.product), true)).await;
    assert_eq!(desk.open().await.len(), 3, "the three stops");
    desk.done(&Call::cancel_all(None, false)).await;
    assert_eq!(desk.open().await.len(), 0);
}

#[tokio::test]
async fn a_bracket_comes_with_an_entry_or_to_a_position_and_is_changed() {
    let desk = Desk::start().await;
    let far = (desk.ask * Decimal::TWO).round_dp(0);
    let leg = |at| Some(BracketLeg { at, limit: None });
    let bracket = Bracket {
        stop_loss: leg(StopAt::Price(far)),
        take_profit: Some((Decimal::ONE, Some(Decimal::ONE))),
        trigger: Trigger::Mark,
    };
    let ask = Ask { bracket: Some(bracket), ..desk.order("b-1", Side::Sell, None).into() };
    let entry = desk.acked(&Call::ask(&ask)).await;
    let legs = desk.open().await;
    assert!(legs.len() == 2 && legs.iter().all(|leg| leg.reduce_only == Some(true)), "{legs:?}");
    let wider = Bracket { stop_loss: leg(StopAt::Price(far + Decimal::TEN)), ..bracket };
    desk.done(&Call::edit_bracket(&id_of(&entry), desk.product, Side::Sell, &wider)).await;
    let twice = Call::bracket_position(desk.product, &desk.symbol, Side::Sell, &bracket);
    let refused = desk.rest.send::<serde::de::IgnoredAny>(&patient(&twice)).await;
    assert!(
        matches!(&refused, Sent::Rejected(refusal) if refusal.code == "position_bracket_exist_or_invalid_data"),
        "{refused:?}"
    );
    desk.done(&Call::cancel_all(None, false)).await;
    let trailing = Bracket { stop_loss: leg(StopAt::Trail(desk.ask)), take_profit: None, ..bracket };
    desk.done(&Call::bracket_position(desk.product, &desk.symbol, Side::Sell, &trailing)).await;
    assert_eq!(desk.open().await.len(), 1);
}

/// A batch answers with what was taken, and says nothing of the rest.
#[tokio::test]
async fn a_batch_takes_what_it_can() {
    let desk = Desk::start().await;
    let rests = |id: &str| desk.order(id, Side::Buy, Some(desk.far()));
    let off_tick = desk.order("t-2", Side::Buy, Some(desk.far() + Decimal::new(1, 3)));
    let batch = [rests("t-1"), off_tick, rests("t-3")];
    let call = Call::place_batch(desk.product, &desk.symbol, &batch);
    let Sent::Acked(taken) = desk.rest.send::<Vec<wire::Order>>(&patient(&call)).await else { panic!() };
    let ids: Vec<_> = taken.iter().map(|order| order.client_order_id.clone().unwrap()).collect();
    assert_eq!(ids, ["t-1", "t-3"]);
}

#[tokio::test]
async fn a_batch_is_changed_and_canceled_together() {
    let desk = Desk::start().await;
    let batch: Vec<_> = ["u-1", "u-2"].iter().map(|id| desk.order(id, Side::Buy, Some(desk.far()))).collect();
    desk.done(&Call::place_batch(desk.product, &desk.symbol, &batch)).await;
    let named = |id: &str| Named::Ours(ClientOrderId::from(id));
    let edit = Edit { lots: Some(4), ..Edit::default() };
    let edits = [(named("u-1"), edit.clone()), (named("u-2"), edit), (named("never"), Edit::default())];
    desk.done(&Call::edit_batch(desk.product, &desk.symbol, &edits)).await;
    assert!(desk.open().await.iter().all(|order| order.size == Decimal::from(4)));
    desk.done(&Call::cancel_batch(desk.product, &desk.symbol, &[named("u-1"), named("u-2")])).await;
    assert_eq!(desk.open().await.len(), 0);
}

/// More ended orders than two pages have, while others end between the pages: none is missed and none comes twice.
#[tokio::test]
async fn the_history_is_read_over_its_pages_while_it_grows() {
    let desk = Desk::start().await;
    for batch in 0..4 {
        let orders: Vec<_> =
            (0..40).map(|at| desk.order(&format!("h-{batch}-{at}"), Side::Buy, Some(desk.far()))).collect();
        desk.done(&Call::place_batch(desk.product, &desk.symbol, &orders)).await;
        desk.done(&Call::cancel_all(None, false)).await;
    }
    let since = model::Micros(0);
    let call = Call::order_history(since, &[desk.product]);
    let more = async {
        for at in 0..20 {
            desk.sold(&format!("h-new-{at}")).await;
            desk.acked(&Call::place(&desk.closing(&format!("h-close-{at}"), Side::Buy, None))).await;
        }
    };
    let (rows, ()) = tokio::join!(desk.rest.read_all::<wire::Order>(&call), more);
    let mut old: Vec<String> = rows
        .unwrap()
        .into_iter()
        .filter_map(|order| order.client_order_id)
        .filter(|id| !id.starts_with("h-new") && !id.starts_with("h-close"))
        .collect();
    let all = old.len();
    old.sort();
    old.dedup();
    assert_eq!((all, old.len()), (160, 160));
}
