//! Lines about a lot that is bought and sold again: how soon it is seen, what it costs, what guards it.

use std::time::Duration;

use model::Decimal;
use reqwest::Method;
use serde_json::{Value, json};

use super::desk::{Desk, Wish, decimal, until, words};
use super::facts;
use super::line::Verdict;
use super::orders::{tidied, with_a_stop};
use crate::venue::{Call, Rest, Sent};

const SOON: Duration = Duration::from_secs(5);
/// The list of positions may lag by ten seconds.
const LAG_MOST: Duration = Duration::from_secs(15);
/// The dead-man switch of the line that waits for it, and how long it is waited for.
const TTL_MS: u64 = 3_000;
const SWITCH_PATIENCE: Duration = Duration::from_secs(20);
const LATE: &str = "the client's patience with it is to be made longer before anything is traded";

/// A lot that was bought.
pub(super) struct Bought {
    order_id: String,
    pub seen_ms: u128,
}

/// Buys one lot. How soon `/v2/positions` and the list show it is line 7.
pub(super) async fn buy(desk: &mut Desk) -> Result<(Bought, Verdict), Verdict> {
    let ticker = desk.ticker().await.map_err(|error| Verdict::failed(error.to_string(), LATE))?;
    let ask = ticker.quotes.and_then(|quotes| quotes.best_ask).unwrap_or_default();
    let limit =
        ((ask * Decimal::new(105, 2) / desk.option.tick).ceil() * desk.option.tick).max(desk.option.tick);
    let limit = desk.band.map_or(limit, |(_, upper)| limit.min(upper));
    let wish = Wish {
        id: desk.id(),
        side: "buy",
        lots: 1,
        limit: Some(limit),
        ioc: true,
        reduce_only: false,
        stop: None,
    };
    let sent = desk.place(&wish).await;
    let Sent::Acked(order) = &sent else {
        return Err(Verdict::failed(
            format!("a buy of one lot at {limit} was {}", words(&sent)),
            "run the check when the book has offers",
        ));
    };
    if order["unfilled_size"].as_i64() != Some(0) {
        return Err(Verdict::failed(
            format!("a buy of one lot at {limit} did not fill"),
            "run the check when the book has offers",
        ));
    }
    let order_id = order["id"]
        .as_i64()
        .map_or_else(|| order["id"].as_str().unwrap_or_default().to_owned(), |id| id.to_string());
    let now = until(SOON, || async { desk.held().await.ok().filter(|held| *held == 1) }).await;
    let list = until(LAG_MOST, || async { desk.margined().await.ok().flatten() }).await;
    let verdict = match (&now, &list) {
        (Some((_, now)), Some((_, list))) => Verdict::passed(format!(
            "a fill is in /v2/positions after {now} ms, in the list after {} ms",
            now + list
        )),
        (None, _) => {
            Verdict::failed(format!("/v2/positions does not show a fill within {} s", SOON.as_secs()), LATE)
        }
        (Some(_), None) => {
            Verdict::failed(format!("the list does not show a fill within {} s", LAG_MOST.as_secs()), LATE)
        }
    };
    Ok((Bought { order_id, seen_ms: now.map_or(0, |(_, ms)| ms) }, verdict))
}

/// 8 and 13: how soon the fill is listed, and whether it cost what the product says.
pub(super) async fn fill(desk: &Desk, bought: &Bought) -> (Verdict, Verdict) {
    let product = desk.option.product_id.0.to_string();
    let row = until(SOON, || async {
        let call =
            Call::raw(Method::GET, "/v2/fills", "/v2/fills", 10).asking("product_ids", product.clone());
        let rows = desk.read(call.asking("page_size", "50")).await.ok()?;
        let rows = rows.as_array()?.clone();
        rows.into_iter().find(|row| match &row["order_id"] {
            Value::String(id) => *id == bought.order_id,
            Value::Number(id) => id.to_string() == bought.order_id,
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
        })
    });
    let Some((row, ms)) = row.await else {
        let why = format!("/v2/fills does not list it within {} s", SOON.as_secs());
        return (Verdict::failed(why, LATE), Verdict::not_tried("there is no fill to look at"));
    };
    let listed = Verdict::passed(format!("a fill is listed {} ms after it was made", bought.seen_ms + ms));
    (listed, fee(desk, &row).await)
}

async fn fee(desk: &Desk, row: &Value) -> Verdict {
    let spot = desk.ticker().await.ok().and_then(|ticker| ticker.spot_price);
    let (Some(paid), Some(price), Some(spot)) = (decimal(&row["commission"]), decimal(&row["price"]), spot)
    else {
        return Verdict::failed(
            "the fill or the ticker lacks a number",
            "fees cannot be known here; look at the fill by hand",
        );
    };
    let option = model::instrument::Instrument { fee_tax: desk.profile.terms.fee_tax, ..desk.option.clone() };
    let expected = option.fee(price, 1, spot).unwrap_or_default().round_dp(8);
    // Where the share of the notional counts, spot has moved since.
    let near = (paid - expected).abs() <= (expected * Decimal::new(1, 2)).max(Decimal::new(1, 8));
    let terms = format!(
        "rate {} of the notional, at most {} of the premium, tax {}",
        option.commission_rate.normalize(),
        option.commission_cap.normalize(),
        option.fee_tax.normalize()
    );
    if near {
        return Verdict::passed(format!(
            "{} was charged at {price}, as the product says: {terms}",
            paid.normalize()
        ));
    }
    Verdict::failed(
        format!(
            "{} was charged at {price}, where {} follows from {terms}",
            paid.normalize(),
            expected.normalize()
        ),
        "tax and formula of the profile are to be put right: every P&L would be wrong by it",
    )
}

/// 14: what `unrealized_pnl` of a bought lot means.
pub(super) async fn unrealised(desk: &Desk) -> Verdict {
    let Ok(Some(row)) = desk.margined().await else {
        return Verdict::failed("the list does not show the position", LATE);
    };
    let read = |name: &str| decimal(&row[name]);
    let (Some(told), Some(entry), Some(mark)) =
        (read("unrealized_pnl"), read("entry_price"), read("mark_price"))
    else {
        return Verdict::passed("the list does not tell it; the client computes its own");
    };
    let computed = (mark - entry) * desk.option.contract_value;
    let premium = mark * desk.option.contract_value;
    let near = |a: Decimal, b: Decimal| (a - b).abs() <= Decimal::new(1, 6).max(b.abs() * Decimal::new(1, 3));
    let what = if near(told, computed) {
        "the P&L at the mark"
    } else if near(told, premium) {
        "the premium at the mark, no P&L"
    } else {
        "neither the P&L at the mark nor the premium"
    };
    Verdict::passed(format!(
        "of a bought lot it is {what} ({}); of a sold one nothing was tried, and the client computes its own",
        told.normalize()
    ))
}

/// 4: whether the dead-man switch cancels, and whether it takes protective stops.
pub(super) async fn dead_man(desk: &mut Desk) -> Verdict {
    let (limit, stop) = match with_a_stop(desk).await {
        Ok(both) => both,
        Err(verdict) => return verdict,
    };
    let id = format!("{}dead", desk.ledger.prefix);
    let create = json!({
        "heartbeat_id": id, "impact": "products", "product_symbols": [desk.option.symbol.0],
        "config": [{ "action": "cancel_orders", "unhealthy_count": 1 }],
    });
    let mut sent = desk.write(Method::POST, "/v2/heartbeat/create", create.clone()).await;
    if matches!(sent, Sent::Rejected(_)) {
        // The schema has other words than the prose.
        let mut other = create;
        other["impact"] = json!("high");
        sent = desk.write(Method::POST, "/v2/heartbeat/create", other).await;
    }
    if matches!(sent, Sent::Acked(_)) {
        sent = desk.write(Method::POST, "/v2/heartbeat", json!({ "heartbeat_id": id, "ttl": TTL_MS })).await;
    }
    if !matches!(sent, Sent::Acked(_)) {
        let verdict = Verdict::failed(
            format!("the switch was {}", words(&sent)),
            "there is no dead-man switch here: nothing may count on it",
        );
        return tidied(desk, &[&limit.id, &stop.id], verdict).await;
    }
    let gone =
        until(SWITCH_PATIENCE, || async { desk.open().await.ok().filter(|open| !open.contains(&limit.id)) })
            .await;
    let off = desk.write(Method::POST, "/v2/heartbeat", json!({ "heartbeat_id": id, "ttl": 0 })).await;
    let verdict = match gone {
        Some((open, ms)) => {
            let stop = if open.contains(&stop.id) {
                "the protective stop stayed"
            } else {
                "the protective stop went with it"
            };
            Verdict::passed(format!(
                "the resting order was cancelled {ms} ms after the last beat of {TTL_MS} ms; {stop}; switched off: {}",
                words(&off)
            ))
        }
        None => Verdict::failed(
            format!("nothing was cancelled within {} s", SWITCH_PATIENCE.as_secs()),
            "there is no dead-man switch here: nothing may count on it",
        ),
    };
    tidied(desk, &[&limit.id, &stop.id], verdict).await
}

/// 10: whether close-all closes what is held, on an account that holds nothing else.
pub(super) async fn close_all(desk: &Desk, account: &str, was_empty: bool) -> Verdict {
    if !was_empty {
        return Verdict::not_tried("the account has other positions or orders, which it would close");
    }
    let user_id = account.parse::<u64>().unwrap_or_default();
    let body = json!({ "close_all_portfolio": true, "close_all_isolated": true, "user_id": user_id });
    let sent = desk.write(Method::POST, "/v2/positions/close_all", body).await;
    // What it did decides, also where the answer has no result.
    if matches!(sent, Sent::Rejected(_) | Sent::NotSent(_)) {
        return Verdict::failed(
            format!("it was {}", words(&sent)),
            "nothing may count on it; the client closes leg by leg",
        );
    }
    match until(SOON, || async { desk.held().await.ok().filter(|held| *held == 0) }).await {
        Some((_, ms)) => {
            Verdict::passed(format!("the lot was closed after {ms} ms, with the number of the account"))
        }
        None => Verdict::failed(
            format!("the lot is still there after {} s", SOON.as_secs()),
            "nothing may count on it; the client closes leg by leg",
        ),
    }
}

/// 15: how the quota counts.
pub(super) async fn quota(rest: &Rest) -> Verdict {
    let read = || async {
        let call = Call::raw(Method::GET, "/v2/rate_limits/quota", "/v2/rate_limits/quota", 3);
        rest.read::<Value>(&call).await.ok().and_then(|(quota, _)| quota["current_quota"].as_i64())
    };
    let first = read().await;
    // What it says is of no interest here.
    let _ = rest.read::<Value>(&Call::wallet().once()).await;
    match (first, read().await) {
        (Some(first), Some(then)) if then > first => Verdict::passed(format!(
            "it counts up: a read of the wallet and of the quota took {} units; a 429 was not provoked",
            then - first
        )),
        (Some(first), Some(then)) => Verdict::failed(
            format!("it said {first}, and {then} after two reads"),
            "our own ledger of weights is all there is: run with a margin",
        ),
        (None, _) | (_, None) => Verdict::failed(
            "the quota cannot be read",
            "our own ledger of weights is all there is: run with a margin",
        ),
    }
}

/// Whether anything else than the run's own is on.
pub(super) async fn is_empty(desk: &Desk) -> bool {
    facts::is_empty(&desk.rest).await.unwrap_or(false)
}
