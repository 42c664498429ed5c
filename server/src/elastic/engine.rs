//! Which engine it is, and what it can do: by what it says of itself, and where that says nothing by asking.

use reqwest::Method;
use serde_json::Value;

use super::connection::Connection;

/// Who moves and deletes old indices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lifecycle {
    /// Index lifecycle management of Elasticsearch.
    Policies,
    /// Index state management of OpenSearch.
    States,
    /// The data stream's own retention: no phases, it only deletes.
    Retention,
    #[default]
    Nobody,
}

/// An engine and its abilities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Engine {
    pub open_search: bool,
    /// Name and version.
    pub name: String,
    /// Whether a request may say that it wants a data stream and nothing else.
    pub knows_data_streams: bool,
    /// Whether it has the index mode for logs, and the settings that came with it.
    pub has_log_mode: bool,
    /// Whether documents that do not fit are put aside.
    pub has_failure_store: bool,
    pub lifecycle: Lifecycle,
}

impl Engine {
    /// By its greeting.
    pub fn of(greeting: &Value) -> Self {
        let version = &greeting["version"];
        let tagline = greeting["tagline"].as_str().unwrap_or_default();
        // In its compatibility mode it calls itself Elasticsearch 7.10.2.
        let open_search = version["distribution"] == "opensearch" || tagline.contains("OpenSearch");
        let number = version["number"].as_str().unwrap_or("of unknown version");
        let parts: Vec<u32> = number.split('.').filter_map(|part| part.parse().ok()).collect();
        let from = |major: u32, minor: u32| {
            !open_search && parts.get(..2).is_some_and(|parts| parts >= &[major, minor][..])
        };
        let name = if open_search { "OpenSearch" } else { "Elasticsearch" };
        Self {
            open_search,
            name: format!("{name} {number}"),
            knows_data_streams: from(8, 13),
            has_log_mode: from(8, 17),
            // It came with 9.1 and, for those who stay behind, with 8.19.
            has_failure_store: from(9, 1) || (from(8, 19) && !from(9, 0)),
            lifecycle: Lifecycle::Nobody,
        }
    }

    /// The other one: for an engine that hides what it is.
    pub fn other(&self) -> Self {
        Self {
            open_search: !self.open_search,
            name: self.name.clone(),
            lifecycle: Lifecycle::Nobody,
            ..Self::default()
        }
    }

    /// Asks who looks after old indices.
    pub async fn probe(mut self, connection: &Connection) -> Result<Self, String> {
        let (path, ability) = if self.open_search {
            ("/_plugins/_ism/policies/deltascope-logs", Lifecycle::States)
        } else {
            ("/_ilm/policy/deltascope-logs", Lifecycle::Policies)
        };
        let (status, answer) = connection.call(Method::GET, path, None).await?;
        let instead = if self.has_log_mode { Lifecycle::Retention } else { Lifecycle::Nobody };
        self.lifecycle = if answers(status, &answer) { ability } else { instead };
        Ok(self)
    }
}

/// Whether there is somebody at that path: who is not allowed to look, or finds nothing, was answered all the same.
fn answers(status: u16, answer: &Value) -> bool {
    match status {
        200 | 401 | 403 => true,
        404 => answer["error"].is_object() || answer["error"]["root_cause"].is_array(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_engine_is_known_by_what_it_cannot_hide() {
        let table = [
            (
                json!({ "version": { "number": "9.5.3" }, "tagline": "You Know, for Search" }),
                false,
                true,
                true,
            ),
            (json!({ "version": { "number": "9.0.4" } }), false, true, false),
            (json!({ "version": { "number": "8.19.1" } }), false, true, true),
            (json!({ "version": { "number": "8.12.0" } }), false, false, false),
            (json!({ "version": { "number": "3.5.0", "distribution": "opensearch" } }), true, false, false),
            (
                json!({ "version": { "number": "7.10.2" }, "tagline": "The OpenSearch Project: https://opensearch.org/" }),
                true,
                false,
                false,
            ),
            (Value::Null, false, false, false),
        ];
        for (greeting, open_search, streams, failures) in table {
            let engine = Engine::of(&greeting);
            assert_eq!(
                (engine.open_search, engine.knows_data_streams, engine.has_failure_store),
                (open_search, streams, failures),
                "{greeting}"
            );
        }
    }

    #[test]
    fn a_missing_thing_is_told_from_a_missing_ability() {
        assert!(answers(404, &json!({ "error": { "type": "resource_not_found_exception" } })));
        assert!(answers(403, &Value::Null));
        assert!(!answers(400, &json!({ "error": "no handler found for uri [/_ilm/policy]" })));
        assert!(!answers(404, &Value::String(String::new())));
    }
}
