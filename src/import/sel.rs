//! Imported rules as selector files.

use super::Imported;

/// A selector file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelFile {
    /// Its name: `sites/example.com.sel`, or `easylist.sel` for rules of every page.
    pub name: String,
    /// What it says.
    pub content: String,
}

/// Writes what was read from `name` as selector files: one for each host, one for what serves every
/// page, sorted by name.
#[must_use]
pub fn to_sel(_name: &str, _imported: &Imported<'_>) -> Vec<SelFile> {
    Vec::new()
}
