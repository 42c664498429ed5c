//! Cost budgets: records and bytes, not requests, because many tabs are one user. A batch is admitted while the
//! balance is above zero and may take it below once.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::bounded::Bounded;
use crate::config::IngestConfig;

const KEYS: usize = 10_000;

/// Who sends.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    pub address: IpAddr,
    /// Digest of the login's cookie and the user name; `None`: only a page token.
    pub session: Option<(&'a str, &'a str)>,
    /// What makes the page token unique.
    pub page: &'a str,
}

/// What a batch costs.
#[derive(Clone, Copy, Debug)]
pub struct Charge {
    pub records: u64,
    pub bytes: u64,
}

/// All buckets.
pub struct Budgets {
    buckets: Mutex<Bounded<Bucket>>,
    session_records: Rate,
    session_bytes: Rate,
    page_records: Rate,
    requests: Rate,
}

#[derive(Clone, Copy)]
struct Rate {
    per_minute: i64,
    burst: i64,
}

struct Bucket {
    /// In thousandths, so that small rates refill evenly.
    balance: i64,
    at: Instant,
}

/// A user's tabs and browsers share four times the budget of one session.
const USER_FACTOR: i64 = 4;

impl Budgets {
    /// Budgets as configured.
    #[must_use]
    pub fn new(config: &IngestConfig) -> Self {
        let rate =
            |per_minute: u64, burst: u64| Rate { per_minute: signed(per_minute), burst: signed(burst) };
        Self {
            buckets: Mutex::new(Bounded::new(KEYS)),
            session_records: rate(config.records_per_minute, config.records_burst),
            session_bytes: rate(config.kib_per_minute * 1_024, config.kib_burst * 1_024),
            page_records: rate(config.page_records_per_minute, config.page_records_burst),
            requests: rate(config.requests_per_minute, config.requests_per_minute),
        }
    }

    /// Before the body is read: takes one request, and asks whether the balances are above zero. `Err`: wait
    /// that many seconds.
    pub fn admit(&self, client: &Client<'_>, now: Instant) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let network = (format!("network/{}", network(client.address)), self.requests);
        let mut wait_s = wait(&mut buckets, &network, now);
        if wait_s == 0 {
            take(&mut buckets, &network, 1, now);
        }
        for bucket in self.records_of(client).iter().chain(&self.bytes_of(client)) {
            wait_s = wait_s.max(wait(&mut buckets, bucket, now));
        }
        if wait_s == 0 { Ok(()) } else { Err(wait_s) }
    }

    /// After the batch was read.
    pub fn charge(&self, client: &Client<'_>, charge: Charge, now: Instant) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for bucket in self.records_of(client) {
            take(&mut buckets, &bucket, signed(charge.records), now);
        }
        for bucket in self.bytes_of(client) {
            take(&mut buckets, &bucket, signed(charge.bytes), now);
        }
    }

    fn records_of(&self, client: &Client<'_>) -> Vec<(String, Rate)> {
        match client.session {
            Some((session, user)) => vec![
                (format!("records/{session}"), self.session_records),
                (format!("user-records/{user}"), self.session_records.times(USER_FACTOR)),
            ],
            None => vec![(format!("page/{}", client.page), self.page_records)],
        }
    }

    fn bytes_of(&self, client: &Client<'_>) -> Vec<(String, Rate)> {
        match client.session {
            Some((session, user)) => vec![
                (format!("bytes/{session}"), self.session_bytes),
                (format!("user-bytes/{user}"), self.session_bytes.times(USER_FACTOR)),
            ],
            None => vec![(format!("page-bytes/{}", client.page), self.session_bytes)],
        }
    }
}

impl Rate {
    fn times(self, factor: i64) -> Self {
        Self { per_minute: self.per_minute * factor, burst: self.burst * factor }
    }
}

type Keyed = (String, Rate);

/// Refills the bucket up to now.
fn refilled<'a>(buckets: &'a mut Bounded<Bucket>, (key, rate): &Keyed, now: Instant) -> &'a mut Bucket {
    let (bucket, _) = buckets.entry(key, || Bucket { balance: rate.burst * 1_000, at: now });
    let elapsed_ms = i64::try_from(now.saturating_duration_since(bucket.at).as_millis()).unwrap_or(i64::MAX);
    let refill = elapsed_ms.saturating_mul(rate.per_minute) / 60;
    if refill > 0 {
        bucket.balance = bucket.balance.saturating_add(refill).min(rate.burst * 1_000);
        bucket.at = now;
    }
    bucket
}

/// Seconds until the balance is above zero.
fn wait(buckets: &mut Bounded<Bucket>, keyed: &Keyed, now: Instant) -> u64 {
    let balance = refilled(buckets, keyed, now).balance;
    if balance > 0 {
        return 0;
    }
    let missing = 1 - balance;
    let per_second = (keyed.1.per_minute * 1_000 / 60).max(1);
    u64::try_from(missing / per_second + 1).unwrap_or(1)
}

fn take(buckets: &mut Bounded<Bucket>, keyed: &Keyed, amount: i64, now: Instant) {
    let bucket = refilled(buckets, keyed, now);
    bucket.balance = bucket.balance.saturating_sub(amount.saturating_mul(1_000));
}

/// The /24 of an IPv4 address, the /48 of an IPv6 address.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}::")
        }
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX / 8_000).min(i64::MAX / 8_000)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn budgets() -> Budgets {
        Budgets::new(&IngestConfig {
            records_per_minute: 60,
            records_burst: 100,
            kib_per_minute: 1_000,
            kib_burst: 1_000,
            page_records_per_minute: 60,
            page_records_burst: 10,
            requests_per_minute: 6,
            ..crate::config::load(None, &Vec::new()).expect("valid settings").ingest
        })
    }

    fn client(session: Option<(&'static str, &'static str)>) -> Client<'static> {
        Client { address: [10, 0, 0, 7].into(), session, page: "nonce" }
    }

    #[test]
    fn a_batch_may_take_the_balance_below_zero_once() {
        let (budgets, now) = (budgets(), Instant::now());
        let client = client(Some(("session", "admin")));
        assert_eq!(budgets.admit(&client, now), Ok(()));
        budgets.charge(&client, Charge { records: 130, bytes: 10 }, now);
        assert_eq!(budgets.admit(&client, now), Err(31), "30 below zero at one a second");
        assert_eq!(budgets.admit(&client, now + Duration::from_secs(31)), Ok(()));
    }

    #[test]
    fn requests_of_a_network_are_bounded() {
        let (budgets, now) = (budgets(), Instant::now());
        for _ in 0..6 {
            assert_eq!(budgets.admit(&client(None), now), Ok(()));
        }
        let neighbour = Client { address: [10, 0, 0, 8].into(), ..client(None) };
        assert_eq!(budgets.admit(&neighbour, now), Err(1), "a neighbour shares the budget of the network");
        let elsewhere = Client { address: [10, 0, 1, 8].into(), ..client(None) };
        assert_eq!(budgets.admit(&elsewhere, now), Ok(()));
    }

    #[test]
    fn a_page_without_session_has_a_small_budget() {
        let (budgets, now) = (budgets(), Instant::now());
        budgets.charge(&client(None), Charge { records: 10, bytes: 10 }, now);
        assert!(budgets.admit(&client(None), now).is_err());
        assert_eq!(budgets.admit(&client(Some(("session", "admin"))), now), Ok(()));
    }
}
