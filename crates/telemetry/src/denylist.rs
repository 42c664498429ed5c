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
pub const fn is_secret_key(key: &str) -> bool {
    let mut ending = 0;
    while ending < SECRET_ENDINGS.len() {
        if ends_with(key.as_bytes(), SECRET_ENDINGS[ending].as_bytes()) {
            return true;
        }
        ending += 1;
    }
    false
}

/// Case, and what is no letter or digit of ASCII, is ignored in `key`.
const fn ends_with(key: &[u8], ending: &[u8]) -> bool {
    let (mut at, mut left) = (key.len(), ending.len());
    while left > 0 {
        if at == 0 {
            return false;
        }
        at -= 1;
        if key[at].is_ascii_alphanumeric() {
            if !key[at].eq_ignore_ascii_case(&ending[left - 1]) {
                return false;
            }
            left -= 1;
        }
    }
    true
}
