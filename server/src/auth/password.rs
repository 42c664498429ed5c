//! Argon2id, off the async threads, two at a time, with the same cost for names that do not exist.

use std::sync::OnceLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

/// What a password must be, for the person who chooses it.
pub const PASSWORD_RULE: &str = "8 to 256 characters";

/// Each hash takes 19 MiB: more at a time would let sign-ins exhaust the memory.
static SLOTS: Semaphore = Semaphore::const_new(2);
static NOBODY: OnceLock<String> = OnceLock::new();

/// Whether a password may be chosen.
#[must_use]
pub fn is_acceptable(password: &str) -> bool {
    (8..=256).contains(&password.chars().count())
}

/// Hashes a password to a PHC string; `None` when the hash cannot be computed.
pub(super) async fn hash(password: String) -> Option<String> {
    off_thread(move || hash_now(&password)).await.flatten()
}

/// Whether the password fits the hash. Without a hash (no such user, no password yet) the same work is done and
/// the answer is no.
pub(super) async fn verify(password: String, hash: Option<String>) -> bool {
    off_thread(move || {
        let nobody = NOBODY.get_or_init(|| hash_now(&crate::random::hex(16)).unwrap_or_default());
        let known = hash.is_some();
        let parsed = PasswordHash::new(hash.as_deref().unwrap_or(nobody)).ok();
        let fits =
            parsed.is_some_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        fits && known
    })
    .await
    .unwrap_or(false)
}

fn hash_now(password: &str) -> Option<String> {
    Argon2::default().hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let _slot = SLOTS.acquire().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok()
}
