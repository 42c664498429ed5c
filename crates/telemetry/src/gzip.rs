//! gzip with bounds: the same bytes always give the same output, and inflating never grows beyond its limit.

use std::io::Write;

use flate2::write::GzDecoder;

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

/// CRC-32 of gzip. Its table is made at once: the library's are sixteen kilobytes that do not compress, and travel with
/// every first load.
fn check_sum(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let step = |sum: u32, _| if sum & 1 == 1 { (sum >> 1) ^ POLYNOMIAL } else { sum >> 1 };
    let table: [u32; 256] = std::array::from_fn(|byte| (0..8).fold(byte as u32, step));
    !bytes.iter().fold(!0, |sum: u32, byte| (sum >> 8) ^ table[usize::from(sum as u8 ^ byte)])
}

/// Inflates what comes piece by piece; what came in is not kept.
pub struct Inflater {
    decoder: GzDecoder<Bounded>,
}

impl Inflater {
    /// For at most `limit` bytes. Memory stays below that and 192 KiB, whatever the input claims.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { decoder: GzDecoder::new(Bounded { bytes: Vec::new(), limit, overflowed: false }) }
    }

    /// The next piece. Gives how many bytes came out so far, the last 32 KiB perhaps not among them.
    pub fn feed(&mut self, piece: &[u8]) -> Result<usize, InflateError> {
        let written = self.decoder.write_all(piece);
        let out = self.decoder.get_ref();
        match written {
            Ok(()) => Ok(out.bytes.len()),
            Err(_) if out.overflowed => Err(InflateError::TooLarge),
            Err(_) => Err(InflateError::Broken),
        }
    }

    /// Everything, when the input was whole.
    pub fn finish(mut self) -> Result<Vec<u8>, InflateError> {
        let finished = self.decoder.try_finish();
        match self.decoder.get_mut() {
            Bounded { overflowed: true, .. } => Err(InflateError::TooLarge),
            Bounded { bytes, .. } => {
                finished.map(|()| std::mem::take(bytes)).map_err(|_| InflateError::Broken)
            }
        }
    }
}

/// Room that is made at first.
const SMALL: usize = 64 * 1024;

/// Takes no more than its limit, and no more room than that either.
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    overflowed: bool,
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        let wanted = self.bytes.len() + piece.len();
        if wanted > self.limit {
            self.overflowed = true;
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        if wanted > self.bytes.capacity() {
            // Nearly all bodies are small; for others room is made once, and what is not written to costs nothing.
            let room = if wanted <= SMALL { SMALL.min(self.limit) } else { self.limit };
            self.bytes.reserve_exact(room - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Inflates all of it, to at most `limit` bytes.
pub fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let mut inflater = Inflater::new(limit);
    inflater.feed(bytes)?;
    inflater.finish()
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
