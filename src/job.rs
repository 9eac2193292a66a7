//! From flags to a page filtered: rules read, input and output opened, failures turned into words
//! and an exit status. Neither selectors nor HTML are looked into here.

use crate::batch::{self, content};
use crate::cli::{Cli, Color, Command, Filter, Generate, How};
use crate::{diff, explain, preview, rule_set, rules_command, suggest};
use anyhow::{Context as _, Result, anyhow, bail};
use clap::CommandFactory;
use dehusk::{Kind, Options, Rules, RulesBuilder};
use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write};
use std::path::Path;

/// How a run ended; the codes are part of the command's promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The page was filtered, whether or not anything was dropped; what was asked is done.
    Filtered = 0,
    /// Rules were looked at, and something was found.
    Found = 1,
    /// Wrong flags, an unreadable file, a bad selector.
    Failed = 2,
    /// The page came through whole, but not all of it could be filtered.
    Partly = 3,
    /// Somebody asked to stop before all was done.
    Stopped = 130,
}

/// Does what the flags say.
///
/// # Errors
///
/// What the user has to know, in words.
pub(crate) fn run(cli: &Cli) -> Result<Exit> {
    match &cli.command {
        Some(Command::Diff(asked)) => diff::run(asked, cli.color),
        Some(Command::Preview(asked)) => preview::run(asked),
        Some(Command::Rules(command)) => rules_command::run(command),
        None => filter(&cli.filter, cli.color),
    }
}

fn filter(cli: &Filter, color: Color) -> Result<Exit> {
    if let Some(what) = cli.generate {
        return generate(what, cli.many.output.as_deref());
    }
    if (cli.many.jsonl || cli.many.warc) && cli.files.is_empty() {
        expect_input()?;
    }
    if batch::is_asked(cli) {
        return batch::run(cli);
    }
    let options = options(&cli.how)?
        .explain(cli.told.explain.is_some())
        .explain_kept(cli.told.explain_kept);
    let file = match &cli.files[..] {
        [] => None,
        [file] => Some(file.as_path()),
        _ => bail!("several pages: -o FOLDER says where to, --in-place writes over them"),
    };
    let input = open(file)?;
    let rules = rules(&cli.how)?;
    suggest_site(cli, &rules);
    let mut writing = Watched::new(stdout()?);
    let report = match dehusk::clean(&rules, &options, input, &mut writing) {
        Ok(report) => report,
        Err(error) => match writing.error {
            Some(io::ErrorKind::BrokenPipe) => return Ok(Exit::Filtered),
            Some(_) => return Err(anyhow!(error).context("cannot write the page")),
            None => return Err(anyhow!(error).context(format!("cannot read {}", name_of(file)))),
        },
    };
    let format = cli.told.format();
    if let Some(format) = format {
        explain::tell(&report, format, color)?;
    }
    match &report.unfiltered {
        None => Ok(Exit::Filtered),
        Some(why) => {
            let hint = if why.ends_with("gzip-compressed") {
                "; try: gzip -dc | dehusk"
            } else if why.ends_with("a WARC archive") {
                "; try: dehusk --warc"
            } else {
                ""
            };
            eprintln!("dehusk: {}: {why}; passed on as it is{hint}", name_of(file));
            Ok(Exit::Partly)
        }
    }
}

/// What a file is called in messages.
pub(crate) fn name_of(file: Option<&Path>) -> String {
    match file {
        Some(path) if path.as_os_str() != "-" => path.display().to_string(),
        _ => "standard input".to_owned(),
    }
}

/// The rules that the flags name.
///
/// # Errors
///
/// What cannot be read of them.
pub(crate) fn rules(how: &How) -> Result<Rules> {
    with_selected(rule_set::builder(&how.set)?, how)
}

/// The same, but in a checkout its rules as they are now in place of those built in.
///
/// # Errors
///
/// What cannot be read of them.
#[cfg(feature = "serve")]
pub(crate) fn rules_here(how: &How) -> Result<Rules> {
    with_selected(rule_set::builder_here(&how.set)?, how)
}

fn with_selected(mut builder: RulesBuilder, how: &How) -> Result<Rules> {
    for selector in &how.goes.select {
        builder = builder.select(selector);
    }
    rule_set::build(builder)
}

/// Says so if the site has no rules and its name is nearly that of one that has.
fn suggest_site(cli: &Filter, rules: &Rules) {
    if let Some(host) = cli.how.site.as_deref().and_then(dehusk::host_of)
        && let Some(meant) = suggest::host(rules, &host)
    {
        eprintln!("dehusk: --site {host}: there are no rules for it; did you mean {meant}?");
    }
}

/// What the flags say of the page and of what is to go.
///
/// # Errors
///
/// A host or an encoding that is none.
pub(crate) fn options(how: &How) -> Result<Options> {
    options_on(Options::new(), how)
}

/// The same on options that say something already; the flags win.
///
/// # Errors
///
/// As above.
pub(crate) fn options_on(options: Options, how: &How) -> Result<Options> {
    let mut options = options.hold_limit(how.goes.hold_limit);
    options = kinds_on(options, how.goes.drop.as_deref(), how.goes.keep.as_deref())?;
    if let Some(url) = how.url.as_deref().or(how.site.as_deref()) {
        if dehusk::host_of(url).is_none() && how.site.is_some() {
            bail!("--site {url}: a host such as example.com is wanted");
        }
        options = options.url(url);
    }
    if let Some(label) = &how.encoding {
        options = options.encoding(label)?;
    }
    Ok(options)
}

/// Options with only these kinds to go, and these to stay.
///
/// # Errors
///
/// A kind that is none.
pub(crate) fn kinds_on(
    mut options: Options,
    drop: Option<&[String]>,
    keep: Option<&[String]>,
) -> Result<Options> {
    if let Some(kinds) = drop {
        options = if kinds.iter().any(|k| k == "all") {
            options.drop(Kind::ALL)
        } else {
            options.drop(parsed(kinds)?)
        };
    }
    if let Some(kinds) = keep {
        options = options.keep(parsed(kinds)?);
    }
    Ok(options)
}

fn parsed(kinds: &[String]) -> Result<Vec<Kind>> {
    Ok(kinds
        .iter()
        .map(|kind| kind.parse())
        .collect::<Result<_, _>>()?)
}

/// Who types a page says so, with `-`; all others wonder why nothing happens.
///
/// # Errors
///
/// Nothing comes in: standard input is a terminal.
fn expect_input() -> Result<()> {
    if io::stdin().is_terminal() {
        bail!(
            "no page: give a file, or pipe one in: curl -s URL | dehusk > clean.html\n  \
             (dehusk - reads what is typed; dehusk --help says more)"
        );
    }
    Ok(())
}

/// Opens a page; nothing and `-` are standard input.
///
/// # Errors
///
/// What the system says, or that it is a folder.
pub(crate) fn open(path: Option<&Path>) -> Result<Box<dyn Read>> {
    if path.is_none() {
        expect_input()?;
    }
    let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
        return Ok(Box::new(io::stdin().lock()));
    };
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        bail!("{} is a folder; one page is wanted, or -o", path.display());
    }
    Ok(Box::new(content(file)))
}

/// Standard output without the line buffer that `std` puts before it.
#[cfg(unix)]
pub(crate) fn stdout() -> Result<impl Write> {
    use std::os::fd::AsFd;
    let output = io::stdout().as_fd().try_clone_to_owned();
    Ok(File::from(
        output.context("cannot write to standard output")?,
    ))
}

/// Standard output without the line buffer that `std` puts before it.
#[cfg(not(unix))]
pub(crate) fn stdout() -> Result<impl Write> {
    Ok(io::BufWriter::with_capacity(64 * 1024, io::stdout().lock()))
}

/// Remembers that it was writing that failed.
pub(crate) struct Watched<W> {
    pub inner: W,
    pub error: Option<io::ErrorKind>,
}

impl<W> Watched<W> {
    pub(crate) fn new(inner: W) -> Self {
        Watched { inner, error: None }
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.inner.write(bytes);
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.error = Some(error.kind());
        }
        result
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner
            .flush()
            .inspect_err(|error| self.error = Some(error.kind()))
    }
}

/// Prints the manual page or completions; with a folder, writes the manual pages of all commands there.
fn generate(what: Generate, folder: Option<&Path>) -> Result<Exit> {
    use clap_complete::Shell;
    let mut command = Cli::command();
    match (what, folder) {
        (_, None) => {}
        (Generate::Man, Some(folder)) => {
            let cannot = || format!("cannot write to {}", folder.display());
            clap_mangen::generate_to(command, folder).with_context(cannot)?;
            return Ok(Exit::Filtered);
        }
        (_, Some(_)) => bail!("completions are printed: -o is for --generate man"),
    }
    let mut out = Vec::new();
    let shell = match what {
        Generate::Man => {
            clap_mangen::Man::new(command.clone()).render(&mut out)?;
            None
        }
        Generate::Bash => Some(Shell::Bash),
        Generate::Zsh => Some(Shell::Zsh),
        Generate::Fish => Some(Shell::Fish),
        Generate::Powershell => Some(Shell::PowerShell),
    };
    if let Some(shell) = shell {
        clap_complete::generate(shell, &mut command, "dehusk", &mut out);
    }
    match stdout()?.write_all(&out) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow!(error).context("cannot write to standard output"))
        }
        _ => Ok(Exit::Filtered),
    }
}
