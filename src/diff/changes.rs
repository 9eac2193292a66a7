//! What differs between two reports on the same page.

use dehusk::{Kind, Removal, Report};
use std::ops::Range;

/// What has become of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Became {
    /// It stays with A and goes with B.
    Dropped,
    /// It goes with A and stays with B.
    Kept,
}

impl Became {
    pub(super) fn name(self) -> &'static str {
        match self {
            Became::Dropped => "dropped",
            Became::Kept => "kept",
        }
    }
}

/// An element that goes with one set and not with the other.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub became: Became,
    pub kind: Kind,
    /// The rule that drops it, with B or with A: file and line, and as it was written.
    pub rule: String,
    pub selector: String,
    pub element: String,
    pub bytes: Range<u64>,
    /// Characters of its visible text, without what goes with the other set as well.
    pub characters: u64,
    pub text: String,
    pub last_words: String,
    /// Where it stays, the rule that comes nearest, and what saves it.
    pub saved: Option<String>,
}

/// What goes with only one of the sets, in the order of the page; and how many elements go with both,
/// but by another rule.
pub(super) fn between(a: &Report, b: &Report) -> (Vec<Change>, usize) {
    let mut changes = only(b, a, Became::Dropped);
    changes.extend(only(a, b, Became::Kept));
    changes.sort_by_key(|change| (change.bytes.start, change.became));
    let names = |r: &Removal| (r.kind, r.selector.clone());
    let other_rule = b.removals.iter().filter(|r| {
        let same = at(a, r.bytes.start).filter(|other| other.bytes == r.bytes);
        same.is_some_and(|other| names(other) != names(r))
    });
    let other_rule = other_rule.count();
    (changes, other_rule)
}

/// The removal that begins at this place. Removals are in the order of the page, none in another.
fn at(report: &Report, start: u64) -> Option<&Removal> {
    let all = &report.removals;
    let found = all.binary_search_by_key(&start, |r| r.bytes.start).ok()?;
    Some(&all[found])
}

/// What goes with `this` and not, or not all of it, with the other.
fn only(this: &Report, other: &Report, became: Became) -> Vec<Change> {
    let mut changes = Vec::new();
    for r in &this.removals {
        let all = &other.removals;
        let first = all.partition_point(|o| o.bytes.end <= r.bytes.start);
        let met = all[first..]
            .iter()
            .take_while(|o| o.bytes.start < r.bytes.end);
        let met: Vec<&Removal> = met.collect();
        let covers = |o: &&Removal| o.bytes.start <= r.bytes.start && r.bytes.end <= o.bytes.end;
        if met.iter().any(covers) {
            continue;
        }
        let inside: u64 = met.iter().map(|o| o.text_length).sum();
        let mut near = other.kept.iter().filter(|k| k.bytes.start == r.bytes.start);
        changes.push(Change {
            became,
            kind: r.kind,
            rule: format!("{}:{}", r.file, r.line),
            selector: r.selector.clone(),
            element: r.element.clone(),
            bytes: r.bytes.clone(),
            characters: r.text_length.saturating_sub(inside),
            text: r.text.clone(),
            last_words: r.last_words.clone(),
            saved: near
                .next()
                .map(|k| format!("{}:{} {}", k.file, k.line, k.saved)),
        });
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use dehusk::{Options, Rules};

    /// What differs, in short: what became of it, its rule, its characters.
    fn told(a: &str, b: &str, page: &str) -> (Vec<String>, usize) {
        let report = |rules: &str| {
            let rules = Rules::builder().builtin(false).file("x.sel", rules);
            let options = Options::new().explain_kept(true);
            let rules = rules.build().unwrap();
            dehusk::clean(&rules, &options, page.as_bytes(), std::io::sink()).unwrap()
        };
        let (changes, other_rule) = between(&report(a), &report(b));
        let told = changes.iter().map(|c| {
            let saved = c.saved.as_deref().unwrap_or("-");
            format!(
                "{} {} {} {saved}",
                c.became.name(),
                c.selector,
                c.characters
            )
        });
        (told.collect(), other_rule)
    }

    #[test]
    fn what_differs() {
        let page =
            "<p class=a>one</p><div class=b>two<p class=c>three</p></div><p class=d>four</p>";
        for (a, b, expected, other) in [
            (".a", ".a", &[][..], 0),
            (".a", "p.a", &[], 1),
            ("[ads]\n.a", "[share]\n.a", &[], 1),
            (".a", ".d", &["kept .a 3 -", "dropped .d 4 -"], 0),
            (".b", ".c", &["kept .b 4 -"], 0),
            (".c", ".b", &["dropped .b 4 -"], 0),
            (".c, .d", ".b, .d", &["dropped .b, .d 4 -"], 1),
            (
                ".d:max-text-length(2)",
                ".d",
                &["dropped .d 4 x.sel:1 :max-text-length(2) is 4"],
                0,
            ),
            (
                ".d",
                ".d\n[keep]\n.d",
                &["kept .d 4 x.sel:1 [keep] x.sel:3"],
                0,
            ),
        ] {
            let (told, others) = told(a, b, page);
            assert_eq!(told, expected, "{a} / {b}");
            assert_eq!(others, other, "{a} / {b}");
        }
    }
}
