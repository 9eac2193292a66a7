//! The command line: every flag and its help. What the flags do is `job`'s.

use clap::builder::PossibleValuesParser;
use clap::{
    Arg, ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
    ValueHint,
};
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
    about = "Take the husk off a web page: prompts, related links, menus, banners, ads",
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{KINDS}\n\n{STATUS}\n\n{WALLS}")
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub filter: Filter,

    /// Use colour: auto, always, never
    ///
    /// auto: on a terminal, unless NO_COLOR is set.
    #[arg(
        long,
        value_name = "WHEN",
        hide_possible_values = true,
        default_value = "auto",
        global = true,
        hide_short_help = true,
        help_heading = None,
        hide_default_value = true
    )]
    pub color: Color,
}

const EXAMPLES: &str = "Examples:
  curl -s URL | dehusk | pandoc -f html -t plain
  dehusk --explain --url URL page.html > clean.html
  dehusk -e '.promo' -e 'p:has-text(\"Lire aussi\")' < page.html
  dehusk -o clean/ pages/";

const KINDS: &str = "Kinds: subscription, related, navigation, share, newsletter, consent, ads, repeats; only if \
asked for: comments, byline, captions.";

const STATUS: &str = "Exit status: 0 filtered; 1 `rules check`, `rules test` or `diff` found something; 2 wrong \
flags, files or selectors; 3 a page could not be filtered to its end; 130 stopped.";

const WALLS: &str = "dehusk fetches nothing and gets round no paywall: a prompt is dropped, the text behind it was never \
there.";

/// The flags that were given. Help, the version and what is wrong with the flags end the program here.
///
/// Both helps are tables: `-h` has the flags that most need, and fits any screen; `--help` has all of them.
pub(crate) fn parse() -> Cli {
    let in_full = std::env::args_os().any(|arg| arg == "--help");
    let matches = with_help(in_full).get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// The command's definition with one of its two helps, for both of its flags.
fn with_help(in_full: bool) -> clap::Command {
    let command = Cli::command().mut_subcommands(with_all_flags);
    let names: Vec<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    let names = names.join(", ");
    let command = if in_full {
        let command = command.mut_args(|arg| arg.hide_short_help(false));
        command.after_help(format!("{EXAMPLES}\n\n{KINDS}\n{STATUS}"))
    } else {
        command.help_template(format!(
            "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{{options}}\n\n\
             Commands: {names}. More: dehusk --help, dehusk COMMAND --help{{after-help}}"
        ))
    };
    let help = Arg::new("help").short('h').long("help").help("Print help");
    let help = help.action(ArgAction::HelpShort).global(true);
    command.disable_help_flag(true).arg(help.help_heading(None))
}

/// The definition with nothing hidden from its help, nor from that of its commands.
fn with_all_flags(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| arg.hide_short_help(false));
    command.mut_subcommands(with_all_flags)
}

/// When colour is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Whatever is written to
    Always,
    /// Nowhere
    Never,
}

#[cfg(feature = "serve")]
const PREVIEW_EXAMPLES: &str = "Examples:
  dehusk preview page.html > preview.html
  dehusk preview --drop all --site example.com page.html > preview.html
  dehusk preview --serve -s example.com.sel pages/";

#[cfg(not(feature = "serve"))]
const PREVIEW_EXAMPLES: &str = "Examples:
  dehusk preview page.html > preview.html
  dehusk preview --drop all --site example.com page.html > preview.html";

const DIFF_EXAMPLES: &str = "Examples:
  dehusk diff builtin builtin+mine.sel pages/
  dehusk diff --html old/selectors selectors pages/ > diff.html

'builtin' are the rules that come with dehusk, '+' joins several. A folder such as a checkout's selectors/ \
stands in their place. Exit status: 0 no page changes; 1 some do; 2 trouble.";

/// What else the command can do. A page in a file of such a name is `./rules`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write one HTML file that shows the page, what would go of it, and by which rule
    ///
    /// The page is as it is; what would go is dimmed and outlined in the colour of its kind, with its
    /// rule. The file needs no network, and nothing of the page runs in it.
    #[command(after_help = PREVIEW_EXAMPLES)]
    Preview(Preview),

    /// Compare two rule sets on pages: what goes with one and stays with the other
    ///
    /// A set is a selector file, a folder of them or a list, as -s takes them; `builtin` are the rules
    /// that come with dehusk; several are joined by `+`. A folder such as a checkout's selectors/ stands
    /// in the place of the built-in rules and phrases. Your own rules in ~/.config are not asked. Exit
    /// status 0: no page changes; 1: some do; 2: trouble.
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(Diff),

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
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Set {
    /// Add the rules of this file, or of this folder's
    ///
    /// They may be selector files, ftr-site-config files or Adblock Plus and uBlock Origin lists.
    #[arg(short = 's', long = "selectors", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub selectors: Vec<PathBuf>,

    /// Do without the rules that come with dehusk
    #[arg(long, hide_short_help = true)]
    pub no_default_selectors: bool,

    /// Do not read ~/.config/dehusk/selectors/
    #[arg(long, hide_short_help = true)]
    pub no_config: bool,
}

/// What is asked of the filter.
#[derive(Args, Debug)]
pub(crate) struct Filter {
    /// The page; standard input if it is left out or '-'. With -o several, and folders
    ///
    /// Several pages, and folders of them, with -o or --in-place.
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,

    #[command(flatten)]
    pub how: How,

    #[command(flatten)]
    pub told: Told,

    #[command(flatten)]
    pub many: Many,

    /// Print the manual page (man), or completions: bash, zsh, fish, powershell
    ///
    /// With -o the manual pages of all commands are written to that folder.
    #[arg(long, value_name = "WHAT", help_heading = None, hide_short_help = true, hide_possible_values = true,
        conflicts_with_all = ["files", "url", "site", "select", "jsonl", "explain", "in_place"])]
    pub generate: Option<Generate>,
}

/// How a page is filtered: what is known of it, by which rules, and what is to go.
#[derive(Args, Clone, Debug)]
pub(crate) struct How {
    /// The page's address: it chooses the site's rules
    ///
    /// Without it the page's own head is asked.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, conflicts_with = "site")]
    pub url: Option<String>,

    /// The page's site, by host name
    #[arg(long, value_name = "HOST", value_hint = ValueHint::Hostname, hide_short_help = true)]
    pub site: Option<String>,

    /// The page's encoding, such as windows-1252; the page is asked otherwise
    #[arg(long, value_name = "LABEL", hide_short_help = true)]
    pub encoding: Option<String>,

    #[command(flatten)]
    pub set: Set,

    #[command(flatten)]
    pub goes: Goes,
}

/// What is shown of which pages.
#[derive(Args, Debug)]
pub(crate) struct Preview {
    /// The page; standard input if it is left out or '-'. With --serve several, and folders
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,

    #[command(flatten)]
    pub how: How,

    #[cfg(feature = "serve")]
    #[command(flatten)]
    pub serve: Serve,
}

/// A server of previews.
#[cfg(feature = "serve")]
#[derive(Args, Debug)]
#[command(next_help_heading = "Many pages")]
pub(crate) struct Serve {
    /// List pages at an address of this machine, and show each
    ///
    /// When a selector file or a page changes, what is shown changes. Ctrl-C ends it.
    #[arg(long)]
    pub serve: bool,

    /// The port, with --serve; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8321, requires = "serve")]
    pub port: u16,
}

/// What is to go.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "What goes")]
pub(crate) struct Goes {
    /// Drop only these kinds, or all
    ///
    /// 'all' are all of them, comments, bylines and captions too.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kinds_or_all(), conflicts_with = "keep", hide_possible_values = true)]
    pub drop: Option<Vec<String>>,

    /// Keep these kinds, such as navigation,share
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kinds(), hide_possible_values = true)]
    pub keep: Option<Vec<String>>,

    /// Drop what this CSS selector matches as well
    #[arg(short = 'e', long = "select", value_name = "SELECTOR")]
    pub select: Vec<String>,

    /// Bytes an element may hold back undecided
    ///
    /// When it has held back more it is kept.
    #[arg(long, value_name = "BYTES", default_value_t = dehusk::HOLD_LIMIT, hide_short_help = true)]
    pub hold_limit: u64,
}

/// What is told.
#[derive(Args, Debug)]
#[command(next_help_heading = "What went")]
pub(crate) struct Told {
    /// Tell what was dropped, by which rule; text or json
    ///
    /// On standard error: by which line of which file, where it stood, its first and last words; and
    /// whether the article came cut short.
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text", hide_possible_values = true)]
    pub explain: Option<Explain>,

    /// Tell as well what a rule nearly dropped, and what saved it
    ///
    /// A [keep], a length, a :not(), the hold limit.
    #[arg(long, hide_short_help = true)]
    pub explain_kept: bool,
}

impl Told {
    /// How it is told, if it is.
    pub(crate) fn format(&self) -> Option<Explain> {
        self.explain.or(self.explain_kept.then_some(Explain::Text))
    }
}

/// Which sets are compared on which pages.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The rules before: a file or folder as -s takes it, builtin, or several: builtin+mine.sel
    #[arg(value_name = "A", value_hint = ValueHint::AnyPath)]
    pub a: String,

    /// The rules after
    #[arg(value_name = "B", value_hint = ValueHint::AnyPath)]
    pub b: String,

    /// Pages, and folders of them; compressed ones too
    #[arg(value_name = "PAGE", required = true, value_hint = ValueHint::AnyPath)]
    pub pages: Vec<PathBuf>,

    /// Write one HTML page, with the text of both sides side by side
    #[arg(long)]
    pub html: bool,

    /// The pages' site, by host name; their own heads are asked otherwise
    #[arg(long, value_name = "HOST", value_hint = ValueHint::Hostname)]
    pub site: Option<String>,

    /// Drop only these kinds, or all
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kinds_or_all(), conflicts_with = "keep", hide_possible_values = true)]
    pub drop: Option<Vec<String>>,

    /// Keep these kinds, such as navigation,share
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kinds(), hide_possible_values = true)]
    pub keep: Option<Vec<String>>,

    /// Pages worked on at a time; as many as there are cores otherwise
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

/// How many pages are filtered.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Many pages")]
pub(crate) struct Many {
    /// Write to this folder; with --jsonl, --warc to a file
    ///
    /// In the order of the folders that are read. What ends in .gz or .zst is compressed.
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub output: Option<PathBuf>,

    /// Write over the files that are read
    #[arg(long, conflicts_with = "output", hide_short_help = true)]
    pub in_place: bool,

    /// Read and write JSON lines with a page in each
    #[arg(long, conflicts_with_all = ["encoding"])]
    pub jsonl: bool,

    /// Read and write WARC files, the pages in them filtered
    ///
    /// Everything else is byte for byte what it was, compressed as it was unless -o FILE says otherwise. A
    /// page's address comes from its record, unless there is --url or --site, its charset from HTTP, unless
    /// there is --encoding.
    #[arg(
        long,
        conflicts_with_all = ["jsonl", "html_field", "url_field", "report_field"],
        hide_short_help = true
    )]
    pub warc: bool,

    /// The field with the page
    #[arg(
        long,
        value_name = "NAME",
        default_value = "html",
        requires = "jsonl",
        hide_short_help = true
    )]
    pub html_field: String,

    /// The field with the page's address
    ///
    /// It is not asked with --url or --site.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "url",
        requires = "jsonl",
        hide_short_help = true
    )]
    pub url_field: String,

    /// Add a report in this field, with --explain=json every removal too
    #[arg(long, value_name = "NAME", requires = "jsonl", hide_short_help = true)]
    pub report_field: Option<String>,

    /// Leave out files cleaned before; rules and flags are not compared
    #[arg(long, requires = "output", hide_short_help = true)]
    pub resume: bool,

    /// Stop at the first page that cannot be filtered
    #[arg(long, hide_short_help = true)]
    pub strict: bool,

    /// Pages worked on at a time; as many as there are cores otherwise
    #[arg(short, long, value_name = "N", hide_short_help = true)]
    pub jobs: Option<NonZeroUsize>,

    /// Tell at the end what was done
    ///
    /// Pages, bytes, kinds, paywall prompts, failures, busiest rules.
    #[arg(long, hide_short_help = true)]
    pub summary: bool,

    /// Show no progress
    #[arg(short, long, hide_short_help = true)]
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
