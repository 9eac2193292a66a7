//! The pages of `corpus/<host>/<case>/`: what the built-in rules make of `page.html` is compared
//! with `clean.html` byte for byte, and why with `explain.txt`. `args` has the case's flags, as
//! on the command line. With `DEHUSK_BLESS=1` both are written instead.
//!
//! An element marked with `data-keep` is the article's: blessed or not, it comes out as it is.

use dehusk::{Kind, KindSet, Options, Rules};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Kinds by their own page are shown on this host; every other host shows one site's rules.
const KINDS: &str = "example.org";

/// Hosts without a selector file, and why they are here.
const WITHOUT_RULES: [(&str, &str); 13] = [
    ("blog.example", "posts of common publishing systems"),
    (
        "content.example",
        "what looks like husk and is not: all of it stays",
    ),
    ("forum.example", "threads of common forums"),
    (
        "institute.example",
        "pages of institutions, which are no articles",
    ),
    ("letters.example", "posts of newsletter platforms"),
    ("manual.example", "pages of common documentation tools"),
    (
        "news.example",
        "articles with every widget, in several languages",
    ),
    ("shop.example", "products, which are no articles"),
    (
        "short.example",
        "texts so short that only [keep] saves them",
    ),
    (
        "traps.example",
        "the mistakes that selectors/README.md warns of",
    ),
    ("wiki.example", "wiki pages"),
    (KINDS, "a page for each kind, for the generic rules"),
    (
        "republished.example",
        "article text republished without the site's markup",
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The names in a folder, sorted; none if it is not there.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

struct Case {
    host: String,
    folder: PathBuf,
}

fn cases() -> Vec<Case> {
    let corpus = root().join("corpus");
    let mut cases = Vec::new();
    for host in names(&corpus) {
        for case in names(&corpus.join(&host)) {
            let folder = corpus.join(&host).join(case);
            if folder.join("page.html").is_file() {
                cases.push(Case {
                    host: host.clone(),
                    folder,
                });
            }
        }
    }
    cases
}

/// The case's options.
fn options(case: &Case) -> Options {
    let mut options = Options::new()
        .url(&format!("https://{}/", case.host))
        .explain(true);
    let args = fs::read_to_string(case.folder.join("args")).unwrap_or_default();
    let args: Vec<&str> = args.split_whitespace().collect();
    for flag in args.chunks(2) {
        options = match flag {
            ["--drop", "all"] => options.drop(Kind::ALL),
            ["--encoding", label] => options.encoding(label).expect("a known label"),
            _ => panic!("{}: what is {flag:?}?", case.folder.display()),
        };
    }
    options
}

/// Where two texts begin to differ, for people; `None` if they do not.
fn difference(file: &Path, expected: &[u8], got: &[u8]) -> Option<String> {
    if expected == got {
        return None;
    }
    let mut expected_lines = expected.split_inclusive(|&b| b == b'\n');
    let mut got_lines = got.split_inclusive(|&b| b == b'\n');
    let mut number = 1;
    loop {
        let (expected, got) = (expected_lines.next(), got_lines.next());
        if expected != got {
            let shown = |line: Option<&[u8]>| match line {
                Some(line) => format!("{:?}", String::from_utf8_lossy(line)),
                None => "the end".to_owned(),
            };
            return Some(format!(
                "{}:{number}\n  expected {}\n  got      {}",
                file.display(),
                shown(expected),
                shown(got)
            ));
        }
        number += 1;
    }
}

#[test]
fn every_page_comes_out_clean() {
    let bless = env::var_os("DEHUSK_BLESS").is_some_and(|v| v == "1");
    let rules = Rules::builtin();
    let cases = cases();
    assert!(!cases.is_empty(), "corpus/ has no pages");
    let mut complaints = Vec::new();
    for case in &cases {
        let path = |name: &str| case.folder.join(name);
        let page = fs::read(path("page.html")).expect("a readable page");
        let mut clean = Vec::new();
        let report = dehusk::clean(&rules, &options(case), &page[..], &mut clean)
            .expect("a Vec takes every byte");
        assert_eq!(report.unfiltered, None, "{}", case.folder.display());
        let mut explained = String::new();
        for removal in &report.removals {
            writeln!(explained, "{removal}").expect("a String takes every line");
        }
        if let Some(prompt) = &report.prompt {
            writeln!(explained, "{prompt}").expect("a String takes every line");
        }
        for (file, got) in [
            (path("clean.html"), clean),
            (path("explain.txt"), explained.into_bytes()),
        ] {
            if bless {
                fs::write(&file, got).expect("a writable corpus");
                continue;
            }
            match fs::read(&file) {
                Ok(expected) => complaints.extend(difference(&file, &expected, &got)),
                Err(error) => complaints.push(format!("{}: {error}", file.display())),
            }
        }
    }
    assert!(
        complaints.is_empty(),
        "{} files differ (DEHUSK_BLESS=1 writes them anew)\n\n{}\n",
        complaints.len(),
        complaints.join("\n\n")
    );
}

/// The elements marked with `data-keep`, from the start tag to the first end tag of that name.
fn marked(page: &str) -> impl Iterator<Item = &str> {
    page.match_indices(" data-keep>").filter_map(|(at, _)| {
        let from = page[..at].rfind('<')?;
        let name = page[from + 1..at].split_whitespace().next()?;
        let to = page[at..].find(&format!("</{name}>"))?;
        Some(&page[from..at + to])
    })
}

#[test]
fn what_is_marked_as_the_article_stays() {
    let rules = Rules::builtin();
    let mut lost = Vec::new();
    for case in cases() {
        let page = fs::read(case.folder.join("page.html")).expect("a readable page");
        let mut clean = Vec::new();
        dehusk::clean(&rules, &options(&case), &page[..], &mut clean)
            .expect("a Vec takes every byte");
        let (page, clean) = (
            String::from_utf8_lossy(&page),
            String::from_utf8_lossy(&clean),
        );
        for element in marked(&page).filter(|element| !clean.contains(element)) {
            lost.push(format!("{}: {element}", case.folder.display()));
        }
    }
    assert!(lost.is_empty(), "lost:\n{}", lost.join("\n"));
}

#[test]
fn every_site_has_a_page_that_its_rules_clean() {
    let rules = Rules::builtin();
    let exceptions: BTreeSet<&str> = WITHOUT_RULES.iter().map(|(host, _)| *host).collect();
    let hosts: BTreeSet<String> = cases().into_iter().map(|case| case.host).collect();

    for file in names(&root().join("selectors/sites")) {
        let host = file.strip_suffix(".sel").unwrap_or(&file);
        assert!(
            hosts.contains(host),
            "selectors/sites/{file} has no page in corpus/{host}/"
        );
        let name = format!("sites/{file}");
        let used = cases().iter().filter(|c| c.host == host).any(|case| {
            let page = fs::read(case.folder.join("page.html")).expect("a readable page");
            let report = dehusk::clean(&rules, &options(case), &page[..], std::io::sink())
                .expect("nothing can fail");
            report.removals.iter().any(|removal| *removal.file == *name)
        });
        assert!(used, "no page of corpus/{host}/ has anything for {name}");
    }
    for host in &hosts {
        let has_rules = rules.hosts().contains(&host.as_str());
        assert!(
            has_rules != exceptions.contains(host.as_str()),
            "corpus/{host}/: no selector file serves it, or it needs no exception"
        );
    }
}

#[test]
fn every_kind_has_a_page_that_shows_it() {
    let rules = Rules::builtin();
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Custom) {
        let case = Case {
            host: KINDS.to_owned(),
            folder: root().join("corpus").join(KINDS).join(kind.name()),
        };
        let page = fs::read(case.folder.join("page.html"));
        let page = page.unwrap_or_else(|e| panic!("{}/page.html: {e}", case.folder.display()));
        let tally = |options: &Options| {
            dehusk::clean(&rules, options, &page[..], std::io::sink())
                .expect("nothing can fail")
                .tally(kind)
        };
        assert!(
            tally(&options(&case)).elements > 0,
            "{}: nothing is dropped as {kind}",
            case.folder.display()
        );
        if !KindSet::DEFAULT.contains(kind) {
            let default = Options::new().url(&format!("https://{KINDS}/"));
            assert_eq!(tally(&default).elements, 0, "{kind} is dropped unasked");
        }
    }
}

/// A rule of `selectors/generic/`, by its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    file: &'a str,
    line: usize,
}

/// The shipped selector files: `generic/ads.sel` and what it says.
fn selector_files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in ["generic", "sites"] {
        for name in names(&root().join("selectors").join(folder)) {
            let content = fs::read_to_string(root().join("selectors").join(folder).join(&name))
                .expect("a readable selector file");
            files.push((format!("{folder}/{name}"), content));
        }
    }
    files
}

/// The generic rules: those that drop, and those that protect or say something of the text.
fn generic_rules(files: &[(String, String)]) -> (BTreeSet<Place<'_>>, BTreeSet<Place<'_>>) {
    let (mut drop, mut mark) = (BTreeSet::new(), BTreeSet::new());
    for (file, content) in files {
        let Some(name) = file.strip_prefix("generic/") else {
            continue;
        };
        let mut section = name.strip_suffix(".sel").unwrap_or(name);
        for (i, line) in content.lines().enumerate() {
            let line = line.trim();
            let heading = line.strip_prefix('[').and_then(|l| l.strip_suffix(']'));
            if let Some(kind) = heading.filter(|h| h.bytes().all(|b| b.is_ascii_lowercase())) {
                section = kind;
            } else if !line.is_empty() && !line.starts_with('!') {
                let rules = match section {
                    "keep" | "body" | "truncated" => &mut mark,
                    _ => &mut drop,
                };
                rules.insert(Place { file, line: i + 1 });
            }
        }
    }
    (drop, mark)
}

/// The shipped rules without one of them.
fn rules_without(files: &[(String, String)], left_out: Option<Place>) -> Rules {
    let mut builder = Rules::builder().builtin(false);
    for (file, content) in files {
        let lines = content.lines().enumerate().map(|(i, line)| match left_out {
            Some(place) if place.file == file && place.line == i + 1 => "",
            _ => line,
        });
        builder = builder.file(file, lines.collect::<Vec<_>>().join("\n"));
    }
    builder.build().unwrap_or_else(|errors| panic!("{errors}"))
}

/// Every rule that drops has a page of which it drops something. A `[keep]`, `[body]` or `[truncated]` rule has a
/// page that comes out, or is told of, differently without it.
#[test]
fn every_generic_rule_has_a_page_that_shows_it() {
    let files = selector_files();
    let (drop, mark) = generic_rules(&files);
    let pages: Vec<(Options, Vec<u8>)> = cases()
        .iter()
        .map(|case| {
            let page = fs::read(case.folder.join("page.html")).expect("a readable page");
            (options(case), page)
        })
        .collect();
    let explained = |rules: &Rules, (options, page): &(Options, Vec<u8>)| {
        let report = dehusk::clean(rules, options, &page[..], std::io::sink());
        let report = report.expect("nothing can fail");
        (report.removals, report.prompt)
    };

    let all = rules_without(&files, None);
    let with_all: Vec<_> = pages.iter().map(|page| explained(&all, page)).collect();
    let shown: BTreeSet<(&str, usize)> = with_all
        .iter()
        .flat_map(|(removals, _)| removals)
        .map(|removal| (&*removal.file, removal.line as usize))
        .collect();
    let drops_nothing = drop
        .into_iter()
        .filter(|place| !shown.contains(&(place.file, place.line)));
    let changes_nothing = mark.into_iter().filter(|place| {
        let rules = rules_without(&files, Some(*place));
        let mut pages = pages.iter().zip(&with_all);
        pages.all(|(page, with_it)| explained(&rules, page) == *with_it)
    });
    let idle: Vec<String> = drops_nothing
        .chain(changes_nothing)
        .map(|place| format!("selectors/{}:{}", place.file, place.line))
        .collect();
    assert!(
        idle.is_empty(),
        "no page of corpus/ shows what {} rules are for:\n{}\n",
        idle.len(),
        idle.join("\n")
    );
}
