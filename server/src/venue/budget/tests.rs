//! Who may spend what, and who waits for whom.

use super::ledger::{SLICE_US, WINDOW_US};
use super::*;

const START: Micros = Micros(1_000_000_000);
const NORMAL: Spender = Spender::Account(Priority::Normal);
const READ: Spender = Spender::Account(Priority::Read);
const CLOSE: Spender = Spender::Account(Priority::Close);

fn after_ms(ms: i64) -> Micros {
    Micros(START.0 + ms * 1_000)
}

#[test]
fn entries_leave_units_for_reads_and_both_leave_units_for_closing() {
    let mut budget = Budget::default();
    assert_eq!(budget.take(START, 7_000, NORMAL), Ok(()));
    assert_eq!(budget.take(START, 1, NORMAL), Err(305_001), "the rest is for reads");
    assert_eq!(budget.take(START, 1_000, READ), Ok(()));
    assert!(budget.take(START, 1, READ).is_err(), "the rest is for closing");
    assert_eq!(budget.take(START, 2_000, CLOSE), Ok(()));
    assert_eq!(budget.remaining(START), Remaining { public: 10_000, account: 0 });
    assert!(budget.take(START, 1, CLOSE).is_err());
    assert_eq!(budget.take(START, 10_000, Spender::Public), Ok(()), "the address has a quota of its own");
    assert_eq!(budget.remaining(START), Remaining { public: 0, account: 0 });
}

#[test]
fn the_reserve_is_whole_in_every_window_of_the_venue() {
    // The venue's window may begin at any moment: what was spent just before ours ends counts in it.
    let mut budget = Budget::default();
    let late = Micros(START.0 + WINDOW_US - 1_000_000);
    assert_eq!(budget.take(START, 100, NORMAL), Ok(()));
    assert_eq!(budget.take(late, 6_900, NORMAL), Ok(()));
    let next = Micros(START.0 + WINDOW_US + SLICE_US);
    assert_eq!(budget.take(next, 100, NORMAL), Ok(()), "the first hundred are forgotten");
    let wait_ms = budget.take(next, 100, NORMAL).unwrap_err();
    assert!((290_000..=300_000).contains(&wait_ms), "{wait_ms}");
    assert_eq!(budget.take(Micros(next.0 + wait_ms * 1_000), 100, NORMAL), Ok(()), "as it said");
}

#[test]
fn what_limits_public_reads_holds_back_nothing_else() {
    let mut budget = Budget::default();
    budget.limited(START, 240_000, Spender::Public);
    assert_eq!(budget.take(START, 3, Spender::Public), Err(240_001));
    for spender in [NORMAL, READ, CLOSE] {
        assert_eq!(budget.take(START, 3, spender), Ok(()), "{spender:?}");
    }
    assert_eq!(budget.take(after_ms(240_000), 3, Spender::Public), Ok(()), "its time is over");
}

#[test]
fn a_limited_read_holds_back_reads_and_entries_until_its_reset_and_no_close() {
    let mut budget = Budget::default();
    budget.limited(START, 700, READ);
    assert_eq!(budget.take(START, 3, READ), Err(701));
    assert_eq!(budget.take(START, 5, NORMAL), Err(701));
    assert_eq!(budget.take(START, 5, CLOSE), Ok(()));
    assert_eq!(budget.take(START, 3, Spender::Public), Ok(()));
    assert_eq!(budget.take(after_ms(700), 3, READ), Ok(()));
    assert_eq!(budget.take(after_ms(700), 5, NORMAL), Ok(()));
}

/// One answer of 429 with four minutes kept a panic from being verified for four minutes, though the next read would have
/// been answered.
#[test]
fn a_read_that_closing_waits_for_is_tried_again_every_ten_seconds() {
    let mut budget = Budget::default();
    budget.limited(START, 240_000, READ);
    assert_eq!(budget.take(after_ms(5_000), 3, READ), Err(5_001));
    assert_eq!(budget.take(after_ms(10_000), 3, READ), Ok(()));
    assert_eq!(
        budget.take(after_ms(10_000), 5, NORMAL),
        Err(230_001),
        "entries and lists take the venue at its word"
    );
    budget.limited(after_ms(10_000), 230_000, READ);
    assert_eq!(budget.take(after_ms(10_001), 3, READ), Err(10_000));
    assert_eq!(budget.take(after_ms(20_000), 3, READ), Ok(()));
    assert_eq!(budget.standing(after_ms(20_000)).account.held_ms, 220_001);
}

#[test]
fn a_limited_close_holds_back_entries_and_neither_closes_nor_reads() {
    let mut budget = Budget::default();
    budget.limited(START, 60_000, CLOSE);
    assert_eq!(budget.take(START, 5, CLOSE), Ok(()));
    assert_eq!(budget.take(START, 3, READ), Ok(()));
    assert_eq!(budget.take(START, 5, NORMAL), Err(60_001));
}

#[test]
fn a_shorter_wait_never_shortens_a_longer_one() {
    let mut budget = Budget::default();
    budget.limited(START, 10_000, READ);
    budget.limited(START, 200, READ);
    assert_eq!(budget.take(START, 3, READ), Err(10_001));
    budget.limited(START, i64::MAX, READ);
    assert_eq!(budget.take(START, 3, NORMAL), Err(300_001), "no window is longer");
    assert_eq!(budget.take(START, 3, READ), Err(10_001));
    budget.limited(START, -5, Spender::Public);
    assert_eq!(budget.take(START, 3, Spender::Public), Ok(()));
}

#[test]
fn what_never_left_is_given_back() {
    let mut budget = Budget::default();
    // An outage: each attempt is taken and given back, and the first after it may leave.
    for second in 0..3_000 {
        let now = after_ms(second * 100);
        assert_eq!(budget.take(now, 28, READ), Ok(()), "attempt {second}");
        budget.give_back(28, READ);
    }
    assert_eq!(budget.remaining(after_ms(300_000)).account, 10_000);
}

#[test]
fn a_clock_that_is_set_back_blocks_nothing_for_longer_than_a_window() {
    let mut budget = Budget::default();
    assert_eq!(budget.take(START, 7_000, NORMAL), Ok(()));
    budget.limited(START, 1_000, Spender::Public);
    let before = after_ms(-3_600_000);
    assert_eq!(budget.take(before, 3, Spender::Public), Ok(()), "the wait was of another time");
    let wait_ms = budget.take(before, 5, NORMAL).unwrap_err();
    assert!(wait_ms <= 305_001, "{wait_ms}");
    assert_eq!(budget.take(Micros(before.0 + wait_ms * 1_000), 5, NORMAL), Ok(()));
}

#[test]
fn units_beyond_counting_are_refused_and_not_added() {
    let mut budget = Budget::default();
    assert_eq!(budget.take(START, u32::MAX, CLOSE), Err(300_000));
    assert_eq!(budget.take(START, 10_000, CLOSE), Ok(()));
}

/// What another client, or this one before it was started, spent of the account: the reserve is kept of what is left.
#[test]
fn what_others_spend_is_counted_until_their_window_ends() {
    let mut budget = Budget::default();
    assert_eq!(budget.take(START, 1_000, NORMAL), Ok(()));
    assert_eq!(budget.seen(START, CLOSE, 7_500, 60_000), Some(6_500), "of which a thousand are ours");
    assert_eq!(budget.seen(START, CLOSE, 7_520, 60_000), None, "no news");
    let standing = budget.standing(START);
    assert_eq!((standing.account.left, standing.account.elsewhere), (2_480, 6_520));
    assert_eq!((standing.for_entries, standing.for_reads), (0, 480));
    assert_eq!(budget.take(START, 5, NORMAL), Err(60_001), "their window ends then");
    assert_eq!(budget.take(START, 480, READ), Ok(()));
    assert!(budget.take(START, 3, READ).is_err());
    assert_eq!(budget.take(START, 2_000, CLOSE), Ok(()), "the reserve is whole");
    assert_eq!(budget.take(START, 10_000, Spender::Public), Ok(()), "the address has its own");
    let over = budget.standing(after_ms(60_000));
    assert_eq!((over.account.elsewhere, over.account.left), (0, 6_520));
    assert_eq!(budget.take(after_ms(60_000), 3_000, NORMAL), Ok(()));
}

#[test]
fn units_of_ours_that_the_venue_has_forgotten_are_not_taken_for_its_own() {
    let mut budget = Budget::default();
    assert_eq!(budget.take(START, 5_000, NORMAL), Ok(()));
    // A window that began ten seconds ago, a minute later: nothing of ours is in it.
    assert_eq!(budget.seen(after_ms(60_000), CLOSE, 3, 290_000), None);
    assert_eq!(budget.remaining(after_ms(60_000)).account, 4_997);
    // The same words of a clock that was set back an hour count for nothing.
    assert_eq!(budget.standing(after_ms(-3_600_000)).account.elsewhere, 0);
}

#[test]
fn a_standing_says_who_may_spend_what() {
    let mut budget = Budget::default();
    let fresh = budget.standing(START);
    assert_eq!((fresh.account.left, fresh.for_entries, fresh.for_reads), (10_000, 7_000, 8_000));
    budget.limited(START, 700, READ);
    budget.limited(START, 90, Spender::Public);
    let held = budget.standing(START);
    assert_eq!((held.account.held_ms, held.address.held_ms), (701, 91));
}

/// An account may have twice the quota that we count with, and another client that uses it.
#[test]
fn a_close_leaves_whatever_others_spend() {
    let mut budget = Budget::default();
    assert_eq!(budget.seen(START, CLOSE, 12_000, 200_000), Some(12_000));
    assert_eq!(budget.standing(START).account.left, 0);
    for spender in [NORMAL, READ] {
        assert_eq!(budget.take(START, 3, spender), Err(200_001), "{spender:?}");
    }
    for close in 0..400 {
        assert_eq!(budget.take(START, 5, CLOSE), Ok(()), "close {close}");
    }
}
