//! What each call costs, by the venue's own count: a weight that is too small would spend the reserve unseen.

use model::Decimal;
use model::ids::{ClientOrderId, OrderId, Underlying};
use model::order::Side;
use serde_json::Value;
use server::venue::{Bracket, BracketLeg, Call, Edit, Named, Rest, Spender, StopAt, Switch, Trigger, wire};

use crate::desk::{Desk, client, patient};

async fn quota(rest: &Rest, of_account: bool) -> wire::Quota {
    rest.read::<wire::Quota>(&Call::quota(of_account)).await.unwrap().0
}

/// What a call costs by the venue's count and by ours. What comes of it does not matter: what is refused costs as much.
async fn cost(desk: &Desk, counter: &Rest, call: &Call) -> (u32, u32) {
    let of_account = match call.spender() {
        Spender::Account(_) => true,
        Spender::Public => false,
    };
    loop {
        let before = quota(counter, of_account).await;
        let ours = desk.rest.remaining().of(call.spender());
        if call.method == reqwest::Method::GET {
            let _ = desk.rest.read::<Value>(&call.clone().once()).await;
        } else {
            let _ = desk.rest.send::<Value>(call).await;
        }
        let after = quota(counter, of_account).await;
        // The venue may have begun a window in between.
        if after.left_ms <= before.left_ms {
            return (after.spent - before.spent - 3, ours - desk.rest.remaining().of(call.spender()));
        }
    }
}

fn every(desk: &Desk) -> Vec<Call> {
    let (id, number) = (ClientOrderId::from("none"), OrderId::from("1"));
    let (product, symbol) = (desk.product, &desk.symbol);
    let buy = desk.order("weight", Side::Buy, Some(desk.far()));
    let bracket = Bracket {
        stop_loss: Some(BracketLeg { at: StopAt::Price(desk.ask), limit: None }),
        take_profit: None,
        trigger: Trigger::Mark,
    };
    let switch = Switch { id: "weight".to_owned(), symbols: vec![symbol.clone()] };
    let since = model::Micros(0);
    let named = Named::Ours(id.clone());
    vec![
        Call::options(),
        Call::product(symbol),
        Call::ticker(symbol),
        Call::chain(&Underlying::from("BTC"), "01-01-2030"),
        Call::book(symbol, 5),
        Call::trades(symbol),
        Call::candles(symbol.as_str(), "1m", 0, 60),
        Call::settings(),
        Call::assets(),
        Call::indices(),
        Call::quota(true),
        Call::quota(false),
        Call::position(product, symbol),
        Call::positions_of(&Underlying::from("BTC")),
        Call::account_positions(),
        Call::every_position(),
        Call::open_orders(),
        Call::order(&number),
        Call::lookup(&id),
        Call::order_history(since, &[product]),
        Call::ended(&id, since, product),
        Call::fills(since, &[]),
        Call::wallet(),
        Call::transactions(since),
        Call::preferences(),
        Call::leverage(product),
        Call::switches(),
        Call::place(&buy),
        Call::edit(&named, product, symbol, &Edit::default()),
        Call::cancel(Some(&id), None, product),
        Call::cancel_all(Some(product), true),
        Call::place_batch(product, symbol, std::slice::from_ref(&buy)),
        Call::edit_batch(product, symbol, &[(named.clone(), Edit::default())]),
        Call::cancel_batch(product, symbol, &[named]),
        Call::bracket_position(product, symbol, Side::Sell, &bracket),
        Call::edit_bracket(&number, product, Side::Sell, &bracket),
        Call::set_leverage(product, Decimal::from(50)),
        Call::change_margin(product, symbol, Decimal::ONE),
        Call::auto_topup(product, symbol, true),
        Call::close_all(1),
        Call::create_switch(&switch),
        Call::hold_switch(&switch, std::time::Duration::ZERO),
    ]
}

#[tokio::test]
async fn every_call_costs_what_the_venue_counts() {
    let desk = Desk::start().await;
    let counter = client(&desk.running);
    for call in every(&desk) {
        let cost = cost(&desk, &counter, &call).await;
        assert_eq!(cost, (call.weight, call.weight), "{} {}", call.method, call.pattern);
    }
}

#[tokio::test]
async fn a_quota_is_read_with_and_without_its_envelope() {
    for quirks in ["", "[quirks]\nquota_is_bare = true\n"] {
        let desk = Desk::with(7, quirks).await;
        let quota = desk.rest.ask_quota(true).await.unwrap();
        assert!(quota.spent >= 3 && (1..=300_001).contains(&quota.left_ms), "{quota:?}");
    }
}

/// Another client of the account spent most of it: entries wait, and what closes leaves.
#[tokio::test]
async fn what_another_client_spends_is_not_thought_to_be_there() {
    let desk = loop {
        let desk = Desk::start().await;
        let other = client(&desk.running);
        let begun = quota(&other, true).await;
        while other.standing().for_reads > 500 {
            other.read::<Value>(&Call::fills(model::Micros(0), &[])).await.unwrap();
        }
        assert_eq!(desk.rest.standing().for_entries, 7_000, "nobody has told us");
        // If the venue began a window meanwhile it has forgotten what was spent: once more.
        if desk.rest.ask_quota(true).await.unwrap().left_ms <= begun.left_ms {
            break desk;
        }
    };
    let standing = desk.rest.standing();
    assert!(standing.account.elsewhere >= 7_490 && standing.for_entries == 0, "{standing:?}");
    let entry = desk.rest.send::<Value>(&Call::place(&desk.order("e", Side::Buy, Some(desk.far())))).await;
    assert!(matches!(entry, server::venue::Sent::NotSent(_)), "{entry:?}");
    let close = desk.rest.send::<Value>(&patient(&Call::place(&desk.closing("c", Side::Buy, None)))).await;
    assert!(matches!(close, server::venue::Sent::Rejected(_)), "there is nothing to close: {close:?}");
}
