//! The currency in names and texts: inside everything is in USD, and where USDT is spoken every `USD` that ends a word is
//! one. A client that says USD there names nothing that is listed.

use std::borrow::Cow;

use crate::exchange::profile::Profile;

/// What ends no word of the venue's.
const NOBODYS: &str = "USX";

/// What a client said, inside.
pub fn heard(profile: Profile, text: &str) -> Cow<'_, str> {
    match profile {
        Profile::India | Profile::IndiaTestnet => Cow::Borrowed(text),
        Profile::Global => Cow::Owned(words(text, NOBODYS).replace("USDT", "USD")),
    }
}

/// What is said inside, to a client.
pub fn spoken(profile: Profile, text: String) -> String {
    match profile {
        Profile::India | Profile::IndiaTestnet => text,
        Profile::Global => words(&text, "USDT"),
    }
}

/// With every `USD` at the end of a word as `other`.
fn words(text: &str, other: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("USD") {
        let (before, after) = (&rest[..at], &rest[at + 3..]);
        out.push_str(before);
        let ends = !after.starts_with(|next: char| next.is_ascii_alphanumeric());
        out.push_str(if ends { other } else { "USD" });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        let inside = r#"{"symbol":"BTCUSD","index":".DEXBTUSD","asset":"USD","word":"USDX C-BTC-1-1"}"#;
        let outside = spoken(Profile::Global, inside.to_owned());
        assert_eq!(
            outside,
            r#"{"symbol":"BTCUSDT","index":".DEXBTUSDT","asset":"USDT","word":"USDX C-BTC-1-1"}"#
        );
        assert_eq!(heard(Profile::Global, &outside), inside);
        assert_eq!(heard(Profile::Global, "/v2/tickers/BTCUSD"), "/v2/tickers/BTCUSX", "nobody's");
        assert_eq!(heard(Profile::India, inside), inside);
        assert_eq!(spoken(Profile::India, inside.to_owned()), inside);
    }
}
