//! The private stream: our orders, positions and fills, for every product, after signing in with the key.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use telemetry::Micros;

use super::confirmations::Place;
use super::{Address, sign};

/// The venue sends a heartbeat every 30 s; 35 s of silence is a dead connection.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(35);

pub(super) fn sign_in(address: &Address, now: Micros) -> Value {
    let at = sign::timestamp(now);
    json!({ "type": "key-auth", "payload": {
        "api-key": address.api_key.expose(),
        "signature": sign::socket_signature(address.api_secret.expose(), &at),
        "timestamp": at,
    } })
}

/// The whole account: what is on may be more than this process knows of.
pub(super) fn wanted() -> BTreeSet<Place> {
    ["orders", "positions", "v2/user_trades"]
        .into_iter()
        .map(|channel| (channel.to_owned(), "all".to_owned()))
        .collect()
}
