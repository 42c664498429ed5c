//! An operator is needed: the venue and our books differ. Every way on that there is, what each does, and a word of
//! consent where something is dropped.

use leptos::prelude::*;
use model::input::ResolveChoice;
use model::view::SessionView;
use model::{Lifecycle, SessionId};
use serde_json::json;

use super::desk::ActButton;
use crate::event::{Control, UiEvent};
use crate::format;
use crate::frame::{Act, act, may_operate, use_toasts};
use crate::parts::{Dialog, When, fact};
use crate::platform;
use crate::shown::use_shown;
use crate::tell::tell;

/// What the dialog says of the session that it was opened for.
#[derive(Clone, Debug, PartialEq)]
struct Need {
    id: SessionId,
    name: String,
    why: String,
    /// By our own fills.
    ours: String,
    /// Somebody else's trades in its instruments.
    foreign: String,
}

fn need(session: &SessionView) -> Option<Need> {
    let why = session.needs_operator.clone().filter(|_| session.lifecycle == Lifecycle::NeedsOperator)?;
    let or_nothing = |rows: Vec<String>| if rows.is_empty() { "nothing".to_owned() } else { rows.join(", ") };
    let open = session.legs.iter().filter(|leg| leg.qty != 0);
    Some(Need {
        id: session.session_id.clone(),
        name: format!("{} · {} · {}", session.configuration, session.underlying, session.session_id),
        why,
        ours: or_nothing(open.map(|leg| format::held(&leg.symbol, leg.qty)).collect()),
        foreign: or_nothing(
            session.foreign.iter().map(|(symbol, lots)| format::held(symbol, *lots)).collect(),
        ),
    })
}

fn label(choice: ResolveChoice) -> &'static str {
    match choice {
        ResolveChoice::Close => "Close what is ours",
        ResolveChoice::IgnoreForeign => "Drop the difference, go on paused",
    }
}

fn effect(choice: ResolveChoice) -> &'static str {
    match choice {
        ResolveChoice::Close => {
            "Cancel the session's orders, close what its own fills left on, at market where needed, and end it when \
             the venue twice says so. What others hold in the same instruments stays."
        }
        ResolveChoice::IgnoreForeign => {
            "The difference is somebody else's: keep the session's position as its own fills say, with every exit \
             rule, and go on paused. Refused unless trades of somebody else explain the whole difference."
        }
    }
}

fn consequence(choice: ResolveChoice, need: &Need) -> String {
    match (choice, need.ours.as_str()) {
        (ResolveChoice::Close, "nothing") => {
            "By our fills nothing is on: the session ends once the venue says flat.".to_owned()
        }
        (ResolveChoice::Close, ours) => format!("The session's {ours} will be closed, and it ends."),
        (ResolveChoice::IgnoreForeign, _) => {
            "The difference leaves the books: Deltascope will neither count nor close those lots.".to_owned()
        }
    }
}

/// The notice, with the way to the dialog.
#[component]
pub fn NeedsOperator() -> impl IntoView {
    let shown = use_shown();
    let operate = may_operate();
    let open = RwSignal::new(None::<SessionId>);
    let need = shown.part(need);
    let need = Memo::new(move |_| need.get().flatten());
    // The dialog is about the session for which it was opened: when that one needs nobody any more, it goes.
    let asked = Memo::new(move |_| {
        let id = open.get()?;
        need.get().filter(|need| need.id == id)
    });
    let shut = Signal::derive(move || (!operate.get()).then(|| "Your role only looks.".to_owned()));
    let ask = move || {
        let Some(need) = need.get_untracked() else { return };
        tell(&UiEvent::Click { control: Control::ResolveDialog, subject: need.id.0.clone() });
        open.set(Some(need.id));
    };
    view! {
        <When when=move || need.with(Option::is_some)>
            <div class="note needs-operator" data-tone="alarm" role="status">
                <span><b>"An operator is needed. "</b>{move || need.get().map(|need| need.why)}</span>
                <span class="end"><ActButton label="Resolve…" class="danger" shut on_act=ask/></span>
            </div>
        </When>
        <When when=move || asked.with(Option::is_some)><ResolveDialog need=asked open/></When>
    }
    .into_any()
}

#[component]
fn ResolveDialog(need: Memo<Option<Need>>, open: RwSignal<Option<SessionId>>) -> impl IntoView {
    let toasts = use_toasts();
    let choice = RwSignal::new(ResolveChoice::default());
    let consent = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let leave = move || {
        open.set(None);
        platform::focus(".needs-operator .button");
    };
    let shut = Signal::derive(move || match (busy.get(), choice.get()) {
        (true, _) => Some("Waiting for the server's answer.".to_owned()),
        (false, ResolveChoice::IgnoreForeign) if !consent.get() => {
            Some("Confirm first that the difference is not ours.".to_owned())
        }
        (false, ResolveChoice::Close | ResolveChoice::IgnoreForeign) => None,
    });
    let go = move || {
        let Some(id) = open.get_untracked().map(|id| id.0) else { return };
        let resolve = Act {
            control: Control::Resolve,
            subject: id.clone(),
            route: "/api/v1/sessions/{id}/resolve",
            path: format!("/api/v1/sessions/{id}/resolve"),
            body: json!({ "choice": choice.get_untracked() }),
            accepted: "Resolve accepted",
            refused: "Resolve refused",
        };
        act(resolve, toasts, busy, move |answer| {
            if answer.is_some() {
                open.try_set(None);
            }
        });
    };
    let text =
        move |of: fn(&Need) -> String| move || need.with(|need| need.as_ref().map(of).unwrap_or_default());
    let told = move || need.with(|need| need.as_ref().map(|need| consequence(choice.get(), need)));
    view! {
        <Dialog id="resolve" title="Resolve this session" leave="Close, decide later" on_leave=Callback::new(move |()| leave())>
            <div class="body">
                <p class="why-needed">{text(|need| need.why.clone())}</p>
                <dl class="preview">
                    {fact("Session", text(|need| need.name.clone()))}
                    {fact("On by our own fills", text(|need| need.ours.clone()))}
                    {fact("Traded there by somebody else", text(|need| need.foreign.clone()))}
                </dl>
                <Ways choice/>
                <Consent choice consent/>
            </div>
            <footer>
                <span id="resolve-consequence">{told}</span>
                {move || view! { <ActButton label=label(choice.get()) class="danger solid" shut on_act=go/> }}
            </footer>
        </Dialog>
    }
    .into_any()
}

/// Every choice with what it does.
#[component]
fn Ways(choice: RwSignal<ResolveChoice>) -> impl IntoView {
    [ResolveChoice::Close, ResolveChoice::IgnoreForeign]
        .map(|way| {
            view! {
                <label class="choice" data-chosen=move || (choice.get() == way).then_some("")>
                    <input type="radio" name="way" checked=way == ResolveChoice::default() prop:checked=move || choice.get() == way on:change=move |_| choice.set(way)/>
                    <b>{label(way)}</b>
                    <span class="what">{effect(way)}</span>
                </label>
            }
        })
        .collect_view()
        .into_any()
}

/// Something is dropped: that takes more than one click.
#[component]
fn Consent(choice: RwSignal<ResolveChoice>, consent: RwSignal<bool>) -> impl IntoView {
    view! {
        <When when=move || choice.get() == ResolveChoice::IgnoreForeign>
            <label class="consent">
                <input type="checkbox" prop:checked=move || consent.get() on:change=move |event| consent.set(event_target_checked(&event))/>
                <span>"I have looked at the venue: the difference is not ours."</span>
            </label>
        </When>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SessionView {
        let mut session = crate::sample::session("s-1");
        session.lifecycle = Lifecycle::NeedsOperator;
        session.needs_operator = Some("Our fills say −200, the venue says −180.".to_owned());
        session
    }

    #[test]
    fn the_dialog_says_what_each_way_costs() {
        let mut session = session();
        session.legs.push(crate::sample::leg(-200));
        let need = need(&session).expect("an operator is needed");
        assert_eq!((need.ours.as_str(), need.foreign.as_str()), ("−200 C-BTC-48000-070122", "nothing"));
        assert_eq!(
            consequence(ResolveChoice::Close, &need),
            "The session's −200 C-BTC-48000-070122 will be closed, and it ends."
        );
        assert!(consequence(ResolveChoice::IgnoreForeign, &need).contains("neither count nor close"));
    }

    #[test]
    fn nobody_is_asked_once_it_goes_on() {
        let mut session = session();
        session.lifecycle = Lifecycle::Exiting;
        assert_eq!(need(&session), None);
    }

    #[test]
    fn the_choices_are_the_words_of_the_api() {
        let words =
            [ResolveChoice::Close, ResolveChoice::IgnoreForeign].map(|choice| json!({ "choice": choice }));
        assert_eq!(words, [json!({ "choice": "close" }), json!({ "choice": "ignore_foreign" })]);
    }
}
