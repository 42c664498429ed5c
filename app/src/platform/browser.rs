//! The browser's side of `platform`: the document through web-sys; requests, the feed's socket and the chart in files of
//! their own.

mod chart;
mod place;
mod request;
mod socket;

use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

use super::Signed;
pub use chart::Chart;
pub use place::{Event, Place, before_picture, every, follow, later, on_window};
pub use request::{make_way, send};
pub use socket::{feed_lose, feed_run, feed_send};

pub fn now_ms() -> f64 {
    js_sys::Date::now()
}

/// Milliseconds of a clock that nobody sets, from the start of the page.
pub fn steady_ms() -> f64 {
    window().performance().map_or_else(now_ms, |clock| clock.now())
}

/// When the document began to come, by the steady clock.
pub fn document_at_ms() -> f64 {
    BEGUN.with(|begun| *begun)
}

pub fn random_bits() -> u128 {
    let mut bytes = [0_u8; 16];
    if let Ok(crypto) = window().crypto() {
        // Fails only above 65,536 bytes.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    u128::from_le_bytes(bytes)
}

pub async fn sleep_ms(ms: u32) {
    let ms = i32::try_from(ms).unwrap_or(i32::MAX);
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        // Without a timer the promise would never resolve: then there is no page to wait for either.
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms);
    });
    let _ = JsFuture::from(promise).await;
}

pub fn meta(name: &str) -> Option<String> {
    let element = find(&format!("meta[name='{name}']"))?;
    element.get_attribute("content").filter(|content| !content.is_empty())
}

pub fn set_root_attribute(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute(name, value);
    }
}

pub fn set_cookie(cookie: &str) {
    if let Ok(page) = document().dyn_into::<web_sys::HtmlDocument>() {
        let _ = page.set_cookie(cookie);
    }
}

pub fn open(path: &str) {
    let _ = window().location().set_href(path);
}

pub fn exists(selector: &str) -> bool {
    find(selector).is_some()
}

/// Path and query of the page.
pub fn address() -> (String, String) {
    let location = window().location();
    (location.pathname().unwrap_or_default(), location.search().unwrap_or_default())
}

/// A value of the page's query; empty when it is not there.
pub fn query(name: &str) -> String {
    let params = web_sys::UrlSearchParams::new_with_str(&address().1);
    params.ok().and_then(|params| params.get(name)).unwrap_or_default()
}

/// The pattern of the page's path.
pub fn route() -> &'static str {
    crate::plain::route_pattern(&address().0)
}

/// Another address, without loading anything.
pub fn push_address(path: &str) {
    if let Ok(history) = window().history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(path));
    }
}

/// As part of an address.
pub fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// The first element of the page that matches.
pub fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// Every element of the page that matches, in its order.
pub fn all(selector: &str) -> Vec<Element> {
    document().document_element().map_or_else(Vec::new, |root| all_in(&root, selector))
}

/// The same below one element.
pub fn all_in(place: &Element, selector: &str) -> Vec<Element> {
    let Ok(list) = place.query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|at| list.item(at)?.dyn_into().ok()).collect()
}

/// The cells that the server painted.
pub fn painted_cells(mut take: impl FnMut(String, String)) {
    for place in all("[data-cells]") {
        let text = place.get_attribute("data-cells").unwrap_or_default();
        let Ok(Some(object)) =
            js_sys::JSON::parse(&text).map(|value| value.dyn_into::<js_sys::Object>().ok())
        else {
            continue;
        };
        for pair in js_sys::Object::entries(&object).iter().map(|pair| js_sys::Array::from(&pair)) {
            take(pair.get(0).as_string().unwrap_or_default(), pair.get(1).as_string().unwrap_or_default());
        }
    }
}

/// A value of the browser as one of ours.
pub fn value_of(value: &JsValue) -> serde_json::Value {
    use serde_json::{Map, Value};
    if let Some(text) = value.as_string() {
        return Value::String(text);
    }
    if let Some(number) = value.as_f64() {
        return if number.fract() == 0.0 { Value::from(number as i64) } else { Value::from(number) };
    }
    if let Some(truth) = value.as_bool() {
        return Value::Bool(truth);
    }
    if js_sys::Array::is_array(value) {
        return Value::Array(js_sys::Array::from(value).iter().map(|item| value_of(&item)).collect());
    }
    let Some(object) = js_sys::Object::try_from(value) else { return Value::Null };
    let mut map = Map::new();
    for pair in js_sys::Object::entries(object).iter().map(|pair| js_sys::Array::from(&pair)) {
        map.insert(pair.get(0).as_string().unwrap_or_default(), value_of(&pair.get(1)));
    }
    Value::Object(map)
}

/// A number; NaN when it is none.
pub fn number(text: &str) -> f64 {
    if text.is_empty() { f64::NAN } else { js_sys::parse_float(text) }
}

/// What the server wrote beside the island that is just waking.
pub fn beside_island() -> String {
    waking().parent_element().and_then(|slot| slot.get_attribute("data-is")).unwrap_or_default()
}

/// Opens a dialog of the page.
pub fn open_dialog(name: &str, session: &str) {
    crate::dialogs::open(name, session);
}

/// Whether the page can ask for the password again.
pub fn can_confirm() -> bool {
    crate::dialogs::can_confirm()
}

/// Asks for the password again and does `then` once it was right; `what` is its name.
pub fn confirm(what: &str, then: Box<dyn FnOnce()>) {
    crate::dialogs::confirm(what, then);
}

/// Starts the islands below an element that has come into the page.
pub fn wake_islands(element: &Element) {
    wake(element);
}

/// Money of the chart, as people read it.
pub fn money(value: f64, signed: bool) -> String {
    let digits = js_sys::Number::from(value.abs()).to_fixed(2).map(String::from).unwrap_or_default();
    let is_zero = digits.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    match (value < 0.0 && !is_zero, signed) {
        (true, _) => format!("−{digits}"),
        (false, true) => format!("+{digits}"),
        (false, false) => digits,
    }
}

/// A whole count with thousands apart.
pub fn grouped(count: i64) -> String {
    js_sys::Number::from(count as f64).to_locale_string("en-GB").into()
}

/// `12:18:44`, UTC, of seconds.
pub fn clock(seconds: f64) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(seconds * 1_000.0));
    String::from(date.to_iso_string()).get(11..19).unwrap_or_default().to_owned()
}

/// A part's own note of its failure; hidden while there is none.
pub fn show_failure(selector: &str, words: Option<&str>) {
    let Some(note) = find(selector) else { return };
    // A name of ours is a name.
    let _ = note.toggle_attribute_with_force("hidden", words.is_none());
    if let Ok(Some(place)) = note.query_selector("span") {
        place.set_text_content(words);
    }
}

pub fn focus(selector: &str) {
    if let Some(element) = find(selector).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        let _ = element.focus();
    }
}

pub fn copy(text: &str) {
    // Without the guard's file nothing is copied; the id stays on the screen to be selected.
    let _ = copy_text(text);
}

/// Tells the delivery of the log, on all tabs.
pub async fn signed(how: Signed) {
    if let Ok(done) = tell_signed(how as u8) {
        // It cannot fail: it is done or nobody hears it.
        let _ = JsFuture::from(done).await;
    }
}

pub fn is_hidden() -> bool {
    document().hidden()
}

#[wasm_bindgen]
extern "C" {
    /// Set by the boot script: starts islands.
    #[wasm_bindgen(js_namespace = deltascope)]
    fn wake(place: &Element);

    /// Set by the boot script: the island that is just waking.
    #[wasm_bindgen(js_namespace = deltascope)]
    fn waking() -> Element;

    /// Set by the boot script, which stands in the document's head.
    #[wasm_bindgen(js_namespace = deltascope, thread_local_v2, js_name = begun)]
    static BEGUN: f64;

    /// Set by the guard: a new browser session, and what may be kept and sent.
    #[wasm_bindgen(js_namespace = deltascope, js_name = signed, catch)]
    fn tell_signed(how: u8) -> Result<js_sys::Promise, JsValue>;

    /// Set by the notice of the guard: copies also where the browser has no clipboard for pages.
    #[wasm_bindgen(js_namespace = deltascope, js_name = copy, catch)]
    fn copy_text(text: &str) -> Result<(), JsValue>;
}

/// What the browser says of a failure.
fn said(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map_or_else(|| "no reason given".to_owned(), |error| String::from(error.message()))
}
