//! The first minutes: helps that fit a screen, what wrong flags and names are answered with, what happens
//! without a page, manual pages.

mod run;

use run::{dehusk, folder, run, run_with};
use std::fs;

/// A help as it comes on a terminal of so many columns.
fn help(args: &[&str], columns: u32) -> String {
    let mut command = dehusk(args);
    command.env("COLUMNS", columns.to_string());
    let run = run_with(command, drop);
    assert_eq!((run.exit, run.err.as_str()), (Some(0), ""), "{args:?}");
    String::from_utf8(run.out).expect("help is UTF-8")
}

fn examples(help: &str) -> usize {
    let after = help
        .split_once("Examples:\n")
        .map_or("", |(_, after)| after);
    after
        .lines()
        .take_while(|line| line.starts_with("  "))
        .count()
}

#[test]
fn helps_fit_a_screen() {
    for (flag, columns, lines) in [("-h", 80, 24), ("--help", 100, 60)] {
        let help = help(&[flag], columns);
        let all: Vec<&str> = help.lines().collect();
        assert!(all.len() <= lines, "{} lines\n{help}", all.len());
        let too_long = |line: &&&str| line.chars().count() > columns as usize;
        assert_eq!(all.iter().find(too_long), None);
        assert!(examples(&help) >= 4, "{help}");
        // The places of what is in both: a flag, a command.
        for part in ["--keep <KINDS>", "rules", "Usage: dehusk"] {
            assert!(help.contains(part), "{part}\n{help}");
        }
    }
    let (short, long) = (help(&["-h"], 100), help(&["--help"], 100));
    let flags = |help: &str| help.lines().filter(|line| line.contains(" --")).count();
    assert!(flags(&short) + 10 < flags(&long));
    assert!(short.contains("dehusk --help"), "{short}");
    // A flag's help is a line.
    let flags = short
        .lines()
        .filter(|line| line.trim_start().starts_with('-'));
    for line in flags {
        assert!(
            line.split("  ").filter(|part| !part.is_empty()).count() >= 2,
            "{line}"
        );
    }
}

#[test]
fn commands_have_helps_too() {
    for args in [
        &["rules", "--help"][..],
        &["rules", "check", "-h"],
        &["rules", "check", "--help"],
    ] {
        let help = help(args, 80);
        assert!(help.contains("Usage: dehusk rules"), "{help}");
        assert!(help.lines().count() <= 24, "{help}");
    }
}

#[test]
fn slips_are_answered() {
    let sel = folder("slips", &[("a.sel", b"[navgation]\n.x\n")]).join("a.sel");
    for (args, exit, parts) in [
        (&["--kepe", "ads"][..], 2, &["'--kepe'", "'--keep'"][..]),
        (
            &["--keep", "navgation"],
            2,
            &["'navgation'", "'navigation'", "captions"],
        ),
        (&["--drop", "add"], 2, &["'ads'"]),
        (&["--explain=jsno"], 2, &["'json'"]),
        (&["--color", "alwys"], 2, &["'always'"]),
        (&["rules", "shwo"], 2, &["'show'"]),
        (
            &["-s", sel.to_str().unwrap()],
            2,
            &["a.sel:1:2", "navgation", "navigation"],
        ),
        (
            &["--site", "lemond.fr"],
            0,
            &["--site lemond.fr", "lemonde.fr?"],
        ),
        (&["--site", "lemonde"], 2, &["example.com"]),
        (&["rules", "show", "www.lemond.fr"], 0, &["lemonde.fr?"]),
    ] {
        let run = run(args, b"<p>a</p>");
        assert_eq!(run.exit, Some(exit), "{args:?}: {}", run.err);
        for part in parts {
            assert!(run.err.contains(part), "{args:?}: {part}\n{}", run.err);
        }
    }
    // A site that has rules, and one that is like none.
    for host in ["lemonde.fr", "blogs.lemonde.fr", "example.org"] {
        assert_eq!(run(&["--site", host], b"<p>a</p>").err, "", "{host}");
    }
}

#[cfg(unix)]
#[test]
fn without_a_page_on_a_terminal() {
    for (line, exit, part) in [
        ("$dehusk", 2, "curl -s URL | dehusk"),
        ("$dehusk --explain", 2, "dehusk --help"),
        ("$dehusk --jsonl", 2, "no page"),
        ("$dehusk preview", 2, "no page"),
        ("$dehusk -o x", 2, "which pages"),
        // It is read if that is said, and asked for nothing if it is no terminal.
        ("printf '<p>a</p>' | $dehusk", 0, "<p>a</p>"),
        ("$dehusk - < /dev/null", 0, ""),
        ("$dehusk < /dev/null", 0, ""),
    ] {
        let Some((out, got)) = run::on_terminal(line) else {
            return;
        };
        assert_eq!(got, Some(exit), "{line}: {out}");
        assert!(out.contains(part), "{line}: {out}");
        assert!(out.lines().count() <= 2, "{line}: {out}");
    }
}

#[test]
fn manual_pages_and_completions() {
    let folder = folder("man", &[]);
    let to = folder.to_str().unwrap();
    let run_man = run(&["--generate", "man", "-o", to], b"");
    assert_eq!((run_man.exit, run_man.err.as_str()), (Some(0), ""));
    for (page, part) in [
        ("dehusk.1", "hold\\-limit"),
        ("dehusk-rules.1", "dehusk\\-rules\\-check(1)"),
        ("dehusk-rules-check.1", "corpus"),
    ] {
        let text = fs::read_to_string(folder.join(page)).expect(page);
        assert!(text.contains(part), "{page}: {part}\n{text}");
    }
    assert_eq!(run(&["--generate", "bash", "-o", to], b"").exit, Some(2));
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let run = run(&["--generate", shell], b"");
        let text = String::from_utf8(run.out).expect("UTF-8");
        for part in ["explain", "check", "corpus"] {
            assert!(text.contains(part), "{shell}: {part}");
        }
    }
}
