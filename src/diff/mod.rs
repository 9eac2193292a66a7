//! `dehusk diff`: two rule sets on the same pages. Which pages change, what goes that stayed and stays
//! that went, by which rule and why: what a reviewer of a rule change wants to see. All cores work.

mod changes;
mod html;
mod sets;
mod snippet;
mod summary;
mod text;

use crate::batch::pool::{self, End, Flow, Job};
use crate::batch::{PAGES, Stop, Target, Tree, content, survived};
use crate::cli::{Color, Diff};
use crate::job::{self, Exit, stdout};
use anstream::{AutoStream, ColorChoice};
use anyhow::{Context as _, Result, anyhow, bail};
use changes::Change;
use dehusk::{Options, Rules};
use snippet::Snippet;
use std::fs::File;
use std::io::{self, Read as _, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use summary::Summary;

/// Compares.
///
/// # Errors
///
/// What the user has to know, in words.
pub(crate) fn run(asked: &Diff, color: Color) -> Result<Exit> {
    let mut options = job::kinds_on(Options::new(), asked.drop.as_deref(), asked.keep.as_deref())?;
    if let Some(site) = &asked.site {
        if dehusk::host_of(site).is_none() {
            bail!("--site {site}: a host such as example.com is wanted");
        }
        options = options.url(site);
    }
    let pages = Pages {
        a: sets::read(&asked.a)?,
        b: sets::read(&asked.b)?,
        options: options.explain(true),
        snippets: asked.html,
    };
    let tree = Tree::new(&asked.pages, Target::InPlace, PAGES)?;
    let mut walk = tree.walk();
    let source = move || Ok(walk.next().map(|item| item.map(|item| item.input)));
    let threads = asked
        .jobs
        .or_else(|| std::thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZeroUsize::get);
    let stop = Stop::on_signal().context("cannot listen to signals")?;

    let painted = !asked.html && {
        let choice = AutoStream::new(io::stdout(), color.choice()).current_choice();
        choice != ColorChoice::Never
    };
    let mut out = Out::new(stdout()?);
    let mut summary = Summary::default();
    let mut sections = Vec::new();
    let end = pool::run(&pages, threads, &stop, source, |done: Done| {
        match done {
            Err(error) => {
                summary.failed += 1;
                eprintln!("dehusk: {error:#}");
            }
            Ok(page) => {
                summary.add(&page);
                if page.changes.is_empty() {
                } else if asked.html {
                    sections.push(html::section(&page));
                } else {
                    out.write(&text::page(&page, painted))?;
                }
            }
        }
        Ok(if out.gone { Flow::Enough } else { Flow::On })
    })?;
    if end == End::Stopped {
        return Ok(Exit::Stopped);
    }
    out.write(&if asked.html {
        html::document(asked, &summary, &sections)
    } else {
        text::summary(&summary)
    })?;
    Ok(match (summary.failed, summary.changed) {
        (0, 0) => Exit::Filtered,
        (0, _) => Exit::Found,
        _ => Exit::Failed,
    })
}

/// Standard output, as long as somebody reads it.
struct Out<W> {
    to: W,
    gone: bool,
}

impl<W: Write> Out<W> {
    fn new(to: W) -> Self {
        Out { to, gone: false }
    }

    fn write(&mut self, text: &str) -> Result<()> {
        if self.gone {
            return Ok(());
        }
        match self.to.write_all(text.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.gone = true,
            result => result.context("cannot write to standard output")?,
        }
        Ok(())
    }
}

/// A page that was filtered twice.
struct Compared {
    path: PathBuf,
    site: Option<String>,
    changes: Vec<Change>,
    /// One for each change, if they are asked for.
    snippets: Vec<Snippet>,
    /// Elements that go with both sets, but by another rule.
    other_rule: usize,
}

type Done = Result<Compared>;

/// How pages are compared.
struct Pages {
    a: Rules,
    b: Rules,
    options: Options,
    snippets: bool,
}

impl Job for Pages {
    type Unit = Result<PathBuf>;
    type Done = Done;
    type Worker = ();

    fn size(_: &Result<PathBuf>) -> usize {
        0
    }

    fn worker(&self) {}

    fn work(&self, (): &mut (), path: Result<PathBuf>) -> Done {
        let path = path?;
        let page = read(&path)?;
        let compared = survived(|| self.compare(&path, &page));
        compared.map_err(|why| anyhow!("{}: {why}", path.display()))?
    }
}

impl Pages {
    fn compare(&self, path: &Path, page: &[u8]) -> Done {
        let report = |rules, options: &Options| dehusk::clean(rules, options, page, io::sink());
        let (mut a, mut b) = (
            report(&self.a, &self.options)?,
            report(&self.b, &self.options)?,
        );
        if let Some(why) = &a.unfiltered {
            bail!("{}: {why}; not compared", path.display());
        }
        let is_same = changes::between(&a, &b).0.is_empty();
        if !is_same {
            // Why something stays is asked where it matters.
            let options = self.options.clone().explain_kept(true);
            (a, b) = (report(&self.a, &options)?, report(&self.b, &options)?);
        }
        let (changes, other_rule) = changes::between(&a, &b);
        let snippets = if self.snippets && !is_same {
            let page = dehusk::decoded(page, &self.options).unwrap_or_default();
            snippet::all(&page, &a, &b, &changes)
        } else {
            Vec::new()
        };
        Ok(Compared {
            path: path.to_owned(),
            site: b.site.or(a.site),
            changes,
            snippets,
            other_rule,
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let cannot = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(cannot)?;
    if !file.metadata().with_context(cannot)?.is_file() {
        bail!("{}: no file", cannot());
    }
    let mut page = Vec::new();
    content(file).read_to_end(&mut page).with_context(cannot)?;
    Ok(page)
}
