//! Ether beside Bitcoin: its index follows with a noise of its own, and chain, decay, settlement, funding and
//! fees of each know nothing of the other.

use rust_decimal::Decimal;
use simulator::account::FillKind;
use simulator::book::Side;
use simulator::chain::{Contract, Product};
use simulator::pricing::Right;
use simulator::tape::Bar;
use simulator::{
    Channel, Exchange, OrderRequest, Setup, Source, Tape, TapeEnd, Underlying, VenueEvent, Volatility,
};

const SECOND: i64 = 1_000_000;
/// 2026-09-21T12:00:00Z, an expiry.
const NOON: i64 = 1_789_992_000 * SECOND;

fn recorded(seed: u64, speed: u32, start_us: i64) -> Exchange {
    let source = Source::Tape(Tape::embedded().unwrap(), TapeEnd::Mirror);
    Exchange::new(Setup { speed, ..Setup::new(seed, source, start_us) })
}

fn f(value: Decimal) -> f64 {
    value.try_into().unwrap()
}

/// The strike nearest to spot in the first expiry that lives so long.
fn near(exchange: &mut Exchange, now_us: i64, underlying: Underlying, right: Right, least_s: i64) -> Product {
    let spot = f(exchange.spot(now_us, underlying));
    let expires = |product: &Product| product.expiry_s().filter(|e| e - now_us / SECOND >= least_s);
    let products = exchange.products(now_us);
    let mut of: Vec<_> = products.into_iter().filter(|product| product.underlying == underlying).collect();
    let expiry_s = of.iter().find_map(expires).unwrap();
    of.retain(|product| product.expires_in(underlying, expiry_s));
    let distance = |product: &Product| match product.contract {
        Contract::Option { right: r, strike, .. } if r == right => (f64::from(strike) - spot).abs(),
        Contract::Option { .. } | Contract::Perpetual => f64::INFINITY,
    };
    of.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap()
}

#[test]
fn it_begins_at_a_sixteenth_and_takes_the_returns_and_a_fifth_more() {
    for seed in 0..4 {
        let mut exchange = recorded(seed, 600, NOON + SECOND);
        let begun = NOON + SECOND;
        let start = [Underlying::Btc, Underlying::Eth].map(|each| f(exchange.spot(begun, each)));
        assert!((start[0] / start[1] - 16.0).abs() < 1e-3, "{start:?}");
        let mut noises = Vec::new();
        for second in (1..1_440).step_by(12) {
            let now_us = begun + second * SECOND;
            let returns = [(0, Underlying::Btc), (1, Underlying::Eth)]
                .map(|(which, each)| (f(exchange.spot(now_us, each)) / start[which]).ln());
            noises.push(returns[1] - 1.2 * returns[0]);
        }
        assert!(noises.iter().all(|noise| noise.abs() < 0.02), "five deviations: {noises:?}");
        let square = noises.iter().map(|noise| noise * noise).sum::<f64>() / noises.len() as f64;
        assert!((0.002..0.007).contains(&square.sqrt()), "a deviation of 0.4 %: {}", square.sqrt());
    }
}

#[test]
fn its_volatility_is_a_fifth_higher_and_its_books_have_steps_of_five_cents() {
    let mut exchange = recorded(3, 1, NOON + SECOND);
    let now_us = NOON + SECOND;
    let [btc, eth] =
        [Underlying::Btc, Underlying::Eth].map(|each| near(&mut exchange, now_us, each, Right::Call, 86_000));
    let iv = |exchange: &mut Exchange, product| exchange.ticker(now_us, product).mark_iv.unwrap();
    let ratio = iv(&mut exchange, &eth) / iv(&mut exchange, &btc);
    assert!((ratio - 1.2).abs() < 0.02, "{ratio}");
    let perpetual = exchange.product("ETHUSD").unwrap();
    assert_eq!((perpetual.id, eth.contract_value()), (3_136, Decimal::new(1, 2)));
    for product in [&eth, &perpetual] {
        let book = exchange.book(now_us, product);
        for (price, _) in book.bids.iter().chain(&book.asks) {
            assert!((*price % Decimal::new(5, 2)).is_zero(), "{}: {price}", product.symbol);
        }
        assert!(book.bids[0].0 < book.asks[0].0);
    }
    let put = near(&mut exchange, now_us, Underlying::Eth, Right::Put, 86_000);
    let Contract::Option { strike, .. } = eth.contract else { panic!("an option") };
    let gap = exchange.ticker(now_us, &eth).mark - exchange.ticker(now_us, &put).mark;
    let error = gap - (exchange.spot(now_us, Underlying::Eth) - Decimal::from(strike));
    assert!(error.abs() <= Decimal::new(1, 8), "parity: {error}");
}

/// Everything published for one underlying in eight seconds, and what an order on the other changes of it.
fn story(seed: u64, told: Underlying, traded: Option<Underlying>) -> String {
    let mut exchange = recorded(seed, 60, NOON + SECOND);
    let now_us = NOON + SECOND;
    let watched = near(&mut exchange, now_us, told, Right::Call, 86_000);
    exchange.watch(Channel::Spot, told.index_symbol());
    exchange.watch(Channel::Ticker, &watched.chain_token().unwrap());
    exchange.watch(Channel::Depth, &watched.symbol);
    let mut text = String::new();
    for step in 1..16 {
        let now_us = NOON + SECOND + step * SECOND / 2;
        if let (5, Some(traded)) = (step, traded) {
            let product = near(&mut exchange, now_us, traded, Right::Put, 86_000);
            exchange.place(now_us, &OrderRequest::market(product.id, Side::Sell, 50)).unwrap();
        }
        let public = exchange.advance(now_us).into_iter().filter(|event| {
            matches!(event, VenueEvent::Spot { .. } | VenueEvent::Ticker(_) | VenueEvent::Depth(_))
        });
        for event in public {
            text += &format!("{event:?}\n");
        }
    }
    text
}

#[test]
fn the_same_seed_tells_the_same_story_and_neither_disturbs_the_other() {
    for (told, other) in [(Underlying::Btc, Underlying::Eth), (Underlying::Eth, Underlying::Btc)] {
        let alone = story(11, told, None);
        assert!(alone.len() > 10_000);
        assert!(alone == story(11, told, None), "the same seed");
        assert!(alone != story(12, told, None), "another seed");
        assert!(alone == story(11, told, Some(other)), "a trade in {other:?} moves nothing of {told:?}");
        assert!(alone != story(11, told, Some(told)), "a trade of its own does");
    }
}

#[test]
fn both_expiries_settle_each_at_its_own_mean() {
    let start_us = NOON - 3_600 * SECOND;
    let mut exchange = recorded(3, 1, start_us);
    let legs = Underlying::ALL.map(|each| near(&mut exchange, start_us, each, Right::Call, 3_000));
    for leg in &legs {
        assert_eq!(leg.expiry_s(), Some(NOON / SECOND));
        exchange.place(start_us, &OrderRequest::market(leg.id, Side::Sell, 50)).unwrap();
    }
    let mut sums = [Decimal::ZERO; 2];
    for second in 1_800..3_600 {
        for (sum, each) in sums.iter_mut().zip(Underlying::ALL) {
            *sum += exchange.spot(start_us + second * SECOND, each);
        }
    }
    let balance = exchange.wallet(NOON - SECOND).balance;
    let traded: Vec<_> = exchange.fills(NOON - SECOND);
    let events = exchange.advance(NOON + 10 * SECOND);
    let fills = exchange.fills(NOON + 10 * SECOND);
    let mut cash = Decimal::ZERO;
    for ((leg, sum), underlying) in legs.iter().zip(sums).zip(Underlying::ALL) {
        let mean = simulator::quote::rounded(f(sum) / 1_800.0, 4);
        let told = events.iter().find_map(|event| match event {
            VenueEvent::Settled { underlying: of, mean, .. } if *of == underlying => Some(*mean),
            _other => None,
        });
        assert_eq!(told, Some(mean), "{underlying:?}");
        let note = events.iter().find_map(|event| match event {
            VenueEvent::Note(note) if note.name == "simulator.expiry_settled" => {
                Some(&note.payload).filter(|payload| payload["underlying"] == underlying.symbol())
            }
            _other => None,
        });
        let note = note.expect("it is told");
        assert_eq!(
            (note["mean"].as_str(), note["positions"].as_i64()),
            (Some(mean.to_string().as_str()), Some(1))
        );
        let fill = fills.iter().find(|fill| fill.product_id == leg.id).unwrap();
        assert_eq!((fill.kind, fill.size, fill.side), (FillKind::Settlement, 50, Side::Buy));
        assert_eq!(fill.price, simulator::chain::payoff(leg.contract, mean));
        let before = traded.iter().filter(|fill| fill.product_id == leg.id).count() as u64;
        assert_eq!(fill.seq, before + 1, "the sequence of {} goes on", leg.symbol);
        cash += fill.price * Decimal::from(50) * leg.contract_value();
    }
    assert_eq!(exchange.wallet(NOON + 10 * SECOND).balance, balance - cash);
    assert!(exchange.positions(NOON + 10 * SECOND).is_empty());
    for leg in &legs {
        assert!(exchange.product(&leg.symbol).is_none(), "{} trades no more", leg.symbol);
    }
}

fn flat(speed: u32, start_us: i64) -> Exchange {
    let bar = Bar { open: 450_000, high: 450_000, low: 450_000, close: 450_000 };
    let source = Source::Tape(Tape::from_bars("flat", vec![bar]).unwrap(), TapeEnd::Hold);
    let volatility = Volatility { held: true, ..Volatility::default() };
    Exchange::new(Setup { speed, volatility, ..Setup::new(1, source, start_us) })
}

#[test]
fn time_value_decays_faster_only_in_what_is_held() {
    let start_us = NOON + SECOND;
    let mut exchange = flat(120, start_us);
    let [btc, eth] = Underlying::ALL.map(|each| near(&mut exchange, start_us, each, Right::Call, 86_400));
    let theta = |exchange: &mut Exchange, product: &Product, now_us: i64| {
        exchange.advance(now_us);
        exchange.ticker(now_us, product).greeks.unwrap().theta
    };
    let before = [&btc, &eth].map(|product| theta(&mut exchange, product, start_us));
    exchange.place(start_us, &OrderRequest::market(btc.id, Side::Sell, 10)).unwrap();
    let later_us = start_us + 300 * SECOND;
    let after = [&btc, &eth].map(|product| theta(&mut exchange, product, later_us));
    assert!(after[0] < before[0] * 1.1, "ten market hours of forty-eight: {before:?} {after:?}");
    assert!((after[1] / before[1] - 1.0).abs() < 0.03, "five minutes: {before:?} {after:?}");
}

#[test]
fn funding_and_fees_are_those_of_ether() {
    let midnight = NOON + 12 * 3_600 * SECOND;
    let start_us = midnight - 60 * SECOND;
    let mut exchange = recorded(5, 60, start_us);
    let perpetual = exchange.product("ETHUSD").unwrap();
    exchange.place(start_us, &OrderRequest::market(perpetual.id, Side::Buy, 30)).unwrap();
    let fill = exchange.fills(start_us)[0].clone();
    let index = exchange.spot(start_us, Underlying::Eth);
    let notional = index * Decimal::from(fill.size) * Decimal::new(1, 2);
    assert_eq!(fill.fee, (notional * Decimal::new(59, 5)).round_dp(8), "0.05 % and tax");
    let wallet = exchange.wallet(start_us);
    let sold: Decimal =
        exchange.fills(start_us).iter().map(|fill| fill.price * Decimal::from(fill.size)).sum();
    assert_eq!(wallet.position_margin, sold * Decimal::new(1, 4), "1 % of its own notional at the entry");
    let before = exchange.wallet(midnight - SECOND).balance;
    let events = exchange.advance(midnight + SECOND);
    let note = events.iter().find_map(|event| match event {
        VenueEvent::Note(note) if note.name == "simulator.funding_paid" => Some(note.clone()),
        _other => None,
    });
    let note = note.unwrap();
    assert_eq!((note.payload["symbol"].as_str(), note.payload["size"].as_i64()), (Some("ETHUSD"), Some(30)));
    let paid: Decimal = note.payload["paid"].as_str().unwrap().parse().unwrap();
    assert_eq!(exchange.wallet(midnight + SECOND).balance, before - paid);
}
