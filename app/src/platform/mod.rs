//! What only a browser can do, behind plain functions. On the server the same functions do nothing: they are
//! called from effects and event handlers, which do not run there.

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(not(feature = "hydrate"))]
mod native;

#[cfg(feature = "hydrate")]
pub use browser::*;
#[cfg(not(feature = "hydrate"))]
pub use native::*;

/// What becomes of the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    Out = 0,
    In = 1,
    /// It is about to end: what waits may leave now and not later.
    Leaving = 2,
}

/// A request to our own server.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub body: Option<String>,
    pub traceparent: String,
    pub idempotency_key: Option<String>,
    /// After so long without an answer it is given up, milliseconds.
    pub limit_ms: u32,
}

/// What came back; `Err` of `send` means that nothing did.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    pub correlation_id: Option<String>,
}

/// A UUID version 4 from 128 random bits, lower-case.
pub fn uuid() -> String {
    let bits = random_bits() & !(0xf000_u128 << 64) & !(0xc000_u128 << 48)
        | (0x4000_u128 << 64)
        | (0x8000_u128 << 48);
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
