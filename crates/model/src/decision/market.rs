//! The market as it was looked at, and the links it came through.

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Micros, Value};

use crate::input::LinkChange;
use crate::market::MarketEvent;
use crate::restriction::Restrictions;
use crate::tell::fields;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketDecision {
    /// What the market had said since this was last written, the latest of each kind and instrument: what the
    /// decisions after it looked at. Prices on which nothing was decided are not written.
    Seen {
        events: Vec<MarketEvent>,
        heard_at: Micros,
    },
    LinkChanged(LinkChange),
    /// What the venue restricts now of what is watched.
    Restricted(Restrictions),
}

impl Event for MarketDecision {
    fn name(&self) -> &'static str {
        match self {
            MarketDecision::Seen { .. } => "market.seen",
            MarketDecision::LinkChanged(_) => "market.link_changed",
            MarketDecision::Restricted(all) if all.is_none() => "market.unrestricted",
            MarketDecision::Restricted(_) => "market.restricted",
        }
    }

    fn level(&self) -> Level {
        match self {
            MarketDecision::Seen { .. } => Level::Trace,
            MarketDecision::LinkChanged(change) if !change.up => Level::Warn,
            MarketDecision::Restricted(all) if !all.is_none() => Level::Warn,
            MarketDecision::LinkChanged(_) | MarketDecision::Restricted(_) => Level::Info,
        }
    }

    fn message(&self) -> String {
        match self {
            MarketDecision::Seen { events, .. } => {
                format!("Looked at {} prices and books that were new.", events.len())
            }
            MarketDecision::LinkChanged(change) => {
                let now = if change.up { "is up" } else { "is down" };
                format!("The {} stream {now}: {}.", change.link.word(), change.code.words())
            }
            MarketDecision::Restricted(all) => restricted(all),
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            MarketDecision::Seen { events, heard_at } => {
                fields().put("prices", events).put("heard_at", heard_at).map()
            }
            MarketDecision::LinkChanged(change) => {
                fields().put("stream", change.link).put("up", change.up).put("reason", &change.code).map()
            }
            MarketDecision::Restricted(all) => {
                fields().put("venue", all.venue).put("products", &all.products).map()
            }
        }
    }
}

fn restricted(all: &Restrictions) -> String {
    if all.is_none() {
        return "All that is watched can be traded as usual.".to_owned();
    }
    let venue = all.venue.map(|restriction| format!("all: {}", restriction.words()));
    let products =
        all.products.iter().map(|(symbol, restriction)| format!("{symbol}: {}", restriction.words()));
    format!(
        "The venue restricts trading. {}.",
        venue.into_iter().chain(products).collect::<Vec<_>>().join("; ")
    )
}
