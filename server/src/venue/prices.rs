//! The public price stream: what is asked for, and how long it may be silent.

use std::collections::BTreeSet;
use std::time::Duration;

use model::{Symbol, Underlying};
use serde_json::{Value, json};

use super::underlyings;

/// Silence after which the price connection counts as dead. The venue repeats marks every 2 s.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Keeps a connection with nothing watched provably alive.
pub(super) const PING_EVERY: Duration = Duration::from_secs(2);

/// Spot of these underlyings, and four channels of each instrument.
pub(super) fn subscription(word: &str, symbols: &[Symbol], spots: &BTreeSet<Underlying>) -> Value {
    let mut channels = Vec::new();
    for channel in ["spot_price", "ticker", "ob_l1", "ob_l2", "mark_price"] {
        let names = names(channel, symbols, spots);
        if !names.is_empty() {
            channels.push(json!({ "name": channel, "symbols": names }));
        }
    }
    json!({ "type": word, "payload": { "channels": channels } })
}

/// What is wanted of a channel, in its own names.
pub(super) fn names(channel: &str, symbols: &[Symbol], spots: &BTreeSet<Underlying>) -> BTreeSet<String> {
    match channel {
        "spot_price" => spots.iter().map(underlyings::index).collect(),
        "ticker" | "ob_l1" | "ob_l2" => symbols.iter().map(|symbol| symbol.0.clone()).collect(),
        "mark_price" => symbols.iter().map(|symbol| format!("MARK:{symbol}")).collect(),
        _other => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_names_every_channel_of_an_instrument_and_the_spots() {
        let symbols = [Symbol::from("C-ETH-3000-070122")];
        let text = subscription("subscribe", &symbols, &underlyings::followed(&symbols)).to_string();
        for part in
            ["spot_price", ".DEXBTUSD", ".DEETHUSD", "ticker", "ob_l1", "ob_l2", "MARK:C-ETH-3000-070122"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        let spot_only = subscription("subscribe", &[], &underlyings::followed(&[]));
        assert_eq!(spot_only["payload"]["channels"].as_array().map(Vec::len), Some(1));
        let nothing = subscription("unsubscribe", &[], &BTreeSet::new());
        assert_eq!(nothing["payload"]["channels"], json!([]));
    }
}
