//! Asks the venue what of its quotas is spent: what another client of the account spends, or this one spent before it was
//! started, must not be thought to be there.

use std::time::Duration;

use crate::tasks::Stop;
use crate::venue::Rest;

/// Costs six units of ten thousand in five minutes, five times.
const EVERY: Duration = Duration::from_secs(60);

/// The task; cheap to clone.
#[derive(Clone)]
pub struct QuotaWatch {
    rest: Rest,
}

impl QuotaWatch {
    #[must_use]
    pub fn new(rest: Rest) -> Self {
        Self { rest }
    }

    /// Runs until the server stops. A question that fails is told by itself; our own count stands meanwhile.
    pub async fn run(self, mut stop: Stop) {
        loop {
            for of_account in [true, false] {
                let _ = self.rest.ask_quota(of_account).await;
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.stopped() => return,
            }
        }
    }
}
