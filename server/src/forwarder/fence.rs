//! The generation fence. A data stream refuses what it has by its id, but only in the index it writes to now: after an
//! answer that was lost, indices that it wrote to before are asked which of the records they have.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::machine::Fenced;

/// Ids of one question: a request that every proxy lets through.
const ASKED_AT_ONCE: usize = 5_000;

/// Which of `ids` lie in the indices of `stream` from `index` on, without the one that is written to now. `Err`: the
/// engine could not be asked.
pub(super) async fn found(
    client: &Client,
    stream: &str,
    index: &str,
    ids: &[String],
) -> Result<Fenced, String> {
    let (status, answer) = client.call(Method::GET, &format!("/_data_stream/{stream}"), None).await?;
    if status == 404 {
        // The stream is gone, and with it all that it had.
        return Ok(Fenced::default());
    }
    if status != 200 {
        return Err(format!("HTTP {status} to the question which index is written to"));
    }
    let mut found = HashSet::new();
    let (old, written) = indices(&answer, index);
    for old in old {
        for ids in ids.chunks(ASKED_AT_ONCE) {
            let body = json!({ "ids": ids });
            let path = format!("/{old}/_mget?_source=false");
            let (status, answer) = client.call(Method::POST, &path, Some(&body)).await?;
            match status {
                200 => found.extend(there(&answer)),
                404 => {}
                _ => return Err(format!("HTTP {status} to the question what {old} has")),
            }
        }
    }
    Ok(Fenced { found, index: written })
}

/// The indices from `index` on without the last, and the last.
fn indices(answer: &Value, index: &str) -> (Vec<String>, Option<String>) {
    let indices = answer["data_streams"][0]["indices"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = indices.iter().filter_map(|index| index["index_name"].as_str()).collect();
    let from = names.iter().position(|name| *name == index).unwrap_or(0);
    let until = names.len().saturating_sub(1);
    let old = names.get(from..until).unwrap_or_default().iter().map(|name| (*name).to_owned()).collect();
    (old, names.last().map(|name| (*name).to_owned()))
}

fn there(answer: &Value) -> Vec<String> {
    let documents = answer["docs"].as_array().map(Vec::as_slice).unwrap_or_default();
    documents
        .iter()
        .filter(|document| document["found"] == true)
        .filter_map(|document| document["_id"].as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_indices_that_are_not_written_to_any_more_are_asked() {
        let stream = |names: &[&str]| {
            let indices: Vec<Value> = names.iter().map(|name| json!({ "index_name": name })).collect();
            json!({ "data_streams": [{ "indices": indices }] })
        };
        let earlier = |answer: &Value, index: &str| indices(answer, index).0;
        assert_eq!(indices(&stream(&["a1", "a2"]), "a2"), (vec![], Some("a2".to_owned())));
        assert!(earlier(&stream(&["a1"]), "a1").is_empty(), "no rollover, no question");
        assert_eq!(earlier(&stream(&["a1", "a2", "a3"]), "a2"), ["a2"]);
        assert_eq!(earlier(&stream(&["a1", "a2", "a3"]), "a1"), ["a1", "a2"]);
        assert_eq!(earlier(&stream(&["a2", "a3"]), "a1"), ["a2"], "the one before was deleted");
        assert!(earlier(&json!({}), "a1").is_empty());
        let answer = json!({ "docs": [{ "_id": "x", "found": true }, { "_id": "y", "found": false }] });
        assert_eq!(there(&answer), ["x"]);
    }
}
