//! The venues that are known by name: where each is, in what it settles, what it adds to fees, and what its contracts
//! are like (venue facts, sections 1 and 6). A profile is data; who may reach it is decided in `live`.

use std::borrow::Cow;

use model::{Decimal, Underlying};

/// The currency in which a venue quotes and settles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quote {
    #[default]
    Usd,
    Usdt,
}

impl Quote {
    /// What we say, in the venue's names: inside, everything is called by its name in USD.
    #[must_use]
    pub fn outward(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Usd => Cow::Borrowed(text),
            Self::Usdt => Cow::Owned(ending_words(text, "USDT")),
        }
    }

    /// What the venue says, in our names. What it calls USD is something else there.
    #[must_use]
    pub fn inward(self, text: String) -> String {
        match self {
            Self::Usd => text,
            Self::Usdt => ending_words(&text, "USD.fiat").replace("USDT", "USD"),
        }
    }
}

/// With every `USD` at the end of a word as `other`.
fn ending_words(text: &str, other: &str) -> String {
    let mut parts = text.split("USD");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let ends = !part.starts_with(|next: char| next.is_ascii_alphanumeric());
        out.push_str(if ends { other } else { "USD" });
        out.push_str(part);
    }
    out
}

/// What differs between venues in how they speak and charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub quote: Quote,
    /// Tax on fees, as a fraction: 0.18 is 18 %.
    pub fee_tax: Decimal,
}

impl Terms {
    /// Of the venue in India, which the simulator plays unless it is told otherwise.
    pub const INDIA: Self = Self { quote: Quote::Usd, fee_tax: model::instrument::FEE_TAX };
    pub const GLOBAL: Self = Self { quote: Quote::Usdt, fee_tax: Decimal::ZERO };
}

impl Default for Terms {
    fn default() -> Self {
        Self::INDIA
    }
}

/// What is known of the contracts on an underlying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    pub underlying: &'static str,
    /// Units of it in one lot.
    pub contract_value: Decimal,
    /// Price step of its options; `None` where no source says it.
    pub option_tick: Option<Decimal>,
}

const LISTINGS: [Listing; 2] = [
    Listing {
        underlying: "BTC",
        contract_value: Decimal::from_parts(1, 0, 0, false, 3),
        option_tick: Some(Decimal::from_parts(1, 0, 0, false, 1)),
    },
    Listing { underlying: "ETH", contract_value: Decimal::from_parts(1, 0, 0, false, 2), option_tick: None },
];

/// A venue that is no simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The word of `venue.kind`.
    pub name: &'static str,
    /// Without `/v2`.
    pub rest_url: &'static str,
    pub public_ws_url: &'static str,
    pub private_ws_url: &'static str,
    /// No source prints the public host: it is named after the pattern of the others.
    pub public_host_is_guessed: bool,
    pub terms: Terms,
    pub listings: [Listing; 2],
    /// Whether what is traded there is money.
    pub real_money: bool,
}

/// Play money on the venue's own machines: where what is not known is found out.
pub const DELTA_INDIA_TESTNET: Profile = Profile {
    name: "delta-india-testnet",
    rest_url: "https://cdn-ind.testnet.deltaex.org",
    public_ws_url: "wss://socket-ind-pub.testnet.deltaex.org",
    private_ws_url: "wss://socket-ind.testnet.deltaex.org",
    public_host_is_guessed: false,
    terms: Terms::INDIA,
    listings: LISTINGS,
    real_money: false,
};

pub const DELTA_INDIA: Profile = Profile {
    name: "delta-india",
    rest_url: "https://api.india.delta.exchange",
    public_ws_url: "wss://public-socket.india.delta.exchange",
    private_ws_url: "wss://socket.india.delta.exchange",
    public_host_is_guessed: false,
    terms: Terms::INDIA,
    listings: LISTINGS,
    real_money: true,
};

/// Its documents print India's host for public prices, where the products have other numbers: a slip that must not be
/// followed. The host here is named after the pattern of the others; `deltascope venue check` says whether it answers.
pub const DELTA_GLOBAL: Profile = Profile {
    name: "delta-global",
    rest_url: "https://api.delta.exchange",
    public_ws_url: "wss://public-socket.delta.exchange",
    private_ws_url: "wss://socket.delta.exchange",
    public_host_is_guessed: true,
    terms: Terms::GLOBAL,
    listings: LISTINGS,
    real_money: true,
};

/// Every one.
pub const PROFILES: [Profile; 3] = [DELTA_INDIA_TESTNET, DELTA_INDIA, DELTA_GLOBAL];

impl Profile {
    /// What is known of the contracts on an underlying.
    #[must_use]
    pub fn listing(&self, underlying: &Underlying) -> Option<&Listing> {
        self.listings.iter().find(|listing| listing.underlying == underlying.as_str())
    }
}

/// Domains under which a real venue answers. A simulated account is never sent there, by whatever setting.
const REAL_DOMAINS: [&str; 2] = ["delta.exchange", "deltaex.org"];

/// The host of an address, without user, port and path, in lower case.
#[must_use]
pub fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((inner, _port)) => inner,
        None => host.split(':').next().unwrap_or_default(),
    };
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// Whether a real venue answers there.
#[must_use]
pub fn is_real(url: &str) -> bool {
    let host = host_of(url);
    REAL_DOMAINS.iter().any(|domain| {
        host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

/// Whether an address is of this machine.
#[must_use]
pub fn is_loopback(url: &str) -> bool {
    let host = host_of(url);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_hosts_are_known_however_they_are_written() {
        for profile in PROFILES {
            for url in [profile.rest_url, profile.public_ws_url, profile.private_ws_url] {
                assert!(is_real(url) && !is_loopback(url), "{url}");
            }
        }
        for url in [
            "https://API.India.Delta.Exchange:443/v2",
            "https://key:secret@api.delta.exchange",
            "wss://delta.exchange.",
            "http://x.y.testnet.deltaex.org/?a=1",
        ] {
            assert!(is_real(url), "{url}");
        }
        for url in ["http://127.0.0.1:4000", "http://notdelta.exchange", "http://delta.exchange.example.org"]
        {
            assert!(!is_real(url), "{url}");
        }
        for url in ["http://127.0.0.1:4000", "ws://[::1]:9/", "http://localhost", "http://127.9.9.9"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in
            ["http://localhost.example.org", "http://127.0.0.1.example.org", "http://10.0.0.1", "http://"]
        {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn each_venue_has_hosts_of_its_own() {
        let all = PROFILES.iter().flat_map(|p| [p.rest_url, p.public_ws_url, p.private_ws_url]);
        let hosts: std::collections::BTreeSet<String> = all.map(host_of).collect();
        assert_eq!(hosts.len(), 9, "no host serves two venues: {hosts:?}");
        assert!(PROFILES.iter().filter(|profile| !profile.real_money).count() == 1);
    }

    #[test]
    fn names_carry_the_currency_at_the_edge_alone() {
        let ours = r#"{"symbols":["BTCUSD",".DEXBTUSD","MARK:ETHUSD","C-BTC-90000-310125"],"asset":"USD"}"#;
        let theirs =
            r#"{"symbols":["BTCUSDT",".DEXBTUSDT","MARK:ETHUSDT","C-BTC-90000-310125"],"asset":"USDT"}"#;
        assert_eq!(Quote::Usdt.outward(ours), theirs);
        assert_eq!(Quote::Usdt.inward(theirs.to_owned()), ours);
        assert_eq!(Quote::Usd.outward(ours), ours);
        assert_eq!(Quote::Usd.inward(theirs.to_owned()), theirs);
        // A wallet in dollars is not the one in which the venue settles.
        assert_eq!(Quote::Usdt.inward(r#""USD""#.to_owned()), r#""USD.fiat""#);
        for text in ["", "USD", "xUSD", "USDUSD", "USDC USD-1"] {
            assert_eq!(Quote::Usdt.inward(Quote::Usdt.outward(text).into_owned()), *text);
        }
    }
}
