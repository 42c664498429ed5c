//! The market as the engine took it in, and the links it came through.

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Value};

use crate::input::LinkChange;
use crate::market::{Depth, Mark, Quote, Spot};
use crate::tell::fields;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketDecision {
    QuoteAccepted(Quote),
    DepthAccepted(Depth),
    MarkAccepted(Mark),
    SpotAccepted(Spot),
    LinkChanged(LinkChange),
    /// The process began.
    Booted {
        boot_id: String,
    },
    /// A UTC day began: what was realised yesterday no longer counts against today's limit.
    DayBegan {
        day: i64,
    },
}

impl Event for MarketDecision {
    fn name(&self) -> &'static str {
        match self {
            MarketDecision::QuoteAccepted(_) => "market.quote_accepted",
            MarketDecision::DepthAccepted(_) => "market.depth_accepted",
            MarketDecision::MarkAccepted(_) => "market.mark_accepted",
            MarketDecision::SpotAccepted(_) => "market.spot_accepted",
            MarketDecision::LinkChanged(_) => "market.link_changed",
            MarketDecision::Booted { .. } => "engine.booted",
            MarketDecision::DayBegan { .. } => "engine.day_began",
        }
    }

    fn level(&self) -> Level {
        match self {
            MarketDecision::QuoteAccepted(_)
            | MarketDecision::DepthAccepted(_)
            | MarketDecision::MarkAccepted(_)
            | MarketDecision::SpotAccepted(_) => Level::Trace,
            MarketDecision::LinkChanged(change) if !change.up => Level::Warn,
            MarketDecision::LinkChanged(_)
            | MarketDecision::Booted { .. }
            | MarketDecision::DayBegan { .. } => Level::Info,
        }
    }

    fn message(&self) -> String {
        match self {
            MarketDecision::QuoteAccepted(quote) => {
                let side = |level: Option<crate::market::Level>| {
                    level.map_or_else(|| "none".to_owned(), |level| level.price.to_string())
                };
                format!("{}: bid {}, ask {}.", quote.symbol, side(quote.bid), side(quote.ask))
            }
            MarketDecision::DepthAccepted(depth) => {
                format!("{}: {} bid and {} ask levels.", depth.symbol, depth.bids.len(), depth.asks.len())
            }
            MarketDecision::MarkAccepted(mark) => format!("{}: mark {}.", mark.symbol, mark.price),
            MarketDecision::SpotAccepted(spot) => format!("{} index is {}.", spot.underlying, spot.price),
            MarketDecision::LinkChanged(change) => {
                let now = if change.up { "is up" } else { "is down" };
                format!("The {} stream {now}: {}.", change.link.word(), change.reason)
            }
            MarketDecision::Booted { boot_id } => format!("The engine began as {boot_id}."),
            MarketDecision::DayBegan { .. } => {
                "A new UTC day began; the day's loss limit counts from zero.".to_owned()
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            MarketDecision::QuoteAccepted(quote) => fields().merge(quote).map(),
            MarketDecision::DepthAccepted(depth) => fields().merge(depth).map(),
            MarketDecision::MarkAccepted(mark) => fields().merge(mark).map(),
            MarketDecision::SpotAccepted(spot) => fields().merge(spot).map(),
            MarketDecision::LinkChanged(change) => {
                fields().put("stream", change.link).put("up", change.up).put("reason", &change.reason).map()
            }
            MarketDecision::Booted { boot_id } => fields().put("process", boot_id).map(),
            MarketDecision::DayBegan { day } => fields().put("day", day).map(),
        }
    }
}
