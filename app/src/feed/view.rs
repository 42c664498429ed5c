//! What the page shows, as the server is to know it: the page's path and its choices, named as in its address.

use std::cell::RefCell;

use crate::platform;

thread_local! {
    /// Choices that differ from the address, by name.
    static CHOSEN: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
}

/// Path and query for the server: the address, and what was chosen since.
pub fn text() -> String {
    let (path, search) = platform::address();
    CHOSEN.with_borrow(|chosen| {
        let mut pairs: Vec<String> = search
            .trim_start_matches('?')
            .split('&')
            .filter(|pair| !pair.is_empty() && !chosen.iter().any(|(name, _)| is_of(pair, name)))
            .map(str::to_owned)
            .collect();
        pairs.extend(chosen.iter().map(|(name, value)| format!("{name}={value}")));
        format!("{path}?{}", pairs.join("&"))
    })
}

fn is_of(pair: &str, name: &str) -> bool {
    pair.split('=').next() == Some(name)
}

/// Chooses, and tells the server.
pub fn choose(name: &str, value: &str) {
    CHOSEN.with_borrow_mut(|chosen| {
        chosen.retain(|(known, _)| known != name);
        chosen.push((name.to_owned(), value.to_owned()));
    });
    super::say(&text());
}

/// The address changed: it is the newer wish.
pub fn follow_address() {
    CHOSEN.with_borrow_mut(Vec::clear);
    super::say(&text());
}
