//! Telemetry: every record of browser and server in one list, filtered by the address.

mod clients;
mod errors;
mod filters;
mod histogram;
mod kpis;
mod pipeline;
mod record;
mod records;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::data;
use crate::log_query::LogQuery;
use crate::parts::{Panel, region};

use clients::ClientsPanel;
use errors::ErrorsPanel;
use filters::Filters;
use histogram::HistogramView;
use pipeline::PipelinePanel;
use records::Records;

pub use kpis::KpiPage;
pub use record::payload_rows;

/// The parts of Telemetry.
fn tabs(current: &'static str) -> AnyView {
    let link = |word: &'static str, href: &'static str, name: &'static str| {
        view! { <a href=href aria-current=(word == current).then_some("page")>{name}</a> }
    };
    view! {
        <nav class="segments" aria-label="Parts of Telemetry">
            {link("records", "/telemetry", "Records")}{link("kpis", "/telemetry/kpis", "Key figures")}
        </nav>
    }
    .into_any()
}

#[component]
pub fn TelemetryPage() -> impl IntoView {
    let map = use_query_map();
    let query = Memo::new(move |_| map.with(|map| LogQuery::read(|name| map.get(name))));
    let (histogram, page, has_index) = match data::logs_paint() {
        Ok(paint) => (Some(paint.histogram), Ok(paint.page), paint.has_index),
        // The records say what is wrong. The fields stay: who asked too much, or the search engine, needs the way back.
        Err(error) => (None, Err(error), query.with_untracked(|query| !query.ask.is_empty())),
    };
    view! {
        <Title text="Telemetry"/>
        <h1 class="visually-hidden" tabindex="-1">"Telemetry"</h1>
        {tabs("records")}
        <div class="telemetry">
            <Panel name="Search" class="search">
                <Filters query has_index/>
                {histogram.map(|histogram| region("histogram", view! { <HistogramView histogram query/> }.into_any()))}
            </Panel>
            <div class="column">
                <Panel name="Records" region="records">
                    {page.map(|page| view! { <Records page query/> })}
                </Panel>
            </div>
            <div class="column">
                <ErrorsPanel/>
                <ClientsPanel/>
                <PipelinePanel/>
            </div>
        </div>
    }
    .into_any()
}
