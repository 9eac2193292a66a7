//! A comparison as lines for people.

use super::Compared;
use super::changes::{Became, Change};
use super::summary::Summary;
use crate::explain::{style_of, words};
use anstyle::{AnsiColor, Style};
use dehusk::Printable;
use std::fmt::Write as _;

/// Characters that a column takes at most for the sake of alignment.
const WIDEST: usize = 44;

/// The changes of a page, its name before them.
pub(super) fn page(page: &Compared, painted: bool) -> String {
    let paint = |style: Style| if painted { style } else { Style::new() };
    let name = paint(Style::new().bold());
    let path = page.path.display().to_string();
    let mut out = format!("{name}{}{name:#}", Printable(&path));
    if let Some(site) = &page.site {
        let _ = write!(out, "  {}", Printable(site));
    }
    out.push('\n');
    let columns = |change: &Change| {
        [
            Printable(&change.rule).to_string(),
            Printable(&change.element).to_string(),
            format!("{}-{}", change.bytes.start, change.bytes.end),
        ]
    };
    let rows: Vec<[String; 3]> = page.changes.iter().map(columns).collect();
    let width = |i: usize| {
        let widths = rows.iter().map(|row| row[i].chars().count());
        widths.filter(|&width| width <= WIDEST).max().unwrap_or(0)
    };
    let [w0, w1, w2] = [width(0), width(1), width(2)];
    for (change, [rule, element, bytes]) in page.changes.iter().zip(&rows) {
        let sign = paint(match change.became {
            Became::Dropped => AnsiColor::Red.on_default(),
            Became::Kept => AnsiColor::Green.on_default(),
        });
        let kind = paint(style_of(change.kind));
        let _ = write!(
            out,
            "  {sign}{:<7}{sign:#}  {kind}{:<12}{kind:#} {rule:<w0$}  {element:<w1$}  {bytes:<w2$}  {}",
            change.became.name(),
            change.kind.name(),
            words(&change.text, &change.last_words),
        );
        if let Some(saved) = &change.saved {
            let with = match change.became {
                Became::Dropped => "A",
                Became::Kept => "B",
            };
            let _ = write!(out, "  {with}: {saved}");
        }
        out.push('\n');
    }
    out.push('\n');
    out
}

/// The rules that make the difference, and what it comes to.
pub(super) fn summary(summary: &Summary) -> String {
    let mut out = String::new();
    let rules = summary.rules();
    if !rules.is_empty() {
        let width = rules.iter().map(|(key, _)| key.rule.chars().count());
        let width = width.filter(|&width| width <= WIDEST).max().unwrap_or(0);
        let _ = writeln!(
            out,
            "{:<7}  {:<12} {:<width$}  {:>5} {:>8} {:>10}  SELECTOR",
            "", "KIND", "RULE", "PAGES", "ELEMENTS", "CHARACTERS"
        );
        for (key, count) in rules {
            let _ = writeln!(
                out,
                "{:<7}  {:<12} {:<width$}  {:>5} {:>8} {:>10}  {}",
                key.became.name(),
                key.kind.name(),
                Printable(&key.rule).to_string(),
                count.pages,
                count.elements,
                count.characters,
                Printable(&key.selector)
            );
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{}", summary.sentence());
    out
}
