//! What telling one event with nine fields costs its caller, beside the JSON layer of `tracing-subscriber` (which
//! formats and writes on the caller's thread) in the same run.

mod support;

use std::io;
use std::sync::Arc;

use model::decision::OrderDecision;
use model::order::{OrderRequest, Purpose, Side, TimeInForce};
use model::{ClientOrderId, Decimal, Decision, ProductId, Symbol};
use server::telling::Teller;
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
}

fn tell_by_tracing() -> std::time::Duration {
    let began = std::time::Instant::now();
    for attempt in 0..EVENTS {
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
    began.elapsed()
}

/// Nine rounds after a first one that does not count.
fn measured(mut round: impl FnMut() -> std::time::Duration) -> support::Figure {
    round();
    let mut figures: Vec<f64> = (0..9).map(|_| round().as_nanos() as f64 / EVENTS as f64).collect();
    figures.sort_by(f64::total_cmp);
    support::Figure { low: figures[0], median: figures[4], high: figures[8] }
}
