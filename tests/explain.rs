//! `--explain`, `--explain-kept` and `--color`: lines for people, and lines for programs as
//! `docs/report.schema.json` has them.

mod run;

use run::{dehusk, folder, run, run_with};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

const SCHEMA: &str = include_str!("../docs/report.schema.json");

/// A page that has something of everything: dropped, kept for each reason that a page can give, cut short.
const PAGE: &str = "<html lang=en><body class=never><h1>Rain</h1>\
    <p class=x>Short.</p>\
    <p class=x>The mayor said on Monday that the bridge would be closed until the end of the season, and longer.</p>\
    <p class='x y'>Guarded.</p>\
    <div class=z><b class=k>Protected.</b></div>\
    <p class=d>One <a href=a>link</a> and some words.</p>\
    <b>a<i class=m>b<p>c</b>structure</p>\
    <p>62 % of this article is left to read.</p>\
    <p class=gone>It goes on for so long that its first words cannot be all that is told of it, and so its \
    last words are told as well, the end.</p></body></html>";

const RULES: &str = "[ads]\n.gone, .x:max-text-length(50):not(.y)\n[related]\n.z\n.d:min-link-density(0.5):min-links(2)\n\
    p:has-text(structure)\nbody.never\n[keep]\n.k\n";

/// A folder with the page and the rules, made once: tests run side by side, and work in it.
fn page() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        folder(
            "explain",
            &[("page.html", PAGE.as_bytes()), ("a.sel", RULES.as_bytes())],
        )
    });
    &FOLDER
}

/// What is told of the page with these flags.
fn told(flags: &[&str]) -> String {
    let folder = page();
    let (rules, page) = (folder.join("a.sel"), folder.join("page.html"));
    let paths = [rules.to_str().unwrap(), page.to_str().unwrap()];
    let run = run(&[&["-s", paths[0], paths[1]], flags].concat(), b"");
    assert_eq!(run.exit, Some(0), "{}", run.err);
    run.err.replace(paths[0], "a.sel")
}

#[test]
fn lines_for_people() {
    let text = told(&["--explain-kept"]);
    let lines: Vec<&str> = text.lines().collect();
    let at = |start: &str| {
        let found = lines.iter().find(|line| line.contains(start));
        found.unwrap_or_else(|| panic!("{start}\n{text}"))
    };
    let ends = [
        ("\"Short.\"", "\"Short.\""),
        (
            "\"The mayor",
            "season, and longer.\"  ads: :max-text-length(50) is 97",
        ),
        ("\"Guarded.\"", "ads: :not(.y)"),
        ("\"Protected.\"", "related: [keep] a.sel:9"),
        (
            "\"One link",
            "related: :min-link-density(0.5) is 0.166, :min-links(2) is 1",
        ),
        ("structure\"", "related: structure"),
        ("body.never", "related: structure"),
        ("\"It goes on", " … last words are told as well, the end.\""),
        ("truncated", "\"62 % of this article is left to read.\""),
    ];
    for (start, end) in ends {
        assert!(at(start).ends_with(end), "{end}\n{text}");
    }
    // Columns stand below each other; the place of the bytes is where the last begins.
    let column = |line: &&str| line.find('"').map(|at| line[..at].chars().count());
    let columns: BTreeSet<_> = lines
        .iter()
        .filter(|l| l.contains("a.sel"))
        .map(column)
        .collect();
    assert_eq!(columns.len(), 1, "{text}");
    let starts = lines.iter().filter(|line| !line.starts_with("truncated"));
    let starts = starts.map(|line| {
        let bytes = line.split_whitespace().nth(3).unwrap_or_default();
        let start = bytes.split('-').next().unwrap_or_default();
        start.parse::<u64>().unwrap_or_else(|_| panic!("{line}"))
    });
    assert!(starts.is_sorted(), "{text}");
}

/// A shop has a hundred of the same.
#[test]
fn of_elements_alike_some_are_told_to_people() {
    let page = "<p class=x>longer</p><p class=y>longer</p>".repeat(5);
    let told = |format| {
        let flags = [
            "--no-default-selectors",
            "-e",
            ".x:max-text-length(3)",
            "--explain-kept",
        ];
        run(&[&flags[..], &[format]].concat(), page.as_bytes()).err
    };
    let text = told("--explain=text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[2].ends_with(" is 6; 2 more like this"), "{text}");
    assert_eq!(told("--explain=json").lines().count(), 6);
}

#[test]
fn without_a_question_nothing_is_told_of_what_was_kept() {
    let text = told(&["--explain"]);
    assert!(!text.contains("kept"), "{text}");
    assert!(text.contains("\"Short.\""), "{text}");
    assert_eq!(told(&[]), "");
}

#[test]
fn colour() {
    let folder = page();
    let of = |flags: &[&str], variables: &[(&str, &str)]| {
        let mut command = dehusk(&[&["-e", ".gone", "--explain"], flags].concat());
        command.current_dir(folder).arg("page.html");
        for variable in ["CI", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(variable);
        }
        command.envs(variables.iter().copied());
        run_with(command, drop).err.contains('\u{1b}')
    };
    for (what, flags, variables, expected) in [
        ("no terminal", &[][..], &[][..], false),
        ("always", &["--color", "always"], &[], true),
        (
            "always, and NO_COLOR",
            &["--color=always"],
            &[("NO_COLOR", "1")],
            true,
        ),
        (
            "never",
            &["--color", "never"],
            &[("CLICOLOR_FORCE", "1")],
            false,
        ),
        (
            "forced",
            &["--color", "auto"],
            &[("CLICOLOR_FORCE", "1")],
            true,
        ),
        (
            "JSON",
            &["--explain=json", "--color", "always"][1..],
            &[("CLICOLOR_FORCE", "1")],
            true,
        ),
    ] {
        assert_eq!(of(flags, variables), expected, "{what}");
    }
    let json = told(&["--explain=json", "--color", "always"]);
    assert!(!json.contains('\u{1b}'), "{json}");
}

#[cfg(unix)]
#[test]
fn colour_on_a_terminal() {
    let page = page().join("page.html");
    let line = |flags| {
        let page = page.display();
        format!("$dehusk -e .gone --explain {flags} {page} > /dev/null")
    };
    for (before, flags, expected) in [
        ("", "", true),
        ("NO_COLOR=1 ", "", false),
        ("CLICOLOR=0 ", "", false),
        ("TERM=dumb ", "", false),
        ("", "--color never", false),
    ] {
        let Some((out, exit)) = run::on_terminal(&format!("{before}{}", line(flags))) else {
            return;
        };
        assert_eq!(exit, Some(0), "{out}");
        assert!(out.contains("\"It goes on"), "{out}");
        assert_eq!(out.contains('\u{1b}'), expected, "{before}{flags}: {out:?}");
    }
}

/// Nothing that stands in a page, nor a rule, steers the terminal on which it is told.
#[test]
fn hostile_words() {
    let page = "<p class='x\u{1b}]0;a\u{7}'>a\u{1b}[2J\u{202e}b</p><p class='y\u{1b}[2J'>c\u{9b}d, more than three</p>";
    let flags = ["--no-default-selectors", "--explain-kept", "--color=never"];
    let rules = ["-e", "[class*=x]", "-e", "[class*=y]:max-text-length(3)"];
    let run = run(&[&flags[..], &rules].concat(), page.as_bytes());
    assert!(run.err.contains("\\u{1b}[2J"), "{}", run.err);
    let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!run.err.contains(steers), "{:?}", run.err);
    assert_eq!(run.err.lines().count(), 2, "{}", run.err);
}

/// The lines for programs, of several pages; and the field of a record that holds them all.
fn json_lines() -> (Vec<Value>, Value) {
    let mut lines = Vec::new();
    let kept = [
        "--explain=json",
        "--explain-kept",
        "--url",
        "https://example.org/",
    ];
    let limit = ["--explain=json", "--explain-kept", "--hold-limit", "90"];
    for text in [told(&kept), told(&limit), told(&["--explain=json"])] {
        lines.extend(
            text.lines()
                .map(|line| serde_json::from_str(line).expect("JSON")),
        );
    }
    let folder = page();
    let rules = folder.join("a.sel");
    let flags = [
        "--jsonl",
        "--report-field",
        "report",
        "--explain-kept",
        "-s",
    ];
    let record = serde_json::json!({ "html": PAGE }).to_string();
    let run = run(
        &[&flags[..], &[rules.to_str().unwrap()]].concat(),
        record.as_bytes(),
    );
    let record: Value = serde_json::from_slice(&run.out).expect("JSON");
    (lines, record["report"].clone())
}

#[test]
fn lines_for_programs() {
    let (lines, report) = json_lines();
    let pages = lines.iter().filter(|line| !line["dropped"].is_null());
    assert_eq!(pages.count(), 3);
    let by: BTreeSet<&str> = lines
        .iter()
        .filter_map(|l| l["saved"]["by"].as_str())
        .collect();
    assert_eq!(
        by,
        BTreeSet::from(["hold-limit", "keep", "structure", "tests"])
    );
    // The field of a record holds what the lines say.
    let end = lines
        .iter()
        .position(|line| !line["dropped"].is_null())
        .unwrap();
    let (kept, gone): (Vec<&Value>, Vec<&Value>) = lines[..end]
        .iter()
        .partition(|line| line["saved"].is_object());
    let list = |name: &str| report[name].as_array().unwrap().iter().collect::<Vec<_>>();
    assert_eq!(list("removals").len(), gone.len());
    assert_eq!(list("kept").len(), kept.len());
    assert_eq!(list("kept")[0]["saved"], kept[0]["saved"]);
}

/// The schema names every field that there is, and no other.
#[test]
fn the_schema_has_every_field() {
    fn fields<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    found.insert(name);
                    // Kinds are names of another sort.
                    if name == "dropped" {
                        value
                            .as_object()
                            .into_iter()
                            .flatten()
                            .for_each(|(_, tally)| fields(tally, found));
                    } else {
                        fields(value, found);
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|value| fields(value, found)),
            _ => {}
        }
    }
    fn properties<'a>(schema: &'a Value, found: &mut BTreeSet<&'a str>) {
        match schema {
            Value::Object(object) => {
                for (name, value) in object {
                    if name == "properties" {
                        let all = value.as_object().expect("an object");
                        found.extend(all.keys().map(String::as_str));
                        all.values().for_each(|value| properties(value, found));
                    } else {
                        properties(value, found);
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|value| properties(value, found)),
            _ => {}
        }
    }
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let (lines, report) = json_lines();
    let (mut told, mut known) = (BTreeSet::new(), BTreeSet::new());
    lines
        .iter()
        .chain([&report])
        .for_each(|line| fields(line, &mut told));
    properties(&schema, &mut known);
    assert_eq!(told, known);
    let kinds: Vec<&str> = schema["$defs"]["kind"]["enum"]
        .as_array()
        .map(|kinds| kinds.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    assert_eq!(kinds, dehusk::Kind::ALL.map(dehusk::Kind::name));
}

/// Whether a validator of JSON Schema finds the lines to be what the schema says, and others not.
#[test]
fn lines_are_as_the_schema_says() {
    const VALIDATE: &str = "import json, jsonschema, sys
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for line in sys.stdin:
    for error in validator.iter_errors(json.loads(line)):
        print(error.message[:300])
        print(line)
        break
";
    let is_there = Command::new("python3")
        .args(["-c", "import jsonschema"])
        .stderr(Stdio::null())
        .status();
    if !is_there.is_ok_and(|status| status.success()) {
        // Past the test runner's capture: what was not tested must be seen.
        let _ = writeln!(
            std::io::stderr(),
            "explain: no python3 with jsonschema; the schema is not tried"
        );
        return;
    }
    let validate = |lines: &str| {
        let mut command = Command::new("python3");
        command.args(["-c", VALIDATE, "docs/report.schema.json"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let lines = lines.to_owned();
        let run = run_with(command, move |mut input| {
            let _ = input.write_all(lines.as_bytes());
        });
        assert_eq!(run.exit, Some(0), "{}", run.err);
        String::from_utf8_lossy(&run.out).into_owned()
    };
    let (lines, report) = json_lines();
    let all: String = lines
        .iter()
        .chain([&report])
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(validate(&all), "");
    for wrong in ["{}", "[]", r#"{"kind": "ads"}"#] {
        assert_ne!(validate(wrong), "", "{wrong}");
    }
    let mut page = lines.last().expect("a page").clone();
    page["holds"] = Value::from(-1);
    assert_ne!(validate(&page.to_string()), "");
}
