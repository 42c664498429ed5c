//! Refusals, told together: each telling is itself a record to be forwarded, and may be refused.

use std::time::Duration;

use tokio::time::Instant;

use super::ForwarderEvent;
use crate::store::telemetry::DeadLetter;

/// Refusals are told at most this often.
const EVERY: Duration = Duration::from_secs(60);

/// What was refused for good since it was last told.
#[derive(Debug, Default)]
pub(super) struct Digest {
    count: u64,
    failure_store: u64,
    /// One of them, to look at.
    example: Option<(String, u16, String)>,
    told: Option<Instant>,
}

impl Digest {
    pub fn add(&mut self, letters: &[DeadLetter], failure_store: u64) {
        self.count += letters.len() as u64;
        self.failure_store += failure_store;
        if let Some(letter) = letters.first()
            && self.example.is_none()
        {
            self.example = Some((letter.record.event_id.clone(), letter.status, letter.reason.clone()));
        }
    }

    /// When there is something to tell.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        (self.count + self.failure_store > 0).then(|| self.told.map_or(now, |told| told + EVERY))
    }

    /// What is to be told now.
    pub fn take(&mut self, now: Instant) -> Option<ForwarderEvent> {
        if self.due(now)? > now {
            return None;
        }
        self.told = Some(now);
        let (record, status, reason) = self.example.take().unwrap_or_default();
        let (count, failure_store) =
            (std::mem::take(&mut self.count), std::mem::take(&mut self.failure_store));
        Some(ForwarderEvent::Quarantined { count, failure_store, record, status, reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::telemetry::StoredRecord;

    #[test]
    fn refusals_are_told_at_once_and_then_once_a_minute_with_their_number() {
        let letter = |id: i64| DeadLetter {
            record: StoredRecord { id, event_id: format!("boot-{id}"), at_us: 0, body: String::new().into() },
            data_stream: String::new(),
            status: 400,
            reason: "mapper_parsing_exception: no".to_owned(),
        };
        let mut digest = Digest::default();
        assert!(digest.take(Instant::now()).is_none(), "nothing to tell");
        let mut told = Vec::new();
        let begun = Instant::now();
        for id in 0..180_u32 {
            digest.add(&[letter(i64::from(id))], 0);
            told.extend(digest.take(begun + Duration::from_secs(1) * id));
        }
        let counts: Vec<u64> = told
            .iter()
            .map(|event| match event {
                ForwarderEvent::Quarantined { count, .. } => *count,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(counts, [1, 60, 60]);
    }
}
