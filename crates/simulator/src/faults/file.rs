//! Fault files: what the venue does wrong, and when, as TOML.
//! `config/faults.sample.toml` shows every kind with its keys, and its head says what all rules have.

use toml::{Table, Value};

use super::condition::Condition;
use super::keys::Keys;
use super::kinds;
use super::rule::Rule;
use crate::brief::reason;
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
        let table: Table =
            text.parse().map_err(|error: toml::de::Error| format!("fault file: {}", reason(error)))?;
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
            reason(error.message()),
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
        condition: Condition::parse(&mut keys)?,
        fault: kinds::parse(&mut keys)?,
    };
    let common = "fault, after_s, until_s, probability, times, when, spot_above, spot_below";
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
        assert_eq!(faults.rules.len(), 35);
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
    fn what_is_quoted_is_cut() {
        let long = "x".repeat(1_000_000);
        for text in [
            format!("[[rule]]\nfault = \"{long}\""),
            format!("[[rule]]\nfault = \"socket_cut\"\n{long} = 1"),
            format!("[[rule]]\nfault = \"frames_dropped\"\nchannels = [\"{long}\"]"),
            format!("seed = {long}"),
            format!("[quirks]\n{long} = true"),
        ] {
            let error = Faults::parse(&text).unwrap_err();
            assert!(error.len() < 4_000, "{} bytes", error.len());
        }
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
        check("[[rule]]\nfault = \"reply_lost\"\nwhen = \"rich\"", &["when is \"rich\"", "\"holding\""]);
        check("[[rule]]\nfault = \"reply_lost\"\nspot_above = -1", &["spot_above is -1", "USD from 0"]);
        let late = "[[rule]]\nfault = \"reply_late\"\ndelay_ms = 50\nmost_ms = 10";
        check(late, &["most_ms is 10", "from delay_ms, which is 50"]);
        check("[[rule]]\nfault = \"reply_html\"\nstatus = 404", &["status is 404", "200, 403"]);
        check("[[rule]]\nfault = \"reply_never\"\napplied = 1", &["applied is 1", "true or false"]);
        check(
            "[[rule]]\nfault = \"reply_stale\"\nroute = \"PUT /v2/x\"",
            &["route is \"PUT /v2/x\"", "a read"],
        );
        check(
            "[[rule]]\nfault = \"sign_in_refused\"\nstatus = \"no\"",
            &["status is \"no\"", "request_expired"],
        );
        check("[[rule]]\nfault = \"book_thin\"\nfor_s = 1", &["share is missing"]);
        check("[[rule]]\nfault = \"book_thin\"\nfor_s = 1\nshare = 2", &["share is 2", "from 0 to 1"]);
        check("[[rule]]\nfault = \"market_gap\"\npercent = 0", &["percent is 0", "-50 to 100"]);
        check("[[rule]]\nfault = \"clock_wrong\"\nfor_s = 1", &["by_ms is missing"]);
        check("seed = -1", &["seed is -1", "from 0"]);
        check("[quirks]\nnonsense = true", &["nonsense", "ioc_needs_whole_size"]);
    }
}
