//! Ages tick in the browser, from the time that the server wrote beside them.

use web_sys::Element;

use crate::plain::span;
use crate::platform;

/// Writes every age of the page anew; `now_us` is the server's clock.
pub fn tick(now_us: f64) {
    for age in platform::all("[data-at]") {
        write(&age, now_us);
    }
}

fn number(element: &Element, name: &str) -> Option<f64> {
    Some(platform::number(&element.get_attribute(name)?)).filter(|number| !number.is_nan())
}

fn write(element: &Element, now_us: f64) {
    // Without a time there is nothing to say.
    let Some(at) = number(element, "data-at") else {
        element.set_text_content(None);
        return;
    };
    let age_us = (now_us - at).max(0.0);
    let is_stale = number(element, "data-limit").is_some_and(|limit| age_us > limit);
    let before = element.get_attribute("data-before").unwrap_or_default();
    let text = [before.as_str(), if is_stale { "stale " } else { "" }, &span(age_us as i64)].concat();
    if element.text_content().as_ref() != Some(&text) {
        element.set_text_content(Some(&text));
    }
    if is_stale != element.has_attribute("data-stale") {
        // A name of ours is a name.
        let _ = element.toggle_attribute_with_force("data-stale", is_stale);
    }
}
