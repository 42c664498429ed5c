//! A fake of an engine and of a Kibana that keep what is put into them and give it back as the real ones do: settings as
//! text, defaults filled in. A call that they do not know is remembered and fails the test.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What they are, and what they keep.
#[derive(Default)]
pub struct World {
    pub greeting: Value,
    /// Things by the path that they are read at.
    pub things: BTreeMap<String, Value>,
    /// Calls that change something, in their order.
    pub changes: Vec<String>,
    pub unknown: Vec<String>,
    /// Begins of paths that are answered with that status.
    pub refused: Vec<(&'static str, u16)>,
    pub secured: bool,
    pub keys: Vec<Value>,
    pub licence_lacks: Vec<&'static str>,
    pub has_dashboards: bool,
}

pub struct Fake {
    pub world: Arc<Mutex<World>>,
    address: SocketAddr,
}

pub const KEY: &str = "canary-key-that-is-shown-once";

impl Fake {
    pub async fn start(greeting: Value) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let world = World { greeting, secured: true, has_dashboards: true, ..World::default() };
        let world = Arc::new(Mutex::new(world));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&world));
        // Ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { world, address }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn with<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.world.lock().unwrap())
    }

    /// What was changed since the last look. Calls that nobody knows fail here.
    pub fn changes(&self) -> Vec<String> {
        self.with(|world| {
            assert!(world.unknown.is_empty(), "{:?}", world.unknown);
            std::mem::take(&mut world.changes)
        })
    }
}

async fn answer(
    State(world): State<Arc<Mutex<World>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut world = world.lock().unwrap();
    let path = uri.path().to_owned();
    if let Some((_, status)) = world.refused.iter().find(|(begin, _)| path.starts_with(begin)) {
        let status = StatusCode::from_u16(*status).expect("a status");
        return said(status, json!({ "error": { "type": "security_exception", "reason": "not allowed" } }));
    }
    let changes = method != Method::GET && !path.ends_with("/_export");
    if changes {
        world.changes.push(format!("{method} {path}"));
    }
    let is_kibana = path.starts_with("/api/");
    if is_kibana && method != Method::GET && headers.get("kbn-xsrf").is_none() {
        return said(
            StatusCode::BAD_REQUEST,
            json!({ "message": "Request must contain a kbn-xsrf header." }),
        );
    }
    let body: Value = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
    let known =
        if is_kibana { world.kibana(&method, &path, body) } else { world.engine(&method, &path, body) };
    known.unwrap_or_else(|| {
        world.unknown.push(format!("{method} {path}"));
        StatusCode::IM_A_TEAPOT.into_response()
    })
}

fn said(status: StatusCode, value: Value) -> Response {
    (status, axum::Json(value)).into_response()
}

fn ok(value: Value) -> Option<Response> {
    Some(said(StatusCode::OK, value))
}

fn missing() -> Option<Response> {
    Some(said(
        StatusCode::NOT_FOUND,
        json!({ "error": { "type": "resource_not_found_exception" }, "status": 404 }),
    ))
}

/// Settings come back as text.
fn as_text(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), as_text(value))).collect(),
        Value::Array(values) => values.iter().map(as_text).collect(),
        Value::Null | Value::String(_) => value.clone(),
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
    }
}

impl World {
    fn is_open_search(&self) -> bool {
        self.greeting["version"]["distribution"] == "opensearch"
    }

    fn engine(&mut self, method: &Method, path: &str, body: Value) -> Option<Response> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let known = self.things.get(path).cloned();
        match (method.as_str(), parts.as_slice()) {
            ("GET", [""]) => ok(self.greeting.clone()),
            ("PUT", ["_component_template" | "_index_template" | "_ilm", ..]) => {
                self.things.insert(path.to_owned(), body);
                ok(json!({ "acknowledged": true }))
            }
            ("PUT", ["_plugins", "_ism", "policies", _]) if self.is_open_search() => {
                self.things.insert(path.to_owned(), body);
                ok(json!({ "_id": "deltascope-logs" }))
            }
            ("GET", ["_ilm", ..]) if self.is_open_search() => {
                Some(said(StatusCode::BAD_REQUEST, json!({ "error": "no handler found for uri" })))
            }
            ("GET", ["_plugins", "_ism", ..]) => known.map_or_else(missing, |mut policy| {
                policy["_seq_no"] = 3.into();
                policy["_primary_term"] = 1.into();
                ok(policy)
            }),
            ("GET", ["_ilm", "policy", name]) => known.map_or_else(missing, |policy| {
                ok(json!({ (*name): { "version": 1, "policy": policy["policy"] } }))
            }),
            ("GET", ["_component_template", name]) => known.map_or_else(missing, |mut part| {
                let settings = as_text(&part["template"]["settings"]);
                if settings.is_object() {
                    part["template"]["settings"] = settings;
                }
                ok(json!({ "component_templates": [{ "name": name, "component_template": part }] }))
            }),
            ("GET", ["_index_template", name]) => known.map_or_else(missing, |template| {
                ok(json!({ "index_templates": [{ "name": name, "index_template": template }] }))
            }),
            ("GET", ["_data_stream", _]) => known.map_or_else(missing, ok),
            ("PUT", ["_data_stream", name, "_options"]) => {
                let stream = self.things.get_mut(&format!("/_data_stream/{name}"))?;
                stream["data_streams"][0]["failure_store"]["enabled"] =
                    body["failure_store"]["enabled"].clone();
                ok(json!({ "acknowledged": true }))
            }
            ("GET", [_, "_settings"]) => known.map_or_else(missing, ok),
            ("GET", ["_security", "_authenticate"]) if self.secured => {
                ok(json!({ "username": "elastic", "authentication_type": "realm" }))
            }
            ("GET", ["_security", "_authenticate"]) => {
                Some(said(StatusCode::BAD_REQUEST, json!({ "error": "no handler found for uri" })))
            }
            ("GET", ["_security", "api_key"]) => ok(json!({ "api_keys": self.keys })),
            ("POST", ["_security", "api_key"]) => {
                let mut key = body;
                key["id"] = format!("id{}", self.keys.len()).into();
                key["invalidated"] = false.into();
                key["expiration"] = (i64::MAX / 1_000_000).into();
                self.keys.push(key);
                ok(json!({ "id": "id", "api_key": "x", "encoded": KEY }))
            }
            ("PUT", ["_security", "api_key", id]) => {
                let key = self.keys.iter_mut().find(|key| key["id"] == *id)?;
                key["role_descriptors"] = body["role_descriptors"].clone();
                ok(json!({ "updated": true }))
            }
            _ => None,
        }
    }

    fn kibana(&mut self, method: &Method, path: &str, body: Value) -> Option<Response> {
        let kinds = |lacks: &[&str], kinds: &[&str]| -> Value {
            let kind = |id: &&str| json!({ "id": id, "enabled_in_license": !lacks.contains(id) });
            kinds.iter().map(kind).collect()
        };
        let parts: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
        let known = self.things.get(path).cloned();
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["status"]) => ok(
                json!({ "version": { "number": "9.5.3" }, "status": { "overall": { "level": "available" } } }),
            ),
            ("GET", ["alerting", "rule_types"]) => {
                ok(kinds(&self.licence_lacks, &[".es-query", ".index-threshold"]))
            }
            ("GET", ["actions", "connector_types"]) => {
                ok(kinds(&self.licence_lacks, &[".index", ".server-log", ".webhook"]))
            }
            ("GET", ["dashboards"]) if self.has_dashboards => ok(json!({ "dashboards": [] })),
            ("GET", ["dashboards"]) => missing(),
            ("GET", ["dashboards", id]) => {
                known.map_or_else(missing, |board| ok(json!({ "id": id, "data": board, "meta": {} })))
            }
            ("PUT", ["dashboards", _]) => self.keep(path, body),
            ("GET", ["data_views", "data_view", _]) => known.map_or_else(missing, ok),
            ("POST", ["data_views", "data_view"]) => {
                let path = format!("{path}/{}", body["data_view"]["id"].as_str()?);
                self.keep(&path, json!({ "data_view": body["data_view"] }))
            }
            ("GET", ["actions", "connector", _] | ["alerting", "rule", _]) => known.map_or_else(missing, ok),
            ("POST", ["actions", "connector", _] | ["alerting", "rule", _]) if known.is_some() => {
                Some(said(StatusCode::CONFLICT, json!({ "message": "it exists" })))
            }
            ("POST", ["actions", "connector", _]) => {
                let mut kept = body;
                kept.as_object_mut()?.remove("secrets")?;
                self.keep(path, kept)
            }
            ("POST", ["alerting", "rule", _]) => self.keep(path, body),
            ("PUT", ["actions", "connector", _] | ["alerting", "rule", _]) => self.change(path, &body),
            ("POST", ["saved_objects", "_export"]) => {
                let id = body["objects"][0]["id"].as_str()?;
                match self.things.get(&format!("search {id}")) {
                    Some(search) => Some(format!("{search}\n").into_response()),
                    None => Some(said(
                        StatusCode::BAD_REQUEST,
                        json!({ "message": "Error fetching objects to export" }),
                    )),
                }
            }
            ("POST", ["saved_objects", "_import"]) => {
                let object = body.as_str()?.lines().find(|line| line.starts_with('{'))?;
                let object: Value = serde_json::from_str(object).ok()?;
                self.things.insert(format!("search {}", object["id"].as_str()?), object);
                ok(json!({ "success": true, "successCount": 1 }))
            }
            _ => None,
        }
    }

    fn keep(&mut self, path: &str, body: Value) -> Option<Response> {
        self.things.insert(path.to_owned(), body.clone());
        ok(body)
    }

    /// What cannot change must not be in the body: Kibana refuses it.
    fn change(&mut self, path: &str, body: &Value) -> Option<Response> {
        for fixed in ["rule_type_id", "consumer", "connector_type_id"] {
            if body.get(fixed).is_some() {
                let message = format!("[request body]: definition for this key is missing: {fixed}");
                return Some(said(StatusCode::BAD_REQUEST, json!({ "message": message })));
            }
        }
        let thing = self.things.get_mut(path)?;
        for (key, value) in body.as_object()?.iter().filter(|(key, _)| *key != "secrets") {
            thing[key] = value.clone();
        }
        ok(thing.clone())
    }
}
