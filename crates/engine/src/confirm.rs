//! Confirmation: a rule fires on the breaching evaluation that comes long enough after the last counted one;
//! those in between do not count, and one that does not breach starts over.

use model::Micros;
use model::session::Breach;

/// How many breaches are needed and how far apart they must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Confirmation {
    pub needed: u32,
    pub gap: Micros,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// Does not breach and did not.
    Holds,
    /// Does not breach any more.
    Cleared,
    /// Breaches; this evaluation is counted.
    Counted(Breach),
    /// Breaches, too soon after the last counted one.
    Waiting(Breach),
    Fires,
}

pub(crate) fn confirm(known: Option<&Breach>, breaches: bool, now: Micros, rule: Confirmation) -> Confirmed {
    match (known, breaches) {
        (None, false) => Confirmed::Holds,
        (Some(_), false) => Confirmed::Cleared,
        (None, true) if rule.needed <= 1 => Confirmed::Fires,
        (None, true) => Confirmed::Counted(Breach { first_at: now, last_at: now, count: 1 }),
        (Some(breach), true) if now.0 - breach.last_at.0 < rule.gap.0 => Confirmed::Waiting(*breach),
        (Some(breach), true) if breach.count + 1 >= rule.needed => Confirmed::Fires,
        (Some(breach), true) => {
            Confirmed::Counted(Breach { last_at: now, count: breach.count + 1, ..*breach })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWICE: Confirmation = Confirmation { needed: 2, gap: Micros(200_000) };

    fn at(first: i64) -> Breach {
        Breach { first_at: Micros(first), last_at: Micros(first), count: 1 }
    }

    #[test]
    fn a_second_breach_fires_only_after_the_gap() {
        for (known, breaches, now, expected) in [
            (None, false, 0, Confirmed::Holds),
            (None, true, 5, Confirmed::Counted(at(5))),
            (Some(at(0)), true, 199_999, Confirmed::Waiting(at(0))),
            (Some(at(0)), true, 200_000, Confirmed::Fires),
            (Some(at(0)), false, 150_000, Confirmed::Cleared),
        ] {
            assert_eq!(confirm(known.as_ref(), breaches, Micros(now), TWICE), expected, "at {now}");
        }
    }

    #[test]
    fn a_rule_that_needs_one_breach_fires_at_the_first() {
        let once = Confirmation { needed: 1, ..TWICE };
        assert_eq!(confirm(None, true, Micros(5), once), Confirmed::Fires);
        assert_eq!(confirm(Some(&at(0)), true, Micros(200_000), once), Confirmed::Fires);
    }

    #[test]
    fn three_are_counted_one_by_one() {
        let thrice = Confirmation { needed: 3, ..TWICE };
        let second = Breach { first_at: Micros(0), last_at: Micros(300_000), count: 2 };
        assert_eq!(confirm(Some(&at(0)), true, Micros(300_000), thrice), Confirmed::Counted(second));
        assert_eq!(confirm(Some(&second), true, Micros(500_000), thrice), Confirmed::Fires);
    }
}
