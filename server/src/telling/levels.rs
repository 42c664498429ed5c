//! Which records are told: a level for everything, and levels for single targets, which people set for a while. Asked of
//! every record, so the usual answer costs one comparison.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use telemetry::{Level, Source};

/// The name of what libraries say.
pub(super) const LIBRARIES: &str = "task.log";

/// What a target is: a whole source (`frontend`), a family (`venue`), or one event (`venue.request`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetLevel {
    pub target: String,
    pub level: Level,
}

/// The levels of now.
pub(super) struct Levels {
    usual: Level,
    /// The lowest of all: what lies below it needs no second look.
    lowest: AtomicU8,
    /// Whether there is any target with a level of its own.
    targets: RwLock<Arc<[TargetLevel]>>,
}

impl Levels {
    pub fn new(usual: Level) -> Self {
        let targets = RwLock::new(Arc::from(Vec::new()));
        Self { usual, lowest: AtomicU8::new(usual as u8), targets }
    }

    pub const fn usual(&self) -> Level {
        self.usual
    }

    /// Puts these in place of the ones before.
    pub fn set(&self, targets: Vec<TargetLevel>) {
        let lowest =
            targets.iter().map(|target| target.level).min().map_or(self.usual, |low| low.min(self.usual));
        *self.targets.write().unwrap_or_else(PoisonError::into_inner) = Arc::from(targets);
        self.lowest.store(lowest as u8, Ordering::Relaxed);
    }

    /// The level of what libraries say, and whether somebody set it by its name.
    pub fn of_libraries(&self) -> (Level, bool) {
        let targets = Arc::clone(&self.targets.read().unwrap_or_else(PoisonError::into_inner));
        let of = |word: &str| targets.iter().find(|target| target.target == word).map(|target| target.level);
        let asked_for = of(LIBRARIES).or_else(|| of(family(LIBRARIES)));
        let level = asked_for.or_else(|| of(Source::Backend.as_str())).unwrap_or(self.usual);
        (level, asked_for.is_some())
    }

    /// Whether any record of this level is told.
    pub fn any(&self, level: Level) -> bool {
        level as u8 >= self.lowest.load(Ordering::Relaxed)
    }

    /// Whether this record is told. The most exact target counts: its event, its family, its source. Audit records, errors and
    /// what happens to orders, exits and panics cannot be left out by a target.
    pub fn passes(&self, name: &str, source: Source, level: Level) -> bool {
        if !self.any(level) {
            return false;
        }
        let targets = Arc::clone(&self.targets.read().unwrap_or_else(PoisonError::into_inner));
        if targets.is_empty() {
            return level >= self.usual;
        }
        let family = family(name);
        let of = |word: &str| targets.iter().find(|target| target.target == word).map(|target| target.level);
        let Some(asked) = of(name).or_else(|| of(family)).or_else(|| of(source.as_str())) else {
            return level >= self.usual;
        };
        level >= asked || (is_protected(family, source, level) && level >= self.usual)
    }
}

/// `venue` of `venue.request`.
pub(crate) fn family(name: &str) -> &str {
    name.split_once('.').map_or(name, |(family, _)| family)
}

fn is_protected(family: &str, source: Source, level: Level) -> bool {
    source == Source::Audit || level >= Level::Error || matches!(family, "order" | "exit" | "panic" | "alert")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(target: &str, level: Level) -> TargetLevel {
        TargetLevel { target: target.to_owned(), level }
    }

    #[test]
    fn the_most_exact_target_counts_and_the_rest_is_as_usual() {
        let levels = Levels::new(Level::Info);
        assert!(!levels.any(Level::Debug));
        levels.set(vec![
            target("venue", Level::Warn),
            target("venue.request", Level::Debug),
            target("backend", Level::Trace),
        ]);
        let passes = |name: &str, level| levels.passes(name, Source::Backend, level);
        assert!(passes("venue.request", Level::Debug) && !passes("venue.request", Level::Trace));
        assert!(!passes("venue.clock_measured", Level::Info) && passes("venue.clock_measured", Level::Warn));
        assert!(passes("cycle.started", Level::Trace), "by its source");
        assert!(!levels.passes("ui.click", Source::Frontend, Level::Debug));
        levels.set(Vec::new());
        assert!(!passes("cycle.started", Level::Debug) && passes("venue.clock_measured", Level::Info));
    }

    #[test]
    fn no_target_leaves_out_audit_errors_orders_exits_or_panics() {
        let levels = Levels::new(Level::Info);
        levels.set(
            ["auth", "venue", "order", "exit", "panic", "audit", "backend"]
                .map(|word| target(word, Level::Fatal))
                .to_vec(),
        );
        for (name, source, level) in [
            ("auth.signed_in", Source::Audit, Level::Info),
            ("venue.request", Source::Backend, Level::Error),
            ("order.filled", Source::Backend, Level::Info),
            ("exit.decided", Source::Backend, Level::Info),
            ("panic.unblocked", Source::Backend, Level::Info),
        ] {
            assert!(levels.passes(name, source, level), "{name}");
        }
        assert!(!levels.passes("venue.request", Source::Backend, Level::Warn));
        assert!(
            !levels.passes("order.filled", Source::Backend, Level::Debug),
            "the usual level holds for them too"
        );
    }
}
