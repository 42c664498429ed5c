//! From click to flat: decisions as sentences, in three acts, each leading to its trace.

use leptos::prelude::*;
use model::view::WhyView;
use telemetry::Level;

use crate::format;
use crate::log_query::LogQuery;
use crate::parts::TraceLink;
use crate::port::SessionDetail;

/// Which part of the story a decision belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Start,
    Watch,
    Exit,
}

impl Act {
    fn name(self) -> &'static str {
        match self {
            Act::Start => "Start",
            Act::Watch => "Watch",
            Act::Exit => "Exit",
        }
    }
}

/// The acts in order: entry is over when both legs are sold, the exit begins with its decision or with a panic.
fn acts(decisions: &[WhyView], from_the_start: bool) -> Vec<(Act, Vec<WhyView>)> {
    let mut acts = vec![(Act::Start, vec![]), (Act::Watch, vec![]), (Act::Exit, vec![])];
    let mut act = if from_the_start { Act::Start } else { Act::Watch };
    for decision in decisions {
        match decision.event.as_str() {
            "exit.decided" | "panic.started" | "exit.close_started" | "entry.failed" => act = Act::Exit,
            _ => {}
        }
        if let Some((_, told)) = acts.iter_mut().find(|(each, _)| *each == act) {
            told.push(decision.clone());
        }
        if decision.event == "entry.completed" && act == Act::Start {
            act = Act::Watch;
        }
    }
    acts.retain(|(_, told)| !told.is_empty());
    acts
}

pub fn story(detail: &SessionDetail) -> AnyView {
    let id = detail.view.session_id.to_string();
    let more = detail.more.then(|| {
        view! { <footer>"These are the latest decisions; " <a href=LogQuery::session_href(&id)>"all records of the session"</a> " hold the earlier ones."</footer> }
    });
    let acts = acts(&detail.decisions, !detail.more);
    let body = if acts.is_empty() {
        view! { <p class="empty">"The journal does not hold the decisions of this session any more; decisions are kept for thirty days."</p> }
            .into_any()
    } else {
        let acts = acts.into_iter().map(|(act, told)| act_view(act, told)).collect_view();
        view! { <div class="story-acts">{acts}</div> }.into_any()
    };
    view! {
        <section class="panel story-of" aria-label="From click to flat">
            <header><h2>"From click to flat"</h2><span class="end"><span>"UTC"</span></span></header>
            {body}
            {more}
        </section>
    }
    .into_any()
}

fn act_view(act: Act, told: Vec<WhyView>) -> AnyView {
    // Each trace once at its first sentence: what follows belongs to it until another is named.
    let mut named = String::new();
    let lines = told
        .into_iter()
        .map(|why| {
            let is_new = why.correlation_id != named;
            named.clone_from(&why.correlation_id);
            line(why, is_new)
        })
        .collect_view();
    view! { <div><h3>{act.name()}</h3><ol>{lines}</ol></div> }.into_any()
}

fn line(why: WhyView, with_trace: bool) -> AnyView {
    let tone = (why.level >= Level::Warn).then(|| why.level.as_str());
    let trace = with_trace.then(|| view! { " " <TraceLink id=why.correlation_id/> });
    view! {
        <li data-level=tone><time>{format::clock_ms(why.at)}</time><span title=why.event>{why.sentence}{trace}</span></li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::Micros;

    use super::*;

    fn of(events: &[&str], from_the_start: bool) -> Vec<(&'static str, usize)> {
        let decisions: Vec<WhyView> = events
            .iter()
            .map(|event| WhyView {
                decision_seq: 1,
                at: Micros(0),
                event: (*event).to_owned(),
                level: Level::Info,
                sentence: String::new(),
                correlation_id: String::new(),
                session_id: None,
            })
            .collect();
        acts(&decisions, from_the_start).into_iter().map(|(act, told)| (act.name(), told.len())).collect()
    }

    #[test]
    fn a_story_has_up_to_three_acts() {
        let whole = ["session.starting", "entry.completed", "trailing.armed", "exit.decided", "order.filled"];
        assert_eq!(of(&whole, true), [("Start", 2), ("Watch", 1), ("Exit", 2)]);
        assert_eq!(of(&["session.starting", "entry.failed"], true), [("Start", 1), ("Exit", 1)]);
        assert_eq!(of(&["trailing.armed"], false), [("Watch", 1)]);
        assert_eq!(of(&[], true), []);
    }
}
