//! Records that are too long to be held, without a page: they go through in pieces, in the bytes that they
//! came in if that is possible.

use super::super::members::Step;
use super::super::unit::{Part, Place};
use super::{Cutter, State, TRAILER, is_newline};
use anyhow::Result;
use std::io::Read;

/// A record that goes through in pieces.
pub(super) struct Pieces {
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

impl<R: Read> Cutter<R> {
    /// What comes next goes through in pieces: so many bytes and what ends them, or, with none, a member.
    pub(super) fn begin_pieces(&mut self, total: u64) {
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
    pub(super) fn pieces(&mut self, mut pieces: Pieces) -> Result<bool> {
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
