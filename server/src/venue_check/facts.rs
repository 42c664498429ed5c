//! What is looked at without trading: the clock, whose keys they are, what is listed; and which option is traded.

use std::collections::BTreeSet;

use model::instrument::Instrument;
use model::{Decimal, Micros};
use serde_json::Value;

use super::desk::decimal;
use super::line::Verdict;
use crate::clock;
use crate::live::{Identity, Permission};
use crate::venue::wire::{self, Ticker};
use crate::venue::{Call, Profile, Rest, SETTLED_IN, translate};

/// An option that expires sooner is not traded: it might settle during the run.
const SOONEST: Micros = Micros(3 * 3_600_000_000);
/// Options whose books are looked at.
const LOOKED_AT: usize = 40;

/// An option that can be bought for little and sold again.
pub(super) type Choice = (Instrument, Decimal, Option<(Decimal, Decimal)>);

pub(super) fn clock_line(rest: &Rest) -> Verdict {
    match rest.offset() {
        Some(offset) => {
            Verdict::passed(format!("it is {} ms from ours, ± {} ms", offset.ms, offset.uncertainty_ms))
        }
        None => Verdict::failed(
            "no answer told the venue's time",
            "look for what is between here and the venue: signatures need its clock",
        ),
    }
}

pub(super) fn keys_line(whose: &Identity, named: Option<&str>) -> Verdict {
    let Identity { account, permission } = whose;
    match (permission, named) {
        (Permission::ReadOnly(code), _) => Verdict::failed(
            format!("account {account}; they may read and not trade ({code})"),
            "give the key the permission Trading, which wants this machine's address on its list",
        ),
        (Permission::Trade, Some(named)) if named != account => Verdict::failed(
            format!("account {account}, and the settings name {named}"),
            "use that account's keys, or set DELTASCOPE__VENUE__LIVE_ACCOUNT to the one that is meant",
        ),
        (Permission::Trade, Some(_)) => {
            Verdict::passed(format!("account {account}, as the settings name it; they may trade"))
        }
        (Permission::Trade, None) => Verdict::passed(format!(
            "account {account}; they may trade. Orders want DELTASCOPE__VENUE__LIVE_ACCOUNT={account}"
        )),
    }
}

/// Every listed option against what the profile says of its kind.
pub(super) fn listing_line(profile: &Profile, products: &[Value]) -> Verdict {
    let (mut differing, mut looked) = (BTreeSet::new(), 0);
    for row in products {
        let Ok(product) = serde_json::from_value::<wire::Product>(row.clone()) else { continue };
        let Ok(Some(option)) = translate::option(&product) else {
            differing.insert(format!("{} has terms that are missing", product.symbol));
            continue;
        };
        let Some(listing) = profile.listing(&option.underlying) else { continue };
        looked += 1;
        if option.contract_value != listing.contract_value {
            differing.insert(format!("a lot of {} is {}", option.underlying, option.contract_value));
        }
        if listing.option_tick.is_some_and(|tick| tick != option.tick) {
            differing.insert(format!(
                "the tick of {} options is {}",
                option.underlying,
                option.tick.normalize()
            ));
        }
        let settled_in = row["settling_asset"]["symbol"].as_str();
        if settled_in.is_some_and(|asset| asset != SETTLED_IN) {
            differing.insert(format!("{} settle in {}", option.underlying, settled_in.unwrap_or_default()));
        }
    }
    if looked == 0 {
        return Verdict::failed(
            "no option on BTC or ETH is listed",
            "look whether the venue is under maintenance",
        );
    }
    if differing.is_empty() {
        return Verdict::passed(format!("{looked} options are as {} has them", profile.name));
    }
    let few: Vec<String> = differing.into_iter().take(4).collect();
    Verdict::failed(
        few.join("; "),
        "the profile in server/src/venue/profile.rs is to be put right before anything is traded",
    )
}

/// The cheapest of the first options that can be bought and sold, in which nothing is on.
pub(super) async fn choose(rest: &Rest, products: &[Value]) -> Result<Choice, String> {
    let taken = taken(rest).await?;
    let now = clock::now();
    let mut options: Vec<Instrument> = products
        .iter()
        .filter_map(|row| serde_json::from_value::<wire::Product>(row.clone()).ok())
        .filter_map(|product| translate::option(&product).ok().flatten())
        .filter(|option| {
            option.expiry.0 > now.0.saturating_add(SOONEST.0) && !taken.contains(&option.product_id.0)
        })
        .collect();
    options.sort_by(|a, b| (a.expiry, &a.symbol).cmp(&(b.expiry, &b.symbol)));
    let step = (options.len() / LOOKED_AT).max(1);
    let mut best: Option<(Decimal, Choice)> = None;
    for option in options.into_iter().step_by(step).take(LOOKED_AT) {
        let call = Call::ticker(&option.symbol);
        let Ok((ticker, _)) = rest.read::<Ticker>(&call).await else { continue };
        let Some((cost, choice)) = judged(option, &ticker) else { continue };
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, choice));
        }
    }
    best.map(|(_, choice)| choice).ok_or_else(|| {
        format!("none of {LOOKED_AT} options has a bid, an offer and room below them: try again when the market is open")
    })
}

/// What a lot of it costs, if it has a book in which a buy can rest far below.
fn judged(option: Instrument, ticker: &Ticker) -> Option<(Decimal, Choice)> {
    let quotes = ticker.quotes.clone()?;
    let positive = |value: Option<Decimal>| value.filter(|value| *value > Decimal::ZERO);
    let (bid, ask) = (positive(quotes.best_bid)?, positive(quotes.best_ask)?);
    positive(quotes.bid_size)?;
    positive(quotes.ask_size)?;
    let band = ticker.price_band.as_ref().and_then(|band| Some((band.lower_limit?, band.upper_limit?)));
    let lowest = band.map_or(option.tick, |(lower, _)| lower.max(option.tick));
    // Up to the next step, and a step more, because the band moves.
    let steps = (lowest / option.tick).ceil() + Decimal::from(5);
    let rest_at = steps.checked_mul(option.tick)?;
    let cost = ask.checked_mul(option.contract_value)?;
    (rest_at + option.tick * Decimal::from(3) < bid).then_some((cost, (option, rest_at, band)))
}

/// Products in which the account has something on.
async fn taken(rest: &Rest) -> Result<BTreeSet<u64>, String> {
    let id = |row: Value| -> Result<Option<u64>, String> { Ok(row["product_id"].as_u64()) };
    let mut taken: BTreeSet<u64> = rest
        .read_all_as(&Call::open_orders(), id)
        .await
        .map_err(|error| error.to_string())?
        .into_iter()
        .collect();
    let held = |row: Value| -> Result<Option<u64>, String> {
        let size = decimal(&row["size"]).ok_or("a position has no size")?;
        Ok(row["product_id"].as_u64().filter(|_| size != Decimal::ZERO))
    };
    taken
        .extend(rest.read_all_as(&Call::account_positions(), held).await.map_err(|error| error.to_string())?);
    Ok(taken)
}

/// Whether the account has anything on at all.
pub(super) async fn is_empty(rest: &Rest) -> Result<bool, String> {
    let any = |row: Value| Ok(Some(row).filter(|row| decimal(&row["size"]) != Some(Decimal::ZERO)));
    for call in [Call::open_orders(), Call::every_position()] {
        if !rest.read_all_as(&call, any).await.map_err(|error| error.to_string())?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}
