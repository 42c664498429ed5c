//! Compressed copies of a file: what browsers take is laid ready, so that no request waits for it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::Effort;

/// Ending and content of each copy that is smaller than the file itself. Every browser takes gzip; Brotli is smaller
/// and takes its time.
pub fn copies(bytes: &[u8], effort: Effort) -> Vec<(&'static str, Vec<u8>)> {
    let copies = match effort {
        Effort::Quick => vec![("gz", gzip(bytes, Compression::fast()))],
        Effort::Small => vec![("br", brotli(bytes)), ("gz", gzip(bytes, Compression::best()))],
    };
    copies.into_iter().filter(|(_, copy)| copy.len() < bytes.len()).collect()
}

/// Writing into memory does not fail; if it did, the copy would be as long as the file and left out.
fn gzip(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.unwrap_or_else(|_| bytes.to_vec())
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    let (mut rest, mut copy) = (bytes, Vec::new());
    match brotli::BrotliCompress(&mut rest, &mut copy, &parameters) {
        Ok(_) => copy,
        Err(_) => bytes.to_vec(),
    }
}
