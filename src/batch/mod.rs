//! Many pages: JSON lines and folders, on all cores. A source gives units of work, a [`pool`] has them
//! done, and what comes of them is written in order; a [`summary`] counts, [`progress`] shows.
//!
//! Whatever goes wrong with one record or one file is told and counted, and the rest goes on.

mod compression;
mod json;
mod lines;
mod output;
mod page;
mod pages;
pub(crate) mod pool;
mod progress;
mod stop;
mod summary;
mod tree;

pub(crate) use compression::content;
pub(crate) use page::survived;
pub(crate) use stop::Stop;
pub(crate) use tree::{Target, Tree};

use crate::cli::{Filter, Many};
use crate::job::{self, Exit, name_of};
use anyhow::{Context as _, Result, bail};
use compression::{Compressed, Packed};
use lines::{Cutter, Records};
use output::{Like, Output, is_same};
use page::Settings;
use pages::Files;
use pool::{End, Flow};
use progress::{Counted, Progress};
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use summary::{Summary, digits};
use tree::Item;

/// What pages in folders are called.
pub(crate) const PAGES: &[&str] = &["html", "htm", "xhtml", "xht", "shtml"];
/// What JSON lines in folders are called.
const JSON_LINES: &[&str] = &["jsonl", "ndjson"];

/// Whether the flags ask for more than one page to standard output.
pub(crate) fn is_asked(cli: &Filter) -> bool {
    cli.many.jsonl || cli.many.output.is_some() || cli.many.in_place
}

/// Does what the flags say of many pages.
///
/// # Errors
///
/// What the user has to know, in words.
pub(crate) fn run(cli: &Filter) -> Result<Exit> {
    let many = &cli.many;
    let explain = cli.told.format().is_some();
    if explain && many.report_field.is_none() {
        bail!("--explain is for one page; with --jsonl --report-field takes it");
    }
    let mut options = job::options(&cli.how)?
        .explain(many.summary || many.report_field.is_some())
        .explain_kept(cli.told.explain_kept);
    if many.jsonl {
        // What a string of JSON says has been decoded.
        options = options.encoding("utf-8")?;
    }
    let settings = Settings {
        rules: job::rules(&cli.how)?,
        options,
        removals: explain,
        kept: cli.told.explain_kept,
    };
    let mut run = Run {
        many,
        threads: many.jobs.map_or_else(all_cores, NonZeroUsize::get),
        stop: Stop::on_signal().context("cannot listen to signals")?,
        progress: Progress::new(many.quiet),
        summary: Summary::default(),
    };
    let result = if many.jsonl {
        let one_site = cli.how.url.is_some() || cli.how.site.is_some();
        run.json_lines(&cli.files, settings, one_site)
    } else {
        run.pages(&cli.files, settings)
    };
    if result.is_ok() || run.summary.pages > 0 {
        run.finish();
    }
    let ended = result?;
    Ok(match ended {
        Ended::Gone => Exit::Filtered,
        Ended::Strict => Exit::Failed,
        Ended::Stopped => Exit::Stopped,
        Ended::All if run.summary.is_clean() => Exit::Filtered,
        Ended::All => Exit::Partly,
    })
}

fn all_cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// How the work came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    All,
    /// Nobody reads what is written any more.
    Gone,
    /// Something was wrong, and nothing is to be done after that.
    Strict,
    /// Somebody asked to stop.
    Stopped,
}

/// Work going on.
struct Run<'a> {
    many: &'a Many,
    threads: usize,
    stop: Stop,
    progress: Progress,
    summary: Summary,
}

impl Run<'_> {
    /// The end: the bar goes, the summary comes.
    fn finish(&self) {
        let time = self.progress.finish();
        if self.many.summary {
            // Nobody reads standard error: nothing is lost.
            let _ = write!(io::stderr(), "{}", self.summary.shown(time));
        } else if !self.summary.is_clean() {
            let [pages, unfiltered, failed] = [
                self.summary.pages,
                self.summary.unfiltered,
                self.summary.failed,
            ]
            .map(digits);
            self.progress.say(format_args!(
                "{pages} pages filtered, {unfiltered} of them not all; {failed} failed"
            ));
        }
    }

    /// Cleans page files.
    fn pages(&mut self, paths: &[PathBuf], settings: Settings) -> Result<Ended> {
        if paths.is_empty() {
            bail!("which pages? files and folders are wanted");
        }
        let target = match &self.many.output {
            Some(folder) => Target::Folder(folder.clone()),
            None => Target::InPlace,
        };
        let tree = Tree::new(paths, target, PAGES)?;
        if self.progress.is_seen() {
            self.progress.expect(tree.size());
        }
        let job = Files {
            settings,
            resume: self.many.resume,
            in_place: self.many.in_place,
            meter: self.progress.meter().clone(),
        };
        let mut walk = tree.walk();
        let source = move || Ok(walk.next());
        let end = pool::run(&job, self.threads, &self.stop, source, |done| {
            let is_bad = done.problem.is_some();
            if let Some(problem) = done.problem {
                self.progress.say(problem);
            }
            self.summary.merge(done.summary);
            self.progress.show(&self.summary);
            Ok(if is_bad && self.many.strict {
                Flow::Enough
            } else {
                Flow::On
            })
        })?;
        Ok(match end {
            End::All => Ended::All,
            End::Enough => Ended::Strict,
            End::Stopped => {
                let done = self.summary.pages + self.summary.skipped + self.summary.failed;
                let done = digits(done);
                self.progress.say(format_args!(
                    "stopped after {done} files, each of them whole"
                ));
                Ended::Stopped
            }
        })
    }

    /// Cleans JSON lines.
    fn json_lines(
        &mut self,
        paths: &[PathBuf],
        settings: Settings,
        one_site: bool,
    ) -> Result<Ended> {
        let names = json::Names {
            html: self.many.html_field.clone(),
            url: self.many.url_field.clone(),
            report: self.many.report_field.clone(),
        };
        if names.html == names.url
            || names
                .report
                .as_ref()
                .is_some_and(|r| [&names.html, &names.url].contains(&r))
        {
            bail!("--html-field, --url-field and --report-field must name three fields");
        }
        let mut job = Records {
            settings,
            names,
            one_site,
            strict: self.many.strict,
            compressed: Compressed::No,
        };
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
            None => return self.one_output(paths, output, &mut job),
        };
        let tree = Tree::new(paths, target, JSON_LINES)?;
        if self.progress.is_seen() {
            self.progress.expect(tree.size());
        }
        for item in tree.walk() {
            let result = item.and_then(|item| self.one_of_many(&item, &mut job));
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
        job: &mut Records,
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
        job.compressed = output.map_or(Compressed::No, Compressed::by_name);
        let mut to = Packed::new(
            output.map_or_else(Output::stdout, Output::create)?,
            job.compressed,
        )?;
        for path in paths {
            let ended = Input::open(path).and_then(|input| self.lines(input, job, &mut to));
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
    fn one_of_many(&mut self, item: &Item, job: &mut Records) -> Result<Ended> {
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
        job.compressed = Compressed::by_name(&item.output);
        let mut to = Packed::new(Output::create(&item.output)?, job.compressed)?;
        match self.lines(input, job, &mut to) {
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

    /// The lines of one input.
    fn lines(&mut self, input: Input, job: &Records, to: &mut Packed<Output>) -> Result<Ended> {
        let name = input.name.clone();
        let place = match input.path {
            Some(_) => format!("{name}: "),
            None => String::new(),
        };
        // Somebody may wait for each line, as long as nothing holds it back behind here.
        let eager = input.size().is_none() && job.compressed == Compressed::No;
        let counted = Counted::new(input.reader, self.progress.meter());
        let mut cutter = Cutter::new(content(counted), &name, eager);
        let mut last = 0;
        let mut ended = Ended::Strict;
        let end = pool::run(
            job,
            self.threads,
            &self.stop,
            move || cutter.next(),
            |done| {
                if let Err(error) = to.write(&done.block?) {
                    if error.kind() == io::ErrorKind::BrokenPipe {
                        ended = Ended::Gone;
                        return Ok(Flow::Enough);
                    }
                    return Err(error).context("cannot write");
                }
                last = done.last;
                for problem in done.problems {
                    let (line, what) = (problem.line, problem.what);
                    self.progress
                        .say(format_args!("{place}line {line}: {what}"));
                }
                self.summary.merge(done.summary);
                self.progress.show(&self.summary);
                Ok(if done.halt { Flow::Enough } else { Flow::On })
            },
        )?;
        Ok(match end {
            End::All => Ended::All,
            End::Enough => ended,
            End::Stopped => {
                let last = digits(last);
                self.progress
                    .say(format_args!("stopped after line {last} of {name}"));
                Ended::Stopped
            }
        })
    }
}

/// Something to read.
struct Input {
    reader: Box<dyn Read + Send>,
    /// `None` is standard input.
    path: Option<PathBuf>,
    name: String,
    /// What is known of a file.
    metadata: Option<Metadata>,
}

impl Input {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn open(path: &Path) -> Result<Input> {
        let name = name_of(Some(path));
        if path.as_os_str() == "-" {
            return Ok(Input {
                reader: Box::new(io::stdin()),
                path: None,
                name,
                metadata: stdin_metadata(),
            });
        }
        let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
        let metadata = file.metadata().ok().filter(Metadata::is_file);
        Ok(Input {
            reader: Box::new(file),
            path: Some(path.to_owned()),
            name,
            metadata,
        })
    }

    /// Its bytes, if it is a file.
    fn size(&self) -> Option<u64> {
        self.metadata.as_ref().map(Metadata::len)
    }
}

/// Bytes of all inputs; `None` if some are no files.
///
/// # Errors
///
/// One is not there.
fn total_size(paths: &[PathBuf]) -> Result<Option<u64>> {
    let mut total = Some(0);
    for path in paths {
        let known = if path.as_os_str() == "-" {
            stdin_metadata()
        } else {
            let known =
                fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?;
            known.is_file().then_some(known)
        };
        total = total.zip(known).map(|(sum, known)| sum + known.len());
    }
    Ok(total)
}

/// What is known of the file that is standard input, if it is one.
fn stdin_metadata() -> Option<Metadata> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        let file = io::stdin().as_fd().try_clone_to_owned().ok()?;
        File::from(file).metadata().ok().filter(Metadata::is_file)
    }
    #[cfg(not(unix))]
    None
}
