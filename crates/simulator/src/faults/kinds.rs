//! The kinds of faults in a fault file: which keys each has and what they may be.

use toml::Value;

use super::keys::Keys;
use super::rule::{Fault, RequestFault, Socket, StreamFault, TimedFault};
use crate::dialect::channel::Name;
use crate::exchange::book::Side;
use crate::exchange::status::TradingStatus;

/// Every fault by its word.
pub(super) const NAMES: [&str; 14] = [
    "rest_status",
    "reply_late",
    "reply_lost",
    "request_lost",
    "reply_empty",
    "reply_altered",
    "frames_dropped",
    "subscription_refused",
    "socket_cut",
    "socket_silent",
    "undecodable_frame",
    "book_side_missing",
    "trading_disrupted",
    "maintenance",
];

/// The keys that a fault has beside those of every rule.
pub(super) fn own_keys(fault: &Fault) -> &'static str {
    match fault {
        Fault::Request { kind, .. } => match kind {
            RequestFault::Status { .. } => "route, skip, status, code, reset_ms, applied",
            RequestFault::Late { .. } => "route, skip, delay_ms",
            RequestFault::ReplyLost | RequestFault::RequestLost | RequestFault::ReplyEmpty => "route, skip",
            RequestFault::ReplyAltered { .. } => "route, skip, drop_fields, set_fields",
        },
        Fault::Stream { kind, .. } => match kind {
            StreamFault::FramesDropped { .. } => "channels, symbol, socket, skip",
            StreamFault::SubscriptionRefused { .. } => "channels, socket, skip, error",
        },
        Fault::Timed { kind, .. } => match kind {
            TimedFault::SocketCut { .. } | TimedFault::UndecodableFrame { .. } => "every_s, socket",
            TimedFault::SocketSilent { .. } => "every_s, socket, for_s",
            TimedFault::BookSideMissing { .. } => "every_s, symbol, side, for_s",
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
    match name.as_str() {
        "rest_status" => status(keys).and_then(|kind| request(keys, kind)),
        "reply_late" => {
            let delay_ms = keys.whole("delay_ms")?.unwrap_or(1_000);
            request(keys, RequestFault::Late { delay_ms })
        }
        "reply_lost" => request(keys, RequestFault::ReplyLost),
        "request_lost" => request(keys, RequestFault::RequestLost),
        "reply_empty" => request(keys, RequestFault::ReplyEmpty),
        "reply_altered" => altered(keys).and_then(|kind| request(keys, kind)),
        "frames_dropped" => {
            let symbol = keys.symbol()?;
            stream(keys, StreamFault::FramesDropped { symbol }, false)
        }
        "subscription_refused" => {
            let error = keys.text("error", "a text")?;
            let error = error.unwrap_or_else(|| "subscription forbidden on this channel".to_owned());
            stream(keys, StreamFault::SubscriptionRefused { error }, true)
        }
        "socket_cut" => timed(keys, |keys| Ok(TimedFault::SocketCut { socket: socket(keys)? })),
        "socket_silent" => timed(keys, |keys| {
            Ok(TimedFault::SocketSilent { socket: socket(keys)?, for_s: keys.duration()? })
        }),
        "undecodable_frame" => timed(keys, |keys| Ok(TimedFault::UndecodableFrame { socket: socket(keys)? })),
        "book_side_missing" => timed(keys, |keys| {
            let (symbol, side) = (keys.symbol()?, side(keys)?);
            Ok(TimedFault::BookSideMissing { symbol, side, for_s: keys.duration()? })
        }),
        "trading_disrupted" => timed(keys, |keys| {
            let (symbol, status) = (keys.symbol()?, trading_status(keys)?);
            Ok(TimedFault::TradingDisrupted { symbol, status, for_s: keys.duration()? })
        }),
        "maintenance" => timed(keys, |keys| Ok(TimedFault::Maintenance { for_s: keys.duration()? })),
        _unknown => Err(keys.wrong("fault", &Value::String(name), &known())),
    }
}

fn request(keys: &mut Keys, kind: RequestFault) -> Result<Fault, String> {
    let route = keys.text("route", "a method and a path")?.unwrap_or_else(|| "*".to_owned());
    if kind == RequestFault::ReplyEmpty && !route.starts_with("GET ") {
        // An order that is answered as nothing would be another fault than this.
        let allowed = "a read such as \"GET /v2/positions*\"";
        return Err(keys.wrong("route", &Value::String(route), allowed));
    }
    Ok(Fault::Request { route, skip: keys.whole("skip")?.unwrap_or(0), kind })
}

fn stream(keys: &mut Keys, kind: StreamFault, legacy: bool) -> Result<Fault, String> {
    let channels = keys.texts("channels")?;
    if let Some(unknown) = channels.iter().find(|name| Name::parse(name, legacy).is_none()) {
        let names: Vec<&str> = Name::ALL.iter().map(|name| name.word()).collect();
        let names = names.join(", ");
        return Err(format!("{}: channels holds {unknown:?}, must be among {names}", keys.place));
    }
    Ok(Fault::Stream { channels, socket: socket(keys)?, skip: keys.whole("skip")?.unwrap_or(0), kind })
}

fn timed(
    keys: &mut Keys,
    kind: impl FnOnce(&mut Keys) -> Result<TimedFault, String>,
) -> Result<Fault, String> {
    let kind = kind(keys)?;
    let every_s = keys.seconds("every_s")?;
    if every_s.is_some_and(|every_s| every_s < 0.1) {
        return Err(format!("{}: every_s is too small, must be at least 0.1", keys.place));
    }
    Ok(Fault::Timed { every_s, kind })
}

fn status(keys: &mut Keys) -> Result<RequestFault, String> {
    const ALLOWED: &str = "400, 401, 403, 429, 500, 502, 503 or 504";
    const KNOWN: [u16; 8] = [400, 401, 403, 429, 500, 502, 503, 504];
    let status = keys
        .whole("status")?
        .ok_or_else(|| format!("{}: status is missing, must be {ALLOWED}", keys.place))?;
    let known = u16::try_from(status).ok().filter(|status| KNOWN.contains(status));
    let status = known.ok_or_else(|| format!("{}: status is {status}, must be {ALLOWED}", keys.place))?;
    let code = keys.text("code", "an error code as a text")?;
    match (&code, status) {
        (None, 400) => return Err(format!("{}: code is missing, must be given with status 400", keys.place)),
        (Some(code), 502 | 504) => {
            let allowed = format!("left out, because an answer of status {status} has no JSON");
            return Err(keys.wrong("code", &Value::String(code.clone()), &allowed));
        }
        (Some(_) | None, _) => {}
    }
    let reset_ms = keys.whole("reset_ms")?.unwrap_or(1_000);
    let reset_ms = i64::try_from(reset_ms).unwrap_or(i64::MAX);
    let applied = match keys.table.remove("applied") {
        None => false,
        Some(Value::Boolean(applied)) => applied,
        Some(other) => return Err(keys.wrong("applied", &other, "true or false")),
    };
    Ok(RequestFault::Status { status, code, reset_ms, applied })
}

fn altered(keys: &mut Keys) -> Result<RequestFault, String> {
    const ALLOWED: &str = "a table of texts, whole numbers, true and false";
    let drop_fields = keys.texts("drop_fields")?;
    let set = match keys.table.remove("set_fields") {
        None => toml::Table::new(),
        Some(Value::Table(set)) => set,
        Some(other) => return Err(keys.wrong("set_fields", &other, ALLOWED)),
    };
    let mut set_fields = Vec::new();
    for (name, value) in set {
        let json = match &value {
            Value::String(text) => serde_json::json!(text),
            Value::Integer(number) => serde_json::json!(number),
            Value::Boolean(flag) => serde_json::json!(flag),
            Value::Float(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
                return Err(keys.wrong(&format!("set_fields.{name}"), &value, ALLOWED));
            }
        };
        set_fields.push((name, json));
    }
    if drop_fields.is_empty() && set_fields.is_empty() {
        return Err(format!("{}: drop_fields or set_fields is missing", keys.place));
    }
    Ok(RequestFault::ReplyAltered { drop_fields, set_fields })
}

fn socket(keys: &mut Keys) -> Result<Socket, String> {
    const ALLOWED: &str = "\"any\", \"private\" or \"public\"";
    match keys.text("socket", ALLOWED)?.as_deref() {
        None | Some("any") => Ok(Socket::Any),
        Some("private") => Ok(Socket::Private),
        Some("public") => Ok(Socket::Public),
        Some(other) => Err(keys.wrong("socket", &Value::String(other.to_owned()), ALLOWED)),
    }
}

fn side(keys: &mut Keys) -> Result<Side, String> {
    const ALLOWED: &str = "\"bid\" or \"ask\"";
    match keys.text("side", ALLOWED)?.as_deref() {
        Some("bid") => Ok(Side::Buy),
        Some("ask") => Ok(Side::Sell),
        Some(other) => Err(keys.wrong("side", &Value::String(other.to_owned()), ALLOWED)),
        None => Err(format!("{}: side is missing, must be {ALLOWED}", keys.place)),
    }
}

fn trading_status(keys: &mut Keys) -> Result<TradingStatus, String> {
    const ALLOWED: &str = "\"disrupted_cancel_only\" or \"disrupted_post_only\"";
    match keys.text("status", ALLOWED)?.as_deref() {
        Some("disrupted_cancel_only") => Ok(TradingStatus::CancelOnly),
        Some("disrupted_post_only") => Ok(TradingStatus::PostOnly),
        Some(other) => Err(keys.wrong("status", &Value::String(other.to_owned()), ALLOWED)),
        None => Err(format!("{}: status is missing, must be {ALLOWED}", keys.place)),
    }
}
