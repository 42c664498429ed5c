//! Everything that the server itself can tell, for EVENTS.md.

use telemetry::CatalogueEntry;

/// Samples of all events of the server's modules.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    [
        crate::alerts::catalogue(),
        crate::auth::catalogue(),
        crate::forwarder::catalogue(),
        crate::http::catalogue(),
        crate::ingest::catalogue(),
        crate::levels::catalogue(),
        crate::live::catalogue(),
        crate::startup::catalogue(),
        crate::store::catalogue(),
        crate::tasks::catalogue(),
        crate::telling::catalogue(),
        crate::trading::catalogue(),
        crate::venue::catalogue(),
    ]
    .concat()
}
