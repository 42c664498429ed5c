//! Which trading session a line belongs to that names none itself: streams, databases, tasks, calls of the venue and
//! requests of people. The driver notes what runs; everybody reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use model::{Session, TradingState};
use telemetry::{Context, Micros};

use crate::clock;

/// A session that is over is still spoken of for so long: its last read, its streams that are given up.
const LINGER: Micros = Micros(60_000_000);
/// Sessions that are kept in mind, over or not.
const KEPT: usize = 500;

/// The sessions of this process; cheap to clone.
#[derive(Clone, Default)]
pub struct SessionContext(Arc<RwLock<BTreeMap<String, Known>>>);

/// One session, as far as telling needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    /// Without a correlation id.
    context: Context,
    /// Instruments of all its rounds.
    symbols: BTreeSet<String>,
    from: Micros,
    /// When it was over.
    until: Option<Micros>,
}

impl Known {
    fn of(session: &Session) -> Self {
        let legs = session.rounds.iter().flat_map(|round| &round.legs);
        Self {
            context: context_of(session),
            symbols: legs.map(|leg| leg.instrument.symbol.0.clone()).collect(),
            from: session.started_at,
            until: session.ended_at.filter(|_| session.is_over()),
        }
    }

    fn is_active(&self, at: Micros) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    fn is_spoken_of(&self, at: Micros) -> bool {
        self.from <= at && self.until.is_none_or(|until| at.0 <= until.0.saturating_add(LINGER.0))
    }

    fn has_all(&self, symbols: &[String]) -> bool {
        !symbols.is_empty() && symbols.iter().all(|symbol| self.symbols.contains(symbol))
    }
}

/// The one that was found, unless there are others.
fn only(mut found: Vec<&Known>) -> Option<&Known> {
    found.pop().filter(|_| found.is_empty())
}

/// The trading context of a session.
#[must_use]
pub fn context_of(session: &Session) -> Context {
    Context {
        strategy_id: Some(session.configuration.strategy_id.word().to_owned()),
        session_id: Some(session.id.0.clone()),
        configuration: Some(session.configuration.name.clone()),
        execution_mode: Some(session.execution_mode.word().to_owned()),
        correlation_id: None,
    }
}

impl SessionContext {
    /// Takes in the sessions as they are by now.
    pub fn note(&self, state: &TradingState) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for session in state.sessions.values() {
            known.insert(session.id.0.clone(), Known::of(session));
        }
        while known.len() > KEPT {
            let ended = known.iter().filter_map(|(id, known)| Some((known.until?, id.clone())));
            let Some((_, oldest)) = ended.min() else { return };
            known.remove(&oldest);
        }
    }

    /// Keeps in mind a session of long ago that was looked up.
    pub fn remember(&self, context: Context) {
        let Some(id) = context.session_id.clone() else { return };
        let known = Known {
            context: Context { correlation_id: None, ..context },
            symbols: BTreeSet::new(),
            // No line without an id is about it any more.
            from: Micros(i64::MAX),
            until: Some(Micros(i64::MAX)),
        };
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() < KEPT {
            all.entry(id).or_insert(known);
        }
    }

    /// The context of a session by its id, over or not.
    #[must_use]
    pub fn of(&self, session_id: &str) -> Option<Context> {
        self.read(|known| known.get(session_id).map(|known| known.context.clone()))
    }

    /// To whom a line of that moment belongs: the only session that ran; else, of those that run or were just over, the
    /// only one that has all its symbols; else, when nothing runs and `lingers`, the one that was over last.
    #[must_use]
    pub fn at(&self, at: Micros, symbols: &[String], lingers: bool) -> Context {
        self.read(|known| {
            let spoken_of = || known.values().filter(|known| known.is_spoken_of(at));
            let active: Vec<&Known> = spoken_of().filter(|known| known.is_active(at)).collect();
            let rests = active.is_empty();
            let found = only(spoken_of().filter(|known| known.has_all(symbols)).collect())
                .or_else(|| only(active))
                .or_else(|| spoken_of().max_by_key(|known| known.until).filter(|_| rests && lingers));
            found.map(|known| known.context.clone()).unwrap_or_default()
        })
    }

    /// The context of a line of now, under a correlation id.
    #[must_use]
    pub fn under(&self, correlation_id: &str) -> Context {
        Context { correlation_id: Some(correlation_id.to_owned()), ..self.at(clock::now(), &[], true) }
    }

    /// The same for a line about some symbols.
    #[must_use]
    pub fn about(&self, symbols: &[String], correlation_id: &str) -> Context {
        Context { correlation_id: Some(correlation_id.to_owned()), ..self.at(clock::now(), symbols, true) }
    }

    /// Fills in what a context lacks that knows its session's id and no more.
    #[must_use]
    pub fn completed(&self, context: Context) -> Context {
        let lacks = context.strategy_id.is_none() || context.execution_mode.is_none();
        let known = context.session_id.as_deref().filter(|_| lacks).and_then(|id| self.of(id));
        match known {
            Some(known) => Context { correlation_id: context.correlation_id, ..known },
            None => context,
        }
    }

    fn read<T>(&self, look: impl FnOnce(&BTreeMap<String, Known>) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(id: &str, symbols: &[&str], from: i64, until: Option<i64>) -> (String, Known) {
        let known = Known {
            context: Context { session_id: Some(id.to_owned()), ..Context::default() },
            symbols: symbols.iter().map(|symbol| (*symbol).to_owned()).collect(),
            from: Micros(from * 1_000_000),
            until: until.map(|until| Micros(until * 1_000_000)),
        };
        (id.to_owned(), known)
    }

    #[test]
    fn a_line_belongs_to_whoever_ran_or_was_just_over() {
        let book = SessionContext(Arc::new(RwLock::new(BTreeMap::from([
            known("a", &["C1", "P1"], 10, Some(20)),
            known("b", &["C2", "P2"], 90, Some(100)),
            known("c", &["C3"], 95, None),
        ]))));
        for (second, symbols, lingers, expected) in [
            (5, &[] as &[&str], true, None),
            (15, &[], false, Some("a")),
            (15, &["X"], false, Some("a")),
            (25, &[], true, Some("a")),
            (25, &[], false, None),
            (25, &["C1"], false, Some("a")),
            (81, &["C1"], true, None),
            (92, &[], true, Some("b")),
            (97, &[], true, None),
            (97, &["C3"], true, Some("c")),
            (97, &["C2", "P2"], true, Some("b")),
            (97, &["C2", "C3"], true, None),
            (110, &["P2"], true, Some("b")),
            (110, &[], true, Some("c")),
        ] {
            let symbols: Vec<String> = symbols.iter().map(|symbol| (*symbol).to_owned()).collect();
            let found = book.at(Micros(second * 1_000_000), &symbols, lingers);
            assert_eq!(found.session_id.as_deref(), expected, "at {second} s, {symbols:?}, {lingers}");
        }
    }

    #[test]
    fn a_session_of_long_ago_is_known_by_its_id_alone() {
        let book = SessionContext::default();
        let bare = Context { session_id: Some("s".to_owned()), ..Context::correlated("trace") };
        assert_eq!(book.completed(bare.clone()), bare);
        let whole = Context {
            strategy_id: Some("short_strangle".to_owned()),
            configuration: Some("n".to_owned()),
            execution_mode: Some("simulated".to_owned()),
            ..bare.clone()
        };
        book.remember(whole.clone());
        assert_eq!(book.completed(bare), whole);
        assert_eq!(book.at(Micros(1), &[], true), Context::default());
    }
}
