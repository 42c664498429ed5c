//! The table: every checkpoint with the record that shows it, its context and fields, found or not.

use std::fmt;

use serde_json::Value;

use super::shapes::Checkpoint;

/// One checkpoint, looked up among the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub area: &'static str,
    pub what: &'static str,
    pub event: &'static str,
    /// Id of the record that shows it best.
    pub event_id: Option<String>,
    /// Fields of context and content that it has to have.
    pub fields: Vec<&'static str>,
    /// Those of them that it lacks; all when there is no record.
    pub lacks: Vec<&'static str>,
}

impl Row {
    /// Whether a record shows it, with everything.
    #[must_use]
    pub fn found(&self) -> bool {
        self.event_id.is_some() && self.lacks.is_empty()
    }
}

/// What the run came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub rows: Vec<Row>,
    pub records: usize,
    pub seconds: u64,
    /// Steps of the run that did not come about.
    pub missed: Vec<String>,
    /// Where it was looked.
    pub place: String,
}

impl Report {
    pub(super) fn of(checkpoints: &[Checkpoint], records: &[Value]) -> Self {
        let rows = checkpoints.iter().map(|point| row(point, records)).collect();
        Self { rows, records: records.len(), ..Self::default() }
    }

    /// Whether everything was told.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.missed.is_empty() && self.rows.iter().all(Row::found)
    }
}

fn row(point: &Checkpoint, records: &[Value]) -> Row {
    let fields: Vec<&'static str> = point.of.fields().iter().chain(point.fields).copied().collect();
    let best = records
        .iter()
        .filter_map(|record| Some((point.lacks(record)?, record)))
        .min_by_key(|(lacks, _)| lacks.len());
    let (event_id, lacks) = match best {
        Some((lacks, record)) => (record["event_id"].as_str().map(str::to_owned), lacks),
        None => (None, fields.clone()),
    };
    Row { area: point.area, what: point.what, event: point.event, event_id, fields, lacks }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |of: fn(&Row) -> usize| self.rows.iter().map(of).max().unwrap_or(0);
        let (events, ids) =
            (width(|row| row.event.len()), width(|row| row.event_id.as_ref().map_or(1, String::len)));
        let mut area = "";
        for row in &self.rows {
            if area != row.area {
                area = row.area;
                writeln!(out, "\n{area}")?;
            }
            let verdict = if row.found() { "found  " } else { "MISSING" };
            let id = row.event_id.as_deref().unwrap_or("-");
            writeln!(out, "  {verdict}  {:events$}  {id:ids$}  {}", row.event, row.what)?;
            writeln!(out, "           {}", row.fields.join(" "))?;
            if !row.found() {
                writeln!(out, "           lacks {}", row.lacks.join(" "))?;
            }
        }
        writeln!(out)?;
        for step in &self.missed {
            writeln!(out, "did not come about: {step}")?;
        }
        let found = self.rows.iter().filter(|row| row.found()).count();
        let (all, records, seconds, place) = (self.rows.len(), self.records, self.seconds, &self.place);
        writeln!(out, "{found} of {all} checkpoints found in {records} records of {place}, after {seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::shapes::{Area, Of};
    use super::*;

    #[test]
    fn a_checkpoint_is_found_when_one_record_has_everything() {
        let points = || {
            let area = Area("Streams");
            vec![
                area.point(Of::Intent, "stream.gap", "the gap", &["gap_ms"]),
                area.point(Of::Intent, "stream.gap", "of prices", &["gap_ms"])
                    .when(|r| r["stream"] == "prices"),
                area.point(Of::House, "db.pool_wait", "a wait", &["database"]),
            ]
        };
        let bare = json!({ "event": "stream.gap", "event_id": "b-1", "correlation_id": null, "payload": {} });
        let whole = json!({ "event": "stream.gap", "event_id": "b-2", "correlation_id": "c", "gap_ms": 7, "payload": {} });
        let report = Report::of(&points(), &[bare, whole]);
        let ids: Vec<_> = report.rows.iter().map(|row| row.event_id.as_deref()).collect();
        assert_eq!(ids, [Some("b-2"), None, None]);
        assert!(report.rows[0].found() && !report.is_whole());
        let text = report.to_string();
        assert!(text.contains("1 of 3 checkpoints found") && text.contains("lacks database"), "{text}");
    }
}
