//! Is what dehusk leaves of real pages what their trees keep? Drops types, ids and classes of each
//! page, chosen at random from a fixed seed, and what the default rules drop, and compares the text
//! of what is left with that of html5ever's tree less the same elements.
//!
//!     cargo run --release --example tree -- FOLDER...
//!
//! Every disagreement is told. Those of `known.tsv` are known, with the reason; any other, one of
//! them that is none any more, and any text lost make the program end with status 1.

#[allow(dead_code)]
#[path = "../../tests/common/tree.rs"]
mod tree;

use dehusk::{Filter, Kind, Options, Report, Rules};
use markup5ever_rcdom::{Handle, RcDom};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};
use tree::{Choice, Difference, MARK};

/// Types, ids and classes that are dropped of each page, one at a time.
const CHOICES: usize = 6;

/// Disagreements that are known: page, selector and reason, separated by tabs.
const KNOWN: &str = include_str!("known.tsv");

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut pages = Vec::new();
    for folder in env::args_os().skip(1) {
        find_pages(Path::new(&folder), &mut pages)?;
    }
    if pages.is_empty() {
        return Err("no pages: FOLDER... of *.html or *.html.gz is wanted".into());
    }
    pages.sort();
    let found = look_at(&pages);
    Ok(tell(&found, &pages)?)
}

/// All that was found.
#[derive(Default)]
struct Found {
    cases: usize,
    disagreements: BTreeMap<(String, String), Difference>,
}

fn find_pages(folder: &Path, pages: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = name_of(&path);
        if path.is_dir() {
            find_pages(&path, pages)?;
        } else if name.ends_with(".html") {
            pages.push(path);
        }
    }
    Ok(())
}

/// A page's name: that of its file.
fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(".gz").unwrap_or(&name).to_owned()
}

fn look_at(pages: &[PathBuf]) -> Found {
    let found = Mutex::new(Found::default());
    let next = AtomicUsize::new(0);
    let builtin = Rules::builtin();
    let work = || {
        while let Some(path) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
            let cases = match read(path) {
                Ok(page) => cases_of(&name_of(path), &page, &builtin),
                Err(error) => panic!("{}: {error}", path.display()),
            };
            let mut found = found.lock().expect("no thread panicked");
            found.cases += cases.len();
            for (selector, difference) in cases {
                if let Some(difference) = difference {
                    let case = (name_of(path), selector);
                    found.disagreements.insert(case, difference);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    found.into_inner().expect("no thread panicked")
}

/// A page in UTF-8: without rules the filter only decodes.
fn read(path: &Path) -> Result<String, Box<dyn Error>> {
    let bytes = if path.extension().is_some_and(|e| e == "gz") {
        Command::new("gzip").arg("-dc").arg(path).output()?.stdout
    } else {
        fs::read(path)?
    };
    let (page, _) = filter(&Rules::none(), &Options::new(), &bytes)?;
    Ok(page)
}

fn filter(
    rules: &Rules,
    options: &Options,
    page: &[u8],
) -> Result<(String, Report), Box<dyn Error>> {
    let mut out = Vec::new();
    let mut filter = Filter::new(rules, &options.clone().explain(true), &mut out);
    filter.write(page)?;
    let report = filter.finish()?;
    Ok((String::from_utf8(out)?, report))
}

/// What was dropped of a page, and how the text that is left differs from what the tree keeps.
fn cases_of(name: &str, page: &str, builtin: &Rules) -> Vec<(String, Option<Difference>)> {
    let tree = tree::parse(page);
    let mut cases = Vec::new();
    for choice in choose(name, &tree) {
        let rules = Rules::builder().builtin(false).select(choice.selector());
        let rules = match rules.build() {
            Ok(rules) => rules,
            Err(error) => panic!("{error}"),
        };
        let ranges = ranges(&rules, &Options::new(), page);
        let dropped = |node: &Handle| choice.drops(node);
        let kept = tree::text_of(&tree.document, &dropped);
        let difference = tree::difference(page, &ranges, &kept, &dropped);
        cases.push((choice.selector(), difference));
    }
    for (what, options) in [
        ("default rules", Options::new()),
        ("all kinds", Options::new().drop(Kind::ALL)),
    ] {
        let ranges = ranges(builtin, &options, page);
        let starts: Vec<usize> = ranges.iter().map(|range| range.start).collect();
        let (page, ranges) = tree::marked(page, &starts, &ranges);
        let dropped = |node: &Handle| Choice::Attribute(MARK).drops(node);
        let kept = tree::text_of(&tree::parse(&page).document, &dropped);
        let difference = tree::difference(&page, &ranges, &kept, &dropped);
        cases.push((what.to_owned(), difference));
    }
    cases
}

/// The byte ranges that rules drop. The output must be the page without them.
fn ranges(rules: &Rules, options: &Options, page: &str) -> Vec<Range<usize>> {
    let (out, report) = filter(rules, options, page.as_bytes()).expect("a Vec takes everything");
    let ranges: Vec<Range<usize>> = report
        .removals
        .iter()
        .map(|removal| removal.bytes.start as usize..removal.bytes.end as usize)
        .collect();
    assert!(
        out == tree::without(page, &ranges),
        "the page less its removals"
    );
    ranges
}

/// So many types, ids and classes of a page, always the same.
fn choose(name: &str, tree: &RcDom) -> Vec<Choice> {
    let mut random = Random::new(name);
    let all = tree::choices_of(tree);
    let mut chosen = Vec::new();
    for of_this_sort in [
        |choice: &Choice| matches!(choice, Choice::Type(name) if !unnamed(name)),
        |choice: &Choice| matches!(choice, Choice::Id(id) if !id.trim().is_empty()),
        |choice: &Choice| matches!(choice, Choice::Class(_)),
    ] {
        let mut left: Vec<&Choice> = all.iter().filter(|choice| of_this_sort(choice)).collect();
        for _ in 0..CHOICES.min(left.len()) {
            chosen.push(left.swap_remove(random.below(left.len())).clone());
        }
    }
    chosen
}

/// A type that cannot be written, or that no rule drops.
fn unnamed(name: &str) -> bool {
    matches!(name, "html" | "head" | "body" | "noscript")
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Numbers that are the same for the same page: xorshift64*, from FNV-1a of its name.
struct Random(u64);

impl Random {
    fn new(name: &str) -> Random {
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Random(seed | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        high as usize % n
    }
}

fn tell(found: &Found, pages: &[PathBuf]) -> io::Result<ExitCode> {
    let known: BTreeMap<(&str, &str), &str> = KNOWN
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .filter_map(|line| {
            let mut columns = line.splitn(3, '\t');
            Some(((columns.next()?, columns.next()?), columns.next()?))
        })
        .collect();
    let mut out = io::stdout().lock();
    let (mut new, mut lossy) = (0, 0);
    for ((page, selector), Difference { lost, left_over }) in &found.disagreements {
        let reason = known.get(&(page, selector));
        new += usize::from(reason.is_none());
        lossy += usize::from(!lost.is_empty());
        let reason = reason.unwrap_or(&"NEW");
        writeln!(
            out,
            "{page}\t{selector}\t{reason}\tlost {} {:?}\tleft over {} {:?}",
            lost.len(),
            first(lost),
            left_over.len(),
            first(left_over),
        )?;
    }
    let mut gone = 0;
    for (page, selector) in known.keys() {
        let seen = pages.iter().any(|path| name_of(path) == *page);
        let case = ((*page).to_owned(), (*selector).to_owned());
        if seen && !found.disagreements.contains_key(&case) {
            gone += 1;
            writeln!(out, "{page}\t{selector}\tknown, but agrees now")?;
        }
    }
    let agreed = found.cases - found.disagreements.len();
    writeln!(
        out,
        "{} pages, {} cases, {agreed} agree ({:.3} %); {lossy} lose text; {new} new, {gone} no more",
        pages.len(),
        found.cases,
        100.0 * agreed as f64 / found.cases as f64,
    )?;
    Ok(ExitCode::from(u8::from(new + gone + lossy > 0)))
}

fn first(words: &[String]) -> &[String] {
    &words[..words.len().min(8)]
}
