//! What starting a configuration now would mean, at the prices that are on offer. Reads the venue, decides nothing:
//! strikes, sums and warnings are the engine's own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::plan::{self, PricedLeg};
use model::input::InstrumentsRead;
use model::instrument::Instrument;
use model::session::Leg;
use model::view::{PreviewLegView, PreviewView};
use model::{Configuration, Decimal, Price, Underlying};
use telemetry::Context;

use super::{Trading, truth};
use crate::clock;
use crate::venue::{Call, wire};

/// The list of options is asked for again after this long: strikes are added as spot moves.
const LISTED_FOR: Duration = Duration::from_secs(30);

/// The latest list of options; cheap to clone.
#[derive(Clone, Default)]
pub struct Listed(Arc<Mutex<Option<Kept>>>);

struct Kept {
    at: Instant,
    underlying: Underlying,
    listed: Vec<Instrument>,
}

impl Trading {
    /// The preview, or in a sentence why there is none.
    pub async fn preview(
        &self,
        configuration: &Configuration,
        context: Context,
    ) -> Result<PreviewView, String> {
        let listed = self.listed(&configuration.underlying, &context).await?;
        let state = self.hub.state();
        let now = clock::now();
        let spot = state.spot.get(&configuration.underlying).map(|spot| spot.price);
        let spot =
            spot.ok_or_else(|| format!("The spot price of {} is not known yet.", configuration.underlying))?;
        let legs = engine::strikes::choose(configuration, &listed, spot, now)
            .map_err(|why| format!("No strikes can be chosen: {why}."))?;
        let tickers =
            futures_util::future::try_join_all(legs.iter().map(|leg| self.ticker(leg, &context))).await?;
        let mut view = PreviewView {
            legs: legs.iter().zip(&tickers).map(|(leg, ticker)| leg_view(leg, ticker, now)).collect(),
            expiry: legs.first().map(|leg| leg.instrument.expiry),
            credit: None,
            cost_to_leave: None,
            fees: None,
            margin: Some(
                legs.iter()
                    .map(|leg| leg.instrument.value(spot, leg.lots) * leg.instrument.initial_margin)
                    .sum(),
            ),
            wallet_balance: state.account.wallet.map(|(balance, _)| balance),
            breakeven: None,
            warnings: Vec::new(),
            as_of: now,
        };
        let priced: Option<Vec<PricedLeg<'_>>> =
            legs.iter().zip(&tickers).map(|(leg, ticker)| priced(leg, ticker)).collect();
        match priced {
            Some(priced) => add_money(&mut view, configuration, &legs, &priced, spot),
            None => view.warnings.push("A leg has no bid or no offer right now.".to_owned()),
        }
        Ok(view)
    }

    async fn listed(&self, underlying: &Underlying, context: &Context) -> Result<Vec<Instrument>, String> {
        if let Some(kept) = &*self.listed.0.lock().unwrap_or_else(PoisonError::into_inner)
            && kept.at.elapsed() < LISTED_FOR
            && &kept.underlying == underlying
        {
            return Ok(kept.listed.clone());
        }
        match truth::read_instruments(&self.rest, underlying, Call::options().under(context.clone())).await {
            InstrumentsRead::Known { listed } => {
                let mut kept = self.listed.0.lock().unwrap_or_else(PoisonError::into_inner);
                *kept =
                    Some(Kept { at: Instant::now(), underlying: underlying.clone(), listed: listed.clone() });
                Ok(listed)
            }
            InstrumentsRead::Unknown { reason } => {
                Err(format!("The list of options could not be read: {reason}."))
            }
        }
    }

    async fn ticker(&self, leg: &Leg, context: &Context) -> Result<wire::Ticker, String> {
        let call = Call::ticker(&leg.instrument.symbol).under(context.clone());
        let read = self.rest.read::<wire::Ticker>(&call).await;
        read.map(|(ticker, _)| ticker).map_err(|error| format!("The prices could not be read: {error}."))
    }
}

fn positive(number: Option<Decimal>) -> Option<Decimal> {
    number.filter(|number| *number > Decimal::ZERO)
}

fn priced<'a>(leg: &'a Leg, ticker: &wire::Ticker) -> Option<PricedLeg<'a>> {
    let quotes = ticker.quotes.as_ref()?;
    let (bid, ask) = positive(quotes.best_bid).zip(positive(quotes.best_ask))?;
    Some(PricedLeg { instrument: &leg.instrument, lots: leg.lots, bid, ask })
}

fn add_money(
    view: &mut PreviewView,
    configuration: &Configuration,
    legs: &[Leg],
    priced: &[PricedLeg<'_>],
    spot: Price,
) {
    let credit = plan::credit(priced);
    view.credit = Some(credit);
    view.cost_to_leave = Some(plan::cost_to_leave(priced, spot));
    view.fees = Some(plan::entry_fees(priced, spot) + plan::exit_fees(priced, spot));
    view.warnings.extend(plan::warnings(configuration, priced, spot));
    let thin = legs
        .iter()
        .zip(&view.legs)
        .any(|(leg, shown)| shown.depth_at_bid.is_some_and(|lots| lots < leg.lots));
    if thin {
        view.warnings
            .push("The best bid of a leg is smaller than the size: part of it fills lower.".to_owned());
    }
    view.breakeven = breakeven(legs, credit);
}

/// Spot prices at expiry between which the credit is kept: strikes moved outward by the credit per unit.
fn breakeven(legs: &[Leg], credit: Decimal) -> Option<(Price, Price)> {
    let strikes = legs.iter().map(|leg| leg.instrument.strike);
    let (low, high) = (strikes.clone().min()?, strikes.max()?);
    let units = legs.first().map(|leg| Decimal::from(leg.lots) * leg.instrument.contract_value)?;
    let per_unit = credit.checked_div(units)?.round_dp(2);
    Some((low - per_unit, high + per_unit))
}

fn leg_view(leg: &Leg, ticker: &wire::Ticker, now: telemetry::Micros) -> PreviewLegView {
    let quotes = ticker.quotes.clone().unwrap_or_default();
    PreviewLegView {
        symbol: leg.instrument.symbol.clone(),
        kind: leg.instrument.kind,
        strike: leg.instrument.strike,
        qty: -leg.lots,
        bid: positive(quotes.best_bid),
        ask: positive(quotes.best_ask),
        mark: ticker.mark_price,
        delta: ticker.greeks.as_ref().and_then(|greeks| greeks.delta),
        volatility: quotes.mark_iv,
        depth_at_bid: quotes.bid_size.and_then(|size| i64::try_from(size).ok()),
        quote_at: Some(now),
    }
}
