//! The keys of one table of the fault file, taken one by one, with the sentences for those that do not fit.

use toml::{Table, Value};

use crate::brief::brief;

/// The keys of one table, taken one by one; what is left at the end was not known.
pub(super) struct Keys {
    pub place: String,
    pub table: Table,
}

impl Keys {
    pub fn wrong(&self, key: &str, value: &Value, allowed: &str) -> String {
        format!("{}: {} is {}, must be {allowed}", self.place, brief(key), brief(value))
    }

    pub fn done(self, allowed: &str) -> Result<(), String> {
        match self.table.keys().next() {
            Some(key) => Err(format!("{}: unknown key {}, allowed are {allowed}", self.place, brief(key))),
            None => Ok(()),
        }
    }

    pub fn text(&mut self, key: &str, allowed: &str) -> Result<Option<String>, String> {
        match self.table.remove(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(key, &other, allowed)),
        }
    }

    /// A pattern of symbols, `*` without.
    pub fn symbol(&mut self) -> Result<String, String> {
        Ok(self.text("symbol", "a symbol, * for any text")?.unwrap_or_else(|| "*".to_owned()))
    }

    /// A list of texts, empty without.
    pub fn texts(&mut self, key: &str) -> Result<Vec<String>, String> {
        let Some(value) = self.table.remove(key) else { return Ok(Vec::new()) };
        let text = |entry: &Value| entry.as_str().map(str::to_owned);
        let texts = value.as_array().and_then(|entries| entries.iter().map(text).collect::<Option<Vec<_>>>());
        texts.ok_or_else(|| self.wrong(key, &value, "a list of texts"))
    }

    /// A switch, off without.
    pub fn flag(&mut self, key: &str) -> Result<bool, String> {
        match self.table.remove(key) {
            None => Ok(false),
            Some(Value::Boolean(on)) => Ok(on),
            Some(other) => Err(self.wrong(key, &other, "true or false")),
        }
    }

    pub fn whole(&mut self, key: &str) -> Result<Option<u64>, String> {
        match self.table.remove(key) {
            None => Ok(None),
            Some(Value::Integer(number)) if number >= 0 => Ok(Some(number.unsigned_abs())),
            Some(other) => Err(self.wrong(key, &other, "a whole number from 0")),
        }
    }

    pub fn number(&mut self, key: &str, allowed: &str, most: f64) -> Result<Option<f64>, String> {
        let Some(value) = self.table.remove(key) else { return Ok(None) };
        let number = match &value {
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _other => None,
        };
        let number = number.filter(|number| (0.0..=most).contains(number));
        number.map(Some).ok_or_else(|| self.wrong(key, &value, allowed))
    }

    pub fn seconds(&mut self, key: &str) -> Result<Option<f64>, String> {
        self.number(key, "seconds from 0 to 1000000000", 1e9)
    }

    pub fn duration(&mut self) -> Result<f64, String> {
        self.seconds("for_s")?.ok_or_else(|| format!("{}: for_s is missing, must be seconds", self.place))
    }

    pub fn probability(&mut self) -> Result<f64, String> {
        Ok(self.number("probability", "a number from 0 to 1", 1.0)?.unwrap_or(1.0))
    }
}
