//! The session cookie. Its name carries a tag of the server, because cookies know no ports: two consoles on one host
//! keep their own. A browser keeps a `Secure` cookie over plain http only from its own machine, and Safari not even
//! then, so that the name and the flag depend on how the page came.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::guard;
use crate::shared::App;

/// Of versions that had one name for all. Read last, and set where it cannot be mistaken for another server's.
const PLAIN_NAME: &str = "__Host-session";

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Through TLS, as `http.public_url` says.
    Https,
    /// From the same machine.
    Loopback,
    /// Plain http from elsewhere, which `http.allow_insecure` allows.
    PlainHttp,
}

fn way(headers: &HeaderMap, public_url: Option<&str>) -> Way {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match public_url {
        _ if guard::is_loopback(host) => Way::Loopback,
        Some(url) if url.starts_with("https://") => Way::Https,
        Some(_) | None => Way::PlainHttp,
    }
}

/// Names of the cookie, the one that counts first.
fn names(way: Way, tag: &str) -> Vec<String> {
    let (secure, plain) = (format!("__Host-session-{tag}"), format!("session-{tag}"));
    match way {
        Way::Https => vec![secure, PLAIN_NAME.to_owned()],
        Way::Loopback => vec![plain, PLAIN_NAME.to_owned()],
        Way::PlainHttp => vec![plain],
    }
}

/// Every token that the request brings for this server, the one that counts first. A browser may have kept one of a
/// session that ended beside one that goes on.
pub fn tokens<'a>(headers: &'a HeaderMap, app: &App) -> Vec<&'a str> {
    let way = way(headers, app.config.http.public_url.as_deref());
    let texts = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs: Vec<(&str, &str)> = texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(_, token)| !token.is_empty())
        .collect();
    let names = names(way, &app.cookie_tag);
    names
        .iter()
        .flat_map(|name| pairs.iter().filter(move |(known, _)| known == name))
        .map(|(_, token)| *token)
        .collect()
}

/// Sets the cookie, or with an empty token takes it away.
pub fn set(response: &mut Response, headers: &HeaderMap, app: &App, token: &str, max_age_s: u64) {
    let way = way(headers, app.config.http.public_url.as_deref());
    for name in names(way, &app.cookie_tag).into_iter().rev() {
        let secure = if name.starts_with("__Host-") { " Secure;" } else { "" };
        let text = format!("{name}={token}; Path=/;{secure} HttpOnly; SameSite=Lax; Max-Age={max_age_s}");
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_which_server_and_what_the_line_can_keep() {
        let headers =
            |host: &str| HeaderMap::from_iter([(header::HOST, HeaderValue::from_str(host).expect("a host"))]);
        let https = Some("https://console.example.org");
        let lan = Some("http://192.168.1.20:3000");
        let cases = [
            ("127.0.0.1:3000", None, Way::Loopback, vec!["session-a1", "__Host-session"]),
            ("localhost:3000", https, Way::Loopback, vec!["session-a1", "__Host-session"]),
            ("console.example.org", https, Way::Https, vec!["__Host-session-a1", "__Host-session"]),
            ("192.168.1.20:3000", lan, Way::PlainHttp, vec!["session-a1"]),
        ];
        for (host, public, expected, wanted) in cases {
            let way = way(&headers(host), public);
            assert_eq!(
                (way, names(way, "a1")),
                (expected, wanted.into_iter().map(str::to_owned).collect()),
                "{host}"
            );
        }
    }
}
