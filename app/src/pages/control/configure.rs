//! The configuration form: every field with its message beside it, checked while it is typed.

use leptos::prelude::*;

use super::draft::{Field, GROUPS, Kind};
use super::start::Starting;

#[component]
pub fn Configure(starting: Starting) -> impl IntoView {
    let state = move || {
        if starting.draft.with(super::draft::Draft::is_unchanged) {
            "as the preset".to_owned()
        } else {
            "edited".to_owned()
        }
    };
    let groups = GROUPS
        .into_iter()
        .map(|(name, fields)| {
            let fields =
                fields.iter().map(|field| view! { <FieldView field=*field starting/> }).collect_view();
            view! { <fieldset><legend>{name}</legend>{fields}</fieldset> }
        })
        .collect_view();
    view! {
        <header>
            <h2>"Configuration"</h2>
            <span class="end">
                <span class="tag">{state}</span>
                <button class="button quiet" type="button" on:click=move |_| starting.choose(starting.chosen.get_untracked())>"Back to the preset"</button>
            </span>
        </header>
        <div class="form">{groups}</div>
    }
    .into_any()
}

#[component]
fn FieldView(field: Field, starting: Starting) -> impl IntoView {
    let value = Memo::new(move |_| starting.draft.with(|draft| draft.get(field.path)));
    let problem = Memo::new(move |_| starting.problems.with(|problems| problems.get(field.path).cloned()));
    let edit = move |text: String| starting.draft.update(|draft| draft.set(field.path, text));
    let hint_id = format!("hint-{}", field.path.replace('.', "-"));
    let described = hint_id.clone();
    let invalid = move || problem.with(Option::is_some);
    let control = match field.kind {
        Kind::Number => view! {
            <input inputmode="decimal" autocomplete="off" value=move || value.get() prop:value=move || value.get()
                aria-invalid=move || invalid().then_some("true") aria-describedby=described
                on:input=move |event| edit(event_target_value(&event))/>
        }
        .into_any(),
        Kind::Choice(options) => view! {
            <select prop:value=move || value.get() aria-describedby=described on:change=move |event| edit(event_target_value(&event))>
                {options.iter().map(|(word, label)| view! { <option value=*word selected=move || value.get() == *word>{*label}</option> }).collect_view()}
            </select>
        }
        .into_any(),
    };
    view! {
        <label class="field" data-invalid=move || invalid().then_some("")>
            <span>{field.label}</span>
            {control}
            <span class="hint" id=hint_id>{move || problem.get().unwrap_or_else(|| field.hint.to_owned())}</span>
        </label>
    }
    .into_any()
}
