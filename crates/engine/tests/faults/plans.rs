//! What a plan is worth, what is said of it, and which strikes it sells: worked numbers, each of which a mistake of one
//! sign would change (docs/laws.md).

use engine::plan::{PricedLeg, cost_to_leave, credit, entry_fees, exit_fees, warnings};
use engine::strikes::choose;
use model::causes::Warning;
use model::instrument::{Instrument, OptionKind};
use model::{Configuration, Decimal, Micros, Symbol};

use crate::support::{START, call, dec, option, preset, put, quick_strangle};

/// The call at 300/304, and the put at 8/10, whose fees its premium caps: 200 lots of 0.001 each, spot 46,000.
fn priced(instruments: &[Instrument; 2]) -> [PricedLeg<'_>; 2] {
    let leg = |index: usize, bid: &str, ask: &str| PricedLeg {
        instrument: &instruments[index],
        lots: 200,
        bid: dec(bid),
        ask: dec(ask),
    };
    [leg(0, "300", "304"), leg(1, "8", "10")]
}

fn legs() -> [Instrument; 2] {
    [option(&call(), OptionKind::Call, 47_000, 1), option(&put(), OptionKind::Put, 45_000, 2)]
}

const SPOT: Decimal = Decimal::from_parts(46_000, 0, 0, false, 0);

#[test]
fn credit_fees_and_the_cost_of_leaving_are_those_of_the_table() {
    let legs = legs();
    let priced = priced(&legs);
    // 0.2 × 308; 1.18 × 0.2 × (4.6 + 0.035 × 8); 1.18 × 0.2 × (4.6 + 0.035 × 10); and 0.2 × (4 + 2) between them.
    assert_eq!(credit(&priced), Some(dec("61.6")));
    assert_eq!(entry_fees(&priced, SPOT), Some(dec("1.15168")));
    assert_eq!(exit_fees(&priced, SPOT), Some(dec("1.1682")));
    assert_eq!(cost_to_leave(&priced, SPOT), Some(dec("-3.51988")));
}

#[test]
fn a_warning_begins_at_its_very_number() {
    let legs = legs();
    let priced = priced(&legs);
    let trailing = |activation: &str, distance: &str| {
        let rule = quick_strangle().trailing.expect("the preset trails");
        Some(model::configuration::TrailingRule {
            activation: dec(activation),
            distance: dec(distance),
            ..rule
        })
    };
    let found = |max_profit: &str, activation: &str, distance: &str, max_loss: &str| {
        let configuration = Configuration {
            max_profit: Some(dec(max_profit)),
            trailing: trailing(activation, distance),
            max_loss: dec(max_loss),
            ..quick_strangle()
        };
        warnings(&configuration, &priced, SPOT)
    };
    // What is kept is 61.6 − 1.15168; twice the spread is 2.4.
    let (kept, cost) = (dec("60.44832"), dec("3.51988"));
    assert_eq!(found("60.44831", "60.44831", "2.4", "3.51989"), []);
    assert_eq!(
        found("60.44832", "60.44832", "2.39", "3.51988"),
        [
            Warning::MaxProfitBeyondCredit { limit: kept, kept },
            Warning::ActivationBeyondCredit { activation: kept, kept },
            Warning::DistanceInsideSpread { distance: dec("2.39"), least: dec("2.4") },
            Warning::MaxLossBelowCost { limit: cost, cost },
        ]
    );
    assert_eq!(found("70", "70", "1", "2").len(), 4, "and goes on beyond it");
}

/// Calls and puts at every 500 from 43,000 to 49,000.
fn ladder() -> Vec<Instrument> {
    let strikes = (0..13_i64).map(|step| 43_000 + 500 * step);
    let of = |strike: i64| {
        let named = |kind: &str| Symbol::new(format!("{kind}-BTC-{strike}-070122"));
        let number = u64::try_from(strike).expect("a strike");
        [
            option(&named("C"), OptionKind::Call, strike, number),
            option(&named("P"), OptionKind::Put, strike, 100_000 + number),
        ]
    };
    strikes.flat_map(of).collect()
}

fn strikes(configuration: &Configuration, spot: &str) -> Vec<String> {
    let legs = choose(configuration, &ladder(), dec(spot), Micros(START.0)).expect("legs");
    legs.iter().map(|leg| leg.instrument.strike.to_string()).collect()
}

#[test]
fn a_strangle_sells_the_strikes_nearest_to_its_distance_and_a_straddle_the_one_nearest_to_spot() {
    let strangle =
        |percent: &str| Configuration { strike_distance_percent: dec(percent), ..quick_strangle() };
    // 46,920 and 45,080; 48,300 and 43,700; 46,460 and 45,540; 46,230 and 45,770.
    assert_eq!(strikes(&strangle("2"), "46000"), ["47000", "45000"]);
    assert_eq!(strikes(&strangle("5"), "46000"), ["48500", "43500"]);
    assert_eq!(strikes(&strangle("1"), "46000"), ["46500", "45500"]);
    assert_eq!(strikes(&strangle("0.5"), "46000"), ["46000", "46000"]);
    let straddle = Configuration { expiry_hours_min: 0, ..preset("daily-straddle") };
    assert_eq!(strikes(&straddle, "46240"), ["46000", "46000"]);
    assert_eq!(strikes(&straddle, "46260"), ["46500", "46500"]);
    assert_eq!(strikes(&straddle, "46250"), ["46000", "46000"], "of two equally near the lower");
}
