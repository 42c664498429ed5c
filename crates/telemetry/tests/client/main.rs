//! The client logger in a small world of its own: a law over random histories, and the rules one by one.

mod black_box;
mod delivery;
mod flood;
mod law;
mod memory;
mod rules;
mod sampling;
mod shared;
mod world;
