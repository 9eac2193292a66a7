//! What the fuzz targets share: how the bytes of an input choose options and pieces, and what must
//! hold of every page that went through the filter.

use dehusk::{Filter, Kind, Options, Report, Rules};
use encoding_rs::{Encoding, UTF_8};
use std::borrow::Cow;

/// The declaration that a decoded page gets if it has none.
const META: &str = "<meta charset=\"utf-8\">";

/// A page with something for most selectors: an article with the husk of one.
pub const PAGE: &str = include_str!("page.html");

/// The address of [`PAGE`].
pub const ADDRESS: &str = "https://www.example.com/news/2026/rain.html?page=1";

/// Bytes at an input's end that choose options and pieces; before them stands the page, so that any
/// page will do as a seed.
const CONTROL: usize = 8;

/// What an input chooses besides the page.
#[derive(Clone, Copy, Default)]
pub struct Control([u8; CONTROL]);

impl Control {
    /// The page of an input, and what else it chooses.
    #[must_use]
    pub fn split(data: &[u8]) -> (&[u8], Control) {
        match data.split_last_chunk() {
            Some((page, control)) => (page, Control(*control)),
            None => (data, Control::default()),
        }
    }

    #[must_use]
    pub fn explain(self) -> bool {
        self.0[0] & 1 != 0
    }

    /// Which of so many; `None` for one without.
    #[must_use]
    pub fn choice(self, of: usize) -> Option<usize> {
        let n = usize::from(self.0[2]) << 8 | usize::from(self.0[3]);
        (self.0[0] & 2 != 0 && of > 0).then(|| n % of)
    }

    /// Kinds to drop and the hold limit.
    #[must_use]
    pub fn options(self) -> Options {
        let mut options = Options::new();
        if self.0[0] & 4 != 0 {
            options = options.drop(Kind::ALL);
        }
        match u64::from(self.0[1]) {
            0 => options,
            small @ 1..=200 => options.hold_limit(small - 1),
            large => options.hold_limit((large - 200) * 100),
        }
    }

    /// Whether the caller says that the page is UTF-8. If not, the first 4 KiB are kept until it is
    /// known, and most inputs come as one piece, whatever their pieces.
    #[must_use]
    pub fn says_utf_8(self) -> bool {
        self.0[0] & 8 == 0
    }

    /// A page in pieces: of one byte, of a few, or of any length.
    pub fn pieces(self, page: &[u8]) -> impl Iterator<Item = &[u8]> {
        let [.., a, b, c, d] = self.0;
        let longest = 1_u32 << (a % 14);
        let mut state = u32::from_be_bytes([b, c, d, 1]);
        let mut rest = page;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let length = (state % longest) as usize + 1;
            let (piece, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            Some(piece)
        })
    }
}

/// Filters a page that comes in these pieces.
#[must_use]
pub fn filter<'a>(
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

/// Filters a page whole and in pieces, with and without an explanation; all that must hold of what
/// came out is checked.
pub fn check(rules: &Rules, options: &Options, page: &[u8], control: Control) {
    let (out, report) = filter(rules, &options.clone().explain(true), [page]);
    check_report(page, &out, &report);

    let explain = control.explain();
    let options = options.clone().explain(explain);
    let (in_pieces, other) = filter(rules, &options, control.pieces(page));
    assert!(
        in_pieces == out,
        "in pieces, explained: {explain}\n{:?}\n whole\n{:?}",
        String::from_utf8_lossy(&in_pieces),
        String::from_utf8_lossy(&out)
    );
    if explain {
        assert_eq!(without_holds(other), without_holds(report.clone()));
    } else {
        assert_eq!(other.total(), report.total());
    }

    let (unchanged, _) = filter(&Rules::none(), &options, [page]);
    check_output(page, &unchanged, &out, &report);
}

/// What a report says holds together.
fn check_report(page: &[u8], out: &[u8], report: &Report) {
    assert_eq!(report.bytes_in, page.len() as u64);
    assert_eq!(report.bytes_out, out.len() as u64);
    assert_eq!(report.total().elements, report.removals.len() as u64);
    let length = decoded(page, report).map_or(u64::MAX, |text| text.len() as u64);
    let mut end = 0;
    for removal in &report.removals {
        let bytes = &removal.bytes;
        assert!(end <= bytes.start && bytes.start < bytes.end, "{removal:?}");
        end = bytes.end;
        assert!(!removal.to_string().contains(char::is_control));
    }
    if let Some(prompt) = &report.prompt {
        let mut removals = report.removals.iter();
        assert!(
            removals
                .any(|r| r.bytes.start <= prompt.bytes.start && prompt.bytes.end <= r.bytes.end),
            "{prompt:?} is in nothing that went"
        );
        assert!(!prompt.to_string().contains(char::is_control));
    }
    assert!(end <= length, "{end} is beyond {length}");
}

/// The output is the page less what the report lists, but for the declaration of its encoding.
/// `unchanged` is what comes out without rules.
fn check_output(page: &[u8], unchanged: &[u8], out: &[u8], report: &Report) {
    if report.unfiltered.is_some() {
        assert!(out == page, "what is no page is passed on as it is");
        return;
    }
    let out = std::str::from_utf8(out).expect("UTF-8");
    let unchanged = std::str::from_utf8(unchanged).expect("UTF-8");
    if let Some(text) = decoded(page, report) {
        if unchanged == text {
            assert_eq!(out, left(&text, report));
            return;
        }
        if without_meta(unchanged).any(|unchanged| unchanged == text) {
            let left = left(&text, report);
            assert!(
                without_meta(out).any(|out| out == left),
                "{out:?}\n is not, but for the declaration\n{left:?}"
            );
            return;
        }
        assert!(
            text.to_ascii_lowercase().contains("<meta"),
            "{text:?} came out as\n{unchanged:?}"
        );
    }
    assert!(
        is_subsequence(out.as_bytes(), unchanged.as_bytes()),
        "{out:?}\n is not part of\n{unchanged:?}"
    );
}

/// The page as it is in UTF-8; `None` if it begins with a declaration that is corrected before
/// anything is read, or is no page.
#[must_use]
pub fn decoded<'a>(page: &'a [u8], report: &Report) -> Option<Cow<'a, str>> {
    if report.unfiltered.is_some() {
        return None;
    }
    let encoding = Encoding::for_label(report.encoding.as_bytes()).expect("a known encoding");
    let text = if encoding == UTF_8 {
        String::from_utf8_lossy(page)
    } else {
        encoding.decode(page).0
    };
    (!text.starts_with("<?xml")).then_some(text)
}

/// The page without what went.
fn left(page: &str, report: &Report) -> String {
    let mut left = String::new();
    let mut end = 0;
    for removal in &report.removals {
        left.push_str(&page[end..removal.bytes.start as usize]);
        end = removal.bytes.end as usize;
    }
    left + &page[end..]
}

/// The page without one of its declarations, each in turn.
fn without_meta(page: &str) -> impl Iterator<Item = String> {
    page.match_indices(META)
        .map(move |(at, _)| [&page[..at], &page[at + META.len()..]].concat())
}

/// Whether `part` is what is left of `whole` when some bytes are taken from it.
fn is_subsequence(part: &[u8], whole: &[u8]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|byte| whole.any(|other| other == byte))
}

/// A report without what it says of holds: one that begins and ends within a piece of text is not
/// counted when the piece comes whole. Nor, with a limit of a few bytes, is one that reaches the limit before
/// the element is looked at again.
fn without_holds(mut report: Report) -> Report {
    (report.holds, report.longest_hold, report.undecided) = (0, 0, 0);
    report
}

/// Options and pieces for [`PAGE`], chosen by a file's content.
#[must_use]
pub fn control_of(text: &str) -> Control {
    let sum = text.bytes().fold(0_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let [a, b, c, d] = sum.to_be_bytes();
    // Mostly with the hold limit that people have.
    let hold = if b < 200 { 0 } else { c };
    Control([a, hold, 0, 0, d, a, b, c])
}

/// What the importers have in common: rules say where they stand, those that are found usable make
/// files that can be read, and these do to a page what the list itself does.
pub fn check_import(name: &str, content: &str) {
    use dehusk::import;
    let imported = import::read(name, content);
    let lines = content.split('\n').count();
    for rule in &imported.rules {
        assert!((1..=lines).contains(&rule.line), "{rule:?}");
    }
    let valid = imported.validated(content);
    let mut last = 0;
    for left_out in &valid.left_out {
        assert!(
            (1..=lines).contains(&left_out.line) && left_out.line >= last,
            "{left_out:?}"
        );
        last = left_out.line;
        assert!(!left_out.reason.name().is_empty() && !left_out.reason.to_string().is_empty());
    }

    let builder = || Rules::builder().builtin(false);
    let rules = builder().file(name, content).build();
    let rules = rules.unwrap_or_else(|error| panic!("{error}"));
    let control = control_of(content);
    let options = control.options().url(ADDRESS);
    check(&rules, &options, PAGE.as_bytes(), control);
    let _ = (rules.site_files(), rules.rules_for("www.example.com"));

    let files = import::to_sel(name, &valid);
    let written = files.iter().fold(builder(), |rules, file| {
        rules.file(file.name.as_str(), file.content.as_str())
    });
    let written = written.build();
    let written = written.unwrap_or_else(|error| panic!("{error}\n{files:#?}"));
    let (direct, _) = filter(&rules, &options, [PAGE.as_bytes()]);
    let (through_files, _) = filter(&written, &options, [PAGE.as_bytes()]);
    assert!(
        direct == through_files,
        "the list leaves\n{}\nits files leave\n{}\n{files:#?}",
        String::from_utf8_lossy(&direct),
        String::from_utf8_lossy(&through_files)
    );
}
