//! Takes away what a run has left: its orders by the beginning of their ids, and what it holds of its one option by
//! orders that only reduce. Never a stranger's.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::Ledger;
use crate::live::{Identity, Trouble, identify};
use crate::venue::{Call, Profile, Rest, RestError, Sent, wire};

/// An order that was sent by a process that died is carried out within the life of its signature or never.
const SETTLED: Duration = Duration::from_secs(7);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// The same while the venue answers nothing, or refuses what is asked: each time twice as long, up to this.
const LOOK_LONGEST: Duration = Duration::from_secs(10);
/// Somebody who waits for it gives up then; the ledger stays.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// What a look at the venue found of a run.
#[derive(Debug)]
struct Left {
    /// Ids of its open orders.
    orders: Vec<String>,
    lots: i64,
}

/// Takes away what a run has left that is no more. `patience`: for how long a venue is asked again that does not say
/// whose the keys are, and then one that does not do what is asked.
pub async fn clean_up(
    rest: &Rest,
    profile: &'static Profile,
    ledger: &Ledger,
    patience: Duration,
) -> Result<(), String> {
    let whose = whose(rest, profile, ledger, patience).await?;
    if whose.account != ledger.account || profile.name != ledger.venue {
        return Err(format!(
            "the run before was on account {} of {}, and these keys are of account {} of {}: nothing was touched",
            ledger.account, ledger.venue, whose.account, profile.name
        ));
    }
    settle(rest, ledger, true, patience).await
}

/// A venue that does not answer is asked again: whoever gives up leaves a position to nobody.
async fn whose(
    rest: &Rest,
    profile: &'static Profile,
    ledger: &Ledger,
    patience: Duration,
) -> Result<Identity, String> {
    let began = Instant::now();
    let mut pause = LOOK;
    loop {
        match identify(profile.name, rest).await {
            Ok(whose) => return Ok(whose),
            Err(Trouble::Refused(refusal)) => return Err(left_over(ledger, &refusal.to_string())),
            Err(Trouble::Silent(why)) if began.elapsed() >= patience => return Err(left_over(ledger, &why)),
            Err(Trouble::Silent(_)) => tokio::time::sleep(pause).await,
        }
        pause = LOOK_LONGEST.min(pause * 2);
    }
}

/// The same where it is known whose the keys are, by whoever has sent the orders.
pub(super) async fn clean(rest: &Rest, ledger: &Ledger) -> Result<(), String> {
    settle(rest, ledger, false, PATIENCE).await
}

/// Cleans until two reads in a row, the last of them when nothing can arrive any more, show nothing. `died`: whoever
/// sent the orders is no more, so that one may still be on its way.
async fn settle(rest: &Rest, ledger: &Ledger, died: bool, patience: Duration) -> Result<(), String> {
    let began = Instant::now();
    let (mut clear, mut pause) = (0, LOOK);
    let mut trouble = "it takes too long".to_owned();
    while began.elapsed() < patience {
        let mut refused = None;
        match look(rest, ledger).await {
            Ok(Left { orders, lots: 0 }) if orders.is_empty() => {
                let settled = !died || began.elapsed() >= SETTLED;
                clear = if settled { clear + 1 } else { 0 };
                if clear == 2 {
                    return Ok(());
                }
            }
            Ok(left) => {
                clear = 0;
                refused = take_away(rest, ledger, &left).await.err();
            }
            Err(error) => (clear, refused) = (0, Some(error.to_string())),
        }
        tokio::time::sleep(pause).await;
        pause = if refused.is_some() { LOOK_LONGEST.min(pause * 2) } else { LOOK };
        trouble = refused.unwrap_or(trouble);
    }
    Err(left_over(ledger, &trouble))
}

/// What a person is told who has to finish it.
pub(super) fn left_over(ledger: &Ledger, trouble: &str) -> String {
    format!(
        "something of the check may be left on {} ({trouble}): run `deltascope venue check --clean`, or cancel orders whose \
         ids begin with {} and close at most {} lots of it by hand",
        ledger.symbol, ledger.prefix, ledger.lots_most
    )
}

async fn look(rest: &Rest, ledger: &Ledger) -> Result<Left, RestError> {
    let of_run = |order: Value| {
        let id = order["client_order_id"].as_str().unwrap_or_default();
        Ok(id.starts_with(&ledger.prefix).then(|| id.to_owned()))
    };
    let orders = rest.read_all_as(&Call::open_orders(), of_run).await?;
    let call = Call::position(ledger.product, &ledger.symbol);
    let lots = rest.read_as(&call, |position: wire::PositionNow| lots_of(&position)).await?;
    Ok(Left { orders, lots })
}

fn lots_of(position: &wire::PositionNow) -> Result<i64, String> {
    crate::venue::translate::lots(position.size.ok_or("a position has no size")?)
}

async fn take_away(rest: &Rest, ledger: &Ledger, left: &Left) -> Result<(), String> {
    for id in &left.orders {
        let call = Call::raw(Method::DELETE, "/v2/orders", "/v2/orders", 5);
        let body = json!({ "client_order_id": id, "product_id": ledger.product.0 });
        // What fails is looked at again.
        let _ = rest.send::<Value>(&call.saying(body)).await;
    }
    if left.lots == 0 {
        return Ok(());
    }
    // What was there before was nothing, and a run only buys.
    let lots = left.lots.min(ledger.lots_most);
    if lots < 0 {
        return Err(format!("{} lots of it are sold, which no run does: look by hand", left.lots));
    }
    close(rest, ledger, lots).await
}

/// At the market, and where the book has no bid at the edge of the band.
async fn close(rest: &Rest, ledger: &Ledger, lots: i64) -> Result<(), String> {
    let body = |limit: Option<String>| {
        let mut body = json!({
            "product_id": ledger.product.0, "size": lots, "side": "sell", "reduce_only": true,
            "client_order_id": format!("{}x{}", ledger.prefix, crate::random::hex(3)),
        });
        match limit {
            Some(limit) => {
                body["order_type"] = json!("limit_order");
                body["limit_price"] = json!(limit);
                body["time_in_force"] = json!("ioc");
            }
            None => body["order_type"] = json!("market_order"),
        }
        body
    };
    let call = || Call::raw(Method::POST, "/v2/orders", "/v2/orders", 5);
    match rest.send::<Value>(&call().saying(body(None))).await {
        Sent::Acked(_) => return Ok(()),
        Sent::Rejected(_) | Sent::Ambiguous(_) | Sent::NotSent(_) => {}
    }
    let (ticker, _) =
        rest.read::<wire::Ticker>(&Call::ticker(&ledger.symbol)).await.map_err(|error| error.to_string())?;
    let edge = ticker.price_band.and_then(|band| band.lower_limit).ok_or("the venue tells no price band")?;
    match rest.send::<Value>(&call().saying(body(Some(edge.normalize().to_string())))).await {
        Sent::Acked(_) => Ok(()),
        Sent::Rejected(refusal) => Err(format!("the closing order was refused: {}", refusal.code)),
        Sent::Ambiguous(cause) | Sent::NotSent(cause) => Err(cause.to_string()),
    }
}
