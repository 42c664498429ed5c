//! Where each record of a trace stands: in time from the first, and at which place it happened. Pure.

use telemetry::{LogRecord, Source};

/// Where something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Browser,
    Server,
    Engine,
    Venue,
}

impl Place {
    pub const ALL: [Place; 4] = [Place::Browser, Place::Server, Place::Engine, Place::Venue];

    pub fn word(self) -> &'static str {
        match self {
            Place::Browser => "browser",
            Place::Server => "server",
            Place::Engine => "engine",
            Place::Venue => "venue",
        }
    }

    /// A browser's records by their source, decisions by their number, the rest by family.
    pub fn of(record: &LogRecord) -> Place {
        let family = record.event.split('.').next().unwrap_or_default();
        match record.source {
            Source::Frontend => Place::Browser,
            Source::Backend | Source::Audit if record.decision_seq.is_some() => Place::Engine,
            Source::Backend | Source::Audit if matches!(family, "venue" | "stream") => Place::Venue,
            Source::Backend | Source::Audit => Place::Server,
        }
    }
}

/// One record, placed. A record that says how long something took is told at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub record: LogRecord,
    pub place: Place,
    /// From the beginning of the story, microseconds.
    pub from_us: i64,
    pub took_us: i64,
}

/// All records of one id, in the order in which they began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Story {
    pub steps: Vec<Step>,
    pub span_us: i64,
}

impl Story {
    pub fn of(records: Vec<LogRecord>) -> Self {
        let began = |record: &LogRecord| record.timestamp.0 - record.latency_us.unwrap_or(0).max(0);
        let start = records.iter().map(began).min().unwrap_or(0);
        let end = records.iter().map(|record| record.timestamp.0).max().unwrap_or(start);
        let mut steps: Vec<Step> = records
            .into_iter()
            .map(|record| Step {
                place: Place::of(&record),
                from_us: began(&record) - start,
                took_us: record.latency_us.unwrap_or(0).max(0),
                record,
            })
            .collect();
        // Stable: what began together stays in the order in which it was told.
        steps.sort_by_key(|step| step.from_us);
        Self { steps, span_us: end - start }
    }
}

#[cfg(test)]
mod tests {
    use model::Micros;

    use super::*;

    fn record(
        event: &'static str,
        at: i64,
        took: Option<i64>,
        source: Source,
        decision: Option<u64>,
    ) -> LogRecord {
        LogRecord {
            event: event.into(),
            timestamp: Micros(at),
            latency_us: took,
            source,
            decision_seq: decision,
            ..LogRecord::default()
        }
    }

    #[test]
    fn a_record_that_took_time_stands_where_it_began() {
        let story = Story::of(vec![
            record("ui.click", 1_000, None, Source::Frontend, None),
            record("session.starting", 1_300, None, Source::Backend, Some(7)),
            record("http.request", 1_500, Some(400), Source::Backend, None),
            record("venue.request", 2_000, Some(600), Source::Backend, None),
        ]);
        let shown: Vec<_> =
            story.steps.iter().map(|step| (step.record.event.as_ref(), step.from_us, step.place)).collect();
        assert_eq!(
            shown,
            [
                ("ui.click", 0, Place::Browser),
                ("http.request", 100, Place::Server),
                ("session.starting", 300, Place::Engine),
                ("venue.request", 400, Place::Venue),
            ]
        );
        assert_eq!(story.span_us, 1_000);
    }

    #[test]
    fn a_clock_that_ran_back_gives_no_negative_length() {
        let story = Story::of(vec![record("db.slow", 5, Some(-3), Source::Backend, None)]);
        assert_eq!((story.steps[0].from_us, story.steps[0].took_us, story.span_us), (0, 0, 0));
        assert_eq!(Story::of(vec![]), Story::default());
    }
}
