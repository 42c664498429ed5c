//! The channels of the WebSocket feed: their names, who may have them, and where an event belongs.

use crate::exchange::event::{Channel, VenueEvent};

/// Channel names that this venue serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    Ticker,
    TopOfBook,
    Depth,
    Mark,
    Spot,
    Updates,
    Trades,
    Funding,
    ProductUpdates,
    SystemStatus,
    Orders,
    Positions,
    UserTrades,
    Margins,
}

impl Name {
    /// Every channel.
    pub const ALL: [Name; 14] = [
        Name::Ticker,
        Name::TopOfBook,
        Name::Depth,
        Name::Mark,
        Name::Spot,
        Name::Updates,
        Name::Trades,
        Name::Funding,
        Name::ProductUpdates,
        Name::SystemStatus,
        Name::Orders,
        Name::Positions,
        Name::UserTrades,
        Name::Margins,
    ];

    /// The channel of a name; the old long ones only if `legacy`.
    pub fn parse(name: &str, legacy: bool) -> Option<Name> {
        Some(match name {
            "ticker" => Name::Ticker,
            "ob_l1" => Name::TopOfBook,
            "ob_l2" => Name::Depth,
            "mark_price" => Name::Mark,
            "spot_price" => Name::Spot,
            "ob_updates" => Name::Updates,
            "trades" => Name::Trades,
            "funding_rate" => Name::Funding,
            "product_updates" => Name::ProductUpdates,
            "system_status" => Name::SystemStatus,
            "orders" => Name::Orders,
            "positions" => Name::Positions,
            "v2/user_trades" => Name::UserTrades,
            "margins" => Name::Margins,
            "v2/ticker" if legacy => Name::Ticker,
            "l1_orderbook" if legacy => Name::TopOfBook,
            "l2_orderbook" if legacy => Name::Depth,
            "l2_updates" if legacy => Name::Updates,
            "all_trades" if legacy => Name::Trades,
            "v2/spot_price" if legacy => Name::Spot,
            _unknown => return None,
        })
    }

    /// Its name, which is also the `type` of its frames.
    pub fn word(self) -> &'static str {
        match self {
            Name::Ticker => "ticker",
            Name::TopOfBook => "ob_l1",
            Name::Depth => "ob_l2",
            Name::Mark => "mark_price",
            Name::Spot => "spot_price",
            Name::Updates => "ob_updates",
            Name::Trades => "trades",
            Name::Funding => "funding_rate",
            Name::ProductUpdates => "product_updates",
            Name::SystemStatus => "system_status",
            Name::Orders => "orders",
            Name::Positions => "positions",
            Name::UserTrades => "v2/user_trades",
            Name::Margins => "margins",
        }
    }

    /// Only for a client that signed in.
    pub fn is_private(self) -> bool {
        match self {
            Name::Orders | Name::Positions | Name::UserTrades | Name::Margins => true,
            Name::Ticker
            | Name::TopOfBook
            | Name::Depth
            | Name::Mark
            | Name::Spot
            | Name::Updates
            | Name::Trades
            | Name::Funding
            | Name::ProductUpdates
            | Name::SystemStatus => false,
        }
    }

    /// The exchange channel that feeds it.
    pub fn channel(self) -> Option<Channel> {
        match self {
            Name::Ticker => Some(Channel::Ticker),
            Name::TopOfBook => Some(Channel::TopOfBook),
            Name::Depth => Some(Channel::Depth),
            Name::Mark => Some(Channel::Mark),
            Name::Spot => Some(Channel::Spot),
            Name::Updates => Some(Channel::Updates),
            Name::Trades => Some(Channel::Trades),
            Name::Funding => Some(Channel::Funding),
            Name::ProductUpdates
            | Name::SystemStatus
            | Name::Orders
            | Name::Positions
            | Name::UserTrades
            | Name::Margins => None,
        }
    }
}

/// The channel to which an event goes, and the symbol it is about; none for notes, which go to nobody.
pub(crate) fn address(event: &VenueEvent) -> Option<(Name, &str)> {
    Some(match event {
        VenueEvent::Ticker(row) => (Name::Ticker, &row.product.symbol),
        VenueEvent::TopOfBook(top) => (Name::TopOfBook, &top.symbol),
        VenueEvent::Depth(view) => (Name::Depth, &view.symbol),
        VenueEvent::Mark { symbol, .. } => (Name::Mark, symbol),
        VenueEvent::Spot { underlying, .. } => (Name::Spot, underlying.index_symbol()),
        VenueEvent::Updates(update) => (Name::Updates, &update.symbol),
        VenueEvent::Trade { symbol, .. } => (Name::Trades, symbol),
        VenueEvent::Funding { symbol, .. } => (Name::Funding, symbol),
        VenueEvent::Order(update) => (Name::Orders, &update.order.symbol),
        VenueEvent::Fill(fill) => (Name::UserTrades, &fill.symbol),
        VenueEvent::Position(update) => (Name::Positions, &update.position.symbol),
        VenueEvent::Wallet(_) => (Name::Margins, "USD"),
        VenueEvent::Settled { underlying, .. } => (Name::ProductUpdates, underlying.symbol()),
        VenueEvent::Status { product, .. } => (Name::ProductUpdates, &product.symbol),
        VenueEvent::System { .. } => (Name::SystemStatus, ""),
        VenueEvent::Note(_) => return None,
    })
}
