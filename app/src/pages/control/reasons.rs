//! Why a number is not known: beside every dash stands what is missing. Pure.

use model::view::{LegView, SessionView};

const NOTHING_SOLD: &str = "nothing sold yet";
const NO_CLOSING_PRICE: &str = "no price to close a leg";
const NO_MARK: &str = "no mark of a leg";
/// A position was closed by somebody else, or at a price that was not told.
pub const PRICE_NOT_TOLD: &str = "a closing price is not known";

fn any_open(session: &SessionView, lacks: fn(&LegView) -> bool) -> bool {
    session.legs.iter().any(|leg| leg.qty != 0 && lacks(leg))
}

/// Of the result if left now.
pub fn executable(session: &SessionView) -> &'static str {
    if session.fills.is_empty() {
        NOTHING_SOLD
    } else if any_open(session, |leg| leg.executable.is_none()) {
        NO_CLOSING_PRICE
    } else {
        PRICE_NOT_TOLD
    }
}

/// Of the result at mark.
pub fn at_mark(session: &SessionView) -> &'static str {
    if session.fills.is_empty() {
        NOTHING_SOLD
    } else if any_open(session, |leg| leg.at_mark.is_none()) {
        NO_MARK
    } else {
        PRICE_NOT_TOLD
    }
}

/// Of what leaving would cost: buying back, fees.
pub fn to_leave(session: &SessionView) -> &'static str {
    match session.legs.iter().all(|leg| leg.qty == 0) {
        true if session.fills.is_empty() => NOTHING_SOLD,
        true => "nothing is open",
        false => NO_CLOSING_PRICE,
    }
}

/// Of one leg's result.
pub fn leg(leg: &LegView, of_mark: bool) -> &'static str {
    match leg.qty {
        _ if leg.average_price.is_none() => NOTHING_SOLD,
        _ if of_mark => "no mark yet",
        ..0 => "no offer to buy back from",
        0 => "nothing is open",
        1.. => "no bid to sell to",
    }
}

/// Of one side of a leg's book.
pub fn quote(leg: &LegView) -> &'static str {
    if leg.quote_at.is_none() { "no quote yet" } else { "nobody quotes this side" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_the_first_fill_nothing_can_be_known() {
        let session = crate::sample::session("s-1");
        assert_eq!([executable(&session), at_mark(&session), to_leave(&session)], [NOTHING_SOLD; 3]);
    }

    #[test]
    fn a_leg_names_the_side_that_is_missing() {
        let mut held = crate::sample::leg(-200);
        assert_eq!(leg(&held, false), "no offer to buy back from");
        held.qty = 50;
        assert_eq!((leg(&held, false), leg(&held, true)), ("no bid to sell to", "no mark yet"));
        held.average_price = None;
        assert_eq!(leg(&held, false), NOTHING_SOLD);
        assert_eq!(quote(&held), "no quote yet");
    }

    #[test]
    fn of_several_legs_the_one_that_lacks_a_price_counts() {
        let mut session = crate::sample::session("s-1");
        session.fills.push(crate::sample::fill());
        session.legs.push(crate::sample::leg(-200));
        assert_eq!((executable(&session), to_leave(&session)), (NO_CLOSING_PRICE, NO_CLOSING_PRICE));
        session.legs[0].qty = 0;
        assert_eq!((executable(&session), to_leave(&session)), (PRICE_NOT_TOLD, "nothing is open"));
    }
}
