//! The place of the P&L chart: its legend, its cursor's words and the table of its data, which the browser fills.

use leptos::prelude::*;
use model::view::SessionView;

use crate::format;
use crate::pages::past::reason_name;

/// The chart of a session; its limits stand where the browser reads them, and with their values in the legend, because
/// they often lie outside the picture.
pub fn chart(session: &SessionView) -> AnyView {
    let pnl = &session.pnl;
    let loss = (-pnl.max_loss).normalize().to_string();
    let profit = pnl.max_profit.map(|profit| profit.normalize().to_string());
    // When it was decided, and why: a mark on the curve.
    let exit = session.exit.as_ref().map(|exit| {
        format!("{} {}", exit.decided_at.0 / 1_000_000, reason_name(Some(exit.reason)).to_lowercase())
    });
    let profit_words = pnl.max_profit.map_or_else(|| "off".to_owned(), format::signed);
    view! {
        <figure class="pnl-chart">
            <div class="chart-box" id="pnl-chart" data-own data-loss=loss data-profit=profit data-exit=exit tabindex="0" role="group" aria-label="P&L chart. Arrow keys move a cursor over it; a table of its data follows." aria-describedby="pnl-caption"></div>
            <figcaption class="legend" id="pnl-caption">
                <span><i></i>"executable P&L"</span><span><i data-line="peak"></i>"peak"</span><span><i data-line="floor"></i>"trailing floor"</span>
                <span><i data-line="target"></i>"max profit "{profit_words}</span>
                <span><i data-line="limit"></i>"max loss "{format::signed(-pnl.max_loss)}</span>
                <a href="https://www.tradingview.com/" rel="noopener" target="_blank">"Charts by TradingView"</a>
            </figcaption>
        </figure>
        <p class="note" id="chart-failed" data-tone="alarm" role="alert" hidden data-mine="hidden">
            <span data-own></span>
            <button class="button" type="button" data-does="chart-again">"Try again"</button>
        </p>
        <p class="cursor-text" id="chart-cursor" role="status" data-own></p>
        <details class="data-table">
            <summary>"Data of the chart"</summary>
            <div class="grid-table"><table id="chart-data" data-own>
                <caption></caption>
                <thead><tr><th>"Time"</th><th class="n">"Executable"</th><th class="n">"Peak"</th><th class="n">"Floor"</th></tr></thead>
                <tbody></tbody>
            </table></div>
        </details>
    }
    .into_any()
}
