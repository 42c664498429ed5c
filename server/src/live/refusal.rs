//! Why the guard does not let anybody to a real venue. Each is one sentence that says what to do.

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "{venue} needs the account's API key and secret: set DELTA_API_KEY and DELTA_API_SECRET, or venue.api_key_file \
         and venue.api_secret_file"
    )]
    NoKeys { venue: &'static str },
    #[error("{setting} and {setting}_file are both set: keep one of them")]
    KeyTwice { setting: &'static str },
    #[error("{setting} {path} cannot be used: {why}")]
    KeyFile { setting: &'static str, path: String, why: String },
    #[error(
        "{venue} needs a second setting that names the account: set DELTASCOPE__VENUE__LIVE_ACCOUNT to its number, which \
         `deltascope venue check` says for these keys"
    )]
    NotNamed { venue: &'static str },
    #[error(
        "{setting} is {url}: the keys of {venue} are sent to its own hosts only; unset venue.rest_url and venue.ws_url \
         (for a rehearsal they may name this machine)"
    )]
    ForeignHost { venue: &'static str, setting: &'static str, url: String },
    #[error(
        "the simulated venue cannot be at {url}, where a real one answers: unset venue.rest_url and venue.ws_url, or set \
         venue.kind (runbook: Going live)"
    )]
    SimulatedAtRealHost { url: String },
    #[error(
        "{venue} answers these keys as account {answered}, and DELTASCOPE__VENUE__LIVE_ACCOUNT names {named}: use that \
         account's keys, or name the one that is meant"
    )]
    OtherAccount { venue: &'static str, named: String, answered: String },
    #[error(
        "{venue} refuses these keys ({code}): each environment has its own, so make them on {venue}, with the \
         permissions Read Data and Trading"
    )]
    KeysRefused { venue: &'static str, code: String },
    #[error(
        "{venue} does not let these keys trade from this address ({detail}): put the address on the list of the key"
    )]
    AddressNotListed { venue: &'static str, detail: String },
    #[error(
        "the keys may read and not trade on {venue} ({code}): give them the permission Trading, which wants this \
         machine's address on the key's list"
    )]
    ReadOnly { venue: &'static str, code: String },
    #[error(
        "{venue} does not say whose keys these are ({why}), and this data directory has not traded on account {named} \
         before: start again when it answers"
    )]
    Silent { venue: &'static str, named: String, why: String },
    #[error(
        "the data directory {dir} holds what was traded on {held}, and the settings name {wanted}: set \
         DELTASCOPE__DATA__DIR to another directory"
    )]
    OtherDirectory { dir: String, held: String, wanted: String },
    #[error(
        "{path} says whose journal the data directory holds and cannot be used ({why}): put it back from a backup, or \
         set DELTASCOPE__DATA__DIR to a new directory"
    )]
    MarkUnusable { path: String, why: String },
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

impl Refusal {
    pub(crate) fn of_client(error: reqwest::Error) -> Self {
        Self::Client(error.to_string())
    }
}
