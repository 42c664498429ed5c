//! The run: whose account it is, what is looked at, what is traded where there is play money, and the end with nothing left.

use std::fmt;
use std::path::Path;

use model::Symbol;
use serde_json::Value;

use super::desk::Desk;
use super::line::{Line, Verdict};
use super::{Ledger, clean, facts, market, orders, sockets};
use crate::config::VenueConfig;
use crate::live::{Identity, Permission, Refusal, Trouble, ask_whose, identify};
use crate::telling::Teller;
use crate::venue::{Address, Call, Profile, Rest};

/// Lots that may be held at most: one is bought, and one more if the venue fills what must not fill.
const LOTS_MOST: i64 = 2;
const REAL: &str =
    "the account trades real money; this line places orders, so run it against delta-india-testnet";

/// Where it runs.
pub struct Place {
    pub rest: Rest,
    pub address: Address,
    pub profile: &'static Profile,
    /// The account that the settings name.
    pub named: Option<String>,
    /// Whether orders may be placed.
    pub may_trade: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    pub lines: Vec<Line>,
}

impl Report {
    #[must_use]
    pub fn failed(&self) -> usize {
        self.lines.iter().filter(|line| line.is_failed()).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The venue of the settings. Orders are placed where there is play money, and on this machine.
pub fn open(profile: &'static Profile, config: &VenueConfig, teller: &Teller) -> Result<Place, Refusal> {
    let (rest, address) = ask_whose(profile, config, teller)?;
    let named = config.live_account.clone();
    Ok(Place { rest, address, profile, named, may_trade: !profile.real_money })
}

/// Says each line as it is known, and keeps it.
struct Told<'a> {
    report: Report,
    say: &'a (dyn Fn(&Line) + Sync),
}

impl Told<'_> {
    fn tell(&mut self, number: &'static str, title: &'static str, verdict: Verdict) {
        let line = Line { number, title, verdict };
        (self.say)(&line);
        self.report.lines.push(line);
    }
}

const DUPLICATES: (&str, &str) = ("1", "duplicate client ids");
const LOOK_UPS: (&str, &str) = ("2", "look-up of ended and never sent orders");
const FLAGS: (&str, &str) = ("3", "flags of cancel-all against stops");
const DEAD_MAN: (&str, &str) = ("4", "scope of the dead-man switch");
const REDUCE_ONLY: (&str, &str) = ("5", "reduce-only beyond the position");
const IOC: (&str, &str) = ("6", "IOC without a match, and the band");
const LAG: (&str, &str) = ("7", "lag of positions");
const FILLS: (&str, &str) = ("8", "delay of fills");
const BATCH: (&str, &str) = ("9", "batch with one bad order");
const CLOSE_ALL: (&str, &str) = ("10", "scope of close-all");
const FEES: (&str, &str) = ("13", "fee formula");
const UNREALISED: (&str, &str) = ("14", "meaning of unrealized_pnl");
const QUOTA: (&str, &str) = ("15", "rate quota");
/// Lines that place orders.
const TRADING: [(&str, &str); 12] =
    [DUPLICATES, LOOK_UPS, IOC, BATCH, LAG, FILLS, FEES, UNREALISED, FLAGS, REDUCE_ONLY, DEAD_MAN, CLOSE_ALL];

/// Runs the checklist. `dir` is where it says first what it is about to do. What a run before has left is taken away
/// before anything else, and nothing is left when it ends, whatever a line came to. `Err`: nothing could be checked, or
/// something may be left.
pub async fn check(place: &Place, dir: &Path, say: &(dyn Fn(&Line) + Sync)) -> Result<Report, String> {
    let mut told = Told { report: Report::default(), say };
    let whose = match identify(place.profile.name, &place.rest).await {
        Ok(whose) => whose,
        Err(Trouble::Refused(refusal)) => return Err(refusal.to_string()),
        Err(Trouble::Silent(why)) => {
            return Err(format!("{} does not say whose keys these are: {why}", place.profile.name));
        }
    };
    if let Some(left) = Ledger::read(dir)? {
        clean::clean_up(&place.rest, place.profile, &left, clean::PATIENCE).await?;
        Ledger::remove(dir)?;
    }
    told.tell("a", "the venue’s clock", facts::clock_line(&place.rest));
    told.tell("b", "keys and account", facts::keys_line(&whose, place.named.as_deref()));
    let products = products(&place.rest).await?;
    told.tell("c", "listed options", facts::listing_line(place.profile, &products));
    told.tell("d", "public socket", sockets::public(&place.rest, &place.address, place.profile).await);
    told.tell("e", "private socket", sockets::private(&place.rest, &place.address).await);
    let desk = match prepared(place, &whose, &products).await {
        Ok(desk) => Some(desk),
        Err(verdict) => {
            for (number, title) in TRADING {
                told.tell(number, title, verdict.clone());
            }
            None
        }
    };
    if let Some(mut desk) = desk {
        desk.ledger.write(dir)?;
        trade(&mut desk, &whose, &mut told).await;
        desk.tidy().await?;
        Ledger::remove(dir)?;
    }
    told.tell(QUOTA.0, QUOTA.1, market::quota(&place.rest).await);
    told.tell(
        "11",
        "stops on the mark in a thin book, post-only phase",
        Verdict::not_tried("it wants an auction of the venue; watch one by hand"),
    );
    told.tell(
        "12",
        "order of events at expiry",
        Verdict::not_tried(
            "it wants to hold an option at 12:00 UTC; let a session run to expiry on the testnet",
        ),
    );
    Ok(told.report)
}

/// The first page of what is listed, as it came.
async fn products(rest: &Rest) -> Result<Vec<Value>, String> {
    let (rows, _) = rest
        .read::<Vec<Value>>(&Call::options())
        .await
        .map_err(|error| format!("what is listed cannot be read: {error}"))?;
    Ok(rows)
}

/// The desk, where orders may be placed; else why the lines that place some are not tried.
async fn prepared(place: &Place, whose: &Identity, products: &[Value]) -> Result<Desk, Verdict> {
    if !place.may_trade {
        return Err(Verdict::not_tried(REAL));
    }
    match (&whose.permission, &place.named) {
        (Permission::ReadOnly(_), _) => return Err(Verdict::not_tried("the keys may not trade")),
        (Permission::Trade, Some(named)) if *named == whose.account => {}
        (Permission::Trade, Some(_) | None) => {
            return Err(Verdict::not_tried(format!(
                "it places orders, and wants DELTASCOPE__VENUE__LIVE_ACCOUNT={} for that",
                whose.account
            )));
        }
    }
    let choice = facts::choose(&place.rest, products).await.map_err(Verdict::not_tried)?;
    let symbol: Symbol = choice.0.symbol.clone();
    let ledger = Ledger {
        venue: place.profile.name.to_owned(),
        account: whose.account.clone(),
        prefix: format!("vc{}-", crate::random::hex(3)),
        product: choice.0.product_id,
        symbol,
        lots_most: LOTS_MOST,
    };
    Ok(Desk::new(place.rest.clone(), place.profile, choice, ledger))
}

/// The lines that place orders: first those without a position, then those with one lot, last what closes it.
async fn trade(desk: &mut Desk, whose: &Identity, told: &mut Told<'_>) {
    let was_empty = market::is_empty(desk).await;
    told.tell(DUPLICATES.0, DUPLICATES.1, orders::duplicate_ids(desk).await);
    told.tell(LOOK_UPS.0, LOOK_UPS.1, orders::look_ups(desk).await);
    told.tell(IOC.0, IOC.1, orders::ioc_and_band(desk).await);
    told.tell(BATCH.0, BATCH.1, orders::batch(desk).await);
    let bought = match market::buy(desk).await {
        Ok((bought, verdict)) => {
            told.tell(LAG.0, LAG.1, verdict);
            bought
        }
        Err(verdict) => {
            told.tell(LAG.0, LAG.1, verdict);
            for (number, title) in [FILLS, FEES, UNREALISED, FLAGS, REDUCE_ONLY, DEAD_MAN, CLOSE_ALL] {
                told.tell(number, title, Verdict::not_tried("it wants a lot, and none could be bought"));
            }
            return;
        }
    };
    let (fills, fees) = market::fill(desk, &bought).await;
    told.tell(FILLS.0, FILLS.1, fills);
    told.tell(FEES.0, FEES.1, fees);
    told.tell(UNREALISED.0, UNREALISED.1, market::unrealised(desk).await);
    told.tell(FLAGS.0, FLAGS.1, orders::cancel_all_flags(desk).await);
    told.tell(REDUCE_ONLY.0, REDUCE_ONLY.1, orders::reduce_only(desk).await);
    told.tell(DEAD_MAN.0, DEAD_MAN.1, market::dead_man(desk).await);
    told.tell(CLOSE_ALL.0, CLOSE_ALL.1, market::close_all(desk, &whose.account, was_empty).await);
}
