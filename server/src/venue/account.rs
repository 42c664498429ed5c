//! A venue account with all that belongs together: client with its budgets and clock, where its streams are, and what
//! the venue is like. Simulated and live ones are two types, and each opens sessions of its own kind alone.

use std::marker::PhantomData;
use std::sync::Arc;

use model::input::{LiveAccount, OperatorAction};
use model::{Configuration, ExecutionMode, SessionId, Symbol};
use tokio::sync::watch;

use super::profile::{Profile, is_real};
use super::{Address, Remaining, Rest, VenueClock};
use crate::auth::Confirmed;
use crate::live::{Admitted, Door, Refusal};
use crate::telling::Teller;

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Simulated {}
    impl Sealed for super::Live {}
}

/// What an account is for. There are two, and no third can be made elsewhere.
pub trait Mode: sealed::Sealed + Clone + Send + Sync + 'static {
    const EXECUTION: ExecutionMode;

    /// Whose it is at a real venue.
    fn live(&self) -> Option<&LiveAccount>;

    /// The account where either may stand.
    fn either(account: VenueAccount<Self>) -> Accounts
    where
        Self: Sized;
}

/// Orders go to a simulator.
#[derive(Clone, Debug)]
pub struct Simulated;

/// Orders go to a real venue.
#[derive(Clone, Debug)]
pub struct Live {
    account: LiveAccount,
    door: watch::Receiver<Door>,
}

impl Mode for Simulated {
    const EXECUTION: ExecutionMode = ExecutionMode::Simulated;

    fn live(&self) -> Option<&LiveAccount> {
        None
    }

    fn either(account: VenueAccount<Self>) -> Accounts {
        Accounts::Simulated(account)
    }
}

impl Mode for Live {
    const EXECUTION: ExecutionMode = ExecutionMode::Live;

    fn live(&self) -> Option<&LiveAccount> {
        Some(&self.account)
    }

    fn either(account: VenueAccount<Self>) -> Accounts {
        Accounts::Live(account)
    }
}

/// An account at one venue; cheap to clone.
///
/// A simulated session is opened on a simulated account:
///
/// ```
/// use server::venue::{Opening, Simulated, VenueAccount};
/// fn open(account: &VenueAccount<Simulated>) -> Opening<Simulated> {
///     account.open()
/// }
/// ```
///
/// It cannot be given a live one:
///
/// ```compile_fail
/// use server::venue::{Live, Opening, Simulated, VenueAccount};
/// fn open(account: &VenueAccount<Live>) -> Opening<Simulated> {
///     account.open()
/// }
/// ```
///
/// A live one wants a confirmation that only a fresh password makes:
///
/// ```
/// use server::auth::Confirmed;
/// use server::live::Door;
/// use server::venue::{Live, Opening, VenueAccount};
/// fn open(account: &VenueAccount<Live>, by: Confirmed) -> Result<Opening<Live>, Door> {
///     account.open(by)
/// }
/// ```
///
/// and is not had without:
///
/// ```compile_fail
/// use server::live::Door;
/// use server::venue::{Live, Opening, VenueAccount};
/// fn open(account: &VenueAccount<Live>) -> Result<Opening<Live>, Door> {
///     account.open()
/// }
/// ```
///
/// Neither kind is made from an address as it is: a live one comes from the guard, a simulated one is held against the
/// hosts of real venues.
///
/// ```compile_fail
/// use server::venue::{Address, Live, VenueAccount};
/// fn make(address: Address, teller: server::telling::Teller) -> VenueAccount<Live> {
///     VenueAccount::simulated(address, teller).unwrap()
/// }
/// ```
#[derive(Clone)]
pub struct VenueAccount<M: Mode> {
    /// With the account's and the address's budgets in it.
    rest: Rest,
    streams: Arc<Address>,
    profile: Option<&'static Profile>,
    mode: M,
}

impl<M: Mode> VenueAccount<M> {
    #[must_use]
    pub fn rest(&self) -> &Rest {
        &self.rest
    }

    /// Where the streams are.
    #[must_use]
    pub fn streams(&self) -> &Arc<Address> {
        &self.streams
    }

    /// The venue's clock, as every answer makes it better known.
    #[must_use]
    pub fn clock(&self) -> VenueClock {
        self.rest.clock()
    }

    /// What is left of both budgets.
    #[must_use]
    pub fn budgets(&self) -> Remaining {
        self.rest.remaining()
    }

    /// What is known of the venue; `None` for a simulator.
    #[must_use]
    pub fn profile(&self) -> Option<&'static Profile> {
        self.profile
    }

    /// Whose it is at a real venue.
    #[must_use]
    pub fn live(&self) -> Option<&LiveAccount> {
        self.mode.live()
    }

    /// The account where either may stand.
    #[must_use]
    pub fn either(self) -> Accounts {
        M::either(self)
    }
}

impl VenueAccount<Simulated> {
    /// Of a simulator at an address; refused where a real venue answers.
    pub fn simulated(address: Address, teller: Teller) -> Result<Self, Refusal> {
        for url in [&address.rest_url, &address.public_ws_url, &address.private_ws_url] {
            if is_real(url) {
                return Err(Refusal::SimulatedAtRealHost { url: url.clone() });
            }
        }
        let rest = Rest::new(address.clone(), teller).map_err(Refusal::of_client)?;
        Ok(Self { rest, streams: Arc::new(address), profile: None, mode: Simulated })
    }

    /// For a simulated session.
    #[must_use]
    pub fn open(&self) -> Opening<Simulated> {
        Opening(PhantomData)
    }
}

impl VenueAccount<Live> {
    /// What the guard let through.
    #[must_use]
    pub fn admitted(admitted: Admitted) -> Self {
        let (rest, address, profile, account, door) = admitted.into_parts();
        Self { rest, streams: Arc::new(address), profile: Some(profile), mode: Live { account, door } }
    }

    /// For a live session, which somebody has confirmed. Shut until the venue has said whose the keys are.
    pub fn open(&self, _by: Confirmed) -> Result<Opening<Live>, Door> {
        match self.door() {
            Door::Open => Ok(Opening(PhantomData)),
            shut @ Door::Shut { .. } => Err(shut),
        }
    }

    /// Whether sessions may be started.
    #[must_use]
    pub fn door(&self) -> Door {
        self.mode.door.borrow().clone()
    }
}

/// The right to start one session, on the account that gave it.
#[derive(Debug)]
pub struct Opening<M: Mode>(PhantomData<M>);

impl<M: Mode> Opening<M> {
    /// The request that starts it; `expected` are the instruments that it would take.
    #[must_use]
    pub fn start(
        self,
        session_id: SessionId,
        configuration: Box<Configuration>,
        expected: Vec<Symbol>,
    ) -> OperatorAction {
        OperatorAction::Start { session_id, configuration, execution_mode: M::EXECUTION, expected }
    }
}

/// The one account that a server works with.
#[derive(Clone)]
pub enum Accounts {
    Simulated(VenueAccount<Simulated>),
    Live(VenueAccount<Live>),
}

impl Accounts {
    /// The live one.
    #[must_use]
    pub fn live(&self) -> Option<&VenueAccount<Live>> {
        match self {
            Self::Simulated(_) => None,
            Self::Live(account) => Some(account),
        }
    }
}

#[cfg(test)]
mod tests {
    use telemetry::{Level, Secret};

    use super::*;
    use crate::venue::Terms;
    use crate::venue::profile::PROFILES;

    #[test]
    fn a_simulated_account_is_never_at_a_real_host() {
        let address = |rest: &str, public: &str, private: &str| Address {
            rest_url: rest.to_owned(),
            public_ws_url: public.to_owned(),
            private_ws_url: private.to_owned(),
            api_key: Secret::new("k"),
            api_secret: Secret::new("s"),
            terms: Terms::default(),
        };
        let made = |address| VenueAccount::simulated(address, Teller::new(Level::Fatal, 16));
        let (http, ws) = ("http://127.0.0.1:1", "ws://127.0.0.1:1");
        assert!(made(address(http, ws, ws)).is_ok());
        for profile in PROFILES {
            for wrong in [
                address(profile.rest_url, ws, ws),
                address(http, profile.public_ws_url, ws),
                address(http, ws, profile.private_ws_url),
            ] {
                let refused = made(wrong).err().expect("refused").to_string();
                assert!(refused.contains("venue.kind"), "{refused}");
            }
        }
    }
}
