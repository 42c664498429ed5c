//! Which options a configuration sells, given what is listed and where spot is. Pure; the same for the preview
//! and for a start.

use model::causes::EntryFailure;
use model::configuration::{Configuration, ExpiryRule, Strategy};
use model::instrument::{Instrument, OptionKind};
use model::session::Leg;
use model::state::day_of;
use model::{Decimal, Micros, Price};

const HOUR: i64 = 3_600_000_000;

/// Chooses expiry and strikes. The error says what is missing.
pub fn choose(
    configuration: &Configuration,
    listed: &[Instrument],
    spot: Price,
    now: Micros,
) -> Result<Vec<Leg>, EntryFailure> {
    let expiry = choose_expiry(configuration, listed, now)?;
    let of_expiry = |kind: OptionKind| {
        listed.iter().filter(move |instrument| {
            instrument.expiry == expiry
                && instrument.kind == kind
                && instrument.underlying == configuration.underlying
                && instrument.is_sane()
        })
    };
    let share = configuration.strike_distance_percent / Decimal::ONE_HUNDRED;
    let (call_target, put_target) = match configuration.strategy_id {
        Strategy::ShortStraddle => (spot, spot),
        Strategy::ShortStrangle => (spot * (Decimal::ONE + share), spot * (Decimal::ONE - share)),
    };
    let call = nearest(of_expiry(OptionKind::Call), call_target).ok_or(EntryFailure::NoCall)?;
    let put_target = match configuration.strategy_id {
        // A straddle is one strike: the call's.
        Strategy::ShortStraddle => call.strike,
        Strategy::ShortStrangle => put_target,
    };
    let put = nearest(of_expiry(OptionKind::Put), put_target).ok_or(EntryFailure::NoPut)?;
    let leg = |instrument: &Instrument| Leg {
        instrument: instrument.clone(),
        lots: configuration.lots_per_leg,
        plan_bid: None,
    };
    Ok(vec![leg(call), leg(put)])
}

/// The strike nearest to `target`; of two equally near, the lower.
fn nearest<'a>(instruments: impl Iterator<Item = &'a Instrument>, target: Price) -> Option<&'a Instrument> {
    instruments.min_by_key(|instrument| ((instrument.strike - target).abs(), instrument.strike))
}

fn choose_expiry(
    configuration: &Configuration,
    listed: &[Instrument],
    now: Micros,
) -> Result<Micros, EntryFailure> {
    let least = now.0.saturating_add(configuration.expiry_hours_min.saturating_mul(HOUR));
    listed
        .iter()
        .filter(|instrument| {
            instrument.underlying == configuration.underlying && instrument.expiry.0 >= least
        })
        .map(|instrument| instrument.expiry)
        .filter(|expiry| match configuration.expiry {
            ExpiryRule::NextDaily => true,
            ExpiryRule::NextWeekly => is_friday(*expiry),
        })
        .min()
        .ok_or_else(|| EntryFailure::NoExpiry {
            underlying: configuration.underlying.clone(),
            hours: configuration.expiry_hours_min,
        })
}

/// 1970-01-01 was a Thursday.
fn is_friday(at: Micros) -> bool {
    day_of(at).rem_euclid(7) == 1
}
