//! A simulator in the place of each real venue, and the settings with which a server takes it for one.

use std::path::Path;

use server::config;
use server::startup;
use server::telling::Output;
use simulator::{Faults, Options, Profile, Running, TapeSource};

use super::server_support::environment;

/// The number that the simulator has for its account.
#[allow(dead_code)]
pub const ACCOUNT: &str = "22142";

pub const PROFILES: [&str; 3] = ["delta-india-testnet", "delta-india", "delta-global"];

/// A venue of that kind, on the day and at the speed that tests of sessions have.
#[allow(dead_code)]
pub async fn venue(kind: &str, faults: &str) -> Running {
    let faults = Some(Faults::parse(faults).unwrap());
    let profile = Profile::named(kind).unwrap();
    let options = Options { tape: TapeSource::Embedded, speed: 120, faults, profile, ..Options::new(7) };
    simulator::start(options, |_| {}).await.unwrap()
}

/// The same with a market that moves as fast as a real one.
#[allow(dead_code)]
pub async fn quiet(kind: &str, faults: &str) -> Running {
    let (faults, profile) = (Some(Faults::parse(faults).unwrap()), Profile::named(kind).unwrap());
    simulator::start(Options { faults, profile, ..Options::new(7) }, |_| {}).await.unwrap()
}

/// Everything that live wants, at this venue.
pub fn at(kind: &'static str, venue: &Running) -> Vec<(&'static str, String)> {
    vec![
        ("DELTASCOPE__VENUE__KIND", kind.to_owned()),
        ("DELTASCOPE__VENUE__REST_URL", venue.rest_url.clone()),
        ("DELTASCOPE__VENUE__WS_URL", venue.ws_url.clone()),
        ("DELTA_API_KEY", "simulator-key".to_owned()),
        ("DELTA_API_SECRET", "simulator-secret".to_owned()),
        ("DELTASCOPE__VENUE__LIVE_ACCOUNT", ACCOUNT.to_owned()),
    ]
}

/// Why a server with these settings does not start.
#[allow(dead_code)]
pub async fn refusal(dir: &Path, settings: &[(&'static str, String)]) -> String {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let config = config::load(None, &environment(dir, &settings)).unwrap();
    match startup::start(config, Output::none()).await {
        Ok(_) => panic!("it started with {settings:?}"),
        Err(error) => error.to_string(),
    }
}

/// What a signed read of the venue gives.
#[allow(dead_code)]
pub async fn look(venue: &Running, path: &str) -> serde_json::Value {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let at =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().to_string();
    let signature = simulator::auth::sign("simulator-secret", format!("GET{at}{path}").as_bytes());
    let client = reqwest::Client::builder().no_proxy().user_agent("test").build().unwrap();
    let request = client
        .get(format!("{}{path}", venue.rest_url))
        .header("api-key", "simulator-key")
        .header("timestamp", &at)
        .header("signature", signature);
    let body: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(body["success"], true, "{body}");
    body["result"].clone()
}
