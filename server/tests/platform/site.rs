//! The files of the site: who may keep them for how long, which copy is sent, and what is not served at all.

use std::path::Path;

use reqwest::{Method, Response, StatusCode};

use crate::support::{Console, header};

const SCRIPT: &str = "/pkg/deltascope.0123456789abcdef0123.js";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// As the site builder makes it, and two files that a careless one might leave.
fn site(folder: &Path) {
    let address = |plain: &str| match plain {
        "/pkg/deltascope.js" => SCRIPT.to_owned(),
        "/favicon.svg" => plain.to_owned(),
        _ => format!("/pkg/{}.ffffffffffffffffffff.x", plain.replace('/', "")),
    };
    let plain = [
        "/pkg/deltascope.js",
        "/pkg/deltascope.css",
        "/pkg/deltascope.wasm",
        "/guard.js",
        "/measure.js",
        "/chart.js",
        "/favicon.svg",
    ];
    let names: serde_json::Map<String, serde_json::Value> =
        plain.iter().map(|plain| ((*plain).to_owned(), address(plain).into())).collect();
    std::fs::create_dir(folder.join("pkg")).unwrap();
    let manifest = serde_json::json!({ "made_of": "a test", "files": names });
    for (file, text) in [
        ("site.json", manifest.to_string().as_str()),
        (&SCRIPT[1..], "as it is"),
        (&format!("{}.br", &SCRIPT[1..]), "brotli"),
        (&format!("{}.gz", &SCRIPT[1..]), "gzip"),
        ("favicon.svg", "<svg/>"),
        ("pkg/deltascope.d.ts", "export {}"),
        ("pkg/package.json", "{}"),
    ] {
        std::fs::write(folder.join(file), text).unwrap();
    }
}

async fn console(folder: &Path) -> Console {
    Console::start(&[("DELTASCOPE__HTTP__SITE_DIR", &folder.display().to_string())]).await
}

/// By a client that takes what is sent as it is.
async fn get(console: &Console, path: &str, encoding: &str) -> Response {
    let client = reqwest::Client::builder().no_gzip().build().unwrap();
    let request = client.request(Method::GET, console.url(path)).header("accept-encoding", encoding);
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn files_named_by_their_content_are_kept_for_ever_and_others_are_not() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path());
    let console = console(folder.path()).await;
    for (path, expected) in [(SCRIPT, FOR_EVER), ("/favicon.svg", "no-cache"), ("/login", "no-store")] {
        let response = console.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(header(&response, "cache-control"), expected, "{path}");
    }
}

#[tokio::test]
async fn the_page_asks_for_files_by_the_names_of_their_content() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path());
    let named = console(folder.path()).await.get("/login").await.text().await.unwrap();
    assert!(named.contains(&format!("href=\"{SCRIPT}\"")), "{named}");
    for file in ["guard.js", "measure.js", "chart.js", "pkgdeltascope.css", "pkgdeltascope.wasm"] {
        assert!(named.contains(&format!("/pkg/{file}.ffffffffffffffffffff.x")), "{file}: {named}");
    }
    // A folder without a manifest, as `cargo leptos watch` makes it.
    let bare = tempfile::tempdir().unwrap();
    let plain = console(bare.path()).await.get("/login").await.text().await.unwrap();
    for address in [
        "/pkg/deltascope.css",
        "/pkg/deltascope.js",
        "/pkg/deltascope.wasm",
        "/guard.js",
        "/measure.js",
        "/chart.js",
    ] {
        assert!(plain.contains(&format!("\"{address}\"")), "{address}: {plain}");
    }
}

#[tokio::test]
async fn the_copy_that_a_browser_can_read_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path());
    let console = console(folder.path()).await;
    for (accepted, encoding, body) in
        [("gzip, deflate, br", "br", "brotli"), ("gzip", "gzip", "gzip"), ("identity", "", "as it is")]
    {
        let response = get(&console, SCRIPT, accepted).await;
        let sent = response.headers().get("content-encoding").map_or("", |value| value.to_str().unwrap());
        assert_eq!(sent, encoding, "{accepted}");
        assert_eq!(header(&response, "cache-control"), FOR_EVER, "{accepted}");
        assert_eq!(header(&response, "vary"), "accept-encoding", "{accepted}");
        assert!(header(&response, "content-type").starts_with("text/javascript"), "{accepted}");
        assert_eq!(response.text().await.unwrap(), body, "{accepted}");
    }
}

#[tokio::test]
async fn a_request_for_a_file_is_told_as_one() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path());
    let console = console(folder.path()).await;
    let asked = [(SCRIPT, 200), ("/favicon.svg", 200), ("/pkg/deltascope.d.ts", 404), ("/nothing-here", 404)];
    for (path, status) in asked {
        assert_eq!(console.get(path).await.status().as_u16(), status, "{path}");
    }
    let (_, records) = console.stop().await;
    let lines = records.iter().filter(|record| record["event"] == "http.request");
    let told: Vec<_> = lines
        .map(|line| (line["payload"]["route"].clone(), line["payload"]["status_code"].clone()))
        .filter(|(route, _)| route == "site file" || route == "unmatched")
        .collect();
    let expected = [("site file", 200), ("site file", 200), ("site file", 404), ("unmatched", 404)];
    assert_eq!(told, expected.map(|(route, status)| (route.into(), status.into())));
}

#[tokio::test]
async fn what_no_page_asks_for_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path());
    let console = console(folder.path()).await;
    for path in
        ["/site.json", "/pkg/deltascope.d.ts", "/pkg/package.json", &format!("{SCRIPT}.br"), "/pkg/", "/pkg"]
    {
        assert_eq!(console.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn an_error_of_the_browser_names_its_functions_and_nobody_is_served_the_names() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path());
    std::fs::create_dir(folder.path().join("symbols")).unwrap();
    let manifest = std::fs::read_to_string(folder.path().join("site.json")).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    manifest["build"] = "0123456789abcdef0123".into();
    std::fs::write(folder.path().join("site.json"), manifest.to_string()).unwrap();
    let file = "symbols/0123456789abcdef0123.txt";
    std::fs::write(folder.path().join(file), "812 app::chart::draw\n").unwrap();
    let mut console = console(folder.path()).await;
    console.sign_in(crate::support::PASSWORD).await;
    assert_eq!(console.get(&format!("/{file}")).await.status(), StatusCode::NOT_FOUND);
    let page = console.get("/login").await.text().await.unwrap();
    let version = page.split_once("name=\"version\" content=\"").unwrap().1.split('"').next().unwrap();
    assert!(version.ends_with("+0123456789ab"), "{version}");
    let error = serde_json::json!({ "kind": "panic", "msg": "boom", "st": [{ "ix": 812, "off": 9 }] });
    let now = crate::support::now_ms();
    let body = serde_json::json!({ "v": 1, "bid": crate::browser_log::bid(), "sid": "s", "tid": "t", "t0": now,
        "app": { "b": version }, "recs": [{ "d": 0, "n": 1, "l": 17, "m": "boom", "ex": error }] });
    let token = console.page_token().await;
    let sent = crate::browser_log::send(&console, &token, now).body(body.to_string()).send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::ACCEPTED);
    let page = console.json("/api/v1/logs?source=frontend").await;
    let stack = &page["records"][0]["error"]["stack_trace"];
    assert_eq!(stack, "app::chart::draw wasm-function[812]:0x9");
}
