//! Words that server and browser write alike: without decimals, dates or anything else that weighs.

/// `NEEDS_OPERATOR` as `Needs operator`.
pub fn words(word: &str) -> String {
    let mut text = word.replace('_', " ").to_ascii_lowercase();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// A length of time in microseconds, as people read it: `0.4 s`, `12 s`, `48 m`, `2 h 41 m`, `3 d 4 h`.
pub fn span(us: i64) -> String {
    let seconds = us / 1_000_000;
    match seconds {
        0..10 => format!("{}.{} s", seconds, us / 100_000 % 10),
        10..120 => format!("{seconds} s"),
        120..3_600 => format!("{} m", seconds / 60),
        3_600..86_400 => format!("{} h {} m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// A long id in few characters: its ends.
pub fn short_id(id: &str) -> String {
    if id.is_ascii() && id.len() > 14 {
        format!("{}…{}", &id[..4], &id[id.len() - 2..])
    } else {
        id.to_owned()
    }
}

/// The pattern of a path: a record never holds a full address.
pub fn route_pattern(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "" => "/",
        "analytics" => "/analytics",
        "trades" => "/trades",
        "sessions" => "/sessions/:session_id",
        "telemetry" => "/telemetry",
        "alerts" => "/alerts",
        "settings" => "/settings",
        "trace" => "/trace/:correlation_id",
        "panic" => "/panic/:correlation_id",
        "login" => "/login",
        _ => "/*",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_hold_patterns_never_addresses() {
        for (path, pattern) in [
            ("/", "/"),
            ("/telemetry", "/telemetry"),
            ("/trades", "/trades"),
            ("/sessions/s-1", "/sessions/:session_id"),
            ("/trace/4bf92f3577b34da6", "/trace/:correlation_id"),
            ("/x/y", "/*"),
        ] {
            assert_eq!(route_pattern(path), pattern);
        }
    }

    #[test]
    fn spans_grow_coarser_with_length() {
        for (us, text) in [
            (400_000, "0.4 s"),
            (12_300_000, "12 s"),
            (2_880_000_000, "48 m"),
            (9_660_000_000, "2 h 41 m"),
            (273_600_000_000, "3 d 4 h"),
        ] {
            assert_eq!(span(us), text);
        }
    }
}
