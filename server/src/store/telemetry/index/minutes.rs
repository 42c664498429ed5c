//! How many records each minute has: kept with the rows, so that a picture of a month need not count them.

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, Row as _, Sqlite};
use telemetry::{Level, Micros};

use super::super::Filter;
use super::OneDay;
use super::read::{count, level};
use super::rows::Row;
use crate::store::{StoreError, Write};

/// In microseconds.
const MINUTE: i64 = 60_000_000;
/// In place of an event: all of them together.
const ALL: i64 = 0;

/// Counts by event, minute, level and source.
#[derive(Default)]
pub(super) struct Minutes(BTreeMap<(i64, i64, i64, i64), i64>);

impl Minutes {
    pub fn note(&mut self, row: &Row, event: i64) {
        for event in [event, ALL] {
            *self.0.entry((event, row.at_us.div_euclid(MINUTE), row.level, row.source)).or_default() += 1;
        }
    }

    /// In the transaction of the rows.
    pub async fn put(self, write: &mut Write) -> Result<(), StoreError> {
        let sql = "INSERT INTO minutes (event, minute, level, source, n) VALUES (?, ?, ?, ?, ?) \
                   ON CONFLICT (event, minute, level, source) DO UPDATE SET n = n + excluded.n";
        for ((event, minute, level, source), n) in self.0 {
            let query = sqlx::query(sql).bind(event).bind(minute).bind(level).bind(source).bind(n);
            write.execute("index.minute", query).await?;
        }
        Ok(())
    }
}

/// After rows were removed.
pub(super) async fn count_anew(write: &mut Write) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM minutes",
        "INSERT INTO minutes SELECT event, at_us / 60000000, level, source, COUNT(*) FROM records GROUP BY 1, 2, 3, 4",
        "INSERT INTO minutes SELECT 0, minute, level, source, SUM(n) FROM minutes GROUP BY 2, 3, 4",
    ] {
        write.execute("index.minutes", sqlx::query(sql)).await?;
    }
    Ok(())
}

/// Up to where lines were counted, and step from the beginning, level, and count.
pub(in super::super) type Counted = (i64, Vec<(i64, Level, u64)>);

impl OneDay {
    /// Whole minutes as they were counted, what begins or ends within a minute row by row; `None` where minutes do not
    /// say it: they know nothing of sessions and correlation ids, and a step must begin with a minute.
    pub(super) async fn by_minutes(
        &self,
        filter: &Filter,
        from: Micros,
        step_us: i64,
    ) -> Result<Option<Counted>, StoreError> {
        let whole = step_us % MINUTE == 0 && from.0 % MINUTE == 0 && from.0 >= 0;
        if !whole || filter.session_id.is_some() || filter.correlation_id.is_some() {
            return Ok(None);
        }
        let event = match &filter.event {
            Some(word) => match self.word(word).await? {
                Some(number) => number,
                None => return Ok(Some((self.covered().await?, Vec::new()))),
            },
            None => ALL,
        };
        let (begins, ends) = (filter.from.map_or(0, |at| at.0.max(0)), filter.to.map_or(i64::MAX, |at| at.0));
        let first = begins.div_euclid(MINUTE) + i64::from(begins % MINUTE != 0);
        let after = ends.div_euclid(MINUTE);
        if first >= after {
            return Ok(None);
        }
        // One statement sees one state: how far was counted, and what.
        let mut builder = QueryBuilder::<Sqlite>::new(
            "SELECT -1 AS step, 0 AS level, position AS n FROM covered WHERE name = 'lines'",
        );
        builder.push(format!(
            " UNION ALL SELECT (minute * {MINUTE} - {}) / {step_us} AS step, level, SUM(n) AS n FROM minutes WHERE event = {event}",
            from.0
        ));
        builder.push(format!(" AND minute >= {first} AND minute < {after}"));
        restrict(&mut builder, filter);
        builder.push(" GROUP BY 1, 2");
        for (begins, ends) in [(begins, first * MINUTE), (after.saturating_mul(MINUTE), ends)] {
            if begins < ends {
                builder.push(format!(
                    " UNION ALL SELECT (at_us - {}) / {step_us} AS step, level, COUNT(*) AS n FROM records \
                     WHERE at_us >= {begins} AND at_us < {ends}",
                    from.0
                ));
                if event != ALL {
                    builder.push(format!(" AND event = {event}"));
                }
                restrict(&mut builder, filter);
                builder.push(" GROUP BY 1, 2");
            }
        }
        let mut search = self.db.search().await?;
        let rows = self.db.timed("index.minutes", builder.build().fetch_all(&mut **search)).await?;
        let (mut covered, mut counts) = (self.day.first() - 1, Vec::with_capacity(rows.len()));
        for row in &rows {
            match row.get::<i64, _>("step") {
                -1 => covered = row.get("n"),
                step => counts.push((step, level(row), count(row, "n"))),
            }
        }
        Ok(Some((covered, counts)))
    }
}

/// Numbers only: the text holds no values of others.
fn restrict(builder: &mut QueryBuilder<Sqlite>, filter: &Filter) {
    if let Some(least) = filter.level {
        builder.push(format!(" AND level >= {}", least as i64));
    }
    if let Some(source) = filter.source {
        builder.push(format!(" AND source = {}", source as i64));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use telemetry::{LogRecord, Source};

    use super::*;
    use crate::config::DatabaseConfig;
    use crate::store::telemetry::{Group, Keep, TelemetryStore};
    use crate::telling::Teller;

    const DAY: i64 = 20_000 * 86_400_000_000;
    const EVENTS: [&str; 3] = ["a.told", "b.told", "c.told"];

    /// Seconds of the day, event, level, source.
    type Told = (i64, usize, usize, bool);

    fn record((second, event, level, audit): Told) -> LogRecord {
        LogRecord {
            timestamp: Micros(DAY + second * 1_000_000 + 7),
            event: EVENTS[event].into(),
            level: Level::ALL[level],
            source: if audit { Source::Audit } else { Source::Backend },
            ..LogRecord::default()
        }
    }

    fn filter(event: Option<usize>, level: Option<usize>, audit: bool, from: i64, to: Option<i64>) -> Filter {
        Filter {
            event: event.map(|event| EVENTS[event].to_owned()),
            level: level.map(|level| Level::ALL[level]),
            source: audit.then_some(Source::Audit),
            from: Some(Micros(DAY + from * 1_000_000)),
            to: to.map(|to| Micros(DAY + to * 1_000_000)),
            ..Filter::default()
        }
    }

    fn slowly(told: &[Told], filter: &Filter, from: i64, step_us: i64) -> Vec<(i64, Level, u64)> {
        let mut counts = BTreeMap::new();
        for record in told.iter().map(|told| record(*told)) {
            let event = filter.event.as_ref().is_none_or(|event| *event == record.event);
            let level = filter.level.is_none_or(|level| record.level >= level);
            let source = filter.source.is_none_or(|source| record.source == source);
            let (at, to) = (record.timestamp, filter.to.unwrap_or(Micros(i64::MAX)));
            if event && level && source && at >= filter.from.unwrap() && at < to {
                *counts.entry(((at.0 - from) / step_us, record.level)).or_insert(0) += 1;
            }
        }
        counts.into_iter().map(|((step, level), n)| (step, level, n)).collect()
    }

    async fn quickly(
        store: &TelemetryStore,
        filter: &Filter,
        from: i64,
        step_us: i64,
    ) -> Vec<(i64, Level, u64)> {
        let buckets = store.histogram(filter, Micros(from), step_us).await.unwrap();
        buckets
            .into_iter()
            .map(|bucket| ((bucket.at.0 - from) / step_us, bucket.level, bucket.count))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        /// Catches: an edge that is counted twice or not at all, a line that index and tail both count, counts that are
        /// not taken away with their rows.
        #[test]
        fn a_picture_by_minutes_counts_every_line_once(
            told in prop::collection::vec((0_i64..1_200, 0_usize..3, 0_usize..6, any::<bool>()), 1..80),
            indexed in 0_usize..80,
            asked in prop::collection::vec(
                (prop::option::of(0_usize..3), prop::option::of(0_usize..6), any::<bool>(), 0_i64..1_200,
                 prop::option::of(0_i64..1_300), 1_i64..9), 1..6),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let dir = tempfile::tempdir().unwrap();
                let config = DatabaseConfig { slow_statement_ms: 10_000, slow_acquire_ms: 10_000 };
                let teller = Teller::new(Level::Fatal, 16);
                let store = TelemetryStore::own(dir.path(), teller, &config).await.unwrap();
                let (first, second) = told.split_at(indexed.min(told.len()));
                for part in [first, second] {
                    if !part.is_empty() {
                        store.append(&Group::from_iter(part.iter().map(|told| record(*told)))).await.unwrap();
                    }
                    if part.as_ptr() == first.as_ptr() {
                        store.index_to_the_end().await.unwrap();
                    }
                }
                for (event, level, audit, from, to, minutes) in asked {
                    let filter = filter(event, level, audit, from, to);
                    let begins = (DAY + from * 1_000_000).div_euclid(MINUTE) * MINUTE;
                    let step_us = minutes * MINUTE;
                    let expected = slowly(&told, &filter, begins, step_us);
                    assert_eq!(quickly(&store, &filter, begins, step_us).await, expected, "{filter:?}");
                }
            });
        }
    }

    #[tokio::test]
    async fn what_is_forgotten_is_in_no_picture_any_more() {
        let dir = tempfile::tempdir().unwrap();
        let config = DatabaseConfig { slow_statement_ms: 10_000, slow_acquire_ms: 10_000 };
        let store = TelemetryStore::own(dir.path(), Teller::new(Level::Fatal, 16), &config).await.unwrap();
        let told: Vec<Told> = (0..200).map(|n| (n, 0, 2, false)).collect();
        let wide = |told: &Told| LogRecord { message: "x".repeat(400_000), ..record(*told) };
        for told in &told {
            store.append(&Group::from_iter([wide(told)])).await.unwrap();
        }
        store.index_to_the_end().await.unwrap();
        let all = filter(None, None, false, 0, None);
        let sum = async || -> u64 { quickly(&store, &all, DAY, MINUTE).await.iter().map(|(.., n)| n).sum() };
        assert_eq!(sum().await, 200);
        let stop = crate::tasks::Tasks::new(Teller::new(Level::Fatal, 16), crate::health::Health::default());
        let keep = Keep { since_us: None, bytes: 20_000_000 };
        let forgotten = store.forget(keep, &stop.stop_signal()).await.unwrap();
        assert!(forgotten.records > 0, "the first segment went");
        assert_eq!(sum().await, 200 - forgotten.records);
    }
}
