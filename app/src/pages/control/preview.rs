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
    let figures = figures(preview, ends_at, warnings);
    view! {
        <header>
            <h2>"If you started now"</h2>
            <span class="end"><Age at=Signal::derive(move || as_of) stale_us=QUOTE_STALE_US before="quotes "/><span class="tag">"executable prices, not marks"</span></span>
        </header>
        {figures}
    }
    .into_any()
}

/// A place that is there always and always as high: warnings come and go while somebody types or reads below.
fn notes(warnings: BTreeSet<String>, lead: Option<&'static str>) -> impl IntoView {
    let lead = lead.map(|lead| view! { <p class="said">{lead}</p> });
    let note = |text| view! { <p class="note" data-tone="doubt"><span>{text}</span></p> };
    view! {
        <div class="warnings" role="group" aria-label="Warnings" tabindex="0">
            <p class="note" id="preview-failed" data-tone="alarm" role="alert" hidden data-mine="hidden">
                <span data-own></span>
                <button class="button" type="button" data-does="preview-again">"Try again"</button>
            </p>
            {lead}
            {warnings.into_iter().map(note).collect_view()}
        </div>
    }
}

const WAITS: &str = "The market is asked for prices of both legs; a preview appears here as soon as it answers and the configuration is valid.";

/// Where there is none yet its places stand empty, so that nothing moves when it comes or goes.
fn figures(
    preview: Option<PreviewView>,
    ends_at: Option<model::Money>,
    warnings: &[String],
) -> impl IntoView + use<> {
    let because = |why: &'static str| if preview.is_some() { why } else { "there is no preview yet" };
    let (no_bids, no_mark) = (because(NO_BIDS), because("a mark or the spot price is missing"));
    let (one_side, no_expiry) =
        (because("a leg has no bid or no offer"), because("no expiry is listed that far away"));
    let preview = preview.as_ref();
    let leave = preview.and_then(|preview| preview.cost_to_leave).map(|cost| -cost.abs());
    let ends_at = Signal::derive(move || ends_at);
    let margin = preview.and_then(|preview| {
        let margin = format::plain(preview.margin?);
        let of = preview.wallet_balance.map(format::grouped_plain);
        Some(of.map_or_else(|| margin.clone(), |of| format!("{margin} of {of}")))
    });
    let breakeven = preview
        .and_then(|preview| preview.breakeven)
        .map(|(low, high)| format!("{} to {}", format::strike(low.round()), format::strike(high.round())));
    let (credit, fees) = (preview.and_then(|it| it.credit), preview.and_then(|it| it.fees));
    let expiry = preview.and_then(|preview| preview.expiry).map(format::day);
    let told = preview.into_iter().flat_map(|preview| &preview.warnings);
    let told: BTreeSet<String> = told.chain(warnings).cloned().collect();
    let lead = match preview {
        None => Some(WAITS),
        Some(_) => told.is_empty().then_some("Nothing to warn of."),
    };
    let warnings = notes(told, lead);
    let legs = preview.map_or_else(Vec::new, |preview| preview.legs.clone());
    let empty = (legs.is_empty()).then(|| [(); 2].map(|()| no_leg()).collect_view());
    view! {
        <dl class="preview">
            {known("Credit, both legs sold", credit.map(format::plain), no_bids)}
            {fact("Cost to leave at once", view! { <SignedMoney money=Signal::derive(move || leave) why=one_side/> })}
            {known("Fees, in and out", fees.map(format::plain), no_bids)}
            {known("Margin needed", margin, no_mark)}
            {fact("Max loss ends it at", view! { <SignedMoney money=ends_at why="max loss is no number"/> })}
            {known("Breakeven at expiry", breakeven, no_bids)}
            {known("Expiry, UTC", expiry, no_expiry)}
        </dl>
        {warnings}
        <div class="grid-table"><table>
            <caption class="visually-hidden">"Legs that a start would sell"</caption>
            <thead><tr><th>"Leg"</th><th class="n">"Lots"</th><th class="n">"Bid"</th><th class="more n">"Ask"</th><th class="more n">"Mark"</th><th class="more n">"Δ"</th><th class="more n">"IV"</th><th class="n">"Depth at bid"</th></tr></thead>
            <tbody>{legs.into_iter().map(leg_row).collect_view()}{empty}</tbody>
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

/// As high as a leg.
fn no_leg() -> impl IntoView {
    view! { <tr><td colspan="8"><span class="symbol">{format::UNKNOWN}</span><span class="sub">"no preview yet"</span></td></tr> }
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
