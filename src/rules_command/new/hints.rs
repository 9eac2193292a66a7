//! What names and phrases tell of the kind of a thing. Nothing of it stands here: it is counted in
//! the selector files that come with dehusk, which say for thousands of names and for each list of
//! phrases of which kind they are.

use super::names::words;
use anyhow::Result;
use dehusk::{Kind, Options, Rules};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What something is: husk of a kind, or the article's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Sign {
    Husk(Kind),
    Article,
}

/// What a name must come to before it is believed, and by how much more than for another kind.
const BELIEVED: f64 = 0.36;
const CLEARLY: f64 = 1.3;

/// What a word counts for that a generic rule looks for, against one in a site's class.
const ASKED_FOR: f64 = 4.0;

/// What the selector files say.
pub(super) struct Hints {
    /// How often a word is what says of which kind a name is.
    words: HashMap<String, BTreeMap<Sign, f64>>,
    /// How often it is part of a name.
    seen: HashMap<String, f64>,
    /// Words that mean something only together.
    together: Vec<(Vec<String>, Sign)>,
    /// The kinds that element names and roles stand for.
    types: HashMap<String, Kind>,
    /// Rules that look for the phrases of lists at the beginning of a text, a kind a line; those
    /// first that say most.
    lists: Vec<(Rules, Vec<Kind>)>,
}

impl Hints {
    /// Counts what stands in the files.
    ///
    /// # Errors
    ///
    /// None but a mistake in the expressions below.
    pub(super) fn read(files: impl Iterator<Item = (&'static str, &'static str)>) -> Result<Hints> {
        let mut reading = Reading::new()?;
        for (name, content) in files {
            let generic = name.starts_with("generic/");
            let stem = name
                .rsplit('/')
                .next()
                .unwrap_or(name)
                .trim_end_matches(".sel");
            let mut sign = sign_of(stem);
            for line in content.lines().map(str::trim) {
                if line.is_empty() || line.starts_with('!') {
                    continue;
                }
                if let Some(section) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']'))
                    && section.bytes().all(|b| b.is_ascii_lowercase())
                {
                    sign = sign_of(section);
                } else if let Some(sign) = sign {
                    reading.rule(line, sign, generic);
                }
            }
        }
        reading.finish()
    }

    /// What a class, an id or a label says of what bears it, and how much that is worth, from 0 up.
    pub(super) fn of_name(&self, name: &str) -> Option<(Sign, f64)> {
        let words: HashSet<String> = words(name).into_iter().collect();
        let mut sums: BTreeMap<Sign, f64> = BTreeMap::new();
        for word in &words {
            let counts = self.words.get(word).into_iter().flatten();
            let all: f64 = counts.clone().map(|(_, n)| n).sum();
            let all = all.max(self.seen.get(word).copied().unwrap_or_default());
            for (sign, n) in counts {
                // Squared: a word that names one kind only counts for more than two that lean to one.
                let share = n / (all + 2.0);
                *sums.entry(*sign).or_default() += share * share;
            }
        }
        for (all, sign) in &self.together {
            if all.iter().all(|word| words.contains(word)) {
                *sums.entry(*sign).or_default() += 1.0;
            }
        }
        let mut sums: Vec<(Sign, f64)> = sums.into_iter().collect();
        sums.sort_by(|a, b| b.1.total_cmp(&a.1));
        let second = sums.get(1).map_or(0.0, |(_, n)| *n);
        let (sign, first) = *sums.first()?;
        (first >= BELIEVED && first >= second * CLEARLY).then_some((sign, first))
    }

    /// Of words, those that begin a state or a topic (`has-sidebar`) and no name. The filter is asked:
    /// it does not find another word in such a name.
    ///
    /// # Errors
    ///
    /// None: the selector is a good one.
    pub(super) fn states<'w>(&self, words: &BTreeSet<&'w str>) -> Result<HashSet<&'w str>> {
        let mut page = String::new();
        let mut starts = Vec::new();
        for word in words {
            starts.push(page.len() as u64);
            page.push_str(&format!("<p class={word}-name></p>"));
        }
        let rules = Rules::builder()
            .builtin(false)
            .select("p:named(name)")
            .build()?;
        let options = Options::new().encoding("utf-8")?.explain(true);
        let report = dehusk::clean(&rules, &options, page.as_bytes(), std::io::sink())?;
        let names: HashSet<u64> = report.removals.iter().map(|r| r.bytes.start).collect();
        let states = words
            .iter()
            .zip(starts)
            .filter(|(_, start)| !names.contains(start));
        Ok(states.map(|(word, _)| *word).collect())
    }

    /// What an element's own name or its role says.
    pub(super) fn of_type(&self, name: &str) -> Option<Kind> {
        self.types.get(name).copied()
    }

    /// For each text the kind of the phrase with which it begins. The filter is asked.
    ///
    /// # Errors
    ///
    /// None: a list that is named in a rule is there.
    pub(super) fn of_beginnings(&self, texts: &[String]) -> Result<Vec<Option<Kind>>> {
        let mut found = vec![None; texts.len()];
        let mut page = String::new();
        let mut starts = Vec::new();
        for text in texts {
            starts.push(page.len() as u64);
            page.push_str("<p>");
            for c in text.chars() {
                match c {
                    '<' => page.push_str("&lt;"),
                    '&' => page.push_str("&amp;"),
                    c => page.push(c),
                }
            }
            page.push_str("</p>");
        }
        for (rules, kinds) in &self.lists {
            let options = Options::new().encoding("utf-8")?.explain(true);
            let report = dehusk::clean(rules, &options, page.as_bytes(), std::io::sink())?;
            for removal in report.removals {
                let kind = kinds.get(removal.line as usize - 1);
                if let Ok(i) = starts.binary_search(&removal.bytes.start)
                    && let (Some(found), Some(kind)) = (found.get_mut(i), kind)
                {
                    found.get_or_insert(*kind);
                }
            }
        }
        Ok(found)
    }
}

/// The sign of a file or section of this name.
fn sign_of(section: &str) -> Option<Sign> {
    match section {
        "keep" | "body" => Some(Sign::Article),
        "repeats" => None,
        kind => kind.parse().ok().map(Sign::Husk),
    }
}

/// Rules on their way into [`Hints`].
struct Reading {
    words: HashMap<String, BTreeMap<Sign, f64>>,
    seen: HashMap<String, f64>,
    /// The words of each name, and what it names.
    names: Vec<(Vec<String>, Sign)>,
    together: Vec<(Vec<String>, Sign)>,
    types: HashMap<String, BTreeMap<Kind, usize>>,
    lists: HashMap<String, BTreeMap<Kind, usize>>,
    name: Regex,
    quoted: Regex,
    named: Regex,
    list: Regex,
    types_alone: Regex,
}

impl Reading {
    fn new() -> Result<Reading> {
        Ok(Reading {
            words: HashMap::new(),
            seen: HashMap::new(),
            names: Vec::new(),
            together: Vec::new(),
            types: HashMap::new(),
            lists: HashMap::new(),
            name: Regex::new(r"[.#]([A-Za-z_][A-Za-z0-9_-]*)")?,
            quoted: Regex::new(r#"\[(?:class|id|aria-label|role|data-[a-z-]+)[*^$~|]?="([^"]*)"#)?,
            named: Regex::new(r":named\(([^)]*)\)")?,
            list: Regex::new(r"@([a-z-]+)")?,
            types_alone: Regex::new(r#"^(?:([a-z]+)|\[role="([a-z]+)" i\])(?::|$)"#)?,
        })
    }

    /// Takes one rule in.
    fn rule(&mut self, rule: &str, sign: Sign, generic: bool) {
        let without_not = without(rule, &[":not("]);
        if generic && let Sign::Husk(kind) = sign {
            for list in self.list.captures_iter(&without_not) {
                *self
                    .lists
                    .entry(list[1].to_owned())
                    .or_default()
                    .entry(kind)
                    .or_default() += 1;
            }
        }
        let plain = without(
            rule,
            &[
                ":not(",
                ":has(",
                ":under(",
                ":has-text(",
                ":begins-with(",
                ":exact-text(",
                ":matches-path(",
            ],
        );
        for selector in split(&plain, |c| c == ',') {
            let subject = split(selector.trim(), |c| " >+~".contains(c)).pop();
            self.subject(subject.unwrap_or_default(), sign, generic);
        }
    }

    /// Takes in what the subject of a rule is called.
    fn subject(&mut self, subject: &str, sign: Sign, generic: bool) {
        if generic
            && let Sign::Husk(kind) = sign
            && let Some(found) = self.types_alone.captures(subject)
            && let Some(name) = found.get(1).or(found.get(2))
        {
            let name = name.as_str().to_owned();
            *self.types.entry(name).or_default().entry(kind).or_default() += 1;
        }
        let named = self.named.replace_all(subject, "");
        let names = self.name.captures_iter(&named);
        for name in names.chain(self.quoted.captures_iter(&named)) {
            self.names.push((words(&name[1]), sign));
        }
        for alternative in self.named.captures_iter(subject) {
            for name in alternative[1].split(',') {
                let all: Vec<String> = name.split_whitespace().map(str::to_owned).collect();
                match &all[..] {
                    [word] => {
                        let counts = self.words.entry(word.clone()).or_default();
                        *counts.entry(sign).or_default() += ASKED_FOR;
                    }
                    _ => self.together.push((all, sign)),
                }
            }
        }
    }

    /// Which word of a name says of which kind it is: that which names most of this kind and little
    /// else. `.site-header` is navigation for its header, not for its site.
    fn credit(&mut self) {
        let mut all: HashMap<&str, BTreeMap<Sign, f64>> = HashMap::new();
        for (words, sign) in &self.names {
            for word in words.iter().collect::<BTreeSet<_>>() {
                *all.entry(word).or_default().entry(*sign).or_default() += 1.0;
            }
        }
        let worth = |word: &str, sign: Sign| {
            let asked = self.words.get(word).and_then(|counts| counts.get(&sign));
            let counts = all.get(word);
            let own = counts.and_then(|counts| counts.get(&sign)).unwrap_or(&0.0);
            let sum: f64 = counts.into_iter().flatten().map(|(_, n)| n).sum();
            let own = own + asked.unwrap_or(&0.0);
            own * own / (sum + asked.unwrap_or(&0.0) + 2.0)
        };
        let mut credited: Vec<(String, Sign)> = Vec::new();
        for (words, sign) in &self.names {
            let best = words
                .iter()
                .max_by(|a, b| worth(a, *sign).total_cmp(&worth(b, *sign)));
            credited.extend(best.map(|word| (word.clone(), *sign)));
        }
        self.seen = all
            .into_iter()
            .map(|(word, counts)| (word.to_owned(), counts.values().sum()))
            .collect();
        for (word, sign) in credited {
            *self.words.entry(word).or_default().entry(sign).or_default() += 1.0;
        }
    }

    fn finish(mut self) -> Result<Hints> {
        self.credit();
        let most = |counts: BTreeMap<Kind, usize>| {
            let all: usize = counts.values().sum();
            let (kind, n) = counts.into_iter().max_by_key(|(_, n)| *n)?;
            (n * 2 > all).then_some(kind)
        };
        let of_kind = |(name, counts)| Some((name, most(counts)?));
        let mut lists: Vec<(String, Kind)> = self.lists.into_iter().filter_map(of_kind).collect();
        lists.sort();
        // What begins weakly is said in prose too: asked last.
        let (weak, strong): (Vec<_>, Vec<_>) = lists
            .into_iter()
            .partition(|(name, _)| name.ends_with("-weak"));
        let types = self.types.into_iter();
        Ok(Hints {
            words: self.words,
            seen: self.seen,
            together: self.together,
            types: types
                .filter_map(|(name, counts)| Some((name, most(counts)?)))
                .collect(),
            lists: vec![beginnings(&strong)?, beginnings(&weak)?],
        })
    }
}

/// Rules that look for these lists, a line each, and the kinds of the lines.
fn beginnings(lists: &[(String, Kind)]) -> Result<(Rules, Vec<Kind>)> {
    let lines = lists
        .iter()
        .map(|(list, _)| format!("p:begins-with(@{list})\n"));
    let rules = Rules::builder()
        .builtin(false)
        .file("lists", lines.collect::<String>());
    Ok((
        rules.build()?,
        lists.iter().map(|(_, kind)| *kind).collect(),
    ))
}

/// A selector without the arguments of these pseudo-classes.
fn without(selector: &str, names: &[&str]) -> String {
    let mut out = String::new();
    let mut rest = selector;
    loop {
        let next = names
            .iter()
            .filter_map(|name| Some((rest.find(name)?, name.len())));
        let Some((at, length)) = next.min() else {
            out.push_str(rest);
            return out;
        };
        out.push_str(&rest[..at]);
        rest = &rest[at + length..];
        let mut depth = 1;
        let mut escaped = false;
        let end = rest.char_indices().find(|&(_, c)| {
            depth += match c {
                _ if escaped => 0,
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            escaped = c == '\\' && !escaped;
            depth == 0
        });
        rest = end.map_or("", |(end, _)| &rest[end + 1..]);
    }
}

/// The parts of a selector between characters that stand in no bracket.
fn split(selector: &str, at: impl Fn(char) -> bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (i, c) in selector.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            c if depth == 0 && at(c) => {
                parts.push(&selector[start..i]);
                start = i + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&selector[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints() -> Hints {
        Hints::read(Rules::builtin_files()).unwrap()
    }

    #[test]
    fn names_tell_the_kind() {
        let hints = hints();
        for (name, sign) in [
            ("site-newsletter-box", Some(Sign::Husk(Kind::Newsletter))),
            ("socialShareBar", Some(Sign::Husk(Kind::Share))),
            ("c-breadcrumb", Some(Sign::Husk(Kind::Navigation))),
            ("read-more-links", Some(Sign::Husk(Kind::Related))),
            ("cookie-banner", Some(Sign::Husk(Kind::Consent))),
            ("article-body", Some(Sign::Article)),
            ("xyz-qrst", None),
            ("container", None),
        ] {
            assert_eq!(hints.of_name(name).map(|(sign, _)| sign), sign, "{name}");
        }
    }

    #[test]
    fn states_are_no_names() {
        let words = BTreeSet::from(["has", "is", "site", "teaser"]);
        assert_eq!(
            hints().states(&words).unwrap(),
            HashSet::from(["has", "is"])
        );
    }

    #[test]
    fn landmarks_tell_the_kind() {
        let hints = hints();
        for (name, kind) in [
            ("nav", Some(Kind::Navigation)),
            ("footer", Some(Kind::Navigation)),
            ("contentinfo", Some(Kind::Navigation)),
            ("figcaption", Some(Kind::Captions)),
            ("div", None),
        ] {
            assert_eq!(hints.of_type(name), kind, "{name}");
        }
    }

    #[test]
    fn beginnings_tell_the_kind() {
        let texts = [
            "Leggi anche: il ponte",
            "Lire aussi <b> & more",
            "It rained.",
            "Anzeige",
        ];
        let texts = texts.map(str::to_owned);
        let hints = hints();
        let found = hints.of_beginnings(&texts).unwrap();
        assert_eq!(
            found,
            [
                Some(Kind::Related),
                Some(Kind::Related),
                None,
                Some(Kind::Ads)
            ]
        );
    }

    #[test]
    fn parts_of_selectors() {
        assert_eq!(without(r"a:not(b:has(c)):x", &[":not("]), "a:x");
        assert_eq!(without(r"a:has-text(/\(x/).b", &[":has-text("]), "a.b");
        assert_eq!(split("a, :is(b, c) d", |c| c == ','), ["a", " :is(b, c) d"]);
    }
}
