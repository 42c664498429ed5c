//! What a request is made again for, at once: a signature out of time, and a body that the venue wants spelled otherwise.
//! Both were refused, so that nothing was done.

use super::spelling::Spelling;
use super::{Call, Rest};
use crate::venue::wire::Refusal;

/// A body has so many spellings that can be wrong one after the other.
const SPELLINGS: u32 = 3;

/// How one request goes, over its attempts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tries {
    /// Of the attempt that is made now, from 1.
    pub attempt: u32,
    pub spelling: Spelling,
    renewed: bool,
    respelled: u32,
}

impl Tries {
    pub(super) fn new(spelling: Spelling) -> Self {
        Self { attempt: 1, spelling, renewed: false, respelled: 0 }
    }

    /// Attempts that are no failures of the venue or of the way to it.
    pub(super) fn mended(&self) -> u32 {
        u32::from(self.renewed) + self.respelled
    }
}

impl Rest {
    /// Whether the refusal is of something that is put right now: then the next attempt is made at once.
    pub(super) async fn mends(&self, call: &Call, refusal: &Refusal, tries: &mut Tries) -> bool {
        if refusal.is_expired_signature() {
            if tries.renewed {
                return false;
            }
            // The clock was measured from that very answer, unless it did not say what time it is.
            if self.clock.estimate().is_doubted() {
                self.ask_time().await;
            }
            (tries.renewed, tries.attempt) = (true, tries.attempt + 1);
            return true;
        }
        let other = call.body.as_ref().and_then(|body| tries.spelling.other(refusal, body, call.symbol()));
        let Some(other) = other.filter(|_| tries.respelled < SPELLINGS) else {
            self.remember(call, Some(refusal), tries);
            return false;
        };
        (tries.spelling, tries.respelled, tries.attempt) = (other, tries.respelled + 1, tries.attempt + 1);
        true
    }

    /// A spelling that got past the venue's schema is the right one from now on.
    pub(super) fn remember(&self, call: &Call, refusal: Option<&Refusal>, tries: &Tries) {
        if tries.respelled > 0
            && call.body.is_some()
            && refusal.is_none_or(|refusal| refusal.code != "bad_schema")
        {
            *self.spelled() = tries.spelling;
        }
    }
}
