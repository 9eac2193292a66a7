//! What holds of every page, whatever the rules: nothing changes without rules, what goes goes in
//! whole ranges, and neither the pieces in which a page comes nor a second pass change anything.

mod common;

use common::*;
use dehusk::{Options, Rules};
use proptest::prelude::*;

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn without_rules_nothing_changes(page in prop_oneof![
        any_page(),
        any::<String>(),
        "[<>/!?a-c \"'=&;\\-\\[\\]\u{0}\u{e9}]{0,60}",
    ].prop_filter("looks like UTF-16 without a BOM", |page: &String| {
        !page.as_bytes().iter().take(2).any(|&b| b == 0)
    })) {
        let (out, report) = filter(&Rules::none(), &page);
        prop_assert_eq!(out, page);
        prop_assert!(report.removals.is_empty());
    }

    #[test]
    fn what_goes_is_what_the_report_says(page in any_page()) {
        let (out, report) = filter(&mixed_rules(), &page);
        check_removals(&page, &out, &report.removals);
        prop_assert_eq!(report.bytes_in, page.len() as u64);
        prop_assert_eq!(report.bytes_out, out.len() as u64);
        prop_assert_eq!(report.total().elements, report.removals.len() as u64);
    }

    #[test]
    fn pieces_do_not_matter(
        page in any_page(),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        hold_limit in prop_oneof![Just(dehusk::HOLD_LIMIT), 0..200_u64],
    ) {
        // Were the encoding not said, the first 4 KiB would come as one piece, whatever the pieces.
        let options = Options::new().explain(true).hold_limit(hold_limit);
        let options = options.encoding("utf-8").expect("a label");
        let rules = mixed_rules();
        let whole = filter_pieces(&rules, &options, [page.as_bytes()]);
        let bytes = filter_pieces(&rules, &options, page.as_bytes().chunks(1));
        let random = filter_pieces(&rules, &options, cut_at(page.as_bytes(), &places));
        for (out, report) in [bytes, random] {
            prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&whole.0));
            prop_assert_eq!(without_holds(report), without_holds(whole.1.clone()));
        }
    }

    #[test]
    fn what_is_undecided_stays(page in prop_oneof![misnested(), soup()], hold_limit in 0..100_u64) {
        let rules = rules([".x:has-text(w3)", ".x:min-text-length(20)", ".x:has(.y)"]);
        let options = Options::new().hold_limit(hold_limit);
        let (out, _) = filter_pieces(&rules, &options, [page.as_bytes()]);
        let out = String::from_utf8(out).expect("UTF-8");
        // All that any of these rules could ever drop has the class.
        let lost = missing(&numbered(&kept_by_tree(&page, "x")), &numbered(&text_of_tree(&out)));
        prop_assert!(lost.is_empty(), "lost {lost:?} of {page:?}, left {out:?}");
    }
}

proptest! {
    #![proptest_config(config(400))]

    // Not among the rules: `:repeats` (the first of two blocks may have gone), `+`, `~`, `:nth-…`
    // and the like (siblings have gone), lengths and link density (text has gone, as it has from
    // any but a leaf), and `:not(:has(…))` (what it must not have has gone). Pages are well-formed:
    // what goes from misnested ones may change what is inside what.
    #[test]
    fn twice_is_once(
        page in well_formed(),
        selectors in prop::sample::subsequence(vec![
            ".x", "#i", "p", "td", "[data-a]", "[class*=z]", "div .y", "section > .y", "ul > li .z",
            "q:has-text(needle)", "q.x:has-text(/^w\\d/)", "li:has(.x)", "div:has(> q:has-text(needle))",
            ".y:not(div .y)", ":is(aside, nav) > p", "tr > .z", "table",
        ], 1..5),
    ) {
        let rules = rules(selectors);
        let (once, _) = filter(&rules, &page);
        let (twice, report) = filter(&rules, &once);
        prop_assert_eq!(twice, once);
        prop_assert!(report.removals.is_empty());
    }
}

#[test]
fn the_corpus_in_pieces_and_without_rules() {
    let builtin = Rules::builtin();
    let options = Options::new().explain(true);
    for (path, page) in corpus() {
        assert_eq!(filter(&Rules::none(), &page).0, page, "{}", path.display());
        let (out, report) = filter(&builtin, &page);
        check_removals(&page, &out, &report.removals);
        for size in [1, 7, 1000] {
            let (pieces, in_pieces) =
                filter_pieces(&builtin, &options, page.as_bytes().chunks(size));
            assert!(pieces == out.as_bytes(), "{} in {size}s", path.display());
            let (a, b) = (without_holds(in_pieces), without_holds(report.clone()));
            assert!(a == b, "{} in {size}s:\n{a:#?}\n{b:#?}", path.display());
        }
    }
}

#[test]
fn past_the_hold_limit_a_candidate_stays() {
    let page = format!("<div class=x>{}needle</div><p>end", "word ".repeat(40));
    for (selector, hold_limit, undecided) in [
        (".x:has-text(needle)", 64, 1),
        (".x:has-text(needle)", 1024, 0),
        // Decided at the start tag: nothing is held.
        (".x", 0, 0),
        // Decided by the time the limit is reached.
        (".x:max-text-length(10)", 64, 0),
    ] {
        let options = Options::new().hold_limit(hold_limit);
        let rules = rules([selector]);
        let (out, report) = filter_pieces(&rules, &options, page.as_bytes().chunks(1));
        assert_eq!(report.undecided, undecided, "{selector} {hold_limit}");
        let stays = undecided > 0 || selector.contains("max");
        let expected = if stays { &page } else { "<p>end" };
        assert_eq!(
            String::from_utf8_lossy(&out),
            expected,
            "{selector} {hold_limit}"
        );
    }
}

/// `x <` is text, and so it must stay: were the element behind it dropped, the letter after it
/// would make a tag of it.
#[test]
fn a_cut_joins_no_tag() {
    for (page, expected) in [
        ("x <<b class=x>ad</b>y", "x <<b class=x>ad</b>y"),
        (
            "x <<b class=x>ad</b>y<i class=x>ad</i>z",
            "x <<b class=x>ad</b>yz",
        ),
        ("x < <b class=x>ad</b>y", "x < y"),
    ] {
        let rules = dehusk::Rules::builder().builtin(false).select(".x").build();
        let rules = rules.expect("the selector can be read");
        let mut out = Vec::new();
        let options = dehusk::Options::new();
        dehusk::clean(&rules, &options, page.as_bytes(), &mut out).expect("a Vec takes everything");
        assert_eq!(String::from_utf8_lossy(&out), expected, "{page}");
    }
}

/// A bold element ends across a block, or text is moved out of a table: the block's text so far is
/// not its text, and no length or phrase may be judged by it.
#[test]
fn what_is_not_over_is_not_judged() {
    let long = "w ".repeat(100);
    for start in ["<b><div>Read also", "<table><tr><td>Read also</td></tr>x"] {
        let end = if start.starts_with("<b>") {
            "</b>"
        } else {
            "<tr><td>"
        };
        let page = format!("{start}{end} {long}");
        for selector in ["div:max-text-length(50)", "table:max-text-length(50)"] {
            let rules = dehusk::Rules::builder()
                .builtin(false)
                .select(selector)
                .build();
            let rules = rules.expect("the selector can be read");
            let mut out = Vec::new();
            let options = dehusk::Options::new();
            dehusk::clean(&rules, &options, page.as_bytes(), &mut out).expect("a Vec takes it");
            assert_eq!(String::from_utf8_lossy(&out), page, "{selector}");
        }
    }
}
