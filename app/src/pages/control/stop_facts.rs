//! What the stop dialog says of the session that it is opened for.

use leptos::prelude::*;
use model::view::SessionView;

use super::reasons;
use crate::format;
use crate::pages::past::configuration_name;
use crate::parts::{Known, SignedMoney, fact};
use crate::shown::use_shown;

fn open_legs(session: &SessionView) -> Vec<String> {
    let open = session.legs.iter().filter(|leg| leg.qty != 0);
    open.map(|leg| format!("{} {}", format::lots(leg.qty), leg.kind.word())).collect()
}

/// Of exit and close.
pub fn consequence(session: &SessionView) -> String {
    match (open_legs(session).is_empty(), session.pnl.executable) {
        (true, _) => "You will end flat: nothing is open, so nothing is bought.".to_owned(),
        (false, Some(result)) => {
            format!("You will end flat with about {}, within seconds.", format::signed(result))
        }
        (false, None) => {
            "You will end flat; the result is unknown while a closing price is missing.".to_owned()
        }
    }
}

/// What is open, and what leaving costs.
pub fn facts() -> AnyView {
    let Some(held) = use_shown().held_untracked() else { return ().into_any() };
    let session = held.view.get_untracked();
    let pnl = &session.pnl;
    let legs = open_legs(&session);
    let why = reasons::executable(&session);
    let result = pnl.executable;
    let against_mark =
        pnl.mark.zip(pnl.executable).map(|(mark, executable)| format::plain(mark - executable));
    let open_orders = session.orders.iter().filter(|order| !order.status.is_terminal()).count();
    view! {
        {fact("Session", format!("{} · {}", configuration_name(&session.configuration), session.session_id))}
        {fact("Open", if legs.is_empty() { "nothing".to_owned() } else { legs.join(", ") })}
        {fact("Result if closed now", view! { <SignedMoney money=Signal::derive(move || result) why/> })}
        {fact("Cost against mark", view! { <Known text=Signal::derive(move || against_mark.clone()) why/> })}
        {fact("Open orders", open_orders.to_string())}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::Decimal;

    use super::*;

    #[test]
    fn the_consequence_is_one_true_sentence() {
        let mut session = crate::sample::session("s-1");
        assert!(consequence(&session).contains("nothing is open"));
        session.legs.push(crate::sample::leg(-200));
        assert!(consequence(&session).contains("unknown"));
        session.pnl.executable = Some(Decimal::new(712, 1));
        assert_eq!(consequence(&session), "You will end flat with about +71.20, within seconds.");
    }
}
