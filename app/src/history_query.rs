//! The filters of Analytics and Trades: read from the page's address, written back to it and to the API, all in one
//! place. What they may say is checked by the server, which names what is wrong.

use serde::{Deserialize, Serialize};

use crate::log_query::push_encoded;

/// Filters as text, empty meaning none. The names are those of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HistoryQuery {
    /// `today`, `7d`, `30d` or `all`; sessions count for the time at which they ended.
    pub period: String,
    /// A day (`2022-01-05`, UTC) or an RFC 3339 time, included.
    pub from: String,
    /// A day, included, or an RFC 3339 time, excluded.
    pub to: String,
    pub strategy_id: String,
    /// Name of the configuration.
    pub configuration: String,
    /// `simulated` or `live`.
    pub execution_mode: String,
    pub underlying: String,
    pub exit_reason: String,
    /// `traded`, `won`, `lost`, `even`, `unknown` or `untraded`.
    pub result: String,
    /// A column, with `-` before it: the largest first.
    pub sort: String,
    /// 1 is the first.
    pub page: String,
    /// Rows of a page.
    pub limit: String,
}

const NAMES: usize = 12;

impl HistoryQuery {
    /// Reads filters by name; unknown names are ignored.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| get(name).map(|value| value.trim().to_owned()).unwrap_or_default();
        Self {
            period: text("period"),
            from: text("from"),
            to: text("to"),
            strategy_id: text("strategy_id"),
            configuration: text("configuration"),
            execution_mode: text("execution_mode"),
            underlying: text("underlying"),
            exit_reason: text("exit_reason"),
            result: text("result"),
            sort: text("sort"),
            page: text("page"),
            limit: text("limit"),
        }
    }

    fn pairs(&self) -> [(&'static str, &str); NAMES] {
        [
            ("period", &self.period),
            ("from", &self.from),
            ("to", &self.to),
            ("strategy_id", &self.strategy_id),
            ("configuration", &self.configuration),
            ("execution_mode", &self.execution_mode),
            ("underlying", &self.underlying),
            ("exit_reason", &self.exit_reason),
            ("result", &self.result),
            ("sort", &self.sort),
            ("page", &self.page),
            ("limit", &self.limit),
        ]
    }

    /// `path?period=7d&…`, or the path alone when no filter is set.
    pub fn to_href(&self, path: &str) -> String {
        let mut text = path.to_owned();
        let set = self.pairs().into_iter().filter(|(_, value)| !value.is_empty());
        for (number, (name, value)) in set.enumerate() {
            text.push(if number == 0 { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            push_encoded(&mut text, value);
        }
        text
    }

    /// Without what belongs to one page of a list.
    #[must_use]
    pub fn whole(&self) -> Self {
        Self { page: String::new(), ..self.clone() }
    }

    /// Another period of the same.
    #[must_use]
    pub fn during(&self, period: &str) -> Self {
        let none = String::new;
        Self { period: period.to_owned(), from: none(), to: none(), page: none(), ..self.clone() }
    }

    /// Whether anything but order and paging is asked for.
    pub fn is_narrowed(&self) -> bool {
        self.pairs()[..9]
            .iter()
            .any(|(name, value)| !value.is_empty() && (*name, *value) != ("period", "all"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_to_the_address_is_read_back() {
        let query = HistoryQuery {
            from: "2022-01-05".to_owned(),
            configuration: "my & mine".to_owned(),
            sort: "-net".to_owned(),
            page: "3".to_owned(),
            ..HistoryQuery::default()
        };
        let href = query.to_href("/trades");
        assert_eq!(href, "/trades?from=2022-01-05&configuration=my%20%26%20mine&sort=-net&page=3");
        let pairs: Vec<(&str, &str)> = href[8..].split('&').filter_map(|pair| pair.split_once('=')).collect();
        let read = HistoryQuery::read(|name| {
            let found = pairs.iter().find(|(known, _)| *known == name)?;
            Some(found.1.replace("%20", " ").replace("%26", "&"))
        });
        assert_eq!(read, query);
        assert_eq!(query.whole().page, "");
        assert_eq!(query.during("7d").to_href("/x"), "/x?period=7d&configuration=my%20%26%20mine&sort=-net");
        assert_eq!(HistoryQuery::default().to_href("/trades"), "/trades");
    }

    #[test]
    fn order_and_paging_narrow_nothing() {
        let of = |name: &'static str, value: &'static str| {
            HistoryQuery::read(|asked| (asked == name).then(|| value.to_owned())).is_narrowed()
        };
        assert!(!of("sort", "-net") && !of("page", "2") && !of("period", "all") && !of("other", "1"));
        assert!(of("period", "7d") && of("result", "won"));
    }
}
