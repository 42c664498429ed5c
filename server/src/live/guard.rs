//! The guard itself: keys, hosts, the second setting, the directory, and then the venue's own word for whose keys they
//! are and what they may do. Whoever is through may look after what is on; sessions start once the venue has answered.

use std::path::Path;

use model::input::LiveAccount;
use tokio::sync::watch;

use super::identity::{Identity, Permission, Trouble, identify};
use super::keys;
use super::{Mark, Refusal};
use crate::config::VenueConfig;
use crate::store::trading::Purpose;
use crate::telling::Teller;
use crate::venue::profile::is_loopback;
use crate::venue::{Address, Profile, Rest};

/// Whether live sessions may be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Door {
    #[error("open")]
    Open,
    /// The venue has not said whose the keys are since this start. What is on is looked after.
    #[error("the venue has not said yet whose keys these are ({why}); what is on is looked after meanwhile")]
    Shut { why: String },
}

/// What was let through. Only the guard makes one.
pub struct Admitted {
    rest: Rest,
    address: Address,
    profile: &'static Profile,
    account: LiveAccount,
    /// Where the venue opens it.
    door: watch::Sender<Door>,
}

impl std::fmt::Debug for Admitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admitted").field("account", &self.account).field("door", &self.door()).finish()
    }
}

impl Admitted {
    #[must_use]
    pub fn account(&self) -> &LiveAccount {
        &self.account
    }

    #[must_use]
    pub fn door(&self) -> Door {
        self.door.borrow().clone()
    }

    /// For whoever asks until the venue answers.
    pub(super) fn door_keeper(&self) -> (watch::Sender<Door>, &'static Profile, LiveAccount, Rest) {
        (self.door.clone(), self.profile, self.account.clone(), self.rest.clone())
    }

    pub(crate) fn into_parts(self) -> (Rest, Address, &'static Profile, LiveAccount, watch::Receiver<Door>) {
        let door = self.door.subscribe();
        (self.rest, self.address, self.profile, self.account, door)
    }
}

/// Lets through or says why not. `dir` is that of the journal that would be continued.
pub async fn admit(
    profile: &'static Profile,
    config: &VenueConfig,
    purpose: Purpose,
    dir: &Path,
    teller: &Teller,
) -> Result<Admitted, Refusal> {
    let address = address(profile, config)?;
    let account = named(profile, config, purpose, dir)?;
    let mark = Mark::Live { venue: profile.name.to_owned(), account: account.clone() };
    let known = mark.claims(dir)?;
    let rest = Rest::new(address.clone(), teller.clone()).map_err(Refusal::of_client)?;
    let door = match look(profile, &rest, &account).await {
        Ok(()) => Door::Open,
        Err(Trouble::Refused(refusal)) => return Err(refusal),
        // Whoever has something on there must not be kept from it by an outage.
        Err(Trouble::Silent(why)) if known => Door::Shut { why },
        Err(Trouble::Silent(why)) => {
            return Err(Refusal::Silent { venue: profile.name, named: account, why });
        }
    };
    if !known {
        mark.keep(dir)?;
    }
    let account = LiveAccount { venue: profile.name.to_owned(), account, real_money: profile.real_money };
    Ok(Admitted { rest, address, profile, account, door: watch::Sender::new(door) })
}

/// Holds what the venue says against the account that was named.
pub(super) async fn look(profile: &'static Profile, rest: &Rest, named: &str) -> Result<(), Trouble> {
    let Identity { account, permission } = identify(profile.name, rest).await?;
    let venue = profile.name;
    if account != named {
        let named = named.to_owned();
        return Err(Trouble::Refused(Refusal::OtherAccount { venue, named, answered: account }));
    }
    match permission {
        Permission::Trade => Ok(()),
        Permission::ReadOnly(code) => Err(Trouble::Refused(Refusal::ReadOnly { venue, code })),
    }
}

/// A client with the keys and hosts of the settings, for who only asks whose they are.
pub fn ask_whose(
    profile: &'static Profile,
    config: &VenueConfig,
    teller: &Teller,
) -> Result<(Rest, Address), Refusal> {
    let address = address(profile, config)?;
    let rest = Rest::new(address.clone(), teller.clone()).map_err(Refusal::of_client)?;
    Ok((rest, address))
}

/// The second setting. Closing what a directory holds needs none: the directory names the account.
fn named(
    profile: &'static Profile,
    config: &VenueConfig,
    purpose: Purpose,
    dir: &Path,
) -> Result<String, Refusal> {
    if let Some(named) = config.live_account.clone().filter(|named| !named.is_empty()) {
        return Ok(named);
    }
    let of_directory = match purpose {
        Purpose::Trade => None,
        Purpose::Close => match Mark::of(dir)? {
            Some(Mark::Live { venue, account }) if venue == profile.name => Some(account),
            Some(Mark::Live { .. } | Mark::Simulated) | None => None,
        },
    };
    of_directory.ok_or(Refusal::NotNamed { venue: profile.name })
}

/// The profile's own hosts, or this machine.
fn address(profile: &'static Profile, config: &VenueConfig) -> Result<Address, Refusal> {
    let overrides = [("venue.rest_url", &config.rest_url), ("venue.ws_url", &config.ws_url)];
    for (setting, url) in overrides {
        if let Some(url) = url.as_ref().filter(|url| !is_loopback(url)) {
            return Err(Refusal::ForeignHost { venue: profile.name, setting, url: url.clone() });
        }
    }
    let keys = keys::read(profile.name, config)?;
    let (rest_url, public_ws_url, private_ws_url) = match (&config.rest_url, &config.ws_url) {
        (Some(rest), Some(ws)) => (rest.clone(), format!("{ws}/public"), format!("{ws}/")),
        (Some(_) | None, Some(_) | None) => {
            (profile.rest_url.to_owned(), profile.public_ws_url.to_owned(), profile.private_ws_url.to_owned())
        }
    };
    Ok(Address {
        rest_url,
        public_ws_url,
        private_ws_url,
        api_key: keys.key,
        api_secret: keys.secret,
        terms: profile.terms,
    })
}
