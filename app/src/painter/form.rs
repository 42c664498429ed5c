//! What the browser is told of a configuration form: what is wrong beside its field, a preview, a check list, and
//! whether a start is open.

use std::collections::BTreeMap;

use leptos::prelude::*;
use model::Configuration;
use model::preset::{preset, presets};
use model::view::PreviewView;
use serde::{Deserialize, Serialize};

use super::Known;
use crate::live::Live;
use crate::pages::control::draft::{Draft, field_label};

/// A form as it stands in the browser.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// Id of the chosen preset.
    pub preset: String,
    /// What is typed, by field path.
    pub fields: BTreeMap<String, String>,
}

/// What was made of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    pub draft: Draft,
    /// By field path.
    pub problems: BTreeMap<String, String>,
    pub configuration: Option<Configuration>,
    /// What starting now would mean; the caller asks for it.
    pub preview: Option<PreviewView>,
    pub warnings: Vec<String>,
}

/// For the browser.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    pub problems: BTreeMap<String, String>,
    /// Why a start is shut; empty when nothing of the form shuts it.
    pub why: String,
    /// Whether it still is the preset.
    pub state: &'static str,
    /// What a start is to send in place of the preset.
    pub configuration: Option<Configuration>,
    /// HTML.
    pub preview: String,
    pub ready: String,
}

/// What is checked before anybody has touched the form: the first preset as it is.
pub fn untouched() -> Checked {
    let first = presets().into_iter().next().map(|preset| preset.id.to_owned()).unwrap_or_default();
    check(&Asked { preset: first, ..Asked::default() }).unwrap_or_default()
}

/// The preview of what was checked.
pub fn preview(checked: Option<&Checked>) -> AnyView {
    let max_loss = checked.map(|checked| checked.draft.get("max_loss"));
    let warnings = checked.map(|checked| checked.warnings.as_slice()).unwrap_or_default();
    let figures = checked.and_then(|checked| checked.preview.clone());
    crate::pages::control::preview(figures, max_loss.as_deref(), warnings)
}

/// Reads the form; `None` when there is no such preset.
pub fn check(asked: &Asked) -> Option<Checked> {
    let mut draft = Draft::of(&preset(&asked.preset)?.configuration);
    draft.take(&asked.fields);
    let (configuration, problems) = match draft.read() {
        Ok(configuration) => (Some(configuration), BTreeMap::new()),
        Err(problems) => (None, problems),
    };
    Some(Checked { draft, problems, configuration, ..Checked::default() })
}

/// Writes it for the browser.
pub fn tell(checked: &Checked, known: Known) -> Told {
    let owner = Owner::new();
    let (preview, ready) = owner.with(|| {
        provide_context(Live::of(known));
        (preview(Some(checked)).to_html(), crate::pages::control::ready(Some(checked)).to_html())
    });
    owner.cleanup();
    let unchanged = checked.draft.is_unchanged();
    let mut paths = checked.problems.keys();
    let why = match (checked.problems.len(), paths.next()) {
        (1, Some(path)) => format!("One field to fix: {}.", field_label(path)),
        (0, _) | (_, None) => String::new(),
        (count, Some(_)) => format!("{count} fields to fix."),
    };
    Told {
        problems: checked.problems.clone(),
        why,
        state: if unchanged { "as the preset" } else { "edited" },
        configuration: checked.configuration.clone().filter(|_| !unchanged),
        preview,
        ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(fields: &[(&str, &str)]) -> Asked {
        let fields = fields.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Asked { preset: "quick-strangle".to_owned(), fields }
    }

    #[test]
    fn a_form_is_checked_whole_and_says_what_shuts_a_start() {
        let same = tell(&check(&asked(&[])).expect("a preset"), Known::default());
        assert_eq!((same.state, same.why.as_str(), same.configuration), ("as the preset", "", None));
        let wrong = check(&asked(&[("lots_per_leg", "many")])).expect("a preset");
        let wrong = tell(&wrong, Known::default());
        assert_eq!((wrong.state, wrong.why.as_str()), ("edited", "One field to fix: Lots a leg."));
        assert_eq!(wrong.problems["lots_per_leg"], "A whole number.");
        let edited = check(&asked(&[("max_loss", "75.5")])).expect("a preset");
        let edited = tell(&edited, Known::default());
        assert_eq!(edited.configuration.map(|made| made.name).as_deref(), Some("quick-strangle-edited"));
        assert!(edited.ready.contains("Configuration is valid"));
        assert!(check(&Asked { preset: "none".to_owned(), ..Asked::default() }).is_none());
    }
}
