//! The configuration as it was when the session started, beside the preset it came from.

use leptos::prelude::*;
use model::Configuration;
use model::preset::{EDITED, preset};

use crate::format;
use crate::pages::control::draft::{Draft, Field, GROUPS, Kind};
use crate::pages::past::configuration_name;
use crate::port::SessionDetail;

pub fn settings(detail: &SessionDetail) -> AnyView {
    let Some(settings) = &detail.settings else {
        return view! {
            <section class="panel config" aria-label="Configuration">
                <header><h2>"Configuration as it was"</h2></header>
                <p class="empty">"It was not kept: the journal has forgotten this session. Its hash is " <code>{detail.view.configuration_hash.clone()}</code></p>
            </section>
        }
        .into_any();
    };
    // What was edited is compared with what it was made of.
    let default = preset(settings.name.trim_end_matches(EDITED)).map(|preset| preset.configuration);
    let changed = default.as_ref().map(|default| changes(settings, default));
    let tag = match &changed {
        Some(0) => view! { <span>"as the preset has it"</span> }.into_any(),
        Some(count) => {
            view! { <span class="tag" data-tone="act">{format!("{count} changed from the preset")}</span> }
                .into_any()
        }
        None => view! { <span>"no preset of that name"</span> }.into_any(),
    };
    let groups = GROUPS.map(|(name, fields)| group(name, fields, settings, default.as_ref())).collect_view();
    let struck = changed.is_some_and(|count| count > 0).then_some("Struck through: the preset. ");
    view! {
        <section class="panel config" aria-label="Configuration">
            <header><h2>"Configuration as it was"</h2><span class="end">{tag}</span></header>
            <div class="config-grid">{groups}</div>
            <footer>{struck}{format!("{} · frozen when the session started, hash ", configuration_name(&settings.name))}<code>{detail.view.configuration_hash.clone()}</code></footer>
        </section>
    }
    .into_any()
}

fn fields() -> impl Iterator<Item = &'static Field> {
    GROUPS.iter().flat_map(|(_, fields)| fields.iter())
}

/// How many fields differ.
fn changes(settings: &Configuration, default: &Configuration) -> usize {
    let (settings, default) = (Draft::of(settings), Draft::of(default));
    fields().filter(|field| settings.get(field.path) != default.get(field.path)).count()
}

fn group(
    name: &'static str,
    fields: &'static [Field],
    settings: &Configuration,
    default: Option<&Configuration>,
) -> AnyView {
    let (settings, default) = (Draft::of(settings), default.map(Draft::of));
    let rows = fields
        .iter()
        .map(|field| {
            let value = told(field, &settings.get(field.path));
            let before = default.as_ref().map(|default| told(field, &default.get(field.path)));
            let before = before.filter(|before| *before != value);
            let changed = before.is_some().then_some("");
            let value = match before {
                Some(before) => view! { <del><span class="visually-hidden">"preset: "</span>{before}</del>" "<ins>{value}</ins> }.into_any(),
                None => value.into_any(),
            };
            view! { <dt data-changed=changed>{field.label}</dt><dd>{value}</dd> }
        })
        .collect_view();
    view! { <div><h3>{name}</h3><dl class="facts">{rows}</dl></div> }.into_any()
}

/// A value as people read it; an empty one is off.
fn told(field: &Field, value: &str) -> String {
    let label = match field.kind {
        Kind::Choice(options) => options.iter().find(|(word, _)| *word == value).map(|(_, label)| *label),
        Kind::Number => None,
    };
    match label {
        Some(label) => label.to_owned(),
        None if value.is_empty() => "off".to_owned(),
        None => value.parse().map_or_else(|_| value.to_owned(), format::strike),
    }
}

#[cfg(test)]
mod tests {
    use model::Decimal;

    use super::*;

    #[test]
    fn changes_are_counted_against_the_preset() {
        let default = preset("quick-strangle").expect("the default preset").configuration;
        assert_eq!(changes(&default, &default), 0);
        let edited = Configuration { max_loss: Decimal::from(61), trailing: None, ..default.clone() };
        assert_eq!(changes(&edited, &default), 6, "max loss and the five of the floor");
    }
}
