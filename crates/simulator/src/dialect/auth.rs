//! Keys, signatures and quotas: what stands between a request and the exchange.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::exchange::time::{Micros, SECOND_US};

/// Oldest and furthest-ahead timestamp accepted, seconds.
pub const SKEW_S: i64 = 5;
/// Length of a quota window; windows are fixed, not sliding.
pub const WINDOW_US: Micros = 300 * SECOND_US;
/// Units a window grants, and what newer pages say.
pub const QUOTA: u32 = 10_000;
pub const NEWER_QUOTA: u32 = 20_000;
/// WebSocket connections that a window grants to an address.
pub const SOCKETS: u32 = 150;
/// Operations that the matching of one product takes in a second; cancellations do not count.
pub const OPERATIONS: u32 = 500;

/// Lower-case hexadecimal HMAC-SHA256 of the text signed.
pub fn sign(secret: &str, prehash: &[u8]) -> String {
    match Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        Ok(mut mac) => {
            mac.update(prehash);
            hex::encode(mac.finalize().into_bytes())
        }
        // HMAC takes keys of every length; the type has an error all the same.
        Err(_invalid_length) => String::new(),
    }
}

/// Why a signature was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    MissingKey,
    UnknownKey,
    Expired {
        request_s: i64,
        server_s: i64,
    },
    Mismatch,
    /// The key is not for this address.
    AddressNotAllowed,
    /// The key may read only.
    NoPermission,
}

/// From where requests come, as a refusal states it.
pub(crate) const CLIENT_IP: &str = "127.0.0.1";

impl Refusal {
    /// Body of the 401 answer: objects as observed, or bare strings as the documents print them.
    pub fn body(self, as_text: bool) -> String {
        let (code, text, message) = match self {
            Refusal::MissingKey => ("unauthorized_api_access", "UnauthorizedApiAccess", "Api Key missing"),
            Refusal::UnknownKey => ("invalid_api_key", "InvalidApiKey", "Api Key not found"),
            Refusal::Expired { .. } => {
                ("expired_signature", "SignatureExpired", "your signature has expired")
            }
            Refusal::Mismatch => ("invalid_signature", "SignatureMismatch", "Signature Mismatch"),
            Refusal::AddressNotAllowed => {
                ("ip_not_whitelisted_for_api_key", "IpNotWhitelisted", "IP address not whitelisted")
            }
            Refusal::NoPermission => (
                "unauthorized_api_access",
                "UnauthorizedApiAccess",
                "Api Key not authorised to access this endpoint",
            ),
        };
        if as_text {
            return json!({ "error": text, "message": message }).to_string();
        }
        let context = match self {
            Refusal::Expired { request_s, server_s } => {
                Some(json!({ "request_time": request_s, "server_time": server_s }))
            }
            Refusal::AddressNotAllowed => Some(json!({ "client_ip": CLIENT_IP })),
            Refusal::MissingKey | Refusal::UnknownKey | Refusal::Mismatch | Refusal::NoPermission => None,
        };
        super::wire::failure(code, context)
    }
}

/// The documented statuses with which a sign-in on a socket is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    AddressNotAllowed,
    UnknownKey,
    Expired,
    WrongSignature,
    ServerError,
}

/// The key of the one account.
#[derive(Clone)]
pub struct Credentials {
    pub key: String,
    pub secret: String,
}

impl Credentials {
    /// Checks key, age and signature of a request, in this order.
    ///
    /// # Errors
    /// What was wrong first.
    pub fn check(&self, given: Given<'_>, prehash: &[u8], now_us: Micros) -> Result<(), Refusal> {
        let (Some(key), Some(timestamp), Some(signature)) = (given.key, given.timestamp, given.signature)
        else {
            return Err(Refusal::MissingKey);
        };
        if key != self.key {
            return Err(Refusal::UnknownKey);
        }
        let server_s = crate::exchange::time::seconds(now_us);
        let request_s = timestamp.parse::<i64>().map_err(|_| Refusal::Mismatch)?;
        if (server_s - request_s).abs() > SKEW_S {
            return Err(Refusal::Expired { request_s, server_s });
        }
        if sign(&self.secret, prehash) == signature { Ok(()) } else { Err(Refusal::Mismatch) }
    }
}

/// What a client sent to identify itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    pub key: Option<&'a str>,
    /// Unix seconds as decimal text.
    pub timestamp: Option<&'a str>,
    pub signature: Option<&'a str>,
}

/// Who pays for a request: the user when signed, else the address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Payer {
    User,
    Address(String),
    /// An address, for its WebSocket connections, which are counted apart.
    Sockets(String),
}

/// Units used in the current window, by payer.
#[derive(Clone, Debug, Default)]
pub struct Quotas {
    window: i64,
    used: BTreeMap<Payer, u32>,
    /// Operations of a second, by product.
    second: i64,
    operations: BTreeMap<i64, u32>,
}

impl Quotas {
    /// Takes `weight` of `most` units.
    ///
    /// # Errors
    /// Milliseconds until the next window, when the quota does not suffice.
    pub fn take(&mut self, payer: &Payer, weight: u32, most: u32, now_us: Micros) -> Result<(), i64> {
        self.roll(now_us);
        let used = self.used.entry(payer.clone()).or_default();
        if *used + weight > most {
            return Err(left_ms(now_us));
        }
        *used += weight;
        Ok(())
    }

    /// Takes operations of a product in this second.
    ///
    /// # Errors
    /// Milliseconds until the next second, when they are too many.
    pub fn operate(&mut self, product_id: i64, count: u32, now_us: Micros) -> Result<(), i64> {
        let second = crate::exchange::time::seconds(now_us);
        if second != self.second {
            self.second = second;
            self.operations.clear();
        }
        let used = self.operations.entry(product_id).or_default();
        if *used + count > OPERATIONS {
            return Err((SECOND_US - now_us.rem_euclid(SECOND_US)) / 1_000 + 1);
        }
        *used += count;
        Ok(())
    }

    /// Units used by a payer and milliseconds until they are forgotten.
    pub fn state(&mut self, payer: &Payer, now_us: Micros) -> (u32, i64) {
        self.roll(now_us);
        (self.used.get(payer).copied().unwrap_or_default(), left_ms(now_us))
    }

    fn roll(&mut self, now_us: Micros) {
        let window = now_us.div_euclid(WINDOW_US);
        if window != self.window {
            self.window = window;
            self.used.clear();
        }
    }
}

fn left_ms(now_us: Micros) -> i64 {
    (WINDOW_US - now_us.rem_euclid(WINDOW_US)) / 1_000 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both signatures of the venue's printed example: without and with `/v2`.
    #[test]
    fn documented_signatures_are_reproduced() {
        let secret = "7b6f39dcf660ec1c7c664f612c60410a2bd0c258416b498bf0311f94228f";
        let of = |path: &str| sign(secret, format!("GET1542110948{path}?product_id=1&state=open").as_bytes());
        assert_eq!(of("/orders"), "ad767fead0bdbe91ba1e4feb142079245fecd66aa5e47a70b40ba1a4c9b4e3db");
        assert_eq!(of("/v2/orders"), "4e38dda3e6477092f360ba70399266d8145630b22bcc34c0ec7f804d5746877a");
    }

    #[test]
    fn windows_are_fixed() {
        let mut quotas = Quotas::default();
        assert_eq!(quotas.take(&Payer::User, QUOTA, QUOTA, WINDOW_US), Ok(()));
        assert_eq!(quotas.take(&Payer::User, 1, QUOTA, 2 * WINDOW_US - 1_000_000), Err(1_001));
        assert_eq!(quotas.take(&Payer::Address("a".to_owned()), 1, QUOTA, 2 * WINDOW_US - 1), Ok(()));
        assert_eq!(quotas.take(&Payer::User, 1, QUOTA, 2 * WINDOW_US), Ok(()));
    }
    #[test]
    fn the_matching_of_a_product_takes_so_many_operations_a_second() {
        let mut quotas = Quotas::default();
        assert_eq!(quotas.operate(27, OPERATIONS, SECOND_US), Ok(()));
        assert_eq!(quotas.operate(27, 1, SECOND_US + 400_000), Err(601));
        assert_eq!(quotas.operate(28, 1, SECOND_US + 400_000), Ok(()));
        assert_eq!(quotas.operate(27, 1, 2 * SECOND_US), Ok(()));
    }
}
