//! The one cryptography provider of all TLS in this process, and sockets that go over TLS where their address says so.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

/// Makes ring the provider; later calls change nothing.
pub fn install() {
    // `Err` means that it was installed before, by us.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Connects a WebSocket. `wss` trusts whom the system trusts, as requests do.
///
/// # Errors
/// No connection, no trust, or an answer that is none of a WebSocket.
pub async fn web_socket(
    url: &str,
    config: Option<WebSocketConfig>,
) -> Result<(WebSocketStream<MaybeTlsStream<TcpStream>>, Response), Error> {
    let connector = if url.starts_with("wss://") { Connector::Rustls(trusting()?) } else { Connector::Plain };
    // Small frames must not wait for each other: an order's state is one.
    connect_async_tls_with_config(url, config, true, Some(connector)).await
}

/// The certificates that the system trusts are read once: a connection that was lost is made anew at once.
fn trusting() -> Result<Arc<ClientConfig>, Error> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    install();
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Systems have some that no library reads; one that is missing shows in the handshake.
    let (added, _unreadable) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        return Err(Error::Io(io::Error::other(format!("this system trusts no certificate{why}"))));
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}
