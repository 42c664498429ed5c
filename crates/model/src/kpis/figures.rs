//! The figures over some spans, as they are shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::Micros;

use super::{GapTime, Histogram, LinkTime, OrderCounts, OrderLife, RecordCounts, Span, TrailingCounts};

/// Percentiles of lengths of time, in microseconds; `None`: nothing was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speed {
    pub count: u64,
    pub p50_us: Option<u64>,
    pub p90_us: Option<u64>,
    pub p99_us: Option<u64>,
    pub most_us: Option<u64>,
}

impl Speed {
    fn of(histogram: &Histogram) -> Self {
        Self {
            count: histogram.count(),
            p50_us: histogram.per_mille(500),
            p90_us: histogram.per_mille(900),
            p99_us: histogram.per_mille(990),
            most_us: histogram.most(),
        }
    }
}

/// Calls of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFigures {
    /// Method and path.
    pub call: String,
    pub calls: u64,
    /// Those that were not `ok`.
    pub failed: u64,
    pub outcomes: BTreeMap<String, u64>,
    pub latency: Speed,
}

/// How long a stream was up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub stream: String,
    /// Of a million; `None`: it was not watched.
    pub up_ppm: Option<i64>,
    pub up_ms: i64,
    pub watched_ms: i64,
    pub losses: u64,
}

/// How long an instrument brought no data while it was watched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapFigures {
    pub symbol: String,
    #[serde(flatten)]
    pub gaps: GapTime,
}

/// How orders fared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFigures {
    pub submitted: u64,
    pub filled: u64,
    pub canceled: u64,
    pub rejected: u64,
    pub denied: u64,
    pub ambiguous: u64,
    pub never_sent: u64,
    /// From the decision to the venue's word, and until all was filled.
    pub acknowledged: Speed,
    pub done: Speed,
    /// The latest that ended, newest first.
    pub timelines: Vec<OrderLife>,
}

/// Answer of `GET /api/v1/kpis`, but for what is known of browsers and the forwarder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kpis {
    /// The span that was asked for, the end excluded.
    pub from: Micros,
    pub to: Micros,
    /// From when anything is known; `None`: nothing is.
    pub known_from: Option<Micros>,
    pub orders: OrderFigures,
    pub trailing: TrailingCounts,
    pub venue: Vec<CallFigures>,
    pub streams: Vec<Share>,
    /// By instrument.
    #[serde(default)]
    pub gaps: Vec<GapFigures>,
    pub records: RecordCounts,
}

/// The figures over the spans that begin within `from` and `to`.
pub fn kpis<'a>(spans: impl Iterator<Item = &'a Span>, from: Micros, to: Micros) -> Kpis {
    let (mut whole, mut known_from) = (Span::default(), None);
    for span in spans {
        known_from = known_from.or(Some(span.at));
        if span.at >= from && span.at < to {
            whole.add(span);
        }
    }
    Kpis {
        from,
        to,
        known_from,
        orders: orders(&whole.orders, whole.lives),
        trailing: whole.trailing,
        venue: whole.calls.iter().map(|(call, calls)| call_figures(call, calls)).collect(),
        streams: whole.links.iter().map(|(stream, time)| share(stream, time)).collect(),
        gaps: whole.gaps.into_iter().map(|(symbol, gaps)| GapFigures { symbol, gaps }).collect(),
        records: whole.records,
    }
}

fn orders(counts: &OrderCounts, mut timelines: Vec<OrderLife>) -> OrderFigures {
    timelines.reverse();
    OrderFigures {
        submitted: counts.submitted,
        filled: counts.filled,
        canceled: counts.canceled,
        rejected: counts.rejected,
        denied: counts.denied,
        ambiguous: counts.ambiguous,
        never_sent: counts.never_sent,
        acknowledged: Speed::of(&counts.acknowledged),
        done: Speed::of(&counts.done),
        timelines,
    }
}

fn call_figures(call: &str, calls: &super::Calls) -> CallFigures {
    let all = calls.outcomes.values().sum();
    let ok = calls.outcomes.get("ok").copied().unwrap_or_default();
    CallFigures {
        call: call.to_owned(),
        calls: all,
        failed: all - ok,
        outcomes: calls.outcomes.clone(),
        latency: Speed::of(&calls.latency),
    }
}

fn share(stream: &str, time: &LinkTime) -> Share {
    let ppm = i128::from(time.up_us) * 1_000_000 / i128::from(time.watched_us.max(1));
    Share {
        stream: stream.to_owned(),
        up_ppm: (time.watched_us > 0).then(|| i64::try_from(ppm).unwrap_or(0)),
        up_ms: time.up_us / 1_000,
        watched_ms: time.watched_us / 1_000,
        losses: time.losses,
    }
}
