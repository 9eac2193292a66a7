//! Which site an address belongs to, and which of its names have rules.

/// The host of an address, in lower case, without port and user. The addresses that archives and
/// translators give a page are unwrapped to the page's own.
///
/// A bare host is taken as it is. `None` where there is no host.
#[must_use]
pub fn host_of(url: &str) -> Option<String> {
    let address = Address::parse(url)?;
    Some(address.host)
}

/// The parts of an address that rules ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// In lower case.
    pub host: String,
    /// Path and query, as `:matches-path()` sees them; begins with `/`.
    pub path: String,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Option<Address> {
        let url = url.trim();
        let rest = match url.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => rest,
            _ => url.strip_prefix("//").unwrap_or(url),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let host = host.split(':').next().unwrap_or(host);
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if !is_host(&host) {
            return None;
        }
        if let Some(original) = unwrapped(&host, path) {
            return Some(original);
        }
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        Some(Address { host, path })
    }
}

fn is_scheme(s: &str) -> bool {
    !s.is_empty()
        && s.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Whether `s` can be a host with at least one dot; letters beyond ASCII are let be.
pub(crate) fn is_host(s: &str) -> bool {
    s.contains('.')
        && s.len() <= 253
        && s.split('.').all(|label| {
            !label.is_empty()
                && label
                    .chars()
                    .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        })
}

/// Whether `s` is a host, or one of which the top level is left open, such as `google.*`.
pub(crate) fn is_host_or_entity(s: &str) -> bool {
    match s.strip_suffix(".*") {
        Some(rest) => !rest.is_empty() && is_host(&format!("{rest}.example")),
        None => is_host(s),
    }
}

/// The names with an open top level under which the rules of a host may stand: `google.*` and
/// `www.google.*` for www.google.co.uk. Which top levels have a second level of their own is not
/// known here: one label and two are tried, the longer names last.
pub(crate) fn entities(host: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut name = host;
    for _ in 0..2 {
        let Some((rest, _)) = name.rsplit_once('.') else {
            break;
        };
        name = rest;
        let starts = name.match_indices('.').map(|(i, _)| i + 1).chain([0]);
        found.extend(starts.map(|start| format!("{}.*", &name[start..])));
    }
    found.sort_by_key(String::len);
    found
}

/// The page's own address behind that of an archive or a translator.
fn unwrapped(host: &str, path: &str) -> Option<Address> {
    if host == "web.archive.org" {
        // /web/20240102030405id_/https://example.com/page
        let rest = path.strip_prefix("/web/")?;
        let (_, original) = rest.split_once('/')?;
        return Address::parse(original);
    }
    if let Some(label) = host.strip_suffix(".translate.goog") {
        // www-example-com.translate.goog: '-' for '.', '--' for '-'
        let host = label
            .replace("--", "\u{0}")
            .replace('-', ".")
            .replace('\u{0}', "-");
        return is_host(&host).then(|| Address {
            host,
            path: if path.is_empty() {
                "/".to_owned()
            } else {
                path.to_owned()
            },
        });
    }
    None
}

/// `host` and its parents, the shortest first, down to two labels.
pub(crate) fn suffixes(host: &str) -> impl Iterator<Item = &str> {
    let mut starts: Vec<usize> = std::iter::once(0)
        .chain(host.match_indices('.').map(|(i, _)| i + 1))
        .collect();
    starts.pop(); // a top level is no site
    starts.into_iter().rev().map(|start| &host[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_addresses() {
        for (url, host) in [
            ("https://www.lemonde.fr/a/b?c#d", Some("www.lemonde.fr")),
            ("http://user:pass@Example.COM:8080", Some("example.com")),
            ("//cdn.example.org/x", Some("cdn.example.org")),
            ("example.org", Some("example.org")),
            (
                "https://web.archive.org/web/2024id_/https://faz.net/x",
                Some("faz.net"),
            ),
            (
                "https://www-sz--magazin-de.translate.goog/x?_x_tr_sl=de",
                Some("www.sz-magazin.de"),
            ),
            ("/just/a/path", None),
            ("file:///tmp/page.html", None),
            ("localhost", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }

    #[test]
    fn a_path_keeps_its_query() {
        let address = Address::parse("https://a.de/x/y?z=1#top").unwrap();
        assert_eq!(address.path, "/x/y?z=1");
    }

    #[test]
    fn hosts_with_an_open_top_level() {
        for (host, expected) in [
            ("google.com", &["google.*"][..]),
            (
                "www.google.co.uk",
                &[
                    "co.*",
                    "google.*",
                    "google.co.*",
                    "www.google.*",
                    "www.google.co.*",
                ],
            ),
            ("www.abc.es", &["abc.*", "www.*", "www.abc.*"]),
        ] {
            assert_eq!(entities(host), expected, "{host}");
        }
        for (host, is) in [
            ("google.*", true),
            ("www.google.*", true),
            ("google.com", true),
            ("*", false),
            (".*", false),
            ("google.*.com", false),
        ] {
            assert_eq!(is_host_or_entity(host), is, "{host}");
        }
    }

    #[test]
    fn parents_of_a_host() {
        let all: Vec<&str> = suffixes("a.b.co.uk").collect();
        assert_eq!(all, ["co.uk", "b.co.uk", "a.b.co.uk"]);
    }
}
