//! The key that the server delivers with and asks with: it may add records and read them, change or delete none. The
//! engine tells it once, when it is made; nobody keeps it but who reads it there.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::Value;
use telemetry::{Micros, Secret};

use super::assets::file;
use super::compare::difference;
use super::connection::{Connection, reason};
use super::engine::Engine;
use super::{Line, Standing};

const KEY: &str = include_str!("../../assets/elastic/key.json");
const PATH: &str = "/_security/api_key";
/// How early a key that ends is told.
const WARN_DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 3_600_000;

/// What is wanted of keys.
#[derive(Clone, Debug, Default)]
pub struct KeyWish {
    /// Where a new key is written, instead of to the terminal.
    pub file: Option<PathBuf>,
    /// Another one, though one is there.
    pub another: bool,
}

/// A key in force.
struct Found {
    id: String,
    standing: Standing,
}

fn line(standing: Standing) -> Line {
    Line { kind: "api key", name: file(KEY)["name"].as_str().unwrap_or_default().to_owned(), standing }
}

/// How the key stands.
pub(super) async fn check(connection: &Connection, engine: &Engine, now: Micros) -> Result<Line, String> {
    if let Some(standing) = impossible(connection, engine).await? {
        return Ok(line(standing));
    }
    Ok(line(match find(connection, now).await? {
        Ok(Some(found)) => found.standing,
        Ok(None) => Standing::Missing,
        Err(refused) => refused,
    }))
}

/// Makes it when there is none; the key itself comes beside the line.
pub(super) async fn put(
    connection: &Connection,
    engine: &Engine,
    wish: &KeyWish,
    now: Micros,
) -> Result<(Line, Option<Secret>), String> {
    if let Some(standing) = impossible(connection, engine).await? {
        return Ok((line(standing), None));
    }
    let found = match find(connection, now).await? {
        Ok(found) => found,
        Err(refused) => return Ok((line(refused), None)),
    };
    match found {
        Some(found) if !wish.another => Ok((line(mended(connection, found).await?), None)),
        Some(_) | None => made(connection).await,
    }
}

async fn made(connection: &Connection) -> Result<(Line, Option<Secret>), String> {
    let (status, answer) = connection.call(Method::POST, PATH, Some(&file(KEY))).await?;
    Ok(match answer["encoded"].as_str() {
        Some(key) if status == 200 => (line(Standing::Made), Some(Secret::new(key))),
        Some(_) | None => (line(Standing::Refused(reason(status, &answer))), None),
    })
}

/// A key that may do something else than it is to be is given the right privileges; one that ends soon is only told.
async fn mended(connection: &Connection, found: Found) -> Result<Standing, String> {
    let why = match found.standing {
        Standing::Differs(why) if why.starts_with("role_descriptors") => why,
        other => return Ok(other),
    };
    let body = serde_json::json!({ "role_descriptors": file(KEY)["role_descriptors"] });
    let (status, answer) = connection.call(Method::PUT, &format!("{PATH}/{}", found.id), Some(&body)).await?;
    Ok(match status {
        200 => Standing::Replaced(why),
        _ => Standing::Refused(reason(status, &answer)),
    })
}

/// Why there can be no key here.
async fn impossible(connection: &Connection, engine: &Engine) -> Result<Option<Standing>, String> {
    if engine.open_search {
        let why = "OpenSearch makes no keys; give its user create, read and view rights on logs-deltascope.*";
        return Ok(Some(Standing::NotSupported(why.to_owned())));
    }
    let (status, answer) = connection.call(Method::GET, "/_security/_authenticate", None).await?;
    Ok(match status {
        200 if answer["authentication_type"] == "api_key" => Some(Standing::NotSupported(
            "a key cannot make another; set-up with a user's name and password can".to_owned(),
        )),
        200 => None,
        401 | 403 => Some(Standing::Refused(reason(status, &answer))),
        _ => Some(Standing::NotSupported("this engine checks no credentials".to_owned())),
    })
}

async fn find(connection: &Connection, now: Micros) -> Result<Result<Option<Found>, Standing>, String> {
    let wanted = file(KEY);
    let name = wanted["name"].as_str().unwrap_or_default();
    let (status, answer) = connection.call(Method::GET, &format!("{PATH}?name={name}"), None).await?;
    if status == 404 {
        return Ok(Ok(None));
    }
    if status != 200 {
        return Ok(Err(Standing::Refused(reason(status, &answer))));
    }
    let keys = answer["api_keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let now_ms = now.0 / 1_000;
    let lives =
        |key: &&Value| key["invalidated"] != true && key["expiration"].as_i64().is_none_or(|at| at > now_ms);
    // The one that lives longest is the one in use, or will be.
    let best = keys.iter().filter(lives).max_by_key(|key| key["expiration"].as_i64().unwrap_or(i64::MAX));
    Ok(Ok(best.map(|key| Found {
        id: key["id"].as_str().unwrap_or_default().to_owned(),
        standing: standing(&wanted, key, now_ms),
    })))
}

fn standing(wanted: &Value, key: &Value, now_ms: i64) -> Standing {
    let rights = serde_json::json!({ "role_descriptors": wanted["role_descriptors"] });
    // Versions that do not show what a key may do are believed.
    if key["role_descriptors"].is_object()
        && let Some(why) = difference(&rights, key)
    {
        return Standing::Differs(why);
    }
    match key["expiration"].as_i64().map(|at| (at - now_ms) / DAY_MS) {
        Some(left) if left < WARN_DAYS => {
            Standing::Differs(format!("it ends in {left} days; `elastic setup --new-key` makes another"))
        }
        Some(_) | None => Standing::There,
    }
}
