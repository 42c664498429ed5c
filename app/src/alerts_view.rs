//! Alerts as pages show them: what fires, what was done about it, which rules watch.

use telemetry::Micros;

/// What changes while a page is open; a part of every strip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertsOpen {
    /// Neither acknowledged nor silent.
    pub unread: usize,
    /// One of the unread is critical.
    pub critical: bool,
    /// The most severe first, then the latest.
    pub open: Vec<AlertView>,
    pub as_of: Micros,
}

/// One alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertView {
    pub id: String,
    pub title: String,
    pub critical: bool,
    /// A session, a strategy, `account`; empty when the title says it all.
    pub subject: String,
    pub message: String,
    pub advice: String,
    /// When its rule fires.
    pub fires: String,
    /// Of its section in the runbook.
    pub anchor: String,
    pub count: u64,
    pub fired_at: Micros,
    pub last_at: Micros,
    pub acknowledged: Option<(String, Micros)>,
    pub resolved: Option<(Micros, String)>,
    pub silence: Option<SilenceView>,
    pub escalates_at: Option<Micros>,
    pub receipts: Vec<ReceiptView>,
    pub session_id: Option<String>,
    pub correlation_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SilenceView {
    pub until: Micros,
    pub by: String,
    pub reason: String,
}

/// What became of the last message of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptView {
    pub channel: String,
    pub at: Micros,
    pub words: String,
    pub delivered: bool,
    pub attempts: u32,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleView {
    pub word: String,
    pub title: String,
    pub critical: bool,
    pub fires: String,
    pub window_us: i64,
    /// What it reads now, or why nothing is known.
    pub value: Result<String, String>,
    /// When that was learnt.
    pub value_at: Option<Micros>,
    pub evaluated_at: Option<Micros>,
    pub fired_at: Option<Micros>,
    /// Alerts of it that nobody has acknowledged, and the others.
    pub firing: usize,
    pub acknowledged: usize,
    pub silence: Option<SilenceView>,
    pub silence_most_us: i64,
    pub anchor: String,
}

/// What became of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldView {
    pub channel: String,
    /// `fired`, `escalated`, `resolved` or `test`.
    pub kind: String,
    pub title: String,
    pub at: Micros,
    pub words: String,
    pub delivered: bool,
    pub attempts: u32,
}

/// Where alerts go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelView {
    pub word: String,
    pub title: String,
    /// Where it goes; `None`: it is not set, or cannot be used.
    pub to: Option<String>,
    /// Why it cannot be used.
    pub problem: Option<String>,
    /// The last message.
    pub last: Option<ToldView>,
}

/// What Alerts paints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertsPaint {
    pub open: AlertsOpen,
    pub rules: Vec<RuleView>,
    /// `None`: what has ended cannot be read.
    pub ended: Option<Vec<AlertView>>,
    pub told: Option<Vec<ToldView>>,
    pub channels: Vec<ChannelView>,
}
