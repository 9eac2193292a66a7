//! What somebody may have meant: a host that has rules and is spelt nearly like one that has none.

use dehusk::{Level, Rules};

/// A host with rules, if `host` has none of its own and is nearly spelt so: a letter more, less, another,
/// or two that have changed places; twice in a long name.
pub(crate) fn host<'a>(rules: &'a Rules, host: &str) -> Option<&'a str> {
    let host = host.strip_prefix("www.").unwrap_or(host);
    let slips = if host.len() < 12 { 1 } else { 2 };
    let hosts = rules.hosts();
    let distance = |other: &str| {
        let near = other.len().abs_diff(host.len()) <= slips;
        near.then(|| strsim::osa_distance(other, host))
    };
    let near = hosts
        .into_iter()
        .filter_map(|other| Some((distance(other)?, other)));
    let (distance, found) = near.min()?;
    let has_rules = || {
        let rules = rules.rules_for(host);
        let of_site = |level| matches!(level, Level::Site | Level::UserSite);
        rules.iter().any(|rule| of_site(rule.level))
    };
    (distance <= slips && !has_rules()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_may_be_meant() {
        let files = ["lemonde.fr", "sueddeutsche.de", "bbc.com", "google.*"];
        let files = files.map(|host| (format!("{host}.sel"), ".x"));
        let builder = Rules::builder().builtin(false);
        let builder = files.iter().fold(builder, |builder, (name, content)| {
            builder.file(name.as_str(), *content)
        });
        let rules = builder.build().unwrap();
        for (asked, meant) in [
            ("lemond.fr", Some("lemonde.fr")),
            ("www.lemodne.fr", Some("lemonde.fr")),
            ("suedeutsche.de", Some("sueddeutsche.de")),
            ("sudeutsche.de", Some("sueddeutsche.de")),
            ("lemonde.fr", None),
            ("blogs.lemonde.fr", None),
            ("google.fr", None),
            ("bbc.co.uk", None),
            ("example.com", None),
        ] {
            assert_eq!(host(&rules, asked), meant, "{asked}");
        }
    }
}
