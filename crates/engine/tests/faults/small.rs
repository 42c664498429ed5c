//! Small rules of starting, recovering and being asked, each a number or a word that a mistake of one sign in the code
//! would change (docs/laws.md).

use engine::strikes::choose;
use model::causes::EntryFailure;
use model::configuration::ExpiryRule;
use model::decision::{EntryDecision, OrderDecision, SessionDecision};
use model::fill::Fill;
use model::ids::client_order_id;
use model::input::{ExecutionReport, OperatorAction, ResolveChoice};
use model::order::{Purpose, Side};
use model::refusal::Refusal;
use model::{Configuration, Decision, FillId, Health, Input, Intent, Lifecycle, OrderId};

use crate::story::*;
use crate::support::world::World;
use crate::support::{call, dec, listed, quick_strangle};

fn refusal(records: &[model::DecisionRecord]) -> Option<&Refusal> {
    records.iter().find_map(|record| match &record.decision {
        Decision::Session(SessionDecision::RequestRefused { refusal, .. }) => Some(refusal),
        _ => None,
    })
}

fn failure(world: &World) -> Option<&EntryFailure> {
    world.decisions().find_map(|decision| match decision {
        Decision::Entry(EntryDecision::Failed { cause }) => Some(cause),
        _ => None,
    })
}

#[test]
fn an_entry_asks_half_a_percent_below_the_bid() {
    let (world, _) = open_session();
    let entries = world.decisions().filter_map(|decision| match decision {
        Decision::Order(OrderDecision::Submitted(request)) if request.purpose == Purpose::Entry => {
            Some(request)
        }
        _ => None,
    });
    let limits: Vec<_> = entries.map(|request| request.limit.map(|limit| limit.normalize())).collect();
    assert_eq!(limits, [Some(dec("298.5")), Some(dec("278.6"))]);
}

#[test]
fn a_start_that_gives_up_says_what_was_missing() {
    let mut world = World::new();
    world.run_ms(1_000);
    world.venue.reads_fail_until = later(&world, 30_000);
    world.start(quick_strangle());
    world.run_until("it gives up", 15, |world| failure(world).is_some());
    assert!(matches!(failure(&world), Some(EntryFailure::PositionsUnread { .. })), "{:?}", failure(&world));

    let mut world = World::new();
    world.run_ms(1_000);
    world.venue.books.get_mut(&call()).expect("the book").frozen = true;
    world.start(quick_strangle());
    world.run_until("it gives up", 15, |world| failure(world).is_some());
    assert_eq!(failure(&world), Some(&EntryFailure::NoQuotes));
}

#[test]
fn a_result_at_the_days_limit_is_at_the_limit() {
    let (mut world, id) = open_session();
    stop(&mut world, &id);
    world.run_until("STOPPED", 20, is_stopped);
    world.run_ms(12_000);
    let lost = world.state().account.day.realized;
    assert!(lost < dec("0"), "a spread and four fees: {lost}");
    for (less, refused) in [("0", true), ("0.0001", false)] {
        let limit = -lost + dec(less);
        let session_id = model::SessionId(format!("s-limit{less}"));
        let records = world.operate(OperatorAction::Start {
            session_id,
            configuration: Box::new(Configuration { day_loss_limit: Some(limit), ..quick_strangle() }),
            execution_mode: model::ExecutionMode::Simulated,
            expected: Vec::new(),
        });
        let limited = matches!(refusal(&records), Some(Refusal::DayLimit { .. }));
        assert_eq!(limited, refused, "limit {limit}, lost {lost}");
    }
}

#[test]
fn a_venue_counts_as_unreachable_after_five_seconds_and_not_before() {
    let (mut world, _) = open_session();
    world.venue.reads_fail_until = later(&world, 60_000);
    world.run_until("a failed read", 20, |world| world.state().account.truth.unknown.is_some());
    world.run_ms(4_500);
    assert!(!world.state().account.health.contains(&Health::VenueUnreachable));
    world.run_ms(1_000);
    assert!(world.state().account.health.contains(&Health::VenueUnreachable));
}

#[test]
fn after_a_restart_a_session_is_meant_to_be_paused() {
    let (mut world, _) = open_session();
    world.kill_and_restart();
    world.run_until("PAUSED", 10, |world| world.lifecycle() == Lifecycle::Paused);
    assert_eq!(world.session().intent, Intent::Pause);
}

#[test]
fn what_was_sold_beyond_the_plan_cannot_be_ignored() {
    let (mut world, id) = open_session();
    let more = Fill {
        id: FillId::from("more"),
        order_id: OrderId::from("more"),
        client_order_id: Some(client_order_id(&id, "elsewhere", 0, 1)),
        symbol: call(),
        side: Side::Sell,
        lots: 100,
        price: dec("300"),
        fee: Some(dec("0.5")),
        fee_estimated: false,
        settlement: false,
        at: world.now,
    };
    world.venue.positions.insert(call(), -300);
    world.input(Input::Execution(ExecutionReport::Fill(more)));
    world.run_until("a person", 20, |world| world.lifecycle() == Lifecycle::NeedsOperator);
    world.run_ms(6_000);
    assert_eq!(world.session().position(&call()), -300, "it carries our name");
    let choice = ResolveChoice::IgnoreForeign;
    let records = world.operate(OperatorAction::Resolve { session_id: id, choice });
    assert_eq!(refusal(&records), Some(&Refusal::Unexplained));
}

#[test]
fn weekly_options_end_on_a_friday_and_what_cannot_be_is_not_chosen() {
    const DAY: i64 = 86_400_000_000;
    // The first week of 1970 began on a Thursday: Friday is its second day.
    let of_days: Vec<_> = (0..14_i64)
        .flat_map(|day| listed().into_iter().map(move |option| (day, option)))
        .map(|(day, option)| model::instrument::Instrument {
            expiry: model::Micros(day * DAY + DAY / 2),
            ..option
        })
        .collect();
    let configuration =
        Configuration { expiry: ExpiryRule::NextWeekly, expiry_hours_min: 0, ..quick_strangle() };
    let spot = dec("46000");
    let legs = choose(&configuration, &of_days, spot, model::Micros(2 * DAY)).expect("legs");
    assert!(legs.iter().all(|leg| leg.instrument.expiry.0 / DAY == 8), "the Friday after the next");

    let mut spoiled = listed();
    let near = spoiled.iter_mut().find(|option| option.symbol == call()).expect("the call");
    near.contract_value = dec("0");
    let now = model::Micros(near.expiry.0 - DAY);
    let legs = choose(&quick_strangle(), &spoiled, spot, now);
    assert!(!legs.is_ok_and(|legs| legs.iter().any(|leg| leg.instrument.symbol == call())));
}
