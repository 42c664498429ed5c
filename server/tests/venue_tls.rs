//! The real venue speaks TLS, on REST and on both sockets. Here the simulated one stands behind a door that does, and the
//! system trusts its certificate, or does not.

#[path = "trading_support/console.rs"]
mod console;
#[path = "trading_support/program.rs"]
mod program;
#[path = "trading_support/server.rs"]
mod server_support;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use simulator::recording::Recording;
use simulator::{Options, Running, TapeSource};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A venue behind TLS: where it is, and the file of the certificate that it shows.
struct Door {
    venue: Running,
    port: u16,
    certificate: PathBuf,
    /// Connections that were made to it.
    made: Arc<AtomicUsize>,
}

impl Door {
    async fn open(dir: &Path) -> Self {
        let options = Options { tape: TapeSource::Embedded, speed: 120, ..Options::new(7) };
        let venue = simulator::start(options, |_| {}).await.unwrap();
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = dir.join("venue.pem");
        std::fs::write(&certificate, key.cert.pem()).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let private = PrivateKeyDer::try_from(key.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![key.cert.der().clone()], private)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let made = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&made);
        let inside = venue.rest_url.trim_start_matches("http://").to_owned();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let (acceptor, inside) = (acceptor.clone(), inside.clone());
                tokio::spawn(async move {
                    let mut stream = acceptor.accept(stream).await.ok()?;
                    let mut venue = TcpStream::connect(inside).await.ok()?;
                    copy_bidirectional(&mut stream, &mut venue).await.ok()
                });
            }
        });
        Self { venue, port, certificate, made }
    }

    /// `tape record` of its public feed, by a system that trusts this file; what its recording holds once it holds
    /// `enough`.
    async fn recorded(&self, trusted: &Path, out: &Path, enough: impl Fn(&str) -> bool) -> String {
        let mut child = Command::new(env!("CARGO_BIN_EXE_deltascope"))
            .args(["tape", "record", "--symbols", "BTCUSD", "--out"])
            .arg(out)
            .args(["--url", &format!("wss://localhost:{}/public", self.port)])
            .env_clear()
            .env("SSL_CERT_FILE", trusted)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let look = async {
            loop {
                let text = std::fs::read_to_string(out).unwrap_or_default();
                if enough(&text) {
                    return text;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let text = tokio::time::timeout(Duration::from_secs(60), look).await.expect("it is recorded");
        child.kill().await.unwrap();
        text
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_recorded_over_tls_from_whom_the_system_trusts() {
    let dir = tempfile::tempdir().unwrap();
    let door = Door::open(dir.path()).await;
    let out = dir.path().join("feed.ndjson");
    let enough = |text: &str| text.matches("spot_price").count() > 5;
    let text = door.recorded(&door.certificate, &out, enough).await;
    let recording = Recording::parse(text.as_bytes()).unwrap();
    assert!(recording.index.len() >= 5, "{}", recording.index.len());

    // A system that trusts somebody else does not connect.
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let trusted = dir.path().join("stranger.pem");
    std::fs::write(&trusted, stranger.cert.pem()).unwrap();
    let out = dir.path().join("none.ndjson");
    let text = door.recorded(&trusted, &out, |text| text.contains("\"lost\"")).await;
    assert!(text.contains("certificate") && !text.contains("\"connected\""), "{text}");
    door.venue.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_trades_with_a_venue_that_speaks_tls() {
    let dir = tempfile::tempdir().unwrap();
    let door = Door::open(dir.path()).await;
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let (rest, socket) =
        (format!("https://localhost:{}", door.port), format!("wss://localhost:{}", door.port));
    let settings = [
        ("DELTASCOPE__VENUE__REST_URL", rest.as_str()),
        ("DELTASCOPE__VENUE__WS_URL", socket.as_str()),
        ("SSL_CERT_FILE", door.certificate.to_str().unwrap()),
    ];
    let (child, console) = program::spawn(&data, &settings).await;
    let mut feed = console.feed().await;
    feed.until("both streams", |feed| feed.strip["prices_up"] == true && feed.strip["orders_up"] == true)
        .await;
    let id = console.start().await;
    feed.entered().await;
    console.post(&format!("/api/v1/sessions/{id}/stop"), serde_json::json!({})).await;
    feed.lifecycle("STOPPED").await;
    // A handshake costs more than most calls: connections are kept, as many as there are calls at a time.
    let requests = console.logs("event=venue.request").await.len();
    let made = door.made.load(Ordering::Relaxed);
    assert!(made + 8 < requests, "{made} connections for {requests} requests and two streams");
    program::stop(child).await;
    door.venue.shutdown().await;
}
