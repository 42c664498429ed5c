//! What people try with `POST /api/logs`: foreign pages, forged and expired tokens, bombs, floods, text that tricks
//! terminals and readers, and secrets, which must be nowhere afterwards.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::ingest::PageTokens;

use crate::browser_log::{bid, send};
use crate::support::{Console, PASSWORD, now_ms};

async fn signed_in() -> (Console, String) {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let token = console.page_token().await;
    (console, token)
}

fn batch(recs: &Value) -> Value {
    json!({ "v": 1, "bid": bid(), "sid": "s1", "tid": "t1", "t0": now_ms(), "recs": recs })
}

fn warning() -> String {
    batch(&json!([{ "d": 0, "n": 1, "l": 13, "m": "told" }])).to_string()
}

async fn status(console: &Console, token: &str) -> StatusCode {
    send(console, token, now_ms()).body(warning()).send().await.unwrap().status()
}

async fn stored(console: &Console) -> Vec<Value> {
    let page = console.json("/api/v1/logs?source=frontend&limit=1000").await;
    page["records"].as_array().unwrap().clone()
}

/// A page token of that age in hours, made with the server's own key.
fn aged(console: &Console, hours: i64) -> String {
    let key = std::fs::read_to_string(console.data_dir().join("data/page-token.key")).unwrap();
    PageTokens::new(key.trim().to_owned()).issue(now_ms() / 1_000 - hours * 3_600, None)
}

#[tokio::test]
async fn tokens_live_for_half_a_day_and_are_renewed_on_the_way() {
    let (mut console, _) = signed_in().await;
    let answer = async |console: &Console, token: &str| -> (StatusCode, Value) {
        let response = send(console, token, now_ms()).body(warning()).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    };
    let (taken, receipt) = answer(&console, &aged(&console, 5)).await;
    assert_eq!((taken, &receipt["token"]), (StatusCode::ACCEPTED, &Value::Null));
    let (taken, receipt) = answer(&console, &aged(&console, 13)).await;
    assert_eq!(taken, StatusCode::ACCEPTED, "expired, with a session");
    let fresh = receipt["token"].as_str().unwrap().to_owned();
    assert_eq!(answer(&console, &fresh).await.1["token"], Value::Null);
    let cookie = console.cookie.replace("0".repeat(64));
    assert_eq!(
        status(&console, &aged(&console, 13)).await,
        StatusCode::UNAUTHORIZED,
        "a session that is none"
    );
    console.cookie = None;
    assert_eq!(status(&console, &aged(&console, 13)).await, StatusCode::UNAUTHORIZED, "expired");
    assert_eq!(status(&console, &aged(&console, -1)).await, StatusCode::UNAUTHORIZED, "of the future");
    assert_eq!(status(&console, &aged(&console, 7)).await, StatusCode::ACCEPTED);
    console.cookie = cookie;
    console.post("/api/v1/sign-out", &json!({})).await;
    assert_eq!(status(&console, &aged(&console, 13)).await, StatusCode::UNAUTHORIZED, "signed out");
    assert_eq!(status(&console, &aged(&console, 1)).await, StatusCode::ACCEPTED, "as a page without session");
}

#[tokio::test]
async fn forged_tokens_and_foreign_pages_get_nowhere() {
    let (console, token) = signed_in().await;
    let (claims, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('0') { "1" } else { "0" };
    for forged in [
        String::new(),
        claims.to_owned(),
        format!("{claims}."),
        format!("{claims}.{}", "0".repeat(64)),
        format!("{claims}.{other}{}", &signature[1..]),
        format!("{claims}.ffff.{signature}"),
        token.to_uppercase(),
        format!("{token}0"),
    ] {
        assert_eq!(status(&console, &forged).await, StatusCode::UNAUTHORIZED, "{forged}");
    }
    for site in ["cross-site", "same-site", "none", "SAME-ORIGIN", ""] {
        let request = console
            .request(Method::POST, "/api/logs")
            .header("content-type", "application/json")
            .header("x-log-token", &token)
            .header("origin", console.url(""))
            .header("sec-fetch-site", site);
        let response = request.body(warning()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{site}");
    }
    assert!(stored(&console).await.is_empty());
}

#[tokio::test]
async fn bombs_and_floods_are_refused_or_cut() {
    let (console, token) = signed_in().await;
    let gzip = async |bytes: &[u8]| {
        let request = send(&console, &token, now_ms()).header("content-encoding", "gzip");
        request.body(telemetry::deflate(bytes)).send().await.unwrap()
    };
    let bomb = vec![b'['; 100 << 20];
    assert!(telemetry::deflate(&bomb).len() < 600 * 1_024);
    assert_eq!(gzip(&bomb[..16 << 20]).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(gzip(&bomb[..1 << 20]).await.status(), StatusCode::BAD_REQUEST, "deep, and nothing else");
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let envelope = |extra: &str, fields: &str| {
        format!(
            r#"{{"v":1,"bid":"{}",{extra}"t0":{},"recs":[{{"l":13,"m":"first"}},{{"l":13,"m":"x","f":{fields}}}]}}"#,
            bid(),
            now_ms()
        )
    };
    let outside = gzip(envelope(&format!("\"x\":{deep},"), "{}").as_bytes()).await;
    assert_eq!(outside.status(), StatusCode::BAD_REQUEST);
    let inside = gzip(envelope("", &format!("{{\"x\":{deep}}}")).as_bytes()).await;
    assert_eq!(inside.json::<Value>().await.unwrap()["ok"], json!(2), "cut alone");
    let keys: Vec<String> = (0..10_000).map(|n| format!("\"key{n}\":{n}")).collect();
    let many = gzip(envelope("", &format!("{{{}}}", keys.join(","))).as_bytes()).await;
    assert_eq!(many.json::<Value>().await.unwrap()["ok"], json!(2));
    let widest =
        stored(&console).await.iter().map(|record| record["payload"].as_object().unwrap().len()).max();
    assert_eq!(widest, Some(32));
    let unknown: Vec<String> = (0..20_000).map(|n| format!("\"top{n}\":0,")).collect();
    assert_eq!(gzip(envelope(&unknown.concat(), "{}").as_bytes()).await.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn text_that_tricks_readers_is_made_harmless() {
    let (console, token) = signed_in().await;
    let tricks = "\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7} \u{202e}gnp.exe\u{202c} a\u{200b}b\u{feff}c \u{9b}2J \
                  \r\n{\"level\":\"fatal\",\"event\":\"order.filled\"} \u{0}\u{8} \u{2066}x\u{2069} \u{e0041}";
    let record = json!({ "d": 0, "l": 17, "m": tricks, "ev": "ui.\u{1b}[2J", "g": tricks, "cs": tricks,
        "f": { tricks: tricks, "list": [tricks] }, "ex": { "kind": tricks, "msg": tricks, "st": [tricks] } });
    let mut body = batch(&json!([record]));
    body["app"] = json!({ "r": tricks, "b": tricks });
    body["ctx"] = json!({ "route": tricks, "vis": tricks });
    let text = body.to_string().replacen("red", "red \\ud83d \\ude00\\ud83d", 1);
    let receipt = send(&console, &token, now_ms()).body(text).send().await.unwrap();
    assert_eq!(receipt.json::<Value>().await.unwrap()["ok"], json!(1));
    let (_, records) = console.stop().await;
    let told = records.iter().filter(|record| record["source"] == "frontend");
    let told: Vec<String> = told.map(Value::to_string).collect();
    assert_eq!(told.len(), 1, "one line: nothing was split");
    let plain: Value = serde_json::from_str(&told[0]).unwrap();
    assert_eq!((&plain["level"], &plain["event"]), (&json!("error"), &json!("ui.log")));
    let forbidden = |c: char| {
        let control = c.is_control() && c != '\n' && c != '\t';
        control
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
            || matches!(c, '\u{e0000}'..='\u{e01ef}')
    };
    fn texts(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::String(text) => into.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
            Value::Object(map) => map.iter().for_each(|(key, value)| {
                into.push(key.clone());
                texts(value, into);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut all = Vec::new();
    texts(&plain, &mut all);
    for text in all {
        assert!(!text.chars().any(forbidden), "{text:?}");
    }
}

/// Each stands in every place of a batch that takes text, and as a key.
const CANARIES: [&str; 8] = [
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c4naryc4naryc4nary",
    "Bearer c4nary-bearer-000111",
    "4111 1111 1111 1111",
    "c4nary.person@example.org",
    "api_key=c4naryAPIKEY",
    "X-Signature: c4narySIGNATURE",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0",
];
/// What of them must be nowhere.
const TRACES: [&str; 9] = [
    "c4nary",
    "C4NARY",
    "eyJhbGciOiJIUzI1NiJ9",
    "eyjhbgcioijiuzi1nij9",
    "4111 1111",
    "4111111111111111",
    "0123456789abcdef0123456789abcdef",
    "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0",
    "hunter2",
];

#[tokio::test]
async fn secrets_are_nowhere_afterwards() {
    let (console, token) = signed_in().await;
    let recs: Vec<Value> = CANARIES
        .iter()
        .map(|secret| {
            let fields = json!({ "plain": secret, "list": [secret], (*secret): 1, "card": 4_111_111_111_111_111_u64,
                "password": { "inner": "hunter2" }, "deep": { "cookie": ["hunter2"] },
                (format!("{}_password", "x".repeat(70))): "hunter2" });
            json!({ "d": 0, "l": 17, "m": format!("told {secret} end"), "ev": secret, "g": secret, "cs": secret,
                "ss": secret, "tr": secret, "sp": secret, "k": secret, "f": fields,
                "ex": { "kind": secret, "msg": secret, "loc": secret,
                        "st": [secret, { "fn": secret, "mod": secret, "ix": 1 }] } })
        })
        .collect();
    let mut body = batch(&json!(recs));
    for secret in CANARIES {
        body["bid"] = json!(bid());
        body["app"] = json!({ "n": secret, "r": secret, "b": secret, "e": secret });
        body["ctx"] =
            json!({ "route": format!("/x?token={secret}"), "vis": secret, "lang": secret, "net": secret });
        body["sid"] = json!(secret);
        body["tid"] = json!(secret);
        body["drops"] = json!([{ "l": 9, "why": secret, "c": 1 }]);
        let response = send(&console, &token, now_ms()).body(body.to_string()).send().await.unwrap();
        assert_eq!(response.json::<Value>().await.unwrap()["ok"], json!(CANARIES.len()));
    }
    // Refusals must not repeat what they refuse.
    let refused = send(&console, &token, now_ms()).body("{\"v\":1,\"bid\":\"Bearer c4nary-bearer\"}");
    assert!(!refused.send().await.unwrap().text().await.unwrap().contains("c4nary"));
    assert_eq!(stored(&console).await.len(), CANARIES.len() * CANARIES.len());
    let folder = console.data_dir().join("data");
    let mut places: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    let (_, lines) = console.stop().await;
    places.push(("stdout".to_owned(), Value::from(lines).to_string().into_bytes()));
    for (place, bytes) in &places {
        let text = String::from_utf8_lossy(bytes);
        for trace in TRACES {
            let found = text.find(trace).map(|at| {
                text[text.floor_char_boundary(at.saturating_sub(90))..].chars().take(160).collect::<String>()
            });
            assert_eq!(found, None, "{trace} in {place}");
        }
    }
}
