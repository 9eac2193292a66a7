//! What is no record, breaks off or cannot be decompressed: it is told, and goes through as it is up to the
//! next that can be read.

use super::super::members::Step;
use super::{BLOCK, Cutter, Found, SIGN, State};
use anyhow::{Result, anyhow};
use std::io::Read;

impl<R: Read> Cutter<R> {
    /// What comes next is no record: it goes through up to the next that may be one.
    pub(super) fn no_record(&mut self, why: &str) -> Result<Option<Found>> {
        if !self.in_junk {
            self.problem(format!("{why}; passed as it is"));
            self.in_junk = true;
        }
        if self.same && self.aligned {
            self.begin_pieces(0);
            return Ok(None);
        }
        let rest = &self.rest()[1..];
        let found = memchr::memmem::find(rest, b"\nWARC/").map(|at| at + 2);
        // The end may be the beginning of what is looked for.
        let length = found.unwrap_or((rest.len() + 1).saturating_sub(SIGN.len() + 1));
        if found.is_none() && length < BLOCK && self.fill()? {
            return Ok(None);
        }
        let length = if found.is_none() && self.end.is_some() {
            self.rest().len()
        } else {
            length
        };
        self.pass(length);
        Ok(None)
    }

    /// No more can be read of what has begun. `total` is what it should have.
    pub(super) fn cut(&mut self, total: Option<u64>) -> Result<bool> {
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

    pub(super) fn unreadable(&self, why: &str) -> anyhow::Error {
        let (name, at) = (&self.name, self.member_start);
        anyhow!("cannot read {name} from byte {at} on: {why}")
    }

    pub(super) fn begin_junk(&mut self) {
        self.content.clear();
        self.at = 0;
        self.raw.clear();
        self.aligned = true;
        self.member_ended = true;
        self.end = None;
        self.state = State::Junk(true);
    }
}
