//! A storm of requests at a venue that counts them by its real weights: it refuses none of ours, and a close is always
//! affordable. A storm of refusals: what closes leaves through it.

use model::order::Side;
use serde_json::Value;
use server::venue::{Call, Cause, RestError, Sent, Standing, wire};

use crate::desk::{Desk, client, patient};

/// Everybody asks as much as they are let.
async fn storm(desk: &Desk) {
    let entries = async {
        for at in 0.. {
            let order = desk.order(&format!("storm-{at}"), Side::Buy, Some(desk.far()));
            match desk.rest.send::<Value>(&patient(&Call::place(&order))).await {
                Sent::NotSent(Cause::BudgetEmpty { .. }) => return,
                Sent::Acked(_) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    let reads = |call: Call| {
        let rest = desk.rest.clone();
        async move {
            loop {
                match rest.read::<Value>(&patient(&call).once()).await {
                    Err(RestError::Failed(Cause::BudgetEmpty { .. })) => return,
                    read => assert!(read.is_ok(), "{read:?}"),
                }
            }
        }
    };
    let fills = Call::fills(model::Micros(0), &[]);
    let (history, prices) = (Call::order_history(model::Micros(0), &[]), Call::ticker(&desk.symbol));
    tokio::join!(entries, reads(fills), reads(history), reads(Call::wallet()), reads(prices));
}

#[tokio::test]
async fn a_storm_never_goes_over_the_real_weights_and_a_close_is_affordable() {
    let desk = Desk::start().await;
    let position = desk.sold("on").await;
    assert_eq!(position.unfilled_size, model::Decimal::ZERO);
    // As the server does when it starts: somebody at this address looked at prices already.
    let begun = desk.rest.ask_quota(true).await.unwrap();
    desk.rest.ask_quota(false).await.unwrap();
    storm(&desk).await;
    let standing = desk.rest.standing();
    assert_eq!((standing.for_entries, standing.account.left >= Standing::RESERVE), (0, true), "{standing:?}");
    // Two closes and a cancel a second, for the whole window: more than the engine's slowest pace for eight legs.
    let closes = (standing.account.left - 10) / 5;
    assert!(closes >= 390, "{standing:?}");
    for at in 0..closes - 1 {
        let far = desk.closing(&format!("close-{at}"), Side::Sell, Some(desk.ask));
        let sent = desk.rest.send::<Value>(&patient(&Call::place(&far))).await;
        assert!(
            matches!(sent, Sent::Rejected(ref refusal) if refusal.code != "rate_limit_exceeded"),
            "{sent:?}"
        );
    }
    desk.acked(&Call::place(&desk.closing("off", Side::Buy, None))).await;
    let limited: Vec<_> = desk
        .rest
        .take_calls()
        .into_iter()
        .filter(|(_, calls)| calls.outcomes.contains_key("limited"))
        .collect();
    assert!(limited.is_empty(), "the venue refused none for want of quota: {limited:?}");
    let ended = client(&desk.running).read::<wire::Quota>(&Call::quota(true)).await.unwrap().0;
    assert!(ended.spent <= Standing::QUOTA, "{ended:?}");
    // The venue begins a window when it likes, and may have done so meanwhile.
    if ended.left_ms <= begun.left_ms {
        let ours = Standing::QUOTA - desk.rest.remaining().account;
        assert_eq!(ended.spent - 3, ours, "our count is the venue's");
    }
}

/// Half of all requests are answered with 429 and four minutes to wait.
#[tokio::test]
async fn closes_leave_through_a_storm_of_refusals() {
    let rule = "[[rule]]\nfault = \"rest_status\"\nstatus = 429\nreset_ms = 240000\nprobability = 0.5\n";
    let faults = ["POST /v2/orders", "GET /v2/orders*", "GET /v2/positions*", "GET /v2/fills*"]
        .map(|route| format!("{rule}route = \"{route}\"\nskip = 1\n"));
    let desk = Desk::with(7, &faults.concat()).await;
    desk.sold("on").await;
    for _read in 0..8 {
        let _ = desk.rest.read::<Value>(&Call::fills(model::Micros(0), &[]).once()).await;
    }
    let held = desk.rest.standing();
    assert!(held.account.held_ms > 200_000, "reads wait for the venue's reset: {held:?}");
    let mut refusals = 0;
    loop {
        let close = desk.closing(&format!("off-{refusals}"), Side::Buy, None);
        match desk.rest.send::<wire::Order>(&patient(&Call::place(&close))).await {
            Sent::Acked(order) => break assert_eq!(order.unfilled_size, model::Decimal::ZERO),
            Sent::Rejected(refusal) => assert_eq!(refusal.code, "rate_limit_exceeded"),
            other => panic!("a close did not leave: {other:?}"),
        }
        refusals += 1;
        assert!(refusals < 64, "half of them get through");
    }
}
