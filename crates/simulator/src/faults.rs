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

use crate::book::Side;
use crate::quirks::{Quirks, list_quirks};

/// A parsed fault file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    pub seed: Option<u64>,
    pub quirks: Option<Quirks>,
    pub rules: Vec<Rule>,
}

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
    /// Happens by the clock, once or every so many seconds.
    Timed { every_s: Option<f64>, kind: TimedFault },
}

#[derive(Clone, Debug, PartialEq)]
pub enum RequestFault {
    Status { status: u16, reset_ms: i64, applied: bool },
    Late { delay_ms: u64 },
    ReplyLost,
    RequestLost,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TimedFault {
    SocketCut { socket: Socket },
    SocketSilent { socket: Socket, for_s: f64 },
    UndecodableFrame { socket: Socket },
    BookSideMissing { symbol: String, side: Side, for_s: f64 },
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
        "rest_status" => Some(keys.status()?),
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
        "socket_cut" => TimedFault::SocketCut { socket: keys.socket()? },
        "socket_silent" => TimedFault::SocketSilent { socket: keys.socket()?, for_s: keys.duration()? },
        "undecodable_frame" => TimedFault::UndecodableFrame { socket: keys.socket()? },
        "book_side_missing" => TimedFault::BookSideMissing {
            symbol: keys.text("symbol", "a symbol, * for any text")?.unwrap_or_else(|| "*".to_owned()),
            side: keys.side()?,
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

/// The keys of one table, taken one by one; what is left at the end was not known.
struct Keys {
    place: String,
    table: Table,
}

impl Keys {
    fn wrong(&self, key: &str, value: &Value, allowed: &str) -> String {
        format!("{}: {key} is {value}, must be {allowed}", self.place)
    }

    fn done(self, allowed: &str) -> Result<(), String> {
        match self.table.keys().next() {
            Some(key) => Err(format!("{}: unknown key {key}, allowed are {allowed}", self.place)),
            None => Ok(()),
        }
    }

    fn text(&mut self, key: &str, allowed: &str) -> Result<Option<String>, String> {
        match self.table.remove(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(key, &other, allowed)),
        }
    }

    fn whole(&mut self, key: &str) -> Result<Option<u64>, String> {
        match self.table.remove(key) {
            None => Ok(None),
            Some(Value::Integer(number)) if number >= 0 => Ok(Some(number.unsigned_abs())),
            Some(other) => Err(self.wrong(key, &other, "a whole number from 0")),
        }
    }

    fn number(&mut self, key: &str, allowed: &str, most: f64) -> Result<Option<f64>, String> {
        let Some(value) = self.table.remove(key) else { return Ok(None) };
        let number = match &value {
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _other => None,
        };
        let number = number.filter(|number| (0.0..=most).contains(number));
        number.map(Some).ok_or_else(|| self.wrong(key, &value, allowed))
    }

    fn seconds(&mut self, key: &str) -> Result<Option<f64>, String> {
        self.number(key, "seconds from 0 to 1000000000", 1e9)
    }

    fn duration(&mut self) -> Result<f64, String> {
        self.seconds("for_s")?.ok_or_else(|| format!("{}: for_s is missing, must be seconds", self.place))
    }

    fn probability(&mut self) -> Result<f64, String> {
        Ok(self.number("probability", "a number from 0 to 1", 1.0)?.unwrap_or(1.0))
    }

    fn status(&mut self) -> Result<RequestFault, String> {
        const ALLOWED: &str = "429, 500, 503 or 504";
        let status = self
            .whole("status")?
            .ok_or_else(|| format!("{}: status is missing, must be {ALLOWED}", self.place))?;
        let known = u16::try_from(status).ok().filter(|status| [429, 500, 503, 504].contains(status));
        let status = known.ok_or_else(|| format!("{}: status is {status}, must be {ALLOWED}", self.place))?;
        let reset_ms = self.whole("reset_ms")?.unwrap_or(1_000);
        let applied = match self.table.remove("applied") {
            None => false,
            Some(Value::Boolean(applied)) => applied,
            Some(other) => return Err(self.wrong("applied", &other, "true or false")),
        };
        Ok(RequestFault::Status { status, reset_ms: i64::try_from(reset_ms).unwrap_or(i64::MAX), applied })
    }

    fn socket(&mut self) -> Result<Socket, String> {
        const ALLOWED: &str = "\"any\", \"private\" or \"public\"";
        match self.text("socket", ALLOWED)?.as_deref() {
            None | Some("any") => Ok(Socket::Any),
            Some("private") => Ok(Socket::Private),
            Some("public") => Ok(Socket::Public),
            Some(other) => Err(self.wrong("socket", &Value::String(other.to_owned()), ALLOWED)),
        }
    }

    fn side(&mut self) -> Result<Side, String> {
        const ALLOWED: &str = "\"bid\" or \"ask\"";
        match self.text("side", ALLOWED)?.as_deref() {
            Some("bid") => Ok(Side::Buy),
            Some("ask") => Ok(Side::Sell),
            Some(other) => Err(self.wrong("side", &Value::String(other.to_owned()), ALLOWED)),
            None => Err(format!("{}: side is missing, must be {ALLOWED}", self.place)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_file_is_read() {
        let faults = Faults::parse(include_str!("../../../config/faults.sample.toml")).unwrap();
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
