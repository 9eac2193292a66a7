//! The mistakes that `selectors/README.md` warns of: each has its page, on which the wrong rule
//! takes text of the article (what is marked with `data-keep`) and the right one takes husk.

use dehusk::{Options, Rules};
use std::fs;
use std::path::Path;

const GUIDE: &str = include_str!("../selectors/README.md");
const SECTION: &str = "\n## A rule that does no harm\n";

struct Mistake {
    title: &'static str,
    pages: Vec<&'static str>,
    wrong: String,
    right: String,
}

/// The addresses of links: `[text](address)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')').map(|(address, _)| address))
}

/// The lines of the fenced block marked so.
fn block(text: &str, info: &str) -> String {
    let mut lines = text.lines().skip_while(|line| *line != info).skip(1);
    let lines: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
    lines.join("\n")
}

fn section() -> &'static str {
    let (_, section) = GUIDE.split_once(SECTION).expect("the section");
    section
        .split_once("\n## ")
        .map_or(section, |(section, _)| section)
}

fn mistakes() -> Vec<Mistake> {
    let parts = section().split("\n### ").skip(1);
    parts
        .map(|part| Mistake {
            title: part.lines().next().unwrap_or_default(),
            pages: links(part).collect(),
            wrong: block(part, "```sel wrong"),
            right: block(part, "```sel right"),
        })
        .collect()
}

/// What the rules leave of a page, and how many elements they drop.
fn filter(rules: &str, page: &str) -> (String, u64) {
    let rules = Rules::builder()
        .builtin(false)
        .file("guide.sel", rules)
        .build()
        .unwrap_or_else(|errors| panic!("{errors}"));
    let mut clean = Vec::new();
    let report = dehusk::clean(&rules, &Options::new(), page.as_bytes(), &mut clean)
        .expect("a Vec takes every byte");
    let clean = String::from_utf8(clean).expect("UTF-8 stays UTF-8");
    (clean, report.total().elements)
}

#[test]
fn every_link_leads_to_a_file() {
    let mut count = 0;
    for link in links(GUIDE).filter(|link| !link.contains("://")) {
        count += 1;
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("selectors")
            .join(link);
        assert!(path.is_file(), "selectors/README.md: {link} is not there");
    }
    assert!(count >= 5, "only {count} links were found");
}

#[test]
fn wrong_rules_take_text_and_right_ones_do_not() {
    let mistakes = mistakes();
    assert_eq!(mistakes.len(), 5);
    for Mistake {
        title,
        pages,
        wrong,
        right,
    } in mistakes
    {
        let [page] = pages[..] else {
            panic!("{title}: one page, not {pages:?}");
        };
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("selectors")
            .join(page);
        let page = fs::read_to_string(path).expect("a readable page");
        let marks = |text: &str| text.matches(" data-keep>").count();

        let (clean, _) = filter(&wrong, &page);
        assert!(marks(&clean) < marks(&page), "{title}: {wrong}");
        for line in right.lines() {
            let (clean, elements) = filter(line, &page);
            assert_eq!(marks(&clean), marks(&page), "{title}: {line}");
            assert!(elements > 0, "{title}: {line} drops nothing");
        }
    }
}
