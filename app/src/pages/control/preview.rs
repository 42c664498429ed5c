//! What starting now would mean, at executable prices: credit, cost to leave, fees, margin, depth.

use std::collections::BTreeSet;

use leptos::prelude::*;
use model::view::{PreviewLegView, PreviewView};

use crate::format;
use crate::live::QUOTE_STALE_US;
use crate::parts::{Age, Known, SignedMoney, fact};

/// `max_loss` as typed; `warnings` beside those of the preview.
pub fn preview(preview: Option<PreviewView>, max_loss: Option<&str>, warnings: &[String]) -> AnyView {
    let as_of = preview.as_ref().map(|preview| preview.as_of);
    let ends_at = max_loss.and_then(|typed| typed.trim().parse().ok()).map(|loss: model::Decimal| -loss);
    let figures = match preview {
        Some(preview) => figures(preview, ends_at, warnings).into_any(),
        None => waiting(warnings),
    };
    view! {
        <header>
            <h2>"If you started now"</h2>
            <span class="end"><Age at=Signal::derive(move || as_of) stale_us=QUOTE_STALE_US before="quotes "/><span class="tag">"executable prices, not marks"</span></span>
        </header>
        {figures}
    }
    .into_any()
}

/// There is none yet, or the market has said why.
fn waiting(warnings: &[String]) -> AnyView {
    const WORDS: &str = "The market is asked for prices of both legs; a preview appears here as soon as it answers and the configuration is valid.";
    let warnings = notes(warnings.iter().cloned().collect());
    view! { <div class="preview-empty"><p class="empty">{WORDS}</p></div>{warnings} }.into_any()
}

/// A place that is there always and always as high: warnings come and go while somebody types or reads below.
fn notes(warnings: BTreeSet<String>) -> impl IntoView {
    let none = warnings.is_empty().then(|| view! { <p class="said">"Nothing to warn of."</p> });
    let note = |text| view! { <p class="note" data-tone="doubt"><span>{text}</span></p> };
    view! {
        <div class="warnings" role="group" aria-label="Warnings" tabindex="0">
            <p class="note" id="preview-failed" data-tone="alarm" role="alert" hidden data-mine="hidden">
                <span data-own></span>
                <button class="button" type="button" data-does="preview-again">"Try again"</button>
            </p>
            {none}
            {warnings.into_iter().map(note).collect_view()}
        </div>
    }
}

fn figures(
    preview: PreviewView,
    ends_at: Option<model::Money>,
    warnings: &[String],
) -> impl IntoView + use<> {
    let leave = preview.cost_to_leave.map(|cost| -cost.abs());
    let ends_at = Signal::derive(move || ends_at);
    let margin = match preview.wallet_balance {
        Some(balance) => preview
            .margin
            .map(|margin| format!("{} of {}", format::plain(margin), format::grouped_plain(balance))),
        None => preview.margin.map(format::plain),
    };
    let breakeven = preview
        .breakeven
        .map(|(low, high)| format!("{} to {}", format::strike(low.round()), format::strike(high.round())));
    let warnings = notes(preview.warnings.iter().chain(warnings).cloned().collect());
    view! {
        <dl class="preview">
            {known("Credit, both legs sold", preview.credit.map(format::plain), NO_BIDS)}
            {fact("Cost to leave at once", view! { <SignedMoney money=Signal::derive(move || leave) why="a leg has no bid or no offer"/> })}
            {known("Fees, in and out", preview.fees.map(format::plain), NO_BIDS)}
            {known("Margin needed", margin, "a mark or the spot price is missing")}
            {fact("Max loss ends it at", view! { <SignedMoney money=ends_at why="max loss is no number"/> })}
            {known("Breakeven at expiry", breakeven, NO_BIDS)}
            {known("Expiry, UTC", preview.expiry.map(format::day), "no expiry is listed that far away")}
        </dl>
        {warnings}
        <div class="grid-table"><table>
            <caption class="visually-hidden">"Legs that a start would sell"</caption>
            <thead><tr><th>"Leg"</th><th class="n">"Lots"</th><th class="n">"Bid"</th><th class="more n">"Ask"</th><th class="more n">"Mark"</th><th class="more n">"Δ"</th><th class="more n">"IV"</th><th class="n">"Depth at bid"</th></tr></thead>
            <tbody>{preview.legs.into_iter().map(leg_row).collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}

const NO_BIDS: &str = "a leg has no bid";
const NO_QUOTE: &str = "nobody quotes this side, or no quote yet";
const NO_MARK: &str = "no mark yet";

fn or_dash(text: Option<String>, why: &'static str) -> impl IntoView {
    view! { <Known text=Signal::derive(move || text.clone()) why/> }
}

fn known(name: &'static str, text: Option<String>, why: &'static str) -> impl IntoView {
    fact(name, or_dash(text, why))
}

fn leg_row(leg: PreviewLegView) -> impl IntoView {
    let volatility = leg
        .volatility
        .map(|volatility| format!("{:.1} %", (volatility * model::Decimal::ONE_HUNDRED).round_dp(1)));
    let depth = leg.depth_at_bid.map(|depth| format!("{} lots", format::lots(depth)));
    view! {
        <tr>
            <td><span class="symbol">{leg.symbol.0}</span><span class="sub">{format!("sell {}, strike {}", leg.kind.word(), format::strike(leg.strike))}</span></td>
            <td class="n">{format::lots(leg.qty)}</td>
            <td class="n">{or_dash(leg.bid.map(format::price), NO_QUOTE)}</td>
            <td class="more n">{or_dash(leg.ask.map(format::price), NO_QUOTE)}</td>
            <td class="more n">{or_dash(leg.mark.map(format::price), NO_MARK)}</td>
            <td class="more n">{or_dash(leg.delta.map(format::signed), NO_MARK)}</td>
            <td class="more n">{or_dash(volatility, NO_MARK)}</td>
            <td class="n">{or_dash(depth, NO_QUOTE)}</td>
        </tr>
    }
}
