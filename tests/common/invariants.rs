//! What holds of every page, whatever the rules, as checks.

use super::{misnested, rules, soup, unknown_elements};
use dehusk::{Removal, Report, Rules};
use proptest::prelude::*;

/// Checks that what the removals say of a page is what happened to it.
pub fn check_removals(page: &str, out: &str, removals: &[Removal]) {
    let mut left = String::new();
    let mut end = 0;
    for removal in removals {
        let range = removal.bytes.start as usize..removal.bytes.end as usize;
        assert!(
            range.start >= end && range.end > range.start,
            "order: {removals:?}"
        );
        left.push_str(&page[end..range.start]);
        end = range.end;
        let tag = &page[range.clone()];
        let name: String = removal
            .element
            .split(['#', '.', '…'])
            .next()
            .unwrap_or_default()
            .to_owned();
        assert!(
            tag.starts_with('<') && tag[1..].to_ascii_lowercase().starts_with(&name),
            "{removal:?} begins at {tag:?}"
        );
        let rest = &page[end..];
        // Text ends only what it is moved out of.
        let fosters = ["table", "tbody", "thead", "tfoot", "tr", "colgroup"];
        assert!(
            tag.ends_with('>')
                || rest.is_empty()
                || rest.starts_with('<')
                || fosters.contains(&&*name),
            "{removal:?} ends in the middle of {tag:?}{rest:?}"
        );
    }
    left.push_str(&page[end..]);
    assert_eq!(left, out, "the page less its removals");
}

/// Rules of every sort that a stream decides, early and late.
pub fn mixed_rules() -> Rules {
    rules([
        ".x",
        "div > p.y",
        "li:has(> b)",
        "section:has-text(w7)",
        "td + td",
        "p ~ p:max-text-length(4)",
        "ul:min-links(1)",
        "aside:empty",
        "div:nth-of-type(3)",
        "p:repeats",
    ])
}

/// A report without what it says of holds: a hold that begins and ends within a piece of text is
/// not counted when the piece comes whole.
pub fn without_holds(mut report: Report) -> Report {
    (report.holds, report.longest_hold) = (0, 0);
    report
}

/// Pieces of a page cut at these places.
pub fn cut_at<'a>(page: &'a [u8], places: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places.iter().map(|i| i.index(page.len() + 1)).collect();
    places.extend([0, page.len()]);
    places.sort_unstable();
    places.windows(2).map(|w| &page[w[0]..w[1]]).collect()
}

/// Pages that nobody should write.
pub fn any_page() -> impl Strategy<Value = String> {
    prop_oneof![3 => soup(), 1 => misnested(), 1 => unknown_elements()]
}
