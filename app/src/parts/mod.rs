//! Parts that more than one page uses. A part never knows its page.

mod age;
mod button;
mod icon;
mod order;
mod panel;
pub mod plot;
mod reason;
mod region;
mod text;
mod when;

pub use age::Age;
pub use button::{Deed, act_button, cell_text, open_button, start};
pub use icon::{BELL, BRAND, CHART, GAUGE, LIST, PULSE, SEARCH, SLIDERS, icon};
pub use order::{order_tone, orders_in_short};
pub use panel::{Panel, RootFailure};
pub use reason::reason_field;
pub use region::region;
pub use text::{Known, SignedMoney, TraceLink, fact, live_tag, session_link};
pub use when::When;
