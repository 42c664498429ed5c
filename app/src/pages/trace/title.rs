//! What a trace is, in a line: from what began it to what it came to. Pure.

use telemetry::{Level, LogRecord};

use super::layout::Story;
use crate::format;

/// What ends a story, the most telling last: the event and its words.
const ENDS: [(&str, &str); 9] = [
    ("session.paused", "paused entries"),
    ("order.submitted", "an order"),
    ("order.filled", "a fill"),
    ("entry.failed", "an entry that failed"),
    ("entry.completed", "all legs sold"),
    ("exit.decided", "the decision to leave"),
    ("exit.verified_flat", "verified flat"),
    ("session.summarised", "verified flat"),
    ("panic.verified_flat", "verified flat"),
];

fn told<'a>(story: &'a Story, event: &str) -> Option<&'a LogRecord> {
    story.steps.iter().map(|step| &step.record).find(|record| record.event == event)
}

/// The sentence that says how it ended, if it is one of those.
pub fn outcome(story: &Story) -> Option<(&'static str, &LogRecord)> {
    ENDS.iter().rev().find_map(|(event, words)| Some((*words, told(story, event)?)))
}

/// Such as `From the Start click to all legs sold`.
pub fn title(story: &Story) -> String {
    let Some(first) = story.steps.first().map(|step| &step.record) else { return "Trace".to_owned() };
    let began = began(story, first);
    match outcome(story) {
        Some((words, _)) => format!("From {began} to {words}"),
        None => capitalised(began.strip_prefix("the ").unwrap_or(&began)),
    }
}

fn began(story: &Story, first: &LogRecord) -> String {
    if let Some(click) = told(story, "ui.click") {
        let control = click.payload.get("control").and_then(|control| control.as_str()).unwrap_or_default();
        return match control {
            "" => "a click".to_owned(),
            "panic" => "PANIC".to_owned(),
            other => format!("the {} click", format::words(other)),
        };
    }
    if told(story, "panic.started").is_some() {
        return "PANIC".to_owned();
    }
    match told(story, "exit.decided") {
        Some(_) => "a market tick".to_owned(),
        None => lead(&first.message),
    }
}

/// The beginning of a sentence, as far as it is short.
fn lead(message: &str) -> String {
    let end = message.find(['.', ':']).filter(|end| *end > 3).unwrap_or(message.len());
    let words: String = message[..end].chars().take(70).collect();
    if words.is_empty() { "one record".to_owned() } else { words }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What went wrong on the way, and at which steps.
pub fn troubles(story: &Story) -> (String, Vec<usize>) {
    // A press of PANIC is told loudly, and is no failure.
    let is_trouble = |record: &LogRecord| record.level >= Level::Warn && record.event != "panic.started";
    let steps = || story.steps.iter().enumerate().filter(|(_, step)| is_trouble(&step.record));
    let failed = steps().filter(|(_, step)| step.record.level >= Level::Error).count();
    let warned = steps().count() - failed;
    let count = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(one.to_owned()),
        more => Some(format!("{more} {many}")),
    };
    let parts: Vec<String> = [
        count(failed, "one step failed", "steps failed"),
        count(warned, "one step is a warning", "steps are warnings"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let words = if parts.is_empty() { "Nothing failed.".to_owned() } else { capitalised(&parts.join(", ")) };
    (words, steps().map(|(at, _)| at + 1).take(3).collect())
}

#[cfg(test)]
mod tests {
    use model::Micros;
    use telemetry::Source;

    use super::*;

    fn story(events: &[(&'static str, Level, &str)]) -> Story {
        let records = events.iter().enumerate().map(|(at, (event, level, message))| {
            let mut record = LogRecord {
                event: (*event).into(),
                level: *level,
                message: (*message).to_owned(),
                timestamp: Micros(at as i64),
                source: Source::Backend,
                ..LogRecord::default()
            };
            if *event == "ui.click" {
                record.payload.insert("control".to_owned(), "start".into());
            }
            record
        });
        Story::of(records.collect())
    }

    #[test]
    fn a_title_says_what_began_it_and_what_it_came_to() {
        let info = Level::Info;
        for (events, wanted) in [
            (
                &[("ui.click", info, ""), ("entry.completed", info, "")][..],
                "From the Start click to all legs sold",
            ),
            (
                &[("exit.decided", info, ""), ("session.summarised", info, "")][..],
                "From a market tick to verified flat",
            ),
            (
                &[("panic.started", info, ""), ("panic.verified_flat", info, "")][..],
                "From PANIC to verified flat",
            ),
            (&[("ui.click", info, "")][..], "Start click"),
            (
                &[("http.request", info, "GET /trades answered 200 in 4 ms")][..],
                "GET /trades answered 200 in 4 ms",
            ),
            (&[][..], "Trace"),
        ] {
            assert_eq!(title(&story(events)), wanted);
        }
    }

    #[test]
    fn troubles_are_counted_and_named_by_their_step() {
        let pressed = story(&[("panic.started", Level::Error, "")]);
        assert_eq!(troubles(&pressed).0, "Nothing failed.");
        assert_eq!(troubles(&story(&[("a", Level::Info, "")])), ("Nothing failed.".to_owned(), vec![]));
        let told =
            troubles(&story(&[("a", Level::Warn, ""), ("b", Level::Info, ""), ("c", Level::Error, "")]));
        assert_eq!(told, ("One step failed, one step is a warning".to_owned(), vec![1, 3]));
    }
}
