//! What the fuzz targets of `fuzz/` have found, cut down to what matters, one test each.

mod common;

use common::{filter_pieces, rules};
use dehusk::Options;

/// Filters a page whole and byte by byte: text, counts and all have to be the same. (The encoding is
/// said, or the first 4 KiB would be kept to search them for it, and come as one piece.)
#[track_caller]
fn same_in_pieces(selectors: &[&str], hold_limit: u64, page: &str) -> String {
    let options = Options::new().explain(true).hold_limit(hold_limit);
    let options = options.encoding("utf-8").expect("a label");
    let rules = rules(selectors.iter().copied());
    let (whole, mut report) = filter_pieces(&rules, &options, [page.as_bytes()]);
    let (pieces, mut other) = filter_pieces(&rules, &options, page.as_bytes().chunks(1));
    assert_eq!(
        String::from_utf8_lossy(&pieces),
        String::from_utf8_lossy(&whole)
    );
    for report in [&mut report, &mut other] {
        (report.holds, report.longest_hold) = (0, 0);
    }
    assert_eq!(other, report);
    String::from_utf8(whole).expect("UTF-8")
}

/// A candidate that a text rules out and that the same text takes past the hold limit was undecided
/// if the page came in pieces, and ruled out if it came whole.
#[test]
fn the_hold_limit_is_compared_at_the_same_byte() {
    let page = "<p>one two three four five</p>";
    for hold_limit in 0..page.len() as u64 {
        same_in_pieces(&["p:max-text-length(9)"], hold_limit, page);
    }
}

/// With it went what others asked of the element: `:has()` of a neighbour.
#[test]
fn giving_up_a_candidate_takes_along_the_same() {
    let page = "<div><p>one two three four</p></div><aside>five</aside>";
    for hold_limit in 0..page.len() as u64 {
        let selectors = ["p:max-text-length(9)", "div:has(p:has-text(four)) + aside"];
        same_in_pieces(&selectors, hold_limit, page);
    }
}

/// What is too long for a character reference was read as one if the page came whole.
#[test]
fn a_long_character_reference_is_text() {
    let page = format!("<p>&amp{};</p>", "a".repeat(60));
    for length in 60..70 {
        same_in_pieces(&[&format!("p:max-text-length({length})")], 1000, &page);
    }
}

/// The space before text that is moved out of a table went with the table if it came in a piece of
/// its own.
#[test]
fn space_before_moved_text_stays_or_goes() {
    let out = same_in_pieces(&["table"], 1000, "<table class=x> \n words </table>end");
    assert_eq!(out, " \n words </table>end");
}

/// The body that text implies began before the space if that came with the text.
#[test]
fn an_implied_body_begins_with_its_words() {
    same_in_pieces(&["p"], 1000, "<head></head> \n words <p>gone</p>");
}

/// `<![CDATA[` behind the end of an SVG or a formula, where it is a comment up to the next `>`, began
/// a section that hid end tags, unless the end tag before it came in another piece.
#[test]
fn no_cdata_section_behind_foreign_elements() {
    for name in ["svg", "math"] {
        let page = format!("<div class=x><{name}></{name}><![CDATA[>words</div>]]>end");
        assert_eq!(same_in_pieces(&[".x"], 1000, &page), "]]>end");
    }
}

/// Of a list's rule of which one selector cannot be decided the others stood for a rule that was not
/// there: the first page of its site ended the program.
#[test]
fn a_rule_of_which_a_part_cannot_be_is_none() {
    let list = "[Adblock Plus 2.0]\nexample.com##aside, p:has-text(x) b\n";
    let rules = dehusk::Rules::builder().builtin(false);
    let rules = rules.file("ads.txt", list).build().expect("passed over");
    let options = Options::new().url("https://example.com/");
    let page = b"<aside>a</aside><p>b</p>";
    let (out, _) = filter_pieces(&rules, &options, [&page[..]]);
    assert_eq!(out, page);
}

/// A `<meta>` whose quotation marks do not end named an encoding if a piece of the page ended behind a
/// `>` in them.
#[test]
fn a_meta_that_does_not_end_names_nothing() {
    let page = b"</n\xff><!DOCTYPE html>\0<meta charset=\"utf-8\" et=\">\n";
    let rules = dehusk::Rules::none();
    let whole = filter_pieces(&rules, &Options::new(), [&page[..]]);
    for size in 1..page.len() {
        let pieces = filter_pieces(&rules, &Options::new(), page.chunks(size));
        assert_eq!(pieces, whole, "in pieces of {size}");
    }
}

/// A page with a control character was binary if a piece of it ended after 4 KiB, in the middle of a
/// character.
#[test]
fn a_character_may_go_on_behind_what_is_searched() {
    let page = format!("\u{1}{}\u{142}</p>", "a".repeat(4094));
    let rules = dehusk::Rules::none();
    let whole = filter_pieces(&rules, &Options::new(), [page.as_bytes()]);
    for size in [1, 2, 4095, 4096, 4097] {
        let pieces = filter_pieces(&rules, &Options::new(), page.as_bytes().chunks(size));
        assert_eq!(pieces, whole, "in pieces of {size}");
    }
}
