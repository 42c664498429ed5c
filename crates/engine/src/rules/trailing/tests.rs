//! The worked table of the engine design, section 6, and its three variants, word for word.

use model::Decimal;

use super::*;

fn money(text: &str) -> Money {
    text.parse().expect("money")
}

fn rule() -> TrailingRule {
    TrailingRule {
        activation: money("60"),
        distance: money("25"),
        step: money("10"),
        minimum_lock: money("30"),
        gap_override: money("15"),
        confirmations: 2,
        confirmation_gap_ms: 200,
    }
}

/// The floor's life, as the fold would keep it.
#[derive(Default)]
struct Life {
    trailing: Trailing,
    breach: Option<Breach>,
    step: i64,
}

impl Life {
    /// One evaluation at `executable`; judged again after a raise, as the engine does. True when it fires.
    fn evaluate(&mut self, executable: &str) -> bool {
        self.step += 1;
        let executable = money(executable);
        let look = Numbers {
            executable,
            at_mark: Some(executable),
            credit: money("240"),
            entry_complete: true,
            now: Micros(self.step * 250_000),
        };
        loop {
            match judge(&rule(), &self.trailing, self.breach.as_ref(), look) {
                Outcome::NotArmed => return false,
                Outcome::Arms { peak, floor, .. } => {
                    self.trailing =
                        Trailing { active: true, peak: Some(peak), floor: Some(floor), restored: false };
                }
                Outcome::RaisesPeak { peak } => self.trailing.peak = Some(peak),
                Outcome::RaisesFloor { peak, floor, .. } => {
                    self.trailing.peak = Some(peak);
                    self.trailing.floor = Some(floor);
                }
                Outcome::Breach(Confirmed::Fires) => return true,
                Outcome::Breach(Confirmed::Counted(breach)) => {
                    self.breach = Some(breach);
                    return false;
                }
                Outcome::Breach(Confirmed::Cleared) => self.breach = None,
                Outcome::Breach(Confirmed::Holds | Confirmed::Waiting(_)) => return false,
            }
        }
    }

    fn run(&mut self, executables: &[&str]) -> Vec<bool> {
        executables.iter().map(|executable| self.evaluate(executable)).collect()
    }
}

/// Steps 0 to 11: E, active, peak, floor, breaches counted, fires.
const TABLE: [(&str, bool, &str, &str, u32, bool); 12] = [
    ("-12.0", false, "", "", 0, false),
    ("41.0", false, "", "", 0, false),
    ("59.9", false, "", "", 0, false),
    ("62.4", true, "62.4", "30", 0, false),
    ("78.0", true, "78.0", "50", 0, false),
    ("74.0", true, "78.0", "50", 0, false),
    ("96.5", true, "96.5", "70", 0, false),
    ("71.2", true, "96.5", "70", 0, false),
    ("69.4", true, "96.5", "70", 1, false),
    ("70.6", true, "96.5", "70", 0, false),
    ("68.8", true, "96.5", "70", 1, false),
    ("68.1", true, "96.5", "70", 1, true),
];

#[test]
fn the_worked_table_holds_row_by_row() {
    let mut life = Life::default();
    for (step, (executable, active, peak, floor, count, fires)) in TABLE.into_iter().enumerate() {
        assert_eq!(life.evaluate(executable), fires, "step {step} fires");
        assert_eq!(life.trailing.active, active, "step {step} active");
        if active {
            assert_eq!(life.trailing.peak, Some(money(peak)), "step {step} peak");
            assert_eq!(life.trailing.floor, Some(money(floor)), "step {step} floor");
        }
        assert_eq!(life.breach.map_or(0, |breach| breach.count), count, "step {step} breaches");
    }
}

#[test]
fn a_gap_through_the_floor_fires_at_once() {
    let mut life = Life::default();
    life.run(&["-12.0", "41.0", "59.9", "62.4", "78.0", "74.0", "96.5", "71.2"]);
    assert!(life.evaluate("52.0"), "52 is at or below 70 − 15");
}

#[test]
fn a_restart_below_the_floor_fires_at_once() {
    let mut life = Life::default();
    life.run(&["-12.0", "41.0", "59.9", "62.4", "78.0", "74.0", "96.5", "71.2", "69.4", "70.6", "68.8"]);
    life.trailing.restored = true;
    life.breach = None;
    assert!(life.evaluate("66.0"), "after a restart no confirmation is asked for");
}

#[test]
fn a_floor_that_was_never_journaled_was_never_used() {
    let mut life = Life::default();
    life.run(&["-12.0", "41.0", "59.9", "62.4", "78.0", "74.0"]);
    // The process dies at step 6 before floor 70 is journaled: what is restored is 50.
    life.trailing.restored = true;
    assert_eq!(life.trailing.floor, Some(money("50")));
    assert!(!life.evaluate("68.0"), "68 is above the persisted floor");
}

#[test]
fn a_false_ask_does_not_raise_the_floor() {
    let mut life = Life::default();
    life.run(&["62.4", "78.0"]);
    let look = Numbers {
        executable: money("150"),
        at_mark: Some(money("80")),
        credit: money("240"),
        entry_complete: true,
        now: Micros(9_000_000),
    };
    assert_eq!(judge(&rule(), &life.trailing, None, look), Outcome::Breach(Confirmed::Holds));
}

#[test]
fn it_does_not_arm_before_entry_is_complete() {
    let look = Numbers {
        executable: money("62.4"),
        at_mark: Some(money("62.4")),
        credit: money("240"),
        entry_complete: false,
        now: Micros(0),
    };
    assert_eq!(judge(&rule(), &Trailing::default(), None, look), Outcome::NotArmed);
}

proptest::proptest! {
    /// I6. Dies when `raised` forgets `floor.max`: seen to fail with `on_grid.max(rule.minimum_lock)` alone.
    #[test]
    fn the_floor_never_falls_and_stays_below_the_peak(path in proptest::collection::vec(-20_000_i64..20_000, 1..60)) {
        let mut life = Life::default();
        let mut last: Option<Money> = None;
        for cents in path {
            let fired = life.evaluate(&Decimal::new(cents, 2).to_string());
            if let Some(floor) = life.trailing.floor {
                proptest::prop_assert!(last.is_none_or(|last| floor >= last));
                proptest::prop_assert!(life.trailing.peak.is_some_and(|peak| floor < peak));
                last = Some(floor);
            }
            if fired {
                break;
            }
        }
    }
}
