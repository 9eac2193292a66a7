//! JSON lines: blocks of whole lines from a reader, each line a record whose HTML is replaced. What is
//! no such record passes as it is, and is told.

use super::compression::{Block, Compressed, Packer};
use super::json::{self, Names};
use super::page::{Page, Settings};
use super::pool::Job;
use super::summary::Summary;
use anyhow::{Context as _, Result};
use std::io::{self, Read};
use std::ops::Range;

/// Lines come in blocks of about so many bytes.
const BLOCK: usize = 256 * 1024;
/// The longest line that is taken for a record.
const LONGEST: usize = 256 * 1024 * 1024;

/// Memory that a worker keeps for the next record, in bytes.
const KEPT: usize = 8 * 1024 * 1024;
/// What is read at a time if somebody waits for it.
const PIECE: usize = 64 * 1024;

/// Lines of a file, whole ones.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    bytes: Vec<u8>,
    /// The number of the first, from 1.
    first: u64,
    /// They are a part of one line that is too long.
    part: bool,
}

/// Cuts what is read into blocks of whole lines.
pub(crate) struct Cutter<R> {
    input: R,
    name: String,
    /// Hands on whole lines as soon as they are there, however few: somebody may wait for them.
    eager: bool,
    block: usize,
    longest: usize,
    /// What has been read.
    buffer: Vec<u8>,
    /// The number of its first line.
    line: u64,
    /// It begins in a line that is too long.
    in_part: bool,
    /// So much of it holds no end of a line.
    searched: usize,
    ended: bool,
    failed: Option<io::Error>,
    piece: Vec<u8>,
}

impl<R: Read> Cutter<R> {
    /// Of an input of this name.
    pub(crate) fn new(input: R, name: &str, eager: bool) -> Self {
        Cutter {
            input,
            name: name.to_owned(),
            eager,
            block: BLOCK,
            longest: LONGEST,
            buffer: Vec::new(),
            line: 1,
            in_part: false,
            searched: 0,
            ended: false,
            failed: None,
            piece: Vec::new(),
        }
    }

    /// The next block; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the reader. Whole lines that were read before have been handed on; the part of a line
    /// behind them has not.
    pub(crate) fn next(&mut self) -> Result<Option<Lines>> {
        // Blocks end where the content says, not where the reader paused: what is made of them does not
        // depend on how the input came.
        let mut wanted = self.block;
        loop {
            self.fill(wanted);
            if self.in_part {
                if let Some(at) = memchr::memchr(b'\n', &self.buffer) {
                    self.in_part = false;
                    return Ok(Some(self.cut(at + 1, true)));
                }
            } else if self.eager || self.buffer.len() >= wanted || self.failed.is_some() {
                let new = self.buffer.get(self.searched..).unwrap_or_default();
                if let Some(at) = memchr::memrchr(b'\n', new) {
                    return Ok(Some(self.cut(self.searched + at + 1, false)));
                }
                self.searched = self.buffer.len();
            }
            if let Some(error) = self.failed.take() {
                let (name, line) = (&self.name, self.line);
                return Err(error).context(format!("cannot read {name} from line {line} on"));
            }
            let all = self.buffer.len();
            if self.ended {
                return Ok((all > 0).then(|| self.cut(all, self.in_part)));
            }
            if self.in_part || all >= self.longest {
                self.in_part = true;
                return Ok(Some(self.cut(all, true)));
            }
            if all >= wanted {
                wanted = wanted.saturating_mul(2).min(self.longest);
            }
        }
    }

    /// Reads until the buffer holds so much, or just something if that will do.
    fn fill(&mut self, wanted: usize) {
        let missing = wanted.saturating_sub(self.buffer.len());
        if self.ended || missing == 0 {
            return;
        }
        let result = if self.eager {
            let n = missing.min(PIECE);
            self.piece.resize(PIECE, 0);
            let piece = self.piece.get_mut(..n).unwrap_or_default();
            let read = retried(|| self.input.read(piece));
            read.map(|n| {
                self.buffer.extend_from_slice(&self.piece[..n]);
                n == 0
            })
        } else {
            self.buffer.reserve(missing);
            let mut input = self.input.by_ref().take(missing as u64);
            input.read_to_end(&mut self.buffer).map(|n| n < missing)
        };
        match result {
            Ok(ended) => self.ended = ended,
            Err(error) => {
                self.ended = true;
                self.failed = Some(error);
            }
        }
    }

    fn cut(&mut self, end: usize, part: bool) -> Lines {
        let rest = self.buffer.split_off(end);
        self.searched = 0;
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let first = self.line;
        self.line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Lines { bytes, first, part }
    }
}

fn retried(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// What has to be told of a line.
#[derive(Debug)]
pub(crate) struct Problem {
    pub line: u64,
    pub what: String,
}

/// What became of a block.
pub(crate) struct Done {
    pub block: Result<Block>,
    pub summary: Summary,
    pub problems: Vec<Problem>,
    /// The last line of it that is done.
    pub last: u64,
    /// The next line is one that nothing is done after.
    pub halt: bool,
    /// Its last line has no end.
    pub is_open: bool,
}

/// How records are filtered.
pub(crate) struct Records {
    pub settings: Settings,
    pub names: Names,
    /// The site is known from elsewhere; records are not asked.
    pub one_site: bool,
    /// Nothing is done after the first that goes wrong.
    pub strict: bool,
    /// What the output is to be.
    pub compressed: Compressed,
}

/// What is kept from record to record.
pub(crate) struct Worker {
    page: Page,
    decoded: Vec<u8>,
    url: Vec<u8>,
    /// What comes in the place of parts of a line.
    new: Vec<u8>,
    /// Memory for what is written.
    out: Vec<u8>,
    packer: Packer,
}

impl Worker {
    /// Empties what the next block needs empty, and gives back what a huge record took.
    fn tidy(&mut self) {
        self.out.clear();
        let buffers = [
            &mut self.decoded,
            &mut self.url,
            &mut self.new,
            &mut self.out,
        ];
        for buffer in buffers.into_iter().chain([self.page.memory()]) {
            if buffer.capacity() > KEPT {
                *buffer = Vec::new();
            }
        }
    }
}

impl Job for Records {
    type Unit = Lines;
    type Done = Done;
    type Worker = Worker;

    fn size(unit: &Lines) -> usize {
        unit.bytes.len()
    }

    fn worker(&self) -> Worker {
        Worker {
            page: Page::default(),
            decoded: Vec::new(),
            url: Vec::new(),
            new: Vec::new(),
            out: Vec::new(),
            packer: Packer::new(self.compressed),
        }
    }

    fn work(&self, worker: &mut Worker, lines: Lines) -> Done {
        let mut out = std::mem::take(&mut worker.out);
        out.reserve(lines.bytes.len());
        let mut summary = Summary::default();
        let mut problems = Vec::new();
        let mut number = lines.first;
        let mut halt = false;
        for line in lines_of(&lines.bytes) {
            let before = out.len();
            let result = if lines.part {
                Err(format!("longer than {} MiB", LONGEST / 1024 / 1024))
            } else {
                self.record(line, worker, &mut out, &mut summary)
            };
            let what = match result {
                Ok(None) => None,
                Ok(Some(unfiltered)) => Some(format!("{unfiltered}; the page is as it was")),
                Err(what) => {
                    out.truncate(before);
                    out.extend_from_slice(line);
                    summary.failed += 1;
                    Some(what)
                }
            };
            if let Some(what) = what {
                problems.push(Problem { line: number, what });
                if self.strict {
                    out.truncate(before);
                    halt = true;
                    break;
                }
            }
            number += 1;
        }
        let is_open = out.last().is_some_and(|byte| *byte != b'\n');
        // What was read is not needed any more, what was written goes elsewhere.
        worker.out = lines.bytes;
        worker.tidy();
        Done {
            block: worker.packer.pack(out),
            summary,
            problems,
            last: number - 1,
            halt,
            is_open,
        }
    }
}

impl Records {
    /// Writes a record without its husk; tells why not all of it could be filtered.
    ///
    /// # Errors
    ///
    /// What is wrong with the line, in words. What has been written of it does not count.
    fn record(
        &self,
        line: &[u8],
        worker: &mut Worker,
        out: &mut Vec<u8>,
        summary: &mut Summary,
    ) -> Result<Option<String>, String> {
        let mark: &[u8] = if line.starts_with(b"\xef\xbb\xbf") {
            &line[..3]
        } else {
            b""
        };
        let record = &line[mark.len()..];
        if record.trim_ascii().is_empty() {
            out.extend_from_slice(line);
            return Ok(None);
        }
        let places = json::places(record, &self.names).map_err(|bad| bad.to_string())?;
        if places.html.is_empty() {
            return Err(format!("no field \"{}\"", self.names.html));
        }
        let url = match &places.url {
            Some(place) if !self.one_site => {
                let url = json::string(&record[place.clone()], &mut worker.url);
                url.and_then(|url| std::str::from_utf8(url).ok())
            }
            _ => None,
        };
        // Values are replaced in the order in which they stand.
        let mut edits: Vec<Edit> = Vec::with_capacity(2);
        let new = &mut worker.new;
        new.clear();
        let mut unfiltered = None;
        let mut report = None;
        // Pages that come before one that is none do not count.
        let is_string = |place: &Range<usize>| record[place.clone()].starts_with(b"\"");
        let not_string = || format!("field \"{}\" is no string", self.names.html);
        if !places.html.iter().all(is_string) {
            return Err(not_string());
        }
        for place in &places.html {
            let value = &record[place.clone()];
            let html = json::string(value, &mut worker.decoded).ok_or_else(not_string)?;
            let page = worker.page.clean(&self.settings, url, None, html)?;
            summary.add(&page.report);
            unfiltered = unfiltered.or_else(|| page.report.unfiltered.clone());
            if page.clean != html {
                let start = new.len();
                json::write_string(page.clean, value.is_ascii(), new);
                edits.push(Edit {
                    place: place.clone(),
                    new: start..new.len(),
                });
            }
            if self.names.report.is_some() {
                report = Some((page.report, value.is_ascii()));
            }
        }
        if let (Some(name), Some((report, ascii))) = (&self.names.report, report) {
            let start = new.len();
            let at_end = places.end..places.end;
            let mut there = &places.reports[..];
            if there.is_empty() {
                there = std::slice::from_ref(&at_end);
                new.push(b',');
                json::write_string(name.as_bytes(), ascii, new);
                new.push(b':');
            }
            json::write_json(&self.settings.report_json(&report), ascii, new);
            edits.extend(there.iter().map(|place| Edit {
                place: place.clone(),
                new: start..new.len(),
            }));
        }
        edits.sort_by_key(|edit| edit.place.start);
        out.extend_from_slice(mark);
        let mut copied = 0;
        for edit in edits {
            out.extend_from_slice(&record[copied..edit.place.start]);
            out.extend_from_slice(&new[edit.new]);
            copied = edit.place.end;
        }
        out.extend_from_slice(&record[copied..]);
        Ok(unfiltered)
    }
}

/// What comes in the place of a part of a line.
struct Edit {
    place: Range<usize>,
    /// Where it is written.
    new: Range<usize>,
}

/// Lines, each with its end.
fn lines_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (line, behind) = rest.split_at(end);
        rest = behind;
        (end > 0).then_some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives so many bytes at a time, and at the end an error if that is wanted.
    struct Drip<'a>(&'a [u8], usize, bool);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(buffer.len());
            if n == 0 && self.2 {
                return Err(io::Error::other("broken"));
            }
            let (now, later) = self.0.split_at(n);
            buffer[..n].copy_from_slice(now);
            self.0 = later;
            Ok(n)
        }
    }

    fn cutter<'a>(input: Drip<'a>, eager: bool, longest: usize) -> Cutter<Drip<'a>> {
        Cutter {
            block: 8,
            longest,
            ..Cutter::new(input, "x", eager)
        }
    }

    /// The blocks, each with the number of its first line, `+` if it is a part of a line.
    fn blocks(mut cutter: Cutter<Drip<'_>>) -> Vec<String> {
        let mut blocks = Vec::new();
        loop {
            match cutter.next() {
                Ok(Some(Lines { bytes, first, part })) => {
                    let mark = if part { "+" } else { "" };
                    let text = String::from_utf8(bytes).unwrap();
                    blocks.push(format!("{first}{mark} {text}"));
                }
                Ok(None) => return blocks,
                Err(error) => {
                    blocks.push(format!("{error:#}"));
                    return blocks;
                }
            }
        }
    }

    #[test]
    fn blocks_end_with_lines_however_the_input_comes() {
        for (text, expected) in [
            ("", &[][..]),
            ("a", &["1 a"]),
            ("a\n\nb\n", &["1 a\n\nb\n"]),
            ("abc\ndef\nghi\njkl", &["1 abc\ndef\n", "3 ghi\njkl"]),
            (
                "0123456789012345678\nx\ny\nz\n",
                &["1 0123456789012345678\nx\ny\nz\n"],
            ),
            ("01234567890\nabc\n", &["1 01234567890\nabc\n"]),
        ] {
            for drip in [1, 3, 100] {
                let blocks = blocks(cutter(Drip(text.as_bytes(), drip, false), false, 1000));
                assert_eq!(blocks, expected, "{drip}");
            }
        }
    }

    #[test]
    fn who_waits_gets_lines_as_they_come() {
        let input = Drip(b"abc\nde\nfghijklmnopqrst\nu", 4, false);
        let blocks = blocks(cutter(input, true, 1000));
        let expected = ["1 abc\n", "2 de\n", "3 fghijklmnopqrst\n", "4 u"];
        assert_eq!(blocks, expected);
    }

    #[test]
    fn lines_that_are_too_long_come_in_parts() {
        for eager in [false, true] {
            let text = format!("a\n{}\nb\n", "x".repeat(30));
            let blocks = blocks(cutter(Drip(text.as_bytes(), 100, false), eager, 16));
            let parts: String = blocks
                .iter()
                .filter(|b| b.starts_with("2+"))
                .map(|b| &b[3..])
                .collect();
            assert_eq!(parts, format!("{}\n", "x".repeat(30)), "{blocks:?}");
            assert_eq!(blocks.first().unwrap(), "1 a\n");
            assert_eq!(blocks.last().unwrap(), "3 b\n");
        }
    }

    #[test]
    fn what_was_whole_comes_before_an_error() {
        for eager in [false, true] {
            let input = Drip(b"a\nb\nc", 100, true);
            let told = "cannot read x from line 3 on: broken";
            assert_eq!(blocks(cutter(input, eager, 1000)), ["1 a\nb\n", told]);
        }
    }
}
