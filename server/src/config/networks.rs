//! Lists of addresses and networks.

use std::net::IpAddr;

use ipnet::IpNet;

/// Addresses and networks, parted by commas; `None`: one is neither.
pub(crate) fn networks(text: &str) -> Option<Vec<IpNet>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok().or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_networks_is_read_or_refused() {
        assert_eq!(networks("").unwrap().len(), 0);
        assert_eq!(networks(" 127.0.0.1, ::1 ,10.0.0.0/8,").unwrap().len(), 3);
        assert!(networks("127.0.0.1, proxy.example.org").is_none());
    }
}
