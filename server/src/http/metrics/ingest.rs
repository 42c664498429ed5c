//! What was counted at `POST /api/logs`, by code and reason, and its histograms.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::ingest::{Counts, Histogram};

/// `lost`: numbers of tabs that nothing accounts for; `None`: not known.
pub(super) fn text(counts: &Counts, lost: Option<u64>) -> String {
    let mut text = String::new();
    let labelled: [(&str, &str, &str, BTreeMap<&'static str, u64>); 3] = [
        ("rejected", "code", "Browser records refused in accepted batches.", counts.rejected_by_code()),
        ("refused", "code", "Requests with browser records refused as a whole.", counts.refused_by_code()),
        ("declared_drops", "reason", "Calls that browsers dropped.", counts.dropped_by_reason()),
    ];
    for (name, label, help, by) in labelled {
        head(&mut text, &format!("{name}_total"), "counter", help);
        for (word, count) in by {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "deltascope_ingest_{name}_total{{{label}=\"{word}\"}} {count}");
        }
    }
    if let Some(lost) = lost {
        let help = "Calls of browsers that neither arrived nor were declared, or are on their way.";
        head(&mut text, "unexplained_loss", "gauge", help);
        let _ = writeln!(text, "deltascope_ingest_unexplained_loss {lost}");
    }
    for (name, help, histogram) in [
        ("skew_seconds", "How far the clocks of browsers are off, by batch.", &counts.skew),
        ("lag_seconds", "From the latest record of a batch to its commit.", &counts.lag),
        ("commit_seconds", "From a request to its commit.", &counts.commit),
    ] {
        head(&mut text, name, "histogram", help);
        buckets(&mut text, name, histogram);
    }
    text
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP deltascope_ingest_{name} {help}\n# TYPE deltascope_ingest_{name} {kind}");
}

fn buckets(text: &mut String, name: &str, histogram: &Histogram) {
    let mut all = 0;
    for (bound, count) in histogram.up_to() {
        let bound = if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() };
        let _ = writeln!(text, "deltascope_ingest_{name}_bucket{{le=\"{bound}\"}} {count}");
        all = count;
    }
    let _ = writeln!(text, "deltascope_ingest_{name}_sum {}", histogram.sum());
    let _ = writeln!(text, "deltascope_ingest_{name}_count {all}");
}
