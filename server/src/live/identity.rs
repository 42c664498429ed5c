//! Whose the keys are and what they may do, asked of the venue itself. It has no call that tells permissions: a cancel of
//! an order that cannot exist is refused one way for keys that may trade, and another for keys that may only read.

use model::ids::{ClientOrderId, ProductId};
use serde::Deserialize;
use serde_json::Value;

use super::Refusal;
use crate::random;
use crate::venue::{Call, Cause, Rest, RestError, Sent, wire};

/// An account as the venue knows the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The venue's number of the account.
    pub account: String,
    pub permission: Permission,
}

/// What the keys may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    Trade,
    /// With the venue's word.
    ReadOnly(String),
}

/// Why it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The venue has answered, and there is nothing to wait for.
    Refused(Refusal),
    /// It has not, or not in a way that can be believed.
    Silent(String),
}

#[derive(Deserialize)]
struct Preferences {
    user_id: Value,
}

/// Codes with which the venue says that there is no such order: whoever hears that may cancel.
const NO_SUCH_ORDER: [&str; 3] = ["open_order_not_found", "order_not_found", "order_already_filled"];

/// Asks.
pub async fn identify(venue: &'static str, rest: &Rest) -> Result<Identity, Trouble> {
    let preferences =
        rest.read_as(&Call::preferences(), |answer: Preferences| account_of(&answer.user_id)).await;
    let account = preferences.map_err(|error| trouble(venue, error))?;
    let permission = permission(venue, rest).await?;
    Ok(Identity { account, permission })
}

/// Numbers and texts are the same; nothing is nobody.
fn account_of(user_id: &Value) -> Result<String, String> {
    let text = match user_id {
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    text.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| "the preferences have no number of the account".to_owned())
}

async fn permission(venue: &'static str, rest: &Rest) -> Result<Permission, Trouble> {
    let listed = rest.read::<Vec<wire::Product>>(&Call::options()).await;
    let (products, _) = listed.map_err(|error| trouble(venue, error))?;
    let product = products.first().ok_or_else(|| Trouble::Silent("it lists no options".to_owned()))?;
    // Random, so that nobody has an order of that name.
    let id = ClientOrderId(format!("probe-{}", random::hex(12)));
    let call = Call::cancel(Some(&id), None, ProductId(product.id)).under(telemetry::Context::default());
    match rest.send::<Value>(&call).await {
        Sent::Acked(_) => Ok(Permission::Trade),
        Sent::Rejected(refusal) if NO_SUCH_ORDER.contains(&refusal.code.as_str()) => Ok(Permission::Trade),
        Sent::Rejected(refusal) if is_forbidden(&refusal.code) => Ok(Permission::ReadOnly(refusal.code)),
        Sent::Rejected(refusal) => Err(trouble(
            venue,
            RestError::Refused { status: 400, code: refusal.code, detail: refusal.detail },
        )),
        Sent::Ambiguous(cause) | Sent::NotSent(cause) => Err(silent(&cause)),
    }
}

fn word(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// However it is written.
fn is_forbidden(code: &str) -> bool {
    matches!(word(code).as_str(), "unauthorizedapiaccess" | "unauthorized" | "forbidden" | "http403")
}

fn trouble(venue: &'static str, error: RestError) -> Trouble {
    let RestError::Refused { status, code, detail } = error else {
        return match error {
            RestError::Failed(cause) => silent(&cause),
            RestError::Refused { code, .. } => Trouble::Silent(code),
        };
    };
    let refusal = match word(&code).as_str() {
        "ipnotwhitelistedforapikey" => {
            Refusal::AddressNotListed { venue, detail: detail.unwrap_or_else(|| code.clone()) }
        }
        "invalidapikey" | "apikeynotfound" | "invalidsignature" | "signaturemismatch" => {
            Refusal::KeysRefused { venue, code }
        }
        _other if is_forbidden(&code) => Refusal::KeysRefused { venue, code },
        // A clock that cannot be put right, maintenance, a page of something on the way.
        _other => return Trouble::Silent(format!("{code}, status {status}")),
    };
    Trouble::Refused(refusal)
}

fn silent(cause: &Cause) -> Trouble {
    Trouble::Silent(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_a_number_in_whatever_form() {
        for (given, expected) in [
            (Value::from(30_084_879), Some("30084879")),
            (Value::from("30084879"), Some("30084879")),
            (Value::from(""), None),
            (Value::from("admin"), None),
            (Value::from(-1), None),
            (Value::from(1.5), None),
            (Value::Null, None),
        ] {
            assert_eq!(account_of(&given).ok().as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn what_the_venue_says_of_keys_is_understood_however_it_is_spelt() {
        let of = |code: &str| {
            let error = RestError::Refused { status: 401, code: code.to_owned(), detail: None };
            trouble("delta-india", error)
        };
        for code in
            ["invalid_api_key", "InvalidApiKey", "Signature Mismatch", "invalid_signature", "Forbidden"]
        {
            assert!(matches!(of(code), Trouble::Refused(Refusal::KeysRefused { .. })), "{code}");
        }
        assert!(matches!(
            of("ip_not_whitelisted_for_api_key"),
            Trouble::Refused(Refusal::AddressNotListed { .. })
        ));
        for code in ["expired_signature", "unavailable", "internal_server_error"] {
            assert!(matches!(of(code), Trouble::Silent(_)), "{code}");
        }
    }
}
