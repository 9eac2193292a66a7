//! Records from what is read: each whole, if it is small or has a page in it, or in pieces. What has no
//! page, what is no record, and what breaks off goes on in the bytes that it came in.

use super::body;
use super::head;
use super::members::{Members, Step};
use super::packing::{Form, Packer};
use super::record::{self, Holds, Parts};
use crate::batch::compression::Compressed;
use anyhow::{Context as _, Result, anyhow};
use std::io::Read;
use std::sync::Arc;

/// Units are of about so many bytes, and so are the pieces of a record that goes through in pieces.
const BLOCK: usize = 256 * 1024;
/// The longest head of a record, and of the HTTP message in it.
const LONGEST_HEAD: usize = 1024 * 1024;
/// The longest block with a page in it that is filtered.
const LONGEST_BLOCK: u64 = body::LONGEST as u64;
/// What members may have beyond their content, in memory.
const MOST_RAW: usize = 16 * 1024 * 1024;
/// Memory that is kept for the next record.
const KEPT: usize = 8 * 1024 * 1024;
/// The first bytes of a record.
const SIGN: &[u8] = b"WARC/";
/// What ends a record.
const TRAILER: usize = 4;

/// How an output is to be compressed.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// As the input is.
    Same,
    Kind(Compressed),
    /// It has begun in this form.
    Begun(Arc<Form>),
}

/// A record, by its number in the file, from 1, and the byte that it or its member begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub record: u64,
    pub offset: u64,
}

/// A part of a file.
#[derive(Debug)]
pub(crate) enum Part {
    /// To be written as it is.
    Ready(Vec<u8>),
    /// A record to be packed.
    Pack(Vec<u8>),
    /// A record with a page, and its members if they can be written as they are.
    Page {
        record: Vec<u8>,
        parts: Parts,
        raw: Option<Vec<u8>>,
        place: Place,
    },
    /// Something is wrong with what comes next, which is passed on.
    Problem(Place, String),
}

/// Some parts of a file.
#[derive(Debug)]
pub(crate) struct Unit {
    pub parts: Vec<Part>,
    pub size: usize,
    /// It ends within a record.
    pub open: bool,
    /// Records without a page that begin in it.
    pub others: u64,
    /// The record that it ends with.
    pub last: u64,
    /// How the output is compressed.
    pub form: Arc<Form>,
}

impl Unit {
    fn new(form: &Arc<Form>) -> Self {
        Unit {
            parts: Vec::new(),
            size: 0,
            open: false,
            others: 0,
            last: 0,
            form: Arc::clone(form),
        }
    }

    fn ready(&mut self, bytes: &[u8]) {
        self.size += bytes.len();
        match self.parts.last_mut() {
            Some(Part::Ready(ready)) => ready.extend_from_slice(bytes),
            _ if bytes.is_empty() => {}
            _ => self.parts.push(Part::Ready(bytes.to_vec())),
        }
    }
}

/// What is being done.
enum State {
    /// A record begins, or nothing more comes.
    Between,
    /// A record goes through in pieces.
    Within(Pieces),
    /// What lies before the next member that can be read goes through; `true` at its first byte.
    Junk(bool),
    Ended,
}

/// A record that goes through in pieces.
struct Pieces {
    place: Place,
    how: How,
    /// Bytes of it that are still to come, without what ends it.
    left: u64,
    /// All its bytes.
    total: u64,
    /// Bytes of what ends it that have come.
    trailer: usize,
    /// Nothing is wrong with what follows it in its member.
    alone: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// Its members, to the end of the last.
    Raw,
    /// Its content.
    Plain,
    /// Its content, packed anew.
    Packed,
}

/// Cuts a file into records.
pub(crate) struct Cutter<R> {
    members: Members<R>,
    name: String,
    form: Arc<Form>,
    /// The output is compressed as the input is.
    same: bool,
    /// Hands on records as soon as they are there: somebody may wait for them.
    eager: bool,
    /// Content that has been read, from `at` on not handed on.
    content: Vec<u8>,
    at: usize,
    /// What the content was made from, if what comes next begins a member.
    raw: Vec<u8>,
    aligned: bool,
    /// The last that was read is the end of a member.
    member_ended: bool,
    /// Where the member begins that was read last, and the one that what comes next began with.
    member_start: u64,
    first_start: u64,
    /// Why no more can be read.
    end: Option<Step>,
    number: u64,
    /// What was before was no record, and that has been told.
    in_junk: bool,
    state: State,
    packer: Packer,
    unit: Unit,
    failed: Option<anyhow::Error>,
}

impl<R: Read> Cutter<R> {
    /// Begins with a file of this name.
    ///
    /// # Errors
    ///
    /// Those of the reader; a dictionary that cannot be read.
    pub(crate) fn open(input: R, name: &str, eager: bool, wanted: &Wanted) -> Result<Self> {
        let cannot = || format!("cannot read {name}");
        let (members, first) = Members::open(input).with_context(cannot)?;
        let there = members.form();
        let (form, is_first) = match wanted {
            Wanted::Same => (Arc::new(there.clone()), true),
            Wanted::Kind(kind) if *kind == there.kind => (Arc::new(there.clone()), true),
            Wanted::Kind(kind) => {
                let form = Form {
                    kind: *kind,
                    ..Form::default()
                };
                (Arc::new(form), true)
            }
            Wanted::Begun(form) => (Arc::clone(form), false),
        };
        let same = *form == *there;
        let mut unit = Unit::new(&form);
        if same && is_first {
            unit.ready(&first);
        }
        Ok(Cutter {
            aligned: members.are_there(),
            members,
            name: name.to_owned(),
            same,
            eager,
            content: Vec::new(),
            at: 0,
            raw: Vec::new(),
            member_ended: true,
            member_start: 0,
            first_start: 0,
            end: None,
            number: 0,
            in_junk: false,
            state: State::Between,
            packer: Packer::new(&form).with_context(cannot)?,
            form,
            unit,
            failed: None,
        })
    }

    /// The next unit; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the reader; members that cannot be read and not be passed on either. What was whole
    /// before has been handed on.
    pub(crate) fn next(&mut self) -> Result<Option<Unit>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        loop {
            let is_more = match self.step() {
                Ok(is_more) => is_more,
                Err(error) => {
                    self.failed = Some(error);
                    false
                }
            };
            let enough = self.unit.size >= BLOCK || self.eager;
            let is_some = !self.unit.parts.is_empty() || self.unit.others > 0;
            if is_some && (enough || !is_more) {
                let next = Unit::new(&self.form);
                let mut unit = std::mem::replace(&mut self.unit, next);
                unit.open = matches!(self.state, State::Within(_));
                unit.last = self.number;
                return Ok(Some(unit));
            }
            if !is_more {
                return self.failed.take().map_or(Ok(None), Err);
            }
        }
    }

    /// Goes on a little; false if there is no more.
    fn step(&mut self) -> Result<bool> {
        match std::mem::replace(&mut self.state, State::Between) {
            State::Between => self.record(),
            State::Within(pieces) => self.pieces(pieces),
            State::Junk(past) => {
                let junk = self.members.junk(past)?;
                self.unit.ready(&junk);
                if !junk.is_empty() {
                    self.state = State::Junk(false);
                }
                Ok(true)
            }
            State::Ended => {
                self.state = State::Ended;
                Ok(false)
            }
        }
    }

    fn rest(&self) -> &[u8] {
        &self.content[self.at..]
    }

    /// Reads on; false if nothing more can be read, and `end` says why.
    fn fill(&mut self) -> Result<bool> {
        if self.end.is_some() {
            return Ok(false);
        }
        self.content.drain(..self.at);
        self.at = 0;
        if self.member_ended {
            self.member_start = self.members.offset();
        }
        let offset = self.members.offset();
        let step = self.members.read(&mut self.content, &mut self.raw);
        let name = &self.name;
        let step = step.with_context(|| format!("cannot read {name} from byte {offset} on"))?;
        if !self.aligned || !self.same {
            self.raw.clear();
        }
        if self.raw.len() > self.content.len() + MOST_RAW {
            self.end = Some(Step::Damaged("it has next to no content".to_owned()));
            return Ok(false);
        }
        match step {
            Step::Content => self.member_ended = false,
            Step::MemberEnd => self.member_ended = true,
            Step::End | Step::Cut | Step::Damaged(_) => {
                self.end = Some(step);
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn place(&self) -> Place {
        let offset = if self.aligned {
            self.first_start
        } else if self.members.are_there() {
            self.member_start
        } else {
            self.members.offset() - self.rest().len() as u64
        };
        Place {
            record: self.number,
            offset,
        }
    }

    /// The next record, or a step towards it.
    fn record(&mut self) -> Result<bool> {
        if self.rest().is_empty() {
            return self.begin();
        }
        let before = self.rest().iter().take_while(|b| is_newline(b)).count();
        let bytes = &self.rest()[before..];
        if bytes.is_empty() {
            if before > LONGEST_HEAD || !self.fill()? {
                self.pass(before);
            }
            return Ok(true);
        }
        let sign = &SIGN[..SIGN.len().min(bytes.len())];
        if !bytes.starts_with(sign) {
            return self.no_record("no WARC record of version 1.0 or 1.1");
        }
        let Some(length) = head::length(bytes) else {
            if bytes.len() > LONGEST_HEAD {
                return self.no_record("its head is too long");
            }
            return if self.fill()? {
                Ok(true)
            } else {
                self.cut(None)
            };
        };
        let outline = match record::outline(&bytes[..length]) {
            Ok(outline) => outline,
            Err(why) => return self.no_record(&why),
        };
        let Some(total) = outline.block.checked_add((before + length) as u64) else {
            return self.no_record("its Content-Length is too large");
        };
        let holds_page = match outline.holds {
            Holds::Other => false,
            Holds::Page => true,
            Holds::Response => {
                let there = &bytes[length..];
                let within = outline.block.min(there.len() as u64) as usize;
                let http = &there[..within];
                match head::length(http) {
                    Some(end) => record::is_page(&http[..end], &bytes[..length]),
                    None if http.len() as u64 == outline.block || http.len() > LONGEST_HEAD => {
                        false
                    }
                    None => {
                        return if self.fill()? {
                            Ok(true)
                        } else {
                            self.cut(Some(total))
                        };
                    }
                }
            }
        };
        self.in_junk = false;
        let is_filtered = holds_page && outline.block <= LONGEST_BLOCK;
        if !is_filtered && total > BLOCK as u64 {
            if holds_page {
                let mib = LONGEST_BLOCK / 1024 / 1024;
                let why = format!("a page of more than {mib} MiB; passed as it is");
                self.problem(why);
            } else {
                self.other();
            }
            self.begin_pieces(total);
            return Ok(true);
        }
        let total_there = total as usize;
        while self.rest().len() < total_there {
            if !self.fill()? {
                return self.cut(Some(total));
            }
        }
        let end = self.trailer(total_there)?;
        // Its member has no end, or the wrong one.
        if matches!(self.end, Some(Step::Cut | Step::Damaged(_))) {
            return self.cut(Some(total));
        }
        // The file goes on, but not as it would behind a whole record.
        let next = self.rest().get(end).copied();
        let in_member = self.same && self.aligned;
        let is_bare = next.is_some() && end == total_there;
        let is_wrong = match in_member {
            true => is_bare || next.is_some_and(|byte| Some(&byte) != SIGN.first()),
            false => is_bare && is_filtered,
        };
        if is_wrong {
            self.problem("its Content-Length is wrong; passed as it is".to_owned());
            self.in_junk = true;
            if in_member {
                self.begin_pieces(0);
            } else {
                self.pass(end);
            }
            return Ok(true);
        }
        if !is_filtered {
            self.other();
            self.pass(end);
            return Ok(true);
        }
        self.number += 1;
        let place = self.place();
        let block = before + length..total_there;
        let record = self.rest()[..end].to_vec();
        let raw = self.is_whole(end).then(|| std::mem::take(&mut self.raw));
        self.unit.size += record.len() + raw.as_ref().map_or(0, Vec::len);
        let parts = Parts {
            head: before..block.start,
            block,
        };
        self.unit.parts.push(Part::Page {
            record,
            parts,
            raw,
            place,
        });
        self.advance(end);
        Ok(true)
    }

    /// Nothing is there of what comes next.
    fn begin(&mut self) -> Result<bool> {
        if self.member_ended {
            // Frames to be skipped, and members without content.
            if self.aligned && self.same {
                self.unit.ready(&self.raw);
            }
            self.aligned = self.members.are_there();
            self.raw.clear();
            self.first_start = self.members.offset();
        }
        if self.fill()? || !self.rest().is_empty() {
            return Ok(true);
        }
        if self.end == Some(Step::End) {
            self.state = State::Ended;
            return Ok(false);
        }
        self.cut(None)
    }

    /// Where a record ends with what ends it, of which so many bytes are there without.
    fn trailer(&mut self, block_end: usize) -> Result<usize> {
        let mut end = block_end;
        loop {
            if let Some(byte) = self.rest().get(end) {
                let is_member = self.members.are_there();
                if !is_newline(byte) || (!is_member && end - block_end == TRAILER) {
                    return Ok(end);
                }
                end += 1;
            } else if self.members.are_there() && self.member_ended
                || !self.members.are_there() && end - block_end == TRAILER
                || !self.fill()?
            {
                return Ok(end);
            }
        }
    }

    /// Whether the first bytes of the rest are members as they stand in the file.
    fn is_whole(&self, end: usize) -> bool {
        self.same && self.aligned && self.member_ended && self.at + end == self.content.len()
    }

    /// Passes on the first bytes of the rest.
    fn pass(&mut self, end: usize) {
        let bytes = &self.content[self.at..self.at + end];
        if self.same && !self.members.are_there() {
            self.unit.ready(bytes);
        } else if self.is_whole(end) {
            self.unit.ready(&self.raw);
        } else if end > 0 {
            self.unit.size += end;
            self.unit.parts.push(Part::Pack(bytes.to_vec()));
        }
        self.advance(end);
    }

    fn advance(&mut self, end: usize) {
        self.at += end;
        self.raw.clear();
        self.aligned = false;
        if self.at == self.content.len() {
            self.at = 0;
            self.content.clear();
            for memory in [&mut self.content, &mut self.raw] {
                if memory.capacity() > KEPT {
                    *memory = Vec::new();
                }
            }
        }
    }

    fn other(&mut self) {
        self.number += 1;
        self.unit.others += 1;
    }

    /// Tells what is wrong with what comes next, which counts as a record.
    fn problem(&mut self, why: String) {
        self.number += 1;
        let place = self.place();
        self.unit.parts.push(Part::Problem(place, why));
    }

    /// What comes next is no record: it goes through up to the next that may be one.
    fn no_record(&mut self, why: &str) -> Result<bool> {
        if !self.in_junk {
            self.problem(format!("{why}; passed as it is"));
            self.in_junk = true;
        }
        if self.same && self.aligned {
            self.begin_pieces(0);
            return Ok(true);
        }
        let rest = &self.rest()[1..];
        let found = memchr::memmem::find(rest, b"\nWARC/").map(|at| at + 2);
        // The end may be the beginning of what is looked for.
        let length = found.unwrap_or((rest.len() + 1).saturating_sub(SIGN.len() + 1));
        if found.is_none() && length < BLOCK && self.fill()? {
            return Ok(true);
        }
        let length = if found.is_none() && self.end.is_some() {
            self.rest().len()
        } else {
            length
        };
        self.pass(length);
        Ok(true)
    }

    /// No more can be read of what has begun. `total` is what it should have.
    fn cut(&mut self, total: Option<u64>) -> Result<bool> {
        let damage = match &self.end {
            Some(Step::Damaged(why)) => Some(why.clone()),
            _ => None,
        };
        let Some(why) = damage else {
            let there = self.rest().len();
            let why = match total {
                Some(total) if there as u64 >= total => "the end of its member is missing".into(),
                Some(total) => format!("{there} of {total} bytes are there"),
                None => format!("{there} bytes are there"),
            };
            self.problem(format!("cut short: {why}; passed as it is"));
            if self.same && self.aligned {
                self.unit.ready(&self.raw);
            } else {
                self.pass(there);
            }
            self.state = State::Ended;
            return Ok(true);
        };
        if !(self.same && self.aligned) {
            return Err(self.unreadable(&why));
        }
        self.problem(format!(
            "cannot be decompressed: {why}; passed as it is, up to the next that can be"
        ));
        self.members.put_back(&self.raw)?;
        self.begin_junk();
        Ok(true)
    }

    fn unreadable(&self, why: &str) -> anyhow::Error {
        let (name, at) = (&self.name, self.member_start);
        anyhow!("cannot read {name} from byte {at} on: {why}")
    }

    fn begin_junk(&mut self) {
        self.content.clear();
        self.at = 0;
        self.raw.clear();
        self.aligned = true;
        self.member_ended = true;
        self.end = None;
        self.state = State::Junk(true);
    }

    fn begin_pieces(&mut self, total: u64) {
        let how = if self.same && !self.members.are_there() {
            How::Plain
        } else if self.same && self.aligned {
            How::Raw
        } else {
            How::Packed
        };
        self.packer.begin();
        self.state = State::Within(Pieces {
            place: self.place(),
            how,
            left: total,
            total,
            trailer: 0,
            alone: true,
        });
    }

    /// Goes on with a record in pieces.
    fn pieces(&mut self, mut pieces: Pieces) -> Result<bool> {
        let is_done = match pieces.how {
            How::Raw => self.raw_piece(&mut pieces),
            How::Plain | How::Packed => self.content_piece(&mut pieces)?,
        };
        if !is_done {
            if self.fill()? || !self.rest().is_empty() {
                self.state = State::Within(pieces);
                return Ok(true);
            }
            if let Some(Step::Damaged(why)) = &self.end {
                let why = why.clone();
                if pieces.how != How::Raw {
                    return Err(self.unreadable(&why));
                }
                let why = format!("cannot be decompressed: {why}; passed as it is");
                self.unit.parts.push(Part::Problem(pieces.place, why));
                self.unit.ready(&self.raw);
                self.begin_junk();
                return Ok(true);
            }
            let is_cut = pieces.left > 0 || self.end == Some(Step::Cut);
            // Of what is no record everything has been told.
            if is_cut && pieces.total > 0 {
                let (there, total) = (pieces.total - pieces.left, pieces.total);
                let why = format!("cut short: {there} of {total} bytes are there; passed as it is");
                self.unit.parts.push(Part::Problem(pieces.place, why));
            }
            self.unit.ready(&self.raw);
            self.raw.clear();
            self.state = State::Ended;
        }
        if pieces.how == How::Packed {
            let mut out = Vec::new();
            self.packer.add(b"", true, &mut out)?;
            self.unit.ready(&out);
        }
        Ok(true)
    }

    /// Passes on what has been read of members; true at the end of the last.
    fn raw_piece(&mut self, pieces: &mut Pieces) -> bool {
        self.unit.ready(&self.raw);
        self.raw.clear();
        let rest = &self.content[self.at..];
        let now = pieces.left.min(rest.len() as u64);
        let behind = &rest[now as usize..];
        pieces.left -= now;
        // Where nothing is known of the member (it begins with no record), nothing is said of its end.
        if pieces.total > 0 && pieces.alone && !behind.iter().all(is_newline) {
            pieces.alone = false;
            let why = "other records are in its gzip member or zstd frame; passed as they are";
            let part = Part::Problem(pieces.place, why.to_owned());
            self.unit.parts.push(part);
        }
        self.content.clear();
        self.at = 0;
        self.aligned = true;
        pieces.left == 0 && self.member_ended
    }

    /// Passes on what has been read of a record's content; true at its end.
    fn content_piece(&mut self, pieces: &mut Pieces) -> Result<bool> {
        let rest = &self.content[self.at..];
        let mut now = pieces.left.min(rest.len() as u64) as usize;
        pieces.left -= now as u64;
        let mut is_done = false;
        if pieces.left == 0 {
            let is_member = self.members.are_there();
            for byte in &rest[now..] {
                if !is_newline(byte) || (!is_member && pieces.trailer == TRAILER) {
                    is_done = true;
                    break;
                }
                pieces.trailer += 1;
                now += 1;
            }
            is_done |= !is_member && pieces.trailer == TRAILER;
            is_done |= is_member && self.member_ended;
        }
        let bytes = &rest[..now];
        if pieces.how == How::Plain {
            self.unit.ready(bytes);
        } else {
            let mut out = Vec::new();
            self.packer.add(bytes, false, &mut out)?;
            self.unit.ready(&out);
        }
        self.advance(now);
        Ok(is_done)
    }
}

fn is_newline(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}
