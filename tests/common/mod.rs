//! What the property tests share: running the filter, html5ever as the oracle, and generators of
//! pages. A generated page has `~` where a word is to stand; [`number`] makes each of them a word
//! of its own, so that a word lost can be told from a word moved.

#![allow(dead_code)]

pub mod invariants;
pub mod pages;
pub mod tree;

use dehusk::{Filter, Options, Report, Rules};
#[allow(unused_imports, reason = "not all tests check them")]
pub use invariants::*;
#[allow(unused_imports, reason = "not all tests make pages")]
pub use pages::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::ops::Range;
use std::path::PathBuf;
#[allow(unused_imports, reason = "not all tests ask trees")]
pub use tree::*;

/// A fixed number of cases from a fixed seed, so that a test gives the same result everywhere. With
/// `PROPTEST_CASES` in the environment there are so many, from a fresh seed.
pub fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
        config.rng_seed = RngSeed::Fixed(0x6465_6875_736b);
    }
    config
}

// ---- running the filter ----

/// Rules of these selectors and no others.
pub fn rules<'a>(selectors: impl IntoIterator<Item = &'a str>) -> Rules {
    selectors
        .into_iter()
        .fold(Rules::builder().builtin(false), |rules, selector| {
            rules.select(selector)
        })
        .build()
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Filters a page that comes in these pieces.
pub fn filter_pieces<'a>(
    rules: &Rules,
    options: &Options,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Report) {
    let mut out = Vec::new();
    let mut filter = Filter::new(rules, options, &mut out);
    for piece in pieces {
        filter.write(piece).expect("a Vec takes everything");
    }
    let report = filter.finish().expect("a Vec takes everything");
    (out, report)
}

/// Filters a page that comes whole, with every removal in the report.
pub fn filter(rules: &Rules, page: &str) -> (String, Report) {
    let options = Options::new().explain(true);
    let (out, report) = filter_pieces(rules, &options, [page.as_bytes()]);
    (String::from_utf8(out).expect("UTF-8"), report)
}

/// The bytes that went, by what the report says.
pub fn removed(report: &Report) -> Vec<Range<usize>> {
    let removals = report.removals.iter();
    removals
        .map(|removal| removal.bytes.start as usize..removal.bytes.end as usize)
        .collect()
}

/// The pages of `corpus/`, sorted by path, as UTF-8.
pub fn corpus() -> Vec<(PathBuf, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let folders = |path: &PathBuf| -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(path) else {
            return Vec::new();
        };
        entries
            .map(|entry| entry.expect("readable").path())
            .collect()
    };
    let mut pages = Vec::new();
    for case in folders(&root).iter().flat_map(folders) {
        let path = case.join("page.html");
        let Ok(page) = std::fs::read(&path) else {
            continue;
        };
        // Without rules the filter only decodes.
        let (page, _) = filter_pieces(&Rules::none(), &Options::new(), [&page[..]]);
        pages.push((path, String::from_utf8(page).expect("UTF-8")));
    }
    pages.sort();
    assert!(!pages.is_empty(), "no corpus");
    pages
}
