//! Closing until verified flat: cancel entries, read the truth, close what is measured, read again, and believe
//! "flat" only from two reads. Exits and panics share it; a panic is less gentle with prices.

mod attempt;
mod finish;

use model::decision::truth::TruthPurpose;
use model::decision::{ClosingDecision, SessionDecision};
use model::order::{Order, OrderStatus, Purpose};
use model::session::{Exposure, Session};
use model::state::{Flatten, KnownTruth};
use model::tell::positions;
use model::{Lifecycle, Micros, Stamp, Symbol, TradingState};

use crate::truth;
use crate::verdict::{MILLISECOND, SECOND, Verdict, say, since};

/// An exit that has not ended by then, or not after so many attempts, goes on as a panic.
const EXIT_PATIENCE: i64 = 15 * SECOND;
const EXIT_ATTEMPTS: u32 = 5;
/// Two flat reads are at least so far apart.
const VERIFY_GAP: i64 = 400 * MILLISECOND;
/// How long a flat venue waits for fills that are missing in our books.
const UNBOOKED_PATIENCE: i64 = 10 * SECOND;
/// The venue counts as unreachable after this long without a good read.
const BLOCKED_AFTER: i64 = 5 * SECOND;

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Verdict> {
    let Some(flatten) = &state.flatten else { return Vec::new() };
    if flatten.verified_flat_at.is_some() {
        return finish::judge(state, flatten, stamp);
    }
    let scene = Scene { state, flatten, session: state.session.as_ref(), stamp };
    let steps: [fn(&Scene<'_>) -> Vec<Verdict>; 6] =
        [escalate, tell_exposure, tell_blocked, cancel_entries, close, verify];
    steps.iter().map(|step| step(&scene)).find(|verdicts| !verdicts.is_empty()).unwrap_or_default()
}

pub(crate) struct Scene<'a> {
    pub state: &'a TradingState,
    pub flatten: &'a Flatten,
    pub session: Option<&'a Session>,
    pub stamp: &'a Stamp,
}

impl Scene<'_> {
    fn say(&self, decision: impl crate::verdict::IntoDecision) -> Verdict {
        say(&self.flatten.correlation_id, decision)
    }

    /// Our live orders.
    fn live(&self) -> impl Iterator<Item = &Order> {
        self.session.into_iter().flat_map(Session::live_orders)
    }

    /// The latest moment at which anything of ours may have changed at the venue.
    fn last_activity(&self) -> Micros {
        let orders = self
            .session
            .into_iter()
            .flat_map(|session| session.orders.values())
            .map(|order| order.updated_at);
        let boot = self.state.boot.as_ref().map(|boot| boot.at);
        orders.chain(boot).chain([self.flatten.started_at]).max().unwrap_or(self.flatten.started_at)
    }

    /// The truth, if it was asked for after the last activity.
    fn fresh_truth(&self) -> Option<&KnownTruth> {
        self.state.truth.known.as_ref().filter(|known| known.requested_at >= self.last_activity())
    }

    /// Whether reads fail: then closing goes on with what was last known.
    fn is_blind(&self) -> bool {
        self.state.truth.failed_at.is_some_and(|at| at >= self.last_activity())
    }

    fn lots_of(&self, symbol: &Symbol) -> Option<model::Lots> {
        let by_fills = || self.session.map_or(0, |session| session.position(symbol));
        match self.fresh_truth() {
            Some(known) => Some(known.positions.get(symbol).copied().unwrap_or_else(by_fills)),
            None if self.is_blind() => Some(by_fills()),
            None => None,
        }
    }

    fn request(&self, purpose: TruthPurpose) -> Vec<Verdict> {
        let now = self.stamp.at;
        let failed_ago = self.state.truth.failed_at.map(|at| since(at, now));
        let pending = self.state.truth.pending.as_ref().is_some_and(|pending| {
            pending.at >= self.last_activity() && since(pending.at, now) < truth::READ_LIFE
        });
        if pending || failed_ago.is_some_and(|ago| ago < SECOND / 2) {
            return Vec::new();
        }
        let Some(session) = self.session else {
            let request = self.state.truth.requests + 1;
            let requested = model::decision::TruthDecision::Requested {
                request,
                purpose,
                products: Vec::new(),
                fills_since: None,
            };
            return vec![self.say(requested)];
        };
        let missing = session.orders.values().any(Order::misses_fills) || self.fills_disagree();
        let fills = missing.then(|| truth::fills_since(session));
        vec![truth::request(self.state, session, purpose, fills, &self.flatten.correlation_id)]
    }

    /// The venue's last word on positions is not the sum of our fills: some did not reach us.
    fn fills_disagree(&self) -> bool {
        let Some((session, known)) = self.session.zip(self.state.truth.known.as_ref()) else { return false };
        session.legs.iter().any(|leg| {
            let symbol = &leg.instrument.symbol;
            known.positions.get(symbol).is_some_and(|lots| *lots != session.position(symbol))
        })
    }
}

/// Too long or too many attempts: on as a panic. The latch binds this session alone.
fn escalate(scene: &Scene<'_>) -> Vec<Verdict> {
    let Some(session) = scene.session.filter(|session| !session.is_over()) else { return Vec::new() };
    if scene.flatten.panic_id.is_some() || session.latch.is_some() {
        return Vec::new();
    }
    let elapsed = since(scene.flatten.started_at, scene.stamp.at);
    let attempts = scene.flatten.products.values().map(|closing| closing.attempts).max().unwrap_or(0);
    let open = !session.is_flat_by_fills();
    if !open || (elapsed < EXIT_PATIENCE && attempts < EXIT_ATTEMPTS) {
        return Vec::new();
    }
    let reason = session.exit.as_ref().map_or(model::ExitReason::Error, |exit| exit.reason);
    let scope = model::decision::closing::PanicScope::Session;
    vec![
        scene.say(ClosingDecision::Escalated { attempts, elapsed_ms: elapsed / MILLISECOND }),
        scene.say(crate::exits::latched(scope, reason, scene.stamp)),
    ]
}

fn tell_exposure(scene: &Scene<'_>) -> Vec<Verdict> {
    let Some(session) = scene.session.filter(|session| !session.is_over()) else { return Vec::new() };
    let to = if scene.flatten.blocked.is_some() { Exposure::Unknown } else { Exposure::Closing };
    let waits = session.exposure == Exposure::Unknown && scene.state.truth.known.is_none();
    if session.exposure == to || waits {
        return Vec::new();
    }
    let evidence_at = scene.state.truth.known.as_ref().map(|known| known.read_at);
    vec![scene.say(SessionDecision::ExposureChanged { from: session.exposure, to, evidence_at })]
}

fn tell_blocked(scene: &Scene<'_>) -> Vec<Verdict> {
    let unknown = scene.state.truth.unknown.as_ref();
    let long = unknown.filter(|(at, _)| since(*at, scene.stamp.at) >= BLOCKED_AFTER);
    match (long, &scene.flatten.blocked) {
        (Some((_, reason)), None) => vec![scene.say(ClosingDecision::Blocked { reason: reason.clone() })],
        (None, Some(_)) if unknown.is_none() => vec![scene.say(ClosingDecision::Unblocked)],
        _ => Vec::new(),
    }
}

/// Working entries go first, and again each second until they are gone.
fn cancel_entries(scene: &Scene<'_>) -> Vec<Verdict> {
    let now = scene.stamp.at;
    scene
        .live()
        .filter(|order| order.request.purpose == Purpose::Entry && order.status != OrderStatus::Unknown)
        .filter(|order| order.cancel_requested_at.is_none_or(|at| since(at, now) >= SECOND))
        .map(|order| scene.say(crate::entry::cancel(order, "the session is closing")))
        .collect()
}

/// One attempt on every product that is open, measured and ready; shorts before longs.
fn close(scene: &Scene<'_>) -> Vec<Verdict> {
    let stale = scene.flatten.products.keys().any(|symbol| scene.lots_of(symbol).is_none());
    if stale {
        let moving = scene.live().any(|order| order.request.purpose == Purpose::Close);
        return if moving { attempt::sweep(scene) } else { scene.request(TruthPurpose::Close) };
    }
    let shorts_open =
        scene.flatten.products.keys().any(|symbol| scene.lots_of(symbol).is_some_and(|lots| lots < 0));
    let mut verdicts = attempt::sweep(scene);
    for (symbol, closing) in &scene.flatten.products {
        let lots = scene.lots_of(symbol).unwrap_or(0);
        let waits = lots > 0 && shorts_open;
        if lots == 0 || waits || scene.stamp.at < closing.next_at {
            continue;
        }
        verdicts.extend(attempt::next(scene, symbol, closing, lots).map(|decision| scene.say(decision)));
    }
    verdicts
}

/// Nothing is open by the truth: two such reads, far enough apart, with no own order anywhere.
fn verify(scene: &Scene<'_>) -> Vec<Verdict> {
    if scene.live().next().is_some() {
        // An entry whose outcome is not known may still fill: the end waits for its look-up.
        return Vec::new();
    }
    let Some(known) = scene.fresh_truth() else {
        return scene.request(TruthPurpose::Close);
    };
    let open =
        scene.flatten.products.keys().any(|symbol| known.positions.get(symbol).is_none_or(|lots| *lots != 0));
    if open || known.own_open_orders > 0 {
        if scene.flatten.flat_reads > 0 {
            let why = format!(
                "the venue shows {} and {} own orders",
                positions(&known.positions),
                known.own_open_orders
            );
            return vec![scene.say(ClosingDecision::FlatRefuted { why })];
        }
        return if known_is_old(scene, known) { scene.request(TruthPurpose::Close) } else { Vec::new() };
    }
    // The venue is flat and our fills are not: some are still on their way, or somebody else traded. After ten
    // seconds of asking the venue's word stands.
    let unbooked = scene.session.is_some_and(|session| !session.is_flat_by_fills());
    if unbooked && since(scene.last_activity(), scene.stamp.at) < UNBOOKED_PATIENCE {
        return if known_is_old(scene, known) {
            scene.request(TruthPurpose::MissingFills)
        } else {
            Vec::new()
        };
    }
    count_flat(scene, known)
}

fn known_is_old(scene: &Scene<'_>, known: &KnownTruth) -> bool {
    since(known.read_at, scene.stamp.at) >= SECOND / 5
}

fn count_flat(scene: &Scene<'_>, known: &KnownTruth) -> Vec<Verdict> {
    let flatten = scene.flatten;
    let counted = flatten.last_flat_request == Some(known.request);
    let apart = flatten.first_flat_at.is_none_or(|first| since(first, known.requested_at) >= VERIFY_GAP);
    if !counted && apart {
        let reads = flatten.flat_reads + 1;
        let mut verdicts = vec![scene.say(ClosingDecision::FlatSeen { reads, request: known.request })];
        if reads >= 2 {
            verdicts.push(scene.say(verified(scene, reads)));
        }
        return verdicts;
    }
    let due = flatten.first_flat_at.is_some_and(|first| since(first, scene.stamp.at) >= VERIFY_GAP);
    if due { scene.request(TruthPurpose::Verify) } else { Vec::new() }
}

fn verified(scene: &Scene<'_>, reads: u32) -> ClosingDecision {
    ClosingDecision::VerifiedFlat {
        panic_id: scene.flatten.panic_id.clone(),
        panic: scene.flatten.panic,
        reads,
        elapsed_ms: since(scene.flatten.started_at, scene.stamp.at) / MILLISECOND,
        attempts: scene.flatten.products.values().map(|closing| closing.attempts).sum(),
    }
}

/// Whether a session is in one of the states that this judge drives.
pub(crate) fn drives(session: &Session) -> bool {
    matches!(session.lifecycle, Lifecycle::Exiting | Lifecycle::Panicking)
}
