//! What a page shows, as its address says it: which session, whether the form beside it is open, how much of the why.

use model::SessionId;

/// Choices of one page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    pub path: String,
    /// The session that the address names.
    pub session: Option<SessionId>,
    /// The form to start another one is open.
    pub composing: bool,
    /// Decisions of every session.
    pub every: bool,
    /// Also decisions that changed nothing.
    pub all: bool,
    /// The notice about this session was closed.
    pub seen: String,
}

/// Only what an id may be made of: it goes into addresses.
fn is_session_id(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
}

impl View {
    /// Of path and query.
    pub fn read(text: &str) -> Self {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut view = Self { path: path.to_owned(), ..Self::default() };
        for (name, value) in pairs {
            match name {
                "session" => view.session = is_session_id(value).then(|| SessionId::new(value)),
                "new" => view.composing = value == "1",
                "of" => view.every = value == "every",
                "why" => view.all = value == "all",
                "seen" if is_session_id(value) => view.seen = value.to_owned(),
                _ => {}
            }
        }
        view
    }

    /// Follows one panic.
    pub fn is_panic(&self) -> bool {
        self.path.starts_with("/panic/")
    }

    /// Shows what fires.
    pub fn is_alerts(&self) -> bool {
        self.path == "/alerts"
    }

    pub fn is_control(&self) -> bool {
        self.path == "/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_nothing_but_an_id() {
        assert_eq!(View::read("/?session=s-01jf3k9x2m&new=1").session, Some(SessionId::new("s-01jf3k9x2m")));
        for text in ["", "s-1/panic", "../x", "s 1", &"s".repeat(41)] {
            assert_eq!(View::read(&format!("/?session={text}")).session, None, "{text}");
        }
        assert!(View::read("/").is_control() && !View::read("/telemetry?q=1").is_control());
    }
}
