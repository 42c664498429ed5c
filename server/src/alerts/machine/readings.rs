//! What each rule reads now, in words, and when that was learnt; or why nothing is known.

use telemetry::Micros;

use super::Machine;
use crate::alerts::rule::{MINUTE, RuleId, Shape};

/// What a rule reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub value: String,
    /// When it was learnt: whoever looks sees how old it is.
    pub at: Micros,
}

impl Machine {
    /// What a rule reads now. `Err`: why nothing is known.
    pub fn reading(&self, rule: RuleId, now: Micros) -> Result<Reading, &'static str> {
        match rule.rule().shape {
            Shape::Share { window, .. } => self.share(rule, window, now),
            Shape::Count { window, .. } => Ok(self.count(rule, window, now)),
            Shape::Holds { .. } => self.condition(rule, now),
            Shape::Level { .. } => self.level(rule),
        }
    }

    /// Calls are told one by one, and their window slides also while none comes.
    fn share(&self, rule: RuleId, window: i64, now: Micros) -> Result<Reading, &'static str> {
        let at = self.looked.get(&rule).and_then(|looked| looked.seen_at).ok_or("no call was made yet")?;
        Ok(Reading { value: self.calls.within(now, window).trim_end_matches(',').to_owned(), at })
    }

    /// Of several subjects the one that is nearest to firing. That nothing came is known as well.
    fn count(&self, rule: RuleId, window: i64, now: Micros) -> Reading {
        let most = self.of(rule).map(|standing| standing.hits_within(now, window)).max().unwrap_or_default();
        Reading { value: format!("{most} within {} min", window / MINUTE), at: now }
    }

    /// Whoever is silent about a condition says that it does not hold; but streams speak all the time.
    fn condition(&self, rule: RuleId, now: Micros) -> Result<Reading, &'static str> {
        let seen_at = self.looked.get(&rule).and_then(|looked| looked.seen_at);
        let heard = seen_at.filter(|at| Some(*at) >= self.booted_at);
        let at = match (rule, heard) {
            (RuleId::PriceGap, None) => return Err("the price stream has said nothing yet"),
            (RuleId::PriceGap, Some(at)) => at,
            (_, _) => now,
        };
        let since: Vec<Micros> = self.of(rule).filter_map(|standing| standing.holds_since()).collect();
        let value = match (since.len(), since.into_iter().min()) {
            (_, None) => "clear".to_owned(),
            (1, Some(since)) => format!("holds since {} UTC", since.to_clock()),
            (count, Some(since)) => format!("{count} hold, since {} UTC", since.to_clock()),
        };
        Ok(Reading { value, at })
    }

    fn level(&self, rule: RuleId) -> Result<Reading, &'static str> {
        let unknown =
            if rule == RuleId::Forwarder { "nothing is forwarded" } else { "it was not measured yet" };
        let (at, words) = self.measured.get(&rule).ok_or(unknown)?;
        // What is not a number is said beside it.
        let other =
            self.of(rule).find(|standing| standing.subject.is_empty()).and_then(|it| it.holds_since());
        let held = other.map(|since| format!("; held since {} UTC", since.to_clock())).unwrap_or_default();
        Ok(Reading { value: format!("{words}{held}"), at: *at })
    }

    fn of(&self, rule: RuleId) -> impl Iterator<Item = &super::Standing> {
        self.standing.values().filter(move |standing| standing.rule == rule)
    }
}

#[cfg(test)]
mod tests {
    use telemetry::{Context, Level, Map};

    use super::*;
    use crate::alerts::machine::{Input, What};
    use crate::alerts::rule::SECOND;
    use crate::alerts::signal::Sighting;

    const START: i64 = 1_764_000_000 * SECOND;

    fn at(s: i64) -> Micros {
        Micros(START + s * SECOND)
    }

    fn see(machine: &mut Machine, s: i64, name: &str, fields: &[(&str, &str)]) {
        let payload: Map<_, _> =
            fields.iter().map(|(key, text)| ((*key).to_owned(), (*text).into())).collect();
        let what = What::Seen(Sighting {
            at: at(s),
            name: name.to_owned(),
            level: Level::Error,
            message: String::new(),
            context: Context { session_id: Some("s-1".to_owned()), ..Context::default() },
            payload,
        });
        machine.on(Input { at: at(s), what });
    }

    fn value(machine: &Machine, rule: RuleId, s: i64) -> String {
        machine.reading(rule, at(s)).map_or_else(|why| format!("– {why}"), |reading| reading.value)
    }

    /// Catches: a window that stands still while nothing comes, and "clear" from who was never heard.
    #[test]
    fn every_rule_reads_what_is_known_now_or_says_why_nothing_is() {
        let mut machine = Machine::default();
        machine.on(Input { at: at(0), what: What::Booted });
        for (rule, words) in [
            (RuleId::VenueFailures, "– no call was made yet"),
            (RuleId::PriceGap, "– the price stream has said nothing yet"),
            (RuleId::Forwarder, "– nothing is forwarded"),
            (RuleId::TelemetryLoss, "– it was not measured yet"),
            (RuleId::ErrorExits, "0 within 30 min"),
            (RuleId::PanicStarted, "clear"),
        ] {
            assert_eq!(value(&machine, rule, 1), words);
        }
        for failed in ["ok", "failed", "ok", "ok"] {
            see(&mut machine, 10, "venue.request", &[("outcome", failed)]);
        }
        see(&mut machine, 11, "exit.decided", &[("reason", "error")]);
        see(&mut machine, 12, "panic.started", &[]);
        see(&mut machine, 13, "stream.gap", &[("stream", "prices")]);
        let measured =
            |rule, words: &str| What::Measured { rule, subject: "x", value: 0, words: words.into() };
        machine.on(Input { at: at(14), what: measured(RuleId::Forwarder, "0.1 s") });
        for (rule, words) in [
            (RuleId::VenueFailures, "1 of 4 calls within 5 min, 25.0 %"),
            (RuleId::ErrorExits, "1 within 30 min"),
            (RuleId::PanicStarted, "holds since 16:00:12 UTC"),
            (RuleId::PriceGap, "clear"),
            (RuleId::Forwarder, "0.1 s"),
        ] {
            assert_eq!(value(&machine, rule, 20), words);
        }
        assert_eq!(machine.reading(RuleId::PriceGap, at(20)).map(|reading| reading.at), Ok(at(13)));
        assert_eq!(value(&machine, RuleId::VenueFailures, 400), "no call within 5 min");
        assert_eq!(value(&machine, RuleId::ErrorExits, 2_000), "0 within 30 min");
        machine.on(Input { at: at(500), what: What::Booted });
        assert_eq!(value(&machine, RuleId::PriceGap, 501), "– the price stream has said nothing yet");
    }
}
