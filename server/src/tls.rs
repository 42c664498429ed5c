//! The one cryptography provider of all TLS in this process.

/// Makes ring the provider; later calls change nothing.
pub fn install() {
    // `Err` means that it was installed before, by us.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
