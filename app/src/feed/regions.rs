//! Regions: parts of the page that the server keeps, as HTML. A region comes whole once; then only what changed in it,
//! by the number of the piece: a piece is a tag or the text between two.

use std::cell::RefCell;

use web_sys::Element;

use super::morph::morph;
pub use crate::feed_pieces::Part;
use crate::feed_pieces::cut;
use crate::platform::{self, find};

#[derive(Default)]
struct Regions(Vec<Region>);

/// Few: a list is found through faster than a tree is loaded.
struct Region {
    name: String,
    pieces: Vec<String>,
    /// Changed, and not yet in the page.
    waiting: bool,
}

thread_local! {
    static REGIONS: RefCell<Regions> = RefCell::default();
}

/// Takes a region as a whole.
pub fn whole(name: &str, html: &str) {
    change(name, |pieces| *pieces = cut(html));
}

/// Takes single pieces of a region; false when it is not known so far.
pub fn pieces(name: &str, changed: impl Iterator<Item = (usize, String)>) -> bool {
    let mut known = true;
    change(name, |pieces| {
        for (at, text) in changed {
            match pieces.get_mut(at) {
                Some(piece) => *piece = text,
                None => known = false,
            }
        }
    });
    known
}

/// Takes a region in which rows came or went; false when it is not known so far.
pub fn rows(name: &str, parts: impl Iterator<Item = Part>) -> bool {
    let mut known = true;
    change(name, |pieces| {
        let mut now = Vec::new();
        for part in parts {
            match part {
                Part::New(html) => now.extend(cut(&html)),
                Part::Kept { from, count } => match pieces.get(from..from + count) {
                    Some(kept) => now.extend_from_slice(kept),
                    None => known = false,
                },
            }
        }
        *pieces = now;
    });
    known
}

fn change(name: &str, change: impl FnOnce(&mut Vec<String>)) {
    REGIONS.with_borrow_mut(|Regions(regions)| {
        let at = regions.iter().position(|region| region.name == name).unwrap_or_else(|| {
            regions.push(Region { name: name.to_owned(), pieces: Vec::new(), waiting: false });
            regions.len() - 1
        });
        change(&mut regions[at].pieces);
        regions[at].waiting = true;
    });
}

/// Where it stands in the page.
pub fn place(name: &str) -> Option<Element> {
    find(&format!("[data-region=\"{name}\"]"))
}

/// Bringing what waits into the page takes about so long before somebody's click has its turn.
const AT_ONCE_MS: f64 = 15.0;

/// Brings into the page what waits, in the order of the page; false when some are left for the next picture. A
/// page that has just begun gets all of it again, which a phone should not do in one go.
pub fn flush() -> bool {
    let until_ms = platform::steady_ms() + AT_ONCE_MS;
    loop {
        let next = REGIONS.with_borrow_mut(|Regions(regions)| {
            let region = regions.iter_mut().find(|region| region.waiting)?;
            region.waiting = false;
            Some((region.name.clone(), region.pieces.concat()))
        });
        let Some((name, html)) = next else { return true };
        if let Some(place) = place(&name) {
            morph(&place, &html);
        }
        if platform::steady_ms() > until_ms && !platform::is_hidden() {
            return REGIONS.with_borrow(|Regions(regions)| regions.iter().all(|region| !region.waiting));
        }
    }
}
