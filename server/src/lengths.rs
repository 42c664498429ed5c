//! Lengths of time in the sentences of records, as people read them.

/// Such as `812 µs`, `20.6 ms`, `1,565 ms`, `12.4 s`.
#[must_use]
pub fn micros(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..100_000 => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        100_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..10_000_000 => format!("{},{:03} ms", us / 1_000_000, us % 1_000_000 / 1_000),
        _ => format!("{}.{} s", us / 1_000_000, us % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn a_length_has_the_unit_that_people_would_choose() {
        for (us, text) in [
            (812, "812 µs"),
            (20_591, "20.5 ms"),
            (324_000, "324 ms"),
            (1_565_900, "1,565 ms"),
            (12_480_000, "12.4 s"),
        ] {
            assert_eq!(micros(us), text);
        }
    }
}
