//! The four truths of the active session as chips: intent, lifecycle, exposure, health; never merged. Pure.

use model::view::StripView;
use model::{Exposure, Health, Intent, Lifecycle, Micros};

use crate::format::{NONE, words};
use crate::live::TRUTH_STALE_US;

/// One chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    pub name: &'static str,
    pub value: String,
    /// `idle`, `wait`, `doubt`, `alarm`, or nothing when all is as it should be.
    pub tone: &'static str,
    pub at: Option<Micros>,
    /// Age above which it is amber; 0: it cannot go stale.
    pub stale_us: i64,
}

/// All four, in their order.
pub fn truths(strip: &StripView) -> [Truth; 4] {
    [intent(strip), lifecycle(strip), exposure(strip), health(strip)]
}

fn is_over(strip: &StripView) -> bool {
    strip.lifecycle.is_none_or(|lifecycle| lifecycle == Lifecycle::Stopped)
}

fn intent(strip: &StripView) -> Truth {
    let (value, tone) = match strip.intent.filter(|_| !is_over(strip)) {
        None => (NONE.to_owned(), "idle"),
        Some(intent) => (
            words(intent.word()),
            match intent {
                Intent::Run => "",
                Intent::Pause | Intent::Exit => "wait",
                Intent::Panic => "alarm",
            },
        ),
    };
    Truth { name: "Intent", value, tone, at: None, stale_us: 0 }
}

fn lifecycle(strip: &StripView) -> Truth {
    let (value, tone) = match strip.lifecycle {
        None => ("No session".to_owned(), "idle"),
        Some(lifecycle) => (words(lifecycle.word()), lifecycle_tone(lifecycle)),
    };
    Truth { name: "Lifecycle", value, tone, at: strip.lifecycle_since, stale_us: 0 }
}

fn exposure(strip: &StripView) -> Truth {
    let (value, tone) = match strip.exposure {
        None => (NONE.to_owned(), "idle"),
        Some(exposure) => (words(exposure.word()), exposure_tone(exposure)),
    };
    let stale_us = if is_over(strip) { 0 } else { TRUTH_STALE_US };
    Truth { name: "Exposure", value, tone, at: strip.exposure_read_at, stale_us }
}

fn health(strip: &StripView) -> Truth {
    let value = match strip.health.as_slice() {
        [] => "OK".to_owned(),
        [one] => words(one.word()),
        [first, rest @ ..] => format!("{} +{}", words(first.word()), rest.len()),
    };
    Truth {
        name: "Health",
        value,
        tone: health_tone(&strip.health),
        at: strip.health_at,
        stale_us: TRUTH_STALE_US,
    }
}

pub fn lifecycle_tone(lifecycle: Lifecycle) -> &'static str {
    match lifecycle {
        Lifecycle::Running => "",
        Lifecycle::Starting | Lifecycle::Paused | Lifecycle::Exiting => "wait",
        Lifecycle::Panicking | Lifecycle::NeedsOperator => "alarm",
        Lifecycle::Stopped => "idle",
    }
}

pub fn exposure_tone(exposure: Exposure) -> &'static str {
    match exposure {
        Exposure::Flat | Exposure::Open => "",
        Exposure::Entering | Exposure::Closing => "wait",
        Exposure::Unknown => "doubt",
    }
}

/// That of the worst; nothing when all is well.
pub fn health_tone(health: &[Health]) -> &'static str {
    let tones = health.iter().map(|health| tone_of(*health));
    tones.max_by_key(|tone| *tone == "alarm").unwrap_or("")
}

fn tone_of(health: Health) -> &'static str {
    match health {
        Health::DataStale | Health::VenueRestricted | Health::ClockSkew => "wait",
        Health::VenueUnreachable | Health::Unreconciled | Health::JournalDegraded => "alarm",
    }
}

/// The dot's tone, or the `?` of what is not known.
pub fn dot(tone: &str) -> &'static str {
    match tone {
        "" => "gain",
        "wait" => "doubt",
        "alarm" => "alarm",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(intent: Intent, lifecycle: Lifecycle, exposure: Exposure, health: &[Health]) -> StripView {
        StripView {
            intent: Some(intent),
            lifecycle: Some(lifecycle),
            exposure: Some(exposure),
            health: health.to_vec(),
            ..StripView::default()
        }
    }

    fn shown(strip: &StripView) -> Vec<(String, &'static str)> {
        truths(strip).into_iter().map(|truth| (truth.value, truth.tone)).collect()
    }

    #[test]
    fn each_truth_speaks_for_itself() {
        let running = strip(Intent::Run, Lifecycle::Running, Exposure::Open, &[]);
        assert_eq!(
            shown(&running),
            [("Run", ""), ("Running", ""), ("Open", ""), ("OK", "")].map(|(v, t)| (v.to_owned(), t))
        );
        let blind = strip(
            Intent::Run,
            Lifecycle::Paused,
            Exposure::Unknown,
            &[Health::DataStale, Health::VenueUnreachable],
        );
        assert_eq!(
            shown(&blind),
            [("Run", ""), ("Paused", "wait"), ("Unknown", "doubt"), ("Data stale +1", "alarm")]
                .map(|(v, t)| (v.to_owned(), t))
        );
    }

    #[test]
    fn without_a_session_nothing_pretends_to_run() {
        assert_eq!(
            shown(&StripView::default()),
            [("–", "idle"), ("No session", "idle"), ("–", "idle"), ("OK", "")]
                .map(|(v, t)| (v.to_owned(), t))
        );
        let over = strip(Intent::Exit, Lifecycle::Stopped, Exposure::Flat, &[]);
        assert_eq!(shown(&over)[0], ("–".to_owned(), "idle"));
    }
}
