//! The command line: every flag and its help. What the flags do is `job`'s.

use clap::builder::PossibleValuesParser;
use clap::{Parser, ValueEnum, ValueHint};
use dehusk::Kind;
use std::path::PathBuf;

/// Take the husk off a web page: prompts, related links, menus, share bars, banners, ads.
///
/// Reads a page from FILE or standard input and writes the same page to standard output without
/// its husk. What is not dropped is byte for byte what came in.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    max_term_width = 100,
    after_help = "Examples:
  curl -s URL | dehusk > clean.html
  dehusk --url URL page.html | pandoc -f html -t plain
  dehusk -e '.promo' -e 'p:has-text(\"Lire aussi\")' < page.html
  dehusk --explain < page.html > /dev/null",
    after_long_help = "Exit status: 0 filtered; 2 wrong flags, an unreadable file or a bad selector; 3 the page came \
through whole, but not all of it could be filtered.

dehusk fetches nothing and gets round no paywall: a prompt is dropped, the text behind it was never there."
)]
pub(crate) struct Cli {
    /// The page; standard input if it is left out or '-'
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,

    /// The page's address: it chooses the site's rules. Without it the page's own head is asked
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, conflicts_with = "site")]
    pub url: Option<String>,

    /// The page's site, by host name
    #[arg(long, value_name = "HOST", value_hint = ValueHint::Hostname)]
    pub site: Option<String>,

    /// The page's encoding, such as windows-1252; without it the page is asked
    #[arg(long, value_name = "LABEL")]
    pub encoding: Option<String>,

    /// Drop what this selector matches as well
    #[arg(short = 'e', long = "select", value_name = "SELECTOR")]
    pub select: Vec<String>,

    /// Add the rules of this selector file, or of the files of this folder; they win over those
    /// that come with dehusk
    #[arg(short = 's', long = "selectors", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub selectors: Vec<PathBuf>,

    /// Do without the rules that come with dehusk
    #[arg(long)]
    pub no_default_selectors: bool,

    /// Do not read ~/.config/dehusk/selectors/
    #[arg(long)]
    pub no_config: bool,

    /// Drop only these kinds; 'all' are all of them, comments, bylines and captions too
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kinds_or_all(), conflicts_with = "keep")]
    pub drop: Option<Vec<String>>,

    /// Keep these kinds
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kinds())]
    pub keep: Option<Vec<String>>,

    /// Tell on standard error what was dropped, by which line of which file, and whether the article
    /// came cut short
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    pub explain: Option<Explain>,

    /// Bytes that one undecided element may hold back before it is kept
    #[arg(long, value_name = "BYTES", default_value_t = dehusk::HOLD_LIMIT, hide_short_help = true)]
    pub hold_limit: u64,

    /// Print the manual page or a shell's completions
    #[arg(long, value_name = "WHAT", hide_short_help = true, exclusive = true)]
    pub generate: Option<Generate>,
}

/// How removals are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Explain {
    /// A line each, for people
    Text,
    /// A JSON object a line: the removals, then the page's report
    Json,
}

/// What can be generated from these definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Generate {
    /// The manual page
    Man,
    /// Completions for bash
    Bash,
    /// Completions for zsh
    Zsh,
    /// Completions for fish
    Fish,
    /// Completions for PowerShell
    Powershell,
}

fn kinds() -> PossibleValuesParser {
    PossibleValuesParser::new(choosable().map(Kind::name))
}

fn kinds_or_all() -> PossibleValuesParser {
    PossibleValuesParser::new(choosable().map(Kind::name).chain(["all"]))
}

/// `custom` is not a matter of choice: who gives rules of their own wants them.
fn choosable() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| *kind != Kind::Custom)
}
