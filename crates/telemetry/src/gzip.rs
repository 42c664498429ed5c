//! gzip with bounds: the same bytes always give the same output, and inflating never grows beyond its limit.

use std::io::{Read, Write};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

/// Why a body could not be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InflateError {
    /// More than the limit would come out.
    TooLarge,
    /// Not gzip, cut short, or its check sum is wrong.
    Broken,
}

impl std::fmt::Display for InflateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "decoded body is larger than allowed",
            Self::Broken => "body is not valid gzip",
        })
    }
}

impl std::error::Error for InflateError {}

/// Compresses at level 1. Deterministic: the header carries neither time nor name.
#[must_use]
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    // Writing to a vector cannot fail; were it to, the empty result is refused by every reader.
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// Inflates at most `limit` bytes. Memory stays below twice the limit, whatever the input claims.
pub fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let mut decoder = GzDecoder::new(bytes);
    let mut decoded = Vec::with_capacity(limit.min(bytes.len().saturating_mul(4)));
    let mut chunk = [0; 8 * 1024];
    loop {
        let read = decoder.read(&mut chunk).map_err(|_| InflateError::Broken)?;
        if read == 0 {
            return Ok(decoded);
        }
        if decoded.len() + read > limit {
            return Err(InflateError::TooLarge);
        }
        decoded.extend_from_slice(&chunk[..read]);
    }
}
