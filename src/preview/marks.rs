//! Marks in a page: attributes put into start tags, and nothing else. A mark says that an element would
//! go; others take the effect away from what would fetch or run something, behind the sandbox and the
//! policy that do so already. Taken out again, they leave the page byte for byte.
//!
//! Where a tag has an attribute twice the first one counts, so a mark goes right behind the name. What
//! is no start tag of the page but looks like one, in a comment or a string of a script, is disarmed
//! too: that way nothing depends on reading pages as a browser does.

use std::borrow::Cow;

/// Start tags that are disarmed, and what disarms them: a script is of a type that nobody runs, a link
/// of a relation that nobody follows (connecting ahead is beyond any policy), a `<meta>` gives no orders
/// (to go elsewhere; and a policy of the page's own would count for our style sheet as well), a frame has
/// no page.
const DISARMED: [(&str, &str); 5] = [
    ("script", " type=dehusk-off"),
    ("link", " rel=dehusk-off"),
    ("meta", " http-equiv=dehusk-off"),
    ("iframe", " src=about:blank#dehusk-off"),
    ("frame", " src=about:blank#dehusk-off"),
];

/// An attribute of a start tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    /// Where the start tag's `<` is, in bytes.
    pub at: usize,
    pub name: String,
    /// Letters, digits and `-`.
    pub value: String,
}

/// A name for an attribute that stands nowhere in the page: an element that has it has it from here.
pub(crate) fn unused_name(page: &str, name: &str) -> String {
    let numbered = (2_u32..).map(|n| format!("{name}-{n}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    // Each of them takes its bytes in the page, so one of the first is free.
    names
        .find(|name| !contains_ignoring_case(page, name))
        .unwrap_or_default()
}

fn contains_ignoring_case(page: &str, word: &str) -> bool {
    let windows = page.as_bytes().windows(word.len());
    windows
        .into_iter()
        .any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// The page with its marks, which are sorted, and disarmed. A byte order mark goes, for it is none inside of a file.
pub(crate) fn marked(page: &str, marks: &[Mark]) -> String {
    let mut marks = marks.iter().peekable();
    let mut out = String::with_capacity(page.len() + page.len() / 8);
    let mut done = if page.starts_with('\u{feff}') { 3 } else { 0 };
    for at in memchr::memchr_iter(b'<', page.as_bytes()) {
        let behind = at + 1 + name_length(&page[at + 1..]);
        let is_marked = marks.peek().is_some_and(|mark| mark.at == at);
        let disarmed = disarm(&page[at + 1..behind]);
        if !is_marked && disarmed.is_none() {
            continue;
        }
        out.push_str(&page[done..behind]);
        done = behind;
        while let Some(mark) = marks.next_if(|mark| mark.at <= at) {
            // Quoted, for a `/` may follow.
            out.extend([" ", &mark.name, "=\"", &mark.value, "\""]);
        }
        // Not quoted, for this may stand in quotes itself.
        out.push_str(disarmed.unwrap_or_default());
    }
    out.push_str(&page[done..]);
    out
}

/// The length of a tag's name.
fn name_length(text: &str) -> usize {
    let ends = |b: &u8| matches!(b, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' | b'/' | b'>');
    let bytes = text.as_bytes();
    bytes.iter().position(ends).unwrap_or(bytes.len())
}

fn disarm(name: &str) -> Option<&'static str> {
    let mut known = DISARMED.iter();
    known
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, attribute)| *attribute)
}

/// Text for an attribute's value in double quotes.
pub(crate) fn quoted(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '"']) {
        return text.into();
    }
    text.replace('&', "&amp;").replace('"', "&quot;").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: usize, value: &str) -> Mark {
        Mark {
            at,
            name: "m".to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn where_marks_go() {
        let rows: [(&str, &[Mark], &str); 12] = [
            ("<p>a", &[mark(0, "x-1")], "<p m=\"x-1\">a"),
            ("a<P\nid=b>", &[mark(1, "x-1")], "a<P m=\"x-1\"\nid=b>"),
            ("<br/>", &[mark(0, "x-1")], "<br m=\"x-1\"/>"),
            ("<a/b=c>", &[mark(0, "x-1")], "<a m=\"x-1\"/b=c>"),
            (
                "<p><i>é<b>",
                &[mark(0, "x-1"), mark(8, "y-2")],
                "<p m=\"x-1\"><i>é<b m=\"y-2\">",
            ),
            ("<", &[], "<"),
            ("</script>", &[], "</script>"),
            ("<scripts>", &[], "<scripts>"),
            ("<SCRIPT src=a>", &[], "<SCRIPT type=dehusk-off src=a>"),
            (
                "<!-- <meta> --><a title='<link rel=x'>",
                &[],
                "<!-- <meta http-equiv=dehusk-off> --><a title='<link rel=dehusk-off rel=x'>",
            ),
            (
                "<iframe/src=a>",
                &[mark(0, "x-1")],
                "<iframe m=\"x-1\" src=about:blank#dehusk-off/src=a>",
            ),
            ("\u{feff}<p>", &[mark(3, "x-1")], "<p m=\"x-1\">"),
        ];
        for (page, marks, expected) in rows {
            assert_eq!(marked(page, marks), expected, "{page}");
        }
    }

    #[test]
    fn a_name_that_the_page_does_not_have() {
        for (page, name) in [
            ("<p>", "data-x"),
            ("<p DATA-X>", "data-x-2"),
            ("<p data-x data-x-2>", "data-x-3"),
        ] {
            assert_eq!(unused_name(page, "data-x"), name, "{page}");
        }
    }
}
