//! What lies between two start tags: text, end tags (those that match nothing too), comments and
//! the like. lol_html hands it on as raw bytes; this scanner finds the end tags in it, after the
//! states of the HTML Standard's
//! [tokenizer](https://html.spec.whatwg.org/multipage/parsing.html#tokenization), and it can be
//! stopped at any byte. Raw text (script, style, …) is taken as it is until lol_html reports its
//! end. What an end tag closes is left to `open_elements`.

use crate::tag::{Name, NameHasher};
use memchr::memchr;

/// Receives what the scanner finds, in the order of the page. Every byte comes exactly once.
pub(crate) trait GapSink {
    /// Text, entities undecoded.
    fn text(&mut self, bytes: &[u8]);
    /// The content of an element with raw text.
    fn raw_text(&mut self, bytes: &[u8]);
    /// A comment, a doctype, a piece of a tag that says no more.
    fn markup(&mut self, bytes: &[u8]);
    /// The beginning of an end tag, `</name`.
    fn end_tag(&mut self, name: Name, bytes: &[u8]);
    /// The end tag's `>` has been seen; its bytes since the name came as markup.
    fn end_tag_done(&mut self);
    /// Whether `<![CDATA[` begins a section here.
    fn in_foreign(&self) -> bool;
}

/// A tag name longer than this is no element's: it is passed on as it comes.
const MAX_NAME: usize = 128;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Data,
    /// Raw text: lol_html says when it ends.
    Raw,
    /// After `<`; the bytes are kept until it is known what they are.
    Less,
    /// After `</`.
    LessSlash,
    EndTagName,
    EndTag(Attribute),
    /// After `<!` and some of `--` or `[CDATA[`.
    Declaration,
    /// In a comment, after this.
    Comment(Comment),
    /// A doctype or anything else that ends at the next `>`.
    Bogus,
    /// In a CDATA section, after this many `]`.
    Cdata(u8),
    /// A start tag that the page's end cut off.
    Unfinished,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attribute {
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Quoted(u8),
    Unquoted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comment {
    Start,
    StartDash,
    Text,
    Dash,
    DashDash,
    Bang,
}

/// The scanner.
pub(crate) struct Gap {
    state: State,
    /// Bytes of which it is not yet known what they are.
    pending: Vec<u8>,
    name: NameHasher,
}

impl Gap {
    pub(crate) fn new() -> Self {
        Gap {
            state: State::Data,
            pending: Vec::new(),
            name: NameHasher::new(),
        }
    }

    /// The element just opened has raw text.
    pub(crate) fn enter_raw_text(&mut self) {
        self.state = State::Raw;
    }

    /// The raw text has ended: an end tag follows.
    pub(crate) fn leave_raw_text(&mut self) {
        self.state = State::Data;
    }

    /// The next bytes of the gap.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], sink: &mut impl GapSink) {
        while !bytes.is_empty() {
            let taken = self.step(bytes, sink);
            bytes = &bytes[taken..];
        }
    }

    /// A start tag or the end of the page follows: what is pending was text after all.
    pub(crate) fn finish(&mut self, sink: &mut impl GapSink) {
        match self.state {
            State::Less | State::LessSlash => sink.text(&self.pending),
            _ if !self.pending.is_empty() => sink.markup(&self.pending),
            _ => {}
        }
        self.pending.clear();
        if self.state != State::Raw {
            self.state = State::Data;
        }
    }

    /// Takes at least one byte.
    fn step(&mut self, bytes: &[u8], sink: &mut impl GapSink) -> usize {
        let byte = bytes[0];
        match self.state {
            State::Data => {
                let end = memchr(b'<', bytes).unwrap_or(bytes.len());
                if end > 0 {
                    sink.text(&bytes[..end]);
                    return end;
                }
                self.pending.push(b'<');
                self.state = State::Less;
                1
            }
            State::Raw => {
                sink.raw_text(bytes);
                bytes.len()
            }
            State::Less => {
                match byte {
                    b'/' => self.state = State::LessSlash,
                    b'!' => self.state = State::Declaration,
                    b'?' => {
                        self.pending.push(byte);
                        return self.pass_pending(State::Bogus, sink);
                    }
                    _ if byte.is_ascii_alphabetic() => {
                        self.pending.push(byte);
                        return self.pass_pending(State::Unfinished, sink);
                    }
                    _ => {
                        // `<` followed by this is text, and this is looked at again.
                        sink.text(&self.pending);
                        self.pending.clear();
                        self.state = State::Data;
                        return 0;
                    }
                }
                self.pending.push(byte);
                1
            }
            State::LessSlash => {
                self.pending.push(byte);
                if byte.is_ascii_alphabetic() {
                    self.name = NameHasher::new().push(byte);
                    self.state = State::EndTagName;
                    1
                } else if byte == b'>' {
                    // `</>` is nothing.
                    self.pass_pending(State::Data, sink)
                } else {
                    self.pass_pending(State::Bogus, sink)
                }
            }
            State::EndTagName => {
                if !matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' | b'/' | b'>')
                    && self.pending.len() < MAX_NAME
                {
                    self.name = self.name.push(byte);
                    self.pending.push(byte);
                    return 1;
                }
                let pending = std::mem::take(&mut self.pending);
                sink.end_tag(self.name.finish(), &pending);
                self.pending = pending;
                self.pending.clear();
                self.state = State::EndTag(Attribute::BeforeName);
                0
            }
            State::EndTag(attribute) => self.end_tag(attribute, bytes, sink),
            State::Declaration => {
                self.pending.push(byte);
                let after = &self.pending[2..];
                let foreign = sink.in_foreign();
                if after == b"--" {
                    self.pass_pending(State::Comment(Comment::Start), sink)
                } else if foreign && after == b"[CDATA[" {
                    self.pass_pending(State::Cdata(0), sink)
                } else if b"--".starts_with(after) || foreign && b"[CDATA[".starts_with(after) {
                    1
                } else {
                    // Not a comment: the byte may be the `>` that ends it.
                    self.pending.pop();
                    self.pass_pending(State::Bogus, sink) - 1
                }
            }
            State::Comment(comment) => self.comment(comment, bytes, sink),
            State::Bogus => match memchr(b'>', bytes) {
                Some(end) => {
                    sink.markup(&bytes[..=end]);
                    self.state = State::Data;
                    end + 1
                }
                None => {
                    sink.markup(bytes);
                    bytes.len()
                }
            },
            State::Cdata(brackets) => {
                if brackets == 0
                    && let Some(end @ 1..) = memchr(b']', bytes).or(Some(bytes.len()))
                {
                    sink.markup(&bytes[..end]);
                    return end;
                }
                sink.markup(&bytes[..1]);
                self.state = match (byte, brackets) {
                    (b']', n) => State::Cdata((n + 1).min(2)),
                    (b'>', 2) => State::Data,
                    _ => State::Cdata(0),
                };
                1
            }
            State::Unfinished => {
                sink.markup(bytes);
                bytes.len()
            }
        }
    }

    /// Passes the pending bytes on as markup and counts the last of them as taken.
    fn pass_pending(&mut self, next: State, sink: &mut impl GapSink) -> usize {
        sink.markup(&self.pending);
        self.pending.clear();
        self.state = next;
        1
    }

    fn end_tag(&mut self, mut state: Attribute, bytes: &[u8], sink: &mut impl GapSink) -> usize {
        for (i, &byte) in bytes.iter().enumerate() {
            let space = matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ');
            if byte == b'>' && !matches!(state, Attribute::Quoted(_)) {
                sink.markup(&bytes[..=i]);
                self.state = State::Data;
                sink.end_tag_done();
                return i + 1;
            }
            state = match (state, byte) {
                (Attribute::Quoted(quote), _) if byte == quote => Attribute::BeforeName,
                (Attribute::Quoted(quote), _) => Attribute::Quoted(quote),
                (Attribute::BeforeValue, b'"' | b'\'') => Attribute::Quoted(byte),
                (Attribute::BeforeValue, _) if space => Attribute::BeforeValue,
                (Attribute::BeforeValue, _) => Attribute::Unquoted,
                (Attribute::Unquoted, _) if space => Attribute::BeforeName,
                (Attribute::Unquoted, _) => Attribute::Unquoted,
                (_, b'/') => Attribute::BeforeName,
                (Attribute::Name | Attribute::AfterName, b'=') => Attribute::BeforeValue,
                (Attribute::BeforeName, _) if space => Attribute::BeforeName,
                (_, _) if space => Attribute::AfterName,
                (_, _) => Attribute::Name,
            };
        }
        self.state = State::EndTag(state);
        sink.markup(bytes);
        bytes.len()
    }

    fn comment(&mut self, mut state: Comment, bytes: &[u8], sink: &mut impl GapSink) -> usize {
        let mut i = 0;
        while i < bytes.len() {
            if state == Comment::Text {
                match memchr(b'-', &bytes[i..]) {
                    Some(n) => i += n,
                    None => break,
                }
            }
            let byte = bytes[i];
            i += 1;
            state = match (state, byte) {
                (Comment::Start | Comment::StartDash | Comment::DashDash | Comment::Bang, b'>') => {
                    sink.markup(&bytes[..i]);
                    self.state = State::Data;
                    return i;
                }
                (Comment::Start, b'-') => Comment::StartDash,
                (Comment::StartDash | Comment::Dash | Comment::DashDash, b'-') => Comment::DashDash,
                (Comment::Text | Comment::Bang, b'-') => Comment::Dash,
                (Comment::DashDash, b'!') => Comment::Bang,
                _ => Comment::Text,
            };
        }
        self.state = State::Comment(state);
        sink.markup(bytes);
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[derive(Default)]
    struct Shown {
        text: String,
        foreign: bool,
    }

    impl GapSink for Shown {
        fn text(&mut self, bytes: &[u8]) {
            self.text.push_str(&String::from_utf8_lossy(bytes));
        }
        fn raw_text(&mut self, bytes: &[u8]) {
            GapSink::text(self, bytes);
        }
        fn markup(&mut self, _: &[u8]) {}
        fn end_tag(&mut self, _: Name, bytes: &[u8]) {
            let _ = write!(self.text, "{{{}}}", String::from_utf8_lossy(&bytes[2..]));
        }
        fn end_tag_done(&mut self) {
            self.text.push('.');
        }
        fn in_foreign(&self) -> bool {
            self.foreign
        }
    }

    fn scan(page: &str, size: usize, foreign: bool) -> String {
        let mut shown = Shown {
            foreign,
            ..Shown::default()
        };
        let mut gap = Gap::new();
        for piece in page.as_bytes().chunks(size) {
            gap.feed(piece, &mut shown);
        }
        gap.finish(&mut shown);
        shown.text
    }

    #[test]
    fn end_tags_and_text_whatever_the_chunks() {
        for (page, foreign, expected) in [
            ("a</p>b", false, "a{p}.b"),
            ("a < b </P >c", false, "a < b {P}.c"),
            ("</a title='>'>x", false, "{a}.x"),
            ("</a =\">\">x", false, "{a}.\">x"),
            ("</a b=>x", false, "{a}.x"),
            ("</a/>x</>y</ z>w", false, "{a}.xyw"),
            ("<!-- </p> -->x", false, "x"),
            ("<!-->x<!--->y<!--a--!>z<!--!>-->w", false, "xyzw"),
            ("<!-- a - -- </b> ->--->x", false, "x"),
            ("<!DOCTYPE html>x<?php </p> ?>y", false, "x ?>y"),
            ("<![CDATA[ </p> ]]>x", true, "x"),
            ("<![CDATA[ ]>]] ]]]>x", true, "x"),
            ("<![CDATA[ </p> ]]>x", false, " ]]>x"),
            ("<!>x<!->y", false, "xy"),
            ("a<", false, "a<"),
            ("a</", false, "a</"),
            ("a</p", false, "a"),
            ("a<b c", false, "a"),
            ("<<</i>", false, "<<{i}."),
        ] {
            for size in [1, 2, 3, 1000] {
                // An end tag cut off by the page's end is not reported as done.
                let got = scan(page, size, foreign);
                assert_eq!(got, expected, "{page} in {size}s");
            }
        }
    }
}
