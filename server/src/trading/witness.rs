//! Reading what beside positions says whether the account has anything on: its fills in options, and the margin that
//! positions block. Each part fails for itself; nothing that closes waits for it.

use model::ids::{Code, FillId, ProductId};
use model::read::TruthPart;
use model::witness::{Trade, Witness, WitnessRequest};
use model::{DecisionRecord, Micros, Money};

use super::truth::{code, position_of};
use crate::venue::underlyings::of_option;
use crate::venue::{Call, Rest, SETTLED_IN, translate, wire};

/// By what fills are put in their order.
type Order = (Micros, FillId);

pub(super) async fn read_witness(
    rest: &Rest,
    request: WitnessRequest,
    record: &DecisionRecord,
    requested_at: Micros,
) -> Witness {
    let (trades, margin) = tokio::join!(trades(rest, request, record), margin(rest, record));
    let mut failures = Vec::new();
    let trades = trades.map_err(|code| failures.push((TruthPart::Fills, code))).ok();
    let margin = margin.unwrap_or_else(|code| {
        failures.push((TruthPart::Wallet, code));
        None
    });
    // Only where it is in question whose margin that is.
    let elsewhere = match margin {
        Some(usd) if !usd.is_zero() => {
            elsewhere(rest, record).await.map_err(|code| failures.push((TruthPart::Account, code))).ok()
        }
        Some(_) | None => None,
    };
    Witness { request: request.request, requested_at, trades, margin, elsewhere, failures }
}

/// Nothing came back.
pub(super) fn unread(request: WitnessRequest, requested_at: Micros, code: Code) -> Witness {
    let failures = vec![(TruthPart::All, code)];
    Witness { request: request.request, requested_at, trades: None, margin: None, elsewhere: None, failures }
}

/// Oldest first.
async fn trades(rest: &Rest, request: WitnessRequest, record: &DecisionRecord) -> Result<Vec<Trade>, Code> {
    let call = Call::fills(request.since, &[]).behalf(record);
    let mut trades = rest.read_all_as(&call, |row: wire::Fill| trade(&row).map(Some)).await.map_err(code)?;
    trades.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(trades.into_iter().map(|(_, trade)| trade).collect())
}

fn trade(row: &wire::Fill) -> Result<(Order, Trade), String> {
    let fill = translate::fill(row, &std::collections::BTreeMap::new())?;
    let product_id = ProductId(row.product_id.ok_or("a fill has no product id")?);
    let lots = fill.signed_lots();
    let trade = Trade { product_id, symbol: fill.symbol, lots, settlement: fill.settlement };
    Ok(((fill.at, fill.id), trade))
}

/// USD that positions block; `None`: the wallet does not say.
async fn margin(rest: &Rest, record: &DecisionRecord) -> Result<Option<Money>, Code> {
    let (rows, _) = rest.read::<Vec<wire::Wallet>>(&Call::wallet().behalf(record)).await.map_err(code)?;
    let row = rows.into_iter().find(|row| row.asset_symbol == SETTLED_IN);
    Ok(row.and_then(|row| row.blocked_margin?.checked_sub(row.order_margin.unwrap_or_default())))
}

/// Positions in what is no option: they block margin as well, and are not ours to close.
async fn elsewhere(rest: &Rest, record: &DecisionRecord) -> Result<u32, Code> {
    let call = Call::every_position().behalf(record);
    let rows = rest.read_all_as(&call, position_of).await.map_err(code)?;
    let on = rows.iter().filter(|row| row.lots != 0 && of_option(&row.symbol).is_none());
    Ok(u32::try_from(on.count()).unwrap_or(u32::MAX))
}
