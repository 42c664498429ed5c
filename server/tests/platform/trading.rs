//! What the tests of trading have: a venue of its own, a console that follows the live feed.

#[path = "../trading_support/console.rs"]
pub mod console;
#[path = "../trading_support/program.rs"]
pub mod program;
#[path = "../trading_support/server.rs"]
#[allow(dead_code)]
pub mod server_support;
#[path = "../trading_support/venue.rs"]
pub mod venue;
