//! What a Kibana is to have: the data view, saved searches, connectors and rules of the Basic licence, dashboards. It is
//! asked first what it can do, and only that is tried.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::asset::{Asset, Write};
use super::assets::{VERSION, file};
use super::connection::{Connection, json_or_words, perform, reason};
use super::{Line, Standing};

const DATA_VIEW: &str = include_str!("../../assets/elastic/kibana/data-view.json");
const CONNECTORS: &str = include_str!("../../assets/elastic/kibana/connectors.json");
const RULES: &str = include_str!("../../assets/elastic/kibana/rules.json");
const SEARCHES: &str = include_str!("../../assets/elastic/kibana/searches.json");
const DASHBOARDS: &str = include_str!("../../assets/elastic/kibana/dashboards.json");

/// What this Kibana and its licence can do.
#[derive(Clone, Debug, Default)]
pub(super) struct Abilities {
    rule_types: BTreeSet<String>,
    connector_types: BTreeSet<String>,
    dashboards: bool,
}

impl Abilities {
    /// Asks. `Err`: it does not answer, or is not ready.
    pub async fn probe(kibana: &Connection) -> Result<Self, String> {
        let (status, answer) = kibana.call(Method::GET, "/api/status", None).await?;
        let level = answer["status"]["overall"]["level"].as_str().unwrap_or("available");
        if status != 200 || level != "available" {
            return Err(format!("Kibana is not ready: {} ({level})", reason(status, &answer)));
        }
        let (_, rules) = kibana.call(Method::GET, "/api/alerting/rule_types", None).await?;
        let (_, connectors) = kibana.call(Method::GET, "/api/actions/connector_types", None).await?;
        let (status, _) = kibana.call(Method::GET, "/api/dashboards?per_page=1", None).await?;
        Ok(Self {
            rule_types: licensed(&rules),
            connector_types: licensed(&connectors),
            dashboards: status != 404 && status != 400,
        })
    }

    /// Why an asset is not tried.
    fn lacks(&self, asset: &Asset) -> Option<String> {
        let kind = |field: &str| asset.body[field].as_str().unwrap_or_default().to_owned();
        match asset.kind {
            "rule" if !self.rule_types.contains(&kind("rule_type_id")) => {
                Some(format!("this Kibana or its licence has no rules of type {}", kind("rule_type_id")))
            }
            "connector" if !self.connector_types.contains(&kind("connector_type_id")) => Some(format!(
                "this Kibana or its licence has no connectors of type {}",
                kind("connector_type_id")
            )),
            "dashboard" if !self.dashboards => Some("dashboards can be put from Kibana 9.4 on".to_owned()),
            _ => None,
        }
    }
}

/// The types that the licence allows.
fn licensed(answer: &Value) -> BTreeSet<String> {
    let types = answer.as_array().map(Vec::as_slice).unwrap_or_default();
    let allowed = types.iter().filter(|kind| kind["enabled_in_license"] != false);
    allowed.filter_map(|kind| kind["id"].as_str().map(str::to_owned)).collect()
}

/// In the order in which they are put.
pub(super) fn assets() -> Vec<Asset> {
    let mut assets = vec![data_view()];
    assets.extend(listed(CONNECTORS).into_iter().map(connector));
    assets.extend(listed(RULES).into_iter().map(rule));
    assets.extend(listed(DASHBOARDS).into_iter().map(dashboard));
    assets
}

fn listed(text: &str) -> Vec<Value> {
    file(text).as_array().cloned().unwrap_or_default()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// Takes the id out: it stands in the address.
fn identified(mut value: Value) -> (String, Value) {
    let id = text(&value, "id");
    if let Some(fields) = value.as_object_mut() {
        fields.remove("id");
    }
    (id, value)
}

fn data_view() -> Asset {
    let view = file(DATA_VIEW);
    Asset {
        kind: "data view",
        name: text(&view, "title"),
        path: format!("/api/data_views/data_view/{}", text(&view, "id")),
        pointer: "/data_view".to_owned(),
        write: Write::Put(Method::POST, "/api/data_views/data_view".to_owned()),
        body: json!({ "data_view": view, "override": true }),
        seen: Some(view),
        is_needed: false,
    }
}

fn connector(value: Value) -> Asset {
    let (id, seen) = identified(value);
    let mut body = seen.clone();
    body["secrets"] = json!({});
    let path = format!("/api/actions/connector/{id}");
    Asset {
        kind: "connector",
        name: text(&body, "name"),
        pointer: String::new(),
        write: Write::Twofold(path.clone(), &["connector_type_id"]),
        path,
        body,
        seen: Some(seen),
        is_needed: false,
    }
}

fn rule(value: Value) -> Asset {
    let (id, body) = identified(value);
    let path = format!("/api/alerting/rule/{id}");
    Asset {
        kind: "rule",
        name: text(&body, "name"),
        pointer: String::new(),
        write: Write::Twofold(path.clone(), &["rule_type_id", "consumer"]),
        path,
        body,
        seen: None,
        is_needed: false,
    }
}

/// Kibana gives panels back in a dress of its own; which version it is stands in the description.
fn dashboard(value: Value) -> Asset {
    let (id, mut body) = identified(value);
    body["description"] = versioned(&text(&body, "description")).into();
    let path = format!("/api/dashboards/{id}");
    Asset {
        kind: "dashboard",
        name: text(&body, "title"),
        pointer: "/data".to_owned(),
        write: Write::Put(Method::PUT, path.clone()),
        path,
        seen: Some(json!({ "title": body["title"], "description": body["description"] })),
        body,
        is_needed: false,
    }
}

fn versioned(description: &str) -> String {
    format!("{description} (version {VERSION})")
}

/// One asset, looked at or put.
pub(super) async fn one(
    kibana: &Connection,
    abilities: &Abilities,
    asset: &Asset,
    put: bool,
) -> Result<Line, String> {
    let standing = match abilities.lacks(asset) {
        Some(why) => Standing::NotSupported(why),
        None if put => asset.put(kibana).await?,
        None => asset.look(kibana).await?.standing,
    };
    Ok(Line { kind: asset.kind, name: asset.name.clone(), standing })
}

/// Saved searches go in and out as files of lines.
pub(super) async fn searches(kibana: &Connection, put: bool) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    for mut search in listed(SEARCHES) {
        search["attributes"]["description"] = versioned(&text(&search["attributes"], "description")).into();
        let found = exported(kibana, &search).await?;
        let standing = match (found, put) {
            (Standing::Missing, true) => imported(kibana, &search).await?.unwrap_or(Standing::Made),
            (Standing::Differs(why), true) => {
                imported(kibana, &search).await?.unwrap_or(Standing::Replaced(why))
            }
            (found, _) => found,
        };
        lines.push(Line { kind: "saved search", name: text(&search["attributes"], "title"), standing });
    }
    Ok(lines)
}

async fn exported(kibana: &Connection, search: &Value) -> Result<Standing, String> {
    let wanted = json!({
        "objects": [{ "type": "search", "id": search["id"] }],
        "excludeExportDetails": true
    });
    let request = kibana.request(Method::POST, "/api/saved_objects/_export").json(&wanted);
    let (status, answer) = perform(request).await?;
    if status != 200 {
        let answer = json_or_words(&answer);
        // What is not there cannot be exported, and it says so with a 400.
        let missing = status == 400 || status == 404;
        return Ok(if missing { Standing::Missing } else { Standing::Refused(reason(status, &answer)) });
    }
    let lines = String::from_utf8_lossy(&answer).into_owned();
    let found: Value =
        lines.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let seen = |of: &Value| json!({ "title": of["attributes"]["title"], "description": of["attributes"]["description"] });
    Ok(super::compare::difference(&seen(search), &seen(&found)).map_or(Standing::There, Standing::Differs))
}

/// `Some`: it was refused.
async fn imported(kibana: &Connection, search: &Value) -> Result<Option<Standing>, String> {
    let boundary = "deltascope-saved-objects";
    let body = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"searches.ndjson\"\r\n\
         content-type: application/ndjson\r\n\r\n{search}\n\r\n--{boundary}--\r\n"
    );
    let request = kibana
        .request(Method::POST, "/api/saved_objects/_import?overwrite=true")
        .header("content-type", format!("multipart/form-data; boundary={boundary}"))
        .body(body);
    let (status, answer) = perform(request).await?;
    let answer = json_or_words(&answer);
    if status == 200 && answer["success"] == true {
        return Ok(None);
    }
    let why = match answer["errors"][0]["error"]["type"].as_str() {
        Some(kind) => format!("HTTP {status}: {kind}"),
        None => reason(status, &answer),
    };
    Ok(Some(Standing::Refused(why)))
}

#[cfg(test)]
mod tests;
