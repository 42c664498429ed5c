//! `GET /ws`: the live feed. A snapshot first, then sequenced deltas; `{"resync":true}` asks for a snapshot again.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use model::view::FeedFrame;
use tokio::sync::broadcast::error::RecvError;

use super::{ApiError, User, guard};
use crate::correlation;
use crate::shared::App;
use crate::tasks::Stop;
use crate::trading::{FeedHub, FeedUpdate};

/// Browsers have little to say.
const MESSAGE_BYTES: usize = 1_024;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/ws", get(connect))
}

/// Signed in and from our own pages only: a socket is not covered by the cross-site rules of fetch.
async fn connect(
    State(app): State<Arc<App>>,
    User(_): User,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    if !guard::is_own_origin(&headers, app.config.http.public_url.as_deref()) {
        return Err(ApiError::forbidden("The live feed is only for pages of this server."));
    }
    let (hub, stop) = (app.trading.hub.clone(), app.tasks.stop_signal());
    Ok(upgrade
        .max_message_size(MESSAGE_BYTES)
        .on_upgrade(move |socket| correlation::carry(serve(socket, hub, stop))))
}

/// Serves one socket until it closes or the server stops.
async fn serve(mut socket: WebSocket, hub: FeedHub, mut stop: Stop) {
    let mut updates = hub.subscribe();
    let mut seq = 0;
    if send(&mut socket, &mut seq, &hub.snapshot(), true).await.is_err() {
        return;
    }
    loop {
        let sent = tokio::select! {
            update = updates.recv() => match update {
                Ok(update) => send(&mut socket, &mut seq, &update, false).await,
                // Too slow for every delta: begin again from where things are.
                Err(RecvError::Lagged(_)) => send(&mut socket, &mut seq, &hub.snapshot(), true).await,
                Err(RecvError::Closed) => return,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) if asks_for_resync(text.as_str()) => {
                    send(&mut socket, &mut seq, &hub.snapshot(), true).await
                }
                Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => Ok(()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
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

async fn send(
    socket: &mut WebSocket,
    seq: &mut u64,
    update: &FeedUpdate,
    snapshot: bool,
) -> Result<(), axum::Error> {
    *seq += 1;
    let frame = FeedFrame { seq: *seq, ts: update.ts, snapshot, deltas: update.deltas.clone() };
    let text = serde_json::to_string(&frame).map_err(axum::Error::new)?;
    socket.send(Message::text(text)).await
}

fn asks_for_resync(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok_and(|message| message["resync"] == true)
}
