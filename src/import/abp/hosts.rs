//! The hosts of a filter: `a.com,~b.a.com,google.*`.

use crate::rules::host::is_host_or_entity;
use std::borrow::Cow;

/// What stands in front of a separator.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hosts<'a> {
    /// Hosts, in lower case; empty: every page.
    Some(Cow<'a, str>),
    /// It is no list of hosts: the line is a filter for addresses, or a comment.
    Address,
    /// A regular expression or a path is among them.
    Expression,
    /// None of them can be a host.
    None,
}

/// Reads what stands in front of a separator.
pub(super) fn read(part: &str) -> Hosts<'_> {
    if is_plain(part) {
        return Hosts::Some(Cow::Borrowed(part));
    }
    if part.starts_with("||") || part.starts_with("@@") || part.starts_with('|') {
        return Hosts::Address;
    }
    if part.contains('/') || part.starts_with('[') {
        return Hosts::Expression;
    }
    if part.contains([' ', '\t', '$', '^', '=', '#', '?', '&', ':']) && !part.contains(',') {
        return Hosts::Address;
    }
    let mut hosts = String::with_capacity(part.len());
    let mut everywhere = false;
    for host in part.split(',') {
        let host = host.trim().to_lowercase();
        if host == "*" {
            everywhere = true;
        } else if is_host_or_entity(host.strip_prefix('~').unwrap_or(&host)) {
            if !hosts.is_empty() {
                hosts.push(',');
            }
            hosts.push_str(&host);
        }
    }
    if everywhere {
        // What else is named is named twice, but for what is excluded.
        let excluded: Vec<&str> = hosts.split(',').filter(|h| h.starts_with('~')).collect();
        return Hosts::Some(Cow::Owned(excluded.join(",")));
    }
    let wants_some = part.split(',').any(|host| !host.trim().starts_with('~'));
    if hosts.is_empty() || wants_some && hosts.split(',').all(|host| host.starts_with('~')) {
        return Hosts::None;
    }
    Hosts::Some(Cow::Owned(hosts))
}

/// Whether nothing has to be done: hosts with a dot in lower case, with commas and nothing else
/// between them. It errs on the side of no.
fn is_plain(part: &str) -> bool {
    part.is_empty()
        || part.split(',').all(|host| {
            let host = host.strip_prefix('~').unwrap_or(host);
            let entity = host.strip_suffix(".*");
            let host = entity.unwrap_or(host);
            let mut previous = b'.';
            let mut dots = usize::from(entity.is_some());
            let ok = host.bytes().all(|b| {
                let follows_dot = previous == b'.';
                previous = b;
                match b {
                    b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => true,
                    b'.' => {
                        dots += 1;
                        !follows_dot
                    }
                    _ => false,
                }
            });
            ok && previous != b'.' && dots > 0
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_filters() {
        let some = |hosts: &'static str| Hosts::Some(Cow::Borrowed(hosts));
        for (part, expected) in [
            ("", some("")),
            ("a.example,~b.a.example", some("a.example,~b.a.example")),
            ("~a.example", some("~a.example")),
            ("shop.*,www.shop.*", some("shop.*,www.shop.*")),
            ("A.Example, b.example ,", some("a.example,b.example")),
            ("bücher.example", some("bücher.example")),
            // Everywhere, but for what is excluded.
            ("*", some("")),
            ("~a.example,*,b.example", some("~a.example")),
            // What cannot be a host is passed over as long as something is left.
            ("shop,a.example", some("a.example")),
            ("shop", Hosts::None),
            ("shop,~a.example", Hosts::None),
            ("a..example", Hosts::None),
            ("a.example>>", Hosts::None),
            (r"/^ad\d\.example$/", Hosts::Expression),
            ("a.example,/b/", Hosts::Expression),
            ("a.example/news", Hosts::Expression),
            ("[$path=/news]a.example", Hosts::Expression),
            ("||a.example^", Hosts::Address),
            ("@@||a.example/x", Hosts::Address),
            ("one word and", Hosts::Address),
        ] {
            assert_eq!(read(part), expected, "{part}");
            let borrowed = matches!(read(part), Hosts::Some(Cow::Borrowed(_)));
            assert_eq!(borrowed, is_plain(part), "{part}");
        }
    }
}
