//! What is public: products, prices, depth, the past, the venue's clock and quota.

use model::ids::{Symbol, Underlying};

use super::{Call, OPTIONS, encoded};
use crate::venue::wire::Form;

impl Call {
    /// Live options of all underlyings; the answer is filtered, the venue has no parameter for it.
    #[must_use]
    pub fn options() -> Self {
        Self::get("/v2/products", "/v2/products", 3, false)
            .with("contract_types", OPTIONS)
            .with("states", "live")
            .with("page_size", "500")
    }

    /// One product by its symbol, listed or expired.
    #[must_use]
    pub fn product(symbol: &Symbol) -> Self {
        Self::get(&format!("/v2/products/{}", encoded(symbol.as_str())), "/v2/products/{symbol}", 3, false)
            .of(symbol)
    }

    #[must_use]
    pub fn ticker(symbol: &Symbol) -> Self {
        Self::get(&format!("/v2/tickers/{}", encoded(symbol.as_str())), "/v2/tickers/{symbol}", 3, false)
            .of(symbol)
    }

    /// Tickers of an underlying's options that settle on a day, given as `DD-MM-YYYY`.
    #[must_use]
    pub fn chain(underlying: &Underlying, day: &str) -> Self {
        Self::get("/v2/tickers", "/v2/tickers", 3, false)
            .with("contract_types", OPTIONS)
            .with("underlying_asset_symbols", underlying.as_str())
            .with("expiry_date", day)
    }

    /// So many levels of both sides. Without a limit the venue sends the whole book.
    #[must_use]
    pub fn book(symbol: &Symbol, levels: u32) -> Self {
        let path = format!("/v2/l2orderbook/{}", encoded(symbol.as_str()));
        Self::get(&path, "/v2/l2orderbook/{symbol}", 3, false).with("depth", levels.to_string()).of(symbol)
    }

    /// The latest trades of everybody.
    #[must_use]
    pub fn trades(symbol: &Symbol) -> Self {
        Self::get(&format!("/v2/trades/{}", encoded(symbol.as_str())), "/v2/trades/{symbol}", 3, false)
            .of(symbol)
    }

    /// Bars of a contract, of `MARK:` and one, or of an index, in a span of Unix seconds. The venue gives the newest
    /// that it has room for.
    #[must_use]
    pub fn candles(symbol: &str, resolution: &str, from_s: i64, to_s: i64) -> Self {
        let call = Self::get("/v2/history/candles", "/v2/history/candles", 3, false)
            .with("resolution", resolution)
            .with("symbol", symbol)
            .with("start", from_s.to_string())
            .with("end", to_s.to_string());
        call.of(&Symbol::from(symbol))
    }

    /// The venue's clock to the microsecond.
    #[must_use]
    pub fn settings() -> Self {
        Self::get("/v2/settings", "/v2/settings", 3, false)
    }

    #[must_use]
    pub fn assets() -> Self {
        Self::get("/v2/assets", "/v2/assets", 3, false)
    }

    #[must_use]
    pub fn indices() -> Self {
        Self::get("/v2/indices", "/v2/indices", 3, false)
    }

    /// What of a quota is spent: the account's when signed, else the address's. It costs of the one that it asks about.
    #[must_use]
    pub fn quota(of_account: bool) -> Self {
        let call = Self::get("/v2/rate_limits/quota", "/v2/rate_limits/quota", 3, of_account);
        Self { form: Form::MaybeBare, ..call }.for_truth().once()
    }
}
