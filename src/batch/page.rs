//! One page of many, as a whole in memory, through the filter. A page that the filter does not survive
//! is a page that could not be filtered: the others go on.

use dehusk::{Filter, Options, Report, Rules};
use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is said of a page that the filter did not survive.
const PANICKED: &str = "dehusk failed on this page, which should not be; please report it";

/// How pages are filtered.
#[derive(Clone)]
pub(crate) struct Settings {
    pub rules: Rules,
    pub options: Options,
    /// A report lists what was removed.
    pub removals: bool,
    /// … and what nearly was.
    pub kept: bool,
}

impl Settings {
    /// A report as a JSON object, for a field of a record.
    pub(crate) fn report_json(&self, report: &Report) -> String {
        let mut json = serde_json::to_string(report).unwrap_or_else(|_| "{}".to_owned());
        if self.removals {
            add_list(&mut json, "removals", &report.removals);
        }
        if self.kept {
            add_list(&mut json, "kept", &report.kept);
        }
        json
    }
}

/// Adds a list to a JSON object.
fn add_list<T: Serialize>(json: &mut String, name: &str, list: &[T]) {
    let list = serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned());
    json.pop();
    json.push_str(",\"");
    json.push_str(name);
    json.push_str("\":");
    json.push_str(&list);
    json.push('}');
}

/// A page and what became of it.
pub(crate) struct Cleaned<'a> {
    pub clean: &'a [u8],
    pub report: Report,
}

/// Memory for pages, one after the other.
#[derive(Default)]
pub(crate) struct Page {
    clean: Vec<u8>,
}

impl Page {
    /// What it holds between pages.
    pub(crate) fn memory(&mut self) -> &mut Vec<u8> {
        &mut self.clean
    }

    /// Filters a page of this address, in the encoding that this label names. Without one, or with one
    /// that nobody knows, it is what the options say, or else the page.
    ///
    /// # Errors
    ///
    /// What went wrong, in words; nothing that stands in a page should be such a thing.
    pub(crate) fn clean(
        &mut self,
        settings: &Settings,
        url: Option<&str>,
        label: Option<&str>,
        page: &[u8],
    ) -> Result<Cleaned<'_>, String> {
        let mut options = settings.options.clone();
        if let Some(url) = url {
            options = options.url(url);
        }
        if let Some(known) = label.and_then(|label| options.clone().encoding(label).ok()) {
            options = known;
        }
        self.clean.clear();
        let report = survived(|| {
            let mut filter = Filter::new(&settings.rules, &options, &mut self.clean);
            filter.write(page)?;
            filter.finish()
        })?;
        Ok(Cleaned {
            clean: &self.clean,
            report: report.map_err(|error| error.to_string())?,
        })
    }
}

/// Runs what may panic and should not.
///
/// # Errors
///
/// It panicked.
pub(crate) fn survived<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // What the work has changed is either its own or not looked at behind a panic.
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| PANICKED.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_of_its_page() {
        let result = survived(|| {
            assert!(std::env::args().count() > 1000, "a page of death");
        });
        assert_eq!(result, Err(PANICKED.to_owned()));
        assert_eq!(survived(|| 17), Ok(17));
    }
}
