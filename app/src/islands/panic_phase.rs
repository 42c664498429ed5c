//! What PANIC says at each moment, as a function of its phase and the account's latch. Pure.

/// Where a press of PANIC stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Idle,
    /// Shift+Esc once: the second one is waited for.
    Armed,
    /// Pressed, not yet for a second.
    Holding,
    /// Sent; no answer yet.
    Sending { attempts: u32 },
    /// No answer, or one that did not accept: sent again, under the same key.
    Unconfirmed { attempts: u32, error: String },
    /// Only after the server's 202.
    Accepted,
    /// Refused for good: nobody is signed in, or may not.
    Refused { error: String },
}

impl Phase {
    /// One more was sent.
    pub fn count(&mut self, sent: u32) {
        match self {
            Phase::Sending { attempts } | Phase::Unconfirmed { attempts, .. } => *attempts = sent,
            Phase::Idle | Phase::Armed | Phase::Holding | Phase::Accepted | Phase::Refused { .. } => {}
        }
    }

    /// How many were sent.
    pub fn sent(&self) -> u32 {
        match self {
            Phase::Sending { attempts } | Phase::Unconfirmed { attempts, .. } => *attempts,
            Phase::Idle | Phase::Armed | Phase::Holding | Phase::Accepted | Phase::Refused { .. } => 0,
        }
    }

    /// Whether the server's word that it has accepted the press is news. It outweighs a refusal: the press goes through two
    /// doors, and the request may have lost its cookie where the socket is still somebody's.
    pub fn awaits_acceptance(&self) -> bool {
        match self {
            Phase::Sending { .. } | Phase::Unconfirmed { .. } | Phase::Refused { .. } => true,
            Phase::Idle | Phase::Armed | Phase::Holding | Phase::Accepted => false,
        }
    }

    /// Whether a press is on its way, so that another need not be sent.
    pub fn is_under_way(&self) -> bool {
        match self {
            Phase::Sending { .. } | Phase::Unconfirmed { .. } => true,
            Phase::Idle | Phase::Armed | Phase::Holding | Phase::Accepted | Phase::Refused { .. } => false,
        }
    }
}

/// The account's latch, as far as the button shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latch {
    Clear,
    Set,
    VerifiedFlat,
}

impl Latch {
    /// Of the cell that says it.
    pub fn read(word: &str) -> Self {
        match word {
            "" => Latch::Clear,
            "flat" => Latch::VerifiedFlat,
            _ => Latch::Set,
        }
    }
}

/// The button's face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    pub state: &'static str,
    pub word: &'static str,
    pub small: String,
}

impl Face {
    /// What is said aloud of it: nothing while nothing is the matter.
    pub fn said(&self) -> &str {
        if self.state == "idle" { "" } else { &self.small }
    }
}

fn face_of(state: &'static str, word: &'static str, small: impl Into<String>) -> Face {
    Face { state, word, small: small.into() }
}

pub fn face(phase: &Phase, latch: Latch) -> Face {
    match (phase, latch) {
        (Phase::Armed, _) => face_of("armed", "PANIC", "Shift+Esc again"),
        (Phase::Holding, _) => face_of("holding", "PANIC", "keep holding"),
        (Phase::Sending { .. }, _) => face_of("sending", "PANIC", "sending"),
        (Phase::Unconfirmed { .. }, _) => face_of("unconfirmed", "PANIC", "not confirmed – retrying"),
        (Phase::Refused { .. }, _) => face_of("unconfirmed", "PANIC", "refused"),
        (Phase::Idle | Phase::Accepted, Latch::VerifiedFlat) => {
            face_of("done", "PANIC", "verified flat · latched")
        }
        (Phase::Accepted, _) => face_of("accepted", "PANICKING", "Accepted"),
        (Phase::Idle, Latch::Set) => face_of("running", "PANICKING", "closing everything"),
        (Phase::Idle, Latch::Clear) => face_of("idle", "PANIC", "hold 1 s"),
    }
}

/// What to do besides, when the server does not confirm within three seconds.
pub fn hint(phase: &Phase, waited_ms: f64) -> Option<String> {
    const SHELL: &str = "Close everything without this page: deltascope panic --all in a shell, or Emergency on the sign-in page.";
    match phase {
        Phase::Refused { error } => Some(format!("PANIC was refused: {error} {SHELL}")),
        Phase::Sending { .. } | Phase::Unconfirmed { .. } if waited_ms >= 3_000.0 => {
            let (waited_s, times) = (
                (waited_ms / 1_000.0) as u32,
                match phase.sent() {
                    0 | 1 => "once".to_owned(),
                    sent => format!("{sent} times"),
                },
            );
            Some(format!("PANIC is not confirmed for {waited_s} s, sent {times}. {SHELL}"))
        }
        Phase::Idle
        | Phase::Armed
        | Phase::Holding
        | Phase::Sending { .. }
        | Phase::Unconfirmed { .. }
        | Phase::Accepted => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_is_said_only_when_the_server_said_so() {
        for phase in [Phase::Idle, Phase::Holding, Phase::Sending { attempts: 1 }] {
            assert!(!face(&phase, Latch::Clear).small.contains("Accepted"), "{phase:?}");
        }
        assert_eq!(face(&Phase::Accepted, Latch::Clear).small, "Accepted");
        let unconfirmed = Phase::Unconfirmed { attempts: 2, error: String::new() };
        assert_eq!(face(&unconfirmed, Latch::Clear).small, "not confirmed – retrying");
        assert_eq!(face(&Phase::Accepted, Latch::read("flat")).small, "verified flat · latched");
    }

    #[test]
    fn an_acceptance_by_the_other_door_outweighs_a_refusal() {
        let refused = Phase::Refused { error: "Sign in first.".to_owned() };
        assert!(refused.awaits_acceptance() && !refused.is_under_way());
        for phase in [Phase::Idle, Phase::Armed, Phase::Holding, Phase::Accepted] {
            assert!(!phase.awaits_acceptance(), "{phase:?}");
        }
    }

    #[test]
    fn every_sending_is_counted_whether_or_not_it_was_answered() {
        let mut phase = Phase::Sending { attempts: 1 };
        phase.count(12);
        assert!(hint(&phase, 20_000.0).is_some_and(|text| text.contains("for 20 s, sent 12 times")));
        phase.count(1);
        assert!(hint(&phase, 4_000.0).is_some_and(|text| text.contains("sent once")));
        let mut idle = Phase::Idle;
        idle.count(3);
        assert_eq!((idle.sent(), idle), (0, Phase::Idle));
    }

    #[test]
    fn a_latch_made_elsewhere_shows_too() {
        assert_eq!(face(&Phase::Idle, Latch::read("set")).word, "PANICKING");
        assert_eq!(face(&Phase::Idle, Latch::read("")).word, "PANIC");
    }

    #[test]
    fn the_way_around_is_named_after_three_seconds_without_an_answer() {
        let sending = Phase::Sending { attempts: 1 };
        assert_eq!(hint(&sending, 2_900.0), None);
        assert!(hint(&sending, 3_000.0).is_some_and(|text| text.contains("deltascope panic --all")));
        assert_eq!(hint(&Phase::Accepted, 60_000.0), None);
        assert!(hint(&Phase::Refused { error: "Sign in.".to_owned() }, 0.0).is_some());
    }
}
