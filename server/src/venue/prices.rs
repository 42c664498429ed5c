//! The public price stream: what is asked for, and how long it may be silent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{Symbol, Underlying};
use serde_json::{Value, json};

use super::confirmations::Place;
use super::underlyings;

/// Silence after which the price connection counts as dead. The venue repeats marks every 2 s.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Keeps a connection with nothing watched provably alive.
pub(super) const PING_EVERY: Duration = Duration::from_secs(2);

/// All that is subscribed of instruments: books twice, change by change and as a whole now and then.
pub(super) const CHANNELS: [&str; 6] = ["spot_price", "ticker", "ob_l1", "ob_l2", "ob_updates", "mark_price"];

/// Of the venue as a whole, without names.
const WHOLE: [&str; 2] = ["product_updates", "system_status"];

/// What is wanted of each channel, in its own names.
pub(super) fn wanted(symbols: &[Symbol]) -> BTreeSet<Place> {
    let spots = underlyings::followed(symbols);
    let of = |channel: &'static str| {
        names(channel, symbols, &spots).into_iter().map(move |name| (channel.to_owned(), name))
    };
    let whole = WHOLE.into_iter().map(|channel| (channel.to_owned(), String::new()));
    CHANNELS.into_iter().flat_map(of).chain(whole).collect()
}

/// A message that subscribes or unsubscribes these.
pub(super) fn message<'a>(word: &str, places: impl IntoIterator<Item = &'a Place>) -> Value {
    let mut channels: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (channel, name) in places {
        let names = channels.entry(channel).or_default();
        names.extend((!name.is_empty()).then_some(name.as_str()));
    }
    let channels: Vec<Value> =
        channels.iter().map(|(channel, names)| json!({ "name": channel, "symbols": names })).collect();
    json!({ "type": word, "payload": { "channels": channels } })
}

/// What is wanted of a channel, in its own names.
pub(super) fn names(channel: &str, symbols: &[Symbol], spots: &BTreeSet<Underlying>) -> BTreeSet<String> {
    match channel {
        "spot_price" => spots.iter().map(underlyings::index).collect(),
        "ticker" | "ob_l1" | "ob_l2" | "ob_updates" => {
            symbols.iter().map(|symbol| symbol.0.clone()).collect()
        }
        "mark_price" => symbols.iter().map(|symbol| format!("MARK:{symbol}")).collect(),
        _other => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_names_every_channel_of_an_instrument_and_the_spots() {
        let text = message("subscribe", &wanted(&[Symbol::from("C-ETH-3000-070122")])).to_string();
        for part in [
            "spot_price",
            ".DEXBTUSD",
            ".DEETHUSD",
            "ticker",
            "ob_l1",
            "ob_l2",
            "ob_updates",
            "MARK:C-ETH-3000-070122",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let spot_only = message("subscribe", &wanted(&[]));
        assert_eq!(spot_only["payload"]["channels"].as_array().map(Vec::len), Some(3));
        assert_eq!(message("unsubscribe", &BTreeSet::new())["payload"]["channels"], json!([]));
    }
}
