//! What is served under which method and path, what it costs and whether it must be signed.

/// Everything served, with what is in its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Settings,
    Assets,
    Indices,
    Products,
    Product(&'a str),
    Tickers,
    Ticker(&'a str),
    Book(&'a str),
    Trades(&'a str),
    Candles,
    Sparklines,
    Stats,
    Quota,
    CreateHeartbeat,
    Heartbeat,
    Heartbeats,
    PlaceOrder,
    EditOrder,
    CancelOrder,
    PlaceBatch,
    EditBatch,
    CancelBatch,
    PlaceBracket,
    EditBracket,
    Orders,
    OrderById(&'a str),
    OrderByClientId(&'a str),
    OrderHistory,
    CancelAll,
    Position,
    Margined,
    ChangeMargin,
    AutoTopup,
    CloseAll,
    Fills,
    Balances,
    Transactions,
    Preferences,
    MarginMode,
    Profile,
    Leverage(&'a str),
    SetLeverage(&'a str),
}

/// The route of a request; 404 or 405 when there is none.
pub(crate) fn route<'a>(method: &str, path: &'a str) -> Result<Route<'a>, u16> {
    let Some(path) = path.strip_prefix("/v2/") else { return Err(404) };
    let parts: Vec<&str> = path.split('/').collect();
    let routes: &[(&str, Route<'a>)] = match parts.as_slice() {
        ["settings"] => &[("GET", Route::Settings)],
        ["assets"] => &[("GET", Route::Assets)],
        ["indices"] => &[("GET", Route::Indices)],
        ["products"] => &[("GET", Route::Products)],
        ["products", id, "orders", "leverage"] => {
            &[("GET", Route::Leverage(id)), ("POST", Route::SetLeverage(id))]
        }
        ["products", symbol] => &[("GET", Route::Product(symbol))],
        ["tickers"] => &[("GET", Route::Tickers)],
        ["tickers", symbol] => &[("GET", Route::Ticker(symbol))],
        ["l2orderbook", symbol] => &[("GET", Route::Book(symbol))],
        ["trades", symbol] => &[("GET", Route::Trades(symbol))],
        ["history", "candles"] => &[("GET", Route::Candles)],
        ["history", "sparklines"] => &[("GET", Route::Sparklines)],
        ["stats"] => &[("GET", Route::Stats)],
        ["rate_limits", "quota"] => &[("GET", Route::Quota)],
        ["orders"] => &[
            ("GET", Route::Orders),
            ("POST", Route::PlaceOrder),
            ("PUT", Route::EditOrder),
            ("DELETE", Route::CancelOrder),
        ],
        ["orders", "history"] => &[("GET", Route::OrderHistory)],
        ["orders", "all"] => &[("DELETE", Route::CancelAll)],
        ["orders", "batch"] => {
            &[("POST", Route::PlaceBatch), ("PUT", Route::EditBatch), ("DELETE", Route::CancelBatch)]
        }
        ["orders", "bracket"] => &[("POST", Route::PlaceBracket), ("PUT", Route::EditBracket)],
        ["orders", "client_order_id", id] => &[("GET", Route::OrderByClientId(id))],
        ["orders", id] => &[("GET", Route::OrderById(id))],
        ["positions"] => &[("GET", Route::Position)],
        ["positions", "margined"] => &[("GET", Route::Margined)],
        ["positions", "change_margin"] => &[("POST", Route::ChangeMargin)],
        ["positions", "auto_topup"] => &[("PUT", Route::AutoTopup)],
        ["positions", "close_all"] => &[("POST", Route::CloseAll)],
        ["heartbeat"] => &[("GET", Route::Heartbeats), ("POST", Route::Heartbeat)],
        ["heartbeat", "create"] => &[("POST", Route::CreateHeartbeat)],
        ["fills"] => &[("GET", Route::Fills)],
        ["wallet", "balances"] => &[("GET", Route::Balances)],
        ["wallet", "transactions"] => &[("GET", Route::Transactions)],
        ["users", "trading_preferences"] => &[("GET", Route::Preferences)],
        ["users", "margin_mode"] => &[("PUT", Route::MarginMode)],
        ["profile"] => &[("GET", Route::Profile)],
        _unknown => return Err(404),
    };
    routes.iter().find(|(verb, _)| *verb == method).map(|(_, route)| *route).ok_or(405)
}

impl Route<'_> {
    /// Units of the quota. What no page gives a weight costs 1 as documented, but public reads were measured at 3.
    pub fn weight(self, documented: bool) -> u32 {
        match self {
            Route::PlaceBatch | Route::EditBatch | Route::CancelBatch => 25,
            Route::PlaceOrder
            | Route::EditOrder
            | Route::CancelOrder
            | Route::CancelAll
            | Route::PlaceBracket
            | Route::EditBracket
            | Route::ChangeMargin => 5,
            Route::OrderHistory | Route::Fills | Route::Transactions => 10,
            Route::Preferences
            | Route::MarginMode
            | Route::Profile
            | Route::AutoTopup
            | Route::CloseAll
            | Route::CreateHeartbeat
            | Route::Heartbeat
            | Route::Heartbeats
            | Route::OrderById(_)
            | Route::OrderByClientId(_)
            | Route::Leverage(_)
            | Route::SetLeverage(_) => 1,
            Route::Settings
            | Route::Assets
            | Route::Indices
            | Route::Trades(_)
            | Route::Sparklines
            | Route::Stats
            | Route::Quota => {
                if documented {
                    1
                } else {
                    3
                }
            }
            Route::Products
            | Route::Product(_)
            | Route::Tickers
            | Route::Ticker(_)
            | Route::Book(_)
            | Route::Candles
            | Route::Orders
            | Route::Position
            | Route::Margined
            | Route::Balances => 3,
        }
    }

    /// It asks something of the matching of a product.
    pub fn operates(self) -> bool {
        matches!(self, Route::PlaceOrder | Route::EditOrder | Route::PlaceBatch | Route::EditBatch)
    }

    pub fn is_signed(self) -> bool {
        match self {
            Route::Settings
            | Route::Assets
            | Route::Indices
            | Route::Products
            | Route::Product(_)
            | Route::Tickers
            | Route::Ticker(_)
            | Route::Book(_)
            | Route::Trades(_)
            | Route::Candles
            | Route::Sparklines
            | Route::Stats
            | Route::Quota => false,
            Route::PlaceOrder
            | Route::EditOrder
            | Route::CancelOrder
            | Route::PlaceBatch
            | Route::EditBatch
            | Route::CancelBatch
            | Route::PlaceBracket
            | Route::EditBracket
            | Route::Orders
            | Route::OrderById(_)
            | Route::OrderByClientId(_)
            | Route::OrderHistory
            | Route::CancelAll
            | Route::Position
            | Route::Margined
            | Route::ChangeMargin
            | Route::AutoTopup
            | Route::CloseAll
            | Route::CreateHeartbeat
            | Route::Heartbeat
            | Route::Heartbeats
            | Route::Fills
            | Route::Balances
            | Route::Transactions
            | Route::Preferences
            | Route::MarginMode
            | Route::Profile
            | Route::Leverage(_)
            | Route::SetLeverage(_) => true,
        }
    }
}
