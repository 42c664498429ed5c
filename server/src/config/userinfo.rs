//! Credentials inside an address (`https://user:password@host`): taken out when it is read, and never written anywhere.

use telemetry::Secret;

/// The address without its credentials, and these, unescaped.
pub(super) fn split(url: &str) -> (String, Option<(String, Secret)>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let Some((userinfo, host)) = authority.rsplit_once('@') else { return (url.to_owned(), None) };
    let (username, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    (format!("{scheme}://{host}{path}"), Some((unescape(username), Secret::new(unescape(password)))))
}

/// The address with `***` in the place of credentials, also when it is not quite an address.
pub(super) fn masked(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password may hold a slash that nobody escaped: then everything up to the last `@` goes.
    let Some(at) = rest[..end].rfind('@').or_else(|| rest.rfind('@')) else { return url.to_owned() };
    let divider = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{divider}***@{}", &rest[at + 1..])
}

/// `%40` is `@`; what is no escape stays as it is.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match after {
            [high, low, ..] if *first == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        rest = match escaped {
            Some((high, low)) => {
                bytes.push(high * 16 + low);
                &after[2..]
            }
            None => {
                bytes.push(*first);
                after
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_taken_out_of_an_address() {
        let table = [
            ("http://elastic:s3cret@127.0.0.1:9200", "http://127.0.0.1:9200", Some(("elastic", "s3cret"))),
            ("https://a%40b:p%3Aw%2F%25@host/path", "https://host/path", Some(("a@b", "p:w/%"))),
            ("https://only@host", "https://host", Some(("only", ""))),
            ("https://a:b@c@host", "https://host", Some(("a", "b@c"))),
            ("https://host/a@b", "https://host/a@b", None),
            ("https://host", "https://host", None),
        ];
        for (url, clean, credentials) in table {
            let (left, given) = split(url);
            let given = given.as_ref().map(|(name, password)| (name.as_str(), password.expose()));
            assert_eq!((left.as_str(), given), (clean, credentials), "{url}");
        }
    }

    #[test]
    fn what_is_shown_has_no_credentials() {
        for (url, shown) in [
            ("http://elastic:s3cret@host:9200", "http://***@host:9200"),
            ("elastic:s3cret@host", "***@host"),
            ("https://u:p/w@host", "https://***@host"),
            ("https://host", "https://host"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }
}
