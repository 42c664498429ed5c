//! What the browser does when the module is there, before its islands wake: takes over what the server painted, listens
//! to the page, and starts the feed where there is one.

use crate::{cell, charts, delegate, draft, feed, follow, platform, spans};

/// Call it once. Pages with a strip are fed; the sign-in page is not.
pub fn wake() {
    cell::take_over();
    delegate::listen();
    if platform::exists("[data-region=\"truths\"]") {
        feed::start();
    }
    charts::update();
    draft::begin();
    follow::begin();
    spans::begin();
}
