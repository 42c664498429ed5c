//! The parts list: what a running server consists of, in the order in which it is put together and taken apart.

mod app;
mod events;
mod stop;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use telemetry::Context;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use app::{App, StopHook};
pub use events::{ServerEvent, catalogue};

use crate::auth::{Accounts, AuthEvent, SetupLink, Throttle};
use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError, key_file};
use crate::forwarder::{self, Driver};
use crate::health::Health;
use crate::http::router;
use crate::ingest::Ingest;
use crate::store::StoreError;
use crate::store::telemetry::TelemetryStore;
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
    Store(#[from] StoreError),
    #[error(transparent)]
    Forwarder(#[from] forwarder::ClientError),
    #[error(transparent)]
    Trading(#[from] trading::StartError),
    #[error("the key of the page tokens cannot be used: {0}")]
    Key(std::io::Error),
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

/// Puts the parts together and serves. `output`: where records go as lines.
pub async fn start(config: Config, output: Output) -> Result<Running, StartError> {
    let data_dir = DataDir::open(&config.data.dir)?;
    let listener = listen(config.http.listen).await?;
    let address = listener.local_addr().map_err(|error| cannot_listen(config.http.listen, &error))?;
    let teller = Teller::new(config.log.level, config.log.queue_records);
    let health = Health::default();
    let tasks = Tasks::new(teller.clone(), health.clone());
    let records = TelemetryStore::open(data_dir.path(), teller.clone(), &config.database).await?;
    if config.elasticsearch.url.is_some() {
        records.open_books().await?;
    }
    let accounts = Accounts::open(data_dir.path(), teller.clone(), &config.database, &config.auth).await?;
    let page_key = key_file(&data_dir.path().join("page-token.key")).map_err(StartError::Key)?;
    let output = Arc::new(output);
    let writer = write_records(
        &tasks,
        Writer::new(teller.clone(), records.clone(), Arc::clone(&output), health.clone()),
    );
    let (trading, end_trading) = trading::start(&config, data_dir.path(), &teller, &health, &tasks).await?;
    let app = Arc::new(App {
        trading,
        throttle: Throttle::new(config.auth.failures_per_minute),
        forwarder: config.elasticsearch.url.as_ref().map(|_| forwarder::Status::default()),
        setup_link: SetupLink::default(),
        ingest: Ingest::new(page_key, &config.ingest),
        stop_hooks: std::sync::Mutex::default(),
        config: Arc::new(config),
        teller,
        health,
        tasks,
        records,
        accounts,
    });
    app.on_stop(end_trading);
    app.teller.tell(&ServerEvent::started(&app.config, address), &Context::default());
    let sign_in_link = first_user(&app, address).await?;
    forward(&app)?;
    keep_house(&app);
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

/// Makes the first user. Gives the one-time link unless somebody has a password.
async fn first_user(app: &App, address: SocketAddr) -> Result<Option<String>, StartError> {
    let Some(username) = app.accounts.ensure_first_user().await? else { return Ok(None) };
    let bootstrap = &app.config.auth.bootstrap_password;
    if !bootstrap.is_empty() {
        app.accounts.set_password(&username, bootstrap.expose().to_owned()).await?;
        let set = AuthEvent::PasswordSet { user: username, by: "auth.bootstrap_password" };
        app.teller.tell(&set, &Context::default());
        return Ok(None);
    }
    let token = app.setup_link.issue(&username, Instant::now());
    app.teller.tell(&AuthEvent::LinkIssued { user: username }, &Context::default());
    let base = app.config.http.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    Ok(Some(format!("{base}/login?token={token}")))
}

/// Without Elasticsearch everything else works.
fn forward(app: &Arc<App>) -> Result<(), StartError> {
    let (Some(url), Some(status)) = (app.config.elasticsearch.url.clone(), app.forwarder.clone()) else {
        return Ok(());
    };
    let config = app.config.elasticsearch.clone();
    let (records, teller) = (app.records.clone(), app.teller.clone());
    let driver = Driver::new(url, config, records, teller, status, app.tasks.stop_signal())?;
    app.tasks.supervise("forwarder", Context::default(), Restart::SOON, move || driver.clone().run());
    Ok(())
}

/// Changes of accounts are told within seconds; once a minute commit latencies are told and old batch ids forgotten.
fn keep_house(app: &Arc<App>) {
    let (records, accounts, teller) = (app.records.clone(), app.accounts.clone(), app.teller.clone());
    let stop = app.tasks.stop_signal();
    app.tasks.supervise("housekeeping", Context::default(), Restart::SOON, move || {
        let (records, accounts, teller) = (records.clone(), accounts.clone(), teller.clone());
        let mut stop = stop.clone();
        async move {
            for tick in 0_u64.. {
                accounts.tell_changes(&teller).await?;
                if tick % 30 == 29 {
                    records.db().tell_commits();
                    accounts.db().tell_commits();
                    records.forget_batches().await?;
                }
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(2)) => {}
                    () = stop.stopped() => break,
                }
            }
            Ok::<(), StoreError>(())
        }
    });
}

fn serve(listener: TcpListener, app: Arc<App>) -> JoinHandle<std::io::Result<()>> {
    let mut stop = app.tasks.stop_signal();
    let service = router::build(app).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move {
        axum::serve(listener, service).with_graceful_shutdown(async move { stop.stopped().await }).await
    })
}
