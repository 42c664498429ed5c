//! Reading what the venue says is on: positions product by product, open orders, fills, wallet, the account's list,
//! all at once. Each part fails for itself, and says so: a failed read is never an empty one.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use model::command::TruthRequest;
use model::fill::Fill;
use model::ids::{Code, ProductId, Symbol};
use model::input::{
    AccountPosition, InstrumentsOutcome, InstrumentsRead, OpenOrder, Truth, TruthKnown, TruthOutcome,
};
use model::instrument::Instrument;
use model::read::TruthPart;
use model::{DecisionRecord, Lots, Micros, Money, Underlying};

use crate::venue::{Call, Rest, RestError, SETTLED_IN, code_of, translate, wire};

/// The word for a read that failed.
pub(super) fn code(error: RestError) -> Code {
    match error {
        RestError::Refused { code, .. } => code_of(&code),
        RestError::Failed(cause) => cause.into(),
    }
}

/// Reads the truth that was asked for at `requested_at`.
pub(super) async fn read_truth(
    rest: &Rest,
    request: &TruthRequest,
    record: &DecisionRecord,
    requested_at: Micros,
) -> Truth {
    // Every part is read to its end, even when another has failed: each request is told with its answer.
    let (positions, open_orders, fills, wallet, account) = tokio::join!(
        positions(rest, request, record),
        open_orders(rest, record),
        fills(rest, request, record),
        wallet(rest, request, record),
        account(rest, request, record),
    );
    let mut known = TruthKnown::default();
    for (symbol, position) in positions {
        match position {
            Ok(lots) => {
                known.positions.insert(symbol, lots);
            }
            Err(code) => known.failures.push((TruthPart::Positions, code)),
        }
    }
    known.open_orders = noted(TruthPart::OpenOrders, open_orders.map(Some), &mut known.failures);
    known.fills = noted(TruthPart::Fills, fills, &mut known.failures);
    known.wallet_balance = noted(TruthPart::Wallet, wallet, &mut known.failures);
    known.account = noted(TruthPart::Account, account, &mut known.failures);
    let outcome = TruthOutcome::Known(Box::new(known));
    Truth { request: request.request, requested_at, outcome }
}

fn noted<T>(
    part: TruthPart,
    read: Result<Option<T>, Code>,
    failures: &mut Vec<(TruthPart, Code)>,
) -> Option<T> {
    read.unwrap_or_else(|code| {
        failures.push((part, code));
        None
    })
}

async fn positions(
    rest: &Rest,
    request: &TruthRequest,
    record: &DecisionRecord,
) -> Vec<(Symbol, Result<Lots, Code>)> {
    let reads = request.products.iter().map(|(product, symbol)| async move {
        let call = Call::position(*product, symbol).behalf(record);
        let lots = rest.read_as(&call, |position| lots_of(&position, *product, symbol)).await;
        (symbol.clone(), lots.map_err(code))
    });
    join_all(reads).await
}

fn lots_of(position: &wire::PositionNow, product: ProductId, symbol: &Symbol) -> Result<Lots, String> {
    let other = position.product_id.is_some_and(|id| id != product.0)
        || position.product_symbol.as_ref().is_some_and(|name| name != symbol.as_str());
    if other {
        return Err("an answer about another product".to_owned());
    }
    translate::lots(position.size.ok_or("a position has no size")?)
}

async fn open_orders(rest: &Rest, record: &DecisionRecord) -> Result<Vec<OpenOrder>, Code> {
    let call = Call::open_orders().behalf(record);
    rest.read_all_as(&call, |order: wire::Order| translate::open_order(&order)).await.map_err(code)
}

/// Oldest first.
async fn fills(
    rest: &Rest,
    request: &TruthRequest,
    record: &DecisionRecord,
) -> Result<Option<Vec<Fill>>, Code> {
    let Some(since) = request.fills_since else { return Ok(None) };
    let call = Call::fills(since, &request.products).behalf(record);
    let symbols: BTreeMap<ProductId, Symbol> = request.products.iter().cloned().collect();
    let understand = |row: wire::Fill| translate::fill(&row, &symbols).map(Some);
    let mut fills = rest.read_all_as(&call, understand).await.map_err(code)?;
    fills.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(Some(fills))
}

async fn wallet(rest: &Rest, request: &TruthRequest, record: &DecisionRecord) -> Result<Option<Money>, Code> {
    if !request.wallet {
        return Ok(None);
    }
    let call = Call::wallet().behalf(record);
    let (rows, _) = rest.read::<Vec<wire::Wallet>>(&call).await.map_err(code)?;
    Ok(rows.into_iter().find(|row| row.asset_symbol == SETTLED_IN).and_then(|row| row.balance))
}

/// Rows of zero lots are no positions.
async fn account(
    rest: &Rest,
    request: &TruthRequest,
    record: &DecisionRecord,
) -> Result<Option<Vec<AccountPosition>>, Code> {
    if !request.account {
        return Ok(None);
    }
    let call = Call::account_positions().behalf(record);
    let mut rows = rest.read_all_as(&call, position_of).await.map_err(code)?;
    rows.retain(|row| row.lots != 0);
    Ok(Some(rows))
}

/// A row of the account's list.
pub(super) fn position_of(row: wire::AccountPosition) -> Result<Option<AccountPosition>, String> {
    translate::account_position(&row).map(Some)
}

/// Reads the options of an underlying that can be entered. One whose terms are incomplete, or whose trading is
/// disrupted, is left out; none at all is a failure.
pub(super) async fn read_instruments(rest: &Rest, underlying: &Underlying, call: Call) -> InstrumentsRead {
    let unknown = |code| InstrumentsRead {
        underlying: underlying.clone(),
        outcome: InstrumentsOutcome::Unknown { code },
    };
    let products = match rest.read_all::<wire::Product>(&call).await {
        Ok(products) => products,
        Err(error) => return unknown(code(error)),
    };
    let mut listed = Vec::new();
    let (mut incomplete, mut shut) = (false, false);
    for product in &products {
        if !translate::is_tradable(product) {
            shut = true;
            continue;
        }
        match translate::instrument(product, underlying) {
            Ok(Some(instrument)) => listed.push(Instrument { fee_tax: rest.terms().fee_tax, ..instrument }),
            Ok(None) => {}
            Err(_told_by_nobody) => incomplete = true,
        }
    }
    match (listed.is_empty(), incomplete, shut) {
        (true, true, _) => unknown(Code::from("terms_incomplete")),
        (true, false, true) => unknown(Code::from("trading_disrupted")),
        (true, false, false) => unknown(Code::from("none_listed")),
        (false, _, _) => {
            let outcome = InstrumentsOutcome::Known { listed };
            InstrumentsRead { underlying: underlying.clone(), outcome }
        }
    }
}
