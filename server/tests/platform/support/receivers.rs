//! What alerts are sent to, each really speaking its protocol: a webhook, Telegram's bot API, a mail server with STARTTLS
//! and AUTH.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came over HTTP.
pub struct Came {
    pub uri: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Came {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

#[derive(Clone)]
struct Script {
    came: mpsc::UnboundedSender<Came>,
    /// What is answered, one after the other; then 200.
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    usual: &'static str,
}

/// Receives over HTTP whatever is sent.
pub struct Receiver {
    pub address: SocketAddr,
    came: mpsc::UnboundedReceiver<Came>,
}

impl Receiver {
    /// Answers with these, then with 200 and `usual`.
    pub async fn start(answers: &[(u16, &str)], usual: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, came) = mpsc::unbounded_channel();
        let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let script = Script { came: sender, answers: Arc::new(Mutex::new(answers)), usual };
        let router = Router::new().fallback(take).with_state(script);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, came }
    }

    /// Takes requests and never answers.
    pub async fn silent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, came) = mpsc::unbounded_channel();
        let script = Script { came: sender, answers: Arc::default(), usual: "" };
        let taken = async |State(script): State<Script>, uri: Uri, headers: HeaderMap, body: Bytes| {
            take(State(script), uri, headers, body).await;
            std::future::pending::<Response>().await
        };
        let router = Router::new().fallback(taken).with_state(script);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, came }
    }

    /// The next request.
    pub async fn next(&mut self) -> Came {
        tokio::time::timeout(PATIENCE, self.came.recv()).await.expect("it comes in time").expect("a request")
    }

    /// What has come and nobody has asked for.
    pub fn waiting(&mut self) -> usize {
        std::iter::from_fn(|| self.came.try_recv().ok()).count()
    }
}

async fn take(State(script): State<Script>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    let _ = script.came.send(Came { uri: uri.to_string(), headers, body });
    let answer = script.answers.lock().unwrap().pop_front();
    match answer {
        Some((status @ 300..400, target)) => {
            (StatusCode::from_u16(status).unwrap(), [(header::LOCATION, target)]).into_response()
        }
        Some((status, body)) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        None => script.usual.into_response(),
    }
}

/// A message as a mail server took it.
#[derive(Debug)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
    /// `user:password` of AUTH PLAIN or LOGIN.
    pub login: Option<String>,
    pub encrypted: bool,
}

/// A mail server. With a certificate it offers STARTTLS, and AUTH only behind it.
pub struct MailServer {
    pub address: SocketAddr,
    /// PEM of the authority that its certificate is of.
    pub ca: String,
    mails: mpsc::UnboundedReceiver<Mail>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS is offered.
    Start,
    /// The connection begins with it.
    First,
    /// There is none.
    None,
}

impl MailServer {
    pub async fn start(tls: Tls) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()])
            .expect("a certificate");
        let ca = key.cert.pem();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let private = PrivateKeyDer::try_from(key.signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![key.cert.der().clone()], private)
            .expect("a TLS server");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (sender, mails) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                tokio::spawn(async move { serve(stream, tls, acceptor, sender).await });
            }
        });
        Self { address, ca, mails }
    }

    pub async fn next(&mut self) -> Mail {
        tokio::time::timeout(PATIENCE, self.mails.recv()).await.expect("it comes in time").expect("a mail")
    }
}

async fn serve(
    stream: TcpStream,
    tls: Tls,
    acceptor: TlsAcceptor,
    mails: mpsc::UnboundedSender<Mail>,
) -> Option<()> {
    if tls == Tls::First {
        let mut stream = BufReader::new(acceptor.accept(stream).await.ok()?);
        say(&mut stream, "220 mail.test ready").await?;
        converse(&mut stream, true, false, &mails).await?;
        return Some(());
    }
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 mail.test ready").await?;
    if converse(&mut stream, false, tls == Tls::Start, &mails).await? {
        let mut stream = BufReader::new(acceptor.accept(stream.into_inner()).await.ok()?);
        converse(&mut stream, true, false, &mails).await?;
    }
    Some(())
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, line: &str) -> Option<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

/// One conversation; whether it goes on encrypted.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    encrypted: bool,
    offers: bool,
    mails: &mpsc::UnboundedSender<Mail>,
) -> Option<bool> {
    let (mut from, mut to, mut login) = (String::new(), Vec::new(), None);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        let word = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        match word.as_str() {
            "EHLO" => {
                say(stream, "250-mail.test").await?;
                if offers {
                    say(stream, "250-STARTTLS").await?;
                }
                say(stream, if encrypted { "250 AUTH PLAIN" } else { "250 8BITMIME" }).await?;
            }
            "STARTTLS" => {
                say(stream, "220 go ahead").await?;
                return Some(true);
            }
            "AUTH" => {
                let coded = line.rsplit(' ').next().unwrap_or_default();
                login = Some(plain(coded));
                let good = login.as_deref() == Some("ada@example.org:canary-smtp");
                say(stream, if good { "235 welcome" } else { "535 no" }).await?;
            }
            "MAIL" => {
                from = line;
                say(stream, "250 ok").await?;
            }
            "RCPT" => {
                to.push(line);
                say(stream, "250 ok").await?;
            }
            "DATA" => {
                say(stream, "354 go on").await?;
                let mut data = String::new();
                while !data.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut data).await.ok()? == 0 {
                        return None;
                    }
                }
                say(stream, "250 queued as 4JTq2K").await?;
                let (from, to) = (std::mem::take(&mut from), std::mem::take(&mut to));
                let _ = mails.send(Mail { from, to, data, login: login.clone(), encrypted });
            }
            "QUIT" => {
                say(stream, "221 bye").await?;
                return None;
            }
            _ => say(stream, "250 ok").await?,
        }
    }
}

/// `\0user\0password` in base 64, as `user:password`.
fn plain(coded: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for value in coded.bytes().filter_map(|byte| LETTERS.iter().position(|letter| *letter == byte)) {
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    String::from_utf8_lossy(&bytes).trim_start_matches('\0').replace('\0', ":")
}
