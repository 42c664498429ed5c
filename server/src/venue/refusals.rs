//! Channels that the venue refuses, from its answers to subscriptions: which, for which symbols, and since when it does
//! not any more. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use model::causes::HealthCause;
use model::ids::Code;
use model::input::HealthReport;
use model::words::Health;

use super::confirmations::Place;
use super::translate::Subscribed;

/// What is refused now, by channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals(BTreeMap<String, BTreeSet<String>>);

impl Refusals {
    /// Takes an answer in. It lists all that is subscribed, and what of the latest request is refused; a refusal does not
    /// name its symbols, so that `wanted` says what we want of a channel.
    pub fn note(&mut self, rows: &[Subscribed], wanted: impl Fn(&str) -> BTreeSet<String>) {
        let granted = |channel: &str| -> BTreeSet<&String> {
            let of_channel = |row: &&Subscribed| row.channel == channel && row.refused.is_none();
            rows.iter().filter(of_channel).flat_map(|row| &row.symbols).collect()
        };
        for row in rows.iter().filter(|row| row.refused.is_some()) {
            let named: BTreeSet<String> = row.symbols.iter().cloned().collect();
            let all = if named.is_empty() { wanted(&row.channel) } else { named };
            let granted = granted(&row.channel);
            let refused = all.into_iter().filter(|symbol| !granted.contains(symbol));
            self.0.entry(row.channel.clone()).or_default().extend(refused);
        }
        for row in rows.iter().filter(|row| row.refused.is_none()) {
            let Some(refused) = self.0.get_mut(&row.channel) else { continue };
            refused.retain(|symbol| !row.symbols.is_empty() && !row.symbols.contains(symbol));
            // A channel that was refused whole is whole again only when it is granted without a refusal beside it.
            let beside = rows.iter().any(|other| other.channel == row.channel && other.refused.is_some());
            if refused.is_empty() && !beside {
                self.0.remove(&row.channel);
            }
        }
    }

    /// These were asked for, and the venue's answers leave them out.
    pub fn miss(&mut self, places: impl IntoIterator<Item = Place>) {
        for (channel, name) in places {
            self.0.entry(channel).or_default().insert(name);
        }
    }

    /// What is not wanted any more is not missed.
    pub fn keep(&mut self, wanted: impl Fn(&str) -> BTreeSet<String>) {
        self.0.retain(|channel, refused| {
            let wanted = wanted(channel);
            let had = !refused.is_empty();
            refused.retain(|symbol| wanted.contains(symbol));
            !had || !refused.is_empty()
        });
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is refused.
    #[must_use]
    pub fn holds(&self, channel: &str, name: &str) -> bool {
        self.0.get(channel).is_some_and(|names| names.contains(name))
    }

    /// Every refused symbol with its channel.
    pub fn symbols(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(channel, symbols)| {
            symbols.iter().map(move |symbol| (channel.as_str(), symbol.as_str()))
        })
    }
}

/// What the venue refuses to any of the streams, and what it does not trade as usual; one mark of health for all of it.
/// Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Restricted(Arc<Mutex<Restrictions>>);

#[derive(Debug, Default)]
struct Restrictions {
    refused: BTreeMap<&'static str, BTreeSet<String>>,
    disrupted: BTreeSet<String>,
}

impl Restricted {
    /// Notes the channels that are refused to a stream; gives what the engine is to be told: that there are some, again
    /// with each answer, because a session may have begun since, and once that there are none any more.
    pub(super) fn note<'a>(
        &self,
        stream: &'static str,
        channels: impl Iterator<Item = &'a str>,
    ) -> Option<HealthReport> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let was = all.is_any();
        let channels: BTreeSet<String> = channels.map(short).collect();
        if channels.is_empty() {
            all.refused.remove(stream);
        } else {
            all.refused.insert(stream, channels);
        }
        all.report(was, HealthCause::ChannelsConfirmed)
    }

    /// Notes what the venue does not trade as usual.
    pub(super) fn disrupted(&self, what: BTreeSet<String>) -> Option<HealthReport> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let was = all.is_any();
        all.disrupted = what;
        all.report(was, HealthCause::TradesAgain)
    }
}

impl Restrictions {
    fn is_any(&self) -> bool {
        !self.refused.is_empty() || !self.disrupted.is_empty()
    }

    /// What is to be said; `well` when nothing is restricted any more.
    fn report(&self, was: bool, well: HealthCause) -> Option<HealthReport> {
        let report = |on, cause| HealthReport { health: Health::VenueRestricted, on, cause };
        if !self.is_any() {
            return was.then(|| report(false, well));
        }
        let joined = |names: Vec<&str>| names.join(", ");
        if self.disrupted.is_empty() {
            let channel = joined(self.refused.values().flatten().map(String::as_str).collect());
            return Some(report(true, HealthCause::ChannelRefused { channel, code: Code::from("refused") }));
        }
        let what = joined(self.disrupted.iter().map(String::as_str).collect());
        Some(report(true, HealthCause::Disrupted { what }))
    }
}

/// The name of a channel, as long as names of channels are.
fn short(channel: &str) -> String {
    channel.chars().take(24).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(channel: &str, symbols: &[&str]) -> Subscribed {
        let symbols = symbols.iter().map(|symbol| (*symbol).to_owned()).collect();
        Subscribed { channel: channel.to_owned(), symbols, refused: None }
    }

    fn refused(channel: &str) -> Subscribed {
        Subscribed { channel: channel.to_owned(), symbols: Vec::new(), refused: Some("no".to_owned()) }
    }

    fn wanted(channel: &str) -> BTreeSet<String> {
        let names: &[&str] = if channel == "mark_price" { &["MARK:A", "MARK:B"] } else { &["A", "B"] };
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn noted(answers: &[&[Subscribed]]) -> Vec<(String, String)> {
        let mut refusals = Refusals::default();
        for rows in answers {
            refusals.note(rows, wanted);
        }
        refusals.symbols().map(|(channel, symbol)| (channel.to_owned(), symbol.to_owned())).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(channel, symbol)| ((*channel).to_owned(), (*symbol).to_owned())).collect()
    }

    #[test]
    fn a_refused_channel_is_missed_for_all_that_is_not_granted_beside_it() {
        assert_eq!(noted(&[&[granted("ob_l1", &["A", "B"])]]), []);
        assert_eq!(noted(&[&[refused("ob_l1")]]), pairs(&[("ob_l1", "A"), ("ob_l1", "B")]));
        assert_eq!(noted(&[&[granted("ob_l1", &["A"]), refused("ob_l1")]]), pairs(&[("ob_l1", "B")]));
        assert_eq!(
            noted(&[&[refused("mark_price"), granted("ob_l1", &["A"])]]),
            pairs(&[("mark_price", "MARK:A"), ("mark_price", "MARK:B")])
        );
    }

    #[test]
    fn a_later_subscription_that_succeeds_ends_it() {
        let refused = &[refused("ob_l1")];
        assert_eq!(noted(&[refused, &[granted("ob_l1", &["A"])]]), pairs(&[("ob_l1", "B")]));
        assert_eq!(noted(&[refused, &[granted("ob_l1", &["A"])], &[granted("ob_l1", &["A", "B"])]]), []);
        assert_eq!(noted(&[refused, &[granted("ob_l1", &[])]]), [], "granted whole");
        let other = &[granted("ticker", &["A", "B"])];
        assert_eq!(noted(&[refused, other]).len(), 2, "another channel's success is not its own");
    }

    #[test]
    fn a_private_channel_is_refused_whole_and_granted_whole() {
        let all = |_: &str| BTreeSet::from(["all".to_owned()]);
        for symbols in [&["all"] as &[&str], &[]] {
            let mut refusals = Refusals::default();
            refusals.note(&[refused("orders")], all);
            refusals.keep(all);
            assert_eq!(refusals.symbols().collect::<Vec<_>>(), [("orders", "all")]);
            refusals.note(&[granted("orders", symbols)], all);
            assert!(refusals.is_empty());
        }
    }

    #[test]
    fn what_no_answer_mentions_is_missed_until_one_does() {
        let mut refusals = Refusals::default();
        refusals.miss([("ob_l1".to_owned(), "A".to_owned())]);
        assert!(refusals.holds("ob_l1", "A") && !refusals.holds("ob_l1", "B"));
        refusals.note(&[granted("ob_l1", &["A", "B"])], wanted);
        assert!(refusals.is_empty());
    }

    #[test]
    fn what_is_not_watched_any_more_is_not_missed() {
        let mut refusals = Refusals::default();
        refusals.note(&[refused("ob_l1")], wanted);
        refusals.keep(|_| BTreeSet::from(["B".to_owned()]));
        assert_eq!(refusals.symbols().collect::<Vec<_>>(), [("ob_l1", "B")]);
        refusals.keep(|_| BTreeSet::new());
        assert!(refusals.is_empty());
    }

    #[test]
    fn the_mark_of_health_is_on_while_any_stream_is_refused_anything() {
        let restricted = Restricted::default();
        let note = |stream, channels: &[&str]| {
            let report = restricted.note(stream, channels.iter().copied());
            report.map(|report| match report.cause {
                HealthCause::ChannelRefused { channel, .. } => (report.on, channel),
                other => (report.on, other.sentence()),
            })
        };
        assert_eq!(note("prices", &[]), None);
        assert_eq!(note("prices", &["ob_l1"]), Some((true, "ob_l1".to_owned())));
        assert_eq!(
            note("prices", &["ob_l1"]).map(|(on, _)| on),
            Some(true),
            "said again: a session may have begun"
        );
        assert_eq!(note("orders", &["positions"]), Some((true, "positions, ob_l1".to_owned())));
        assert_eq!(note("prices", &[]), Some((true, "positions".to_owned())));
        assert_eq!(note("orders", &[]).map(|(on, _)| on), Some(false));
        assert_eq!(note("orders", &[]), None);
    }

    #[test]
    fn what_does_not_trade_as_usual_is_the_same_mark_and_keeps_it_on() {
        let restricted = Restricted::default();
        let words = |report: Option<HealthReport>| report.map(|report| (report.on, report.cause.sentence()));
        let some = |what: &[&str]| what.iter().map(|what| (*what).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(words(restricted.disrupted(BTreeSet::new())), None);
        let on = words(restricted.disrupted(some(&["the venue (maintenance)"])));
        assert_eq!(on, Some((true, "the venue restricts trading: the venue (maintenance)".to_owned())));
        assert!(restricted.note("prices", ["ob_l1"].into_iter()).is_some_and(|report| report.on));
        assert!(
            restricted.disrupted(BTreeSet::new()).is_some_and(|report| report.on),
            "a channel is refused"
        );
        let off = restricted.note("prices", [].into_iter());
        assert_eq!(words(off), Some((false, "the venue confirmed every channel".to_owned())));
    }
}
