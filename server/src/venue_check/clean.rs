//! Takes away what a run has left: its orders by the beginning of their ids, and what it holds of its one option by
//! orders that only reduce. Never a stranger's.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::Ledger;
use crate::live::identify;
use crate::venue::{Call, Profile, Rest, RestError, Sent, wire};

/// An order that was sent by a process that died is carried out within the life of its signature or never.
const SETTLED: Duration = Duration::from_secs(7);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// It is given up then; the ledger stays.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a look at the venue found of a run.
#[derive(Debug)]
struct Left {
    /// Ids of its open orders.
    orders: Vec<String>,
    lots: i64,
}

/// Cleans until two reads in a row, the last of them when nothing can arrive any more, show nothing. `died`: whoever
/// sent the orders is no more, so that one may still be on its way.
pub async fn clean_up(
    rest: &Rest,
    profile: &'static Profile,
    ledger: &Ledger,
    died: bool,
) -> Result<(), String> {
    let whose = identify(profile.name, rest).await.map_err(|trouble| format!("{trouble:?}"))?;
    if whose.account != ledger.account || profile.name != ledger.venue {
        return Err(format!(
            "the run before was on account {} of {}, and these keys are of account {} of {}: nothing was touched",
            ledger.account, ledger.venue, whose.account, profile.name
        ));
    }
    clean(rest, ledger, died).await
}

/// The same where it is known whose the keys are.
pub(super) async fn clean(rest: &Rest, ledger: &Ledger, died: bool) -> Result<(), String> {
    let began = Instant::now();
    let mut clear = 0;
    let mut trouble = String::new();
    while began.elapsed() < PATIENCE {
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
                if let Err(why) = take_away(rest, ledger, &left).await {
                    trouble = why;
                }
            }
            Err(error) => (clear, trouble) = (0, error.to_string()),
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(format!(
        "something of the check may be left on {} ({trouble}): run `deltascope venue check --clean`, or cancel orders whose \
         ids begin with {} and close at most {} lots of it by hand",
        ledger.symbol, ledger.prefix, ledger.lots_most
    ))
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
