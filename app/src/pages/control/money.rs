//! The hero: what you would have if you left now, after all fees; its peak and floor; and the chart of both.

use leptos::prelude::*;
use model::Lifecycle;

use super::chart::PnlChart;
use super::shown::use_shown;
use crate::format::{self, plain_or_unknown, signed_or_unknown};
use crate::live::QUOTE_STALE_US;
use crate::parts::{Age, SignedMoney};

#[component]
pub fn MoneyPanel() -> impl IntoView {
    let shown = use_shown();
    let pnl = shown.part(|session| session.pnl.clone());
    let ended = shown.part(|session| session.lifecycle == Lifecycle::Stopped);
    let is_over = move || ended.get().unwrap_or(false);
    let money = Signal::derive(move || {
        pnl.with(|pnl| {
            pnl.as_ref()
                .and_then(|pnl| if is_over() { pnl.realized.or(pnl.executable) } else { pnl.executable })
        })
    });
    let as_of =
        Signal::derive(move || pnl.with(|pnl| pnl.as_ref().and_then(|pnl| pnl.as_of)).filter(|_| !is_over()));
    let label = move || match (is_over(), money.get()) {
        (true, _) => "Result, net of all fees ",
        (false, Some(_)) => "If you left now, after all fees ",
        (false, None) => "Nothing sold yet, or no closing price ",
    };
    let text = move |of: fn(&model::view::PnlView) -> String| {
        move || pnl.with(|pnl| pnl.as_ref().map(of).unwrap_or_default())
    };
    view! {
        <div class="money-head">
            <div class="hero">
                <span class="label">{label}<Age at=as_of stale_us=QUOTE_STALE_US/></span>
                <SignedMoney money/>
            </div>
            <dl class="facts-row">
                <div class="fact"><dt>"Peak"</dt><dd data-line="peak">{text(|pnl| pnl.peak.map_or_else(|| "none yet".to_owned(), format::plain))}</dd></div>
                <div class="fact"><dt>"Trailing floor"</dt><dd data-line="floor">{text(|pnl| pnl.floor.map_or_else(|| "not armed".to_owned(), format::plain))}</dd></div>
                <div class="fact"><dt>"At mark"</dt><dd>{text(|pnl| signed_or_unknown(pnl.mark))}</dd></div>
                <div class="fact"><dt>"Credit"</dt><dd>{text(|pnl| pnl.credit.map_or_else(|| format::NONE.to_owned(), format::plain))}</dd></div>
                <div class="fact"><dt>"Buy back"</dt><dd>{text(|pnl| pnl.buy_back.map_or_else(|| format::NONE.to_owned(), format::plain))}</dd></div>
                <div class="fact"><dt>"Fees paid + to pay"</dt><dd>{text(|pnl| format!("{} + {}", format::plain(pnl.fees), pnl.fees_to_pay.map_or_else(|| format::NONE.to_owned(), format::plain)))}</dd></div>
                <div class="fact"><dt>"Margin"</dt><dd>{text(|pnl| plain_or_unknown(pnl.margin))}</dd></div>
            </dl>
        </div>
        <PnlChart/>
    }
    .into_any()
}
