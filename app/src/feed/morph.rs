//! Makes a part of the page into what the server's HTML says, with as little change as it can: what stays the same
//! keeps its focus, its selection and what was typed into it.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlTemplateElement, Node};

use crate::platform;

/// What a browser owns: never taken away, never overwritten.
const OWN: [&str; 4] = ["open", "data-stale", "data-filled", "style"];

/// Makes the inside of `place` into `html`.
pub fn morph(place: &Element, html: &str) {
    let Ok(made) = document().create_element("template") else { return };
    made.set_inner_html(html);
    let Ok(made) = made.dyn_into::<HtmlTemplateElement>() else { return };
    children(place, &made.content());
}

fn children(old: &Node, new: &Node) {
    let mut at = old.first_child();
    let mut next = new.first_child();
    while let Some(wanted) = next {
        // Before it is moved out of where it stands.
        next = wanted.next_sibling();
        let found = same_from(at.as_ref(), &wanted);
        match found {
            Some(found) => {
                if at.as_ref().is_some_and(|at| *at != found) {
                    // The node stays in the page: a failure would only leave it where it is.
                    let _ = old.insert_before(&found, at.as_ref());
                } else {
                    at = found.next_sibling();
                }
                one(&found, &wanted);
            }
            None => {
                if old.insert_before(&wanted, at.as_ref()).is_ok() {
                    wake(&wanted);
                }
            }
        }
    }
    while let Some(left) = at {
        at = left.next_sibling();
        let _ = old.remove_child(&left);
    }
}

/// The node that is to become the wanted one: the next, or of those with a key the one with its key.
fn same_from(at: Option<&Node>, wanted: &Node) -> Option<Node> {
    let wanted_key = key(wanted);
    let mut here = at.cloned();
    while let Some(node) = here {
        if is_like(&node, wanted) && key(&node) == wanted_key {
            return Some(node);
        }
        // Without a key only the next one will do.
        if wanted_key.is_none() && key(&node).is_none() {
            return None;
        }
        here = node.next_sibling();
    }
    None
}

fn key(node: &Node) -> Option<String> {
    let element = node.dyn_ref::<Element>()?;
    element.get_attribute("data-key").or_else(|| element.get_attribute("data-is"))
}

/// What tells elements of one name apart, besides their key.
const KIND: [&str; 3] = ["id", "data-own", "data-region"];

fn is_like(old: &Node, new: &Node) -> bool {
    if old.node_type() != new.node_type() || old.node_name() != new.node_name() {
        return false;
    }
    match (old.dyn_ref::<Element>(), new.dyn_ref::<Element>()) {
        (Some(old), Some(new)) => KIND.iter().all(|name| old.get_attribute(name) == new.get_attribute(name)),
        (Some(_), None) | (None, _) => true,
    }
}

fn one(old: &Node, new: &Node) {
    // Most of a page stays as it is, and the browser sees that faster than it is walked through from here.
    if old.is_equal_node(Some(new)) {
        return;
    }
    let (Some(old_element), Some(new_element)) = (old.dyn_ref::<Element>(), new.dyn_ref::<Element>()) else {
        if old.node_value() != new.node_value() {
            old.set_node_value(new.node_value().as_deref());
        }
        return;
    };
    // An island lives by itself.
    if old_element.local_name() == "leptos-island" {
        return;
    }
    attributes(old_element, new_element);
    // The text of an age is the browser's, and so is what somebody works in.
    if !old_element.has_attribute("data-at") && !old_element.has_attribute("data-own") {
        children(old, new);
    }
}

fn attributes(old: &Element, new: &Element) {
    // Of these the browser has made what they are.
    let mine = old.get_attribute("data-mine").unwrap_or_default();
    let is_own = |name: &str| OWN.contains(&name) || mine == name;
    for name in new.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        let wanted = new.get_attribute(&name).unwrap_or_default();
        if !is_own(&name) && old.get_attribute(&name).as_ref() != Some(&wanted) {
            // The name came from an element, so it is one.
            let _ = old.set_attribute(&name, &wanted);
        }
    }
    for name in old.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        if !is_own(&name) && !new.has_attribute(&name) {
            let _ = old.remove_attribute(&name);
        }
    }
}

/// What has come into the page: its islands start, and what asks for the focus gets it.
fn wake(node: &Node) {
    let Some(element) = node.dyn_ref::<Element>() else { return };
    platform::wake_islands(element);
    if element.query_selector("[data-field]").is_ok_and(|field| field.is_some()) {
        crate::draft::ask();
    }
    let asks = element.query_selector("[data-focus-me]").ok().flatten();
    if let Some(asks) = asks.and_then(|asks| asks.dyn_into::<HtmlElement>().ok()) {
        let _ = asks.focus();
    }
}
