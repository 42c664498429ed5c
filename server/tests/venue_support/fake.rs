//! A fake venue on a port of its own: answers requests by a script, keeps what it was asked, and holds the sockets of
//! whoever connects, so that a test can say frames through them. Everything is awaited as an event.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use server::health::Health;
use server::tasks::{Stop, Tasks};
use server::telling::Teller;
use server::trading::Inbox;
use server::venue::{Address, GapTimes, Rest, Restricted, SessionContext, StatusLists, StreamParts};
use telemetry::{Level, Secret};
use tokio::sync::{broadcast, watch};

/// Longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request as it came.
#[derive(Clone, Debug)]
#[allow(dead_code)]
pub struct Asked {
    pub method: String,
    /// With the query.
    pub path: String,
    /// Of the signature, in Unix seconds.
    pub timestamp: Option<i64>,
    pub body: String,
    /// How many requests came before it.
    pub before: usize,
}

/// An answer as it goes.
#[derive(Clone, Debug)]
pub struct Said {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

#[allow(dead_code)]
impl Said {
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// `{"success":true,"result":…}`.
    pub fn result(result: impl std::fmt::Display) -> Self {
        Self::new(200, format!(r#"{{"success":true,"result":{result}}}"#))
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The signal that never comes.
#[allow(dead_code)]
pub fn never() -> Stop {
    let tasks = Tasks::new(Teller::new(Level::Fatal, 16), Health::default());
    // Its end would be the signal.
    let tasks = Box::leak(Box::new(tasks));
    tasks.stop_signal()
}

type Script = dyn Fn(&Asked) -> Said + Send + Sync;
type Talk = dyn Fn(&str) -> Vec<String> + Send + Sync;

struct World {
    script: Box<Script>,
    talk: Box<Talk>,
    asked: Mutex<Vec<Asked>>,
    heard: Mutex<Vec<String>>,
    changed: watch::Sender<u64>,
    frames: broadcast::Sender<String>,
}

/// The fake venue; it ends with the test's runtime.
pub struct Fake {
    world: Arc<World>,
    url: String,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[allow(dead_code)]
impl Fake {
    /// Answers requests by `script`; sockets get no answer.
    pub async fn start(script: impl Fn(&Asked) -> Said + Send + Sync + 'static) -> Self {
        Self::with_sockets(script, |_| Vec::new()).await
    }

    /// Answers requests by `script` and the frames of sockets by `talk`.
    pub async fn with_sockets(
        script: impl Fn(&Asked) -> Said + Send + Sync + 'static,
        talk: impl Fn(&str) -> Vec<String> + Send + Sync + 'static,
    ) -> Self {
        let world = Arc::new(World {
            script: Box::new(script),
            talk: Box::new(talk),
            asked: Mutex::default(),
            heard: Mutex::default(),
            changed: watch::Sender::new(0),
            frames: broadcast::channel(1_024).0,
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = listener.local_addr().expect("an address").to_string();
        let router = Router::new()
            .route("/", get(socket))
            .route("/public", get(socket))
            .fallback(answer)
            .with_state(Arc::clone(&world));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { world, url }
    }

    pub fn address(&self) -> Address {
        Address {
            rest_url: format!("http://{}", self.url),
            public_ws_url: format!("ws://{}/public", self.url),
            private_ws_url: format!("ws://{}/", self.url),
            api_key: Secret::new("key"),
            api_secret: Secret::new("secret"),
            terms: server::venue::Terms::default(),
        }
    }

    /// Parts of a stream to this venue.
    pub fn parts(&self, rest: &Rest) -> StreamParts {
        StreamParts {
            address: Arc::new(self.address()),
            teller: Teller::new(Level::Fatal, 16),
            sessions: SessionContext::default(),
            inbox: Inbox::default(),
            clock: rest.clock(),
            restricted: Restricted::default(),
            gaps: GapTimes::default(),
            listed: StatusLists::default(),
        }
    }

    pub fn rest(&self) -> Rest {
        Rest::new(self.address(), Teller::new(Level::Fatal, 16)).expect("a client")
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.world.asked).clone()
    }

    /// Frames that clients sent so far.
    pub fn heard(&self) -> Vec<String> {
        lock(&self.world.heard).clone()
    }

    /// Says a frame to every socket that is open.
    pub fn say(&self, frame: impl Into<String>) {
        // Nobody connected is nobody to hear it.
        let _ = self.world.frames.send(frame.into());
    }

    /// Waits until a look at the venue satisfies the condition; `what` names it when it never comes.
    pub async fn until(&self, what: &str, condition: impl Fn(&Fake) -> bool) {
        let mut changed = self.world.changed.subscribe();
        let wait = async {
            while !condition(self) {
                changed.changed().await.expect("the venue lives");
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            panic!("never reached: {what}\nasked: {:#?}\nheard: {:#?}", self.asked(), self.heard());
        }
    }
}

impl World {
    fn changed(&self) {
        self.changed.send_modify(|changes| *changes += 1);
    }
}

/// Unix seconds as HTTP dates are written.
#[allow(dead_code)]
pub fn http_date(seconds: i64) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let text = telemetry::Micros(seconds * 1_000_000).to_rfc3339();
    let month = MONTHS[text[5..7].parse::<usize>().expect("a month") - 1];
    let day = DAYS[usize::try_from(seconds.div_euclid(86_400).rem_euclid(7)).expect("a day of the week")];
    format!("{day}, {} {month} {} {} GMT", &text[8..10], &text[..4], &text[11..19])
}

fn timestamp(headers: &HeaderMap) -> Option<i64> {
    headers.get("timestamp")?.to_str().ok()?.parse().ok()
}

async fn answer(State(world): State<Arc<World>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a small body");
    let asked = {
        let mut all = lock(&world.asked);
        let asked = Asked {
            method: parts.method.to_string(),
            path: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            timestamp: timestamp(&parts.headers),
            body: String::from_utf8_lossy(&body).into_owned(),
            before: all.len(),
        };
        all.push(asked.clone());
        asked
    };
    world.changed();
    let said = (world.script)(&asked);
    let mut response = Response::builder().status(said.status);
    for (name, value) in said.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(said.body)).expect("a response")
}

/// The script gives the headers of the handshake's answer.
async fn socket(State(world): State<Arc<World>>, upgrade: WebSocketUpgrade) -> Response {
    let asked = Asked {
        method: "GET".to_owned(),
        path: "/".to_owned(),
        timestamp: None,
        body: String::new(),
        before: 0,
    };
    let headers = (world.script)(&asked).headers;
    let mut response = upgrade.on_upgrade(move |socket| talk(world, socket));
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().expect("a header"));
    }
    response
}

/// One socket: answers what it hears, and says what the test says.
async fn talk(world: Arc<World>, mut socket: WebSocket) {
    let mut frames = world.frames.subscribe();
    loop {
        let replies = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    lock(&world.heard).push(text.to_string());
                    world.changed();
                    (world.talk)(text.as_str())
                }
                Some(Ok(_other)) => Vec::new(),
                Some(Err(_)) | None => return,
            },
            frame = frames.recv() => frame.into_iter().collect(),
        };
        for reply in replies {
            if socket.send(Message::text(reply)).await.is_err() {
                return;
            }
        }
    }
}
