//! One record: whether there is a page in it, and the record with the page filtered. Whatever speaks of the
//! page's bytes is made right: lengths, codings, charset, digests. All else stays as it is.

use super::body;
use super::digest;
use super::head::{self, Edited, Head, is_media_type, parameter};
use crate::batch::page::{Page, Settings};
use crate::batch::summary::Summary;
use encoding_rs::{Encoding, UTF_8};
use std::ops::Range;

/// What HTTP says of its body, and what would be wrong of another. (`Content-Type`, `Content-Length` and
/// the codings are looked at one by one.)
const HTTP_DIGESTS: [&str; 4] = ["Content-MD5", "Digest", "Content-Digest", "Repr-Digest"];

/// Bytes of a body that are looked at to tell text from what is none.
const BINARY_HEAD: usize = 4096;

/// What a record may be, told by its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// No page.
    Other,
    /// A page if the HTTP head in it says so.
    Response,
    /// A page.
    Page,
}

/// What is needed of the head of a record to find its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    /// Bytes of its block.
    pub block: u64,
    pub holds: Holds,
}

/// Whether a line begins a record of a version whose form is known.
pub(crate) fn is_version(line: &[u8]) -> bool {
    let Some(version) = line.strip_prefix(b"WARC/") else {
        return false;
    };
    match version.trim_ascii_end() {
        [b'1', b'.', minor @ ..] => {
            (1..=2).contains(&minor.len()) && minor.iter().all(u8::is_ascii_digit)
        }
        b"0.17" | b"0.18" => true,
        _ => false,
    }
}

/// Reads the head of a record.
///
/// # Errors
///
/// It is none, in words.
pub(crate) fn outline(bytes: &[u8]) -> Result<Outline, String> {
    let head = Head::new(bytes);
    if !is_version(head.first_line()) {
        return Err("no WARC record of version 1.0 or 1.1".to_owned());
    }
    let length = head.get("Content-Length").ok_or("no Content-Length")?;
    let block = number(length).ok_or("its Content-Length is no number")?;
    Ok(Outline {
        block,
        holds: holds(&head),
    })
}

fn number(digits: &[u8]) -> Option<u64> {
    let plain = digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| plain)?
        .parse()
        .ok()
}

fn holds(head: &Head<'_>) -> Holds {
    let (Some(kind), Some(media_type)) = (head.get("WARC-Type"), head.get("Content-Type")) else {
        return Holds::Other;
    };
    // A page in segments is in no record as a whole.
    if head.get("WARC-Segment-Number").is_some() {
        return Holds::Other;
    }
    if kind.eq_ignore_ascii_case(b"response") && is_media_type(media_type, "application/http") {
        let is_request = parameter(media_type, "msgtype")
            .is_some_and(|range| !media_type[range].eq_ignore_ascii_case(b"response"));
        return if is_request {
            Holds::Other
        } else {
            Holds::Response
        };
    }
    let is_block = ["resource", "conversion"]
        .iter()
        .any(|name| kind.eq_ignore_ascii_case(name.as_bytes()));
    if is_block && is_html(media_type) {
        Holds::Page
    } else {
        Holds::Other
    }
}

fn is_html(media_type: &[u8]) -> bool {
    is_media_type(media_type, "text/html") || is_media_type(media_type, "application/xhtml+xml")
}

/// Whether an HTTP message has a page as its body: its head says so, or says nothing and the record does.
pub(crate) fn is_page(http: &[u8], record: &[u8]) -> bool {
    let head = Head::new(http);
    if !head.first_line().starts_with(b"HTTP/") {
        return false;
    }
    match head.get("Content-Type") {
        Some(media_type) => is_html(media_type),
        None => Head::new(record)
            .get("WARC-Identified-Payload-Type")
            .is_some_and(is_html),
    }
}

/// Whether what is called text is none: it is not UTF-8, and more than one byte in 64 is one of
/// <https://mimesniff.spec.whatwg.org/#binary-data-byte>. Of what has been compressed one in nine is.
fn is_binary(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(BINARY_HEAD)];
    let is_utf_8 = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && head.len() < bytes.len(),
    };
    let binary = |byte: &&u8| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    !is_utf_8 && head.iter().filter(binary).count() * 64 > head.len()
}

/// A record with a page in it: where its parts lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub head: Range<usize>,
    pub block: Range<usize>,
}

/// How pages in records are filtered.
pub(crate) struct Filter {
    pub settings: Settings,
    /// The site is known from elsewhere; records are not asked.
    pub one_site: bool,
    /// So is the encoding.
    pub one_encoding: bool,
}

/// What became of a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// What it was.
    Same,
    /// What has been written.
    Changed,
}

impl Filter {
    /// Writes a record without the husk of its page, or nothing if that changes nothing; and tells why
    /// not all of it could be filtered.
    ///
    /// # Errors
    ///
    /// What is wrong with the record, in words.
    pub(crate) fn record(
        &self,
        bytes: &[u8],
        parts: &Parts,
        page: &mut Page,
        out: &mut Vec<u8>,
        summary: &mut Summary,
    ) -> Result<(Became, Option<String>), String> {
        let record = Head::new(&bytes[parts.head.clone()]);
        let block = &bytes[parts.block.clone()];
        let http_length = match holds(&record) {
            Holds::Response => head::length(block),
            _ => None,
        };
        let (http, body) = block.split_at(http_length.unwrap_or(0));
        let http = http_length.map(|_| Head::new(http));
        // The charset stands beside the type of what is the page.
        let media_type = match &http {
            Some(http) => http.get("Content-Type"),
            None => record.get("Content-Type"),
        };
        let charset = media_type.and_then(|value| parameter(value, "charset"));
        let charset = media_type.zip(charset);
        let label = charset.as_ref().map(|(value, range)| &value[range.clone()]);
        let broken_off = record.get("WARC-Truncated").is_some();
        let sent = match &http {
            Some(http) => body::decode(http, body, broken_off)?,
            None => body.into(),
        };
        let url = record.get("WARC-Target-URI").filter(|_| !self.one_site);
        let url = url.and_then(|url| std::str::from_utf8(url).ok());
        let url = url.map(|url| url.trim_start_matches('<').trim_end_matches('>'));
        let label = label.filter(|_| !self.one_encoding);
        let label = label.and_then(|label| std::str::from_utf8(label).ok());
        let cleaned = page.clean(&self.settings, url, label, &sent)?;
        // With a label the filter takes it for a page whatever it is.
        let encoding = Encoding::for_label(cleaned.report.encoding.as_bytes());
        let has_changed = cleaned.clean != &*sent;
        if has_changed && encoding.is_some_and(Encoding::is_ascii_compatible) && is_binary(&sent) {
            return Err("its body is binary, not a page".to_owned());
        }
        summary.add(&cleaned.report);
        let unfiltered = cleaned.report.unfiltered;
        let clean = cleaned.clean;
        if !has_changed {
            return Ok((Became::Same, unfiltered));
        }

        // Whatever it was, it is UTF-8 now.
        let media_type = charset
            .filter(|(value, range)| Encoding::for_label(&value[range.clone()]) != Some(UTF_8))
            .map(|(value, range)| [&value[..range.start], b"utf-8", &value[range.end..]].concat());
        let (of_http, of_record) = match http {
            Some(_) => (media_type, None),
            None => (None, media_type),
        };
        let mut http_out = Vec::new();
        if let Some(http) = &http {
            write_http_head(http, clean.len(), of_http, &mut http_out);
        }
        out.extend_from_slice(&bytes[..parts.head.start]);
        write_head(&record, &http_out, clean, of_record, out);
        out.extend_from_slice(&http_out);
        out.extend_from_slice(clean);
        out.extend_from_slice(&bytes[parts.block.end..]);
        Ok((Became::Changed, unfiltered))
    }
}

/// Writes the head of an HTTP message for a body of this length, which is sent as it is.
fn write_http_head(head: &Head<'_>, length: usize, media_type: Option<Vec<u8>>, out: &mut Vec<u8>) {
    let mut edited = Edited::new(head);
    if edited.set("Content-Length", length.to_string()) {
        edited.remove("Transfer-Encoding");
    } else {
        edited.replace("Transfer-Encoding", &format!("Content-Length: {length}"));
    }
    edited.remove("Content-Encoding");
    for name in HTTP_DIGESTS {
        edited.remove(name);
    }
    if let Some(media_type) = media_type {
        edited.set("Content-Type", media_type);
    }
    edited.write(out);
}

/// Writes the head of a record for this page, with the head of HTTP before it if there is one.
fn write_head(
    head: &Head<'_>,
    http: &[u8],
    page: &[u8],
    media_type: Option<Vec<u8>>,
    out: &mut Vec<u8>,
) {
    let mut edited = Edited::new(head);
    edited.set("Content-Length", (http.len() + page.len()).to_string());
    let digests: [(&str, &[&[u8]]); 2] = [
        ("WARC-Block-Digest", &[http, page]),
        ("WARC-Payload-Digest", &[page]),
    ];
    for (name, parts) in digests {
        let Some(old) = head.get(name) else {
            continue;
        };
        match digest::like(old, parts) {
            Some(new) => drop(edited.set(name, new)),
            None => edited.remove(name),
        }
    }
    if let Some(media_type) = media_type {
        edited.set("Content-Type", media_type);
    }
    edited.write(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (line, known) in [
            ("WARC/1.0", true),
            ("WARC/1.1", true),
            ("WARC/0.18", true),
            ("WARC/2.0", false),
            ("WARC/1.", false),
            ("WARC/1.x", false),
            ("warc/1.0", false),
            ("WARC/1.0 x", false),
            ("", false),
        ] {
            assert_eq!(is_version(line.as_bytes()), known, "{line}");
        }
    }

    #[test]
    fn what_records_hold() {
        let http = "Content-Type: application/http; msgtype=response";
        for (fields, expected) in [
            (format!("WARC-Type: response\r\n{http}"), Holds::Response),
            (format!("warc-type:RESPONSE\r\n{http}"), Holds::Response),
            (
                "WARC-Type: response\r\nContent-Type: application/http".into(),
                Holds::Response,
            ),
            (
                "WARC-Type: response\r\nContent-Type: application/http;msgtype=request".into(),
                Holds::Other,
            ),
            (format!("WARC-Type: revisit\r\n{http}"), Holds::Other),
            (
                format!("WARC-Type: response\r\nWARC-Segment-Number: 1\r\n{http}"),
                Holds::Other,
            ),
            (
                "WARC-Type: response\r\nContent-Type: text/dns".into(),
                Holds::Other,
            ),
            (
                "WARC-Type: resource\r\nContent-Type: text/html;charset=x".into(),
                Holds::Page,
            ),
            (
                "WARC-Type: conversion\r\nContent-Type: application/xhtml+xml".into(),
                Holds::Page,
            ),
            (
                "WARC-Type: metadata\r\nContent-Type: text/html".into(),
                Holds::Other,
            ),
            (
                "WARC-Type: conversion\r\nContent-Type: text/plain".into(),
                Holds::Other,
            ),
            (http.to_owned(), Holds::Other),
        ] {
            let head = format!("WARC/1.0\r\n{fields}\r\nContent-Length: 17\r\n\r\n");
            let outline = outline(head.as_bytes()).expect("a head");
            assert_eq!((outline.block, outline.holds), (17, expected), "{fields}");
        }
        for (head, told) in [
            ("WARC/1.0\r\nX: y\r\n\r\n", "no Content-Length"),
            (
                "WARC/1.0\r\nContent-Length: +1\r\n\r\n",
                "its Content-Length is no number",
            ),
            (
                "WARC/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "its Content-Length is no number",
            ),
            (
                "HTTP/1.0\r\nContent-Length: 1\r\n\r\n",
                "no WARC record of version 1.0 or 1.1",
            ),
        ] {
            assert_eq!(outline(head.as_bytes()), Err(told.to_owned()));
        }
    }

    #[test]
    fn which_responses_hold_a_page() {
        for (http, record, expected) in [
            (
                "HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=x\r\n\r\n",
                "",
                true,
            ),
            (
                "HTTP/2 200\ncontent-type: Application/XHTML+XML\n\n",
                "",
                true,
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n",
                "",
                false,
            ),
            ("HTTP/1.1 200 OK\r\n\r\n", "", false),
            ("HTTP/1.1 200 OK\r\n\r\n", "text/html", true),
            (
                "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n",
                "text/html",
                false,
            ),
            (
                "GET / HTTP/1.1\r\nContent-Type: text/html\r\n\r\n",
                "",
                false,
            ),
        ] {
            let record = format!("WARC/1.0\r\nWARC-Identified-Payload-Type: {record}\r\n\r\n");
            assert_eq!(
                is_page(http.as_bytes(), record.as_bytes()),
                expected,
                "{http}"
            );
        }
    }
}
