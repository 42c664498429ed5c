//! The legs: what is held, what it would cost to close, and how old and from where each number is.

use leptos::prelude::*;
use model::market::MarketSource;
use model::view::{LegView, PnlView, SessionView};
use model::{Decimal, Exposure, Lifecycle, Money};

use super::reasons;
use crate::format;
use crate::live::{QUOTE_STALE_US, use_live};
use crate::parts::{Age, Known, SignedMoney};
use crate::shown::use_shown;

#[component]
pub fn Legs() -> impl IntoView {
    let shown = use_shown();
    let legs = shown.part(|session| session.legs.clone());
    let count = Memo::new(move |_| legs.with(|legs| legs.as_ref().map_or(0, Vec::len)));
    let over = shown.part(|session| session.lifecycle == Lifecycle::Stopped);
    let freshness = move || {
        legs.with(|legs| match legs.as_deref() {
            None | Some([]) => "strikes are chosen at entry".to_owned(),
            Some(_) if over.get() == Some(true) => "closed: nothing is held".to_owned(),
            Some(legs) => match legs.iter().filter(|leg| !leg.fresh).count() {
                0 => "all quotes fresh".to_owned(),
                stale => format!("{stale} of {} quotes stale", legs.len()),
            },
        })
    };
    let rows = move || {
        (0..count.get()).map(|index| view! { <LegRow leg=Signal::derive(move || legs.with(|legs| legs.as_ref().and_then(|legs| legs.get(index).cloned())))/> }).collect_view()
    };
    view! {
        <header><h2>"Legs"</h2><span class="end"><span class="while-linked">{freshness}</span><span class="while-stale">"as they last were"</span></span></header>
        <div class="grid-table"><table>
            <caption class="visually-hidden">"Legs of the session"</caption>
            <thead><tr><th>"Leg"</th><th class="n">"Lots"</th><th class="more n">"Entry"</th><th class="more n">"Bid"</th><th class="n">"Ask"</th><th class="more n">"Mark"</th><th class="more">"Quote"</th><th class="more n">"Δ"</th><th class="n">"P&L to close"</th><th class="more n">"at mark"</th></tr></thead>
            <tbody>{rows}</tbody>
            <Sums/>
        </table></div>
    }
    .into_any()
}

/// `short call · spot 3.9 % below strike`.
fn where_spot_is(leg: &LegView, spot: Option<Decimal>) -> String {
    let held = match leg.qty {
        0 => leg.kind.word().to_owned(),
        ..0 => format!("short {}", leg.kind.word()),
        1.. => format!("long {}", leg.kind.word()),
    };
    let Some(spot) = spot.filter(|spot| !spot.is_zero()) else { return held };
    let distance = (leg.strike - spot) / spot * Decimal::ONE_HUNDRED;
    let side = if distance.is_sign_negative() { "above" } else { "below" };
    format!("{held} · spot {:.1} % {side} strike", distance.abs().round_dp(1))
}

fn source_word(source: Option<MarketSource>) -> &'static str {
    match source {
        Some(MarketSource::Stream) => "stream ",
        Some(MarketSource::RestFallback) => "REST ",
        None => "",
    }
}

#[component]
fn LegRow(leg: Signal<Option<LegView>>) -> impl IntoView {
    let (live, shown) = (use_live(), use_shown());
    let underlying = shown.part(|session| session.underlying.clone());
    let spot = Memo::new(move |_| {
        let underlying = underlying.get()?;
        live.strip.with(|strip| {
            strip.spots.iter().find(|spot| spot.underlying == underlying).map(|spot| spot.price)
        })
    });
    let unsure = shown.part(|session| session.exposure == Exposure::Unknown);
    let text =
        move |of: fn(&LegView) -> String| move || leg.with(|leg| leg.as_ref().map(of).unwrap_or_default());
    let money = move |of: fn(&LegView) -> Option<Money>| {
        Signal::derive(move || leg.with(|leg| leg.as_ref().and_then(of)))
    };
    let known = move |of: fn(&LegView) -> Option<String>, why: fn(&LegView) -> &'static str| {
        let text = Signal::derive(move || leg.with(|leg| leg.as_ref().and_then(of)));
        let why = Signal::derive(move || leg.with(|leg| leg.as_ref().map(why).unwrap_or_default()));
        view! { <Known text why/> }
    };
    let why = move |of_mark: bool| {
        Signal::derive(move || {
            leg.with(|leg| leg.as_ref().map(|leg| reasons::leg(leg, of_mark)).unwrap_or_default())
        })
    };
    let below =
        move || leg.with(|leg| leg.as_ref().map(|leg| where_spot_is(leg, spot.get())).unwrap_or_default());
    let lots = move || {
        leg.with(|leg| {
            leg.as_ref()
                .map(|leg| {
                    format!("{}{}", format::lots(leg.qty), if unsure.get() == Some(true) { " ?" } else { "" })
                })
                .unwrap_or_default()
        })
    };
    let quote_at = Signal::derive(move || leg.with(|leg| leg.as_ref().and_then(|leg| leg.quote_at)));
    let source = move || leg.with(|leg| source_word(leg.as_ref().and_then(|leg| leg.mark_source)));
    let stale = move || leg.with(|leg| leg.as_ref().is_some_and(|leg| !leg.fresh));
    view! {
        <tr class:stale=stale>
            <td><span class="symbol">{text(|leg| leg.symbol.0.clone())}</span><span class="sub">{below}</span></td>
            <td class="n">{lots}</td>
            <td class="more n">{text(|leg| format::price_or_none(leg.average_price))}</td>
            <td class="more n">{known(|leg| leg.bid.map(format::price), reasons::quote)}</td>
            <td class="n">{known(|leg| leg.ask.map(format::price), reasons::quote)}</td>
            <td class="more n">{known(|leg| leg.mark.map(format::price), |_| "no mark yet")}</td>
            <td class="more"><span class="age">{source}</span><Age at=quote_at stale_us=QUOTE_STALE_US/></td>
            <td class="more n">{known(|leg| leg.delta.map(format::signed), |_| "no mark yet")}</td>
            <td class="n"><SignedMoney money=money(|leg| leg.executable) why=why(false)/></td>
            <td class="more n"><SignedMoney money=money(|leg| leg.at_mark) why=why(true)/></td>
        </tr>
    }
    .into_any()
}

/// Paid, and for leaving now; nothing more is to be paid once the result is known.
fn all_fees(pnl: &PnlView) -> Option<Money> {
    pnl.fees_to_pay.or(pnl.realized.map(|_| Decimal::ZERO)).map(|to_pay| pnl.fees + to_pay)
}

fn fees_note(pnl: &PnlView) -> String {
    match (pnl.realized, pnl.fees_to_pay) {
        (Some(_), None) => format!("paid {}", format::plain(pnl.fees)),
        (_, to_pay) => {
            format!("paid {}, to pay {}", format::plain(pnl.fees), format::plain_or_unknown(to_pay))
        }
    }
}

#[component]
fn Sums() -> impl IntoView {
    let shown = use_shown();
    let pnl = shown.part(|session| session.pnl.clone());
    let why = move |of: fn(&SessionView) -> &'static str| {
        let why = shown.part(of);
        Signal::derive(move || why.get().unwrap_or_default())
    };
    let money = move |of: fn(&PnlView) -> Option<Money>| {
        Signal::derive(move || pnl.with(|pnl| pnl.as_ref().and_then(of)))
    };
    let note = move || pnl.with(|pnl| pnl.as_ref().map(fees_note).unwrap_or_default());
    view! {
        <tfoot>
            <tr>
                <td>"Fees "<span class="sub">{note}</span></td><td></td><td class="more" colspan="2"></td><td></td><td class="more" colspan="3"></td>
                <td class="n"><SignedMoney money=money(|pnl| all_fees(pnl).map(|fees| -fees)) why=why(reasons::to_leave)/></td>
                <td class="n more"><SignedMoney money=money(|pnl| Some(-pnl.fees)) why="not told"/></td>
            </tr>
            <tr>
                <td>"Net"</td><td></td><td class="more" colspan="2"></td><td></td><td class="more" colspan="3"></td>
                <td class="n"><SignedMoney money=money(|pnl| pnl.executable) why=why(reasons::executable)/></td>
                <td class="n more"><SignedMoney money=money(|pnl| pnl.mark) why=why(reasons::at_mark)/></td>
            </tr>
        </tfoot>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_says_where_the_spot_price_is() {
        let mut leg = crate::sample::leg(-200);
        assert_eq!(where_spot_is(&leg, Some(Decimal::from(46_200))), "short call · spot 3.9 % below strike");
        leg.strike = Decimal::from(44_500);
        assert_eq!(where_spot_is(&leg, Some(Decimal::from(46_200))), "short call · spot 3.7 % above strike");
        leg.qty = 0;
        assert_eq!(where_spot_is(&leg, None), "call");
    }
}
