//! Sizes and counts of browser records and batches, shared by the browser (which cuts) and the server (which
//! cuts again and refuses).

/// Records in one batch.
pub const BATCH_RECORDS: usize = 2_000;
/// Bytes of a batch before compression that the browser seals.
pub const BATCH_RAW_BYTES: usize = 256 * 1024;
/// Bytes of a batch as sent by the browser: what a keepalive request can carry.
pub const BATCH_ENCODED_BYTES: usize = 60_000;
/// Bytes of a request body as received.
pub const BODY_ENCODED_BYTES: usize = 128 * 1024;
/// Bytes of a request body after inflating.
pub const BODY_DECODED_BYTES: usize = 1024 * 1024;
/// Nesting of objects and arrays in a body.
pub const BODY_DEPTH: usize = 6;

/// Milliseconds for which a browser may be asked for debug records.
pub const DEBUG_MOST_MS: i64 = 10 * 60_000;

/// Bytes of one record below error, as JSON.
pub const RECORD_BYTES: usize = 8 * 1024;
/// Bytes of one record of level error or fatal, as JSON.
pub const ERROR_RECORD_BYTES: usize = 32 * 1024;
/// Bytes of a message, and of a string in the payload.
pub const TEXT_BYTES: usize = 1024;
/// Fields of a payload.
pub const FIELDS: usize = 32;
/// Characters of a payload key, all of `a-z 0-9 _ .`.
pub const KEY_BYTES: usize = 64;
/// Levels of nesting below the payload, written with dots.
pub const FIELD_DEPTH: usize = 3;
/// Scalars in an array.
pub const ARRAY_ITEMS: usize = 16;
/// Frames of a stack, and bytes of each.
pub const STACK_FRAMES: usize = 64;
pub const FRAME_BYTES: usize = 256;

/// The longest prefix of at most `max` bytes that ends at a character.
#[must_use]
pub fn prefix(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// Brings a payload key into its allowed form: lowercase, `_` for what is not allowed, at most 64 bytes.
#[must_use]
pub fn field_key(key: &str) -> String {
    let allowed = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9' | '_' | '.') => c,
        _ => '_',
    };
    key.chars().take(KEY_BYTES).map(allowed).collect()
}
