//! A killed process must always find its own log again, and a file that was put back must not be mixed with a log that
//! does not continue it: over random histories, at every moment and for every pair of moments.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteJournalMode;
use sqlx::{ConnectOptions as _, Connection as _};

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Insert {
        rows: u32,
        bytes: u32,
    },
    Delete {
        share: u32,
    },
    Mark,
    Checkpoint(&'static str),
    /// A reader that keeps the log from being begun again.
    Hold,
    Release,
    /// Closed in good order and opened again, or killed and opened again.
    Reopen,
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..60_u32, 1..3_000_u32).prop_map(|(rows, bytes)| Step::Insert { rows, bytes }),
        2 => (2..9_u32).prop_map(|share| Step::Delete { share }),
        3 => Just(Step::Mark),
        3 => prop_oneof![
            Just("PRAGMA wal_checkpoint(PASSIVE)"),
            Just("PRAGMA wal_checkpoint(RESTART)"),
            Just("PRAGMA wal_checkpoint(TRUNCATE)"),
        ]
        .prop_map(Step::Checkpoint),
        1 => Just(Step::Hold),
        1 => Just(Step::Release),
        1 => Just(Step::Reopen),
        1 => Just(Step::Kill),
    ]
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("wal_autocheckpoint", "40")
        .busy_timeout(std::time::Duration::ZERO)
}

async fn run(connection: &mut SqliteConnection, sql: &'static str, values: &[i64]) {
    let mut query = sqlx::query(sql);
    for value in values {
        query = query.bind(*value);
    }
    query.fetch_all(connection).await.unwrap();
}

/// File and log as a kill would leave them, with what a reader sees.
struct Moment {
    file: Vec<u8>,
    log: Vec<u8>,
    content: String,
    mark: i32,
}

impl Moment {
    /// Another one whenever the log is begun again.
    fn salt(&self) -> Option<&[u8]> {
        self.log.get(16..24)
    }
}

const CONTENT: &str =
    "SELECT COUNT(*) || ' ' || COALESCE(SUM(n), 0) || ' ' || COALESCE(SUM(LENGTH(x)), 0) FROM t";

async fn moment(path: &Path, connection: &mut SqliteConnection) -> Moment {
    Moment {
        file: std::fs::read(path).unwrap(),
        log: std::fs::read(path.with_extension("db-wal")).unwrap_or_default(),
        content: sqlx::query_scalar(CONTENT).fetch_one(&mut *connection).await.unwrap(),
        mark: sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await.unwrap(),
    }
}

async fn release(reader: &mut Option<SqliteConnection>) {
    if let Some(reader) = reader.take() {
        reader.close().await.unwrap();
    }
}

/// Lives through the steps and gives every moment.
async fn live(dir: &Path, steps: &[Step]) -> Vec<Moment> {
    let path = dir.join("a.db");
    let mut connection = options(&path).connect().await.unwrap();
    run(&mut connection, "CREATE TABLE t (n INTEGER, x BLOB)", &[]).await;
    run(&mut connection, "CREATE INDEX t_n ON t (n)", &[]).await;
    advance(&mut connection).await.unwrap();
    let (mut moments, mut reader) = (Vec::new(), None::<SqliteConnection>);
    for (number, step) in (0_i64..).zip(steps) {
        match *step {
            Step::Insert { rows, bytes } => {
                let sql = "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < $1) \
                           INSERT INTO t SELECT $2 * 1000 + i, RANDOMBLOB($3) FROM c";
                run(&mut connection, sql, &[rows.into(), number, bytes.into()]).await;
            }
            Step::Delete { share } => {
                run(&mut connection, "DELETE FROM t WHERE n % $1 = 0", &[share.into()]).await
            }
            Step::Mark => advance(&mut connection).await.unwrap(),
            Step::Checkpoint(sql) => run(&mut connection, sql, &[]).await,
            Step::Hold => {
                release(&mut reader).await;
                let mut holding = options(&path).connect().await.unwrap();
                run(&mut holding, "BEGIN", &[]).await;
                run(&mut holding, "SELECT COUNT(*) FROM t", &[]).await;
                reader = Some(holding);
            }
            Step::Release => release(&mut reader).await,
            Step::Reopen => {
                release(&mut reader).await;
                connection.close().await.unwrap();
                connection = options(&path).connect().await.unwrap();
                advance(&mut connection).await.unwrap();
            }
            Step::Kill => {
                let Moment { file, log, .. } = moment(&path, &mut connection).await;
                release(&mut reader).await;
                connection.close().await.unwrap();
                lay(dir, "a.db", &file, &log);
                assert_eq!(stranger(&path, &path.with_extension("db-wal")).unwrap(), None, "its own log");
                connection = options(&path).connect().await.unwrap();
                advance(&mut connection).await.unwrap();
            }
        }
        moments.push(moment(&path, &mut connection).await);
    }
    release(&mut reader).await;
    moments
}

fn lay(dir: &Path, name: &str, file: &[u8], log: &[u8]) -> (PathBuf, PathBuf) {
    let (path, beside) = (dir.join(name), dir.join(format!("{name}-wal")));
    let _ = std::fs::remove_file(dir.join(format!("{name}-shm")));
    std::fs::write(&path, file).unwrap();
    std::fs::write(&beside, log).unwrap();
    (path, beside)
}

async fn content(path: &Path) -> Result<String, sqlx::Error> {
    let mut connection = options(path).connect().await?;
    let content = sqlx::query_scalar(CONTENT).fetch_one(&mut connection).await;
    let _ = connection.close().await;
    content
}

#[test]
fn only_a_log_that_continues_the_file_is_taken_for_its_own() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let (own, found) = (Cell::new(0), Cell::new(0));
    runner
        .run(&prop::collection::vec(step(), 5..30), |steps| {
            let dir = tempfile::tempdir().unwrap();
            runtime.block_on(async {
                let moments = live(dir.path(), &steps).await;
                for (at, now) in moments.iter().enumerate() {
                    let (path, log) = lay(dir.path(), "b.db", &now.file, &now.log);
                    assert_eq!(stranger(&path, &log).unwrap(), None, "killed after step {at} of {steps:?}");
                    assert_eq!(content(&path).await.unwrap(), now.content);
                    own.set(own.get() + 1);
                    // The log was begun after this moment; its mark was then at least that of the moment before.
                    let begun = moments[..at].iter().rposition(|before| before.salt() != now.salt());
                    for (then, before) in moments[..at].iter().enumerate() {
                        let (path, log) = lay(dir.path(), "b.db", &before.file, &now.log);
                        if stranger(&path, &log).unwrap().is_some() {
                            found.set(found.get() + 1);
                            continue;
                        }
                        // A log that has no copy of the first page yet, for some seconds, cannot be told apart.
                        let marked = Log::read(&log).unwrap().is_some_and(|log| !log.marks.is_empty());
                        let old = marked && begun.is_some_and(|begun| before.mark + 1 < moments[begun].mark);
                        let same_log = begun.is_none_or(|begun| then > begun) && !now.log.is_empty();
                        if old || same_log {
                            assert_eq!(content(&path).await.unwrap(), now.content, "a mixture");
                        }
                    }
                }
            });
            Ok(())
        })
        .unwrap();
    assert!(own.get() > 100 && found.get() > 100, "{own:?} {found:?}");
}

#[tokio::test]
async fn the_log_of_another_file_is_a_stranger() {
    let dir = tempfile::tempdir().unwrap();
    let steps = [Step::Insert { rows: 5, bytes: 10 }, Step::Insert { rows: 30, bytes: 2_000 }];
    let other = tempfile::tempdir().unwrap();
    let (ours, theirs) = (live(dir.path(), &steps).await, live(other.path(), &steps).await);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        // Whatever of it was folded into the file: fresh files differ by their marks alone.
        let mut folded = ours.file.clone();
        folded[60..64].copy_from_slice(&ours.mark.to_be_bytes());
        let (path, log) = lay(dir.path(), "b.db", &folded, &theirs.log);
        assert!(stranger(&path, &log).unwrap().is_some());
        let (path, log) = lay(dir.path(), "b.db", &[], &theirs.log);
        assert!(stranger(&path, &log).unwrap().is_some(), "an empty file");
        std::fs::remove_file(path).unwrap();
        assert!(stranger(&dir.path().join("b.db"), &log).unwrap().is_some(), "no file");
    }
}

#[test]
fn what_is_no_log_says_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = [MAGIC, &[0x10, 0, 1, 1], &[0; 80]].concat();
    for log in [vec![], vec![0; 31], vec![0; 5_000], vec![0xA5; 5_000]] {
        let (path, log) = lay(dir.path(), "a.db", &file, &log);
        assert_eq!(stranger(&path, &log).unwrap(), None);
    }
    assert_eq!(stranger(&dir.path().join("a.db"), &dir.path().join("no-wal")).unwrap(), None);
}
