//! `!#if`, `!#else`, `!#endif`: lines that are meant for some readers of a list only.

/// What is true of the reader that a page at rest comes closest to: uBlock Origin in Firefox on a
/// desk, the one program that takes elements out of a page before it is shown.
const TRUE: [&str; 6] = [
    "ext_ublock",
    "env_firefox",
    "cap_html_filtering",
    "cap_user_stylesheet",
    "cap_ipaddress",
    "true",
];

/// What is known and not true. Of what is not known, both sides are read, as uBlock Origin does.
const FALSE: [&str; 15] = [
    "ext_ubol",
    "ext_abp",
    "ext_devbuild",
    "env_chromium",
    "env_edge",
    "env_legacy",
    "env_mobile",
    "env_mv3",
    "env_safari",
    "adguard",
    "adguard_app_",
    "adguard_ext_",
    "ext_ghostery",
    "cap_replace_modifier",
    "false",
];

/// The `!#if` blocks around a line.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    /// For each, whether its part up to here is read; `None`: it is not known, so it is.
    open: Vec<Option<bool>>,
}

impl Conditions {
    /// Whether lines here are meant for others.
    pub(super) fn skips(&self) -> bool {
        self.open.contains(&Some(false))
    }

    /// Takes note of a directive, `if env_mobile`; returns whether it was one of these.
    pub(super) fn directive(&mut self, directive: &str) -> bool {
        if let Some(condition) = directive.strip_prefix("if ") {
            self.open.push(any_of(condition));
        } else if directive.starts_with("else") {
            if let Some(last) = self.open.last_mut() {
                *last = last.map(|read| !read);
            }
        } else if directive.starts_with("endif") {
            self.open.pop();
        } else {
            return false;
        }
        true
    }
}

/// `a || b && !c`, with or without parentheses around it all; `None` if it is not known.
fn any_of(condition: &str) -> Option<bool> {
    let condition = condition.trim();
    let inner = condition
        .strip_prefix('(')
        .and_then(|c| c.strip_suffix(')'));
    let condition = inner
        .filter(|c| !c.contains(['(', ')']))
        .unwrap_or(condition);
    let mut known = Some(false);
    for side in condition.split("||") {
        match all_of(side) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => known = None,
        }
    }
    known
}

fn all_of(side: &str) -> Option<bool> {
    let mut known = Some(true);
    for term in side.split("&&") {
        match is_true(term.trim()) {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = None,
        }
    }
    known
}

fn is_true(term: &str) -> Option<bool> {
    if let Some(term) = term.strip_prefix('!') {
        return is_true(term.trim()).map(|truth| !truth);
    }
    if TRUE.contains(&term) {
        return Some(true);
    }
    let is_false = |name: &&str| term == *name || name.ends_with('_') && term.starts_with(*name);
    FALSE.iter().any(is_false).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_lists() {
        for (condition, expected) in [
            ("env_firefox", Some(true)),
            ("env_mobile", Some(false)),
            ("!env_mobile", Some(true)),
            ("!cap_html_filtering", Some(false)),
            ("adguard_ext_chromium", Some(false)),
            ("env_chromium || cap_html_filtering", Some(true)),
            ("(env_chromium || env_edge)", Some(false)),
            ("ext_ublock && !env_mv3 && env_safari", Some(false)),
            ("cap_of_next_year", None),
            ("!cap_of_next_year", None),
            ("cap_of_next_year && env_safari", Some(false)),
            ("cap_of_next_year || env_firefox", Some(true)),
        ] {
            assert_eq!(any_of(condition), expected, "{condition}");
        }
    }

    #[test]
    fn blocks_nest() {
        let mut conditions = Conditions::default();
        for (directive, skips) in [
            ("if env_mobile", true),
            ("if env_firefox", true),
            ("else", true),
            ("endif", true),
            ("else", false),
            ("if cap_of_next_year", false),
            ("else", false),
            ("endif", false),
            ("endif! Title: the next list", false),
            ("endif", false),
            ("else", false),
        ] {
            assert!(conditions.directive(directive));
            assert_eq!(conditions.skips(), skips, "{directive}");
        }
        assert!(!conditions.directive("include other.txt"));
    }
}
