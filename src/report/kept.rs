//! What nearly went: elements that stay although a rule nearly matched them, and what saved them.

use super::{Printable, Recorder};
use crate::rules::Kind;
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// An element that stays although a rule nearly dropped it.
///
/// A rule came near if it names something (a class, an id, an attribute, words), all that it names is
/// there, and what fails is one `:not()` or test of what the page had shown, or one or two lengths and
/// counts, none by far; or if it matched, and something else saved the element. Of several such rules the
/// nearest is told. What lies in something that went is not told, nor is an element of which a part went
/// or stays for the same rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What the rule takes it for.
    pub kind: Kind,
    /// The selector file of the rule; `-e` for a selector given by itself.
    pub file: Arc<str>,
    /// The rule's line in it, from 1.
    pub line: u32,
    /// The rule as it was written.
    pub selector: String,
    /// The element's start tag in short: `p.article__status`.
    pub element: String,
    /// Where it stands in the page, as in [`Removal::bytes`](crate::Removal::bytes).
    pub bytes: Range<u64>,
    /// Length of its visible text in characters (Chinese, Japanese and Korean ones count 2.5).
    pub text_length: u64,
    /// The first words of its visible text.
    pub text: String,
    /// The last words of its visible text; empty if the first are all of it.
    pub last_words: String,
    /// What saved it.
    pub saved: Saved,
}

/// What saved an element from a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Saved {
    /// A `[keep]` rule, which protects it or something in it.
    Keep {
        /// The selector file of the `[keep]` rule.
        file: Arc<str>,
        /// Its line in it, from 1.
        line: u32,
    },
    /// The rule matched, but the element was longer than what may be held back until that is known.
    HoldLimit,
    /// The rule matched, but the element has no end of its own (tags that are closed across one
    /// another), or it is one that never goes: `html`, `head`, `body`, `noscript`.
    Structure,
    /// Tests of the rule that failed: lengths, counts, `:not()`, what the page had shown by then.
    Tests(Vec<FailedTest>),
}

/// A test of a rule that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedTest {
    /// The test, and of a `:not()` with several selectors the one that matched.
    pub test: String,
    /// What was measured, if the test measures.
    pub measured: Option<Amount>,
    /// What would have been enough: for a share of the article's text (`200 + 25%`) what that came to.
    pub limit: Option<Amount>,
}

impl FailedTest {
    pub(crate) fn of(test: String) -> FailedTest {
        FailedTest {
            test,
            measured: None,
            limit: None,
        }
    }
}

/// What a test measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Amount {
    /// Characters of text.
    Characters(u64),
    /// Links.
    Links(u64),
    /// A share of the text, in thousandths.
    Share(u32),
}

impl fmt::Display for Amount {
    /// The number: `812`, `0.35`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Amount::Characters(n) | Amount::Links(n) => write!(f, "{n}"),
            Amount::Share(n) => write!(f, "{}", f64::from(*n) / 1000.0),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Amount::Characters(n) | Amount::Links(n) => serializer.serialize_u64(*n),
            Amount::Share(n) => serializer.serialize_f64(f64::from(*n) / 1000.0),
        }
    }
}

impl fmt::Display for FailedTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Printable(&self.test))?;
        let Some(measured) = self.measured else {
            return Ok(());
        };
        write!(f, " is {measured}")?;
        match self.limit {
            // What the test does not say by itself.
            Some(limit) if self.test.contains('%') => write!(f, " of {limit}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Saved::Keep { file, line } => write!(f, "[keep] {}:{line}", Printable(file)),
            Saved::HoldLimit => f.write_str("hold limit"),
            Saved::Structure => f.write_str("structure"),
            Saved::Tests(tests) => {
                for (i, test) in tests.iter().enumerate() {
                    let between = if i > 0 { ", " } else { "" };
                    write!(f, "{between}{test}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Kept {
    /// One line, made like that of a removal, with what saved the element at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<12} {}:{}  {}  {}-{}  \"{}\"  {}: {}",
            "kept",
            Printable(&self.file),
            self.line,
            Printable(&self.element),
            self.bytes.start,
            self.bytes.end,
            Printable(&self.text),
            self.kind.name(),
            self.saved
        )
    }
}

impl Serialize for Kept {
    /// As a removal, and `saved`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Kept", 11)?;
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
        s.serialize_field("saved", &self.saved)?;
        s.end()
    }
}

impl Serialize for Saved {
    /// `{"by": "keep", "file": …, "line": …}`, `{"by": "hold-limit"}`, `{"by": "structure"}`,
    /// `{"by": "tests", "tests": […]}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Saved::Keep { file, line } => {
                map.serialize_entry("by", "keep")?;
                map.serialize_entry("file", &**file)?;
                map.serialize_entry("line", line)?;
            }
            Saved::HoldLimit => map.serialize_entry("by", "hold-limit")?,
            Saved::Structure => map.serialize_entry("by", "structure")?,
            Saved::Tests(tests) => {
                map.serialize_entry("by", "tests")?;
                map.serialize_entry("tests", tests)?;
            }
        }
        map.end()
    }
}

impl Recorder {
    /// This stays, as far as is known: what is around may still go.
    pub(crate) fn keep(&mut self, kept: Kept) {
        let Kept {
            file, line, bytes, ..
        } = &kept;
        // Both lists are in the order of the page: what lies in this, or this in it, comes last.
        let open = self.open.iter().map(|cut| &cut.removal);
        let removals = self.report.removals.iter().chain(open).rev();
        let mut removals = removals.take_while(|r| r.bytes.end > bytes.start);
        let is_known =
            removals.any(|r| r.bytes.contains(&bytes.start) || (r.line, &r.file) == (*line, file));
        let inner = self.report.kept.iter().rev();
        let mut inner = inner.take_while(|k| k.bytes.start >= bytes.start);
        let is_told = inner.any(|k| (k.line, &k.file) == (*line, file));
        if !is_known && !is_told {
            self.report.kept.push(kept);
        }
    }

    /// What begins at `start` went.
    pub(super) fn forget_kept(&mut self, start: u64) {
        let kept = &mut self.report.kept;
        while kept.pop_if(|kept| kept.bytes.start >= start).is_some() {}
    }

    /// The page has ended.
    pub(crate) fn sort_kept(&mut self) {
        self.report.kept.sort_by_key(|kept| kept.bytes.start);
    }
}
