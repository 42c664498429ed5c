//! Bodies made to take memory: what a small request may cost is bounded, counted by the allocator.

use allocation_counter::measure;
use proptest::prelude::*;
use telemetry::{
    InflateError, Inflater, deflate, inflate,
    ingest::{AdmitError, text},
    limits::BODY_DECODED_BYTES,
};

const MIB: u64 = 1 << 20;

/// Catches: a buffer that grows by doubling beyond the limit, and a bomb that is unpacked before it is refused.
#[test]
fn a_bomb_takes_less_than_its_limit_and_a_little() {
    let bomb = deflate(&vec![b'x'; 128 << 20]);
    assert!(bomb.len() * 200 < 128 << 20, "{} bytes", bomb.len());
    let mut fed = 0;
    let taken = measure(|| {
        let mut inflater = Inflater::new(BODY_DECODED_BYTES);
        let refused = bomb.chunks(4_096).find_map(|piece| {
            fed += piece.len();
            inflater.feed(piece).err()
        });
        assert_eq!(refused, Some(InflateError::TooLarge));
    });
    assert!(taken.bytes_max < MIB + 192 * 1_024, "{} bytes", taken.bytes_max);
    assert!(fed < 32 * 1_024, "refused after {fed} bytes: where the limit is reached");
}

/// Catches: replacements that are three times as long as what they replace.
#[test]
fn bytes_that_are_no_text_do_not_grow_beyond_the_limit() {
    let noise = vec![0xff; BODY_DECODED_BYTES];
    let taken = measure(|| assert_eq!(text(&noise), Err(AdmitError::TooLarge)));
    assert!(taken.bytes_max <= MIB + 64 * 1_024, "{} bytes", taken.bytes_max);
    assert_eq!(text(b"\xef\xbb\xbfa\xffb\xc3").as_deref(), Ok("a\u{fffd}b\u{fffd}"));
    assert_eq!(text(&[0xff; 9]).unwrap().chars().count(), 9);
}

#[test]
fn what_follows_the_end_of_a_body_is_refused() {
    let packed = deflate(b"{}");
    assert_eq!(inflate(&[packed.as_slice(), b"more"].concat(), 100), Err(InflateError::Broken));
    assert_eq!(inflate(&packed[..packed.len() - 1], 100), Err(InflateError::Broken), "cut short");
    assert_eq!(inflate(b"", 100), Err(InflateError::Broken));
}

proptest! {
    /// Catches: a piece that is lost or looked at twice where two of them meet.
    #[test]
    fn pieces_of_any_size_give_the_same(bytes in prop::collection::vec(any::<u8>(), 0..20_000), piece in 1..3_000_usize, limit in 0..30_000_usize) {
        let packed = deflate(&bytes);
        let mut inflater = Inflater::new(limit);
        let fed = packed.chunks(piece).try_for_each(|piece| inflater.feed(piece).map(drop));
        let whole = fed.and_then(|()| inflater.finish());
        prop_assert_eq!(whole, if bytes.len() <= limit { Ok(bytes) } else { Err(InflateError::TooLarge) });
    }
}
