//! A call as JSON without its braces, cut to the field limits and free of secrets. What a follow-up record repeats
//! (level, event, place, message, share) comes first, so that it is a prefix.

use std::fmt::Write as _;

use super::{
    call::{Call, Failure, FieldValue, Frame, Message},
    crumbs::Crumbs,
    limiter,
    pen::Pen,
    site::Key,
};
use crate::{
    Level, MASK,
    limits::{ERROR_RECORD_BYTES, FIELDS, FRAME_BYTES, RECORD_BYTES, STACK_FRAMES, TEXT_BYTES, prefix},
};

/// Room for what follows the fields.
const RESERVE: usize = 64;

/// Bytes of the largest record of this level.
pub(super) const fn limit(level: Level) -> usize {
    match level {
        Level::Fatal | Level::Error => ERROR_RECORD_BYTES,
        Level::Trace | Level::Debug | Level::Info | Level::Warn => RECORD_BYTES,
    }
}

/// What a record tells beside its call.
#[derive(Clone, Copy)]
pub(super) struct Frills<'a> {
    /// The key of its window.
    pub key: u64,
    /// Thousandths of its kind that are told.
    pub permille: u16,
    /// Told with an error.
    pub crumbs: &'a Crumbs,
}

/// Encodes into `pen`; gives the length of the part that a follow-up repeats, `None` when the record is too large
/// even when cut. Says nothing when the pen is full: its page was too small.
pub(super) fn encode(
    pen: &mut Pen<'_>,
    scratch: &mut String,
    call: &Call<'_>,
    frills: Frills<'_>,
) -> Option<usize> {
    let limit = limit(call.level());
    let mut plain = Plain::default();
    let mut cut = core(pen, scratch, call, frills, &mut plain);
    let core = pen.len();
    cut |= text_if(pen, b",\"tr\":\"", call.correlation_id.unwrap_or_default(), 64);
    cut |= text_if(pen, b",\"sp\":\"", call.span_id.unwrap_or_default(), 64);
    if let Some(failure) = &call.failure {
        cut |= tell_failure(pen, failure, limit * 3 / 4);
    }
    cut |= fields(pen, call, frills.crumbs, limit - RESERVE, plain);
    if cut {
        pen.literal(b",\"cut\":1");
    }
    (pen.len() <= limit).then_some(core)
}

/// Which values the sentence has shown to be plain and short: their fields need not be looked at again.
#[derive(Clone, Copy, Default)]
struct Plain(u32);

impl Plain {
    fn note(&mut self, value: u8) {
        self.0 |= 1_u32.checked_shl(value.into()).unwrap_or(0);
    }

    fn has(self, value: usize) -> bool {
        value < 32 && self.0 >> value & 1 == 1
    }
}

fn core(
    pen: &mut Pen<'_>,
    scratch: &mut String,
    call: &Call<'_>,
    frills: Frills<'_>,
    plain: &mut Plain,
) -> bool {
    let site = call.site;
    match call.level() {
        Level::Trace => pen.literal(b"\"l\":1"),
        Level::Debug => pen.literal(b"\"l\":5"),
        Level::Info => pen.literal(b"\"l\":9"),
        Level::Warn => pen.literal(b"\"l\":13"),
        Level::Error => pen.literal(b"\"l\":17"),
        Level::Fatal => pen.literal(b"\"l\":21"),
    }
    if !site.event.is_empty() {
        pen.literal(b",\"ev\":\"");
        pen.own(site.event);
        pen.byte(b'"');
    }
    let mut cut = text_if(pen, b",\"ss\":\"", call.session_id.unwrap_or_default(), 64);
    if !site.target.is_empty() {
        pen.literal(b",\"g\":\"");
        pen.own(site.target);
        pen.byte(b'"');
    }
    let (file, line) = site.place;
    if !file.is_empty() {
        pen.literal(b",\"cs\":\"");
        cut |= pen.text(file, 128);
        pen.byte(b':');
        pen.unsigned(u64::from(line));
        pen.byte(b'"');
    }
    pen.literal(b",\"m\":\"");
    cut |= message(pen, scratch, call, plain);
    pen.literal(b"\",\"k\":\"");
    pen.literal(&hex(frills.key as u32));
    pen.byte(b'"');
    if frills.permille < limiter::ALL {
        pen.literal(b",\"sr\":0.");
        for digit in [frills.permille / 100, frills.permille / 10 % 10, frills.permille % 10] {
            pen.byte(b'0' + digit as u8);
        }
    }
    cut
}

/// Eight digits at once: half bytes are spread over a word, and nine and above are lifted to letters.
fn hex(number: u32) -> [u8; 8] {
    let mut halves = u64::from(number);
    halves = (halves << 16 | halves) & 0xffff_0000_ffff;
    halves = (halves << 8 | halves) & 0x00ff_00ff_00ff_00ff;
    halves = (halves << 4 | halves) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = (halves + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    (halves + 0x3030_3030_3030_3030 + letters * 0x27).to_be_bytes()
}

/// A text that the caller made is cleaned as a whole. Of a sentence only the values come from outside.
fn message(pen: &mut Pen<'_>, scratch: &mut String, call: &Call<'_>, plain: &mut Plain) -> bool {
    match call.message {
        Message::Text(text) => pen.text(text, TEXT_BYTES),
        Message::Shown(shown) => {
            scratch.clear();
            // Ends early when the scratch space is full: then there is more than may be told anyway.
            let whole = write!(Bounded(scratch), "{shown}").is_ok();
            pen.text(scratch, TEXT_BYTES) | !whole
        }
        Message::Sentence => {
            let (start, mut cut) = (pen.len(), false);
            call.site.say(call.values, |text, index, value| {
                pen.bytes(text);
                match value {
                    None | Some(FieldValue::Absent) => {}
                    Some(FieldValue::Str(text)) => {
                        let left = (start + TEXT_BYTES).saturating_sub(pen.len());
                        if pen.plain(text, left) {
                            plain.note(index);
                        } else {
                            cut |= pen.odd_text(text, left);
                        }
                    }
                    Some(value) => tell_plain(pen, value),
                }
            });
            cut
        }
    }
}

/// As much of a text as may matter, in memory that is there already.
struct Bounded<'a>(&'a mut String);

impl std::fmt::Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = self.0.capacity() - self.0.len();
        let kept = prefix(text, room);
        self.0.push_str(kept);
        if kept.len() < text.len() { Err(std::fmt::Error) } else { Ok(()) }
    }
}

fn fields(pen: &mut Pen<'_>, call: &Call<'_>, crumbs: &Crumbs, limit: usize, plain: Plain) -> bool {
    let mut cut = false;
    let mut told = 0;
    let before_any = pen.len();
    for (index, (key, value)) in call.site.keys.iter().zip(call.values).enumerate() {
        if !key.role.is_field() || *value == FieldValue::Absent {
            continue;
        }
        let before = pen.len();
        open_field(pen, told);
        pen.own(key.name);
        cut |= field(pen, key, *value, plain.has(index));
        if told >= FIELDS || pen.len() >= limit {
            pen.truncate(before);
            cut = true;
            break;
        }
        told += 1;
    }
    if call.level() >= Level::Error && !crumbs.is_empty() && told < FIELDS {
        let before = pen.len();
        open_field(pen, told);
        crumbs.tell(pen);
        told += 1;
        if pen.len() >= limit {
            pen.truncate(before);
            (told, cut) = (told - 1, true);
        }
    }
    if told > 0 {
        pen.byte(b'}');
    } else {
        pen.truncate(before_any);
    }
    cut
}

/// Up to where the name begins.
fn open_field(pen: &mut Pen<'_>, told: usize) {
    if told == 0 {
        pen.literal(b",\"f\":{\"");
    } else {
        pen.literal(b",\"");
    }
}

/// What follows the name.
fn field(pen: &mut Pen<'_>, key: &Key, value: FieldValue<'_>, is_plain: bool) -> bool {
    let text = if key.is_secret() { FieldValue::Str(MASK) } else { value };
    let FieldValue::Str(text) = text else {
        pen.literal(b"\":");
        tell_plain(pen, value);
        return false;
    };
    pen.literal(b"\":\"");
    let is_plain = is_plain || key.is_secret();
    let cut = !is_plain && pen.text(text, TEXT_BYTES);
    if is_plain {
        pen.own(text);
    }
    pen.byte(b'"');
    cut
}

/// A value that cannot hold a secret.
fn tell_plain(pen: &mut Pen<'_>, value: FieldValue<'_>) {
    match value {
        FieldValue::Absent | FieldValue::Str(_) => {}
        FieldValue::I64(number) => pen.signed(number),
        FieldValue::U64(number) => pen.unsigned(number),
        FieldValue::Bool(true) => pen.literal(b"true"),
        FieldValue::Bool(false) => pen.literal(b"false"),
    }
}

fn tell_failure(pen: &mut Pen<'_>, failure: &Failure<'_>, limit: usize) -> bool {
    pen.literal(b",\"ex\":{\"kind\":\"");
    let mut cut = pen.text(failure.kind, 16);
    pen.literal(b"\",\"msg\":\"");
    cut |= pen.text(failure.message, TEXT_BYTES);
    pen.byte(b'"');
    cut |= text_if(pen, b",\"loc\":\"", failure.location, FRAME_BYTES);
    if !failure.stack.is_empty() {
        pen.literal(b",\"st\":[");
        cut |= failure.stack.len() > STACK_FRAMES;
        for (position, frame) in failure.stack.iter().take(STACK_FRAMES).enumerate() {
            if pen.len() + 3 * FRAME_BYTES > limit {
                cut = true;
                break;
            }
            if position > 0 {
                pen.byte(b',');
            }
            cut |= tell_frame(pen, frame);
        }
        pen.byte(b']');
    }
    pen.byte(b'}');
    cut
}

fn tell_frame(pen: &mut Pen<'_>, frame: &Frame<'_>) -> bool {
    pen.literal(b"{\"fn\":\"");
    let mut cut = pen.text(frame.function, FRAME_BYTES);
    pen.byte(b'"');
    cut |= text_if(pen, b",\"mod\":\"", frame.module, FRAME_BYTES / 2);
    if let Some(index) = frame.index {
        pen.literal(b",\"ix\":");
        pen.unsigned(u64::from(index));
    }
    if let Some(offset) = frame.offset {
        pen.literal(b",\"off\":");
        pen.unsigned(u64::from(offset));
    }
    pen.byte(b'}');
    cut
}

/// `name` opens the quotes.
fn text_if<const N: usize>(pen: &mut Pen<'_>, name: &[u8; N], text: &str, max: usize) -> bool {
    if text.is_empty() {
        return false;
    }
    pen.literal(name);
    let cut = pen.text(text, max);
    pen.byte(b'"');
    cut
}

#[cfg(test)]
mod tests {
    use super::hex;

    /// Catches: halves that are not spread far enough, and letters that begin at the wrong digit.
    #[test]
    fn eight_digits_are_those_of_the_number() {
        for number in
            (0..32).map(|shift| 0x89ab_cdef_u32.rotate_left(shift)).chain([0, u32::MAX, 0x0123_4567])
        {
            assert_eq!(hex(number), *format!("{number:08x}").as_bytes());
        }
    }
}
