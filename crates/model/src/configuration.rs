//! A strategy configuration: what to sell, how much, and when to leave. Checked field by field; the messages
//! say what is allowed. Money fields are USD over the whole position.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::amount::{DECIMALS_MAX, Lots, MONEY_MAX, Money};
use crate::ids::{Underlying, base36, fnv1a};

/// What is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// One call and one put at the strike nearest the spot price.
    ShortStraddle,
    /// A call above and a put below the spot price.
    ShortStrangle,
}

impl Strategy {
    pub fn word(self) -> &'static str {
        match self {
            Strategy::ShortStraddle => "short_straddle",
            Strategy::ShortStrangle => "short_strangle",
        }
    }
}

/// Which expiry is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryRule {
    NextDaily,
    /// The next expiry on a Friday.
    NextWeekly,
}

impl ExpiryRule {
    /// Farther away than this no expiry of the kind is sure to be listed, hours: the venue lists three days,
    /// three Fridays and two month ends.
    pub fn hours_max(self) -> i64 {
        match self {
            ExpiryRule::NextDaily => 28 * 24,
            ExpiryRule::NextWeekly => 14 * 24,
        }
    }
}

/// The trailing floor over portfolio P&L (engine design, section 6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrailingRule {
    /// A: arms at this P&L.
    pub activation: Money,
    /// D: distance of the floor below the peak.
    pub distance: Money,
    /// S: grid of the floor; 0 is no grid.
    #[serde(default)]
    pub step: Money,
    /// L: the least that an armed floor locks.
    pub minimum_lock: Money,
    /// H: this far below the floor fires at once.
    pub gap_override: Money,
    /// Breaching evaluations in a row that fire.
    #[serde(default = "two")]
    pub confirmations: u32,
    /// Least time between two counted breaches.
    #[serde(default = "two_hundred")]
    pub confirmation_gap_ms: i64,
}

fn two() -> u32 {
    2
}

fn two_hundred() -> i64 {
    200
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    pub name: String,
    pub strategy_id: Strategy,
    pub underlying: Underlying,
    pub expiry: ExpiryRule,
    /// Fewest hours the expiry must be away.
    #[serde(default = "day")]
    pub expiry_hours_min: i64,
    /// Strangle: distance of both strikes from spot in percent. Straddle: 0.
    #[serde(default)]
    pub strike_distance_percent: Decimal,
    pub lots_per_leg: Lots,
    /// Entry is refused when the executable credit is below this share of the plan's, in percent.
    #[serde(default = "ninety_seven")]
    pub slippage_guard_percent: Decimal,
    pub max_loss: Money,
    #[serde(default)]
    pub max_profit: Option<Money>,
    #[serde(default)]
    pub trailing: Option<TrailingRule>,
    /// A leg is stopped when buying it back costs this many times its credit; none is off.
    #[serde(default)]
    pub leg_stop_multiple: Option<Decimal>,
    /// Loss of the account in a UTC day that ends everything.
    #[serde(default)]
    pub day_loss_limit: Option<Money>,
    /// Longest time a position is held.
    #[serde(default)]
    pub holding_minutes_max: Option<i64>,
    /// Leave this long before expiry.
    #[serde(default = "thirty")]
    pub square_off_minutes: i64,
}

fn day() -> i64 {
    24
}

fn thirty() -> i64 {
    30
}

fn ninety_seven() -> Decimal {
    Decimal::from(97)
}

impl Configuration {
    /// Content hash, 12 characters: an edit is seen, wherever it was made.
    pub fn hash(&self) -> String {
        base36(fnv1a(&serde_json::to_string(self).unwrap_or_default()), 12)
    }

    /// What is wrong, by field path; empty when it may start. Nothing here needs a market.
    pub fn problems(&self) -> BTreeMap<String, String> {
        let mut found = Problems::default();
        self.check_position(&mut found);
        self.check_limits(&mut found);
        if let Some(trailing) = &self.trailing {
            self.check_trailing(trailing, &mut found);
        }
        found.0
    }

    fn check_position(&self, found: &mut Problems) {
        found.when(
            self.name.trim().is_empty() || self.name.len() > 60,
            "name",
            "Give it a name of 1 to 60 characters.",
        );
        found.when(
            self.underlying.as_str() != "BTC" && self.underlying.as_str() != "ETH",
            "underlying",
            "BTC or ETH.",
        );
        found.when(!(1..=100_000).contains(&self.lots_per_leg), "lots_per_leg", "1 to 100,000 lots.");
        let hours_max = self.expiry.hours_max();
        found.when(
            !(1..=hours_max).contains(&self.expiry_hours_min),
            "expiry_hours_min",
            format!("1 to {hours_max} hours: farther away none of that kind is sure to be listed."),
        );
        let distance = self.strike_distance_percent;
        match self.strategy_id {
            Strategy::ShortStraddle => {
                found.when(
                    !distance.is_zero(),
                    "strike_distance_percent",
                    "0: a straddle sells both legs at the money.",
                );
            }
            Strategy::ShortStrangle => found.when(
                distance <= Decimal::ZERO || distance > Decimal::from(14),
                "strike_distance_percent",
                "Above 0 and at most 14: the chain lists strikes up to 15 % from spot.",
            ),
        }
        found.decimals(distance, "strike_distance_percent");
        let guard = self.slippage_guard_percent;
        found.decimals(guard, "slippage_guard_percent");
        found.when(
            guard < Decimal::from(50) || guard > Decimal::ONE_HUNDRED,
            "slippage_guard_percent",
            "50 to 100 percent of the planned credit.",
        );
    }

    fn check_limits(&self, found: &mut Problems) {
        found.amount(self.max_loss, "max_loss", ": the loss, in USD, that ends the session");
        for (limit, field) in [(self.max_profit, "max_profit"), (self.day_loss_limit, "day_loss_limit")] {
            if let Some(limit) = limit {
                found.amount(limit, field, ", or leave it out");
            }
        }
        found.when(
            self.day_loss_limit.is_some_and(|limit| limit < self.max_loss),
            "day_loss_limit",
            "At least the session's max loss: otherwise it would always act first.",
        );
        found.when(
            self.holding_minutes_max.is_some_and(|minutes| !(1..=60 * 24 * 60).contains(&minutes)),
            "holding_minutes_max",
            "1 minute to 60 days, or leave it out.",
        );
        found.when(
            !(1..=24 * 60).contains(&self.square_off_minutes),
            "square_off_minutes",
            "1 to 1,440 minutes.",
        );
        found.when(
            self.square_off_minutes >= self.expiry_hours_min.saturating_mul(60),
            "square_off_minutes",
            "Less than the hours that the expiry must be away: otherwise it would leave as it enters.",
        );
        let most = Decimal::ONE_THOUSAND;
        found.when(
            self.leg_stop_multiple.is_some_and(|multiple| multiple <= Decimal::ONE || multiple > most),
            "leg_stop_multiple",
            "Above 1 and at most 1,000 times the leg's credit, or leave it out.",
        );
        if let Some(multiple) = self.leg_stop_multiple {
            found.decimals(multiple, "leg_stop_multiple");
        }
    }

    fn check_trailing(&self, rule: &TrailingRule, found: &mut Problems) {
        found.amount(rule.activation, "trailing.activation", "");
        found.amount(rule.distance, "trailing.distance", "");
        found.amount(rule.gap_override, "trailing.gap_override", "");
        found.when(
            !rule.step.is_zero() && rule.step < CENT,
            "trailing.step",
            "0 (no grid), or at least 0.01.",
        );
        found.decimals(rule.step, "trailing.step");
        found.when(
            rule.step > rule.distance,
            "trailing.step",
            format!("At most the distance, {}.", rule.distance),
        );
        found.when(
            rule.minimum_lock.abs() > MONEY_MAX,
            "trailing.minimum_lock",
            "From −1,000,000,000 to 1,000,000,000.",
        );
        found.decimals(rule.minimum_lock, "trailing.minimum_lock");
        let most = rule.activation.saturating_sub(rule.distance);
        found.when(
            rule.minimum_lock > most,
            "trailing.minimum_lock",
            format!("At most {most}: it would fire as it arms ({} − {}).", rule.activation, rule.distance),
        );
        found.when(!(1..=10).contains(&rule.confirmations), "trailing.confirmations", "1 to 10.");
        found.when(
            !(0..=10_000).contains(&rule.confirmation_gap_ms),
            "trailing.confirmation_gap_ms",
            "0 to 10,000 milliseconds.",
        );
        found.when(
            self.max_profit.is_some_and(|limit| limit <= rule.activation),
            "trailing.activation",
            "Below max profit: it would never arm.",
        );
    }
}

/// The least amount that means anything, USD.
const CENT: Money = Decimal::from_parts(1, 0, 0, false, 2);

#[derive(Default)]
struct Problems(BTreeMap<String, String>);

impl Problems {
    fn when(&mut self, wrong: bool, field: &str, message: impl Into<String>) {
        if wrong {
            self.0.entry(field.to_owned()).or_insert_with(|| message.into());
        }
    }

    /// An amount of USD: bounded, so that nothing that is computed from it can run over.
    fn amount(&mut self, amount: Money, field: &str, more: &str) {
        let wrong = amount < CENT || amount > MONEY_MAX;
        self.when(wrong, field, format!("0.01 to 1,000,000,000{more}."));
        self.decimals(amount, field);
    }

    fn decimals(&mut self, number: Decimal, field: &str) {
        let wrong = number.normalize().scale() > DECIMALS_MAX;
        self.when(wrong, field, format!("At most {DECIMALS_MAX} decimals."));
    }
}
