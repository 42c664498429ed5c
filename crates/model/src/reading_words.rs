//! The sentences of a rule's reading: the raw comparison and what is left, as people read them. Made wherever a
//! reading is told or shown; nothing of it is stored.

use rust_decimal::Decimal;

use crate::amount::{Lots, plain, signed};
use crate::rules::{Measure, Rule, RuleReading, Verdict};
use crate::tell::grouped;

/// The raw comparison, such as `71.20 > 70.00 · 0 of 2 breaches`.
pub fn raw(reading: &RuleReading) -> String {
    let (value, threshold) = (reading.value.unwrap_or_default(), reading.threshold.unwrap_or_default());
    match &reading.measure {
        Measure::None => without_numbers(reading.rule, reading.verdict).to_owned(),
        Measure::Latch { set } => if *set { "set" } else { "clear" }.to_owned(),
        Measure::Lots { ours, venue } => lots(reading.verdict, ours, venue.as_deref()),
        Measure::Ratio => format!("ratio {}, at least {}", plain(value), plain(threshold)),
        Measure::Loss => {
            let sign = if value <= threshold { "≤" } else { ">" };
            format!("{} {sign} {}", signed(value), signed(threshold))
        }
        Measure::Multiple => format!("{} of {} times its credit", plain(value), plain(threshold)),
        Measure::Activation => format!("arms at {}", plain(threshold)),
        Measure::Floor { breaches, needed } => {
            let sign = if value > threshold { ">" } else { "≤" };
            let compared = format!("{} {sign} {}", plain(value), plain(threshold));
            // So far below the floor, or at the first look after a restart, one breach suffices.
            if reading.verdict == Verdict::Fires && breaches < needed {
                format!("{compared} · at once")
            } else {
                format!("{compared} · {breaches} of {needed} breaches")
            }
        }
        Measure::Profit => {
            let sign = if value >= threshold { "≥" } else { "<" };
            format!("{} {sign} {}", plain(value), plain(threshold))
        }
        Measure::Until { at } => {
            format!("until {}", at.to_clock())
        }
    }
}

/// How far it is from firing, such as `1.20 left`; empty where there is no distance.
pub fn left(reading: &RuleReading) -> String {
    let (value, threshold) = (reading.value.unwrap_or_default(), reading.threshold.unwrap_or_default());
    let above = |distance: Decimal| format!("{} left", plain(distance.max(Decimal::ZERO)));
    match &reading.measure {
        Measure::None | Measure::Latch { .. } | Measure::Lots { .. } => String::new(),
        Measure::Ratio | Measure::Loss | Measure::Floor { .. } => above(value - threshold),
        Measure::Multiple | Measure::Profit => above(threshold - value),
        Measure::Activation => format!("{} to go", plain(threshold - value)),
        Measure::Until { .. } => format!("{} left", duration(value)),
    }
}

fn without_numbers(rule: Rule, verdict: Verdict) -> &'static str {
    match (rule, verdict) {
        (Rule::Signal, _) => "none",
        (_, Verdict::Off) => "off",
        (Rule::Margin, Verdict::Blocked) => "wallet or marks unknown",
        (Rule::MaxProfit | Rule::Trailing, Verdict::Blocked) => "waits for fresh quotes",
        (Rule::LegStop, Verdict::Blocked) => "no price to close a leg",
        (_, Verdict::Blocked) => "P&L unknown",
        (Rule::Time, _) => "no expiry chosen yet",
        (Rule::Margin, _) => "nothing open short",
        (_, Verdict::NotArmed | Verdict::Holds | Verdict::Near | Verdict::Confirming | Verdict::Fires) => {
            "nothing open"
        }
    }
}

fn lots(verdict: Verdict, ours: &[Lots], venue: Option<&[Option<Lots>]>) -> String {
    let words = |lots: Vec<String>| lots.join(" / ");
    let ours = words(ours.iter().map(|lots| grouped(*lots)).collect());
    let Some(venue) = venue else { return format!("ours {ours}, venue not read since the last order") };
    let word = match verdict {
        Verdict::Confirming => "differs, read again",
        Verdict::Fires => "differs",
        Verdict::Holds | Verdict::Near | Verdict::Off | Verdict::NotArmed | Verdict::Blocked => "agrees",
    };
    let venue = words(venue.iter().map(|lots| lots.map_or_else(|| "?".to_owned(), grouped)).collect());
    format!("{word}: ours {ours}, venue {venue}")
}

/// `2 h 41 m`, `3 m 5 s`, `12 s`.
fn duration(seconds: Decimal) -> String {
    let seconds = i64::try_from(seconds.trunc()).unwrap_or(0).max(0);
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} m {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} m"),
    }
}

#[cfg(test)]
mod tests {
    use telemetry::Micros;

    use super::*;

    fn reading(measure: Measure, verdict: Verdict, value: &str, threshold: &str) -> RuleReading {
        let number = |text: &str| text.parse().ok();
        RuleReading {
            measure,
            value: number(value),
            threshold: number(threshold),
            ..RuleReading::bare(Rule::Trailing, verdict)
        }
    }

    #[test]
    fn a_reading_says_its_numbers() {
        let until = Measure::Until { at: Micros(1_641_340_800_000_000) };
        let lots = |venue| Measure::Lots { ours: vec![-200, -200], venue };
        for (measure, verdict, value, threshold, raw_words, left_words) in [
            (
                Measure::Floor { breaches: 0, needed: 2 },
                Verdict::Holds,
                "71.2",
                "70",
                "71.20 > 70.00 · 0 of 2 breaches",
                "1.20 left",
            ),
            (
                Measure::Floor { breaches: 1, needed: 2 },
                Verdict::Confirming,
                "69.4",
                "70",
                "69.40 ≤ 70.00 · 1 of 2 breaches",
                "0.00 left",
            ),
            (
                Measure::Floor { breaches: 2, needed: 2 },
                Verdict::Fires,
                "69.4",
                "70",
                "69.40 ≤ 70.00 · 2 of 2 breaches",
                "0.00 left",
            ),
            (
                Measure::Floor { breaches: 1, needed: 2 },
                Verdict::Fires,
                "50",
                "70",
                "50.00 ≤ 70.00 · at once",
                "0.00 left",
            ),
            (Measure::Loss, Verdict::Holds, "-12", "-60", "−12.00 > −60.00", "48.00 left"),
            (Measure::Activation, Verdict::NotArmed, "41", "60", "arms at 60.00", "19.00 to go"),
            (Measure::Profit, Verdict::Holds, "30", "40", "30.00 < 40.00", "10.00 left"),
            (Measure::Ratio, Verdict::Holds, "12.345", "1.5", "ratio 12.35, at least 1.50", "10.85 left"),
            (until, Verdict::Holds, "9665", "0", "until 00:00:00", "2 h 41 m left"),
            (
                lots(None),
                Verdict::Confirming,
                "",
                "",
                "ours −200 / −200, venue not read since the last order",
                "",
            ),
            (
                lots(Some(vec![Some(-200), None])),
                Verdict::Fires,
                "",
                "",
                "differs: ours −200 / −200, venue −200 / ?",
                "",
            ),
        ] {
            let reading = reading(measure, verdict, value, threshold);
            assert_eq!((raw(&reading).as_str(), left(&reading).as_str()), (raw_words, left_words));
        }
    }
}
