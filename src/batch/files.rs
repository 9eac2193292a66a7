//! Files with many records in them, whatever the records are: one behind the other to one output, or
//! each to a file of its own. What was written when the work ended early is whole records, and a file of
//! them keeps another name.

use super::compression::Packed;
use super::input::{Input, total_size};
use super::output::{Like, Output, is_same};
use super::tree::{Item, Target, Tree};
use super::{Ended, Run};
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};

/// Where an output stands beside its input.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    Stdout,
    /// A file that the user has named.
    Named(&'a Path),
    /// A file that is called what its input is called.
    Beside(&'a Path),
}

/// A form of such files.
pub(crate) trait Format {
    /// What files of this form are called, behind the dot.
    const EXTENSIONS: &'static [&'static str];

    /// Begins an output.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    fn begin(&mut self, to: Output, place: Place<'_>) -> Result<Packed<Output>>;

    /// Filters the records of an input.
    ///
    /// # Errors
    ///
    /// It cannot be read to its end, or not be written.
    fn filter(&mut self, run: &mut Run, input: Input, to: &mut Packed<Output>) -> Result<Ended>;
}

impl Run<'_> {
    /// Cleans files of records.
    pub(super) fn records(&mut self, paths: &[PathBuf], format: &mut impl Format) -> Result<Ended> {
        let stdin = [PathBuf::from("-")];
        let paths = if paths.is_empty() { &stdin } else { paths };
        let output = self.many.output.as_deref();
        let folder = output.filter(|output| {
            let ends_so = output
                .as_os_str()
                .to_string_lossy()
                .ends_with(std::path::is_separator);
            ends_so || output.is_dir() || paths.iter().any(|path| path.is_dir())
        });
        let target = match folder {
            Some(folder) => Target::Folder(folder.to_owned()),
            None if self.many.in_place => Target::InPlace,
            None => return self.one_output(paths, output, format),
        };
        self.each_to_its_own(paths, target, format)
    }

    fn each_to_its_own<F: Format>(
        &mut self,
        paths: &[PathBuf],
        target: Target,
        format: &mut F,
    ) -> Result<Ended> {
        let tree = Tree::new(paths, target, F::EXTENSIONS)?;
        if self.progress.is_seen() {
            self.progress.expect(tree.size());
        }
        for item in tree.walk() {
            let result = item.and_then(|item| self.one_of_many(&item, format));
            match result {
                Ok(Ended::All) => {}
                Ok(other) => return Ok(other),
                Err(error) => {
                    self.progress.say(format_args!("{error:#}"));
                    self.summary.failed += 1;
                    if self.many.strict {
                        return Ok(Ended::Strict);
                    }
                }
            }
        }
        Ok(Ended::All)
    }

    /// Inputs, one behind the other, to a file or standard output.
    fn one_output(
        &mut self,
        paths: &[PathBuf],
        output: Option<&Path>,
        format: &mut impl Format,
    ) -> Result<Ended> {
        if let Some(folder) = paths.iter().find(|path| path.is_dir()) {
            bail!(
                "{} is a folder; -o says where its files go",
                folder.display()
            );
        }
        if let Some(output) = output {
            if self.many.resume {
                bail!("--resume wants a folder to write to: {}", output.display());
            }
            if let Some(path) = paths.iter().find(|path| is_same(path, output)) {
                bail!(
                    "{}: not written over itself; --in-place does that",
                    path.display()
                );
            }
        }
        // What is missing is told before anything is written.
        if let Some(size) = total_size(paths)? {
            self.progress.expect(size);
        }
        let mut to = match output {
            None => format.begin(Output::stdout()?, Place::Stdout)?,
            Some(path) => format.begin(Output::create(path)?, Place::Named(path))?,
        };
        for path in paths {
            let ended = Input::open(path).and_then(|input| format.filter(self, input, &mut to));
            match ended {
                Ok(Ended::All) => {}
                other => return self.part(to, other),
            }
        }
        match to.finish().context("cannot write the end")? {
            Output::File(file) => file.finish(None)?,
            Output::Stream(_) => {}
        }
        Ok(Ended::All)
    }

    /// A file to a file.
    fn one_of_many(&mut self, item: &Item, format: &mut impl Format) -> Result<Ended> {
        let input = Input::open(&item.input)?;
        let like = input.metadata.as_ref().map(Like::new);
        if self.many.resume
            && like
                .as_ref()
                .is_some_and(|like| like.is_given_to(&item.output))
        {
            self.progress.meter().add(input.size().unwrap_or(0));
            self.summary.skipped += 1;
            return Ok(Ended::All);
        }
        if !self.many.in_place && is_same(&item.input, &item.output) {
            bail!(
                "{}: not written over itself; --in-place does that",
                item.input.display()
            );
        }
        let mut to = format.begin(Output::create(&item.output)?, Place::Beside(&item.output))?;
        match format.filter(self, input, &mut to) {
            Ok(Ended::All) => {}
            other => return self.part(to, other),
        }
        let cannot = || format!("cannot write {}", item.output.display());
        if let Output::File(file) = to.finish().with_context(cannot)? {
            let like = match self.many.in_place {
                true => like.map(Like::without_time),
                false => like,
            };
            file.finish(like.as_ref())?;
        }
        Ok(Ended::All)
    }

    /// What was written is whole records, but not all of them: a file keeps another name.
    fn part(&self, to: Packed<Output>, ended: Result<Ended>) -> Result<Ended> {
        if let Ok(Output::File(file)) = to.finish() {
            let part = file.keep_part()?;
            self.progress
                .say(format_args!("what was done is in {}", part.display()));
        }
        ended
    }
}
