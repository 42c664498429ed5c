//! Requests in the venue's own words, for the check of a venue: it asks for what the client itself does not.

use reqwest::Method;
use serde_json::Value;

use super::Call;

impl Call {
    /// A signed request of that weight, tried once.
    #[must_use]
    pub fn raw(method: Method, path: &str, pattern: &'static str, weight: u32) -> Self {
        let mut call = Self::get(path, pattern, weight, true).once();
        call.method = method;
        call
    }

    /// With a parameter.
    #[must_use]
    pub fn asking(self, name: &'static str, value: impl Into<String>) -> Self {
        self.with(name, value)
    }

    /// With a body.
    #[must_use]
    pub fn saying(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}
