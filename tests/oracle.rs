//! html5ever as the oracle: the tree of the output is the tree of the input less the subtrees that
//! the rule drops. Text that the tree keeps must never be lost. Where the tree moves elements
//! about (the adoption agency, foster parenting, formatting elements opened again), a stream may
//! leave scraps of what the tree drops; on well-formed pages it leaves none.

mod common;

use common::*;
use proptest::prelude::*;

/// A page filtered by a class, and the text of the tree of what is left.
fn left(page: &str, class: &str) -> (String, String) {
    let (out, _) = filter(&rules([class_selector(class).as_str()]), page);
    let text = text_of_tree(&out);
    (out, text)
}

fn nothing_is_lost(page: &str, class: &str) -> Result<(), TestCaseError> {
    let (out, text) = left(page, class);
    let lost = missing(&numbered(&kept_by_tree(page, class)), &numbered(&text));
    prop_assert!(
        lost.is_empty(),
        "lost {:?} of\n{}\nleft\n{}",
        lost,
        page,
        out
    );
    Ok(())
}

proptest! {
    #![proptest_config(config(800))]

    #[test]
    fn well_formed_pages_are_as_the_tree_is(page in well_formed()) {
        let (out, text) = left(&page, "x");
        let kept = numbered(&kept_by_tree(&page, "x"));
        prop_assert_eq!(numbered(&text), kept, "of\n{}\nleft\n{}", page, out);
    }

    #[test]
    fn misnested_pages_lose_nothing(page in misnested()) {
        nothing_is_lost(&page, "x")?;
    }

    #[test]
    fn soup_loses_nothing(page in soup()) {
        nothing_is_lost(&page, "x")?;
    }
}

#[test]
fn the_corpus_is_as_the_tree_is() {
    for (path, page) in corpus() {
        for class in some_classes_of(&page) {
            let (_, text) = left(&page, &class);
            let kept = words(&kept_by_tree(&page, &class));
            assert_eq!(words(&text), kept, "{} .{class}", path.display());
        }
    }
}

#[test]
fn what_once_was_lost() {
    let mut lost = 0;
    for page in [
        // Foster parenting.
        "<table class=x>~",
        "<table class=x><tr><td>~</td></tr><p>~",
        "<table><tr class=x><div>~</div>",
        "<table><colgroup class=x><script>~</script>",
        "<table><form class=x>~",
        "<table><p><section><form class=x>~",
        // After them lol_html believes to be in SVG, and takes raw text for markup.
        "<svg/><textarea class=x><div></textarea>~",
        "<math/><script class=x>'<div>'</script>~",
        "<blockquote class=x><math/><desc></blockquote>~",
        "<h1><svg></h1><tbody class=x>~",
        // Void under another name.
        "<image class=x>~",
        // Where foreign content ends, and what in it is HTML.
        "<svg class=x><svg><li>~",
        "<svg class=x><mi><li>~",
        "<svg class=x></p>~",
        "<x-a><svg class=x><title></x-a>~",
        "<math><svg><title><style class=x>~</styl></style>~",
        "<x-a class=x><svg><textarea></x-a>~",
        "<math class=x><svg><desc><p>~",
        // `input` ends `select`, and `select` ends a scope.
        "<select class=x><input>~",
        "<select><script class=x></p></script>~",
        "<select><keygen><p class=x><input>~",
        "<select><nobr><option class=x></nobr><noembed>~</noembed>",
        "<select><div><option class=x></div>~",
        "<select><form><select><form class=x>~",
        "<a class=x><select><a><input>~",
        "<object><select></object><form class=x></select>~",
        // What is open at `</body>` stays open.
        "<dl></body><form class=x><p></dl>~",
        // In quirks mode a table leaves a paragraph open.
        "<p><table></table><q class=x><address>~",
        "<p><table></table><q class=x></p>~",
        "<!doctype html public '-//ietf//dtd html//'><p><table></table><q class=x><p>~",
        // `</form>` ends the form alone.
        "<form><dir></form><p class=x></dir>~",
        // A formatting element opened again.
        "<dl><b></dl><span class=x></b>~",
        "<dt><nobr></dt><q class=x><nobr>~",
        "<ruby><dt class=x><rt>~",
    ] {
        let page = number(page);
        if let Err(error) = nothing_is_lost(&page, "x") {
            eprintln!("{error}");
            lost += 1;
        }
    }
    assert_eq!(lost, 0);
}

#[test]
fn what_once_was_left_over() {
    for page in [
        "<!DOCTYPE html><svg class=x><title>~</title><g>~</g></svg><p>~",
        "<!DOCTYPE html><svg class=x><desc>~</desc>~</svg><p>~",
        // A table ends a paragraph, but in quirks mode.
        "<!doctype html><p><table></table><div class=x><p>~<p>~</div>~",
        "<p><table><td><div class=x><p>~<p>~</div>~",
        // `</body>` ends nothing.
        "<div class=x>~</body></html> <!-- ~ --> <p>~</div>~</body>",
        "<div class=x><p>~</body></p>~</div>~</html>",
        "<td class=x>~</body>~</td>~",
        "<div class=x>~</body> ~",
    ] {
        let page = number(page);
        let (out, text) = left(&page, "x");
        let kept = numbered(&kept_by_tree(&page, "x"));
        assert_eq!(numbered(&text), kept, "{page}: {out}");
    }
}
