//! `GET /runbook`: the runbook of this version, as alerts link to it. Written from the Markdown of the repository, of which
//! it knows what that file uses: headings, paragraphs, lists, indented code, and code, bold and links within a line.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::MaybeUser;
use super::assets::Site;
use super::plain::escaped;
use crate::shared::App;

const RUNBOOK: &str = include_str!("../../../docs/runbook.md");

/// For who is signed in, as every page.
pub(super) async fn page(
    State(_): State<Arc<App>>,
    MaybeUser(user): MaybeUser,
    Extension(site): Extension<Site>,
) -> Response {
    if user.is_none() {
        return Redirect::to("/login?next=%2Frunbook").into_response();
    }
    let (style, more) = (site.address("/pkg/deltascope.css"), site.address("/pkg/pages.css"));
    Html(format!(
        "<!doctype html><html lang=\"en\" data-theme=\"dark\" translate=\"no\"><head><meta charset=\"utf-8\"><title>Runbook · Deltascope</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"dark light\">\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"{style}\"><link rel=\"stylesheet\" href=\"{more}\"></head>\
         <body><main class=\"runbook\"><p><a class=\"button\" href=\"/alerts\">Back to Alerts</a></p>{}</main></body></html>",
        html(RUNBOOK)
    ))
    .into_response()
}

/// What a block of lines is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    Paragraph,
    Code,
    List(&'static str),
}

fn html(markdown: &str) -> String {
    let (mut out, mut block) = (String::new(), Block::None);
    let close = |out: &mut String, block: Block| {
        out.push_str(match block {
            Block::None => "",
            Block::Paragraph => "</p>",
            Block::Code => "</code></pre>",
            Block::List("ul") => "</li></ul>",
            Block::List(_) => "</li></ol>",
        });
    };
    let mut open = |out: &mut String, next: Block, before: &str| {
        if block != next {
            close(out, block);
            out.push_str(before);
            block = next;
            return true;
        }
        false
    };
    for line in markdown.lines() {
        if line.trim().is_empty() {
            // Code goes on behind an empty line, a list too; a paragraph does not.
            open(&mut out, Block::None, "");
        } else if let Some((level, title)) = heading(line) {
            open(&mut out, Block::None, "");
            let id = anchor(title);
            out.push_str(&format!("<h{level} id=\"{id}\">{}</h{level}>", inline(title)));
        } else if let Some(code) = line.strip_prefix("    ") {
            if !open(&mut out, Block::Code, "<pre tabindex=\"0\"><code>") {
                out.push('\n');
            }
            out.push_str(&escaped(code));
        } else if let Some((kind, item)) = item(line) {
            let first = if kind == "ul" { "<ul><li>" } else { "<ol><li>" };
            if !open(&mut out, Block::List(kind), first) {
                out.push_str("</li><li>");
            }
            out.push_str(&inline(item));
        } else {
            let goes_on = line.starts_with("  ") && !open(&mut out, Block::List("ul"), "<ul><li>");
            if !goes_on && !line.starts_with("  ") && open(&mut out, Block::Paragraph, "<p>") {
                out.push_str(&inline(line));
            } else {
                out.push(' ');
                out.push_str(&inline(line.trim_start()));
            }
        }
    }
    close(&mut out, block);
    out
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line.get(level..)?.strip_prefix(' ')?;
    (1..=4).contains(&level).then_some((level, title))
}

fn item(line: &str) -> Option<(&'static str, &str)> {
    if let Some(rest) = line.strip_prefix("- ") {
        return Some(("ul", rest));
    }
    let (number, rest) = line.split_once(". ")?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(("ol", rest))
}

/// As Markdown's readers make it: lowercase, `-` for a space, no other signs.
fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Code, bold and links to the runbook itself.
fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*', '[']) {
        out.push_str(&escaped(&rest[..at]));
        rest = &rest[at..];
        let (piece, after) = marked(rest).unwrap_or_else(|| (escaped(&rest[..1]), &rest[1..]));
        out.push_str(&piece);
        rest = after;
    }
    out.push_str(&escaped(rest));
    out
}

fn marked(text: &str) -> Option<(String, &str)> {
    for (mark, tag) in [("`", "code"), ("**", "b"), ("*", "em")] {
        if let Some(inside) = text.strip_prefix(mark)
            && let Some((inside, after)) = inside.split_once(mark).filter(|(inside, _)| !inside.is_empty())
        {
            return Some((format!("<{tag}>{}</{tag}>", escaped(inside)), after));
        }
    }
    let (name, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (href, after) = rest.split_once(')')?;
    // What lies beside the runbook in the repository is not served.
    let link = if href.starts_with('#') {
        format!("<a href=\"{}\">{}</a>", escaped(href), escaped(name))
    } else {
        escaped(name)
    };
    Some((link, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::RuleId;

    #[test]
    fn every_rule_leads_to_its_section() {
        let page = html(RUNBOOK);
        for id in RuleId::ALL {
            let heading = format!("<h2 id=\"{}\">Alert: {}</h2>", id.rule().anchor(), id.rule().title);
            assert!(page.contains(&heading), "{heading}");
        }
        let links = page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
        for link in links {
            assert!(page.contains(&format!("id=\"{link}\"")), "no section {link}");
        }
    }

    #[test]
    fn markdown_of_the_runbook_is_written_and_nothing_of_it_is_markup() {
        let page = html(
            "# A <b>\n\nOne `x<y`\ntwo **three** [four](#a-b)\n\n    code <i>\n    more\n\n- a\n  goes on\n- b\n\n1. c\n",
        );
        assert_eq!(
            page,
            "<h1 id=\"a-b\">A &lt;b&gt;</h1><p>One <code>x&lt;y</code> two <b>three</b> <a href=\"#a-b\">four</a></p>\
             <pre tabindex=\"0\"><code>code &lt;i&gt;\nmore</code></pre><ul><li>a goes on</li><li>b</li></ul><ol><li>c</li></ol>"
        );
    }
}
