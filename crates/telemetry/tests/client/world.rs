//! A small world around the client logger: a page with a virtual clock, and a server that admits and remembers
//! batches. Every step checks the books and that a batch never changes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use telemetry::{
    Level, LogRecord, LoggerSettings, Micros, Receipt,
    client::{Auth, Call, Effect, Input, Logger, LoggerConfig, Message, Outcome, Site},
    inflate,
    ingest::{AdmitContext, DeclaredDrop, Tier, admit},
};

pub const START_MS: i64 = 1_764_000_000_000;

pub struct Request {
    pub bid: String,
    pub body: Vec<u8>,
    pub encoded_bytes: usize,
    pub gzip: bool,
    pub keepalive: bool,
}

/// The server's side of the wire.
#[derive(Default)]
pub struct Server {
    pub receipts: BTreeMap<String, Receipt>,
    pub records: Vec<LogRecord>,
    pub drops: Vec<DeclaredDrop>,
    pub told: u64,
    pub declared: u64,
    /// What it tells browsers with every answer.
    pub settings: Option<LoggerSettings>,
    refused: BTreeMap<String, u16>,
    numbers: BTreeSet<u64>,
}

impl Server {
    fn answer(&mut self, request: &Request, now_ms: i64, signed_in: bool) -> Outcome {
        match self.refused.get(&request.bid) {
            Some(&status) => Outcome::Refused { status, retry_after_ms: None },
            None => {
                let receipt = self.receive(request, now_ms, signed_in);
                Outcome::Accepted(Receipt { cfg: self.settings.clone(), ..receipt })
            }
        }
    }

    fn receive(&mut self, request: &Request, now_ms: i64, signed_in: bool) -> Receipt {
        if let Some(receipt) = self.receipts.get(&request.bid) {
            return Receipt { dup: true, ..receipt.clone() };
        }
        let context = AdmitContext {
            received_at: Micros::from_millis(now_ms),
            sent_at_ms: Some(now_ms),
            user_id: signed_in.then_some("u1"),
            session_bound: true,
            tier: if signed_in { Tier::Session } else { Tier::Page },
            clock_offset_ms: None,
        };
        let admitted = admit(&request.body, &context)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&request.body)));
        assert_eq!(admitted.bid, request.bid);
        for record in &admitted.records {
            let number = record.record_no.expect("a number");
            assert!(self.numbers.insert(number), "number {number} twice");
        }
        self.told += admitted.calls;
        self.declared += admitted.declared_drops.iter().map(|drop| drop.count).sum::<u64>();
        self.drops.extend(&admitted.declared_drops);
        let receipt = admitted.receipt(false, Micros::from_millis(now_ms));
        self.receipts.insert(request.bid.clone(), receipt.clone());
        self.records.extend(admitted.records);
        receipt
    }
}

pub struct Page {
    pub logger: Logger,
    pub now_ms: i64,
    pub in_flight: VecDeque<Request>,
    pub wake_at_ms: Option<i64>,
    pub microtask: bool,
    pub effects: Vec<Effect>,
    pub server: Server,
    pub signed_in: bool,
    /// The page knows that it is signed out: nothing below a warning may be sent for the first time.
    pub told_out: bool,
    seen: BTreeMap<String, Vec<u8>>,
}

pub fn config() -> LoggerConfig {
    LoggerConfig {
        client_session_id: "s0123456789".to_owned(),
        tab_id: "t1".to_owned(),
        app_name: "web".to_owned(),
        release: "1.0.0+test".to_owned(),
        build_id: "beef".to_owned(),
        environment: "test".to_owned(),
        seed: 0x0123_4567_89ab_cdef_0011_2233_4455_6677,
        level: Level::Debug,
        auth: Auth::Session,
        gzip: true,
        spool: false,
        limited: true,
    }
}

/// A place of this world.
pub fn site(level: Level, line: u32) -> Site {
    Site::new(level, "ui.tested", "", "", &[]).at("world.rs", line)
}

impl Page {
    pub fn new(config: LoggerConfig) -> Self {
        let signed_in = config.auth == Auth::Session;
        Self {
            logger: Logger::new(config, START_MS),
            now_ms: START_MS,
            in_flight: VecDeque::new(),
            wake_at_ms: None,
            microtask: false,
            effects: Vec::new(),
            server: Server::default(),
            signed_in,
            told_out: false,
            seen: BTreeMap::new(),
        }
    }

    /// A call that stirs nothing leaves nothing to be done.
    pub fn log(&mut self, call: &Call<'_>) {
        if !self.logger.log(self.now_ms, call) {
            assert_eq!(self.logger.poll(self.now_ms), None, "something was to be done, and nobody was told");
        }
        self.drain();
    }

    /// Every message at a place of its own.
    pub fn say(&mut self, level: Level, message: &str) {
        let line = message.bytes().fold(0, |line: u32, b| line.wrapping_mul(31).wrapping_add(u32::from(b)));
        self.say_at(level, line, message);
    }

    pub fn say_at(&mut self, level: Level, line: u32, message: &str) {
        self.log(&Call { message: Message::Text(message), ..Call::of(&site(level, line), &[]) });
    }

    pub fn on(&mut self, input: Input) {
        self.logger.on(self.now_ms, input);
        self.drain();
    }

    /// Lets time pass, firing the timer that was asked for.
    pub fn advance(&mut self, ms: i64) {
        let until_ms = self.now_ms + ms;
        let mut fired = 0;
        while let Some(at_ms) = self.wake_at_ms.filter(|&at_ms| at_ms <= until_ms) {
            self.now_ms = self.now_ms.max(at_ms);
            self.wake_at_ms = None;
            self.on(Input::Wake);
            fired += 1;
            assert!(fired < 50 + ms / 1_000, "the timer fires for nothing");
        }
        self.now_ms = until_ms;
    }

    /// The clock of the day is set back; a timer runs by another one.
    pub fn set_back(&mut self, ms: i64) {
        self.now_ms -= ms;
        self.wake_at_ms = self.wake_at_ms.map(|at_ms| at_ms - ms);
    }

    pub fn run_microtask(&mut self) {
        if std::mem::take(&mut self.microtask) {
            self.on(Input::Microtask);
        }
    }

    /// The server gets the oldest request and its answer arrives.
    pub fn deliver(&mut self) -> bool {
        let Some(request) = self.in_flight.pop_front() else { return false };
        let outcome = self.server.answer(&request, self.now_ms, self.signed_in);
        self.settle(request.bid, outcome);
        true
    }

    /// The server gets the oldest request, the answer is lost.
    pub fn deliver_and_cut(&mut self) {
        if let Some(request) = self.in_flight.pop_front() {
            self.server.answer(&request, self.now_ms, self.signed_in);
            self.settle(request.bid, Outcome::Unreachable);
        }
    }

    /// Answers the oldest request with a status, without storing it; one that is stored already is acknowledged,
    /// and what a server says about the bytes (400, 413, 422) it says every time.
    pub fn refuse(&mut self, status: u16, retry_after_ms: Option<i64>) {
        let Some(request) = self.in_flight.front() else { return };
        if self.server.receipts.contains_key(&request.bid) || self.server.refused.contains_key(&request.bid) {
            self.deliver();
            return;
        }
        let bid = request.bid.clone();
        self.in_flight.pop_front();
        if matches!(status, 400 | 413 | 422) {
            self.server.refused.insert(bid.clone(), status);
        }
        self.settle(bid, Outcome::Refused { status, retry_after_ms });
    }

    pub fn settle(&mut self, bid: String, outcome: Outcome) {
        self.on(Input::Settled { bid, outcome, jitter: 40_000 });
    }

    /// Everything works from now on, until nothing is held any more.
    pub fn calm_down(&mut self) {
        self.signed_in = true;
        self.told_out = false;
        self.on(Input::SignedIn);
        for _ in 0..200 {
            self.run_microtask();
            while self.deliver() {}
            if self.logger.books().held == 0 {
                return;
            }
            self.advance(61_000);
        }
        panic!("something is held for ever: {:?}", self.logger.books());
    }

    /// Calms down; then every call is told or declared, and both sides say so.
    pub fn comes_out_even(&mut self) {
        self.calm_down();
        let (books, server) = (self.logger.books(), &self.server);
        assert_eq!((books.told, books.declared), (server.told, server.declared));
        assert_eq!(books.calls, server.told + server.declared);
    }

    pub fn check_books(&self) {
        let books = self.logger.books();
        assert_eq!(books.calls, books.told + books.declared + books.held, "{books:?}");
    }

    fn drain(&mut self) {
        while let Some(effect) = self.logger.poll(self.now_ms) {
            match &effect {
                Effect::QueueMicrotask => self.microtask = true,
                Effect::WakeAt(at_ms) => self.wake_at_ms = *at_ms,
                Effect::Send { bid, body, gzip, keepalive, .. } => {
                    let decoded =
                        if *gzip { inflate(body, 1 << 20).expect("valid gzip") } else { body.to_vec() };
                    if self.told_out && !self.seen.contains_key(bid) {
                        assert_eq!(lowest(&decoded, Level::Warn), None, "sent without a sign-in");
                    }
                    let first = self.seen.entry(bid.clone()).or_insert_with(|| decoded.clone());
                    assert_eq!(*first, decoded, "batch {bid} has changed");
                    self.in_flight.push_back(Request {
                        bid: bid.clone(),
                        body: decoded,
                        encoded_bytes: body.len(),
                        gzip: *gzip,
                        keepalive: *keepalive,
                    });
                }
                Effect::Spool { .. } | Effect::Unspool { .. } | Effect::WipeSpool | Effect::Halted(_) => {}
            }
            self.effects.push(effect);
        }
        self.check_books();
    }
}

/// The lowest level in a batch, if it lies below this one.
fn lowest(body: &[u8], below: Level) -> Option<u64> {
    let batch: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    let levels = batch["recs"].as_array().into_iter().flatten().filter_map(|record| record["l"].as_u64());
    levels.min().filter(|lowest| *lowest < u64::from(below.severity()))
}

/// The body of a request in flight.
pub fn envelope(page: &Page, request: usize) -> serde_json::Value {
    serde_json::from_slice(&page.in_flight[request].body).unwrap()
}

/// Logs one record and waits until it is sealed.
pub fn send_one(page: &mut Page, level: Level, message: &str) {
    page.say(level, message);
    page.advance(5_000);
}
