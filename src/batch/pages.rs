//! Many page files: each is read, filtered and written by one worker, while it streams by.

use super::compression::{Compressed, Packing, content};
use super::output::{Like, NewFile, is_same};
use super::page::{Settings, survived};
use super::pool::Job;
use super::progress::{Counted, Meter};
use super::summary::Summary;
use super::tree::Item;
use crate::job::Watched;
use anyhow::{Context as _, Error, Result, anyhow, bail};
use dehusk::Report;
use std::fs::{self, File};

/// What became of a file.
enum Became {
    Clean(Box<Report>),
    UpToDate,
}

/// What became of a file, to be counted and told.
pub(crate) struct Done {
    pub summary: Summary,
    pub problem: Option<String>,
}

/// How files are filtered.
pub(crate) struct Files {
    pub settings: Settings,
    /// Files that have been cleaned and have not changed since are left out.
    pub resume: bool,
    pub in_place: bool,
    pub meter: Meter,
}

impl Job for Files {
    type Unit = Result<Item>;
    type Done = Done;
    type Worker = ();

    fn size(_: &Result<Item>) -> usize {
        0
    }

    fn worker(&self) {}

    fn work(&self, (): &mut (), item: Result<Item>) -> Done {
        let mut summary = Summary::default();
        let result = item.and_then(|item| {
            let became = self.file(&item);
            became.map(|became| (item, became))
        });
        let problem = match result {
            Ok((_, Became::UpToDate)) => {
                summary.skipped += 1;
                None
            }
            Ok((item, Became::Clean(report))) => {
                summary.add(&report);
                let why = report.unfiltered;
                why.map(|why| format!("{}: {why}; passed on as it is", item.input.display()))
            }
            Err(error) => {
                summary.failed += 1;
                Some(format!("{error:#}"))
            }
        };
        Done { summary, problem }
    }
}

impl Files {
    fn file(&self, item: &Item) -> Result<Became> {
        let (input, output) = (&item.input, &item.output);
        let cannot_read = || format!("cannot read {}", input.display());
        let metadata = fs::metadata(input).with_context(cannot_read)?;
        if !metadata.is_file() {
            bail!("{}: no file", cannot_read());
        }
        let file = File::open(input).with_context(cannot_read)?;
        let metadata = file.metadata().with_context(cannot_read)?;
        let like = Like::new(&metadata);
        if self.resume && like.is_given_to(output) {
            self.meter.add(metadata.len());
            return Ok(Became::UpToDate);
        }
        if !self.in_place && is_same(input, output) {
            bail!(
                "{}: not written over itself; --in-place does that",
                input.display()
            );
        }
        let page = content(Counted::new(file, &self.meter));
        let new = NewFile::create(output)?;
        let mut writing = Watched::new(Packing::new(new, Compressed::by_name(output))?);
        let Settings { rules, options, .. } = &self.settings;
        let cleaned = survived(|| dehusk::clean(rules, options, page, &mut writing));
        let cleaned = cleaned.map_err(|why| anyhow!("{}: {why}", input.display()))?;
        let cannot_write = || format!("cannot write {}", output.display());
        let report = cleaned.map_err(|error| match writing.error {
            Some(_) => Error::from(error).context(cannot_write()),
            None => Error::from(error).context(cannot_read()),
        })?;
        let new = writing.inner.finish().with_context(cannot_write)?;
        if !self.in_place {
            new.finish(Some(&like))?;
        } else if report.unfiltered.is_none() || report.total().elements > 0 {
            new.finish(Some(&like.without_time()))?;
        }
        Ok(Became::Clean(Box::new(report)))
    }
}
