//! What a comparison comes to: pages, elements, and the rules that make the difference.

use super::Compared;
use super::changes::Became;
use dehusk::Kind;
use std::collections::BTreeMap;

/// Counts over pages.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub pages: usize,
    pub changed: usize,
    pub failed: usize,
    /// Elements that go with both sets by another rule.
    pub other_rule: usize,
    rules: BTreeMap<Key, Count>,
}

/// A rule, and what it makes of elements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub became: Became,
    pub kind: Kind,
    pub rule: String,
    pub selector: String,
}

/// How much that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub pages: usize,
    pub elements: usize,
    pub characters: u64,
}

impl Summary {
    pub(super) fn add(&mut self, page: &Compared) {
        self.pages += 1;
        self.changed += usize::from(!page.changes.is_empty());
        self.other_rule += page.other_rule;
        let mut here: Vec<&Key> = Vec::new();
        let keys = page.changes.iter().map(|change| Key {
            became: change.became,
            kind: change.kind,
            rule: change.rule.clone(),
            selector: change.selector.clone(),
        });
        let keys: Vec<Key> = keys.collect();
        for (key, change) in keys.iter().zip(&page.changes) {
            let count = self.rules.entry(key.clone()).or_default();
            count.elements += 1;
            count.characters += change.characters;
            if !here.contains(&key) {
                here.push(key);
                count.pages += 1;
            }
        }
    }

    /// The rules that make a difference, those of the most text first.
    pub(super) fn rules(&self) -> Vec<(&Key, Count)> {
        let mut rules: Vec<(&Key, Count)> = self.rules.iter().map(|(k, c)| (k, *c)).collect();
        rules.sort_by_key(|(key, count)| (key.became, std::cmp::Reverse(count.characters)));
        rules
    }

    /// All that became of elements in this way.
    pub(super) fn total(&self, became: Became) -> Count {
        let of = self.rules.iter().filter(|(key, _)| key.became == became);
        of.fold(Count::default(), |all, (_, count)| Count {
            pages: 0,
            elements: all.elements + count.elements,
            characters: all.characters + count.characters,
        })
    }

    /// In a sentence.
    pub(super) fn sentence(&self) -> String {
        let of = |became| {
            let total = self.total(became);
            format!(
                "{} {} ({})",
                counted(total.elements as u64, "element"),
                Became::name(became),
                counted(total.characters, "character")
            )
        };
        let pages = counted(self.pages as u64, "page");
        let mut sentence = match self.changed {
            0 => format!("0 of {pages} changed"),
            changed => format!(
                "{changed} of {pages} changed: {}, {}",
                of(Became::Dropped),
                of(Became::Kept)
            ),
        };
        if self.other_rule > 0 {
            let elements = counted(self.other_rule as u64, "element");
            sentence.push_str(&format!("; {elements} dropped by another rule"));
        }
        if self.failed > 0 {
            let pages = counted(self.failed as u64, "page");
            sentence.push_str(&format!("; {pages} not compared"));
        }
        sentence
    }
}

/// A number of things.
fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
