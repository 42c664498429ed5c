//! The conversation in virtual time, turn by turn.

mod status;

use model::input::LinkChange;

use super::*;
use crate::venue::events::PartHappening;

const A: &str = "C-BTC-48000-070122";
const B: &str = "P-BTC-44000-070122";

/// A conversation with a venue that is written down here.
struct Desk {
    talk: Talk,
    now: Micros,
    done: Vec<Effect>,
}

impl Desk {
    fn new(link: Link, symbols: &[&str]) -> Self {
        let mut desk =
            Self { talk: Talk::new(link, 7), now: Micros(1_788_431_300_000_000), done: Vec::new() };
        let symbols = symbols.iter().map(|symbol| Symbol::from(*symbol)).collect();
        desk.turn(Turn::Watch(symbols));
        desk
    }

    /// One that is connected.
    fn open(link: Link, symbols: &[&str]) -> Self {
        let mut desk = Self::new(link, symbols);
        assert!(desk.done.contains(&Effect::Connect { attempt: 1 }));
        desk.turn(Turn::Opened);
        desk
    }

    /// One whose private stream is up.
    fn signed_in() -> Self {
        let mut desk = Self::open(Link::Orders, &[]);
        assert!(desk.done.contains(&Effect::SignIn));
        desk.frame(r#"{"type":"key-auth","success":true,"status_code":200,"status":"authenticated"}"#);
        desk.granted(&["orders", "positions", "v2/user_trades"]);
        assert!(desk.talk.is_up());
        desk.done.clear();
        desk
    }

    fn turn(&mut self, turn: Turn<'_>) {
        self.done.extend(self.talk.on(self.now, turn));
    }

    fn frame(&mut self, text: &str) {
        self.turn(Turn::Frame(text));
    }

    fn granted(&mut self, channels: &[&str]) {
        let rows: Vec<String> =
            channels.iter().map(|name| format!(r#"{{"name":"{name}","symbols":["all"]}}"#)).collect();
        self.frame(&format!(r#"{{"type":"subscriptions","channels":[{}]}}"#, rows.join(",")));
    }

    /// So many milliseconds later, everything that is due on the way done.
    fn pass(&mut self, ms: i64) {
        let end = self.now.0 + ms * 1_000;
        while let Some(at) = self.talk.next_at().filter(|at| at.0 <= end) {
            self.now = Micros(at.0.max(self.now.0));
            self.turn(Turn::Passed);
            if !matches!(self.talk.phase, Phase::Open(_)) {
                break;
            }
        }
        self.now = Micros(end.max(self.now.0));
    }

    fn top(&mut self, symbol: &str) {
        let ts = self.now.0;
        self.frame(&format!(
            r#"{{"type":"ob_l1","sy":"{symbol}","ap":"5","as":"1","bp":"4","bs":"1","ts":{ts}}}"#
        ));
    }

    fn book(&mut self, action: &str, seq: u64, asks: &str) {
        let ts = self.now.0;
        self.frame(&format!(
            r#"{{"type":"ob_updates","action":"{action}","sy":"{A}","a":{asks},"b":[],"seq":{seq},"ts":{ts}}}"#
        ));
    }

    fn sent(&self) -> Vec<String> {
        let text = |effect: &Effect| match effect {
            Effect::Send(message) => Some(message.to_string()),
            _other => None,
        };
        self.done.iter().filter_map(text).collect()
    }

    fn subscribes(&self) -> Vec<String> {
        self.sent().into_iter().filter(|text| text.contains(r#""subscribe""#)).collect()
    }

    fn told(&self) -> Vec<&StreamHappening> {
        self.done.iter().filter_map(told).collect()
    }

    fn parts(&self) -> Vec<&PartHappening> {
        self.done.iter().filter_map(told).filter_map(part).collect()
    }

    fn links(&self) -> Vec<(bool, &str)> {
        let link = |effect| match effect {
            &Effect::Input(Input::Link(LinkChange { up, ref code, .. })) => Some((up, code.as_str())),
            _other => None,
        };
        self.done.iter().filter_map(link).collect()
    }

    fn ended(&self) -> Option<&str> {
        self.told().into_iter().find_map(|what| match what {
            StreamHappening::Disconnected { reason, .. } => Some(reason.as_str()),
            _other => None,
        })
    }
}

fn told(effect: &Effect) -> Option<&StreamHappening> {
    if let Effect::Tell(what) = effect { Some(what) } else { None }
}

fn part(what: &StreamHappening) -> Option<&PartHappening> {
    if let StreamHappening::Part(part) = what { Some(part) } else { None }
}

#[test]
fn the_private_stream_is_up_when_each_of_its_channels_is() {
    let mut desk = Desk::open(Link::Orders, &[]);
    desk.frame(r#"{"type":"key-auth","success":true,"status_code":200,"status":"authenticated"}"#);
    desk.granted(&["orders"]);
    desk.granted(&["orders", "v2/user_trades"]);
    assert_eq!(desk.links(), [], "one channel, or two, are not the account");
    let asked = desk.subscribes().len();
    desk.pass(5_000);
    let again = desk.subscribes().split_off(asked);
    assert!(again.len() == 1 && again[0].contains("positions"), "asked for alone, once more: {again:?}");
    desk.frame(r#"{"type":"pong"}"#);
    desk.pass(5_000);
    assert!(desk.done.contains(&Effect::Refused(vec![("positions".to_owned(), "all".to_owned())])));
    assert!(!desk.talk.is_up());
    desk.granted(&["orders", "v2/user_trades", "positions"]);
    assert_eq!(desk.links(), [(true, "data_arrives")]);
}

#[test]
fn an_answered_ping_is_no_feed_and_an_unanswered_one_no_connection() {
    let mut ponging = Desk::signed_in();
    for _second in 0..34 {
        ponging.pass(1_000);
        ponging.frame(r#"{"type":"pong"}"#);
    }
    assert_eq!(ponging.ended(), None);
    ponging.pass(1_000);
    assert_eq!(ponging.ended(), Some("silent for 35000 ms"), "its heartbeat did not come");

    let mut beating = Desk::signed_in();
    for _minute in 0..4 {
        for _second in 0..30 {
            beating.pass(1_000);
            beating.frame(r#"{"type":"pong"}"#);
        }
        beating.frame(r#"{"type":"heartbeat"}"#);
    }
    assert_eq!(beating.ended(), None, "quiet, and alive");
    beating.pass(8_000);
    assert_eq!(
        beating.ended(),
        Some("silent for 5000 ms"),
        "half open: a ping is answered within five seconds"
    );

    let mut prices = Desk::open(Link::Prices, &[A]);
    for _second in 0..4 {
        prices.pass(1_000);
        prices.frame(r#"{"type":"heartbeat"}"#);
        prices.frame(r#"{"type":"pong"}"#);
        prices.frame(r#"{"type":"subscriptions","channels":[]}"#);
    }
    assert_eq!(prices.ended(), None);
    prices.pass(1_000);
    assert_eq!(prices.ended(), Some("silent for 5000 ms"), "no price came");
}

#[test]
fn a_sign_in_that_is_not_answered_is_given_up() {
    let mut desk = Desk::open(Link::Orders, &[]);
    for _second in 0..10 {
        desk.frame(r#"{"type":"pong"}"#);
        desk.frame(r#"{"type":"heartbeat"}"#);
        desk.pass(1_000);
    }
    assert_eq!(desk.ended(), Some("the sign-in was not answered within 10000 ms"));
}

/// A venue that accepts, says a price and closes, for ten minutes.
#[test]
fn accept_and_close_backs_off() {
    let mut desk = Desk::new(Link::Prices, &[A]);
    let (begin, mut opened) = (desk.now.0, Vec::new());
    while desk.now.0 < begin + 600_000_000 {
        desk.turn(Turn::Passed);
        if matches!(desk.talk.phase, Phase::Connecting { .. }) {
            opened.push(desk.now.0);
            desk.turn(Turn::Opened);
            desk.top(A);
            desk.turn(Turn::Closed("closed by the venue".to_owned()));
        }
        desk.now = desk.talk.next_at().unwrap();
    }
    let most = opened
        .iter()
        .map(|from| opened.iter().filter(|at| (0..300_000_000).contains(&(**at - from))).count());
    assert!(most.clone().max() <= Some(75), "{:?} of 150 connections in five minutes", most.max());
}

#[test]
fn a_limit_of_connections_is_waited_out() {
    let mut desk = Desk::new(Link::Prices, &[A]);
    let wait = Some(Duration::from_secs(240));
    desk.turn(Turn::NotOpened { reason: "429".to_owned(), wait });
    assert_eq!(desk.talk.next_at(), Some(Micros(desk.now.0 + 240_000_000)));
    assert!(desk.told().contains(&&StreamHappening::ConnectionLimited { wait_ms: 240_000 }));
}

#[test]
fn after_a_loss_everything_is_subscribed_again_and_gaps_are_told_to_the_millisecond() {
    let mut desk = Desk::open(Link::Prices, &[A, B]);
    desk.top(A);
    desk.top(B);
    desk.pass(1_234);
    desk.top(A);
    desk.turn(Turn::Closed("reset".to_owned()));
    desk.now = desk.talk.next_at().unwrap();
    desk.turn(Turn::Passed);
    desk.done.clear();
    desk.turn(Turn::Opened);
    let subscribes = desk.subscribes();
    assert!(
        subscribes.len() == 1 && [A, B].iter().all(|symbol| subscribes[0].contains(symbol)),
        "{subscribes:?}"
    );
    desk.now = Micros(desk.now.0 + 77_000);
    let lost_for = |desk: &Desk, at: i64| (desk.now.0 - at) / 1_000;
    let last_of_a = Micros(1_788_431_300_000_000 + 1_234_000).0;
    let gap = lost_for(&desk, last_of_a);
    desk.top(A);
    assert!(desk.told().contains(&&StreamHappening::Gap { gap_ms: gap }), "{:?}", desk.told());
    desk.now = Micros(desk.now.0 + 5_000);
    desk.top(B);
    let told: Vec<(&str, i64)> = desk
        .parts()
        .into_iter()
        .filter_map(|part| match part {
            PartHappening::SymbolGap { symbol, gap_ms, .. } => Some((symbol.as_str(), *gap_ms)),
            _other => None,
        })
        .collect();
    assert_eq!(told, [(A, gap), (B, lost_for(&desk, 1_788_431_300_000_000))]);
}

#[test]
fn a_book_that_fails_is_asked_for_alone_and_the_whole_view_stands_in() {
    let mut desk = Desk::open(Link::Prices, &[A]);
    desk.book("snapshot", 7, r#"[["5","1"],["6","2"]]"#);
    desk.book("update", 8, r#"[["5","0"]]"#);
    let symbol = Symbol::from(A);
    assert_eq!(desk.talk.book(&symbol).map(Book::seq), Some(8));
    desk.done.clear();
    desk.book("update", 10, r#"[["7","1"]]"#);
    assert_eq!(desk.talk.book(&symbol), None);
    let asked = desk.sent();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(
        asked[0].contains("unsubscribe") && asked.iter().all(|text| text.contains("ob_updates")),
        "{asked:?}"
    );
    assert!(matches!(
        desk.parts()[0],
        PartHappening::BookLost { reason: "gap", expected: Some(9), came: Some(10), .. }
    ));
    let ts = desk.now.0;
    desk.frame(&format!(r#"{{"type":"ob_l2","sy":"{A}","a":[["7","1"]],"b":[],"lts":{ts},"ts":{ts}}}"#));
    let depths = |desk: &Desk| {
        let is_depth =
            |event: &model::market::MarketEvent| matches!(event, model::market::MarketEvent::Depth(_));
        let of = |effect: &Effect| match effect {
            Effect::Input(Input::Market { events }) => events.iter().filter(|event| is_depth(event)).count(),
            _other => 0,
        };
        desk.done.iter().map(of).sum::<usize>()
    };
    assert_eq!(depths(&desk), 1);
    desk.pass(90);
    desk.book("snapshot", 10, r#"[["7","1"]]"#);
    assert!(desk.parts().contains(&&PartHappening::BookRestored { symbol: A.to_owned(), lost_ms: 90 }));
    assert_eq!((depths(&desk), desk.talk.book(&symbol).map(Book::seq)), (2, Some(10)));
}

#[test]
fn frames_that_did_not_come_make_the_account_be_read_anew() {
    let mut desk = Desk::signed_in();
    let fill = |se: u64| {
        format!(
            r#"{{"type":"v2/user_trades","sy":"{A}","f":"{se}","R":"normal","o":1,"S":"buy","s":1,"p":"5","c":"s1","t":1788431300000000,"se":{se}}}"#
        )
    };
    desk.frame(&fill(3));
    desk.frame(&fill(4));
    assert_eq!((desk.links(), desk.parts().len()), (vec![], 0));
    desk.frame(&fill(6));
    desk.frame(&fill(9));
    assert_eq!(desk.links(), [(false, "frames_missed"), (true, "frames_missed")], "once for both");
    assert_eq!(desk.parts().len(), 2);
    assert!(desk.talk.is_up());
}

#[test]
fn too_many_symbols_at_once_are_subscribed_one_by_one() {
    let mut desk = Desk::open(Link::Prices, &[A, B]);
    desk.done.clear();
    let words = "subscription forbidden on this channel with more than 1 symbol";
    desk.frame(&format!(r#"{{"type":"subscriptions","channels":[{{"name":"ob_l2","error":"{words}"}}]}}"#));
    let asked = desk.subscribes();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[0].contains(A) && !asked[0].contains(B) && asked[1].contains(B), "{asked:?}");
}

#[test]
fn what_is_not_watched_any_more_is_unsubscribed() {
    let mut desk = Desk::open(Link::Prices, &[A]);
    desk.done.clear();
    desk.turn(Turn::Watch(vec![Symbol::from(B)]));
    let sent = desk.sent();
    assert!(sent[0].contains("unsubscribe") && sent[0].contains(A) && !sent[0].contains(B), "{sent:?}");
    assert!(sent[1].contains(B) && !sent[1].contains(A) && !sent[1].contains(".DEXBTUSD"), "{sent:?}");
    assert!(desk.told().contains(&&StreamHappening::Unsubscribed { symbols: vec![A.to_owned()] }));
}

#[test]
fn a_refused_key_ends_the_connection_and_a_late_signature_doubts_the_clock() {
    let mut desk = Desk::open(Link::Orders, &[]);
    desk.frame(r#"{"type":"key-auth","success":false,"status_code":408,"status":"request_expired"}"#);
    assert!(desk.done.contains(&Effect::DoubtClock) && desk.done.contains(&Effect::Close));
    assert!(desk.ended().is_some_and(|reason| reason.contains("refused our key")));
}
