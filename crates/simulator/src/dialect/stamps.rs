//! Answers and frames of a venue whose clock is wrong: every stamp that it makes is off by the same.

use serde_json::Value;

use crate::exchange::time::Micros;

/// Fields that hold the venue's own time in microseconds.
const STAMPS: [&str; 6] = ["ts", "lts", "t", "timestamp", "last_updated_at", "server_time"];
/// What is smaller is another unit or no time at all.
const LEAST_US: i64 = 1_000_000_000_000_000;

/// Shifts every stamp in a frame or an answer.
pub(crate) fn shift(value: &mut Value, by_us: Micros) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field.as_i64().filter(|us| *us >= LEAST_US && STAMPS.contains(&name.as_str())) {
                    Some(us) => *field = Value::from(us + by_us),
                    None => shift(field, by_us),
                }
            }
        }
        Value::Array(rows) => rows.iter_mut().for_each(|row| shift(row, by_us)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The same for the text of an answer; what is no JSON stays as it is.
pub(crate) fn shifted(body: &str, by_us: Micros) -> String {
    let Ok(mut value) = serde_json::from_str(body) else { return body.to_owned() };
    shift(&mut value, by_us);
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_stamps_are_shifted() {
        let mut frame = json!({ "ts": 1_788_431_318_663_014_i64, "size": 1_788_431_318_663_014_i64, "t": 7,
            "d": [{ "timestamp": 1_788_431_318_000_000_i64 }], "sp": "1" });
        shift(&mut frame, -5_000_000);
        assert_eq!(
            frame,
            json!({ "ts": 1_788_431_313_663_014_i64, "size": 1_788_431_318_663_014_i64, "t": 7,
                "d": [{ "timestamp": 1_788_431_313_000_000_i64 }], "sp": "1" })
        );
        assert_eq!(shifted("<html>", 5), "<html>");
    }
}
