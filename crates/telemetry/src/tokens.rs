//! Secrets that say what they are: tokens of well-known services, private keys, the key of an Elasticsearch. They are
//! looked for where records are stored, not in the browser, which pays for every byte: what it sends comes through here.

use crate::shapes::{Finder, Found, found, is_base64url, run, run_back};

pub(crate) const ALL: [Finder; 4] = [private_key, api_key, bot_token, named_token];

/// The head of a key in a file.
const BEGIN: &str = "-----BEGIN ";
/// Shorter than all of them: bytes in a row of which they are made.
const SHORTEST: usize = 16;

/// One quick look that decides whether the finders are worth calling. Must be true whenever one of them would find
/// something: each has such a run, which lies across one of every so many places, or a head of its own.
pub(crate) fn is_suspicious(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_long = |at| run(bytes, at, is_part) - run_back(bytes, at, is_part) >= SHORTEST;
    (SHORTEST - 1..bytes.len()).step_by(SHORTEST).any(is_long) || text.contains(BEGIN)
}

/// What base64 in either spelling is made of, but for its end.
fn is_part(b: u8) -> bool {
    is_base64url(b) || matches!(b, b'+' | b'/')
}

/// What it begins with, of what the rest is made, and how long that is at least.
struct Shape(&'static str, fn(u8) -> bool, usize);

const SHAPES: [Shape; 23] = [
    // GitHub
    Shape("ghp_", is_alphanumeric, 36),
    Shape("gho_", is_alphanumeric, 36),
    Shape("ghu_", is_alphanumeric, 36),
    Shape("ghs_", is_alphanumeric, 36),
    Shape("ghr_", is_alphanumeric, 36),
    Shape("github_pat_", is_alphanumeric, 22),
    // GitLab, npm, Hugging Face, DigitalOcean
    Shape("glpat-", is_base64url, 20),
    Shape("npm_", is_alphanumeric, 36),
    Shape("hf_", is_alphanumeric, 34),
    Shape("dop_v1_", is_alphanumeric, 64),
    // Slack
    Shape("xoxa-", is_base64url, 20),
    Shape("xoxb-", is_base64url, 20),
    Shape("xoxp-", is_base64url, 20),
    Shape("xoxr-", is_base64url, 20),
    Shape("xoxs-", is_base64url, 20),
    // Stripe
    Shape("sk_live_", is_alphanumeric, 16),
    Shape("rk_live_", is_alphanumeric, 16),
    // OpenAI, Anthropic
    Shape("sk-ant-", is_base64url, 32),
    Shape("sk-proj-", is_base64url, 32),
    Shape("sk-", is_alphanumeric, 32),
    // Amazon, Google
    Shape("AKIA", is_capital, 16),
    Shape("ASIA", is_capital, 16),
    Shape("AIza", is_base64url, 35),
];

fn is_alphanumeric(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}

fn is_capital(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}

/// A word that begins as one of the shapes and goes on as long.
fn named_token(text: &str, from: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        let end = run(bytes, at, is_base64url);
        let word = &bytes[at..end];
        let is = |Shape(head, belongs, least): &Shape| {
            let rest = word.strip_prefix(head.as_bytes());
            rest.is_some_and(|rest| run(rest, 0, belongs) >= *least && rest.iter().any(u8::is_ascii_digit))
        };
        if word.len() > SHORTEST && SHAPES.iter().any(is) {
            return found(at, end, "[key]");
        }
        at = end + 1;
    }
    None
}

/// `123456789:AA…`, by which a bot of Telegram is spoken for; in addresses behind `bot`.
fn bot_token(text: &str, from: usize) -> Option<Found> {
    const LENGTH: usize = 35;
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|&b| b == b':')?;
        let start = run_back(bytes, at, |b| b.is_ascii_digit()).max(from);
        let end = run(bytes, at + 1, is_base64url);
        if (8..=10).contains(&(at - start)) && end - at - 1 == LENGTH {
            return found(start, end, "[key]");
        }
        at += 1;
    }
}

/// `ApiKey …`, as an Authorization says it without its name.
fn api_key(text: &str, from: usize) -> Option<Found> {
    const HEAD: &[u8] = b"apikey ";
    let bytes = text.as_bytes();
    let mut at = from;
    while at + HEAD.len() < bytes.len() {
        let start = at + HEAD.len();
        if bytes[at..start].eq_ignore_ascii_case(HEAD) {
            let length = run(bytes, start, is_part) - start;
            let end = run(bytes, start + length, |b| b == b'=');
            let telling = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase() || *b == b'=';
            if length >= SHORTEST && bytes[start..end].iter().any(telling) {
                return found(start, end, "[credentials]");
            }
        }
        at += 1;
    }
    None
}

/// `-----BEGIN … PRIVATE KEY-----` until its end, or that of the text when it was cut.
fn private_key(text: &str, from: usize) -> Option<Found> {
    const LINE: &str = "-----";
    let mut at = from;
    loop {
        at += text.get(at..)?.find(BEGIN)?;
        let head = at + BEGIN.len();
        let length = text[head..].find(LINE)?;
        let body = head + length + LINE.len();
        if text[head..head + length].ends_with("PRIVATE KEY") {
            let end = text[body..].find("-----END ").map(|place| body + place + "-----END ".len());
            let end = end.and_then(|end| Some(end + text[end..].find(LINE)? + LINE.len()));
            return found(at, end.unwrap_or(text.len()), "[private key]");
        }
        at = head;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_096))]

        /// Catches: a quick look that steps over a run that is not at the beginning.
        #[test]
        fn the_quick_look_misses_nothing(before in " {0,40}", parts in prop::collection::vec(part(), 1..3)) {
            let text = before + &parts.concat();
            if ALL.iter().any(|find| find(&text, 0).is_some()) {
                prop_assert!(is_suspicious(&text), "{}", text);
            }
        }
    }

    fn part() -> impl Strategy<Value = String> {
        let heads = SHAPES.iter().map(|Shape(head, _, _)| (*head).to_owned());
        let words =
            ["", "ApiKey ", "apikey ", "bot123456789:", "-----BEGIN ", "PRIVATE KEY", "-----", "-----END "];
        let words = heads.chain(words.map(str::to_owned)).collect::<Vec<_>>();
        let rests = "[A-Z0-9]{12,20}|[a-zA-Z0-9_-]{14,40}|[a-zA-Z0-9]{30,64}|([a-zA-Z0-9]{2,14}[+/]){2,4}=|[ :.,/]{0,3}";
        (prop::sample::select(words), rests).prop_map(|(head, rest)| head + &rest)
    }
}
