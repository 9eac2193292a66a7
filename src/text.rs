//! Text as a reader sees it: entities decoded, white space folded, blocks apart. `Text` keeps what
//! open candidates may still ask for and counts everything else; which candidates there are is
//! left to the matcher.

use crate::words::{is_cjk, is_word};
use encoding_rs::Encoding;
use std::borrow::Cow;

/// Lengths are counted in half characters, so that a Chinese, Japanese or Korean character can
/// count 2.5: a page in these scripts says in 100 characters what takes 250 in Latin ones.
pub(crate) const UNITS: u64 = 2;
const CJK_UNITS: u64 = 5;

/// A named character reference is at most 33 bytes long, `&CounterClockwiseContourIntegral;`; a
/// numeric one in use is shorter. What is longer is text.
const MAX_REFERENCE: usize = 40;

/// Running totals over the page's visible text. Those of an element are the difference between its
/// end and its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Length of the folded text, in half characters.
    pub text: u64,
    /// The part of it that stands in links.
    pub link: u64,
    /// Length of paragraphs less their links: see [`PARAGRAPH`].
    pub paragraph: u64,
    /// Links with text that have ended.
    pub links: u32,
}

/// A block is a paragraph from 80 characters on, if less than half of it is links and it has
/// punctuation: the mark of running text that held on 3,977 pages.
const PARAGRAPH: u64 = 80 * UNITS;

/// The visible text of a page as it streams by.
pub(crate) struct Text {
    buf: String,
    /// Page-wide offset of `buf`'s first byte.
    base: u64,
    pub(crate) counts: Counts,
    /// White space or a block boundary since the last word.
    gap: bool,
    /// The beginning of a character reference, cut off by the end of a chunk.
    partial: Vec<u8>,
    run: Run,
}

/// Text since the last block boundary.
#[derive(Clone, Copy, Default)]
struct Run {
    /// Page-wide offset of its first byte.
    start: u64,
    units: u64,
    link_units: u64,
    punctuation: bool,
}

/// What a block boundary closed off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// Page-wide text offsets of the run.
    pub start: u64,
    pub end: u64,
    /// What the run adds to the paragraph count, in half characters; 0 if it is no paragraph.
    pub paragraph: u64,
    /// Half of it or more is links.
    pub links: bool,
}

impl Text {
    pub(crate) fn new() -> Self {
        Text {
            buf: String::new(),
            base: 0,
            counts: Counts::default(),
            gap: false,
            partial: Vec::new(),
            run: Run::default(),
        }
    }

    /// The page-wide offset of the text's end.
    pub(crate) fn end(&self) -> u64 {
        self.base + self.buf.len() as u64
    }

    /// The page-wide offset of the first byte that is still kept.
    pub(crate) fn begin(&self) -> u64 {
        self.base
    }

    /// The text from `start` to `end`, as it is.
    pub(crate) fn raw_slice(&self, start: u64, end: u64) -> &str {
        let from = start.saturating_sub(self.base) as usize;
        let mut to = (end.saturating_sub(self.base) as usize).min(self.buf.len());
        // An end that was reckoned, not met, may lie in a character.
        while !self.buf.is_char_boundary(to) {
            to -= 1;
        }
        self.buf.get(from..to).unwrap_or_default()
    }

    /// The text from `start` to `end`, trimmed; what has been released already is left out.
    pub(crate) fn slice(&self, start: u64, end: u64) -> &str {
        self.raw_slice(start, end).trim()
    }

    /// Forgets the text before `offset`: nobody will ask for it.
    pub(crate) fn release(&mut self, offset: u64) {
        let n = offset.saturating_sub(self.base).min(self.buf.len() as u64) as usize;
        if n == self.buf.len() {
            self.base += n as u64;
            self.buf.clear();
        } else if n > 64 * 1024 && n > self.buf.len() / 2 && self.buf.is_char_boundary(n) {
            self.buf.drain(..n);
            self.base += n as u64;
        }
    }

    /// A block boundary or a `<br>`: the next word is apart from the last one. Returns the run of
    /// text that ended, if there was one.
    pub(crate) fn break_line(&mut self, ends_block: bool) -> Option<Block> {
        self.gap = true;
        if !ends_block || self.run.units == 0 {
            return None;
        }
        let run = std::mem::take(&mut self.run);
        let paragraph =
            if run.units >= PARAGRAPH && run.link_units * 2 < run.units && run.punctuation {
                run.units - run.link_units
            } else {
                0
            };
        self.counts.paragraph += paragraph;
        Some(Block {
            start: run.start,
            end: self.end(),
            paragraph,
            links: run.link_units * 2 >= run.units,
        })
    }

    /// Takes visible text as it stands in the page, entities and all; a piece of it at a time.
    /// Returns how it began, so that elements that began in the gap before it can begin at its
    /// first word.
    pub(crate) fn push(&mut self, raw: &[u8], in_link: Link) -> Lead {
        let mut lead = Lead::default();
        if self.partial.is_empty() {
            self.push_from(raw, in_link, &mut lead);
        } else {
            let mut joined = std::mem::take(&mut self.partial);
            joined.extend_from_slice(raw);
            self.push_from(&joined, in_link, &mut lead);
        }
        lead
    }

    /// The text run is over: a cut-off reference is text after all.
    pub(crate) fn flush(&mut self, in_link: Link) -> Lead {
        let mut lead = Lead::default();
        if !self.partial.is_empty() {
            let partial = std::mem::take(&mut self.partial);
            let text = String::from_utf8_lossy(&partial);
            let decoded = htmlize::unescape(&*text);
            self.push_str(&decoded, in_link, &mut lead);
        }
        lead
    }

    fn push_from(&mut self, mut raw: &[u8], in_link: Link, lead: &mut Lead) {
        while let Some(at) = memchr::memchr(b'&', raw) {
            self.push_bytes(&raw[..at], in_link, lead);
            raw = &raw[at..];
            let end = raw[1..]
                .iter()
                .position(|b| !b.is_ascii_alphanumeric() && *b != b'#')
                .map(|n| n + 1);
            match end {
                None if raw.len() < MAX_REFERENCE => {
                    self.partial.extend_from_slice(raw);
                    return;
                }
                None => {
                    self.push_bytes(raw, in_link, lead);
                    return;
                }
                Some(end) if end >= MAX_REFERENCE => {
                    self.push_bytes(&raw[..end], in_link, lead);
                    raw = &raw[end..];
                }
                Some(end) => {
                    let end = if raw[end] == b';' { end + 1 } else { end };
                    // The reference is ASCII, so this cannot fail.
                    let reference = std::str::from_utf8(&raw[..end]).unwrap_or("&");
                    match htmlize::unescape(reference) {
                        Cow::Borrowed(text) => self.push_str(text, in_link, lead),
                        Cow::Owned(text) => self.push_str(&text, in_link, lead),
                    }
                    raw = &raw[end..];
                }
            }
        }
        self.push_bytes(raw, in_link, lead);
    }

    fn push_bytes(&mut self, raw: &[u8], in_link: Link, lead: &mut Lead) {
        match std::str::from_utf8(raw) {
            Ok(text) => self.push_str(text, in_link, lead),
            // A character cut by a chunk's end cannot come here: the charset stage hands on whole
            // characters. This is for the tail of a page that broke off in the middle of a tag.
            Err(_) => self.push_str(&String::from_utf8_lossy(raw), in_link, lead),
        }
    }

    fn push_str(&mut self, text: &str, in_link: Link, lead: &mut Lead) {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            let b = bytes[i];
            if b.is_ascii() {
                if b <= b' ' {
                    self.gap |= b.is_ascii_whitespace();
                    i += 1;
                    continue;
                }
                // A run of printable ASCII: one word or the beginning of it.
                let run = bytes[i..].iter().map(|&b| ASCII[usize::from(b)]);
                let mut kinds = 0;
                let mut n = 0;
                for kind in run.take_while(|kind| kind & NOT_PRINTABLE == 0) {
                    kinds |= kind;
                    n += 1;
                }
                if n == 0 {
                    i += 1; // DEL
                    continue;
                }
                self.begin_word(in_link, lead);
                self.buf.push_str(&text[i..i + n]);
                self.count(n as u64 * UNITS, in_link);
                self.run.punctuation |= kinds & PUNCTUATION != 0;
                i += n;
            } else {
                let c = text[i..].chars().next().unwrap_or('\u{fffd}');
                i += c.len_utf8();
                if c.is_whitespace() {
                    self.gap = true;
                } else if !is_invisible(c) {
                    self.begin_word(in_link, lead);
                    self.buf.push(c);
                    let cjk = is_cjk(c);
                    self.count(if cjk { CJK_UNITS } else { UNITS }, in_link);
                    self.run.punctuation |= matches!(
                        c,
                        '…' | '。' | '！' | '？' | '，' | '、' | '；' | '：' | '،' | '۔' | '।'
                    );
                }
            }
        }
    }

    #[inline]
    fn begin_word(&mut self, in_link: Link, lead: &mut Lead) {
        if self.gap {
            self.gap = false;
            if self.counts.text > 0 {
                self.buf.push(' ');
                if lead.words {
                    self.count(UNITS, in_link);
                } else {
                    // The space belongs to whoever was open before this word's elements began.
                    self.counts.text += UNITS;
                    lead.space = true;
                    let in_run = self.run.units > 0;
                    if in_run {
                        self.run.units += UNITS;
                    }
                    if in_link == Link::Begun {
                        self.counts.link += UNITS;
                        self.run.link_units += if in_run { UNITS } else { 0 };
                    }
                }
            }
        }
        if self.run.units == 0 {
            self.run.start = self.end();
        }
        lead.words = true;
    }

    #[inline]
    fn count(&mut self, units: u64, in_link: Link) {
        self.counts.text += units;
        self.run.units += units;
        if in_link != Link::Outside {
            self.counts.link += units;
            self.run.link_units += units;
        }
    }
}

/// What bytes are: see [`ASCII`].
const NOT_PRINTABLE: u8 = 1;
const PUNCTUATION: u8 = 2;

/// Of each byte, whether it is no printable ASCII, and whether it is the punctuation of running text.
static ASCII: [u8; 256] = {
    let mut kinds = [NOT_PRINTABLE; 256];
    let mut b = b'!';
    while b < 0x7f {
        let is_punctuation = matches!(b, b'.' | b'!' | b'?' | b',' | b';' | b':');
        kinds[b as usize] = if is_punctuation { PUNCTUATION } else { 0 };
        b += 1;
    }
    kinds
};

/// Where text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Outside,
    /// In a link that has had no text yet: the space before its first word is not its own.
    Fresh,
    /// In a link that has.
    Begun,
}

/// How a piece of text began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lead {
    /// It has at least one word.
    pub words: bool,
    /// A space was put before its first word.
    pub space: bool,
}

/// Zero-width characters and soft hyphens: there for the renderer, not for the reader.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
    )
}

/// Text as phrases are compared: lower case, straight apostrophes.
pub(crate) fn fold_into(text: &str, out: &mut String) {
    let mut rest = text;
    while !rest.is_empty() {
        let (run, others) = rest.split_at(Encoding::ascii_valid_up_to(rest.as_bytes()));
        let at = out.len();
        out.push_str(run);
        out[at..].make_ascii_lowercase();
        let Some(c) = others.chars().next() else {
            break;
        };
        match c {
            // ISO 8859-1, where most of what is not ASCII lies.
            '\u{df}'..='\u{ff}' | '\u{a0}'..='\u{bf}' | '×' => out.push(c),
            '\u{c0}'..='\u{de}' => out.push(char::from_u32(c as u32 + 32).unwrap_or(c)),
            '\u{2019}' | '\u{2018}' | '\u{2bc}' => out.push('\''),
            c if is_cjk(c) => out.push(c),
            c => out.extend(c.to_lowercase()),
        }
        rest = &others[c.len_utf8()..];
    }
}

/// [`fold_into`] a new string, white space folded and trimmed.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        fold_into(word, &mut out);
    }
    out
}

/// Leading punctuation, symbols and space taken off: what a phrase at the beginning looks past.
pub(crate) fn trim_to_word(text: &str) -> &str {
    text.trim_start_matches(|c| !is_word(c))
}

/// Whether the punctuation before a first word says that somebody speaks. Guillemets do not: they
/// point at things as often.
pub(crate) fn opens_speech(before: &str) -> bool {
    before.contains(['"', '“', '„', '‟', '「', '『'])
}

/// Punctuation, symbols and space taken off at the end.
pub(crate) fn trim_after_word(text: &str) -> &str {
    text.trim_end_matches(|c| !is_word(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(pieces: &[&str]) -> (String, Counts) {
        let mut text = Text::new();
        for piece in pieces {
            text.push(piece.as_bytes(), Link::Outside);
        }
        text.flush(Link::Outside);
        (text.slice(0, text.end()).to_owned(), text.counts)
    }

    #[test]
    fn white_space_folds_and_entities_decode() {
        for pieces in [
            &["  Tom &amp;\n\tJerry&nbsp;&eacute;t&#233; "][..],
            &[
                "  Tom &am",
                "p;\n",
                "\tJerry&nbsp",
                ";&eacute",
                ";t&#2",
                "33; ",
            ],
        ] {
            let (text, counts) = text_of(pieces);
            assert_eq!(text, "Tom & Jerry été");
            assert_eq!(counts.text, 15 * UNITS);
        }
    }

    #[test]
    fn an_ampersand_is_just_that() {
        assert_eq!(text_of(&["R&D & A&", "B &"]).0, "R&D & A&B &");
    }

    #[test]
    fn chinese_counts_more() {
        assert_eq!(text_of(&["推荐阅读"]).1.text, 10 * UNITS);
    }

    #[test]
    fn a_long_sentence_is_a_paragraph_and_a_list_of_links_is_not() {
        let sentence =
            "The mayor said on Monday that the bridge would be closed until the end of the year.";
        let mut text = Text::new();
        text.push(sentence.as_bytes(), Link::Outside);
        let block = text.break_line(true);
        assert_eq!(
            block.map(|b| b.paragraph),
            Some(sentence.len() as u64 * UNITS)
        );
        text.push(sentence.as_bytes(), Link::Fresh);
        assert_eq!(text.break_line(true).map(|b| b.paragraph), Some(0));
    }

    #[test]
    fn folding_looks_past_case_and_apostrophes() {
        assert_eq!(fold(" L’UTILIZZO  del\nsito"), "l'utilizzo del sito");
        assert_eq!(trim_to_word("» (Leggi"), "Leggi");
    }
}
