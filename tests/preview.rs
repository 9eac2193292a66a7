//! `dehusk preview` as people run it: the page is in the file as it was, with marks and nothing else put
//! in; its counts are those of `--explain=json`; nothing of it gets out of its frame. What a browser makes
//! of it is in `tests/browser/`.

mod run;

use run::{folder, run};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Only `.x` goes.
const X: &[&str] = &["--no-default-selectors", "-e", ".x"];

/// What is put into pages beside marks.
const DISARMING: [&str; 4] = [
    " type=dehusk-off",
    " rel=dehusk-off",
    " http-equiv=dehusk-off",
    " src=about:blank#dehusk-off",
];

/// A page that tries everything.
const HOSTILE: &str = include_str!("browser/hostile.html");

fn preview(args: &[&str], page: &[u8]) -> String {
    let args: Vec<&str> = ["preview"].iter().chain(args).copied().collect();
    let run = run(&args, page);
    assert_eq!(run.exit, Some(0), "{}", run.err);
    assert_eq!(run.err, "");
    String::from_utf8(run.out).expect("a preview is UTF-8")
}

/// The page in the frame, as a browser reads the attribute.
fn framed(preview: &str) -> String {
    let (_, rest) = preview.split_once(" srcdoc=\"").expect("a frame");
    let (value, _) = rest.split_once('"').expect("an attribute ends");
    value.replace("&quot;", "\"").replace("&amp;", "&")
}

/// The page without marks.
fn unmarked(framed: &str) -> String {
    let mut page = framed.to_owned();
    for attribute in [" data-dehusk=\"", " data-dehusk-kept=\""] {
        while let Some(at) = page.find(attribute) {
            let end = page[at + attribute.len()..]
                .find('"')
                .expect("an attribute ends");
            page.replace_range(at..at + attribute.len() + end + 1, "");
        }
    }
    for disarming in DISARMING {
        page = page.replace(disarming, "");
    }
    page
}

fn data(preview: &str) -> Value {
    let (_, rest) = preview
        .split_once("<script type=\"application/json\" id=\"data\">")
        .expect("data");
    let (json, _) = rest.split_once("</script>").expect("data ends");
    serde_json::from_str(json).expect("data is JSON")
}

fn corpus_pages() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut pages = Vec::new();
    for host in fs::read_dir(corpus).expect("the corpus").flatten() {
        for case in fs::read_dir(host.path()).into_iter().flatten().flatten() {
            pages.push(case.path().join("page.html"));
        }
    }
    pages.retain(|page| page.is_file());
    pages.sort();
    assert!(pages.len() > 100, "the corpus has pages");
    // Each run reads all rules.
    pages.into_iter().step_by(12).collect()
}

#[test]
fn pages_stay_as_they_are() {
    for path in corpus_pages() {
        let page = fs::read(&path).expect("a page");
        let preview = preview(&["--drop", "all"], &page);
        let page = String::from_utf8(page).expect("pages of the corpus are UTF-8");
        assert_eq!(unmarked(&framed(&preview)), page, "{}", path.display());
    }
    for (page, args) in [
        ("<p class=x>a", X),
        ("<P\tCLASS=x>a<br class=x/>b</P>", X),
        ("<p title='\"&quot;&amp;&' class=x>\"a\" & b</p>", X),
        ("</iframe><p class=x></iframe></script>-->{{data}}", X),
        (
            "<!DOCTYPE html><title>{{page}}</title><!--<script>--><p class=x>",
            X,
        ),
        ("a < b <3 <", X),
        (HOSTILE, &["--no-default-selectors", "-e", "p, .modal"]),
    ] {
        let preview = preview(args, page.as_bytes());
        assert_eq!(unmarked(&framed(&preview)), page);
    }
}

#[test]
fn what_goes_is_marked_and_nothing_else() {
    for path in corpus_pages() {
        let page = fs::read(&path).expect("a page");
        let preview = preview(&[], &page);
        let framed = framed(&preview);
        let data = data(&preview);
        let removals = data["removals"].as_array().expect("a list");
        assert_eq!(
            framed.matches(" data-dehusk=\"").count(),
            removals.len(),
            "{}",
            path.display()
        );
        for removal in removals {
            let mark = format!(" data-dehusk={}", removal["mark"]);
            let at = framed.find(&mark).expect("each removal has a mark");
            let tag = framed[..at].rsplit('<').next().expect("a start tag");
            let element = removal["element"].as_str().expect("a text");
            let name = element.split(['#', '.']).next().expect("a name");
            assert!(tag.eq_ignore_ascii_case(name), "{tag} {element}");
        }
        let kept = data["kept"].as_array().expect("a list");
        for item in kept {
            let mark = format!(" data-dehusk-kept={}", item["mark"]);
            assert!(framed.contains(&mark), "{mark}");
            assert!(item["why"].is_string(), "{item}");
        }
    }
}

#[test]
fn counts_are_those_of_the_json_report() {
    for path in corpus_pages() {
        let page = fs::read(&path).expect("a page");
        let explained = run(&["--explain=json"], &page);
        let report = explained.err.lines().last().expect("a report");
        let report: Value = serde_json::from_str(report).expect("JSON");
        assert_eq!(
            data(&preview(&[], &page))["report"],
            report,
            "{}",
            path.display()
        );
    }
}

#[test]
fn the_flags_are_those_of_the_filter() {
    let page = b"<article><p class=x>a</p><p class=y>b</p><p>c</p></article>";
    let rules = folder("preview-flags", &[("a.sel", b"[ads]\n.x\n[share]\n.y\n")]);
    let rules = rules.join("a.sel");
    let rules = rules.to_str().expect("a path in UTF-8");
    for (args, marks) in [
        (&[][..], &["ads-1", "share-2"][..]),
        (&["--keep", "ads"], &["share-1"]),
        (&["--drop", "ads"], &["ads-1"]),
        (
            &["--drop", "ads", "-e", "p:not([class])"],
            &["ads-1", "custom-2"],
        ),
    ] {
        let mut all = vec!["--no-default-selectors", "-s", rules];
        all.extend(args);
        let data = data(&preview(&all, page));
        let removals = data["removals"].as_array().expect("a list").iter();
        let got: Vec<&str> = removals.filter_map(|r| r["mark"].as_str()).collect();
        assert_eq!(got, marks, "{args:?}");
    }
    let other = preview(
        &[X, &["--encoding", "windows-1252"]].concat(),
        b"<p>\xe9t\xe9</p><p class=x>\xe0</p>",
    );
    let framed = framed(&other);
    assert_eq!(
        framed,
        "<p>été</p><p class=x>à</p>".replace("<p class", "<p data-dehusk=\"custom-1\" class")
    );
    assert_eq!(data(&other)["report"]["encoding"], "windows-1252");
}

#[test]
fn a_byte_order_mark_is_none_inside() {
    let preview = preview(X, "\u{feff}<!DOCTYPE html><p class=x>a".as_bytes());
    assert_eq!(
        framed(&preview),
        "<!DOCTYPE html><p data-dehusk=\"custom-1\" class=x>a"
    );
}

#[test]
fn marks_have_names_that_the_page_does_not_have() {
    let preview = preview(X, b"<p data-DEHUSK=ads-1 class=x>a<p data-dehusk-2=b>");
    let framed = framed(&preview);
    assert!(
        framed.starts_with("<p data-dehusk-3=\"custom-1\" data-DEHUSK"),
        "{framed}"
    );
    assert_eq!(data(&preview)["marks"]["removed"], "data-dehusk-3");
}

#[test]
fn what_would_run_or_fetch_is_disarmed() {
    let framed = framed(&preview(&[], HOSTILE.as_bytes()));
    let lower = framed.to_ascii_lowercase();
    for (name, disarming) in [
        ("<script", DISARMING[0]),
        ("<link", DISARMING[1]),
        ("<meta", DISARMING[2]),
        ("<iframe", DISARMING[3]),
    ] {
        let places: Vec<usize> = lower.match_indices(name).map(|(at, _)| at).collect();
        assert!(!places.is_empty(), "{name}");
        for at in places {
            let behind = &lower[at + name.len()..];
            let is_marked = behind.starts_with(" data-dehusk");
            assert!(
                behind.starts_with(disarming) || is_marked && behind.contains(disarming),
                "{name}{}",
                &behind[..behind.len().min(60)]
            );
        }
    }
}

#[test]
fn the_file_lets_nothing_out() {
    let preview = preview(&[], HOSTILE.as_bytes());
    let before = preview
        .find(" srcdoc=\"")
        .expect("the page is in the frame");
    let policy = preview
        .find("Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; script-src 'sha256-")
        .expect("a policy");
    assert!(
        policy < before,
        "the policy is in force before the page begins"
    );
    let frame = preview[..before].rsplit('<').next().expect("a frame");
    assert!(frame.contains("sandbox=\"allow-same-origin\""), "{frame}");
    assert!(!preview.contains("unsafe-eval") && !preview.contains("allow-scripts"));
}

#[cfg(unix)]
#[test]
fn names_and_data_are_text() {
    let folder = folder(
        "preview-names",
        &[(
            "<i>&\"{{page}}.html",
            b"<p class=x>&lt;/script>&lt;!--</p><p class='x </script>'>b",
        )],
    );
    let path = folder.join("<i>&\"{{page}}.html");
    let path = path.to_str().expect("a path in UTF-8");
    let preview = preview(&[X, &[path]].concat(), b"");
    let name = "&lt;i>&amp;&quot;{{page}}.html</h1>";
    assert!(preview.contains(name));
    let removals = &data(&preview)["removals"];
    assert_eq!(removals[0]["text"], "</script><!--");
    assert_eq!(
        preview.matches("</script>").count(),
        3,
        "two, and the page's"
    );
}

#[test]
fn what_cannot_be_shown_is_said() {
    let folder = folder("preview-errors", &[("a.html", b"<p>"), ("b.html", b"<p>")]);
    let path = |name: &str| folder.join(name).display().to_string();
    let (a, b, here) = (path("a.html"), path("b.html"), path("."));
    for (args, page, message) in [
        (
            &[][..],
            &b"\x1f\x8b\x08"[..],
            "standard input: input is gzip-compressed; there is nothing to show",
        ),
        (
            &[],
            b"%PDF-1.5",
            "input is a PDF file; there is nothing to show",
        ),
        (&[&*a, &*b], b"", "several pages: "),
        (&[&*here], b"", "is a folder"),
        (&["-e", ":nope"], b"", "no such pseudo-class"),
        (&["--encoding", "klingon"], b"", "unknown encoding"),
        (&["--site", "/"], b"", "a host such as example.com"),
    ] {
        let args: Vec<&str> = ["preview"].iter().chain(args).copied().collect();
        let run = run(&args, page);
        assert_eq!(run.exit, Some(2), "{args:?}: {}", run.err);
        assert!(run.err.contains(message), "{args:?}: {}", run.err);
        assert_eq!(run.out, b"", "{args:?}");
    }
}

#[test]
fn the_rest_of_a_page_is_shown_as_it_is() {
    // A start tag that is too long.
    let page = format!("<p class=x>a</p><p title=\"{}\">b", "c".repeat(9_000_000));
    let run = run(&[&["preview"], X].concat(), page.as_bytes());
    assert_eq!(run.exit, Some(3), "{}", run.err);
    assert!(run.err.contains("is shown as it is"), "{}", run.err);
    let preview = String::from_utf8(run.out).expect("UTF-8");
    assert!(unmarked(&framed(&preview)) == page);
    assert_eq!(data(&preview)["removals"][0]["mark"], "custom-1");
}
