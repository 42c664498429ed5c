//! The document around the app: head, boot sentinel, loader. The framework's own `HydrationScripts` is not
//! used: it writes the nonce into `crossorigin`, and a failed start of it goes unnoticed.

use std::sync::LazyLock;

use leptos::prelude::*;
use leptos_meta::MetaTags;
use leptos_router::location::RequestUrl;

use crate::App;

/// What the server says about one request's page. Provide it as context for every render.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShellValues {
    /// The nonce of the response's `Content-Security-Policy`. Provide the same as leptos's own `Nonce`.
    pub nonce: String,
    /// Page token for `POST /api/logs`.
    pub log_token: String,
    /// Correlation id of the request that made the page.
    pub correlation_id: String,
    /// The cookie `theme`: `light` is light, anything else is dark.
    pub theme: String,
    /// When the page is made, by the server's clock in milliseconds.
    pub now_ms: i64,
    /// Pattern of the page's path.
    pub route: &'static str,
    /// Version and revision, such as `0.1.0+ab12cd3`.
    pub version: String,
}

/// Addresses of what the document loads. The default are the plain ones; a build may name files by their content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    pub style: String,
    /// What Control does without; in a folder with plain names the first sheet holds it all.
    pub more_style: Option<String>,
    pub loader: String,
    pub module: String,
    pub guard: String,
    pub measure: String,
    pub chart: String,
}

impl Files {
    /// `address` tells where the file of a plain address is.
    pub fn named(address: impl Fn(&str) -> String) -> Self {
        let more_style = address(MORE_STYLE);
        Self {
            style: address("/pkg/deltascope.css"),
            more_style: (more_style != MORE_STYLE).then_some(more_style),
            loader: address("/pkg/deltascope.js"),
            module: address("/pkg/deltascope.wasm"),
            guard: address("/guard.js"),
            measure: address("/measure.js"),
            chart: address("/chart.js"),
        }
    }
}

impl Default for Files {
    fn default() -> Self {
        Self::named(str::to_owned)
    }
}

const MORE_STYLE: &str = "/pkg/pages.css";
/// The sentinel's first part, without what is there for readers: it travels with every page.
static BOOT: LazyLock<String> = LazyLock::new(|| {
    let lines = include_str!("boot.js").lines().map(str::trim);
    lines.filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n")
});

/// Writes the document.
pub fn shell(files: &Files) -> impl IntoView + use<> {
    // Only islands wake in the browser: what the server has read need not travel a second time.
    if let Some(shared) = Owner::current_shared_context() {
        shared.set_is_hydrating(false);
    }
    let values = use_context::<ShellValues>().unwrap_or_default();
    let Files { style, more_style, loader, module, guard, measure, chart } = files.clone();
    let more_style = more_style.filter(|_| !is_control());
    let load = format!("deltascope.load({loader:?},{module:?},{chart:?})");
    let theme = if values.theme == "light" { "light" } else { "dark" };
    let nonce = values.nonce;
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme translate="no">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="google" content="notranslate"/>
                <meta name="color-scheme" content="dark light"/>
                <meta name="description" content="Deltascope: runs short option strategies and tells what it does"/>
                <meta name="log-token" content=values.log_token/>
                <meta name="correlation-id" content=values.correlation_id/>
                <meta name="version" content=values.version/>
                <meta name="now" content=values.now_ms/>
                <meta name="route" content=values.route/>
                <script nonce=nonce.clone() inner_html=BOOT.as_str()></script>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=style/>
                {more_style.map(|style| view! { <link rel="stylesheet" href=style/> })}
                <link rel="modulepreload" href=loader/>
                <link rel="preload" href=module r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
                // What it tells when the page goes leaves with what the guard sends then.
                <script nonce=nonce.clone() src=measure defer></script>
                <script nonce=nonce.clone() src=guard defer></script>
                <script nonce=nonce type="module" inner_html=load></script>
                <MetaTags/>
            </head>
            <body>
                <div id="app"><App/></div>
            </body>
        </html>
    }
}

/// How much of what was rendered is the document. Behind it the framework now and then writes what was read, for a
/// browser that would go on with it: here nobody does, and its scripts carry no nonce.
pub fn document_end(html: &[u8]) -> usize {
    const END: &[u8] = b"</html>";
    html.windows(END.len()).position(|window| window == END).map_or(html.len(), |at| at + END.len())
}

/// The first page, which most people open first.
fn is_control() -> bool {
    let asked = use_context::<RequestUrl>().and_then(|asked| asked.parse().ok());
    asked.is_some_and(|asked| asked.path() == "/")
}

/// The theme of this page.
pub fn theme() -> String {
    use_context::<ShellValues>().map(|values| values.theme).unwrap_or_default()
}

/// The id of the request that made this page: a key that is new for every page.
pub fn page_key() -> String {
    use_context::<ShellValues>().map(|values| values.correlation_id).unwrap_or_default()
}

/// Version and revision of the build.
pub fn version() -> String {
    use_context::<ShellValues>().map(|values| values.version).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Files, document_end};

    /// Catches: a second sheet asked for in a folder that has only one.
    #[test]
    fn a_second_sheet_is_there_when_the_build_named_one() {
        assert_eq!(Files::default().more_style, None);
        let named = Files::named(|plain| plain.replace("pages.", "pages.0a."));
        assert_eq!(named.more_style.as_deref(), Some("/pkg/pages.0a.css"));
    }

    #[test]
    fn what_stands_behind_the_document_is_no_part_of_it() {
        let page = b"<html><p>a</p></html><!><script>__RESOLVED_RESOURCES=[]</script>";
        assert_eq!(&page[..document_end(page)], b"<html><p>a</p></html>");
        assert_eq!(document_end(b"<p>no document"), 14);
    }
}
