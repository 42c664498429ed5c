//! `deltascope`, the server: hosts the engine, the venue client, log ingest, stores, forwarder and console API.
//! It acts; it decides nothing.

pub mod alerts;
pub mod answers;
pub mod auth;
mod brief;
pub mod catalogue;
pub mod cli;
pub mod clock;
pub mod config;
pub mod correlation;
pub mod data_dir;
pub mod elastic;
pub mod forwarder;
mod handles;
pub mod health;
pub mod http;
pub mod ingest;
pub mod kpis;
mod lengths;
pub mod levels;
pub mod live;
mod random;
pub mod replay;
pub mod sessions;
pub mod shared;
pub mod startup;
pub mod store;
mod symbols;
pub mod tasks;
pub mod telling;
pub mod tls;
pub mod trading;
pub mod venue;
pub mod venue_check;
pub mod verify;
