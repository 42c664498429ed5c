//! Taking connections: never more than there are handles for, none that says nothing for long, and whoever comes
//! next always gets in: the one that has been quiet longest makes room. PANIC has to be possible whoever else is there.
//! A socket counts until it is closed. Its own register bounds how many there are, so sockets make room for nobody here.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::tasks::Stop;

/// A request's head is waited for so long, also on a connection that has had one before.
const HEAD: Duration = Duration::from_secs(30);
/// After a refused accept, mostly for want of handles.
const AGAIN: Duration = Duration::from_millis(50);

/// Who is connected.
struct Connections {
    held: Mutex<BTreeMap<u64, Held>>,
    /// At once.
    most: usize,
}

struct Held {
    /// Requests that are being answered.
    busy: usize,
    active_at: Instant,
    leave: Arc<Notify>,
    /// It is a socket, or becomes one.
    socket: bool,
    /// Requests are served no more.
    served: bool,
}

impl Connections {
    fn add(&self, id: u64) -> Arc<Notify> {
        let leave = Arc::new(Notify::new());
        let mut held = self.lock();
        if held.len() >= self.most {
            make_room(&mut held);
        }
        let (active_at, leave_it) = (Instant::now(), Arc::clone(&leave));
        held.insert(id, Held { busy: 0, active_at, leave: leave_it, socket: false, served: false });
        leave
    }

    /// Its requests are over (`served`), or it is no socket any more: with both it is gone.
    fn over(&self, id: u64, served: bool) {
        let mut all = self.lock();
        let Some(held) = all.get_mut(&id) else { return };
        if served {
            held.served = true;
        } else {
            held.socket = false;
        }
        if held.served && !held.socket {
            all.remove(&id);
        }
    }

    /// A request begins (`true`) or was answered.
    fn note(&self, id: u64, begins: bool) {
        if let Some(held) = self.lock().get_mut(&id) {
            held.active_at = Instant::now();
            held.busy = if begins { held.busy + 1 } else { held.busy.saturating_sub(1) };
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a request came in. A socket takes its place and keeps it.
#[derive(Clone)]
pub struct Place {
    id: u64,
    connections: Arc<Connections>,
}

impl Place {
    /// How many connections there may be at once.
    #[must_use]
    pub fn most(&self) -> usize {
        self.connections.most
    }

    /// The connection counts until what is given is dropped, also when its requests are over.
    #[must_use]
    pub fn taken(&self) -> Taken {
        if let Some(held) = self.connections.lock().get_mut(&self.id) {
            held.socket = true;
        }
        Taken(self.clone())
    }
}

/// The place of a socket.
pub struct Taken(Place);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.connections.over(self.0.id, false);
    }
}

/// Ends the quietest: one without a request first, else the one whose request is the oldest.
fn make_room(held: &mut BTreeMap<u64, Held>) {
    let requests = held.iter().filter(|(_, held)| !held.socket);
    let quietest = requests.min_by_key(|(_, held)| (held.busy > 0, held.active_at)).map(|(id, _)| *id);
    if let Some(held) = quietest.and_then(|id| held.remove(&id)) {
        held.leave.notify_one();
    }
}

/// Serves until the server stops, then lets open requests end. `most`: connections at once.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    most: usize,
    mut stop: Stop,
) -> std::io::Result<()> {
    let connections = Arc::new(Connections { held: Mutex::default(), most });
    let mut tasks = JoinSet::new();
    let mut next = 0;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = tasks.join_next(), if !tasks.is_empty() => continue,
            () = stop.stopped() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                next += 1;
                let connection = Connection {
                    id: next,
                    leave: connections.add(next),
                    connections: Arc::clone(&connections),
                };
                tasks.spawn(connection.run(stream, peer, router.clone(), stop.clone()));
            }
            Err(_) => {
                make_room(&mut connections.lock());
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
    Ok(())
}

struct Connection {
    id: u64,
    leave: Arc<Notify>,
    connections: Arc<Connections>,
}

impl Connection {
    async fn run(self, stream: TcpStream, peer: SocketAddr, router: Router, mut stop: Stop) {
        // A small answer does not wait for company.
        let _ = stream.set_nodelay(true);
        let (id, connections) = (self.id, Arc::clone(&self.connections));
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(Place { id, connections: Arc::clone(&connections) });
            let (router, busy) = (router.clone(), Busy::begin(id, Arc::clone(&connections)));
            async move {
                let answered: Result<Response, Infallible> = router.oneshot(request.map(Body::new)).await;
                drop(busy);
                answered
            }
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
        let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
        let asked = tokio::select! {
            // Whoever broke off is nobody's concern.
            _ = serving.as_mut() => false,
            () = self.leave.notified() => false,
            () = stop.stopped() => true,
        };
        if asked {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
        self.connections.over(self.id, true);
    }
}

/// A request that is being answered.
struct Busy {
    id: u64,
    connections: Arc<Connections>,
}

impl Busy {
    fn begin(id: u64, connections: Arc<Connections>) -> Self {
        connections.note(id, true);
        Self { id, connections }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.connections.note(self.id, false);
    }
}
