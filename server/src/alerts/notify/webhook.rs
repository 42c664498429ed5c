//! A webhook: JSON by POST, signed with its time by HMAC-SHA256. A redirect is not followed: it would carry a signed
//! message to somebody who was not named.

use hmac::{Hmac, KeyInit, Mac};
use reqwest::redirect::Policy;
use sha2::Sha256;

use super::words::{Words, delivery_id};
use super::{PATIENCE, body, cause};
use crate::alerts::alert::Notice;
use crate::alerts::machine::Outcome;
use crate::clock;
use crate::config::{Secret, WebhookConfig};

/// A receiver.
pub(super) struct Webhook {
    http: reqwest::Client,
    config: WebhookConfig,
}

impl Webhook {
    pub fn new(config: WebhookConfig, ca: Option<&[u8]>) -> Result<Self, String> {
        let mut builder = reqwest::Client::builder().redirect(Policy::none()).timeout(PATIENCE);
        for certificate in certificates(ca)? {
            builder = builder.add_root_certificate(certificate);
        }
        let http = builder.build().map_err(|error| format!("no HTTP client for the webhook: {error}"))?;
        Ok(Self { http, config })
    }

    /// Where it goes, without what may be secret in the address.
    pub fn to(&self) -> &str {
        &self.config.host
    }

    pub async fn send(&self, notice: &Notice, words: &Words) -> Outcome {
        let text = words.json(notice).to_string();
        let timestamp = (clock::system().0 / 1_000_000).to_string();
        let request = self
            .http
            .post(self.config.url.expose())
            .header("content-type", "application/json")
            .header("x-deltascope-delivery", delivery_id(notice))
            .header("x-deltascope-timestamp", &timestamp)
            .header("x-deltascope-signature", signature(&self.config.secret, &timestamp, &text))
            .body(text);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Outcome::Failed(cause(&error)),
        };
        let status = response.status();
        let answer = body(response).await;
        if status.is_success() {
            return Outcome::Done(format!("answered {}", status.as_u16()));
        }
        let said: String = telemetry::clean(&String::from_utf8_lossy(&answer)).chars().take(200).collect();
        let words = format!("answered {}: {said}", status.as_u16());
        if status.is_redirection() {
            return Outcome::Refused(format!("answered {}, and redirects are not followed", status.as_u16()));
        }
        match status.as_u16() {
            408 | 425 | 429 | 500.. => Outcome::Failed(words.trim_end_matches(": ").to_owned()),
            _ => Outcome::Refused(words.trim_end_matches(": ").to_owned()),
        }
    }
}

fn certificates(ca: Option<&[u8]>) -> Result<Vec<reqwest::Certificate>, String> {
    let Some(pem) = ca else { return Ok(Vec::new()) };
    reqwest::Certificate::from_pem_bundle(pem)
        .map_err(|error| format!("notify.ca_file cannot be used: {error}"))
}

/// `v1=` and the hex of HMAC-SHA256 over `TIMESTAMP.BODY`.
fn signature(secret: &Secret, timestamp: &str, body: &str) -> String {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
        return String::new();
    };
    for part in [timestamp.as_bytes(), b".", body.as_bytes()] {
        mac.update(part);
    }
    format!("v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by another program: `printf '1641373200.{}' | openssl dgst -sha256 -hmac key`.
    #[test]
    fn the_signature_is_what_others_compute() {
        let signed = signature(&Secret::new("key"), "1641373200", "{}");
        assert_eq!(signed, "v1=c75ca0cdf82ce3f50984fb7391c2b47c7c04c31915f2a13dd3239a83800d72ac");
        assert_ne!(signed, signature(&Secret::new("key"), "1641373201", "{}"), "the time is part of it");
    }
}
