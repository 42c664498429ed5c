//! Samples of the market and its links.

use super::{after, call, price};
use crate::Decimal;
use crate::decision::MarketDecision;
use crate::ids::{Code, Underlying};
use crate::input::{Link, LinkChange};
use crate::market::{Depth, Level, Mark, MarketEvent, MarketSource, Quote, Spot};
use crate::restriction::{Restriction, Restrictions};

pub(super) fn samples() -> Vec<MarketDecision> {
    let level = |tenths, lots| Level { price: price(tenths), lots };
    let source = MarketSource::Stream;
    let link =
        |link, up, code: &str| MarketDecision::LinkChanged(LinkChange { link, up, code: Code::from(code) });
    let events = vec![
        MarketEvent::Spot(Spot {
            underlying: Underlying::from("BTC"),
            price: price(461_235),
            source,
            at: after(80),
        }),
        MarketEvent::Quote(Quote {
            symbol: call(),
            bid: Some(level(3_100, 420)),
            ask: Some(level(3_116, 380)),
            source,
            at: after(120),
        }),
        MarketEvent::Depth(Depth {
            symbol: call(),
            bids: vec![level(3_100, 420), level(3_092, 900)],
            asks: vec![level(3_116, 380), level(3_124, 760)],
            source,
            at: after(140),
        }),
        MarketEvent::Mark(Mark {
            symbol: call(),
            price: price(3_108),
            band: Some((price(1_000), price(9_000))),
            delta: Some(Decimal::new(31, 2)),
            volatility: Some(Decimal::new(6, 1)),
            source,
            at: after(150),
        }),
    ];
    vec![
        MarketDecision::Seen { events, heard_at: after(150) },
        link(Link::Prices, true, "data_arrives"),
        link(Link::Orders, false, "closed_by_the_venue"),
        MarketDecision::Restricted(Restrictions {
            venue: Some(Restriction::Maintenance),
            products: [(call(), Restriction::PostOnly)].into(),
        }),
        MarketDecision::Restricted(Restrictions::default()),
    ]
}

pub(super) fn doc(decision: &MarketDecision) -> &'static str {
    match decision {
        MarketDecision::Seen { .. } => {
            "with the decisions that looked at it, at least once a second while a session runs"
        }
        MarketDecision::LinkChanged(_) => "a stream brings data again, or is lost",
        MarketDecision::Restricted(all) if all.is_none() => "disruptions, auctions and maintenance are over",
        MarketDecision::Restricted(_) => "a product that is watched, or the venue, does not trade as usual",
    }
}
