//! Records from what is read: each whole, if it is small or has a page in it, or in pieces. What has no
//! page, what is no record, and what breaks off goes on in the bytes that it came in.

mod broken;
mod pieces;

use super::body;
use super::head;
use super::members::{Members, Step};
use super::packing::{Form, Packer};
use super::record::{self, Holds, Parts};
use super::unit::{Part, Place, Unit, Wanted};
use anyhow::{Context as _, Result};
use pieces::Pieces;
use std::io::Read;
use std::ops::Range;
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

/// A record of which the head has been read.
struct Found {
    head: Range<usize>,
    /// Bytes of its block.
    block: u64,
    /// And with all before it.
    total: u64,
    has_page: bool,
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

    /// The next record, or a step towards it; false if there is none.
    fn record(&mut self) -> Result<bool> {
        if self.rest().is_empty() {
            return self.begin();
        }
        let Some(found) = self.find()? else {
            return Ok(true);
        };
        self.in_junk = false;
        let is_filtered = found.has_page && found.block <= LONGEST_BLOCK;
        if is_filtered || found.total <= BLOCK as u64 {
            return self.whole(&found, is_filtered);
        }
        if found.has_page {
            let mib = LONGEST_BLOCK / 1024 / 1024;
            self.problem(format!("a page of more than {mib} MiB; passed as it is"));
        } else {
            self.other();
        }
        self.begin_pieces(found.total);
        Ok(true)
    }

    /// Looks at the head of what comes next; `None` if more has to be read, or it is no record and has
    /// been dealt with.
    fn find(&mut self) -> Result<Option<Found>> {
        let before = self.rest().iter().take_while(|b| is_newline(b)).count();
        let bytes = &self.rest()[before..];
        if bytes.is_empty() {
            if before > LONGEST_HEAD || !self.fill()? {
                self.pass(before);
            }
            return Ok(None);
        }
        let sign = &SIGN[..SIGN.len().min(bytes.len())];
        if !bytes.starts_with(sign) {
            return self.no_record("no WARC record of version 1.0 or 1.1");
        }
        let Some(length) = head::length(bytes) else {
            if bytes.len() > LONGEST_HEAD {
                return self.no_record("its head is too long");
            }
            return self.more(None);
        };
        let outline = match record::outline(&bytes[..length]) {
            Ok(outline) => outline,
            Err(why) => return self.no_record(&why),
        };
        let block = outline.block;
        let Some(total) = block.checked_add((before + length) as u64) else {
            return self.no_record("its Content-Length is too large");
        };
        let has_page = match outline.holds {
            Holds::Other => false,
            Holds::Page => true,
            Holds::Response => {
                let there = &bytes[length..];
                let http = &there[..block.min(there.len() as u64) as usize];
                let is_all = http.len() as u64 == block || http.len() > LONGEST_HEAD;
                match head::length(http) {
                    Some(end) => record::is_page(&http[..end], &bytes[..length]),
                    None if is_all => false,
                    None => return self.more(Some(total)),
                }
            }
        };
        Ok(Some(Found {
            head: before..before + length,
            block,
            total,
            has_page,
        }))
    }

    /// More of what comes next has to be read. `total` is what it should have.
    fn more(&mut self, total: Option<u64>) -> Result<Option<Found>> {
        if !self.fill()? {
            self.cut(total)?;
        }
        Ok(None)
    }

    /// Hands on a record that is held whole.
    fn whole(&mut self, found: &Found, is_filtered: bool) -> Result<bool> {
        let block_end = found.total as usize;
        while self.rest().len() < block_end {
            if !self.fill()? {
                return self.cut(Some(found.total));
            }
        }
        let end = self.trailer(block_end)?;
        // Its member has no end, or the wrong one.
        if matches!(self.end, Some(Step::Cut | Step::Damaged(_))) {
            return self.cut(Some(found.total));
        }
        // The file goes on, but not as it would behind a whole record.
        let next = self.rest().get(end).copied();
        let in_member = self.same && self.aligned;
        let is_bare = next.is_some() && end == block_end;
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
        } else if is_filtered {
            self.number += 1;
            let place = self.place();
            let raw = self.is_whole(end).then(|| std::mem::take(&mut self.raw));
            let record = self.take(end);
            self.unit.size += record.len() + raw.as_ref().map_or(0, Vec::len);
            let parts = Parts {
                head: found.head.clone(),
                block: found.head.end..block_end,
            };
            self.unit.parts.push(Part::Page {
                record,
                parts,
                raw,
                place,
            });
        } else {
            self.other();
            self.pass(end);
        }
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

    /// Takes the first bytes of the rest; large ones without copying them.
    fn take(&mut self, end: usize) -> Vec<u8> {
        let is_all = self.at == 0 && end == self.content.len();
        let bytes = if is_all && end > BLOCK {
            std::mem::take(&mut self.content)
        } else {
            self.rest()[..end].to_vec()
        };
        self.advance(end.min(self.content.len()));
        bytes
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
}

fn is_newline(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

#[cfg(test)]
mod tests;
