//! The account: positions, fills, money, leverage and margins.

use model::ids::{ProductId, Symbol, Underlying};
use model::{Decimal, Micros};
use reqwest::Method;
use serde_json::Value;

use super::ask::price;
use super::{Call, OPTIONS, object};

const LEVERAGE: &str = "/v2/products/{id}/orders/leverage";
const MARGINED: &str = "/v2/positions/margined";
/// The venue takes at most so many ids in one question.
const IDS_MAX: usize = 10;

impl Call {
    /// The position of one product, as it is now.
    #[must_use]
    pub fn position(product: ProductId, symbol: &Symbol) -> Self {
        Self::get("/v2/positions", "/v2/positions", 3, true)
            .with("product_id", product.0.to_string())
            .of(symbol)
            .for_truth()
    }

    /// The positions of an underlying, as they are now. Their absence is no proof of zero.
    #[must_use]
    pub fn positions_of(underlying: &Underlying) -> Self {
        Self::get("/v2/positions", "/v2/positions", 3, true)
            .with("underlying_asset_symbol", underlying.as_str())
            .for_truth()
    }

    /// All option positions of the account, whoever opened them. It may lag by up to ten seconds (venue facts, section
    /// 7): it finds what nobody knew of, and proves no zero.
    #[must_use]
    pub fn account_positions() -> Self {
        Self::get(MARGINED, MARGINED, 3, true).with("contract_types", OPTIONS).for_truth()
    }

    /// All positions of the account, in whatever contracts.
    #[must_use]
    pub fn every_position() -> Self {
        Self::get(MARGINED, MARGINED, 3, true).for_truth()
    }

    #[must_use]
    pub fn fills(since: Micros, products: &[(ProductId, Symbol)]) -> Self {
        let ids: Vec<ProductId> = products.iter().map(|(id, _)| *id).collect();
        let mut call = Self::get("/v2/fills", "/v2/fills", 10, true)
            .with("contract_types", OPTIONS)
            .with("page_size", "50")
            .of_products(&ids)
            .for_truth();
        call.since = Some(since);
        call.symbols = products.iter().map(|(_, symbol)| symbol.0.clone()).collect();
        call
    }

    /// As far as the venue takes so many; without, all are asked for.
    pub(super) fn of_products(self, products: &[ProductId]) -> Self {
        if !(1..=IDS_MAX).contains(&products.len()) {
            return self;
        }
        let ids: Vec<String> = products.iter().map(|id| id.0.to_string()).collect();
        self.with("product_ids", ids.join(","))
    }

    #[must_use]
    pub fn wallet() -> Self {
        Self::get("/v2/wallet/balances", "/v2/wallet/balances", 3, true).for_truth()
    }

    /// What moved the balance since then, newest first.
    #[must_use]
    pub fn transactions(since: Micros) -> Self {
        let path = "/v2/wallet/transactions";
        let mut call = Self::get(path, path, 10, true).with("page_size", "50");
        call.since = Some(since);
        call
    }

    /// Whose account the key is of.
    #[must_use]
    pub fn preferences() -> Self {
        let path = "/v2/users/trading_preferences";
        Self::get(path, path, 1, true)
    }

    /// The leverage that orders of a product are margined at.
    #[must_use]
    pub fn leverage(product: ProductId) -> Self {
        Self::get(&leverage_path(product), LEVERAGE, 1, true)
    }

    #[must_use]
    pub fn set_leverage(product: ProductId, leverage: Decimal) -> Self {
        let body = object([("leverage", Some(price(leverage)))]);
        Self::write(Method::POST, &leverage_path(product), LEVERAGE, 1, body)
    }

    /// Adds to the margin of a position, or takes from it.
    #[must_use]
    pub fn change_margin(product: ProductId, symbol: &Symbol, by: Decimal) -> Self {
        let path = "/v2/positions/change_margin";
        let body = object([("product_id", Some(Value::from(product.0))), ("delta_margin", Some(price(by)))]);
        Self::write(Method::POST, path, path, 5, body).of(symbol).for_closing()
    }

    /// Whether the venue adds margin to a position by itself.
    #[must_use]
    pub fn auto_topup(product: ProductId, symbol: &Symbol, on: bool) -> Self {
        let path = "/v2/positions/auto_topup";
        let body =
            object([("product_id", Some(Value::from(product.0))), ("auto_topup", Some(Value::from(on)))]);
        Self::write(Method::PUT, path, path, 1, body).of(symbol)
    }

    /// Closes every position of the account at the market, ours or not. Sources disagree on whether the user's id must
    /// be there; it does no harm.
    #[must_use]
    pub fn close_all(user_id: u64) -> Self {
        let path = "/v2/positions/close_all";
        let body = object([
            ("close_all_portfolio", Some(Value::from(true))),
            ("close_all_isolated", Some(Value::from(true))),
            ("user_id", Some(Value::from(user_id))),
        ]);
        Self::write(Method::POST, path, path, 1, body).for_closing().without_result()
    }
}

fn leverage_path(product: ProductId) -> String {
    format!("/v2/products/{}/orders/leverage", product.0)
}
