//! One rule of a fault file as a value: what goes wrong, and when.

use crate::exchange::book::Side;
use crate::exchange::status::TradingStatus;

/// One fault and when it happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub fault: Fault,
    /// Seconds since the start.
    pub after_s: f64,
    pub until_s: Option<f64>,
    pub probability: f64,
    pub times: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Happens to requests whose `METHOD /path` matches, after `skip` of them.
    Request { route: String, skip: u64, kind: RequestFault },
    /// Happens to frames or subscriptions of these channels on these sockets, after `skip` of them.
    Stream { channels: Vec<String>, socket: Socket, skip: u64, kind: StreamFault },
    /// Happens by the clock, once or every so many seconds.
    Timed { every_s: Option<f64>, kind: TimedFault },
}

#[derive(Clone, Debug, PartialEq)]
pub enum RequestFault {
    /// `code` replaces the usual one of that status.
    Status {
        status: u16,
        code: Option<String>,
        reset_ms: i64,
        applied: bool,
    },
    Late {
        delay_ms: u64,
    },
    ReplyLost,
    RequestLost,
    /// Carried out, and answered as if there were nothing.
    ReplyEmpty,
    /// Carried out; these fields are missing from the answer, and those that are there have other values.
    ReplyAltered {
        drop_fields: Vec<String>,
        set_fields: Vec<(String, serde_json::Value)>,
    },
}

/// Channels: empty means every one.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamFault {
    /// Frames about symbols that match are not sent.
    FramesDropped { symbol: String },
    /// A subscription is answered with this error.
    SubscriptionRefused { error: String },
}

#[derive(Clone, Debug, PartialEq)]
pub enum TimedFault {
    SocketCut {
        socket: Socket,
    },
    SocketSilent {
        socket: Socket,
        for_s: f64,
    },
    UndecodableFrame {
        socket: Socket,
    },
    BookSideMissing {
        symbol: String,
        side: Side,
        for_s: f64,
    },
    /// Products trade otherwise for a while.
    TradingDisrupted {
        symbol: String,
        status: TradingStatus,
        for_s: f64,
    },
    /// The venue is not there for a while.
    Maintenance {
        for_s: f64,
    },
}

/// Which WebSocket connections are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket {
    Any,
    /// Those of `/`.
    Private,
    /// Those of `/public`.
    Public,
}

impl Fault {
    /// Its word in the fault file.
    pub fn name(&self) -> &'static str {
        match self {
            Fault::Request { kind, .. } => kind.name(),
            Fault::Stream { kind, .. } => kind.name(),
            Fault::Timed { kind, .. } => kind.name(),
        }
    }
}

impl RequestFault {
    /// Its word in the fault file.
    pub fn name(&self) -> &'static str {
        match self {
            RequestFault::Status { .. } => "rest_status",
            RequestFault::Late { .. } => "reply_late",
            RequestFault::ReplyLost => "reply_lost",
            RequestFault::RequestLost => "request_lost",
            RequestFault::ReplyEmpty => "reply_empty",
            RequestFault::ReplyAltered { .. } => "reply_altered",
        }
    }
}

impl StreamFault {
    /// Its word in the fault file.
    pub fn name(&self) -> &'static str {
        match self {
            StreamFault::FramesDropped { .. } => "frames_dropped",
            StreamFault::SubscriptionRefused { .. } => "subscription_refused",
        }
    }
}

impl TimedFault {
    /// Its word in the fault file.
    pub fn name(&self) -> &'static str {
        match self {
            TimedFault::SocketCut { .. } => "socket_cut",
            TimedFault::SocketSilent { .. } => "socket_silent",
            TimedFault::UndecodableFrame { .. } => "undecodable_frame",
            TimedFault::BookSideMissing { .. } => "book_side_missing",
            TimedFault::TradingDisrupted { .. } => "trading_disrupted",
            TimedFault::Maintenance { .. } => "maintenance",
        }
    }
}

impl Socket {
    /// True if a connection is meant.
    pub fn covers(self, public_only: bool) -> bool {
        match self {
            Socket::Any => true,
            Socket::Private => !public_only,
            Socket::Public => public_only,
        }
    }
}
