//! `dehusk diff`: two rule sets on the same pages.

#![cfg(unix)]

mod run;

use run::{dehusk, folder, run_with};
use std::fs;
use std::path::{Path, PathBuf};

const ONE: &str = "<title>One</title><p>Before it.</p><p class=x>An <b>ad</b>, and <script>no</script>more of it.</p>\
    <div class=y>Around <i class=z>inside</i></div><p>Behind it.</p>";
const TWO: &str = "<link rel=canonical href=https://news.example.org/><p>It rained.</p><p class=w>Read also: more</p>";

/// Rules and pages, in a folder of a test's own.
fn place(name: &str) -> PathBuf {
    let gz = {
        use std::io::Write as _;
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(TWO.as_bytes())
            .expect("a Vec takes every byte");
        gz.finish().expect("a Vec takes every byte")
    };
    folder(
        name,
        &[
            ("old.sel", b"[ads]\n.x\n.z\n.w:max-text-length(5)\n"),
            ("new.sel", b"[ads]\n.y\n.w:max-text-length(50)\n"),
            (
                "renamed.sel",
                b"[share]\np.x\n[ads]\n.z\n.w:max-text-length(5)\n",
            ),
            ("bad.sel", b"p:hover"),
            ("pages/one.html", ONE.as_bytes()),
            ("pages/deep/two.html.gz", &gz),
            ("pages/notes.txt", b"no page"),
            ("broken.html", b"\x00\x01\x02\xff\xfd"),
            ("old/generic/ads.sel", b".x:begins-with(@mine)\n"),
            ("old/sites/news.example.org.sel", b".w\n"),
            ("old/phrases/mine.txt", b"an ad\n"),
            ("new/generic/ads.sel", b".x:begins-with(@mine)\n"),
            ("new/sites/news.example.org.sel", b".w\n"),
            ("new/phrases/mine.txt", b"a mad\n"),
            ("a+b.sel", b".x"),
        ],
    )
}

/// Runs it in a folder: exit status, output, messages.
fn diff(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = dehusk(&[&["diff"], args].concat());
    command.current_dir(folder);
    let run = run_with(command, drop);
    let out = String::from_utf8(run.out).expect("output is UTF-8");
    (run.exit, out, run.err)
}

/// Lines with one space where there are more.
fn folded(text: &str) -> Vec<String> {
    let fold = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines()
        .map(fold)
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn what_differs() {
    let folder = place("diff");
    let (exit, out, err) = diff(&folder, &["old.sel", "new.sel", "pages"]);
    assert_eq!((exit, err.as_str()), (Some(1), ""));
    let y = format!(
        "{}-{}",
        ONE.find("<div").unwrap(),
        ONE.find("<p>Behind").unwrap()
    );
    let x = format!(
        "{}-{}",
        ONE.find("<p class=x").unwrap(),
        ONE.find("<div").unwrap()
    );
    let w = format!("{}-{}", TWO.find("<p class=w").unwrap(), TWO.len());
    assert_eq!(
        folded(&out),
        [
            "pages/deep/two.html.gz news.example.org".to_owned(),
            format!("dropped ads new.sel:3 p.w {w} \"Read also: more\" A: old.sel:4 :max-text-length(5) is 15"),
            "pages/one.html".to_owned(),
            format!("kept ads old.sel:2 p.x {x} \"An ad, and more of it.\""),
            format!("dropped ads new.sel:2 div.y {y} \"Around inside\""),
            "KIND RULE PAGES ELEMENTS CHARACTERS SELECTOR".to_owned(),
            "dropped ads new.sel:3 1 1 15 .w:max-text-length(50)".to_owned(),
            "dropped ads new.sel:2 1 1 7 .y".to_owned(),
            "kept ads old.sel:2 1 1 22 .x".to_owned(),
            "2 of 2 pages changed: 2 elements dropped (22 characters), 1 element kept (22 characters)".to_owned(),
        ]
    );
    // One after the other it is the same.
    assert_eq!(
        diff(&folder, &["-j", "1", "old.sel", "new.sel", "pages"]).1,
        out
    );
}

#[test]
fn sets_and_statuses() {
    let folder = place("diff-sets");
    let last = |args: &[&str]| {
        let (exit, out, err) = diff(&folder, args);
        let last = out.lines().last().unwrap_or_default().to_owned();
        (exit, last, err)
    };
    for (args, exit, summary, message) in [
        (
            &["old.sel", "old.sel", "pages"][..],
            0,
            "0 of 2 pages changed",
            "",
        ),
        (
            &["old.sel", "renamed.sel", "pages"],
            0,
            "0 of 2 pages changed; 1 element dropped by another rule",
            "",
        ),
        (
            &["builtin", "builtin", "pages"],
            0,
            "0 of 2 pages changed",
            "",
        ),
        (
            &["builtin", "builtin+old.sel", "pages/one.html"],
            1,
            "1 of 1 page changed: 2 elements dropped",
            "",
        ),
        (
            &["old.sel", "old.sel+new.sel", "pages/one.html"],
            1,
            "1 of 1 page changed: 1 element dropped",
            "",
        ),
        // A file whose name has a '+'.
        (&["a+b.sel", "a+b.sel", "pages"], 0, "0 of 2", ""),
        // Two checkouts, which differ in a phrase.
        (
            &["old", "new", "pages"],
            1,
            "1 of 2 pages changed: 0 elements dropped (0 characters), 1 element kept",
            "",
        ),
        (
            &["old", "new", "--keep", "custom", "pages"],
            2,
            "",
            "custom",
        ),
        (
            &["old.sel", "new.sel", "--drop", "share", "pages"],
            0,
            "0 of 2 pages changed",
            "",
        ),
        (&["old.sel", "missing.sel", "pages"], 2, "", "missing.sel"),
        (
            &["old.sel", "bad.sel", "pages"],
            2,
            "",
            "the rules of bad.sel",
        ),
        (
            &["builtin+old", "new", "pages"],
            2,
            "",
            "in the place of the built-in rules",
        ),
        (
            &["old.sel", "new.sel", "missing"],
            2,
            "1 page not compared",
            "cannot read missing",
        ),
        (
            &["old.sel", "new.sel", "broken.html", "pages"],
            2,
            "2 of 2 pages changed",
            "broken.html: input is binary",
        ),
        (&["old.sel", "new.sel"], 2, "", "<PAGE>"),
        (
            &["old.sel", "new.sel", "--site", "x", "pages"],
            2,
            "",
            "example.com",
        ),
    ] {
        let (got, last, err) = last(args);
        assert_eq!(got, Some(exit), "{args:?}: {last} {err}");
        assert!(last.contains(summary), "{args:?}: {last}");
        assert!(err.contains(message), "{args:?}: {err}");
        assert_eq!(err.is_empty(), message.is_empty(), "{args:?}: {err}");
    }
}

#[test]
fn a_site_by_name() {
    let folder = place("diff-site");
    let with_site = diff(
        &folder,
        &[
            "--site",
            "news.example.org",
            "builtin",
            "old",
            "pages/one.html",
        ],
    );
    assert_eq!(with_site.0, Some(1), "{}", with_site.1);
    assert!(
        with_site.1.contains("pages/one.html  news.example.org"),
        "{}",
        with_site.1
    );
}

#[test]
fn side_by_side() {
    let folder = place("diff-html");
    let (exit, html, err) = diff(&folder, &["--html", "old.sel", "new.sel", "pages"]);
    assert_eq!((exit, err.as_str()), (Some(1), ""));
    for part in [
        "<!DOCTYPE html>",
        "default-src 'none'",
        // The same place with A and with B; the script and the title are no text.
        "<h4>A</h4><p>Before it.<del> An ad, and more of it.</del><mark> Around</mark> Behind it.</p>",
        "<h4>B</h4><p>Before it.<mark> An ad, and more of it.</mark><del> Around</del> Behind it.</p>",
        "A keeps it: <code>old.sel:4 :max-text-length(5) is 15</code>",
        "&lt;p class=w&gt;Read also: more",
        "2 of 2 pages changed",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    // Nothing of the pages but their text, and nothing that is fetched.
    for part in ["<script", "http:", "https:", "src=", "url(", "<p class=w"] {
        assert!(!html.contains(part), "{part}\n{html}");
    }
}

#[test]
fn hostile_pages() {
    let page = "<p class=x>a\u{1b}[2J</p><p class='x\u{1b}]0;a\u{7}'>&lt;script&gt;\u{202e}b</p>\
        <p class=x title='</pre></details><script>alert(1)</script>'>c</p>";
    let folder = folder(
        "diff-hostile",
        &[
            ("none.sel", b"!"),
            ("x.sel", b"[class^=x]"),
            ("a<b>.html", page.as_bytes()),
        ],
    );
    let (_, text, _) = diff(&folder, &["none.sel", "x.sel", "a<b>.html"]);
    let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!text.contains(steers), "{text:?}");
    assert!(text.contains("\\u{1b}]0;a"), "{text:?}");
    let (_, html, _) = diff(&folder, &["--html", "none.sel", "x.sel", "a<b>.html"]);
    assert!(!html.contains(steers), "{html:?}");
    assert!(
        !html.contains("<script") && !html.contains("a<b>"),
        "{html}"
    );
    assert!(html.contains("&lt;script&gt;"), "{html}");
}

/// Whoever reads the beginning may go.
#[test]
fn a_closed_pipe() {
    let folder = place("diff-pipe");
    let script = "\"$0\" diff --html old.sel new.sel pages pages pages | head -c 10";
    let output = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_dehusk")])
        .current_dir(&folder)
        .output()
        .expect("sh runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.stdout, b"<!DOCTYPE ");
    assert!(fs::exists(folder.join("pages/one.html")).expect("a folder"));
}
