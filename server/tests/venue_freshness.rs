//! Case A09: one leg's stream dies while the connection lives, or is refused from the beginning. The leg is polled, the
//! others are not, and what is polled is as old as the venue says.

#[path = "venue_support/fake.rs"]
mod fake;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fake::{Fake, Said};
use model::causes::HealthCause;
use model::input::{HealthReport, Input};
use model::market::{MarketEvent, MarketSource, Quote};
use model::words::Health;
use model::{Micros, Symbol};
use server::trading::{Inbox, Item};
use server::venue::{Fallback, price_stream};
use tokio::sync::watch;

const LIVE: &str = "C-BTC-48000-070122";
const DEAD: &str = "P-BTC-44000-070122";
const PATIENCE: Duration = Duration::from_secs(60);

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

fn frames(symbol: &str) -> [String; 2] {
    let ts = now_us();
    [
        format!(r#"{{"type":"ob_l1","sy":"{symbol}","ap":"5","as":"1","bp":"4","bs":"1","ts":{ts}}}"#),
        format!(r#"{{"type":"mark_price","sy":"MARK:{symbol}","p":"4.5","ts":{ts}}}"#),
    ]
}

fn spot() -> String {
    format!(r#"{{"type":"spot_price","sy":".DEXBTUSD","p":"45000","ts":{}}}"#, now_us())
}

/// Tickers that were made twenty seconds ago.
fn ticker(path: &str) -> Said {
    let symbol = path.rsplit('/').next().unwrap_or_default();
    let timestamp = now_us() - 20_000_000;
    Said::result(format!(
        r#"{{"symbol":"{symbol}","mark_price":"7","timestamp":{timestamp},"quotes":{{"best_bid":"6","bid_size":"3","best_ask":"8","ask_size":"3"}}}}"#
    ))
}

/// Says the frames of these symbols three times a second for as long as the test runs.
fn keep_saying(venue: &Arc<Fake>, symbols: &'static [&'static str]) {
    let venue = Arc::clone(venue);
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_millis(300));
        loop {
            every.tick().await;
            venue.say(spot());
            for frame in symbols.iter().flat_map(|symbol| frames(symbol)) {
                venue.say(frame);
            }
        }
    });
}

/// Price stream and fallback at work; the inbox that they fill.
fn run(venue: &Fake, watched: watch::Receiver<Vec<Symbol>>) -> Inbox {
    let rest = venue.rest();
    let parts = venue.parts(&rest);
    let inbox = parts.inbox.clone();
    let (stream, heard) = price_stream(parts.clone(), watched.clone());
    tokio::spawn(stream.run(fake::never()));
    tokio::spawn(Fallback { parts, rest, watched, heard }.run(fake::never()));
    inbox
}

/// The first input of which `wanted` makes something.
async fn first<T>(inbox: &Inbox, what: &str, wanted: impl Fn(Input) -> Option<T>) -> T {
    let look = async {
        loop {
            for item in inbox.take().await {
                if let Item::Input(input) = item
                    && let Some(found) = wanted(input)
                {
                    return found;
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("never came: {what}"))
}

fn polls(venue: &Fake, symbol: &str) -> usize {
    venue.asked().iter().filter(|asked| asked.path == format!("/v2/tickers/{symbol}")).count()
}

fn quote(input: Input, symbol: &str, source: MarketSource) -> Option<Quote> {
    let Input::Market { events } = input else { return None };
    events.into_iter().find_map(|event| match event {
        MarketEvent::Quote(quote) => {
            Some(quote).filter(|quote| quote.symbol.as_str() == symbol && quote.source == source)
        }
        _other => None,
    })
}

#[tokio::test]
async fn a_symbol_that_falls_silent_is_polled_and_the_living_are_not() {
    let venue = Arc::new(Fake::start(|asked| ticker(&asked.path)).await);
    let (_watch, watched) = watch::channel(vec![Symbol::from(LIVE), Symbol::from(DEAD)]);
    let inbox = run(&venue, watched);
    keep_saying(&venue, &[LIVE]);

    venue.until("the silent symbol is polled three times", |venue| polls(venue, DEAD) >= 3).await;
    assert_eq!(polls(&venue, LIVE), 0, "the other leg has its frames");
    let polled =
        first(&inbox, "a polled quote", |input| quote(input, DEAD, MarketSource::RestFallback)).await;
    let age = Micros(now_us() - polled.at.0);
    assert!(age.0 > 15_000_000, "it was made twenty seconds ago, and not now: {age:?}");

    for frame in frames(DEAD) {
        venue.say(frame);
    }
    first(&inbox, "a frame of the silent symbol", |input| quote(input, DEAD, MarketSource::Stream)).await;
}

#[tokio::test]
async fn a_refused_channel_is_polled_at_once_and_is_a_mark_of_health_until_it_is_granted() {
    let refused = Arc::new(AtomicBool::new(true));
    let refuses = Arc::clone(&refused);
    let venue = Fake::with_sockets(
        |asked| ticker(&asked.path),
        move |frame| {
            if !frame.contains(r#""subscribe""#) {
                return Vec::new();
            }
            let words = r#""error":"subscription forbidden on this channel""#;
            let granted = format!(r#""symbols":["{LIVE}","{DEAD}"]"#);
            let row = if refuses.load(Ordering::SeqCst) { words } else { &granted };
            let others = [
                "spot_price",
                "ticker",
                "ob_l2",
                "ob_updates",
                "mark_price",
                "product_updates",
                "system_status",
            ];
            let others: Vec<String> = others.iter().map(|name| format!(r#",{{"name":"{name}"}}"#)).collect();
            let others = others.concat();
            vec![format!(r#"{{"channels":[{{"name":"ob_l1",{row}}}{others}],"type":"subscriptions"}}"#)]
        },
    )
    .await;
    let venue = Arc::new(venue);
    let (watch, watched) = watch::channel(vec![Symbol::from(LIVE)]);
    let inbox = run(&venue, watched);
    keep_saying(&venue, &[LIVE]);

    let health = |input: Input| match input {
        Input::Health(report) if report.health == Health::VenueRestricted => Some(report),
        _other => None,
    };
    let HealthReport { on, cause, .. } = first(&inbox, "a mark of health", health).await;
    assert!(matches!(&cause, HealthCause::ChannelRefused { channel, .. } if channel == "ob_l1"), "{cause:?}");
    assert!(on);
    venue.until("its symbol is polled", |venue| polls(venue, LIVE) >= 2).await;

    refused.store(false, Ordering::SeqCst);
    watch.send_replace(vec![Symbol::from(LIVE), Symbol::from(DEAD)]);
    let well = |input: Input| health(input).filter(|report| !report.on);
    first(&inbox, "the end of the restriction", well).await;
}

#[tokio::test]
async fn the_spot_price_of_whatever_is_watched_is_subscribed_and_polled() {
    let venue = Arc::new(Fake::start(|asked| ticker(&asked.path)).await);
    let (_watch, watched) = watch::channel(vec![Symbol::from("C-SOL-90-070122")]);
    let _inbox = run(&venue, watched);
    let subscribed = |venue: &Fake, index: &str| venue.heard().iter().any(|frame| frame.contains(index));
    for index in [".DEXBTUSD", ".DEETHUSD", ".DESOLUSD"] {
        venue.until(index, |venue| subscribed(venue, index)).await;
    }
    for symbol in ["BTCUSD", "ETHUSD", "C-SOL-90-070122"] {
        venue.until(symbol, |venue| polls(venue, symbol) >= 1).await;
    }
}
