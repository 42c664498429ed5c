//! Files that trading does without are damaged, foreign or unusable: the server starts, sets them aside, says so,
//! and goes on with new ones.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use reqwest::StatusCode;
use serde_json::Value;
use server::health::{Condition, Health};
use sqlx::{Connection as _, SqliteConnection};

use crate::support::{Console, PASSWORD};

/// Stops the server, does something to the files, and starts it again.
async fn after(console: Console, harm: impl AsyncFnOnce(&Path)) -> Console {
    console.restart_after(harm).await
}

fn overwrite(file: &Path, from: u64, bytes: usize) {
    let mut file = std::fs::File::options().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(&vec![0xA5; bytes]).unwrap();
}

fn set_aside(dir: &Path, name: &str) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.map(|entry| entry.into_string().unwrap());
    let kept = names.filter(|entry| entry.starts_with(&format!("{name}.damaged-")));
    // What lay beside it is kept beside it.
    kept.filter(|entry| !entry.ends_with("-wal") && !entry.ends_with("-shm")).collect()
}

async fn sql(file: &Path, statements: &'static str) {
    let url = format!("sqlite:{}?mode=rwc", file.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// It serves, tells, trades, and says what it set aside.
async fn goes_on(mut console: Console, file: &str) -> Console {
    let dir = console.data_dir().join("data");
    assert_eq!(set_aside(&dir, file).len(), 1, "{file} is kept under another name");
    console.ready().await;
    if console.sign_in(PASSWORD).await.status() != StatusCode::OK {
        panic!("nobody can sign in");
    }
    console.settled().await;
    let open = |health: &Health| {
        health.parts().values().all(|part| !matches!(part.condition, Condition::Down { .. }))
    };
    let health = console.running.app.health.clone();
    tokio::time::timeout(std::time::Duration::from_secs(60), health.until(open)).await.expect("a new one");
    console.settled().await;
    let page = console.json("/api/v1/logs?event=db.set_aside").await;
    let told = page["records"].as_array().unwrap();
    assert_eq!(told.len(), 1, "{page}");
    assert!(told[0]["message"].as_str().unwrap().contains(file), "{page}");
    let health = console.json("/health").await;
    assert_eq!(health["status"], "degraded", "{health}");
    assert!(health["reason"].as_str().unwrap().contains(file), "{health}");
    console
}

async fn some_records(console: &Console, count: usize) {
    for _ in 0..count {
        console.running.app.teller.tell_record(telemetry::LogRecord {
            level: telemetry::Level::Info,
            event: "cycle.noted".into(),
            message: "x".repeat(500),
            ..telemetry::LogRecord::default()
        });
    }
    console.settled().await;
}

#[tokio::test]
async fn a_log_store_overwritten_in_the_middle_is_set_aside() {
    let console = Console::start(&[]).await;
    some_records(&console, 400).await;
    let console = after(console, async |dir| overwrite(&dir.join("telemetry.db"), 3 * 4_096, 150_000)).await;
    goes_on(console, "telemetry.db").await;
}

#[tokio::test]
async fn a_log_store_without_its_first_bytes_is_set_aside() {
    let console = Console::start(&[]).await;
    let console = after(console, async |dir| overwrite(&dir.join("telemetry.db"), 0, 15)).await;
    goes_on(console, "telemetry.db").await;
}

#[tokio::test]
async fn a_log_store_of_a_newer_version_is_set_aside() {
    let console = Console::start(&[]).await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9000, 'of tomorrow', TRUE, x'00', 1)";
    let console = after(console, async |dir| sql(&dir.join("telemetry.db"), newer).await).await;
    goes_on(console, "telemetry.db").await;
}

#[tokio::test]
async fn a_log_store_with_other_tables_is_set_aside() {
    for statements in [
        "CREATE TABLE log_records (anything TEXT)",
        "DROP TABLE dead_letters",
        "ALTER TABLE dead_letters RENAME COLUMN body TO words",
    ] {
        let console = Console::start(&[]).await;
        let console = after(console, async |dir: &Path| {
            if statements.starts_with("CREATE") {
                std::fs::remove_file(dir.join("telemetry.db")).unwrap();
            }
            sql(&dir.join("telemetry.db"), statements).await;
        })
        .await;
        goes_on(console, "telemetry.db").await;
    }
}

#[tokio::test]
async fn a_folder_where_the_log_store_should_be_is_set_aside() {
    let console = Console::start(&[]).await;
    let console = after(console, async |dir: &Path| {
        std::fs::remove_file(dir.join("telemetry.db")).unwrap();
        std::fs::create_dir(dir.join("telemetry.db")).unwrap();
    })
    .await;
    goes_on(console, "telemetry.db").await;
}

#[tokio::test]
async fn an_empty_log_store_is_begun_anew() {
    let console = Console::start(&[]).await;
    let console =
        after(console, async |dir: &Path| std::fs::write(dir.join("telemetry.db"), "").unwrap()).await;
    console.ready().await;
    console.settled().await;
    let (_, records) = console.stop().await;
    assert!(records.iter().any(|record| record["event"] == "db.found_empty"), "it is said");
}

#[tokio::test]
async fn damage_found_while_running_is_mended_without_a_restart() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    some_records(&console, 2_000).await;
    let dir = console.data_dir().join("data");
    sql(&dir.join("telemetry.db"), "PRAGMA wal_checkpoint(TRUNCATE)").await;
    let length = std::fs::metadata(dir.join("telemetry.db")).unwrap().len();
    overwrite(&dir.join("telemetry.db"), 2 * 4_096, usize::try_from(length).unwrap() - 3 * 4_096);
    let mended = async {
        while set_aside(&dir, "telemetry.db").is_empty() {
            console.get("/api/v1/pipeline").await;
            some_records(&console, 200).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), mended).await.expect("it is found");
    goes_on(console, "telemetry.db").await;
}

async fn count(console: &Console, query: &str) -> usize {
    console.json(&format!("/api/v1/logs?limit=1000&{query}")).await["records"].as_array().unwrap().len()
}

fn segments(dir: &Path) -> Vec<std::path::PathBuf> {
    server::store::log::Log::guest(dir).segments().into_iter().map(|segment| segment.path).collect()
}

#[tokio::test]
async fn an_index_that_is_damaged_or_gone_is_made_again_and_missed_by_nobody() {
    for harm in ["damage", "removal"] {
        let mut console = Console::start(&[]).await;
        console.sign_in(PASSWORD).await;
        some_records(&console, 300).await;
        let index = |dir: &Path| dir.join("log/index").read_dir().unwrap().map(|entry| entry.unwrap().path());
        let console = after(console, async |dir: &Path| {
            for file in index(dir).filter(|file| file.extension().is_some_and(|kind| kind == "db")) {
                match harm {
                    "damage" => overwrite(&file, 0, 20_000),
                    _ => std::fs::remove_file(&file).unwrap(),
                }
            }
        })
        .await;
        assert_eq!(count(&console, "event=cycle.noted").await, 300, "{harm}");
        let output = console.command(&["logs", "reindex"]).await;
        assert!(output.contains("makes them again"), "{output}");
        assert_eq!(count(&console, "event=cycle.noted").await, 300, "{harm}");
        let console = after(console, async |dir: &Path| {
            let output = Console::command_on(dir, &["logs", "reindex"]).await;
            assert!(output.contains("of 1 days were indexed"), "{output}");
            let output =
                Console::command_on(dir, &["logs", "query", "--event", "cycle.noted", "--limit", "1000"])
                    .await;
            assert_eq!(output.lines().count(), 300, "with the server dead");
        })
        .await;
        assert_eq!(count(&console, "event=cycle.noted").await, 300, "{harm}");
    }
}

#[tokio::test]
async fn a_segment_that_is_damaged_loses_its_own_lines_and_nothing_else() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    some_records(&console, 300).await;
    let console = after(console, async |dir: &Path| {
        overwrite(&segments(dir)[0], 60_000, 5_000);
        std::fs::remove_dir_all(dir.join("log/index")).unwrap();
    })
    .await;
    let left = count(&console, "event=cycle.noted").await;
    assert!((280..300).contains(&left), "{left}");
    some_records(&console, 5).await;
    assert_eq!(count(&console, "event=cycle.noted").await, left + 5);
}

#[tokio::test]
async fn a_log_cut_in_the_middle_of_a_line_goes_on_behind_the_last_whole_one() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    some_records(&console, 20).await;
    let console = after(console, async |dir: &Path| {
        let path = segments(dir).pop().unwrap();
        let whole = std::fs::metadata(&path).unwrap().len();
        let mut file = std::fs::File::options().append(true).open(path).unwrap();
        file.write_all(b"{\"timestamp\":\"2026-11-24T08:35:33").unwrap();
        assert!(whole > 0);
    })
    .await;
    some_records(&console, 1).await;
    assert_eq!(count(&console, "event=cycle.noted").await, 21);
    assert_eq!(count(&console, "event=db.log_cut").await, 1);
}

#[tokio::test]
async fn a_file_where_the_log_should_be_is_set_aside() {
    let console = Console::start(&[]).await;
    let console = after(console, async |dir: &Path| {
        std::fs::remove_dir_all(dir.join("log")).unwrap();
        std::fs::write(dir.join("log"), "no folder").unwrap();
    })
    .await;
    goes_on(console, "log").await;
}

#[tokio::test]
async fn damaged_accounts_are_begun_anew_with_a_one_time_link() {
    let console = Console::start_bare(&[]).await;
    let link = console.running.sign_in_link.clone().unwrap();
    let token = link.split_once("?token=").unwrap().1.to_owned();
    let set = serde_json::json!({ "token": token, "password": PASSWORD });
    let response = console.post("/api/v1/set-password-by-link", &set).await;
    assert_eq!(response.status(), StatusCode::OK);
    let console = console.restart().await;
    assert_eq!(console.running.sign_in_link, None, "there is a password");
    let console = after(console, async |dir| overwrite(&dir.join("console.db"), 0, 15)).await;
    let link = console.running.sign_in_link.clone().expect("a new link");
    let token = link.split_once("?token=").unwrap().1.to_owned();
    let set = serde_json::json!({ "token": token, "password": PASSWORD });
    assert_eq!(console.post("/api/v1/set-password-by-link", &set).await.status(), StatusCode::OK);
    goes_on(console, "console.db").await;
}

#[tokio::test]
async fn accounts_damaged_while_running_begin_anew_without_a_restart() {
    let console = Console::start(&[]).await;
    console.ready().await;
    let dir = console.data_dir().join("data");
    sql(&dir.join("console.db"), "PRAGMA wal_checkpoint(TRUNCATE)").await;
    let length = std::fs::metadata(dir.join("console.db")).unwrap().len();
    overwrite(&dir.join("console.db"), 4_096, usize::try_from(length).unwrap() - 4_096);
    // Another program writes the first page: what connections have in memory is void.
    sql(&dir.join("console.db"), "PRAGMA user_version = 7").await;
    let accounts = console.running.app.accounts.clone();
    let mut opened = accounts.opened();
    let mended = async {
        while *opened.borrow() < 2 {
            // Refused, or down for a moment: what matters is what comes of it.
            let _ = accounts.verify("admin", PASSWORD.to_owned()).await;
            tokio::task::yield_now().await;
        }
        // The first user is made, and gets the password of the settings, as soon as there are accounts.
        while !accounts.verify("admin", PASSWORD.to_owned()).await.is_ok_and(|right| right) {
            tokio::task::yield_now().await;
        }
        opened.borrow_and_update();
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), mended).await.expect("it is found");
    goes_on(console, "console.db").await;
}

#[tokio::test]
async fn a_forwarder_that_cannot_be_set_up_is_down_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let broken = dir.path().join("ca.pem");
    std::fs::write(&broken, "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n")
        .unwrap();
    for (settings, words) in [
        (vec![("DELTASCOPE__ELASTICSEARCH__CA_FILE", "/nowhere/ca.pem")], "elasticsearch.ca_file"),
        (vec![("DELTASCOPE__ELASTICSEARCH__CA_FILE", broken.to_str().unwrap())], "elasticsearch.ca_file"),
        (vec![("ELASTICSEARCH_URL", "localhost:9200")], "elasticsearch.url"),
        (vec![("ELASTICSEARCH_URL", "https://[not-an-address")], "elasticsearch.url"),
        (vec![("DELTASCOPE__ELASTICSEARCH__NAMESPACE", "Not Allowed")], "elasticsearch.namespace"),
    ] {
        let mut all = vec![("ELASTICSEARCH_URL", "https://127.0.0.1:9")];
        all.extend(settings);
        let mut console = Console::start(&all).await;
        console.ready().await;
        console.sign_in(PASSWORD).await;
        let health = console.json("/health").await;
        let part: &Value = &health["parts"]["forwarder"];
        assert_eq!(part["state"], "down", "{words}: {health}");
        assert!(part["why"].as_str().unwrap().contains(words), "{words}: {health}");
        let books = console.json("/api/v1/pipeline").await;
        assert_eq!(books["forwarder"]["state"], "down", "{books}");
        assert!(books["forwarder"]["last_error"].as_str().unwrap().contains(words), "{books}");
    }
}

#[tokio::test]
async fn a_key_file_that_cannot_be_used_is_replaced_or_done_without() {
    for (harm, told) in [("", "server.page_key_replaced"), ("folder", "server.page_key_unusable")] {
        let console = Console::start(&[]).await;
        let console = after(console, async |dir: &Path| {
            let key = dir.join("page-token.key");
            std::fs::remove_file(&key).unwrap();
            match harm {
                "folder" => std::fs::create_dir(&key).unwrap(),
                _ => std::fs::write(&key, "").unwrap(),
            }
        })
        .await;
        assert!(!console.page_token().await.is_empty());
        let (_, records) = console.stop().await;
        assert!(records.iter().any(|record| record["event"] == told), "{told}");
    }
}
