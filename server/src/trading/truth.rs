//! Reading what the venue says is on: positions product by product, open orders, fills, wallet, all at once. One
//! part that fails makes the whole unknown: a failed read is never an empty one.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use model::command::TruthRequest;
use model::ids::{ProductId, Symbol};
use model::input::{InstrumentsRead, OpenOrder, Truth, TruthKnown, TruthOutcome};
use model::order::Fill;
use model::{DecisionRecord, Lots, Micros, Money, Underlying};

use crate::venue::{Call, Rest, RestError, translate, wire};

/// The currency in which everything is settled.
const WALLET_ASSET: &str = "USD";

/// Why a part could not be read, with the part named.
fn failed(part: &'static str) -> impl Fn(RestError) -> String {
    move |error| format!("{part}: {error}")
}

/// Reads the truth that was asked for at `requested_at`.
pub(super) async fn read_truth(
    rest: &Rest,
    request: &TruthRequest,
    record: &DecisionRecord,
    requested_at: Micros,
) -> Truth {
    // Every part is read to its end, even when another has failed: each request is told with its answer.
    let parts = tokio::join!(
        positions(rest, request, record),
        open_orders(rest, record),
        fills(rest, request, record),
        wallet(rest, record),
    );
    let outcome = match known(parts) {
        Ok(known) => TruthOutcome::Known(Box::new(known)),
        Err(reason) => TruthOutcome::Unknown { reason },
    };
    Truth { request: request.request, requested_at, outcome }
}

type Parts = (
    Result<BTreeMap<Symbol, Lots>, String>,
    Result<Vec<OpenOrder>, String>,
    Result<Vec<Fill>, String>,
    Result<Option<Money>, String>,
);

fn known((positions, open_orders, fills, wallet): Parts) -> Result<TruthKnown, String> {
    Ok(TruthKnown {
        positions: positions?,
        open_orders: open_orders?,
        fills: fills?,
        wallet_balance: wallet?,
    })
}

async fn positions(
    rest: &Rest,
    request: &TruthRequest,
    record: &DecisionRecord,
) -> Result<BTreeMap<Symbol, Lots>, String> {
    let reads = request.products.iter().map(|(product, symbol)| async move {
        let call = Call::position(*product, symbol).behalf(record);
        let (position, _) = rest.read::<wire::PositionNow>(&call).await.map_err(failed("positions"))?;
        let size = position.size.ok_or_else(|| format!("positions: {symbol} came without a size"))?;
        Ok::<_, String>((symbol.clone(), translate::lots(size)?))
    });
    join_all(reads).await.into_iter().collect()
}

async fn open_orders(rest: &Rest, record: &DecisionRecord) -> Result<Vec<OpenOrder>, String> {
    let call = Call::open_orders().behalf(record);
    let orders = rest.read_all::<wire::Order>(&call).await.map_err(failed("open orders"))?;
    orders.iter().map(translate::open_order).collect()
}

/// Oldest first.
async fn fills(rest: &Rest, request: &TruthRequest, record: &DecisionRecord) -> Result<Vec<Fill>, String> {
    let Some(since) = request.fills_since else { return Ok(Vec::new()) };
    let call = Call::fills(since, &request.products).behalf(record);
    let rows = rest.read_all::<wire::Fill>(&call).await.map_err(failed("fills"))?;
    let symbols: BTreeMap<ProductId, Symbol> = request.products.iter().cloned().collect();
    let mut fills: Vec<_> =
        rows.iter().map(|row| translate::fill(row, &symbols)).collect::<Result<_, _>>()?;
    fills.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(fills)
}

async fn wallet(rest: &Rest, record: &DecisionRecord) -> Result<Option<Money>, String> {
    let call = Call::wallet().behalf(record);
    let (rows, _) = rest.read::<Vec<wire::Wallet>>(&call).await.map_err(failed("wallet"))?;
    Ok(rows.into_iter().find(|row| row.asset_symbol == WALLET_ASSET).and_then(|row| row.balance))
}

/// Reads the options of an underlying. One whose terms are incomplete is left out; none at all is a failure.
pub(super) async fn read_instruments(rest: &Rest, underlying: &Underlying, call: Call) -> InstrumentsRead {
    let products = match rest.read_all::<wire::Product>(&call).await {
        Ok(products) => products,
        Err(error) => return InstrumentsRead::Unknown { reason: error.to_string() },
    };
    let mut listed = Vec::new();
    let mut incomplete = None;
    for product in &products {
        match translate::instrument(product, underlying) {
            Ok(Some(instrument)) => listed.push(instrument),
            Ok(None) => {}
            Err(reason) => incomplete = Some(reason),
        }
    }
    match (listed.is_empty(), incomplete) {
        (true, Some(reason)) => InstrumentsRead::Unknown { reason },
        (true, None) => {
            InstrumentsRead::Unknown { reason: format!("the venue lists no {underlying} options") }
        }
        (false, _) => InstrumentsRead::Known { listed },
    }
}
