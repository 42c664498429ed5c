//! Lines that no index covers, such as the youngest: looked at one by one, for a limited time.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use telemetry::{Level, Micros};

use super::super::index::{ErrorPart, Match};
use super::super::search::{Needle, Waited};
use super::{Filter, Part, TelemetryStore};
use crate::store::StoreError;
use crate::store::log::{Day, Head, Log, is_passing, whole};

/// What a look may take.
const LONGEST: Duration = Duration::from_secs(10);
/// Bytes that a live reader looks at in one call.
const FOLLOWED: usize = 64 << 20;

/// Which lines are wanted.
#[derive(Clone)]
struct Wanted {
    filter: Filter,
    needle: Option<Needle>,
}

impl Wanted {
    fn of(filter: &Filter) -> Self {
        Self { filter: filter.clone(), needle: filter.needle() }
    }

    fn takes(&self, head: &Head<'_>, line: &[u8]) -> bool {
        self.filter.takes(head) && self.needle.as_ref().is_none_or(|needle| needle.is_in(head, line))
    }
}

impl TelemetryStore {
    /// The days that may hold records of a filter, latest first.
    pub(super) fn days(&self, filter: &Filter) -> Vec<Day> {
        self.log.look();
        let mut days = self.log.days();
        days.retain(|day| filter.from.is_none_or(|from| ends(*day) >= from));
        days.reverse();
        days
    }

    /// One of them, with its index. An index that cannot be read is as good as none.
    pub(super) async fn part(&self, day: Day) -> Part {
        let index = self.index.day(day, false).await.ok().flatten();
        let covered = match &index {
            Some(open) => open.covered().await.ok(),
            None => None,
        };
        Part { day, index: index.filter(|_| covered.is_some()), covered: covered.unwrap_or(day.first() - 1) }
    }

    /// The latest of them, as from the index of a day.
    pub(super) async fn uncovered(
        &self,
        filter: &Filter,
        part: &Part,
        before: Option<Match>,
        beyond: Option<Match>,
        limit: usize,
    ) -> Result<BTreeSet<Match>, StoreError> {
        self.look(filter, part, move |found: &mut BTreeSet<Match>, position, head, _| {
            let this = (head.at.0, position);
            if before.is_none_or(|before| this < before) && beyond.is_none_or(|beyond| this > beyond) {
                found.insert(this);
                if found.len() > limit {
                    found.pop_first();
                }
            }
        })
        .await
    }

    /// Counts by step and level.
    pub(super) async fn count_uncovered(
        &self,
        filter: &Filter,
        part: &Part,
        from: Micros,
        step_us: i64,
    ) -> Result<BTreeMap<(i64, Level), u64>, StoreError> {
        self.look(filter, part, move |counts: &mut BTreeMap<(i64, Level), u64>, _, head, _| {
            *counts.entry(((head.at.0 - from.0) / step_us, head.level)).or_default() += 1;
        })
        .await
    }

    /// Errors, one by one.
    pub(super) async fn uncovered_errors(
        &self,
        filter: &Filter,
        part: &Part,
    ) -> Result<Vec<ErrorPart>, StoreError> {
        self.look(filter, part, |parts: &mut Vec<ErrorPart>, position, _, line| {
            parts.extend(ErrorPart::of(position, line));
        })
        .await
    }

    /// Looks at the lines of a day that its index does not cover.
    async fn look<T: Default + Send + 'static>(
        &self,
        filter: &Filter,
        part: &Part,
        mut see: impl FnMut(&mut T, i64, &Head<'_>, &[u8]) + Send + 'static,
    ) -> Result<T, StoreError> {
        let (from, until) = (part.covered, part.day.last().min(self.log.end()));
        let mut seen = T::default();
        if from >= until {
            return Ok(seen);
        }
        let over = Arc::new(AtomicBool::new(false));
        let _waited = Waited(Arc::clone(&over));
        let (log, wanted) = (self.log.clone(), Wanted::of(filter));
        let work = tokio::task::spawn_blocking(move || {
            let (mut forward, ends) = (log.after(from), Instant::now() + LONGEST);
            loop {
                if over.load(Ordering::Relaxed) || Instant::now() >= ends {
                    return Err(io::Error::from(io::ErrorKind::TimedOut));
                }
                match forward.next(until) {
                    Ok(Some((ordinal, lines))) => lines.each(|at, line| {
                        if let Some(head) = Head::of(line)
                            && wanted.takes(&head, line)
                        {
                            see(&mut seen, ordinal.at(at), &head, line);
                        }
                        true
                    }),
                    Ok(None) => return Ok(seen),
                    Err(error) if is_passing(&error) => return Err(error),
                    // Passed over: what cannot be read cannot be found.
                    Err(_) => {}
                }
            }
        });
        let looked = work.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        looked.map_err(|source| StoreError::Log { what: "look", source })
    }
}

/// Nothing in the segments of a day happened later: lines are written after what they tell, by a clock that may be set.
pub(super) fn ends(day: Day) -> Micros {
    Micros(day.begins().0 + 2 * 86_400_000_000)
}

/// Lines behind a cursor, in order of commit, and up to where was looked.
pub(super) fn after(log: &Log, filter: &Filter, id: i64, limit: usize) -> (Vec<(i64, String)>, i64) {
    let wanted = Wanted::of(filter);
    let (mut found, mut bytes, until) = (Vec::new(), 0, log.end());
    let mut forward = log.after(id);
    while bytes < FOLLOWED {
        match forward.next(until) {
            Ok(Some((ordinal, lines))) => {
                bytes += lines.bytes.len();
                lines.each(|at, line| {
                    if Head::of(line).is_some_and(|head| wanted.takes(&head, line))
                        && let Some(text) = whole(line)
                    {
                        found.push((ordinal.at(at), text.to_owned()));
                    }
                    found.len() < limit
                });
                if let Some(last) = found.last().map(|(last, _)| *last)
                    && found.len() >= limit
                {
                    return (found, last);
                }
            }
            // Not further: beside a server the last line may be there in part.
            Ok(None) => return (found, forward.position().max(id)),
            // Not now: whoever follows asks again from here.
            Err(error) if is_passing(&error) => return (found, forward.position().max(id)),
            Err(_) => {}
        }
    }
    (found, forward.position().max(id))
}
