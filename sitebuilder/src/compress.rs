//! Compressed copies of a file: what browsers take is laid ready, so that no request waits for it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::Effort;

/// Ending and content of each copy that is smaller than the file itself.
pub fn copies(bytes: &[u8], effort: Effort) -> Vec<(&'static str, Vec<u8>)> {
    let both = [("br", brotli(bytes, effort)), ("gz", gzip(bytes, effort))];
    both.into_iter().filter(|(_, copy)| copy.len() < bytes.len()).collect()
}

/// Writing into memory does not fail; an encoder that did would give an empty copy, which nobody could read.
fn gzip(bytes: &[u8], effort: Effort) -> Vec<u8> {
    let level = match effort {
        Effort::Quick => Compression::fast(),
        Effort::Small => Compression::best(),
    };
    let mut encoder = GzEncoder::new(Vec::new(), level);
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.unwrap_or_else(|_| bytes.to_vec())
}

fn brotli(mut bytes: &[u8], effort: Effort) -> Vec<u8> {
    let quality = match effort {
        Effort::Quick => 4,
        Effort::Small => 11,
    };
    let parameters = brotli::enc::BrotliEncoderParams { quality, lgwin: 22, ..Default::default() };
    let whole = bytes;
    let mut copy = Vec::new();
    match brotli::BrotliCompress(&mut bytes, &mut copy, &parameters) {
        Ok(_) => copy,
        Err(_) => whole.to_vec(),
    }
}
