//! Samples of the market and its links.

use super::{after, call, price};
use crate::Decimal;
use crate::decision::MarketDecision;
use crate::ids::Underlying;
use crate::input::{Link, LinkChange};
use crate::market::{Depth, Level, Mark, MarketSource, Quote, Spot};

pub(super) fn samples() -> Vec<MarketDecision> {
    let level = |tenths, lots| Level { price: price(tenths), lots };
    let source = MarketSource::Stream;
    let link = |link, up, reason: &str| {
        MarketDecision::LinkChanged(LinkChange { link, up, reason: reason.to_owned() })
    };
    vec![
        MarketDecision::QuoteAccepted(Quote {
            symbol: call(),
            bid: Some(level(3_100, 420)),
            ask: Some(level(3_116, 380)),
            source,
            at: after(120),
        }),
        MarketDecision::DepthAccepted(Depth {
            symbol: call(),
            bids: vec![level(3_100, 420), level(3_092, 900)],
            asks: vec![level(3_116, 380), level(3_124, 760)],
            source,
            at: after(140),
        }),
        MarketDecision::MarkAccepted(Mark {
            symbol: call(),
            price: price(3_108),
            band: Some((price(2_486), price(3_730))),
            delta: Some(Decimal::new(31, 2)),
            volatility: Some(Decimal::new(62, 2)),
            source,
            at: after(160),
        }),
        MarketDecision::SpotAccepted(Spot {
            underlying: Underlying::from("BTC"),
            price: price(461_235),
            source,
            at: after(180),
        }),
        link(Link::Prices, true, "subscribed"),
        link(Link::Orders, false, "the venue closed the connection"),
        MarketDecision::Booted { boot_id: "b7f3a1c2".to_owned() },
        MarketDecision::DayBegan { day: 18_997 },
    ]
}

pub(super) fn doc(decision: &MarketDecision) -> &'static str {
    match decision {
        MarketDecision::QuoteAccepted(_) => "a newer best bid and offer was taken in",
        MarketDecision::DepthAccepted(_) => "newer depth of a book was taken in",
        MarketDecision::MarkAccepted(_) => "a newer mark price was taken in",
        MarketDecision::SpotAccepted(_) => "a newer index price was taken in",
        MarketDecision::LinkChanged(_) => "a stream of the venue came up or went down",
        MarketDecision::Booted { .. } => "the process began and the journal is folded",
        MarketDecision::DayBegan { .. } => "the first input of a UTC day",
    }
}
