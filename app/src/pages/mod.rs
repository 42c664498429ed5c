//! One page a route.

pub mod control;
mod login;
mod not_found;
mod telemetry;
mod trace;

pub use control::ControlPage;
pub use login::LoginPage;
pub use not_found::NotFound;
pub use telemetry::TelemetryPage;
pub use trace::TracePage;
