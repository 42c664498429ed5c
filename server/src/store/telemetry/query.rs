//! Reading records: pages newest first, histogram, traces, groups of errors. Positions come from the index, lines from the
//! segments; what the index does not cover is looked at line by line.

mod uncovered;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use telemetry::{Level, LogRecord, Micros};

use super::index::{ErrorPart, Match};
use super::{Filter, TelemetryStore};
use crate::store::StoreError;
use crate::store::log::{Day, whole};

/// Where the next page begins: after the record at this time with this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub at_us: i64,
    pub id: i64,
}

/// The time of a cursor that goes by position alone.
const BY_POSITION: i64 = -1;

impl Cursor {
    /// Where a search for a text goes on.
    pub(super) const fn of_search(position: i64) -> Self {
        Self { at_us: BY_POSITION, id: position }
    }

    /// Opaque text for URLs.
    #[must_use]
    pub fn to_text(self) -> String {
        format!("{}-{}", self.at_us, self.id)
    }

    /// Reads what `to_text` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.rsplit_once('-')?;
        Some(Self { at_us: at.parse().ok()?, id: id.parse().ok()? })
    }
}

/// Lines of JSON, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub lines: Vec<String>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Cursor>,
    /// A search for a text that had no more time: it has looked at what happened since.
    pub looked_to: Option<Micros>,
}

/// One column of the histogram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub at: Micros,
    pub level: Level,
    pub count: u64,
}

/// Errors that are the same: of browsers by their fingerprint, others of one event with one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorGroup {
    pub fingerprint: Option<String>,
    pub event: String,
    pub source: String,
    /// Of one of them.
    pub message: String,
    pub level: Level,
    /// Calls, repeats included.
    pub count: u64,
    /// Browser sessions that met it.
    pub sessions: u64,
    /// Builds of the browser's module that it was seen in.
    pub builds: Vec<String>,
    pub first: Micros,
    pub last: Micros,
}

/// Most records of one trace.
const TRACE_MOST: usize = 10_000;
const GROUPS_MOST: usize = 200;
/// Candidates of a narrow search for a text that are looked at before it gives what it has.
const NARROW_MOST: usize = 20_000;

impl TelemetryStore {
    /// A page of at most `limit` records, newest first.
    pub async fn page(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let by_position = after.is_some_and(|cursor| cursor.at_us == BY_POSITION);
        if filter.q.is_some() {
            return match filter.is_narrow() && !by_position {
                true => self.narrow_page(filter, after, limit).await,
                false => self.search(filter, after, limit).await,
            };
        }
        let before = after.map(|cursor| (cursor.at_us, cursor.id));
        let mut matches = self.latest(filter, before, limit.saturating_add(1)).await?;
        let more = matches.len() > limit;
        matches.truncate(limit);
        let next = matches.last().filter(|_| more).map(|&(at_us, id)| Cursor { at_us, id });
        Ok(Page { lines: texts(self.lines(&matches).await?), next, looked_to: None })
    }

    /// The index knows few that may hold the text: each is looked at.
    async fn narrow_page(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let _turn = self.index.turn().await?;
        let Some(needle) = filter.needle() else { return Ok(Page::default()) };
        let (mut before, mut looked) = (after.map(|cursor| (cursor.at_us, cursor.id)), 0);
        let mut page = Page::default();
        loop {
            let matches = self.latest(filter, before, 1_000).await?;
            let lines = self.lines(&matches).await?;
            looked += matches.len();
            for ((at_us, id), line) in lines {
                let head = crate::store::log::Head::of(line.as_bytes());
                if head.is_some_and(|head| needle.is_in(&head, line.as_bytes())) {
                    if page.lines.len() == limit {
                        page.next = before.map(|(at_us, id)| Cursor { at_us, id });
                        return Ok(page);
                    }
                    page.lines.push(line);
                }
                before = Some((at_us, id));
            }
            before = matches.last().copied().or(before);
            if matches.len() < 1_000 {
                return Ok(page);
            }
            if looked >= NARROW_MOST {
                page.next = before.map(|(at_us, id)| Cursor { at_us, id });
                page.looked_to = before.map(|(at_us, _)| Micros(at_us));
                return Ok(page);
            }
        }
    }

    /// Records of one correlation id as JSON lines, in order of time.
    pub async fn trace(&self, correlation_id: &str) -> Result<Vec<String>, StoreError> {
        let filter = Filter { correlation_id: Some(correlation_id.to_owned()), ..Filter::default() };
        let mut found = BTreeSet::new();
        for day in self.days(&filter) {
            let part = self.part(day).await;
            if let Some(index) = &part.index {
                found.extend(index.first(&filter, TRACE_MOST).await?);
            }
            found.extend(self.uncovered(&filter, &part, None, None, TRACE_MOST).await?);
        }
        let found: Vec<Match> = found.into_iter().take(TRACE_MOST).collect();
        Ok(texts(self.lines(&found).await?))
    }

    /// Counts by level in steps of `step_us` from `from`; empty steps are left out.
    pub async fn histogram(
        &self,
        filter: &Filter,
        from: Micros,
        step_us: i64,
    ) -> Result<Vec<Bucket>, StoreError> {
        let mut counts: BTreeMap<(i64, Level), u64> = BTreeMap::new();
        let text = filter.q.is_some();
        for day in self.days(filter) {
            let part = self.part(day).await;
            let mut part = if text { part.without_index() } else { part };
            if let Some(index) = &part.index {
                let (covered, known) = index.histogram(filter, part.covered, from, step_us).await?;
                for (step, level, n) in known {
                    *counts.entry((step, level)).or_default() += n;
                }
                part.covered = covered;
            }
            for ((step, level), n) in self.count_uncovered(filter, &part, from, step_us).await? {
                *counts.entry((step, level)).or_default() += n;
            }
        }
        let bucket = |((step, level), count)| Bucket { at: Micros(from.0 + step * step_us), level, count };
        Ok(counts.into_iter().map(bucket).collect())
    }

    /// Errors and worse in groups, latest first.
    pub async fn errors(&self, filter: &Filter) -> Result<Vec<ErrorGroup>, StoreError> {
        let filter = Filter { level: filter.level.max(Some(Level::Error)), ..filter.clone() };
        let mut parts: Vec<ErrorPart> = Vec::new();
        for day in self.days(&filter) {
            let part = self.part(day).await;
            let part = if filter.q.is_some() { part.without_index() } else { part };
            if let Some(index) = &part.index {
                parts.extend(index.errors(&filter, part.covered).await?);
            }
            parts.extend(self.uncovered_errors(&filter, &part).await?);
        }
        let mut groups = merged(parts);
        groups.sort_by_key(|group| std::cmp::Reverse((group.last, group.position)));
        groups.truncate(GROUPS_MOST);
        let positions: Vec<Match> = groups.iter().map(|group| (0, group.position)).collect();
        let lines = self.lines(&positions).await?;
        let lines: HashMap<i64, String> =
            lines.into_iter().map(|((_, position), line)| (position, line)).collect();
        let line = |position: i64| lines.get(&position).map(String::as_str).unwrap_or_default();
        let told = |group: Group| {
            let line = line(group.position);
            group.told_by(line)
        };
        Ok(groups.into_iter().map(told).collect())
    }

    /// The latest that match, newest first: `before` one of them.
    async fn latest(
        &self,
        filter: &Filter,
        before: Option<Match>,
        wanted: usize,
    ) -> Result<Vec<Match>, StoreError> {
        let mut latest: BTreeSet<Match> = BTreeSet::new();
        for day in self.days(filter) {
            let beyond = latest.first().copied().filter(|_| latest.len() >= wanted);
            if beyond.is_some_and(|(at_us, _)| uncovered::ends(day).0 < at_us) {
                break;
            }
            let part = self.part(day).await;
            if let Some(index) = &part.index {
                latest.extend(index.page(filter, before, beyond, wanted).await?);
            }
            latest.extend(self.uncovered(filter, &part, before, beyond, wanted).await?);
            while latest.len() > wanted {
                latest.pop_first();
            }
        }
        Ok(latest.into_iter().rev().collect())
    }

    /// Lines by their positions, in the order asked for; one that cannot be read is left out.
    async fn lines(&self, matches: &[Match]) -> Result<Vec<(Match, String)>, StoreError> {
        let (log, matches) = (self.log.clone(), matches.to_vec());
        let read = tokio::task::spawn_blocking(move || {
            let positions: Vec<i64> = matches.iter().map(|(_, position)| *position).collect();
            let lines = matches.into_iter().zip(log.lines_at(&positions));
            lines.filter_map(|(at, line)| Some((at, whole(line.as_deref()?)?.to_owned()))).collect()
        });
        read.await.map_err(|error| StoreError::Log { what: "read", source: std::io::Error::other(error) })
    }

    /// Records committed after `id` as JSON lines with their ids, in order of commit: for live readers.
    pub async fn after(
        &self,
        filter: &Filter,
        id: i64,
        limit: usize,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        self.follow_from(filter, id, limit).await.map(|(lines, _)| lines)
    }

    /// The same, and up to where was looked: the next call goes on from there.
    pub async fn follow_from(
        &self,
        filter: &Filter,
        id: i64,
        limit: usize,
    ) -> Result<(Vec<(i64, String)>, i64), StoreError> {
        self.log.look();
        let (log, filter) = (self.log.clone(), filter.clone());
        let read = tokio::task::spawn_blocking(move || uncovered::after(&log, &filter, id, limit)).await;
        read.map_err(|error| StoreError::Log { what: "read", source: std::io::Error::other(error) })
    }
}

fn texts(lines: Vec<(Match, String)>) -> Vec<String> {
    lines.into_iter().map(|(_, line)| line).collect()
}

/// A day of the log with what its index covers.
pub(super) struct Part {
    pub day: Day,
    pub index: Option<std::sync::Arc<super::index::OneDay>>,
    /// Up to here the index knows the lines.
    pub covered: i64,
}

impl Part {
    /// As if there were no index: a text stands in no index.
    fn without_index(self) -> Self {
        Self { index: None, covered: self.day.first() - 1, ..self }
    }
}

/// Errors of one kind, from all days.
struct Group {
    parts: ErrorPart,
    position: i64,
    last: Micros,
    clients: BTreeSet<String>,
    builds: BTreeSet<String>,
}

fn merged(parts: Vec<ErrorPart>) -> Vec<Group> {
    let mut groups: HashMap<i64, Group> = HashMap::new();
    for part in parts {
        let group = groups.entry(part.kind).or_insert_with(|| Group {
            position: part.position,
            last: part.last,
            clients: BTreeSet::new(),
            builds: BTreeSet::new(),
            parts: ErrorPart { calls: 0, ..part.clone() },
        });
        group.parts.calls += part.calls;
        group.parts.level = group.parts.level.max(part.level);
        group.parts.first = group.parts.first.min(part.first);
        group.last = group.last.max(part.last);
        group.position = group.position.max(part.position);
        group.clients.extend(part.client);
        group.builds.extend(part.build.filter(|build| !build.is_empty()));
    }
    groups.into_values().collect()
}

impl Group {
    /// `line`: one of them.
    fn told_by(self, line: &str) -> ErrorGroup {
        let record = LogRecord::from_line(line).unwrap_or_default();
        ErrorGroup {
            fingerprint: telemetry::fingerprint(&record),
            event: record.event.into_owned(),
            source: record.source.as_str().to_owned(),
            message: record.message,
            level: self.parts.level,
            count: self.parts.calls,
            sessions: self.clients.len() as u64,
            builds: self.builds.into_iter().collect(),
            first: self.parts.first,
            last: self.last,
        }
    }
}
