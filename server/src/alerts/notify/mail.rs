//! E-mail by SMTP. Nothing is sent in the clear but on loopback.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::PATIENCE;
use super::words::{Words, delivery_id};
use crate::alerts::alert::Notice;
use crate::alerts::machine::Outcome;
use crate::config::{MailConfig, MailSecurity};

/// A mail server, who writes, and who is written to.
pub(super) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    recipients: Vec<Mailbox>,
    host: String,
    to: String,
}

impl Mail {
    pub fn new(config: MailConfig, ca: Option<&[u8]>) -> Result<Self, String> {
        let mailbox = |address: &str| {
            address.parse::<Mailbox>().map_err(|error| format!("{address:?} is no mail address: {error}"))
        };
        let from = mailbox(&config.from)?;
        let recipients = config.to.iter().map(|to| mailbox(to)).collect::<Result<Vec<_>, _>>()?;
        let to = format!("{} through {}:{}", config.to.join(", "), config.host, config.port);
        let tls = match config.security {
            MailSecurity::Plain => Tls::None,
            MailSecurity::Tls => Tls::Wrapper(parameters(&config.host, ca)?),
            MailSecurity::StartTls => Tls::Required(parameters(&config.host, ca)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(config.host.as_str())
            .port(config.port)
            .tls(tls)
            .timeout(Some(PATIENCE));
        if !config.username.is_empty() {
            let password = config.password.expose().to_owned();
            builder = builder.credentials(Credentials::new(config.username.clone(), password));
        }
        Ok(Self { transport: builder.build(), from, recipients, host: config.host, to })
    }

    pub fn to(&self) -> &str {
        &self.to
    }

    pub async fn send(&self, notice: &Notice, words: &Words) -> Outcome {
        let message = match self.message(notice, words) {
            Ok(message) => message,
            Err(error) => return Outcome::Refused(format!("the message cannot be written: {error}")),
        };
        match self.transport.send(message).await {
            Ok(response) => {
                let said: Vec<&str> = response.message().collect();
                let words: String =
                    format!("{} {}", response.code(), said.join(" ")).chars().take(200).collect();
                Outcome::Done(telemetry::clean(&words).into_owned())
            }
            Err(error) => {
                let words: String = telemetry::clean(&error.to_string()).chars().take(300).collect();
                if error.is_permanent() { Outcome::Refused(words) } else { Outcome::Failed(words) }
            }
        }
    }

    fn message(&self, notice: &Notice, words: &Words) -> Result<Message, lettre::error::Error> {
        let builder: MessageBuilder = Message::builder()
            .from(self.from.clone())
            .subject(words.subject(notice))
            // The same for every attempt: a mailbox shows it once.
            .message_id(Some(format!("<{}@{}>", delivery_id(notice), self.host)))
            .header(ContentType::TEXT_PLAIN);
        let builder = self.recipients.iter().cloned().fold(builder, MessageBuilder::to);
        builder.body(words.text(notice))
    }
}

fn parameters(host: &str, ca: Option<&[u8]>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = ca {
        let certificate =
            Certificate::from_pem(pem).map_err(|error| format!("notify.ca_file cannot be used: {error}"))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|error| format!("no TLS for e-mail: {error}"))
}
