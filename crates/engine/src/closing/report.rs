//! What a close tells of itself: that it goes on as a panic, what is on, that the venue cannot be worked.

use model::decision::ClosingDecision;
use model::decision::closing::PanicScope;
use model::{ExitReason, Exposure, Session};

use super::{Closer, restricted};
use crate::hearing::Hearing;
use crate::said::{MILLISECOND, SECOND, Said, since};

/// An exit that has not ended by then, or not after so many attempts, goes on as a panic.
const EXIT_PATIENCE: i64 = 15 * SECOND;
const EXIT_ATTEMPTS: u32 = 5;
/// The venue counts as unreachable after this long without a good read.
const BLOCKED_AFTER: i64 = 5 * SECOND;

fn alive<'a>(closer: &Closer<'a>) -> Option<&'a Session> {
    closer.session.filter(|session| !session.is_over())
}

/// Too long or too many attempts: on as a panic. The latch binds this session alone.
pub(super) fn escalate(closer: &Closer<'_>) -> Vec<Said> {
    let Some(session) = alive(closer) else { return Vec::new() };
    if closer.flatten.panic || session.latch.is_some() {
        return Vec::new();
    }
    // While nothing can be traded neither time nor attempts say anything.
    if restricted::open(closer).all(|symbol| closer.restriction(symbol).is_some()) {
        return Vec::new();
    }
    let elapsed = since(closer.began_or_changed_at(), closer.now());
    let attempts = closer.flatten.products.values().map(|closing| closing.attempts).max().unwrap_or(0);
    if elapsed < EXIT_PATIENCE && attempts < EXIT_ATTEMPTS {
        return Vec::new();
    }
    let reason = session.exit().map_or(ExitReason::Error, |exit| exit.reason);
    vec![
        closer.say(ClosingDecision::Escalated { attempts, elapsed_ms: elapsed / MILLISECOND }),
        closer.say(crate::exits::latched(PanicScope::Session, reason, closer.stamp)),
    ]
}

pub(super) fn exposure(closer: &Closer<'_>) -> Vec<Said> {
    let Some(session) = alive(closer) else { return Vec::new() };
    let to = if closer.flatten.blocked.is_some() { Exposure::Unknown } else { Exposure::Closing };
    let read_at = closer.state.account.truth.read_at().filter(|at| *at >= closer.flatten.started_at);
    let waits = session.exposure == Exposure::Unknown && read_at.is_none();
    if session.exposure == to || waits {
        return Vec::new();
    }
    let hearing = Hearing { state: closer.state, session, stamp: closer.stamp };
    vec![closer.say(hearing.exposure(to, read_at))]
}

pub(super) fn blocked(closer: &Closer<'_>) -> Vec<Said> {
    let unknown = closer.state.account.truth.unknown.as_ref();
    let long = unknown.filter(|(at, _)| since(*at, closer.now()) >= BLOCKED_AFTER);
    match (long, &closer.flatten.blocked) {
        (Some((_, code)), None) => vec![closer.say(ClosingDecision::Blocked { code: code.clone() })],
        (None, Some(_)) if unknown.is_none() => vec![closer.say(ClosingDecision::Unblocked)],
        _ => Vec::new(),
    }
}
