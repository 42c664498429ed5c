//! Back-off in virtual time, and the law that the venue's limit of connections is never met.

use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1_000_000;

#[test]
fn the_pause_doubles_up_to_ten_seconds_and_is_jittered() {
    let mut link = Reconnect::default();
    let pauses: Vec<u128> = (0..9).map(|_| link.lost(1_000, Duration::ZERO).pause.as_millis()).collect();
    assert_eq!(pauses, [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
    let mut link = Reconnect::default();
    assert_eq!(link.lost(0, Duration::ZERO).pause.as_millis(), 100);
    assert_eq!(link.lost(500, Duration::ZERO).pause.as_millis(), 300);
    assert_eq!(link.lost(0, Duration::from_secs(300)).pause, Duration::from_secs(300), "the venue says so");
}

#[test]
fn a_gap_ends_with_data_and_the_back_off_with_time() {
    let mut link = Reconnect::default();
    let attempt = |link: &mut Reconnect| link.lost(0, Duration::ZERO).attempt;
    assert_eq!(link.heard(Micros(SECOND)), None, "nothing was lost before the first data");
    assert_eq!(attempt(&mut link), 1);
    assert_eq!(attempt(&mut link), 2, "a handshake in between does not count");
    assert_eq!(link.heard(Micros(3 * SECOND + 500_999)), Some(2_500));
    assert_eq!(link.heard(Micros(4 * SECOND)), None);
    assert_eq!(attempt(&mut link), 3, "nor does half a second of data");
    link.heard(Micros(10 * SECOND));
    link.heard(Micros(22 * SECOND));
    assert_eq!(attempt(&mut link), 2, "twelve seconds forgive two losses");
    link.heard(Micros(30 * SECOND));
    link.heard(Micros(90 * SECOND));
    assert_eq!(attempt(&mut link), 1);
}

/// The most connections in any five minutes, when connection after connection lives so long and brings data.
fn most_connections(lives: impl Iterator<Item = i64>) -> usize {
    let (mut link, mut now, mut opened) = (Reconnect::default(), 0, Vec::new());
    for lived_ms in lives {
        opened.push(now);
        // The first frame comes at once, and the last just before the end.
        link.heard(Micros(now));
        now += lived_ms * 1_000;
        link.heard(Micros(now));
        now += i64::try_from(link.lost(0, Duration::ZERO).pause.as_micros()).unwrap();
    }
    let within = |from: &i64| opened.iter().filter(|at| (*from..from + 300 * SECOND).contains(*at)).count();
    opened.iter().map(within).max().unwrap_or(0)
}

/// Two streams share the address's 150.
const MOST: usize = 75;

#[test]
fn accept_and_close_never_meets_the_limit_of_connections() {
    for lived_ms in (0..=20_000).step_by(125) {
        let most = most_connections(std::iter::repeat_n(lived_ms, 400));
        assert!(most <= MOST, "{most} connections in five minutes, each lives {lived_ms} ms");
    }
}

proptest! {
    #[test]
    fn whatever_the_connections_live_the_limit_is_not_met(
        lives in prop::collection::vec(prop_oneof![0_i64..200, 5_900_i64..6_200, 0_i64..30_000], 100..300),
    ) {
        prop_assert!(most_connections(lives.into_iter()) <= MOST);
    }
}
