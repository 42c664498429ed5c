//! Everything that the client can ask, against the simulated venue over real sockets: what each call costs by the venue's
//! own count, what its answer means, and what becomes of orders whose answers are lost or whose quota is gone.

mod account;
mod books;
mod desk;
#[path = "../venue_support/embedded.rs"]
mod embedded;
mod lookups;
mod lost;
mod orders;
mod spelling;
mod storm;
mod switch;
mod weights;
