//! One frame of the feed, read by the browser's own JSON.

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::JsValue;

use super::regions::{self, Part};
use crate::platform;

/// Points of the chart.
pub struct Rows {
    pub session: String,
    pub replace: bool,
    pub rows: Vec<f64>,
}

pub struct Frame {
    pub seq: u64,
    /// The server's clock when the frame was made.
    pub ts_ms: f64,
    pub snapshot: bool,
    value: JsValue,
}

fn get(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED)
}

fn entries(value: &JsValue) -> impl Iterator<Item = (String, JsValue)> + use<> {
    let object = Object::try_from(value).cloned().unwrap_or_default();
    Object::entries(&object)
        .iter()
        .map(|pair| {
            let pair = Array::from(&pair);
            (pair.get(0).as_string().unwrap_or_default(), pair.get(1))
        })
        .collect::<Vec<_>>()
        .into_iter()
}

fn part(row: &JsValue) -> Part {
    match row.as_string() {
        Some(html) => Part::New(html),
        None => {
            let run = Array::from(row);
            let number = |at| run.get(at).as_f64().unwrap_or(0.0) as usize;
            Part::Kept { from: number(0), count: number(1) }
        }
    }
}

/// The key of a panic that was accepted, if that is what the server says.
pub fn accepted(text: &str) -> Option<String> {
    get(&JSON::parse(text).ok()?, "accepted").as_string()
}

impl Frame {
    /// `None` when it is no frame.
    pub fn read(text: &str) -> Option<Self> {
        let value = JSON::parse(text).ok()?;
        Some(Self {
            seq: get(&value, "seq").as_f64()? as u64,
            ts_ms: get(&value, "ts").as_f64()?,
            snapshot: get(&value, "snapshot").is_truthy(),
            value,
        })
    }

    /// Hands its regions on; false when one of them is not known so far.
    pub fn take_regions(&self) -> bool {
        let mut known = true;
        for (name, change) in entries(&get(&self.value, "regions")) {
            match change.as_string() {
                Some(html) => regions::whole(&name, &html),
                None if !Array::is_array(&change) => {
                    let rows = Array::from(&get(&change, "rows"));
                    known &= regions::rows(&name, rows.iter().map(|row| part(&row)));
                }
                None => {
                    let list = Array::from(&change);
                    let pairs = (0..list.length() / 2).map(|at| {
                        let number = list.get(at * 2).as_f64().unwrap_or(0.0) as usize;
                        (number, list.get(at * 2 + 1).as_string().unwrap_or_default())
                    });
                    known &= regions::pieces(&name, pairs);
                }
            }
        }
        known
    }

    pub fn cells(&self) -> impl Iterator<Item = (String, String)> + use<> {
        entries(&get(&self.value, "cells")).map(|(key, text)| (key, text.as_string().unwrap_or_default()))
    }

    pub fn points(&self) -> Option<Rows> {
        points(&get(&self.value, "points"))
    }
}

fn points(value: &JsValue) -> Option<Rows> {
    let session = get(value, "session").as_string()?;
    let rows = Array::from(&get(value, "rows"));
    let rows = rows.iter().map(|number| number.as_f64().unwrap_or(f64::NAN)).collect();
    Some(Rows { session, replace: get(value, "replace").is_truthy(), rows })
}

/// Those that the server painted.
pub fn painted_points() -> Option<Rows> {
    let text = platform::find("[data-points]")?.get_attribute("data-points")?;
    points(&JSON::parse(&text).ok()?)
}
