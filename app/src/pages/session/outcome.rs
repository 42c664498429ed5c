//! What a session came to, in money and in a sentence; its legs, and how long it was in each state.

use leptos::prelude::*;
use model::Lifecycle;
use model::result::{LegResult, SessionResult};

use crate::format;
use crate::frame::lifecycle_tone;
use crate::pages::ending::{Limits, closed_by};
use crate::pages::past::{date, money, percent, reason_name, span};
use crate::parts::{TraceLink, fact};
use crate::port::SessionDetail;

pub fn outcome(detail: &SessionDetail) -> AnyView {
    match &detail.result {
        Some(result) => ended(result),
        None => running(detail),
    }
}

fn running(detail: &SessionDetail) -> AnyView {
    let view = &detail.view;
    let tone = lifecycle_tone(view.lifecycle);
    view! {
        <section class="panel outcome" aria-label="Outcome">
            <div class="money-head">
                <div class="hero"><span class="label">"If left when this page was made"</span>{money(view.pnl.executable.or(view.pnl.realized))}</div>
                <div class="because">
                    <strong>"It is not over: " <span class="tag" data-tone=tone>{format::words(view.lifecycle.word())}</span></strong>
                    <span>{format!("Started {} UTC by {}. What changes by the second is on Control.", format::date_clock(view.started_at), view.started_by)}</span>
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn ended(result: &SessionResult) -> AnyView {
    let kept = result.net.and_then(|net| net.checked_div(result.credit));
    let unknown = || format::UNKNOWN.to_owned();
    let kept =
        kept.map_or_else(unknown, |kept| format!("{} of {}", percent(kept), format::plain(result.credit)));
    let hero = if result.traded {
        money(result.net)
    } else {
        view! { <span class="flat">"not in the market"</span> }.into_any()
    };
    let peak = result.peak.map(|peak| {
        view! { <div class="fact"><dt>"Peak of the trailing floor"</dt><dd data-line="peak">{format::signed(peak)}</dd></div> }
    });
    let floor = result.floor.map(|floor| {
        view! { <div class="fact"><dt>"Floor"</dt><dd data-line="floor">{format::signed(floor)}</dd></div> }
    });
    let facts = result.traded.then(|| {
        view! {
            <dl class="facts-row">
                {fact("Gross", format::signed_or_unknown(result.gross))}
                {fact("Fees", format::plain(result.fees))}
                {fact("Slippage", format::signed_or_unknown(result.slippage))}
                {fact("Best", format::signed_or_unknown(result.best))}
                {fact("Worst", format::signed_or_unknown(result.worst))}
                {peak}{floor}
                {fact("Credit kept", kept)}
            </dl>
        }
    });
    let exit = result.exit_correlation_id.clone().unwrap_or_default();
    view! {
        <section class="panel outcome" aria-label="Outcome">
            <div class="money-head">
                <div class="hero"><span class="label">"Net result, after all fees"</span>{hero}</div>
                <div class="because">
                    <strong>{headline(result)}</strong>
                    <span>{sentence(result)}</span>
                    <span class="traces">"Start "<TraceLink id=result.correlation_id.clone()/>" exit "<TraceLink id=exit/></span>
                </div>
                {facts}
            </div>
            {legs(&result.legs)}
        </section>
    }
    .into_any()
}

fn headline(result: &SessionResult) -> String {
    let also = result.also_matched.iter().map(|reason| reason_name(Some(*reason)).to_lowercase());
    let also = also.collect::<Vec<_>>().join(", ");
    let also = if also.is_empty() { String::new() } else { format!("; {also} matched too") };
    format!("{}{also}.", closed_by(result, Limits::of(result), None))
}

fn sentence(result: &SessionResult) -> String {
    let by = format!("Started {} UTC by {}", format::date_clock(result.started_at), result.started_by);
    let ended = format::date_clock(result.ended_at);
    let held = match (result.opened_at, result.closed_at, result.held_ms) {
        (Some(opened), Some(closed), Some(held)) if date(opened) == date(closed) => {
            format!("; in the market {} to {}, {}", format::clock(opened), format::clock(closed), span(held))
        }
        (Some(opened), Some(closed), Some(held)) => {
            format!(
                "; in the market {} to {}, {}",
                format::date_clock(opened),
                format::date_clock(closed),
                span(held)
            )
        }
        (None, _, _) | (_, None, _) | (_, _, None) => String::new(),
    };
    let unknown = if result.traded && result.net.is_none() {
        " A closing price is missing, so the result is not known."
    } else {
        ""
    };
    format!("{by}{held}; over and verified flat {ended}.{unknown}")
}

fn legs(legs: &[LegResult]) -> Option<AnyView> {
    if legs.is_empty() {
        return None;
    }
    let price = format::price_or_none;
    let rows = legs
        .iter()
        .map(|leg| {
            view! {
                <tr>
                    <td class="symbol">{leg.symbol.0.clone()}</td>
                    <td class="n">{format!("{} at {}", format::lots(leg.sold), price(leg.sold_average))}</td>
                    <td class="n">{format!("{} at {}", format::lots(leg.bought), price(leg.bought_average))}</td>
                    <td class="n more">{format::plain(leg.fees)}</td>
                    <td class="n">{money(leg.net)}</td>
                </tr>
            }
        })
        .collect_view();
    Some(
        view! {
            <div class="grid-table"><table>
                <caption class="visually-hidden">"Legs of the session: sold, bought back, fees, net"</caption>
                <thead><tr><th scope="col">"Leg"</th><th scope="col" class="n">"Sold"</th><th scope="col" class="n">"Bought back"</th><th scope="col" class="n more">"Fees"</th><th scope="col" class="n">"Net"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
        }
        .into_any(),
    )
}

pub fn states(detail: &SessionDetail) -> Option<AnyView> {
    let result = detail.result.as_ref().filter(|result| !result.seconds_by_lifecycle.is_empty())?;
    // In the order in which a session goes through them; told in whole seconds.
    let place = |word: &str| Lifecycle::ALL.iter().position(|lifecycle| lifecycle.word() == word);
    let mut known: Vec<_> = result.seconds_by_lifecycle.iter().collect();
    known.sort_by_key(|(word, _)| place(word));
    let states = known.into_iter().map(|(word, seconds)| {
        let time = if *seconds == 0 { "under 1 s".to_owned() } else { span(seconds.saturating_mul(1_000)) };
        view! { <div class="fact"><dt>{format::words(word)}</dt><dd>{time}</dd></div> }
    });
    let whole = span((result.ended_at.0 - result.started_at.0) / 1_000);
    Some(
        view! {
            <section class="panel states" aria-label="Time in each state">
                <header><h2>"Time in each state"</h2><span class="end"><span class="num">{whole}</span></span></header>
                <dl class="state-grid">{states.collect_view()}</dl>
            </section>
        }
        .into_any(),
    )
}
