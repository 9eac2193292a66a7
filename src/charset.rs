//! From the page's bytes to UTF-8, in the order of the
//! [Encoding](https://encoding.spec.whatwg.org/#decode) and
//! [HTML](https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding)
//! standards: a BOM, the caller's label, a `<meta>` in the first 4 KiB, and without any of them
//! UTF-8 if the first bytes beyond ASCII are valid, else windows-1252. UTF-8 passes byte for byte.
//!
//! One departure: a page whose `<meta>` names another encoding and that is valid UTF-8 is UTF-8. Whoever stored it
//! has decoded it and left the `<meta>` alone, as crawlers and browsers do.

mod prescan;

pub(crate) use prescan::{is_utf_8, meta_encoding};

use encoding_rs::{
    Decoder, DecoderResult, Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252,
};
use prescan::{encoding_for, prescan, xml_encoding};
use std::borrow::Cow;

/// Bytes searched for a `<meta>`. The Standard asks for 1,024; pages put scripts before it.
const PRESCAN: usize = 4096;
/// Bytes looked at from the first one beyond ASCII on, where nothing names an encoding.
const WINDOW: usize = 1024;

/// Beginnings of what is no page, and what it is.
const SIGNATURES: [(&[u8], &str); 11] = [
    (b"\x1f\x8b", "gzip-compressed"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
    (b"BZh", "bzip2-compressed"),
    (b"\xfd7zXZ\0", "xz-compressed"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF-", "a PDF file"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x7fELF", "an ELF binary"),
    (b"WARC/1.", "a WARC archive"),
];

/// What came out of a piece of input.
pub(crate) enum Piece<'a> {
    /// Decoded text; with `declare` the page says nowhere in which encoding it is, and this is its
    /// beginning.
    Text { text: &'a [u8], declare: bool },
    /// No page: these bytes are to be passed on as they are, all that come after them too.
    Raw(&'a [u8], &'static str),
}

enum Phase {
    /// Waiting for what may name the encoding.
    Sniff,
    /// Only ASCII so far, and nothing named UTF-8.
    Ascii,
    /// From the first byte beyond ASCII on, until there is enough to tell.
    Window,
    Utf8,
    Other(Box<Decoder>),
    Raw(&'static str),
}

/// The decoder.
pub(crate) struct Charset {
    label: Option<&'static Encoding>,
    /// The encoding if the first bytes beyond ASCII are not UTF-8.
    otherwise: &'static Encoding,
    phase: Phase,
    /// Input not yet decoded.
    pending: Vec<u8>,
    encoding: &'static Encoding,
    /// Malformed sequences replaced by U+FFFD.
    malformed: u64,
    /// The page is decoded, its beginning has not been handed on, and it does not say in which
    /// encoding it is.
    declare: bool,
    begun: bool,
    out: Vec<u8>,
}

impl Charset {
    /// A decoder; `label` is the encoding that the caller knows the page to be in.
    pub(crate) fn new(label: Option<&'static Encoding>) -> Self {
        Charset {
            label,
            otherwise: WINDOWS_1252,
            phase: Phase::Sniff,
            pending: Vec::new(),
            encoding: UTF_8,
            malformed: 0,
            declare: false,
            begun: false,
            out: Vec::new(),
        }
    }

    /// The encoding in use.
    pub(crate) fn encoding(&self) -> &'static Encoding {
        self.encoding
    }

    pub(crate) fn malformed(&self) -> u64 {
        self.malformed
    }

    /// Decodes the next piece of input, or what is left of it with `last`.
    pub(crate) fn decode<'a>(&'a mut self, input: &'a [u8], last: bool) -> Piece<'a> {
        self.out.clear();
        if let Phase::Raw(what) = self.phase {
            return Piece::Raw(input, what);
        }
        if matches!(self.phase, Phase::Utf8) && self.pending.is_empty() {
            // The common case: nothing to copy.
            let valid = Encoding::utf8_valid_up_to(input);
            if valid == input.len() {
                return Piece::Text {
                    text: input,
                    declare: false,
                };
            }
        }
        self.pending.extend_from_slice(input);
        loop {
            match &mut self.phase {
                Phase::Sniff => {
                    if !self.sniff(last) {
                        break;
                    }
                    if let Phase::Raw(what) = self.phase {
                        self.out = std::mem::take(&mut self.pending);
                        return Piece::Raw(&self.out, what);
                    }
                }
                Phase::Ascii => {
                    let ascii = Encoding::ascii_valid_up_to(&self.pending);
                    self.begun |= ascii > 0;
                    self.out.extend(self.pending.drain(..ascii));
                    if self.pending.is_empty() {
                        break;
                    }
                    self.phase = Phase::Window;
                }
                Phase::Window => {
                    let ascii = Encoding::ascii_valid_up_to(&self.pending);
                    let beyond = &self.pending[ascii..];
                    if beyond.len() < WINDOW && !last {
                        break;
                    }
                    let window = &beyond[..beyond.len().min(WINDOW)];
                    let whole = last && window.len() == beyond.len();
                    let enough = min_utf8_characters(self.otherwise);
                    if is_utf8(window, whole) && characters_beyond_ascii(window) >= enough {
                        self.begin(UTF_8);
                    } else {
                        self.begin(self.otherwise);
                    }
                }
                Phase::Utf8 => {
                    self.decode_utf8(last);
                    break;
                }
                Phase::Other(_) => {
                    self.decode_other(last);
                    break;
                }
                Phase::Raw(_) => break,
            }
        }
        let declare = self.declare && !self.out.is_empty();
        self.declare &= !declare;
        Piece::Text {
            text: &self.out,
            declare,
        }
    }

    /// Tries to tell the encoding; false if more input is needed.
    fn sniff(&mut self, last: bool) -> bool {
        let bytes = &self.pending[..];
        if bytes.len() < 4 && !last {
            return false;
        }
        if let Some((encoding, bom)) = Encoding::for_bom(bytes) {
            // A UTF-8 BOM stays: UTF-8 passes byte for byte.
            if encoding != UTF_8 {
                self.pending.drain(..bom);
            }
            self.begin(encoding);
            return true;
        }
        if let Some((_, what)) = SIGNATURES.iter().find(|(s, _)| bytes.starts_with(s)) {
            self.phase = Phase::Raw(what);
            return true;
        }
        if let Some(label) = self.label {
            self.begin(label);
            return true;
        }
        if let Some(encoding) = utf_16_without_bom(bytes) {
            self.begin(encoding);
            return true;
        }
        let head = &bytes[..bytes.len().min(PRESCAN)];
        if let Some(encoding) = prescan(head) {
            self.begun = true;
            // Where ASCII means something else, no byte can be looked at before it is decoded.
            if encoding == UTF_8 || !encoding.is_ascii_compatible() {
                self.begin(encoding);
                return true;
            }
            if let Some(range) = xml_encoding(head) {
                self.pending.splice(range, b"UTF-8".iter().copied());
            }
            self.encoding = encoding;
            self.otherwise = encoding;
            self.phase = Phase::Ascii;
            return true;
        }
        if bytes.len() < PRESCAN && !last {
            return false;
        }
        if let Some(encoding) = xml_encoding(head).and_then(|range| encoding_for(&head[range])) {
            self.begin(encoding);
            return true;
        }
        if is_binary(head) && !is_utf8(head, last && bytes.len() <= PRESCAN) {
            self.phase = Phase::Raw("binary");
        } else {
            // What is beyond ASCII in the first 4 KiB is decided on before any of it is handed on,
            // so that a declaration can be added.
            self.phase = if head.is_ascii() {
                Phase::Ascii
            } else {
                Phase::Window
            };
        }
        true
    }

    fn begin(&mut self, encoding: &'static Encoding) {
        self.encoding = encoding;
        self.phase = if encoding == UTF_8 {
            Phase::Utf8
        } else {
            Phase::Other(Box::new(encoding.new_decoder_without_bom_handling()))
        };
    }

    fn decode_utf8(&mut self, last: bool) {
        let mut rest = &self.pending[..];
        loop {
            let valid = Encoding::utf8_valid_up_to(rest);
            self.out.extend_from_slice(&rest[..valid]);
            rest = &rest[valid..];
            let Some(chunk) = rest.utf8_chunks().next() else {
                break;
            };
            let bad = chunk.invalid().len().max(1);
            if !last && bad == rest.len() && rest.len() < 4 && is_utf8(rest, false) {
                break; // may become whole
            }
            self.out.extend_from_slice("\u{fffd}".as_bytes());
            self.malformed += 1;
            rest = &rest[bad..];
        }
        let kept = rest.len();
        let done = self.pending.len() - kept;
        self.pending.drain(..done);
    }

    fn decode_other(&mut self, last: bool) {
        let Phase::Other(decoder) = &mut self.phase else {
            return;
        };
        let begins = !self.begun;
        // Characters, so twice as many bytes of UTF-16.
        let wide = self.encoding == UTF_16LE || self.encoding == UTF_16BE;
        let window = if wide { 2 * PRESCAN } else { PRESCAN };
        if begins && self.pending.len() < window && !last {
            return; // whether the page declares its encoding is told from its beginning
        }
        let declared = begins && {
            let head = &self.pending[..self.pending.len().min(window)];
            let (text, _) = self.encoding.decode_without_bom_handling(head);
            prescan(text.as_bytes()).is_some()
        };
        let mut rest = &self.pending[..];
        let mut end = self.out.len();
        loop {
            // Enough for all that is left, were every byte replaced.
            let room = decoder
                .max_utf8_buffer_length(rest.len())
                .unwrap_or(rest.len() * 3 + 16)
                .max(64);
            self.out.resize(self.out.len().max(end + room), 0);
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(rest, &mut self.out[end..], last);
            rest = &rest[read..];
            end += written;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    // As many as `decode_to_utf8` replaces, which does not say how many.
                    let replacement = "\u{fffd}".as_bytes();
                    let space = self.out.len().max(end + replacement.len());
                    self.out.resize(space, 0);
                    self.out[end..end + replacement.len()].copy_from_slice(replacement);
                    end += replacement.len();
                    self.malformed += 1;
                }
            }
        }
        self.out.truncate(end);
        self.pending.clear();
        if begins && !self.out.is_empty() {
            self.begun = true;
            self.declare = !declared;
            if let Some(range) = xml_encoding(&self.out) {
                self.out.splice(range, b"UTF-8".iter().copied());
            }
        }
    }
}

/// Whether the bytes are UTF-8; a character may be cut off at the end unless `whole`.
fn is_utf8(bytes: &[u8], whole: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && !whole,
    }
}

/// How many characters beyond ASCII have to be there for a page to be UTF-8 and not what it says. In
/// an encoding of one byte a character, letters hardly ever look like one; pairs of bytes do.
fn min_utf8_characters(declared: &'static Encoding) -> usize {
    if declared.is_single_byte() { 1 } else { 8 }
}

/// Characters beyond ASCII in what is valid UTF-8.
fn characters_beyond_ascii(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| **b >= 0xc0).count()
}

/// A "binary data byte" of <https://mimesniff.spec.whatwg.org/#binary-data-byte>.
fn is_binary(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .any(|b| matches!(b, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f))
}

/// UTF-16 without a BOM: the page's first two characters are ASCII. (The Standard looks for `<?x`
/// alone; pages saved by old editors begin with `<!` or `<h`.)
fn utf_16_without_bom(bytes: &[u8]) -> Option<&'static Encoding> {
    let ascii = |b: u8| b == b'<' || b.is_ascii_whitespace();
    match bytes {
        [a, 0, b, 0, ..] if ascii(*a) && b.is_ascii() && *b != 0 => Some(UTF_16LE),
        [0, a, 0, b, ..] if ascii(*a) && b.is_ascii() && *b != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// The encoding that a label given by the user names.
pub(crate) fn encoding_of_user(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label(label.trim().as_bytes()).filter(|e| *e != REPLACEMENT)
}

/// The name of an encoding as the standard spells it, in lower case.
pub(crate) fn name_of(encoding: &'static Encoding) -> Cow<'static, str> {
    Cow::Owned(encoding.name().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(input: &[u8], label: Option<&'static Encoding>, size: usize) -> (String, Charset) {
        let mut charset = Charset::new(label);
        let mut out = Vec::new();
        for piece in input.chunks(size) {
            match charset.decode(piece, false) {
                Piece::Text { text, .. } | Piece::Raw(text, _) => out.extend_from_slice(text),
            }
        }
        match charset.decode(&[], true) {
            Piece::Text { text, .. } | Piece::Raw(text, _) => out.extend_from_slice(text),
        }
        (String::from_utf8(out).unwrap(), charset)
    }

    #[test]
    fn encodings_by_declaration() {
        let cases: [(&[u8], &str, &str); 12] = [
            (b"<meta charset=windows-1252><p>caf\xe9 \x80", "café €", "windows-1252"),
            (b"<p>caf\xe9 \x93x\x94", "café “x”", "windows-1252"),
            ("<p>café".as_bytes(), "café", "utf-8"),
            (b"<meta charset='Shift_JIS'><p>\x93\xfa\x96{\x8c\xea", "日本語", "shift_jis"),
            (b"<META HTTP-EQUIV=\"content-type\" CONTENT=\"text/html; charset=EUC-JP\"><p>\xc6\xfc\xcb\xdc\xb8\xec", "日本語", "euc-jp"),
            (b"<meta charset=gb2312><p>\xd6\xd0\xce\xc4", "中文", "gbk"),
            (b"<meta charset=iso-2022-jp><p>\x1b$B2q<R\x1b(B!", "会社!", "iso-2022-jp"),
            (b"\xff\xfe<\0p\0>\0\xe9\0", "<p>é", "utf-16le"),
            (b"\xfe\xff\0<\0p\0>\0\xe9", "<p>é", "utf-16be"),
            (b"<\0p\0>\0\xe9\0", "<p>é", "utf-16le"),
            (b"\0<\0p\0>\0\xe9", "<p>é", "utf-16be"),
            (b"<meta charset=iso-2022-kr><p>caf\xe9", "café", "windows-1252"),
        ];
        for (input, text, name) in cases {
            for size in [1, 3, 7, 4096] {
                let (out, charset) = decoded(input, None, size);
                assert!(out.ends_with(text), "{name} in {size}s: {out}");
                assert_eq!(name_of(charset.encoding()), name);
            }
        }
    }

    #[test]
    fn the_bom_beats_the_caller_and_the_caller_beats_the_page() {
        let windows = Encoding::for_label(b"windows-1252");
        assert_eq!(decoded("\u{feff}é".as_bytes(), windows, 9).0, "\u{feff}é");
        let page = b"<meta charset=utf-8>\xe9";
        assert!(decoded(page, windows, 9).0.ends_with('é'));
    }

    #[test]
    fn ascii_for_long_and_then_windows_1252() {
        let mut page = vec![b'x'; 10_000];
        page.extend_from_slice(b"caf\xe9 au lait");
        for size in [1, 1000, 100_000] {
            assert!(decoded(&page, None, size).0.ends_with("café au lait"));
        }
    }

    #[test]
    fn malformed_utf_8_is_replaced_and_counted() {
        let page = b"<meta charset=utf-8>a\xffb\xe2\x82c\xe2";
        for size in [1, 2, 5, 100] {
            let (out, charset) = decoded(page, None, size);
            assert!(out.ends_with("a\u{fffd}b\u{fffd}c\u{fffd}"), "{out}");
            assert_eq!(charset.malformed(), 3);
        }
    }

    #[test]
    fn what_is_malformed_in_other_encodings_is_counted_whatever_the_pieces() {
        let mut page = b"<meta charset=shift_jis>".to_vec();
        page.resize(5000, b' ');
        page.extend_from_slice(b"a\xa0b\x85\xffc\xfd\xfed\x85");
        for size in [1, 2, 5, 10_000] {
            let (out, charset) = decoded(&page, None, size);
            let replaced = out.matches('\u{fffd}').count() as u64;
            assert_eq!((charset.malformed(), replaced), (replaced, 5), "{out}");
        }
    }

    #[test]
    fn an_xml_declaration_is_read_and_corrected() {
        let (out, _) = decoded(
            b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><p>\xe9",
            None,
            100,
        );
        assert_eq!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><p>é");
    }

    #[test]
    fn what_is_no_page_is_told() {
        let mut charset = Charset::new(None);
        assert!(matches!(
            charset.decode(b"\x1f\x8b\x08\0rest", false),
            Piece::Raw(b"\x1f\x8b\x08\0rest", "gzip-compressed")
        ));
        let (_, charset) = {
            let mut c = Charset::new(None);
            let raw = matches!(
                c.decode(b"\0\x01\x02\xff\xfd\0\x07", true),
                Piece::Raw(_, "binary")
            );
            (raw, c)
        };
        assert!(matches!(charset.phase, Phase::Raw("binary")));
    }

    #[test]
    fn where_a_meta_names_its_encoding() {
        for (tag, name) in [
            ("<meta charset=utf-8>", "utf-8"),
            ("<META CHARSET = 'latin1' />", "latin1"),
            (
                "<meta content='text/html; charset=x-sjis' http-equiv=Content-Type>",
                "x-sjis",
            ),
        ] {
            let (_, range) = meta_encoding(tag.as_bytes());
            assert_eq!(&tag[range.unwrap()], name);
        }
        assert_eq!(
            meta_encoding(b"<meta name=charset content='charset=x'>").1,
            None
        );
    }
}
