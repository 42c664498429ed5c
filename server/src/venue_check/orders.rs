//! Lines that place orders which rest far below the market, or none at all.

use std::time::Duration;

use model::Decimal;
use reqwest::Method;
use serde_json::{Value, json};

use super::desk::{Desk, Wish, until, words};
use super::line::Verdict;
use crate::venue::{RestError, Sent};

/// How long something that was asked for may take to be seen.
const SEEN: Duration = Duration::from_secs(5);
const UNCLEAR: &str =
    "nothing may be concluded from it; run the check again, and look at the venue's status page if it stays";

/// 1: whether an id can be given twice.
pub(super) async fn duplicate_ids(desk: &mut Desk) -> Verdict {
    let first = desk.resting();
    if let sent @ (Sent::Rejected(_) | Sent::Ambiguous(_) | Sent::NotSent(_)) = desk.place(&first).await {
        return Verdict::failed(format!("a resting buy at {} was {}", desk.rest_at, words(&sent)), UNCLEAR);
    }
    let second = desk.place(&first).await;
    let while_open = match &second {
        Sent::Acked(_) => {
            "taken a second time while the first is open, so that ids are no protection".to_owned()
        }
        Sent::Rejected(_) => format!("{} while the first is open", words(&second)),
        Sent::Ambiguous(_) | Sent::NotSent(_) => {
            return Verdict::failed(format!("the second was {}", words(&second)), UNCLEAR);
        }
    };
    if let Err(error) = desk.order(&first.id).await {
        return Verdict::failed(
            format!("{while_open}; and a look-up by the id fails: {error}"),
            "the client looks orders of unknown outcome up by their id: it cannot trade here as it is",
        );
    }
    if let Err(why) = desk.tidy().await {
        return Verdict::failed(why, UNCLEAR);
    }
    let again = desk.place(&first).await;
    let after = words(&again);
    if let Err(why) = desk.tidy().await {
        return Verdict::failed(why, UNCLEAR);
    }
    Verdict::passed(format!("{while_open}; {after} after it was cancelled"))
}

/// 2: whether ended and never sent orders are told apart.
pub(super) async fn look_ups(desk: &mut Desk) -> Verdict {
    let wish = desk.resting();
    let placed = desk.place(&wish).await;
    let cancelled = desk.cancel(&wish.id).await;
    if !matches!((&placed, &cancelled), (Sent::Acked(_), Sent::Acked(_))) {
        return Verdict::failed(
            format!("an order was {}, its cancel {}", words(&placed), words(&cancelled)),
            UNCLEAR,
        );
    }
    let ended = match desk.order(&wish.id).await {
        Ok(order) => order["state"].as_str().unwrap_or("without a state").to_owned(),
        Err(error) => {
            return Verdict::failed(
                format!("a cancelled order is not found by its id ({error})"),
                "the client takes what is not found for never sent: an order that ended would be forgotten",
            );
        }
    };
    let never = desk.id();
    match desk.order(&never).await {
        Err(RestError::Refused { status, code, .. }) => Verdict::passed(format!(
            "a cancelled order is found as {ended}; one that was never sent is {code} ({status})"
        )),
        Err(error) => {
            Verdict::failed(format!("the look-up of an order that was never sent failed: {error}"), UNCLEAR)
        }
        Ok(order) => Verdict::failed(
            format!("an order that was never sent is found: {order}"),
            "the client would take somebody else's order for its own",
        ),
    }
}

/// 3: whether cancel-all with one flag leaves protective stops. Wants a position of one lot.
pub(super) async fn cancel_all_flags(desk: &mut Desk) -> Verdict {
    let (limit, stop) = match with_a_stop(desk).await {
        Ok(both) => both,
        Err(verdict) => return verdict,
    };
    let body = json!({
        "product_id": desk.option.product_id.0, "cancel_limit_orders": true, "cancel_stop_orders": false,
        "cancel_reduce_only_orders": false,
    });
    let sent = desk.write(Method::DELETE, "/v2/orders/all", body).await;
    // What it did decides, also where the answer has no result: a success without one is documented.
    if matches!(sent, Sent::Rejected(_) | Sent::NotSent(_)) {
        let verdict =
            Verdict::failed(format!("cancel-all of the limit orders was {}", words(&sent)), UNCLEAR);
        return tidied(desk, &[&limit.id, &stop.id], verdict).await;
    }
    let gone =
        until(SEEN, || async { desk.open().await.ok().filter(|open| !open.contains(&limit.id)) }).await;
    let verdict = match gone {
        None => Verdict::failed(
            "the resting limit order is still there",
            "a panic must cancel entries one by one here",
        ),
        Some((open, _)) if open.contains(&stop.id) => {
            Verdict::passed("with the limit flag alone the limit order went and the protective stop stayed")
        }
        Some(_) => Verdict::failed(
            "the protective stop went with the limit order",
            "a panic must not use cancel-all here: it would take the protection away",
        ),
    };
    tidied(desk, &[&limit.id, &stop.id], verdict).await
}

/// A buy that rests and a stop that protects the lot that is held.
pub(super) async fn with_a_stop(desk: &mut Desk) -> Result<(Wish, Wish), Verdict> {
    let limit = desk.resting();
    let low = desk.rest_at;
    let stop = Wish {
        id: desk.id(),
        side: "sell",
        lots: 1,
        limit: Some(low),
        ioc: false,
        reduce_only: true,
        stop: Some(low + desk.option.tick * Decimal::from(2)),
    };
    for wish in [&limit, &stop] {
        let sent = desk.place(wish).await;
        if !matches!(sent, Sent::Acked(_)) {
            let what = if wish.stop.is_some() { "a protective stop" } else { "a resting buy" };
            return Err(Verdict::failed(format!("{what} was {}", words(&sent)), UNCLEAR));
        }
    }
    Ok((limit, stop))
}

/// 5: what becomes of orders that only reduce and are too many, or on the wrong side. Wants a position of one lot.
pub(super) async fn reduce_only(desk: &mut Desk) -> Verdict {
    let Ok(ticker) = desk.ticker().await else {
        return Verdict::failed("the ticker cannot be read", UNCLEAR);
    };
    let ask = ticker.quotes.and_then(|quotes| quotes.best_ask).unwrap_or(desk.option.tick);
    let high = desk.band.map_or(ask * Decimal::TWO, |(_, upper)| {
        ((upper / desk.option.tick).floor() - Decimal::from(5)) * desk.option.tick
    });
    let sell = Wish {
        id: desk.id(),
        side: "sell",
        lots: 2,
        limit: Some(high),
        ioc: false,
        reduce_only: true,
        stop: None,
    };
    let larger = match desk.place(&sell).await {
        Sent::Acked(order) => format!("a sell of 2 lots is taken with {}", order["unfilled_size"]),
        sent @ Sent::Rejected(_) => format!("a sell of 2 lots is {}", words(&sent)),
        sent @ (Sent::Ambiguous(_) | Sent::NotSent(_)) => return Verdict::failed(words(&sent), UNCLEAR),
    };
    let buy = Wish {
        id: desk.id(),
        side: "buy",
        lots: 1,
        limit: Some(ask),
        ioc: true,
        reduce_only: true,
        stop: None,
    };
    let other = words(&desk.place(&buy).await);
    let held = desk.held().await;
    let verdict = match held {
        Ok(1) => Verdict::passed(format!(
            "of 1 lot held {larger}; a buy that only reduces is {other}; 1 lot is held after it"
        )),
        Ok(held) => Verdict::failed(
            format!("{held} lots are held after a buy that only reduces"),
            "closing orders may open here: nothing may be traded until that is explained",
        ),
        Err(error) => Verdict::failed(format!("the position cannot be read: {error}"), UNCLEAR),
    };
    tidied(desk, &[&sell.id], verdict).await
}

/// 6: an order that fills at once or never, and prices outside the band.
pub(super) async fn ioc_and_band(desk: &mut Desk) -> Verdict {
    let ioc = Wish { ioc: true, ..desk.resting() };
    let away = match desk.place(&ioc).await {
        Sent::Acked(order) => match (order["state"].as_str(), order["unfilled_size"].as_i64()) {
            (Some("cancelled" | "closed"), Some(1)) => {
                format!("an IOC away from the book ends as {}", order["state"])
            }
            (state, unfilled) => {
                return Verdict::failed(
                    format!("an IOC away from the book is {state:?} with {unfilled:?} unfilled"),
                    "the client reads such an answer as ambiguous and looks it up: that costs half a second an attempt",
                );
            }
        },
        sent @ Sent::Rejected(_) => format!("an IOC away from the book is {}", words(&sent)),
        sent @ (Sent::Ambiguous(_) | Sent::NotSent(_)) => return Verdict::failed(words(&sent), UNCLEAR),
    };
    let below =
        desk.band.map(|(lower, _)| ((lower / Decimal::TWO / desk.option.tick).floor()) * desk.option.tick);
    let Some(below) = below.filter(|below| *below >= desk.option.tick) else {
        return Verdict::passed(format!("{away}; the band ends at one step, so that no price is below it"));
    };
    let outside = Wish { limit: Some(below), ..desk.resting() };
    let sent = desk.place(&outside).await;
    let verdict = match &sent {
        Sent::Rejected(_) | Sent::Acked(_) => {
            Verdict::passed(format!("{away}; a price below the band is {}", words(&sent)))
        }
        Sent::Ambiguous(_) | Sent::NotSent(_) => Verdict::failed(words(&sent), UNCLEAR),
    };
    tidied(desk, &[&outside.id], verdict).await
}

/// 9: what the answer to a batch says of those that were refused.
pub(super) async fn batch(desk: &mut Desk) -> Verdict {
    let good = desk.resting();
    let bad = Wish { limit: Some(Decimal::ZERO), ..desk.resting() };
    let row = |wish: &Wish| {
        let mut body = desk.body(wish);
        if let Value::Object(fields) = &mut body {
            fields.remove("product_id");
            fields.remove("time_in_force");
        }
        body
    };
    let body = json!({ "product_id": desk.option.product_id.0, "orders": [row(&good), row(&bad)] });
    let sent = desk.write(Method::POST, "/v2/orders/batch", body).await;
    let said = match &sent {
        Sent::Acked(rows) => rows.as_array().map_or(0, Vec::len),
        Sent::Rejected(_) => 0,
        Sent::Ambiguous(_) | Sent::NotSent(_) => return Verdict::failed(words(&sent), UNCLEAR),
    };
    let open = desk.open().await.map_or(usize::MAX, |open| open.len());
    let verdict = if open == said {
        Verdict::passed(format!(
            "of one good and one bad order the answer has {said}, and {open} is open; the batch was {}",
            words(&sent)
        ))
    } else {
        Verdict::failed(
            format!("the answer has {said} orders and {open} are open"),
            "the client sends no batches, and must not begin to",
        )
    };
    tidied(desk, &[&good.id, &bad.id], verdict).await
}

/// With the line's orders gone; one that stays makes it fail.
pub(super) async fn tidied(desk: &Desk, ids: &[&str], verdict: Verdict) -> Verdict {
    for id in ids {
        // One that is gone or was never there cannot be cancelled.
        let _ = desk.cancel(id).await;
    }
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let gone = until(SEEN, || async {
        desk.open().await.ok().filter(|open| !open.iter().any(|id| ids.contains(id)))
    });
    match gone.await {
        Some(_) => verdict,
        None => Verdict::failed("an order of the line cannot be cancelled", UNCLEAR),
    }
}
