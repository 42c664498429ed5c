//! What a list of finished sessions is asked for: read from the query, and refused by name where it says what is not
//! allowed.

use app::HistoryQuery;
use model::configuration::Strategy;
use model::state::day_of;
use model::{ExecutionMode, ExitReason, Micros};

use crate::http::ApiError;
use crate::store::history::{Outcome, ResultFilter, Sort, SortKey};

const DAY_US: i64 = 86_400_000_000;
const LIMIT_DEFAULT: u64 = 50;
const LIMIT_MOST: u64 = 200;
const PAGE_MOST: u64 = 1_000_000;
/// Longer than any name that a configuration may have.
const TEXT_MOST: usize = 60;

/// A query that may be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub filter: ResultFilter,
    pub sort: Sort,
    /// 1 is the first.
    pub page: u64,
    pub limit: u64,
}

impl Asked {
    /// Reads a query; what it says wrong is a 400 that names the field and what is allowed.
    pub fn read(query: &HistoryQuery, now: Micros) -> Result<Self, ApiError> {
        let (from, to) = span(query, now)?;
        let strategies = [Strategy::ShortStraddle, Strategy::ShortStrangle].map(Strategy::word);
        Ok(Self {
            filter: ResultFilter {
                from,
                to,
                strategy_id: one_of("strategy_id", &query.strategy_id, &strategies, |word| *word)?
                    .map(str::to_owned),
                configuration: text("configuration", &query.configuration)?,
                execution_mode: one_of(
                    "execution_mode",
                    &query.execution_mode,
                    ExecutionMode::ALL,
                    |mode| mode.word(),
                )?,
                underlying: text("underlying", &query.underlying)?,
                exit_reason: one_of("exit_reason", &query.exit_reason, ExitReason::ALL, |reason| {
                    reason.word()
                })?,
                outcome: one_of("result", &query.result, &Outcome::ALL, |outcome| outcome.word())?,
            },
            sort: sort(&query.sort)?,
            page: number("page", &query.page, PAGE_MOST)?.unwrap_or(1),
            limit: number("limit", &query.limit, LIMIT_MOST)?.unwrap_or(LIMIT_DEFAULT),
        })
    }

    /// Rows before the page.
    pub fn offset(&self) -> i64 {
        i64::try_from(self.page.saturating_sub(1).saturating_mul(self.limit)).unwrap_or(i64::MAX)
    }
}

fn wrong(field: &str, allowed: &str) -> ApiError {
    ApiError::invalid(format!("The query cannot be answered: {field} must be {allowed}."))
        .with_field(field, format!("allowed: {allowed}"))
}

fn one_of<T: Copy>(
    field: &str,
    value: &str,
    all: &[T],
    word: impl Fn(&T) -> &'static str,
) -> Result<Option<T>, ApiError> {
    if value.is_empty() {
        return Ok(None);
    }
    let found = all.iter().copied().find(|one| word(one) == value);
    let words = || all.iter().map(&word).collect::<Vec<_>>().join(", ");
    found.map(Some).ok_or_else(|| wrong(field, &format!("one of {}", words())))
}

fn text(field: &str, value: &str) -> Result<Option<String>, ApiError> {
    if value.chars().count() > TEXT_MOST || value.chars().any(char::is_control) {
        return Err(wrong(field, "a name of at most 60 characters"));
    }
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

fn number(field: &str, value: &str, most: u64) -> Result<Option<u64>, ApiError> {
    if value.is_empty() {
        return Ok(None);
    }
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let read = value.parse().ok().filter(|number| digits && (1..=most).contains(number));
    read.map(Some).ok_or_else(|| wrong(field, &format!("a number from 1 to {most}")))
}

fn sort(value: &str) -> Result<Sort, ApiError> {
    if value.is_empty() {
        return Ok(Sort::default());
    }
    let (name, descending) = value.strip_prefix('-').map_or((value, false), |name| (name, true));
    let words = || SortKey::ALL.map(SortKey::word).join(", ");
    let key = SortKey::ALL.into_iter().find(|key| key.word() == name);
    key.map(|key| Sort { key, descending })
        .ok_or_else(|| wrong("sort", &format!("one of {}, with - before it for the largest first", words())))
}

/// From and until when sessions ended. Days that are named go before a period.
fn span(query: &HistoryQuery, now: Micros) -> Result<(Option<Micros>, Option<Micros>), ApiError> {
    let today = Micros(day_of(now) * DAY_US);
    let days_back = |days: i64| Some(Micros(today.0 - days * DAY_US));
    let begin = match query.period.as_str() {
        "" | "all" => None,
        "today" => days_back(0),
        "7d" => days_back(6),
        "30d" => days_back(29),
        _unknown => return Err(wrong("period", "one of today, 7d, 30d, all")),
    };
    if query.from.is_empty() && query.to.is_empty() {
        return Ok((begin, None));
    }
    let from = time("from", &query.from, 0)?;
    let to = time("to", &query.to, DAY_US)?;
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(wrong("from", "before to"));
    }
    Ok((from, to))
}

/// A time, or a day; a day means `of_day` after its beginning.
fn time(field: &str, value: &str, of_day: i64) -> Result<Option<Micros>, ApiError> {
    if value.is_empty() {
        return Ok(None);
    }
    let day = || Some(Micros(Micros::parse_rfc3339(&format!("{value}T00:00:00Z"))?.0.checked_add(of_day)?));
    let read = if value.len() == 10 { day() } else { Micros::parse_rfc3339(value) };
    read.map(Some).ok_or_else(|| wrong(field, "a day such as 2022-01-05, or an RFC 3339 time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(1_641_384_000_000_000); // 2022-01-05T12:00:00Z

    fn of(pairs: &[(&str, &str)]) -> Result<Asked, ApiError> {
        let query = HistoryQuery::read(|name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        Asked::read(&query, NOW)
    }

    #[test]
    fn an_empty_query_asks_for_everything_the_latest_first() {
        let asked = of(&[]).expect("a query");
        assert_eq!(asked.filter, ResultFilter::default());
        assert_eq!((asked.page, asked.limit, asked.offset()), (1, 50, 0));
        assert_eq!(asked.sort, Sort { key: SortKey::EndedAt, descending: true });
    }

    #[test]
    fn periods_are_whole_days_of_utc() {
        let from = |period| of(&[("period", period)]).expect("a query").filter.from.map(|at| at.to_rfc3339());
        let day = |text: &str| Micros::parse_rfc3339(&format!("{text}T00:00:00Z")).map(|at| at.to_rfc3339());
        assert_eq!(from("today"), day("2022-01-05"));
        assert_eq!(from("7d"), day("2021-12-30"));
        assert_eq!(from("30d"), day("2021-12-07"));
        assert_eq!(from("all"), None);
        let one = of(&[("from", "2022-01-04"), ("to", "2022-01-04")]).expect("one day").filter;
        assert_eq!(one.to.map(|to| to.0 - one.from.unwrap_or_default().0), Some(DAY_US));
    }

    #[test]
    fn what_is_not_allowed_is_refused_by_name() {
        for (field, value) in [
            ("period", "week"),
            ("from", "yesterday"),
            ("from", "2022-02-30"),
            ("to", "05.01.2022"),
            ("strategy_id", "iron_condor"),
            ("execution_mode", "LIVE"),
            ("exit_reason", "greed"),
            ("result", "good"),
            ("sort", "--net"),
            ("sort", "body"),
            ("page", "0"),
            ("page", "-1"),
            ("page", "99999999999999999999"),
            ("limit", "201"),
            ("limit", "+5"),
            ("configuration", &"x".repeat(61)),
            ("underlying", "B\u{0}"),
        ] {
            let error = of(&[(field, value)]).expect_err(value);
            assert_eq!(error.status.as_u16(), 400, "{field}={value}");
            assert!(error.fields.contains_key(field), "{field}={value}: {:?}", error.fields);
            assert!(error.message.contains(field), "{}", error.message);
        }
    }

    #[test]
    fn a_span_that_ends_before_it_begins_is_refused() {
        let error = of(&[("from", "2022-01-06"), ("to", "2022-01-05")]).expect_err("reversed");
        assert!(error.fields.contains_key("from"));
        let named = of(&[("period", "7d"), ("to", "2022-01-01")]).expect("days go before a period").filter;
        assert_eq!((named.from, named.to.is_some()), (None, true));
    }
}
