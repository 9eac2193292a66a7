//! The command line: every flag and its help. What the flags do is `job`'s.

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use dehusk::Kind;
use std::num::NonZeroUsize;
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
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "Examples:
  curl -s URL | dehusk > clean.html
  dehusk --url URL page.html | pandoc -f html -t plain
  dehusk -e '.promo' -e 'p:has-text(\"Lire aussi\")' < page.html
  dehusk --explain < page.html > /dev/null
  dehusk -o clean/ pages/
  dehusk --jsonl crawl.jsonl.gz -o clean.jsonl.gz
  dehusk --warc crawl.warc.gz -o clean.warc.gz",
    after_long_help = "Exit status: 0 filtered; 1 `rules check` or `rules test` found something; 2 wrong flags, an unreadable file or a bad selector; 3 the page came \
through whole, but not all of it could be filtered, or with many pages one of them did; 130 stopped by Ctrl-C.

dehusk fetches nothing and gets round no paywall: a prompt is dropped, the text behind it was never there."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub filter: Filter,
}

/// What else the command can do. A page in a file of such a name is `./rules`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List, show, check, test, import and draft rules
    #[command(subcommand)]
    Rules(RulesCommand),
}

/// What can be done with rules.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// List the sites and kinds that have rules, how many, and in which file
    List {
        #[command(flatten)]
        set: Set,

        /// As JSON, an object
        #[arg(long)]
        json: bool,
    },

    /// Show the rules for a site in order of precedence, each with its file and line
    Show {
        /// The site: a host or an address
        #[arg(value_name = "HOST", value_hint = ValueHint::Hostname)]
        host: String,

        #[command(flatten)]
        set: Set,
    },

    /// Look for rules that cannot be read, cannot match, say the same, or do harm
    Check {
        /// Selector files, folders of them, or lists; without them your own and those that come
        /// with dehusk
        #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
        paths: Vec<PathBuf>,

        /// Pages that show what the rules do, as in `rules test`
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        corpus: Option<PathBuf>,

        /// As JSON, an object a finding
        #[arg(long)]
        json: bool,
    },

    /// Try rules on pages that have been looked at: DIR/HOST/CASE/{page,clean}.html
    Test {
        /// Folders of cases; without them ./corpus
        #[arg(value_name = "PATH", value_hint = ValueHint::DirPath)]
        paths: Vec<PathBuf>,

        #[command(flatten)]
        set: Set,

        /// Write what comes out beside each page, to be looked at
        #[arg(long)]
        bless: bool,
    },

    /// Turn ftr-site-config files and Adblock Plus or uBlock Origin lists into selector files
    Import {
        /// Files or folders
        #[arg(value_name = "FILE|DIR", required = true, value_hint = ValueHint::AnyPath)]
        paths: Vec<PathBuf>,

        /// Where to write the selector files; without it nothing is written, only counted
        #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        output: Option<PathBuf>,

        /// List every line that was not taken
        #[arg(long)]
        left_out: bool,
    },

    /// Draft a selector file for a site from pages of it; two or more pages tell most
    New {
        /// The site: a host or an address
        #[arg(value_name = "HOST", value_hint = ValueHint::Hostname)]
        host: String,

        /// Saved pages of the site
        #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,

        #[command(flatten)]
        set: Set,
    },
}

/// Which rules there are.
#[derive(Args, Debug, Default)]
pub(crate) struct Set {
    /// Add the rules of this file, or of the files of this folder, which may be selector files,
    /// ftr-site-config files or Adblock Plus and uBlock Origin lists
    #[arg(short = 's', long = "selectors", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub selectors: Vec<PathBuf>,

    /// Do without the rules that come with dehusk
    #[arg(long)]
    pub no_default_selectors: bool,

    /// Do not read ~/.config/dehusk/selectors/
    #[arg(long)]
    pub no_config: bool,
}

/// How a page is filtered.
#[derive(Args, Debug)]
pub(crate) struct Filter {
    /// The page; standard input if it is left out or '-'. Several pages, and folders of them, with -o
    /// or --in-place
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,

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

    #[command(flatten)]
    pub set: Set,

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

    #[command(flatten)]
    pub many: Many,

    /// Print the manual page or a shell's completions
    #[arg(long, value_name = "WHAT", hide_short_help = true, exclusive = true)]
    pub generate: Option<Generate>,
}

/// How many pages are filtered.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Many pages")]
pub(crate) struct Many {
    /// Read JSON lines: a record a line, with a page in it; write them with the page filtered
    #[arg(long, conflicts_with_all = ["encoding"])]
    pub jsonl: bool,

    /// Read WARC files; write them with the pages in them filtered and everything else byte for byte,
    /// compressed as it was unless -o FILE says otherwise. A page's address comes from its record, unless
    /// there is --url or --site, its charset from HTTP, unless there is --encoding
    #[arg(long, conflicts_with_all = ["jsonl", "html_field", "url_field", "report_field"])]
    pub warc: bool,

    /// The field with the page
    #[arg(long, value_name = "NAME", default_value = "html", requires = "jsonl")]
    pub html_field: String,

    /// The field with the page's address; not asked with --url or --site
    #[arg(long, value_name = "NAME", default_value = "url", requires = "jsonl")]
    pub url_field: String,

    /// Add what was done as a field, with --explain=json every removal too
    #[arg(long, value_name = "NAME", requires = "jsonl")]
    pub report_field: Option<String>,

    /// Write to this folder, in the order of the folders that are read; with --jsonl and --warc it may be
    /// a file. What ends in .gz or .zst is compressed
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub output: Option<PathBuf>,

    /// Write over the files that are read
    #[arg(long, conflicts_with = "output")]
    pub in_place: bool,

    /// Leave out files that have been cleaned and have not changed since. Rules and flags are not compared
    #[arg(long, requires = "output")]
    pub resume: bool,

    /// Stop at the first page that cannot be filtered
    #[arg(long)]
    pub strict: bool,

    /// Pages worked on at a time; as many as there are cores if it is left out
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Tell at the end what was done: pages, bytes, kinds, paywall prompts, failures, busiest rules
    #[arg(long)]
    pub summary: bool,

    /// Show no progress
    #[arg(short, long)]
    pub quiet: bool,
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
