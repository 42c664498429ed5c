//! The hero: what you would have if you left now, after all fees; its peak and floor; and the chart of both.

use leptos::prelude::*;
use model::Lifecycle;
use model::view::{PnlView, SessionView};

use super::chart::chart;
use super::reasons;
use crate::format;
use crate::live::QUOTE_STALE_US;
use crate::parts::{Age, Known, SignedMoney};
use crate::shown::use_shown;

/// The hero's number: the result once it is over.
fn hero(session: &SessionView) -> Option<model::Money> {
    let pnl = &session.pnl;
    if session.lifecycle == Lifecycle::Stopped { pnl.realized.or(pnl.executable) } else { pnl.executable }
}

fn label(session: &SessionView) -> &'static str {
    if session.lifecycle == Lifecycle::Stopped {
        "Result, net of all fees "
    } else {
        "If you left now, after all fees "
    }
}

/// What takes the place of an age: why there is no number.
fn lack(session: &SessionView) -> Option<&'static str> {
    hero(session).is_none().then(|| reasons::executable(session))
}

#[component]
pub fn MoneyPanel() -> impl IntoView {
    let shown = use_shown();
    let money = shown.part(hero);
    let money = Signal::derive(move || money.get().flatten());
    let label = shown.part(label);
    let lack = shown.part(lack);
    let why = shown.part(reasons::executable);
    let drawn = shown.held_untracked().map(|held| held.view.with_untracked(chart));
    let as_of = shown.part(|session| session.pnl.as_of.filter(|_| session.lifecycle != Lifecycle::Stopped));
    let as_of = Signal::derive(move || as_of.get().flatten());
    view! {
        <div class="money-head">
            <div class="hero">
                <span class="label">
                    {move || label.get()}
                    <Age at=as_of stale_us=QUOTE_STALE_US/>
                    <span class="lack" aria-hidden="true">{move || lack.get().flatten().map(|lack| format!(" {lack}"))}</span>
                </span>
                <SignedMoney money why=Signal::derive(move || why.get().unwrap_or_default())/>
            </div>
            <Facts/>
        </div>
        {drawn}
    }
    .into_any()
}

/// What the result is made of.
#[component]
fn Facts() -> impl IntoView {
    let shown = use_shown();
    let pnl = shown.part(|session| session.pnl.clone());
    let text =
        move |of: fn(&PnlView) -> String| move || pnl.with(|pnl| pnl.as_ref().map(of).unwrap_or_default());
    let known = move |of: fn(&PnlView) -> Option<String>, why: fn(&SessionView) -> &'static str| {
        let why = shown.part(why);
        let text = Signal::derive(move || pnl.with(|pnl| pnl.as_ref().and_then(of)));
        view! { <Known text why=Signal::derive(move || why.get().unwrap_or_default())/> }
    };
    view! {
        <dl class="facts-row">
            <div class="fact"><dt>"Peak"</dt><dd data-line="peak">{text(|pnl| pnl.peak.map_or_else(|| "none yet".to_owned(), format::plain))}</dd></div>
            <div class="fact"><dt>"Trailing floor"</dt><dd data-line="floor">{text(|pnl| pnl.floor.map_or_else(|| "not armed".to_owned(), format::plain))}</dd></div>
            <div class="fact"><dt>"At mark"</dt><dd>{known(|pnl| pnl.mark.map(format::signed), reasons::at_mark)}</dd></div>
            <div class="fact"><dt>"Credit"</dt><dd>{known(|pnl| pnl.credit.map(format::plain), |_| "nothing sold yet")}</dd></div>
            <div class="fact"><dt>"Buy back"</dt><dd>{known(|pnl| pnl.buy_back.map(format::plain), reasons::to_leave)}</dd></div>
            <div class="fact"><dt>"Fees paid + to pay"</dt><dd>{text(|pnl| format!("{} + ", format::plain(pnl.fees)))}{known(|pnl| pnl.fees_to_pay.map(format::plain), reasons::to_leave)}</dd></div>
            <div class="fact"><dt>"Margin"</dt><dd>{known(|pnl| pnl.margin.map(format::plain), |_| "a mark or the spot price is missing")}</dd></div>
        </dl>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::Decimal;

    use super::*;

    #[test]
    fn the_hero_never_shows_an_unknown_result_as_a_number() {
        let mut session = crate::sample::session("s-1");
        assert_eq!((hero(&session), lack(&session)), (None, Some("nothing sold yet")));
        session.pnl.executable = Some(Decimal::from(7));
        session.pnl.realized = Some(Decimal::from(5));
        assert_eq!((hero(&session), lack(&session)), (Some(Decimal::from(7)), None));
        session.lifecycle = Lifecycle::Stopped;
        assert_eq!((hero(&session), label(&session)), (Some(Decimal::from(5)), "Result, net of all fees "));
    }
}
