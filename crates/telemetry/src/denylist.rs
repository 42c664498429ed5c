//! Keys whose values are never told, and the mask that is shown instead.

/// What stands in place of a value whose key is on the denylist.
pub const MASK: &str = "***";

/// Key endings, compared in lowercase without `_`, `-` and `.`, whose values are never told.
const SECRET_ENDINGS: [&str; 17] = [
    "apikey",
    "secret",
    "signature",
    "authorization",
    "cookie",
    "passphrase",
    "password",
    "passwd",
    "listenkey",
    "privatekey",
    "secretkey",
    "token",
    "jwt",
    "totp",
    "otpcode",
    "credential",
    "credentials",
];

/// True when the value of this key must not be told: `api_key`, `X-Signature`, `delta.api_secret`, `Set-Cookie`.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    SECRET_ENDINGS.iter().any(|ending| {
        let mut plain = key.bytes().rev().filter(u8::is_ascii_alphanumeric);
        ending.bytes().rev().all(|b| plain.next().is_some_and(|k| k.eq_ignore_ascii_case(&b)))
    })
}
