//! What single keys of faults may be.

use toml::Value;

use crate::dialect::auth::SignIn;
use crate::exchange::book::Side;
use crate::exchange::status::TradingStatus;
use crate::faults::keys::Keys;
use crate::faults::rule::{RequestFault, Socket};

pub(super) fn status(keys: &mut Keys) -> Result<RequestFault, String> {
    const ALLOWED: &str = "400, 401, 403, 429, 500, 502, 503 or 504";
    const KNOWN: [u16; 8] = [400, 401, 403, 429, 500, 502, 503, 504];
    let status = keys
        .whole("status")?
        .ok_or_else(|| format!("{}: status is missing, must be {ALLOWED}", keys.place))?;
    let known = u16::try_from(status).ok().filter(|status| KNOWN.contains(status));
    let status = known.ok_or_else(|| format!("{}: status is {status}, must be {ALLOWED}", keys.place))?;
    let code = keys.text("code", "an error code as a text")?;
    match (&code, status) {
        (None, 400) => return Err(format!("{}: code is missing, must be given with status 400", keys.place)),
        (Some(code), 502 | 504) => {
            let allowed = format!("left out, because an answer of status {status} has no JSON");
            return Err(keys.wrong("code", &Value::String(code.clone()), &allowed));
        }
        (Some(_) | None, _) => {}
    }
    let reset_ms = keys.whole("reset_ms")?.unwrap_or(1_000);
    let reset_ms = i64::try_from(reset_ms).unwrap_or(i64::MAX);
    let applied = keys.flag("applied")?;
    Ok(RequestFault::Status { status, code, reset_ms, applied })
}

pub(super) fn altered(keys: &mut Keys) -> Result<RequestFault, String> {
    const ALLOWED: &str = "a table of texts, whole numbers, true and false";
    let drop_fields = keys.texts("drop_fields")?;
    let set = match keys.table.remove("set_fields") {
        None => toml::Table::new(),
        Some(Value::Table(set)) => set,
        Some(other) => return Err(keys.wrong("set_fields", &other, ALLOWED)),
    };
    let mut set_fields = Vec::new();
    for (name, value) in set {
        let json = match &value {
            Value::String(text) => serde_json::json!(text),
            Value::Integer(number) => serde_json::json!(number),
            Value::Boolean(flag) => serde_json::json!(flag),
            Value::Float(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
                return Err(keys.wrong(&format!("set_fields.{name}"), &value, ALLOWED));
            }
        };
        set_fields.push((name, json));
    }
    if drop_fields.is_empty() && set_fields.is_empty() {
        return Err(format!("{}: drop_fields or set_fields is missing", keys.place));
    }
    Ok(RequestFault::ReplyAltered { drop_fields, set_fields })
}

pub(super) fn socket(keys: &mut Keys) -> Result<Socket, String> {
    const ALLOWED: &str = "\"any\", \"private\" or \"public\"";
    match keys.text("socket", ALLOWED)?.as_deref() {
        None | Some("any") => Ok(Socket::Any),
        Some("private") => Ok(Socket::Private),
        Some("public") => Ok(Socket::Public),
        Some(other) => Err(keys.wrong("socket", &Value::String(other.to_owned()), ALLOWED)),
    }
}

pub(super) fn side(keys: &mut Keys) -> Result<Side, String> {
    const ALLOWED: &str = "\"bid\" or \"ask\"";
    match keys.text("side", ALLOWED)?.as_deref() {
        Some("bid") => Ok(Side::Buy),
        Some("ask") => Ok(Side::Sell),
        Some(other) => Err(keys.wrong("side", &Value::String(other.to_owned()), ALLOWED)),
        None => Err(format!("{}: side is missing, must be {ALLOWED}", keys.place)),
    }
}

pub(super) fn trading_status(keys: &mut Keys) -> Result<TradingStatus, String> {
    const ALLOWED: &str = "\"disrupted_cancel_only\" or \"disrupted_post_only\"";
    match keys.text("status", ALLOWED)?.as_deref() {
        Some("disrupted_cancel_only") => Ok(TradingStatus::CancelOnly),
        Some("disrupted_post_only") => Ok(TradingStatus::PostOnly),
        Some(other) => Err(keys.wrong("status", &Value::String(other.to_owned()), ALLOWED)),
        None => Err(format!("{}: status is missing, must be {ALLOWED}", keys.place)),
    }
}

/// The status of a page of a gateway.
pub(super) fn html(keys: &mut Keys) -> Result<RequestFault, String> {
    const ALLOWED: &str = "200, 403, 500, 502, 503 or 504";
    const KNOWN: [u16; 6] = [200, 403, 500, 502, 503, 504];
    let status = keys.whole("status")?.unwrap_or(200);
    let known = u16::try_from(status).ok().filter(|status| KNOWN.contains(status));
    let status = known.ok_or_else(|| format!("{}: status is {status}, must be {ALLOWED}", keys.place))?;
    Ok(RequestFault::ReplyHtml { status })
}

/// `delay_ms`, and `most_ms` when each delay is drawn between the two.
pub(super) fn delays(keys: &mut Keys) -> Result<(u64, u64), String> {
    let delay_ms = keys.whole("delay_ms")?.unwrap_or(1_000);
    let most_ms = keys.whole("most_ms")?.unwrap_or(delay_ms);
    if most_ms < delay_ms || most_ms > 3_600_000 {
        let allowed = format!("milliseconds from delay_ms, which is {delay_ms}, to 3600000");
        return Err(keys.wrong("most_ms", &Value::Integer(most_ms.cast_signed()), &allowed));
    }
    Ok((delay_ms, most_ms))
}

pub(super) fn sign_in(keys: &mut Keys) -> Result<SignIn, String> {
    const ALLOWED: &str = "\"ip_not_whitelisted\", \"api_key_not_found\", \"request_expired\", \
                           \"invalid_signature\" or \"internal_server_error\"";
    match keys.text("status", ALLOWED)?.as_deref() {
        None | Some("ip_not_whitelisted") => Ok(SignIn::AddressNotAllowed),
        Some("api_key_not_found") => Ok(SignIn::UnknownKey),
        Some("request_expired") => Ok(SignIn::Expired),
        Some("invalid_signature") => Ok(SignIn::WrongSignature),
        Some("internal_server_error") => Ok(SignIn::ServerError),
        Some(other) => Err(keys.wrong("status", &Value::String(other.to_owned()), ALLOWED)),
    }
}

/// The part of its lots that a book goes on showing.
pub(super) fn share(keys: &mut Keys) -> Result<f64, String> {
    let share = keys.number("share", "a part from 0 to 1", 1.0)?;
    share.ok_or_else(|| format!("{}: share is missing, must be a part from 0 to 1", keys.place))
}

/// A change of the index in percent.
pub(super) fn percent(keys: &mut Keys) -> Result<f64, String> {
    const ALLOWED: &str = "percent from -50 to 100, and not 0";
    let Some(value) = keys.table.remove("percent") else {
        return Err(format!("{}: percent is missing, must be {ALLOWED}", keys.place));
    };
    let number = value.as_float().or(value.as_integer().map(|whole| whole as f64));
    let number = number.filter(|number| (-50.0..=100.0).contains(number) && *number != 0.0);
    number.ok_or_else(|| keys.wrong("percent", &value, ALLOWED))
}

/// By how much the venue's clock is wrong.
pub(super) fn by_ms(keys: &mut Keys) -> Result<i64, String> {
    const ALLOWED: &str = "milliseconds from -86400000 to 86400000, and not 0";
    let Some(value) = keys.table.remove("by_ms") else {
        return Err(format!("{}: by_ms is missing, must be {ALLOWED}", keys.place));
    };
    let number = value.as_integer().filter(|by_ms| *by_ms != 0 && by_ms.abs() <= 86_400_000);
    number.ok_or_else(|| keys.wrong("by_ms", &value, ALLOWED))
}
