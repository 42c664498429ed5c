//! The shapes of secrets in free text, one finder each. They work on bytes; every range begins and ends at an
//! ASCII character, so slicing is safe.

use std::borrow::Cow;

use crate::{
    correlation::hex,
    denylist::{MASK, is_secret_key},
};

/// Where a secret stands (byte range) and what takes its place.
pub(crate) struct Found {
    pub start: usize,
    pub end: usize,
    pub instead: Cow<'static, str>,
}

/// Finds the first secret of one shape at or after a byte position. Ranges begin and end at ASCII characters.
pub(crate) type Finder = fn(&str, usize) -> Option<Found>;

/// In this order: what names itself first, then what only looks like a secret.
pub(crate) const ALL: [Finder; 7] =
    [userinfo, assignment, credentials, jwt, key_material, card_number, email];

/// One quick look that decides whether the finders are worth calling: most log text holds nothing that could
/// begin any of the shapes. Must be true whenever one of them would find something.
pub(crate) fn is_suspicious(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut word, mut digits) = (0_u32, 0_u32);
    for (at, &b) in bytes.iter().enumerate() {
        word = if b.is_ascii_alphanumeric() { word + 1 } else { 0 };
        digits += u32::from(b.is_ascii_digit());
        let telling = match b {
            b'@' | b'=' | b':' => true,
            b'%' => sign(bytes, at) > 0,
            b'J' => bytes[..at].ends_with(b"ey"),
            b'b' | b'B' => matches!(bytes.get(at + 1), Some(b'e' | b'E' | b'a' | b'A')),
            _ => false,
        };
        if telling || word >= 30 || digits >= 13 {
            return true;
        }
    }
    false
}

pub(crate) fn found(start: usize, end: usize, instead: impl Into<Cow<'static, str>>) -> Option<Found> {
    Some(Found { start, end, instead: instead.into() })
}

pub(crate) fn run(bytes: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|&b| !belongs(b)).map_or(bytes.len(), |length| from + length)
}

pub(crate) fn run_back(bytes: &[u8], until: usize, belongs: impl Fn(u8) -> bool) -> usize {
    bytes[..until].iter().rposition(|&b| !belongs(b)).map_or(0, |at| at + 1)
}

fn is_key_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

pub(crate) fn is_base64url(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')
}

/// `https://name:password@host`: who connects stands in front of the host.
fn userinfo(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += text.get(at..)?.find("://")? + 3;
        let end = run(bytes, at, |b| !b.is_ascii_whitespace() && !b"/?#\"'<>`()[]{}|,;".contains(&b));
        let host = bytes[at..end].iter().rposition(|&b| b == b'@').map(|place| at + place);
        if let Some(host) = host.filter(|host| *host > at) {
            return found(at, host, "[credentials]");
        }
    }
}

/// `api_key=…`, `signature: …`, `"password": "…"`. The value ends at a delimiter, a quoted one at its quote,
/// that of a header (authorization, cookie) at the end of the line.
fn assignment(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += (at..bytes.len()).position(|at| sign(bytes, at) > 0)?;
        if let Some((start, end)) = assigned_value(bytes, from, at) {
            return found(start, end, MASK);
        }
        at += 1;
    }
}

/// How long the sign of an assignment is that stands here, also as an address within an address has it; 0: none does.
fn sign(bytes: &[u8], at: usize) -> usize {
    match bytes[at..] {
        [b'=' | b':', ..] => 1,
        [b'%', b'3', b'D' | b'd' | b'A' | b'a', ..] => 3,
        _ => 0,
    }
}

fn assigned_value(bytes: &[u8], from: usize, at: usize) -> Option<(usize, usize)> {
    let key_end = run_back(bytes, at, |b| matches!(b, b'"' | b'\'' | b' ' | b'\\'));
    let key_start = run_back(bytes, key_end, is_key_byte);
    let key = std::str::from_utf8(&bytes[key_start..key_end]).ok()?;
    if key_start < from || key.is_empty() || !is_secret_key(key) {
        return None;
    }
    let mut start = run(bytes, at + sign(bytes, at), |b| matches!(b, b' ' | b'\\' | b'=' | b':' | b'>'));
    let quote = bytes.get(start).copied().filter(|b| matches!(b, b'"' | b'\''));
    start += usize::from(quote.is_some());
    let lower = key.to_ascii_lowercase();
    let whole_line = lower.ends_with("authorization") || lower.ends_with("cookie");
    let end = match quote {
        Some(quote) => run(bytes, start, |b| b != quote && b != b'\\' && b != b'\n'),
        None if whole_line => run(bytes, start, |b| !matches!(b, b'\n' | b'"' | b'\'')),
        None => run(bytes, start, |b| !b.is_ascii_whitespace() && !b"&;,\"'`)}]>|".contains(&b)),
    };
    (end > start && &bytes[start..end] != MASK.as_bytes()).then_some((start, end))
}

/// `Bearer …` and `Basic …`.
fn credentials(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let is =
        |at: usize, word: &[u8]| bytes[at..].get(..word.len()).is_some_and(|b| b.eq_ignore_ascii_case(word));
    for at in from..bytes.len() {
        let (bearer, after) = match bytes[at] | 0x20 {
            b'b' if is(at, b"bearer") => (true, at + 6),
            b'b' if is(at, b"basic") => (false, at + 5),
            _ => continue,
        };
        let start = match bytes[after..].starts_with(b"%20") {
            true => after + 3,
            false => run(bytes, after, |b| matches!(b, b' ' | b':' | b'=' | b'\t') || bearer && b == b'+'),
        };
        if start == after {
            continue;
        }
        let end = run(bytes, start, |b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
        let token = &bytes[start..end];
        // "Basic authentication" is a phrase, "Basic dXNlcjpwdw==" is not.
        let telling = token.iter().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase() || *b == b'=');
        if bearer && token.len() >= 6 || telling && token.len() >= 8 {
            return found(start, end, "[credentials]");
        }
    }
    None
}

/// `eyJ…` with all the dotted parts that follow; a cut one counts too.
fn jwt(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += text[at..].find("eyJ")?;
        let mut end = run(bytes, at, is_base64url);
        if end - at >= 20 || bytes.get(end) == Some(&b'.') && end - at >= 10 {
            while bytes.get(end) == Some(&b'.') && bytes.get(end + 1).copied().is_some_and(is_base64url) {
                end = run(bytes, end + 1, is_base64url);
            }
            return found(at, end, "[jwt]");
        }
        at = end;
    }
}

/// Runs of at least 64 hex digits (signatures, private keys), and of exactly 30 or 60 letters and digits of all
/// three kinds (the exchange's key and secret).
fn key_material(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        let end = run(bytes, at, |b| b.is_ascii_alphanumeric());
        let word = &bytes[at..end];
        if let Some((start, length)) = long_hex(word) {
            return found(at + start, at + start + length, "[hex64]");
        }
        let mixed = matches!(word.len(), 30 | 60)
            && word.iter().any(u8::is_ascii_digit)
            && word.iter().any(u8::is_ascii_lowercase)
            && word.iter().any(u8::is_ascii_uppercase);
        if mixed {
            return found(at, end, "[key]");
        }
        at = end + 1;
    }
    None
}

fn long_hex(word: &[u8]) -> Option<(usize, usize)> {
    let mut at = 0;
    while at + 64 <= word.len() {
        let end = run(word, at, |b| b.is_ascii_hexdigit());
        if end - at >= 64 {
            return Some((at, end - at));
        }
        at = end + 1;
    }
    None
}

/// 13 to 19 digits, single spaces or dashes between them, that begin like a card and pass Luhn. Our own times in
/// microseconds (16 digits) begin with 1 and are not touched.
fn card_number(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let glued = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || matches!(bytes[at - 1], b'.' | b'_'));
        if let Some(end) = card_end(bytes, at).filter(|_| !glued) {
            return found(at, end, "[card]");
        }
        at = run(bytes, at, |b| b.is_ascii_digit());
    }
    None
}

/// Tries every end of a group of digits, because an expiry date or a check code may follow the number. Gives up
/// after 19 digits: a long list of numbers must not cost the square of its length.
fn card_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut end = start;
    loop {
        end = run(bytes, end, |b| b.is_ascii_digit());
        let next = bytes.get(end).copied();
        let glued = next.is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        if !glued && is_card(&bytes[start..end]) {
            return Some(end);
        }
        let goes_on = matches!(next, Some(b' ' | b'-')) && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !goes_on || end - start >= 40 {
            return None;
        }
        end += 1;
    }
}

/// The same of a number that is a value of its own.
pub(crate) fn is_card_number(number: u64) -> bool {
    number >= 1_000_000_000_000 && is_card(number.to_string().as_bytes())
}

fn is_card(bytes: &[u8]) -> bool {
    let digits: Vec<u32> = bytes.iter().filter(|b| b.is_ascii_digit()).map(|b| u32::from(b - b'0')).collect();
    if !(13..=19).contains(&digits.len()) || !matches!(digits[0], 2..=6) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) => doubled / 10 + doubled % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// `local@domain.tld`, replaced by a hash of the lowercase address.
fn email(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += bytes[at..].iter().position(|&b| b == b'@')?;
        let start = run_back(bytes, at, |b| b.is_ascii_alphanumeric() || b".!#$%&*+/=?^_{|}~-".contains(&b))
            .max(from);
        let mut end = run(bytes, at + 1, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        while end > at + 1 && matches!(bytes[end - 1], b'.' | b'-') {
            end -= 1;
        }
        let domain = &text[at + 1..end];
        let dotted = domain.rsplit_once('.').is_some_and(|(name, tld)| !name.is_empty() && tld.len() >= 2);
        if start < at && dotted {
            return found(start, end, ["[email:", &fingerprint(&text[start..end]), "]"].concat());
        }
        at += 1;
    }
}

/// FNV-1a, 64 bits, as 16 hex digits: stable over processes, for correlation only.
fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| {
        (hash ^ u64::from(b.to_ascii_lowercase())).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hex(u128::from(hash), 16)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Catches: a quick look that misses a shape (say, one that forgets the small `b` of bearer).
        #[test]
        fn the_quick_look_misses_nothing(parts in prop::collection::vec(part(), 1..6)) {
            let text = parts.concat();
            if ALL.iter().any(|find| find(&text, 0).is_some()) {
                prop_assert!(is_suspicious(&text), "{}", text);
            }
        }
    }

    fn part() -> impl Strategy<Value = String> {
        let words = [
            "bearer ",
            "Bearer+",
            "BASIC ",
            "basic\t",
            "eyJ",
            "eyJhbGciOi.",
            "%20",
            "token%3D",
            "secret",
            "41111111",
        ];
        prop_oneof![
            prop::sample::select(words.to_vec()).prop_map(ToOwned::to_owned),
            "[a-zA-Z0-9]{1,12}|[0-9 -]{8,24}|[a-zA-Z0-9]{20,70}|[@=:. ]",
        ]
    }
}
