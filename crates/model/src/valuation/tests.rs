//! The worked example of the engine design, section 5, and tables around it: depth, spread, age, what is missing.

use super::*;
use crate::Decision;
use crate::decision::{AccountDecision, EntryDecision, OrderDecision, SessionDecision};
use crate::fill::Fill;
use crate::ids::{FillId, OrderId, SessionId, Underlying};
use crate::instrument::OptionKind;
use crate::market::{Depth, Mark, MarketEvent, Quote, Spot};
use crate::order::Side;
use crate::record::DecisionRecord;
use crate::session::Leg;
use crate::words::ExecutionMode;

const SECOND: i64 = 1_000_000;
/// Everything is looked at then; prices are as old as a row says.
const NOW: Micros = Micros(100 * SECOND);

fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn call() -> Symbol {
    Symbol::from("C-BTC-48000-070122")
}

fn put() -> Symbol {
    Symbol::from("P-BTC-44000-070122")
}

/// 200 lots of 0.001 BTC: terms by which leaving at 630 and 590 costs the 3.8 of the example in fees.
fn leg(kind: OptionKind) -> Leg {
    let symbol = if kind == OptionKind::Call { call() } else { put() };
    let mut instrument = crate::instrument::tests::option(kind, 48_000, symbol.as_str(), 1);
    instrument.commission_cap = dec("3.8") / (dec("1.18") * dec("244"));
    instrument.commission_rate = dec("0.1");
    Leg { instrument, lots: 200, plan_bid: None }
}

/// A short strangle: the call sold for 620, the put for 580, a fee of 2.1 each.
struct Strangle(TradingState);

impl Strangle {
    fn sold() -> Self {
        let mut strangle = Self(TradingState::default());
        let configuration = crate::preset::preset("quick-strangle").expect("a preset").configuration;
        strangle.apply(Decision::Account(AccountDecision::Booted { boot_id: "b".to_owned() }));
        strangle.apply(Decision::Session(SessionDecision::Starting {
            session_id: id(),
            configuration: Box::new(configuration),
            execution_mode: ExecutionMode::Simulated,
            who: "admin".to_owned(),
            expected: Vec::new(),
        }));
        strangle.apply(Decision::Entry(EntryDecision::StrikesChosen {
            legs: vec![leg(OptionKind::Call), leg(OptionKind::Put)],
            spot: dec("46000"),
            expiry: Micros(0),
            listed: 2,
        }));
        strangle.trade(call(), Side::Sell, 200, "620");
        strangle.trade(put(), Side::Sell, 200, "580");
        strangle.spot("46000");
        strangle.market(call(), Some("625"), Some("630"), "620", 0);
        strangle.market(put(), Some("585"), Some("590"), "580", 0);
        strangle
    }

    fn apply(&mut self, decision: Decision) {
        self.0.apply(&DecisionRecord {
            boot_id: "b".to_owned(),
            seq: 1,
            input_seq: 1,
            at: Micros(0),
            correlation_id: telemetry::CorrelationId::from_bits(1),
            session_id: Some(id()),
            strategy_id: None,
            configuration: None,
            execution_mode: None,
            decision,
        });
    }

    fn trade(&mut self, symbol: Symbol, side: Side, lots: Lots, price: &str) {
        let number = self.0.sessions[&id()].fills.len();
        self.apply(Decision::Order(OrderDecision::FillBooked(Fill {
            id: FillId(number.to_string()),
            order_id: OrderId::from("1"),
            client_order_id: None,
            symbol,
            side,
            lots,
            price: dec(price),
            fee: Some(dec("2.1")),
            fee_estimated: false,
            settlement: false,
            at: Micros(0),
        })));
    }

    fn spot(&mut self, price: &str) {
        let underlying = Underlying::from("BTC");
        self.0.hear(&MarketEvent::Spot(Spot {
            underlying,
            price: dec(price),
            source: MarketSource::Stream,
            at: NOW,
        }));
    }

    /// A thousand lots on each side, `age` microseconds ago.
    fn market(&mut self, symbol: Symbol, bid: Option<&str>, ask: Option<&str>, mark: &str, age: i64) {
        let (at, source) = (Micros(NOW.0 - age), MarketSource::Stream);
        let level = |price: Option<&str>| price.map(|price| Level { price: dec(price), lots: 1_000 });
        let (bid, ask) = (level(bid), level(ask));
        self.0.hear(&MarketEvent::Quote(Quote { symbol: symbol.clone(), bid, ask, source, at }));
        self.0.hear(&MarketEvent::Mark(Mark {
            symbol,
            price: dec(mark),
            band: None,
            delta: None,
            volatility: None,
            source,
            at,
        }));
    }

    /// The offers of the call, best first, seen `age` microseconds ago; the best is on the quote as well.
    fn offers(&mut self, offers: &[(&str, Lots)], age: i64) {
        let at = Micros(NOW.0 - age);
        let asks: Vec<Level> =
            offers.iter().map(|(price, lots)| Level { price: dec(price), lots: *lots }).collect();
        let (symbol, source) = (call(), MarketSource::Stream);
        let quote = Quote {
            symbol: symbol.clone(),
            bid: Some(Level { price: dec("625"), lots: 1_000 }),
            ask: asks.first().copied(),
            source,
            at: NOW,
        };
        self.0.hear(&MarketEvent::Quote(quote));
        self.0.hear(&MarketEvent::Depth(Depth { symbol, bids: Vec::new(), asks, source, at }));
    }

    fn value(&self) -> Valuation {
        value(&self.0, &self.0.sessions[&id()], NOW)
    }
}

fn id() -> SessionId {
    SessionId::from("s-example")
}

/// The 28th decimal of a third is nobody's.
fn cents(money: Option<Money>) -> Option<Money> {
    money.map(|money| money.round_dp(8).normalize())
}

#[test]
fn the_worked_example_is_worth_twelve_less_than_nothing() {
    let worth = Strangle::sold().value();
    assert_eq!(worth.credit.normalize(), dec("240"));
    assert_eq!(cents(worth.buy_back), Some(dec("244")));
    assert_eq!((worth.fees_paid, cents(worth.exit_fees)), (dec("4.2"), Some(dec("3.8"))));
    assert_eq!(cents(worth.executable), Some(dec("-12")), "240 − 244 − 4.2 − 3.8");
    // At mark nothing moved: what a display by the last price would show, less the fees that are paid.
    assert_eq!(cents(worth.at_mark), Some(dec("-4.2")));
    assert_eq!(cents(worth.loss_side()), Some(dec("-12")), "on good data E alone counts");
    assert!(worth.profit_side_trusted());
    // 0.2 BTC a leg at 46,000, half a percent of it for each short.
    assert_eq!((worth.notional.normalize(), worth.maintenance_margin.normalize()), (dec("18400"), dec("92")));
    let legs: Vec<_> = worth.legs.iter().map(|leg| (leg.qty, cents(leg.at_mark))).collect();
    assert_eq!(legs, [(-200, Some(dec("-2.1"))), (-200, Some(dec("-2.1")))]);
    assert_eq!(cents(total(worth.legs.iter().map(|leg| leg.executable))), cents(worth.executable));
}

#[test]
fn steps_of_the_worked_table_come_out_of_asks() {
    // 240 − 0.2 × both asks − 4.2; fees to come follow the price: 3.8 × both asks / 1,220.
    for (call_ask, put_ask, executable) in [
        ("630", "590", "-12"),
        ("500", "455.8", "41.66291803"),
        ("450", "405.8", "61.97439344"),
        ("410", "365.8", "78.22357377"),
    ] {
        let mut strangle = Strangle::sold();
        strangle.market(call(), Some("400"), Some(call_ask), "620", 0);
        strangle.market(put(), Some("360"), Some(put_ask), "580", 0);
        assert_eq!(cents(strangle.value().executable), Some(dec(executable)), "{call_ask} and {put_ask}");
    }
}

#[test]
fn the_book_is_walked_and_what_it_does_not_show_costs_a_twentieth_more() {
    // Offers of the call; its mark is 620; Σ price × lots for 200, and whether that is beyond the book.
    for (offers, mark, sum, beyond) in [
        (&[("630", 200)][..], "620", "126000", false),
        (&[("630", 120), ("640", 80)], "620", "126800", false),
        (&[("630", 120), ("640", 81), ("700", 500)], "620", "126800", false),
        (&[("630", 120), ("640", 50), ("650", 30)], "620", "127100", false),
        // 30 lots at 1.05 × 640.
        (&[("630", 120), ("640", 50)], "620", "127760", true),
        // The mark is dearer than the last level: 30 lots at 1.05 × 900.
        (&[("630", 120), ("640", 50)], "900", "135950", true),
        (&[("630", 199)], "620", "126031.5", true),
        (&[("630", 0)], "620", "132300", true),
    ] {
        let mut strangle = Strangle::sold();
        strangle.market(call(), Some("625"), Some("630"), mark, 0);
        strangle.offers(offers, 0);
        let worth = strangle.value();
        let expected = (dec(sum) + dec("590") * dec("200")) * dec("0.001");
        assert_eq!(cents(worth.buy_back), Some(expected.normalize()), "{offers:?} with a mark of {mark}");
        assert_eq!((worth.beyond_depth, worth.profit_side_trusted()), (beyond, !beyond), "{offers:?}");
    }
}

#[test]
fn depth_that_is_too_old_is_not_walked() {
    // 0.001 × (120 × 630 + 40 × 640 + 40 × 650), or the last 80 at 1.05 × 630; and 118 for the put.
    for (age, buy_back, beyond) in [(11 * SECOND, "245.2", false), (11 * SECOND + 1, "246.52", true)] {
        let mut strangle = Strangle::sold();
        strangle.offers(&[("630", 120), ("640", 40), ("650", 40)], age);
        let worth = strangle.value();
        assert_eq!(cents(worth.buy_back), Some(dec(buy_back)), "at an age of {age}");
        assert_eq!(worth.beyond_depth, beyond);
    }
}

#[test]
fn a_spread_is_wide_when_it_is_both_a_quarter_of_mid_and_two_percent_of_the_credit() {
    // The credit is 240, two percent 4.8: a spread of 24 on 0.2 BTC.
    for (bid, ask, wide) in [
        (Some("625"), Some("630"), false),
        // 24 is not above two percent, 24.1 is; and both are above a quarter of mid.
        (Some("20"), Some("44"), false),
        (Some("20"), Some("44.1"), true),
        // Exactly a quarter of mid, and a little more.
        (Some("490"), Some("630"), false),
        (Some("489.9"), Some("630"), true),
        (Some("560"), Some("720"), false),
        (Some("559"), Some("720"), true),
        // A short leg without a bid is fine, one without an offer is not.
        (None, Some("630"), false),
        (Some("625"), None, true),
        (None, None, true),
    ] {
        let mut strangle = Strangle::sold();
        strangle.market(call(), bid, ask, "620", 0);
        let worth = strangle.value();
        assert_eq!(worth.wide, wide, "{bid:?} {ask:?}");
        assert_eq!(worth.profit_side_trusted(), !wide, "{bid:?} {ask:?}");
    }
}

#[test]
fn a_missing_offer_leaves_e_unknown_and_the_loss_at_mark() {
    let mut strangle = Strangle::sold();
    strangle.market(call(), Some("625"), None, "2500.5", 0);
    let worth = strangle.value();
    assert_eq!(
        (worth.executable, worth.buy_back, worth.exit_fees),
        (None, None, None),
        "unknown is not zero"
    );
    // 240 − 0.2 × (2,500.5 + 580) − 4.2; the fees of leaving are not known either.
    assert_eq!(cents(worth.at_mark), Some(dec("-380.3")));
    assert_eq!(cents(worth.loss_side()), Some(dec("-380.3")));
}

#[test]
fn what_is_not_known_is_not_counted_as_nothing() {
    let mut no_mark = Strangle::sold();
    no_mark.0.markets.get_mut(&put()).expect("its market").mark = None;
    let worth = no_mark.value();
    assert_eq!((worth.at_mark, worth.fresh), (None, false));
    assert_eq!(cents(worth.loss_side()), Some(dec("-12")), "E alone, and stale");
    let mut no_spot = Strangle::sold();
    no_spot.0.spot.clear();
    let worth = no_spot.value();
    assert_eq!((worth.exit_fees, worth.executable, worth.notional), (None, None, Money::ZERO));
    let mut nothing = Strangle::sold();
    nothing.0.markets.clear();
    let worth = nothing.value();
    assert_eq!((worth.loss_side(), worth.wide, worth.fresh), (None, true, false));
}

#[test]
fn the_loss_side_takes_the_worse_where_e_cannot_be_trusted_alone() {
    let worth = |executable: Option<&str>, at_mark: Option<&str>, fresh: bool, wide: bool| Valuation {
        executable: executable.map(dec),
        at_mark: at_mark.map(dec),
        exit_fees: Some(dec("3.8")),
        fresh,
        wide,
        ..Valuation::default()
    };
    for (e, m, fresh, wide, loss) in [
        (Some("-12"), Some("-50"), true, false, Some("-12")),
        (Some("-12"), Some("-50"), false, false, Some("-53.8")),
        (Some("-12"), Some("-50"), true, true, Some("-53.8")),
        (Some("-12"), Some("-8.2"), false, true, Some("-12")),
        (Some("-12"), Some("-8.3"), false, false, Some("-12.1")),
        (Some("-12"), None, false, true, Some("-12")),
        (None, Some("-8"), true, true, Some("-11.8")),
        (None, None, true, false, None),
    ] {
        assert_eq!(worth(e, m, fresh, wide).loss_side(), loss.map(dec), "{e:?} {m:?} {fresh} {wide}");
    }
}

#[test]
fn numbers_age_each_by_its_own_measure() {
    for (quote_age, mark_age, heard_age, fresh) in [
        (6 * SECOND, 5 * SECOND, 3 * SECOND, true),
        (6 * SECOND + 1, 0, 0, false),
        (0, 5 * SECOND + 1, 0, false),
        (0, 0, 3 * SECOND + 1, false),
    ] {
        let mut strangle = Strangle::sold();
        strangle.market(call(), Some("625"), Some("630"), "620", quote_age);
        strangle.0.markets.get_mut(&call()).and_then(|market| market.mark.as_mut()).expect("a mark").at =
            Micros(NOW.0 - mark_age);
        strangle.0.market_heard_at = Some(Micros(NOW.0 - heard_age));
        let worth = strangle.value();
        let leg = worth.legs.iter().find(|leg| leg.symbol == call()).expect("the leg");
        assert_eq!(worth.fresh, fresh, "{quote_age} {mark_age} {heard_age}");
        assert_eq!((leg.quote_age_ms, leg.mark_age_ms), (Some(quote_age / 1_000), Some(mark_age / 1_000)));
        let of_leg = quote_age <= 6 * SECOND && mark_age <= 5 * SECOND;
        assert_eq!(leg.fresh, of_leg, "the connection is not the leg's");
        assert_eq!(worth.profit_side_trusted(), fresh);
    }
}

#[test]
fn a_long_is_sold_at_the_bid_and_worth_nothing_without_one() {
    // 300 bought at 600 turn the call round: 100 long.
    for (bid, buy_back) in [(Some("500"), "68"), (None, "118")] {
        let mut strangle = Strangle::sold();
        strangle.trade(call(), Side::Buy, 300, "600");
        strangle.market(call(), bid, Some("630"), "620", 0);
        let worth = strangle.value();
        assert_eq!(cents(worth.buy_back), Some(dec(buy_back)), "118 for the put, less what the long brings");
        assert_eq!(worth.maintenance_margin.normalize(), dec("46"), "a long needs none");
        assert_eq!(worth.notional.normalize(), dec("13800"));
    }
}

#[test]
fn a_book_walked_for_a_long_uses_the_bids() {
    let mut strangle = Strangle::sold();
    strangle.trade(call(), Side::Buy, 400, "600");
    strangle.market(call(), Some("500"), Some("630"), "480", 0);
    let level = |price: &str, lots| Level { price: dec(price), lots };
    let quote =
        strangle.0.markets.get_mut(&call()).and_then(|market| market.quote.as_mut()).expect("a quote");
    quote.bid = Some(level("500", 150));
    let (bids, asks) = (vec![level("500", 150), level("490", 50)], vec![level("630", 1)]);
    let depth = Depth { symbol: call(), bids, asks, source: MarketSource::Stream, at: NOW };
    strangle.0.hear(&MarketEvent::Depth(depth));
    // 0.001 × (150 × 500 + 50 × 490) come in, 118 go out.
    assert_eq!(cents(strangle.value().buy_back), Some(dec("18.5")));
}

#[test]
fn what_is_closed_counts_by_its_cash_alone() {
    let mut strangle = Strangle::sold();
    strangle.trade(call(), Side::Buy, 200, "610");
    let worth = strangle.value();
    // 240 − 122 in cash, 118 for the put, three fees paid, 3.8 × 590 / 1,220 to come.
    assert_eq!(worth.legs.len(), 1);
    assert_eq!(
        cents(worth.executable),
        cents(Some(dec("118") - dec("118") - dec("6.3") - dec("3.8") * dec("590") / dec("1220")))
    );
    strangle.trade(put(), Side::Buy, 200, "585");
    strangle.0.market_heard_at = None;
    let worth = strangle.value();
    assert_eq!((cents(worth.executable), cents(worth.at_mark)), (Some(dec("-7.4")), Some(dec("-7.4"))));
    assert!(worth.fresh && !worth.wide, "nothing is open that could be stale");
}

/// Catches: a worst that is told although nothing speaks against the marks, with every evaluation of every session.
#[test]
fn the_worst_is_told_only_where_a_bid_denies_the_mark() {
    let mut strangle = Strangle::sold();
    assert_eq!(strangle.value().at_worst, None);
    strangle.market(call(), Some("900"), None, "620", 0);
    // 0.2 × (900 − 620) worse than at the marks.
    let worth = strangle.value();
    assert_eq!(worth.at_worst.zip(worth.at_mark).map(|(worst, mark)| worst - mark), Some(dec("-56")));
}
