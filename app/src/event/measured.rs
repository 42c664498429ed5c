//! What `measure.js` measures: the document, what people feel of the page, requests by the minute. It names a kind by its
//! number and gives the values of its keys in order.

use telemetry::Level;
use telemetry::client::{FieldValue, Key, Site};

use super::sites::{Taker, site, told, volatile};

/// A measurement of the browser.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub kind: Kind,
    /// One or two texts with a bar between them, or nothing.
    pub text: String,
    pub numbers: Vec<f64>,
}

/// What was measured; the number is the one in `measure.js`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Document,
    Vitals,
    Requests,
    LongTasks,
    LongTask,
    BrokenDocument,
}

const DOCUMENT_KEYS: [Key; 7] = [
    told("navigation"),
    told("cache"),
    told("status_code"),
    volatile("duration_ms"),
    volatile("response_bytes"),
    volatile("files"),
    volatile("files_cached"),
];
/// `cache_age_ms`: how old that was which a reader saw before the document came (`public/recall.js`).
const SEEN_KEYS: [Key; 8] = {
    let [navigation, cache, status, duration, bytes, files, cached] = DOCUMENT_KEYS;
    [navigation, cache, status, duration, bytes, files, cached, volatile("cache_age_ms")]
};
static DOCUMENT: Site = site(
    Level::Info,
    "ui.document_loaded",
    "The document came in {duration_ms} ms (cache: {cache}); {files_cached} of {files} files were there already.",
    &SEEN_KEYS,
);
static BROKEN_DOCUMENT: Site = site(
    Level::Warn,
    "ui.document_loaded",
    "The document came in {duration_ms} ms and says {status_code}.",
    &DOCUMENT_KEYS,
);
static VITALS: Site = site(
    Level::Info,
    "ui.web_vitals",
    "The page was painted after {lcp_ms} ms and moved by {cls_permille} thousandths.",
    &[
        told("navigation"),
        volatile("ttfb_ms"),
        volatile("fcp_ms"),
        volatile("lcp_ms"),
        volatile("cls_permille"),
        volatile("inp_ms"),
    ],
);
static REQUESTS: Site = site(
    Level::Info,
    "ui.requests",
    "{requests} requests to {endpoint} in a minute, {failed} of them failed.",
    &[
        told("endpoint"),
        volatile("histogram"),
        volatile("requests"),
        volatile("failed"),
        volatile("cached"),
        volatile("response_bytes"),
        volatile("latency_ms_sum"),
        volatile("latency_ms_max"),
    ],
);
static LONG_TASKS: Site = site(
    Level::Info,
    "ui.long_tasks",
    "{tasks} long tasks in a minute kept the page busy for {duration_ms_sum} ms.",
    &[volatile("tasks"), volatile("duration_ms_sum"), volatile("duration_ms_max")],
);
static LONG_TASK: Site = site(
    Level::Warn,
    "ui.long_task",
    "The page did not answer for {duration_ms} ms.",
    &[volatile("duration_ms")],
);

impl Measured {
    /// `None`: a script of another build speaks of what this module does not know.
    pub fn read(number: u32, text: String, numbers: Vec<f64>) -> Option<Self> {
        let kind = *Kind::ALL.get(number as usize)?;
        Some(Self { kind, text, numbers })
    }

    pub(super) fn site(&self) -> &'static Site {
        match self.kind {
            Kind::Document => &DOCUMENT,
            Kind::Vitals => &VITALS,
            Kind::Requests => &REQUESTS,
            Kind::LongTasks => &LONG_TASKS,
            Kind::LongTask => &LONG_TASK,
            Kind::BrokenDocument => &BROKEN_DOCUMENT,
        }
    }

    /// Texts first, then numbers, as in the keys.
    pub(super) fn lend_values<'a>(&'a self, take: Taker<'_, 'a>) {
        let texts = self.text.split('|').filter(|text| !text.is_empty()).map(FieldValue::Str);
        let numbers = self.numbers.iter().map(|number| FieldValue::I64(*number as i64));
        take(&texts.chain(numbers).collect::<Vec<_>>());
    }
}

impl Kind {
    /// In the order of their numbers.
    const ALL: [Self; 6] =
        [Self::Document, Self::Vitals, Self::Requests, Self::LongTasks, Self::LongTask, Self::BrokenDocument];
}

/// One of each for EVENTS.md.
pub(super) fn samples() -> [Measured; 6] {
    let sample = |kind, text: &str, numbers: &[f64]| Measured {
        kind,
        text: text.to_owned(),
        numbers: numbers.to_vec(),
    };
    [
        sample(Kind::Document, "navigate|hit", &[200.0, 38.0, 9_120.0, 5.0, 4.0, 42_000.0]),
        sample(Kind::BrokenDocument, "reload|miss", &[404.0, 41.0, 6_200.0, 5.0, 5.0]),
        sample(Kind::Vitals, "navigate", &[31.0, 210.0, 420.0, 4.0, 56.0]),
        sample(Kind::Requests, "/api/v1/pipeline|9 3 0 0 0 0 0 0", &[12.0, 0.0, 0.0, 4_100.0, 240.0, 44.0]),
        sample(Kind::LongTasks, "", &[3.0, 210.0, 96.0]),
        sample(Kind::LongTask, "", &[812.0]),
    ]
}
