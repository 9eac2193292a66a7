//! `dehusk rules …` as people run it.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of its own for a test, empty.
fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("rules_command")
        .join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a writable target folder");
    path
}

/// Runs `dehusk rules` in a folder in which nobody has rules of their own.
fn rules(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dehusk"))
        .arg("rules")
        .args(args)
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .output()
        .expect("the built binary runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn write(path: &Path, content: &str) {
    let parent = path.parent().expect("a file lies in a folder");
    fs::create_dir_all(parent).expect("a writable target folder");
    fs::write(path, content).expect("a writable target folder");
}

#[test]
fn list_counts_what_there_is() {
    let here = folder("list");
    write(&here.join("x.example.sel"), "[ads]\n.a\n.b\n[keep]\n.c\n");
    let output = rules(
        &here,
        &[
            "list",
            "--json",
            "--no-default-selectors",
            "-s",
            "x.example.sel",
        ],
    );
    let list: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(list["kinds"]["ads"]["sites"], 2);
    assert_eq!(list["sites"][0]["hosts"][0], "x.example");
    assert_eq!(list["sites"][0]["rules"]["keep"], 1);
    assert_eq!(list["sites"][0]["file"], "x.example.sel");

    let text = stdout(&rules(&here, &["list"]));
    let shipped = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("selectors/sites"));
    let shipped = shipped.expect("a readable folder").count();
    assert_eq!(text.matches(" sites/").count(), shipped, "{text}");
}

#[test]
fn show_has_the_highest_level_first() {
    let here = folder("show");
    write(&here.join("config/dehusk/selectors/mine.sel"), ".every\n");
    write(&here.join("lemonde.fr.sel"), "[related]\n.site\n");
    let output = rules(
        &here,
        &["show", "https://www.lemonde.fr/x", "-s", "lemonde.fr.sel"],
    );
    let text = stdout(&output);
    let levels: Vec<&str> = text
        .lines()
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    let mut order = levels.clone();
    order.dedup();
    assert_eq!(order, ["user-site", "user", "site", "generic"]);
    assert!(
        text.starts_with("user-site related      lemonde.fr.sel:2"),
        "{text}"
    );

    let output = rules(&here, &["show", "nonsense"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn check_finds_and_says_so() {
    let here = folder("check");
    write(&here.join("good.sel"), "[ads]\n.promo\n");
    let output = rules(&here, &["check", "good.sel"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));

    write(
        &here.join("bad.sel"),
        "[ads]\np:hover\n.a:not(.a)\n[class*=ad]\n.ok\n.ok\ndiv:nth-child(2)\n.css-1x7k2q\n",
    );
    let output = rules(&here, &["check", "bad.sel", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let found: Vec<(String, u64)> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a JSON object a line"))
        .map(|f| {
            (
                f["lint"].as_str().unwrap_or_default().to_owned(),
                f["line"].as_u64().unwrap_or(0),
            )
        })
        .collect();
    let expected = [
        ("unreadable", 2),
        ("never-matches", 3),
        ("short-substring", 4),
        ("duplicate", 6),
        ("positional", 7),
        ("hashed-name", 8),
    ];
    let expected: Vec<(String, u64)> = expected.map(|(l, n)| (l.to_owned(), n)).into();
    assert_eq!(found, expected);
}

#[test]
fn check_tells_of_rules_that_no_page_shows() {
    let here = folder("check_corpus");
    write(
        &here.join("x.example.sel"),
        "[ads]\n.shown\n[byline]\n.by\n[related]\n.idle\n[keep]\n.text\n",
    );
    write(
        &here.join("corpus/x.example/article/page.html"),
        "<p class=shown>a<p class=by>b<p>c",
    );
    let output = rules(&here, &["check", "x.example.sel", "--corpus", "corpus"]);
    let text = stdout(&output);
    assert!(text.starts_with("x.example.sel:6:1: not-shown"), "{text}");
    assert_eq!(text.matches("not-shown").count(), 1, "{text}");
}

/// What the project ships passes its own check, rule by rule.
#[test]
fn the_shipped_rules_are_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = rules(root, &["check", "selectors", "--corpus", "corpus"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[test]
fn test_compares_and_blesses() {
    let here = folder("test");
    let case = here.join("cases/x.example/article");
    let test = |more: &[&str]| {
        let args = [
            "test",
            "cases",
            "--no-default-selectors",
            "-s",
            "x.example.sel",
        ];
        rules(&here, &[&args[..], more].concat())
    };
    write(&here.join("x.example.sel"), "[ads]\n.promo\n");
    write(
        &case.join("page.html"),
        "<p data-keep>Text</p><p class=promo>Buy</p>",
    );
    let output = test(&[]);
    assert_eq!(output.status.code(), Some(1), "nothing is blessed yet");

    assert_eq!(test(&["--bless"]).status.code(), Some(0));
    let clean = fs::read_to_string(case.join("clean.html")).expect("a blessed case");
    assert_eq!(clean, "<p data-keep>Text</p>");
    assert_eq!(stdout(&test(&[])), "1 of 1 cases as they should be\n");

    // Blessed or not, what is marked has to stay.
    write(&here.join("x.example.sel"), "[ads]\n.promo, p\n");
    let output = test(&["--bless"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("lost, though marked"),
        "{}",
        stdout(&output)
    );

    write(&case.join("args"), "--drop related");
    write(
        &case.join("clean.html"),
        "<p data-keep>Text</p><p class=promo>Buy</p>",
    );
    write(&case.join("explain.txt"), "");
    assert_eq!(test(&[]).status.code(), Some(0), "{}", stdout(&test(&[])));

    assert_eq!(
        rules(&here, &["test", "config"]).status.code(),
        Some(2),
        "no such folder"
    );
}
