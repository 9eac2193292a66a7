//! Cosmetic and HTML filters of Adblock Plus and uBlock Origin lists.

use super::Imported;

/// Whether a line is a filter of such a list.
pub(super) fn is_filter(line: &str) -> bool {
    line.contains("##") || line.contains("#@#") || line.contains("#?#") || line.starts_with("||")
}

/// Reads a list; `name` and the list's title say of which kind its rules are.
pub(super) fn read<'a>(_name: &str, _content: &'a str) -> Imported<'a> {
    Imported::default()
}
