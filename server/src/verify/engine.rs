//! Checkpoints of the engine: its run loop, rules, trailing, legs, orders, exits and the summary.

use super::shapes::{Area, Checkpoint, Of, listed, text};

pub(super) fn points() -> Vec<Checkpoint> {
    [run_loop(), rules(), orders(), endings()].into_iter().flatten().collect()
}

fn run_loop() -> Vec<Checkpoint> {
    let area = Area("Run loop");
    vec![
        area.point(
            Of::Session,
            "cycle.completed",
            "start, end, latency, notional, P&L, thresholds, outcome",
            &["started_at", "ended_at", "latency_us", "notional", "executable", "thresholds", "outcome"],
        )
        .when(|record| record["level"] == "info" && listed(record, "legs")),
        area.point(
            Of::Session,
            "cycle.completed",
            "sampled once a second, with the rate",
            &["sampled", "cycles"],
        )
        .when(|record| record["level"] == "debug" && record["sample_rate"].is_number()),
        area.point(Of::Session, "cycle.completed", "the outcome that ends it", &["outcome", "reason"])
            .when(|record| text(record, "outcome") == "exit_decided"),
        area.point(Of::Session, "session.starting", "who started what", &["user", "settings"]),
        area.point(Of::Session, "session.lifecycle_changed", "each state, and why", &["from", "to", "why"]),
        area.point(
            Of::Session,
            "session.exposure_changed",
            "what is on by the venue's word",
            &["from", "to"],
        ),
        area.point(Of::Session, "session.intent_changed", "what is wanted of it", &["from", "to"]),
        area.point(Of::Intent, "session.request_refused", "what was refused, and why", &["user", "reason"]),
    ]
}

fn rules() -> Vec<Checkpoint> {
    let area = Area("Rules");
    vec![
        area.point(
            Of::Session,
            "exit.evaluated",
            "each rule's input, threshold and verdict",
            &["rules", "executable"],
        )
        .when(|record| listed(record, "rules")),
        area.point(Of::Session, "exit.evaluated", "age and source of each leg's quote and mark", &["legs"])
            .when(|record| {
                let legs = record["payload"]["legs"].as_array();
                legs.is_some_and(|legs| {
                    legs.iter().any(|leg| {
                        leg["quote_age_ms"].is_number()
                            && leg["mark_source"].is_string()
                            && leg["quote_source"].is_string()
                    })
                })
            }),
        area.point(
            Of::Session,
            "trailing.armed",
            "activation, peak, floor, the rule responsible",
            &["activation", "peak", "floor", "responsible"],
        ),
        area.point(
            Of::Session,
            "trailing.floor_raised",
            "the level before and after",
            &["previous_floor", "floor", "peak", "responsible"],
        ),
        area.point(
            Of::Session,
            "market.leg_fallback_entered",
            "a leg whose prices come from elsewhere",
            &["symbol", "quote_source", "mark_source"],
        )
        .when(|record| record["level"] == "warn"),
        area.point(
            Of::Session,
            "market.leg_fallback_left",
            "and when the stream has it again",
            &["symbol", "quote_source", "mark_source"],
        ),
    ]
}

fn orders() -> Vec<Checkpoint> {
    let area = Area("Orders");
    let point = |event, what, fields| area.point(Of::Session, event, what, fields);
    vec![
        point(
            "order.submitted",
            "ids, side, price, size, attempt",
            &["client_order_id", "symbol", "side", "price", "qty", "attempt", "purpose"],
        ),
        point(
            "order.filled",
            "what was filled",
            &["order_id", "client_order_id", "symbol", "side", "qty", "filled_qty"],
        ),
        point(
            "order.fill_booked",
            "each execution once",
            &["fill_id", "order_id", "symbol", "side", "price", "qty", "fee"],
        ),
        point("order.ambiguous", "a reply that is lost", &["client_order_id", "symbol", "cause"]),
        point("order.lookup_requested", "and looked up by our id", &["client_order_id", "symbol"]),
        point(
            "order.rejected",
            "a refusal, with the venue's reason",
            &["client_order_id", "symbol", "reason"],
        ),
        point("entry.strikes_chosen", "strikes", &["symbols", "spot", "expiry"]),
        point("entry.planned", "the plan", &["credit", "bids"]),
        point("entry.completed", "what the entry brought", &["credit", "plan_credit", "elapsed_ms"]),
        point("entry.failed", "an entry that is given up", &["cause", "why"]),
    ]
}

fn endings() -> Vec<Checkpoint> {
    let area = Area("Exits");
    vec![
        area.point(
            Of::Session,
            "exit.decided",
            "the exit with its rationale",
            &["reason", "also_matched", "rules"],
        ),
        area.point(Of::Session, "exit.close_started", "closing begins", &["positions", "close_id"]),
        area.point(Of::Session, "exit.verified_flat", "flat by two reads", &["reads", "elapsed_ms"]),
        area.point(Of::Session, "exit.audited", "a third read after STOPPED", &["flat"]),
        area.point(
            Of::Session,
            "session.summarised",
            "entry, exit, gross, fees, slippage, net, excursions, time in each state",
            &[
                "credit",
                "cost_to_close",
                "gross",
                "fees",
                "slippage",
                "net",
                "max_favourable",
                "max_adverse",
                "seconds_by_lifecycle",
                "reason",
                "also_matched",
            ],
        )
        .when(|record| {
            let legs = record["payload"]["legs"].as_array();
            legs.is_some_and(|legs| {
                !legs.is_empty()
                    && legs.iter().all(|leg| leg["entry_price"].is_string() && leg["exit_price"].is_string())
            })
        }),
        area.point(Of::Intent, "panic.started", "PANIC, pressed by whom", &["panic_id", "scope", "user"]),
        area.point(Of::Intent, "panic.verified_flat", "the account is flat", &["panic_id", "reads"]),
        area.point(
            Of::Intent,
            "panic.acknowledged",
            "who cleared the latch, and why",
            &["panic_id", "user", "reason"],
        ),
    ]
}
