//! Case A04 at the gateway: our clock and the venue's differ by minutes. One refusal is what it costs.

#[path = "venue_support/fake.rs"]
mod fake;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use fake::{Asked, Fake, Said};
use model::ids::{ClientOrderId, ProductId, Symbol};
use model::order::{OrderRequest, Purpose, Side, TimeInForce};
use server::venue::{Call, Rest, Sent, wire};

const ORDER: &str = r#"{"id":7,"client_order_id":"s1","product_id":27,"size":2,"unfilled_size":2,"state":"open","reduce_only":true}"#;

/// A venue whose clock is ahead of ours by so many seconds; negative when behind.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn set(&self, ahead_s: i64) {
        self.0.store(ahead_s, Ordering::SeqCst);
    }

    fn seconds(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(since.as_secs()).unwrap() + self.0.load(Ordering::SeqCst)
    }

    /// Refuses signatures out of time by more than five seconds, with this body.
    fn answer(&self, asked: &Asked, refusal: &str) -> Said {
        let now = self.seconds();
        let said = match asked.timestamp {
            Some(at) if (at - now).abs() <= 5 => Said::result(ORDER),
            Some(_) | None => Said::new(401, refusal.replace("SERVER_TIME", &now.to_string())),
        };
        said.header("date", fake::http_date(now))
    }
}

async fn venue(clock: &Clock, refusal: &'static str) -> (Fake, Rest) {
    let clock = clock.clone();
    let venue = Fake::start(move |asked| clock.answer(asked, refusal)).await;
    let rest = venue.rest();
    (venue, rest)
}

const EXPIRED: &str = r#"{"success":false,"error":{"code":"expired_signature"}}"#;

async fn close(rest: &Rest) -> Sent<wire::Order> {
    let order = OrderRequest {
        client_order_id: ClientOrderId::from("s1"),
        product_id: ProductId(27),
        symbol: Symbol::from("C-BTC-1"),
        side: Side::Buy,
        lots: 2,
        limit: None,
        time_in_force: TimeInForce::Ioc,
        reduce_only: true,
        purpose: Purpose::Close,
        leg: 0,
        attempt: 1,
    };
    rest.send(&Call::place(&order)).await
}

#[tokio::test]
async fn orders_get_through_after_one_refusal_and_later_ones_at_once() {
    for ahead_s in [120, -120] {
        let clock = Clock::default();
        clock.set(ahead_s);
        let (venue, rest) = venue(&clock, EXPIRED).await;
        let first = close(&rest).await;
        assert!(matches!(first, Sent::Acked(_)), "{ahead_s}: {first:?}");
        let asked = venue.asked();
        assert_eq!(asked.len(), 2, "{ahead_s}: refused once, sent again once");
        assert_eq!(asked[0].body, asked[1].body, "the same order under the same id");
        assert!(asked[0].body.contains(r#""client_order_id":"s1""#), "{}", asked[0].body);
        for later in 3..6 {
            assert!(matches!(close(&rest).await, Sent::Acked(_)), "{ahead_s}");
            assert_eq!(venue.asked().len(), later, "{ahead_s}: at once");
        }
        assert!(rest.read::<wire::Order>(&Call::lookup(&ClientOrderId::from("s1"))).await.is_ok());
        assert_eq!(venue.asked().len(), 6, "{ahead_s}: reads too");
    }
}

#[tokio::test]
async fn a_venue_clock_that_jumps_is_followed() {
    let clock = Clock::default();
    let (venue, rest) = venue(&clock, EXPIRED).await;
    for (ahead_s, requests) in [(0, 1), (300, 3), (300, 4), (-45, 6), (-45, 7), (-3_600, 9), (0, 11), (0, 12)]
    {
        clock.set(ahead_s);
        let sent = close(&rest).await;
        assert!(matches!(sent, Sent::Acked(_)), "{ahead_s} s ahead: {sent:?}");
        assert_eq!(venue.asked().len(), requests, "{ahead_s} s ahead");
    }
}

#[tokio::test]
async fn every_spelling_of_an_expired_signature_is_understood() {
    for refusal in [
        EXPIRED,
        r#"{"error":"SignatureExpired","message":"your signature has expired"}"#,
        r#"{"success":false,"error":{"code":"Signature Expired"}}"#,
        r#"{"success":false,"error":{"code":"SIGNATURE_EXPIRED","context":{}}}"#,
        r#"{"error":"expired-signature"}"#,
    ] {
        let clock = Clock::default();
        clock.set(90);
        let (venue, rest) = venue(&clock, refusal).await;
        let sent = close(&rest).await;
        assert!(matches!(sent, Sent::Acked(_)), "{refusal}: {sent:?}");
        assert_eq!(venue.asked().len(), 2, "{refusal}");
    }
}

#[tokio::test]
async fn a_write_is_signed_again_once_and_no_more() {
    let venue = Fake::start(|_| Said::new(401, EXPIRED)).await;
    let sent = close(&venue.rest()).await;
    assert!(matches!(&sent, Sent::Rejected(refusal) if refusal.code == "expired_signature"), "{sent:?}");
    assert_eq!(venue.asked().len(), 2);

    let read = venue.rest().read::<wire::Order>(&Call::lookup(&ClientOrderId::from("s1")).once()).await;
    assert!(read.is_err());
    assert_eq!(venue.asked().len(), 4, "a read is signed again as well");

    let venue = Fake::start(|_| Said::new(401, r#"{"error":"SignatureMismatch"}"#)).await;
    assert!(matches!(close(&venue.rest()).await, Sent::Rejected(_)));
    assert_eq!(venue.asked().len(), 1, "a wrong signature is no question of time");
}

#[tokio::test]
async fn without_a_date_the_refusal_itself_tells_the_time() {
    let refusal = r#"{"success":false,"error":{"code":"expired_signature","context":{"request_time":1,"server_time":SERVER_TIME}}}"#;
    let clock = Clock::default();
    clock.set(600);
    let shared = clock.clone();
    let venue = Fake::start(move |asked| {
        let mut said = shared.answer(asked, refusal);
        said.headers = vec![("date", "soon".to_owned())];
        said
    })
    .await;
    let rest = venue.rest();
    assert!(matches!(close(&rest).await, Sent::Acked(_)));
    assert!(matches!(close(&rest).await, Sent::Acked(_)));
    assert_eq!(venue.asked().len(), 3);
}

/// Neither a date nor a word of the time: then the venue is asked what time it is, and the order is signed by that.
#[tokio::test]
async fn a_refusal_that_says_no_time_has_the_time_asked_for() {
    for ahead_s in [90, -90] {
        let clock = Clock::default();
        clock.set(ahead_s);
        let shared = clock.clone();
        let venue = Fake::start(move |asked| {
            if asked.path == "/v2/settings" {
                let server_time = shared.seconds() * 1_000_000;
                return Said::result(serde_json::json!({ "server_time": server_time }))
                    .header("date", "soon");
            }
            let mut said = shared.answer(asked, EXPIRED);
            said.headers = vec![("date", "soon".to_owned())];
            said
        })
        .await;
        let rest = venue.rest();
        let first = close(&rest).await;
        assert!(matches!(first, Sent::Acked(_)), "{ahead_s}: {first:?}");
        let paths: Vec<String> = venue.asked().into_iter().map(|asked| asked.path).collect();
        assert_eq!(paths, ["/v2/orders", "/v2/settings", "/v2/orders"], "{ahead_s}");
        assert!(matches!(close(&rest).await, Sent::Acked(_)));
        assert_eq!(venue.asked().len(), 4, "{ahead_s}: at once from then on");
    }
}

/// Five seconds: what a signature lives. Known beforehand, as the server asks when it starts, it refuses nothing.
#[tokio::test]
async fn five_seconds_of_skew_refuse_no_close() {
    for ahead_s in [6, 5, -5, -6] {
        let clock = Clock::default();
        clock.set(ahead_s);
        let (venue, rest) = venue(&clock, EXPIRED).await;
        rest.ask_time().await;
        for close_number in 2..6 {
            assert!(matches!(close(&rest).await, Sent::Acked(_)), "{ahead_s}");
            assert_eq!(venue.asked().len(), close_number, "{ahead_s}: none was refused");
        }
    }
}

/// Prices come from one host and orders from another; our key is shown to the second only.
#[tokio::test]
async fn each_stream_has_a_host_of_its_own() {
    let public = Fake::start(|_| Said::new(404, "")).await;
    let private = Fake::start(|_| Said::new(404, "")).await;
    let rest = private.rest();
    let mut parts = private.parts(&rest);
    let address =
        server::venue::Address { public_ws_url: public.address().public_ws_url, ..private.address() };
    parts.address = Arc::new(address);
    let (watch, watched) = tokio::sync::watch::channel(vec![Symbol::from("C-BTC-1-010130")]);
    let (prices, _heard) = server::venue::price_stream(parts.clone(), watched);
    tokio::spawn(prices.run(fake::never()));
    tokio::spawn(server::venue::order_stream(parts).run(fake::never()));
    let says = |venue: &Fake, word: &str| venue.heard().iter().any(|frame| frame.contains(word));
    public.until("prices are subscribed", |venue| says(venue, "ob_l1")).await;
    private.until("the key is shown", |venue| says(venue, "key-auth")).await;
    assert!(!says(&public, "key-auth") && !says(&private, "ob_l1"));
    drop(watch);
}

#[tokio::test]
async fn the_private_stream_signs_in_with_the_venues_time() {
    for ahead_s in [120, -120] {
        let clock = Clock::default();
        clock.set(ahead_s);
        let shared = clock.clone();
        let venue = Fake::start(move |asked| shared.answer(asked, EXPIRED)).await;
        let rest = venue.rest();
        tokio::spawn(server::venue::order_stream(venue.parts(&rest)).run(fake::never()));
        let signed_at = |venue: &Fake| {
            let heard = venue.heard().into_iter().find(|frame| frame.contains("key-auth"))?;
            let frame: serde_json::Value = serde_json::from_str(&heard).ok()?;
            frame["payload"]["timestamp"].as_str()?.parse::<i64>().ok()
        };
        venue.until("a signature", |venue| signed_at(venue).is_some()).await;
        let off_by_s = signed_at(&venue).unwrap() - clock.seconds();
        assert!(off_by_s.abs() <= 5, "{ahead_s}: the venue takes no signature that is off by {off_by_s} s");
        assert!(
            rest.offset().is_some_and(|offset| (offset.ms - ahead_s * 1_000).abs() <= offset.uncertainty_ms)
        );
    }
}

/// An hour ahead of the venue, our time of a session's start is later than the venue's time of its fills.
#[tokio::test]
async fn fills_are_asked_for_by_the_venues_time() {
    let clock = Clock::default();
    clock.set(-3_600);
    let (venue, rest) = venue(&clock, EXPIRED).await;
    assert!(matches!(close(&rest).await, Sent::Acked(_)));
    let started_at = (clock.seconds() + 3_600) * 1_000_000;
    // What is answered is no list; what was asked counts.
    let read = rest.read_all::<wire::Fill>(&Call::fills(telemetry::Micros(started_at), &[]).once()).await;
    assert!(read.is_err());
    let asked = venue.asked().pop().unwrap();
    let (_, since) = asked.path.split_once("start_time=").unwrap_or_else(|| panic!("{}", asked.path));
    let since: i64 = since.split('&').next().unwrap().parse().unwrap();
    assert!(since <= (clock.seconds() + 1) * 1_000_000, "{since} is of the venue's future");
}
