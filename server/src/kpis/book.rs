//! The spans that are known, and the one that runs. What is closed goes to the file.

use std::io;

use model::decision::AccountDecision;
use model::kpis::{Calls, GapTime, MINUTE, RecordCounts, Span, Watch};
use model::{Decision, DecisionRecord, Micros};

use super::file::SpanFile;

pub(super) struct Book {
    file: SpanFile,
    /// Closed, oldest first.
    closed: Vec<Span>,
    running: Option<Span>,
    watch: Watch,
    next_seq: Option<u64>,
    next_number: u64,
}

impl Book {
    pub fn new(file: SpanFile, closed: Vec<Span>) -> Self {
        let next_seq = closed.iter().map(|span| span.next_seq).max().filter(|next| *next > 0);
        let next_number = closed.iter().map(|span| span.number).max().unwrap_or_default() + 1;
        let watch = closed.last().map(|last| Watch::resume(&last.open)).unwrap_or_default();
        Self { file, closed, running: None, watch, next_seq, next_number }
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
        if self.running.is_none() {
            self.next_number += 1;
        }
        let number = self.next_number - 1;
        self.running.get_or_insert_with(|| Span { number, ..Span::minute_of(at) })
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
            if matches!(record.decision, Decision::Account(AccountDecision::Booted { .. })) {
                self.watch.interrupted();
            }
            // What is older than the running minute belongs to it all the same: its own is closed.
            done = done.and(self.pass(record.at));
            self.running(record.at);
            if let Some(span) = &mut self.running {
                self.watch.note(record, span);
            }
        }
        self.next_seq = Some(after);
        if let Some(span) = &mut self.running {
            span.next_seq = span.next_seq.max(after);
        }
        done
    }

    /// Time passes: minutes that are over are closed.
    pub fn pass(&mut self, now: Micros) -> io::Result<()> {
        let mut done = Ok(());
        while let Some(end) = self.running.as_ref().map(|span| span.at.0 + MINUTE).filter(|end| now.0 >= *end)
        {
            self.count(Micros(end));
            done = done.and(self.close_running());
            if self.watch.counts() {
                // Minutes in which nothing was decided count all the same.
                self.running(Micros(end));
            }
        }
        self.count(now);
        done
    }

    /// Keeps what runs as it is by now, for the case that the process is killed.
    pub fn keep(&mut self) -> io::Result<()> {
        let (open, next_seq) = (self.watch.open(), self.next_seq.unwrap_or_default());
        let Some(span) = self.running.as_mut() else { return Ok(()) };
        span.open = open;
        span.next_seq = span.next_seq.max(next_seq);
        self.file.keep(span)
    }

    /// The end: what runs is kept as it is.
    pub fn close(&mut self) -> io::Result<()> {
        self.close_running()
    }

    fn count(&mut self, to: Micros) {
        self.running(to);
        if let Some(span) = &mut self.running {
            self.watch.count(to, span);
        }
    }

    fn close_running(&mut self) -> io::Result<()> {
        let Some(mut span) = self.running.take().filter(|span| !span.is_empty()) else { return Ok(()) };
        span.next_seq = span.next_seq.max(self.next_seq.unwrap_or_default());
        span.open = self.watch.open();
        let written = self.file.append(&span);
        if let Some(before) = self.closed.last_mut() {
            before.open.clear();
        }
        self.closed.push(span);
        self.file.forget(&mut self.closed);
        written
    }
}

#[cfg(test)]
mod tests;
