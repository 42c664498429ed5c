//! What the venue's makers think a contract is worth now: volatility smile, mark, spread, price band.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::course::{Course, Volatility};
use super::pricing::{self, Greeks};
use super::product::{Contract, Product};

const SHORTEST_S: f64 = 900.0;

/// Prices in USD for one whole unit of the underlying.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quote {
    pub mark: f64,
    /// Volatility of this strike and greeks, options only.
    pub sigma: f64,
    pub greeks: Option<Greeks>,
    /// Half the spread.
    pub half: f64,
    /// Smallest price step.
    pub tick: f64,
    /// How nervous the makers are, 1 to 4: widens the spread and thins the depth.
    pub nerves: f64,
    /// Pricing time to expiry, years of 365 days.
    pub years: f64,
    /// Underlying price used.
    pub forward: f64,
}

/// Pricing time to expiry in years. Without a holding in the expiry the wall time that is left; while
/// one exists its time value decays `speed` times faster: `T = max(T_wall − (N − 1)(w − a), min(T_wall, 900 s))`.
pub fn pricing_years(wall_left_s: f64, speed: u32, held_for_s: f64) -> f64 {
    let left = wall_left_s.max(0.0);
    let decayed = left - (f64::from(speed) - 1.0) * held_for_s;
    decayed.max(left.min(SHORTEST_S)) / pricing::YEAR_S
}

/// Quote of a product. `forward` is the index, moved towards the settlement mean in the last half hour.
/// Half the spread of an option is `k × max(tick / 2, 0.2 × vega, 0.0055 × mark)`.
pub(crate) fn quote(
    course: &Course,
    volatility: Volatility,
    product: &Product,
    forward: f64,
    years: f64,
) -> Quote {
    let at_the_money = course.at_the_money(volatility);
    let nerves = (1.0 + 2.0 * (course.realised() / at_the_money - 1.0).max(0.0)).min(4.0);
    let tick = product.grid().tick_usd();
    match product.contract {
        Contract::Perpetual => Quote {
            mark: course.index_usd() * (1.0 + course.basis),
            sigma: 0.0,
            greeks: None,
            half: nerves * tick / 2.0,
            tick,
            nerves,
            years: 0.0,
            forward,
        },
        Contract::Option { right, strike, .. } => {
            let strike = f64::from(strike);
            let sigma = smile(at_the_money, forward, strike, years);
            let value = pricing::black_scholes(right, forward, strike, years, sigma);
            let half = nerves * (tick / 2.0).max(0.2 * value.greeks.vega).max(0.0055 * value.price);
            Quote { mark: value.price, sigma, greeks: Some(value.greeks), half, tick, nerves, years, forward }
        }
    }
}

/// `σ(K) = s (1 − 0.02 x + 0.04 x²)` with `x = clip(ln(K/S) / (s √T), −4, 4)`.
fn smile(at_the_money: f64, forward: f64, strike: f64, years: f64) -> f64 {
    let width = (at_the_money * years.sqrt()).max(1e-9);
    let x = ((strike / forward).ln() / width).clamp(-4.0, 4.0);
    at_the_money * (1.0 - 0.02 * x + 0.04 * x * x)
}

impl Quote {
    /// Lowest and highest order price, USD: the mark, and on either side what the option's value would change
    /// with spot 2 % higher or lower, whichever is more, at least 0.2 % of spot; a perpetual's mark and 5 % of
    /// it. Not under the price step.
    pub fn band(&self, contract: Contract) -> (f64, f64) {
        let reach = match contract {
            Contract::Perpetual => 0.05 * self.mark,
            Contract::Option { right, strike, .. } => {
                let value = |forward: f64| {
                    pricing::black_scholes(right, forward, f64::from(strike), self.years, self.sigma).price
                };
                let moved = |share: f64| (value(self.forward * share) - self.mark).abs();
                moved(1.02).max(moved(0.98)).max(0.002 * self.forward)
            }
        };
        ((self.mark - reach).max(self.tick), self.mark + reach)
    }

    /// Mark rounded as published, eight decimals.
    pub fn mark_decimal(&self) -> Decimal {
        rounded(self.mark, 8)
    }
}

/// A published number: rounded half-up to `places`, without trailing zeros.
pub fn rounded(value: f64, places: u32) -> Decimal {
    let exact = Decimal::from_f64(value).unwrap_or_default();
    exact.round_dp_with_strategy(places, rust_decimal::RoundingStrategy::MidpointAwayFromZero).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::pricing::Right;

    /// The recorded rows of a put deep in the money and a call out of it, a day and a half from expiry.
    #[test]
    fn recorded_price_bands_are_reproduced() {
        let rows = [
            (
                Right::Put,
                81_000,
                77_635.8,
                3_377.168_300_2,
                0.387_875_09,
                (1_819.606_663_17, 4_934.697_195_03),
            ),
            (Right::Call, 78_200, 77_651.9, 300.120_075_29, 0.315_582_86, (0.1, 1_153.897_758_28)),
        ];
        let seconds_left = 1_788_523_200.0 - 1_788_431_318.0;
        for (right, strike, forward, mark, sigma, recorded) in rows {
            let years = seconds_left / pricing::YEAR_S;
            let quote =
                Quote { mark, sigma, greeks: None, half: 0.0, tick: 0.1, nerves: 1.0, years, forward };
            let contract = Contract::Option { right, strike, expiry_s: 1_788_523_200 };
            let (low, high) = quote.band(contract);
            let near = |got: f64, recorded: f64| ((got - mark) / (recorded - mark) - 1.0).abs() < 0.06;
            assert!(near(low, recorded.0) && near(high, recorded.1), "{low} {high}");
        }
    }

    #[test]
    fn a_band_is_never_narrower_than_a_part_of_spot_and_a_perpetuals_is_a_part_of_its_mark() {
        let quote = Quote {
            mark: 1.0,
            sigma: 0.3,
            greeks: None,
            half: 0.0,
            tick: 0.1,
            nerves: 1.0,
            years: 1e-4,
            forward: 50_000.0,
        };
        let far = Contract::Option { right: Right::Call, strike: 90_000, expiry_s: 0 };
        assert_eq!(quote.band(far), (0.1, 101.0));
        let perpetual = Quote { mark: 50_000.0, ..quote };
        assert_eq!(perpetual.band(Contract::Perpetual), (47_500.0, 52_500.0));
    }

    #[test]
    fn time_runs_with_the_wall_at_speed_one_and_never_under_a_quarter_of_an_hour_faster() {
        for left in [0.0, 10.0, 900.0, 86_400.0] {
            assert_eq!(pricing_years(left, 1, 1e6), left / pricing::YEAR_S);
        }
        assert_eq!(pricing_years(86_400.0, 120, 0.0), 86_400.0 / pricing::YEAR_S);
        assert_eq!(pricing_years(86_400.0, 120, 600.0), (86_400.0 - 71_400.0) / pricing::YEAR_S);
        assert_eq!(pricing_years(86_400.0, 120, 3_600.0), 900.0 / pricing::YEAR_S);
        assert_eq!(pricing_years(300.0, 120, 3_600.0), 300.0 / pricing::YEAR_S);
    }
}
