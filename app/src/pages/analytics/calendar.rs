//! The result of each day: weeks are columns. Colour repeats what the sign already says.

use std::collections::BTreeMap;

use leptos::prelude::*;
use model::analytics::{DayResult, Report};
use model::state::day_of;
use model::{Decimal, Micros, Money};

use crate::format;
use crate::history_query::HistoryQuery;
use crate::pages::past::{date, iso_day};

const DAY_US: i64 = 86_400_000_000;
/// Weeks of the picture, and of it those that a phone has room for.
const WEEKS: i64 = 14;
const WEEKS_NARROW: i64 = 10;
const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Days since 1970 of the Monday of that day's week; the first of 1970 was a Thursday.
fn monday(day: i64) -> i64 {
    day - (day + 3).rem_euclid(7)
}

/// How strong the colour is: quarters of the largest result.
fn level(net: Money, largest: Money) -> i64 {
    if largest.is_zero() || net.is_zero() {
        return 0;
    }
    let quarters = net.abs().checked_mul(Decimal::from(4)).and_then(|four| four.checked_div(largest));
    quarters.and_then(|share| i64::try_from(share.ceil()).ok()).unwrap_or(4).clamp(1, 4)
}

pub fn calendar(report: &Report, trades: &HistoryQuery) -> AnyView {
    let days: BTreeMap<i64, &DayResult> = report.days.iter().map(|day| (day_of(day.at), day)).collect();
    let Some((last, _)) = days.last_key_value() else { return ().into_any() };
    let first = monday(*last) - (WEEKS - 1) * 7;
    let shown = || days.range(first..).map(|(_, day)| *day);
    let largest = shown().filter_map(|day| day.net).map(|net| net.abs()).max().unwrap_or_default();
    let earlier = days.range(..first).count();
    let weeks: Vec<i64> = (0..WEEKS).map(|week| first + week * 7).collect();
    let rows = (0..7)
        .map(|weekday| {
            let cells = weeks
                .iter()
                .map(|week| {
                    cell(
                        week + weekday,
                        days.get(&(week + weekday)).copied(),
                        largest,
                        is_early(first, *week),
                        trades,
                    )
                })
                .collect_view();
            view! { <tr><th scope="row">{NAMES[usize::try_from(weekday).unwrap_or(0)]}</th>{cells}</tr> }
        })
        .collect_view();
    let heads = weeks.iter().map(|week| head(first, *week)).collect_view();
    let sum = shown().filter_map(|day| day.net).fold(Money::ZERO, Money::saturating_add);
    let left = if earlier > 0 {
        format!(" {} earlier: in the table and the CSV.", format::counted(earlier, "day"))
    } else {
        String::new()
    };
    view! {
        <section class="panel" aria-label="Daily result">
            <header><h2>"Result of each day"</h2><span class="end">{key()}</span></header>
            <div class="calendar-box"><table class="calendar">
                <caption class="visually-hidden">"Net result of each day, weeks as columns; each day leads to its trades"</caption>
                <thead><tr><th scope="col"><span class="visually-hidden">"Day"</span></th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
            <footer>{format!("Days shown add up to {}.{left}", format::signed(sum))}</footer>
        </section>
    }
    .into_any()
}

fn is_early(first: i64, week: i64) -> bool {
    week < first + (WEEKS - WEEKS_NARROW) * 7
}

fn head(first: i64, week: i64) -> AnyView {
    let text = date(Micros(week * DAY_US));
    let mut words = text.split(' ');
    let (number, month) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let begins = week == first || number.parse::<i64>().is_ok_and(|day| day <= 7);
    let class = is_early(first, week).then_some("early");
    view! { <th scope="col" class=class><span class="month">{begins.then_some(month)}</span>{number}</th> }
        .into_any()
}

fn cell(day: i64, of: Option<&DayResult>, largest: Money, early: bool, trades: &HistoryQuery) -> AnyView {
    let at = Micros(day * DAY_US);
    let class = early.then_some("early");
    let Some(result) = of else {
        return view! { <td class=class><span class="none"><span class="visually-hidden">{format!("{}: no trade", date(at))}</span></span></td> }.into_any();
    };
    let of_day = HistoryQuery { from: iso_day(at), to: iso_day(at), period: String::new(), ..trades.clone() };
    let count = format::counted(result.trades, "trade");
    let unknown = if result.unknown > 0 { format!(", {} unknown", result.unknown) } else { String::new() };
    let net = result.net.map_or_else(|| "unknown".to_owned(), format::signed);
    let sign = format::sign_of(result.net);
    let (short, mark) = match (result.net, sign) {
        (None, _) => ("?".to_owned(), "?"),
        (Some(net), "+") => (short(net), "+"),
        (Some(net), "-") => (short(net), "−"),
        (Some(_), _) => ("0".to_owned(), "0"),
    };
    let strength = result.net.map_or(0, |net| level(net, largest)).to_string();
    view! {
        <td class=class>
            <a href=of_day.to_href("/trades") data-sign=sign data-level=strength aria-label=format!("{}: {net}, {count}{unknown}", date(at))>
                <span class="digits" aria-hidden="true">{short}</span><span class="only-sign" aria-hidden="true">{mark}</span>
            </a>
        </td>
    }
    .into_any()
}

/// As much of an amount as a cell has room for.
fn short(net: Money) -> String {
    let digits = if net.abs() < Decimal::ONE_HUNDRED { 1 } else { 0 };
    let net = model::amount::rounded(net, digits);
    let text = format!("{:.*}", usize::from(digits == 1), net.abs());
    if net < Money::ZERO { format!("−{text}") } else { format!("+{text}") }
}

fn key() -> AnyView {
    let of = |sign: &'static str, levels: [&'static str; 4]| {
        levels.map(|level| view! { <i data-sign=sign data-level=level></i> }).collect_view()
    };
    view! {
        <span class="key" aria-hidden="true">"loss "{of("-", ["4", "3", "2", "1"])}{of("+", ["1", "2", "3", "4"])}" gain"</span>
        <span class="narrow-note">{format!("last {WEEKS_NARROW} weeks")}</span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_a_monday() {
        // 2022-01-05 was a Wednesday.
        assert_eq!(monday(18_997), 18_995);
        assert_eq!((monday(18_995), monday(19_001)), (18_995, 18_995));
        assert_eq!(monday(0), -3);
    }

    #[test]
    fn colours_are_quarters_of_the_largest_and_amounts_fit_their_cell() {
        let dec = |text: &str| text.parse::<Money>().expect("a decimal");
        let levels = ["0", "1", "-25", "26", "100"].map(|net| level(dec(net), Decimal::ONE_HUNDRED));
        assert_eq!(levels, [0, 1, 1, 2, 4]);
        assert_eq!(level(Decimal::ONE, Decimal::ZERO), 0);
        assert_eq!((short(dec("-12.34")), short(dec("1234.5"))), ("−12.3".to_owned(), "+1235".to_owned()));
    }
}
