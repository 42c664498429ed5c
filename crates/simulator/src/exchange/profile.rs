//! Which of the venue's environments is played: what differs between them is the currency and the tax on fees (venue
//! facts, sections 1 and 6).

use rust_decimal::Decimal;

/// An environment of the venue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Settles in USD; 18 % tax on fees.
    #[default]
    India,
    /// The same with play money.
    IndiaTestnet,
    /// Settles in USDT; no tax.
    Global,
}

impl Profile {
    /// Every one with its word.
    pub const ALL: [(&'static str, Profile); 3] = [
        ("delta-india", Profile::India),
        ("delta-india-testnet", Profile::IndiaTestnet),
        ("delta-global", Profile::Global),
    ];

    /// The one of that word.
    ///
    /// # Errors
    /// The words that there are.
    pub fn named(word: &str) -> Result<Profile, String> {
        let found = Profile::ALL.into_iter().find(|(name, _)| *name == word);
        found.map(|(_, profile)| profile).ok_or_else(|| {
            let known = Profile::ALL.map(|(name, _)| name).join(", ");
            format!("there is no profile {word}; there are {known}")
        })
    }

    /// Tax on fees, as a fraction.
    pub fn tax(self) -> Decimal {
        match self {
            Profile::India | Profile::IndiaTestnet => Decimal::new(18, 2),
            Profile::Global => Decimal::ZERO,
        }
    }
}
