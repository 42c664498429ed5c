//! What telling one event with nine fields costs its caller, beside the JSON layer of `tracing-subscriber` in the same run:
//! with a writer that throws everything away, and with the non-blocking one of `tracing-appender`. First the mean of many
//! calls, then each call by itself while our writer is at work on a log of its own.

mod support;

use std::io;
use std::sync::Arc;

use model::decision::OrderDecision;
use model::order::{OrderRequest, Purpose, Side, TimeInForce};
use model::{ClientOrderId, Decimal, Decision, ProductId, Symbol};
use server::config::DatabaseConfig;
use server::store::telemetry::TelemetryStore;
use server::telling::{Output, Teller, Writer};
use telemetry::{Context, Level, Micros};
use tracing_subscriber::layer::SubscriberExt;

const EVENTS: usize = 10_000;

fn decision() -> Decision {
    Decision::Order(OrderDecision::Submitted(OrderRequest {
        client_order_id: ClientOrderId::from("s01j2k4pentry0l00a001x"),
        product_id: ProductId(139),
        symbol: Symbol::from("C-BTC-48000-070122"),
        side: Side::Sell,
        lots: 200,
        limit: Some(Decimal::new(6_170, 1)),
        time_in_force: TimeInForce::Gtc,
        reduce_only: false,
        purpose: Purpose::Entry,
        leg: 0,
        attempt: 1,
    }))
}

fn context() -> Context {
    Context {
        strategy_id: Some("short_strangle".to_owned()),
        session_id: Some("s-01jf3k9x2m".to_owned()),
        configuration: Some("quick-strangle".to_owned()),
        execution_mode: Some("simulated".to_owned()),
        correlation_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
    }
}

fn main() {
    println!("telling: one order event with nine fields, cost on the caller");
    let context = Arc::new(context());
    let at = Micros(1_763_880_000_000_000);
    // Events are made before the clock starts: the caller has its decision anyway.
    let later = measured(|| {
        let teller = Teller::new(Level::Info, EVENTS * 2);
        let events: Vec<Box<Decision>> = (0..EVENTS).map(|_| Box::new(decision())).collect();
        let began = std::time::Instant::now();
        for event in events {
            teller.tell_later(event, &context, at);
        }
        began.elapsed()
    });
    let event = decision();
    let now = measured(|| {
        let teller = Teller::new(Level::Info, EVENTS * 2);
        let began = std::time::Instant::now();
        for _ in 0..EVENTS {
            teller.tell_at(&event, &context, at);
        }
        began.elapsed()
    });
    let subscriber =
        tracing_subscriber::registry().with(tracing_subscriber::fmt::layer().json().with_writer(io::sink));
    let peer = tracing::subscriber::with_default(subscriber, || measured(tell_by_tracing));
    support::line("tell_later (built and numbered by the writer)", later);
    support::line("tell (record built on the caller)", now);
    support::line("baseline: tracing-subscriber, JSON layer to nowhere", peer);
    support::ratio("tell_later beside the JSON layer", later, peer);
    support::ratio("tell beside the JSON layer", now, peer);
    each_by_itself(&context, at);
}

/// Every call with its own time, which the clock makes some twenty nanoseconds longer.
fn each_by_itself(context: &Arc<Context>, at: Micros) {
    println!("telling: each call by itself, a thousand every 20 ms, with who writes at work");
    let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.unwrap_or_else(|error| panic!("{error}"));
    let teller = Teller::new(Level::Info, EVENTS * 2);
    let config = DatabaseConfig { slow_statement_ms: 600_000, slow_acquire_ms: 600_000 };
    let opened = TelemetryStore::own(dir.path(), Teller::new(Level::Fatal, 16), &config);
    let store = runtime.block_on(opened).unwrap_or_else(|error| panic!("{error}"));
    let writer = Writer::new(teller.clone(), store, Arc::new(Output::none()));
    let written = runtime.spawn(writer.run());
    let mut events: Vec<Box<Decision>> = (0..EVENTS * 3).map(|_| Box::new(decision())).collect();
    percentiles("tell_later", || {
        if let Some(event) = events.pop() {
            teller.tell_later(event, context, at);
        }
    });
    teller.close();
    runtime.block_on(written).unwrap_or_else(|error| panic!("{error}"));

    let file =
        std::fs::File::create(dir.path().join("peer.ndjson")).unwrap_or_else(|error| panic!("{error}"));
    let (writer, _guard) = tracing_appender::non_blocking(file);
    let layer = tracing_subscriber::fmt::layer().json().with_writer(writer);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        percentiles("baseline: JSON layer, non-blocking writer", || tell_one_by_tracing(7));
    });
}

fn percentiles(name: &str, mut call: impl FnMut()) {
    let mut took: Vec<u128> = Vec::with_capacity(EVENTS * 3);
    for _ in 0..EVENTS * 3 / 1_000 {
        for _ in 0..1_000 {
            let began = std::time::Instant::now();
            call();
            took.push(began.elapsed().as_nanos());
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    took.sort_unstable();
    let at = |per_mille: usize| took[took.len() * per_mille / 1_000];
    println!(
        "  {name:<52} p50 {:>6} ns, p90 {:>6} ns, p99 {:>6} ns, p99.9 {:>6} ns",
        at(500),
        at(900),
        at(990),
        at(999)
    );
}

fn tell_by_tracing() -> std::time::Duration {
    let began = std::time::Instant::now();
    for attempt in 0..EVENTS {
        tell_one_by_tracing(attempt);
    }
    began.elapsed()
}

fn tell_one_by_tracing(attempt: usize) {
    tracing::info!(
        client_order_id = "s01j2k4pentry0l00a001x",
        symbol = "C-BTC-48000-070122",
        side = "sell",
        qty = 200,
        price = "617.0",
        session_id = "s-01jf3k9x2m",
        strategy_id = "short_strangle",
        correlation_id = "4bf92f3577b34da6a3ce929d0e0e4736",
        attempt,
        "Selling 200 C-BTC-48000-070122 at 617.0."
    );
}

/// Nine rounds after a first one that does not count.
fn measured(mut round: impl FnMut() -> std::time::Duration) -> support::Figure {
    round();
    let mut figures: Vec<f64> = (0..9).map(|_| round().as_nanos() as f64 / EVENTS as f64).collect();
    figures.sort_by(f64::total_cmp);
    support::Figure { low: figures[0], median: figures[4], high: figures[8] }
}
