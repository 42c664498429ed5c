//! `[notify]`: where alerts go. A mistake stops the one channel that it is about.

use std::path::PathBuf;

use super::Secret;
use super::typed::Reader;
use super::userinfo;

/// What the channels need.
#[derive(Clone, Debug, Default)]
pub struct NotifyConfig {
    pub webhook: Option<Result<WebhookConfig, String>>,
    pub telegram: Option<Result<TelegramConfig, String>>,
    pub mail: Option<Result<MailConfig, String>>,
    /// Of a certificate authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// The address may hold a token of its own.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    pub url: Secret,
    /// Where it goes, for people.
    pub host: String,
    pub secret: Secret,
}

#[derive(Clone, Debug)]
pub struct TelegramConfig {
    pub url: String,
    pub token: Secret,
    pub chat_id: String,
}

/// How the connection to the mail server is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, and nothing without it.
    StartTls,
    /// On loopback only.
    Plain,
}

#[derive(Clone, Debug)]
pub struct MailConfig {
    pub host: String,
    pub port: u16,
    pub security: MailSecurity,
    pub username: String,
    pub password: Secret,
    pub from: String,
    pub to: Vec<String>,
}

/// Reads the section; a channel with none of its settings is off.
pub(super) fn notify(read: Reader<'_>) -> NotifyConfig {
    NotifyConfig {
        webhook: webhook(read),
        telegram: telegram(read),
        mail: mail(read),
        ca_file: read.optional("notify.ca_file").map(PathBuf::from),
    }
}

fn webhook(read: Reader<'_>) -> Option<Result<WebhookConfig, String>> {
    let url = read.optional("notify.webhook_url")?;
    let secret = read.secret("notify.webhook_secret");
    let parsed = reqwest::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    Some(match parsed.as_ref().and_then(reqwest::Url::host_str) {
        None => Err("notify.webhook_url must be an address that begins with https:// or http://".to_owned()),
        Some(_) if secret.is_empty() => {
            Err("notify.webhook_secret is missing: a webhook that is not signed can be forged".to_owned())
        }
        Some(host) => Ok(WebhookConfig { url: Secret::new(url), host: host.to_owned(), secret }),
    })
}

fn telegram(read: Reader<'_>) -> Option<Result<TelegramConfig, String>> {
    let (token, chat) = (read.secret("notify.telegram_bot_token"), read.optional("notify.telegram_chat_id"));
    let url = read.text("notify.telegram_url").trim_end_matches('/').to_owned();
    let chat_id = chat.unwrap_or_default().to_owned();
    let is_url = url.starts_with("https://") || url.starts_with("http://");
    match (token.is_empty(), chat_id.is_empty()) {
        (true, true) => None,
        (true, false) => Some(Err("notify.telegram_bot_token (TELEGRAM_BOT_TOKEN) is missing".to_owned())),
        (false, true) => Some(Err("notify.telegram_chat_id is missing".to_owned())),
        (false, false) if !is_url => Some(Err("notify.telegram_url must begin with https://".to_owned())),
        (false, false) => Some(Ok(TelegramConfig { url, token, chat_id })),
    }
}

fn mail(read: Reader<'_>) -> Option<Result<MailConfig, String>> {
    let to: Vec<String> = read
        .text("notify.mail_to")
        .split(',')
        .map(|address| address.trim().to_owned())
        .filter(|address| !address.is_empty())
        .collect();
    match (read.optional("notify.smtp_url"), to.is_empty()) {
        (None, true) => None,
        (None, false) => Some(Err("notify.smtp_url is missing".to_owned())),
        (Some(_), true) => Some(Err("notify.mail_to is missing".to_owned())),
        (Some(url), false) => Some(server(url, read.text("notify.mail_from"), to)),
    }
}

fn server(url: &str, from: &str, to: Vec<String>) -> Result<MailConfig, String> {
    let wrong =
        || "notify.smtp_url must be smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST".to_owned();
    let (address, given) = userinfo::split(url);
    let (username, password) = given.unwrap_or_default();
    let (scheme, rest) = address.split_once("://").ok_or_else(wrong)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // The address of a host by number stands in brackets.
    let (host, port) =
        match authority.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']')) {
            Some((host, port)) => (host, Some(port.parse::<u16>().map_err(|_| wrong())?)),
            None => (authority, None),
        };
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let asks = rest.contains("tls=required");
    let (security, usual) = match scheme {
        "smtps" => (MailSecurity::Tls, 465),
        "smtp" if is_here && !asks => (MailSecurity::Plain, 25),
        "smtp" => (MailSecurity::StartTls, 587),
        _ => return Err(wrong()),
    };
    if host.is_empty() {
        return Err(wrong());
    }
    let from = match (from.is_empty(), username.contains('@')) {
        (false, _) => from.to_owned(),
        (true, true) => username.clone(),
        (true, false) => format!("deltascope@{host}"),
    };
    Ok(MailConfig { host, port: port.unwrap_or(usual), security, username, password, from, to })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;

    fn notify_of(pairs: &[(&str, &str)]) -> NotifyConfig {
        let environment = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        load(None, &environment).expect("trading starts over a mistake here").notify
    }

    #[test]
    fn nothing_set_is_no_channel_and_a_half_set_one_says_what_is_missing() {
        let none = notify_of(&[]);
        assert!(none.webhook.is_none() && none.telegram.is_none() && none.mail.is_none());
        let half = notify_of(&[
            ("DELTASCOPE__NOTIFY__WEBHOOK_URL", "https://hooks.example.org/canary-token"),
            ("TELEGRAM_BOT_TOKEN", "123:canary"),
            ("DELTASCOPE__NOTIFY__MAIL_TO", "desk@example.org"),
        ]);
        for (channel, missing) in [
            (half.webhook.map(|set| set.err()), "webhook_secret"),
            (half.telegram.map(|set| set.err()), "telegram_chat_id"),
            (half.mail.map(|set| set.err()), "smtp_url"),
        ] {
            let why = channel.flatten().expect("a problem");
            assert!(why.contains(missing) && !why.contains("canary"), "{why}");
        }
    }

    #[test]
    fn a_mail_server_elsewhere_is_never_spoken_to_in_the_clear() {
        let of = |url: &str| server(url, "", vec!["desk@example.org".to_owned()]).expect("a server");
        let tls = of("smtps://ada%40example.org:pa%3Ass@mail.example.org");
        assert_eq!((tls.security, tls.port, tls.host.as_str()), (MailSecurity::Tls, 465, "mail.example.org"));
        assert_eq!((tls.from.as_str(), tls.password.expose()), ("ada@example.org", "pa:ss"));
        let start = of("smtp://ada:x@mail.example.org");
        assert_eq!((start.security, start.port), (MailSecurity::StartTls, 587));
        assert_eq!(of("smtp://127.0.0.1:2525").security, MailSecurity::Plain);
        assert_eq!(of("smtp://[::1]:2525?tls=required").security, MailSecurity::StartTls);
        for wrong in ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://host:none"] {
            let why = server(wrong, "", vec![]).expect_err("no server");
            assert!(why.contains("notify.smtp_url"), "{why}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let environment = vec![
            ("DELTASCOPE__NOTIFY__WEBHOOK_URL".to_owned(), "https://hooks.example.org/canary-one".to_owned()),
            ("DELTASCOPE__NOTIFY__WEBHOOK_SECRET".to_owned(), "canary-two".to_owned()),
            ("TELEGRAM_BOT_TOKEN".to_owned(), "canary-three".to_owned()),
            ("DELTASCOPE__NOTIFY__TELEGRAM_CHAT_ID".to_owned(), "-100".to_owned()),
            (
                "DELTASCOPE__NOTIFY__SMTP_URL".to_owned(),
                "smtps://ada:canary-four@mail.example.org".to_owned(),
            ),
            ("DELTASCOPE__NOTIFY__MAIL_TO".to_owned(), "desk@example.org".to_owned()),
        ];
        let layers = crate::config::layers(None, &environment).expect("layers");
        let shown: Vec<String> =
            layers.iter().map(|(key, entry)| crate::config::Layers::shown(key, &entry.value)).collect();
        assert!(!shown.concat().contains("canary"), "{shown:?}");
        let config = load(None, &environment).expect("settings");
        assert!(!format!("{:?}", config.notify).contains("canary"), "{:?}", config.notify);
    }
}
