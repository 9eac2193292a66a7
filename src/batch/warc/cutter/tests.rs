use super::super::packing::{Form, Packer};
use super::*;
use crate::batch::compression::Compressed;
use std::io;

/// Gives so many bytes at a time.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(self.0.len()).min(buffer.len());
        let (now, later) = self.0.split_at(n);
        buffer[..n].copy_from_slice(now);
        self.0 = later;
        Ok(n)
    }
}

/// Everything that comes out, what is written as it is in one piece.
fn parts(file: &[u8], size: usize, eager: bool, wanted: &Wanted) -> Vec<String> {
    let mut parts = Vec::new();
    let mut ready: Vec<u8> = Vec::new();
    let mut flush = |ready: &mut Vec<u8>, part: Option<String>| {
        if !ready.is_empty() {
            parts.push(format!("ready {}", std::mem::take(ready).escape_ascii()));
        }
        parts.extend(part);
    };
    let mut others = 0;
    let mut cut = || -> Result<()> {
        let mut cutter = Cutter::open(Drip(file, size), "x", eager, wanted)?;
        while let Some(unit) = cutter.next()? {
            others += unit.others;
            for part in unit.parts {
                match part {
                    Part::Ready(bytes) => ready.extend(bytes),
                    other => flush(&mut ready, Some(format!("{other:?}"))),
                }
            }
        }
        Ok(())
    };
    let error = cut().err().map(|error| format!("{error:#}"));
    flush(&mut ready, error);
    parts.push(format!("{others} others"));
    parts
}

fn record(fields: &str, block: &[u8]) -> Vec<u8> {
    let length = block.len();
    let head = format!("WARC/1.1\r\n{fields}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

const RESPONSE: &str = "WARC-Type: response\r\nContent-Type: application/http\r\n";

/// Records, one of them of so many bytes.
fn records(large: usize) -> Vec<Vec<u8>> {
    let noise: Vec<u8> = (0..large).map(|i| (i * i / 7 % 251) as u8).collect();
    vec![
        record("WARC-Type: warcinfo\r\n", b"a: b\r\n"),
        record(
            RESPONSE,
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>a",
        ),
        record(
            RESPONSE,
            b"HTTP/1.1 200 OK\r\nContent-Type: text/css\r\n\r\nWARC/1.0\r\n",
        ),
        record(
            "WARC-Type: resource\r\nContent-Type: text/html\r\n",
            b"<p>b",
        ),
        record("", &noise),
        record(RESPONSE, b"HTTP/1.1 200 OK\nContent-Type: text/html\n\n\n"),
    ]
}

fn packed(kind: Compressed, records: &[Vec<u8>]) -> Vec<u8> {
    let form = Form {
        kind,
        ..Form::default()
    };
    let mut packer = Packer::new(&form).unwrap();
    let mut file = Vec::new();
    for record in records {
        packer.pack(record, &mut file).unwrap();
    }
    file
}

const KINDS: [Compressed; 3] = [Compressed::No, Compressed::Gzip, Compressed::Zstd];

#[test]
fn what_comes_out_does_not_depend_on_how_the_input_comes() {
    for (large, sizes) in [(100, [1, 7]), (BLOCK + 5000, [4000, 30_000])] {
        let records = records(large);
        let all = [records.concat()];
        for kind in KINDS {
            let whole = packed(kind, &records);
            let mut broken = whole.clone();
            broken.splice(150..160, *b"\r\n\r\nWARC/");
            let mut cut = whole.clone();
            cut.truncate(whole.len() - 30);
            let files = [
                ("whole", whole),
                ("in one", packed(kind, &all)),
                ("broken", broken),
                ("cut", cut),
            ];
            for (what, file) in files {
                for wanted in [Wanted::Same, Wanted::Kind(Compressed::No)] {
                    // Deflate of the same in other pieces is not the same.
                    if what == "in one" && large > BLOCK && matches!(wanted, Wanted::Same) {
                        continue;
                    }
                    let expected = parts(&file, usize::MAX, false, &wanted);
                    for (size, eager) in [(sizes[0], true), (sizes[1], false)] {
                        let parts = parts(&file, size, eager, &wanted);
                        assert!(parts == expected, "{kind:?} {what} {size} {wanted:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn pages_are_found_and_all_others_go_on() {
    let records = records(BLOCK + 5000);
    for kind in KINDS {
        let parts = parts(&packed(kind, &records), 1000, false, &Wanted::Same);
        let kinds: Vec<&str> = parts
            .iter()
            .flat_map(|part| part.split(' ').next())
            .collect();
        let expected = ["ready", "Page", "ready", "Page", "ready", "Page", "3"];
        assert_eq!(kinds, expected, "{kind:?}");
    }
}

#[test]
fn an_error_of_the_reader_comes_behind_what_was_whole() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
    let records = records(BLOCK + 5000);
    for kind in KINDS {
        let first = packed(kind, &records[..1]);
        let second = packed(kind, &records[1..2]);
        let there = [&first[..], &second[..second.len() - 10]].concat();
        let input = there.chain(Broken);
        let mut cutter = Cutter::open(input, "x", false, &Wanted::Same).unwrap();
        let unit = cutter.next().unwrap().expect("a unit");
        assert!(
            matches!(&unit.parts[..], [Part::Ready(ready)] if *ready == first),
            "{kind:?}"
        );
        let error = format!("{:#}", cutter.next().unwrap_err());
        assert!(error.starts_with("cannot read x from byte "), "{error}");
        assert!(error.ends_with(" on: broken"), "{error}");
    }
}
