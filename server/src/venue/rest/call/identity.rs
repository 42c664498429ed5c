//! Requests about the keys themselves.

use super::Call;

impl Call {
    /// What the account prefers; with it the venue's number of the account. `/v2/profile` is refused for keys.
    #[must_use]
    pub fn preferences() -> Self {
        Self::get("/v2/users/trading_preferences", "/v2/users/trading_preferences", 1, true)
    }
}
