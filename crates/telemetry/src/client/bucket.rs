//! A token bucket in integers: exact, and never ahead of its clock.

/// Tokens are counted in millionths.
const TOKEN: u64 = 1_000_000;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    /// Millionths of a token per millisecond: 1,000 is one token a second.
    pub millionths_per_ms: u64,
    /// Tokens.
    pub burst: u64,
}

impl Rate {
    pub(super) const fn per_second(tokens: u64, burst: u64) -> Self {
        Self { millionths_per_ms: tokens * 1_000, burst }
    }

    pub(super) const fn per_minute(tokens: u64, burst: u64) -> Self {
        Self { millionths_per_ms: tokens * TOKEN / 60_000, burst }
    }
}

/// A bucket; starts full.
#[derive(Clone, Copy)]
pub(super) struct Bucket {
    rate: Rate,
    millionths: u64,
    debt: u64,
    filled_at_ms: i64,
}

impl Bucket {
    pub(super) fn full(rate: Rate, now_ms: i64) -> Self {
        Self { rate, millionths: rate.burst * TOKEN, debt: 0, filled_at_ms: now_ms }
    }

    /// Takes one token if there is one.
    pub(super) fn take(&mut self, now_ms: i64) -> bool {
        self.fill(now_ms);
        let enough = self.millionths >= TOKEN;
        if enough {
            self.millionths -= TOKEN;
        }
        enough
    }

    /// Takes any number of tokens, into debt if need be: for what cannot be split.
    pub(super) fn overdraw(&mut self, now_ms: i64, tokens: u64) {
        self.fill(now_ms);
        let wanted = tokens * TOKEN;
        self.debt += wanted.saturating_sub(self.millionths);
        self.millionths = self.millionths.saturating_sub(wanted);
    }

    /// When there is at least one token again; `now_ms` or earlier: there is one.
    pub(super) fn ready_at(&mut self, now_ms: i64) -> i64 {
        self.fill(now_ms);
        let missing = (self.debt + TOKEN).saturating_sub(self.millionths);
        now_ms.saturating_add_unsigned(missing.div_ceil(self.rate.millionths_per_ms.max(1)))
    }

    fn fill(&mut self, now_ms: i64) {
        let passed_ms = u64::try_from(now_ms.saturating_sub(self.filled_at_ms)).unwrap_or(0);
        let gained = passed_ms.saturating_mul(self.rate.millionths_per_ms);
        let repaid = gained.min(self.debt);
        self.debt -= repaid;
        self.millionths = (self.millionths.saturating_add(gained - repaid)).min(self.rate.burst * TOKEN);
        // A clock that went back fills nothing, and counts from where it stands now.
        self.filled_at_ms = now_ms;
    }
}
