//! What a rule waits for besides time and chance: the state of the account, and where the index is.

use toml::Value;

use super::keys::Keys;

/// All of it must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Condition {
    pub when: Option<When>,
    /// Of Bitcoin's index, USD.
    pub spot_above: Option<f64>,
    pub spot_below: Option<f64>,
}

/// What the account must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Neither a position nor a live order.
    Flat,
    /// A position.
    Holding,
    /// A live order.
    Resting,
}

/// What a condition is held against.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Scene {
    pub holding: bool,
    pub resting: bool,
    pub spot_usd: f64,
}

impl Condition {
    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        *self == Condition::default()
    }

    pub(crate) fn holds(&self, scene: &Scene) -> bool {
        let account = self.when.is_none_or(|when| match when {
            When::Flat => !scene.holding && !scene.resting,
            When::Holding => scene.holding,
            When::Resting => scene.resting,
        });
        account
            && self.spot_above.is_none_or(|least| scene.spot_usd > least)
            && self.spot_below.is_none_or(|most| scene.spot_usd < most)
    }

    /// Takes `when`, `spot_above` and `spot_below` out of a rule's keys.
    pub(super) fn parse(keys: &mut Keys) -> Result<Condition, String> {
        const ALLOWED: &str = "\"flat\", \"holding\" or \"resting\"";
        let when = match keys.text("when", ALLOWED)?.as_deref() {
            None => None,
            Some("flat") => Some(When::Flat),
            Some("holding") => Some(When::Holding),
            Some("resting") => Some(When::Resting),
            Some(other) => return Err(keys.wrong("when", &Value::String(other.to_owned()), ALLOWED)),
        };
        let mut usd = |key: &str| keys.number(key, "USD from 0 to 1000000000", 1e9);
        Ok(Condition { when, spot_above: usd("spot_above")?, spot_below: usd("spot_below")? })
    }
}
