//! The simulated venue: embedded in this process with its state in the data directory, or at an address.

use std::path::{Path, PathBuf};

use serde_json::json;
use simulator::{Faults, Options, Running, TapeSource, Telling};
use telemetry::{CatalogueEntry, Context, Event, Level, Map, Secret, Value};

use super::StartError;
use crate::config::{SimulatorConfig, VenueConfig};
use crate::random;
use crate::telling::Teller;
use crate::venue::{Address, Terms};

/// The tape that is compiled in, by its name.
const EMBEDDED_TAPE: &str = "2022-01-05";
const STATE_FILE: &str = "simulator.json";
/// What a separately started simulator takes unless it is told otherwise.
const DEFAULT_KEYS: (&str, &str) = ("simulator-key", "simulator-secret");

/// Starts the embedded venue with keys of its own.
pub(super) async fn start(
    config: &SimulatorConfig,
    dir: &Path,
    teller: &Teller,
) -> Result<(Running, Address), StartError> {
    let (api_key, api_secret) = (random::hex(15), random::hex(30));
    let options = Options {
        tape: tape(config.tape.as_deref()),
        speed: config.speed,
        faults: config.faults.as_deref().map(faults).transpose()?,
        state_file: Some(dir.join(STATE_FILE)),
        api_key: api_key.clone(),
        api_secret: api_secret.clone(),
        ..Options::new(config.seed)
    };
    let teller = teller.clone();
    let tell = move |telling: Telling| teller.tell(&SimulatorNote(telling), &Context::default());
    let running =
        simulator::start(options, tell).await.map_err(|error| StartError::Simulator(error.to_string()))?;
    let keys = (Secret::new(api_key), Secret::new(api_secret));
    let address = address_of(&running.rest_url, &running.ws_url, keys);
    Ok((running, address))
}

/// The address of a separately started one.
pub(super) fn address(rest_url: &str, ws_url: &str, config: &VenueConfig) -> Address {
    let or = |given: &str, default: &str| Secret::new(if given.is_empty() { default } else { given });
    let key = or(config.api_key.expose(), DEFAULT_KEYS.0);
    let secret = or(config.api_secret.expose(), DEFAULT_KEYS.1);
    address_of(rest_url, ws_url, (key, secret))
}

fn address_of(rest_url: &str, ws_url: &str, (api_key, api_secret): (Secret, Secret)) -> Address {
    let ws_url = ws_url.trim_end_matches('/');
    Address {
        rest_url: rest_url.trim_end_matches('/').to_owned(),
        public_ws_url: format!("{ws_url}/public"),
        private_ws_url: format!("{ws_url}/"),
        api_key,
        api_secret,
        terms: Terms::default(),
    }
}

/// What the simulated market is, such as `tape 2022-01-05 ×120`.
pub(super) fn note(running: &Running) -> String {
    let speed = running.speed;
    match &running.tape {
        Some(tape) => format!("tape {} ×{speed}", tape.trim_start_matches("btcusd-")),
        None => format!("seeded market ×{speed}"),
    }
}

fn tape(given: Option<&Path>) -> TapeSource {
    match given {
        None => TapeSource::Walk,
        Some(name) if name == Path::new(EMBEDDED_TAPE) => TapeSource::Embedded,
        Some(path) => TapeSource::File(PathBuf::from(path)),
    }
}

fn faults(path: &Path) -> Result<Faults, StartError> {
    let wrong = |why: String| StartError::Simulator(format!("simulator.faults {}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    Faults::parse(&text).map_err(wrong)
}

/// What the embedded venue tells of itself.
#[derive(Clone, Debug)]
pub struct SimulatorNote(pub Telling);

impl Event for SimulatorNote {
    fn name(&self) -> &'static str {
        self.0.name
    }

    fn level(&self) -> Level {
        match self.0.level {
            simulator::Level::Debug => Level::Debug,
            simulator::Level::Info => Level::Info,
            simulator::Level::Warn => Level::Warn,
            simulator::Level::Error => Level::Error,
        }
    }

    fn message(&self) -> String {
        self.0.message.clone()
    }

    fn payload(&self) -> Map<String, Value> {
        match &self.0.payload {
            Value::Object(map) => map.clone(),
            Value::Null => Map::new(),
            other => Map::from_iter([("value".to_owned(), other.clone())]),
        }
    }
}

/// Samples for EVENTS.md of the notes that the simulator names itself; a test compares the names with its sources.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    use simulator::Level::{Info, Warn};
    let mut notes = vec![
        sample(
            "simulator.started",
            Info,
            "the simulated venue begins the tape 2022-01-05 at speed 120; time value decays 120x while held",
            json!({ "rest_url": "", "ws_url": "", "tape": "2022-01-05", "speed": 120, "seed": 1, "resumed": false }),
            "each start of the embedded venue",
        ),
        sample(
            "simulator.speed_high",
            Warn,
            "at speed 600 a confirmation of 200 ms is 120 market seconds: loss exits slip visibly",
            json!({ "speed": 600 }),
            "at the start",
        ),
        sample(
            "simulator.tape_gaps_held",
            Warn,
            "the last close is held over minutes that the tape btcusd-2021-11-07 lacks: 58 in all, the first at 2021-11-07T06:01:00Z",
            json!({ "tape": "btcusd-2021-11-07", "minutes": 58, "places": 1, "first": "2021-11-07T06:01:00Z" }),
            "at the start",
        ),
        sample(
            "simulator.tape_turned",
            Warn,
            "the tape 2022-01-05 came to its end; the market goes on from there",
            json!({ "tape": "2022-01-05", "turns": 1 }),
            "the tape is played on, mirrored",
        ),
        sample(
            "simulator.expiry_settled",
            Info,
            "the expiry 2022-01-06T12:00:00Z of BTC was settled at 43512.5, 2 positions closed",
            json!({ "underlying": "BTC", "expiry": "2022-01-06T12:00:00Z", "mean": "43512.5", "positions": 2 }),
            "",
        ),
        sample(
            "simulator.funding_paid",
            Info,
            "funding of 0.42 USD was charged on 10 lots of BTCUSD",
            json!({ "symbol": "BTCUSD", "paid": "0.42", "rate": "0.0001", "size": 10 }),
            "",
        ),
        sample(
            "simulator.fault_injected",
            Warn,
            "the fault file struck: reply_lost",
            json!({ "route": "POST /v2/orders", "fault": "reply_lost", "detail": "ReplyLost" }),
            "each time that a rule of the fault file acts",
        ),
        sample(
            "simulator.fault_injected",
            Warn,
            "the fault file struck: frames_dropped",
            json!({ "fault": "frames_dropped", "channel": "ob_l1", "symbol": "C-BTC-47000-060122" }),
            "",
        ),
    ];
    notes.extend(margins_used_up());
    notes.extend(saving_changed());
    notes
}

fn margins_used_up() -> [CatalogueEntry; 2] {
    use simulator::Level::{Info, Warn};
    [
        sample(
            "simulator.margin_topped_up",
            Info,
            "22.5 USD of the wallet were added to the margin of C-BTC-46200-070122",
            json!({ "symbol": "C-BTC-46200-070122", "added": "22.5", "available": "99901.2" }),
            "at a mark at which the position would be liquidated otherwise",
        ),
        sample(
            "simulator.position_liquidated",
            Warn,
            "100 lots of BTCUSD were liquidated at a mark of 44742.1, 0 of them taken over at 44550.5",
            json!({
                "symbol": "BTCUSD", "size": 100, "order_id": 1_000_003, "mark": "44742.1", "margin": "45",
                "bankruptcy": "44550.5", "taken_over": 0, "charge": "11.25",
            }),
            "the mark reached the liquidation price and the wallet had nothing to add",
        ),
    ]
}

fn sample(
    name: &'static str,
    level: simulator::Level,
    message: &str,
    payload: Value,
    doc: &'static str,
) -> CatalogueEntry {
    let telling = Telling { name, level, message: message.to_owned(), payload };
    CatalogueEntry::from_sample(&SimulatorNote(telling)).with_doc(doc)
}

fn saving_changed() -> [CatalogueEntry; 2] {
    use simulator::Level::{Error, Info};
    [
        sample(
            "simulator.state_saving_changed",
            Error,
            "the simulator's state cannot be saved, so that only cancellations and reduce-only orders are carried out, \
             and a crash would forget them: no space left on device",
            json!({ "failing": true }),
            "",
        ),
        sample(
            "simulator.state_saving_changed",
            Info,
            "the simulator's state is saved again",
            json!({ "failing": false }),
            "",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tapes_are_named() {
        assert_eq!(tape(None), TapeSource::Walk);
        assert_eq!(tape(Some(Path::new("2022-01-05"))), TapeSource::Embedded);
        assert_eq!(tape(Some(Path::new("a.csv"))), TapeSource::File(PathBuf::from("a.csv")));
    }

    #[test]
    fn addresses_stand_without_slashes_twice() {
        let keys = (Secret::new("k"), Secret::new("s"));
        let address = address_of("http://127.0.0.1:9/", "ws://127.0.0.1:9/", keys);
        assert_eq!(address.rest_url, "http://127.0.0.1:9");
        assert_eq!(address.public_ws_url, "ws://127.0.0.1:9/public");
        assert_eq!(address.private_ws_url, "ws://127.0.0.1:9/");
    }
}
