//! The presets that ship: ready to start, with limits that suit their credit. The first is the default.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::configuration::{Configuration, ExpiryRule, Strategy, TrailingRule};
use crate::ids::Underlying;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preset {
    pub id: String,
    /// What the console calls it.
    pub name: String,
    pub configuration: Configuration,
}

/// All presets, the default first.
pub fn presets() -> Vec<Preset> {
    vec![quick_strangle(), quick_strangle_eth(), daily_straddle(), weekly_strangle()]
}

/// A preset by its id.
pub fn preset(id: &str) -> Option<Preset> {
    presets().into_iter().find(|preset| preset.id == id)
}

/// What people call a configuration: by the preset that it is or was made of, else by its own name.
pub fn display_name(name: &str) -> String {
    let of = |id: &str| preset(id).map(|preset| preset.name);
    let edited = || Some(format!("{}, edited", of(name.strip_suffix(EDITED)?)?));
    of(name).or_else(edited).unwrap_or_else(|| name.to_owned())
}

/// What the name of an edited preset ends with.
pub const EDITED: &str = "-edited";

fn trailing(
    activation: i64,
    distance: i64,
    step: i64,
    minimum_lock: i64,
    gap_override: i64,
) -> Option<TrailingRule> {
    Some(TrailingRule {
        activation: Decimal::from(activation),
        distance: Decimal::from(distance),
        step: Decimal::from(step),
        minimum_lock: Decimal::from(minimum_lock),
        gap_override: Decimal::from(gap_override),
        confirmations: 2,
        confirmation_gap_ms: 200,
    })
}

fn base(name: &str, strategy_id: Strategy, expiry: ExpiryRule) -> Configuration {
    Configuration {
        name: name.to_owned(),
        strategy_id,
        underlying: Underlying::new("BTC"),
        expiry,
        expiry_hours_min: 24,
        strike_distance_percent: Decimal::ZERO,
        lots_per_leg: 200,
        slippage_guard_percent: Decimal::from(97),
        max_loss: Decimal::from(60),
        max_profit: None,
        trailing: None,
        leg_stop_multiple: None,
        day_loss_limit: Some(Decimal::from(500)),
        holding_minutes_max: None,
        square_off_minutes: 30,
    }
}

/// The first start of a new user: arms after about three minutes of the default tape.
fn quick_strangle() -> Preset {
    let configuration = Configuration {
        strike_distance_percent: Decimal::from(2),
        max_profit: Some(Decimal::from(40)),
        trailing: trailing(12, 6, 3, 4, 4),
        holding_minutes_max: Some(10),
        ..base("quick-strangle", Strategy::ShortStrangle, ExpiryRule::NextDaily)
    };
    Preset { id: "quick-strangle".to_owned(), name: "Short strangle BTC · quick".to_owned(), configuration }
}

/// The same on ETH beside it: 2 ETH a leg bring about four fifths of the premium, and the limits follow.
fn quick_strangle_eth() -> Preset {
    let configuration = Configuration {
        underlying: Underlying::new("ETH"),
        strike_distance_percent: Decimal::from(2),
        max_loss: Decimal::from(48),
        max_profit: Some(Decimal::from(32)),
        trailing: trailing(10, 5, 2, 3, 3),
        holding_minutes_max: Some(10),
        ..base("quick-strangle-eth", Strategy::ShortStrangle, ExpiryRule::NextDaily)
    };
    let name = "Short strangle ETH · quick".to_owned();
    Preset { id: "quick-strangle-eth".to_owned(), name, configuration }
}

fn daily_straddle() -> Preset {
    let configuration = Configuration {
        max_loss: Decimal::from(100),
        max_profit: Some(Decimal::from(80)),
        trailing: trailing(30, 15, 5, 10, 10),
        holding_minutes_max: Some(12 * 60),
        ..base("daily-straddle", Strategy::ShortStraddle, ExpiryRule::NextDaily)
    };
    Preset { id: "daily-straddle".to_owned(), name: "Short straddle BTC · daily".to_owned(), configuration }
}

fn weekly_strangle() -> Preset {
    let configuration = Configuration {
        strike_distance_percent: Decimal::from(4),
        max_loss: Decimal::from(120),
        max_profit: Some(Decimal::from(100)),
        trailing: trailing(40, 20, 5, 15, 15),
        holding_minutes_max: Some(5 * 24 * 60),
        expiry_hours_min: 48,
        ..base("weekly-strangle", Strategy::ShortStrangle, ExpiryRule::NextWeekly)
    };
    Preset {
        id: "weekly-strangle".to_owned(), name: "Short strangle BTC · weekly".to_owned(), configuration
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_may_start_and_has_its_own_id() {
        let mut ids = std::collections::BTreeSet::new();
        for preset in presets() {
            assert_eq!(preset.configuration.problems(), std::collections::BTreeMap::new(), "{}", preset.id);
            assert!(ids.insert(preset.id));
        }
    }

    #[test]
    fn the_hash_sees_every_edit() {
        let one = preset("quick-strangle").map(|preset| preset.configuration);
        let Some(mut edited) = one.clone() else { panic!("the default preset exists") };
        let before = edited.hash();
        edited.max_loss += Decimal::new(1, 2);
        assert_ne!(edited.hash(), before);
    }

    #[test]
    fn problems_name_the_field_and_what_is_allowed() {
        let Some(preset) = preset("quick-strangle") else { panic!("the default preset exists") };
        let mut wrong = preset.configuration;
        wrong.lots_per_leg = 0;
        wrong.max_loss = Decimal::from(-1);
        if let Some(trailing) = wrong.trailing.as_mut() {
            trailing.minimum_lock = Decimal::from(7);
            trailing.step = Decimal::from(7);
        }
        let problems = wrong.problems();
        assert_eq!(problems["trailing.minimum_lock"], "At most 6: it would fire as it arms (12 − 6).");
        for field in ["lots_per_leg", "max_loss", "trailing.step"] {
            assert!(problems.contains_key(field), "{field} in {problems:?}");
        }
    }

    #[test]
    fn numbers_that_cannot_be_computed_are_refused_by_field() {
        let number = |text: &str| text.parse::<Decimal>().unwrap_or_default();
        let huge = number("70000000000000000000000000000");
        let fine = number("0.0000000000000000000000000001");
        let Some(preset) = preset("quick-strangle") else { panic!("the default preset exists") };
        let base = preset.configuration;
        let trailing = |change: fn(&mut TrailingRule, Decimal), number: Decimal| {
            let mut wrong = base.clone();
            if let Some(rule) = wrong.trailing.as_mut() {
                change(rule, number);
            }
            wrong
        };
        for (wrong, field) in [
            (Configuration { max_loss: huge, ..base.clone() }, "max_loss"),
            (Configuration { max_profit: Some(huge), ..base.clone() }, "max_profit"),
            (Configuration { day_loss_limit: Some(huge), ..base.clone() }, "day_loss_limit"),
            (Configuration { leg_stop_multiple: Some(huge), ..base.clone() }, "leg_stop_multiple"),
            (Configuration { expiry_hours_min: i64::MAX, ..base.clone() }, "expiry_hours_min"),
            (Configuration { square_off_minutes: i64::MAX, ..base.clone() }, "square_off_minutes"),
            (Configuration { holding_minutes_max: Some(i64::MAX), ..base.clone() }, "holding_minutes_max"),
            (Configuration { lots_per_leg: i64::MAX, ..base.clone() }, "lots_per_leg"),
            (Configuration { strike_distance_percent: -huge, ..base.clone() }, "strike_distance_percent"),
            (Configuration { slippage_guard_percent: huge, ..base.clone() }, "slippage_guard_percent"),
            (trailing(|rule, number| rule.activation = number, huge), "trailing.activation"),
            (trailing(|rule, number| rule.distance = -number, huge), "trailing.distance"),
            (trailing(|rule, number| rule.minimum_lock = -number, huge), "trailing.minimum_lock"),
            (trailing(|rule, number| rule.gap_override = number, huge), "trailing.gap_override"),
            (trailing(|rule, number| rule.step = number, fine), "trailing.step"),
            (Configuration { max_loss: Decimal::from(60) + Decimal::new(1, 20), ..base.clone() }, "max_loss"),
        ] {
            assert!(wrong.problems().contains_key(field), "{field}: {:?}", wrong.problems());
        }
    }
}
