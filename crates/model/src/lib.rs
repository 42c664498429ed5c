//! The model: what the engine knows and the words it uses. Ids, money, instruments, orders, positions,
//! inputs, decisions, and `TradingState`, which changes only by `apply(&DecisionRecord)`.
//! Pure: no I/O, no clock, no randomness, no floats. Times are UTC microseconds, money is decimal USD.

pub mod amount;
pub mod analytics;
pub mod catalogue;
pub mod causes;
pub mod closing;
pub mod command;
pub mod configuration;
pub mod decision;
pub mod entry_gate;
pub mod fill;
pub mod fold;
pub mod gate;
pub mod ids;
pub mod input;
pub mod instrument;
pub mod kpis;
pub mod ledger;
pub mod market;
pub mod order;
pub mod orders;
pub mod preset;
pub mod read;
pub mod reading_words;
pub mod record;
pub mod refusal;
pub mod restriction;
pub mod result;
pub mod rules;
pub mod session;
pub mod state;
pub mod tell;
pub mod truth;
pub mod valuation;
pub mod view;
pub mod witness;
pub mod words;

pub use amount::{Lots, Money, Price};
pub use command::{Command, TruthRequest};
pub use configuration::Configuration;
pub use decision::Decision;
pub use ids::{ClientOrderId, Code, FillId, OrderId, PanicId, ProductId, SessionId, Symbol, Underlying};
pub use input::{Input, Stamp};
pub use record::DecisionRecord;
pub use rust_decimal::Decimal;
pub use session::Session;
pub use state::TradingState;
pub use telemetry::Micros;
pub use words::{ExecutionMode, ExitReason, Exposure, Health, Intent, Lifecycle};
