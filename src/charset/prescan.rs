//! Where a page says in which encoding it is: `<meta>` and XML declarations, read before there is
//! text to parse.

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The encoding that a label names, as a page may use it: UTF-16 in a page that can be read as
/// ASCII is UTF-8, and no page is given up to the replacement encoding.
pub(super) fn encoding_for(label: &[u8]) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label(label)?;
    if encoding == UTF_16BE || encoding == UTF_16LE {
        return Some(UTF_8);
    }
    if encoding.name() == "x-user-defined" {
        return Some(WINDOWS_1252);
    }
    (encoding != REPLACEMENT).then_some(encoding)
}

/// Whether a label in a page names UTF-8, in which the output is.
pub(crate) fn is_utf_8(label: &[u8]) -> bool {
    Encoding::for_label(label) == Some(UTF_8)
}

/// Where the encoding stands in an XML declaration at the very beginning.
pub(super) fn xml_encoding(bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    if !bytes.starts_with(b"<?xml") {
        return None;
    }
    let end = bytes.iter().take(256).position(|&b| b == b'>')?;
    let declaration = &bytes[..end];
    let at = declaration.windows(8).position(|w| w == b"encoding")? + 8;
    let quote = at
        + declaration[at..]
            .iter()
            .position(|b| matches!(b, b'"' | b'\''))?;
    let length = declaration[quote + 1..]
        .iter()
        .position(|&b| b == declaration[quote])?;
    Some(quote + 1..quote + 1 + length)
}

/// Searches the beginning of a page for a declaration of its encoding:
/// <https://html.spec.whatwg.org/multipage/parsing.html#prescan-a-byte-stream-to-determine-its-encoding>
pub(super) fn prescan(bytes: &[u8]) -> Option<&'static Encoding> {
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(b"<!--") {
            at += 2 + find(&rest[2..], b"-->")? + 3;
        } else if is_meta(rest) {
            let length = tag_length(rest)?;
            if let (Some(encoding), _) = meta_encoding(&rest[..length]) {
                return Some(encoding);
            }
            at += length;
        } else if rest[0] == b'<'
            && rest
                .get(1)
                .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!' | b'?'))
        {
            at += tag_length(rest)?;
        } else {
            at += 1 + memchr::memchr(b'<', &rest[1..])?;
        }
    }
    None
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

/// The length of a tag, to its `>` outside of quotes, if that is there.
fn tag_length(bytes: &[u8]) -> Option<usize> {
    let mut quote = None;
    let mut previous = b' ';
    for (i, &b) in bytes.iter().enumerate() {
        match quote {
            Some(q) if b == q => quote = None,
            Some(_) => {}
            None if b == b'>' => return Some(i + 1),
            None if matches!(b, b'"' | b'\'') && previous == b'=' => quote = Some(b),
            None => {}
        }
        if !b.is_ascii_whitespace() {
            previous = b;
        }
    }
    None
}

fn is_meta(bytes: &[u8]) -> bool {
    let name = bytes.get(..5);
    name.is_some_and(|name| name.eq_ignore_ascii_case(b"<meta"))
        && bytes
            .get(5)
            .is_some_and(|b| b.is_ascii_whitespace() || *b == b'/')
}

/// The encoding that a `<meta>` tag declares, and where its name stands in the tag.
pub(crate) fn meta_encoding(
    tag: &[u8],
) -> (Option<&'static Encoding>, Option<std::ops::Range<usize>>) {
    let mut charset = None;
    let mut content = None;
    let mut pragma = false;
    for (name, value) in attributes(tag) {
        let name = &tag[name];
        if name.eq_ignore_ascii_case(b"charset") {
            charset = charset.or(Some(value));
        } else if name.eq_ignore_ascii_case(b"http-equiv") {
            pragma |= tag[value]
                .trim_ascii()
                .eq_ignore_ascii_case(b"content-type");
        } else if name.eq_ignore_ascii_case(b"content") {
            content = content.or(Some(value));
        }
    }
    let in_content = || {
        let content = content.filter(|_| pragma)?;
        let range = charset_in(&tag[content.clone()])?;
        Some(content.start + range.start..content.start + range.end)
    };
    match charset.or_else(in_content) {
        Some(range) => (encoding_for(&tag[range.clone()]), Some(range)),
        None => (None, None),
    }
}

/// <https://html.spec.whatwg.org/multipage/urls-and-fetching.html#extracting-character-encodings-from-meta-elements>
fn charset_in(content: &[u8]) -> Option<std::ops::Range<usize>> {
    let mut at = 0;
    loop {
        let found = content[at..]
            .windows(7)
            .position(|w| w.eq_ignore_ascii_case(b"charset"))?;
        at += found + 7;
        let skip = |at: usize| {
            at + content[at..]
                .iter()
                .take_while(|b| b.is_ascii_whitespace())
                .count()
        };
        let equals = skip(at);
        if content.get(equals) != Some(&b'=') {
            continue;
        }
        let start = skip(equals + 1);
        let (start, ends): (usize, &[u8]) = match content.get(start)? {
            b'"' => (start + 1, b"\""),
            b'\'' => (start + 1, b"'"),
            _ => (start, b"; \t\n\r\x0c"),
        };
        let length = content[start..]
            .iter()
            .position(|b| ends.contains(b))
            .unwrap_or(content.len() - start);
        return Some(start..start + length);
    }
}

type Span = std::ops::Range<usize>;

/// The attributes of a tag: where names and values stand.
fn attributes(tag: &[u8]) -> Vec<(Span, Span)> {
    let mut found = Vec::new();
    let mut at = tag
        .iter()
        .position(|b| b.is_ascii_whitespace() || *b == b'/')
        .unwrap_or(tag.len());
    let space = |at: usize| {
        at + tag[at..]
            .iter()
            .take_while(|b| b.is_ascii_whitespace())
            .count()
    };
    loop {
        at += tag[at..]
            .iter()
            .take_while(|b| b.is_ascii_whitespace() || **b == b'/')
            .count();
        if at >= tag.len() || tag[at] == b'>' {
            return found;
        }
        let name = at;
        at += 1;
        while at < tag.len()
            && !tag[at].is_ascii_whitespace()
            && !matches!(tag[at], b'=' | b'>' | b'/')
        {
            at += 1;
        }
        let name = name..at;
        let equals = space(at);
        if tag.get(equals) != Some(&b'=') {
            found.push((name, at..at));
            continue;
        }
        at = space(equals + 1);
        let value = match tag.get(at) {
            Some(&quote @ (b'"' | b'\'')) => {
                let length = tag[at + 1..]
                    .iter()
                    .position(|&b| b == quote)
                    .unwrap_or(tag.len() - at - 1);
                let value = at + 1..at + 1 + length;
                at = (value.end + 1).min(tag.len());
                value
            }
            _ => {
                let length = tag[at..]
                    .iter()
                    .take_while(|b| !b.is_ascii_whitespace() && **b != b'>')
                    .count();
                at += length;
                at - length..at
            }
        };
        found.push((name, value));
    }
}
