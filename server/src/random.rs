//! Unpredictable bytes from the operating system, as hex: tokens, nonces, correlation ids.

/// `bytes` random bytes in lowercase hex. Ends the process when the operating system has none, because a
/// predictable token must never leave this function.
#[must_use]
pub fn hex(bytes: usize) -> String {
    let mut buffer = vec![0_u8; bytes];
    if let Err(error) = getrandom::fill(&mut buffer) {
        eprintln!("deltascope: the operating system gives no random bytes: {error}");
        std::process::abort();
    }
    hex::encode(buffer)
}

/// SHA-256 of a text in lowercase hex: how tokens are kept at rest.
#[must_use]
pub fn digest(text: &str) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(text.as_bytes()))
}
