//! The dialogs of Control, as the server writes them: hidden until they are opened for a session. They lie below the
//! strip and are no top-layer modals, so that PANIC stays reachable.

use leptos::prelude::*;

use crate::event::Control;
use crate::parts::cell_text;

/// One way on: what it is called, what it does, and how it is sent.
struct Way {
    label: &'static str,
    effect: &'static str,
    control: Control,
    verb: &'static str,
    /// For the body of the request.
    choice: &'static str,
    /// What must be confirmed first.
    waits: Option<&'static str>,
}

/// What both dialogs have.
struct Frame {
    id: &'static str,
    title: &'static str,
    leave: &'static str,
    /// What gets the focus back.
    back: &'static str,
    /// The cell that names the session that it may be about.
    about: &'static str,
    accepted: &'static str,
    name: &'static str,
}

pub fn stop(facts: AnyView) -> AnyView {
    let frame = Frame {
        id: "stop",
        title: "Stop this session",
        leave: "Close, keep running",
        back: ".desk .button.danger",
        about: "shown",
        accepted: "Stop accepted",
        name: "Stop",
    };
    let exit = Way {
        label: "Exit and close",
        effect: "Cancel open entries and buy back both legs, at market where needed. Ends when the venue twice says flat.",
        control: Control::Stop,
        verb: "stop",
        choice: "",
        waits: None,
    };
    let drain = Way {
        label: "Drain",
        effect: "Open nothing more; keep every exit rule until one of them closes the position.",
        control: Control::Drain,
        verb: "drain",
        choice: "",
        waits: None,
    };
    let told = (
        cell_text("stop.exit", ""),
        "Nothing more is opened; every exit rule stays until one closes the position.",
    );
    let facts = view! { <dl class="preview" data-region="stop">{facts}</dl> }.into_any();
    dialog(&frame, facts, [exit, drain], ().into_any(), told)
}

pub fn resolve(facts: AnyView) -> AnyView {
    let frame = Frame {
        id: "resolve",
        title: "Resolve this session",
        leave: "Close, decide later",
        back: ".needs-operator .button",
        about: "resolve.session",
        accepted: "Resolve accepted",
        name: "Resolve",
    };
    let close = Way {
        label: "Close what is ours",
        effect: "Cancel the session's orders, close what its own fills left on, at market where needed, and end it when \
                 the venue twice says so. What others hold in the same instruments stays.",
        control: Control::Resolve,
        verb: "resolve",
        choice: "close",
        waits: None,
    };
    let ignore = Way {
        label: "Drop the difference, go on paused",
        effect: "The difference is somebody else's: keep the session's position as its own fills say, with every exit \
                 rule, and go on paused. Refused unless trades of somebody else explain the whole difference.",
        control: Control::Resolve,
        verb: "resolve",
        choice: "ignore_foreign",
        waits: Some("Confirm first that the difference is not ours."),
    };
    let consent = view! {
        <label class="consent of-second">
            <input type="checkbox" data-consent data-does="consent"/>
            <span>"I have looked at the venue: the difference is not ours."</span>
        </label>
    };
    let told = (
        cell_text("resolve.close", ""),
        "The difference leaves the books: Deltascope will neither count nor close those lots.",
    );
    let facts = view! { <div data-region="resolve">{facts}</div> }.into_any();
    dialog(&frame, facts, [close, ignore], consent.into_any(), told)
}

fn dialog(
    frame: &Frame,
    facts: AnyView,
    [first, second]: [Way; 2],
    consent: AnyView,
    (told_first, told_second): (AnyView, &'static str),
) -> AnyView {
    let consequence = format!("{}-consequence", frame.id);
    let described = consequence.clone();
    let button = |way: &Way, class: &'static str| {
        let waits = way.waits;
        view! {
            <button class=format!("button danger solid {class}") type="button" data-does="send" data-control=way.control.word()
                data-verb=way.verb data-choice=way.choice data-accepted=frame.accepted data-name=frame.name data-waits=waits>
                {way.label}<span class="visually-hidden"></span>
            </button>
        }
    };
    let buttons = [button(&first, "of-first"), button(&second, "of-second")];
    let choices = [choice(frame.id, &first, "first", true), choice(frame.id, &second, "second", false)];
    view! {
        <div class="dialog" hidden data-dialog=frame.id data-while=frame.about data-back=frame.back>
            <section class="panel" role="dialog" aria-labelledby=frame.id aria-describedby=described>
                <header>
                    <h2 id=frame.id tabindex="-1">{frame.title}</h2>
                    <span class="end"><button class="button quiet" type="button" data-does="close">{frame.leave}</button></span>
                </header>
                <div class="body">{facts}{choices.into_iter().collect_view()}{consent}</div>
                <footer>
                    <span id=consequence><span class="of-first">{told_first}</span><span class="of-second">{told_second}</span></span>
                    {buttons.into_iter().collect_view()}
                </footer>
            </section>
        </div>
    }
    .into_any()
}

fn choice(dialog: &'static str, way: &Way, class: &'static str, checked: bool) -> AnyView {
    view! {
        <label class="choice">
            <input type="radio" name=format!("{dialog}-way") class=class checked=checked/>
            <b>{way.label}</b>
            <span class="what">{way.effect}</span>
        </label>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::input::ResolveChoice;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_choices_are_the_words_of_the_api() {
        let html = Owner::new().with(|| resolve(().into_any()).to_html());
        for choice in [ResolveChoice::Close, ResolveChoice::IgnoreForeign] {
            let word = json!(choice);
            assert!(html.contains(&format!("data-choice={word}")), "{word} in {html}");
        }
    }
}
