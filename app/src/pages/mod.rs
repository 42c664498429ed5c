//! One page a route.

mod alerts;
mod analytics;
pub mod control;
mod ending;
mod login;
mod not_found;
mod panic;
mod past;
mod session;
mod settings;
mod telemetry;
mod trace;
mod trades;

pub use alerts::{AlertsPage, AlertsState};
pub use analytics::AnalyticsPage;
pub use control::ControlPage;
pub use login::LoginPage;
pub use not_found::NotFound;
pub use panic::{PanicPage, PanicState};
pub use session::SessionPage;
pub use settings::SettingsPage;
pub use telemetry::TelemetryPage;
pub use trace::TracePage;
pub use trades::TradesPage;
