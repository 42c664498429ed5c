//! How long to wait before something is tried again.

/// Doubles from half a second to ten, spread over its upper half by `random`.
pub fn backoff_ms(attempt: u32, random: u32) -> u32 {
    let whole = 500_u32.saturating_mul(1 << attempt.min(5)).min(10_000);
    whole / 2 + random % (whole / 2 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_is_spread_and_has_an_end() {
        assert_eq!((backoff_ms(0, 0), backoff_ms(0, 250)), (250, 500));
        for attempt in 0..40 {
            let wait = backoff_ms(attempt, 7_919 * attempt);
            assert!((250..=10_000).contains(&wait), "{wait}");
        }
        assert!(backoff_ms(9, 0) >= 5_000);
    }
}
