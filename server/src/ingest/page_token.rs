//! Page tokens: proof that a page of ours was rendered. HMAC-SHA256 over version, release, time and nonce, with a
//! key that outlives the process, so that open pages survive a restart.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::random;
use crate::telling::VERSION;

/// A token is valid for 12 hours, and is renewed in answers once it is 6 hours old.
const LIFETIME_S: i64 = 12 * 3_600;
const RENEW_S: i64 = 6 * 3_600;
/// A clock that was set back must not void tokens that were just made.
const CLOCK_SLACK_S: i64 = 300;

/// Makes and checks tokens.
pub struct PageTokens {
    key: String,
}

/// How much of the digest of a login stands in a token.
const LOGIN_DIGITS: usize = 16;

/// A token that we made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genuine {
    /// Unique per page.
    pub nonce: String,
    /// Whose page it is; `None`: rendered for nobody.
    login: Option<String>,
    pub expired: bool,
    /// Old enough to be replaced.
    pub renew: bool,
}

impl PageTokens {
    /// Tokens under this key.
    #[must_use]
    pub fn new(key: String) -> Self {
        Self { key }
    }

    /// A new token for a page; `now_s`: seconds since the epoch, `login`: what is kept of the cookie it is rendered for.
    #[must_use]
    pub fn issue(&self, now_s: i64, login: Option<&str>) -> String {
        let login = login.map(|login| format!(".{}", short(login))).unwrap_or_default();
        let claims = format!("1.{}.{now_s}.{}{login}", VERSION.replace('.', "_"), random::hex(12));
        let signature =
            self.mac(&claims).map(|mac| hex::encode(mac.finalize().into_bytes())).unwrap_or_default();
        format!("{claims}.{signature}")
    }

    /// `None` when the token is not ours.
    #[must_use]
    pub fn check(&self, token: &str, now_s: i64) -> Option<Genuine> {
        let (claims, signature) = token.rsplit_once('.')?;
        self.mac(claims)?.verify_slice(&hex::decode(signature).ok()?).ok()?;
        let mut parts = claims.split('.');
        let (version, _release, issued, nonce) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let age_s = now_s - issued.parse::<i64>().ok()?;
        let expired = !(-CLOCK_SLACK_S..LIFETIME_S).contains(&age_s);
        let login = parts.next().map(ToOwned::to_owned);
        let genuine = Genuine { nonce: nonce.to_owned(), login, expired, renew: age_s >= RENEW_S };
        (version == "1").then_some(genuine)
    }

    fn mac(&self, claims: &str) -> Option<Hmac<Sha256>> {
        // Every key length is accepted by HMAC.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).ok()?;
        mac.update(claims.as_bytes());
        Some(mac)
    }
}

impl Genuine {
    /// `Some(true)`: of a page rendered for this login; `None`: of one rendered for nobody.
    #[must_use]
    pub fn is_of(&self, login: &str) -> Option<bool> {
        self.login.as_deref().map(|own| own == short(login))
    }
}

/// A digest of what is a digest already: the page learns nothing about the session.
fn short(login: &str) -> String {
    random::digest(login).chars().take(LOGIN_DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_genuine_for_their_key_alone() {
        let (ours, theirs) = (PageTokens::new("k1".to_owned()), PageTokens::new("k2".to_owned()));
        let token = ours.issue(1_000_000, None);
        let genuine = ours.check(&token, 1_000_000).unwrap();
        assert!(!genuine.expired && !genuine.renew);
        assert_eq!(theirs.check(&token, 1_000_000), None);
        assert_eq!(ours.check(&token.replace("1000000", "1000001"), 1_000_000), None, "forged time");
        assert_eq!(ours.check("", 0), None);
        assert_eq!(ours.check("a.b.c.d.e", 0), None);
        let restarted = PageTokens::new("k1".to_owned());
        assert!(restarted.check(&token, 1_000_000 + 7 * 3_600).is_some_and(|t| t.renew && !t.expired));
        assert!(ours.check(&token, 1_000_000 + 13 * 3_600).is_some_and(|t| t.expired));
        assert_eq!(genuine.is_of("hash of a cookie"), None);
        let page = ours.check(&ours.issue(1_000_000, Some("hash of a cookie")), 1_000_000).unwrap();
        assert_eq!((page.is_of("hash of a cookie"), page.is_of("another")), (Some(true), Some(false)));
    }
}
