//! The one task that lets the market run and sends what is due.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use super::shared::{Sent, Shared, until, wall_us};
use crate::dialect::channel::address;
use crate::exchange::Exchange;
use crate::exchange::event::{Telling, VenueEvent};
use crate::exchange::time::{Micros, SECOND_US};
use crate::faults::TimedFault;

/// Lets the market run, and sends what is due.
pub(crate) async fn pump(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    loop {
        let next_us = run_once(&shared);
        let wait_us = u64::try_from(next_us - wall_us()).unwrap_or_default();
        tokio::select! {
            () = tokio::time::sleep(Duration::from_micros(wait_us)) => {}
            () = shared.wake.notified() => {}
            () = until(&mut stopped) => return,
        }
    }
}

/// One round of the pump; returns when the next is due. What happened is saved before it is sent, if it can
/// be saved.
fn run_once(shared: &Shared) -> Micros {
    let venue = &mut *shared.lock();
    let now_us = wall_us();
    venue.look();
    let strikes = venue.plan.due(now_us);
    for strike in &strikes {
        strikes_exchange(&mut venue.exchange, strike, now_us);
    }
    venue.exchange.run_to(now_us);
    let mut notes: Vec<Telling> = venue.keeper.keep(&mut venue.exchange, now_us).into_iter().collect();
    let wrong_us = venue.exchange.clock_error_us();
    for event in venue.exchange.advance(now_us) {
        let fates = address(&event).map(|(name, symbol)| venue.plan.on_frame(now_us, name.word(), symbol));
        if let VenueEvent::Note(note) = event {
            notes.push(note);
        } else {
            // Nobody connected is no error.
            let _receivers =
                shared.sent.send(Arc::new(Sent::Event(event, fates.unwrap_or_default(), wrong_us)));
        }
    }
    shared.tell_begun(venue.plan.begun());
    for strike in strikes {
        shared.tell_fault(strike.name(), json!({ "fault": strike.name(), "detail": format!("{strike:?}") }));
        let _receivers = shared.sent.send(Arc::new(Sent::Fault(strike)));
    }
    for note in notes {
        (shared.tell)(note);
    }
    venue.exchange.next_due_us()
}

/// Lets a fault happen to the exchange itself, if it is one of those.
fn strikes_exchange(exchange: &mut Exchange, fault: &TimedFault, now_us: Micros) {
    let until_us = |for_s: f64| now_us + (for_s * SECOND_US as f64) as Micros;
    match fault {
        TimedFault::BookSideMissing { symbol, side, for_s } => {
            exchange.blank_side(symbol, *side, until_us(*for_s));
        }
        TimedFault::TradingDisrupted { symbol, status, for_s } => {
            exchange.disrupt(symbol, *status, until_us(*for_s));
        }
        TimedFault::Maintenance { for_s } => exchange.maintain(until_us(*for_s)),
        TimedFault::BookThin { symbol, share, for_s } => {
            exchange.thin_books(symbol, *share, until_us(*for_s));
        }
        TimedFault::MarketGap { percent } => exchange.gap(*percent),
        TimedFault::ClockWrong { by_ms, for_s } => exchange.set_clock_error(by_ms * 1_000, until_us(*for_s)),
        TimedFault::SocketCut { .. }
        | TimedFault::SocketSilent { .. }
        | TimedFault::SocketHalfOpen { .. }
        | TimedFault::UndecodableFrame { .. } => {}
    }
}
