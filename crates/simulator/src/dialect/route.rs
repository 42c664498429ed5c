//! What is served under which method and path, what it costs and whether it must be signed.

/// Everything served, with what is in its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Settings,
    Products,
    Product(&'a str),
    Tickers,
    Ticker(&'a str),
    Book(&'a str),
    Quota,
    PlaceOrder,
    CancelOrder,
    Orders,
    OrderById(&'a str),
    OrderByClientId(&'a str),
    OrderHistory,
    CancelAll,
    Position,
    Margined,
    Fills,
    Balances,
    Preferences,
    Leverage(&'a str),
}

/// The route of a request; 404 or 405 when there is none.
pub(crate) fn route<'a>(method: &str, path: &'a str) -> Result<Route<'a>, u16> {
    let Some(path) = path.strip_prefix("/v2/") else { return Err(404) };
    let parts: Vec<&str> = path.split('/').collect();
    let routes: &[(&str, Route<'a>)] = match parts.as_slice() {
        ["settings"] => &[("GET", Route::Settings)],
        ["products"] => &[("GET", Route::Products)],
        ["products", id, "orders", "leverage"] => {
            &[("GET", Route::Leverage(id)), ("POST", Route::Leverage(id))]
        }
        ["products", symbol] => &[("GET", Route::Product(symbol))],
        ["tickers"] => &[("GET", Route::Tickers)],
        ["tickers", symbol] => &[("GET", Route::Ticker(symbol))],
        ["l2orderbook", symbol] => &[("GET", Route::Book(symbol))],
        ["rate_limits", "quota"] => &[("GET", Route::Quota)],
        ["orders"] => &[("GET", Route::Orders), ("POST", Route::PlaceOrder), ("DELETE", Route::CancelOrder)],
        ["orders", "history"] => &[("GET", Route::OrderHistory)],
        ["orders", "all"] => &[("DELETE", Route::CancelAll)],
        ["orders", "client_order_id", id] => &[("GET", Route::OrderByClientId(id))],
        ["orders", id] => &[("GET", Route::OrderById(id))],
        ["positions"] => &[("GET", Route::Position)],
        ["positions", "margined"] => &[("GET", Route::Margined)],
        ["fills"] => &[("GET", Route::Fills)],
        ["wallet", "balances"] => &[("GET", Route::Balances)],
        ["users", "trading_preferences"] => &[("GET", Route::Preferences)],
        _unknown => return Err(404),
    };
    routes.iter().find(|(verb, _)| *verb == method).map(|(_, route)| *route).ok_or(405)
}

impl Route<'_> {
    /// Units of the quota.
    pub fn weight(self) -> u32 {
        match self {
            Route::PlaceOrder | Route::CancelOrder | Route::CancelAll => 5,
            Route::OrderHistory | Route::Fills => 10,
            Route::Preferences | Route::OrderById(_) | Route::OrderByClientId(_) | Route::Leverage(_) => 1,
            Route::Settings
            | Route::Products
            | Route::Product(_)
            | Route::Tickers
            | Route::Ticker(_)
            | Route::Book(_)
            | Route::Quota
            | Route::Orders
            | Route::Position
            | Route::Margined
            | Route::Balances => 3,
        }
    }

    pub fn is_signed(self) -> bool {
        match self {
            Route::Settings
            | Route::Products
            | Route::Product(_)
            | Route::Tickers
            | Route::Ticker(_)
            | Route::Book(_)
            | Route::Quota => false,
            Route::PlaceOrder
            | Route::CancelOrder
            | Route::Orders
            | Route::OrderById(_)
            | Route::OrderByClientId(_)
            | Route::OrderHistory
            | Route::CancelAll
            | Route::Position
            | Route::Margined
            | Route::Fills
            | Route::Balances
            | Route::Preferences
            | Route::Leverage(_) => true,
        }
    }
}
