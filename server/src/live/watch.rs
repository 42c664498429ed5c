//! Asks until the venue says whose the keys are, where it was silent at the start; then sessions may begin.

use std::time::Duration;

use model::input::LiveAccount;
use telemetry::Context;
use tokio::sync::watch;

use super::guard::{Admitted, Door, look};
use super::identity::Trouble;
use super::{LiveEvent, Refusal};
use crate::health::{Condition, Health};
use crate::tasks::Stop;
use crate::telling::Teller;
use crate::venue::{Profile, Rest};

/// The part in the health routes.
const PART: &str = "live_account";
/// Between two questions.
const AGAIN: Duration = Duration::from_secs(5);

/// The one who asks; cheap to clone.
#[derive(Clone)]
pub struct AccountWatch {
    door: watch::Sender<Door>,
    profile: &'static Profile,
    account: LiveAccount,
    rest: Rest,
    teller: Teller,
    health: Health,
}

impl AccountWatch {
    /// Tells how the door stands.
    #[must_use]
    pub fn new(admitted: &Admitted, teller: Teller, health: Health) -> Self {
        let (door, profile, account, rest) = admitted.door_keeper();
        let this = Self { door, profile, account, rest, teller, health };
        match admitted.door() {
            Door::Open => this.verified(),
            Door::Shut { why } => this.unverified(&why),
        }
        this
    }

    /// Until it is open, or the server stops.
    pub async fn run(self, mut stop: Stop) {
        while matches!(*self.door.borrow(), Door::Shut { .. }) {
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                () = stop.stopped() => return,
            }
            match look(self.profile, &self.rest, &self.account.account).await {
                Ok(()) => {
                    self.door.send_replace(Door::Open);
                    self.verified();
                }
                Err(Trouble::Silent(why)) => {
                    self.door.send_replace(Door::Shut { why });
                }
                Err(Trouble::Refused(refusal)) => self.refused(&refusal),
            }
        }
        // A task that ends would be begun again.
        stop.stopped().await;
    }

    fn verified(&self) {
        self.health.set(PART, Condition::Up);
        self.tell(&LiveEvent::Verified(self.account.clone()));
    }

    fn unverified(&self, why: &str) {
        self.health.set(PART, Condition::Degraded { why: format!("no live session can be started: {why}") });
        self.tell(&LiveEvent::Unverified { account: self.account.clone(), why: why.to_owned() });
    }

    /// The venue has contradicted. What is on stays looked after as far as these keys reach; nothing begins.
    fn refused(&self, refusal: &Refusal) {
        let why = refusal.to_string();
        let known = matches!(&*self.door.borrow(), Door::Shut { why: known } if *known == why);
        self.door.send_replace(Door::Shut { why: why.clone() });
        if !known {
            self.health.set(PART, Condition::Down { why: why.clone() });
            self.tell(&LiveEvent::Contradicted { account: self.account.clone(), why });
        }
    }

    fn tell(&self, event: &LiveEvent) {
        self.teller.tell(event, &Context::default());
    }
}
