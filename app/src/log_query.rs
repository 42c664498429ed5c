//! The filters of Telemetry: read from the page's URL, written back to it and to the API, all in one place.

use serde::{Deserialize, Serialize};

/// Filters as text, empty meaning none. The names are those of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogQuery {
    /// This level and above.
    pub level: String,
    /// `backend`, `frontend` or `audit`.
    pub source: String,
    pub event: String,
    pub session_id: String,
    pub correlation_id: String,
    /// Substring of event or message, case ignored.
    pub q: String,
    /// RFC 3339.
    pub from: String,
    /// RFC 3339.
    pub to: String,
    /// The last so many minutes, whenever it is looked; counts only without `from`.
    pub range: String,
    pub cursor: String,
    /// Who answers: empty is the server's own log, `elastic` the search engine.
    pub ask: String,
    /// 0 is the server's default, 100.
    pub limit: u32,
}

impl LogQuery {
    /// Reads filters by name; unknown names and limits that are no number are ignored.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| get(name).map(|value| value.trim().to_owned()).unwrap_or_default();
        Self {
            level: text("level"),
            source: text("source"),
            event: text("event"),
            session_id: text("session_id"),
            correlation_id: text("correlation_id"),
            q: text("q"),
            from: text("from"),
            to: text("to"),
            range: text("range"),
            cursor: text("cursor"),
            ask: text("ask"),
            limit: text("limit").parse().unwrap_or(0).min(1_000),
        }
    }

    fn pairs(&self) -> [(&'static str, &str); 11] {
        [
            ("level", &self.level),
            ("source", &self.source),
            ("event", &self.event),
            ("session_id", &self.session_id),
            ("correlation_id", &self.correlation_id),
            ("q", &self.q),
            ("from", &self.from),
            ("to", &self.to),
            ("range", &self.range),
            ("cursor", &self.cursor),
            ("ask", &self.ask),
        ]
    }

    /// `?level=warn&q=…`, or nothing when no filter is set.
    pub fn to_query_string(&self) -> String {
        let limit = if self.limit == 0 { String::new() } else { self.limit.to_string() };
        let mut text = String::new();
        for (name, value) in self.pairs().into_iter().chain([("limit", limit.as_str())]) {
            if value.is_empty() {
                continue;
            }
            text.push(if text.is_empty() { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            push_encoded(&mut text, value);
        }
        text
    }

    /// The page's address with these filters.
    pub fn to_href(&self) -> String {
        format!("/telemetry{}", self.to_query_string())
    }

    /// The page's address showing one session only.
    pub fn session_href(session_id: &str) -> String {
        Self { session_id: session_id.to_owned(), ..Self::default() }.to_href()
    }

    /// How many filters narrow the list (time range, paging and limit are none).
    pub fn filter_count(&self) -> usize {
        self.pairs()[..6].iter().filter(|(_, value)| !value.is_empty()).count()
    }

    /// Of `range`, if it is one: 1 minute to 31 days.
    pub fn minutes(&self) -> Option<i64> {
        let minutes = self.range.parse().ok().filter(|minutes| (1..=44_640).contains(minutes));
        minutes.filter(|_| self.from.is_empty())
    }

    /// Whether the newest records are shown, so that following live makes sense.
    pub fn is_open_ended(&self) -> bool {
        self.cursor.is_empty() && self.to.is_empty()
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub(crate) fn push_encoded(text: &mut String, value: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_to_the_address_is_read_back() {
        let query = LogQuery {
            level: "warn".to_owned(),
            q: "50 % & more/ä".to_owned(),
            from: "2022-01-05T12:00:00Z".to_owned(),
            limit: 200,
            ..LogQuery::default()
        };
        let text = query.to_query_string();
        assert_eq!(
            text,
            "?level=warn&q=50%20%25%20%26%20more%2F%C3%A4&from=2022-01-05T12%3A00%3A00Z&limit=200"
        );
        assert_eq!(query.filter_count(), 2);
    }

    #[test]
    fn reading_trims_and_ignores_what_it_does_not_know() {
        let query = LogQuery::read(|name| match name {
            "level" => Some(" error ".to_owned()),
            "limit" => Some("many".to_owned()),
            _ => None,
        });
        assert_eq!(query, LogQuery { level: "error".to_owned(), ..LogQuery::default() });
        assert_eq!(LogQuery::default().to_query_string(), "");
        assert_eq!(LogQuery::default().to_href(), "/telemetry");
    }

    #[test]
    fn a_limit_never_exceeds_what_the_api_takes() {
        let query = LogQuery::read(|name| (name == "limit").then(|| "5000".to_owned()));
        assert_eq!(query.limit, 1_000);
    }
}
