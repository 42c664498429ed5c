//! The configuration form: every field with its message beside it, checked while it is typed.

use leptos::prelude::*;
use model::preset::presets;

use super::draft::{Draft, Field, GROUPS, Kind};
use crate::parts::cell_text;

#[component]
pub fn Configure() -> impl IntoView {
    let draft = presets().first().map(|preset| Draft::of(&preset.configuration)).unwrap_or_default();
    let groups = GROUPS
        .into_iter()
        .map(|(name, fields)| {
            let fields = fields.iter().map(|field| field_view(*field, draft.get(field.path))).collect_view();
            view! { <fieldset><legend>{name}</legend>{fields}</fieldset> }
        })
        .collect_view();
    view! {
        <header>
            <h2>"Configuration"</h2>
            <span class="end">
                <span class="tag">{cell_text("draft.state", "as the preset")}</span>
                <button class="button quiet" type="button" data-does="preset-again">"Back to the preset"</button>
            </span>
        </header>
        <div class="form" data-own>{groups}</div>
    }
    .into_any()
}

fn field_view(field: Field, value: String) -> impl IntoView {
    let hint_id = format!("hint-{}", field.path.replace('.', "-"));
    let described = hint_id.clone();
    let control = match field.kind {
        Kind::Number => view! {
            <input inputmode="decimal" autocomplete="off" data-field=field.path value=value aria-describedby=described/>
        }
        .into_any(),
        Kind::Choice(options) => view! {
            <select data-field=field.path aria-describedby=described>
                {options.iter().map(|(word, label)| view! { <option value=*word selected=value == *word>{*label}</option> }).collect_view()}
            </select>
        }
        .into_any(),
    };
    view! {
        <label class="field">
            <span>{field.label}</span>
            {control}
            <span class="hint" id=hint_id data-hint=field.hint>{field.hint}</span>
        </label>
    }
}
