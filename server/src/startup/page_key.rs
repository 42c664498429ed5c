//! The key of the page tokens. It is worth a file, so that open pages outlive a restart, and not worth a refusal to
//! start: without one, pages that were open before have to be loaded again.

use std::path::Path;

use telemetry::Context;

use super::ServerEvent;
use crate::data_dir::{Key, key_file};
use crate::health::Health;
use crate::telling::{Teller, say};

/// The part of health that shows a key that is lost with the process.
const PART: &str = "page_tokens";

pub(super) fn read(dir: &Path, teller: &Teller, health: &Health) -> String {
    let tell = |event: &ServerEvent| {
        teller.tell(event, &Context::default());
        say(&telemetry::Event::message(event));
    };
    match key_file(&dir.join("page-token.key")) {
        Key::Kept(key) => key,
        Key::Replaced(key) => {
            tell(&ServerEvent::PageKeyReplaced);
            key
        }
        Key::Unkept { key, why } => {
            health.degraded(PART, why.clone());
            tell(&ServerEvent::PageKeyUnusable { failure: why });
            key
        }
    }
}
