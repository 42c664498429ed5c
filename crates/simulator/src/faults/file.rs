//! Fault files: what the venue does wrong, and when. TOML:
//!
//! ```toml
//! seed = 7                       # of the probabilities; default: the venue's seed
//!
//! [quirks]                       # switches of `list_quirks`, all optional
//! ioc_needs_whole_size = true
//!
//! [[rule]]
//! fault = "reply_lost"           # which, see below
//! after_s = 10                   # seconds since the start from which it may happen (0)
//! until_s = 600                  # and until when (for ever)
//! probability = 0.2              # chance at each occasion (1)
//! times = 3                      # at most so often (without limit)
//! route = "POST /v2/orders"      # faults of requests: method and path, `*` for any text ("*")
//! skip = 2                       # faults of requests: lets so many of them pass first (0)
//! ```
//!
//! Every request to a matching route is an occasion of `rest_status` (`status` 429, 500, 503 or 504;
//! `reset_ms` for 429; `applied = true` answers so although the request was carried out), `reply_late`
//! (`delay_ms`), `reply_lost` (carried out, the connection ends without an answer) and `request_lost`
//! (not carried out, the connection ends).
//!
//! Timed faults have an occasion at `after_s` and, with `every_s`, again and again: `socket_cut` (no close
//! frame), `socket_silent` (`for_s`), `undecodable_frame` (all three: `socket` "any", "private" or
//! "public"), and `book_side_missing` (`symbol` with `*`, `side` "bid" or "ask", `for_s`).

use toml::{Table, Value};

use super::keys::Keys;
use super::rule::{Fault, RequestFault, Rule, Socket, TimedFault};
use crate::exchange::book::Side;
use crate::exchange::quirks::{Quirks, list_quirks};

/// A parsed fault file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    pub seed: Option<u64>,
    pub quirks: Option<Quirks>,
    pub rules: Vec<Rule>,
}

const FAULTS: &str = "one of rest_status, reply_late, reply_lost, request_lost, socket_cut, socket_silent, \
                      undecodable_frame, book_side_missing";

impl Faults {
    /// Reads a fault file.
    ///
    /// # Errors
    /// One sentence that names the rule, the key, its value and what is allowed.
    pub fn parse(text: &str) -> Result<Faults, String> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| format!("fault file: {error}"))?;
        let mut file = Keys { place: "fault file".to_owned(), table };
        let seed = file.whole("seed")?;
        let quirks = file.table.remove("quirks").map(parse_quirks).transpose()?;
        let rules = match file.table.remove("rule") {
            None => Vec::new(),
            Some(Value::Array(rules)) => {
                rules.into_iter().enumerate().map(parse_rule).collect::<Result<_, _>>()?
            }
            Some(other) => return Err(file.wrong("rule", &other, "a list of [[rule]] tables")),
        };
        file.done("seed, quirks, rule")?;
        Ok(Faults { seed, quirks, rules })
    }
}

fn parse_quirks(value: Value) -> Result<Quirks, String> {
    let names: Vec<&str> = list_quirks().iter().map(|quirk| quirk.name).collect();
    value.try_into().map_err(|error: toml::de::Error| {
        format!(
            "fault file, [quirks]: {}; allowed are true and false for {}",
            error.message(),
            names.join(", ")
        )
    })
}

fn parse_rule((number, value): (usize, Value)) -> Result<Rule, String> {
    let place = format!("fault file, rule {}", number + 1);
    let Value::Table(table) = value else { return Err(format!("{place}: must be a table")) };
    let mut keys = Keys { place, table };
    let rule = Rule {
        after_s: keys.seconds("after_s")?.unwrap_or(0.0),
        until_s: keys.seconds("until_s")?,
        probability: keys.probability()?,
        times: keys.whole("times")?,
        fault: parse_fault(&mut keys)?,
    };
    let common = "fault, after_s, until_s, probability, times";
    let own = match &rule.fault {
        Fault::Request { kind, .. } => match kind {
            RequestFault::Status { .. } => "route, skip, status, reset_ms, applied",
            RequestFault::Late { .. } => "route, skip, delay_ms",
            RequestFault::ReplyLost | RequestFault::RequestLost => "route, skip",
        },
        Fault::Timed { kind, .. } => match kind {
            TimedFault::SocketCut { .. } | TimedFault::UndecodableFrame { .. } => "every_s, socket",
            TimedFault::SocketSilent { .. } => "every_s, socket, for_s",
            TimedFault::BookSideMissing { .. } => "every_s, symbol, side, for_s",
        },
    };
    keys.done(&format!("{common}, {own}"))?;
    Ok(rule)
}

fn parse_fault(keys: &mut Keys) -> Result<Fault, String> {
    let name = keys
        .text("fault", FAULTS)?
        .ok_or_else(|| format!("{}: fault is missing, must be {FAULTS}", keys.place))?;
    let request = match name.as_str() {
        "rest_status" => Some(status(keys)?),
        "reply_late" => Some(RequestFault::Late { delay_ms: keys.whole("delay_ms")?.unwrap_or(1_000) }),
        "reply_lost" => Some(RequestFault::ReplyLost),
        "request_lost" => Some(RequestFault::RequestLost),
        _timed => None,
    };
    if let Some(kind) = request {
        let route = keys.text("route", "a method and a path")?.unwrap_or_else(|| "*".to_owned());
        return Ok(Fault::Request { route, skip: keys.whole("skip")?.unwrap_or(0), kind });
    }
    let kind = match name.as_str() {
        "socket_cut" => TimedFault::SocketCut { socket: socket(keys)? },
        "socket_silent" => TimedFault::SocketSilent { socket: socket(keys)?, for_s: keys.duration()? },
        "undecodable_frame" => TimedFault::UndecodableFrame { socket: socket(keys)? },
        "book_side_missing" => TimedFault::BookSideMissing {
            symbol: keys.text("symbol", "a symbol, * for any text")?.unwrap_or_else(|| "*".to_owned()),
            side: side(keys)?,
            for_s: keys.duration()?,
        },
        _unknown => return Err(keys.wrong("fault", &Value::String(name), FAULTS)),
    };
    let every_s = keys.seconds("every_s")?;
    if every_s.is_some_and(|every_s| every_s < 0.1) {
        return Err(format!("{}: every_s is too small, must be at least 0.1", keys.place));
    }
    Ok(Fault::Timed { every_s, kind })
}

fn status(keys: &mut Keys) -> Result<RequestFault, String> {
    const ALLOWED: &str = "429, 500, 503 or 504";
    let status = keys
        .whole("status")?
        .ok_or_else(|| format!("{}: status is missing, must be {ALLOWED}", keys.place))?;
    let known = u16::try_from(status).ok().filter(|status| [429, 500, 503, 504].contains(status));
    let status = known.ok_or_else(|| format!("{}: status is {status}, must be {ALLOWED}", keys.place))?;
    let reset_ms = keys.whole("reset_ms")?.unwrap_or(1_000);
    let applied = match keys.table.remove("applied") {
        None => false,
        Some(Value::Boolean(applied)) => applied,
        Some(other) => return Err(keys.wrong("applied", &other, "true or false")),
    };
    Ok(RequestFault::Status { status, reset_ms: i64::try_from(reset_ms).unwrap_or(i64::MAX), applied })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_file_is_read() {
        let faults = Faults::parse(include_str!("../../../../config/faults.sample.toml")).unwrap();
        assert_eq!(faults.rules.len(), 9);
        assert_eq!(faults.quirks, Some(Quirks::default()));
        assert_eq!(
            faults.rules[0].fault,
            Fault::Timed { every_s: Some(45.0), kind: TimedFault::SocketCut { socket: Socket::Any } }
        );
    }

    #[test]
    fn errors_name_place_key_value_and_what_is_allowed() {
        let check = |text: &str, parts: &[&str]| {
            let error = Faults::parse(text).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        };
        check("[[rule]]\nfault = \"none\"", &["rule 1", "fault is \"none\"", "socket_cut"]);
        check("[[rule]]\nafter_s = 1", &["rule 1", "fault is missing"]);
        check("[[rule]]\nfault = \"socket_cut\"\nroute = \"*\"", &["unknown key route", "every_s, socket"]);
        check("[[rule]]\nfault = \"rest_status\"\nstatus = 418", &["status is 418", "429, 500, 503 or 504"]);
        check("[[rule]]\nfault = \"reply_lost\"\nprobability = 2", &["probability is 2", "0 to 1"]);
        check("[[rule]]\nfault = \"socket_silent\"", &["for_s is missing"]);
        check("seed = -1", &["seed is -1", "from 0"]);
        check("[quirks]\nnonsense = true", &["nonsense", "ioc_needs_whole_size"]);
    }
}
