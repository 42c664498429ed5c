//! JSON read through one dynamic form. Every type is then read by the same reader, where a reader of its own for
//! each type and source would make the WASM module a third larger.

use std::collections::BTreeMap;

use model::SessionId;
use model::view::{FeedDelta, FeedFrame, PnlPoint, patch};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use telemetry::Micros;

/// Reads a value from JSON text.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_value(serde_json::from_str::<Value>(text)?)
}

/// A value that crosses from the server's paint to the page; its JSON is that of what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Wire<T>(pub T);

impl<T: Serialize> Serialize for Wire<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Wire<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        serde_json::from_value(value).map(Wire).map_err(D::Error::custom)
    }
}

#[derive(Deserialize)]
struct RawFrame {
    seq: u64,
    ts: Micros,
    snapshot: bool,
    deltas: Vec<RawDelta>,
}

#[derive(Deserialize)]
struct RawDelta {
    key: String,
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize)]
struct PointsOf {
    session_id: SessionId,
    points: Vec<PnlPoint>,
}

#[derive(Deserialize)]
struct PatchOf {
    session_id: SessionId,
    patch: Value,
}

/// Reads the frames of one live feed: a view comes whole once, then what changed in it.
#[derive(Default)]
pub struct FrameReader {
    strip: Value,
    sessions: BTreeMap<SessionId, Value>,
}

impl FrameReader {
    /// Reads a frame. A delta of a kind that this build does not know is passed over.
    pub fn frame(&mut self, text: &str) -> Result<FeedFrame, serde_json::Error> {
        let raw: RawFrame = read(text)?;
        if raw.snapshot {
            *self = Self::default();
        }
        let deltas = raw
            .deltas
            .into_iter()
            .filter_map(|delta| self.delta_of(delta).transpose())
            .collect::<Result<Vec<_>, _>>()?;
        Ok(FeedFrame { seq: raw.seq, ts: raw.ts, snapshot: raw.snapshot, deltas })
    }

    fn delta_of(&mut self, raw: RawDelta) -> Result<Option<FeedDelta>, serde_json::Error> {
        let value = raw.value;
        Ok(Some(match raw.key.as_str() {
            "strip" => {
                self.strip = value.clone();
                self.forget_unlisted();
                FeedDelta::Strip(serde_json::from_value(value)?)
            }
            "strip_patch" => {
                patch::merge(&mut self.strip, value);
                self.forget_unlisted();
                FeedDelta::Strip(serde_json::from_value(self.strip.clone())?)
            }
            "session" => {
                let id = value.get("session_id").and_then(Value::as_str).unwrap_or_default();
                self.sessions.insert(SessionId::new(id), value.clone());
                FeedDelta::Session(serde_json::from_value(value)?)
            }
            "session_patch" => {
                let PatchOf { session_id, patch } = serde_json::from_value(value)?;
                let unknown = || serde_json::Error::custom(format!("nothing is known of {session_id}"));
                let known = self.sessions.get_mut(&session_id).ok_or_else(unknown)?;
                patch::merge(known, patch);
                FeedDelta::Session(serde_json::from_value(known.clone())?)
            }
            "points" => {
                let PointsOf { session_id, points } = serde_json::from_value(value)?;
                FeedDelta::Points { session_id, points }
            }
            "why" => FeedDelta::Why(serde_json::from_value(value)?),
            _ => return Ok(None),
        }))
    }

    fn forget_unlisted(&mut self) {
        let listed: Vec<&str> = self.strip["sessions"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|chip| chip["session_id"].as_str())
            .collect();
        self.sessions.retain(|id, _| listed.contains(&id.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use model::view::StripView;

    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_whatever_it_holds() {
        let point = PnlPoint {
            at: Micros(7),
            executable: Some(model::Decimal::new(-712, 1)),
            peak: None,
            floor: None,
        };
        let mut reader = FrameReader::default();
        let deltas = vec![
            FeedDelta::Strip(StripView { venue: "simulator".to_owned(), ..StripView::default() }),
            FeedDelta::Session(Box::new(crate::sample::session("s-1"))),
            FeedDelta::Points { session_id: SessionId::new("s-1"), points: vec![point] },
            FeedDelta::Why(vec![]),
        ];
        let written = FeedFrame { seq: 3, ts: Micros(1_700_000_000_000_000), snapshot: true, deltas };
        let text = serde_json::to_string(&written).expect("a frame is JSON");
        assert_eq!(reader.frame(&text).expect("a frame"), written);
        let mut session = crate::sample::session("s-1");
        session.drain = true;
        let patch = serde_json::json!({ "drain": true, "expiry": null });
        let changed = FeedFrame {
            seq: 4,
            snapshot: false,
            deltas: vec![FeedDelta::SessionPatch { session_id: SessionId::new("s-1"), patch }],
            ..written
        };
        let text = serde_json::to_string(&changed).expect("a frame is JSON");
        let read = reader.frame(&text).expect("a frame");
        assert_eq!(read.deltas, [FeedDelta::Session(Box::new(session))]);
        assert!(FrameReader::default().frame(&text).is_err(), "a change of what was never given");
    }

    #[test]
    fn a_delta_of_tomorrow_is_passed_over_and_a_broken_one_is_an_error() {
        let with = |delta: &str| {
            format!(r#"{{"seq":1,"ts":"2022-01-05T00:00:00Z","snapshot":false,"deltas":[{delta}]}}"#)
        };
        assert_eq!(
            FrameReader::default()
                .frame(&with(r#"{"key":"alerts","value":[]}"#))
                .map(|frame| frame.deltas)
                .ok(),
            Some(vec![])
        );
        assert!(FrameReader::default().frame(&with(r#"{"key":"points","value":7}"#)).is_err());
        assert!(FrameReader::default().frame("not a frame").is_err());
    }

    #[test]
    fn what_the_server_paints_is_what_the_page_reads() {
        let text = serde_json::to_string(&Wire(vec![1, 2])).expect("JSON");
        assert_eq!(
            (text.as_str(), serde_json::from_str::<Wire<Vec<i32>>>(&text).ok()),
            ("[1,2]", Some(Wire(vec![1, 2])))
        );
    }
}
