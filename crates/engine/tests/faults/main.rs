//! The faults by which money was lost or a panic was locked, each with the numbers of its case and named by what must
//! hold. Which mistake in the code makes which of them fail stands in docs/laws.md.

#[path = "../support/mod.rs"]
mod support;

mod account;
mod again;
mod ambiguous;
mod apart;
mod asked;
mod beside;
mod books;
mod clock;
mod closing;
mod edges;
mod entry;
mod false_book;
mod flat;
mod journal;
mod left;
mod limits;
mod modes;
mod one_number;
mod paced;
mod plans;
mod priced;
mod quiet;
mod recovered;
mod refuted;
mod resting;
mod restricted;
mod rules;
mod several;
mod small;
mod story;
mod strangers;
mod truth;
mod unread;
mod witness;
