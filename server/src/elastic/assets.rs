//! What an engine is to have, in the order in which it is put: what is named by something comes before it. The files
//! are in Elasticsearch's words; where OpenSearch or an older version has others, they are put here.

use reqwest::Method;
use serde_json::{Value, json};

use super::asset::{Asset, Write};
use super::engine::{Engine, Lifecycle};

/// The index template and the lifecycle policy.
pub(crate) const NAME: &str = "deltascope-logs";
/// Goes up with every change of the files.
pub(crate) const VERSION: u64 = 3;

const SETTINGS: &str = include_str!("../../assets/elastic/settings.json");
const MAPPINGS: &str = include_str!("../../assets/elastic/mappings.json");
const TEMPLATE: &str = include_str!("../../assets/elastic/index-template.json");
const POLICY: &str = include_str!("../../assets/elastic/lifecycle.json");
const STATES: &str = include_str!("../../assets/elastic/lifecycle-opensearch.json");

/// How long records are kept, in days since their index was written to for the last time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    pub hot_days: u64,
    pub delete_days: u64,
}

/// The assets of an engine.
pub(crate) fn for_engine(engine: &Engine, retention: Retention) -> Vec<Asset> {
    let mut assets: Vec<Asset> = lifecycle(engine, retention).into_iter().collect();
    assets.push(component("settings", settings(engine)));
    assets.push(component("mappings", mappings(engine)));
    let mut template = file(TEMPLATE);
    template["_meta"] = meta();
    if engine.open_search {
        without(&mut template, "/ignore_missing_component_templates");
        let parts = template["composed_of"].as_array_mut().map(std::mem::take).unwrap_or_default();
        // It wants every part to be there, and who runs it has no part of his own yet.
        template["composed_of"] = parts.into_iter().filter(|part| part != "deltascope-logs@custom").collect();
    }
    if !engine.has_failure_store {
        without(&mut template, "/template");
    }
    if engine.lifecycle == Lifecycle::Retention {
        template["template"]["lifecycle"] = json!({ "data_retention": days(retention.delete_days) });
    }
    let path = format!("/_index_template/{NAME}");
    assets.push(Asset {
        kind: "index template",
        name: NAME.to_owned(),
        pointer: "/index_templates/0/index_template".to_owned(),
        write: Write::Put(Method::PUT, path.clone()),
        path,
        body: template,
        seen: None,
        is_needed: true,
    });
    assets
}

fn component(part: &str, mut body: Value) -> Asset {
    body["_meta"] = meta();
    let name = format!("{NAME}@{part}");
    let path = format!("/_component_template/{name}");
    Asset {
        kind: "component template",
        name,
        pointer: "/component_templates/0/component_template".to_owned(),
        write: Write::Put(Method::PUT, path.clone()),
        path,
        body,
        seen: None,
        is_needed: true,
    }
}

fn lifecycle(engine: &Engine, retention: Retention) -> Option<Asset> {
    let (cold, gone) = (days(retention.hot_days), days(retention.delete_days));
    let asset = |path: String, pointer: String, write, body, seen| Asset {
        kind: "lifecycle",
        name: NAME.to_owned(),
        path,
        pointer,
        write,
        body,
        seen,
        is_needed: false,
    };
    match engine.lifecycle {
        Lifecycle::Policies => {
            let mut body = file(POLICY);
            let phases = &mut body["policy"]["phases"];
            phases["cold"]["min_age"] = cold.into();
            phases["delete"]["min_age"] = gone.into();
            body["policy"]["_meta"] = meta();
            let path = format!("/_ilm/policy/{NAME}");
            Some(asset(path.clone(), format!("/{NAME}"), Write::Put(Method::PUT, path), body, None))
        }
        Lifecycle::States => {
            let mut body = file(STATES);
            let states = &mut body["policy"]["states"];
            states[0]["transitions"][0]["conditions"]["min_rollover_age"] = cold.into();
            states[1]["transitions"][0]["conditions"]["min_rollover_age"] = gone.into();
            let path = format!("/_plugins/_ism/policies/{NAME}");
            Some(asset(path.clone(), String::new(), Write::Versioned(path), body, None))
        }
        Lifecycle::Retention | Lifecycle::Nobody => None,
    }
}

fn settings(engine: &Engine) -> Value {
    let mut body = file(SETTINGS);
    let index = "/template/settings/index";
    if !engine.has_log_mode {
        for of_the_log_mode in [
            "mode",
            "sort",
            "mapping/source",
            "mapping/ignore_above",
            "mapping/total_fields/ignore_dynamic_beyond_limit",
        ] {
            without(&mut body, &format!("{index}/{of_the_log_mode}"));
        }
    }
    if engine.lifecycle != Lifecycle::Policies {
        without(&mut body, &format!("{index}/lifecycle"));
    }
    body
}

fn mappings(engine: &Engine) -> Value {
    let mut body = file(MAPPINGS);
    if engine.open_search {
        // The same type under the name that it has there.
        body["template"]["mappings"]["properties"]["payload"] = json!({ "type": "flat_object" });
    }
    body
}

fn meta() -> Value {
    json!({ "owner": "deltascope", "version": VERSION })
}

fn days(number: u64) -> String {
    format!("{number}d")
}

/// The files are compiled in and a test reads every one of them.
pub(super) fn file(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn without(value: &mut Value, pointer: &str) {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return };
    if let Some(parent) = value.pointer_mut(parent).and_then(Value::as_object_mut) {
        parent.remove(key);
    }
}

/// The mapped fields, for who asks by them.
#[cfg(test)]
pub(super) fn mapped() -> serde_json::Map<String, Value> {
    file(MAPPINGS)["template"]["mappings"]["properties"].as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;
