//! Rule collections that others keep, read as they are: the site files of Full-Text RSS
//! ([ftr-site-config](https://github.com/fivefilters/ftr-site-config)) and the cosmetic filters of
//! Adblock Plus and uBlock Origin lists. What a line means here is a selector of this crate; a line
//! that has no such meaning is left out with the reason, never guessed at.

mod abp;
mod ftr;
mod sel;
mod xpath;

pub(crate) use ftr::host_of as ftr_host;
pub use sel::{SelFile, to_sel};

use crate::rules::compile::Compiler;
use crate::rules::phrases::PhraseBook;
use crate::rules::sheet::Rule;
use crate::rules::{Action, Kind, Level, selector};
use std::borrow::Cow;
use std::fmt;

/// The form of a file with rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A selector file of this crate, `selectors/README.md`.
    Sel,
    /// A site file of ftr-site-config: `strip: XPATH`, `strip_id_or_class: NAME`, …
    Ftr,
    /// A list of Adblock Plus or uBlock Origin: `example.com##.promo`.
    Abp,
}

/// Lines that are looked at to tell a file's form.
const TELLING_LINES: usize = 400;

impl Format {
    /// The form of a file, told by its name and what its lines look like.
    #[must_use]
    pub fn of(name: &str, content: &str) -> Format {
        let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
        if base.ends_with(".sel") {
            return Format::Sel;
        }
        let lines = || content.lines().map(str::trim).take(TELLING_LINES);
        if lines().any(|line| line.starts_with("[Adblock") || line.starts_with("[uBlock")) {
            Format::Abp
        } else if base.ends_with(".txt") && (lines().any(ftr::is_directive)) {
            Format::Ftr
        } else if lines().any(abp::is_filter) {
            Format::Abp
        } else {
            Format::Sel
        }
    }
}

/// What an importer made of a file.
#[derive(Clone, Debug, Default)]
pub struct Imported<'a> {
    /// Its rules, in the order of the file.
    pub rules: Vec<ImportedRule<'a>>,
    /// The lines that ask for something to be removed and were not taken.
    pub left_out: Vec<LeftOut<'a>>,
}

impl<'a> Imported<'a> {
    /// The rules that can be used: those whose selectors this crate cannot read, or cannot decide in
    /// a stream, move to what is left out, with the reason. `content` is the file they were read
    /// from.
    ///
    /// [`read`] does not look into selectors, so that a long list is read at once; nor does a rule
    /// set look into the rules of a site before a page of it comes by.
    #[must_use]
    pub fn validated(mut self, content: &'a str) -> Self {
        let mut lines: Option<Vec<&'a str>> = None;
        let left_out = &mut self.left_out;
        self.rules.retain(|rule| {
            let Err((reason, detail)) = usable(&rule.selector) else {
                return true;
            };
            let lines = lines.get_or_insert_with(|| content.lines().collect());
            let text = lines.get(rule.line - 1).copied().unwrap_or_default();
            left_out.push(LeftOut {
                line: rule.line,
                text: text.trim(),
                reason,
                detail,
            });
            false
        });
        left_out.sort_by_key(|left_out| left_out.line);
        self
    }
}

/// Whether a selector can be used; the error says why not.
fn usable(source: &str) -> Result<(), (Reason, String)> {
    let list = selector::parse(source).map_err(|error| (reason_of(&error.reason), error.reason))?;
    let book = PhraseBook::default();
    let rule = Rule {
        action: Action::Drop(Kind::Custom),
        level: Level::User,
        file: "".into(),
        line: 0,
        selector: "".into(),
    };
    Compiler::new(&book)
        .add(rule, &list)
        .map_err(|error| (reason_of(&error), error))
}

/// What an error of the parser or the compiler comes to.
fn reason_of(error: &str) -> Reason {
    const TELLING: [(&str, Reason); 12] = [
        ("page at rest", Reason::NotHtml),
        ("HTML at rest", Reason::NotHtml),
        ("namespace", Reason::NotHtml),
        ("there is no such pseudo-class", Reason::Unknown),
        ("bad regular expression", Reason::Unknown),
        ("inside another :has()", Reason::Unknown),
        ("alternatives beside one", Reason::Unknown),
        (":upward()", Reason::NotInAStream),
        ("the later ones have not come yet", Reason::NotInAStream),
        ("after the element has ended", Reason::NotInAStream),
        ("must be decided at its start tag", Reason::NotInAStream),
        ("its child comes before", Reason::NotInAStream),
    ];
    let telling = TELLING.iter().find(|(words, _)| error.contains(words));
    telling.map_or(Reason::Broken, |(_, reason)| *reason)
}

/// One rule of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedRule<'a> {
    /// Line of the file, counted from 1.
    pub line: usize,
    /// The hosts it serves, with commas between them as the list has them: `~` excludes a host, `*`
    /// as the last label stands for every top level. Empty: every page.
    pub hosts: Cow<'a, str>,
    /// What it drops.
    pub kind: Kind,
    /// `#@#`: rules with this selector do not count on these hosts.
    pub except: bool,
    /// A selector list.
    pub selector: Cow<'a, str>,
}

/// A line that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut<'a> {
    /// Line of the file, counted from 1.
    pub line: usize,
    /// The line.
    pub text: &'a str,
    /// Why.
    pub reason: Reason,
    /// What the reason rests on: the words of the line, or those of the selector's error.
    pub detail: String,
}

/// Why a line was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// It restyles, runs scripts, or asks for what only a browser has (`:style()`, `+js()`,
    /// `:hover`, `::before`, `:matches-css()`).
    NotHtml,
    /// It cuts text nodes or attributes out of an element that stays.
    NotAnElement,
    /// It asks for what comes after the element, or for an ancestor before its text is known.
    NotInAStream,
    /// It is of no form that the importer reads.
    Unknown,
    /// It cannot be read by anybody: a typing error of its author.
    Broken,
}

impl Reason {
    /// Every reason, in the order in which they are listed to people.
    pub const ALL: [Reason; 5] = [
        Reason::NotHtml,
        Reason::NotAnElement,
        Reason::NotInAStream,
        Reason::Unknown,
        Reason::Broken,
    ];

    /// A word for it, for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Reason::NotHtml => "not-html",
            Reason::NotAnElement => "not-an-element",
            Reason::NotInAStream => "not-in-a-stream",
            Reason::Unknown => "unknown",
            Reason::Broken => "broken",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::NotHtml => "makes no sense for HTML at rest",
            Reason::NotAnElement => "cuts text or attributes, not elements",
            Reason::NotInAStream => "cannot be decided in a stream",
            Reason::Unknown => "of no form that is read here",
            Reason::Broken => "a typing error of its author",
        })
    }
}

/// Reads a file of a collection. `name` says which host an ftr-site-config file is for, and of which
/// kind the rules of a list are. A file of this crate's own form has nothing to import.
#[must_use]
pub fn read<'a>(name: &str, content: &'a str) -> Imported<'a> {
    match Format::of(name, content) {
        Format::Sel => Imported::default(),
        Format::Ftr => ftr::read(name, content),
        Format::Abp => abp::read(name, content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_left_out_with_its_reason() {
        for (selector, reason) in [
            ("p.ad", None),
            ("p:has-text(/ad/i)", None),
            ("p:last-child", Some(Reason::NotInAStream)),
            ("p:not(:only-child)", Some(Reason::NotInAStream)),
            ("p:has(+ b)", Some(Reason::NotInAStream)),
            ("p:has-text(/ad/) > b", Some(Reason::NotInAStream)),
            ("p:has(b) b", Some(Reason::NotInAStream)),
            ("p:upward(1) b", Some(Reason::NotInAStream)),
            ("p:has(b:not(:has(i)))", Some(Reason::Unknown)),
            ("p:has-text(/(?=a)b/)", Some(Reason::Unknown)),
            ("p:of-next-year", Some(Reason::Unknown)),
            ("p:hover", Some(Reason::NotHtml)),
            ("svg|a", Some(Reason::NotHtml)),
            ("p..ad", Some(Reason::Broken)),
            ("p >", Some(Reason::Broken)),
            ("p[", Some(Reason::Broken)),
        ] {
            assert_eq!(
                usable(selector).err().map(|(reason, _)| reason),
                reason,
                "{selector}"
            );
        }
    }

    #[test]
    fn validation_keeps_the_order_and_the_lines() {
        let list =
            "a.example##.a\na.example##.b:last-child\na.example##+js(x)\na.example##.c..\n##.d";
        let imported = read("ads.txt", list);
        assert_eq!(imported.rules.len(), 4);
        let valid = imported.validated(list);
        let rules: Vec<_> = valid
            .rules
            .iter()
            .map(|rule| (rule.line, &*rule.selector))
            .collect();
        assert_eq!(rules, [(1, ".a"), (5, ".d")]);
        let left_out = valid.left_out.iter().map(|l| (l.line, l.text, l.reason));
        let expected = [
            (2, "a.example##.b:last-child", Reason::NotInAStream),
            (3, "a.example##+js(x)", Reason::NotHtml),
            (4, "a.example##.c..", Reason::Broken),
        ];
        assert_eq!(left_out.collect::<Vec<_>>(), expected);
    }
}
