//! A time is chosen on the histogram: by drawing over it, and by keys from bar to bar. A click on a bar is its link.

use std::cell::RefCell;

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, MouseEvent, UrlSearchParams};

use crate::platform::{self, Event, all, on_window};

/// Columns of the histogram, in their order.
const COLUMNS: &str = ".histogram [data-from]";
/// Those that lead somewhere.
const BARS: &str = ".histogram a";

thread_local! {
    /// Where drawing began.
    static BEGUN: RefCell<Option<Element>> = const { RefCell::new(None) };
}

/// Listens, on a page with a histogram.
pub fn begin() {
    if !platform::exists(".histogram") {
        return;
    }
    on_window("mousedown", |event| {
        let is_main = mouse(&event).is_some_and(|mouse| mouse.button() == 0);
        let column = column_at(&event).filter(|_| is_main);
        if column.is_some() {
            // Else the browser would drag the link away.
            event.prevent_default();
        }
        BEGUN.set(column);
    });
    on_window("mousemove", |event| mark(&drawn(&event)));
    on_window("mouseup", |event| {
        let columns = drawn(&event);
        BEGUN.set(None);
        mark(&[]);
        if let [first, .., last] = columns.as_slice() {
            open(first, last);
        }
    });
}

fn mouse(event: &Event) -> Option<&MouseEvent> {
    event.0.dyn_ref()
}

fn column_at(event: &Event) -> Option<Element> {
    let mouse = mouse(event)?;
    let (x, y) = (mouse.client_x() as f32, mouse.client_y() as f32);
    document().element_from_point(x, y)?.closest(COLUMNS).ok().flatten()
}

/// From where drawing began to where the pointer is.
fn drawn(event: &Event) -> Vec<Element> {
    let Some(begun) = BEGUN.with_borrow(Clone::clone) else { return Vec::new() };
    let Some(here) = column_at(event) else { return Vec::new() };
    let columns = all(COLUMNS);
    let place = |of: &Element| columns.iter().position(|column| column == of).unwrap_or_default();
    let (a, b) = (place(&begun), place(&here));
    columns[a.min(b)..=a.max(b)].to_vec()
}

fn mark(columns: &[Element]) {
    for column in all(COLUMNS) {
        // A name of ours is a name.
        let _ =
            column.toggle_attribute_with_force("data-drawn", columns.len() > 1 && columns.contains(&column));
    }
}

/// The page with that time, and everything else as it is.
fn open(first: &Element, last: &Element) {
    let (path, search) = platform::address();
    let Ok(query) = UrlSearchParams::new_with_str(&search) else { return };
    let of = |column: &Element, name: &str| column.get_attribute(name).unwrap_or_default();
    query.set("from", &of(first, "data-from"));
    query.set("to", &of(last, "data-to"));
    query.delete("range");
    query.delete("cursor");
    platform::open(&format!("{path}?{}", String::from(query.to_string())));
}

/// Arrows go from bar to bar: one of them is a stop of Tab.
pub fn key(target: &Element, event: &Event) {
    let step = match event.key().as_str() {
        "ArrowLeft" => -1,
        "ArrowRight" => 1,
        _ => return,
    };
    let bars = all(BARS);
    let Some(at) = bars.iter().position(|bar| bar == target) else { return };
    let next = at.saturating_add_signed(step).min(bars.len() - 1);
    event.prevent_default();
    // A link in a picture takes the focus as others do.
    let _ = bars[next].unchecked_ref::<HtmlElement>().focus();
}
