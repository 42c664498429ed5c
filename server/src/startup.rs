//! The parts list: what a running server consists of, in the order in which it is put together and taken apart.

mod events;
mod forward;
mod house;
mod page_key;
mod people;
mod stop;

use std::net::SocketAddr;
use std::sync::Arc;

use telemetry::Context;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use events::{ServerEvent, catalogue};
pub use people::words_of;

use crate::alerts;
use crate::auth::{Accounts, SetupLink, SlowLane, StepUps, Throttle};
use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError};
use crate::elastic::Search;
use crate::forwarder;
use crate::handles;
use crate::health::Health;
use crate::http::{self, router, serving};
use crate::ingest::Ingest;
use crate::levels::LogLevels;
use crate::random;
use crate::shared::App;
use crate::store::telemetry::TelemetryStore;
use crate::store::trading::Purpose;
use crate::store::watch::WatchStore;
use crate::symbols::Symbols;
use crate::tasks::{Restart, Tasks};
use crate::telling::{Output, Teller, Writer};
use crate::trading;

/// Why the server does not start; each one clear sentence.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error("the address {address} cannot be listened on: {why}")]
    Listen { address: SocketAddr, why: String },
    #[error(transparent)]
    Trading(#[from] trading::StartError),
}

/// A server that serves.
pub struct Running {
    pub app: Arc<App>,
    /// Where it listens: the port that was really given when port 0 was asked for.
    pub address: SocketAddr,
    /// The one-time link for people, when nobody has a password yet. Never to be recorded.
    pub sign_in_link: Option<String>,
    server: JoinHandle<std::io::Result<()>>,
    writer: JoinHandle<()>,
    output: Arc<Output>,
    data_dir: DataDir,
}

/// Puts the parts together and serves. `output`: where records go as lines. Only what trading needs can refuse the
/// start: the data directory, the address, the journal and the venue. Everything else comes up as far as it can.
pub async fn start(config: Config, output: Output) -> Result<Running, StartError> {
    start_for(Purpose::Trade, config, output).await
}

/// The same for who only closes everything: also with a journal that this version cannot read.
pub async fn start_to_close(config: Config) -> Result<Running, StartError> {
    start_for(Purpose::Close, config, Output::none()).await
}

async fn start_for(purpose: Purpose, config: Config, output: Output) -> Result<Running, StartError> {
    let data_dir = DataDir::open(&config.data.dir)?;
    let listener = listen(config.http.listen).await?;
    let address = listener.local_addr().map_err(|error| cannot_listen(config.http.listen, &error))?;
    let teller = Teller::new(config.log.level, config.log.queue_records);
    // Before there is anything to hear: the first calls to the venue are made before the rules are there.
    teller.tap().open();
    let health = Health::default();
    let tasks = Tasks::new(teller.clone(), health.clone());
    let (records, accounts, watch) = tokio::join!(
        TelemetryStore::keep(data_dir.path(), &config.database, &health, &tasks),
        Accounts::keep(data_dir.path(), &config.database, &config.auth, &health, &tasks),
        WatchStore::keep(data_dir.path(), &config.database, &health, &tasks),
    );
    let (trading, end_trading) =
        trading::start(&config, purpose, data_dir.path(), &records, &health, &tasks).await?;
    let page_key = page_key::read(data_dir.path(), &teller, &health);
    if config.elasticsearch.url.is_some() {
        // Before the first record, so that all are offered. A store that is down opens them when it is there.
        let _ = records.open_books().await;
    }
    let output = Arc::new(output);
    let writer = write_records(&tasks, Writer::new(teller.clone(), records.clone(), Arc::clone(&output)));
    let forwarder = config.elasticsearch.url.as_ref().map(|_| forwarder::Status::default());
    let parts = alerts::Parts {
        journal: trading.store.clone(),
        records: records.clone(),
        forwarder: forwarder.clone(),
        teller: teller.clone(),
    };
    let base = config.http.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let levels = LogLevels::keep(watch.clone(), teller.clone(), &tasks).await;
    let app = Arc::new(App {
        levels,
        alerts: alerts::start(&config, &base, watch, parts, &tasks),
        trading,
        throttle: Throttle::new(config.auth.failures_per_minute),
        emergency: Throttle::new(config.auth.failures_per_minute),
        slow_lane: SlowLane::default(),
        forwarder,
        index: Search::new(&config.elasticsearch).ok().flatten(),
        setup_link: SetupLink::default(),
        step_ups: StepUps::new(config.auth.step_up_minutes),
        cookie_tag: random::digest(&format!("session cookie of {page_key}")).chars().take(8).collect(),
        symbols: Symbols::keep(data_dir.path(), &http::site_dir(&config.http)),
        ingest: Ingest::new(page_key, &config.ingest, config.log.level),
        stop_hooks: std::sync::Mutex::default(),
        config: Arc::new(config),
        teller,
        health,
        tasks,
        records,
        accounts,
    });
    app.on_stop(end_trading);
    let of_browsers = |change: crate::levels::Change| (change.level, change.expires_at.as_millis());
    let raised = app.levels.changes().await.into_iter().find(|change| change.target == "frontend");
    app.ingest.settings.set_level(raised.map(of_browsers));
    app.teller.tell(&ServerEvent::started(&app.config, address), &Context::default());
    let sign_in_link = people::welcome(&app, address).await;
    forward::start(&app);
    house::keep(&app);
    let server = serve(listener, Arc::clone(&app));
    Ok(Running { app, address, sign_in_link, server, writer, output, data_dir })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| cannot_listen(address, &error))
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> StartError {
    let why = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program uses that port; set DELTASCOPE__HTTP__LISTEN".to_owned()
        }
        _ => error.to_string(),
    };
    StartError::Listen { address, why }
}

/// The writer is supervised like every task; should it panic, it goes on with what waits in the queue.
fn write_records(tasks: &Tasks, writer: Writer) -> JoinHandle<()> {
    tasks.supervise("telemetry_writer", Context::default(), Restart::SOON, move || {
        let writer = writer.clone();
        async move {
            writer.run().await;
            Ok::<(), std::convert::Infallible>(())
        }
    })
}

fn serve(listener: TcpListener, app: Arc<App>) -> JoinHandle<std::io::Result<()>> {
    let stop = app.tasks.stop_signal();
    tokio::spawn(serving::serve(listener, router::build(app), handles::raise(), stop))
}
