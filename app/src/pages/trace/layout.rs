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
    /// Fills of the same order that came one after another, folded into this one.
    pub folded: Vec<LogRecord>,
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
                folded: Vec::new(),
                record,
            })
            .collect();
        // Stable: what began together stays in the order in which it was told.
        steps.sort_by_key(|step| step.from_us);
        Self { steps: folded(steps), span_us: end - start }
    }

    /// Records, those that are folded included.
    pub fn records(&self) -> usize {
        self.steps.iter().map(|step| 1 + step.folded.len()).sum()
    }
}

/// A single fill says little: a run of an order's fills is one step, told by the first.
fn folded(steps: Vec<Step>) -> Vec<Step> {
    let mut kept: Vec<Step> = Vec::with_capacity(steps.len());
    for step in steps {
        let order = order_filled(&step.record);
        match kept.last_mut().filter(|last| order.is_some() && order_filled(&last.record) == order) {
            Some(last) => last.folded.push(step.record),
            None => kept.push(step),
        }
    }
    for step in &mut kept {
        if !step.folded.is_empty() {
            step.record.message = fills(step);
        }
    }
    kept
}

/// The order of which a record books a fill.
fn order_filled(record: &LogRecord) -> Option<&str> {
    let is_fill = record.event == "order.fill_booked" && record.level <= telemetry::Level::Info;
    record.payload.get("client_order_id")?.as_str().filter(|_| is_fill)
}

/// Such as `11 fills: bought 135 P-BTC-45200-281126 at 352.9.`
fn fills(step: &Step) -> String {
    let all = || std::iter::once(&step.record).chain(&step.folded);
    let text = |record: &LogRecord, key: &str| {
        record.payload.get(key).and_then(|value| value.as_str().map(str::to_owned))
    };
    let lots: i64 = all().filter_map(|record| record.payload.get("qty")?.as_i64()).sum();
    let mut prices: Vec<String> = all().filter_map(|record| text(record, "price")).collect();
    prices.sort();
    prices.dedup();
    let prices = match prices.as_slice() {
        [] => String::new(),
        [one] => format!(" at {one}"),
        [first, .., last] => format!(" at {first} to {last}"),
    };
    let side = if text(&step.record, "side").as_deref() == Some("buy") { "bought" } else { "sold" };
    let symbol = text(&step.record, "symbol").unwrap_or_default();
    format!("{} fills: {side} {} {symbol}{prices}.", all().count(), crate::format::lots(lots))
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

    #[test]
    fn fills_of_one_order_that_follow_each_other_are_one_step() {
        let fill = |at: i64, order: &str, qty: i64, price: &str| {
            let mut fill = record("order.fill_booked", at, None, Source::Backend, Some(1));
            let said = [("client_order_id", order), ("side", "sell"), ("symbol", "C"), ("price", price)];
            fill.payload.extend(said.map(|(key, value)| (key.to_owned(), value.into())));
            fill.payload.insert("qty".to_owned(), qty.into());
            fill
        };
        let submitted = record("order.submitted", 1, None, Source::Backend, Some(1));
        let fills =
            [fill(2, "a", 5, "3.1"), fill(3, "a", 7, "3.1"), fill(4, "a", 8, "3.0"), fill(5, "b", 1, "2")];
        let story = Story::of([submitted].into_iter().chain(fills).collect());
        let told: Vec<_> = story.steps.iter().map(|step| step.record.message.as_str()).collect();
        assert_eq!(told, ["", "3 fills: sold 20 C at 3.0 to 3.1.", ""]);
        assert_eq!(story.records(), 5);
    }
}
