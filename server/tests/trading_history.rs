//! Finished sessions over HTTP: one runs to its end and is found with what it made, in pages, figures and files; what
//! is asked wrongly is refused by name; lost, the results are made again.

#[path = "trading_support/console.rs"]
mod console;
#[path = "trading_support/server.rs"]
mod server_support;

use std::path::Path;
use std::time::Duration;

use console::Console;
use model::result::SessionResult;
use model::{Decimal, ExecutionMode, ExitReason, Micros, SessionId, Underlying};
use serde_json::{Value, json};
use server::store::history::Changes;
use sqlx::Connection as _;

/// The history follows the journal at its own pace.
async fn finished(console: &Console, count: u64) -> Value {
    let mut latest = Value::Null;
    let look = async {
        loop {
            latest = console.get("/api/v1/trades").await.body;
            if latest["totals"]["sessions"] == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(90), look).await;
    assert!(found.is_ok(), "never listed: {latest:#}");
    latest
}

async fn one_session(console: &Console) -> String {
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    let stopped = console.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
    assert_eq!(stopped.status, 202, "{stopped:?}");
    feed.lifecycle("STOPPED").await;
    id
}

async fn execute(dir: &Path, sql: &'static str) {
    let path = format!("sqlite://{}", dir.join("history.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&path).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_is_found_with_what_it_made_and_again_after_its_results_were_lost() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let empty = console.get("/api/v1/analytics").await.body;
    assert_eq!((empty["trades"].as_u64(), &empty["figures"]["net"]["value"]), (Some(0), &Value::Null));
    let id = one_session(&console).await;

    let list = finished(&console, 1).await;
    let row = &list["results"][0];
    assert_eq!(
        (row["session_id"].as_str(), row["exit_reason"].as_str()),
        (Some(id.as_str()), Some("operator"))
    );
    assert_eq!(
        (row["traded"].as_bool(), row["settings"]["name"].as_str()),
        (Some(true), Some("quick-strangle"))
    );
    let legs = row["legs"].as_array().unwrap();
    let of_legs: f64 = legs.iter().map(|leg| number(&leg["net"])).sum();
    assert!((of_legs - number(&row["net"])).abs() < 1e-9, "{row:#}");
    let session = console.get(&format!("/api/v1/sessions/{id}")).await.body;
    assert_eq!(session["pnl"]["realized"], row["net"], "money is text, the same everywhere");

    let figures = console.get("/api/v1/analytics?period=today&configuration=quick-strangle").await.body;
    assert_eq!(
        (figures["trades"].as_u64(), figures["execution_mode"].as_str()),
        (Some(1), Some("simulated"))
    );
    // The same amount; a sum is told without the zeros at its end.
    assert_eq!(number(&figures["figures"]["net"]["value"]), number(&row["net"]));
    assert_eq!(figures["figures"]["net"]["few"], true);
    assert_eq!(figures["reasons"][0]["reason"], "operator");
    files(&console, &id, row).await;
    filters(&console).await;
    pages(&console, &id).await;
    running.stop().await;

    execute(dir.path(), "DELETE FROM results").await;
    execute(dir.path(), "DELETE FROM progress").await;
    let (running, console) = server_support::start(dir.path(), &[]).await;
    assert_eq!(&finished(&console, 1).await["results"][0], row, "made again from the journal");
    running.stop().await;

    execute(dir.path(), "DELETE FROM results").await;
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let again = &finished(&console, 1).await["results"][0];
    assert_eq!(
        (&again["net"], &again["settings"]),
        (&row["net"], &Value::Null),
        "made again from the kept view"
    );
    running.stop().await;
}

async fn files(console: &Console, id: &str, row: &Value) {
    for path in ["/api/v1/trades.csv?result=traded", "/api/v1/sessions.csv"] {
        let text = console.get(path).await.body.as_str().unwrap().to_owned();
        let lines: Vec<Vec<&str>> =
            text.trim_end_matches("\r\n").split("\r\n").map(|line| line.split(',').collect()).collect();
        assert_eq!(lines.len(), 2, "{text}");
        let cell = |name: &str| lines[1][lines[0].iter().position(|column| *column == name).unwrap()];
        // The same amount: a zero at its end is written in one of them.
        assert_eq!((cell("session_id"), number(&cell("net_usd").into())), (id, number(&row["net"])));
        assert_eq!((cell("exit_reason"), cell("traded")), ("operator", "true"));
    }
    let none = console.get("/api/v1/trades.csv?execution_mode=live").await.body;
    assert_eq!(none.as_str().unwrap().matches("\r\n").count(), 1, "the head alone");
    let days = console.get("/api/v1/analytics.csv").await.body;
    assert!(days.as_str().unwrap().starts_with("day,trades,won,unknown,net_usd,total_usd,drawdown_usd\r\n"));
    assert_eq!(days.as_str().unwrap().matches("\r\n").count(), 2);
}

async fn filters(console: &Console) {
    let count = |query: &'static str| async move {
        let answer = console.get(&format!("/api/v1/trades?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        (
            answer.body["totals"]["sessions"].as_u64().unwrap(),
            answer.body["results"].as_array().unwrap().len(),
        )
    };
    for query in [
        "period=7d",
        "underlying=BTC&strategy_id=short_strangle",
        "result=traded",
        "exit_reason=operator&sort=-net",
    ] {
        assert_eq!(count(query).await, (1, 1), "{query}");
    }
    for query in
        ["to=2001-01-01", "underlying=ETH", "result=untraded", "exit_reason=panic", "configuration=nobody's"]
    {
        assert_eq!(count(query).await, (0, 0), "{query}");
    }
    assert_eq!(
        count("page=1000000").await,
        (1, 0),
        "a page behind the last is empty and says how many there are"
    );
    for (query, field) in [
        ("period=week", "period"),
        ("from=2022-02-02&to=2022-02-01", "from"),
        ("exit_reason=greed", "exit_reason"),
        ("page=0", "page"),
        ("page=99999999999999999999", "page"),
        ("sort=password", "sort"),
        ("result=%F0%9F%A6%80", "result"),
    ] {
        for path in ["trades", "trades.csv", "analytics", "analytics.csv", "sessions"] {
            let answer = console.get(&format!("/api/v1/{path}?{query}")).await;
            assert_eq!(answer.status, 400, "{path}?{query}: {answer:?}");
            assert!(answer.body["error"]["fields"][field].is_string(), "{path}?{query}: {answer:?}");
        }
    }
    let unknown = console.get("/api/v1/trades?reason=panic").await;
    assert_eq!(unknown.status, 400, "a name that is none is not passed over: {unknown:?}");
    let views = console.get("/api/v1/sessions?result=traded&limit=5").await.body;
    assert_eq!((views["total"].as_u64(), views["sessions"].as_array().map(Vec::len)), (Some(1), Some(1)));
}

async fn pages(console: &Console, id: &str) {
    for path in ["/analytics", "/trades", &format!("/sessions/{id}")] {
        let page = console.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.as_str().unwrap().contains("Short strangle BTC · quick"), "{path}");
    }
    for (path, status, says) in [
        ("/sessions/s-nobody", 404, "There is no such session"),
        ("/trades?result=good", 400, "result must be one of"),
        ("/analytics?from=2022-02-30", 400, "from must be a day"),
    ] {
        let page = console.get(path).await;
        assert_eq!(page.status, status, "{path}");
        let html = page.body.as_str().unwrap().to_owned();
        assert!(html.contains(says) && html.contains("PANIC"), "{path}: {html}");
    }
}

/// A session that ended so many seconds after the beginning of 2022, of a configuration whose name is a formula.
fn result(second: i64, net: Option<&str>) -> SessionResult {
    let ended_at = Micros(1_640_995_200_000_000 + second * 1_000_000);
    SessionResult {
        session_id: SessionId(format!("s-{second:05}")),
        strategy_id: "short_strangle".to_owned(),
        configuration: "=HYPERLINK(\"x\")".to_owned(),
        configuration_hash: "9e41c2".to_owned(),
        execution_mode: ExecutionMode::Simulated,
        underlying: Underlying::new("BTC"),
        lots_per_leg: 1,
        correlation_id: "4bf92f3577b34da6".to_owned(),
        started_by: "admin".to_owned(),
        started_at: Micros(ended_at.0 - 60_000_000),
        ended_at,
        exit_reason: Some(ExitReason::MaxLoss),
        also_matched: vec![],
        exit_correlation_id: None,
        exit_decided_at: None,
        traded: true,
        opened_at: None,
        closed_at: None,
        held_ms: None,
        credit: Decimal::ONE_HUNDRED,
        cost_to_close: None,
        gross: None,
        fees: "0.00000001".parse().unwrap(),
        net: net.map(|net| net.parse().unwrap()),
        slippage: None,
        best: None,
        worst: None,
        peak: None,
        floor: None,
        legs: vec![],
        seconds_by_lifecycle: Default::default(),
        settings: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_knows_is_in_no_sum_and_comes_last() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let nets = [Some("10.00000001"), None, Some("-4"), Some("0"), None];
    let results = nets.iter().zip(0..).map(|(net, second)| result(second, *net));
    let untraded = SessionResult { traded: false, ..result(9, Some("0")) };
    let changes = Changes { results: results.chain([untraded]).collect(), ..Changes::default() };
    let history = &running.app.trading.history;
    // Twice: what was saved before is the same again.
    for _ in 0..2 {
        history.save(&changes).await.unwrap();
    }
    let list = console.get("/api/v1/trades?sort=-net").await.body;
    let totals = &list["totals"];
    let count = |name: &str| totals[name].as_u64().unwrap();
    assert_eq!(["sessions", "traded", "won", "lost", "even", "unknown"].map(count), [6, 5, 1, 1, 1, 2]);
    assert_eq!((totals["net"].as_str(), totals["fees"].as_str()), (Some("6.00000001"), Some("0.00000006")));
    let ids = |list: &Value| -> Vec<String> {
        let rows = list["results"].as_array().unwrap();
        rows.iter().map(|row| row["session_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&list), ["s-00000", "s-00009", "s-00003", "s-00002", "s-00004", "s-00001"]);
    let ascending = console.get("/api/v1/trades?sort=net&limit=2&page=3").await.body;
    assert_eq!(ids(&ascending), ["s-00001", "s-00004"], "unknown comes last, whichever way");
    assert_eq!(ids(&console.get("/api/v1/trades?result=unknown").await.body).len(), 2);

    let figures = console.get("/api/v1/analytics").await.body;
    assert_eq!((figures["trades"].as_u64(), figures["unknown"].as_u64()), (Some(5), Some(2)));
    assert_eq!(figures["figures"]["win_rate"]["sample"], 3);
    assert_eq!(figures["figures"]["net"]["value"], "6.00000001");

    let text = console.get("/api/v1/trades.csv?result=unknown").await.body;
    let text = text.as_str().unwrap();
    assert!(text.contains(",\"'=HYPERLINK(\"\"x\"\")\","), "{text}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_a_file_of_all_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let results = (0..2_500).map(|second| result(second, Some("1"))).collect();
    running.app.trading.history.save(&Changes { results, ..Changes::default() }).await.unwrap();
    let text = console.get("/api/v1/trades.csv?sort=net").await.body;
    let lines: Vec<&str> = text.as_str().unwrap().trim_end_matches("\r\n").split("\r\n").collect();
    let ids: std::collections::BTreeSet<&str> =
        lines[1..].iter().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!((lines.len(), ids.len()), (2_501, 2_500), "each once");
    let last = console.get("/api/v1/trades?limit=200&page=13").await.body;
    assert_eq!((last["pages"].as_u64(), last["results"].as_array().map(Vec::len)), (Some(13), Some(100)));
    running.stop().await;
}
