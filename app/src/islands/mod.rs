//! The parts of a page that live in the browser: few kinds of islands in a document that the server has written and
//! painted. What they show comes from cells; what they do goes through `act`. Each is code that travels with the first
//! load.

// The framework keeps the view of an island by forgetting it: it lives as long as the page.
#![allow(clippy::mem_forget)]

mod act_button;
mod cell_text;
mod latch;
mod link;
mod open_button;
mod painted;
mod panic_button;
mod panic_phase;
mod slot;
pub mod toasts;

pub use act_button::ActButton;
pub use cell_text::CellText;
pub use latch::ClearLatch;
pub use link::{Link, LinkState};
pub use open_button::OpenButton;
pub use panic_button::PanicButton;
#[cfg(feature = "hydrate")]
pub use panic_button::accepted as panic_accepted;
#[cfg(not(feature = "hydrate"))]
pub use slot::slot;
