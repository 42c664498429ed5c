//! What can happen to a world.

use model::input::{ClockReport, GapKind, OperatorAction, ResolveChoice};
use model::order::Side;
use model::restriction::{Restriction, Restrictions};
use model::{Decimal, Input, Micros, SessionId};
use proptest::prelude::*;

use crate::support::venue::Fault;
use crate::support::world::World;
use crate::support::{call, eth_call, put, quick_strangle};

#[derive(Clone, Debug)]
pub enum Happening {
    Run(i64),
    Reprice(u8),
    Faults(Vec<u8>),
    CancelFaults(Vec<u8>),
    LookupsFail(i64),
    ReadsFail(i64),
    WalletFails(i64),
    /// Positions are answered as nothing.
    Lies(i64),
    FillsHidden(i64),
    StreamDead(i64),
    Silence(i64),
    OneSided(i64),
    Frozen(i64),
    Thin(i64),
    /// A stranger trades in one of our instruments, or rests an order there.
    Stranger(bool, i64),
    StrangerRests(bool, u8),
    Stall(i64, bool),
    /// An auction, a disruption or a maintenance of one leg or of all; heard, unheard, or only said.
    Restricted(u8, i64),
    /// The system's clock is set, or the venue's turns out to differ.
    ClockSteps(i64, bool),
    Kill(i64),
    LoseJournal,
    OlderJournal(u8),
    Start,
    Pause,
    Resume,
    Stop,
    Drain,
    Resolve(bool),
    PanicSession,
    PanicAll,
    Acknowledge,
}

pub fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => (100_i64..4_000).prop_map(Happening::Run),
        4 => (50_u8..160).prop_map(Happening::Reprice),
        3 => prop::collection::vec(0_u8..8, 1..4).prop_map(Happening::Faults),
        2 => prop::collection::vec(0_u8..8, 1..4).prop_map(Happening::CancelFaults),
        1 => (500_i64..9_000).prop_map(Happening::LookupsFail),
        1 => (500_i64..9_000).prop_map(Happening::ReadsFail),
        1 => (500_i64..20_000).prop_map(Happening::WalletFails),
        2 => (500_i64..15_000).prop_map(Happening::Lies),
        1 => (500_i64..9_000).prop_map(Happening::FillsHidden),
        1 => (500_i64..9_000).prop_map(Happening::StreamDead),
        1 => (500_i64..20_000).prop_map(Happening::Silence),
        1 => (50_i64..6_000).prop_map(Happening::OneSided),
        1 => (500_i64..20_000).prop_map(Happening::Frozen),
        2 => (1_i64..250).prop_map(Happening::Thin),
        1 => (any::<bool>(), 1_i64..300).prop_map(|(buys, lots)| Happening::Stranger(buys, lots)),
        1 => (any::<bool>(), 0_u8..4).prop_map(|(buys, at)| Happening::StrangerRests(buys, at)),
        1 => (500_i64..40_000, any::<bool>()).prop_map(|(ms, slept)| Happening::Stall(ms, slept)),
        1 => (0_u8..18, 500_i64..40_000).prop_map(|(kind, ms)| Happening::Restricted(kind, ms)),
        1 => (-600_000_i64..600_000, any::<bool>()).prop_map(|(ms, ours)| Happening::ClockSteps(ms, ours)),
        2 => (0_i64..40_000).prop_map(Happening::Kill),
        1 => Just(Happening::LoseJournal),
        1 => (1_u8..60).prop_map(Happening::OlderJournal),
        1 => Just(Happening::Start),
        1 => Just(Happening::Pause),
        1 => Just(Happening::Resume),
        1 => Just(Happening::Stop),
        1 => Just(Happening::Drain),
        1 => any::<bool>().prop_map(Happening::Resolve),
        1 => Just(Happening::PanicSession),
        1 => Just(Happening::PanicAll),
        1 => Just(Happening::Acknowledge),
    ]
}

fn fault(kind: u8) -> Fault {
    match kind {
        0 | 1 => Fault::LostReply,
        2 | 3 => Fault::LostRequest,
        4 => Fault::Rejected("insufficient_margin"),
        5 => Fault::Rejected("rate_limit_exceeded"),
        6 => Fault::NotSent,
        _ => Fault::Late(3_000),
    }
}

/// Somebody's request to the session that was started last, if it is still known.
fn ask(world: &mut World, action: impl FnOnce(SessionId) -> OperatorAction) {
    let known = world.latest.clone().filter(|id| world.state().session(id).is_some());
    if let Some(id) = known {
        world.operate(action(id));
    }
}

pub fn live_through(world: &mut World, happening: &Happening) {
    let later = |world: &World, ms: i64| Micros(world.now.0 + ms * 1_000);
    match happening {
        Happening::Run(ms) => world.run_ms(*ms),
        Happening::Reprice(percent) => {
            world.venue.reprice(&format!("{}.{:02}", percent / 100, percent % 100));
        }
        Happening::Faults(kinds) => world.venue.faults.extend(kinds.iter().map(|kind| fault(*kind))),
        Happening::CancelFaults(kinds) => {
            world.venue.cancel_faults.extend(kinds.iter().map(|kind| fault(*kind)));
        }
        Happening::LookupsFail(ms) => world.venue.lookups_fail_until = later(world, *ms),
        Happening::ReadsFail(ms) => world.venue.reads_fail_until = later(world, *ms),
        Happening::WalletFails(ms) => world.venue.wallet_fails_until = later(world, *ms),
        Happening::Lies(ms) => world.venue.empty_until = later(world, *ms),
        Happening::FillsHidden(ms) => world.venue.fills_empty_until = later(world, *ms),
        Happening::StreamDead(ms) => world.venue.stream_dead_until = later(world, *ms),
        Happening::Silence(ms) => {
            world.publishes = false;
            world.run_ms(*ms);
            world.publishes = true;
        }
        Happening::OneSided(ms) => {
            let ask = world.venue.books.get_mut(&call()).and_then(|book| book.ask.take());
            world.run_ms(*ms);
            if let Some(book) = world.venue.books.get_mut(&call()) {
                book.ask = ask;
            }
        }
        Happening::Frozen(ms) => {
            set_frozen(world, true);
            world.run_ms(*ms);
            set_frozen(world, false);
        }
        Happening::Thin(lots) => world.venue.books.values_mut().for_each(|book| book.size = *lots),
        Happening::Stranger(..) | Happening::StrangerRests(..) => stranger(world, happening),
        Happening::Stall(ms, slept) => {
            world.stall_ms(*ms, if *slept { GapKind::Suspended } else { GapKind::Stalled });
        }
        Happening::Restricted(kind, ms) => restrict(world, *kind, *ms),
        Happening::ClockSteps(ms, ours) => {
            let (skew_ms, offset_ms) = (*ms, *ms);
            let report =
                if *ours { ClockReport::Stepped { skew_ms } } else { ClockReport::Venue { offset_ms } };
            world.input(Input::Clock(report));
        }
        Happening::Kill(down_ms) => world.kill_for_ms(*down_ms),
        Happening::LoseJournal => world.lose_the_journal(),
        Happening::OlderJournal(back) => {
            let keep = world.records.len().saturating_sub(usize::from(*back)).max(1);
            world.restore_older(keep);
        }
        Happening::Start
        | Happening::Pause
        | Happening::Resume
        | Happening::Stop
        | Happening::Drain
        | Happening::Resolve(_)
        | Happening::PanicSession
        | Happening::PanicAll
        | Happening::Acknowledge => press(world, happening),
    }
}

fn restrict(world: &mut World, kind: u8, ms: i64) {
    let restriction =
        [Restriction::CancelOnly, Restriction::PostOnly, Restriction::Maintenance][usize::from(kind % 3)];
    let restrictions = match (restriction, kind / 3 % 2) {
        (Restriction::Maintenance, _) => Restrictions { venue: Some(restriction), products: [].into() },
        (Restriction::CancelOnly | Restriction::PostOnly, 0) => {
            Restrictions { venue: None, products: [(call(), restriction)].into() }
        }
        (Restriction::CancelOnly | Restriction::PostOnly, _) => {
            let all = [call(), put(), eth_call(), crate::support::eth_put()];
            Restrictions { venue: None, products: all.map(|symbol| (symbol, restriction)).into() }
        }
    };
    match kind / 6 {
        0 => world.restrict(restrictions),
        1 => world.venue.restrictions = restrictions,
        _said => drop(world.input(Input::Restrictions(restrictions))),
    }
    world.restricted_until = Some(Micros(world.now.0 + ms * 1_000));
}

fn set_frozen(world: &mut World, frozen: bool) {
    if let Some(book) = world.venue.books.get_mut(&put()) {
        book.frozen = frozen;
    }
}

fn stranger(world: &mut World, happening: &Happening) {
    let side = |buys: bool| if buys { Side::Buy } else { Side::Sell };
    let now = world.now;
    match happening {
        Happening::Stranger(buys, lots) => {
            let symbol = if lots % 2 == 0 { call() } else { eth_call() };
            world.venue.by_hand(&symbol, side(*buys), *lots, None, now);
        }
        Happening::StrangerRests(buys, at) => {
            let mark = world.venue.books[&call()].mark;
            let away = mark * Decimal::new(i64::from(*at) * 5 + 2, 2);
            let limit = if *buys { mark - away } else { mark + away };
            world.venue.by_hand(&call(), side(*buys), 150, Some(&limit.round_dp(1).to_string()), now);
        }
        _ => {}
    }
}

fn press(world: &mut World, happening: &Happening) {
    match happening {
        Happening::Start => drop(world.start(quick_strangle())),
        Happening::Pause => ask(world, |session_id| OperatorAction::Pause { session_id }),
        Happening::Resume => ask(world, |session_id| OperatorAction::Resume { session_id }),
        Happening::Stop => ask(world, |session_id| OperatorAction::Stop { session_id }),
        Happening::Drain => ask(world, |session_id| OperatorAction::Drain { session_id }),
        Happening::Resolve(close) => {
            let choice = if *close { ResolveChoice::Close } else { ResolveChoice::IgnoreForeign };
            ask(world, |session_id| OperatorAction::Resolve { session_id, choice });
        }
        Happening::PanicSession => {
            let known = world.latest.clone().filter(|id| world.state().session(id).is_some());
            if known.is_some() {
                world.panic(known);
            }
        }
        Happening::PanicAll => drop(world.panic(None)),
        Happening::Acknowledge => drop(world.acknowledge()),
        _ => {}
    }
}
