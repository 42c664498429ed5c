//! Client health: what arrived of each browser, what it merged and dropped, and what is missing without a word.

use leptos::prelude::*;
use model::Micros;

use crate::data;
use crate::format;
use crate::parts::{Age, Panel};
use crate::port::ClientHealth;

/// Clocks that differ by more make times hard to compare.
const SKEW_MS: i64 = 2_000;

#[component]
pub fn ClientsPanel() -> impl IntoView {
    view! {
        <Panel name="Client health">
            {data::clients_paint().map(|clients| told(&clients))}
        </Panel>
    }
}

fn told(clients: &[ClientHealth]) -> AnyView {
    let lost: u64 = clients.iter().filter_map(|client| client.unexplained).sum();
    let count = format::counted(clients.len(), "tab");
    let verdict = if lost > 0 {
        view! { <span class="tag" data-tone="alarm">{format!("{} lost", format::count(lost))}</span> }
            .into_any()
    } else {
        view! { <span>{count}</span> }.into_any()
    };
    let body = if clients.is_empty() {
        view! { <p class="empty">"No browser has told anything in the last day. Each tab of the console stands here with what arrived of it, seconds after it was opened."</p> }
            .into_any()
    } else {
        clients.iter().map(client).collect_view().into_any()
    };
    view! { <header><h2>"Client health"</h2><span class="end">{verdict}</span></header>{body} }.into_any()
}

/// One tab. Rows are a list, so that what is known more of a tab is a row more.
fn client(client: &ClientHealth) -> AnyView {
    let id = format!("tab {} of browser session {}", client.tab_id, client.client_session_id);
    let short = format::short_id(&client.tab_id);
    let at: Option<Micros> = Some(client.last_seen);
    let rows = rows(client)
        .into_iter()
        .map(|(name, value, tone)| {
            let value = match tone {
                "" => value.into_any(),
                tone => view! { <span class="tag" data-tone=tone>{value}</span> }.into_any(),
            };
            view! { <tr><th scope="row">{name}</th><td class="n">{value}</td></tr> }
        })
        .collect_view();
    view! {
        <div class="client" data-key=client.tab_id.clone()>
            <p class="who">
                <span class="num" title=id>{short}</span>
                <span>{client.user.clone().unwrap_or_else(|| "not signed in".to_owned())}</span>
                <Age at before="seen "/>
            </p>
            <div class="sums grid-table"><table>
                <caption class="visually-hidden">"What arrived of this browser and what did not"</caption>
                <tbody>{rows}</tbody>
            </table></div>
        </div>
    }
    .into_any()
}

fn rows(client: &ClientHealth) -> Vec<(String, String, &'static str)> {
    let row = |name: &str, value: String, tone: &'static str| (name.to_owned(), value, tone);
    let mut rows = vec![
        row("Delivered", format::count(client.delivered), ""),
        row("Merged into alike ones", format::count(client.merged), ""),
    ];
    for (reason, count) in &client.dropped {
        rows.push((
            format!("Dropped, declared: {}", reason.replace('_', " ")),
            format::count(*count),
            "doubt",
        ));
    }
    rows.push(match client.unexplained {
        Some(0) => row("Lost, unexplained", "0".to_owned(), ""),
        Some(lost) => row("Lost, unexplained", format::count(lost), "alarm"),
        None => row("Lost, unexplained", "not known".to_owned(), ""),
    });
    if let Some(skew) = client.skew_ms {
        let tone = if skew.abs() > SKEW_MS { "doubt" } else { "" };
        let sign = if skew < 0 { "−" } else { "" };
        rows.push(row(
            "Clock corrected by",
            format!("{sign}{} ms", format::count(skew.unsigned_abs())),
            tone,
        ));
    }
    rows
}
