//! One rule of a fault file as a value: what goes wrong, and when.

use super::condition::Condition;
use crate::dialect::auth::SignIn;
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
    pub condition: Condition,
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
    /// Carried out at once, answered after `delay_ms` to `most_ms`.
    Late {
        delay_ms: u64,
        most_ms: u64,
    },
    ReplyLost,
    RequestLost,
    /// Never answered, and the connection stays open; `applied`: carried out all the same.
    ReplyNever {
        applied: bool,
    },
    /// Carried out twice, as by something between that sends again; the second answer comes back.
    RequestRepeated,
    /// Its answer waits until another one has left, `most_ms` at most.
    ReplyReordered {
        most_ms: u64,
    },
    /// Carried out, and answered by a page of a gateway.
    ReplyHtml {
        status: u16,
    },
    /// A read is answered as it was up to so many seconds ago, by a cache in front of the venue.
    ReplyStale {
        age_s: f64,
    },
    /// A signed request is refused, because its address is not on the key's list.
    AddressRefused,
    /// A signed request is refused, because its key may not make it.
    PermissionRefused,
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
    /// They come so much later, while others overtake them.
    FramesLate { symbol: String, delay_ms: u64, most_ms: u64 },
    /// They come twice.
    FramesRepeated { symbol: String },
    /// Each comes behind the next frame, `most_ms` later at most.
    FramesReordered { symbol: String, most_ms: u64 },
    /// A subscription is answered with this error.
    SubscriptionRefused { error: String },
    /// A sign-in is answered with this status.
    SignInRefused { status: SignIn },
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
    /// From now on it neither reads nor sends, and its connection is not ended.
    SocketHalfOpen {
        socket: Socket,
    },
    UndecodableFrame {
        socket: Socket,
    },
    BookSideMissing {
        symbol: String,
        side: Side,
        for_s: f64,
    },
    /// Makers show only a part of their lots.
    BookThin {
        symbol: String,
        share: f64,
        for_s: f64,
    },
    /// The index is so much higher or lower from one moment to the next, and stays it.
    MarketGap {
        percent: f64,
    },
    /// The venue's clock is wrong by so much for a while, on answers, frames and signatures.
    ClockWrong {
        by_ms: i64,
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
            RequestFault::ReplyNever { .. } => "reply_never",
            RequestFault::RequestRepeated => "request_repeated",
            RequestFault::ReplyReordered { .. } => "reply_reordered",
            RequestFault::ReplyHtml { .. } => "reply_html",
            RequestFault::ReplyStale { .. } => "reply_stale",
            RequestFault::AddressRefused => "address_refused",
            RequestFault::PermissionRefused => "permission_refused",
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
            StreamFault::FramesLate { .. } => "frames_late",
            StreamFault::FramesRepeated { .. } => "frames_repeated",
            StreamFault::FramesReordered { .. } => "frames_reordered",
            StreamFault::SubscriptionRefused { .. } => "subscription_refused",
            StreamFault::SignInRefused { .. } => "sign_in_refused",
        }
    }
}

impl TimedFault {
    /// Its word in the fault file.
    pub fn name(&self) -> &'static str {
        match self {
            TimedFault::SocketCut { .. } => "socket_cut",
            TimedFault::SocketSilent { .. } => "socket_silent",
            TimedFault::SocketHalfOpen { .. } => "socket_half_open",
            TimedFault::UndecodableFrame { .. } => "undecodable_frame",
            TimedFault::BookSideMissing { .. } => "book_side_missing",
            TimedFault::BookThin { .. } => "book_thin",
            TimedFault::MarketGap { .. } => "market_gap",
            TimedFault::ClockWrong { .. } => "clock_wrong",
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
