//! Memory that the bodies of all requests together may take, counted while they grow. Who is not signed in has a
//! small room of his own: strangers who send slowly must not take that of the others.

use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};

/// Decoded KiB of requests with a session, and of those with a page token only.
const SIGNED_IN_KIB: usize = 24 * 1_024;
const STRANGERS_KIB: usize = 8 * 1_024;

/// One permit per KiB.
pub struct Rooms {
    signed_in: Semaphore,
    strangers: Semaphore,
}

impl Default for Rooms {
    fn default() -> Self {
        Self { signed_in: Semaphore::new(SIGNED_IN_KIB), strangers: Semaphore::new(STRANGERS_KIB) }
    }
}

impl Rooms {
    /// The room of such a request.
    #[must_use]
    pub fn of(&self, signed_in: bool) -> InFlight<'_> {
        InFlight(if signed_in { &self.signed_in } else { &self.strangers })
    }
}

/// The room of one request.
#[derive(Clone, Copy)]
pub struct InFlight<'a>(&'a Semaphore);

impl<'a> InFlight<'a> {
    /// So many bytes are held now. `Err`: there is no room for what came in addition.
    pub fn hold(self, held: &mut Option<SemaphorePermit<'a>>, bytes: usize) -> Result<(), TryAcquireError> {
        let kib = bytes.div_ceil(1_024);
        let more = kib.saturating_sub(held.as_ref().map_or(0, SemaphorePermit::num_permits));
        if more == 0 {
            return Ok(());
        }
        let permit = self.0.try_acquire_many(u32::try_from(more).unwrap_or(u32::MAX))?;
        match held {
            Some(held) => held.merge(permit),
            None => *held = Some(permit),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_take_their_own_room_only_and_give_it_back() {
        let rooms = Rooms::default();
        let mut held: Vec<Option<SemaphorePermit<'_>>> = (0..8).map(|_| None).collect();
        for permit in &mut held {
            assert!(rooms.of(false).hold(permit, 1).is_ok());
            assert!(rooms.of(false).hold(permit, 1_024 * 1_024).is_ok());
            assert!(rooms.of(false).hold(permit, 1_000).is_ok(), "what is held already");
        }
        let mut late = None;
        assert!(rooms.of(false).hold(&mut late, 1).is_err());
        assert!(rooms.of(true).hold(&mut late, 1).is_ok());
        held.pop();
        assert!(rooms.of(false).hold(&mut None, 1_024 * 1_024).is_ok());
    }
}
