//! WARC files: records one after the other, those with a page in them with it filtered, all others byte for
//! byte, in the compressed form that they came in. A [`cutter`] finds records in what [`members`] read, a
//! [`record`] is filtered by a worker, and [`packing`] makes members again.
//!
//! The reader of records is this project's own: what is passed on has to be the bytes that were read, down
//! to the compressed ones, and crates that read WARC files give neither.

mod body;
mod cutter;
mod digest;
mod head;
mod members;
mod packing;
mod record;
mod unit;

use super::compression::{Block, Compressed, Packed};
use super::files::{Format, Place as OutputPlace};
use super::input::Input;
use super::output::Output;
use super::page::{Page, Settings};
use super::pool::{self, End, Flow, Job};
use super::progress::Counted;
use super::summary::{Summary, digits};
use super::{Ended, Run};
use anyhow::{Context as _, Result};
use cutter::Cutter;
use packing::{Form, Packer};
use record::{Became, Filter, Parts};
use std::io;
use std::sync::Arc;
use unit::{Part, Place, Unit, Wanted};

/// Memory that a worker keeps for the next record, in bytes.
const KEPT: usize = 8 * 1024 * 1024;

/// WARC files, as the flags say.
pub(crate) struct Warc {
    records: Records,
    wanted: Wanted,
}

impl Warc {
    /// `one_site` and `one_encoding`: pages are of the site, or in the encoding, that the settings say,
    /// whatever their records do. `strict`: nothing is done after the first that goes wrong.
    pub(crate) fn new(
        settings: Settings,
        one_site: bool,
        one_encoding: bool,
        strict: bool,
    ) -> Self {
        let filter = Filter {
            settings,
            one_site,
            one_encoding,
        };
        Warc {
            records: Records { filter, strict },
            wanted: Wanted::Same,
        }
    }
}

impl Format for Warc {
    const EXTENSIONS: &'static [&'static str] = &["warc"];

    fn begin(&mut self, to: Output, place: OutputPlace<'_>) -> Result<Packed<Output>> {
        self.wanted = match place {
            OutputPlace::Stdout | OutputPlace::Beside(_) => Wanted::Same,
            OutputPlace::Named(path) => Wanted::Kind(Compressed::by_name(path)),
        };
        // Records are packed one by one.
        Ok(Packed::new(to, Compressed::No)?)
    }

    fn filter(&mut self, run: &mut Run, input: Input, to: &mut Packed<Output>) -> Result<Ended> {
        let name = input.name.clone();
        let place = input.place();
        let eager = input.size().is_none();
        let counted = Counted::new(input.reader, run.progress.meter());
        let (wanted, source_name) = (self.wanted.clone(), name.clone());
        let mut unopened = Some(counted);
        let mut cutter = None;
        // The first bytes may be long in coming: they are waited for where nobody else waits.
        let source = move || {
            if let Some(input) = unopened.take() {
                cutter = Some(Cutter::open(input, &source_name, eager, &wanted)?);
            }
            cutter.as_mut().map_or(Ok(None), Cutter::next)
        };
        let mut last = 0;
        let mut ended = Ended::Strict;
        let wanted = &mut self.wanted;
        let end = pool::run(&self.records, run.threads, &run.stop, source, |done| {
            *wanted = Wanted::Begun(done.form);
            if let Err(error) = to.write(&Block::Plain(done.out?)) {
                if error.kind() == io::ErrorKind::BrokenPipe {
                    ended = Ended::Gone;
                    return Ok(Flow::Enough);
                }
                return Err(error).context("cannot write");
            }
            last = done.last;
            for (at, what) in done.problems {
                let Place { record, offset } = at;
                run.progress.say(format_args!(
                    "{place}record {record} at byte {offset}: {what}"
                ));
            }
            run.summary.merge(done.summary);
            run.progress.show(&run.summary);
            Ok(if done.halt { Flow::Enough } else { Flow::On })
        })?;
        Ok(match end {
            End::All => Ended::All,
            End::Enough => ended,
            End::Stopped => {
                let last = digits(last);
                run.progress
                    .say(format_args!("stopped after record {last} of {name}"));
                Ended::Stopped
            }
        })
    }
}

/// How records are filtered.
struct Records {
    filter: Filter,
    /// Nothing is done after the first that goes wrong.
    strict: bool,
}

/// What became of a unit.
struct Done {
    out: Result<Vec<u8>>,
    summary: Summary,
    problems: Vec<(Place, String)>,
    /// The last record of it.
    last: u64,
    /// The next record is one that nothing is done after.
    halt: bool,
    form: Arc<Form>,
}

/// What is kept from record to record.
struct Worker {
    page: Page,
    record: Vec<u8>,
    packer: Option<(Arc<Form>, Packer)>,
}

impl Worker {
    fn pack(&mut self, form: &Arc<Form>, record: &[u8], out: &mut Vec<u8>) -> Result<()> {
        let packer = match &mut self.packer {
            Some((there, packer)) if Arc::ptr_eq(there, form) => packer,
            packer => {
                let new = (Arc::clone(form), Packer::new(form)?);
                &mut packer.insert(new).1
            }
        };
        packer.pack(record, out).context("cannot compress")
    }
}

impl Job for Records {
    type Unit = Unit;
    type Done = Done;
    type Worker = Worker;

    fn size(unit: &Unit) -> usize {
        unit.size
    }

    fn is_open(unit: &Unit) -> bool {
        unit.open
    }

    fn worker(&self) -> Worker {
        Worker {
            page: Page::default(),
            record: Vec::new(),
            packer: None,
        }
    }

    fn work(&self, worker: &mut Worker, unit: Unit) -> Done {
        let mut done = Done {
            out: Ok(Vec::new()),
            summary: Summary::default(),
            problems: Vec::new(),
            last: unit.last,
            halt: false,
            form: unit.form,
        };
        done.summary.others = unit.others;
        let mut out = Vec::with_capacity(unit.size);
        for part in unit.parts {
            if let Err(error) = self.part(worker, part, &mut out, &mut done) {
                done.out = Err(error);
                return done;
            }
            if done.halt {
                break;
            }
        }
        for memory in [&mut worker.record, worker.page.memory()] {
            if memory.capacity() > KEPT {
                *memory = Vec::new();
            }
        }
        done.out = Ok(out);
        done
    }
}

impl Records {
    fn part(
        &self,
        worker: &mut Worker,
        part: Part,
        out: &mut Vec<u8>,
        done: &mut Done,
    ) -> Result<()> {
        match part {
            Part::Ready(bytes) if out.is_empty() => *out = bytes,
            Part::Ready(bytes) => out.extend_from_slice(&bytes),
            Part::Pack(record) => worker.pack(&done.form, &record, out)?,
            Part::Problem(place, what) => {
                done.summary.failed += 1;
                done.problems.push((place, what));
                done.halt = self.strict;
            }
            Part::Page {
                record,
                parts,
                raw,
                place,
            } => {
                let became = self.page(worker, &record, &parts, place, done);
                if done.halt {
                    return Ok(());
                }
                match (became, raw) {
                    (Became::Changed, _) => {
                        let record = std::mem::take(&mut worker.record);
                        worker.pack(&done.form, &record, out)?;
                        worker.record = record;
                    }
                    (Became::Same, Some(raw)) => out.extend_from_slice(&raw),
                    (Became::Same, None) => worker.pack(&done.form, &record, out)?,
                }
            }
        }
        Ok(())
    }

    /// Filters the page of a record into `worker.record`, and notes what went wrong.
    fn page(
        &self,
        worker: &mut Worker,
        record: &[u8],
        parts: &Parts,
        place: Place,
        done: &mut Done,
    ) -> Became {
        let Worker {
            page, record: out, ..
        } = worker;
        out.clear();
        let (became, what) = match self
            .filter
            .record(record, parts, page, out, &mut done.summary)
        {
            Ok((became, why)) => (became, why),
            Err(why) => {
                done.summary.failed += 1;
                (Became::Same, Some(format!("{why}; passed as it is")))
            }
        };
        if let Some(what) = what {
            done.problems.push((place, what));
            done.halt = self.strict;
        }
        became
    }
}
