//! Calls of the dead-man switch.

use serde_json::{Value, json};

use crate::dialect::body::Body;
use crate::dialect::query::Query;
use crate::dialect::reply::Answer;
use crate::exchange::order::Reject;
use crate::exchange::time::Micros;
use crate::exchange::{Exchange, Heartbeat};

fn id(body: &Body) -> Result<&str, Reject> {
    body.text("heartbeat_id").ok_or_else(|| Reject::BadSchema("heartbeat_id is required".to_owned()))
}

/// What it affects is said in two ways, by prose and by schema.
fn impacts(exchange: &Exchange) -> [&'static str; 3] {
    if exchange.quirks().impact_is_low_medium_high {
        ["low", "medium", "high"]
    } else {
        ["contracts", "products", "products"]
    }
}

pub(crate) fn create(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = Body::parse(body, exchange.quirks())?;
    let allowed = impacts(exchange);
    if !body.text("impact").is_some_and(|impact| allowed.contains(&impact)) {
        return Err(Reject::BadSchema(format!("impact must be {} or {}", allowed[0], allowed[1])).into());
    }
    let mut heartbeat = Heartbeat::default();
    heartbeat.contract_types = body.texts("contract_types");
    heartbeat.underlyings = body.texts("underlying_assets");
    heartbeat.symbols = body.texts("product_symbols");
    for action in body.bodies("config")? {
        match action.text("action") {
            Some("cancel_orders") => {
                heartbeat.cancels = true;
                heartbeat.unhealthy_count = action.whole("unhealthy_count")?.unwrap_or(1);
            }
            // Wider spreads are for quotes that the venue makes in somebody's name; there are none here.
            Some("spreads") => {}
            Some(_) | None => {
                return Err(Reject::BadSchema("action must be cancel_orders or spreads".to_owned()).into());
            }
        }
    }
    let id = id(&body)?.to_owned();
    exchange.create_heartbeat(now_us, &id, heartbeat);
    Ok((json!({ "heartbeat_id": id }), None))
}

/// Both fields of the answer are text.
pub(crate) fn acknowledge(exchange: &mut Exchange, now_us: Micros, body: &[u8]) -> Answer {
    let body = Body::parse(body, exchange.quirks())?;
    let ttl_ms = body.whole("ttl")?.ok_or_else(|| Reject::BadSchema("ttl is required".to_owned()))?;
    if !(0..=86_400_000).contains(&ttl_ms) {
        return Err(Reject::BadSchema("ttl must be 0 to 86400000".to_owned()).into());
    }
    let heard = exchange.hear(now_us, id(&body)?, ttl_ms * 1_000);
    let heard = heard.ok_or_else(|| Reject::BadSchema("heartbeat_id is not known".to_owned()))?;
    let due_ms = heard.due_us().map_or(0, |due_us| due_us / 1_000);
    let on = heard.due_us().is_some();
    Ok((json!({ "heartbeat_timestamp": due_ms.to_string(), "process_enabled": on.to_string() }), None))
}

pub(crate) fn list(exchange: &Exchange, query: &Query) -> Answer {
    if exchange.quirks().heartbeats_need_user_id && query.get("user_id").is_none() {
        return Err(Reject::BadSchema("user_id is required".to_owned()).into());
    }
    let row = |(id, heartbeat): (&String, &Heartbeat)| {
        json!({
            "heartbeat_id": id,
            "contract_types": heartbeat.contract_types,
            "underlying_assets": heartbeat.underlyings,
            "product_symbols": heartbeat.symbols,
            "heartbeat_timestamp": heartbeat.due_us().map(|due_us| (due_us / 1_000).to_string()),
        })
    };
    Ok((exchange.heartbeats().map(row).collect::<Vec<Value>>().into(), None))
}
