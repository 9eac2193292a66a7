//! WARC files: which records change and how, in which compressed form they come out, what becomes of files
//! that are broken. All by running the command; readers of others are asked in `tests/warc_readers.py`.

mod run;

use run::{Run, run_with};
use sha1::Digest as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

/// Rules of its own: `.x` goes, and on example.com `.y`.
const FLAGS: [&str; 6] = [
    "--warc",
    "--no-default-selectors",
    "-e",
    ".x",
    "-s",
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/run/example.com.sel"),
];

fn dehusk(args: &[&str]) -> Command {
    run::dehusk(&[&FLAGS, args].concat())
}

fn run(args: &[&str], input: &[u8]) -> Run {
    run::run(&[&FLAGS, args].concat(), input)
}

/// The command in a folder of a test's own.
fn run_at(folder: &Path, args: &[&str]) -> Run {
    let mut command = dehusk(args);
    command.current_dir(folder);
    run_with(command, drop)
}

/// A folder of this test's own, with these files.
fn folder(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    run::folder(&format!("warc/{name}"), files)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    to.write_all(bytes).expect("memory takes everything");
    to.finish().expect("memory takes everything")
}

fn gunzip(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let mut from = flate2::bufread::GzDecoder::new(bytes);
        from.read_to_end(&mut out).expect("gzip");
        bytes = from.into_inner();
    }
    out
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory takes everything")
}

fn unzstd(bytes: &[u8]) -> Vec<u8> {
    zstd::decode_all(bytes).expect("zstd")
}

fn same(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

/// How records are packed, and how a file of them is read; by the end of its name.
type Pack = fn(&[u8]) -> Vec<u8>;
const FORMS: [(&str, Pack, Pack); 3] = [
    ("warc", same, same),
    ("warc.gz", gzip, gunzip),
    ("warc.zst", zstd, unzstd),
];

fn sha1(bytes: &[u8]) -> String {
    let digest = sha1::Sha1::digest(bytes);
    format!("sha1:{}", data_encoding::BASE32.encode(&digest))
}

/// A record with these fields, `\n` between them.
fn record(fields: &str, block: &[u8]) -> Vec<u8> {
    let fields = fields.replace('\n', "\r\n");
    let head = format!(
        "WARC/1.0\r\n{fields}\r\nContent-Length: {}\r\n\r\n",
        block.len()
    );
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

const RESPONSE: &str = "WARC-Type: response
WARC-Record-ID: <urn:uuid:1>
WARC-Target-URI: https://example.org/
Content-Type: application/http; msgtype=response";

/// A response with this HTTP head, `\n` between its lines, and this body.
fn response(head: &str, body: &[u8]) -> Vec<u8> {
    let head = head.replace('\n', "\r\n");
    record(RESPONSE, &[head.as_bytes(), b"\r\n\r\n", body].concat())
}

/// One with a page in it, and with right digests.
fn page(body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\r\n"
    );
    let block = [head.as_bytes(), body.as_bytes()].concat();
    let fields = format!(
        "{RESPONSE}\nWARC-Block-Digest: {}\nWARC-Payload-Digest: {}",
        sha1(&block),
        sha1(body.as_bytes())
    );
    record(&fields, &block)
}

const X: &str = "<i class=x>gone</i>";
const HTML: &str = "HTTP/1.1 200 OK\nContent-Type: text/html";

fn warcinfo() -> Vec<u8> {
    record(
        "WARC-Type: warcinfo\nContent-Type: application/warc-fields",
        b"software: none\r\n",
    )
}

fn image(bytes: usize) -> Vec<u8> {
    let noise: Vec<u8> = (0..bytes).map(|i| (i * i / 7 % 251) as u8).collect();
    response("HTTP/1.1 200 OK\nContent-Type: image/png", &noise)
}

/// Records of a small crawl, each with what is to come of it.
fn crawl() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut records = Vec::new();
    let other = |record: Vec<u8>| (record.clone(), record);
    records.push(other(warcinfo()));
    for i in 0..40 {
        let text = format!("<h1>{i}</h1><p>{}é</p>", "word ".repeat(i * 37 % 500));
        let request = "WARC-Type: request\nContent-Type: application/http; msgtype=request";
        records.push(other(record(request, b"GET / HTTP/1.1\r\n\r\n")));
        records.push((page(&format!("{X}{text}")), page(&text)));
        records.push(other(page(&text)));
        records.push(other(image(i * 200)));
    }
    // In pieces.
    records.push(other(image(700_000)));
    records.push((page(&format!("<p>end{X}")), page("<p>end")));
    records
}

fn packed<'a>(records: impl Iterator<Item = &'a Vec<u8>>, pack: Pack) -> Vec<u8> {
    records.flat_map(|record| pack(record)).collect()
}

#[test]
fn only_pages_change() {
    let body = format!("<p>a</p>{X}<p>b</p>");
    let clean = b"<p>a</p><p>b</p>".as_slice();
    let body = body.as_bytes();
    let chunks = [
        b"12\r\n",
        &body[..18],
        b"\r\n11;x\r\n",
        &body[18..35],
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    assert_eq!(body.len(), 35);
    // What it shows; head and body that come in, and those that come out.
    type Row<'a> = (&'a str, &'a str, &'a [u8], &'a str, &'a [u8]);
    let rows: &[Row<'_>] = &[
        ("no length", HTML, body, HTML, clean),
        (
            "a length, other fields as they are written",
            "HTTP/1.0 404 Gone fishing\ncontent-type:text/HTML\nX:  y \nX: z\nContent-length:35",
            body,
            "HTTP/1.0 404 Gone fishing\ncontent-type:text/HTML\nX:  y \nX: z\nContent-length:16",
            clean,
        ),
        (
            "chunks",
            &format!("{HTML}\nTransfer-Encoding: chunked\nX: y"),
            &chunks,
            &format!("{HTML}\nContent-Length: 16\nX: y"),
            clean,
        ),
        (
            "chunks and a length, which does not count",
            &format!("{HTML}\nTransfer-Encoding: chunked\nContent-Length: 7"),
            &chunks,
            &format!("{HTML}\nContent-Length: 16"),
            clean,
        ),
        (
            "chunks that somebody has decoded",
            &format!("{HTML}\nTransfer-Encoding: chunked"),
            body,
            &format!("{HTML}\nContent-Length: 16"),
            clean,
        ),
        (
            "gzip",
            &format!("{HTML}\nContent-Encoding: gzip\nContent-Length: 7"),
            &gzip(body),
            &format!("{HTML}\nContent-Length: 16"),
            clean,
        ),
        (
            "gzip that somebody has decoded",
            &format!("{HTML}\nContent-Encoding: gzip"),
            body,
            HTML,
            clean,
        ),
        (
            "zstd, a digest of the body",
            &format!("{HTML}\nContent-Encoding: zstd\nContent-MD5: x"),
            &zstd(body),
            HTML,
            clean,
        ),
        (
            "brotli",
            &format!("{HTML}\nContent-Encoding: br"),
            b"\x0f\x11\x80<p>a</p><i class=x>gone</i><p>b</p>\x03",
            HTML,
            clean,
        ),
        (
            "a charset",
            "HTTP/1.1 200 OK\nContent-Type: text/html;charset=\"ISO-8859-1\"; x=y",
            b"<head></head>\xe9<i class=x>\xe9</i>",
            "HTTP/1.1 200 OK\nContent-Type: text/html;charset=\"utf-8\"; x=y",
            "<head><meta charset=\"utf-8\"></head>é".as_bytes(),
        ),
        (
            "a charset that the page contradicts",
            "HTTP/1.1 200 OK\nContent-Type: text/html; charset=windows-1251",
            b"<meta charset=koi8-r>\xc4<i class=x></i>",
            "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8",
            "<meta charset=utf-8>Д".as_bytes(),
        ),
        (
            "a charset that nobody knows",
            "HTTP/1.1 200 OK\nContent-Type: text/html; charset=none",
            "é<i class=x></i>".as_bytes(),
            "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8",
            "é".as_bytes(),
        ),
        (
            "a BOM beats it",
            "HTTP/1.1 200 OK\nContent-Type: text/html; charset=koi8-r",
            "\u{feff}é<i class=x></i>".as_bytes(),
            "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8",
            "\u{feff}é".as_bytes(),
        ),
        (
            "XHTML",
            "HTTP/2 200\ncontent-type: application/xhtml+xml",
            b"<p><i class='x'/>",
            "HTTP/2 200\ncontent-type: application/xhtml+xml",
            b"<p>",
        ),
        (
            "nothing goes, nothing is decoded",
            &format!("{HTML}\nContent-Encoding: gzip"),
            &gzip(clean),
            &format!("{HTML}\nContent-Encoding: gzip"),
            &gzip(clean),
        ),
        (
            "no body",
            &format!("{HTML}\nContent-Encoding: gzip"),
            b"",
            &format!("{HTML}\nContent-Encoding: gzip"),
            b"",
        ),
        (
            "a rule of another site",
            HTML,
            b"<i class=y>b</i>",
            HTML,
            b"<i class=y>b</i>",
        ),
        (
            "no page",
            "HTTP/1.1 200 OK\nContent-Type: text/plain",
            body,
            "HTTP/1.1 200 OK\nContent-Type: text/plain",
            body,
        ),
        ("no type", "HTTP/1.1 200 OK", body, "HTTP/1.1 200 OK", body),
        (
            "no HTTP",
            "ICY 200 OK\nContent-Type: text/html",
            body,
            "ICY 200 OK\nContent-Type: text/html",
            body,
        ),
    ];
    for jobs in ["1", "3"] {
        let input: Vec<u8> = rows.iter().flat_map(|row| response(row.1, row.2)).collect();
        let done = run(&["-j", jobs], &input);
        assert_eq!((done.exit, done.err.as_str()), (Some(0), ""));
        let mut rest = &done.out[..];
        for (what, _, _, head, body) in rows {
            let expected = response(head, body);
            let (now, later) = rest.split_at(expected.len().min(rest.len()));
            assert_eq!(
                now.escape_ascii().to_string(),
                expected.escape_ascii().to_string(),
                "{what}"
            );
            rest = later;
        }
        assert_eq!(rest, b"");
    }
}

#[test]
fn which_records_change() {
    let html = format!("a{X}");
    let http = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{html}");
    let (html, http) = (html.as_bytes(), http.as_bytes());
    let change = |fields: &str, block: &[u8]| {
        let record = record(fields, block);
        let done = run(&[], &record);
        assert_eq!((done.exit, done.err.as_str()), (Some(0), ""), "{fields}");
        done.out != record
    };
    for (changes, fields, block) in [
        (true, RESPONSE.to_owned(), http),
        (true, RESPONSE.to_lowercase(), http),
        (true, RESPONSE.replace("; ", " ;\n "), http),
        (
            true,
            "WARC-Type: resource\nContent-Type: text/html".into(),
            html,
        ),
        (
            true,
            "WARC-Type: conversion\nContent-Type: text/html; charset=utf-8".into(),
            html,
        ),
        (
            false,
            "WARC-Type: resource\nContent-Type: text/plain".into(),
            html,
        ),
        (
            false,
            "WARC-Type: metadata\nContent-Type: text/html".into(),
            html,
        ),
        (false, RESPONSE.replace("response", "revisit"), http),
        (
            false,
            RESPONSE.replace("msgtype=response", "msgtype=request"),
            http,
        ),
        (false, format!("{RESPONSE}\nWARC-Segment-Number: 1"), http),
        (
            false,
            RESPONSE.replace("WARC-Type: response", "WARC-Type: continuation"),
            http,
        ),
        (false, RESPONSE.replace("WARC-Type: response\n", ""), http),
    ] {
        assert_eq!(change(&fields, block), changes, "{fields}");
    }
    let typed = format!("a\r\n\r\n{X}");
    let unnamed = format!("HTTP/1.1 200 OK\r\n\r\n{typed}");
    let identified = format!("{RESPONSE}\nWARC-Identified-Payload-Type: text/html");
    assert!(change(&identified, unnamed.as_bytes()));

    let type_of =
        |charset: &str| format!("WARC-Type: resource\nContent-Type: text/html;charset={charset}");
    let latin = run(
        &[],
        &record(&type_of("latin1"), b"<head></head>\xe9<i class=x></i>"),
    );
    let expected = record(
        &type_of("utf-8"),
        "<head><meta charset=\"utf-8\"></head>é".as_bytes(),
    );
    assert_eq!(latin.out, expected);
    // Who says it for all pages is believed.
    let told = run(
        &["--encoding", "koi8-r"],
        &record(&type_of("latin1"), b"<head></head>\xc4<i class=x></i>"),
    );
    assert!(
        String::from_utf8_lossy(&told.out).contains('д'),
        "{:?}",
        told.out.escape_ascii()
    );
}

#[test]
fn the_site_comes_from_the_record() {
    let html = "<b class=y>b</b>";
    for (uri, args, gone) in [
        ("https://www.example.com/a", &[][..], true),
        ("<http://example.com/>", &[], true),
        ("https://example.org/", &[], false),
        ("urn:uuid:1", &[], false),
        ("https://example.org/", &["--site", "example.com"], true),
        (
            "https://example.com/",
            &["--url", "https://example.org/"],
            false,
        ),
    ] {
        let record = String::from_utf8(page(html))
            .expect("text")
            .replace("https://example.org/", uri);
        let done = run(args, record.as_bytes());
        assert_eq!(done.exit, Some(0), "{}", done.err);
        let out = String::from_utf8(done.out).expect("text");
        assert_eq!(!out.contains(html), gone, "{uri} {args:?}");
    }
}

#[test]
fn digests_are_made_right_or_go() {
    let fields = |block: &str, payload: &str| {
        format!("{RESPONSE}\nWARC-Block-Digest: {block}\nX: y\nWARC-Payload-Digest: {payload}")
    };
    let block = |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}");
    let input = record(
        &fields(
            "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
            "md5:d41d8cd98f00b204e9800998ecf8427e",
        ),
        block(&format!("abc{X}")).as_bytes(),
    );
    let expected = record(
        &fields(
            &sha1(block("abc").as_bytes()),
            "md5:900150983cd24fb0d6963f7d28e17f72",
        ),
        block("abc").as_bytes(),
    );
    assert_eq!(run(&[], &input).out, expected);
    let input = record(
        &fields("crc:1", "sha1:1"),
        block(&format!("abc{X}")).as_bytes(),
    );
    let expected = record(&format!("{RESPONSE}\nX: y"), block("abc").as_bytes());
    assert_eq!(run(&[], &input).out, expected);
}

#[test]
fn records_stay_in_their_members() {
    let crawl = crawl();
    let (before, after): (Vec<_>, Vec<_>) = crawl.into_iter().unzip();
    for (name, pack, unpack) in FORMS {
        let file = packed(before.iter(), pack);
        let expected = packed(after.iter(), same);
        for jobs in ["1", "3"] {
            let done = run(&["-j", jobs], &file);
            assert_eq!((done.exit, done.err.as_str()), (Some(0), ""), "{name}");
            assert!(unpack(&done.out) == expected, "{name}");
            // Member by member: what has not changed is the bytes that it was.
            let mut rest = &done.out[..];
            for (was, is) in before.iter().zip(&after) {
                let member = pack(is);
                if was == is {
                    assert!(rest.starts_with(&member), "{name}");
                    rest = &rest[member.len()..];
                } else if name == "warc.gz" {
                    let mut from = flate2::bufread::GzDecoder::new(rest);
                    let mut content = Vec::new();
                    from.read_to_end(&mut content).expect("a member");
                    assert!(content == *is, "{name}");
                    rest = from.into_inner();
                } else if name == "warc.zst" {
                    let mut from = zstd::Decoder::with_buffer(rest)
                        .expect("a frame")
                        .single_frame();
                    let mut content = Vec::new();
                    from.read_to_end(&mut content).expect("a frame");
                    assert!(content == *is, "{name}");
                    rest = from.finish();
                } else {
                    rest = &rest[is.len()..];
                }
            }
            assert_eq!(rest, b"");
        }
    }
}

#[test]
fn a_name_says_how_it_comes_out() {
    let crawl = crawl();
    let before = packed(crawl.iter().map(|(before, _)| before), same);
    let after = packed(crawl.iter().map(|(_, after)| after), same);
    for (from, pack, _) in FORMS {
        let records = crawl.iter().map(|(before, _)| before);
        let file = packed(records, pack);
        // And with everything in one member.
        let one = pack(&before);
        let base = folder(&format!("name-{from}"), &[("in", &file), ("one", &one)]);
        for (to, _, unpack) in FORMS {
            for input in ["in", "one"] {
                let output = format!("{input}-out.{to}");
                let done = run_at(&base, &[input, "-o", &output]);
                assert_eq!((done.exit, done.err.as_str()), (Some(0), ""), "{from} {to}");
                let out = fs::read(base.join(&output)).expect("an output");
                assert!(unpack(&out) == after, "{from} {to} {input}");
                if to == "warc.gz" {
                    let members = members(&out);
                    let expected: Vec<_> = crawl.iter().map(|(_, after)| after.len()).collect();
                    assert_eq!(members, expected, "{from} {input}");
                }
            }
        }
        // Several inputs, of any form, in that of the first.
        let done = run_at(&base, &["in", "one", "in"]);
        assert_eq!((done.exit, done.err.as_str()), (Some(0), ""));
        let (_, _, unpack) = FORMS
            .into_iter()
            .find(|(name, ..)| *name == from)
            .expect("a form");
        assert!(unpack(&done.out) == after.repeat(3), "{from}");
    }
}

/// How much is in each member.
fn members(mut bytes: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    while !bytes.is_empty() {
        let mut from = flate2::bufread::GzDecoder::new(bytes);
        lengths.push(from.read_to_end(&mut Vec::new()).expect("gzip"));
        bytes = from.into_inner();
    }
    lengths
}

/// Made by `zstd --train` of records like those here, in base64.
const DICTIONARY: &str = "
N6Qw7MqXxB4fENiSQgcMwzAMw0yliP2Y5q7MaA0mKaXccstkpc7kIjMCAFwAG8DGHgAAAAQAAAAAABgAAwAAAC8yBiISIxQDAABg
AAAAAAMAAAAQ0AyuBtsopjQCAADU9IEDAQAAAAAAAMPFAQAAAAAAAAABAAAABAAAAAgAAABzcG9uc2UNCldBUkMtUmVjb3JkLUlE
OiA8dXJuOnV1aWQ6MjUzPg0KV0FSQy1UYXJnZXRleHQvaHRtbDsgY2hhcnNldD11dGYtOA0KDQo8aDE+MjE1PC9oMT48cD53b3Jk
IHdvDQoNCkhUVFAvMS4xIDIwMCBPSw0KQ29udGVudC1UeXBlOiB0ZXh0L2h0bWw7IGNoYXJudC1UeXBlOiBhcHBsaWNhdGlvbi9o";

#[test]
fn a_dictionary_is_used() {
    let crawl = crawl();
    let small = || crawl.iter().filter(|(before, _)| before.len() < 100_000);
    let dictionary = DICTIONARY.replace('\n', "");
    let dictionary = data_encoding::BASE64.decode(dictionary.as_bytes());
    let dictionary = dictionary.expect("base64");
    let pack = |record: &Vec<u8>| {
        let mut to = zstd::bulk::Compressor::with_dictionary(3, &dictionary).expect("a dictionary");
        to.compress(record).expect("memory takes everything")
    };
    let after: Vec<u8> = small().flat_map(|(_, after)| after.clone()).collect();
    let file = |dictionary: &[u8]| {
        let mut file = b"\x5d\x2a\x4d\x18".to_vec();
        file.extend((dictionary.len() as u32).to_le_bytes());
        file.extend_from_slice(dictionary);
        file.extend(small().flat_map(|(before, _)| pack(before)));
        file
    };
    for frame in [dictionary.clone(), zstd(&dictionary)] {
        let file = file(&frame);
        let done = run(&[], &file);
        assert_eq!((done.exit, done.err.as_str()), (Some(0), ""));
        assert!(done.out.starts_with(&file[..8 + frame.len()]));
        let frames = &done.out[8 + frame.len()..];
        let mut out = Vec::new();
        let mut from = zstd::Decoder::with_dictionary(frames, &dictionary).expect("a dictionary");
        from.read_to_end(&mut out).expect("zstd");
        assert!(out == after);
        // Without it nothing can be read: every frame is made with it.
        assert!(zstd::decode_all(frames).is_err());
        let base = folder("dictionary", &[("in.warc.zst", &file)]);
        let done = run_at(&base, &["in.warc.zst", "-o", "out.warc.gz"]);
        assert_eq!((done.exit, done.err.as_str()), (Some(0), ""));
        assert!(gunzip(&fs::read(base.join("out.warc.gz")).expect("an output")) == after);
    }
    let done = run(&[], &file(b"no dictionary"));
    assert_eq!(done.exit, Some(2));
    assert!(
        done.err.contains("dictionary is none of zstd's"),
        "{}",
        done.err
    );
}

#[test]
fn what_cannot_be_decoded_passes_and_is_told() {
    let good = page(&format!("a{X}"));
    let bad = [
        (
            response(
                &format!("{HTML}\nContent-Encoding: gzip"),
                b"\x1f\x8b words",
            ),
            "its body cannot be decoded: gzip: ",
        ),
        (
            response(
                &format!("{HTML}\nContent-Encoding: gzip"),
                &gzip(b"<p>")[..12],
            ),
            "its body cannot be decoded: gzip: ",
        ),
        (
            response(
                &format!("{HTML}\nTransfer-Encoding: chunked"),
                b"3\r\nabcd\r\n0\r\n\r\n",
            ),
            "its body cannot be decoded: chunked: no chunk at byte 6",
        ),
        (
            response(
                &format!("{HTML}\nContent-Encoding: compress, sdch"),
                b"\x01\x02",
            ),
            "its body cannot be decoded: unknown coding \"sdch\"",
        ),
        (
            response(&format!("{HTML}; charset=utf-8"), &gzip(b"words")[10..]),
            "its body is binary, not a page",
        ),
        (
            response(HTML, b"%PDF-1.7<i class=x></i>"),
            "input is a PDF file",
        ),
        (
            record("WARC-Type: resource", b"")
                .replace_once(b"Content-Length: 0", b"Content-Length: x"),
            "its Content-Length is no number",
        ),
        (
            page(X).replace_once(b"\r\n\r\n<i", b"\r\n\r\nwords<i"),
            "its Content-Length is wrong",
        ),
    ];
    for (name, pack, unpack) in FORMS {
        for (bad, told) in &bad {
            let records = [&good, bad, &good];
            let file = packed(records.into_iter(), pack);
            let offset = if name == "warc" {
                good.len()
            } else {
                pack(&good).len()
            };
            for jobs in ["1", "3"] {
                let done = run(&["-j", jobs], &file);
                assert_eq!(done.exit, Some(3), "{name} {told}");
                let expected = packed([&page("a"), bad, &page("a")].into_iter(), same);
                assert!(unpack(&done.out) == expected, "{name} {told}");
                let start = format!("dehusk: record 2 at byte {offset}: {told}");
                assert!(done.err.starts_with(&start), "{name} {}\n{start}", done.err);

                let done = run(&["-j", jobs, "--strict"], &file);
                assert_eq!(done.exit, Some(2), "{name} {told}");
                assert!(unpack(&done.out) == page("a"), "{name} {told}");
                assert!(done.err.starts_with(&start), "{name} {}", done.err);
            }
        }
    }
}

trait Replace {
    fn replace_once(self, from: &[u8], to: &[u8]) -> Vec<u8>;
}

impl Replace for Vec<u8> {
    fn replace_once(self, from: &[u8], to: &[u8]) -> Vec<u8> {
        let at = self
            .windows(from.len())
            .position(|w| w == from)
            .expect("it is there");
        [&self[..at], to, &self[at + from.len()..]].concat()
    }
}

#[test]
fn what_was_cut_off_when_it_was_fetched_is_filtered() {
    let body = gzip(format!("<p>{}</p>{X}{}", "word ".repeat(9), "end ".repeat(9)).as_bytes());
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n";
    let block = [head.as_bytes(), &body[..body.len() - 20]].concat();
    let cut = run(&[], &record(RESPONSE, &block));
    assert_eq!(cut.exit, Some(3));
    let marked = record(&format!("{RESPONSE}\nWARC-Truncated: length"), &block);
    let cut = run(&[], &marked);
    assert_eq!((cut.exit, cut.err.as_str()), (Some(0), ""));
    let out = String::from_utf8(cut.out).expect("text");
    assert!(
        out.contains("<p>word word") && !out.contains("class=x"),
        "{out}"
    );
    assert!(
        out.contains("WARC-Truncated: length") && !out.contains("gzip"),
        "{out}"
    );
}

#[test]
fn a_last_record_that_breaks_off_is_told() {
    let (first, last) = (page(&format!("a{X}")), page(&format!("b{X}c")));
    for (name, pack, unpack) in FORMS {
        let (whole, part) = (pack(&first), pack(&last));
        // Without the lines behind it a record is whole.
        let least = if name == "warc" { 4 } else { 1 };
        for cut in [least + 1, 20, part.len() - 7, part.len() - 1] {
            let there = &part[..part.len() - cut];
            let file = [&whole[..], there].concat();
            let done = run(&[], &file);
            assert_eq!(done.exit, Some(3), "{name} {cut}");
            let start = format!("dehusk: record 2 at byte {}: cut short: ", whole.len());
            assert!(done.err.starts_with(&start), "{name} {cut} {}", done.err);
            assert!(done.out.ends_with(there), "{name} {cut}");
            let first = &done.out[..done.out.len() - there.len()];
            assert!(unpack(first) == page("a"), "{name} {cut}");
        }
    }
    // To another form goes what there is of it.
    let file = [gzip(&first), gzip(&last)[..gzip(&last).len() - 20].to_vec()].concat();
    let base = folder("cut", &[("in.warc.gz", &file)]);
    let done = run_at(&base, &["in.warc.gz", "-o", "out.warc"]);
    assert_eq!(done.exit, Some(3), "{}", done.err);
    let out = fs::read(base.join("out.warc")).expect("an output");
    let rest = out.strip_prefix(&page("a")[..]).expect("the first");
    assert!(rest.len() > 100 && last.starts_with(rest));
    // A long one, which has gone out in pieces.
    let long = image(600_000);
    for (name, pack, _) in FORMS {
        let (whole, part) = (pack(&first), pack(&long));
        let there = &part[..part.len() - 1000];
        let done = run(&[], &[&whole[..], there].concat());
        assert_eq!(done.exit, Some(3), "{name}");
        assert!(done.err.contains("record 2 at byte"), "{name} {}", done.err);
        assert!(done.err.contains("cut short: "), "{name} {}", done.err);
        assert!(done.out.ends_with(there), "{name}");
    }
}

#[test]
fn what_cannot_be_read_in_the_middle_passes() {
    let good = page(&format!("a{X}"));
    for (name, pack, _) in FORMS {
        let member = pack(&good);
        let mut flipped = member.clone();
        let at = flipped.len() - 30;
        flipped[at] ^= 0x10;
        let page = pack(&page(&"word ".repeat(20_000)));
        for (what, broken) in [
            ("words", b"words and \r\n more of them\r\n".to_vec()),
            ("other members", pack(b"no record\n")),
            ("half a member", page[..page.len() / 2].to_vec()),
            ("a flipped bit", flipped),
        ] {
            if name == "warc" && what == "half a member" {
                continue; // it takes what follows for its own
            }
            let file = [&member[..], &broken, &member, &member].concat();
            let done = run(&[], &file);
            let same = run(&[], &member).out;
            let expected = [&same[..], &broken, &same, &same].concat();
            if name == "warc" && what == "a flipped bit" {
                // No checksum tells.
                assert_eq!(done.exit, Some(0), "{}", done.err);
                continue;
            }
            assert_eq!(done.exit, Some(3), "{name} {what}");
            let start = format!("dehusk: record 2 at byte {}: ", member.len());
            assert!(done.err.starts_with(&start), "{name} {what}: {}", done.err);
            assert_eq!(done.err.lines().count(), 2, "{name} {what}: {}", done.err);
            assert!(done.out == expected, "{name} {what}: {}", done.err);
        }
        if name != "warc" {
            // What cannot be read cannot be put into another form.
            let base = folder(
                &format!("middle-{name}"),
                &[("in", &[&member[..], b"words", &member].concat())],
            );
            let done = run_at(&base, &["in", "-o", "out.warc"]);
            assert_eq!(done.exit, Some(2), "{}", done.err);
            let told = format!(
                "cannot read in from byte {} on: no member begins there",
                member.len()
            );
            assert!(done.err.contains(&told), "{}", done.err);
            assert!(
                fs::read(base.join("out.warc.part"))
                    .expect("a part")
                    .starts_with(b"WARC/1.0")
            );
        }
    }
}

#[test]
fn members_with_more_or_less_than_a_record() {
    let (a, b) = (page(&format!("a{X}")), page("b"));
    let expected = [page("a"), b.clone(), page("a"), b.clone()].concat();
    for (name, pack, unpack) in &FORMS[1..] {
        let two = pack(&[&a[..], &b].concat());
        let (one, other) = a.split_at(100);
        let halves = [pack(one), pack(other)].concat();
        let done = run(&[], &[&two[..], &halves, &pack(b""), &pack(&b)].concat());
        assert_eq!((done.exit, done.err.as_str()), (Some(0), ""), "{name}");
        assert!(unpack(&done.out) == expected, "{name}");
        // A large record is on its way when the other is seen.
        let large = [image(600_000), a.clone()].concat();
        let file = [pack(&large), pack(&a)].concat();
        let done = run(&[], &file);
        assert_eq!(done.exit, Some(3), "{name}");
        assert!(
            done.err.contains("other records are in its gzip member"),
            "{}",
            done.err
        );
        assert!(unpack(&done.out) == [large, page("a")].concat(), "{name}");
    }
}

/// Whatever happens to a file: where no rule drops anything the bytes that come out are those that came in.
#[test]
fn no_byte_is_lost_of_broken_files() {
    let mut random = 17_u32;
    let mut next = move |below: usize| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 8) as usize % below
    };
    let records = [
        warcinfo(),
        page("<p>a</p><i class=word>b</i>"),
        response(
            &format!("{HTML}\nContent-Encoding: gzip\nTransfer-Encoding: chunked"),
            b"3\r\nabc\r\n0\r\n\r\n",
        ),
        response(&format!("{HTML}\nContent-Encoding: gzip"), &gzip(b"<p>b")),
        record("WARC-Type: resource\nContent-Type: text/html", b"<p>c"),
        image(3000),
        page("<p>d</p>"),
    ];
    let mut files = Vec::new();
    for (name, pack, _) in FORMS {
        let file = packed(records.iter(), pack);
        for i in 0..250 {
            let mut bytes = file.clone();
            match i % 5 {
                0 => bytes.truncate(next(file.len())),
                1 => drop(bytes.splice(..next(file.len()), [])),
                2 => {
                    let (from, to) = (next(file.len()), next(file.len()));
                    drop(bytes.splice(from.min(to)..from.max(to), []));
                }
                3 => {
                    let (from, to) = (next(file.len()), next(file.len()));
                    let piece = bytes[from.min(to)..from.max(to)].to_vec();
                    let at = next(file.len());
                    drop(bytes.splice(at..at, piece));
                }
                _ => {
                    for _ in 0..=next(5) {
                        let at = next(file.len());
                        // ASCII stays ASCII: what is not UTF-8 comes out as UTF-8.
                        bytes[at] ^= 1 << next(7);
                    }
                }
            }
            files.push((format!("in/{i}.{name}"), bytes));
        }
    }
    let named: Vec<_> = files
        .iter()
        .map(|(name, bytes)| (&**name, &bytes[..]))
        .collect();
    let base = folder("broken", &named);
    // What is not UTF-8 comes out as UTF-8, so the rest of a broken page may differ.
    let done = run_at(&base, &["in", "-o", "out", "--encoding", "utf-8"]);
    assert_eq!(done.exit, Some(3), "{}", done.err);
    for (name, bytes) in &files {
        let out = fs::read(base.join(name.replacen("in", "out", 1))).expect("an output");
        let told: Vec<_> = done
            .err
            .lines()
            .filter(|line| line.contains(&format!("{name}:")))
            .collect();
        assert!(out == *bytes, "{name} {told:#?}");
    }
}

#[test]
fn folders_of_files() {
    let (before, after) = (page(&format!("a{X}")), page("a"));
    let base = folder(
        "folders",
        &[
            ("in/a.warc", &before),
            ("in/b/c.warc.gz", &gzip(&before)),
            ("in/b/misnamed.warc", &gzip(&before)),
            ("in/d.WARC.zst", &zstd(&before)),
            ("in/no.html", X.as_bytes()),
        ],
    );
    let check = |folder: &str| {
        let read = |name: &str| fs::read(base.join(folder).join(name)).expect("an output");
        assert!(read("a.warc") == after);
        assert!(gunzip(&read("b/c.warc.gz")) == after);
        assert!(gunzip(&read("b/misnamed.warc")) == after);
        assert!(unzstd(&read("d.WARC.zst")) == after);
    };
    let done = run_at(&base, &["in", "-o", "out", "--summary"]);
    assert_eq!(done.exit, Some(0), "{}", done.err);
    check("out");
    assert!(!base.join("out/no.html").exists());
    for row in ["pages 4 ", "bytes in ", "failed 0"] {
        let words = done.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(row), "{words}");
    }
    fs::write(base.join("out/a.warc"), &after).expect("a file for tests");
    let done = run_at(&base, &["in", "-o", "out", "--resume", "--summary"]);
    let words = done.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("pages 1 ") && words.contains("up to date 3"),
        "{words}"
    );
    check("out");
    let done = run_at(&base, &["in", "--in-place"]);
    assert_eq!((done.exit, done.err.as_str()), (Some(0), ""));
    check("in");
}

#[test]
fn wrong_flags_are_told() {
    let base = folder("flags", &[("a.warc", &warcinfo())]);
    for (args, told) in [
        (&["a.warc", "--jsonl"][..], "cannot be used with"),
        (&["a.warc", "--explain"], "--explain is for one page"),
        (&["a.warc", "-o", "a.warc"], "not written over itself"),
        (&["a.warc", "--html-field", "x"], "cannot be used with"),
        (&["missing"], "cannot open missing"),
    ] {
        let done = run_at(&base, args);
        assert_eq!(done.exit, Some(2), "{args:?}");
        assert!(done.err.contains(told), "{}", done.err);
    }
    let nothing = run(&[], b"");
    assert_eq!((nothing.exit, &nothing.out[..]), (Some(0), &b""[..]));
}

#[test]
fn who_waits_for_a_record_gets_it() {
    for (name, pack, unpack) in FORMS {
        let mut child = dehusk(&["-j2"]).spawn().expect("the command starts");
        let mut input = child.stdin.take().expect("a pipe");
        let mut output = child.stdout.take().expect("a pipe");
        for _ in 0..5 {
            input
                .write_all(&pack(&page(&format!("a{X}"))))
                .expect("a reader");
            let mut out = Vec::new();
            let mut piece = [0; 4096];
            // What there is of it may come in pieces.
            while out.len() < 20 || name == "warc" && out.len() < page("a").len() {
                let n = output.read(&mut piece).expect("a pipe");
                out.extend_from_slice(&piece[..n]);
            }
            assert!(unpack(&out) == page("a"), "{name}");
        }
        drop(input);
        assert!(child.wait().expect("the command ends").success());
    }
}

/// A record of 200 MB through two workers, whose memory is looked at before the end.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_a_record() {
    const PIECES: usize = 200;
    for (kind, head) in [
        ("image/png", HTML.replace("text/html", "image/png")),
        ("text/html", HTML.to_owned()),
    ] {
        let mut child = dehusk(&["-j2"]).spawn().expect("the command starts");
        let mut input = child.stdin.take().expect("a pipe");
        let mut output = child.stdout.take().expect("a pipe");
        let reader = thread::spawn(move || {
            std::io::copy(&mut output, &mut std::io::sink()).expect("a pipe")
        });
        let piece = vec![b'x'; 1_000_000];
        let block = format!("{}\r\n\r\n", head.replace('\n', "\r\n"));
        let length = block.len() + PIECES * piece.len();
        let record = format!(
            "WARC/1.0\r\n{}\r\nContent-Length: {length}\r\n\r\n{block}",
            RESPONSE.replace('\n', "\r\n")
        );
        input.write_all(record.as_bytes()).expect("a reader");
        for _ in 0..PIECES {
            input.write_all(&piece).expect("a reader");
        }
        let status =
            fs::read_to_string(format!("/proc/{}/status", child.id())).expect("its status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
        input.write_all(b"\r\n\r\n").expect("a reader");
        drop(input);
        let ended = child.wait_with_output().expect("the command ends");
        let told = String::from_utf8_lossy(&ended.stderr);
        // A page of that length is told.
        let exit = if kind == "text/html" { 3 } else { 0 };
        assert_eq!(ended.status.code(), Some(exit), "{told}");
        assert_eq!(
            told.contains("record 1 at byte 0: a page of more than 64 MiB"),
            exit == 3,
            "{told}"
        );
        let written = reader.join().expect("the reader ends");
        assert_eq!(written as usize, record.len() + PIECES * piece.len() + 4);
        assert!(kilobytes.expect("a number") < 64 * 1024, "{peak:?} kB");
    }
}

#[cfg(unix)]
#[test]
fn being_stopped_leaves_whole_records() {
    let mut crawl = crawl();
    crawl.drain(..100); // from somewhere in the middle to the large one and the end
    let before = packed(crawl.iter().map(|(before, _)| before), same);
    let after = packed(crawl.iter().map(|(_, after)| after), same);
    for jobs in ["1", "3"] {
        for wait in [1, 200_000, 700_000] {
            // The input goes on for ever; the output is read until so much has come.
            let mut child = dehusk(&["-j", jobs]).spawn().expect("the command starts");
            let mut input = child.stdin.take().expect("a pipe");
            let file = before.clone();
            let writer = thread::spawn(move || while input.write_all(&file).is_ok() {});
            let mut output = child.stdout.take().expect("a pipe");
            let mut out = vec![0; wait];
            output.read_exact(&mut out).expect("an output");
            let status = Command::new("kill")
                .args(["-s", "INT", &child.id().to_string()])
                .status();
            assert!(status.expect("kill runs").success());
            output.read_to_end(&mut out).expect("an output");
            let ended = child.wait_with_output().expect("the command ends");
            writer.join().expect("the writer ends");
            let told = String::from_utf8_lossy(&ended.stderr).replace(',', "");
            assert_eq!(ended.status.code(), Some(130), "{told}");
            let mut rest = &out[out.len() / after.len() * after.len()..];
            let mut count = out.len() / after.len() * crawl.len();
            for (_, record) in &crawl {
                if rest.is_empty() {
                    break;
                }
                let there = rest.strip_prefix(&record[..]);
                rest = there.unwrap_or_else(|| panic!("a part of a record: {told}"));
                count += 1;
            }
            assert!(
                told.contains(&format!("stopped after record {count} of standard input")),
                "{count} {told}"
            );
        }
    }
}
