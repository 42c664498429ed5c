//! One WebSocket connection: moves frames between the socket, the session and the pump, and suffers the
//! faults of sockets.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, interval_at, sleep, sleep_until};

use super::held::HeldFrames;
use super::shared::{Context, Sent, Shared, Venue, until, wall_us};
use super::transport::{ADDRESS, write};
use crate::dialect::accent;
use crate::dialect::auth::{Payer, SOCKETS, SignIn};
use crate::dialect::rest::Reply;
use crate::dialect::session::{Session, Trouble};
use crate::dialect::stamps;
use crate::exchange::event::VenueEvent;
use crate::exchange::profile::Profile;
use crate::exchange::time::Micros;
use crate::faults::TimedFault;
use crate::faults::plan::{Fate, FaultPlan};

const HEARTBEAT: Duration = Duration::from_secs(30);
const UNDECODABLE: &str = "{\"type\":\"ob_l1\",\"ap\":\"4\u{fffd}";

pub(crate) async fn private_socket(State(context): State<Context>, upgrade: WebSocketUpgrade) -> Response {
    accept(context, upgrade, false)
}

pub(crate) async fn public_socket(State(context): State<Context>, upgrade: WebSocketUpgrade) -> Response {
    accept(context, upgrade, true)
}

/// Takes a connection, or refuses it when its address has had too many.
fn accept(context: Context, upgrade: WebSocketUpgrade, public_only: bool) -> Response {
    let payer = Payer::Sockets(ADDRESS.to_owned());
    let taken = context.shared.lock().gate.quotas.take(&payer, 1, SOCKETS, wall_us());
    match taken {
        Ok(()) => upgrade.on_upgrade(move |socket| run(context, socket, public_only)),
        Err(reset_ms) => write(Reply::rate_limited(reset_ms)),
    }
}

async fn run(context: Context, socket: WebSocket, public_only: bool) {
    let (id, profile) = {
        let mut venue = context.shared.lock();
        (venue.next_connection(), venue.exchange.profile)
    };
    let sent = context.shared.sent.subscribe();
    let connection = Connection {
        id,
        public_only,
        profile,
        socket,
        session: Session::new(public_only),
        sent,
        held: HeldFrames::default(),
        idle: context.socket_idle,
    };
    connection.run(&context.shared, context.stopped.clone()).await;
    context.shared.lock().watch(id, Vec::new());
}

struct Connection {
    id: u64,
    public_only: bool,
    /// Whose names it is spoken to in.
    profile: Profile,
    socket: WebSocket,
    session: Session,
    sent: broadcast::Receiver<Arc<Sent>>,
    held: HeldFrames,
    /// How long it lives when nothing is heard of it.
    idle: Duration,
}

impl Connection {
    /// Until either side is gone. A client that reads too slowly is cut off, as by the venue.
    async fn run(mut self, shared: &Shared, mut stopped: watch::Receiver<bool>) {
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        let idle = sleep(self.idle);
        tokio::pin!(idle);
        let mut active = shared.lock().exchange.quirks().idle_sockets_live;
        loop {
            let due = self.held.next_due();
            let next = tokio::select! {
                frame = self.socket.recv() => Next::of_frame(frame),
                sent = self.sent.recv() => sent.map_or(Next::End, Next::Sent),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Next::Due,
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
                Next::Sent(sent) => match &*sent {
                    Sent::Event(event, fates, wrong_us) => {
                        self.pass(event, fates.on(self.public_only), *wrong_us).await
                    }
                    Sent::Fault(fault) => self.suffer(fault, &mut stopped).await,
                },
                Next::Due => {
                    let due = self.held.due(Instant::now());
                    self.send_all(&due).await
                }
                Next::Heartbeat => self.send(&json!({ "type": "heartbeat" })).await,
                Next::End => false,
            };
            if !alive {
                return;
            }
        }
    }

    /// Sends what an event becomes for this client, as its fate wants it.
    async fn pass(&mut self, event: &VenueEvent, fate: Fate, wrong_us: Micros) -> bool {
        let Some(mut frame) = self.session.frames(event) else { return true };
        if wrong_us != 0 {
            stamps::shift(&mut frame, wrong_us);
        }
        let now = Instant::now();
        match fate {
            Fate::Dropped => return true,
            Fate::Late(ms) => {
                self.held.hold(now, ms, false, frame);
                return true;
            }
            Fate::Behind(ms) => {
                self.held.hold(now, ms, true, frame);
                return true;
            }
            Fate::Sent | Fate::Repeated => {}
        }
        let mut frames = vec![frame];
        if fate == Fate::Repeated {
            frames.push(frames[0].clone());
        }
        frames.extend(self.held.behind());
        self.send_all(&frames).await
    }

    async fn send_all(&mut self, frames: &[Value]) -> bool {
        for frame in frames {
            if !self.send(frame).await {
                return false;
            }
        }
        true
    }

    async fn answer(&mut self, text: &str, shared: &Shared) -> bool {
        let replies = {
            let venue = &mut *shared.lock();
            let now_us = wall_us();
            venue.look();
            let Venue { exchange, gate, plan, .. } = venue;
            let mut trouble = Planned { plan, public_only: self.public_only, now_us };
            let text = accent::heard(exchange.profile, text);
            let mut replies = self.session.on_text(&text, exchange, &gate.credentials, &mut trouble, now_us);
            let wrong_us = exchange.clock_error_us();
            if wrong_us != 0 {
                replies.iter_mut().for_each(|reply| stamps::shift(reply, wrong_us));
            }
            shared.tell_begun(venue.plan.begun());
            venue.watch(self.id, self.session.watched());
            replies
        };
        self.send_all(&replies).await
    }

    /// Lets a fault happen to this connection, if it is meant. False ends it without a close frame.
    async fn suffer(&mut self, fault: &TimedFault, stopped: &mut watch::Receiver<bool>) -> bool {
        match fault {
            TimedFault::SocketCut { socket } => !socket.covers(self.public_only),
            TimedFault::UndecodableFrame { socket } if socket.covers(self.public_only) => {
                self.socket.send(Message::text(UNDECODABLE)).await.is_ok()
            }
            TimedFault::SocketSilent { socket, for_s } if socket.covers(self.public_only) => {
                // Nothing is read either, so that not even a ping is answered; afterwards all that was
                // held back comes at once.
                tokio::select! {
                    () = sleep(Duration::from_secs_f64(*for_s)) => true,
                    () = until(stopped) => false,
                }
            }
            TimedFault::SocketHalfOpen { socket } if socket.covers(self.public_only) => {
                // Not even the client's farewell is read: the connection is there until the venue ends.
                until(stopped).await;
                false
            }
            TimedFault::UndecodableFrame { .. }
            | TimedFault::SocketSilent { .. }
            | TimedFault::SocketHalfOpen { .. }
            | TimedFault::BookSideMissing { .. }
            | TimedFault::BookThin { .. }
            | TimedFault::MarketGap { .. }
            | TimedFault::ClockWrong { .. }
            | TimedFault::TradingDisrupted { .. }
            | TimedFault::Maintenance { .. } => true,
        }
    }

    async fn send(&mut self, frame: &Value) -> bool {
        let text = accent::spoken(self.profile, frame.to_string());
        self.socket.send(Message::text(text)).await.is_ok()
    }
}

/// The trouble that the fault plan has for this connection.
struct Planned<'a> {
    plan: &'a mut FaultPlan,
    public_only: bool,
    now_us: Micros,
}

impl Trouble for Planned<'_> {
    fn refuses(&mut self, channel: &str) -> Option<String> {
        self.plan.on_subscription(self.now_us, channel, self.public_only)
    }

    fn loses(&mut self, channel: &str, symbol: &str) -> bool {
        self.plan.drops_snapshot(self.now_us, channel, symbol, self.public_only)
    }

    fn refuses_sign_in(&mut self) -> Option<SignIn> {
        self.plan.on_sign_in(self.now_us)
    }
}

/// What a connection has to do next.
enum Next {
    Text(Utf8Bytes),
    Other,
    Sent(Arc<Sent>),
    /// Frames that were held back have waited long enough.
    Due,
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
