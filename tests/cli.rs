//! The command: flags, exit status, messages, and that no page is ever lost, however broken, large
//! or hostile it is.

mod run;

use run::{dehusk, folder, run, run_with};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Child, ChildStdin};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Where two byte strings differ, in short: some here are of 100 MB.
fn assert_same(what: &str, expected: &[u8], got: &[u8]) {
    if expected != got {
        let at = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
        let near = |bytes: &[u8]| {
            let bytes = &bytes[at.saturating_sub(20).min(bytes.len())..];
            String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned()
        };
        panic!(
            "{what}: {} bytes expected, {} got, different from byte {at} on\n  expected … {:?}\n  got      … {:?}",
            expected.len(),
            got.len(),
            near(expected),
            near(got)
        );
    }
}

/// A row: what it shows, flags, the page; exit status, output, and a part of the message.
type Row<'a> = (&'a str, &'a [&'a str], &'a [u8], i32, &'a [u8], &'a str);

fn check(rows: &[Row<'_>]) {
    for (what, args, page, exit, out, message) in rows {
        let run = run(args, page);
        assert_same(what, out, &run.out);
        assert_eq!(run.exit, Some(*exit), "{what}: {}", run.err);
        if message.is_empty() {
            assert_eq!(run.err, "", "{what}");
        } else {
            assert!(
                run.err.contains(message),
                "{what}: {message:?} is not in {:?}",
                run.err
            );
        }
        assert!(!run.err.contains("panicked"), "{what}: {}", run.err);
    }
}

/// Only `.x` goes.
const X: &[&str] = &["--no-default-selectors", "-e", ".x"];

#[test]
fn no_page_is_lost() {
    check(&[
        ("nothing", &[], b"", 0, b"", ""),
        ("one byte", &[], b"<", 0, b"<", ""),
        ("no markup", &[], b"a\r\nb\n", 0, b"a\r\nb\n", ""),
        ("a page", X, b"<p>a</p><p class=x>b</p>", 0, b"<p>a</p>", ""),
        (
            "binary",
            X,
            b"\0\x01\x02\xff\xfd<p class=x>\0\x07",
            3,
            b"\0\x01\x02\xff\xfd<p class=x>\0\x07",
            "standard input: input is binary, not a page; passed on as it is",
        ),
        (
            "NUL bytes in a page",
            X,
            b"<p>a\0b</p><p class=x>\0</p>",
            0,
            b"<p>a\0b</p>",
            "",
        ),
        (
            "cut off in a tag",
            X,
            b"<p>a</p><p class=x>b</p><p class=\"y",
            0,
            b"<p>a</p><p class=\"y",
            "",
        ),
        (
            "cut off in a name",
            X,
            b"<p>a</p><p class=x>b</p><str",
            0,
            b"<p>a</p><str",
            "",
        ),
        (
            "cut off in a comment",
            X,
            b"<p>a</p><p class=x>b</p><!-- c",
            0,
            b"<p>a</p><!-- c",
            "",
        ),
        (
            "cut off in a script",
            X,
            b"<p>a</p><p class=x>b</p><script>c</scr",
            0,
            b"<p>a</p><script>c</scr",
            "",
        ),
        (
            "cut off in what is dropped",
            X,
            b"<p>a</p><p class=x>b",
            0,
            b"<p>a</p>",
            "",
        ),
        (
            "<select><xmp>",
            X,
            b"<select><xmp></xmp></select><p class=x>a</p><p>b</p>",
            0,
            b"<select><xmp></xmp></select><p>b</p>",
            "",
        ),
        (
            "<frameset>",
            X,
            b"<html><frameset cols=1,2><frame src=a class=x><frame src=b></frameset></html>",
            0,
            b"<html><frameset cols=1,2><frame src=b></frameset></html>",
            "",
        ),
        (
            "gzip",
            X,
            b"\x1f\x8b\x08\0<p class=x>",
            3,
            b"\x1f\x8b\x08\0<p class=x>",
            "input is gzip-compressed; passed on as it is; try: gzip -dc | dehusk",
        ),
        (
            "a WARC file",
            X,
            b"WARC/1.1\r\n<p class=x>",
            3,
            b"WARC/1.1\r\n<p class=x>",
            "input is a WARC archive; passed on as it is; try: dehusk --warc",
        ),
        (
            "a PDF file",
            X,
            b"%PDF-1.7<p class=x>",
            3,
            b"%PDF-1.7<p class=x>",
            "input is a PDF file",
        ),
        (
            "standard input by its name",
            &["--no-default-selectors", "-e", ".x", "-"],
            b"<p class=x>a</p>b",
            0,
            b"b",
            "",
        ),
    ]);
}

#[test]
fn wrong_flags_and_files_are_told() {
    let folder = folder(
        "wrong",
        &[
            ("bad.sel", b"[ads]\n.fine\n  p:hover\n"),
            ("latin1.sel", b".caf\xe9\n"),
            ("section.sel", b"[advert]\n.a\n"),
            ("list/phrases/mine.txt", b"fine\n/(/\n"),
        ],
    );
    let path = |name: &str| folder.join(name).display().to_string();
    let (here, missing) = (path(""), path("missing"));
    let (bad, latin1, section, list) = (
        path("bad.sel"),
        path("latin1.sel"),
        path("section.sel"),
        path("list"),
    );
    let (bad_place, section_place) = (
        format!("dehusk: {bad}:3:5: "),
        format!("{section}:1:2: unknown kind 'advert'"),
    );
    let list_place = format!(
        "{}:2:1: bad regular expression",
        path("list/phrases/mine.txt")
    );
    let rows: &[(&str, &[&str], &str)] = &[
        (
            "a folder as the page",
            &[&here],
            "is a folder; one page is wanted",
        ),
        ("a page that is not there", &[&missing], "cannot open"),
        (
            "a selector file that is not there",
            &["-s", &missing],
            "cannot read",
        ),
        ("an unreadable rule", &["-s", &bad], &bad_place),
        (
            "… and why",
            &["-s", &bad],
            "a page at rest has no states: p:hover",
        ),
        (
            "a file in another encoding",
            &["-s", &latin1],
            "a selector file must be UTF-8",
        ),
        ("an unknown section", &["-s", &section], &section_place),
        ("an unreadable phrase", &["-s", &list], &list_place),
        (
            "an unreadable selector",
            &["-e", "p..x"],
            "-e:1:3: a class name is wanted",
        ),
        (
            "the second of two",
            &["-e", "p", "-e", "p:last-child"],
            "-e:2:1: a stream cannot know",
        ),
        (
            "a selector that cannot be decided",
            &["-e", "p:has-text(x) > b"],
            "must be decided at its start tag",
        ),
        (
            "an unknown kind",
            &["--drop", "adverts"],
            "possible values: subscription, related",
        ),
        (
            "an unknown kind to keep",
            &["--keep", "main"],
            "possible values: subscription, related",
        ),
        (
            "one's own rules are not chosen by kind",
            &["--keep", "custom"],
            "possible values",
        ),
        (
            "drop and keep",
            &["--drop", "ads", "--keep", "share"],
            "cannot be used with",
        ),
        (
            "an unknown encoding",
            &["--encoding", "utf-9"],
            "unknown encoding 'utf-9'; a label such as",
        ),
        (
            "no host",
            &["--site", "lemonde"],
            "--site lemonde: a host such as example.com is wanted",
        ),
        (
            "address and host",
            &["--site", "a.de", "--url", "http://a.de"],
            "cannot be used with",
        ),
        (
            "an unknown format",
            &["--explain=xml"],
            "possible values: text, json",
        ),
        ("an unknown flag", &["--remove"], "unexpected argument"),
        (
            "a limit that is no number",
            &["--hold-limit", "1M"],
            "invalid",
        ),
    ];
    let rows: Vec<Row<'_>> = rows
        .iter()
        .map(|(what, args, message)| {
            (
                *what,
                *args,
                b"<p>a</p>".as_slice(),
                2,
                b"".as_slice(),
                *message,
            )
        })
        .collect();
    check(&rows);
}

#[test]
fn what_the_flags_choose() {
    let folder = folder(
        "flags",
        &[
            ("one.sel", b"! mine\n.a\n[ads]\n.b\n"),
            ("all/mine.sel", b".a:has-text(@mine)\n"),
            ("all/deeper/share.sel", b".b\n"),
            ("all/deeper/example.org.sel", b".c\n"),
            ("all/notes.txt", b"not a selector file"),
            ("all/phrases/mine.txt", b"! en\nread more\n"),
            ("all/phrases/controls.txt", b"beam me up\n"),
            ("keep.sel", b"nav\n"),
            ("page.html", b"<nav>a</nav><p>b</p>"),
        ],
    );
    let path = |name: &str| folder.join(name).display().to_string();
    let (one, all, keep, page) = (
        path("one.sel"),
        path("all"),
        path("keep.sel"),
        path("page.html"),
    );
    let nav: &[u8] = b"<nav><a href=/>a</a></nav><p>b</p>";
    let without: &[u8] = b"<p>b</p>";
    check(&[
        ("the rules that come with dehusk", &[], nav, 0, without, ""),
        ("none", &["--no-default-selectors"], nav, 0, nav, ""),
        (
            "a selector",
            &["--no-default-selectors", "-e", "nav > a"],
            nav,
            0,
            b"<nav></nav><p>b</p>",
            "",
        ),
        (
            "several",
            &["--no-default-selectors", "-e", "a", "--select", "p"],
            nav,
            0,
            b"<nav></nav>",
            "",
        ),
        ("another kind", &["--drop", "ads"], nav, 0, nav, ""),
        (
            "this kind and another",
            &["--drop", "ads,navigation"],
            nav,
            0,
            without,
            "",
        ),
        ("all kinds", &["--drop", "all"], nav, 0, without, ""),
        (
            "this kind is kept",
            &["--keep", "navigation"],
            nav,
            0,
            nav,
            "",
        ),
        (
            "another is kept",
            &["--keep", "share,related"],
            nav,
            0,
            without,
            "",
        ),
        (
            "a selector drops whatever is chosen",
            &["--drop", "ads", "-e", "nav"],
            nav,
            0,
            without,
            "",
        ),
        (
            "a selector file",
            &["--no-default-selectors", "-s", &one],
            b"<p class=a>a</p><p class=b>b</p>c",
            0,
            b"c",
            "",
        ),
        (
            "and its kinds",
            &["--no-default-selectors", "-s", &one, "--drop", "share"],
            b"<p class=a>a</p><p class=b>b</p>c",
            0,
            b"<p class=b>b</p>c",
            "",
        ),
        ("a file that keeps", &["-s", &keep], nav, 0, nav, ""),
        (
            "a folder, and its phrases",
            &["--no-default-selectors", "-s", &all],
            b"<p class=a>Read more</p><p class=a>a</p><p class=b>b</p><p class=c>c</p>",
            0,
            b"<p class=a>a</p><p class=c>c</p>",
            "",
        ),
        (
            "a folder's file for a host",
            &[
                "--no-default-selectors",
                "-s",
                &all,
                "--site",
                "www.example.org",
            ],
            b"<p class=b>b</p><p class=c>c</p>",
            0,
            b"",
            "",
        ),
        (
            "by its address",
            &[
                "--no-default-selectors",
                "-s",
                &all,
                "--url",
                "https://example.org/a",
            ],
            b"<p class=c>c</p>",
            0,
            b"",
            "",
        ),
        (
            "a phrase added to a list that comes with dehusk",
            &[
                "--no-default-selectors",
                "-s",
                &all,
                "-e",
                "p:exact-text(@controls)",
            ],
            b"<p>Beam me up!</p><p>a</p>",
            0,
            b"<p>a</p>",
            "",
        ),
        (
            "a site's rules",
            &["--site", "www.lemonde.fr"],
            b"<p class=article__status>a</p><p>b</p>",
            0,
            b"<p>b</p>",
            "",
        ),
        (
            "an encoding",
            &["--encoding", "windows-1252"],
            b"<meta charset=utf-8><p>\xe9</p>",
            0,
            "<meta charset=utf-8><p>é</p>".as_bytes(),
            "",
        ),
        (
            "a hold limit",
            &[
                "--no-default-selectors",
                "-e",
                "p:has-text(a)",
                "--hold-limit",
                "10",
            ],
            b"<p>a</p><p>a and more than that</p>",
            0,
            b"<p>a and more than that</p>",
            "",
        ),
        ("a file as the page", &[&page], b"", 0, without, ""),
    ]);
}

#[test]
fn the_configuration_folder_is_read() {
    let home = folder(
        "config",
        &[
            ("xdg/dehusk/selectors/mine.sel", b".a\n"),
            ("xdg/dehusk/selectors/example.org.sel", b".b\n"),
            ("home/.config/dehusk/selectors/mine.sel", b".c\n"),
            ("bad/dehusk/selectors/mine.sel", b"p:hover\n"),
        ],
    );
    let page: &[u8] = b"<p class=a>a</p><p class=b>b</p><p class=c>c</p>";
    let no_a: &[u8] = b"<p class=b>b</p><p class=c>c</p>";
    let no_c: &[u8] = b"<p class=a>a</p><p class=b>b</p>";
    type Case<'a> = (&'a str, Option<&'a str>, &'a [&'a str], i32, &'a [u8]);
    let cases: &[Case<'_>] = &[
        ("XDG_CONFIG_HOME", Some("xdg"), &[], 0, no_a),
        (
            "for a host",
            Some("xdg"),
            &["--site=example.org"],
            0,
            b"<p class=c>c</p>",
        ),
        (
            "not without configuration",
            Some("xdg"),
            &["--no-config"],
            0,
            page,
        ),
        (
            "also without the rules that come with dehusk",
            Some("xdg"),
            &["--no-default-selectors"],
            0,
            no_a,
        ),
        ("~/.config", None, &[], 0, no_c),
        ("not there", Some("missing"), &[], 0, page),
        ("a rule that cannot be read", Some("bad"), &[], 2, b""),
        (
            "unless it is not wanted",
            Some("bad"),
            &["--no-config"],
            0,
            page,
        ),
    ];
    for (what, xdg, args, exit, out) in cases {
        let mut command = dehusk(args);
        command.env("HOME", home.join("home"));
        match xdg {
            Some(xdg) => command.env("XDG_CONFIG_HOME", home.join(xdg)),
            None => command.env_remove("XDG_CONFIG_HOME"),
        };
        let run = run_with(command, move |mut input| {
            let _ = input.write_all(page);
        });
        assert_same(what, out, &run.out);
        assert_eq!(run.exit, Some(*exit), "{what}: {}", run.err);
        let place = "bad/dehusk/selectors/mine.sel:1:3: ";
        assert_eq!(run.err.contains(place), *exit == 2, "{what}: {}", run.err);
    }
}

#[test]
fn removals_are_explained() {
    let page = "<p>a</p><div id=top class='x y\u{1b}[2J'>Read\n <b>all</b> of it\u{202e}</div><p class=x>b</p>";
    let text = run(
        &[
            "--no-default-selectors",
            "-e",
            "p.no",
            "-e",
            ".x",
            "--explain",
        ],
        page.as_bytes(),
    );
    assert_same("the page", b"<p>a</p>", &text.out);
    assert_eq!(text.exit, Some(0));
    assert_eq!(
        text.err,
        "custom       -e:2  div#top.x.y\\u{1b}[2J  8-67   \"Read all of it\\u{202e}\"\n\
         custom       -e:2  p.x                   67-83  \"b\"\n"
    );

    let json = run(
        &["--no-default-selectors", "-e", ".x", "--explain=json"],
        page.as_bytes(),
    );
    assert_same("the page", b"<p>a</p>", &json.out);
    let lines: Vec<serde_json::Value> = json
        .err
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON value a line"))
        .collect();
    assert_eq!(lines.len(), 3, "{}", json.err);
    for (line, key, value) in [
        (0, "kind", serde_json::json!("custom")),
        (0, "file", serde_json::json!("-e")),
        (0, "line", serde_json::json!(1)),
        (0, "selector", serde_json::json!(".x")),
        (0, "start", serde_json::json!(8)),
        (0, "end", serde_json::json!(67)),
        (1, "element", serde_json::json!("p.x")),
        (1, "text", serde_json::json!("b")),
        (1, "text_length", serde_json::json!(1)),
        (2, "site", serde_json::Value::Null),
        (2, "encoding", serde_json::json!("utf-8")),
        (2, "bytes_in", serde_json::json!(page.len())),
        (2, "bytes_out", serde_json::json!(8)),
        (2, "unfiltered", serde_json::Value::Null),
    ] {
        assert_eq!(lines[line][key], value, "{key} of {}", lines[line]);
    }
    assert_eq!(lines[2]["dropped"]["custom"]["elements"], 2, "{}", lines[2]);
}

/// What the last line of `--explain=json` says of a page being cut short: the prompt, and its rule.
fn truncated(args: &[&str], page: &str) -> Option<(String, String)> {
    let run = run(&[args, &["--explain=json"]].concat(), page.as_bytes());
    let last = run.err.lines().last().expect("a line for the page");
    let last: serde_json::Value = serde_json::from_str(last).expect("a JSON value");
    let said = |key: &str| last[key].as_str().map(str::to_owned);
    assert_eq!(last["truncated"], last["prompt"].is_string(), "{last}");
    Some((said("prompt")?, said("prompt_rule")?))
}

#[test]
fn a_page_cut_short_is_told() {
    let article = "<p>The ferry left late, as it had every morning since the storm, and nobody on the quay asked why.</p>".repeat(4);
    for (prompt, cut_short) in [
        ("<p>62 % of this article is left to read.</p>", true),
        (
            "<p>This article is for subscribers only. <a href=/x>Plans</a></p>",
            true,
        ),
        (
            "<div><h3>Subscribe to continue reading</h3><a href=/x>See all plans</a></div>",
            true,
        ),
        ("<p>Ihnen bleiben noch 41,7 % dieses Artikels</p>", true),
        (
            "<p>Il vous reste <b>62,4&nbsp;%</b> de cet article à lire.</p>",
            true,
        ),
        ("<p>Per continuare a leggere, abbonati</p>", true),
        ("<p>Suscríbete para seguir leyendo</p>", true),
        ("<p>残り1234文字</p>", true),
        // A meter that still lets the reader in, a button, a letter, another article's label.
        ("<p>3 free articles left</p>", false),
        ("<p>Already a subscriber? Log in</p>", false),
        (
            "<div class=subscribe-box><a href=/x>Subscribe</a></div>",
            false,
        ),
        (
            "<form class=newsletter-signup><p>Subscribe to our newsletter</p><input type=email></form>",
            false,
        ),
        (
            "<h2>Read also</h2><ul><li><a href=/x>The tide</a> For subscribers</li><li><a href=/y>The port</a> For subscribers</li></ul>",
            false,
        ),
        // What waits for a script, and the page's own frame.
        (
            "<div class=hidden><p>Subscribe to continue reading</p></div>",
            false,
        ),
        (
            "<div class=subscription-modal><p>Subscribe to continue reading</p></div>",
            false,
        ),
    ] {
        let page = format!("<article><h1>The ferry</h1>{article}{prompt}</article>");
        assert_eq!(truncated(&[], &page).is_some(), cut_short, "{prompt}");
    }

    let left = "<p class=left>62 % of this article is left to read.</p>";
    let page = format!("<article><h1>The ferry</h1>{article}{left}</article>");
    let said = truncated(&[], &page).expect("the prompt is seen");
    assert_eq!(said.0, "62 % of this article is left to read.");
    assert!(said.1.starts_with("generic/truncated.sel:"), "{}", said.1);
    let text = run(&["--explain"], page.as_bytes()).err;
    let last = text.lines().last().expect("a line");
    assert!(
        last.starts_with("truncated    generic/truncated.sel:"),
        "{last}"
    );
    assert!(
        last.ends_with("\"62 % of this article is left to read.\""),
        "{last}"
    );

    // Whatever drops it, alone or with what is around it; if nothing does, nothing is said.
    let wall = format!("<div class=wall><p>Ahoy.</p><section><div>{left}</div></section></div>");
    let page = format!("<article><h1>The ferry</h1>{article}{wall}</article>");
    for (args, cut_short) in [
        (&["--keep", "subscription", "-e", ".wall"][..], true),
        (&["--keep", "subscription", "-e", "section"], true),
        (&["--keep", "subscription", "-e", ".wall:has(.left)"], true),
        (&["--keep", "subscription", "-e", ".wall > p"], false),
        (&["--keep", "subscription"], false),
        (&["--no-default-selectors", "-e", ".wall"], false),
    ] {
        let said = truncated(args, &page);
        let text = "62 % of this article is left to read.";
        assert_eq!(
            said.map(|s| s.0),
            cut_short.then(|| text.to_owned()),
            "{args:?}"
        );
    }
}

#[test]
fn a_page_cut_short_is_told_by_own_rules() {
    let long = "All of it for those who pay, every day of the year. ".repeat(40);
    let page = format!(
        "<article><p>Text.</p><div class=gate><b>Ahoy!</b><p>{long}</p><p>{long}</p></div></article>"
    );
    let folder = folder(
        "truncated",
        &[
            ("gate.sel", b"[truncated]\n.gate\n"),
            (
                "own/gate.sel",
                b".gate\n[truncated]\n.gate > b:has-text(@mine)\n",
            ),
            ("own/phrases/mine.txt", b"ahoy\n"),
            ("own/phrases/cut-short.txt", b"! en\nahoy\n"),
        ],
    );
    let path = |name: &str| folder.join(name).display().to_string();
    let (gate, own) = (path("gate.sel"), path("own"));
    assert_eq!(truncated(&["-s", &gate], &page), None);
    let said = truncated(&["-s", &gate, "-e", ".gate"], &page).expect("the gate is seen");
    assert!(
        said.0.starts_with("Ahoy! All of it for those"),
        "{}",
        said.0
    );
    assert!(said.0.len() <= 310 && said.0.ends_with('…'), "{}", said.0);
    assert_eq!(said.1, format!("{gate}:2"));
    let said = truncated(&["-s", &own], &page).expect("the gate is seen");
    assert_eq!(said.0, "Ahoy!");
    let page = "<article><p>Text.</p><p>Ahoy, mate</p></article>";
    let said = truncated(&["-s", &own, "-e", "p + p"], page).expect("the phrase is seen");
    assert_eq!(said.0, "Ahoy, mate");
}

#[test]
fn generated_and_told() {
    for (args, part) in [
        (&["--generate", "man"][..], ".TH dehusk 1"),
        (&["--generate", "bash"], "complete -F _dehusk"),
        (&["--generate", "zsh"], "#compdef dehusk"),
        (&["--generate", "fish"], "complete -c dehusk"),
        (&["--generate", "powershell"], "Register-ArgumentCompleter"),
        (
            &["--version"],
            concat!("dehusk ", env!("CARGO_PKG_VERSION"), "\n"),
        ),
        (&["--help"], "Exit status: 0 filtered; 1 `rules check`"),
        (&["-h"], "--explain"),
    ] {
        let run = run(args, b"");
        let out = String::from_utf8_lossy(&run.out);
        assert!(out.contains(part), "{args:?}: {part:?} is not in {out}");
        assert_eq!((run.exit, &*run.err), (Some(0), ""), "{args:?}");
    }
}

/// Writes pieces until somebody minds.
fn write_pieces(input: &mut ChildStdin, piece: &[u8], times: usize) {
    for _ in 0..times {
        if input.write_all(piece).is_err() {
            return;
        }
    }
}

/// Waits for a child and gives its exit status and messages.
fn ended(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().expect("the command ends");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    for args in [
        X,
        &["--no-default-selectors", "--explain"],
        &["--generate", "man"],
    ] {
        let mut child = dehusk(args).spawn().expect("the command starts");
        drop(child.stdout.take());
        let mut input = child.stdin.take().expect("a pipe");
        write_pieces(&mut input, &b"<p>some text</p>\n".repeat(1000), 100);
        drop(input);
        assert_eq!(ended(child), (Some(0), String::new()), "{args:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    for args in [X, &["--generate", "man"]] {
        let mut command = dehusk(args);
        command.stdout(File::create("/dev/full").expect("/dev/full"));
        let run = run_with(command, |mut input| {
            write_pieces(&mut input, &b"<p>some text</p>\n".repeat(1000), 100);
        });
        assert_eq!(run.exit, Some(2), "{args:?}");
        assert!(run.err.starts_with("dehusk: cannot write"), "{}", run.err);
        assert!(run.err.contains("No space left"), "{}", run.err);
    }
}

#[test]
fn the_page_flows_while_it_comes() {
    for args in [X, &[]] {
        let mut child = dehusk(args).spawn().expect("the command starts");
        let mut input = child.stdin.take().expect("a pipe");
        let mut output = child.stdout.take().expect("a pipe");
        let (sender, receiver) = mpsc::channel();
        let reader = thread::spawn(move || {
            let mut first = [0; 13];
            let read = output.read_exact(&mut first);
            let _ = sender.send(read.map(|()| first));
            let mut rest = Vec::new();
            output.read_to_end(&mut rest).map(|_| rest)
        });
        let half = "<p>Some text, as pages have it.</p>\n".repeat(4000);
        assert!(half.len() > 64 * 1024);
        write_pieces(&mut input, half.as_bytes(), 1);
        let first = receiver.recv_timeout(Duration::from_secs(30));
        let first = first.expect("nothing came out before the page had ended");
        assert_eq!(&first.expect("output"), b"<p>Some text,", "{args:?}");
        write_pieces(&mut input, half.as_bytes(), 1);
        drop(input);
        let rest = reader.join().expect("the reader ends").expect("output");
        assert_eq!(rest.len() + first_length(), 2 * half.len(), "{args:?}");
        assert_eq!(ended(child), (Some(0), String::new()), "{args:?}");
    }
}

const fn first_length() -> usize {
    b"<p>Some text,".len()
}

/// (what, before, a piece, how often, after; exit status, whether `<nav class=x>` behind it goes)
type Huge = (
    &'static str,
    &'static str,
    &'static str,
    usize,
    &'static str,
    i32,
    bool,
);

/// lol_html's stack of open elements is full after some 80,000, and filtering must go on; in a
/// debug build a million takes too long.
const UNCLOSED: usize = if cfg!(debug_assertions) {
    200_000
} else {
    1_000_000
};

const HUGE: &[Huge] = &[
    ("200,000 nested <div>", "", "<div>", 200_000, "", 0, false),
    (
        "an attribute of 50 MB",
        "<p title=\"",
        "0123456789",
        5_000_000,
        "\">",
        3,
        false,
    ),
    ("very many unclosed <p>", "", "<p>a", UNCLOSED, "", 0, true),
    (
        "a comment of 100 MB",
        "<!--",
        "<p class=x>",
        9_000_000,
        "-->",
        0,
        true,
    ),
    (
        "a script of 50 MB",
        "<script>",
        "<p class=x>",
        4_500_000,
        "</script>",
        0,
        true,
    ),
    ("20,000 attributes", "<p ", "a b=c ", 10_000, ">", 0, true),
    // Where each of them stands takes more memory than the tag itself.
    (
        "200,000 attributes",
        "<p ",
        "a b=c ",
        100_000,
        ">",
        3,
        false,
    ),
    (
        "900,000 end tags too many",
        "",
        "</p></b></div>",
        300_000,
        "",
        0,
        true,
    ),
];

#[test]
fn huge_pages_come_through() {
    for &(what, before, piece, times, after, exit, filtered) in HUGE {
        const PIECES: usize = 10_000;
        let piece: &'static [u8] = piece.repeat(PIECES).leak().as_bytes();
        let run = run_with(dehusk(X), move |mut input| {
            let _ = input.write_all(b"<p>first</p>");
            let _ = input.write_all(before.as_bytes());
            write_pieces(&mut input, piece, times / PIECES);
            let _ = input.write_all(after.as_bytes());
            let _ = input.write_all(b"<nav class=x>a</nav>last");
        });
        let mut expected = [b"<p>first</p>", before.as_bytes()].concat();
        for _ in 0..times / PIECES {
            expected.extend_from_slice(piece);
        }
        expected.extend_from_slice(after.as_bytes());
        if !filtered {
            expected.extend_from_slice(b"<nav class=x>a</nav>");
        }
        expected.extend_from_slice(b"last");
        assert_same(what, &expected, &run.out);
        assert_eq!(run.exit, Some(exit), "{what}: {}", run.err);
        let message = if exit == 3 {
            "dehusk: standard input: a start tag takes more than 8 MiB to read; passed on as it is\n"
        } else {
            ""
        };
        assert_eq!(run.err, message, "{what}");
    }
}

/// What a page of any length may take, in KiB.
#[cfg(target_os = "linux")]
const MEMORY: u64 = 24 * 1024;

/// A debug build filters some two megabytes a second; 16 MB kept would show there as well.
#[cfg(target_os = "linux")]
const LONG_PAGE: usize = if cfg!(debug_assertions) {
    16_000_000
} else {
    200_000_000
};

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_page() {
    let sentence =
        "The mayor said on Monday that the bridge over the river would be closed. ".repeat(20);
    let part = format!(
        "<section><h2 id=top>A headline</h2><p>{sentence}</p><nav class=x><a href=/>Home</a></nav></section>\n"
    )
    .repeat(20);
    let rules = [
        "--no-default-selectors",
        "-e",
        ".x, section:has-text(/no such text/), div:has(.none), p:repeats:max-text-length(5)",
    ];
    let mut child = dehusk(&rules).spawn().expect("the command starts");
    let mut output = child.stdout.take().expect("a pipe");
    let reader = thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
    let mut input = child.stdin.take().expect("a pipe");
    write_pieces(&mut input, part.as_bytes(), LONG_PAGE / part.len());
    // It is waiting for more: what it needed at most can be read.
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("a process");
    drop(input);
    let peak: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .expect("VmHWM in KiB");
    let written = reader.join().expect("the reader ends").expect("output");
    assert_eq!(ended(child), (Some(0), String::new()));
    let parts = LONG_PAGE / part.len();
    let dropped = "<nav class=x><a href=/>Home</a></nav>".len() * 20;
    assert_eq!(written as usize, parts * (part.len() - dropped));
    assert!(peak < MEMORY, "{peak} KiB for {LONG_PAGE} bytes");
}
