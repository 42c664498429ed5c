//! Identifiers, each its own type so that one can never stand where another is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id!(
    /// A trading session: `s-` and ten base-36 characters, made by the server.
    SessionId
);
text_id!(
    /// Our id of an order, at most 32 characters; see [`client_order_id`].
    ClientOrderId
);
text_id!(
    /// The venue's id of an order, as text.
    OrderId
);
text_id!(
    /// The venue's id of a fill.
    FillId
);
text_id!(
    /// One press of PANIC: `p-` and ten base-36 characters.
    PanicId
);
text_id!(
    /// The venue's name of an instrument, such as `C-BTC-48000-070122`.
    Symbol
);
text_id!(
    /// What an option is written on, such as `BTC`.
    Underlying
);
text_id!(
    /// A reason as one snake-case word: the venue's own code, or what the gateway calls a failure. Sentences are
    /// made of it where it is told; none stands in the journal.
    Code
);

impl Code {
    /// The word as people read it: `no_answer` is `no answer`.
    pub fn words(&self) -> String {
        self.0.replace('_', " ")
    }
}

/// The venue's number of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProductId(pub u64);

const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// `value` in base 36, exactly `width` characters, high digits cut off.
pub fn base36(mut value: u64, width: usize) -> String {
    let mut out = vec![b'0'; width];
    for slot in out.iter_mut().rev() {
        *slot = BASE36[(value % 36) as usize];
        value /= 36;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A 64-bit FNV-1a hash (Fowler, Noll, Vo). Tells edits apart; it is no defence against a forger.
pub fn fnv1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The first characters of every order that a session sends: `s{sid6}`.
pub fn order_prefix(session: &SessionId) -> String {
    format!("s{}", base36(fnv1a(session.as_str()), 6))
}

/// Attempts that the three characters of an order id can tell apart.
const ATTEMPTS: u32 = 36 * 36 * 36;

/// `s{sid6}p{pid6}l{leg2}a{att3}` and a check character: deterministic, so that after a crash the same
/// intent has the same name (engine design, section 7). 22 characters. A close has no limit of attempts: beyond
/// those that three characters hold, the round of them is part of the phase.
pub fn client_order_id(session: &SessionId, phase: &str, leg: usize, attempt: u32) -> ClientOrderId {
    let phase = match attempt / ATTEMPTS {
        0 => fnv1a(phase),
        round => fnv1a(&format!("{phase}.{round}")),
    };
    let body = format!(
        "{}p{}l{}a{}",
        order_prefix(session),
        base36(phase, 6),
        base36(leg as u64, 2),
        base36(u64::from(attempt), 3)
    );
    let check = base36(fnv1a(&body), 1);
    ClientOrderId(format!("{body}{check}"))
}

/// Owner of the orders with which a panic of all closes what belongs to no session.
pub fn account_owner() -> SessionId {
    SessionId::from("account")
}

/// Whether an order id has the form that [`client_order_id`] makes, with a right check character.
pub fn is_ours(client_order_id: &str) -> bool {
    let Some((body, check)) =
        client_order_id.len().checked_sub(1).and_then(|at| client_order_id.split_at_checked(at))
    else {
        return false;
    };
    client_order_id.len() == 22 && body.starts_with('s') && base36(fnv1a(body), 1) == check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_id_is_deterministic_short_and_recognised() {
        let session = SessionId::new("s-01jf3k9x2m");
        let id = client_order_id(&session, "entry", 1, 2);
        assert_eq!(id, client_order_id(&session, "entry", 1, 2));
        assert_eq!(id.as_str().len(), 22);
        assert!(is_ours(id.as_str()), "{id}");
        assert!(!is_ours("my_signal_345212"));
        let mut forged = id.0.clone();
        forged.replace_range(20..21, if &forged[20..21] == "0" { "1" } else { "0" });
        assert!(!is_ours(&forged), "the check character guards {forged}");
    }

    #[test]
    fn ids_differ_by_leg_attempt_and_phase() {
        let session = SessionId::new("s-a");
        let all = [("entry", 0, 1), ("entry", 1, 1), ("entry", 0, 2), ("exit", 0, 1), ("entry", 0, 46_657)]
            .map(|(phase, leg, attempt)| client_order_id(&session, phase, leg, attempt));
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
