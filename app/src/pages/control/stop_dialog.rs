//! Stop: exit and close, or drain; shows what is open, what leaving costs, and the consequence in one
//! sentence. Lies below the strip, so that PANIC stays reachable.

use leptos::prelude::*;
use model::SessionId;
use model::view::SessionView;
use serde_json::json;

use super::reasons;
use crate::event::Control;
use crate::format;
use crate::frame::{Act, act, use_toasts};
use crate::live::{find, use_live};
use crate::parts::{Dialog, Known, SignedMoney, fact};
use crate::platform;

/// What the dialog says about the session.
#[derive(Clone, Debug, Default, PartialEq)]
struct Stakes {
    name: String,
    open: String,
    result: Option<model::Money>,
    /// Why the result is not known, when it is not.
    why: &'static str,
    against_mark: Option<model::Money>,
    open_orders: usize,
    is_flat: bool,
}

fn stakes(session: &SessionView) -> Stakes {
    let legs: Vec<String> = session
        .legs
        .iter()
        .filter(|leg| leg.qty != 0)
        .map(|leg| format!("{} {}", format::lots(leg.qty), leg.kind.word()))
        .collect();
    let pnl = &session.pnl;
    Stakes {
        name: format!("{} · {} · {}", session.configuration, session.underlying, session.session_id),
        why: reasons::executable(session),
        is_flat: legs.is_empty(),
        open: if legs.is_empty() { "nothing".to_owned() } else { legs.join(", ") },
        result: pnl.executable,
        against_mark: pnl.mark.zip(pnl.executable).map(|(mark, executable)| mark - executable),
        open_orders: session.orders.iter().filter(|order| !order.status.is_terminal()).count(),
    }
}

fn consequence(stakes: &Stakes, drain: bool) -> String {
    match (drain, stakes.is_flat, stakes.result) {
        (true, _, _) => {
            "Nothing more is opened; every exit rule stays until one closes the position.".to_owned()
        }
        (false, true, _) => "You will end flat: nothing is open, so nothing is bought.".to_owned(),
        (false, false, Some(result)) => {
            format!("You will end flat with about {}, within seconds.", format::signed(result))
        }
        (false, false, None) => {
            "You will end flat; the result is unknown while a closing price is missing.".to_owned()
        }
    }
}

#[component]
pub fn StopDialog(of: RwSignal<Option<SessionId>>) -> impl IntoView {
    let (live, toasts) = (use_live(), use_toasts());
    // It is about the session for which it was opened, whatever the panels come to show.
    let stakes = Memo::new(move |_| {
        let id = of.get()?;
        let held = live.held.with(|held| find(held, &id).cloned())?;
        Some(held.view.with(stakes))
    });
    Effect::new(move |_| {
        if stakes.with(Option::is_none) {
            of.set(None);
        }
    });
    let stakes = Memo::new(move |_| stakes.get().unwrap_or_default());
    let drain = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let close = move || {
        of.set(None);
        platform::focus(".desk .button.danger");
    };
    let go = move |_| {
        let Some(id) = of.get_untracked().map(|id| id.0) else { return };
        let (control, verb, route) = if drain.get_untracked() {
            (Control::Drain, "drain", "/api/v1/sessions/{id}/drain")
        } else {
            (Control::Stop, "stop", "/api/v1/sessions/{id}/stop")
        };
        let path = format!("/api/v1/sessions/{id}/{verb}");
        let stop = Act {
            control,
            subject: id,
            route,
            path,
            body: json!({}),
            accepted: "Stop accepted",
            refused: "Stop refused",
        };
        act(stop, toasts, busy, move |answer| {
            if answer.is_some() {
                close();
            }
        });
    };
    let result = Signal::derive(move || stakes.with(|stakes| stakes.result));
    let against_mark = Signal::derive(move || stakes.with(|stakes| stakes.against_mark.map(format::plain)));
    let why = Signal::derive(move || stakes.with(|stakes| stakes.why));
    view! {
        <Dialog id="stop" title="Stop this session" leave="Close, keep running" on_leave=Callback::new(move |()| close())>
            <div class="body">
                <dl class="preview">
                    {fact("Session", move || stakes.with(|stakes| stakes.name.clone()))}
                    {fact("Open", move || stakes.with(|stakes| stakes.open.clone()))}
                    {fact("Result if closed now", view! { <SignedMoney money=result why/> })}
                    {fact("Cost against mark", view! { <Known text=against_mark why/> })}
                    {fact("Open orders", move || stakes.with(|stakes| stakes.open_orders.to_string()))}
                </dl>
                <Choices drain/>
            </div>
            <footer>
                <span id="stop-consequence">{move || stakes.with(|stakes| consequence(stakes, drain.get()))}</span>
                <button class="button danger solid" type="button" disabled=move || busy.get() on:click=go>
                    {move || if drain.get() { "Drain" } else { "Exit and close" }}
                </button>
            </footer>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Choices(drain: RwSignal<bool>) -> impl IntoView {
    view! {
        <label class="choice" data-chosen=move || (!drain.get()).then_some("")>
            <input type="radio" name="how" checked prop:checked=move || !drain.get() on:change=move |_| drain.set(false)/>
            <b>"Exit and close"</b>
            <span class="what">"Cancel open entries and buy back both legs, at market where needed. Ends when the venue twice says flat."</span>
        </label>
        <label class="choice" data-chosen=move || drain.get().then_some("")>
            <input type="radio" name="how" prop:checked=move || drain.get() on:change=move |_| drain.set(true)/>
            <b>"Drain"</b>
            <span class="what">"Open nothing more; keep every exit rule until one of them closes the position."</span>
        </label>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::Decimal;

    use super::*;

    #[test]
    fn the_consequence_is_one_true_sentence() {
        let open = Stakes { result: Some(Decimal::new(712, 1)), ..Stakes::default() };
        assert_eq!(consequence(&open, false), "You will end flat with about +71.20, within seconds.");
        assert!(consequence(&Stakes { result: None, ..open.clone() }, false).contains("unknown"));
        assert!(consequence(&Stakes { is_flat: true, ..open.clone() }, false).contains("nothing is open"));
        assert!(consequence(&open, true).starts_with("Nothing more is opened"));
    }
}
