//! `elastic setup` and `elastic check`: every asset in its order, each told as one line.

use reqwest::Method;
use serde_json::{Value, json};
use telemetry::{Secret, Source};

use super::assets::{NAME, Retention, for_engine};
use super::connection::{Connection, reason};
use super::engine::{Engine, Lifecycle};
use super::kibana::Abilities;
use super::{KeyWish, Line, Standing, key, kibana};
use crate::clock;
use crate::config::ElasticsearchConfig;

/// Puts what is missing and what differs. `tell` hears each line as it is known; what comes back is a key that was
/// made, if one was. `Err`: the engine or Kibana cannot be worked with; one sentence.
pub async fn set_up(
    config: &ElasticsearchConfig,
    wish: &KeyWish,
    mut tell: impl FnMut(Line),
) -> Result<Option<Secret>, String> {
    let (connection, engine) = reach(config).await?;
    for asset in for_engine(&engine, Retention::of(config)) {
        let standing = asset.put(&connection).await?;
        tell(Line { kind: asset.kind, name: asset.name.clone(), standing });
    }
    unsupported(&engine, config).into_iter().for_each(&mut tell);
    for line in streams(&connection, &engine, config, true).await? {
        tell(line);
    }
    let (line, made) = key::put(&connection, &engine, wish, clock::now()).await?;
    tell(line);
    // A key that was made is handed out whatever becomes of the rest: the engine tells it only once.
    match of_kibana(&connection, config, true, &mut tell).await {
        Err(why) if made.is_some() => {
            tell(Line { kind: "kibana", name: "all of it".to_owned(), standing: Standing::Refused(why) });
        }
        outcome => outcome?,
    }
    Ok(made)
}

/// Looks at every asset and changes nothing.
pub async fn check(config: &ElasticsearchConfig, mut tell: impl FnMut(Line)) -> Result<(), String> {
    let (connection, engine) = reach(config).await?;
    for asset in for_engine(&engine, Retention::of(config)) {
        let standing = asset.look(&connection).await?.standing;
        tell(Line { kind: asset.kind, name: asset.name.clone(), standing });
    }
    unsupported(&engine, config).into_iter().for_each(&mut tell);
    for line in streams(&connection, &engine, config, false).await? {
        tell(line);
    }
    tell(key::check(&connection, &engine, clock::now()).await?);
    of_kibana(&connection, config, false, &mut tell).await
}

impl Retention {
    /// As the settings say.
    pub fn of(config: &ElasticsearchConfig) -> Self {
        Self { hot_days: config.hot_days, delete_days: config.delete_days }
    }
}

async fn reach(config: &ElasticsearchConfig) -> Result<(Connection, Engine), String> {
    if config.url.is_none() {
        return Err("elasticsearch.url is not set: there is no engine to work with".to_owned());
    }
    let connection = Connection::new(config).map_err(|error| error.to_string())?;
    let (status, greeting) = connection
        .call(Method::GET, "/", None)
        .await
        .map_err(|why| format!("the engine does not answer: {why}"))?;
    if status != 200 {
        return Err(format!("the engine does not let us in: {}", reason(status, &greeting)));
    }
    let engine = Engine::of(&greeting).probe(&connection).await?;
    Ok((connection, engine))
}

/// What this engine lacks, in words.
fn unsupported(engine: &Engine, config: &ElasticsearchConfig) -> Vec<Line> {
    let line =
        |kind, why: String| Line { kind, name: NAME.to_owned(), standing: Standing::NotSupported(why) };
    let mut lines = Vec::new();
    match engine.lifecycle {
        Lifecycle::Policies | Lifecycle::States => {}
        Lifecycle::Retention => lines.push(line(
            "lifecycle",
            format!(
                "{} has no lifecycle policies here; the data streams themselves keep {} days",
                engine.name, config.delete_days
            ),
        )),
        Lifecycle::Nobody => lines.push(line(
            "lifecycle",
            format!("{} has none here; old indices stay until somebody deletes them", engine.name),
        )),
    }
    if !engine.has_failure_store {
        let why = format!("{} has none; documents that do not fit are kept as dead letters", engine.name);
        lines.push(line("failure store", why));
    }
    lines
}

/// The data streams that records made already: templates count only from the next index on.
async fn streams(
    connection: &Connection,
    engine: &Engine,
    config: &ElasticsearchConfig,
    put: bool,
) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    for source in [Source::Backend, Source::Frontend, Source::Audit] {
        let name = telemetry::data_stream(source, &config.namespace);
        let (status, answer) = connection.call(Method::GET, &format!("/_data_stream/{name}"), None).await?;
        let stream = &answer["data_streams"][0];
        let standing = match status {
            200 if stream["template"] != NAME => {
                Standing::Differs(format!("it is of the template {}", stream["template"]))
            }
            200 if engine.has_failure_store && stream["failure_store"]["enabled"] == false => {
                failure_store(connection, &name, put).await?
            }
            200 => Standing::There,
            404 | 400 if is_plain_index(connection, &name).await? => Standing::Differs(
                "it is a plain index, made while no template stood there; remove it once its records are elsewhere"
                    .to_owned(),
            ),
            // The first record makes it.
            404 | 400 => continue,
            _ => Standing::Refused(reason(status, &answer)),
        };
        lines.push(Line { kind: "data stream", name, standing });
    }
    Ok(lines)
}

async fn failure_store(connection: &Connection, stream: &str, put: bool) -> Result<Standing, String> {
    let why = "its failure store is off".to_owned();
    if !put {
        return Ok(Standing::Differs(why));
    }
    let body = json!({ "failure_store": { "enabled": true } });
    let path = format!("/_data_stream/{stream}/_options");
    let (status, answer) = connection.call(Method::PUT, &path, Some(&body)).await?;
    Ok(if status == 200 { Standing::Replaced(why) } else { Standing::Refused(reason(status, &answer)) })
}

async fn is_plain_index(connection: &Connection, name: &str) -> Result<bool, String> {
    let (status, answer) = connection.call(Method::GET, &format!("/{name}/_settings"), None).await?;
    Ok(status == 200 && answer.get(name).is_some_and(Value::is_object))
}

async fn of_kibana(
    connection: &Connection,
    config: &ElasticsearchConfig,
    put: bool,
    tell: &mut impl FnMut(Line),
) -> Result<(), String> {
    let Some(kibana) = connection.kibana(config) else { return Ok(()) };
    let abilities =
        Abilities::probe(&kibana).await.map_err(|why| format!("Kibana cannot be worked with: {why}"))?;
    let mut assets = kibana::assets().into_iter();
    // What searches refer to comes first.
    if let Some(data_view) = assets.next() {
        tell(kibana::one(&kibana, &abilities, &data_view, put).await?);
    }
    for line in kibana::searches(&kibana, put).await? {
        tell(line);
    }
    for asset in assets {
        tell(kibana::one(&kibana, &abilities, &asset, put).await?);
    }
    Ok(())
}
