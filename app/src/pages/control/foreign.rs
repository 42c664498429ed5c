//! What is on the account and belongs to no session, and what others do in the instruments of the session that is
//! shown. Shown so that nobody takes the account for flat; left alone.

use std::collections::BTreeMap;

use leptos::prelude::*;
use model::view::ForeignOrderView;
use model::{Lots, Symbol};

use crate::format;
use crate::live::use_live;
use crate::parts::When;
use crate::shown::use_shown;

#[component]
pub fn Foreign() -> impl IntoView {
    view! { <OfAccount/><InInstruments/> }
}

fn positions(foreign: &BTreeMap<Symbol, Lots>) -> String {
    let rows: Vec<String> = foreign
        .iter()
        .map(|(symbol, lots)| {
            let sign = if *lots > 0 { "+" } else { "" };
            format!("{sign}{} lots of {symbol}", format::lots(*lots))
        })
        .collect();
    rows.join(", ")
}

/// What it is, and what becomes of it.
fn of_account(foreign: &BTreeMap<Symbol, Lots>, open_orders: usize, panic: bool) -> Option<String> {
    let held = (!foreign.is_empty()).then(|| positions(foreign));
    let orders = (open_orders > 0).then(|| format::counted(open_orders, "open order"));
    let what: Vec<String> = held.into_iter().chain(orders).collect();
    let one = foreign.is_empty() && open_orders == 1;
    let (verb, it) = if one { ("belongs", "it") } else { ("belong", "them") };
    let fate = if panic {
        "the panic closes every position of the account.".to_owned()
    } else {
        format!("Deltascope does not touch {it} unless you press PANIC.")
    };
    (!what.is_empty()).then(|| format!("{} {verb} to no session; {fate}", what.join(" and ")))
}

#[component]
fn OfAccount() -> impl IntoView {
    let live = use_live();
    let text = Memo::new(move |_| {
        live.strip.with(|strip| of_account(&strip.foreign, strip.foreign_open_orders, strip.latch.is_some()))
    });
    view! {
        <When when=move || text.with(Option::is_some)>
            <p class="note" id="foreign" data-tone="doubt" role="status"><span><b>"Not ours on this account. "</b>{move || text.get()}</span></p>
        </When>
    }
    .into_any()
}

fn in_instruments(foreign: &BTreeMap<Symbol, Lots>, orders: &[ForeignOrderView]) -> Option<String> {
    let traded = (!foreign.is_empty()).then(|| {
        format!("{} were traded by somebody else; they do not count in its result.", positions(foreign))
    });
    let orders: Vec<String> = orders.iter().map(order).collect();
    let orders = (!orders.is_empty()).then(|| {
        format!(
            "An order that is not ours rests there: {}; a close cancels it only where it stands in the way.",
            orders.join(", ")
        )
    });
    let all: Vec<String> = traded.into_iter().chain(orders).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

fn order(order: &ForeignOrderView) -> String {
    let price = order
        .limit_price
        .map_or_else(|| "at market".to_owned(), |limit| format!("at {}", format::price(limit)));
    format!("{} {} {} {price}", order.side.word(), format::lots(order.qty), order.symbol)
}

#[component]
fn InInstruments() -> impl IntoView {
    let text = use_shown().part(|session| in_instruments(&session.foreign, &session.foreign_orders));
    let text = Memo::new(move |_| text.get().flatten());
    view! {
        <When when=move || text.with(Option::is_some)>
            <p class="note" data-tone="doubt" role="status"><span><b>"Others trade in this session's instruments. "</b>{move || text.get()}</span></p>
        </When>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::order::Side;
    use model::{Decimal, OrderId};

    use super::*;

    #[test]
    fn what_belongs_to_no_session_is_named_with_its_lots() {
        let one = BTreeMap::from([(Symbol::new("C-BTC-50000-140122"), 50)]);
        assert_eq!(
            of_account(&one, 0, false).as_deref(),
            Some(
                "+50 lots of C-BTC-50000-140122 belong to no session; Deltascope does not touch them unless you press PANIC."
            )
        );
        assert!(
            of_account(&one, 2, false)
                .is_some_and(|text| text.contains("and 2 open orders belong to no session"))
        );
        assert!(
            of_account(&one, 0, true)
                .is_some_and(|text| text.ends_with("closes every position of the account."))
        );
        assert_eq!(of_account(&BTreeMap::new(), 0, false), None);
    }

    #[test]
    fn a_strangers_order_says_side_lots_and_price() {
        let order = ForeignOrderView {
            order_id: OrderId::new("1"),
            symbol: Symbol::new("C-BTC-48000-070122"),
            side: Side::Buy,
            qty: 10,
            limit_price: Some(Decimal::from(391)),
        };
        let text = in_instruments(&BTreeMap::new(), &[order]).expect("a sentence");
        assert!(text.contains("buy 10 C-BTC-48000-070122 at 391.0"), "{text}");
        assert_eq!(in_instruments(&BTreeMap::new(), &[]), None);
    }
}
