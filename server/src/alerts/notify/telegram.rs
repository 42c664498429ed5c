//! Telegram's bot API: one `sendMessage`. The token is part of the address, so no address is ever told.

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use super::words::Words;
use super::{PATIENCE, body, cause};
use crate::alerts::alert::Notice;
use crate::alerts::machine::Outcome;
use crate::config::TelegramConfig;

/// A longer text is refused.
const CHARACTERS: usize = 4_000;

/// A bot and the chat that it writes to.
pub(super) struct Telegram {
    http: reqwest::Client,
    config: TelegramConfig,
    to: String,
}

impl Telegram {
    pub fn new(config: TelegramConfig) -> Result<Self, String> {
        let builder = reqwest::Client::builder().redirect(Policy::none()).timeout(PATIENCE);
        let http = builder.build().map_err(|error| format!("no HTTP client for Telegram: {error}"))?;
        let to = format!("chat {}", config.chat_id);
        Ok(Self { http, config, to })
    }

    pub fn to(&self) -> &str {
        &self.to
    }

    pub async fn send(&self, notice: &Notice, words: &Words) -> Outcome {
        let text: String = words.text(notice).chars().take(CHARACTERS).collect();
        let message = json!({
            "chat_id": self.config.chat_id,
            "text": text,
            "link_preview_options": { "is_disabled": true },
        });
        let address = format!("{}/bot{}/sendMessage", self.config.url, self.config.token.expose());
        let response = match self.http.post(address).json(&message).send().await {
            Ok(response) => response,
            Err(error) => return Outcome::Failed(cause(&error)),
        };
        let status = response.status().as_u16();
        let answer: Value = serde_json::from_slice(&body(response).await).unwrap_or_default();
        if answer["ok"] == true {
            let id = answer["result"]["message_id"].as_i64().unwrap_or_default();
            return Outcome::Done(format!("message {id}"));
        }
        let said = answer["description"].as_str().unwrap_or("an answer that is not Telegram's");
        // What is said back may repeat what was sent.
        let said = telemetry::clean(said).replace(self.config.token.expose(), "***");
        let words: String = format!("answered {status}: {said}").chars().take(300).collect();
        match status {
            400 | 401 | 403 | 404 => Outcome::Refused(words),
            _ => Outcome::Failed(words),
        }
    }
}
