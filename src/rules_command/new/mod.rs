//! `dehusk rules new`: a draft of a site's selector file, made from pages of it, for a person to
//! prune. What the rules there already take is left alone; of what is left, what pages repeat, what
//! is called like husk and what leads elsewhere is offered, with what it takes: each selector has
//! been tried. What differs from page to page and is long prose is the article, and nothing that
//! takes of it is offered.

mod article;
mod candidates;
mod draft;
mod drafting;
mod hints;
mod names;
mod page;
mod pick;
mod site;
mod tree;
mod trial;
mod unnamed;

pub(crate) use tree::is_inline;

use crate::cli::Set;
use crate::job::Exit;
use crate::rule_set;
use anyhow::{Context as _, Result};
use dehusk::Rules;
use drafting::Drafting;
use hints::Hints;
use page::Page;
use site::Site;
use std::path::PathBuf;

/// Prints the draft.
///
/// # Errors
///
/// A file that cannot be read or is no page, a host that is none.
pub(crate) fn run(host: &str, files: &[PathBuf], set: &Set) -> Result<Exit> {
    let host = dehusk::host_of(host)
        .with_context(|| format!("{host}: a host such as example.com is wanted"))?;
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let rules = rule_set::build(rule_set::builder(set)?)?;
    let mut pages: Vec<Page> = Vec::new();
    let mut notes = Vec::new();
    for file in files {
        let page = Page::read(file, host, &rules)?;
        match site::same_as(&pages, &page) {
            None => pages.push(page),
            Some(same) => notes.push(format!("{} is {same} again, and not counted.", page.name)),
        }
    }
    let site = Site::new(pages, Hints::read(Rules::builtin_files())?)?;
    let draft = Drafting::new(host, &site, set, &rules)?.draft(notes)?;
    super::print(&draft.written())
}
