//! What the run loop tells of itself: one record a sampled cycle, and legs whose prices come from elsewhere than the
//! stream.

use model::amount::signed;
use model::reading_words::raw;
use model::rules::RuleReading;
use model::valuation::LegWorth;
use model::{ExitReason, Micros, Money};
use serde_json::json;
use telemetry::{CatalogueEntry, Event, Level, Map, Value};

/// One cycle of the run loop: from the stamp of its input to the last decision on it.
#[derive(Clone, Debug)]
pub struct CycleCompleted {
    pub level: Level,
    pub started_at: Micros,
    pub latency_us: u64,
    /// Cycles since the last one that was told, itself among them.
    pub turns: u64,
    /// `held`, `blocked` (a rule cannot be judged), `confirming`, `rules_fire`, `exit_decided`, `closing`.
    pub outcome: &'static str,
    /// Of the decided exit.
    pub reason: Option<ExitReason>,
    /// USD of the underlying that is open.
    pub notional: Money,
    /// USD, if everything were closed now; `None` is unknown.
    pub executable: Option<Money>,
    pub at_mark: Option<Money>,
    pub fees_paid: Money,
    pub fresh: bool,
    /// Rules that were looked at, with their thresholds.
    pub readings: Vec<RuleReading>,
    pub legs: Vec<LegWorth>,
}

/// From where a leg has its quote and its mark: `stream`, `rest_fallback`, `last_known`, `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    pub quote: &'static str,
    pub mark: &'static str,
}

impl Sources {
    pub const STREAM: Self = Self { quote: "stream", mark: "stream" };

    #[must_use]
    pub fn of(leg: &LegWorth) -> Self {
        Self { quote: leg.quote_from(), mark: leg.mark_from() }
    }

    fn words(self) -> String {
        format!("quote from {}, mark from {}", plain(self.quote), plain(self.mark))
    }
}

fn plain(source: &str) -> String {
    match source {
        "none" => "nowhere".to_owned(),
        other => other.replace('_', " "),
    }
}

/// A leg falls back, or is back on the stream.
#[derive(Clone, Debug)]
pub struct LegSource {
    /// `None` when the leg was not looked at before.
    pub before: Option<Sources>,
    pub now: Sources,
    pub leg: LegWorth,
}

impl Event for CycleCompleted {
    fn name(&self) -> &'static str {
        "cycle.completed"
    }

    fn level(&self) -> Level {
        self.level
    }

    fn message(&self) -> String {
        let worth = self.executable.map_or_else(|| "an unknown worth".to_owned(), signed);
        let outcome = match self.reason {
            Some(reason) => format!("{} by {reason}", self.outcome.replace('_', " ")),
            None => self.outcome.replace('_', " "),
        };
        format!("A cycle of {} µs ended: {outcome}, at {worth}.", self.latency_us)
    }

    fn payload(&self) -> Map<String, Value> {
        let ended_at = Micros(self.started_at.0.saturating_add_unsigned(self.latency_us));
        let rules = self.readings.iter().map(|reading| {
            json!({ "rule": reading.rule, "verdict": reading.verdict, "value": reading.value,
                "threshold": reading.threshold, "raw": raw(reading) })
        });
        let legs = self.legs.iter().map(|leg| {
            json!({ "symbol": leg.symbol, "qty": leg.qty, "quote_source": leg.quote_from(),
                "mark_source": leg.mark_from(), "quote_age_ms": leg.quote_age_ms, "mark_age_ms": leg.mark_age_ms })
        });
        let pairs = [
            ("started_at", json!(self.started_at)),
            ("ended_at", json!(ended_at)),
            ("latency_us", json!(self.latency_us)),
            ("outcome", json!(self.outcome)),
            ("reason", json!(self.reason)),
            ("notional", json!(self.notional)),
            ("executable", json!(self.executable)),
            ("at_mark", json!(self.at_mark)),
            ("fees_paid", json!(self.fees_paid)),
            ("fresh", json!(self.fresh)),
            ("thresholds", rules.collect()),
            ("legs", legs.collect()),
            ("cycles", json!(self.turns)),
            ("sampled", json!(model::decision::rules::SAMPLED)),
        ];
        named(pairs)
    }
}

impl Event for LegSource {
    fn name(&self) -> &'static str {
        if self.now == Sources::STREAM { "market.leg_fallback_left" } else { "market.leg_fallback_entered" }
    }

    fn level(&self) -> Level {
        if self.now == Sources::STREAM { Level::Info } else { Level::Warn }
    }

    fn message(&self) -> String {
        let (symbol, now) = (&self.leg.symbol, self.now.words());
        match self.before.filter(|_| self.now == Sources::STREAM) {
            Some(before) => {
                format!("{symbol} has its prices from the stream again, after {}", before.words())
            }
            None => format!("{symbol} has its prices not from the stream: {now}"),
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let before = self.before;
        named([
            ("symbol", json!(self.leg.symbol)),
            ("qty", json!(self.leg.qty)),
            ("quote_source", json!(self.now.quote)),
            ("mark_source", json!(self.now.mark)),
            ("quote_source_before", json!(before.map(|before| before.quote))),
            ("mark_source_before", json!(before.map(|before| before.mark))),
            ("quote_age_ms", json!(self.leg.quote_age_ms)),
            ("mark_age_ms", json!(self.leg.mark_age_ms)),
        ])
    }
}

/// What is unknown is left out.
fn named<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    let known = pairs.into_iter().filter(|(_, value)| !value.is_null());
    known.map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let leg = LegWorth {
        symbol: model::Symbol::from("C-BTC-47000-060122"),
        qty: -200,
        executable: None,
        at_mark: None,
        quote_age_ms: Some(120),
        mark_age_ms: Some(340),
        quote_source: Some(model::market::MarketSource::Stream),
        mark_source: Some(model::market::MarketSource::Stream),
        fresh: true,
    };
    let held = CycleCompleted {
        level: Level::Info,
        started_at: Micros(1_641_470_400_000_000),
        latency_us: 84,
        turns: 10,
        outcome: "held",
        reason: None,
        notional: Money::new(1_844_940, 2),
        executable: Some(Money::new(1_420, 2)),
        at_mark: Some(Money::new(1_652, 2)),
        fees_paid: Money::new(217, 2),
        fresh: true,
        readings: Vec::new(),
        legs: vec![leg.clone()],
    };
    let steady = CycleCompleted { level: Level::Debug, ..held.clone() };
    let left = CycleCompleted { outcome: "exit_decided", reason: Some(ExitReason::Trailing), ..held.clone() };
    let fallback = Sources { quote: "rest_fallback", mark: "rest_fallback" };
    let fell = LegSource { before: Some(Sources::STREAM), now: fallback, leg: leg.clone() };
    let back = LegSource { before: Some(fallback), now: Sources::STREAM, leg };
    let doc = "once a second, at info once a minute and when the outcome changes";
    vec![
        CatalogueEntry::from_sample(&held).with_doc(doc),
        CatalogueEntry::from_sample(&steady),
        CatalogueEntry::from_sample(&left),
        CatalogueEntry::from_sample(&fell)
            .with_doc("a quote or a mark of an open leg comes by polling, or is the last known"),
        CatalogueEntry::from_sample(&back),
    ]
}
