//! Positions of both kinds, money, leverage and margins, and the end of everything.

use model::Decimal;
use model::ids::Underlying;
use model::order::Side;
use server::venue::{Call, Sent, translate, wire};

use crate::desk::{Desk, patient};

#[tokio::test]
async fn positions_are_the_same_by_product_by_underlying_and_by_account() {
    let desk = Desk::start().await;
    desk.sold("a-1").await;
    assert_eq!(desk.held().await, -2);
    let of = Call::positions_of(&Underlying::from("BTC"));
    let rows = desk.rest.read_all::<wire::PositionNow>(&of).await.unwrap();
    let row = rows.iter().find(|row| row.product_id == Some(desk.product.0)).unwrap();
    assert_eq!(row.size, Some(Decimal::from(-2)));
    let rows = desk.rest.read_all::<wire::MarginedPosition>(&Call::account_positions()).await.unwrap();
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.product_id, translate::lots(row.size)), (desk.product.0, Ok(-2)));
    assert!(row.margin > Decimal::ZERO && row.entry_price.is_some() && row.liquidation_price.is_some());
    let elsewhere = Call::positions_of(&Underlying::from("ETH"));
    assert!(desk.rest.read_all::<wire::PositionNow>(&elsewhere).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_moved_the_balance_adds_up_to_it() {
    let desk = Desk::start().await;
    desk.sold("m-1").await;
    desk.acked(&Call::place(&desk.closing("m-2", Side::Buy, None))).await;
    let since = model::Micros(0);
    let rows = desk.rest.read_all::<wire::Transaction>(&Call::transactions(since)).await.unwrap();
    let (wallet, _) = desk.rest.read::<Vec<wire::Wallet>>(&Call::wallet()).await.unwrap();
    let wallet = wallet.iter().find(|row| row.asset_symbol == server::venue::SETTLED_IN).unwrap();
    let total: Decimal = rows.iter().map(|row| row.amount).sum();
    assert_eq!(Some(total), wallet.balance);
    assert_eq!(rows[0].balance, wallet.balance, "the newest is the first");
    let of_product = rows.iter().filter(|row| row.product_id == Some(desk.product.0));
    let kinds: std::collections::BTreeSet<&str> =
        of_product.map(|row| row.transaction_type.as_str()).collect();
    assert!(kinds.contains("commission") && kinds.contains("cashflow"), "{kinds:?}");
}

#[tokio::test]
async fn leverage_is_set_and_read_again() {
    let desk = Desk::start().await;
    let set = Call::set_leverage(desk.product, Decimal::from(25));
    let Sent::Acked(answer) = desk.rest.send::<wire::Leverage>(&patient(&set)).await else { panic!() };
    assert_eq!(answer.leverage, Decimal::from(25), "and not the value before");
    let (read, _) = desk.rest.read::<wire::Leverage>(&Call::leverage(desk.product)).await.unwrap();
    assert_eq!((read.leverage, read.order_margin), (Decimal::from(25), Some(Decimal::ZERO)));
    let too_much = Call::set_leverage(desk.product, Decimal::from(100_000));
    let refused = desk.rest.send::<wire::Leverage>(&patient(&too_much)).await;
    assert!(matches!(&refused, Sent::Rejected(refusal) if refusal.code == "max_leverage_exceeded"));
}

#[tokio::test]
async fn the_margin_of_a_position_is_changed() {
    let desk = Desk::start().await;
    desk.sold("l-1").await;
    let margin = |call: Call| {
        let rest = desk.rest.clone();
        async move {
            match rest.send::<wire::MarginedPosition>(&patient(&call)).await {
                Sent::Acked(position) => position,
                other => panic!("{other:?}"),
            }
        }
    };
    let more = margin(Call::change_margin(desk.product, &desk.symbol, Decimal::TEN)).await;
    let less = margin(Call::change_margin(desk.product, &desk.symbol, -Decimal::TEN)).await;
    // The market moves a little in between.
    assert!(more.margin - less.margin > Decimal::from(9), "{more:?} {less:?}");
    let topped = margin(Call::auto_topup(desk.product, &desk.symbol, true)).await;
    assert_eq!(topped.auto_topup, Some(true));
}

/// In both forms that sources have of it, with the user's id.
#[tokio::test]
async fn everything_is_closed_at_once() {
    for quirks in ["", "[quirks]\nclose_all_needs_user_id = true\n"] {
        let desk = Desk::with(7, quirks).await;
        desk.sold("c-1").await;
        let (preferences, _) = desk.rest.read::<wire::Preferences>(&Call::preferences()).await.unwrap();
        desk.done(&Call::close_all(preferences.user_id)).await;
        assert_eq!(desk.held().await, 0);
    }
}
