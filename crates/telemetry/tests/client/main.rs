//! The client logger in a small world of its own: a law over random histories, and the rules one by one.

mod delivery;
mod law;
mod rules;
mod world;
