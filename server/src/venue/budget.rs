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
/// A read of what is on is tried again after this long all the same: closing waits for it, and the time that was given may
/// be that of another route, or wrong.
const READ_HOLD_MAX_MS: i64 = 10_000;

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

/// What there is of a quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purse {
    pub left: u32,
    /// Units that the venue counts and we did not spend: another client's, or of this one before it was started.
    pub elsewhere: u32,
    /// The venue asked to wait so long, milliseconds; 0 when it did not.
    pub held_ms: i64,
}

/// Both quotas, by who may spend them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub address: Purse,
    pub account: Purse,
    /// Of the account's units those that entries and lists may spend now.
    pub for_entries: u32,
    /// Those that reads of what is on may spend now. All that is left is for closing.
    pub for_reads: u32,
}

impl Standing {
    /// Units of a window, and those of the account that only closing may spend.
    pub const QUOTA: u32 = QUOTA;
    pub const RESERVE: u32 = FOR_CLOSING;
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
            Spender::Account(Priority::Normal) => self.normal_held.left_ms(now),
            Spender::Account(Priority::Read) => self.read_held.left_ms(now),
            // The venue's own word on each close is worth more than our guess from the last one.
            Spender::Account(Priority::Close) => None,
        };
        if let Some(wait_ms) = held_ms {
            return Err(wait_ms);
        }
        let ledger = self.ledger(spender);
        // Nobody else's spending holds back a close: the quota may be larger than we think, and the venue says so itself.
        let others = match spender {
            Spender::Account(Priority::Close) => ledger.elsewhere(now),
            Spender::Public | Spender::Account(Priority::Normal | Priority::Read) => 0,
        };
        ledger.take(now, weight, limit(spender).saturating_add(others))
    }

    /// Gives back what was taken for a request that certainly never left.
    pub fn give_back(&mut self, weight: u32, spender: Spender) {
        self.ledger(spender).give_back(weight);
    }

    /// The venue answered 429 and gave this time to wait, in milliseconds. It holds back requests of the same kind and
    /// of lesser ones, reads of what is on for ten seconds at most; after a 429 on a close, the engine paces the next.
    pub fn limited(&mut self, now: Micros, reset_ms: i64, spender: Spender) {
        match spender {
            Spender::Public => self.public_held.extend(now, reset_ms),
            Spender::Account(Priority::Read) => {
                self.read_held.extend(now, reset_ms.min(READ_HOLD_MAX_MS));
                self.normal_held.extend(now, reset_ms);
            }
            Spender::Account(Priority::Normal | Priority::Close) => self.normal_held.extend(now, reset_ms),
        }
    }

    /// Units left in both quotas.
    pub fn remaining(&mut self, now: Micros) -> Remaining {
        let left = |ledger: &mut Ledger| QUOTA.saturating_sub(ledger.spent(now));
        Remaining { public: left(&mut self.public), account: left(&mut self.account) }
    }

    /// The venue says that so many units of a quota are spent in the window that ends in so many milliseconds. Gives how
    /// many of them are not ours when that is news.
    pub fn seen(&mut self, now: Micros, spender: Spender, spent: u32, left_ms: i64) -> Option<u32> {
        self.ledger(spender).seen(now, spent, left_ms)
    }

    /// Both quotas, by who may spend them.
    pub fn standing(&mut self, now: Micros) -> Standing {
        let held = |hold: Hold| hold.left_ms(now).unwrap_or(0);
        let (address_held, account_held) = (held(self.public_held), held(self.normal_held));
        let mut purse = |spender: Spender, held_ms: i64| {
            let ledger = self.ledger(spender);
            Purse { left: QUOTA.saturating_sub(ledger.spent(now)), elsewhere: ledger.elsewhere(now), held_ms }
        };
        let account = purse(Spender::Account(Priority::Close), account_held);
        let spendable = |priority| account.left.saturating_sub(QUOTA - limit(Spender::Account(priority)));
        Standing {
            address: purse(Spender::Public, address_held),
            account,
            for_entries: spendable(Priority::Normal),
            for_reads: spendable(Priority::Read),
        }
    }

    fn ledger(&mut self, spender: Spender) -> &mut Ledger {
        match spender {
            Spender::Public => &mut self.public,
            Spender::Account(_) => &mut self.account,
        }
    }
}

/// Up to where somebody may spend of a window.
fn limit(spender: Spender) -> u32 {
    match spender {
        Spender::Public | Spender::Account(Priority::Close) => QUOTA,
        Spender::Account(Priority::Read) => QUOTA - FOR_CLOSING,
        Spender::Account(Priority::Normal) => QUOTA - FOR_CLOSING - FOR_READING,
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
