//! The model: what the engine knows and the words it uses. Ids, money, instruments, orders, positions,
//! inputs, decisions, and `TradingState`, which changes only by `apply(&Decision)`.
//! Pure: no I/O, no clock, no randomness, no floats. Times are UTC microseconds, money is decimal USD.

pub mod amount;
pub mod catalogue;
pub mod command;
pub mod configuration;
pub mod decision;
pub mod fold;
pub mod gate;
pub mod ids;
pub mod input;
pub mod instrument;
pub mod market;
pub mod order;
pub mod preset;
pub mod record;
pub mod rules;
pub mod session;
pub mod state;
pub mod tell;
pub mod valuation;
pub mod view;

pub use amount::{Lots, Money, Price};
pub use command::{Command, TruthRequest};
pub use configuration::Configuration;
pub use decision::Decision;
pub use ids::{ClientOrderId, FillId, OrderId, PanicId, ProductId, SessionId, Symbol, Underlying};
pub use input::{Input, Stamp};
pub use record::DecisionRecord;
pub use rust_decimal::Decimal;
pub use session::{ExecutionMode, ExitReason, Exposure, Health, Intent, Lifecycle, Session};
pub use state::TradingState;
pub use telemetry::Micros;
