//! Parts that more than one page uses. A part never knows its page.

mod age;
mod dialog;
mod icon;
mod panel;
mod report;
mod text;
mod when;

pub use age::Age;
pub use dialog::Dialog;
pub use icon::{BRAND, GAUGE, PULSE, SEARCH, icon};
pub use panel::{Panel, Retry, RootFailure};
pub use report::{Reporter, use_reporter};
pub use text::{Known, SignedMoney, TraceLink, fact, session_link};
pub use when::When;
