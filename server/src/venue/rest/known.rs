//! What the client knows beside the answers themselves: the venue's clock, what is left of the quotas, what was called.

use std::collections::BTreeMap;

use model::kpis::Calls;
use telemetry::{Context, Micros};

use super::again::Tries;
use super::outcome::Outcome;
use super::{Call, Rest, RestError};
use crate::venue::budget::{Remaining, Spender, Standing};
use crate::venue::events::{ClockMeasured, QuotaRead};
use crate::venue::offset::{Freshness, Offset, VenueClock};
use crate::venue::wire;
use crate::{clock, correlation};

impl Rest {
    /// Asks the venue what time it is, to the microsecond. Without an answer what was known stays.
    pub async fn ask_time(&self) -> Option<Offset> {
        let call = self.of_house(Call::settings().once());
        let sent = clock::now();
        let understand = |settings: wire::Settings| settings.server_time.ok_or_else(|| "no time".to_owned());
        let tries = Tries::new(*self.spelled());
        let outcome = self.attempt(&call, &tries, &understand).await;
        if let Outcome::Done(made_us, _) = outcome {
            // Nothing says that it was made for this request, and not kept on the way.
            let change =
                self.clock.lock().learn_exact(sent, clock::now(), Micros(made_us), Freshness::Unsure);
            if let Some(change) = change {
                self.teller.tell(&ClockMeasured(change), &self.context(&call, clock::now()));
            }
        }
        self.offset()
    }

    /// Asks the venue what of a quota is spent, by whomever, and counts what it knows more than we do.
    pub async fn ask_quota(&self, of_account: bool) -> Result<wire::Quota, RestError> {
        let call = self.of_house(Call::quota(of_account));
        let (quota, _) = self.read::<wire::Quota>(&call).await?;
        let seen = self.budget().seen(clock::now(), call.spender(), quota.spent, quota.left_ms);
        if let Some(elsewhere) = seen {
            let event = QuotaRead { of_account, spent: quota.spent, left_ms: quota.left_ms, elsewhere };
            self.teller.tell(&event, &self.context(&call, clock::now()));
        }
        Ok(quota)
    }

    /// The switches of the account, whether or not the venue wants to be told whose.
    pub async fn switches(&self) -> Result<Vec<wire::SwitchRow>, RestError> {
        let read = self.read::<Vec<wire::SwitchRow>>(&self.of_house(Call::switches())).await;
        let refused = match read {
            Ok((rows, _)) => return Ok(rows),
            Err(refused) => refused,
        };
        let RestError::Refused { detail: Some(detail), .. } = &refused else { return Err(refused) };
        if !detail.contains("user_id") {
            return Err(refused);
        }
        let (whose, _) = self.read::<wire::Preferences>(&self.of_house(Call::preferences())).await?;
        let call = self.of_house(Call::switches_of(whose.user_id));
        Ok(self.read::<Vec<wire::SwitchRow>>(&call).await?.0)
    }

    /// Asked on behalf of the house; told with the session that runs, if one does.
    #[must_use]
    pub fn of_house(&self, call: Call) -> Call {
        let context = self.teller.sessions().at(clock::now(), &[], true);
        call.under(Context { correlation_id: Some(correlation::fresh()), ..context })
    }

    /// What was called since the last time that this was asked.
    #[must_use]
    pub fn take_calls(&self) -> BTreeMap<String, Calls> {
        std::mem::take(&mut *self.counted())
    }

    /// The venue's clock, as every answer makes it better known; for the streams.
    #[must_use]
    pub fn clock(&self) -> VenueClock {
        self.clock.clone()
    }

    /// How far the venue's clock is from ours; `None` before the first answer.
    #[must_use]
    pub fn offset(&self) -> Option<Offset> {
        self.clock.estimate().offset(clock::now())
    }

    /// Units left of both quotas, by our own count and the venue's.
    #[must_use]
    pub fn remaining(&self) -> Remaining {
        self.budget().remaining(clock::now())
    }

    /// The same, by who may spend them, with what is held back.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.budget().standing(clock::now())
    }

    pub(super) fn left(&self, spender: Spender) -> u32 {
        self.remaining().of(spender)
    }
}
