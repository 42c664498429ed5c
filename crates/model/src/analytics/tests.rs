//! Tables of worked numbers, and the edges: nothing, one trade, no loss, all zero, what is not known.

use rust_decimal::Decimal;

use super::*;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn trade(hour: i64, net: Option<&str>) -> Trade {
    Trade {
        ended_at: Micros(hour * HOUR),
        exit_reason: Some(ExitReason::Trailing),
        held_ms: Some((hour + 1) * 60_000),
        credit: Decimal::ONE_HUNDRED,
        fees: Decimal::TWO,
        net: net.map(dec),
        slippage: None,
    }
}

fn trades(nets: &[Option<&str>]) -> Vec<Trade> {
    nets.iter().zip(0..).map(|(net, hour)| trade(hour, *net)).collect()
}

fn text(figure: &Figure) -> String {
    figure.value.map_or_else(|| "—".to_owned(), |value| value.to_string())
}

/// One row: nets, then net, win rate, profit factor, expectancy, drawdown, credit captured, fee drag.
type Row = (&'static [Option<&'static str>], [&'static str; 7]);

const ROWS: [Row; 7] = [
    (&[], ["—", "—", "—", "—", "—", "—", "—"]),
    (&[Some("50")], ["50", "1", "—", "50", "0", "0.5", "0.02"]),
    (&[Some("-50")], ["-50", "0", "0", "-50", "-50", "-0.5", "0.02"]),
    (&[Some("0"), Some("0")], ["0", "0", "—", "0", "0", "0", "0.02"]),
    (
        &[Some("50"), Some("-20"), Some("30"), Some("-10"), Some("0")],
        ["50", "0.4", "2.6666666667", "10", "-20", "0.1", "0.02"],
    ),
    // What is not known counts nowhere: neither as a trade that was not won nor with its credit.
    (
        &[Some("50"), None, Some("-20"), Some("30"), None, Some("-10"), Some("0")],
        ["50", "0.4", "2.6666666667", "10", "-20", "0.1", "0.02"],
    ),
    (&[None, None], ["—", "—", "—", "—", "—", "—", "—"]),
];

#[test]
fn the_figures_are_those_of_the_table() {
    for (nets, expected) in ROWS {
        let of = report(trades(nets), 0).figures;
        let told = [
            &of.net,
            &of.win_rate,
            &of.profit_factor,
            &of.expectancy,
            &of.max_drawdown,
            &of.credit_captured,
            &of.fee_drag,
        ];
        assert_eq!(told.map(text), expected, "{nets:?}");
        let sample = nets.iter().flatten().count();
        assert!(told.iter().all(|figure| figure.sample == sample && figure.few), "{nets:?}");
    }
}

#[test]
fn what_cannot_be_told_says_why() {
    let of = |nets: &[Option<&str>]| report(trades(nets), 0).figures;
    assert_eq!(of(&[]).net.missing, Some(Missing::NoTrades));
    assert_eq!(of(&[None]).profit_factor.missing, Some(Missing::NoTrades));
    assert_eq!(of(&[Some("5")]).profit_factor.missing, Some(Missing::NoLosses));
    assert_eq!(of(&[Some("0")]).profit_factor.missing, Some(Missing::NoLosses));
    assert_eq!(of(&[Some("5")]).sharpe.missing, Some(Missing::FewDays));
    let free = vec![Trade { credit: Decimal::ZERO, held_ms: None, ..trade(0, Some("5")) }];
    let figures = report(free, 0).figures;
    assert_eq!(figures.credit_captured.missing, Some(Missing::NoCredit));
    assert_eq!((figures.held_ms.missing, figures.held_ms.sample), (Some(Missing::NoTimes), 0));
}

#[test]
fn twenty_cases_are_not_few() {
    let nets = vec![Some("1"); 20];
    assert!(!report(trades(&nets), 0).figures.win_rate.few);
    assert!(report(trades(&nets[1..]), 0).figures.win_rate.few);
}

#[test]
fn the_deepest_fall_knows_where_it_began() {
    let fall = |nets: &[Option<&str>]| report(trades(nets), 0).drawdown;
    let at = |hour: i64| Micros(hour * HOUR);
    assert_eq!(fall(&[Some("5"), Some("5")]), None);
    let from_nothing = Drawdown { from: None, to: at(1), depth: dec("-9") };
    assert_eq!(fall(&[Some("-4"), Some("-5"), Some("20")]), Some(from_nothing));
    let later = Drawdown { from: Some(at(0)), to: at(3), depth: dec("-25") };
    assert_eq!(fall(&[Some("50"), Some("-20"), None, Some("-5"), Some("60"), Some("-25")]), Some(later));
}

#[test]
fn trades_in_any_order_give_the_same_report() {
    let forward = trades(&[Some("50"), Some("-20"), None, Some("30")]);
    let mut backward = forward.clone();
    backward.reverse();
    assert_eq!(report(forward, 0), report(backward, 0));
}

/// Twenty days of +2 and −1 in turn.
fn in_turn() -> Vec<Trade> {
    (0..20)
        .map(|day| Trade {
            ended_at: Micros(day * DAY),
            ..trade(0, Some(if day % 2 == 0 { "2" } else { "-1" }))
        })
        .collect()
}

#[test]
fn daily_figures_count_every_day_from_the_first_trade_on() {
    let of = |through: i64| report(in_turn(), through).figures;
    // Mean 0.5; σ = √(45 ÷ 19); downside √(10 ÷ 20).
    assert_eq!((text(&of(0).sharpe).as_str(), text(&of(0).sortino).as_str()), ("6.207075", "13.509256"));
    // Twenty days without a trade after them: mean 0.25, downside √(10 ÷ 40).
    assert_eq!((text(&of(39).sharpe).as_str(), text(&of(39).sortino).as_str()), ("4.327847", "9.552487"));
    assert_eq!((of(39).sharpe.sample, of(0).sharpe.sample), (40, 20));
}

#[test]
fn days_that_do_not_differ_or_do_not_lose_have_no_ratio() {
    let even: Vec<Trade> =
        (0..20).map(|day| Trade { ended_at: Micros(day * DAY), ..trade(0, Some("1")) }).collect();
    let figures = report(even, 0).figures;
    assert_eq!((figures.sharpe.value, figures.sharpe.missing), (None, Some(Missing::NoSpread)));
    assert_eq!((figures.sortino.value, figures.sortino.missing), (None, Some(Missing::NoSpread)));
    assert_eq!(report(in_turn()[..19].to_vec(), 0).figures.sharpe.missing, Some(Missing::FewDays));
}

#[test]
fn days_add_up_and_an_unknown_result_is_no_zero() {
    let days =
        report(vec![trade(0, Some("5")), trade(1, None), trade(30, None), trade(50, Some("-2"))], 0).days;
    let rows: Vec<_> = days
        .iter()
        .map(|day| (day.at.0 / DAY, day.trades, day.unknown, day.net.map(|net| net.to_string()), day.total))
        .collect();
    assert_eq!(
        rows,
        [
            (0, 2, 1, Some("5".to_owned()), dec("5")),
            (1, 1, 1, None, dec("5")),
            (2, 1, 0, Some("-2".to_owned()), dec("3")),
        ]
    );
    assert_eq!(days[2].drawdown, dec("-2"));
}

#[test]
fn reasons_are_counted_with_what_they_brought() {
    let by = |reason, net: Option<&str>, slippage: Option<&str>| Trade {
        exit_reason: reason,
        slippage: slippage.map(dec),
        ..trade(0, net)
    };
    let trailing = Some(ExitReason::Trailing);
    let rows = report(
        vec![
            by(Some(ExitReason::MaxLoss), Some("-60"), Some("-1.5")),
            by(trailing, Some("10"), Some("-0.5")),
            by(trailing, Some("20"), None),
            by(trailing, None, None),
            by(None, Some("0"), None),
        ],
        0,
    )
    .reasons;
    assert_eq!((rows[0].reason, rows[0].trades, rows[0].known, rows[0].won), (trailing, 3, 2, 2));
    assert_eq!((rows[0].net, rows[0].average), (dec("30"), Some(dec("15"))));
    assert_eq!((rows[0].slippage, rows[0].slippage_known), (dec("-0.5"), 1));
    assert_eq!(rows.iter().map(|row| row.trades).sum::<usize>(), 5);
}

#[test]
fn times_have_a_middle_and_a_longest() {
    let facts = report(trades(&[Some("1"), Some("2"), None, Some("-3"), Some("1")]), 0).facts;
    assert_eq!((facts.held_median_ms, facts.held_longest_ms), (Some(2 * 60_000), Some(5 * 60_000)));
    assert_eq!((facts.average_win, facts.average_loss), (Some(dec("1.3333333333")), Some(dec("-3"))));
}

#[test]
fn a_long_curve_is_thinned_and_keeps_its_ends_and_its_extremes() {
    let nets: Vec<Trade> = (0..5_000)
        .map(|hour| {
            let net = if hour == 2_500 {
                "-900"
            } else if hour == 2_501 {
                "900"
            } else {
                "1"
            };
            trade(hour, Some(net))
        })
        .collect();
    let report = report(nets, 0);
    assert!(report.equity.len() <= 802, "{}", report.equity.len());
    let lowest = report.equity.iter().map(|point| point.drawdown).min();
    assert_eq!((lowest, report.drawdown.map(|fall| fall.depth)), (Some(dec("-900")), Some(dec("-900"))));
    assert_eq!(report.equity.first().map(|point| point.total), Some(dec("1")));
    assert_eq!(report.equity.last().map(|point| point.total), Some(dec("4998")));
}

#[test]
fn sums_that_do_not_fit_never_trap() {
    let huge = Decimal::MAX.to_string();
    let nets = vec![Some(huge.as_str()); 25];
    assert_eq!(report(trades(&nets), 100).trades, 25);
}
