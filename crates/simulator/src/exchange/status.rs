//! Whether a product trades: disruptions, auctions and maintenance, in which orders rest or are only cancelled and
//! none is matched.

use super::event::VenueEvent;
use super::market::Underlying;
use super::market::book::Depth;
use super::market::chain::Product;
use super::market::quote::Quote;
use super::pattern;
use super::state::Exchange;
use super::time::{self, Micros, SECOND_US};

/// How long the auction of a new series takes, and the one after maintenance.
const AUCTION_S: i64 = 300;

/// The venue's `trading_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradingStatus {
    Operational,
    /// Orders are only cancelled.
    CancelOnly,
    /// Orders rest and are cancelled, none is matched: an auction.
    PostOnly,
}

impl TradingStatus {
    /// The word of the wire.
    pub fn word(self) -> &'static str {
        match self {
            TradingStatus::Operational => "operational",
            TradingStatus::CancelOnly => "disrupted_cancel_only",
            TradingStatus::PostOnly => "disrupted_post_only",
        }
    }

    /// The `event` of `product_updates` with which it begins.
    fn event(self) -> &'static str {
        match self {
            TradingStatus::Operational => "finish_auction",
            TradingStatus::CancelOnly => "market_disruption",
            TradingStatus::PostOnly => "start_auction",
        }
    }
}

/// Products that do not trade as usual for a while.
#[derive(Clone, Debug)]
pub(crate) struct Disruption {
    pattern: String,
    status: TradingStatus,
    from_us: Micros,
    until_us: Micros,
    begun: bool,
}

/// The venue is not there for a while.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Maintenance {
    until_us: Micros,
}

impl Exchange {
    /// From now until `until_us` the products whose symbol matches `pattern` (with `*`) have this status.
    pub fn disrupt(&mut self, pattern: &str, status: TradingStatus, until_us: Micros) {
        let from_us = self.now_us;
        let pattern = pattern.to_owned();
        self.disruptions.push(Disruption { pattern, status, from_us, until_us, begun: false });
        self.turn_statuses(self.now_us);
    }

    /// From now until `until_us` nothing but the settings is answered; an auction of all products follows.
    pub fn maintain(&mut self, until_us: Micros) {
        self.maintenance = Some(Maintenance { until_us });
        let at_us = self.now_us;
        let (event, status) = ("maintenance_started", "maintenance");
        self.emit(at_us, VenueEvent::System { event, status, at_us });
    }

    /// Nothing but the settings is answered now.
    pub fn is_maintained(&self) -> bool {
        self.maintenance.is_some()
    }

    /// The status of a product now.
    pub fn trading_status(&self, product: &Product) -> TradingStatus {
        if self.is_maintained() {
            return TradingStatus::CancelOnly;
        }
        let strikes = |disruption: &&Disruption| {
            disruption.begun && pattern::matches(&disruption.pattern, &product.symbol)
        };
        let disrupted = self.disruptions.iter().rev().find(strikes).map(|disruption| disruption.status);
        disrupted.unwrap_or(if self.is_launching(product) {
            TradingStatus::PostOnly
        } else {
            TradingStatus::Operational
        })
    }

    /// True in the auction with which a new series begins.
    fn is_launching(&self, product: &Product) -> bool {
        let launched = || self.state.segments[product.underlying].chain.launched_s(product.expiry_s()?);
        self.quirks.launch_auctions
            && launched().is_some_and(|launched_s| time::seconds(self.now_us) < launched_s + AUCTION_S)
    }

    /// What an arriving order may trade with: nothing while nothing is matched.
    pub(crate) fn matched_depth(&mut self, product: &Product, quote: &Quote) -> Depth {
        match self.trading_status(product) {
            TradingStatus::Operational => self.depth(product, quote),
            TradingStatus::CancelOnly | TradingStatus::PostOnly => Depth::default(),
        }
    }

    /// Begins and ends what is due, and tells it.
    pub(crate) fn turn_statuses(&mut self, at_us: Micros) {
        if self.maintenance.is_some_and(|maintenance| maintenance.until_us <= at_us) {
            self.maintenance = None;
            self.emit(at_us, VenueEvent::System { event: "maintenance_finished", status: "live", at_us });
            self.disrupt("*", TradingStatus::PostOnly, at_us + AUCTION_S * SECOND_US);
        }
        let mut turned = Vec::new();
        for disruption in &mut self.disruptions {
            if !disruption.begun && disruption.from_us <= at_us {
                disruption.begun = true;
                turned.push((disruption.pattern.clone(), disruption.status));
            }
            if disruption.until_us <= at_us {
                turned.push((disruption.pattern.clone(), TradingStatus::Operational));
            }
        }
        self.disruptions.retain(|disruption| disruption.until_us > at_us);
        for (pattern, status) in turned {
            self.tell_status(&pattern, status, at_us);
        }
    }

    fn tell_status(&mut self, pattern: &str, status: TradingStatus, at_us: Micros) {
        let products = self.listed().into_iter();
        for product in products.filter(|product| pattern::matches(pattern, &product.symbol)) {
            let (event, status) = (status.event(), status.word());
            self.emit(at_us, VenueEvent::Status { product, event, status, at_us });
        }
    }

    /// When an expiry was listed, Unix seconds; none for what was there when the exchange began.
    pub fn launched_s(&self, underlying: Underlying, expiry_s: i64) -> Option<i64> {
        self.state.segments[underlying].chain.launched_s(expiry_s)
    }
}
