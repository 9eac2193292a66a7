//! What a filter did to a page: what went, by which rule, where, and what nearly went. How it was
//! found is left to others; here it is counted, listed and shown.

use crate::rules::Kind;
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Characters of a removed element's text that a report keeps.
pub(crate) const PREVIEW: usize = 80;

/// Characters at the end of its text, if that is longer.
pub(crate) const LAST: usize = 40;

/// Characters of a prompt's text that a report keeps: prompts are a paragraph.
pub(crate) const PROMPT: usize = 300;

/// An element that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// What it was.
    pub kind: Kind,
    /// The selector file of the rule that dropped it; `-e` for a selector given by itself.
    pub file: Arc<str>,
    /// The rule's line in it, from 1.
    pub line: u32,
    /// The rule as it was written.
    pub selector: String,
    /// The element's start tag in short: `p.article__status`.
    pub element: String,
    /// The bytes of the page that went, from the start tag to the end tag. Of a page that is not
    /// UTF-8 these are offsets into the page decoded to UTF-8.
    pub bytes: Range<u64>,
    /// Length of its visible text in characters (Chinese, Japanese and Korean ones count 2.5).
    pub text_length: u64,
    /// The first words of its visible text.
    pub text: String,
    /// The last words of its visible text; empty if the first are all of it.
    pub last_words: String,
}

impl fmt::Display for Removal {
    /// One line: kind, rule, element, bytes, first words. Nothing in it can steer a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<12} {}:{}  {}  {}-{}  \"{}\"",
            self.kind.name(),
            Printable(&self.file),
            self.line,
            Printable(&self.element),
            self.bytes.start,
            self.bytes.end,
            Printable(&self.text)
        )
    }
}

impl Serialize for Removal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Removal", 10)?;
        s.serialize_field("kind", self.kind.name())?;
        s.serialize_field("file", &*self.file)?;
        s.serialize_field("line", &self.line)?;
        s.serialize_field("selector", &self.selector)?;
        s.serialize_field("element", &self.element)?;
        s.serialize_field("start", &self.bytes.start)?;
        s.serialize_field("end", &self.bytes.end)?;
        s.serialize_field("text_length", &self.text_length)?;
        s.serialize_field("text", &self.text)?;
        s.serialize_field("last_words", &self.last_words)?;
        s.end()
    }
}

/// What said that the article's text is cut short, and was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The selector file of the `[truncated]` rule that knew it.
    pub file: Arc<str>,
    /// The rule's line in it, from 1.
    pub line: u32,
    /// The rule as it was written.
    pub selector: String,
    /// The element's start tag in short: `p.article__status`.
    pub element: String,
    /// Where it stood in the page, as in [`Removal::bytes`]; it may be part of what was dropped.
    pub bytes: Range<u64>,
    /// What it said: its visible text, up to 300 characters.
    pub text: String,
}

impl fmt::Display for Prompt {
    /// One line, made like that of a [`Removal`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<12} {}:{}  {}  {}-{}  \"{}\"",
            "truncated",
            Printable(&self.file),
            self.line,
            Printable(&self.element),
            self.bytes.start,
            self.bytes.end,
            Printable(&self.text)
        )
    }
}

/// Text that cannot steer the terminal it is printed on: control characters, and those that change
/// the direction of writing, are shown as `\u{…}`.
///
/// ```
/// assert_eq!(dehusk::Printable("a\u{1b}[2Jb").to_string(), "a\\u{1b}[2Jb");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Printable<'a>(pub &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    write!(f, "{}", c.escape_unicode())?;
                }
                c if c.is_control() => write!(f, "{}", c.escape_unicode())?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

mod kept;

pub use kept::{Amount, FailedTest, Kept, Saved};

/// What was dropped of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Elements.
    pub elements: u64,
    /// Bytes.
    pub bytes: u64,
    /// Characters of visible text.
    pub text: u64,
}

/// How a page went through the filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What was dropped, in the order of the page; kept only with
    /// [`Options::explain`](crate::Options::explain).
    pub removals: Vec<Removal>,
    /// The first thing dropped that says that the article's text was cut short before it came here,
    /// such as "62 % of this article is left to read"; looked for only with
    /// [`Options::explain`](crate::Options::explain).
    pub prompt: Option<Prompt>,
    /// What a rule nearly dropped, and what saved it, in the order of the page; looked for only with
    /// [`Options::explain_kept`](crate::Options::explain_kept).
    pub kept: Vec<Kept>,
    tallies: [Tally; Kind::ALL.len()],
    /// Bytes read.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// Characters of visible text on the page, and of it in what was dropped.
    pub text: u64,
    /// The page's encoding, in lower case.
    pub encoding: String,
    /// Malformed sequences that were replaced by U+FFFD.
    pub malformed: u64,
    /// The host whose rules were used, if it is known.
    pub site: Option<String>,
    /// Times that output was held back for a candidate.
    pub holds: u64,
    /// The most bytes that were held back at a time.
    pub longest_hold: u64,
    /// Candidates kept undecided because they reached the hold limit.
    pub undecided: u64,
    /// Elements that a rule matched and a `[keep]` saved.
    pub protected: u64,
    /// Why the page, or the rest of it, was passed on unfiltered; `None` if all was filtered.
    pub unfiltered: Option<String>,
}

impl Report {
    /// What was dropped of a kind.
    #[must_use]
    pub fn tally(&self, kind: Kind) -> Tally {
        self.tallies[kind as usize]
    }

    /// Whether the article's text was cut short: the words of the [`prompt`](Report::prompt) that
    /// said so and was dropped. `None` says nothing for certain: a page may stop without a word, and
    /// without [`Options::explain`](crate::Options::explain) nobody looks.
    ///
    /// ```
    /// use dehusk::{Options, Rules, clean};
    /// let page = b"<article><p>It rained.</p><p>62 % of this article is left to read.</p></article>";
    /// let options = Options::new().explain(true);
    /// let report = clean(&Rules::builtin(), &options, &page[..], std::io::sink())?;
    /// assert_eq!(report.truncated(), Some("62 % of this article is left to read."));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn truncated(&self) -> Option<&str> {
        self.prompt.as_ref().map(|prompt| prompt.text.as_str())
    }

    /// What was dropped of all kinds.
    #[must_use]
    pub fn total(&self) -> Tally {
        self.tallies.iter().fold(Tally::default(), |a, b| Tally {
            elements: a.elements + b.elements,
            bytes: a.bytes + b.bytes,
            text: a.text + b.text,
        })
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Tallies<'a>(&'a Report);
        impl Serialize for Tallies<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                for kind in Kind::ALL {
                    let tally = self.0.tally(kind);
                    if tally.elements > 0 {
                        map.serialize_entry(kind.name(), &tally)?;
                    }
                }
                map.end()
            }
        }
        let mut s = serializer.serialize_struct("Report", 15)?;
        s.serialize_field("site", &self.site)?;
        s.serialize_field("encoding", &self.encoding)?;
        s.serialize_field("bytes_in", &self.bytes_in)?;
        s.serialize_field("bytes_out", &self.bytes_out)?;
        s.serialize_field("text", &self.text)?;
        s.serialize_field("dropped", &Tallies(self))?;
        let rule = self
            .prompt
            .as_ref()
            .map(|p| format!("{}:{}", p.file, p.line));
        s.serialize_field("truncated", &self.truncated().is_some())?;
        s.serialize_field("prompt", &self.truncated())?;
        s.serialize_field("prompt_rule", &rule)?;
        s.serialize_field("protected", &self.protected)?;
        s.serialize_field("undecided", &self.undecided)?;
        s.serialize_field("holds", &self.holds)?;
        s.serialize_field("longest_hold", &self.longest_hold)?;
        s.serialize_field("malformed", &self.malformed)?;
        s.serialize_field("unfiltered", &self.unfiltered)?;
        s.end()
    }
}

/// A removal that may still be part of a larger one.
pub(crate) struct Cut {
    pub removal: Removal,
    /// Its place in the page's visible text.
    pub text: (u64, u64),
}

/// Collects removals while elements around them may still go too.
#[derive(Default)]
pub(crate) struct Recorder {
    explain: bool,
    open: Vec<Cut>,
    /// The text ranges of `open`.
    ranges: Vec<(u64, u64)>,
    /// What says that the article is cut short, and may still go.
    prompts: Vec<Prompt>,
    pub(crate) report: Report,
}

impl Recorder {
    pub(crate) fn new(explain: bool) -> Self {
        Recorder {
            explain,
            ..Recorder::default()
        }
    }

    /// An element went, and with it what had gone inside it.
    pub(crate) fn cut(&mut self, cut: Cut) {
        let start = cut.removal.bytes.start;
        while self
            .open
            .pop_if(|inner| inner.removal.bytes.start >= start)
            .is_some()
        {
            self.ranges.pop();
        }
        self.ranges.push(cut.text);
        self.forget_kept(start);
        self.open.push(cut);
    }

    /// Text ranges that went and may lie in a candidate.
    pub(crate) fn ranges(&self) -> &[(u64, u64)] {
        &self.ranges
    }

    /// This says that the article's text is cut short, if it goes.
    pub(crate) fn tell(&mut self, prompt: Prompt) {
        if self.report.prompt.is_none() {
            self.prompts.push(prompt);
        }
    }

    /// No element that is open can still be dropped, but for the one that begins at `cut` and goes
    /// already: what went is final, if it is no part of that.
    pub(crate) fn settle(&mut self, cut: Option<u64>) {
        let starts = self.open.iter().map(|c| c.removal.bytes.start);
        let is_final = |start: u64| cut.is_none_or(|cut| start < cut);
        let finals = starts.take_while(|&start| is_final(start)).count();
        self.ranges.drain(..finals);
        let gone = |prompt: &Prompt| {
            let mut cuts = self.open.iter();
            cuts.any(|cut| cut.removal.bytes.contains(&prompt.bytes.start))
        };
        if let Some(first) = self.prompts.iter().position(gone) {
            self.report.prompt = Some(self.prompts.swap_remove(first));
            self.prompts.clear();
        }
        self.prompts
            .retain(|prompt| cut.is_some_and(|cut| prompt.bytes.start >= cut));
        for Cut { removal, .. } in self.open.drain(..finals) {
            let tally = &mut self.report.tallies[removal.kind as usize];
            tally.elements += 1;
            tally.bytes += removal.bytes.end - removal.bytes.start;
            tally.text += removal.text_length;
            if self.explain {
                self.report.removals.push(removal);
            }
        }
    }
}

/// The first words of a text, at most so many characters.
pub(crate) fn first_words(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => {
            let cut = &text[..end];
            let cut = cut.rsplit_once(' ').map_or(cut, |(words, _)| words);
            format!("{cut} …")
        }
    }
}

/// The last words of a text, at most [`LAST`] characters, as far as they are not among its
/// [`first_words`].
pub(crate) fn last_words(text: &str) -> &str {
    if text.char_indices().nth(PREVIEW).is_none() {
        return "";
    }
    let shown = first_words(text, PREVIEW).len() - " …".len();
    let rest = text[shown..].trim();
    match rest.char_indices().nth_back(LAST) {
        None => rest,
        Some((at, c)) => {
            let last = &rest[at + c.len_utf8()..];
            match last.split_once(' ') {
                Some((_, words)) if c != ' ' => words,
                _ => last,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_made_safe() {
        let shown = Printable("a\u{1b}[2Jb\u{202e}c\u{9b}").to_string();
        assert_eq!(shown, "a\\u{1b}[2Jb\\u{202e}c\\u{9b}");
    }

    #[test]
    fn first_words_end_at_a_word() {
        let text = "word ".repeat(40);
        let shown = first_words(text.trim(), PREVIEW);
        assert!(shown.ends_with("word …"), "{shown}");
        assert!(shown.chars().count() <= PREVIEW + 2);
    }

    #[test]
    fn last_words_begin_at_a_word_and_repeat_nothing() {
        assert_eq!(last_words(&"a".repeat(PREVIEW)), "");
        let text = "word ".repeat(40);
        let last = last_words(text.trim());
        assert!(
            last.starts_with("word ") && last.ends_with(" word"),
            "{last}"
        );
        assert!(last.chars().count() <= LAST);
        // A little too long to be shown whole.
        for text in [format!("{} end", "b".repeat(PREVIEW - 3)), "ä ".repeat(45)] {
            let first = first_words(text.trim(), PREVIEW);
            let whole = format!(
                "{} {}",
                first.trim_end_matches(" …"),
                last_words(text.trim())
            );
            assert_eq!(whole, text.trim());
        }
        assert_eq!(last_words(&"水".repeat(200)).chars().count(), LAST);
    }
}
