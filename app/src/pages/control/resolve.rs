//! An operator is needed: the venue and our books differ. What is known of it, for the notice and for the dialog.

use leptos::prelude::*;
use model::view::SessionView;
use model::{Lifecycle, SessionId};

use crate::event::Control;
use crate::format;
use crate::pages::past::configuration_name;
use crate::parts::{When, fact, open_button};
use crate::shown::use_shown;

/// What the dialog says of the session that it was opened for.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    pub id: SessionId,
    name: String,
    why: String,
    /// By our own fills.
    ours: String,
    /// Somebody else's trades in its instruments.
    foreign: String,
}

pub fn need(session: &SessionView) -> Option<Need> {
    let why = session.needs_operator.clone().filter(|_| session.lifecycle == Lifecycle::NeedsOperator)?;
    let or_nothing = |rows: Vec<String>| if rows.is_empty() { "nothing".to_owned() } else { rows.join(", ") };
    let open = session.legs.iter().filter(|leg| leg.qty != 0);
    Some(Need {
        id: session.session_id.clone(),
        name: format!("{} · {}", configuration_name(&session.configuration), session.session_id),
        why,
        ours: or_nothing(open.map(|leg| format::held(&leg.symbol, leg.qty)).collect()),
        foreign: or_nothing(
            session.foreign.iter().map(|(symbol, lots)| format::held(symbol, *lots)).collect(),
        ),
    })
}

/// Of closing what is ours.
pub fn consequence(need: &Need) -> String {
    match need.ours.as_str() {
        "nothing" => "By our fills nothing is on: the session ends once the venue says flat.".to_owned(),
        ours => format!("The session's {ours} will be closed, and it ends."),
    }
}

/// The notice, with the way to the dialog.
#[component]
pub fn NeedsOperator() -> impl IntoView {
    let need = use_shown().part(need);
    let need = Memo::new(move |_| need.get().flatten());
    let id = move || need.get().map(|need| need.id.0).unwrap_or_default();
    view! {
        <When when=move || need.with(Option::is_some)>
            <div class="note needs-operator" data-tone="alarm" role="status">
                <span><b>"An operator is needed. "</b>{move || need.get().map(|need| need.why)}</span>
                <span class="end">{open_button("Resolve…", "danger", "why.role", "resolve", Control::ResolveDialog, &id())}</span>
            </div>
        </When>
    }
    .into_any()
}

/// What is known, for the dialog.
pub fn facts() -> AnyView {
    let need = use_shown().held_untracked().and_then(|held| held.view.with_untracked(need));
    let Some(need) = need else { return ().into_any() };
    view! {
        <p class="why-needed">{need.why}</p>
        <dl class="preview">
            {fact("Session", need.name)}
            {fact("On by our own fills", need.ours)}
            {fact("Traded there by somebody else", need.foreign)}
        </dl>
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
        assert_eq!(consequence(&need), "The session's −200 C-BTC-48000-070122 will be closed, and it ends.");
    }

    #[test]
    fn nobody_is_asked_once_it_goes_on() {
        let mut session = session();
        session.lifecycle = Lifecycle::Exiting;
        assert_eq!(need(&session), None);
    }
}
