//! Whether anything stands in the way of a start, as a list to look through; none of it but the button shuts it.

use leptos::prelude::*;
use model::view::{PreviewView, StripView};
use model::{Lifecycle, SessionId, Symbol};

use super::draft::Draft;
use crate::format;
use crate::live::{Live, QUOTE_STALE_US, use_live};
use crate::painter::form::Checked;
use crate::parts::Age;

/// One line of the check list.
#[derive(Clone, Debug, PartialEq)]
struct Check {
    good: bool,
    text: String,
}

/// The session that holds an instrument which a start would sell.
fn holder(live: Live, preview: Option<&PreviewView>) -> Option<(Symbol, SessionId)> {
    let legs = &preview?.legs;
    live.held.with(|held| {
        held.iter().find_map(|held| {
            held.view.with(|session| {
                let mut theirs = session.legs.iter().filter(|_| session.lifecycle != Lifecycle::Stopped);
                let both = theirs.find(|leg| legs.iter().any(|wanted| wanted.symbol == leg.symbol))?;
                Some((both.symbol.clone(), session.session_id.clone()))
            })
        })
    })
}

/// Only asked while others run.
fn lease(running: usize, holder: Option<&(Symbol, SessionId)>) -> Option<Check> {
    match holder {
        Some((symbol, id)) => Some(Check {
            good: false,
            text: format!("Session {id} holds {symbol}: stop it first, or choose other strikes"),
        }),
        None if running > 0 => Some(Check {
            good: true,
            text: format!("Free of the instruments of {}", format::counted(running, "running session")),
        }),
        None => None,
    }
}

fn checks(strip: &StripView, problems: usize, preview: Option<&PreviewView>, lots: &str) -> Vec<Check> {
    let check =
        |good: bool, yes: &str, no: &str| Check { good, text: if good { yes } else { no }.to_owned() };
    let deep = preview.is_some_and(|preview| {
        preview.legs.iter().all(|leg| leg.depth_at_bid.is_some_and(|depth| depth >= leg.qty.abs()))
    });
    let mut list = vec![
        check(
            strip.prices_up,
            "Price stream connected",
            "Price stream is down: prices come by REST or not at all",
        ),
        check(strip.orders_up, "Order stream connected", "Order stream is down"),
        check(strip.latch.is_none(), "Panic latch clear", "Panic latch set: clear it with a reason"),
        check(
            problems == 0,
            "Configuration is valid",
            "Configuration has something to fix: start stays shut",
        ),
    ];
    if preview.is_some() {
        let (yes, no) = (
            format!("Best bids take {lots} lots a leg"),
            format!("Best bids take less than {lots} lots: the rest sells lower"),
        );
        list.push(check(deep, &yes, &no));
    }
    list
}

/// It was checked before the start button was: a price that is heard between two looks is not stale.
const LOOKED_EVERY_US: i64 = 5_000_000;

/// `None` until the form was checked.
pub fn ready(checked: Option<&Checked>) -> AnyView {
    let live = use_live();
    let nothing = Checked { draft: Draft::default(), ..Checked::default() };
    let checked = checked.unwrap_or(&nothing);
    let lots = checked.draft.get("lots_per_leg");
    let preview = checked.preview.as_ref();
    let mut list = live.strip.with_untracked(|strip| checks(strip, checked.problems.len(), preview, &lots));
    let running = live.running().get_untracked();
    list.extend(lease(running, untrack(|| holder(live, preview)).as_ref()));
    let wanted = checked.draft.get("underlying");
    let spot_at = live.strip.with_untracked(|strip| {
        let mut spots = strip.spots.iter();
        spots.find(|spot| spot.underlying.as_str() == wanted).map(|spot| spot.at)
    });
    let to_fix = list.iter().filter(|check| !check.good).count();
    let spot_tone = if spot_at.is_some() { "gain" } else { "doubt" };
    let spot_text = if spot_at.is_some() { "Spot price last heard" } else { "No spot price yet" };
    let row = |check: Check| view! { <li><i class="dot" data-tone=if check.good { "gain" } else { "doubt" }></i><span>{check.text}</span><span></span></li> };
    let rows = list.into_iter().map(row).collect_view();
    view! {
        <header>
            <h2>"Ready?"</h2>
            <span class="end"><span class="tag" data-tone=if to_fix == 0 { "gain" } else { "doubt" }>
                {match to_fix { 0 => "ready".to_owned(), count => format!("{count} to look at") }}
            </span></span>
        </header>
        <ul class="checks">
            {rows}
            <li><i class="dot" data-tone=spot_tone></i><span>{spot_text}</span><Age at=Signal::derive(move || spot_at) stale_us={QUOTE_STALE_US + LOOKED_EVERY_US}/></li>
        </ul>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::instrument::OptionKind;
    use model::view::PreviewLegView;
    use model::{Decimal, Micros};

    use super::*;
    use crate::live::Held;

    #[test]
    fn what_stands_in_the_way_is_named() {
        let strip = StripView { prices_up: true, orders_up: false, ..StripView::default() };
        let list = checks(&strip, 1, None, "200");
        assert_eq!(list.iter().map(|check| check.good).collect::<Vec<_>>(), [true, false, true, false]);
    }

    #[test]
    fn an_instrument_that_another_session_holds_is_named_before_the_start() {
        let preview = PreviewView {
            legs: vec![PreviewLegView {
                symbol: Symbol::new("C-BTC-48000-070122"),
                kind: OptionKind::Call,
                strike: Decimal::from(48_000),
                qty: -200,
                bid: None,
                ask: None,
                mark: None,
                delta: None,
                volatility: None,
                depth_at_bid: None,
                quote_at: None,
            }],
            expiry: None,
            credit: None,
            cost_to_leave: None,
            fees: None,
            margin: None,
            wallet_balance: None,
            breakeven: None,
            warnings: vec![],
            as_of: Micros(0),
        };
        Owner::new().with(|| {
            let live = use_live();
            let mut session = crate::sample::session("s-1");
            session.legs.push(crate::sample::leg(-200));
            let held = Held::new(session);
            live.held.set(vec![held.clone()]);
            let found = holder(live, Some(&preview));
            assert_eq!(found, Some((Symbol::new("C-BTC-48000-070122"), SessionId::new("s-1"))));
            assert!(lease(1, found.as_ref()).is_some_and(|check| !check.good && check.text.contains("s-1")));
            held.view.update(|session| session.lifecycle = Lifecycle::Stopped);
            assert_eq!(holder(live, Some(&preview)), None);
        });
        assert!(lease(2, None).is_some_and(|check| check.good));
        assert_eq!(lease(0, None), None);
    }
}
