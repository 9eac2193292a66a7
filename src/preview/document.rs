//! The file that `dehusk preview` writes: the page with its marks in a frame, a panel beside it, and the
//! report as data for the panel's script. How it looks is in `preview.html`, `preview.css` and
//! `preview.js`.
//!
//! Three things keep the page from doing anything. Its frame is sandboxed without scripts, forms and
//! windows. It inherits this file's policy, which lets nothing be fetched and no script run but those
//! here, by their hashes. And [`marks`](super::marks) disarm it.

use super::marks::{Mark, marked, quoted, unused_name};
use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dehusk::{Kept, Kind, Options, Removal, Report, Rules};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

const TEMPLATE: &str = include_str!("preview.html");
pub(super) const STYLE: &str = include_str!("preview.css");
const SCRIPT: &str = include_str!("preview.js");

/// A page filtered, with what would go.
pub(super) struct Previewed {
    /// Decoded to UTF-8.
    page: String,
    pub report: Report,
}

impl Previewed {
    /// Filters a page. What comes out is not asked; what would go is.
    ///
    /// # Errors
    ///
    /// It is no page.
    pub(super) fn new(rules: &Rules, options: &Options, page: &[u8]) -> Result<Previewed> {
        let options = options.clone().explain(true).explain_kept(true);
        let report = dehusk::clean(rules, &options, page, std::io::sink())
            .context("the page cannot be filtered")?;
        let Some(page) = dehusk::decoded(page, &options) else {
            let why = report.unfiltered.as_deref();
            bail!("{}; there is nothing to show", why.unwrap_or("no page"));
        };
        Ok(Previewed { page, report })
    }

    /// The file. `served` is what a server adds.
    ///
    /// # Errors
    ///
    /// The report cannot be written as JSON.
    pub(super) fn html(&self, name: &str, served: Option<&Served<'_>>) -> Result<String> {
        let names = Names {
            removed: unused_name(&self.page, "data-dehusk"),
            kept: unused_name(&self.page, "data-dehusk-kept"),
            unfold: unused_name(&self.page, "data-dehusk-unfold"),
        };
        let removals = (1..).zip(&self.report.removals);
        let removals: Vec<Shown<'_>> = removals.map(|(n, item)| Shown::removed(n, item)).collect();
        let kept = (1..).zip(&self.report.kept);
        let mut kept: Vec<Shown<'_>> = kept.map(|(n, item)| Shown::kept(n, item)).collect();
        for i in 1..kept.len() {
            // Two rules may have come near to one element.
            if kept[i].start == kept[i - 1].start {
                kept[i].mark = kept[i - 1].mark.clone();
            }
        }
        let of_removals = removals.iter().map(|shown| shown.as_mark(&names.removed));
        let of_kept = kept.iter().map(|shown| shown.as_mark(&names.kept));
        let mut marks: Vec<Mark> = of_removals.chain(of_kept).collect();
        marks.sort();
        marks.dedup();
        let data = Data {
            report: &self.report,
            kinds: Kind::ALL.map(Kind::name),
            marks: &names,
            removals: &removals,
            kept: &kept,
            served: served.map(|served| served.version),
            problem: served.and_then(|served| served.problem),
        };
        // In a script element nothing but `<` could end it.
        let data = serde_json::to_string(&data)
            .context("the report cannot be written as JSON")?
            .replace('<', "\\u003c");
        let mut scripts = vec![SCRIPT];
        scripts.extend(served.map(|served| served.script));
        Ok(filled(
            TEMPLATE,
            &[
                ("policy", &policy(&scripts, served.is_some())),
                ("name", &text(name)),
                ("style", STYLE),
                ("page", &quoted(&marked(&self.page, &marks))),
                ("data", &data),
                ("script", &scripts.join("</script>\n<script>")),
            ],
        ))
    }
}

/// What a server adds to a preview.
pub(super) struct Served<'a> {
    /// A second script.
    pub script: &'a str,
    /// What is wrong with the rules as they are now.
    pub problem: Option<&'a str>,
    /// Of rules and pages.
    pub version: u64,
}

/// What the panel's script is told.
#[derive(Serialize)]
struct Data<'a> {
    report: &'a Report,
    kinds: [&'static str; Kind::ALL.len()],
    marks: &'a Names,
    removals: &'a [Shown<'a>],
    kept: &'a [Shown<'a>],
    /// The version that a server shows.
    served: Option<u64>,
    problem: Option<&'a str>,
}

/// What the attributes are called.
#[derive(Serialize)]
struct Names {
    removed: String,
    kept: String,
    unfold: String,
}

/// What goes or nearly went, and what its element is marked with.
#[derive(Serialize)]
struct Shown<'a> {
    mark: String,
    #[serde(skip)]
    start: u64,
    kind: &'static str,
    file: &'a str,
    line: u32,
    selector: &'a str,
    element: &'a str,
    text_length: u64,
    text: &'a str,
    /// What saved it.
    why: Option<String>,
}

impl<'a> Shown<'a> {
    fn removed(number: usize, item: &'a Removal) -> Self {
        Shown {
            mark: format!("{}-{number}", item.kind.name()),
            start: item.bytes.start,
            kind: item.kind.name(),
            file: &item.file,
            line: item.line,
            selector: &item.selector,
            element: &item.element,
            text_length: item.text_length,
            text: &item.text,
            why: None,
        }
    }

    fn kept(number: usize, item: &'a Kept) -> Self {
        Shown {
            mark: format!("kept-{number}"),
            start: item.bytes.start,
            kind: item.kind.name(),
            file: &item.file,
            line: item.line,
            selector: &item.selector,
            element: &item.element,
            text_length: item.text_length,
            text: &item.text,
            why: Some(item.saved.to_string()),
        }
    }

    fn as_mark(&self, name: &str) -> Mark {
        Mark {
            at: self.start as usize,
            name: name.to_owned(),
            value: self.mark.clone(),
        }
    }
}

/// Text for an element's content or an attribute's value.
pub(super) fn text(text: &str) -> String {
    quoted(text).replace('<', "&lt;")
}

/// A policy that lets nothing be fetched, and no script run but these. The page's frame inherits it.
pub(super) fn policy(scripts: &[&str], is_served: bool) -> String {
    let mut policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src \
                      'unsafe-inline'; img-src data:; font-src data:; script-src"
        .to_owned();
    for script in scripts {
        let hash = STANDARD.encode(Sha256::digest(script));
        policy.push_str(&format!(" 'sha256-{hash}'"));
    }
    if is_served {
        policy.push_str("; connect-src 'self'");
    }
    policy
}

/// A template with each `{{name}}` replaced, once: what is put in is not looked at again.
pub(super) fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let size = values.iter().map(|(_, value)| value.len()).sum::<usize>();
    let mut out = String::with_capacity(template.len() + size);
    let mut rest = template;
    while let Some((before, name, after)) = next_name(rest) {
        out.push_str(before);
        let value = values.iter().find(|(known, _)| *known == name);
        debug_assert!(value.is_some(), "nothing is known of {{{{{name}}}}}");
        out.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn next_name(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_no_template() {
        let filled = filled("a {{x}} b {{y}}{{x}}", &[("x", "{{y}}"), ("y", "2")]);
        assert_eq!(filled, "a {{y}} b 2{{y}}");
    }

    #[test]
    fn every_kind_has_a_colour() {
        for kind in Kind::ALL {
            let name = format!("--kind-{}: #", kind.name());
            assert!(STYLE.contains(&name), "{name}");
        }
    }

    #[test]
    fn assets_can_stand_in_a_page() {
        assert!(!SCRIPT.contains("</script"));
        assert!(!STYLE.contains("</style"));
    }
}
