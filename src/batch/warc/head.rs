//! The head of a WARC record and that of an HTTP message, which have the same form: a first line, fields,
//! an empty line. It is kept as bytes, and only the fields that change are written anew, for a record that
//! differs in a page must not differ in the order, the spelling or the folding of its fields. (The `warc`
//! crate keeps fields in a map by name: order, spelling and repeated fields are lost. `httparse` refuses
//! heads that crawlers have met, and gives no places to change.)

use std::borrow::Cow;
use std::ops::Range;

/// A field and where it stands in its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// With its continuation lines and the end of the last.
    lines: Range<usize>,
    name: Range<usize>,
    /// Without the white space around it.
    value: Range<usize>,
}

/// A head.
#[derive(Clone, Debug)]
pub(crate) struct Head<'a> {
    bytes: &'a [u8],
    fields: Vec<Field>,
}

/// The length of the head that these bytes begin with, its empty line among it, if they hold all of it.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    let mut ends = memchr::memchr_iter(b'\n', bytes);
    ends.find_map(|at| match &bytes[at + 1..] {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
}

impl<'a> Head<'a> {
    /// Reads a head; lines that are no fields say nothing.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let mut fields: Vec<Field> = Vec::with_capacity(16);
        let mut at = 0;
        // A line that is no field has continuations too.
        let mut of_field = false;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            let line = &rest[..length];
            let is_first = at == 0;
            let range = at..at + length;
            at += length;
            if is_first || line.trim_ascii().is_empty() {
                of_field = false;
            } else if matches!(line.first(), Some(b' ' | b'\t')) {
                if let Some(field) = fields.last_mut().filter(|_| of_field) {
                    field.lines.end = range.end;
                    let value = trimmed(bytes, field.value.start..range.end);
                    field.value = value;
                }
            } else if let Some(colon) = memchr::memchr(b':', line) {
                let name = trimmed(bytes, range.start..range.start + colon);
                let value = trimmed(bytes, range.start + colon + 1..range.end);
                let lines = range;
                fields.push(Field { lines, name, value });
                of_field = true;
            } else {
                of_field = false;
            }
        }
        Head { bytes, fields }
    }

    /// The first line, without its end.
    pub(crate) fn first_line(&self) -> &'a [u8] {
        let end = memchr::memchr(b'\n', self.bytes).unwrap_or(self.bytes.len());
        self.bytes[..end].trim_ascii_end()
    }

    /// Fields of this name, in whatever case it is written.
    pub(crate) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Field> {
        let is_named = move |field: &&Field| {
            let there = &self.bytes[field.name.clone()];
            there.eq_ignore_ascii_case(name.as_bytes())
        };
        self.fields.iter().filter(is_named)
    }

    /// The value of the first field of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next().map(|field| self.value(field))
    }

    /// The value of a field.
    pub(crate) fn value(&self, field: &Field) -> &'a [u8] {
        &self.bytes[field.value.clone()]
    }
}

fn trimmed(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    let part = &bytes[range.clone()];
    let length = part.trim_ascii().len();
    let start = range.start + part.trim_ascii_end().len() - length;
    start..start + length
}

/// A head being changed.
#[derive(Debug)]
pub(crate) struct Edited<'h, 'a> {
    head: &'h Head<'a>,
    edits: Vec<(Range<usize>, Cow<'h, [u8]>)>,
}

impl<'h, 'a> Edited<'h, 'a> {
    pub(crate) fn new(head: &'h Head<'a>) -> Self {
        Edited {
            head,
            edits: Vec::new(),
        }
    }

    /// Gives the first field of this name another value and takes the others away; nothing happens
    /// where there is none.
    pub(crate) fn set(&mut self, name: &'h str, value: impl Into<Vec<u8>>) -> bool {
        let mut fields = self.head.all(name);
        let Some(field) = fields.next() else {
            return false;
        };
        let edit = (field.value.clone(), Cow::Owned(value.into()));
        self.edits.push(edit);
        for field in fields {
            self.edits.push((field.lines.clone(), Cow::Borrowed(b"")));
        }
        true
    }

    /// Takes all fields of this name away.
    pub(crate) fn remove(&mut self, name: &'h str) {
        for field in self.head.all(name) {
            self.edits.push((field.lines.clone(), Cow::Borrowed(b"")));
        }
    }

    /// Puts this line in the place of the first field of this name, which has to be there, and takes
    /// the others away.
    pub(crate) fn replace(&mut self, name: &'h str, line: &str) {
        let mut fields = self.head.all(name);
        if let Some(field) = fields.next() {
            let there = &self.head.bytes[field.lines.clone()];
            let end: &[u8] = if there.ends_with(b"\r\n") {
                b"\r\n"
            } else {
                b"\n"
            };
            let line = [line.as_bytes(), end].concat();
            self.edits.push((field.lines.clone(), Cow::Owned(line)));
        }
        for field in fields {
            self.edits.push((field.lines.clone(), Cow::Borrowed(b"")));
        }
    }

    /// Writes the head as it is now.
    pub(crate) fn write(mut self, out: &mut Vec<u8>) {
        self.edits.sort_by_key(|(range, _)| range.start);
        let mut copied = 0;
        for (range, new) in self.edits {
            if range.start < copied {
                continue; // taken away already
            }
            out.extend_from_slice(&self.head.bytes[copied..range.start]);
            out.extend_from_slice(&new);
            copied = range.end;
        }
        out.extend_from_slice(&self.head.bytes[copied..]);
    }
}

/// A media type without its parameters, and whether it is this one.
pub(crate) fn is_media_type(value: &[u8], wanted: &str) -> bool {
    let end = memchr::memchr2(b';', b',', value).unwrap_or(value.len());
    let name = value[..end].trim_ascii();
    name.eq_ignore_ascii_case(wanted.as_bytes())
}

/// Where the value of a parameter of a media type stands, without its quotes.
pub(crate) fn parameter(value: &[u8], wanted: &str) -> Option<Range<usize>> {
    let mut at = memchr::memchr(b';', value)? + 1;
    while at < value.len() {
        let end = end_of_parameter(value, at);
        let part = at..end;
        at = end + 1;
        let Some(equals) = memchr::memchr(b'=', &value[part.clone()]) else {
            continue;
        };
        let name = value[part.start..part.start + equals].trim_ascii();
        if !name.eq_ignore_ascii_case(wanted.as_bytes()) {
            continue;
        }
        let mut range = trimmed(value, part.start + equals + 1..part.end);
        for quote in [b'"', b'\''] {
            if value[range.clone()].first() == Some(&quote) {
                range.start += 1;
                let inside = &value[range.clone()];
                let length = memchr::memchr(quote, inside).unwrap_or(inside.len());
                range.end = range.start + length;
            }
        }
        return Some(trimmed(value, range)).filter(|range| !range.is_empty());
    }
    None
}

/// Where the parameter that begins here ends: at a `;` outside of quotes.
fn end_of_parameter(value: &[u8], start: usize) -> usize {
    let mut in_quotes = false;
    let rest = value[start..].iter();
    let length = rest.take_while(|&&byte| {
        in_quotes ^= byte == b'"';
        in_quotes || byte != b';'
    });
    start + length.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nA: 1\r\nno field\r\n b\r\nlong:  a\r\n  b \r\n\tc\r\na:2\r\nEmpty:\r\n\r\n";

    #[test]
    fn fields_are_found_as_they_are_written() {
        let head = Head::new(HEAD);
        assert_eq!(head.first_line(), b"HTTP/1.1 200 OK");
        for (name, values) in [
            ("a", &[&b"1"[..], b"2"][..]),
            ("LONG", &[b"a\r\n  b \r\n\tc"]),
            ("empty", &[b""]),
            ("no field", &[]),
        ] {
            let found: Vec<_> = head.all(name).map(|field| head.value(field)).collect();
            assert_eq!(found, values, "{name}");
        }
    }

    #[test]
    fn only_what_is_changed_changes() {
        type Edit = fn(&mut Edited<'_, '_>);
        let rows: [(Edit, &str); 5] = [
            (
                |_| (),
                "A: 1\r\nno field\r\n b\r\nlong:  a\r\n  b \r\n\tc\r\na:2\r\nEmpty:\r\n",
            ),
            (
                |e| assert!(e.set("a", "17") && !e.set("b", "17")),
                "A: 17\r\nno field\r\n b\r\nlong:  a\r\n  b \r\n\tc\r\nEmpty:\r\n",
            ),
            (
                |e| e.remove("long"),
                "A: 1\r\nno field\r\n b\r\na:2\r\nEmpty:\r\n",
            ),
            (
                |e| e.replace("long", "short: d"),
                "A: 1\r\nno field\r\n b\r\nshort: d\r\na:2\r\nEmpty:\r\n",
            ),
            (
                |e| {
                    e.set("empty", "no");
                    e.remove("A");
                },
                "no field\r\n b\r\nlong:  a\r\n  b \r\n\tc\r\nEmpty:no\r\n",
            ),
        ];
        for (edit, expected) in rows {
            let head = Head::new(HEAD);
            let mut edited = Edited::new(&head);
            edit(&mut edited);
            let mut out = Vec::new();
            edited.write(&mut out);
            let expected = format!("HTTP/1.1 200 OK\r\n{expected}\r\n");
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn where_a_head_ends() {
        for (bytes, expected) in [
            (&b"a\r\nb: c\r\n\r\nbody\r\n\r\n"[..], Some(11)),
            (b"a\nb: c\n\nbody", Some(8)),
            (b"a\nb: c\n\r\nbody", Some(9)),
            (b"a\r\nb: c\r\n\r", None),
            (b"\r\n\r\n", Some(4)),
            (b"a", None),
        ] {
            assert_eq!(length(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn parameters_of_media_types() {
        for (value, expected) in [
            ("text/html", None),
            ("text/html; charset=utf-8", Some("utf-8")),
            ("text/html;Charset = \"a b\" ; x=y", Some("a b")),
            ("text/html; x=\"; charset=no\"; charset=yes", Some("yes")),
            ("text/html; charset='latin1'", Some("latin1")),
            ("text/html; charset=", None),
            ("text/html; charset=\"open", Some("open")),
            ("text/html; charset; charset=a;charset=b", Some("a")),
        ] {
            let found = parameter(value.as_bytes(), "charset");
            assert_eq!(found.map(|range| &value[range]), expected, "{value}");
            assert!(is_media_type(value.as_bytes(), "Text/HTML"));
        }
        assert!(!is_media_type(b"text/html2", "text/html"));
        assert!(!is_media_type(b"", "text/html"));
    }
}
