//! The spans that are known, and the one that runs. What is closed goes to the file.

use std::io;

use model::kpis::{Calls, GapTime, MINUTE, RecordCounts, Span, Watch};
use model::{DecisionRecord, Micros};

use super::file::SpanFile;

pub(super) struct Book {
    file: SpanFile,
    /// Closed, oldest first.
    closed: Vec<Span>,
    running: Option<Span>,
    watch: Watch,
    next_seq: Option<u64>,
}

impl Book {
    pub fn new(file: SpanFile, closed: Vec<Span>) -> Self {
        let next_seq = closed.iter().map(|span| span.next_seq).max().filter(|next| *next > 0);
        Self { file, closed, running: None, watch: Watch::default(), next_seq }
    }

    /// The decision that is looked at next; `None` before the first.
    pub fn next_seq(&self) -> Option<u64> {
        self.next_seq
    }

    /// Before the first decision: where it will be looked for.
    pub fn begin_at(&mut self, next_seq: u64) {
        self.next_seq.get_or_insert(next_seq);
    }

    pub fn spans(&self) -> impl Iterator<Item = &Span> {
        self.closed.iter().chain(&self.running)
    }

    /// The span of a moment; one that is over was closed by whoever found out.
    fn running(&mut self, at: Micros) -> &mut Span {
        self.running.get_or_insert_with(|| Span::minute_of(at))
    }

    pub fn calls(&mut self, at: Micros, call: String, calls: &Calls) {
        let known = self.running(at).calls.entry(call).or_default();
        known.latency.add(&calls.latency);
        for (outcome, count) in &calls.outcomes {
            *known.outcomes.entry(outcome.clone()).or_default() += count;
        }
    }

    pub fn gaps(&mut self, at: Micros, symbol: String, gaps: &GapTime) {
        self.running(at).gaps.entry(symbol).or_default().add(gaps);
    }

    /// Counts since the start of the process, before and now.
    pub fn records(&mut self, at: Micros, before: &RecordCounts, now: &RecordCounts) {
        let records = &mut self.running(at).records;
        records.told += now.told.saturating_sub(before.told);
        records.stored += now.stored.saturating_sub(before.stored);
        records.sampled += now.sampled.saturating_sub(before.sampled);
        records.shed += now.shed.saturating_sub(before.shed);
    }

    /// Decisions in their order, each in the minute of its time; `after`: the number of the next.
    pub fn decisions(&mut self, records: &[DecisionRecord], after: u64) -> io::Result<()> {
        let mut done = Ok(());
        for record in records {
            // What is older than the running minute belongs to it all the same: its own is closed.
            done = done.and(self.pass(record.at));
            let span = self.running.get_or_insert_with(|| Span::minute_of(record.at));
            self.watch.note(record, span);
        }
        self.next_seq = Some(after);
        if let Some(span) = &mut self.running {
            span.next_seq = span.next_seq.max(after);
        }
        done
    }

    /// Time passes: a minute that is over is closed.
    pub fn pass(&mut self, now: Micros) -> io::Result<()> {
        let over = self.running.as_ref().is_some_and(|span| now.0 >= span.at.0 + MINUTE);
        if over {
            let end = self.running.as_ref().map_or(now, |span| Micros(span.at.0 + MINUTE));
            self.count(end);
            self.close_running()?;
        }
        self.count(now);
        Ok(())
    }

    /// The end: what runs is kept as it is.
    pub fn close(&mut self) -> io::Result<()> {
        self.close_running()
    }

    fn count(&mut self, to: Micros) {
        let span = self.running.get_or_insert_with(|| Span::minute_of(to));
        self.watch.count(to, span);
    }

    fn close_running(&mut self) -> io::Result<()> {
        let Some(mut span) = self.running.take().filter(|span| !span.is_empty()) else { return Ok(()) };
        span.next_seq = span.next_seq.max(self.next_seq.unwrap_or_default());
        let written = self.file.append(&span);
        self.closed.push(span);
        self.file.forget(&mut self.closed);
        written
    }
}
