//! Black-Scholes with rate 0 on the index as forward: price, greeks in the venue's units, implied
//! volatility. The only place besides the market where floats stand for money; what is published is
//! rounded to decimals at its edge.

/// Seconds in a year of 365 days, the year of every volatility here.
pub const YEAR_S: f64 = 365.0 * 86_400.0;

/// Right of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Right {
    Call,
    Put,
}

/// Greeks per one unit of the underlying: delta and gamma per USD of index, theta USD per market day, vega
/// USD per volatility point (0.01), rho USD per 1 % of rate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Greeks {
    pub delta: f64,
    pub gamma: f64,
    pub rho: f64,
    pub theta: f64,
    pub vega: f64,
}

/// Price in USD per unit of the underlying, and its greeks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Value {
    pub price: f64,
    pub greeks: Greeks,
}

/// Black (1976) with rate 0: `years` to expiry, `sigma` per year as a fraction. At or after expiry,
/// or without volatility, the intrinsic value.
pub fn black_scholes(right: Right, forward: f64, strike: f64, years: f64, sigma: f64) -> Value {
    let deviation = sigma * years.max(0.0).sqrt();
    if deviation < 1e-9 {
        let inside = match right {
            Right::Call => forward > strike,
            Right::Put => forward < strike,
        };
        let sign = if right == Right::Call { 1.0 } else { -1.0 };
        let delta = if inside { sign } else { 0.0 };
        return Value {
            price: (sign * (forward - strike)).max(0.0),
            greeks: Greeks { delta, ..Greeks::default() },
        };
    }
    let d1 = (forward / strike).ln() / deviation + deviation / 2.0;
    let d2 = d1 - deviation;
    let density = (-d1 * d1 / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let call = forward * normal_cdf(d1) - strike * normal_cdf(d2);
    let (price, delta, rho) = match right {
        Right::Call => (call, normal_cdf(d1), strike * years * normal_cdf(d2) / 100.0),
        // By parity, so that call and put can never disagree by more than rounding.
        Right::Put => {
            (call - forward + strike, normal_cdf(d1) - 1.0, -strike * years * normal_cdf(-d2) / 100.0)
        }
    };
    let greeks = Greeks {
        delta,
        gamma: density / (forward * deviation),
        rho,
        theta: -forward * density * sigma / (2.0 * years.sqrt()) / 365.0,
        vega: forward * density * years.sqrt() / 100.0,
    };
    Value { price: price.max(0.0), greeks }
}

/// Volatility at which the model gives `price`, by bisection between 0.0005 % and 500 %; prices outside
/// the reach of any volatility give the nearer bound, as the venue publishes.
pub fn implied_volatility(right: Right, forward: f64, strike: f64, years: f64, price: f64) -> f64 {
    let (mut low, mut high) = (0.000_005, 5.0);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if black_scholes(right, forward, strike, years, middle).price < price {
            low = middle;
        } else {
            high = middle;
        }
    }
    if low == 0.000_005 { low } else { (low + high) / 2.0 }
}

/// Standard normal distribution, to double precision (G. West, "Better approximations to cumulative
/// normal functions", 2005, after Hart 1968).
pub fn normal_cdf(x: f64) -> f64 {
    const P: [f64; 7] = [
        3.526_249_659_989_11e-2,
        0.700_383_064_443_688,
        6.373_962_203_531_65,
        33.912_866_078_383,
        112.079_291_497_871,
        221.213_596_169_931,
        220.206_867_912_376,
    ];
    const Q: [f64; 8] = [
        8.838_834_764_831_84e-2,
        1.755_667_163_182_64,
        16.064_177_579_207,
        86.780_732_202_946_1,
        296.564_248_779_674,
        637.333_633_378_831,
        793.826_512_519_948,
        440.413_735_824_752,
    ];
    let size = x.abs();
    let tail = if size > 37.0 {
        0.0
    } else if size < 7.071_067_811_865_47 {
        let horner = |terms: &[f64]| terms.iter().fold(0.0, |sum, term| sum * size + term);
        (-size * size / 2.0).exp() * horner(&P) / horner(&Q)
    } else {
        let fraction = size + 1.0 / (size + 2.0 / (size + 3.0 / (size + 4.0 / (size + 0.65))));
        (-size * size / 2.0).exp() / fraction / 2.506_628_274_631
    };
    if x > 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distribution_matches_known_values() {
        for (x, expected) in [(0.0, 0.5), (1.0, 0.841_344_746_068_543), (-1.96, 0.024_997_895_148_220)] {
            assert!((normal_cdf(x) - expected).abs() < 1e-14, "{x}");
        }
    }

    /// The ticker frame of C-BTC-78200-040926 recorded on 2026-09-03, expiry 2026-09-04T12:00:00Z.
    #[test]
    fn recorded_option_row_is_reproduced() {
        let years = (1_788_523_200.0 - 1_788_431_318.663_014) / YEAR_S;
        let value = black_scholes(Right::Call, 77_651.9, 78_200.0, years, 0.315_585_82);
        assert!((value.price - 300.120_075_29).abs() < 0.2, "{value:?}");
        let greeks = value.greeks;
        assert!((greeks.delta - 0.343_274_62).abs() < 2e-3, "{greeks:?}");
        assert!((greeks.gamma - 0.000_277_46).abs() < 2e-6, "{greeks:?}");
        assert!((greeks.rho - 0.767_899_80).abs() < 5e-3, "{greeks:?}");
        assert!((greeks.theta + 229.158_570_04).abs() < 2.0, "{greeks:?}");
        assert!((greeks.vega - 15.414_230_17).abs() < 0.1, "{greeks:?}");
    }

    #[test]
    fn implied_volatility_inverts_the_price() {
        let price = black_scholes(Right::Put, 45_000.0, 44_000.0, 0.01, 0.6).price;
        assert!((implied_volatility(Right::Put, 45_000.0, 44_000.0, 0.01, price) - 0.6).abs() < 1e-9);
        assert_eq!(implied_volatility(Right::Put, 45_000.0, 46_000.0, 0.01, 1.0), 0.000_005);
    }
}
