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
    vec![quick_strangle(), daily_straddle(), weekly_strangle()]
}

/// A preset by its id.
pub fn preset(id: &str) -> Option<Preset> {
    presets().into_iter().find(|preset| preset.id == id)
}

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
}
