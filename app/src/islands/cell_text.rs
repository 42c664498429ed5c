//! A cell: one text that the feed keeps up to date.

use leptos::prelude::*;

use super::painted::painted;
use super::slot::about;
use crate::cell::cell;
use crate::json::text;

/// About: its key, and what stands there until it says something.
#[island]
pub fn CellText() -> impl IntoView {
    let about = about();
    let (words, until) = (cell(&text(&about, "key")), text(&about, "until"));
    let said = move || Some(words.get()).filter(|words| !words.is_empty()).unwrap_or_else(|| until.clone());
    let painted_words = said.clone();
    painted(
        move || {
            let words = untrack(painted_words);
            view! { <span>{words}</span> }
        },
        move |place| place.part("span").says(said),
    )
}
