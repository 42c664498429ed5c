//! Bodies of requests as typed values, with the venue's schema errors. Whole numbers come as numbers or as their text:
//! the venue's clients send both.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::exchange::Edit;
use crate::exchange::book::Side;
use crate::exchange::chain::Product;
use crate::exchange::order::{
    Bracket, BracketRequest, Leg, LegAt, OrderKey, OrderRequest, OrderType, Reject, StopKind, TimeInForce,
    TriggerMethod,
};
use crate::exchange::quirks::Quirks;

/// A JSON object with what the venue expects in it.
pub struct Body {
    fields: Map<String, Value>,
    quirks: Quirks,
}

fn wrong<T>(name: &str, allowed: &str) -> Result<T, Reject> {
    Err(Reject::BadSchema(format!("{name} must be {allowed}")))
}

impl Body {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(bytes: &[u8], quirks: Quirks) -> Result<Body, Reject> {
        let fields = serde_json::from_slice(bytes);
        let fields = fields.map_err(|_| Reject::BadSchema("body must be a JSON object".to_owned()))?;
        Ok(Body { fields, quirks })
    }

    /// The same, where nothing is an empty object.
    ///
    /// # Errors
    /// Anything else.
    pub fn optional(bytes: &[u8], quirks: Quirks) -> Result<Body, Reject> {
        if bytes.is_empty() { Ok(Body { fields: Map::new(), quirks }) } else { Body::parse(bytes, quirks) }
    }

    /// A field that is there and not null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// A field's text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// Texts of a list, or of one text with commas.
    pub fn texts(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(Value::Array(rows)) => rows.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(text)) => text.split(',').map(|part| part.trim().to_owned()).collect(),
            Some(_) | None => Vec::new(),
        }
    }

    /// Bodies of a list.
    ///
    /// # Errors
    /// Anything else.
    pub fn bodies(&self, name: &str) -> Result<Vec<Body>, Reject> {
        let rows = self.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let of = |row: &Value| match row {
            Value::Object(fields) => Ok(Body { fields: fields.clone(), quirks: self.quirks }),
            _other => wrong(name, "a list of objects"),
        };
        rows.iter().map(of).collect()
    }

    /// A body within this one.
    ///
    /// # Errors
    /// Anything else that is there.
    pub fn body(&self, name: &str) -> Result<Option<Body>, Reject> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Body { fields: fields.clone(), quirks: self.quirks })),
            Some(_other) => wrong(name, "an object"),
        }
    }

    /// A whole number, or its text.
    ///
    /// # Errors
    /// Anything else that is there.
    pub fn whole(&self, name: &str) -> Result<Option<i64>, Reject> {
        let parsed = match self.get(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_other) => None,
        };
        parsed.map_or_else(|| wrong(name, "an integer"), |number| Ok(Some(number)))
    }

    /// A decimal as a string, or a number.
    ///
    /// # Errors
    /// Anything else that is there.
    pub fn decimal(&self, name: &str) -> Result<Option<Decimal>, Reject> {
        let parsed = match self.get(name) {
            None => return Ok(None),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(Value::Number(number)) => number.to_string().parse().ok(),
            Some(_other) => None,
        };
        parsed.map_or_else(|| wrong(name, "a decimal as a string"), |number| Ok(Some(number)))
    }

    /// A boolean flag, none when absent: JSON booleans or their text, as the switches allow.
    ///
    /// # Errors
    /// Anything else.
    pub fn flag_given(&self, name: &str) -> Result<Option<bool>, Reject> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) if !self.quirks.booleans_must_be_text => Ok(Some(*value)),
            Some(Value::String(text)) if !self.quirks.booleans_must_be_json && text == "true" => {
                Ok(Some(true))
            }
            Some(Value::String(text)) if !self.quirks.booleans_must_be_json && text == "false" => {
                Ok(Some(false))
            }
            Some(_other) => wrong(name, "true or false"),
        }
    }

    /// The same, false when absent.
    ///
    /// # Errors
    /// Anything else.
    pub fn flag(&self, name: &str) -> Result<bool, Reject> {
        Ok(self.flag_given(name)?.unwrap_or_default())
    }

    /// The product that `product_id` or `product_symbol` name, if any does.
    ///
    /// # Errors
    /// A symbol that is no contract, or both where only one is allowed.
    pub fn product_given(&self) -> Result<Option<i64>, Reject> {
        let both = self.quirks.product_id_and_symbol_allowed || self.quirks.product_id_and_symbol_required;
        match (self.whole("product_id")?, self.text("product_symbol")) {
            (Some(_), Some(_)) if !both => {
                Err(Reject::BadSchema("only one of product_id and product_symbol is allowed".to_owned()))
            }
            (Some(id), _) => Ok(Some(id)),
            (None, Some(symbol)) => {
                Product::parse(symbol).map(|product| Some(product.id)).ok_or(Reject::InvalidContract)
            }
            (None, None) => Ok(None),
        }
    }

    /// The same, where one must be named.
    ///
    /// # Errors
    /// None, or the errors of [`Body::product_given`].
    pub fn product_id(&self) -> Result<i64, Reject> {
        let named = self.product_given()?;
        let both = self.get("product_id").is_some() && self.get("product_symbol").is_some();
        if self.quirks.product_id_and_symbol_required && !both {
            return Err(Reject::BadSchema("product_id and product_symbol are required".to_owned()));
        }
        named.ok_or_else(|| Reject::BadSchema("product_id or product_symbol is required".to_owned()))
    }

    /// Which order is named: by `id` or `client_order_id`.
    ///
    /// # Errors
    /// Neither.
    pub fn order_key(&self) -> Result<OrderKey, Reject> {
        let id = self.whole("id")?.map(OrderKey::Id);
        let named =
            || self.text("client_order_id").map(|client_id| OrderKey::ClientOrderId(client_id.to_owned()));
        id.or_else(named).ok_or_else(|| Reject::BadSchema("id is required".to_owned()))
    }

    /// Body of `POST /v2/orders`, or a row of a batch of `product_id`.
    ///
    /// # Errors
    /// The first field that does not fit.
    pub fn order(&self, product_id: i64) -> Result<OrderRequest, Reject> {
        let side = match self.text("side") {
            Some("buy") => Side::Buy,
            Some("sell") => Side::Sell,
            Some(_) | None => return wrong("side", "buy or sell"),
        };
        let order_type = self.order_type()?;
        let order_type = order_type.map_or_else(|| wrong("order_type", "limit_order or market_order"), Ok)?;
        let time_in_force = match (self.text("time_in_force"), order_type) {
            (Some("gtc"), _) | (None, OrderType::Limit) => TimeInForce::Gtc,
            (Some("ioc"), _) | (None, OrderType::Market) => TimeInForce::Ioc,
            (Some(_), _) => return wrong("time_in_force", "gtc or ioc"),
        };
        let size = self.whole("size")?.map_or_else(|| wrong("size", "an integer"), Ok)?;
        let (stop, trail) = self.stop()?;
        Ok(OrderRequest {
            product_id,
            side,
            size,
            order_type,
            limit_price: self.decimal("limit_price")?,
            time_in_force,
            post_only: self.flag("post_only")?,
            reduce_only: self.flag("reduce_only")?,
            client_order_id: self.text("client_order_id").map(str::to_owned),
            stop,
            trail,
            trigger: self.trigger("stop_trigger_method")?,
            bracket: self.entry_bracket()?,
        })
    }

    fn order_type(&self) -> Result<Option<OrderType>, Reject> {
        match self.text("order_type") {
            Some("limit_order") => Ok(Some(OrderType::Limit)),
            Some("market_order") => Ok(Some(OrderType::Market)),
            None => Ok(None),
            Some(_) => wrong("order_type", "limit_order or market_order"),
        }
    }

    fn trigger(&self, name: &str) -> Result<TriggerMethod, Reject> {
        let Some(word) = self.text(name) else { return Ok(TriggerMethod::Mark) };
        TriggerMethod::parse(word)
            .map_or_else(|| wrong(name, "mark_price, last_traded_price or spot_price"), Ok)
    }

    /// Trigger price with its kind, or how far a stop loss trails.
    fn stop(&self) -> Result<(Option<(Decimal, StopKind)>, Option<Decimal>), Reject> {
        let kind = match self.text("stop_order_type") {
            None if self.get("trail_amount").is_none() => return Ok((None, None)),
            None | Some("stop_loss_order") => StopKind::StopLoss,
            Some("take_profit_order") => StopKind::TakeProfit,
            Some(_) => return wrong("stop_order_type", "stop_loss_order or take_profit_order"),
        };
        let (price, trail) = (self.decimal("stop_price")?, self.decimal("trail_amount")?);
        match (price, trail) {
            (Some(_), Some(_)) => {
                Err(Reject::BadSchema("only one of stop_price and trail_amount is allowed".to_owned()))
            }
            (Some(price), None) => Ok((Some((price, kind)), None)),
            (None, Some(_)) if kind == StopKind::TakeProfit => wrong("stop_price", "given for a take profit"),
            (None, Some(by)) => Ok((None, Some(by))),
            (None, None) => Err(Reject::BadSchema("stop_price is required".to_owned())),
        }
    }

    /// The bracket in the `bracket_` fields of an order.
    ///
    /// # Errors
    /// Prices that are none, or both a stop price and a trail.
    pub fn entry_bracket(&self) -> Result<Option<BracketRequest>, Reject> {
        let of = |name: &str| self.decimal(&format!("bracket_{name}"));
        let stop_loss = leg(of("stop_loss_price")?, of("trail_amount")?, of("stop_loss_limit_price")?)?;
        let take_profit = leg(of("take_profit_price")?, None, of("take_profit_limit_price")?)?;
        if stop_loss.is_none() && take_profit.is_none() {
            return Ok(None);
        }
        let method = self.trigger("bracket_stop_trigger_method")?;
        Ok(Some(Bracket { stop_loss, take_profit, method }))
    }

    /// The bracket of `POST /v2/orders/bracket`.
    ///
    /// # Errors
    /// Prices that are none, or both a stop price and a trail.
    pub fn position_bracket(&self) -> Result<BracketRequest, Reject> {
        let of = |name: &str| -> Result<Option<Leg<Decimal>>, Reject> {
            let Some(order) = self.body(name)? else { return Ok(None) };
            let limit = order.decimal("limit_price")?;
            let limit = match order.order_type()? {
                Some(OrderType::Market) => None,
                Some(OrderType::Limit) if limit.is_none() => {
                    return wrong("limit_price", "given for a limit order");
                }
                Some(OrderType::Limit) | None => limit,
            };
            leg(order.decimal("stop_price")?, order.decimal("trail_amount")?, limit)
        };
        let (stop_loss, take_profit) = (of("stop_loss_order")?, of("take_profit_order")?);
        Ok(Bracket { stop_loss, take_profit, method: self.trigger("bracket_stop_trigger_method")? })
    }

    /// What `PUT /v2/orders` is to change.
    ///
    /// # Errors
    /// The first field that does not fit.
    pub fn edit(&self) -> Result<Edit, Reject> {
        Ok(Edit {
            size: self.whole("size")?,
            limit_price: self.decimal("limit_price")?,
            stop_price: self.decimal("stop_price")?,
            trail: self.decimal("trail_amount")?,
            post_only: self.flag_given("post_only")?,
        })
    }
}

fn leg(
    price: Option<Decimal>,
    trail: Option<Decimal>,
    limit: Option<Decimal>,
) -> Result<Option<Leg<Decimal>>, Reject> {
    match (price, trail) {
        (None, None) => Ok(None),
        (Some(price), None) => Ok(Some(Leg { at: LegAt::Price(price), limit })),
        (None, Some(by)) => Ok(Some(Leg { at: LegAt::Trail(by), limit })),
        (Some(_), Some(_)) => {
            Err(Reject::BadSchema("only one of a stop price and a trail amount is allowed".to_owned()))
        }
    }
}
