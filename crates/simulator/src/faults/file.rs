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
//! Every request to a matching route is an occasion of `rest_status` (`status` 400, 401, 403, 429, 500, 502,
//! 503 or 504; `code` of the error; `reset_ms` for 429; `applied = true` answers so although the request was
//! carried out), `reply_late` (`delay_ms`), `reply_lost` (carried out, the connection ends without an
//! answer), `request_lost` (not carried out, the connection ends), `reply_empty` (a read is answered as if
//! there were nothing: lists without rows, a position of size 0, one order not found) and `reply_altered`
//! (carried out; the fields of `drop_fields` are missing, those of the table `set_fields` have other values).
//!
//! Every frame of a subscribed channel is an occasion of `frames_dropped` (`channels`, all without; `symbol`
//! with `*`; `socket`), every subscription one of `subscription_refused` (`channels`, `socket`, `error`);
//! both have `skip` too.
//!
//! Timed faults have an occasion at `after_s` and, with `every_s`, again and again: `socket_cut` (no close
//! frame), `socket_silent` (`for_s`), `undecodable_frame` (all three: `socket` "any", "private" or
//! "public"), `book_side_missing` (`symbol` with `*`, `side` "bid" or "ask", `for_s`), `trading_disrupted`
//! (`symbol` with `*`, `status` "disrupted_cancel_only" or "disrupted_post_only", `for_s`) and `maintenance`
//! (`for_s`; five minutes of auction follow).

use toml::{Table, Value};

use super::keys::Keys;
use super::kinds;
use super::rule::Rule;
use crate::exchange::quirks::{Quirks, list_quirks};

/// A parsed fault file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    pub seed: Option<u64>,
    pub quirks: Option<Quirks>,
    pub rules: Vec<Rule>,
}

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
        fault: kinds::parse(&mut keys)?,
    };
    let common = "fault, after_s, until_s, probability, times";
    let own = kinds::own_keys(&rule.fault);
    keys.done(&format!("{common}, {own}"))?;
    Ok(rule)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::rule::{Fault, Socket, TimedFault};
    use super::*;

    #[test]
    fn the_sample_file_is_read() {
        let faults = Faults::parse(include_str!("../../../../config/faults.sample.toml")).unwrap();
        assert_eq!(faults.rules.len(), 19);
        assert_eq!(faults.quirks, Some(Quirks::default()));
        assert_eq!(
            faults.rules[0].fault,
            Fault::Timed { every_s: Some(45.0), kind: TimedFault::SocketCut { socket: Socket::Any } }
        );
        let shown: BTreeSet<_> = faults.rules.iter().map(|rule| rule.fault.name()).collect();
        let known: BTreeSet<_> = kinds::NAMES.into_iter().collect();
        assert_eq!(shown, known, "the sample shows every fault");
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
        check(
            "[[rule]]\nfault = \"rest_status\"\nstatus = 418",
            &["status is 418", "429, 500, 502, 503 or 504"],
        );
        check("[[rule]]\nfault = \"reply_lost\"\nprobability = 2", &["probability is 2", "0 to 1"]);
        check("[[rule]]\nfault = \"socket_silent\"", &["for_s is missing"]);
        let status = "[[rule]]\nfault = \"rest_status\"\nstatus = ";
        check(&format!("{status}400"), &["code is missing", "with status 400"]);
        check(&format!("{status}504\ncode = \"x\""), &["code is \"x\"", "504 has no JSON"]);
        let empty = "[[rule]]\nfault = \"reply_empty\"\n";
        check(empty, &["route is \"*\"", "\"GET /v2/positions*\""]);
        check(&format!("{empty}route = \"POST /v2/orders\""), &["route is \"POST /v2/orders\"", "a read"]);
        let altered = "[[rule]]\nfault = \"reply_altered\"\n";
        check(altered, &["drop_fields or set_fields", "is missing"]);
        check(&format!("{altered}drop_fields = \"size\""), &["drop_fields is \"size\"", "a list of texts"]);
        check(&format!("{altered}set_fields = [1]"), &["set_fields is [1]", "a table"]);
        let dropped = "[[rule]]\nfault = \"frames_dropped\"\n";
        check(&format!("{dropped}channels = [\"ob_l9\"]"), &["channels holds \"ob_l9\"", "v2/user_trades"]);
        check(&format!("{dropped}route = \"*\""), &["unknown key route", "channels, symbol, socket, skip"]);
        let refused = "[[rule]]\nfault = \"subscription_refused\"\n";
        check(&format!("{refused}symbol = \"*\""), &["unknown key symbol", "channels, socket, skip, error"]);
        let disrupted = "[[rule]]\nfault = \"trading_disrupted\"\nfor_s = 5\n";
        check(disrupted, &["status is missing", "disrupted_cancel_only"]);
        check(&format!("{disrupted}status = \"halted\""), &["status is \"halted\"", "disrupted_post_only"]);
        check("[[rule]]\nfault = \"maintenance\"", &["for_s is missing"]);
        check("seed = -1", &["seed is -1", "from 0"]);
        check("[quirks]\nnonsense = true", &["nonsense", "ioc_needs_whole_size"]);
    }
}
