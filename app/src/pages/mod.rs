//! One page a route.

pub mod control;
mod login;
mod not_found;
mod panic;
mod telemetry;
mod trace;

pub use control::ControlPage;
pub use login::LoginPage;
pub use not_found::NotFound;
pub use panic::{PanicPage, PanicState};
pub use telemetry::TelemetryPage;
pub use trace::TracePage;
