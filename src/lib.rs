//! dehusk takes the husk off web pages while they stream by: subscription prompts, "read also"
//! blocks, navigation and footers, share bars, newsletter forms, consent banners, ad slots. What is
//! not dropped is byte for byte what came in.
//!
//! What to drop stands in selector files; the ones that come with the crate are built in.
//!
//! ```
//! use dehusk::{Filter, Options, Rules};
//!
//! let rules = Rules::builtin(); // once; share it between filters and threads
//! let options = Options::new().url("https://example.org/news").explain(true);
//!
//! let mut page = Vec::new();
//! let mut filter = Filter::new(&rules, &options, &mut page);
//! filter.write(b"<body><nav><a href=/>Home</a></nav><main><h1>Rain</h1><p>It rained.</p></main>")?;
//! let report = filter.finish()?;
//!
//! assert_eq!(page, b"<body><main><h1>Rain</h1><p>It rained.</p></main>");
//! assert_eq!(report.removals[0].kind, dehusk::Kind::Navigation);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! The library never prints, never exits, and does not panic whatever the page. It needs memory for
//! a piece of input, what candidates hold back (1 MiB at most each, see [`Options::hold_limit`])
//! and the open elements, whatever the length of the page.

#![warn(missing_docs)]

mod charset;
mod doctype;
mod element;
mod filter;
mod gap;
pub mod import;
pub mod lint;
mod matcher;
mod open_elements;
mod page;
mod report;
mod rules;
mod scanner;
mod splice;
mod stream;
mod tag;
mod text;
mod words;

pub use filter::{Filter, HOLD_LIMIT, Options, UnknownEncoding, clean, decoded};
pub use report::{Amount, FailedTest, Kept, Printable, Prompt, Removal, Report, Saved, Tally};
pub use rules::{
    Action, Kind, KindSet, Level, Rule, RuleError, RuleErrors, Rules, RulesBuilder, SiteRules,
    UnknownKind, host_of,
};
