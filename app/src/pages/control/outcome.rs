//! How a session ended: the last one, while nothing runs, and one that went away from the screen while another runs.

use leptos::prelude::*;
use model::result::SessionResult;
use model::view::SessionView;
use model::{Lifecycle, Money};

use super::reasons::PRICE_NOT_TOLD;
use crate::live::use_live;
use crate::pages::ending::{Limits, closed_by};
use crate::pages::past::configuration_name;
use crate::parts::{SignedMoney, TraceLink, When, session_link};
use crate::shown::use_shown;

/// What is said of an end.
#[derive(Clone, Debug, PartialEq)]
struct End {
    sentence: String,
    realized: Option<Money>,
    trace: String,
    /// Its own page.
    page: String,
}

/// `None` while it has not ended.
fn end(session: &SessionView) -> Option<End> {
    let exit = session.exit.as_ref();
    let result = SessionResult::of_view(session).filter(|_| session.lifecycle == Lifecycle::Stopped)?;
    let limits = Limits { max_loss: Some(session.pnl.max_loss), max_profit: session.pnl.max_profit };
    Some(End {
        sentence: closed_by(&result, limits, exit.and_then(|exit| exit.who.as_deref())),
        realized: session.pnl.realized,
        trace: exit.map(|exit| exit.correlation_id.clone()).unwrap_or_default(),
        page: format!("/sessions/{}", session.session_id),
    })
}

fn words(end: End) -> impl IntoView {
    view! { <b>{end.sentence}"."</b>" "<TraceLink id=end.trace/>" "<a href=end.page>"From click to flat"</a> }
}

/// How the last session ended.
#[component]
pub fn Outcome() -> impl IntoView {
    let shown = use_shown();
    let end = shown.part(end);
    let end = Memo::new(move |_| end.get().flatten());
    view! {
        <When when=move || end.with(Option::is_some)>
            <p class="note outcome" role="status"><span>{move || end.get().map(words)}</span><Result end/></p>
        </When>
    }
    .into_any()
}

#[component]
fn Result(#[prop(into)] end: Signal<Option<End>>) -> impl IntoView {
    let realized = Signal::derive(move || end.with(|end| end.as_ref().and_then(|end| end.realized)));
    view! { <span class="end">"Result, net of fees " <SignedMoney money=realized why=PRICE_NOT_TOLD/></span> }
}

/// The panels changed to another session because the one that was shown, or that the address names, is not there
/// any more: that is said, with how it ended.
#[component]
pub fn Gone() -> impl IntoView {
    let shown = use_shown();
    let live = use_live();
    let gone = Memo::new(move |_| shown.gone());
    let end = Memo::new(move |_| {
        let gone = gone.get()?;
        live.gone.with(|known| known.as_ref().filter(|session| session.session_id == gone).and_then(end))
    });
    let now = shown.part(|session| configuration_name(&session.configuration));
    let seen = move || format!("seen={}", gone.get().map(|id| id.0).unwrap_or_default());
    view! {
        <When when=move || gone.with(Option::is_some)>
            <div class="note changed" role="status">
                <span>
                    <b>"Another session is shown. "</b>
                    {move || gone.get().map(|id| view! { "Session "{session_link(id.0)}" is not among those that run any more. " })}
                    {move || end.get().map(words)}
                    {move || now.get().map(|now| format!(" You now see {now}."))}
                </span>
                <When when=move || end.with(Option::is_some)><Result end/></When>
                <button class="button quiet" type="button" aria-label="Close notice" data-does="view" data-view=seen data-control="close_notice" data-subject="gone">"×"</button>
            </div>
        </When>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::{Decimal, ExitReason};

    use super::*;

    #[test]
    fn only_what_has_stopped_has_an_end() {
        let mut session = crate::sample::session("s-1");
        assert_eq!(end(&session), None);
        session.lifecycle = Lifecycle::Stopped;
        session.ended_at = Some(model::Micros(1));
        session.exit_reason = Some(ExitReason::MaxLoss);
        session.pnl.realized = Some(Decimal::from(-60));
        let end = end(&session).expect("an end");
        assert_eq!(end.realized, Some(Decimal::from(-60)));
        assert_eq!(end.sentence, "Ended without a trade: max loss");
        assert_eq!(end.page, "/sessions/s-1");
    }
}
