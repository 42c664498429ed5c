//! What starting a configuration now would mean, at the prices that are on offer. Reads the venue, decides nothing:
//! strikes, sums and warnings are the engine's own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::plan::{self, PricedLeg};
use model::input::InstrumentsOutcome;
use model::instrument::Instrument;
use model::session::Leg;
use model::view::{PreviewLegView, PreviewView};
use model::{Configuration, Decimal, Micros, Price, Symbol, Underlying};
use telemetry::Context;

use super::{Trading, truth};
use crate::clock;
use crate::venue::{Call, wire};

/// The list of options is asked for again after this long: strikes are added as spot moves.
const LISTED_FOR: Duration = Duration::from_secs(30);
/// A start waits so long to know its instruments beforehand.
const EXPECTED_WAIT: Duration = Duration::from_millis(1_500);

/// The latest list of options of each underlying; cheap to clone.
#[derive(Clone, Default)]
pub struct Listed(Arc<Mutex<Lists>>);

/// Each with when it was read.
type Lists = BTreeMap<Underlying, (Instant, Vec<Instrument>)>;

impl Listed {
    fn young(&self, underlying: &Underlying) -> Option<Vec<Instrument>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(underlying).filter(|(at, _)| at.elapsed() < LISTED_FOR).map(|(_, listed)| listed.clone())
    }

    fn keep(&self, underlying: &Underlying, listed: Vec<Instrument>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(underlying.clone(), (Instant::now(), listed));
    }
}

impl Trading {
    /// The instruments that starting a configuration now would probably choose: what the engine leases from the start
    /// on. Empty when that cannot be known soon; the engine then finds out by itself.
    pub async fn expected(&self, configuration: &Configuration, context: Context) -> Vec<Symbol> {
        let listed = self.listed(&configuration.underlying, &context);
        let Ok(Ok(listed)) = tokio::time::timeout(EXPECTED_WAIT, listed).await else { return Vec::new() };
        let spot = self.hub.look(|state, _| Some(state.spot.get(&configuration.underlying)?.price));
        let legs = spot.map(|spot| engine::strikes::choose(configuration, &listed, spot, clock::now()));
        let Some(Ok(legs)) = legs else { return Vec::new() };
        legs.into_iter().map(|leg| leg.instrument.symbol).collect()
    }

    /// The preview, or in a sentence why there is none.
    pub async fn preview(
        &self,
        configuration: &Configuration,
        context: Context,
    ) -> Result<PreviewView, String> {
        let listed = self.listed(&configuration.underlying, &context).await?;
        let now = clock::now();
        let (spot, wallet) = self.hub.look(|state, _| {
            let spot = state.spot.get(&configuration.underlying).map(|spot| spot.price);
            (spot, state.account.wallet.map(|(balance, _)| balance))
        });
        let spot =
            spot.ok_or_else(|| format!("The spot price of {} is not known yet.", configuration.underlying))?;
        let legs = engine::strikes::choose(configuration, &listed, spot, now)
            .map_err(|why| format!("No strikes can be chosen: {}.", why.sentence()))?;
        let tickers =
            futures_util::future::try_join_all(legs.iter().map(|leg| self.ticker(leg, &context))).await?;
        let mut view = PreviewView {
            legs: legs.iter().zip(&tickers).map(|(leg, ticker)| self.leg_view(leg, ticker, now)).collect(),
            expiry: legs.first().map(|leg| leg.instrument.expiry),
            credit: None,
            cost_to_leave: None,
            fees: None,
            margin: legs.iter().map(|leg| initial_margin(leg, spot)).sum(),
            wallet_balance: wallet,
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
        if let Some(listed) = self.listed.young(underlying) {
            return Ok(listed);
        }
        let call = Call::options().under(context.clone());
        match truth::read_instruments(&self.rest, underlying, call).await.outcome {
            InstrumentsOutcome::Known { listed } => {
                self.listed.keep(underlying, listed.clone());
                Ok(listed)
            }
            InstrumentsOutcome::Unknown { code } => {
                Err(format!("The list of options could not be read: {}.", code.words()))
            }
        }
    }

    async fn ticker(&self, leg: &Leg, context: &Context) -> Result<wire::Ticker, String> {
        let call = Call::ticker(&leg.instrument.symbol).under(context.clone());
        let read = self.rest.read::<wire::Ticker>(&call).await;
        read.map(|(ticker, _)| ticker).map_err(|error| format!("The prices could not be read: {error}."))
    }
}

impl Trading {
    /// A leg at the venue's prices, each as old as the venue says.
    fn leg_view(&self, leg: &Leg, ticker: &wire::Ticker, now: Micros) -> PreviewLegView {
        let quotes = ticker.quotes.clone().unwrap_or_default();
        let made_at = ticker.timestamp.map(Micros);
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
            quote_at: made_at.map(|made_at| self.rest.clock().estimate().our_time(made_at, now)),
        }
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
    view.credit = plan::credit(priced);
    view.cost_to_leave = plan::cost_to_leave(priced, spot);
    let fees = plan::entry_fees(priced, spot).zip(plan::exit_fees(priced, spot));
    view.fees = fees.and_then(|(entry, exit)| entry.checked_add(exit));
    let warnings = plan::warnings(configuration, priced, spot);
    view.warnings.extend(warnings.iter().map(model::causes::Warning::sentence));
    let thin = legs
        .iter()
        .zip(&view.legs)
        .any(|(leg, shown)| shown.depth_at_bid.is_some_and(|lots| lots < leg.lots));
    if thin {
        view.warnings
            .push("The best bid of a leg is smaller than the size: part of it fills lower.".to_owned());
    }
    view.breakeven = view.credit.and_then(|credit| breakeven(legs, credit));
}

/// Spot prices at expiry between which the credit is kept: strikes moved outward by the credit per unit.
fn breakeven(legs: &[Leg], credit: Decimal) -> Option<(Price, Price)> {
    let strikes = legs.iter().map(|leg| leg.instrument.strike);
    let (low, high) = (strikes.clone().min()?, strikes.max()?);
    let leg = legs.first()?;
    let units = Decimal::from(leg.lots).checked_mul(leg.instrument.contract_value)?;
    let per_unit = credit.checked_div(units)?.round_dp(2);
    Some((low.checked_sub(per_unit)?, high.checked_add(per_unit)?))
}

/// USD; `None` when it cannot be computed.
fn initial_margin(leg: &Leg, spot: Price) -> Option<Decimal> {
    leg.instrument.value(spot, leg.lots)?.checked_mul(leg.instrument.initial_margin)
}
