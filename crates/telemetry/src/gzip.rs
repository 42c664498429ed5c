//! gzip with bounds: the same bytes always give the same output, and inflating never grows beyond its limit.

use std::io::Read;

use flate2::read::GzDecoder;

use crate::squeeze::squeeze;

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

/// Deflated by the fast method, by nobody in particular; neither time nor name.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff];

/// Compresses. Deterministic: the header carries neither time nor name.
#[must_use]
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 + 128);
    out.extend_from_slice(&HEADER);
    squeeze(bytes, &mut out);
    out.extend_from_slice(&check_sum(bytes).to_le_bytes());
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out
}

/// CRC-32 of gzip. Of half bytes, by a table that is made at once: the library's tables are sixteen kilobytes that do
/// not compress, and travel with every first load.
fn check_sum(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let table: [u32; 16] = std::array::from_fn(|half| {
        (0..4).fold(half as u32, |sum, _| if sum & 1 == 1 { (sum >> 1) ^ POLYNOMIAL } else { sum >> 1 })
    });
    !bytes.iter().fold(!0, |sum: u32, byte| {
        let sum = sum ^ u32::from(*byte);
        let sum = (sum >> 4) ^ table[(sum & 15) as usize];
        (sum >> 4) ^ table[(sum & 15) as usize]
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_sum_is_that_of_gzip() {
        assert_eq!(check_sum(b"123456789"), 0xcbf4_3926);
        assert_eq!(check_sum(b""), 0);
        let text = b"what was told ".repeat(100);
        assert_eq!(inflate(&deflate(&text), 10_000).as_deref(), Ok(text.as_slice()));
    }
}
