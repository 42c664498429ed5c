//! Text hygiene: what a terminal, a bidirectional renderer or a reader could be tricked with does not get into
//! a record. The result is still untrusted text and must be shown as text.

use std::borrow::Cow;

const NEWLINES_MAX: usize = 200;
const REPLACEMENT: char = '\u{FFFD}';

/// Replaces C0 and C1 controls (but `\n` and `\t`) by U+FFFD, removes ANSI sequences, bidi controls, zero-width
/// and tag characters, turns every line end into `\n`, and collapses more than 200 of them in a row.
/// Idempotent. Borrows when there is nothing to do.
#[must_use]
pub fn hygiene(text: &str) -> Cow<'_, str> {
    let newlines = text.bytes().filter(|&b| b == b'\n').count();
    if newlines <= NEWLINES_MAX && text.chars().all(|c| judge(c) == Verdict::Keep) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut newlines_in_a_row = 0;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let kept = match judge(c) {
            Verdict::Keep => c,
            Verdict::Remove => continue,
            Verdict::Replace => REPLACEMENT,
            Verdict::CarriageReturn if rest.as_str().starts_with('\n') => continue,
            Verdict::CarriageReturn | Verdict::LineSeparator => '\n',
            Verdict::Escape => {
                rest = after_escape(c, rest.as_str()).chars();
                continue;
            }
        };
        newlines_in_a_row = if kept == '\n' { newlines_in_a_row + 1 } else { 0 };
        if newlines_in_a_row <= NEWLINES_MAX {
            clean.push(kept);
        }
    }
    Cow::Owned(clean)
}

#[derive(PartialEq, Eq)]
enum Verdict {
    Keep,
    Remove,
    Replace,
    CarriageReturn,
    LineSeparator,
    Escape,
}

fn judge(c: char) -> Verdict {
    match c {
        '\n' | '\t' | ' '..='~' => Verdict::Keep,
        '\r' => Verdict::CarriageReturn,
        '\u{1b}' | '\u{9b}' | '\u{9d}' => Verdict::Escape,
        '\u{2028}' | '\u{2029}' => Verdict::LineSeparator,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Verdict::Replace,
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e01ef}' => Verdict::Remove,
        _ => Verdict::Keep,
    }
}

/// What follows an ANSI sequence that was opened by `opener`: CSI up to its final byte, OSC up to BEL or ST,
/// anything else only the escape itself.
fn after_escape(opener: char, rest: &str) -> &str {
    let (kind, body) = match (opener, rest.as_bytes().first()) {
        ('\u{1b}', Some(b'[')) => ('[', &rest[1..]),
        ('\u{1b}', Some(b']')) => (']', &rest[1..]),
        ('\u{9b}', _) => ('[', rest),
        ('\u{9d}', _) => (']', rest),
        _ => return rest,
    };
    if kind == '[' {
        let parameters = body.bytes().take_while(|b| matches!(b, b' '..=b'?')).count();
        let has_final = matches!(body.as_bytes().get(parameters), Some(b'@'..=b'~'));
        return if has_final { &body[parameters + 1..] } else { body };
    }
    // An OSC without its end must not swallow the message: only a short, closed one is removed.
    let end = body.char_indices().take(64).find(|&(_, c)| matches!(c, '\u{7}' | '\u{9c}' | '\u{1b}' | '\n'));
    match end {
        Some((at, '\u{1b}')) => body[at + 1..].strip_prefix('\\').unwrap_or(&body[at..]),
        Some((at, '\n')) => &body[at..],
        Some((at, c)) => &body[at + c.len_utf8()..],
        None => body,
    }
}
