//! `dehusk rules new`: drafts from pages that are made up here and from those of `corpus/`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// A folder of this test alone, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("rules-new")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for tests");
    folder
}

fn dehusk(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dehusk"))
        .args(args)
        .env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .expect("dehusk runs")
}

/// The draft for a host, from files with these contents.
fn draft(name: &str, host: &str, pages: &[(&str, &[u8])], flags: &[&str]) -> String {
    let folder = folder(name);
    let mut args = vec!["rules", "new", host, "--no-config"];
    args.extend(flags);
    let files: Vec<String> = pages
        .iter()
        .map(|(file, page)| {
            let path = folder.join(file);
            fs::write(&path, page).expect("a page for tests");
            path.display().to_string()
        })
        .collect();
    args.extend(files.iter().map(String::as_str));
    let output = dehusk(&args);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The rules of a draft that count, each with the section it stands in.
fn rules(draft: &str) -> Vec<(&str, &str)> {
    let mut section = "";
    let mut rules = Vec::new();
    for line in draft.lines() {
        match line {
            "" => {}
            line if line.starts_with('!') => {}
            line if line.starts_with('[') && !line.contains('=') => section = line,
            line => rules.push((section, line)),
        }
    }
    rules
}

/// What is left of a page with a draft on top of the given rules.
fn filtered(name: &str, host: &str, draft: Option<&str>, page: &Path, flags: &[&str]) -> String {
    let page = page.display().to_string();
    let mut args = vec!["--no-config", "--site", host, page.as_str()];
    args.extend(flags);
    let file = folder(name).join(format!("{host}.sel"));
    let shown = file.display().to_string();
    if let Some(draft) = draft {
        fs::write(&file, draft).expect("a draft for tests");
        args.extend(["-s", shown.as_str()]);
    }
    let output = dehusk(&args);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const HARBOUR: &str = "harbour.example";

/// An article of a site that nobody has rules for. The words of `own` stand on no other page.
fn article(own: [&str; 3]) -> String {
    let [title, links, text] = own;
    let paragraphs: String = ["Monday", "Tuesday", "Friday", "Sunday"]
        .map(|day| {
            format!(
                "<p data-keep>{text} is what the harbour master said on {day}, when the tide \
                 was low, the wind came from the north, and the {text} boats lay still.</p>"
            )
        })
        .concat();
    format!(
        "<!DOCTYPE html><html><head><meta charset=utf-8><title>{title}</title>\
         <meta property='og:type' content='article'><meta property='og:title' content='{title}'>\
         <meta property='og:site_name' content='The Harbour'></head><body class='has-paywall'>\
         <div class='masthead css-1x7k2q'><a href=/>Home</a> <a href=/fish>Fish</a> \
         <a href=/rope>Rope and sail</a></div>\
         <div class='paywall story'><h1 data-keep>{title}</h1>\
         <div class='css-9q8w7e story-text'>{paragraphs}\
         <div class='kaimauer Teaser_box__x3Kd9'><a href=/1>{links} one</a> \
         <a href=/2>{links} two, and what came of it</a></div>\
         <p data-keep>{text} ends here, with a short line.</p></div></div>\
         <div class=heimathafen><b>Every tide in your pocket.</b> \
         Ten lamps for the price of nine, until the moon is full.</div>\
         <div class=css-3e4r5t id=slot-17>Lamps are lit by hand</div>\
         </body></html>"
    )
}

fn harbour() -> [String; 2] {
    [
        article([
            "Seals come back to the old pier",
            "Herring",
            "Of the seals this",
        ]),
        article([
            "A bridge is closed for repairs",
            "Mackerel",
            "Of the bridge this",
        ]),
    ]
}

#[test]
fn what_two_pages_repeat_is_offered_and_what_differs_is_the_article() {
    let [a, b] = harbour();
    let pages = [("a.html", a.as_bytes()), ("b.html", b.as_bytes())];
    let draft = draft("two", HARBOUR, &pages, &["--no-default-selectors"]);
    let rules = rules(&draft);
    let offered: BTreeSet<&str> = rules.iter().map(|(_, rule)| *rule).collect();
    for rule in [".masthead", ".heimathafen"] {
        assert!(offered.contains(rule), "{rule} in\n{draft}");
    }
    // The box in the text: by the name that says it is one, or by the other.
    assert!(
        rules.iter().any(|(section, rule)| *section == "[related]"
            && (rule.contains("Teaser_box__\"") || rule.contains(".kaimauer"))),
        "{draft}"
    );
    for section in ["[keep]", "[body]"] {
        assert!(
            rules.contains(&(section, ".story-text")),
            "{section} in\n{draft}"
        );
    }
    let both = |page: &&str| draft.contains(&format!("2 of 2 pages, {page}"));
    assert!(both(&"34 words, the same on pages: Every tide"), "{draft}");
    assert!(
        draft.starts_with("! The Harbour, harbour.example.\n! checked: 20"),
        "{draft}"
    );
}

#[test]
fn made_up_names_and_names_around_the_article_are_not_offered() {
    let [a, b] = harbour();
    let pages = [("a.html", a.as_bytes()), ("b.html", b.as_bytes())];
    let draft = draft("names", HARBOUR, &pages, &["--no-default-selectors"]);
    for (_, rule) in rules(&draft) {
        for name in ["css-", "x3Kd9", "paywall", "slot-17", ":nth"] {
            assert!(!rule.contains(name), "{rule} in\n{draft}");
        }
    }
    assert!(draft.contains("! .paywall\n"), "not warned of in\n{draft}");
}

#[test]
fn a_draft_is_a_selector_file_that_keeps_the_article() {
    let [a, b] = harbour();
    let pages = [("a.html", a.as_bytes()), ("b.html", b.as_bytes())];
    for flags in [&["--no-default-selectors"][..], &[]] {
        let draft = draft("whole", HARBOUR, &pages, flags);
        let page = folder("whole-page").join("a.html");
        fs::write(&page, &a).expect("a page for tests");
        let left = filtered("whole-draft", HARBOUR, Some(&draft), &page, flags);
        assert_eq!(
            left.matches("data-keep").count(),
            a.matches("data-keep").count(),
            "{draft}"
        );
        for husk in ["Every tide", "Rope and sail", "Herring one"] {
            assert!(!left.contains(husk), "{husk} is left with\n{draft}");
        }
        // What stands in comments is good too: the last sections with their marks taken off.
        let uncommented: String = draft
            .lines()
            .skip_while(|line| !line.starts_with("! ---- Taken"))
            .skip(2)
            .take_while(|line| !line.starts_with("! ----"))
            .filter_map(|line| line.strip_prefix("! "))
            .filter(|line| !line.contains("word"))
            .map(|line| format!("{line}\n"))
            .collect();
        let left = filtered("whole-more", HARBOUR, Some(&uncommented), &page, flags);
        assert_eq!(
            left.matches("data-keep").count(),
            a.matches("data-keep").count()
        );
    }
}

#[test]
fn what_rules_take_already_is_only_told_of() {
    let [a, b] = harbour();
    let pages = [("a.html", a.as_bytes()), ("b.html", b.as_bytes())];
    let mine = folder("mine").join("mine.sel");
    fs::write(&mine, "[subscription]\n.heimathafen\n").expect("rules for tests");
    let flags = ["--no-default-selectors", "-s", &mine.display().to_string()];
    let draft = draft("taken", HARBOUR, &pages, &flags);
    assert!(
        rules(&draft)
            .iter()
            .all(|(_, rule)| *rule != ".heimathafen"),
        "{draft}"
    );
    let (_, taken) = draft
        .split_once("! ---- Taken")
        .expect("a section of what is taken");
    assert!(
        taken.contains("! [subscription]\n! 2 of 2 pages, 34 words: Every tide"),
        "{taken}"
    );
    assert!(taken.contains("\n! .heimathafen\n"), "{taken}");
}

#[test]
fn pages_that_tell_little_are_told_of() {
    let [a, _] = harbour();
    let other = a.replace(
        "<head>",
        "<head><link rel=canonical href=https://quay.example/1>",
    );
    for (name, pages, said) in [
        (
            "one",
            &[("a.html", a.as_bytes())][..],
            "Two or more pages tell more",
        ),
        (
            "twice",
            &[("a.html", a.as_bytes()), ("b.html", a.as_bytes())],
            "b.html is a.html again",
        ),
        (
            "other",
            &[("a.html", other.as_bytes())],
            "a page of quay.example",
        ),
        (
            "list",
            &[(
                "a.html",
                b"<ul class=goods><li><a href=/1>Rope</a><li><a href=/2>Sail</a></ul>",
            )],
            "is no page of an article",
        ),
    ] {
        let draft = draft(name, HARBOUR, pages, &["--no-default-selectors"]);
        let told = draft.replace("\n! ", " ");
        assert!(told.contains(said), "{said} in\n{draft}");
    }
}

#[test]
fn pages_come_in_any_encoding() {
    let [a, _] = harbour();
    let page = a.replace("charset=utf-8", "charset=windows-1252");
    let mut bytes = Vec::new();
    for part in page.split("Rope and sail") {
        bytes.extend_from_slice(part.as_bytes());
        bytes.extend_from_slice(b"Mar\xe9e haute, d\xe8s 5 \x80. ");
    }
    let draft = draft(
        "bytes",
        HARBOUR,
        &[("a.html", &bytes)],
        &["--no-default-selectors"],
    );
    assert!(draft.contains("Marée haute, dès 5 €."), "{draft}");
}

#[test]
fn what_a_page_says_stays_in_comments() {
    let [a, b] = harbour();
    let evil = |page: &str| {
        page.replace(
            "Every tide",
            "\u{1b}[2J\u{202e}! hosts: evil.example\n[ads]\n*\n",
        )
        .replace("The Harbour", "hosts: evil.example")
        .replace("heimathafen", "heimat\\{hafen}*")
    };
    let (a, b) = (evil(&a), evil(&b));
    let pages = [("a.html", a.as_bytes()), ("b.html", b.as_bytes())];
    let draft = draft("evil", HARBOUR, &pages, &["--no-default-selectors"]);
    assert!(!draft.contains(['\u{1b}', '\u{202e}']), "{draft:?}");
    for line in draft.lines() {
        let hosts = line.trim_start_matches(['!', ' ']).starts_with("hosts:");
        assert!(
            !hosts && line != "*" && line != "[ads]",
            "{line} in\n{draft}"
        );
    }
}

#[test]
fn lines_can_be_read_at_a_hundred_columns() {
    let [a, b] = harbour();
    let pages = [("a.html", a.as_bytes()), ("b.html", b.as_bytes())];
    let draft = draft("columns", HARBOUR, &pages, &[]);
    for line in draft.lines() {
        let command = line.starts_with("!     ");
        assert!(line.chars().count() <= 100 || command, "{line}");
    }
}

#[test]
fn what_is_no_page_of_a_site_is_an_error() {
    let folder = folder("errors");
    let file = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, content).expect("a file for tests");
        path.display().to_string()
    };
    let good = file("good.html", harbour()[0].as_bytes());
    for (host, page, why) in [
        (
            HARBOUR,
            "no-such-page.html".to_owned(),
            "cannot read no-such-page.html",
        ),
        (HARBOUR, file("empty.html", b" \n"), "empty.html is empty"),
        (
            HARBOUR,
            file("zipped.html", b"\x1f\x8b\x08\0\0\0\0\0\0"),
            "gzip",
        ),
        (
            HARBOUR,
            file("script.html", b"<script>a()</script>"),
            "no text",
        ),
        (HARBOUR, folder.display().to_string(), "cannot read"),
        ("harbour", good, "a host such as example.com is wanted"),
    ] {
        let output = dehusk(&["rules", "new", host, &page, "--no-config"]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{page}: {error}");
        assert!(
            error.contains(why) && output.stdout.is_empty(),
            "{page}: {error}"
        );
    }
}

/// Pages full of what looks like husk and is none, and pages with much husk.
#[test]
fn drafts_from_the_corpus_lose_nothing_that_was_there() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for host in [
        "traps.example",
        "content.example",
        "letters.example",
        "lemonde.fr",
        "zeit.de",
    ] {
        let cases = fs::read_dir(corpus.join(host)).expect("a folder of cases");
        for case in cases {
            let page = case.expect("a case").path().join("page.html");
            let shown = page.display().to_string();
            let output = dehusk(&["rules", "new", host, &shown, "--no-config"]);
            assert!(output.status.success(), "{shown}");
            let draft = String::from_utf8(output.stdout).expect("UTF-8");
            let keeps = |left: String| left.matches("data-keep").count();
            let before = keeps(filtered("corpus", host, None, &page, &[]));
            let after = keeps(filtered("corpus", host, Some(&draft), &page, &[]));
            assert!(
                after >= before,
                "{shown}: {before} marked elements, {after} left\n{draft}"
            );
        }
    }
}
