//! The kinds of faults in a fault file: which keys each has and what they may be.

use toml::Value;

use super::keys::Keys;
use super::rule::{Fault, RequestFault, Socket, StreamFault, TimedFault};
use crate::brief::brief;
use crate::dialect::channel::Name;

mod parts;

use parts::{altered, delays, side, socket, status, trading_status};

/// Every fault by its word.
pub(super) const NAMES: [&str; 29] = [
    "rest_status",
    "reply_late",
    "reply_lost",
    "request_lost",
    "reply_never",
    "request_repeated",
    "reply_reordered",
    "reply_html",
    "reply_stale",
    "reply_empty",
    "reply_altered",
    "address_refused",
    "permission_refused",
    "frames_dropped",
    "frames_late",
    "frames_repeated",
    "frames_reordered",
    "subscription_refused",
    "sign_in_refused",
    "socket_cut",
    "socket_silent",
    "socket_half_open",
    "undecodable_frame",
    "book_side_missing",
    "book_thin",
    "market_gap",
    "clock_wrong",
    "trading_disrupted",
    "maintenance",
];

/// The keys that a fault has beside those of every rule.
pub(super) fn own_keys(fault: &Fault) -> &'static str {
    match fault {
        Fault::Request { kind, .. } => match kind {
            RequestFault::Status { .. } => "route, skip, status, code, reset_ms, applied",
            RequestFault::Late { .. } => "route, skip, delay_ms, most_ms",
            RequestFault::ReplyLost
            | RequestFault::RequestLost
            | RequestFault::ReplyEmpty
            | RequestFault::RequestRepeated
            | RequestFault::AddressRefused
            | RequestFault::PermissionRefused => "route, skip",
            RequestFault::ReplyNever { .. } => "route, skip, applied",
            RequestFault::ReplyReordered { .. } => "route, skip, most_ms",
            RequestFault::ReplyHtml { .. } => "route, skip, status",
            RequestFault::ReplyStale { .. } => "route, skip, age_s",
            RequestFault::ReplyAltered { .. } => "route, skip, drop_fields, set_fields",
        },
        Fault::Stream { kind, .. } => match kind {
            StreamFault::FramesDropped { .. } | StreamFault::FramesRepeated { .. } => {
                "channels, symbol, socket, skip"
            }
            StreamFault::FramesLate { .. } => "channels, symbol, socket, skip, delay_ms, most_ms",
            StreamFault::FramesReordered { .. } => "channels, symbol, socket, skip, most_ms",
            StreamFault::SubscriptionRefused { .. } => "channels, socket, skip, error",
            StreamFault::SignInRefused { .. } => "skip, status",
        },
        Fault::Timed { kind, .. } => match kind {
            TimedFault::SocketCut { .. }
            | TimedFault::SocketHalfOpen { .. }
            | TimedFault::UndecodableFrame { .. } => "every_s, socket",
            TimedFault::SocketSilent { .. } => "every_s, socket, for_s",
            TimedFault::BookSideMissing { .. } => "every_s, symbol, side, for_s",
            TimedFault::BookThin { .. } => "every_s, symbol, share, for_s",
            TimedFault::MarketGap { .. } => "every_s, percent",
            TimedFault::ClockWrong { .. } => "every_s, by_ms, for_s",
            TimedFault::TradingDisrupted { .. } => "every_s, symbol, status, for_s",
            TimedFault::Maintenance { .. } => "every_s, for_s",
        },
    }
}

/// Takes the fault out of a rule's keys.
pub(super) fn parse(keys: &mut Keys) -> Result<Fault, String> {
    let known = || format!("one of {}", NAMES.join(", "));
    let name = keys
        .text("fault", &known())?
        .ok_or_else(|| format!("{}: fault is missing, must be {}", keys.place, known()))?;
    if let Some(kind) = request_kind(&name, keys)? {
        return request(keys, kind);
    }
    if let Some(kind) = stream_kind(&name, keys)? {
        return stream(keys, kind);
    }
    match timed_kind(&name, keys)? {
        Some(kind) => timed(keys, kind),
        None => Err(keys.wrong("fault", &Value::String(name), &known())),
    }
}

fn request_kind(name: &str, keys: &mut Keys) -> Result<Option<RequestFault>, String> {
    let kind = match name {
        "rest_status" => status(keys)?,
        "reply_late" => {
            let (delay_ms, most_ms) = delays(keys)?;
            RequestFault::Late { delay_ms, most_ms }
        }
        "reply_lost" => RequestFault::ReplyLost,
        "request_lost" => RequestFault::RequestLost,
        "reply_never" => RequestFault::ReplyNever { applied: keys.flag("applied")? },
        "request_repeated" => RequestFault::RequestRepeated,
        "reply_reordered" => {
            RequestFault::ReplyReordered { most_ms: keys.whole("most_ms")?.unwrap_or(2_000) }
        }
        "reply_html" => parts::html(keys)?,
        "reply_stale" => RequestFault::ReplyStale { age_s: keys.seconds("age_s")?.unwrap_or(60.0) },
        "reply_empty" => RequestFault::ReplyEmpty,
        "reply_altered" => altered(keys)?,
        "address_refused" => RequestFault::AddressRefused,
        "permission_refused" => RequestFault::PermissionRefused,
        _another_kind => return Ok(None),
    };
    Ok(Some(kind))
}

fn stream_kind(name: &str, keys: &mut Keys) -> Result<Option<StreamFault>, String> {
    let kind = match name {
        "frames_dropped" => StreamFault::FramesDropped { symbol: keys.symbol()? },
        "frames_late" => {
            let (symbol, (delay_ms, most_ms)) = (keys.symbol()?, delays(keys)?);
            StreamFault::FramesLate { symbol, delay_ms, most_ms }
        }
        "frames_repeated" => StreamFault::FramesRepeated { symbol: keys.symbol()? },
        "frames_reordered" => {
            let (symbol, most_ms) = (keys.symbol()?, keys.whole("most_ms")?.unwrap_or(2_000));
            StreamFault::FramesReordered { symbol, most_ms }
        }
        "subscription_refused" => {
            let error = keys.text("error", "a text")?;
            let error = error.unwrap_or_else(|| "subscription forbidden on this channel".to_owned());
            StreamFault::SubscriptionRefused { error }
        }
        "sign_in_refused" => StreamFault::SignInRefused { status: parts::sign_in(keys)? },
        _another_kind => return Ok(None),
    };
    Ok(Some(kind))
}

fn timed_kind(name: &str, keys: &mut Keys) -> Result<Option<TimedFault>, String> {
    let kind = match name {
        "socket_cut" => TimedFault::SocketCut { socket: socket(keys)? },
        "socket_silent" => TimedFault::SocketSilent { socket: socket(keys)?, for_s: keys.duration()? },
        "socket_half_open" => TimedFault::SocketHalfOpen { socket: socket(keys)? },
        "undecodable_frame" => TimedFault::UndecodableFrame { socket: socket(keys)? },
        "book_side_missing" => {
            let (symbol, side) = (keys.symbol()?, side(keys)?);
            TimedFault::BookSideMissing { symbol, side, for_s: keys.duration()? }
        }
        "book_thin" => {
            let (symbol, share) = (keys.symbol()?, parts::share(keys)?);
            TimedFault::BookThin { symbol, share, for_s: keys.duration()? }
        }
        "market_gap" => TimedFault::MarketGap { percent: parts::percent(keys)? },
        "clock_wrong" => TimedFault::ClockWrong { by_ms: parts::by_ms(keys)?, for_s: keys.duration()? },
        "trading_disrupted" => {
            let (symbol, status) = (keys.symbol()?, trading_status(keys)?);
            TimedFault::TradingDisrupted { symbol, status, for_s: keys.duration()? }
        }
        "maintenance" => TimedFault::Maintenance { for_s: keys.duration()? },
        _another_kind => return Ok(None),
    };
    Ok(Some(kind))
}

fn request(keys: &mut Keys, kind: RequestFault) -> Result<Fault, String> {
    let route = keys.text("route", "a method and a path")?.unwrap_or_else(|| "*".to_owned());
    let of_reads = matches!(kind, RequestFault::ReplyEmpty | RequestFault::ReplyStale { .. });
    if of_reads && !route.starts_with("GET ") {
        // An order that is answered as nothing, or like an earlier one, would be another fault than this.
        let allowed = "a read such as \"GET /v2/positions*\"";
        return Err(keys.wrong("route", &Value::String(route), allowed));
    }
    Ok(Fault::Request { route, skip: keys.whole("skip")?.unwrap_or(0), kind })
}

fn stream(keys: &mut Keys, kind: StreamFault) -> Result<Fault, String> {
    let skip = keys.whole("skip")?.unwrap_or(0);
    let (legacy, channels) = match kind {
        StreamFault::SignInRefused { .. } => {
            return Ok(Fault::Stream { channels: Vec::new(), socket: Socket::Any, skip, kind });
        }
        StreamFault::SubscriptionRefused { .. } => (true, keys.texts("channels")?),
        StreamFault::FramesDropped { .. }
        | StreamFault::FramesLate { .. }
        | StreamFault::FramesRepeated { .. }
        | StreamFault::FramesReordered { .. } => (false, keys.texts("channels")?),
    };
    if let Some(unknown) = channels.iter().find(|name| Name::parse(name, legacy).is_none()) {
        let names: Vec<&str> = Name::ALL.iter().map(|name| name.word()).collect();
        let names = names.join(", ");
        return Err(format!("{}: channels holds {:?}, must be among {names}", keys.place, brief(unknown)));
    }
    Ok(Fault::Stream { channels, socket: socket(keys)?, skip, kind })
}

fn timed(keys: &mut Keys, kind: TimedFault) -> Result<Fault, String> {
    let every_s = keys.seconds("every_s")?;
    if every_s.is_some_and(|every_s| every_s < 0.1) {
        return Err(format!("{}: every_s is too small, must be at least 0.1", keys.place));
    }
    Ok(Fault::Timed { every_s, kind })
}
