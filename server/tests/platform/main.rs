//! The platform half of the server, driven over real sockets: sign-in, headers, browser batches, log queries,
//! forwarding to a fake Elasticsearch, starting and stopping.

mod abuse;
mod alert_kills;
mod alerts;
mod auth;
mod browser_log;
mod budget;
mod connections;
mod damage;
mod databases;
mod durability;
mod elastic;
mod forwarding;
mod full_disk;
mod headers;
mod ingest;
mod kept_room;
mod kills;
mod levels;
mod lifecycle;
mod logs;
mod panic_all;
mod promised;
mod readiness;
mod retention;
mod shut_out;
mod site;
mod support;
mod tabs;
mod takeover;
mod trading;
mod wal;
