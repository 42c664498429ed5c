//! The feed's socket.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Function, Promise};
use leptos::prelude::window;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

use super::place::later;
use super::{said, steady_ms};

thread_local! {
    static FEED: RefCell<Option<WebSocket>> = const { RefCell::new(None) };
    /// Ends the run of it: takes the reason.
    static END: RefCell<Option<Function>> = const { RefCell::new(None) };
    /// Said before the connection was there.
    static WAITING: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Says something to the server, in order; without a connection it is lost.
pub fn feed_send(text: &str) {
    FEED.with_borrow(|feed| match feed {
        Some(socket) if socket.ready_state() == WebSocket::CONNECTING => {
            WAITING.with_borrow_mut(|waiting| waiting.push(text.to_owned()));
        }
        // One that is closing has lost what is said.
        Some(socket) => drop(socket.send_with_str(text)),
        None => {}
    });
}

/// What is there of the feed is as good as nothing: its run ends.
pub fn feed_lose() {
    if let Some(end) = END.take() {
        // A promise takes its first word; it never throws.
        let _ = end.call1(&JsValue::NULL, &"asleep".into());
    }
}

/// How often it is looked whether the feed still speaks, milliseconds.
const FEED_WATCH_MS: u32 = 2_000;

/// Runs one socket to its end and says why it ended. One that says nothing for `silent_ms` has ended, whatever the
/// browser thinks of it: a line that is cut in the middle is open at both ends.
pub async fn feed_run(
    path: &str,
    silent_ms: f64,
    on_open: impl FnOnce() + 'static,
    on_text: impl Fn(String) + 'static,
) -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    let socket = match WebSocket::new(&[scheme, "://", &host, path].concat()) {
        Ok(socket) => socket,
        Err(error) => return said(&error),
    };
    WAITING.take();
    FEED.set(Some(socket.clone()));
    let heard_ms = Rc::new(Cell::new(steady_ms()));
    let ears = Ears::new(&socket, heard_ms.clone(), on_open, on_text);
    let is_over = Rc::new(Cell::new(false));
    let mut closed = None;
    let end = Promise::new(&mut |resolve, _| {
        closed = Some(close_by(&socket, resolve.clone()));
        END.set(Some(resolve.clone()));
        Watch { is_over: is_over.clone(), heard_ms: heard_ms.clone(), silent_ms, end: resolve }.look_later();
    });
    let reason = JsFuture::from(end).await.ok().and_then(|reason| reason.as_string());
    is_over.set(true);
    FEED.set(None);
    ears.leave(&socket);
    reason.unwrap_or_default()
}

fn close_by(socket: &WebSocket, end: Function) -> Closure<dyn Fn(CloseEvent)> {
    let closed = Closure::<dyn Fn(CloseEvent)>::new(move |event: CloseEvent| {
        let reason = ["code ", &event.code().to_string()].concat();
        // A promise takes its first word; it never throws.
        let _ = end.call1(&JsValue::NULL, &reason.into());
    });
    socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
    closed
}

/// Looks again and again whether a socket still speaks, until it is over. Each look asks for the next one: there is no timer
/// to be stopped, so that none can be left that calls what is gone.
struct Watch {
    is_over: Rc<Cell<bool>>,
    heard_ms: Rc<Cell<f64>>,
    silent_ms: f64,
    end: Function,
}

impl Watch {
    fn look_later(self) {
        later(FEED_WATCH_MS, move || self.look());
    }

    fn look(self) {
        if self.is_over.get() {
            return;
        }
        if steady_ms() - self.heard_ms.get() > self.silent_ms {
            // A promise takes its first word; it never throws.
            let _ = self.end.call1(&JsValue::NULL, &"silent".into());
        } else {
            self.look_later();
        }
    }
}

/// What listens to one socket, for as long as it is kept.
struct Ears {
    _open: Closure<dyn Fn()>,
    _text: Closure<dyn Fn(MessageEvent)>,
}

impl Ears {
    fn new(
        socket: &WebSocket,
        heard_ms: Rc<Cell<f64>>,
        on_open: impl FnOnce() + 'static,
        on_text: impl Fn(String) + 'static,
    ) -> Self {
        let open = Closure::<dyn Fn()>::new(|| {
            WAITING.take().iter().for_each(|text| feed_send(text));
        });
        // It is there when the server has spoken: a proxy may take a socket that nobody answers.
        let on_open = Cell::new(Some(on_open));
        let text = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            heard_ms.set(steady_ms());
            if let Some(text) = event.data().as_string() {
                on_open.take().into_iter().for_each(|opened| opened());
                on_text(text);
            }
        });
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(text.as_ref().unchecked_ref()));
        Self { _open: open, _text: text }
    }

    /// Nothing of it is heard any more, and it is closed.
    fn leave(self, socket: &WebSocket) {
        for forget in [WebSocket::set_onopen, WebSocket::set_onmessage, WebSocket::set_onclose] {
            forget(socket, None);
        }
        // One that is closed already stays closed.
        let _ = socket.close();
    }
}
