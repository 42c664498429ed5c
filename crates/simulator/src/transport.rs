//! HTTP and WebSocket connections: bytes in, bytes out, and the wire's delays. No venue rule lives here.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, interval_at, sleep};

use crate::auth::Given;
use crate::event::VenueEvent;
use crate::rest::{self, Reply};
use crate::serve::{Shared, until, wall_us};
use crate::session::Session;

const MOST_BODY: usize = 1 << 20;
const HEARTBEAT: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(60);

#[derive(Clone)]
struct Context {
    shared: Arc<Shared>,
    stopped: watch::Receiver<bool>,
}

/// Serves until stopped.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, stopped: watch::Receiver<bool>) {
    let router = Router::new()
        .route("/", get(private_socket))
        .route("/public", get(public_socket))
        .fallback(answer)
        .with_state(Context { shared, stopped: stopped.clone() });
    let mut stop = stopped;
    tokio::select! {
        // Serving ends only with the listener; there is nobody to tell.
        _ended = axum::serve(listener, router) => {}
        () = until(&mut stop) => {}
    }
}

async fn answer(State(context): State<Context>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BODY).await else {
        return write(Reply::gateway(413, "Payload Too Large"));
    };
    let (there_us, back_us) = {
        let exchange = &mut context.shared.lock().exchange;
        (exchange.draw_latency_us(), exchange.draw_latency_us())
    };
    pause(there_us).await;
    let request = rest::Request {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query(),
        user_agent: header(&parts.headers, "user-agent"),
        given: Given {
            key: header(&parts.headers, "api-key"),
            timestamp: header(&parts.headers, "timestamp"),
            signature: header(&parts.headers, "signature"),
        },
        address: "loopback",
        body: &body,
    };
    let reply = {
        let venue = &mut *context.shared.lock();
        rest::respond(&mut venue.exchange, &mut venue.gate, wall_us(), &request)
    };
    context.shared.wake.notify_one();
    pause(back_us).await;
    write(reply)
}

async fn pause(us: i64) {
    sleep(Duration::from_micros(u64::try_from(us).unwrap_or_default())).await;
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn write(reply: Reply) -> Response {
    let mut builder = Response::builder().status(reply.status).header("content-type", reply.content_type);
    for (name, value) in reply.headers {
        builder = builder.header(name, value);
    }
    builder.body(Body::from(reply.body)).unwrap_or_else(|_invalid_header| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

async fn private_socket(State(context): State<Context>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| run(context, socket, false))
}

async fn public_socket(State(context): State<Context>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| run(context, socket, true))
}

async fn run(context: Context, socket: WebSocket, public_only: bool) {
    let id = context.shared.lock().next_connection();
    let events = context.shared.events.subscribe();
    let connection = Connection { id, socket, session: Session::new(public_only), events };
    connection.run(&context.shared, context.stopped.clone()).await;
    context.shared.lock().watch(id, Vec::new());
}

struct Connection {
    id: u64,
    socket: WebSocket,
    session: Session,
    events: broadcast::Receiver<Arc<(VenueEvent, Decimal)>>,
}

impl Connection {
    /// Until either side is gone. A client that reads too slowly is cut off, as by the venue.
    async fn run(mut self, shared: &Shared, mut stopped: watch::Receiver<bool>) {
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        let idle = sleep(IDLE);
        tokio::pin!(idle);
        let mut active = false;
        loop {
            let next = tokio::select! {
                frame = self.socket.recv() => Next::of_frame(frame),
                event = self.events.recv() => event.map_or(Next::End, Next::Event),
                _ = heartbeat.tick(), if self.session.wants_heartbeat() => Next::Heartbeat,
                () = &mut idle, if !active => Next::End,
                () = until(&mut stopped) => Next::End,
            };
            let alive = match next {
                Next::Text(text) => {
                    active = true;
                    self.answer(&text, shared).await
                }
                Next::Other => {
                    active = true;
                    true
                }
                Next::Event(event) => match self.session.frames(&event.0, event.1) {
                    Some(frame) => self.send(&frame).await,
                    None => true,
                },
                Next::Heartbeat => self.send(&json!({ "type": "heartbeat" })).await,
                Next::End => false,
            };
            if !alive {
                return;
            }
        }
    }

    async fn answer(&mut self, text: &str, shared: &Shared) -> bool {
        let replies = {
            let venue = &mut *shared.lock();
            let replies = self.session.on_text(text, &mut venue.exchange, &venue.gate.credentials, wall_us());
            venue.watch(self.id, self.session.watched());
            replies
        };
        for reply in &replies {
            if !self.send(reply).await {
                return false;
            }
        }
        true
    }

    async fn send(&mut self, frame: &Value) -> bool {
        self.socket.send(Message::text(frame.to_string())).await.is_ok()
    }
}

/// What a connection has to do next.
enum Next {
    Text(Utf8Bytes),
    Other,
    Event(Arc<(VenueEvent, Decimal)>),
    Heartbeat,
    End,
}

impl Next {
    fn of_frame(frame: Option<Result<Message, axum::Error>>) -> Next {
        match frame {
            Some(Ok(Message::Text(text))) => Next::Text(text),
            Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => Next::Other,
            Some(Ok(Message::Close(_)) | Err(_)) | None => Next::End,
        }
    }
}
