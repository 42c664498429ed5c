//! A fake Elasticsearch on a port of its own: parses `_bulk`, keeps documents per index and id, can be stopped and
//! started on the same port, and does what a script says with requests and single records.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What to do with one bulk request; without a script everything is taken.
#[derive(Clone, Debug)]
pub enum Step {
    /// A status for each record, cycled; 201 takes it.
    Items(Vec<u16>),
    /// Refuses the request as a whole.
    Refuse(u16),
    /// Takes all records, then sends an answer that cannot be read.
    TakeAndGarble,
    /// Takes all records, and leaves the last result out.
    TakeAndShorten,
    /// Refuses every record with 400 and that kind and reason.
    AllRefused(&'static str, &'static str),
    /// A page that a proxy wrote, with that status.
    Page(u16),
}

/// What it says about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Greeting {
    #[default]
    Elasticsearch,
    /// OpenSearch that says it is Elasticsearch 7.10.2.
    Compatible,
    /// A collection that answers 404 there.
    Nothing,
}

#[derive(Default)]
struct World {
    greeting: Greeting,
    /// Refused as long as it is set, after the script.
    always: Option<Step>,
    /// Records that hold these words are refused as long as they are set.
    poison: Option<&'static str>,
    documents: BTreeMap<(String, String), Value>,
    script: VecDeque<Step>,
    template: Option<Value>,
    components: BTreeMap<String, Value>,
    refuse_template: bool,
    hide_template: bool,
    bulks: u64,
    authorization: Option<String>,
    malformed: Vec<String>,
}

/// The engine.
pub struct FakeEngine {
    world: Arc<Mutex<World>>,
    bulks: Arc<watch::Sender<u64>>,
    address: SocketAddr,
    server: Option<JoinHandle<()>>,
}

#[derive(Clone)]
struct Shared {
    world: Arc<Mutex<World>>,
    bulks: Arc<watch::Sender<u64>>,
}

impl FakeEngine {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut engine =
            Self { world: Arc::default(), bulks: Arc::new(watch::Sender::new(0)), address, server: None };
        engine.serve(listener);
        engine
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts all connections and frees the port.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            let _ = server.await;
        }
    }

    /// Comes back on the same port with what it had.
    pub async fn start_again(&mut self) {
        let listener = tokio::net::TcpListener::bind(self.address).await.expect("the port is free again");
        self.serve(listener);
    }

    pub fn script(&self, steps: impl IntoIterator<Item = Step>) {
        self.world.lock().unwrap().script.extend(steps);
    }

    /// What is done with every request from now on, once the script is over; `None`: everything is taken again.
    pub fn always(&self, step: Option<Step>) {
        self.world.lock().unwrap().always = step;
    }

    /// Refuses every record that holds these words, whatever its form.
    pub fn poison(&self, words: Option<&'static str>) {
        self.world.lock().unwrap().poison = words;
    }

    pub fn greet(&self, greeting: Greeting) {
        self.world.lock().unwrap().greeting = greeting;
    }

    /// How many bulk requests came.
    pub fn bulks(&self) -> u64 {
        self.world.lock().unwrap().bulks
    }

    /// Puts a template there, as an earlier version or somebody else did.
    pub fn put_template(&self, template: Value) {
        self.world.lock().unwrap().template = Some(template);
    }

    pub fn allow_template(&self) {
        self.world.lock().unwrap().refuse_template = false;
    }

    pub fn refuse_template(&self) {
        self.world.lock().unwrap().refuse_template = true;
    }

    /// Its credentials may write documents and nothing else. For the flows of `tests/told`.
    #[allow(dead_code)]
    pub fn hide_template(&self) {
        self.world.lock().unwrap().hide_template = true;
    }

    /// Everything it had is gone, as after its disk was replaced.
    pub fn forget(&self) {
        let mut world = self.world.lock().unwrap();
        world.documents.clear();
        world.components.clear();
        world.template = None;
    }

    pub fn template(&self) -> Option<Value> {
        self.world.lock().unwrap().template.clone()
    }

    /// A part of the template, by its name.
    pub fn component(&self, name: &str) -> Option<Value> {
        self.world.lock().unwrap().components.get(name).cloned()
    }

    pub fn authorization(&self) -> Option<String> {
        self.world.lock().unwrap().authorization.clone()
    }

    /// Ids of all documents with their index, sorted by index and id. Each can stand here once only, because a
    /// second `create` of an id is answered 409; requests that break the protocol fail the test.
    pub fn documents(&self) -> BTreeMap<(String, String), Value> {
        let world = self.world.lock().unwrap();
        assert!(world.malformed.is_empty(), "{:?}", world.malformed);
        world.documents.clone()
    }

    /// Waits until a look at the documents satisfies the condition, asked after every bulk request.
    pub async fn until(&self, condition: impl Fn(&BTreeMap<(String, String), Value>) -> bool) {
        let mut bulks = self.bulks.subscribe();
        let wait = async {
            while !condition(&self.documents()) {
                bulks.changed().await.expect("the engine lives");
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), wait).await.expect("within a minute");
    }

    fn serve(&mut self, listener: tokio::net::TcpListener) {
        let shared = Shared { world: Arc::clone(&self.world), bulks: Arc::clone(&self.bulks) };
        let router = Router::new()
            .route("/", get(greet))
            .route("/_index_template/deltascope-logs", any(template))
            .route("/_component_template/{name}", any(component))
            .route("/_data_stream/{stream}", get(|| async { StatusCode::NOT_FOUND }))
            .route("/_bulk", post(bulk))
            .with_state(shared);
        self.server = Some(tokio::spawn(async move {
            // Ends by being aborted.
            let _ = axum::serve(listener, router).await;
        }));
    }
}

impl Drop for FakeEngine {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

async fn greet(State(shared): State<Shared>) -> Response {
    let greeting = shared.world.lock().unwrap().greeting;
    match greeting {
        Greeting::Elasticsearch => axum::Json(json!({ "version": { "number": "9.5.3" } })).into_response(),
        Greeting::Compatible => axum::Json(json!({
            "version": { "number": "7.10.2", "build_type": "tar" },
            "tagline": "The OpenSearch Project: https://opensearch.org/"
        }))
        .into_response(),
        Greeting::Nothing => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn template(State(shared): State<Shared>, method: axum::http::Method, body: Bytes) -> Response {
    let mut world = shared.world.lock().unwrap();
    match method.as_str() {
        _ if world.hide_template => not_allowed(),
        "GET" if world.template.is_some() => {
            let template = json!([{ "name": "deltascope-logs", "index_template": world.template }]);
            axum::Json(json!({ "index_templates": template })).into_response()
        }
        "GET" => StatusCode::NOT_FOUND.into_response(),
        _ if world.refuse_template => not_allowed(),
        _ => {
            world.template = serde_json::from_slice(&body).ok();
            axum::Json(json!({ "acknowledged": true })).into_response()
        }
    }
}

/// What the index template is put together from.
async fn component(State(shared): State<Shared>, Path(name): Path<String>, body: Bytes) -> Response {
    let mut world = shared.world.lock().unwrap();
    if world.refuse_template {
        return not_allowed();
    }
    if world.greeting == Greeting::Compatible && String::from_utf8_lossy(&body).contains("flattened") {
        let error = json!({ "error": { "type": "mapper_parsing_exception",
            "reason": "No handler for type [flattened] declared on field [payload]" }, "status": 400 });
        return (StatusCode::BAD_REQUEST, axum::Json(error)).into_response();
    }
    world.components.insert(name, serde_json::from_slice(&body).unwrap_or_default());
    axum::Json(json!({ "acknowledged": true })).into_response()
}

fn not_allowed() -> Response {
    let error = json!({ "error": { "type": "security_exception", "reason": "not allowed" }, "status": 403 });
    (StatusCode::FORBIDDEN, axum::Json(error)).into_response()
}

async fn bulk(State(shared): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let answer = {
        let mut world = shared.world.lock().unwrap();
        world.bulks += 1;
        world.authorization = headers.get("authorization").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let wants_stream = uri.query().is_some_and(|query| query.contains("require_data_stream=true"));
        match read(&uri, &headers, &body) {
            // Without a template there is no stream, and an engine that is not told so makes an index of its own.
            Ok(records) if wants_stream && world.has_no_template() => nowhere(records.len()),
            Ok(records) => world.answer(records),
            Err(why) => {
                world.malformed.push(why);
                StatusCode::BAD_REQUEST.into_response()
            }
        }
    };
    let count = shared.world.lock().unwrap().bulks;
    shared.bulks.send_replace(count);
    answer
}

fn nowhere(records: usize) -> Response {
    let error = json!({ "type": "index_not_found_exception", "reason": "no such index" });
    let items = vec![json!({ "create": { "status": 404, "error": error } }); records];
    axum::Json(json!({ "errors": true, "items": items })).into_response()
}

type Record = ((String, String), Value);

fn read(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Vec<Record>, String> {
    let filter = uri.query().unwrap_or_default();
    if headers.get("content-type").is_none_or(|value| value != "application/x-ndjson") {
        return Err("content type".to_owned());
    }
    if filter.contains("filter_path") && !filter.contains("items.*.status") {
        return Err("positions would be lost".to_owned());
    }
    let gzip = headers.get("content-encoding").is_some_and(|value| value == "gzip");
    let plain =
        if gzip { telemetry::inflate(body, 64 << 20).map_err(|e| e.to_string())? } else { body.to_vec() };
    let text = String::from_utf8(plain).map_err(|e| e.to_string())?;
    if !text.ends_with('\n') {
        return Err("the body does not end with a line end".to_owned());
    }
    let lines: Vec<Value> = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .map_err(|e: serde_json::Error| e.to_string())?;
    lines.chunks(2).map(pair).collect()
}

fn pair(lines: &[Value]) -> Result<Record, String> {
    let [action, document] = lines else { return Err("an action without a document".to_owned()) };
    let text = |key: &str| action["create"][key].as_str().map(str::to_owned);
    let key = text("_index").zip(text("_id")).ok_or("not a create with index and id")?;
    if !key.0.starts_with("logs-deltascope.") || document["@timestamp"].as_str().is_none() {
        return Err(format!("bad document for {key:?}"));
    }
    Ok((key, document.clone()))
}

impl World {
    /// One that may not be looked at is there all the same.
    fn has_no_template(&self) -> bool {
        self.template.is_none() && !self.hide_template
    }

    fn answer(&mut self, records: Vec<Record>) -> Response {
        let step = self.script.pop_front().or_else(|| self.always.clone());
        let statuses = match step {
            None => vec![201],
            Some(Step::AllRefused(kind, reason)) => {
                let refused =
                    json!({ "create": { "status": 400, "error": { "type": kind, "reason": reason } } });
                let items = vec![refused; records.len()];
                return axum::Json(json!({ "errors": true, "items": items })).into_response();
            }
            Some(Step::Page(status)) => {
                let status = StatusCode::from_u16(status).expect("a status");
                let page = "<html><head><title>400 Bad Request</title></head><body>nginx</body></html>";
                return (status, axum::response::Html(page)).into_response();
            }
            Some(Step::Items(statuses)) => statuses,
            Some(Step::Refuse(status)) => {
                let error = json!({ "error": { "type": "scripted", "reason": "refused by the test" } });
                let status = StatusCode::from_u16(status).expect("a status");
                return (status, axum::Json(error)).into_response();
            }
            Some(Step::TakeAndGarble) => {
                for record in records {
                    self.create(record);
                }
                return "{\"items\":[{\"cre".into_response();
            }
            Some(Step::TakeAndShorten) => {
                let mut items: Vec<Value> = records.into_iter().map(|record| self.create(record)).collect();
                items.pop();
                return axum::Json(json!({ "errors": false, "items": items })).into_response();
            }
        };
        let items: Vec<Value> = records
            .into_iter()
            .zip(statuses.into_iter().cycle())
            .map(|(record, status)| match status {
                201 if self.poison.is_some_and(|words| record.1.to_string().contains(words)) => {
                    json!({ "create": {
                    "status": 400,
                    "error": { "type": "document_parsing_exception", "reason": "refused by the test" }
                } })
                }
                201 => self.create(record),
                refused => json!({ "create": { "status": refused,
                    "error": { "type": "scripted", "reason": "refused by the test" } } }),
            })
            .collect();
        axum::Json(json!({ "errors": true, "items": items })).into_response()
    }

    fn create(&mut self, (key, document): Record) -> Value {
        if self.documents.contains_key(&key) {
            return json!({ "create": { "status": 409, "error": { "type": "version_conflict_engine_exception" } } });
        }
        self.documents.insert(key, document);
        json!({ "create": { "status": 201 } })
    }
}
