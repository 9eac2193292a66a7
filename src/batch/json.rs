//! Where the fields of a JSON object stand in its line, and strings of it read and written. Everything
//! else of the line is left as it is, so nothing is parsed that need not be.

use encoding_rs::Encoding;
use serde::de::{DeserializeSeed, Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

/// The fields that are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub html: String,
    pub url: String,
    pub report: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Html,
    Url,
    Report,
    Other,
}

/// Where the values of a record's fields stand in its line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// The HTML. Of fields of the same name each is one: readers take the first or the last.
    pub html: Vec<Range<usize>>,
    /// The address; of several the last.
    pub url: Option<Range<usize>>,
    /// What is to be replaced by the report.
    pub reports: Vec<Range<usize>>,
    /// The end of the last value: a new field can stand here.
    pub end: usize,
}

/// What is wrong with a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    /// In words.
    Json(String),
    /// It is JSON, but no object.
    NoObject,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bad::Json(why) => write!(f, "not JSON: {why}"),
            Bad::NoObject => f.write_str("JSON, but no object"),
        }
    }
}

/// Finds the fields of an object, the outermost of its line.
///
/// # Errors
///
/// The line is no JSON object.
pub(crate) fn places(line: &[u8], names: &Names) -> Result<Places, Bad> {
    let mut reader = serde_json::Deserializer::from_slice(line);
    let found = reader.deserialize_map(Fields { line, names });
    let found = found.and_then(|places| reader.end().map(|()| places));
    found.map_err(|error| {
        if error.is_data() && !matches!(line.trim_ascii_start().first(), Some(b'{')) {
            return Bad::NoObject;
        }
        let why = error.to_string();
        Bad::Json(why.replace(" at line 1 column ", " at byte "))
    })
}

struct Fields<'a> {
    line: &'a [u8],
    names: &'a Names,
}

impl<'de> Visitor<'de> for Fields<'de> {
    type Value = Places;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Places, A::Error> {
        let mut places = Places::default();
        let begin = self.line.as_ptr() as usize;
        while let Some(field) = map.next_key_seed(Key(self.names))? {
            let value = map.next_value::<&RawValue>()?.get();
            let start = (value.as_ptr() as usize).wrapping_sub(begin);
            let place = start..start.wrapping_add(value.len());
            // Compared by where it is; comparing what it says would read it all again.
            if self.line.get(place.clone()).map(<[u8]>::as_ptr) != Some(value.as_ptr()) {
                return Err(A::Error::custom("a value from elsewhere"));
            }
            places.end = place.end;
            match field {
                Field::Html => places.html.push(place),
                Field::Url => places.url = Some(place),
                Field::Report => places.reports.push(place),
                Field::Other => {}
            }
        }
        Ok(places)
    }
}

/// Tells which field a key names.
struct Key<'a>(&'a Names);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Field;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Field, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Field, E> {
        Ok(if key == self.0.html {
            Field::Html
        } else if key == self.0.url {
            Field::Url
        } else if self.0.report.as_deref() == Some(key) {
            Field::Report
        } else {
            Field::Other
        })
    }
}

/// What a string says, its value in JSON given; `None` if the value is no string. Half a surrogate pair
/// says U+FFFD.
pub(crate) fn string<'a>(value: &'a [u8], scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let inside = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let (before, mut rest) = split_at_special(inside, |word| is_byte(word, b'\\'));
    if rest.is_empty() {
        return Some(inside);
    }
    scratch.clear();
    scratch.extend_from_slice(before);
    while let [b'\\', escaped, after @ ..] = rest {
        rest = after;
        match escaped {
            b'n' => scratch.push(b'\n'),
            b't' => scratch.push(b'\t'),
            b'r' => scratch.push(b'\r'),
            b'b' => scratch.push(8),
            b'f' => scratch.push(12),
            b'u' => {
                let c = unicode(&mut rest);
                scratch.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => scratch.push(*other),
        }
        let (text, next) = split_at_special(rest, |word| is_byte(word, b'\\'));
        scratch.extend_from_slice(text);
        rest = next;
    }
    Some(scratch)
}

/// The character of a `\u`, and of the one behind it if the two are a pair; takes their digits.
fn unicode(rest: &mut &[u8]) -> char {
    let first = take_digits(rest);
    if let Some(high @ 0xd800..=0xdbff) = first
        && let Some(mut behind) = rest.strip_prefix(b"\\u")
        && let Some(low @ 0xdc00..=0xdfff) = take_digits(&mut behind)
    {
        *rest = behind;
        let pair = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        return char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER);
    }
    first
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn take_digits(rest: &mut &[u8]) -> Option<u32> {
    let (digits, behind) = rest.split_at_checked(4)?;
    *rest = behind;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The letter behind the backslash of a byte that cannot stand in a string as it is, `u` if it is
/// written as a number.
const ESCAPES: [u8; 256] = {
    let mut table = [b'u'; 256];
    table[8] = b'b';
    table[9] = b't';
    table[10] = b'n';
    table[12] = b'f';
    table[13] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
};

/// Writes a string as JSON, in ASCII alone if that is asked for.
pub(crate) fn write_string(text: &[u8], ascii: bool, out: &mut Vec<u8>) {
    let valid = Encoding::utf8_valid_up_to(text) == text.len();
    let lossy = (!valid).then(|| String::from_utf8_lossy(text));
    let mut rest = lossy.as_deref().map_or(text, str::as_bytes);
    out.push(b'"');
    loop {
        let (plain, next) = split_at_special(rest, must_be_escaped);
        write_plain(plain, ascii, out);
        let [byte, behind @ ..] = next else {
            break;
        };
        match ESCAPES[*byte as usize] {
            b'u' => write_unit(u16::from(*byte), out),
            letter => out.extend([b'\\', letter]),
        }
        rest = behind;
    }
    out.push(b'"');
}

/// Splits before the first byte that `special` finds, eight bytes at a time: what is looked for stands
/// too near together in pages for a call of a search each time.
fn split_at_special(bytes: &[u8], special: impl Fn(u64) -> u64) -> (&[u8], &[u8]) {
    let (words, rest) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            return bytes.split_at(i * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    // Spaces are nothing that anybody looks for.
    let mut word = [b' '; 8];
    for (to, from) in word.iter_mut().zip(rest) {
        *to = *from;
    }
    match special(u64::from_le_bytes(word)) {
        0 => (bytes, &[]),
        found => bytes.split_at(words.len() * 8 + found.trailing_zeros() as usize / 8),
    }
}

const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES << 7;

/// The high bit of each byte that is this one; above the lowest such byte there may be others.
fn is_byte(word: u64, byte: u8) -> u64 {
    let zero = word ^ (ONES * u64::from(byte));
    zero.wrapping_sub(ONES) & !zero & HIGH
}

/// The high bit of each byte that cannot stand in a string as it is; above the lowest such byte there
/// may be others.
fn must_be_escaped(word: u64) -> u64 {
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    control | is_byte(word, b'"') | is_byte(word, b'\\')
}

/// Writes JSON that holds other characters than ASCII in its strings alone.
pub(crate) fn write_json(json: &str, ascii: bool, out: &mut Vec<u8>) {
    write_plain(json.as_bytes(), ascii, out);
}

fn write_plain(text: &[u8], ascii: bool, out: &mut Vec<u8>) {
    if !ascii || text.is_ascii() {
        out.extend_from_slice(text);
        return;
    }
    for c in String::from_utf8_lossy(text).chars() {
        if c.is_ascii() {
            out.push(c as u8);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write_unit(*unit, out);
            }
        }
    }
}

fn write_unit(unit: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        let digit = u32::from(unit >> shift) & 15;
        out.push(char::from_digit(digit, 16).unwrap_or('0') as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> Names {
        Names {
            html: "html".to_owned(),
            url: "url".to_owned(),
            report: Some("report".to_owned()),
        }
    }

    #[test]
    fn the_table_of_places() {
        // Line; the HTML, the address, what the report replaces, what stands before a new field.
        type Row<'a> = (
            &'a str,
            &'a [&'a str],
            Option<&'a str>,
            &'a [&'a str],
            &'a str,
        );
        let rows: &[Row<'_>] = &[
            ("{}", &[], None, &[], ""),
            (
                r#" {"url" : "u" , "html":"<p>" } "#,
                &["\"<p>\""],
                Some("\"u\""),
                &[],
                r#" {"url" : "u" , "html":"<p>""#,
            ),
            (
                // Inside of other values the names say nothing.
                r#"{"a":{"html":"no","url":[]},"html":"yes","b":["html",{"report":1}]}"#,
                &["\"yes\""],
                None,
                &[],
                r#"{"a":{"html":"no","url":[]},"html":"yes","b":["html",{"report":1}]"#,
            ),
            (
                r#"{"html":"a","url":1,"html":"b","url":null,"report":{"x":[]}}"#,
                &["\"a\"", "\"b\""],
                Some("null"),
                &[r#"{"x":[]}"#],
                r#"{"html":"a","url":1,"html":"b","url":null,"report":{"x":[]}"#,
            ),
            (
                // A key is what it says.
                r#"{"ht\u006dl":"\"}","HTML":"x","html ":"y"}"#,
                &[r#""\"}""#],
                None,
                &[],
                r#"{"ht\u006dl":"\"}","HTML":"x","html ":"y""#,
            ),
            (
                "\t{\"html\":\"a\\ud800\"}\r",
                &["\"a\\ud800\""],
                None,
                &[],
                "\t{\"html\":\"a\\ud800\"",
            ),
        ];
        for (line, html, url, reports, before) in rows {
            let places = places(line.as_bytes(), &names()).unwrap();
            let shown = |place: &Range<usize>| &line[place.clone()];
            assert_eq!(places.html.iter().map(shown).collect::<Vec<_>>(), *html);
            assert_eq!(places.url.as_ref().map(shown), *url, "{line}");
            let found: Vec<&str> = places.reports.iter().map(shown).collect();
            assert_eq!(found, *reports, "{line}");
            assert_eq!(&line[..places.end], *before);
        }
    }

    #[test]
    fn the_table_of_bad_lines() {
        for (line, why) in [
            ("", "not JSON: EOF"),
            ("nothing", "not JSON: expected"),
            ("[{\"html\":\"\"}]", "JSON, but no object"),
            ("\"html\"", "JSON, but no object"),
            ("17", "JSON, but no object"),
            ("{\"html\":\"a\"", "not JSON: EOF"),
            ("{\"html\":\"a\",}", "not JSON: trailing comma at byte 13"),
            (
                "{\"html\":\"a\"} {}",
                "not JSON: trailing characters at byte 14",
            ),
            ("{\"html\":\"a\tb\"}", "not JSON: control character"),
            ("{\"html\":\"\\x\"}", "not JSON: invalid escape"),
            ("{'html':1}", "not JSON: key must be a string"),
            ("{\"html\":01}", "not JSON"),
        ] {
            let bad = places(line.as_bytes(), &names()).unwrap_err().to_string();
            assert!(bad.starts_with(why), "{line}: {bad}");
        }
        for line in [
            &b"{\"html\":\"\xff\"}"[..],
            b"{\"\xff\":1}",
            b"{\"a\":\"\xff\"}",
        ] {
            assert!(places(line, &names()).is_err());
        }
        // As deep as it likes.
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(places(deep.as_bytes(), &names()).is_ok());
    }

    #[test]
    fn strings_are_read() {
        for (value, says) in [
            ("\"\"", Some("")),
            ("\"a\"", Some("a")),
            (
                r#""\"\\\/\b\f\n\r\t\u00e9""#,
                Some("\"\\/\u{8}\u{c}\n\r\té"),
            ),
            (r#""\ud83d\ude00x""#, Some("😀x")),
            (r#""\ud83dx\ude00""#, Some("\u{fffd}x\u{fffd}")),
            (r#""\ud83d\u0041\ud83d""#, Some("\u{fffd}A\u{fffd}")),
            ("null", None),
            ("{\"a\":\"b\"}", None),
            ("12", None),
        ] {
            let mut scratch = b"old".to_vec();
            let says = says.map(str::as_bytes);
            assert_eq!(string(value.as_bytes(), &mut scratch), says, "{value}");
        }
    }

    #[test]
    fn strings_are_written() {
        for (text, ascii, json) in [
            (&b"a\"\\\n\x01/"[..], false, "\"a\\\"\\\\\\n\\u0001/\""),
            ("é😀".as_bytes(), false, "\"é😀\""),
            ("é😀".as_bytes(), true, "\"\\u00e9\\ud83d\\ude00\""),
            (b"\xff", false, "\"\u{fffd}\""),
        ] {
            let mut out = Vec::new();
            write_string(text, ascii, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), json);
        }
    }

    /// Characters, and many of those that are written in another way.
    fn text() -> impl Strategy<Value = String> {
        let special = "\"\\/\n\r\t\u{0}\u{8}\u{c}\u{1f} \u{7f}!#[]é\u{2028}😀";
        let special = proptest::sample::select(special.chars().collect::<Vec<_>>());
        let c = prop_oneof![4 => Just('a'), 1 => special, 1 => any::<char>()];
        proptest::collection::vec(c, 0..60).prop_map(String::from_iter)
    }

    #[test]
    fn every_byte_at_every_place() {
        for byte in 0..=0x7f_u8 {
            for place in 0..17 {
                let mut text = [b'a'; 17];
                text[place] = byte;
                let mut out = Vec::new();
                write_string(&text, true, &mut out);
                let read = serde_json::from_slice::<String>(&out).unwrap();
                assert_eq!(read.as_bytes(), text);
                assert_eq!(string(&out, &mut Vec::new()), Some(&text[..]));
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_by_others_and_here(text in text(), ascii: bool) {
            let mut out = Vec::new();
            write_string(text.as_bytes(), ascii, &mut out);
            prop_assert!(!ascii || out.is_ascii());
            prop_assert_eq!(&serde_json::from_slice::<String>(&out).unwrap(), &text);
            let mut scratch = Vec::new();
            prop_assert_eq!(string(&out, &mut scratch), Some(text.as_bytes()));
        }

        #[test]
        fn any_bytes_are_json_or_not(bytes in any::<Vec<u8>>()) {
            let _ = places(&bytes, &names());
        }
    }
}
