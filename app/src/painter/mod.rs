//! What the feed of one page says: the server paints the regions and cells of that page anew, and sends what differs
//! from what it sent before.

mod cells;
pub mod form;
mod view;

use std::collections::BTreeMap;

use leptos::prelude::*;
use model::SessionId;
use model::result::SessionResult;
use model::view::{PnlPoint, SessionView, StripView, WhyView};
use serde::Serialize;
use serde_json::{Value, json};

use crate::alerts_view::AlertsOpen;
use crate::feed_pieces::{Part, changed, cut, parts};
use crate::frame::{Who, frame_regions};
use crate::live::Live;
use crate::pages::control::control_regions;
use crate::pages::{AlertsState, PanicState};
use crate::port::User;
use crate::shown::{Before, provide_shown, use_shown};

pub use cells::{PaintedCells, provide_cells};
pub use view::View;

/// What is known, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub strip: StripView,
    pub alerts: AlertsOpen,
    /// Those that the strip lists.
    pub sessions: Vec<SessionView>,
    /// Latest decisions, newest last.
    pub why: Vec<WhyView>,
    /// Sessions that ended last, the latest first.
    pub lately: Vec<SessionResult>,
    /// The session that `Painter::gone` asked for.
    pub gone: Option<SessionView>,
}

/// What of a page changed; `None` of a field: nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Change {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cells: BTreeMap<String, String>,
    /// A region as a whole, or what changed in it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<&'static str, Value>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.regions.is_empty()
    }
}

/// The painter of one page in one browser.
pub struct Painter {
    /// The page was made by another build than the one that paints.
    pub outdated: bool,
    user: Option<User>,
    view: View,
    before: Option<Before>,
    regions: BTreeMap<&'static str, Vec<String>>,
    cells: BTreeMap<String, String>,
}

impl Painter {
    /// `view`: path and query of the page.
    pub fn new(user: Option<User>, view: &str) -> Self {
        Self {
            outdated: false,
            user,
            view: View::read(view),
            before: None,
            regions: BTreeMap::new(),
            cells: BTreeMap::new(),
        }
    }

    /// The page shows something else.
    pub fn look_at(&mut self, view: &str) {
        self.view = View::read(view);
    }

    /// The browser has lost track: everything is sent again.
    pub fn forget(&mut self) {
        self.regions.clear();
        self.cells.clear();
    }

    /// The session of which the page says that it is not there any more: how it ended is worth saying.
    pub fn gone(&self) -> Option<&SessionId> {
        self.before.as_ref().and_then(Before::gone)
    }

    /// Paints what is known; what changed, and the session that is shown.
    pub fn paint(&mut self, known: Known) -> (Change, Option<SessionId>) {
        let owner = Owner::new();
        let (painted, cells, before) = owner.with(|| self.painted(known));
        owner.cleanup();
        let shown = before.id();
        self.before = Some(before);
        (Change { cells: self.cells_changed(cells), regions: self.regions_changed(painted) }, shown)
    }

    fn painted(&self, known: Known) -> (Vec<(&'static str, String)>, BTreeMap<String, String>, Before) {
        let live = Live::of(known);
        provide_context(live);
        provide_context(Who(RwSignal::new(self.user.clone())));
        provide_context(self.view.clone());
        provide_shown(self.before.as_ref());
        let cells = provide_cells();
        let mut regions = frame_regions(self.outdated);
        if self.view.is_control() {
            regions.extend(control_regions());
        }
        if self.view.is_alerts() {
            regions.push(("alerts", view! { <AlertsState/> }.into_any()));
        }
        if self.view.is_panic() {
            regions.push(("panic", view! { <PanicState/> }.into_any()));
        }
        let html = regions.into_iter().map(|(name, view)| (name, view.to_html())).collect();
        (html, cells, use_shown().before())
    }

    fn cells_changed(&mut self, cells: BTreeMap<String, String>) -> BTreeMap<String, String> {
        let is_new = |(key, text): &(&String, &String)| self.cells.get(*key) != Some(*text);
        let fresh = cells.iter().filter(is_new).map(|(key, text)| (key.clone(), text.clone())).collect();
        self.cells = cells;
        fresh
    }

    fn regions_changed(&mut self, painted: Vec<(&'static str, String)>) -> BTreeMap<&'static str, Value> {
        let mut told = BTreeMap::new();
        for (name, html) in painted {
            let pieces = cut(&html);
            match self.regions.get(name) {
                Some(before) if *before == pieces => {}
                Some(before) => {
                    told.insert(name, change_of(before, &pieces));
                }
                None => {
                    told.insert(name, Value::String(html));
                }
            }
            self.regions.insert(name, pieces);
        }
        told
    }
}

/// Pairs of a piece's number and its text; or, when rows came or went, what stays as `[from, count]` and what is new.
fn change_of(before: &[String], after: &[String]) -> Value {
    match changed(before, after) {
        Some(changes) => changes.into_iter().flat_map(|(at, text)| [json!(at), json!(text)]).collect(),
        None => {
            let of = |part| match part {
                Part::Kept { from, count } => json!([from, count]),
                Part::New(html) => Value::String(html),
            };
            json!({ "rows": parts(before, after).into_iter().map(of).collect::<Vec<_>>() })
        }
    }
}

/// At most so many, evenly spread, the first and the last always among them.
pub fn thin(points: &[PnlPoint], most: usize) -> Vec<PnlPoint> {
    let step = points.len().div_ceil(most.max(1)).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.iter().enumerate().filter(|(at, _)| at % step == 0 || *at == last);
    kept.map(|(_, point)| point.clone()).collect()
}

/// Points as the page takes them: `seconds, executable, peak, floor`, missing ones null.
pub fn rows(points: &[PnlPoint]) -> Vec<Option<f64>> {
    let drawn = |money: Option<model::Money>| {
        money.and_then(|money| model::amount::cents(money).to_string().parse().ok())
    };
    points
        .iter()
        .flat_map(|point| {
            let seconds = (point.at.0 / 1_000) as f64 / 1e3;
            [Some(seconds), drawn(point.executable), drawn(point.peak), drawn(point.floor)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use model::view::SessionChip;
    use model::{Decimal, Exposure, Lifecycle, Micros, Underlying};

    use super::*;

    fn known(ask: Option<i64>) -> Known {
        let mut session = crate::sample::session("s-1");
        session.legs.push(crate::sample::leg(-200));
        session.legs[0].ask = ask.map(Decimal::from);
        let chip = SessionChip {
            session_id: session.session_id.clone(),
            configuration: String::new(),
            underlying: Underlying::new("BTC"),
            lifecycle: Lifecycle::Running,
            exposure: Exposure::Open,
            health: vec![],
            started_at: Micros(0),
            pnl: None,
        };
        let strip = StripView { sessions: vec![chip], ..StripView::default() };
        Known { strip, sessions: vec![session], ..Known::default() }
    }

    fn painter() -> Painter {
        Painter::new(Some(User { username: "admin".to_owned(), role: "admin".to_owned() }), "/")
    }

    /// What a browser makes of a change of a region, as `app/src/feed/regions.rs` does.
    fn put(before: &str, change: &Value) -> String {
        let mut pieces = cut(before);
        match change {
            Value::String(html) => html.clone(),
            Value::Array(pairs) => {
                for pair in pairs.chunks(2) {
                    pieces[pair[0].as_u64().expect("a number") as usize] =
                        pair[1].as_str().expect("a text").to_owned();
                }
                pieces.concat()
            }
            other => {
                let rows = other["rows"].as_array().expect("rows");
                let part = |row: &Value| match row.as_str() {
                    Some(html) => html.to_owned(),
                    None => {
                        let number = |at: usize| row[at].as_u64().expect("a number") as usize;
                        pieces[number(0)..number(0) + number(1)].concat()
                    }
                };
                rows.iter().map(part).collect()
            }
        }
    }

    #[test]
    fn a_long_curve_is_thinned_and_keeps_both_ends() {
        let points: Vec<PnlPoint> = (0..1_001)
            .map(|at| PnlPoint { at: Micros(at), executable: None, peak: None, floor: None })
            .collect();
        let few = thin(&points, 400);
        assert!(few.len() <= 401, "{}", few.len());
        assert_eq!((few[0].at, few[few.len() - 1].at), (Micros(0), Micros(1_000)));
        assert_eq!(thin(&points[..3], 400).len(), 3);
        assert!(thin(&[], 400).is_empty());
    }

    #[test]
    fn what_did_not_change_is_not_sent() {
        let mut painter = painter();
        let (first, shown) = painter.paint(known(Some(7)));
        assert!(first.regions.contains_key("legs") && first.cells.contains_key("why.resume"));
        assert_eq!(shown, Some(SessionId::new("s-1")));
        assert!(painter.paint(known(Some(7))).0.is_empty());
        painter.forget();
        assert_eq!(painter.paint(known(Some(7))).0, first);
    }

    #[test]
    fn a_price_that_moved_is_a_few_pieces_and_the_page_is_as_if_painted_anew() {
        let mut painter = painter();
        let whole = |change: &Change| change.regions["legs"].as_str().expect("the whole").to_owned();
        let before = whole(&painter.paint(known(Some(7))).0);
        let (moved, _) = painter.paint(known(Some(8)));
        assert_eq!(moved.regions.keys().copied().collect::<Vec<_>>(), ["legs"]);
        assert_eq!(moved.regions["legs"].as_array().map(Vec::len), Some(2), "{moved:?}");
        let after = whole(&super::tests::painter().paint(known(Some(8))).0);
        assert_eq!(put(&before, &moved.regions["legs"]), after);
        let (gone, _) = painter.paint(known(None));
        let fresh = whole(&super::tests::painter().paint(known(None)).0);
        assert_eq!(put(&after, &gone.regions["legs"]), fresh);
    }

    #[test]
    fn a_page_without_sessions_begins_empty_and_offers_a_start() {
        let (change, shown) = painter().paint(Known::default());
        assert_eq!(shown, None);
        let of = |name: &str| change.regions[name].as_str().unwrap_or_default().to_owned();
        assert!(of("desk").contains("Start in simulation") && of("offer").contains("Minimum lock"));
        assert!(!of("legs").contains("<table"));
    }

    #[test]
    fn a_browser_that_begins_anew_is_told_also_what_is_not_so_any_more() {
        let mut known = known(Some(7));
        let (running, _) = painter().paint(known.clone());
        assert_eq!(running.cells["why.resume"], "Running: nothing to resume.");
        known.sessions[0].lifecycle = Lifecycle::Paused;
        assert_eq!(painter().paint(known).0.cells["why.resume"], "");
        assert_eq!(painter().paint(Known::default()).0.cells["why.resume"], "");
    }
}
