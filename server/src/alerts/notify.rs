//! The channels that alerts go out by. Each sends one message and says what came of it; when to send, and whether again,
//! is the machine's affair.

mod mail;
mod telegram;
mod webhook;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::alert::{Channel, Notice};
use super::machine::Outcome;
use crate::config::NotifyConfig;
use mail::Mail;
use telegram::Telegram;
use webhook::Webhook;
pub use words::Words;

/// A channel that has not answered by then has failed.
const PATIENCE: Duration = Duration::from_secs(15);
/// An answer is read no further.
const ANSWER_BYTES: usize = 64 * 1024;

/// What is known of a channel before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Off,
    /// With where it goes.
    Ready(String),
    /// Why it cannot be used.
    Unusable(String),
}

/// All channels; cheap to clone.
#[derive(Clone)]
pub struct Notifiers {
    shared: Arc<Shared>,
}

struct Shared {
    webhook: Option<Webhook>,
    telegram: Option<Telegram>,
    mail: Option<Mail>,
    standing: BTreeMap<Channel, Standing>,
    words: Words,
}

impl Notifiers {
    /// Makes what can be made; `base` is where people find the console.
    #[must_use]
    pub fn new(config: &NotifyConfig, base: &str) -> Self {
        crate::tls::install();
        let mut standing = BTreeMap::new();
        let ca = config.ca_file.as_ref().map(|path| {
            std::fs::read(path)
                .map_err(|error| format!("notify.ca_file {} cannot be read: {error}", path.display()))
        });
        let ca = ca.transpose();
        let made = |set: Option<Result<String, String>>| match set {
            None => Standing::Off,
            Some(Ok(to)) => Standing::Ready(to),
            Some(Err(why)) => Standing::Unusable(why),
        };
        let webhook = config
            .webhook
            .clone()
            .map(|set| Webhook::new(set?, ca.as_ref().map_err(Clone::clone)?.as_deref()));
        let telegram = config.telegram.clone().map(|set| Telegram::new(set?));
        let mail =
            config.mail.clone().map(|set| Mail::new(set?, ca.as_ref().map_err(Clone::clone)?.as_deref()));
        let to = |to: Result<&str, &String>| to.map(str::to_owned).map_err(Clone::clone);
        standing.insert(Channel::Webhook, made(webhook.as_ref().map(|w| to(w.as_ref().map(Webhook::to)))));
        standing.insert(Channel::Telegram, made(telegram.as_ref().map(|t| to(t.as_ref().map(Telegram::to)))));
        standing.insert(Channel::Mail, made(mail.as_ref().map(|m| to(m.as_ref().map(Mail::to)))));
        Self {
            shared: Arc::new(Shared {
                webhook: webhook.and_then(Result::ok),
                telegram: telegram.and_then(Result::ok),
                mail: mail.and_then(Result::ok),
                standing,
                words: Words::new(base),
            }),
        }
    }

    /// Channels that messages can be sent by.
    #[must_use]
    pub fn usable(&self) -> Vec<Channel> {
        let ready = |(channel, standing): (&Channel, &Standing)| {
            matches!(standing, Standing::Ready(_)).then_some(*channel)
        };
        self.shared.standing.iter().filter_map(ready).collect()
    }

    /// Every channel and how it stands.
    #[must_use]
    pub fn standing(&self) -> &BTreeMap<Channel, Standing> {
        &self.shared.standing
    }

    /// Sends a message and waits for what comes of it, at most for as long as a channel is given.
    pub async fn send(&self, notice: &Notice) -> Outcome {
        let sent = async {
            let shared = &self.shared;
            match notice.channel {
                Channel::Webhook => match &shared.webhook {
                    Some(webhook) => webhook.send(notice, &shared.words).await,
                    None => off(),
                },
                Channel::Telegram => match &shared.telegram {
                    Some(telegram) => telegram.send(notice, &shared.words).await,
                    None => off(),
                },
                Channel::Mail => match &shared.mail {
                    Some(mail) => mail.send(notice, &shared.words).await,
                    None => off(),
                },
            }
        };
        let late = || Outcome::Failed(format!("no answer within {} s", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, sent).await.unwrap_or_else(|_| late())
    }
}

fn off() -> Outcome {
    Outcome::Refused("the channel is not set".to_owned())
}

/// The innermost cause of a failed request: what stands around it repeats the address, which may hold a secret.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let words =
        if std::ptr::addr_eq(cause, error) { "the request failed".to_owned() } else { cause.to_string() };
    telemetry::clean(&words).chars().take(300).collect()
}

/// An answer's body, as far as it is worth reading.
async fn body(mut response: reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk[..chunk.len().min(ANSWER_BYTES - body.len())]);
        if body.len() >= ANSWER_BYTES {
            break;
        }
    }
    body
}
