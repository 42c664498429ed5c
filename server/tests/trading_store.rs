//! The journal is the truth: whatever it is continued from, the same state comes out; a changed byte is found; a
//! venue that this version does not trade is refused in one sentence.

#[path = "trading_support/console.rs"]
mod console;
#[path = "trading_support/server.rs"]
mod server_support;

use std::path::Path;
use std::process::{Command, Output};

use model::TradingState;
use server::config;
use server::store::trading::TradingStore;
use server::telling::Teller;
use sqlx::Connection as _;
use telemetry::Level;

async fn open(dir: &Path) -> TradingStore {
    let config = config::load(None, &server_support::environment(dir, &[])).unwrap();
    TradingStore::open_beside(dir, Teller::new(Level::Fatal, 16), &config.database).await.unwrap()
}

async fn execute(dir: &Path, sql: &'static str) -> u64 {
    let path = format!("sqlite://{}", dir.join("trading.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&path).await.unwrap();
    let changed = sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected();
    connection.close().await.unwrap();
    changed
}

fn replay(dir: &Path, session: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_deltascope"))
        .env_clear()
        .envs(server_support::environment(dir, &[]))
        .args(["replay", session])
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_recovering_gives_the_same_state() {
    let dir = tempfile::tempdir().unwrap();
    let (running, console) = server_support::start(dir.path(), &[]).await;
    let mut feed = console.feed().await;
    let id = console.start().await;
    feed.entered().await;
    let hub = running.app.trading.hub.clone();
    running.stop().await;

    let store = open(dir.path()).await;
    let from_rolling = store.recover().await.unwrap();
    assert_eq!(from_rolling.state, hub.state(), "the state as it was when the server stopped");
    let decided = |state: &TradingState| {
        let mut state = state.clone();
        // Prices on which nothing was decided are not written.
        (state.spot, state.markets, state.market_heard_at) = Default::default();
        state
    };
    assert_eq!(from_rolling.folded, 0, "a server that stops keeps a snapshot");
    assert_eq!(store.forget(&from_rolling.state).await.unwrap(), 0, "nothing is old");
    assert_eq!(execute(dir.path(), "DELETE FROM snapshots WHERE kind = 'rolling'").await, 1);
    let from_origin = store.recover().await.unwrap();
    assert!(from_origin.folded > 20, "{}", from_origin.folded);
    assert_eq!(decided(&from_origin.state), decided(&from_rolling.state));
    assert_eq!(
        (from_origin.next_seq, from_origin.next_input_seq),
        (from_rolling.next_seq, from_rolling.next_input_seq)
    );
    store.close().await;

    let same = replay(dir.path(), &id);
    assert!(same.status.success(), "{same:?}");
    let sql = "UPDATE journal_decisions SET json = replace(json, '\"sell\"', '\"buy\"') \
               WHERE seq = (SELECT MIN(seq) FROM journal_decisions WHERE json LIKE '%submitted%')";
    assert_eq!(execute(dir.path(), sql).await, 1);
    let changed = replay(dir.path(), &id);
    assert!(!changed.status.success(), "a changed decision is found");
    let words = String::from_utf8_lossy(&changed.stderr).into_owned();
    assert!(words.contains("differs at decision"), "{words}");
    assert!(!replay(dir.path(), "s-unknown").status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_venue_without_keys_is_refused_with_what_to_do() {
    for kind in ["delta-india", "delta-india-testnet", "delta-global"] {
        let dir = tempfile::tempdir().unwrap();
        let more = [("DELTASCOPE__VENUE__KIND", kind)];
        let config = config::load(None, &server_support::environment(dir.path(), &more)).unwrap();
        let refused = server::startup::start(config, server::telling::Output::none()).await.err().unwrap();
        let words = refused.to_string();
        assert!(words.contains(kind) && words.contains("DELTA_API_KEY"), "{words}");
    }
}
