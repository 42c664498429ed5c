//! The search engine beside the server: what is put into it, what is asked of it; with a fake of engine and Kibana
//! that knows their calls, and with real engines where there are some (`cargo xtask test --only engines`).

mod answers;
mod bundle;
mod canary;
mod cutting;
mod delivery;
mod engines;
mod fake;
mod queries;
mod setup;
mod shipper;
mod verified;
