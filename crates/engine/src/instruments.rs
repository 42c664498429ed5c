//! The list of options arrived: strikes are chosen from it at once for every session that waits for it, and it is
//! not kept.

use model::causes::EntryFailure;
use model::decision::EntryDecision;
use model::input::{InstrumentsOutcome, InstrumentsRead};
use model::instrument::Instrument;
use model::{Code, Micros, Stamp, TradingState};

use crate::hearing::Hearing;
use crate::said::{Said, say};
use crate::{entry, preparation, strikes};

pub(crate) fn read(state: &TradingState, stamp: &Stamp, read: &InstrumentsRead) -> Vec<Said> {
    let underlying = &read.underlying;
    let waiting: Vec<Hearing<'_>> = state
        .active()
        .map(|session| Hearing { state, session, stamp })
        .filter(|hearing| {
            &hearing.session.configuration.underlying == underlying && preparation::waits_for_list(hearing)
        })
        .collect();
    let Some(first) = waiting.first() else { return Vec::new() };
    let id = &first.session.correlation_id;
    let unknown = |code: Code| {
        vec![say(id, EntryDecision::InstrumentsUnknown { underlying: underlying.clone(), code })]
    };
    let listed = match &read.outcome {
        InstrumentsOutcome::Known { listed } => listed,
        InstrumentsOutcome::Unknown { code } => return unknown(code.clone()),
    };
    let Some(spot) = state.spot.get(underlying) else { return unknown(Code::from("no_spot_price_yet")) };
    // One list serves one session at a time: the next sees what this one has leased.
    choose(first, listed, spot.price)
}

fn choose(hearing: &Hearing<'_>, listed: &[Instrument], spot: model::Price) -> Vec<Said> {
    let session = hearing.session;
    // Options settle by the venue's clock.
    let venue_now = hearing.state.clock.by_venue(hearing.now());
    let legs = match strikes::choose(&session.configuration, listed, spot, venue_now) {
        Ok(legs) => legs,
        Err(cause) => return entry::failed(hearing, cause),
    };
    let leased = legs.iter().find_map(|leg| {
        let symbol = &leg.instrument.symbol;
        let holder = hearing.state.account.leases.get(symbol).filter(|holder| **holder != session.id)?;
        Some(EntryFailure::Leased { symbol: symbol.clone(), holder: holder.clone() })
    });
    if let Some(cause) = leased {
        return entry::failed(hearing, cause);
    }
    let expiry = legs.first().map_or(Micros(0), |leg| leg.instrument.expiry);
    vec![hearing.say(EntryDecision::StrikesChosen { legs, spot, expiry, listed: listed.len() })]
}
