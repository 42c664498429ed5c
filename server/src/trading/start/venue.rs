//! The venue of the settings: an embedded simulator, one at an address, or a real one behind its guard.

use std::path::Path;

use super::super::runtime::OwnRuntime;
use super::{House, StartError, simulated};
use crate::config::Config;
use crate::live::{AccountWatch, Mark, admit};
use crate::telling::Teller;
use crate::venue::{Address, Live, Profile, Simulated, VenueAccount};

/// The venue as it was found or started.
pub(super) enum Venue {
    Simulated {
        account: VenueAccount<Simulated>,
        note: String,
        /// The embedded one.
        running: Option<(simulator::Running, OwnRuntime)>,
    },
    Live {
        account: VenueAccount<Live>,
        /// What it is, where it is not a venue with money.
        note: Option<String>,
        watch: AccountWatch,
    },
}

/// Opens it. Nothing is touched before it is clear that the directory's journal is of this account.
pub(super) async fn open(house: House<'_>) -> Result<Venue, StartError> {
    let House { config, dir, tasks, .. } = house;
    if let Some(profile) = config.venue.kind.profile() {
        return live(profile, house).await;
    }
    let teller = tasks.teller();
    Mark::Simulated.claims(dir)?;
    let (address, note, running) = simulator_of(config, dir, teller).await?;
    let account = VenueAccount::simulated(address, teller.clone())?;
    Ok(Venue::Simulated { account, note, running })
}

async fn live(profile: &'static Profile, house: House<'_>) -> Result<Venue, StartError> {
    let House { config, purpose, dir, health, tasks, .. } = house;
    let teller = tasks.teller();
    let admitted = admit(profile, &config.venue, purpose, dir, teller).await?;
    let watch = AccountWatch::new(&admitted, teller.clone(), health.clone());
    let note = match (&config.venue.rest_url, profile.real_money) {
        (Some(url), _) => Some(format!("a rehearsal at {url}")),
        (None, false) => Some("play money".to_owned()),
        (None, true) => None,
    };
    Ok(Venue::Live { account: VenueAccount::admitted(admitted), note, watch })
}

type Found = (Address, String, Option<(simulator::Running, OwnRuntime)>);

async fn simulator_of(config: &Config, dir: &Path, teller: &Teller) -> Result<Found, StartError> {
    if let (Some(rest_url), Some(ws_url)) = (&config.venue.rest_url, &config.venue.ws_url) {
        let address = simulated::address(rest_url, ws_url, &config.venue);
        return Ok((address, "separate simulator".to_owned(), None));
    }
    // A market that moves on threads of its own, as a real one does.
    let threads = OwnRuntime::start("venue", 1)?;
    let (settings, dir, teller) = (config.simulator.clone(), dir.to_owned(), teller.clone());
    let start = async move { simulated::start(&settings, &dir, &teller).await };
    let started = match threads.handle() {
        Some(handle) => handle.spawn(start).await.map_err(std::io::Error::other)?,
        None => start.await,
    };
    let (running, address) = started?;
    let note = simulated::note(&running);
    Ok((address, note, Some((running, threads))))
}
