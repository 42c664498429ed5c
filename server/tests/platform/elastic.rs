//! The search engine beside the server: what is put into it, what is asked of it; with a fake of engine and Kibana
//! that knows their calls, and with real engines where there are some.

mod fake;
mod setup;
