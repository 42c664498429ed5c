//! The market as data and formulas: underlyings and what is listed on them, the course of each index, what
//! makers quote and display, the settlement mean, the decay of time value.

mod bar;
pub mod book;
pub mod chain;
mod clock;
mod course;
mod decay;
mod history;
mod price_file;
pub mod pricing;
pub mod product;
pub mod quote;
pub mod recording;
mod segment;
pub mod tape;
mod twap;
pub mod underlying;

pub(crate) use clock::Clock;
pub use clock::TICK_US;
pub(crate) use course::OnlyCourse;
pub use course::{Source, Volatility};
pub(crate) use decay::Decay;
pub(crate) use history::{FINE_S, History, IndexBar, MINUTE_S};
pub(crate) use segment::{Segment, Segments};
pub(crate) use twap::{Twap, WINDOW_S};
pub use underlying::Underlying;
