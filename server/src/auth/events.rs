//! What signing in and out has to tell: audit records, never with a password or a token.

use telemetry::{CatalogueEntry, Event, Level, Map, Source, Value};

/// Happenings of accounts. `address` is the network address of the client.
#[derive(Clone, Debug)]
pub enum AuthEvent {
    SignedIn {
        user: String,
        address: String,
    },
    SignInFailed {
        user: String,
        address: String,
    },
    SignInThrottled {
        address: String,
        retry_after_s: u64,
    },
    SignedOut {
        user: String,
    },
    PasswordSet {
        user: String,
        by: &'static str,
    },
    UserAdded {
        user: String,
        by: &'static str,
    },
    UserRemoved {
        user: String,
        by: &'static str,
    },
    /// A one-time link was printed on stderr; the link itself is never told.
    LinkIssued {
        user: String,
    },
    /// The password was shown again, for what costs money.
    SteppedUp {
        user: String,
        address: String,
        minutes: u64,
    },
    /// Something was asked for without having shown it a moment ago.
    StepUpMissing {
        user: String,
        what: &'static str,
    },
    /// What it was shown for was asked for.
    StepUpUsed {
        user: String,
        what: &'static str,
        age_s: u64,
    },
    /// The accounts had to be begun anew while the server runs.
    CarriedOver {
        users: usize,
        sessions: usize,
    },
}

impl Event for AuthEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::SignedIn { .. } => "auth.signed_in",
            Self::SignInFailed { .. } => "auth.sign_in_failed",
            Self::SignInThrottled { .. } => "auth.sign_in_throttled",
            Self::SignedOut { .. } => "auth.signed_out",
            Self::PasswordSet { .. } => "auth.password_set",
            Self::UserAdded { .. } => "auth.user_added",
            Self::UserRemoved { .. } => "auth.user_removed",
            Self::LinkIssued { .. } => "auth.link_issued",
            Self::SteppedUp { .. } => "auth.stepped_up",
            Self::StepUpMissing { .. } => "auth.step_up_missing",
            Self::StepUpUsed { .. } => "auth.step_up_used",
            Self::CarriedOver { .. } => "auth.carried_over",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::SignInFailed { .. }
            | Self::SignInThrottled { .. }
            | Self::StepUpMissing { .. }
            | Self::CarriedOver { .. } => Level::Warn,
            Self::SignedIn { .. }
            | Self::SignedOut { .. }
            | Self::PasswordSet { .. }
            | Self::UserAdded { .. }
            | Self::UserRemoved { .. }
            | Self::LinkIssued { .. }
            | Self::SteppedUp { .. }
            | Self::StepUpUsed { .. } => Level::Info,
        }
    }

    fn source(&self) -> Source {
        Source::Audit
    }

    fn message(&self) -> String {
        match self {
            Self::SignedIn { user, address } => format!("{user} signed in from {address}"),
            Self::SignInFailed { user, address } => format!("Sign-in as {user} from {address} failed"),
            Self::SignInThrottled { address, retry_after_s } => {
                format!("Too many failed sign-ins from {address}; next attempt in {retry_after_s} s")
            }
            Self::SignedOut { user } => format!("{user} signed out"),
            Self::PasswordSet { user, by } => format!("The password of {user} was set by {by}"),
            Self::UserAdded { user, by } => format!("User {user} was added by {by}"),
            Self::UserRemoved { user, by } => format!("User {user} was removed by {by}"),
            Self::LinkIssued { user } => format!("A one-time sign-in link for {user} was printed"),
            Self::SteppedUp { user, address, minutes } => {
                format!("{user} confirmed with the password from {address}, for {minutes} minutes")
            }
            Self::StepUpMissing { user, what } => {
                format!("{what} was refused: {user} has not confirmed with the password a moment ago")
            }
            Self::StepUpUsed { user, what, age_s } => {
                format!("{what} was asked for by {user}, who confirmed with the password {age_s} s before")
            }
            Self::CarriedOver { users, sessions } => {
                let what = format!("users {users}, sign-ins {sessions}");
                format!("The file of the accounts lacks what was valid before, and is given it: {what}")
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let pairs = match self {
            Self::SignedIn { user, address } | Self::SignInFailed { user, address } => {
                vec![("user", Value::from(user.as_str())), ("address", Value::from(address.as_str()))]
            }
            Self::SignInThrottled { address, retry_after_s } => {
                vec![
                    ("address", Value::from(address.as_str())),
                    ("retry_after_s", Value::from(*retry_after_s)),
                ]
            }
            Self::SteppedUp { user, address, minutes } => vec![
                ("user", Value::from(user.as_str())),
                ("address", Value::from(address.as_str())),
                ("minutes", Value::from(*minutes)),
            ],
            Self::StepUpMissing { user, what } => {
                vec![("user", Value::from(user.as_str())), ("what", Value::from(*what))]
            }
            Self::StepUpUsed { user, what, age_s } => vec![
                ("user", Value::from(user.as_str())),
                ("what", Value::from(*what)),
                ("age_s", Value::from(*age_s)),
            ],
            Self::CarriedOver { users, sessions } => {
                vec![("users", Value::from(*users)), ("sessions", Value::from(*sessions))]
            }
            Self::SignedOut { user } | Self::LinkIssued { user } => {
                vec![("user", Value::from(user.as_str()))]
            }
            Self::PasswordSet { user, by }
            | Self::UserAdded { user, by }
            | Self::UserRemoved { user, by } => {
                vec![("user", Value::from(user.as_str())), ("by", Value::from(*by))]
            }
        };
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let (user, address) = ("admin".to_owned(), "127.0.0.1".to_owned());
    [
        AuthEvent::SignedIn { user: user.clone(), address: address.clone() },
        AuthEvent::SignInFailed { user: user.clone(), address: address.clone() },
        AuthEvent::SteppedUp { user: user.clone(), address: address.clone(), minutes: 5 },
        AuthEvent::StepUpMissing { user: user.clone(), what: "A live start" },
        AuthEvent::StepUpUsed { user: user.clone(), what: "A live start", age_s: 12 },
        AuthEvent::SignInThrottled { address, retry_after_s: 42 },
        AuthEvent::SignedOut { user: user.clone() },
        AuthEvent::PasswordSet { user: user.clone(), by: "one-time link" },
        AuthEvent::UserAdded { user: user.clone(), by: "command line" },
        AuthEvent::UserRemoved { user: user.clone(), by: "command line" },
        AuthEvent::LinkIssued { user },
        AuthEvent::CarriedOver { users: 2, sessions: 3 },
    ]
    .iter()
    .map(|event| CatalogueEntry::from_sample(event))
    .collect()
}
