//! A configuration while it is edited: text by field path, so that what is typed stays, wrong or not. Pure.

use std::collections::BTreeMap;

use model::configuration::{Configuration, ExpiryRule, Strategy, TrailingRule};
use model::preset::EDITED;
use model::{Decimal, Underlying};

/// How a field is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Number,
    /// Values with their labels.
    Choice(&'static [(&'static str, &'static str)]),
}

/// One field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Path in the configuration, as in the messages.
    pub path: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub kind: Kind,
}

const fn number(path: &'static str, label: &'static str, hint: &'static str) -> Field {
    Field { path, label, hint, kind: Kind::Number }
}

const fn choice(
    path: &'static str,
    label: &'static str,
    options: &'static [(&'static str, &'static str)],
) -> Field {
    Field { path, label, hint: "", kind: Kind::Choice(options) }
}

/// The form: groups of fields.
pub const GROUPS: [(&str, &[Field]); 3] = [
    (
        "Position",
        &[
            choice(
                "strategy_id",
                "Strategy",
                &[("short_strangle", "Short strangle"), ("short_straddle", "Short straddle")],
            ),
            choice("underlying", "Underlying", &[("BTC", "BTC"), ("ETH", "ETH")]),
            choice("expiry", "Expiry", &[("next_daily", "Next daily"), ("next_weekly", "Next weekly")]),
            number("expiry_hours_min", "Hours to expiry, at least", ""),
            number("strike_distance_percent", "Strike distance, %", "0 for a straddle"),
            number("lots_per_leg", "Lots a leg", ""),
            number("slippage_guard_percent", "Slippage guard, %", "Least share of the planned credit"),
        ],
    ),
    (
        "Leave when",
        &[
            number("max_loss", "Max loss, USD", ""),
            number("max_profit", "Max profit, USD", "Empty: off"),
            number("holding_minutes_max", "Held, minutes", "Empty: off"),
            number("square_off_minutes", "Minutes before expiry", ""),
            number("day_loss_limit", "Day loss, account, USD", "Empty: off"),
            number("leg_stop_multiple", "Leg stop, × its credit", "Empty: off"),
        ],
    ),
    (
        "Trailing floor",
        &[
            number("trailing.activation", "Arms at, USD", "Empty all: off"),
            number("trailing.distance", "Distance from peak", ""),
            number("trailing.step", "Step", "0: no grid"),
            number("trailing.minimum_lock", "Minimum lock", ""),
            number("trailing.gap_override", "Gap override", "This far below fires at once"),
        ],
    ),
];

/// What people call a field of the configuration; what the form does not have keeps its path.
pub fn field_label(path: &str) -> &str {
    let fields = GROUPS.iter().flat_map(|(_, fields)| fields.iter());
    fields.into_iter().find(|field| field.path == path).map_or(path, |field| field.label)
}

/// What is typed, by field path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    text: BTreeMap<&'static str, String>,
    /// What the form does not show.
    base: Option<Configuration>,
}

impl Draft {
    pub fn of(configuration: &Configuration) -> Self {
        let c = configuration;
        let optional = |value: Option<Decimal>| value.map(plain).unwrap_or_default();
        let trailing = |of: fn(&TrailingRule) -> Decimal| {
            c.trailing.as_ref().map(|rule| plain(of(rule))).unwrap_or_default()
        };
        let expiry = match c.expiry {
            ExpiryRule::NextDaily => "next_daily",
            ExpiryRule::NextWeekly => "next_weekly",
        };
        let text = [
            ("strategy_id", c.strategy_id.word().to_owned()),
            ("underlying", c.underlying.0.clone()),
            ("expiry", expiry.to_owned()),
            ("expiry_hours_min", c.expiry_hours_min.to_string()),
            ("strike_distance_percent", plain(c.strike_distance_percent)),
            ("lots_per_leg", c.lots_per_leg.to_string()),
            ("slippage_guard_percent", plain(c.slippage_guard_percent)),
            ("max_loss", plain(c.max_loss)),
            ("max_profit", optional(c.max_profit)),
            (
                "holding_minutes_max",
                c.holding_minutes_max.map(|minutes| minutes.to_string()).unwrap_or_default(),
            ),
            ("square_off_minutes", c.square_off_minutes.to_string()),
            ("day_loss_limit", optional(c.day_loss_limit)),
            ("leg_stop_multiple", optional(c.leg_stop_multiple)),
            ("trailing.activation", trailing(|rule| rule.activation)),
            ("trailing.distance", trailing(|rule| rule.distance)),
            ("trailing.step", trailing(|rule| rule.step)),
            ("trailing.minimum_lock", trailing(|rule| rule.minimum_lock)),
            ("trailing.gap_override", trailing(|rule| rule.gap_override)),
        ];
        Self { text: text.into_iter().collect(), base: Some(c.clone()) }
    }

    /// Its fields as the browser puts them into the form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.text).unwrap_or_default()
    }

    /// What was typed; fields that the form does not have are left out.
    pub fn take(&mut self, typed: &BTreeMap<String, String>) {
        for field in GROUPS.iter().flat_map(|(_, fields)| fields.iter()) {
            if let Some(value) = typed.get(field.path) {
                self.set(field.path, value.clone());
            }
        }
    }

    pub fn get(&self, path: &str) -> String {
        self.text.get(path).cloned().unwrap_or_default()
    }

    pub fn set(&mut self, path: &'static str, value: String) {
        self.text.insert(path, value);
    }

    /// The configuration that is meant, or what is wrong with it by field path.
    pub fn read(&self) -> Result<Configuration, BTreeMap<String, String>> {
        let Some(base) = &self.base else { return Err(BTreeMap::new()) };
        let mut reader = Reader { draft: self, wrong: BTreeMap::new() };
        let mut configuration = reader.configuration(base);
        if reader.wrong.is_empty() {
            if configuration != *base {
                configuration.name = edited_name(&base.name);
            }
            reader.wrong = configuration.problems();
        }
        if reader.wrong.is_empty() { Ok(configuration) } else { Err(reader.wrong) }
    }

    /// Whether it still says what its preset says.
    pub fn is_unchanged(&self) -> bool {
        self.base.as_ref().is_some_and(|base| Draft::of(base).text == self.text)
    }
}

fn edited_name(name: &str) -> String {
    format!("{}{EDITED}", name.trim_end_matches(EDITED))
}

fn plain(value: Decimal) -> String {
    value.normalize().to_string()
}

struct Reader<'a> {
    draft: &'a Draft,
    wrong: BTreeMap<String, String>,
}

impl Reader<'_> {
    fn configuration(&mut self, base: &Configuration) -> Configuration {
        Configuration {
            name: base.name.clone(),
            strategy_id: if self.draft.get("strategy_id") == "short_straddle" {
                Strategy::ShortStraddle
            } else {
                Strategy::ShortStrangle
            },
            underlying: Underlying::new(self.draft.get("underlying")),
            expiry: if self.draft.get("expiry") == "next_weekly" {
                ExpiryRule::NextWeekly
            } else {
                ExpiryRule::NextDaily
            },
            expiry_hours_min: self.whole("expiry_hours_min"),
            strike_distance_percent: self.decimal("strike_distance_percent"),
            lots_per_leg: self.whole("lots_per_leg"),
            slippage_guard_percent: self.decimal("slippage_guard_percent"),
            max_loss: self.decimal("max_loss"),
            max_profit: self.optional("max_profit"),
            trailing: self.trailing(base),
            leg_stop_multiple: self.optional("leg_stop_multiple"),
            day_loss_limit: self.optional("day_loss_limit"),
            holding_minutes_max: if self.is_empty("holding_minutes_max") {
                None
            } else {
                Some(self.whole("holding_minutes_max"))
            },
            square_off_minutes: self.whole("square_off_minutes"),
        }
    }

    fn trailing(&mut self, base: &Configuration) -> Option<TrailingRule> {
        let off = GROUPS[2].1.iter().all(|field| self.is_empty(field.path));
        if off {
            return None;
        }
        let known = base.trailing.as_ref();
        Some(TrailingRule {
            activation: self.decimal("trailing.activation"),
            distance: self.decimal("trailing.distance"),
            step: self.decimal("trailing.step"),
            minimum_lock: self.decimal("trailing.minimum_lock"),
            gap_override: self.decimal("trailing.gap_override"),
            confirmations: known.map_or(2, |rule| rule.confirmations),
            confirmation_gap_ms: known.map_or(200, |rule| rule.confirmation_gap_ms),
        })
    }

    fn is_empty(&self, path: &str) -> bool {
        self.draft.get(path).trim().is_empty()
    }

    fn optional(&mut self, path: &str) -> Option<Decimal> {
        if self.is_empty(path) { None } else { Some(self.decimal(path)) }
    }

    fn decimal(&mut self, path: &str) -> Decimal {
        self.parse(path, "A number, such as 12 or 12.5.")
    }

    fn whole(&mut self, path: &str) -> i64 {
        self.parse(path, "A whole number.")
    }

    fn parse<T: std::str::FromStr + Default>(&mut self, path: &str, wanted: &str) -> T {
        match self.draft.get(path).trim().parse() {
            Ok(value) => value,
            Err(_) => {
                self.wrong.insert(path.to_owned(), wanted.to_owned());
                T::default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::preset::presets;

    use super::*;

    #[test]
    fn every_preset_is_read_back_as_it_was() {
        for preset in presets() {
            let draft = Draft::of(&preset.configuration);
            assert!(draft.is_unchanged());
            assert_eq!(draft.read(), Ok(preset.configuration));
        }
    }

    #[test]
    fn an_edit_makes_another_configuration_with_another_name() {
        let mut draft = Draft::of(&presets()[0].configuration);
        draft.set("max_loss", "75.5".to_owned());
        assert!(!draft.is_unchanged());
        let read = draft.read().expect("a valid configuration");
        assert_eq!((read.name.as_str(), read.max_loss), ("quick-strangle-edited", Decimal::new(755, 1)));
    }

    #[test]
    fn what_is_wrong_is_named_beside_its_field_and_what_was_typed_stays() {
        let mut draft = Draft::of(&presets()[0].configuration);
        draft.set("lots_per_leg", "many".to_owned());
        draft.set("max_loss", String::new());
        let wrong = draft.read().expect_err("two fields are wrong");
        assert_eq!(wrong.keys().map(String::as_str).collect::<Vec<_>>(), ["lots_per_leg", "max_loss"]);
        assert_eq!(draft.get("lots_per_leg"), "many");
        draft.set("lots_per_leg", "200".to_owned());
        draft.set("max_loss", "60".to_owned());
        draft.set("trailing.minimum_lock", "50".to_owned());
        let wrong = draft.read().expect_err("the lock is too high");
        assert!(wrong["trailing.minimum_lock"].starts_with("At most 6"), "{wrong:?}");
    }

    #[test]
    fn empty_means_off() {
        let mut draft = Draft::of(&presets()[0].configuration);
        for field in GROUPS[2].1 {
            draft.set(field.path, String::new());
        }
        draft.set("max_profit", " ".to_owned());
        let read = draft.read().expect("a valid configuration");
        assert_eq!((read.trailing, read.max_profit), (None, None));
    }

    #[test]
    fn every_field_of_the_form_is_filled_by_a_preset() {
        let draft = Draft::of(&presets()[0].configuration);
        for (_, fields) in GROUPS {
            for field in fields {
                assert!(draft.text.contains_key(field.path), "{}", field.path);
            }
        }
    }
}
