//! `GET /ws?view=…`: the live feed of one page: its regions and cells as a whole first, then what changed in them, and
//! the points of its chart. `{"resync":true}` asks for everything again, `{"view":"/?…"}` says what the page shows.
//! `{"panic":{"key":…,"traceparent":…}}` is `POST /api/v1/panic` by another door, answered with `{"accepted":key}`.
//! A page whose module is of another build than the server's is told to load anew. Without a view the reader is a
//! program and gets data. Codes: 4401 whoever has signed out, 4429 the oldest when there are too many.

mod data;
mod door;
mod seats;

use std::sync::Arc;
use std::time::Duration;

use app::painter::{Painter, rows, thin};
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use model::{Micros, SessionId};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::alerts::open_of;
use super::assets::Site;
use super::extract::ApiQuery;
use super::serving::Place;
use super::{ApiError, User, guard};
use crate::alerts::Desk;
use crate::shared::App;
use crate::tasks::Stop;
use crate::trading::FeedHub;
use crate::{clock, correlation};
use data::Data;
use door::{Door, Word};
use seats::{Seat, Seats};

/// Browsers have little to say.
const MESSAGE_BYTES: usize = 1_024;
/// Nobody is signed in any more.
const SIGNED_OUT: u16 = 4_401;
/// Others of the same login, or of everybody, came after it.
const TOO_MANY: u16 = 4_429;
/// Who does not read has not more time to hear why.
const GOODBYE: Duration = Duration::from_secs(1);
/// A frame at least so often, though nothing changed: it proves that the feed is alive.
const QUIET_MAX_US: i64 = 1_000_000;
/// Points of a curve that a page begins with: more than it is wide would not be seen.
const POINTS_FIRST: usize = 1_200;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/ws", get(connect)).layer(Extension(Seats::default()))
}

#[derive(Deserialize)]
struct Asked {
    /// Path and query of the page.
    view: Option<String>,
    /// Version and build of the module that the page has loaded.
    #[serde(default)]
    build: String,
    /// The curve that the page has: whose, and the milliseconds of its last point, such as `s-1,1641340800000`.
    curve: Option<String>,
}

impl Asked {
    /// What does not say a point is no curve.
    fn curve(&self) -> Option<Curve> {
        let (session, last_ms) = self.curve.as_deref()?.split_once(',')?;
        let last = last_ms.parse::<i64>().ok()?.checked_mul(1_000)?;
        // A point's time came to the page in whole milliseconds: what is younger than the next one is new.
        Some((SessionId::new(session), Some(Micros(last.checked_add(999)?))))
    }
}

/// Whose curve a page has, and up to where.
type Curve = (SessionId, Option<Micros>);

/// Signed in and from our own pages only: a socket is not covered by the cross-site rules of fetch.
async fn connect(
    State(app): State<Arc<App>>,
    User(session): User,
    ApiQuery(asked): ApiQuery<Asked>,
    (Extension(seats), Extension(site)): (Extension<Seats>, Extension<Site>),
    place: Option<Extension<Place>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    if !guard::is_own_origin(&headers, app.config.http.public_url.as_deref()) {
        return Err(ApiError::forbidden("The live feed is only for pages of this server."));
    }
    let (hub, stop) = (app.trading.hub.clone(), app.tasks.stop_signal());
    let what = match &asked.view {
        Some(view) => {
            let mut painter = Painter::new(Some(super::pages::console_user(&session)), view);
            painter.outdated = !asked.build.is_empty() && asked.build != site.version();
            What::Page(Box::new(Page { painter, begins: asked.curve(), curve: None }))
        }
        None => What::Data(Box::default()),
    };
    let reader = Reader { hub, alerts: app.alerts.clone(), what, seq: 0, sent_at: Micros(0) };
    let seat = seats.take(&session, place.as_deref());
    let door = Door::new(Arc::clone(&app), headers, &session);
    Ok(upgrade
        .max_message_size(MESSAGE_BYTES)
        .on_upgrade(move |socket| correlation::carry(seated(socket, seat, reader, door, stop))))
}

/// Serves one socket for as long as it has its seat, also one that does not read what it is sent.
async fn seated(mut socket: WebSocket, seat: Seat, reader: Reader, door: Door, stop: Stop) {
    tokio::select! {
        () = serve(&mut socket, reader, door, stop) => {}
        () = seat.asked_for() => {
            let reason = "too many live feeds are open: this one, the oldest, made room";
            let frame = CloseFrame { code: TOO_MANY, reason: reason.into() };
            let _ = tokio::time::timeout(GOODBYE, socket.send(Message::Close(Some(frame)))).await;
        }
    }
}

/// Serves one socket until it closes or the server stops.
async fn serve(socket: &mut WebSocket, mut reader: Reader, mut door: Door, mut stop: Stop) {
    let mut updates = reader.hub.subscribe();
    if reader.send(socket, true).await.is_err() {
        return;
    }
    loop {
        let sent = tokio::select! {
            update = updates.recv() => match update {
                Ok(()) | Err(RecvError::Lagged(_)) => reader.send(socket, false).await,
                Err(RecvError::Closed) => return,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    let said: Value = serde_json::from_str(text.as_str()).unwrap_or_default();
                    if said["panic"].is_object() {
                        door.panic(&said["panic"]);
                    }
                    let whole = reader.hear(&said);
                    reader.send(socket, whole).await
                }
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => Ok(()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            word = door.word() => match word {
                Word::Answer(text) => socket.send(Message::text(text)).await,
                Word::Leave => {
                    let frame = CloseFrame { code: SIGNED_OUT, reason: "signed out".into() };
                    let _ = socket.send(Message::Close(Some(frame))).await;
                    return;
                }
            },
            () = stop.stopped() => {
                // The browser sees a clean end and comes back when the server does.
                let _ = socket.send(Message::Close(None)).await;
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Who reads on one socket.
struct Reader {
    hub: FeedHub,
    alerts: Desk,
    what: What,
    seq: u64,
    sent_at: Micros,
}

enum What {
    Page(Box<Page>),
    Data(Box<Data>),
}

impl Reader {
    /// Takes what it says; whether it has lost track.
    fn hear(&mut self, message: &Value) -> bool {
        if let (What::Page(page), Some(view)) = (&mut self.what, message["view"].as_str()) {
            page.painter.look_at(view);
        }
        message["resync"] == true
    }

    /// Sends what changed, or everything; nothing when nothing changed and something was sent a moment ago.
    async fn send(&mut self, socket: &mut WebSocket, whole: bool) -> Result<(), axum::Error> {
        let now = clock::now();
        let (mut frame, is_empty) = match &mut self.what {
            What::Page(page) => page.frame(&self.hub, &self.alerts, whole)?,
            What::Data(data) => {
                if whole {
                    **data = Data::default();
                }
                data.frame(&self.hub)
            }
        };
        if is_empty && !whole && now.0 - self.sent_at.0 < QUIET_MAX_US {
            return Ok(());
        }
        self.seq += 1;
        self.sent_at = now;
        frame["seq"] = json!(self.seq);
        frame["ts"] = json!(now.as_millis());
        frame["snapshot"] = json!(whole);
        socket.send(Message::text(frame.to_string())).await
    }
}

/// One page in one browser.
struct Page {
    painter: Painter,
    /// The curve that it came with.
    begins: Option<Curve>,
    curve: Option<Curve>,
}

impl Page {
    /// The frame's content, and whether there is nothing in it.
    fn frame(&mut self, hub: &FeedHub, alerts: &Desk, whole: bool) -> Result<(Value, bool), axum::Error> {
        if whole {
            self.painter.forget();
            self.curve = self.begins.take();
        }
        let mut known = hub.known();
        known.alerts = open_of(&alerts.view());
        known.gone = self.painter.gone().and_then(|id| hub.session(id.as_str()));
        let (change, shown) = self.painter.paint(known);
        let mut frame = serde_json::to_value(&change).map_err(axum::Error::new)?;
        let points = self.points(hub, shown);
        let is_empty = change.is_empty() && points.is_none();
        if let Some(points) = points {
            frame["points"] = points;
        }
        Ok((frame, is_empty))
    }

    /// The points that the page does not have.
    fn points(&mut self, hub: &FeedHub, shown: Option<SessionId>) -> Option<Value> {
        let session = shown?;
        let known = self.curve.take().filter(|(of, _)| *of == session);
        let replace = known.is_none();
        let after = known.and_then(|(_, after)| after);
        let mut points = hub.points_after(&session, after);
        let last = points.last().map(|point| point.at).or(after);
        self.curve = Some((session.clone(), last));
        if replace {
            points = thin(&points, POINTS_FIRST);
        }
        (replace || !points.is_empty())
            .then(|| json!({ "session": session, "replace": replace, "rows": rows(&points) }))
    }
}
