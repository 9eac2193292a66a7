//! The phrase lists of `selectors/phrases/`: an order that leaves each phrase one place, so that
//! who adds one sees whether it is there already. Whether a phrase is folded and an expression can
//! be read, a test in `rules` tells.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The order of the languages. Others follow, by their codes.
const LANGUAGES: [&str; 20] = [
    "en", "de", "fr", "it", "es", "pt", "nl", "pl", "no", "sv", "da", "fi", "ja", "zh", "ko", "ru",
    "tr", "cs", "el", "hu",
];

/// Lists of words that are of no language.
const OF_NO_LANGUAGE: [&str; 1] = ["not-names"];

/// What a phrase must have at least if it is looked for anywhere in a block: less is only a word
/// or two, and said in prose.
const ANYWHERE: (usize, f64) = (2, 12.0);

/// One line of a list.
struct Line<'a> {
    number: usize,
    language: &'a str,
    text: &'a str,
}

fn selectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("selectors")
}

/// The files of a folder and what they say, by their names without extension.
fn files(folder: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(selectors().join(folder)).expect("a readable folder");
    entries
        .map(|entry| {
            let path = entry.expect("a readable entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy();
            (
                name.into_owned(),
                fs::read_to_string(&path).expect("a readable file"),
            )
        })
        .collect()
}

/// The code of a line that heads a language: `! fr`.
fn language_of(line: &str) -> Option<&str> {
    let code = line.strip_prefix("! ")?;
    let is_code = (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase());
    is_code.then_some(code)
}

/// The phrases of a list with the language above each, "" for none.
fn lines(list: &str) -> Vec<Line<'_>> {
    let (mut lines, mut language) = (Vec::new(), "");
    for (i, text) in list.lines().enumerate() {
        if let Some(code) = language_of(text) {
            language = code;
        } else if !text.starts_with('!') && !text.is_empty() {
            lines.push(Line {
                number: i + 1,
                language,
                text,
            });
        }
    }
    lines
}

fn is_expression(line: &str) -> bool {
    line.len() > 1 && line.starts_with('/') && line.ends_with('/')
}

/// An expression without its escapes: `\D` is no capital.
fn without_escapes(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && is_expression(line) {
            chars.next();
        } else {
            out.push(c);
        }
    }
    out
}

/// Shows all complaints at once.
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn languages_are_headed_and_in_order() {
    let place = |code: &str| {
        let known = LANGUAGES.iter().position(|known| *known == code);
        (known.unwrap_or(LANGUAGES.len()), code.to_owned())
    };
    let mut complaints = Vec::new();
    for (name, list) in files("phrases") {
        if OF_NO_LANGUAGE.contains(&&*name) {
            continue;
        }
        let headings: Vec<(usize, &str)> = list
            .lines()
            .enumerate()
            .filter_map(|(i, line)| Some((i + 1, language_of(line)?)))
            .collect();
        for pair in headings.windows(2) {
            let ((_, before), (number, code)) = (pair[0], pair[1]);
            if place(before) >= place(code) {
                complaints.push(format!("{name}.txt:{number}: {code} after {before}"));
            }
        }
        for line in lines(&list).iter().filter(|line| line.language.is_empty()) {
            complaints.push(format!(
                "{name}.txt:{}: of which language? {}",
                line.number, line.text
            ));
        }
        let used: BTreeSet<&str> = lines(&list).iter().map(|line| line.language).collect();
        for (number, code) in headings.iter().filter(|(_, code)| !used.contains(code)) {
            complaints.push(format!("{name}.txt:{number}: {code} has no phrase"));
        }
    }
    none(complaints);
}

#[test]
fn phrases_are_in_lower_case_and_sorted() {
    let mut complaints = Vec::new();
    for (name, list) in files("phrases") {
        let lines = lines(&list);
        for line in &lines {
            let letters = without_escapes(line.text);
            if letters != letters.to_lowercase() || line.text != line.text.trim() {
                complaints.push(format!("{name}.txt:{}: case: {}", line.number, line.text));
            }
        }
        for pair in lines.windows(2) {
            let (before, line) = (&pair[0], &pair[1]);
            if before.language == line.language && before.text > line.text {
                complaints.push(format!(
                    "{name}.txt:{}: {} stands after {} (sorted by code points, as `LC_ALL=C sort` has it)",
                    line.number, line.text, before.text
                ));
            }
        }
    }
    none(complaints);
}

/// A phrase stands in a list once, whatever its languages, and not in its `-weak` sibling as well.
#[test]
fn no_phrase_stands_twice() {
    let files = files("phrases");
    let mut complaints = Vec::new();
    for (name, list) in &files {
        let strong = name.strip_suffix("-weak");
        let sibling = strong.and_then(|strong| Some((strong, files.get(strong)?)));
        let mut seen = BTreeMap::new();
        if let Some((strong, list)) = sibling {
            for line in lines(list) {
                seen.insert(line.text, format!("{strong}.txt:{}", line.number));
            }
        }
        for line in lines(list) {
            let here = format!("{name}.txt:{}", line.number);
            if let Some(there) = seen.insert(line.text, here.clone()) {
                complaints.push(format!("{here}: {} stands in {there}", line.text));
            }
        }
    }
    none(complaints);
}

/// A list that a rule looks for anywhere in a block, `:has-text(@list)`, has no short phrases. (What
/// an expression matches is not known.)
#[test]
fn what_is_looked_for_anywhere_is_long_enough() {
    let rules: String = files("generic").into_values().collect();
    let (words, letters) = ANYWHERE;
    let mut complaints = Vec::new();
    let mut asked = 0;
    for (name, list) in files("phrases") {
        if !rules.contains(&format!(":has-text(@{name})")) {
            continue;
        }
        asked += 1;
        for line in lines(&list) {
            let length: f64 = line
                .text
                .chars()
                .map(|c| if c >= '\u{2e80}' { 2.5 } else { 1.0 })
                .sum();
            let enough = line.text.split_whitespace().count() >= words && length >= letters;
            if !enough && !is_expression(line.text) {
                complaints.push(format!(
                    "{name}.txt:{}: too short: {}",
                    line.number, line.text
                ));
            }
        }
    }
    assert!(asked > 0, "no rule looks for a list anywhere");
    none(complaints);
}
