//! Which of several sessions the panels show: the one that the address names, else the one shown before, else
//! the most severe and then the latest. The panels never change under a hand without saying so. Pure.

use model::view::SessionChip;
use model::{Exposure, Micros, SessionId};

/// A session that can be shown, as far as the choice looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    id: SessionId,
    severity: (u8, bool),
    started_at: Micros,
}

impl Candidate {
    pub fn of(chip: &SessionChip) -> Self {
        Self {
            id: chip.session_id.clone(),
            severity: (chip.lifecycle.severity(), chip.exposure == Exposure::Unknown),
            started_at: chip.started_at,
        }
    }
}

/// What is shown, and what no longer can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// `None` while no session has ever run.
    pub id: Option<SessionId>,
    /// What was asked for or shown before, and is not there any more.
    pub gone: Option<SessionId>,
    /// What the address named.
    asked: Option<SessionId>,
}

/// Chooses among `there`. `wanted` is what the address names.
pub fn choose(there: &[Candidate], wanted: Option<&SessionId>, before: Option<&Choice>) -> Choice {
    let is_there = |id: &&SessionId| there.iter().any(|candidate| candidate.id == **id);
    if let Some(wanted) = wanted.filter(is_there) {
        return Choice { id: Some(wanted.clone()), gone: None, asked: Some(wanted.clone()) };
    }
    let shown = before.and_then(|before| before.id.as_ref());
    let first = || {
        let most = there.iter().max_by_key(|candidate| (candidate.severity, candidate.started_at));
        most.map(|candidate| candidate.id.clone())
    };
    let id = shown.filter(is_there).cloned().or_else(first);
    // What has just gone from the screen is the newest news, then an address that has just been opened.
    let lost = shown.filter(|shown| !is_there(shown));
    let opened = wanted.filter(|wanted| before.is_none_or(|before| before.asked.as_ref() != Some(*wanted)));
    let gone = lost.or(opened).or_else(|| before.and_then(|before| before.gone.as_ref()));
    let gone = gone.filter(|gone| id.is_some() && !is_there(gone)).cloned();
    Choice { id, gone, asked: wanted.cloned() }
}

#[cfg(test)]
mod tests {
    use model::Lifecycle;

    use super::*;

    fn candidate(id: &str, lifecycle: Lifecycle, started_at: i64) -> Candidate {
        Candidate {
            id: SessionId::new(id),
            severity: (lifecycle.severity(), false),
            started_at: Micros(started_at),
        }
    }

    fn choice(id: &str, gone: Option<&str>) -> Choice {
        Choice { id: Some(SessionId::new(id)), gone: gone.map(SessionId::new), asked: None }
    }

    /// What is shown and what is gone.
    fn chosen(there: &[Candidate], wanted: Option<&str>, before: Option<&Choice>) -> Choice {
        let wanted = wanted.map(SessionId::new);
        Choice { asked: None, ..choose(there, wanted.as_ref(), before) }
    }

    fn two() -> [Candidate; 2] {
        [candidate("eth", Lifecycle::Running, 2), candidate("btc", Lifecycle::Running, 1)]
    }

    #[test]
    fn without_a_wish_the_most_severe_comes_first_then_the_latest() {
        assert_eq!(chosen(&two(), None, None), choice("eth", None));
        let [eth, _] = two();
        let worse = [eth, candidate("btc", Lifecycle::NeedsOperator, 1)];
        assert_eq!(chosen(&worse, None, None), choice("btc", None));
        assert_eq!(chosen(&[], None, None), Choice::default());
    }

    #[test]
    fn what_is_shown_stays_until_it_goes_or_another_is_asked_for() {
        let [eth, _] = two();
        let worse = [eth, candidate("btc", Lifecycle::Panicking, 1)];
        assert_eq!(chosen(&worse, None, Some(&choice("eth", None))), choice("eth", None));
        assert_eq!(chosen(&worse, Some("btc"), Some(&choice("eth", None))), choice("btc", None));
    }

    #[test]
    fn one_that_goes_away_is_named_until_another_is_asked_for() {
        let [eth, _] = two();
        let eth = std::slice::from_ref(&eth);
        let after = chosen(eth, Some("btc"), Some(&choice("btc", None)));
        assert_eq!(after, choice("eth", Some("btc")));
        let still = chosen(eth, None, Some(&after));
        assert_eq!(still, after, "the news stays");
        assert_eq!(chosen(eth, Some("eth"), Some(&still)), choice("eth", None));
    }

    #[test]
    fn an_address_of_a_session_that_ended_is_answered() {
        assert_eq!(chosen(&two(), Some("old"), None), choice("eth", Some("old")));
        assert_eq!(chosen(&[], Some("old"), None), Choice::default(), "nothing ran: there is nothing to say");
    }

    #[test]
    fn the_one_that_has_just_gone_is_newer_news_than_the_address() {
        let [eth, btc] = two();
        let old = SessionId::new("old");
        let first = choose(&[eth, btc.clone()], Some(&old), None);
        let btc = std::slice::from_ref(&btc);
        let after = choose(btc, Some(&old), Some(&first));
        assert_eq!(after.gone, Some(SessionId::new("eth")));
        assert_eq!(choose(btc, Some(&old), Some(&after)), after, "and stays so");
        let opened = choose(btc, Some(&SessionId::new("older")), Some(&after));
        assert_eq!(opened.gone, Some(SessionId::new("older")));
    }
}
