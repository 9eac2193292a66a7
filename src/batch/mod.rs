//! Many pages: JSON lines, WARC files and folders, on all cores. A source gives units of work, a [`pool`]
//! has them done, and what comes of them is written in order; a [`summary`] counts, [`progress`] shows.
//!
//! Whatever goes wrong with one record or one file is told and counted, and the rest goes on.

mod compression;
mod files;
mod input;
mod json;
mod json_lines;
mod lines;
mod output;
mod page;
mod pages;
pub(crate) mod pool;
mod progress;
mod stop;
mod summary;
mod tree;
mod warc;

pub(crate) use compression::content;
pub(crate) use page::survived;
pub(crate) use stop::Stop;
pub(crate) use tree::{Target, Tree};

use crate::cli::{Filter, Many};
use crate::job::{self, Exit};
use anyhow::{Context as _, Result, bail};
use json_lines::JsonLines;
use page::Settings;
use pages::Files;
use pool::{End, Flow};
use progress::Progress;
use std::io::{self, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use summary::{Summary, digits};
use warc::Warc;

/// What pages in folders are called.
pub(crate) const PAGES: &[&str] = &["html", "htm", "xhtml", "xht", "shtml"];

/// Whether the flags ask for more than one page to standard output.
pub(crate) fn is_asked(cli: &Filter) -> bool {
    cli.many.jsonl || cli.many.warc || cli.many.output.is_some() || cli.many.in_place
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
    let one_site = cli.how.url.is_some() || cli.how.site.is_some();
    let result = if many.jsonl {
        let lines = JsonLines::new(many, settings, one_site);
        lines.and_then(|mut lines| run.records(&cli.files, &mut lines))
    } else if many.warc {
        let one_encoding = cli.how.encoding.is_some();
        let mut warc = Warc::new(settings, one_site, one_encoding, many.strict);
        run.records(&cli.files, &mut warc)
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

/// Whether what is to be a folder is called what pages are, and does not end as folders may.
fn is_named_as_page(path: &Path) -> bool {
    let is_folder = path
        .as_os_str()
        .to_string_lossy()
        .ends_with(std::path::is_separator);
    !is_folder
        && path
            .file_name()
            .is_some_and(|name| tree::is_called(name, PAGES))
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
            Some(folder) if !folder.exists() && is_named_as_page(folder) => bail!(
                "-o {0}: a folder is wanted, and that is a page's name; one page goes to a file by > {0}",
                folder.display()
            ),
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
}
