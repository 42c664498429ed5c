//! Bodies of browsers, broken in every way that bytes can be broken: the short form of the fuzzer, which needs a nightly
//! compiler. Both ask the same laws.

mod laws;

use proptest::prelude::*;
use telemetry::deflate;

const WHOLE: [&str; 3] = [
    r#"{"v":1,"bid":"0199a2b4-7c3d-7e5f-8a9b-0c1d2e3f4a5b","bseq":17,"sid":"s-0123","tid":"t1","app":{"n":"web","r":"1.4.2+ab12cd34","b":"ab12cd34ef","e":"prod"},"ctx":{"route":"/orders/:id?x=1","vis":"visible","net":"4g","lang":"en","vp":[1440,900]},"t0":1764000000000,"n0":501,"drops":[{"l":9,"why":"rate","c":120,"f":-9000,"t":-10}],"self":{"retry":1,"spooled":0,"off_ms":-120,"rtt_ms":41},"recs":[{"d":12,"n":501,"l":17,"ev":"ui.order_refused","ss":"ses","g":"app::orders","cs":"src/orders.rs:118","m":"order rejected for a@example.org","k":"9f3c2a10","tr":"4bf92f3577b34da6a3ce929d0e0e4736","sp":"00f067aa0ba902b7","f":{"code":42,"deep":{"a":{"b":{"c":1}}},"list":[1,"x",null,true],"api_key":"k"},"rep":{"c":37,"f":12,"l":9012},"sr":0.5,"ex":{"kind":"panic","msg":"boom","loc":"a.rs:1","st":[{"fn":"run","mod":"app","ix":812,"off":651746},"at x (https://h/p.js?q:1:2)"]}}]}"#,
    r#"{"v":1,"bid":"0199a2b4-7c3d-4e5f-8a9b-0c1d2e3f4a5b","t0":1764000000000,"recs":[{"l":9,"m":"one"},{"l":13,"m":"\ud83d\ude00 \u001b[31m \u202e"},{"l":21,"d":-5,"n":2}]}"#,
    r#"{"v":1,"bid":"0199a2b4-7c3d-7e5f-8a9b-0c1d2e3f4a5b","t0":1764000000000,"recs":[]}"#,
];

const WORDS: [&str; 22] = [
    "null",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    ",",
    ":",
    "1e400",
    "-",
    "9223372036854775808",
    "\\ud800",
    "\u{feff}",
    "\u{1b}[2J",
    "\u{202e}",
    "\"recs\":[]",
    "\"l\":13",
    "\"f\":{\".\":1,\"a\":1,\"a.b\":2}",
    "\"v\":2,",
    "\\u0000",
    "\r\n",
];

#[derive(Clone, Debug)]
enum Mutation {
    Set(usize, u8),
    Cut(usize, usize),
    Insert(usize, usize),
    Repeat(usize, usize, u8),
    End(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let (at, short) = (any::<usize>(), 1..40_usize);
    prop_oneof![
        (at, any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (at, short.clone()).prop_map(|(at, length)| Mutation::Cut(at, length)),
        (at, 0..WORDS.len()).prop_map(|(at, word)| Mutation::Insert(at, word)),
        (at, short, 1..60_u8).prop_map(|(at, length, times)| Mutation::Repeat(at, length, times)),
        at.prop_map(Mutation::End),
    ]
}

fn mutate(body: &mut Vec<u8>, mutation: &Mutation) {
    if body.is_empty() {
        return;
    }
    let length = body.len();
    let within = |at: usize, long: usize| at % length..(at % length + long).min(length);
    match *mutation {
        Mutation::Set(at, byte) => body[at % length] = byte,
        Mutation::Cut(at, long) => drop(body.drain(within(at, long))),
        Mutation::Insert(at, word) => drop(body.splice(at % length..at % length, WORDS[word].bytes())),
        Mutation::Repeat(at, long, times) => {
            let piece = body[within(at, long)].repeat(usize::from(times));
            body.splice(at % length..at % length, piece);
        }
        Mutation::End(at) => body.truncate(at % length),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Catches: a slice beside a character, a number that does not fit, a key that is cut into an odd one.
    #[test]
    fn a_broken_body_breaks_nothing(whole in 0..WHOLE.len(), mutations in prop::collection::vec(mutation(), 0..9), packed in 0..4_u8) {
        let mut body = WHOLE[whole].as_bytes().to_vec();
        if packed == 1 {
            body = deflate(&body);
        }
        mutations.iter().for_each(|mutation| mutate(&mut body, mutation));
        if packed == 2 {
            body = deflate(&body);
        }
        laws::hold(&body);
    }
}
