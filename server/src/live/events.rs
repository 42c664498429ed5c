//! What the guard of a real venue has to tell: audit records.

use model::input::LiveAccount;
use telemetry::{CatalogueEntry, Event, Level, Map, Source, Value};

/// What the venue said of the keys.
#[derive(Clone, Debug)]
pub enum LiveEvent {
    Verified(LiveAccount),
    /// It has not answered: nothing is started.
    Unverified {
        account: LiveAccount,
        why: String,
    },
    /// It says something else than the settings.
    Contradicted {
        account: LiveAccount,
        why: String,
    },
}

impl LiveEvent {
    fn account(&self) -> &LiveAccount {
        match self {
            Self::Verified(account)
            | Self::Unverified { account, .. }
            | Self::Contradicted { account, .. } => account,
        }
    }
}

impl Event for LiveEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Verified(_) => "live.account_verified",
            Self::Unverified { .. } => "live.account_unverified",
            Self::Contradicted { .. } => "live.account_contradicted",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::Verified(_) => Level::Warn,
            Self::Unverified { .. } | Self::Contradicted { .. } => Level::Error,
        }
    }

    fn source(&self) -> Source {
        Source::Audit
    }

    fn message(&self) -> String {
        let LiveAccount { venue, account, real_money } = self.account();
        match self {
            Self::Verified(_) => format!(
                "{venue} says that the keys are of account {account} and may trade: live sessions can be started with {}",
                if *real_money { "real money" } else { "play money" }
            ),
            Self::Unverified { why, .. } => format!(
                "{venue} has not said whose keys these are ({why}); account {account} is looked after, and no live session \
                 can be started"
            ),
            Self::Contradicted { why, .. } => format!("No live session can be started: {why}"),
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let LiveAccount { venue, account, real_money } = self.account();
        let mut fields = Map::from_iter([
            ("venue".to_owned(), Value::from(venue.as_str())),
            ("account".to_owned(), Value::from(account.as_str())),
            ("real_money".to_owned(), Value::from(*real_money)),
        ]);
        match self {
            Self::Verified(_) => {}
            Self::Unverified { why, .. } | Self::Contradicted { why, .. } => {
                fields.insert("reason".to_owned(), Value::from(why.as_str()));
            }
        }
        fields
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let account =
        LiveAccount { venue: "delta-india".to_owned(), account: "30084879".to_owned(), real_money: true };
    let why = "delta-india answers these keys as account 7, and DELTASCOPE__VENUE__LIVE_ACCOUNT names 30084879: use that \
               account's keys, or name the one that is meant";
    [
        LiveEvent::Verified(account.clone()),
        LiveEvent::Unverified { account: account.clone(), why: "no answer within 2,000 ms".to_owned() },
        LiveEvent::Contradicted { account, why: why.to_owned() },
    ]
    .iter()
    .map(|event| CatalogueEntry::from_sample(event))
    .collect()
}
