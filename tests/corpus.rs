//! The pages of `corpus/<host>/<case>/`: what the built-in rules make of them, as `dehusk rules test`
//! has it. With `DEHUSK_BLESS=1` what comes out is written beside them instead.

use dehusk::{Kind, KindSet, Options, Rules};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
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

#[test]
fn every_page_comes_out_clean() {
    let bless = env::var_os("DEHUSK_BLESS").is_some_and(|v| v == "1");
    let mut command = Command::new(env!("CARGO_BIN_EXE_dehusk"));
    command.args(["rules", "test", "--no-config"]);
    if bless {
        command.arg("--bless");
    }
    let output = command
        .current_dir(root())
        .output()
        .expect("the built binary runs");
    let told = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{told}{failed}(DEHUSK_BLESS=1 writes them anew)\n"
    );
    // None was passed over.
    let n = cases().len();
    assert!(told.contains(&format!("{n} of {n} cases")), "{told}");
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

/// The generic rules that protect or say something of the text.
fn marking_rules(files: &[(String, String)]) -> BTreeSet<Place<'_>> {
    let mut marking = BTreeSet::new();
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
            } else if !line.is_empty()
                && !line.starts_with('!')
                && matches!(section, "keep" | "body" | "truncated")
            {
                marking.insert(Place { file, line: i + 1 });
            }
        }
    }
    marking
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

/// A `[keep]`, `[body]` or `[truncated]` rule has a page that comes out, or is told of, differently
/// without it. (Rules that drop are asked for by `dehusk rules check`.)
#[test]
fn every_generic_rule_that_drops_nothing_has_a_page_that_shows_it() {
    let files = selector_files();
    // A site's page shows its own rules.
    let hosts = WITHOUT_RULES.map(|(host, _)| host);
    let pages: Vec<(Options, Vec<u8>)> = cases()
        .iter()
        .filter(|case| hosts.contains(&case.host.as_str()))
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
    let idle: Vec<String> = marking_rules(&files)
        .into_iter()
        .filter(|place| {
            let rules = rules_without(&files, Some(*place));
            let mut pages = pages.iter().zip(&with_all);
            pages.all(|(page, with_it)| explained(&rules, page) == *with_it)
        })
        .map(|place| format!("selectors/{}:{}", place.file, place.line))
        .collect();
    assert!(
        idle.is_empty(),
        "no page of corpus/ shows what {} rules are for:\n{}\n",
        idle.len(),
        idle.join("\n")
    );
}
