//! Subscriptions that were asked for and are not confirmed yet, one by one: what the venue's answers leave out is asked
//! for once more and then counts as refused. Pure.

use std::collections::{BTreeMap, BTreeSet};

use telemetry::Micros;

use super::translate::Subscribed;

/// An answer has come by then.
const WITHIN: i64 = 5_000_000;

/// A channel with a name of its own for what is subscribed; empty for a channel as a whole.
pub type Place = (String, String);

#[derive(Clone, Debug, Default)]
pub struct Confirmations(BTreeMap<Place, Asked>);

#[derive(Clone, Copy, Debug)]
struct Asked {
    at: Micros,
    /// In a message of its own, because all together was too many or because nothing was answered.
    alone: bool,
}

/// What is left when an answer did not come in time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overdue {
    /// To be asked for once more.
    pub again: BTreeSet<Place>,
    /// Asked for twice.
    pub missing: BTreeSet<Place>,
}

impl Confirmations {
    /// These are asked for now.
    pub fn ask(&mut self, now: Micros, places: impl IntoIterator<Item = Place>, alone: bool) {
        self.0.extend(places.into_iter().map(|place| (place, Asked { at: now, alone })));
    }

    /// These are not wanted any more.
    pub fn keep(&mut self, wanted: impl Fn(&Place) -> bool) {
        self.0.retain(|place, _| wanted(place));
    }

    /// A frame of a subscription is a confirmation.
    pub fn heard(&mut self, channel: &str, name: &str) {
        self.0.retain(|(of, place), _| of != channel || !same(place, name));
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the venue's list in. Gives what was refused only because it was asked for with too many others.
    pub fn answered(&mut self, rows: &[Subscribed]) -> BTreeSet<Place> {
        for row in rows.iter().filter(|row| row.refused.is_none()) {
            let whole = row.symbols.is_empty() || row.symbols.iter().any(|symbol| symbol == "all");
            self.0.retain(|(channel, place), _| {
                *channel != row.channel || !(whole || row.symbols.iter().any(|symbol| same(place, symbol)))
            });
        }
        let mut split = BTreeSet::new();
        for row in rows {
            let Some(words) = &row.refused else { continue };
            let of_row: BTreeSet<Place> =
                self.0.keys().filter(|(channel, _)| *channel == row.channel).cloned().collect();
            let together = of_row.iter().filter(|place| self.0.get(*place).is_some_and(|asked| !asked.alone));
            if together.count() > 1 && words.contains("more than") {
                split.extend(of_row.iter().cloned());
            }
            for place in of_row {
                self.0.remove(&place);
            }
        }
        split
    }

    /// What is not confirmed in time.
    pub fn overdue(&mut self, now: Micros) -> Overdue {
        let mut overdue = Overdue::default();
        self.0.retain(|place, asked| {
            if now.0 - asked.at.0 < WITHIN {
                return true;
            }
            if asked.alone { &mut overdue.missing } else { &mut overdue.again }.insert(place.clone());
            false
        });
        overdue
    }

    /// When the next is due.
    #[must_use]
    pub fn next_at(&self) -> Option<Micros> {
        self.0.values().map(|asked| Micros(asked.at.0 + WITHIN)).min()
    }
}

/// Marks are subscribed under a name with a prefix, which an answer need not repeat.
fn same(one: &str, other: &str) -> bool {
    let plain = |name| str::strip_prefix(name, "MARK:").unwrap_or(name);
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(channel: &str, name: &str) -> Place {
        (channel.to_owned(), name.to_owned())
    }

    fn row(channel: &str, symbols: &[&str], refused: Option<&str>) -> Subscribed {
        let symbols = symbols.iter().map(|symbol| (*symbol).to_owned()).collect();
        Subscribed { channel: channel.to_owned(), symbols, refused: refused.map(str::to_owned) }
    }

    fn asked(places: &[(&str, &str)]) -> Confirmations {
        let mut asked = Confirmations::default();
        asked.ask(Micros(0), places.iter().map(|(channel, name)| place(channel, name)), false);
        asked
    }

    fn left(confirmations: &mut Confirmations) -> Vec<Place> {
        confirmations.overdue(Micros(WITHIN)).again.into_iter().collect()
    }

    #[test]
    fn what_an_answer_leaves_out_is_asked_for_once_more_and_then_missing() {
        let mut asked =
            asked(&[("ob_l1", "A"), ("ob_l1", "B"), ("mark_price", "MARK:A"), ("system_status", "")]);
        let answer =
            [row("ob_l1", &["A"], None), row("mark_price", &["A"], None), row("system_status", &[], None)];
        assert_eq!(asked.answered(&answer), BTreeSet::new());
        assert_eq!(asked.next_at(), Some(Micros(WITHIN)));
        assert_eq!(asked.overdue(Micros(WITHIN - 1)), Overdue::default());
        let overdue = asked.overdue(Micros(WITHIN));
        assert_eq!(overdue.again, BTreeSet::from([place("ob_l1", "B")]));
        asked.ask(Micros(WITHIN), overdue.again, true);
        let overdue = asked.overdue(Micros(2 * WITHIN));
        assert_eq!((overdue.missing.len(), overdue.again.len()), (1, 0));
        assert!(asked.is_empty() && asked.next_at().is_none());
    }

    #[test]
    fn a_private_channel_is_granted_whole() {
        let mut private = asked(&[("orders", "all"), ("positions", "all")]);
        private.answered(&[row("orders", &["all"], None)]);
        assert_eq!(left(&mut private), [place("positions", "all")]);
        let mut listed = asked(&[("orders", "all")]);
        listed.answered(&[row("orders", &[], None)]);
        assert!(listed.is_empty());
    }

    #[test]
    fn a_frame_confirms_its_subscription_and_no_other() {
        let mut asked = asked(&[("ob_l1", "A"), ("ob_l1", "B"), ("mark_price", "MARK:A")]);
        asked.heard("ob_l1", "A");
        asked.heard("mark_price", "A");
        assert_eq!(left(&mut asked), [place("ob_l1", "B")]);
    }

    #[test]
    fn too_many_at_once_are_asked_for_one_by_one_and_what_is_refused_alone_is_refused() {
        let words = Some("subscription forbidden on this channel with more than 1 symbol");
        let mut one = asked(&[("ob_l2", "A"), ("ob_l2", "B"), ("ob_l1", "A")]);
        let split = one.answered(&[row("ob_l1", &["A"], None), row("ob_l2", &[], words)]);
        assert_eq!(split, BTreeSet::from([place("ob_l2", "A"), place("ob_l2", "B")]));
        one.ask(Micros(1), split, true);
        assert_eq!(one.answered(&[row("ob_l2", &[], words)]), BTreeSet::new(), "never again and again");
        let mut other = asked(&[("ob_l2", "A"), ("ob_l2", "B")]);
        let forbidden = Some("subscription forbidden on this invalid channel");
        assert_eq!(other.answered(&[row("ob_l2", &[], forbidden)]), BTreeSet::new());
        assert!(other.is_empty(), "an answer came");
    }
}
