//! The body of an HTTP message as it was sent, to the page that was meant: out of chunks, and out of what
//! compressed it. Many archives hold bodies that have been decoded below heads that say otherwise, so what
//! cannot be decoded and begins like a page is one.

use super::head::Head;
use std::borrow::Cow;
use std::io::{self, Read};

/// The longest page, in bytes.
pub(crate) const LONGEST: usize = 64 * 1024 * 1024;

/// What brotli reads at a time.
const BROTLI_BUFFER: usize = 4096;

/// Decodes a body. With `broken_off` it may end early, and is what there is of it.
///
/// # Errors
///
/// What is wrong with it, in words.
pub(crate) fn decode<'a>(
    head: &Head<'_>,
    body: &'a [u8],
    broken_off: bool,
) -> Result<Cow<'a, [u8]>, String> {
    let mut decoded = Cow::Borrowed(body);
    // In the order in which they came about: what was sent last is undone first.
    let mut codings = codings(head, "Content-Encoding");
    codings.append(&mut self::codings(head, "Transfer-Encoding"));
    for coding in codings.iter().rev() {
        if decoded.is_empty() || (coding == "chunked" && !begins_with_chunk(&decoded)) {
            continue;
        }
        decoded = match undo(coding, &decoded, false) {
            Ok(new) => Cow::Owned(new),
            Err(_) if is_page(&decoded) => break,
            Err(why) => {
                let part = broken_off.then(|| undo(coding, &decoded, true).ok());
                let told = || format!("its body cannot be decoded: {why}");
                Cow::Owned(part.flatten().ok_or_else(told)?)
            }
        };
    }
    Ok(decoded)
}

/// What a body went through, in order.
fn codings(head: &Head<'_>, name: &str) -> Vec<String> {
    let values = head.all(name).map(|field| head.value(field));
    let items = values.flat_map(|value| value.split(|&byte| byte == b','));
    let items = items.map(|item| String::from_utf8_lossy(item.trim_ascii()).to_ascii_lowercase());
    items
        .filter(|item| !matches!(&**item, "" | "identity"))
        .collect()
}

/// Whether there may be chunks: a size comes first.
fn begins_with_chunk(body: &[u8]) -> bool {
    body.first().is_some_and(u8::is_ascii_hexdigit)
}

/// Whether bytes begin like a page.
fn is_page(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    text.trim_ascii_start().first() == Some(&b'<')
}

fn undo(coding: &str, body: &[u8], broken_off: bool) -> Result<Vec<u8>, String> {
    let broken = |error: io::Error| format!("{coding}: {error}");
    match coding {
        "chunked" => unchunked(body, broken_off),
        "gzip" | "x-gzip" => gunzipped(body, broken_off).map_err(broken),
        "deflate" => {
            // Both are about: the zlib format, which is meant, and bare deflate.
            let zlib = read(flate2::read::ZlibDecoder::new(body), broken_off);
            let bare = || read(flate2::read::DeflateDecoder::new(body), broken_off);
            zlib.or_else(|error| bare().map_err(|_| error))
                .map_err(broken)
        }
        "br" => {
            // The decoder itself does not tell a broken stream from one that breaks off.
            let body = body.chain(BreaksOff);
            let decoder = brotli_decompressor::Decompressor::new(body, BROTLI_BUFFER);
            read(decoder, broken_off).map_err(broken)
        }
        "zstd" => {
            let decoder = zstd::Decoder::with_buffer(body).map_err(broken)?;
            read(decoder, broken_off).map_err(broken)
        }
        unknown => Err(format!("unknown coding {:?}", first_letters(unknown))),
    }
}

/// What is behind the end of something that needs more.
struct BreaksOff;

impl Read for BreaksOff {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "it breaks off",
        ))
    }
}

fn first_letters(word: &str) -> String {
    word.chars().take(40).collect()
}

/// All members; what is behind them and is none is no part of the page.
fn gunzipped(body: &[u8], broken_off: bool) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = body;
    loop {
        let mut decoder = flate2::bufread::GzDecoder::new(rest);
        read_on(&mut decoder, &mut out, broken_off)?;
        rest = decoder.into_inner();
        if !rest.starts_with(b"\x1f\x8b") {
            return Ok(out);
        }
    }
}

fn read(mut decoder: impl Read, broken_off: bool) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    read_on(&mut decoder, &mut out, broken_off)?;
    Ok(out)
}

/// Reads to the end, as long as that is a page's length.
fn read_on(decoder: &mut impl Read, out: &mut Vec<u8>, broken_off: bool) -> io::Result<()> {
    let room = (LONGEST + 1).saturating_sub(out.len());
    match decoder.take(room as u64).read_to_end(out) {
        Err(error) if broken_off && error.kind() == io::ErrorKind::UnexpectedEof => {}
        other => drop(other?),
    }
    if out.len() > LONGEST {
        let mib = LONGEST / 1024 / 1024;
        return Err(io::Error::other(format!("more than {mib} MiB")));
    }
    Ok(())
}

/// Chunks: <https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding>.
fn unchunked(body: &[u8], broken_off: bool) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    let cut = |out| {
        if broken_off {
            Ok(out)
        } else {
            Err("chunked: it breaks off".to_owned())
        }
    };
    loop {
        let rest = &body[at..];
        let Some(end) = memchr::memchr(b'\n', rest) else {
            let may_be = rest.len() < 1024;
            return if may_be { cut(out) } else { Err(no_chunk(at)) };
        };
        let line = &rest[..end];
        let digits = memchr::memchr(b';', line).map_or(line, |at| &line[..at]);
        let size = hexadecimal(digits.trim_ascii()).ok_or_else(|| no_chunk(at))?;
        at += end + 1;
        if size == 0 {
            return Ok(out); // trailer fields are no part of the page
        }
        let chunk = &body[at..];
        if size >= chunk.len() {
            out.extend_from_slice(chunk);
            return cut(out);
        }
        out.extend_from_slice(&chunk[..size]);
        at += size;
        at += match &body[at..] {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            [] | [b'\r'] => return cut(out),
            _ => return Err(no_chunk(at)),
        };
    }
}

fn no_chunk(at: usize) -> String {
    format!("chunked: no chunk at byte {at}")
}

fn hexadecimal(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn chunks() {
        let broken = "chunked: it breaks off";
        // Chunks, what they hold, what there is of it when it broke off.
        for (chunks, whole, part) in [
            (
                "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
                Ok("abcde"),
                Some("abcde"),
            ),
            ("03\nabc\n0\n\n", Ok("abc"), Some("abc")),
            ("1 \r\na\r\n0\r\nTrailer: x\r\n\r\n", Ok("a"), Some("a")),
            ("0\r\n\r\n", Ok(""), Some("")),
            ("3\r\nabc\r\n", Err(broken), Some("abc")),
            ("3\r\nabc\r", Err(broken), Some("abc")),
            ("3\r\nab", Err(broken), Some("ab")),
            ("3\r\nabc\r\n1", Err(broken), Some("abc")),
            ("3\r\nabcd\r\n", Err("chunked: no chunk at byte 6"), None),
            ("words\r\n", Err("chunked: no chunk at byte 0"), None),
            ("+3\r\nabc\r\n", Err("chunked: no chunk at byte 0"), None),
            (
                "ffffffffffffffffff\r\nabc\r\n",
                Err("chunked: no chunk at byte 0"),
                None,
            ),
            ("ffffffffffffffff\r\nabc\r\n", Err(broken), Some("abc\r\n")),
        ] {
            let read = |broken_off| {
                let read = unchunked(chunks.as_bytes(), broken_off);
                read.map(|read| String::from_utf8(read).unwrap())
            };
            assert_eq!(
                read(false).as_deref(),
                whole.map_err(str::to_owned).as_deref(),
                "{chunks:?}"
            );
            assert_eq!(read(true).ok().as_deref(), part, "{chunks:?}");
        }
    }

    fn packed(coding: &str, bytes: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::fast();
        match coding {
            "gzip" => {
                let mut to = flate2::write::GzEncoder::new(Vec::new(), level);
                to.write_all(bytes).unwrap();
                to.finish().unwrap()
            }
            "deflate" => {
                let mut to = flate2::write::ZlibEncoder::new(Vec::new(), level);
                to.write_all(bytes).unwrap();
                to.finish().unwrap()
            }
            "bare" => {
                let mut to = flate2::write::DeflateEncoder::new(Vec::new(), level);
                to.write_all(bytes).unwrap();
                to.finish().unwrap()
            }
            "zstd" => zstd::encode_all(bytes, 1).unwrap(),
            // Brotli of "0123456789", uncompressed; there is no encoder here.
            _ => b"\x8b\x04\x800123456789\x03".to_vec(),
        }
    }

    #[test]
    fn what_compressed_it_is_undone() {
        let page = b"0123456789";
        for coding in ["gzip", "deflate", "bare", "zstd", "br"] {
            let sent = packed(coding, page);
            let name = if coding == "bare" { "deflate" } else { coding };
            let fields = format!("HTTP/1.1 200\r\nContent-Encoding: identity, {name}\r\n\r\n");
            let head = Head::new(fields.as_bytes());
            let read =
                |body: &[u8], broken_off| decode(&head, body, broken_off).map(Cow::into_owned);
            assert_eq!(read(&sent, false).as_deref(), Ok(&page[..]), "{coding}");
            assert_eq!(read(b"", false).as_deref(), Ok(&b""[..]), "{coding}");
            assert_eq!(
                read(b" <p>", false).as_deref(),
                Ok(&b" <p>"[..]),
                "{coding}"
            );
            let cut = &sent[..sent.len() - 1];
            assert!(read(cut, false).is_err(), "{coding}");
            let part = read(cut, true).expect("what there is of it");
            assert!(page.starts_with(&part), "{coding}");
            assert!(read(b"\xff\xff\xff\xff words", true).is_err(), "{coding}");
        }
    }

    #[test]
    fn what_was_done_last_is_undone_first() {
        let mut sent = packed("deflate", b"words");
        sent = packed("gzip", &sent);
        let mut chunks = format!("{:x}\r\n", sent.len()).into_bytes();
        chunks.extend_from_slice(&sent);
        chunks.extend_from_slice(b"\r\n0\r\n\r\n");
        let fields = "HTTP/1.1 200\nContent-Encoding: deflate\nTransfer-Encoding: Chunked\nContent-Encoding: GZIP\n\n";
        let head = Head::new(fields.as_bytes());
        assert_eq!(decode(&head, &chunks, false).as_deref(), Ok(&b"words"[..]));
        let head = Head::new(b"HTTP/1.1 200\nContent-Encoding: lzma\n\n");
        let told = "its body cannot be decoded: unknown coding \"lzma\"";
        assert_eq!(decode(&head, b"words", true), Err(told.to_owned()));
    }

    #[test]
    fn members_one_behind_the_other_and_words_behind_them() {
        let mut sent = packed("gzip", b"a");
        sent.extend(packed("gzip", b"b"));
        sent.extend_from_slice(b"\0\0words");
        assert_eq!(gunzipped(&sent, false).unwrap(), b"ab");
    }

    #[test]
    fn what_grows_too_long_is_an_error() {
        for (length, told) in [(LONGEST, None), (LONGEST + 1, Some("more than 64 MiB"))] {
            let decoder = io::repeat(0).take(length as u64);
            let error = read(decoder, false).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), told);
        }
    }
}
