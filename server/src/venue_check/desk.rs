//! What the lines work with: the client, the option that was chosen, ids, and orders in the venue's own words.

use std::time::{Duration, Instant};

use model::instrument::Instrument;
use model::{Decimal, Lots};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Ledger, clean};
use crate::venue::wire::{self, Refusal};
use crate::venue::{Call, Profile, Rest, RestError, Sent};

/// Between two looks at the same thing.
const LOOK: Duration = Duration::from_millis(100);

/// The desk of one run.
pub(super) struct Desk {
    pub rest: Rest,
    pub profile: &'static Profile,
    pub option: Instrument,
    /// A price at which a buy rests far below the market.
    pub rest_at: Decimal,
    /// The lower edge of the band, if the venue tells one.
    pub band: Option<(Decimal, Decimal)>,
    pub ledger: Ledger,
    ids: u32,
}

/// An order to be placed.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub id: String,
    pub side: &'static str,
    pub lots: Lots,
    /// `None`: at the market.
    pub limit: Option<Decimal>,
    pub ioc: bool,
    pub reduce_only: bool,
    /// Of a stop order.
    pub stop: Option<Decimal>,
}

impl Desk {
    pub(super) fn new(
        rest: Rest,
        profile: &'static Profile,
        (option, rest_at, band): (Instrument, Decimal, Option<(Decimal, Decimal)>),
        ledger: Ledger,
    ) -> Self {
        Self { rest, profile, option, rest_at, band, ledger, ids: 0 }
    }

    /// A name for the next order.
    pub(super) fn id(&mut self) -> String {
        self.ids += 1;
        format!("{}{}", self.ledger.prefix, self.ids)
    }

    /// A buy of one lot that rests.
    pub(super) fn resting(&mut self) -> Wish {
        Wish {
            id: self.id(),
            side: "buy",
            lots: 1,
            limit: Some(self.rest_at),
            ioc: false,
            reduce_only: false,
            stop: None,
        }
    }

    /// The body of an order.
    pub(super) fn body(&self, wish: &Wish) -> Value {
        let mut body = json!({
            "product_id": self.option.product_id.0, "size": wish.lots, "side": wish.side,
            "reduce_only": wish.reduce_only, "client_order_id": wish.id,
        });
        match wish.limit {
            Some(limit) => {
                body["order_type"] = json!("limit_order");
                body["limit_price"] = json!(limit.normalize().to_string());
                body["time_in_force"] = json!(if wish.ioc { "ioc" } else { "gtc" });
            }
            None => body["order_type"] = json!("market_order"),
        }
        if let Some(stop) = wish.stop {
            body["stop_order_type"] = json!("stop_loss_order");
            body["stop_price"] = json!(stop.normalize().to_string());
            body["stop_trigger_method"] = json!("mark_price");
        }
        body
    }

    pub(super) async fn place(&self, wish: &Wish) -> Sent<Value> {
        self.write(Method::POST, "/v2/orders", self.body(wish)).await
    }

    /// What changes something: once.
    pub(super) async fn write(&self, method: Method, path: &'static str, body: Value) -> Sent<Value> {
        self.rest.send(&Call::raw(method, path, path, 25).saying(body)).await
    }

    pub(super) async fn read(&self, call: Call) -> Result<Value, RestError> {
        Ok(self.rest.read::<Value>(&call).await?.0)
    }

    pub(super) async fn order(&self, id: &str) -> Result<Value, RestError> {
        self.read(Call::lookup(&id.into())).await
    }

    pub(super) async fn cancel(&self, id: &str) -> Sent<Value> {
        let body = json!({ "client_order_id": id, "product_id": self.option.product_id.0 });
        self.write(Method::DELETE, "/v2/orders", body).await
    }

    /// Ids of the run's open orders, one for each order.
    pub(super) async fn open(&self) -> Result<Vec<String>, RestError> {
        let prefix = self.ledger.prefix.clone();
        let of_run = |order: Value| {
            let id = order["client_order_id"].as_str().unwrap_or_default();
            Ok(id.starts_with(&prefix).then(|| id.to_owned()))
        };
        self.rest.read_all_as(&Call::open_orders(), of_run).await
    }

    /// Lots that are held of the option.
    pub(super) async fn held(&self) -> Result<Lots, RestError> {
        let call = Call::position(self.option.product_id, &self.option.symbol).once();
        let size = |position: wire::PositionNow| -> Result<Lots, String> {
            crate::venue::translate::lots(position.size.ok_or("a position has no size")?)
        };
        self.rest.read_as(&call, size).await
    }

    /// The option's row in the list of margined positions.
    pub(super) async fn margined(&self) -> Result<Option<Value>, RestError> {
        let rows = self.read(Call::account_positions().once()).await?;
        let rows = rows.as_array().cloned().unwrap_or_default();
        let ours = |row: &Value| row["product_id"].as_u64() == Some(self.option.product_id.0);
        Ok(rows.into_iter().find(ours).filter(|row| row["size"].as_i64() != Some(0)))
    }

    pub(super) async fn ticker(&self) -> Result<wire::Ticker, RestError> {
        Ok(self.rest.read::<wire::Ticker>(&Call::ticker(&self.option.symbol)).await?.0)
    }

    /// Back to nothing, however the line before ended.
    pub(super) async fn tidy(&self) -> Result<(), String> {
        clean::clean(&self.rest, &self.ledger).await
    }
}

/// Looks again and again until `look` gives something; milliseconds that it took. `None` after `patience`.
pub(super) async fn until<T, F>(patience: Duration, mut look: impl FnMut() -> F) -> Option<(T, u128)>
where
    F: Future<Output = Option<T>>,
{
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return Some((found, began.elapsed().as_millis()));
        }
        if began.elapsed() >= patience {
            return None;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What became of a write, in words.
pub(super) fn words(sent: &Sent<Value>) -> String {
    match sent {
        Sent::Acked(_) => "taken".to_owned(),
        Sent::Rejected(Refusal { code, detail }) => match detail {
            Some(detail) => format!("refused as {code} ({detail})"),
            None => format!("refused as {code}"),
        },
        Sent::Ambiguous(cause) | Sent::NotSent(cause) => format!("without an answer: {cause}"),
    }
}

pub(super) fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
