//! The filters: a plain form whose fields are the address's query.

use leptos::prelude::*;
use model::configuration::Strategy;
use model::{ExecutionMode, ExitReason};

use super::PATH;
use crate::format;
use crate::history_query::HistoryQuery;
use crate::pages::past::{
    choice, configuration_name, day_field, hidden, mode_name, named, reason_name, show_or_clear,
};
use crate::port::Choices;

const RESULTS: [(&str, &str); 6] = [
    ("traded", "in the market"),
    ("won", "won"),
    ("lost", "lost"),
    ("even", "at 0.00"),
    ("unknown", "unknown"),
    ("untraded", "never in the market"),
];

pub fn filters(query: &HistoryQuery, choices: &Choices) -> AnyView {
    let pair = |word: &str, name: String| (word.to_owned(), name);
    let strategies = [Strategy::ShortStrangle, Strategy::ShortStraddle]
        .map(|strategy| pair(strategy.word(), format::words(strategy.word())))
        .to_vec();
    let modes =
        ExecutionMode::ALL.iter().map(|mode| pair(mode.word(), mode_name(*mode).to_owned())).collect();
    let reasons =
        ExitReason::ALL.iter().map(|reason| pair(reason.word(), reason_name(Some(*reason)))).collect();
    let results = RESULTS.map(|(word, name)| pair(word, name.to_owned())).to_vec();
    view! {
        <form class="filters" method="get" action=PATH role="search" aria-label="Filters">
            {hidden("period", &query.period)}
            {hidden("sort", &query.sort)}
            {hidden("limit", &query.limit)}
            {day_field("From", "from", &query.from)}
            {day_field("To", "to", &query.to)}
            {choice("Strategy", "strategy_id", &query.strategy_id, strategies)}
            {choice("Configuration", "configuration", &query.configuration, named(&choices.configurations, configuration_name))}
            {choice("Mode", "execution_mode", &query.execution_mode, modes)}
            {choice("Underlying", "underlying", &query.underlying, named(&choices.underlyings, str::to_owned))}
            {choice("Exit reason", "exit_reason", &query.exit_reason, reasons)}
            {choice("Result", "result", &query.result, results)}
            {show_or_clear(PATH)}
        </form>
    }
    .into_any()
}
