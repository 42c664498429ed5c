//! Spans as lines of JSON in one file: appended when they are closed, written anew with old minutes put together into
//! hours when there are too many. The one that runs is kept in a file beside it, for the case that the process is killed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use model::Micros;
use model::kpis::Span;

const NAME: &str = "kpis.ndjson";
const RUNNING: &str = "kpis.running";
const HOUR: i64 = 3_600_000_000;
/// Minutes are kept for so long, then they are an hour's.
const MINUTES_FOR: i64 = 48 * HOUR;
/// And hours for so long.
const HOURS_FOR: i64 = 31 * 24 * HOUR;
/// More lines than these are put together.
const LINES_MOST: usize = 5_000;

pub(super) struct SpanFile {
    path: PathBuf,
    file: Option<File>,
    lines: usize,
}

impl SpanFile {
    /// Opens the file of a data directory, with its spans, and what is wrong with it.
    pub fn open(dir: &Path, now: Micros) -> (Self, Vec<Span>, Option<String>) {
        let path = dir.join(NAME);
        let mut trouble = None;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                // Bytes that are no text, or a folder in its place: it is kept, and a new one begun.
                let aside = dir.join(format!("{NAME}.damaged-{}", now.0));
                let moved = fs::rename(&path, &aside);
                let kept =
                    moved.map_or_else(|error| error.to_string(), |()| format!("kept as {}", aside.display()));
                trouble = Some(format!("{NAME} cannot be read ({error}), {kept}; figures begin anew"));
                String::new()
            }
        };
        // The last line of a killed process may be cut off.
        let mut spans: Vec<Span> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        spans.extend(kept_running(&path, &spans));
        let mut this = Self { path, file: None, lines: usize::MAX };
        this.put_together(&mut spans, now);
        if let Err(error) = this.write_anew(&spans) {
            trouble = trouble.or(Some(format!("{NAME} cannot be written ({error})")));
        }
        (this, spans, trouble)
    }

    pub fn append(&mut self, span: &Span) -> io::Result<()> {
        let mut line = serde_json::to_vec(span).map_err(io::Error::other)?;
        line.push(b'\n');
        if self.file.is_none() {
            self.file = Some(OpenOptions::new().create(true).append(true).open(&self.path)?);
        }
        self.lines += 1;
        match &mut self.file {
            Some(file) => file.write_all(&line),
            None => Ok(()),
        }
    }

    /// Keeps the span that runs.
    pub fn keep(&self, span: &Span) -> io::Result<()> {
        let fresh = self.path.with_file_name(format!("{RUNNING}.new"));
        fs::write(&fresh, serde_json::to_vec(span).map_err(io::Error::other)?)?;
        fs::rename(&fresh, self.path.with_file_name(RUNNING))
    }

    /// Old spans are put together and gone, once there are too many.
    pub fn forget(&mut self, spans: &mut Vec<Span>) {
        if self.lines > LINES_MOST
            && let Some(now) = spans.last().map(|span| span.at)
        {
            self.put_together(spans, now);
            // What cannot be written anew stays as it is, and is tried again a thousand lines later.
            if self.write_anew(spans).is_err() {
                self.lines = LINES_MOST - 1_000;
            }
        }
    }

    fn put_together(&self, spans: &mut Vec<Span>, now: Micros) {
        let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans.drain(..).filter(|span| span.at.0 >= now.0 - HOURS_FOR) {
            let hour = span.at.0 - span.at.0.rem_euclid(HOUR);
            let old = span.at.0 < now.0 - MINUTES_FOR;
            match kept.last_mut().filter(|last| old && last.at.0 == hour && last.length == HOUR) {
                Some(last) => last.add(&span),
                None if old => {
                    let mut first = Span { at: Micros(hour), length: HOUR, ..Span::default() };
                    first.add(&span);
                    kept.push(first);
                }
                None => kept.push(span),
            }
        }
        *spans = kept;
    }

    fn write_anew(&mut self, spans: &[Span]) -> io::Result<()> {
        let mut text = Vec::new();
        for span in spans {
            serde_json::to_writer(&mut text, span).map_err(io::Error::other)?;
            text.push(b'\n');
        }
        let fresh = self.path.with_extension("new");
        fs::write(&fresh, text)?;
        fs::rename(&fresh, &self.path)?;
        self.lines = spans.len();
        self.file = None;
        Ok(())
    }
}

/// The span that ran when the process was killed; `None` when it was closed after it was kept.
fn kept_running(path: &Path, closed: &[Span]) -> Option<Span> {
    let text = fs::read_to_string(path.with_file_name(RUNNING)).ok()?;
    let span: Span = serde_json::from_str(&text).ok()?;
    closed.iter().all(|closed| closed.number < span.number).then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(at: i64) -> Span {
        let mut span = Span::minute_of(Micros(at));
        span.trailing.armed = 1;
        span.next_seq = u64::try_from(at / 60_000_000).unwrap_or(0);
        span
    }

    #[test]
    fn spans_survive_a_restart_and_a_line_that_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let now = Micros(100 * 24 * HOUR);
        let (mut file, spans, trouble) = SpanFile::open(dir.path(), now);
        assert!(spans.is_empty() && trouble.is_none());
        for back in [2, 1] {
            file.append(&minute(now.0 - back * 60_000_000)).unwrap();
        }
        let path = dir.path().join(NAME);
        let mut text = fs::read(&path).unwrap();
        text.truncate(text.len() - 9);
        fs::write(&path, text).unwrap();
        let (mut file, spans, _) = SpanFile::open(dir.path(), now);
        assert_eq!(spans, [minute(now.0 - 120_000_000)], "the whole one");
        file.append(&minute(now.0)).unwrap();
        assert_eq!(
            SpanFile::open(dir.path(), now).1.len(),
            2,
            "and what comes after it stands on its own line"
        );
    }

    #[test]
    fn old_minutes_are_an_hours_and_older_ones_are_gone() {
        let dir = tempfile::tempdir().unwrap();
        let now = Micros(100 * 24 * HOUR);
        let (mut file, ..) = SpanFile::open(dir.path(), now);
        for at in [now.0 - 40 * 24 * HOUR, now.0 - 60 * HOUR, now.0 - 60 * HOUR + 120_000_000, now.0 - HOUR] {
            file.append(&minute(at)).unwrap();
        }
        let (_, spans, _) = SpanFile::open(dir.path(), now);
        let told: Vec<_> = spans.iter().map(|span| (span.length, span.trailing.armed)).collect();
        assert_eq!(told, [(HOUR, 2), (60_000_000, 1)]);
    }

    #[test]
    fn what_cannot_be_read_is_kept_and_keeps_nobody_from_starting() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(NAME)).unwrap();
        let (mut file, spans, trouble) = SpanFile::open(dir.path(), Micros(7));
        assert!(spans.is_empty() && trouble.is_some_and(|why| why.contains("damaged-7")));
        file.append(&minute(0)).unwrap();
        assert_eq!(SpanFile::open(dir.path(), Micros(0)).1.len(), 1);
    }
}
