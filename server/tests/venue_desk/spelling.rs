//! Where sources disagree on how a body is spelled, both venues take our orders: one refusal is what it costs, once.

use model::order::Side;
use server::venue::{Call, Switch};

use crate::desk::Desk;

#[tokio::test]
async fn both_spellings_of_an_order_reach_their_venue() {
    for quirks in [
        "booleans_must_be_text = true",
        "booleans_must_be_json = true",
        "product_id_and_symbol_required = true",
        "product_id_and_symbol_required = true\nbooleans_must_be_text = true",
        "product_id_and_symbol_allowed = true",
    ] {
        let desk = Desk::with(7, &format!("[quirks]\n{quirks}\n")).await;
        desk.sold("q-1").await;
        desk.acked(&Call::place(&desk.closing("q-2", Side::Buy, None))).await;
        assert_eq!(desk.held().await, 0, "{quirks}");
        let _ = desk.rest.take_calls();
        desk.sold("q-3").await;
        let again = desk.rest.take_calls();
        let sent: u64 = again["POST /v2/orders"].outcomes.values().sum();
        assert_eq!(sent, 1, "{quirks}: it is remembered: {again:?}");
        desk.done(&Call::cancel_all(Some(desk.product), false)).await;
    }
}

#[tokio::test]
async fn both_words_for_the_impact_of_a_switch_reach_their_venue() {
    for quirks in ["", "[quirks]\nimpact_is_low_medium_high = true\n"] {
        let desk = Desk::with(7, quirks).await;
        let switch = Switch { id: "impact".to_owned(), symbols: vec![desk.symbol.clone()] };
        desk.done(&Call::create_switch(&switch)).await;
    }
}
