//! `Options::explain_kept`: what a rule nearly dropped, and what saved it. A row's rules are a selector
//! file; what is told of its page is written `file:line element saved`. `§` is a paragraph's text of 100
//! characters.

use dehusk::{Filter, Options, Report, Rules};
use std::fs;
use std::path::Path;

const SENTENCE: &str = "The mayor said on Monday that the bridge over the river would be closed until the end of the season.";

fn filtered(rules: &Rules, options: &Options, page: &[u8], piece: usize) -> (Vec<u8>, Report) {
    let mut out = Vec::new();
    let mut filter = Filter::new(rules, options, &mut out);
    for piece in page.chunks(piece) {
        filter.write(piece).expect("a Vec takes every byte");
    }
    let report = filter.finish().expect("a Vec takes every byte");
    (out, report)
}

/// What it shows, rules, page, what is told.
type Row<'a> = (&'a str, &'a str, &'a str, &'a [&'a str]);

fn check(options: &Options, rows: &[Row<'_>]) {
    let mut complaints = Vec::new();
    for (what, selectors, page, expected) in rows {
        let rules = Rules::builder()
            .builtin(false)
            .file("a.sel", *selectors)
            .build()
            .unwrap_or_else(|errors| panic!("{what}: {errors}"));
        let page = page.replace('§', SENTENCE);
        let options = options.clone().encoding("utf-8").expect("a known label");
        let asking = options.clone().explain_kept(true);
        for piece in [usize::MAX, 1, 7] {
            let (out, report) = filtered(&rules, &asking, page.as_bytes(), piece);
            let told: Vec<String> = report
                .kept
                .iter()
                .map(|k| format!("{}:{} {} {}", k.file, k.line, k.element, k.saved))
                .collect();
            if told != *expected {
                complaints.push(format!(
                    "{what}\n  expected {expected:?}\n  told     {told:?}"
                ));
            }
            let (plain, quiet) = filtered(&rules, &options, page.as_bytes(), piece);
            assert_eq!(out, plain, "{what}: the output is another");
            assert_eq!(quiet.kept, [], "{what}: nobody asked");
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn what_saved_it() {
    check(
        &Options::new(),
        &[
            (
                "a length",
                ".x:max-text-length(50)",
                "<p class=x>§</p><p class=x>y</p>",
                &["a.sel:1 p.x :max-text-length(50) is 100"],
            ),
            (
                "two lengths",
                ".x:max-text-length(50):max-paragraph-text(20)",
                "<p class=x>§</p>",
                &["a.sel:1 p.x :max-text-length(50) is 100, :max-paragraph-text(20) is 100"],
            ),
            (
                "a share of the article so far",
                ".x:max-text-length(0 + 50%)",
                "<p>§ §</p><p class=x>§ §</p>",
                &["a.sel:1 p.x :max-text-length(0 + 50%) is 201 of 100"],
            ),
            (
                "a density, a count",
                ".x:min-link-density(0.5)\n.y:min-links(2)",
                "<p class=x><a href=a>abc</a>defghijk</p><p class=y><a href=a>a</a></p>",
                &[
                    "a.sel:1 p.x :min-link-density(0.5) is 0.272",
                    "a.sel:2 p.y :min-links(2) is 1",
                ],
            ),
            (
                "links that are long",
                ".x:max-link-text(2)",
                "<p class=x><a href=a>abcd</a> <a href=a>abcdef</a></p>",
                &["a.sel:1 p.x :max-link-text(2) is 5"],
            ),
            (
                "words that begin it",
                "p:begins-with(\"read also\"):max-text-length(50)",
                "<p>Read also: §</p><p>§</p>",
                &["a.sel:1 p :max-text-length(50) is 111"],
            ),
            (
                "words in it, of a phrase in a :has()",
                "div:has(> b:exact-text(\"More\")):min-links(1)\np:has-text(subscribe):max-text-length(20)",
                "<div><b>More</b> §</div><p>Please do subscribe today.</p><div><b>Less</b></div>",
                &[
                    "a.sel:1 div :min-links(1) is 0",
                    "a.sel:2 p :max-text-length(20) is 26",
                ],
            ),
            (
                "a guard that the start tag decides, and which of its selectors it was",
                ".x:not(.y, main *, [a=\"b,c\"])",
                "<main><p class=x>a</p></main><p class='x y'>b</p><p class=x a='b,c'>c</p>",
                &[
                    "a.sel:1 p.x :not(main *)",
                    "a.sel:1 p.x.y :not(.y)",
                    "a.sel:1 p.x :not([a=\"b,c\"])",
                ],
            ),
            (
                "a guard that the content decides",
                ".y, .x:not(.z):not(:begins-with(/[),]/), :has(a[href^=\"#\"]), :has-text(note)):max-text-length(9)",
                "<p class=x><a href=#1>a</a></p><p class=x>a note</p>",
                &[
                    "a.sel:1 p.x :not(:has(a[href^=\"#\"]))",
                    "a.sel:1 p.x :not(:has-text(note))",
                ],
            ),
            (
                "one of several lengths",
                ".x:is(:min-links(1), :max-text-length(9))",
                "<p class=x>§</p>",
                &["a.sel:1 p.x :is(:min-links(1), :max-text-length(9))"],
            ),
            (
                "what the page has shown",
                ".x:article-page",
                "<p class=x>a</p>",
                &["a.sel:1 p.x :article-page"],
            ),
            (
                "a [keep] in it",
                "div:has(.x)\n[keep]\n.y, .z",
                "<div><p class=x>a</p><p class=z>b</p></div>",
                &["a.sel:1 div [keep] a.sel:3"],
            ),
            (
                "the nearest rule is told",
                ".x:max-text-length(5):min-links(1)\n.x:max-text-length(6)\n.x:not(p):min-links(1)",
                "<p class=x>abcdefgh</p>",
                &["a.sel:2 p.x :max-text-length(6) is 8"],
            ),
            (
                "tags closed across one another",
                "p:has-text(c)",
                "<b>a<p>p</b>c</p>d",
                &["a.sel:1 p structure"],
            ),
            (
                "what never goes",
                ".x",
                "<body class=x><p>a</p>",
                &["a.sel:1 body.x structure"],
            ),
        ],
    );
    check(
        &Options::new().hold_limit(60),
        &[(
            "the hold limit",
            "p:has-text(season)\np:has-text(autumn)",
            "<p>§</p>",
            &["a.sel:1 p hold limit"],
        )],
    );
}

#[test]
fn what_is_not_told() {
    check(
        &Options::new(),
        &[
            (
                "a rule that names nothing",
                "div:max-text-length(5), p:not(.x):min-links(1)",
                "<div>abcdefgh</div><p>a</p>",
                &[],
            ),
            (
                "a name that is not there",
                ".x:max-text-length(5)",
                "<p>abcdefgh</p>",
                &[],
            ),
            (
                "words that are not there",
                ".x:has-text(b):max-text-length(5)",
                "<p class=x>aaaaaaaa</p>",
                &[],
            ),
            (
                "a length far beyond the limit",
                ".x:max-text-length(5)",
                "<p class=x>§§§§§§§§§§§§</p>",
                &[],
            ),
            (
                "a guard and a length: two reasons",
                ".x:not(p):max-text-length(5)",
                "<p class=x>abcdefgh</p>",
                &[],
            ),
            (
                "what has no text",
                ".x:min-links(1)",
                "<p class=x></p>",
                &[],
            ),
            (
                "what lies in something that went, as it comes or held",
                ".y\ndiv:has-text(z)\n.x:max-text-length(5)",
                "<p class=y><b class=x>abcdefgh</b></p><div><b class=x>abcdefgh</b>z</div>",
                &[],
            ),
            (
                "what the same rule dropped a part of",
                ":is(div, p):begins-with(\"more\"):max-text-length(50)",
                "<div><p>More</p>§</div>",
                &[],
            ),
            (
                "a kind that is not asked for",
                "[byline]\n.x:max-text-length(5)",
                "<p class=x>abcdefgh</p>",
                &[],
            ),
            (
                "a rule that is taken back",
                ".x:max-text-length(5)\n[except]\n.x:max-text-length(5)",
                "<p class=x>abcdefgh</p>",
                &[],
            ),
        ],
    );
}

#[test]
fn where_it_stands_is_told() {
    let rules = Rules::builder()
        .builtin(false)
        .file("a.sel", "[share]\n.x:max-text-length(5)")
        .build()
        .unwrap();
    let page = "<p>a</p><div class=x id=i>Ä § <b>b</b></div>c".replace('§', SENTENCE);
    let options = Options::new().encoding("utf-8").unwrap().explain_kept(true);
    let (_, report) = filtered(&rules, &options, page.as_bytes(), 5);
    let [kept] = &report.kept[..] else {
        panic!("{:?}", report.kept);
    };
    assert_eq!(kept.kind, dehusk::Kind::Share);
    assert_eq!(kept.selector, ".x:max-text-length(5)");
    assert_eq!(kept.element, "div#i.x");
    let range = kept.bytes.start as usize..kept.bytes.end as usize;
    assert!(page[range.clone()].starts_with("<div"), "{}", &page[range]);
    assert!(page[range.clone()].ends_with("</div>"), "{}", &page[range]);
    assert_eq!(kept.text_length, 104);
    assert!(kept.text.starts_with("Ä The mayor said"), "{}", kept.text);
}

/// The pages of `corpus/` come out the same whether or not anybody asks.
#[test]
fn to_ask_changes_nothing() {
    fn pages(folder: &Path, found: &mut Vec<Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                pages(&path, found);
            } else if path.ends_with("page.html") {
                found.push(fs::read(path).expect("a page"));
            }
        }
    }
    let mut found = Vec::new();
    pages(Path::new("corpus"), &mut found);
    let rules = Rules::builtin();
    let mut told = 0;
    for page in &found {
        let (plain, quiet) = filtered(&rules, &Options::new().explain(true), page, 4096);
        let asking = Options::new().explain_kept(true);
        let (out, report) = filtered(&rules, &asking, page, 4096);
        assert!(out == plain, "{}", String::from_utf8_lossy(page));
        assert_eq!(report.removals, quiet.removals);
        let starts: Vec<u64> = report.kept.iter().map(|kept| kept.bytes.start).collect();
        assert!(starts.is_sorted());
        for kept in &report.kept {
            let gone = |r: &dehusk::Removal| r.bytes.contains(&kept.bytes.start);
            assert!(!report.removals.iter().any(gone), "{kept}");
        }
        told += report.kept.len();
    }
    // Some on most pages, and no more than a person reads.
    assert!(
        (found.len() / 4..found.len() * 10).contains(&told),
        "{told} of {}",
        found.len()
    );
}
