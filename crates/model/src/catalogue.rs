//! Samples of every decision, for EVENTS.md: each variant of each family at least once, with numbers of one
//! plausible session, and a line on when it is told. Tests hold them complete.

mod account;
mod closing;
mod entry;
mod market;
mod orders;
mod rules;
mod session;
mod truth;

use telemetry::{CatalogueEntry, Micros};

use crate::decision::Decision;
use crate::ids::{ClientOrderId, PanicId, ProductId, SessionId, Symbol, Underlying, client_order_id};
use crate::instrument::{Instrument, OptionKind};
use crate::rules::{Measure, Rule, RuleReading, Verdict};
use crate::{Decimal, Lots, Money, Price};

/// One sample of every variant, and one more wherever the level, the name or the sentence depends on a field.
#[must_use]
pub fn samples() -> Vec<Decision> {
    let mut samples: Vec<Decision> = Vec::new();
    samples.extend(account::samples().into_iter().map(Decision::Account));
    samples.extend(market::samples().into_iter().map(Decision::Market));
    samples.extend(session::samples().into_iter().map(Decision::Session));
    samples.extend(entry::samples().into_iter().map(Decision::Entry));
    samples.extend(orders::samples().into_iter().map(Decision::Order));
    samples.extend(truth::samples().into_iter().map(Decision::Truth));
    samples.extend(rules::samples().into_iter().map(Decision::Rules));
    samples.extend(closing::samples().into_iter().map(Decision::Closing));
    samples
}

/// The entries of EVENTS.md for everything that the engine decides.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    samples().iter().map(|decision| CatalogueEntry::from_sample(decision).with_doc(doc(decision))).collect()
}

/// When this decision is made, in a few words.
fn doc(decision: &Decision) -> &'static str {
    match decision {
        Decision::Account(decision) => account::doc(decision),
        Decision::Market(decision) => market::doc(decision),
        Decision::Session(decision) => session::doc(decision),
        Decision::Entry(decision) => entry::doc(decision),
        Decision::Order(decision) => orders::doc(decision),
        Decision::Truth(decision) => truth::doc(decision),
        Decision::Rules(decision) => rules::doc(decision),
        Decision::Closing(decision) => closing::doc(decision),
    }
}

// What the samples share: a strangle on the 5th of January 2022, two lots of hundred a leg.

const BEGAN: Micros = Micros(1_641_373_200_000_000);

fn usd(hundredths: i64) -> Money {
    Decimal::new(hundredths, 2).normalize()
}

fn price(tenths: i64) -> Price {
    Decimal::new(tenths, 1).normalize()
}

/// Milliseconds after the session began.
fn after(ms: i64) -> Micros {
    Micros(BEGAN.0 + ms * 1_000)
}

fn session_id() -> SessionId {
    SessionId::from("s-01jf3k9x2m")
}

fn panic_id() -> PanicId {
    PanicId::from("p-0g8w2c41tz")
}

fn call() -> Symbol {
    Symbol::from("C-BTC-47000-060122")
}

fn put() -> Symbol {
    Symbol::from("P-BTC-45200-060122")
}

fn order_id_of(phase: &str, leg: usize) -> ClientOrderId {
    client_order_id(&session_id(), phase, leg, 1)
}

/// Lots by leg, as positions and mismatches show them.
fn lots(of_call: Lots, of_put: Lots) -> std::collections::BTreeMap<Symbol, Lots> {
    [(call(), of_call), (put(), of_put)].into()
}

fn instrument(kind: OptionKind) -> Instrument {
    let (product_id, symbol, strike) = match kind {
        OptionKind::Call => (30_117, call(), 47_000),
        OptionKind::Put => (30_154, put(), 45_200),
    };
    Instrument {
        product_id: ProductId(product_id),
        symbol,
        underlying: Underlying::from("BTC"),
        kind,
        strike: Decimal::from(strike),
        expiry: Micros(1_641_470_400_000_000),
        tick: price(1),
        contract_value: Decimal::new(1, 3),
        commission_rate: Decimal::new(1, 4),
        commission_cap: Decimal::new(35, 3),
        fee_tax: crate::instrument::FEE_TAX,
        maintenance_margin: Decimal::new(5, 3),
        initial_margin: Decimal::new(1, 2),
    }
}

/// The trailing floor, looked at once.
fn reading() -> RuleReading {
    RuleReading {
        rule: Rule::Trailing,
        verdict: Verdict::Holds,
        value: Some(usd(1_420)),
        threshold: Some(usd(900)),
        measure: Measure::Floor { breaches: 0, needed: 2 },
        used_percent: Some(13),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde::de::DeserializeOwned;
    use telemetry::Event;

    use super::*;
    use crate::decision::{
        AccountDecision, ClosingDecision, EntryDecision, MarketDecision, OrderDecision, RulesDecision,
        SessionDecision, TruthDecision,
    };

    /// The variants of a type as its own reader lists them: it is generated, so it can forget none.
    fn variants<T: DeserializeOwned>() -> BTreeSet<String> {
        let refused = match serde_json::from_value::<T>("no such variant".into()) {
            Ok(_) => panic!("it must be refused"),
            Err(refused) => refused.to_string(),
        };
        // "unknown variant `no such variant`, expected one of `a`, `b`": every second piece stands in quotes.
        refused.split('`').skip(1).step_by(2).skip(1).map(str::to_owned).collect()
    }

    /// Family and variant of a decision as its JSON names them.
    fn named(decision: &Decision) -> (String, String) {
        let value = serde_json::to_value(decision).expect("a decision is JSON");
        let (family, inner) = value.as_object().and_then(|map| map.iter().next()).expect("one family");
        let variant = match inner {
            serde_json::Value::String(unit) => unit.clone(),
            serde_json::Value::Object(map) => map.keys().next().expect("one variant").clone(),
            other => panic!("{other} is no variant"),
        };
        (family.clone(), variant)
    }

    #[test]
    fn there_is_a_sample_of_every_variant() {
        let families: BTreeMap<&str, BTreeSet<String>> = [
            ("account", variants::<AccountDecision>()),
            ("market", variants::<MarketDecision>()),
            ("session", variants::<SessionDecision>()),
            ("entry", variants::<EntryDecision>()),
            ("order", variants::<OrderDecision>()),
            ("truth", variants::<TruthDecision>()),
            ("rules", variants::<RulesDecision>()),
            ("closing", variants::<ClosingDecision>()),
        ]
        .into();
        let mut sampled: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (family, variant) in samples().iter().map(named) {
            sampled.entry(family).or_default().insert(variant);
        }
        assert_eq!(variants::<Decision>(), families.keys().map(|family| (*family).to_owned()).collect());
        for (family, expected) in families {
            assert!(expected.len() > 1, "{family}: {expected:?}");
            assert_eq!(sampled.get(family), Some(&expected), "samples of {family}");
        }
    }

    #[test]
    fn every_sample_survives_the_journal() {
        for sample in samples() {
            let json = serde_json::to_string(&sample).expect("a decision is JSON");
            assert_eq!(serde_json::from_str::<Decision>(&json).expect("and is read back"), sample);
        }
    }

    /// What people wrote, or the venue, stands as it came; everything else is a word or a number.
    const PROSE: [&str; 4] = ["name", "reason", "detail", "who"];

    fn prose(key: &str, value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) if text.contains(' ') && !PROSE.contains(&key) => {
                found.push(format!("{key}: {text}"));
            }
            serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| prose(key, value, found)),
            serde_json::Value::Array(rows) => rows.iter().for_each(|value| prose(key, value, found)),
            _ => {}
        }
    }

    /// Rewording a sentence must change no byte of a journal: so none stands in it. Seen to fail while an exit
    /// carried its rationale and a reading its raw comparison.
    #[test]
    fn the_journal_holds_facts_and_no_sentences() {
        for sample in samples() {
            let json = serde_json::to_value(&sample).expect("a decision is JSON");
            let mut found = Vec::new();
            prose("", &json, &mut found);
            assert_eq!(found, Vec::<String>::new(), "{}", sample.name());
            assert!(!json.to_string().contains(&sample.message()), "{}", sample.name());
        }
    }

    #[test]
    fn every_sample_tells_a_name_a_sentence_and_when() {
        for (sample, entry) in samples().iter().zip(catalogue()) {
            let (family, event) = entry.name.split_once('.').expect("family.event");
            let plain = |word: &str| word.chars().all(|char| char.is_ascii_lowercase() || char == '_');
            assert!(plain(family) && plain(event), "{}", entry.name);
            let message = sample.message();
            assert!(message.ends_with(['.', '!', '?', '%']) || message.contains(": "), "{message}");
            assert!(!message.contains("()") && !message.contains("Some("), "{message}");
            assert!(!entry.doc.is_empty() && entry.doc.len() <= 140, "{}: {}", entry.name, entry.doc);
        }
    }
}
