//! The draft as it is printed: a selector file with comments.

use dehusk::Kind;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Characters of a line.
const WIDTH: usize = 100;

/// A rule of the draft.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub kind: Kind,
    pub selector: String,
    /// What it takes.
    pub comment: String,
    /// By what entries of a kind are sorted, the most first.
    pub weight: usize,
}

/// Everything the draft says.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// What stands at the top, a paragraph each.
    pub head: Vec<String>,
    pub offers: Vec<Entry>,
    /// What the rules there take already.
    pub taken: Vec<Entry>,
    /// Selectors of the article's body, with what to know of them.
    pub body: Vec<(String, String)>,
    /// Selectors that take text of the article, with what they take.
    pub harmful: Vec<(String, String)>,
    /// What is left and is neither, with its beginning.
    pub unclear: Vec<(String, String)>,
}

impl Draft {
    /// The draft as a selector file.
    pub(super) fn written(&self) -> String {
        let mut out = String::new();
        for (i, paragraph) in self.head.iter().enumerate() {
            if i > 1 {
                out.push_str("!\n");
            }
            comment(&mut out, paragraph);
        }
        sections(&mut out, &self.offers, "");
        self.write_body(&mut out);
        if !self.taken.is_empty() {
            out.push('\n');
            comment(
                &mut out,
                "---- Taken by the rules that are there already. Rules of the site's own hold when \
                 those miss: take the '! ' off its main blocks.",
            );
            sections(&mut out, &self.taken, "! ");
        }
        let lists = [
            (
                &self.unclear,
                "---- Left, and told by nothing: husk, or the article's?",
            ),
            (
                &self.harmful,
                "---- Not to be used: called like husk, but they take the article's text.",
            ),
        ];
        for (list, title) in lists {
            if list.is_empty() {
                continue;
            }
            out.push('\n');
            comment(&mut out, title);
            for (selector, what) in list {
                comment_line(&mut out, what);
                let _ = writeln!(out, "! {selector}");
            }
        }
        out
    }

    fn write_body(&self, out: &mut String) {
        if self.body.is_empty() {
            return;
        }
        for (section, why) in [
            (
                "keep",
                "Never dropped, nor what is around it; what is inside may be.",
            ),
            ("body", "What comes after it is after the article."),
        ] {
            let _ = write!(out, "\n[{section}]\n");
            comment(out, why);
            for (selector, what) in &self.body {
                if section == "keep" {
                    comment_line(out, what);
                }
                let _ = writeln!(out, "{selector}");
            }
        }
    }
}

/// Entries under their kinds, every line behind `before`.
fn sections(out: &mut String, entries: &[Entry], before: &str) {
    for kind in Kind::ALL {
        let mut of_kind: Vec<&Entry> = entries.iter().filter(|e| e.kind == kind).collect();
        of_kind.sort_by(|a, b| {
            b.weight
                .cmp(&a.weight)
                .then_with(|| a.selector.cmp(&b.selector))
        });
        if of_kind.is_empty() {
            continue;
        }
        let _ = write!(out, "\n{before}[{kind}]\n");
        for entry in of_kind {
            comment_line(out, &entry.comment);
            let _ = writeln!(out, "{before}{}", entry.selector);
        }
    }
}

/// Comment lines, broken at spaces.
fn comment(out: &mut String, text: &str) {
    for paragraph in text.lines() {
        if paragraph.starts_with(' ') {
            // A command, to be copied.
            let _ = writeln!(out, "! {paragraph}");
            continue;
        }
        let mut line = String::from("! ");
        let mut empty = true;
        for word in paragraph.split_whitespace() {
            if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
                let _ = writeln!(out, "{line}");
                line = "!".to_owned();
            }
            if !line.ends_with(' ') {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// Whether a character changes the direction of writing.
pub(super) fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One comment line, cut to fit. Its text may be the page's: it cannot steer a terminal.
fn comment_line(out: &mut String, text: &str) {
    let mut line = String::from("! ");
    for c in text.chars() {
        match c {
            c if turns(c) => {}
            c if c.is_control() => line.push(' '),
            c => line.push(c),
        }
    }
    if line.chars().count() > WIDTH {
        let cut: String = line.chars().take(WIDTH - 2).collect();
        let cut = cut.rsplit_once(' ').map_or(&*cut, |(words, _)| words);
        line = format!("{cut} …");
    }
    let _ = writeln!(out, "{line}");
}

/// This month, as `2026-11`.
pub(super) fn month(now: SystemTime) -> String {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let mut days = since.as_secs() / 86_400;
    let mut year = 1970;
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months() {
        for (seconds, expected) in [
            (0, "1970-01"),
            (951_782_400, "2000-02"),
            (951_868_800, "2000-03"),
            (1_793_491_200, "2026-11"),
            (1_798_675_200, "2026-12"),
            (1_798_761_600, "2027-01"),
        ] {
            assert_eq!(month(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn comments_fit_and_are_harmless() {
        let mut out = String::new();
        comment_line(
            &mut out,
            &format!("a\u{1b}[2J\nb\u{202e} {}", "word ".repeat(40)),
        );
        assert!(out.starts_with("! a [2J b word"), "{out}");
        assert!(
            out.ends_with("word …\n") && out.lines().count() == 1,
            "{out}"
        );
        assert!(out.chars().count() <= WIDTH + 1);
        out.clear();
        comment(&mut out, &"word ".repeat(40));
        assert_eq!(out.lines().count(), 3);
        assert!(
            out.lines()
                .all(|line| line.starts_with("! word") && line.len() <= WIDTH)
        );
    }
}
