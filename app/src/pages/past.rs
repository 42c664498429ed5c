//! What Analytics, Trades and the page of a session share: names as people know them, money that stands still, the
//! period picker, and where a list of finished sessions leads.

use leptos::prelude::*;
use model::{Decimal, ExecutionMode, ExitReason, Micros, Money};

use crate::format;
use crate::history_query::HistoryQuery;
pub use model::preset::display_name as configuration_name;

pub const PERIODS: [(&str, &str); 4] =
    [("today", "Today"), ("7d", "7 days"), ("30d", "30 days"), ("all", "All")];

/// Why it ended, as people call it: a rule by its label.
pub fn reason_name(reason: Option<ExitReason>) -> String {
    let Some(reason) = reason else { return "No reason kept".to_owned() };
    match reason {
        ExitReason::Operator => "Stopped by hand".to_owned(),
        ExitReason::Trailing => "Trailing floor".to_owned(),
        ExitReason::Time => "Square off".to_owned(),
        ExitReason::Signal => "Strategy signal".to_owned(),
        ExitReason::MaxLoss
        | ExitReason::LegStop
        | ExitReason::DayLoss
        | ExitReason::Margin
        | ExitReason::Liquidation
        | ExitReason::TrailingRestart
        | ExitReason::MaxProfit
        | ExitReason::Drained
        | ExitReason::Panic
        | ExitReason::VenueStop
        | ExitReason::Settlement
        | ExitReason::EntryFailed
        | ExitReason::Error => format::words(reason.word()),
    }
}

pub fn mode_name(mode: ExecutionMode) -> &'static str {
    match mode {
        ExecutionMode::Simulated => "Simulation",
        ExecutionMode::Live => "Live",
    }
}

/// Money with sign, arrow and colour; what is not known says so.
pub fn money(money: Option<Money>) -> AnyView {
    match money {
        Some(amount) => view! { <span class="money" data-sign=format::sign_of(money)>{format::signed(amount)}</span> }
            .into_any(),
        None => view! { <span class="tag" data-tone="doubt" title="A closing price is missing: nobody knows what it made.">"unknown"</span> }
            .into_any(),
    }
}

/// A fraction as `70.3 %`.
pub fn percent(fraction: Decimal) -> String {
    let percent = fraction.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(fraction).round_dp(1);
    let text = format!("{:.1} %", percent.abs());
    if percent < Decimal::ZERO { format!("−{text}") } else { text }
}

/// A length of time in milliseconds as people read it: `8 s`, `49 m 10 s`, `4 h 00 m`, `3 d 4 h`.
pub fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    match seconds {
        0..60 => format!("{}.{} s", seconds, ms.max(0) / 100 % 10),
        60..3_600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {:02} m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// `5 Jan 2022`, UTC.
pub fn date(at: Micros) -> String {
    let text = format::day(at);
    text.rsplit_once(' ').map_or_else(String::new, |(day, _)| day.to_owned())
}

/// `2022-01-05`, UTC.
pub fn iso_day(at: Micros) -> String {
    at.to_rfc3339().get(..10).unwrap_or_default().to_owned()
}

/// The end of a form of filters.
pub fn show_or_clear(path: &'static str) -> AnyView {
    view! {
        <span class="buttons">
            <button class="button primary">"Show"</button>
            <a class="button quiet" href=path>"Clear"</a>
        </span>
    }
    .into_any()
}

/// Links that change the period and keep every other filter.
pub fn period_picker(query: &HistoryQuery, path: &'static str) -> AnyView {
    let dated = !query.from.is_empty() || !query.to.is_empty();
    let chosen = if query.period.is_empty() { "all" } else { query.period.as_str() };
    let links = PERIODS
        .map(|(word, name)| {
            let current = (!dated && chosen == word).then_some("true");
            view! { <a href=query.during(word).to_href(path) aria-current=current>{name}</a> }
        })
        .collect_view();
    view! { <div class="segments" role="group" aria-label="Period">{links}</div> }.into_any()
}

/// A labelled choice of a filter form; a value that is set and not offered stands in it all the same.
pub fn choice(
    label: &'static str,
    name: &'static str,
    value: &str,
    options: Vec<(String, String)>,
) -> AnyView {
    let known = value.is_empty() || options.iter().any(|(word, _)| word == value);
    let stranger = (!known).then(|| (value.to_owned(), value.to_owned()));
    let options = [("".to_owned(), "any".to_owned())]
        .into_iter()
        .chain(options)
        .chain(stranger)
        .map(|(word, text)| {
            let selected = word == value;
            view! { <option value=word selected=selected>{text}</option> }
        })
        .collect_view();
    view! {
        <label class="field" data-set=(!value.is_empty()).then_some("")>
            {label}<select class="input" name=name>{options}</select>
        </label>
    }
    .into_any()
}

/// A day of a filter form; a time that is more than a day stays as it was written.
pub fn day_field(label: &'static str, name: &'static str, value: &str) -> AnyView {
    let kind = if matches!(value.len(), 0 | 10) { "date" } else { "text" };
    view! {
        <label class="field" data-set=(!value.is_empty()).then_some("")>
            {label}<input class="input" type=kind name=name value=value.to_owned()/>
        </label>
    }
    .into_any()
}

/// What a form sends along without showing it.
pub fn hidden(name: &'static str, value: &str) -> Option<AnyView> {
    (!value.is_empty()).then(|| view! { <input type="hidden" name=name value=value.to_owned()/> }.into_any())
}

/// The names of a list with their words.
pub fn named(names: &[String], name: impl Fn(&str) -> String) -> Vec<(String, String)> {
    names.iter().map(|word| (word.clone(), name(word))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_fractions_read_as_people_write_them() {
        for (ms, text) in [
            (400, "0.4 s"),
            (61_000, "1 m 01 s"),
            (2_950_000, "49 m 10 s"),
            (14_400_000, "4 h 00 m"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(span(ms), text);
        }
        let dec = |text: &str| text.parse::<Decimal>().expect("a decimal");
        assert_eq!((percent(dec("0.703125")), percent(dec("-0.05"))), ("70.3 %".into(), "−5.0 %".into()));
    }

    #[test]
    fn a_configuration_has_the_name_of_its_preset() {
        for (name, shown) in [
            ("quick-strangle", "Short strangle BTC · quick"),
            ("quick-strangle-edited", "Short strangle BTC · quick, edited"),
            ("mine", "mine"),
            ("mine-edited", "mine-edited"),
        ] {
            assert_eq!(configuration_name(name), shown);
        }
        let at = Micros::parse_rfc3339("2022-01-05T12:18:44Z").expect("a time");
        assert_eq!((date(at), iso_day(at)), ("5 Jan 2022".to_owned(), "2022-01-05".to_owned()));
    }
}
