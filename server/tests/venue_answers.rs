//! Answers that say less than they seem to: nothing of them is taken for a result.

#[path = "venue_support/fake.rs"]
mod fake;

use fake::{Fake, Said};
use model::ids::{ClientOrderId, ProductId};
use serde_json::json;
use server::venue::{Call, Sent, wire};

fn orders(ids: std::ops::Range<u64>) -> serde_json::Value {
    let order = |id| json!({ "id": id, "product_id": 27, "product_symbol": "C-BTC-1", "size": 5, "unfilled_size": 5, "state": "open", "reduce_only": false });
    ids.map(order).collect::<Vec<_>>().into()
}

async fn listed(script: impl Fn(&fake::Asked) -> Said + Send + Sync + 'static) -> Result<usize, String> {
    let venue = Fake::start(script).await;
    let rows = venue.rest().read_all::<wire::Order>(&Call::open_orders()).await;
    rows.map(|rows| rows.len()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_list_is_read_to_its_last_page() {
    let read = listed(|asked| {
        let (rows, after) = if asked.path.contains("after=c1") {
            (orders(50..60), json!(null))
        } else {
            (orders(0..50), json!("c1"))
        };
        Said::new(200, json!({ "success": true, "result": rows, "meta": { "after": after } }).to_string())
    })
    .await;
    assert_eq!(read, Ok(60));
}

#[tokio::test]
async fn a_list_never_has_fewer_rows_in_silence() {
    let body = |result: serde_json::Value, meta: serde_json::Value| {
        json!({ "success": true, "result": result, "meta": meta }).to_string()
    };
    for (what, body) in [
        ("the same page again and again", body(orders(0..50), json!({ "after": "c1" }))),
        ("a cursor that is none", body(orders(0..50), json!({ "after": { "id": 5 } }))),
        ("fewer rows than the venue counts", body(orders(0..2), json!({ "after": null, "total_count": 3 }))),
        (
            "a full page and no word of a next one",
            json!({ "success": true, "result": orders(0..50) }).to_string(),
        ),
        ("no list", json!({ "success": true }).to_string()),
        ("null for a list", json!({ "success": true, "result": null }).to_string()),
        ("no success", json!({ "success": false, "result": [] }).to_string()),
        (
            "an error beside an empty list",
            json!({ "result": [], "error": { "code": "unavailable" } }).to_string(),
        ),
        ("an order without sizes", body(json!([{ "id": 1, "state": "open" }]), json!({ "after": null }))),
        (
            "an order in an unknown state",
            body(
                json!([{ "id": 1, "size": 1, "unfilled_size": 1, "state": "melted" }]),
                json!({ "after": null }),
            ),
        ),
        ("an enormous answer", " ".repeat((16 << 20) + 1)),
    ] {
        let read = listed(move |_| Said::new(200, body.clone())).await;
        assert!(read.is_err(), "{what}: {read:?}");
    }
}

/// Case A13 at the gateway: what an order's answer does not say is not zero.
#[tokio::test]
async fn an_order_answer_without_sizes_is_ambiguous() {
    for (what, order) in [
        ("no unfilled size", json!({ "id": 7, "client_order_id": "s1", "size": 5, "state": "closed" })),
        ("no size", json!({ "id": 7, "client_order_id": "s1", "unfilled_size": 0, "state": "closed" })),
        (
            "no sizes",
            json!({ "id": 7, "client_order_id": "s1", "state": "closed", "cancellation_reason": "x" }),
        ),
        (
            "empty sizes",
            json!({ "id": 7, "client_order_id": "s1", "size": "", "unfilled_size": "", "state": "closed" }),
        ),
        ("no state", json!({ "id": 7, "client_order_id": "s1", "size": 5, "unfilled_size": 5 })),
        (
            "a new state",
            json!({ "id": 7, "client_order_id": "s1", "size": 5, "unfilled_size": 5, "state": "held" }),
        ),
    ] {
        let venue = Fake::start(move |_| Said::result(&order)).await;
        let cancel = Call::cancel(Some(&ClientOrderId::from("s1")), None, ProductId(27));
        let sent = venue.rest().send::<wire::Order>(&cancel).await;
        assert!(matches!(sent, Sent::Ambiguous(_)), "{what}: {sent:?}");
        assert_eq!(venue.asked().len(), 1, "{what}: sent once");
    }
}
