//! Whose request it is behind a proxy: of `X-Forwarded-For` only what proxies wrote that are trusted. Without any, the
//! address is that of the connection, whatever a header says.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

use crate::shared::App;

const HEADER: &str = "x-forwarded-for";

/// Puts the client's address in the place of a trusted proxy's.
pub(super) async fn see_through(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let trusted = &app.config.http.trusted_proxies;
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    if let Some(peer) = info.filter(|_| !trusted.is_empty()) {
        let client = client(peer.ip(), request.headers(), trusted);
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, peer.port())));
    }
    next.run(request).await
}

/// Whether somebody in between passed the request on, trusted or not.
pub(super) fn was_passed_on(headers: &HeaderMap) -> bool {
    [HEADER, "forwarded", "x-real-ip"].iter().any(|name| headers.contains_key(*name))
}

/// The last address that no trusted proxy has: each proxy writes whom it heard at the end, and what stands before the
/// first that is not trusted may be anybody's invention.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address.to_canonical()));
    let mut client = peer;
    if !is_trusted(peer) {
        return client;
    }
    let lines: Vec<&str> = headers.get_all(HEADER).iter().filter_map(|line| line.to_str().ok()).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Some(address) = address(hop.trim()) else { return client };
        client = address;
        if !is_trusted(address) {
            return client;
        }
    }
    client
}

/// An address, perhaps with a port, perhaps in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let plain = text.parse().or_else(|_| text.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    plain.ok().or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::networks;

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        let table: [(&str, &str, &[&str], &str); 9] = [
            ("", "127.0.0.1", &["203.0.113.9"], "127.0.0.1"),
            ("127.0.0.1", "127.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("127.0.0.1", "127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", "127.0.0.1", &["10.9.9.9, 203.0.113.9"], "203.0.113.9"),
            ("127.0.0.1, 10.0.0.0/8", "127.0.0.1", &["1.2.3.4, 203.0.113.9, 10.0.0.7"], "203.0.113.9"),
            ("127.0.0.1", "198.51.100.7", &["203.0.113.9"], "198.51.100.7"),
            ("127.0.0.1", "127.0.0.1", &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
            ("::1", "::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("127.0.0.1", "127.0.0.1", &["203.0.113.9, nonsense"], "127.0.0.1"),
        ];
        for (trusted, peer, lines, expected) in table {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(HEADER, line.parse().unwrap());
            }
            let seen = client(peer.parse().unwrap(), &headers, &networks(trusted).unwrap());
            assert_eq!(seen.to_string(), expected, "{trusted} {peer} {lines:?}");
        }
    }

    #[test]
    fn an_ipv4_address_in_its_ipv6_form_is_the_same() {
        let trusted = networks("127.0.0.1").unwrap();
        let mut headers = HeaderMap::new();
        headers.append(HEADER, "203.0.113.9".parse().unwrap());
        assert_eq!(
            client("::ffff:127.0.0.1".parse().unwrap(), &headers, &trusted).to_string(),
            "203.0.113.9"
        );
    }
}
