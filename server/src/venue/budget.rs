//! The venue's two request quotas as we count them ourselves: of the address for unsigned requests, of the account for
//! signed ones (venue facts, section 4). One that is used up or blocked never holds back the other, and nothing holds
//! back a close. Pure; time is a parameter.

mod ledger;
#[cfg(test)]
mod tests;

use telemetry::Micros;

use ledger::Ledger;

/// Weight units of a quota; the smaller of the two documented figures.
const QUOTA: u32 = 10_000;
/// Units of the account that only closing may spend: 20 %.
const FOR_CLOSING: u32 = 2_000;
/// Units of the account that reads of the truth have before entries and lists.
const FOR_READING: u32 = 1_000;
/// However long the venue asks to wait: a window of the quota is no longer.
const HOLD_MAX_MS: i64 = 300_000;

/// What a signed request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Entries and lists.
    Normal,
    /// What is on: positions, open orders, fills, wallet.
    Read,
    /// Reduce-only orders, cancels, look-ups.
    Close,
}

/// Whose quota a request spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spender {
    /// The address: unsigned.
    Public,
    /// The account: signed.
    Account(Priority),
}

/// Units left in both quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    pub public: u32,
    pub account: u32,
}

impl Remaining {
    /// Of the quota that this one spends.
    #[must_use]
    pub fn of(self, spender: Spender) -> u32 {
        match spender {
            Spender::Public => self.public,
            Spender::Account(_) => self.account,
        }
    }
}

/// What was spent of both quotas, and what the venue asked to hold back.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    public: Ledger,
    account: Ledger,
    public_held: Hold,
    normal_held: Hold,
    read_held: Hold,
}

/// The venue asked to wait until then.
#[derive(Clone, Copy, Debug, Default)]
struct Hold(Option<Micros>);

impl Budget {
    /// Takes `weight` units, or says in how many milliseconds it may be tried again.
    pub fn take(&mut self, now: Micros, weight: u32, spender: Spender) -> Result<(), i64> {
        let held_ms = match spender {
            Spender::Public => self.public_held.left_ms(now),
            Spender::Account(Priority::Normal) => {
                self.normal_held.left_ms(now).max(self.read_held.left_ms(now))
            }
            Spender::Account(Priority::Read) => self.read_held.left_ms(now),
            // The venue's own word on each close is worth more than our guess from the last one.
            Spender::Account(Priority::Close) => None,
        };
        if let Some(wait_ms) = held_ms {
            return Err(wait_ms);
        }
        let limit = match spender {
            Spender::Public | Spender::Account(Priority::Close) => QUOTA,
            Spender::Account(Priority::Read) => QUOTA - FOR_CLOSING,
            Spender::Account(Priority::Normal) => QUOTA - FOR_CLOSING - FOR_READING,
        };
        self.ledger(spender).take(now, weight, limit)
    }

    /// Gives back what was taken for a request that certainly never left.
    pub fn give_back(&mut self, weight: u32, spender: Spender) {
        self.ledger(spender).give_back(weight);
    }

    /// The venue answered 429 and gave this time to wait, in milliseconds. It holds back requests of the same kind and
    /// of lesser ones; after a 429 on a close, the engine paces the next.
    pub fn limited(&mut self, now: Micros, reset_ms: i64, spender: Spender) {
        let hold = match spender {
            Spender::Public => &mut self.public_held,
            Spender::Account(Priority::Read) => &mut self.read_held,
            Spender::Account(Priority::Normal | Priority::Close) => &mut self.normal_held,
        };
        hold.extend(now, reset_ms);
    }

    /// Units left in both quotas.
    pub fn remaining(&mut self, now: Micros) -> Remaining {
        let left = |ledger: &mut Ledger| QUOTA.saturating_sub(ledger.spent(now));
        Remaining { public: left(&mut self.public), account: left(&mut self.account) }
    }

    fn ledger(&mut self, spender: Spender) -> &mut Ledger {
        match spender {
            Spender::Public => &mut self.public,
            Spender::Account(_) => &mut self.account,
        }
    }
}

impl Hold {
    /// `None` when nothing is held. A hold longer than any that can be asked for comes from a clock that was moved.
    fn left_ms(self, now: Micros) -> Option<i64> {
        let left_us = self.0?.0 - now.0;
        (1..=HOLD_MAX_MS * 1_000).contains(&left_us).then(|| left_us.div_euclid(1_000) + 1)
    }

    fn extend(&mut self, now: Micros, reset_ms: i64) {
        let until = Micros(now.0 + reset_ms.clamp(0, HOLD_MAX_MS) * 1_000);
        let longer = self.left_ms(now).is_none() || self.0.is_none_or(|held| held < until);
        if longer {
            self.0 = Some(until);
        }
    }
}
