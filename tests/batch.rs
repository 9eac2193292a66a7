//! Many pages: JSON lines, compressed files, folders, all cores, being stopped. All by running the
//! command.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

struct Run {
    exit: Option<i32>,
    out: Vec<u8>,
    err: String,
}

impl Run {
    fn out(&self) -> &str {
        std::str::from_utf8(&self.out).expect("the output is UTF-8")
    }
}

/// The command with rules of its own: `.x` goes, and on example.com `.y`.
fn dehusk(args: &[&str]) -> Command {
    let rules = folder_once("rules", &[("example.com.sel", ".y")]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_dehusk"));
    command
        .args(["--no-default-selectors", "-e", ".x", "-s"])
        .arg(rules.join("example.com.sel"))
        .args(args)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run_in(mut command: Command, input: &[u8]) -> Run {
    let mut child = command.spawn().expect("the command starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // Who stops early does not read all.
    let writer = thread::spawn(move || drop(pipe.write_all(&input)));
    let output = child.wait_with_output().expect("the command ends");
    writer.join().expect("the writer ends");
    Run {
        exit: output.status.code(),
        out: output.stdout,
        err: String::from_utf8(output.stderr).expect("messages are UTF-8"),
    }
}

fn run(args: &[&str], input: &[u8]) -> Run {
    run_in(dehusk(args), input)
}

/// The command in a folder of a test's own.
fn run_at(folder: &Path, args: &[&str], input: &[u8]) -> Run {
    let mut command = dehusk(args);
    command.current_dir(folder);
    run_in(command, input)
}

fn path_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("batch")
        .join(name)
}

fn write_all(folder: &Path, files: &[(&str, &[u8])]) {
    fs::create_dir_all(folder).expect("a folder for tests");
    for (file, content) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for tests");
        fs::write(path, content).expect("a file for tests");
    }
}

/// A folder of this test's own, with these files.
fn folder(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = path_of(name);
    let _ = fs::remove_dir_all(&folder);
    write_all(&folder, files);
    folder
}

/// A folder for all tests.
fn folder_once(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = path_of(name);
    if !folder.is_dir() {
        let files: Vec<_> = files
            .iter()
            .map(|(name, s)| (*name, s.as_bytes()))
            .collect();
        let made = path_of(&format!("{name}-{:?}", thread::current().id()));
        write_all(&made, &files);
        // Another test may have been faster.
        let _ = fs::rename(&made, &folder);
    }
    folder
}

/// Every file below a folder by its path in it, sorted.
fn files_in(folder: &Path) -> Vec<String> {
    fn collect(folder: &Path, base: &Path, files: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, base, files);
            } else {
                let below = path.strip_prefix(base).expect("a path below");
                files.push(below.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    let mut files = Vec::new();
    collect(folder, folder, &mut files);
    files.sort();
    files
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    // The first member only: there is to be one.
    let mut decoder = flate2::read::GzDecoder::new(bytes);
    decoder.read_to_end(&mut out).expect("gzip");
    out
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory takes everything")
}

fn unzstd(bytes: &[u8]) -> Vec<u8> {
    zstd::decode_all(bytes).expect("zstd")
}

const X: &str = "<i class=x>gone</i>";

/// Records of some sizes, none of them like another, as lines.
fn records(n: usize) -> String {
    let mut lines = String::new();
    for i in 0..n {
        let html = format!(
            "<h1>\"{i}\"</h1>\n{X}<p>{}</p>é😀",
            "word ".repeat(i * 37 % 3000)
        );
        let html = serde_json::to_string(&html).expect("a string");
        lines += &format!("{{ \"id\": {i:?}, \"html\":{html}, \"url\": null }}\n");
    }
    lines
}

fn cleaned_records(n: usize) -> String {
    records(n).replace(X, "")
}

#[test]
fn only_the_page_in_a_line_changes() {
    // What it shows, the line, the same line without its husk.
    let rows: &[(&str, &str, &str)] = &[
        (
            "spaces, order, numbers",
            " { \"a\" : 1.50 , \"html\" : \"a<i class=x>b</i>\" , \"b\":[1e5, {}] }  ",
            " { \"a\" : 1.50 , \"html\" : \"a\" , \"b\":[1e5, {}] }  ",
        ),
        (
            "other strings as they are",
            r#"{"a":"\u0041\/é","html":"<i class=x>b</i>","\u0061":"\ud83d"}"#,
            r#"{"a":"\u0041\/é","html":"","\u0061":"\ud83d"}"#,
        ),
        (
            "a page in which nothing goes",
            r#"{"html":"\u003cp>\/\u00e9"}"#,
            r#"{"html":"\u003cp>\/\u00e9"}"#,
        ),
        (
            "quotes and line ends",
            r#"{"html":"<p title=\"a\\b\">\r\n\t\u0007é<i class=\"x\">b</i>"}"#,
            r#"{"html":"<p title=\"a\\b\">\r\n\t\u0007é"}"#,
        ),
        (
            "what was ASCII is ASCII",
            r#"{"html":"\u00e9\ud83d\ude00<i class=x>b</i>"}"#,
            r#"{"html":"\u00e9\ud83d\ude00"}"#,
        ),
        (
            "an escaped start tag",
            r#"{"html":"a\u003Ci class=x\u003eb\u003c/i\u003e<"}"#,
            r#"{"html":"a<"}"#,
        ),
        (
            "a name in disguise",
            r#"{"ht\u006dl":"<i class=x>b</i>"}"#,
            r#"{"ht\u006dl":""}"#,
        ),
        (
            "names inside say nothing",
            r#"{"o":{"html":"<i class=x>b</i>"},"html":"<i class=x>b</i>"}"#,
            r#"{"o":{"html":"<i class=x>b</i>"},"html":""}"#,
        ),
        (
            "of two both",
            r#"{"html":"1<i class=x>b</i>","html":"2<i class=x>b</i>"}"#,
            r#"{"html":"1","html":"2"}"#,
        ),
        ("an empty page", r#"{"html":""}"#, r#"{"html":""}"#),
        (
            "half a pair",
            r#"{"html":"\ud800<i class=x>b</i>"}"#,
            r#"{"html":"\ufffd"}"#,
        ),
        (
            "another encoding means nothing",
            r#"{"html":"<p>ä€<i class=x>b</i>"}"#,
            r#"{"html":"<p>ä€"}"#,
        ),
        (
            "numbers as they are",
            r#"{"n":[123456789012345678901,-0,1.10e-400],"html":"<i class=x>b</i>"}"#,
            r#"{"n":[123456789012345678901,-0,1.10e-400],"html":""}"#,
        ),
        (
            "line separators are no line ends",
            "{\"o\":\"\u{2028}\",\"html\":\"\u{2028}\u{85}\\u2029<i class=x>b</i>\"}",
            "{\"o\":\"\u{2028}\",\"html\":\"\u{2028}\u{85}\u{2029}\"}",
        ),
        (
            "half a pair where nothing goes",
            r#"{"html":"a\udfffb"}"#,
            r#"{"html":"a\udfffb"}"#,
        ),
        ("nothing", "", ""),
        ("white space", " \t", " \t"),
    ];
    for end in ["\n", "\r\n"] {
        let lines: String = rows
            .iter()
            .map(|(_, line, _)| format!("{line}{end}"))
            .collect();
        let run = run(&["--jsonl"], lines.as_bytes());
        assert_eq!((run.exit, run.err.as_str()), (Some(0), ""));
        let got: Vec<&str> = run.out().split_inclusive('\n').collect();
        assert_eq!(got.len(), rows.len());
        for ((what, _, expected), got) in rows.iter().zip(got) {
            assert_eq!(got, format!("{expected}{end}"), "{what}");
        }
    }
    let bom = run(
        &["--jsonl"],
        "\u{feff}{\"html\":\"<i class=x>b</i>\"}".as_bytes(),
    );
    assert_eq!(bom.out(), "\u{feff}{\"html\":\"\"}");
    let nothing = run(&["--jsonl"], b"");
    assert_eq!((nothing.exit, nothing.out()), (Some(0), ""));
}

#[test]
fn records_come_out_as_pages_do() {
    for (what, page) in [
        ("bytes that are no characters", "<p>a\u{0}b<i class=x>b</i>"),
        (
            "a charset that it is not in",
            "<meta charset=iso-8859-1><p>ä<i class=x>b</i>",
        ),
        (
            "one that is in it",
            "<meta charset=utf-8><p>ä<i class=x>b</i>",
        ),
        ("a BOM", "\u{feff}<p>ä<i class=x>b</i>"),
    ] {
        let line = serde_json::json!({ "html": page }).to_string();
        let record = run(&["--jsonl"], line.as_bytes());
        let record: serde_json::Value = serde_json::from_slice(&record.out).expect("JSON");
        let plain = run(&[], page.as_bytes());
        assert_eq!(record["html"], plain.out(), "{what}");
    }
}

#[test]
fn bad_lines_pass_and_are_told() {
    let good = r#"{"html":"a<i class=x>b</i>"}"#;
    let bad = [
        ("nothing", "line 2: not JSON: expected"),
        ("{\"html\":\"a\"", "line 3: not JSON: EOF"),
        ("[\"html\"]", "line 4: JSON, but no object"),
        ("{\"HTML\":\"a\"}", "line 5: no field \"html\""),
        ("{\"html\":null}", "line 6: field \"html\" is no string"),
        (
            "{\"html\":{\"html\":\"a\"}}",
            "line 7: field \"html\" is no string",
        ),
        (
            "{\"html\":\"a\"}{\"html\":\"b\"}",
            "line 8: not JSON: trailing characters at byte 13",
        ),
        // A page before one that is none does not count.
        (
            "{\"html\":\"a\",\"html\":1}",
            "line 9: field \"html\" is no string",
        ),
    ];
    let mut lines = format!("{good}\n");
    for (line, _) in bad {
        lines += &format!("{line}\n");
    }
    lines += good;
    for jobs in ["1", "3"] {
        let run = run(&["--jsonl", "-j", jobs], lines.as_bytes());
        assert_eq!(run.exit, Some(3));
        assert_eq!(run.out(), lines.replace("<i class=x>b</i>", ""));
        let told: Vec<&str> = run.err.lines().collect();
        assert_eq!(told.len(), bad.len() + 1, "{told:?}");
        for ((_, expected), told) in bad.iter().zip(&told) {
            assert!(told.starts_with(&format!("dehusk: {expected}")), "{told}");
        }
        assert_eq!(
            told[8],
            "dehusk: 2 pages filtered, 0 of them not all; 8 failed"
        );
    }
    // Not UTF-8, so not JSON; and a page that is none.
    let run = run(
        &["--jsonl"],
        b"{\"html\":\"<p>\",\"a\":\"\xff\"}\n{\"html\":\"%PDF-1.7<i class=x>b</i>\"}\n",
    );
    assert_eq!(run.exit, Some(3));
    assert_eq!(
        run.out,
        b"{\"html\":\"<p>\",\"a\":\"\xff\"}\n{\"html\":\"%PDF-1.7<i class=x>b</i>\"}\n"
    );
    for told in [
        "line 1: not JSON",
        "line 2: input is a PDF file; the page is as it was",
    ] {
        assert!(run.err.contains(told), "{}", run.err);
    }
}

#[test]
fn strict_stops_at_the_first() {
    let good = "{\"html\":\"a<i class=x>b</i>\"}\n";
    for (bad, told) in [
        ("{}\n", "line 301: no field"),
        ("{\"html\":\"%PDF-1.7\"}\n", "line 301: input is a PDF file"),
    ] {
        let lines = format!("{}{bad}{}", good.repeat(300), good.repeat(9000));
        for jobs in ["1", "4"] {
            let run = run(&["--jsonl", "--strict", "-j", jobs], lines.as_bytes());
            assert_eq!(run.exit, Some(2), "{}", run.err);
            assert!(run.err.contains(told), "{}", run.err);
            assert_eq!(run.out(), "{\"html\":\"a\"}\n".repeat(300));
        }
    }
}

#[test]
fn the_site_comes_from_a_field() {
    let html = "<b class=y>b</b>";
    let with = |url: &str| {
        format!("{{\"u\":{url},\"page\":\"{html}\",\"url\":\"http://example.com/\"}}\n")
    };
    let fields = ["--jsonl", "--html-field", "page", "--url-field", "u"];
    for (url, args, gone) in [
        ("\"https://www.example.com/a\"", &[][..], true),
        ("\"https:\\/\\/example\\u002ecom\"", &[], true),
        ("\"https://example.org/\"", &[], false),
        ("null", &[], false),
        ("17", &[], false),
        ("\"no address\"", &[], false),
        ("\"https://example.org/\"", &["--site", "example.com"], true),
        (
            "\"https://example.com/\"",
            &["--url", "https://example.org/"],
            false,
        ),
        (
            "\"https://example.org/\",\"u\":\"https://example.com/\"",
            &[],
            true,
        ),
    ] {
        let run = run(&[&fields, args].concat(), with(url).as_bytes());
        assert_eq!(run.exit, Some(0), "{}", run.err);
        assert_eq!(!run.out().contains(html), gone, "{url} {args:?}");
    }
    // Where no field says it the page's head does.
    let head = r#"{"html":"<link rel=canonical href='https://example.com/'><b class=y>b</b>"}"#;
    assert!(!run(&["--jsonl"], head.as_bytes()).out().contains("<b"));
}

#[test]
fn a_report_is_a_field() {
    let line = r#"{"html":"é<i class=x>b</i>","url":"https://example.com/"}"#;
    let report = run(&["--jsonl", "--report-field", "done"], line.as_bytes());
    let out = report.out();
    let start = r#"{"html":"é","url":"https://example.com/","done":{"site":"example.com","#;
    assert!(out.starts_with(start), "{out}");
    let record: serde_json::Value = serde_json::from_str(out).expect("JSON");
    assert_eq!(record["done"]["dropped"]["custom"]["elements"], 1);
    assert_eq!(record["done"]["removals"], serde_json::Value::Null);

    // In the place of what was there, once for each.
    let line = r#"{ "done" : [1], "html":"\u00e9<i class=x>\u00e4</i>" , "done":2}"#;
    let report = run(
        &["--jsonl", "--report-field", "done", "--explain=json"],
        line.as_bytes(),
    );
    let out = report.out();
    assert!(out.is_ascii(), "{out}");
    assert!(out.starts_with(r#"{ "done" : {"site":null,"#), "{out}");
    assert!(out.ends_with("]}}"), "{out}");
    assert!(!out.contains("[1]") && !out.contains(":2}"), "{out}");
    assert_eq!(out.matches(r#""text":"\u00e4""#).count(), 2, "{out}");
    let record: serde_json::Value = serde_json::from_str(out).expect("JSON");
    assert_eq!(record["done"]["removals"][0]["element"], "i.x");
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let (lines, expected) = (records(1000), cleaned_records(1000));
    assert!(lines.len() > 7_000_000);
    for jobs in ["1", "2", "7"] {
        let run = run(&["--jsonl", "-j", jobs], lines.as_bytes());
        assert_eq!((run.exit, run.err.as_str()), (Some(0), ""));
        assert!(run.out() == expected, "-j {jobs}");
    }
}

#[test]
fn compressed_lines() {
    let (lines, expected) = (records(700), cleaned_records(700));
    let (first, second) = lines.as_bytes().split_at(lines.len() / 3);
    let members = [gzip(first), gzip(b""), gzip(second)].concat();
    let frames = [zstd(first), zstd(second)].concat();
    let base = folder(
        "compressed",
        &[
            ("a.gz", &members),
            ("a.zst", &frames),
            ("a", lines.as_bytes()),
        ],
    );
    for (input, content) in [("a.gz", &members), ("a.zst", &frames)] {
        for args in [&["--jsonl", input][..], &["--jsonl"], &["--jsonl", "-"]] {
            let input = if args.contains(&input) {
                &[]
            } else {
                &content[..]
            };
            let run = run_at(&base, args, input);
            assert_eq!((run.exit, run.err.as_str()), (Some(0), ""));
            assert!(run.out() == expected, "{args:?}");
        }
    }
    for output in ["b.jsonl", "b.jsonl.gz", "b.jsonl.zst"] {
        let mut packed = Vec::new();
        for jobs in ["1", "3"] {
            let run = run_at(&base, &["--jsonl", "a.zst", "-o", output, "-j", jobs], b"");
            assert_eq!((run.exit, run.err.as_str(), run.out()), (Some(0), "", ""));
            let file = fs::read(base.join(output)).expect("a file");
            let content = match output.rsplit_once('.') {
                Some((_, "gz")) => gunzip(&file),
                Some((_, "zst")) => unzstd(&file),
                _ => file.clone(),
            };
            assert!(content == expected.as_bytes(), "{output}");
            assert!(packed.is_empty() || packed == file, "{output}: other bytes");
            packed = file;
        }
    }
    let both = run_at(&base, &["--jsonl", "a", "a.gz"], b"");
    assert!(both.out() == expected.repeat(2));
    let names: Vec<String> = files_in(&base);
    assert_eq!(
        names,
        ["a", "a.gz", "a.zst", "b.jsonl", "b.jsonl.gz", "b.jsonl.zst"]
    );
}

#[test]
fn lines_of_two_inputs_do_not_become_one() {
    let record = "{\"html\":\"a<i class=x>b</i>\"}";
    let base = folder(
        "two",
        &[
            ("open", record.as_bytes()),
            ("ended", format!("{record}\n").as_bytes()),
            ("empty", b""),
        ],
    );
    let clean = "{\"html\":\"a\"}";
    for (inputs, expected) in [
        (&["open", "open"][..], format!("{clean}\n{clean}")),
        (&["open", "empty", "ended"], format!("{clean}\n{clean}\n")),
        (&["ended", "open"], format!("{clean}\n{clean}")),
        (&["ended", "empty", "ended"], format!("{clean}\n{clean}\n")),
        (&["open", "empty"], clean.to_owned()),
    ] {
        let run = run_at(&base, &[&["--jsonl"], inputs].concat(), b"");
        assert_eq!((run.exit, run.out()), (Some(0), &*expected), "{inputs:?}");
        let packed = run_at(&base, &[&["--jsonl", "-o", "o.gz"], inputs].concat(), b"");
        assert_eq!(packed.exit, Some(0), "{}", packed.err);
        let content = gunzip(&fs::read(base.join("o.gz")).expect("a file"));
        assert_eq!(content, expected.as_bytes(), "{inputs:?}");
    }
    // Each to a file of its own: nothing is added.
    let run = run_at(&base, &["--jsonl", "-o", "out/", "open", "ended"], b"");
    assert_eq!(run.exit, Some(0), "{}", run.err);
    assert_eq!(read(base.join("out/open")), clean);
    assert_eq!(read(base.join("out/ended")), format!("{clean}\n"));
}

#[test]
fn what_breaks_off_leaves_whole_records() {
    let lines = records(700);
    let expected = cleaned_records(700);
    for (name, mut packed) in [
        ("a.gz", gzip(lines.as_bytes())),
        ("a.zst", zstd(lines.as_bytes())),
    ] {
        packed.truncate(packed.len() * 2 / 3);
        let base = folder(&format!("broken-{name}"), &[(name, &packed)]);
        for args in [&["--jsonl", name][..], &["--jsonl"]] {
            let input = if args.len() == 1 { &packed[..] } else { b"" };
            let run = run_at(&base, args, input);
            assert_eq!(run.exit, Some(2), "{}", run.err);
            assert!(run.err.contains("cannot read"), "{}", run.err);
            assert!(run.out().len() > expected.len() / 3, "{}", run.out().len());
            assert!(expected.starts_with(run.out()) && run.out().ends_with('\n'));
        }
        let run = run_at(&base, &["--jsonl", name, "-o", "out.jsonl"], b"");
        assert_eq!(run.exit, Some(2), "{}", run.err);
        assert_eq!(files_in(&base), [name, "out.jsonl.part"]);
        let part = read(base.join("out.jsonl.part"));
        assert!(expected.starts_with(&part) && part.ends_with('\n'));
    }
}

#[test]
fn wrong_flags_are_told() {
    let base = folder(
        "flags",
        &[("a.html", b"<p>"), ("b.html", b"<p>"), ("in/a.jsonl", b"")],
    );
    let rows: &[(&[&str], &str)] = &[
        (&["a.html", "b.html"], "several pages: -o"),
        (&["in"], "is a folder; one page is wanted"),
        (&["-o", "out"], "which pages?"),
        (&["-o", "out", "-"], "standard input has no name"),
        (
            &["a.html", "-o", "clean.html"],
            "-o clean.html: a folder is wanted",
        ),
        (&["in", "-o", "x/a.HTM.gz"], "a folder is wanted"),
        (&["-o", "a.html", "b.html"], "cannot make the folder a.html"),
        (&["-o", ".", "--in-place", "a.html"], "cannot be used with"),
        (&["--in-place"], "which pages?"),
        (&["--resume", "a.html"], "--output"),
        (&["--html-field", "a", "a.html"], "--jsonl"),
        (
            &["--jsonl", "--html-field", "url"],
            "must name three fields",
        ),
        (
            &["--jsonl", "--report-field", "html"],
            "must name three fields",
        ),
        (&["--jsonl", "--explain"], "--report-field takes it"),
        (&["--jsonl", "--encoding", "utf-8"], "cannot be used with"),
        (&["--jsonl", "in"], "-o says where"),
        (&["--jsonl", "missing"], "cannot open missing"),
        (
            &["--jsonl", "in/a.jsonl", "-o", "in/a.jsonl"],
            "not written over itself",
        ),
        (&["--jsonl", "-j", "0"], "invalid value '0'"),
        (&["--jsonl", "in", "-o", "in"], "--in-place does that"),
    ];
    let before = files_in(&base);
    for (args, told) in rows {
        let run = run_at(&base, args, b"");
        assert_eq!(run.exit, Some(2), "{args:?}: {}", run.err);
        assert!(run.err.contains(told), "{args:?}: {}", run.err);
        assert!(run.out.is_empty());
        // The folder out may have been made; nothing is in it.
        assert_eq!(files_in(&base), before, "{args:?}");
    }
}

#[test]
fn a_compressed_page_by_itself() {
    let page = b"<p>a</p><i class=x>b</i>";
    let base = folder(
        "one",
        &[
            ("a.html.gz", &gzip(page)),
            ("a.zst", &zstd(page)),
            ("bad.gz", &gzip(page)[..20]),
        ],
    );
    for name in ["a.html.gz", "a.zst"] {
        let run = run_at(&base, &[name], b"");
        assert_eq!((run.exit, run.out()), (Some(0), "<p>a</p>"), "{}", run.err);
    }
    let run = run_at(&base, &["bad.gz"], b"");
    assert_eq!(run.exit, Some(2));
    assert!(run.err.contains("cannot read bad.gz"), "{}", run.err);
}

#[test]
fn a_tree_of_pages() {
    let page = b"<p>a</p><i class=x>b</i>";
    let base = folder(
        "tree",
        &[
            ("in/a.html", page),
            ("in/b/c.HTM", page),
            ("in/b/d.html.gz", &gzip(page)),
            ("in/b/e.html.zst", &zstd(page)),
            ("in/b/packed.html", &gzip(page)),
            ("in/b/pic.png", b"\x89PNG"),
            ("in/empty.html", b""),
            ("in/latin1.html", b"<p>\xe9<i class=x>b</i>"),
            ("f", page),
        ],
    );
    let run = run_at(&base, &["-o", "out", "in", "f", "-j", "3"], b"");
    assert_eq!((run.exit, run.err.as_str(), run.out()), (Some(0), "", ""));
    let out = base.join("out");
    assert_eq!(
        files_in(&out),
        [
            "a.html",
            "b/c.HTM",
            "b/d.html.gz",
            "b/e.html.zst",
            "b/packed.html",
            "empty.html",
            "f",
            "latin1.html",
        ]
    );
    for name in ["a.html", "b/c.HTM", "b/packed.html", "f"] {
        assert_eq!(read(out.join(name)), "<p>a</p>", "{name}");
    }
    assert_eq!(
        gunzip(&fs::read(out.join("b/d.html.gz")).expect("a file")),
        b"<p>a</p>"
    );
    assert_eq!(
        unzstd(&fs::read(out.join("b/e.html.zst")).expect("a file")),
        b"<p>a</p>"
    );
    assert_eq!(
        read(out.join("latin1.html")),
        "<meta charset=\"utf-8\"><p>é"
    );
    assert_eq!(read(out.join("empty.html")), "");
    assert_eq!(read(base.join("in/a.html")).as_bytes(), page);
}

#[test]
fn a_bad_file_does_not_stop_the_others() {
    let page = b"<p>a</p><i class=x>b</i>";
    let base = folder(
        "bad",
        &[
            ("in/a.html", page),
            ("in/b.html", b"%PDF-1.7<i class=x>"),
            ("in/c.html.gz", &gzip(page)[..15]),
            ("in/z.html", page),
            ("out/d.html/there", b"a folder"),
            ("d.html", page),
        ],
    );
    let args = ["-o", "out", "missing.html", "in", "d.html"];
    for jobs in ["1", "2"] {
        let run = run_at(&base, &[&args[..], &["-j", jobs]].concat(), b"");
        assert_eq!(run.exit, Some(3), "{}", run.err);
        assert_eq!(
            files_in(&base.join("out")),
            ["a.html", "b.html", "d.html/there", "z.html"]
        );
        assert_eq!(read(base.join("out/z.html")), "<p>a</p>");
        assert_eq!(read(base.join("out/b.html")), "%PDF-1.7<i class=x>");
        let told: Vec<&str> = run.err.lines().collect();
        assert_eq!(told.len(), 5, "{told:?}");
        for (told, part) in told.iter().zip([
            "dehusk: cannot read missing.html: ",
            "dehusk: in/b.html: input is a PDF file; passed on as it is",
            "dehusk: cannot read in/c.html.gz: ",
            "dehusk: cannot write ",
            "dehusk: 3 pages filtered, 1 of them not all; 3 failed",
        ]) {
            assert!(told.starts_with(part), "{told}");
        }
    }
    let strict = run_at(&base, &["-o", "out2", "--strict", "in", "-j1"], b"");
    assert_eq!(strict.exit, Some(2), "{}", strict.err);
    assert!(!base.join("out2/z.html").exists());
}

#[test]
fn nothing_is_written_over_what_is_read() {
    let page = b"<p>a</p><i class=x>b</i>";
    let base = folder(
        "over",
        &[
            ("in/a.html", page),
            ("in/in/a.html", page),
            ("b/a.html", page),
        ],
    );
    let unharmed = || {
        for name in ["in/a.html", "in/in/a.html", "b/a.html"] {
            assert_eq!(read(base.join(name)).as_bytes(), page, "{name}");
        }
    };
    for (args, exit) in [
        (&["-o", "in", "in"][..], 2),
        (&["-o", "in/../in", "in"], 2),
        (&["-o", "in", "in/a.html"], 3),
        (&["-o", ".", "in"], 3),
        (&["-o", "in", "b/a.html", "in/a.html"], 3),
    ] {
        let run = run_at(&base, args, b"");
        assert_eq!(run.exit, Some(exit), "{args:?}: {}", run.err);
        unharmed();
    }
    // Two that would meet: the first is there, the second is told.
    let run = run_at(&base, &["-o", "out", "b/a.html", "in/a.html"], b"");
    assert_eq!(run.exit, Some(3));
    assert!(
        run.err.contains("in/a.html: not written to out/a.html"),
        "{}",
        run.err
    );
    unharmed();
    // What lies in the folder that is written to is not read again.
    for _ in 0..2 {
        let run = run_at(&base, &["-o", "in/out", "in"], b"");
        assert_eq!((run.exit, run.err.as_str()), (Some(0), ""));
        assert_eq!(files_in(&base.join("in/out")), ["a.html", "in/a.html"]);
    }
}

#[cfg(unix)]
#[test]
fn links() {
    use std::os::unix::fs::symlink;
    let page = b"<p>a</p><i class=x>b</i>";
    let base = folder("links", &[("in/a/x.html", page), ("real.html", page)]);
    symlink(base.join("in"), base.join("in/a/up")).expect("a link");
    symlink("ring.html", base.join("in/ring.html")).expect("a link");
    symlink("../real.html", base.join("in/link.html")).expect("a link");
    let run = run_at(&base, &["-o", "out", "in"], b"");
    assert_eq!(run.exit, Some(3));
    assert!(run.err.contains("cannot read in/ring.html"), "{}", run.err);
    assert_eq!(files_in(&base.join("out")), ["a/x.html", "link.html"]);
    // In place, where a link leads there is the page, and the link stays one.
    let run = run_at(&base, &["--in-place", "in/link.html"], b"");
    assert_eq!((run.exit, run.err.as_str()), (Some(0), ""));
    assert!(base.join("in/link.html").is_symlink());
    assert_eq!(read(base.join("real.html")), "<p>a</p>");
    // A device is written to, not replaced.
    let run = run_at(&base, &["--jsonl", "-o", "/dev/null"], b"{\"html\":\"a\"}");
    assert_eq!((run.exit, run.err.as_str()), (Some(0), ""));
    use std::os::unix::fs::FileTypeExt as _;
    let null = fs::metadata("/dev/null").expect("a device");
    assert!(null.file_type().is_char_device());
    // Pipes are read as they come.
    let script = "\"$0\" --jsonl <(printf '{\"html\":\"a\"}')";
    let pipe = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_dehusk")])
        .output();
    if let Ok(pipe) = pipe {
        assert_eq!(pipe.stdout, b"{\"html\":\"a\"}");
    }
}

#[test]
fn in_place() {
    let page = b"<p>a</p><i class=x>b</i>";
    let base = folder(
        "in-place",
        &[
            ("in/a.html", page),
            ("in/b.html.gz", &gzip(page)),
            ("in/pdf.html", b"%PDF-1.7<i class=x>"),
            ("l.jsonl", b"{\"html\":\"a<i class=x>b</i>\"}\n"),
        ],
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::Permissions::from_mode(0o640);
        fs::set_permissions(base.join("in/a.html"), mode).expect("a mode");
    }
    let run = run_at(&base, &["--in-place", "in"], b"");
    assert_eq!(run.exit, Some(3), "{}", run.err);
    assert_eq!(read(base.join("in/a.html")), "<p>a</p>");
    assert_eq!(
        gunzip(&fs::read(base.join("in/b.html.gz")).expect("a file")),
        b"<p>a</p>"
    );
    assert_eq!(read(base.join("in/pdf.html")), "%PDF-1.7<i class=x>");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = fs::metadata(base.join("in/a.html")).expect("a file");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
    }
    let run = run_at(&base, &["--jsonl", "--in-place", "l.jsonl"], b"");
    assert_eq!((run.exit, run.err.as_str()), (Some(0), ""));
    assert_eq!(read(base.join("l.jsonl")), "{\"html\":\"a\"}\n");
    assert_eq!(
        files_in(&base),
        ["in/a.html", "in/b.html.gz", "in/pdf.html", "l.jsonl"]
    );
}

/// The time of a file's last change.
fn set_time(path: &Path, time: SystemTime) {
    let file = File::options().write(true).open(path).expect("a file");
    file.set_modified(time).expect("a time");
}

#[test]
fn resume_leaves_out_what_is_done() {
    let page = b"<p>a</p><i class=x>b</i>";
    let line = b"{\"html\":\"a<i class=x>b</i>\"}\n";
    for (flags, files) in [
        (&[][..], ["a.html", "b.html", "c.html.gz"]),
        (&["--jsonl"], ["a.jsonl", "b.jsonl", "c.jsonl.gz"]),
    ] {
        let content: &[u8] = if flags.is_empty() { page } else { line };
        let base = folder(&format!("resume{}", flags.len()), &[]);
        for name in files {
            write_all(&base, &[(&format!("in/{name}"), content)]);
        }
        let args = [flags, &["-o", "out", "--resume", "--summary", "in"]].concat();
        let done = |pages: usize, skipped: usize| {
            let run = run_at(&base, &args, b"");
            assert_eq!(run.exit, Some(0), "{}", run.err);
            let number = |name: &str| {
                let line = run.err.lines().find(|line| line.starts_with(name));
                let word = line.and_then(|line| line[name.len()..].split_whitespace().next());
                word.map_or(0, |word| word.parse().expect("a number"))
            };
            assert_eq!(
                (number("pages"), number("up to date")),
                (pages, skipped),
                "{}",
                run.err
            );
        };
        done(3, 0);
        done(0, 3);
        // What has changed is done again, even if it has become older.
        let year = SystemTime::now() - Duration::from_secs(31_536_000);
        set_time(&base.join("in").join(files[0]), year);
        done(1, 2);
        // A crash can leave an empty file.
        let time = fs::metadata(base.join("in").join(files[1])).and_then(|m| m.modified());
        fs::write(base.join("out").join(files[1]), "").expect("a file");
        set_time(&base.join("out").join(files[1]), time.expect("a time"));
        done(1, 2);
        fs::remove_file(base.join("out").join(files[2])).expect("a file");
        done(1, 2);
        done(0, 3);
    }
}

#[test]
fn folders_of_lines() {
    let (lines, expected) = (records(50), cleaned_records(50));
    let base = folder(
        "lines",
        &[
            ("in/a.jsonl", lines.as_bytes()),
            ("in/b/c.ndjson.gz", &gzip(lines.as_bytes())),
            ("in/bad.jsonl.zst", &zstd(lines.as_bytes())[..100]),
            ("in/other.json", b"[]"),
            ("in/z.jsonl", b"{}\n"),
        ],
    );
    let run = run_at(&base, &["--jsonl", "-o", "out", "in"], b"");
    assert_eq!(run.exit, Some(3), "{}", run.err);
    let out = base.join("out");
    assert_eq!(
        files_in(&out),
        ["a.jsonl", "b/c.ndjson.gz", "bad.jsonl.zst.part", "z.jsonl"]
    );
    assert_eq!(read(out.join("a.jsonl")), expected);
    assert_eq!(
        gunzip(&fs::read(out.join("b/c.ndjson.gz")).expect("a file")),
        expected.as_bytes()
    );
    for told in [
        "cannot read in/bad.jsonl.zst",
        "in/z.jsonl: line 1: no field \"html\"",
        "100 pages filtered",
    ] {
        assert!(run.err.contains(told), "{}", run.err);
    }
}

#[test]
fn a_summary_tells_what_was_done() {
    let rules = folder(
        "summary",
        &[(
            "r.sel",
            b"[ads]\n.ad\n[share]\n.s\n[truncated]\n.ad:has-text(to read)",
        )],
    );
    let lines = r#"{"html":"<p>text</p><b class=ad>left to read</b>"}
{"html":"<b class=ad>buy</b><i class=s>tell</i>"}
{"html":"%PDF-1.7"}
bad
"#;
    let args = ["--jsonl", "--summary", "-s", "r.sel", "-j2"];
    let run = run_at(&rules, &args, lines.as_bytes());
    assert_eq!(run.exit, Some(3));
    let rows: Vec<Vec<&str>> = run
        .err
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    for row in [
        &["pages", "3"][..],
        &["bytes", "in", "85"],
        &["bytes", "out", "19"],
        &["cut", "short", "1"],
        &["not", "all", "filtered", "1"],
        &["failed", "1"],
        &["ads", "2", "47", "15"],
        &["share", "1", "19", "4"],
        &["r.sel:2", "2", "15"],
        &["r.sel:4", "1", "4"],
    ] {
        assert!(
            rows.iter().any(|found| found.starts_with(row)),
            "{row:?}\n{}",
            run.err
        );
    }
}

/// Sends a signal, as `kill` does.
#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status();
    assert!(status.expect("kill runs").success());
}

#[cfg(unix)]
#[test]
fn being_stopped_leaves_whole_records() {
    let lines = records(400);
    let expected = cleaned_records(400);
    let base = folder("stopped", &[]);
    for name in ["INT", "TERM"] {
        for jobs in ["1", "3"] {
            // The input goes on for ever; the output is read until something has come.
            let mut child = dehusk(&["--jsonl", "-j", jobs])
                .spawn()
                .expect("the command starts");
            let mut input = child.stdin.take().expect("a pipe");
            let text = lines.clone();
            let writer = thread::spawn(move || while input.write_all(text.as_bytes()).is_ok() {});
            let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
            let mut out = String::new();
            output.read_line(&mut out).expect("a line");
            signal(&child, name);
            output.read_to_string(&mut out).expect("text");
            let ended = child.wait_with_output().expect("the command ends");
            let told = String::from_utf8_lossy(&ended.stderr);
            assert_eq!(ended.status.code(), Some(130), "{told}");
            let count = out.lines().count();
            let line = told.replace(',', "");
            assert!(
                line.contains(&format!("stopped after line {count} of standard input")),
                "{line}"
            );
            let all = expected.repeat(count / 400 + 1);
            assert!(all.starts_with(&out) && out.ends_with('\n'));
            writer.join().expect("the writer ends");
        }
    }
    // While it waits for input, and to a file.
    for (jobs, output) in [("1", "o.jsonl"), ("2", "o.jsonl.gz")] {
        let mut command = dehusk(&["--jsonl", "-j", jobs, "-o", output]);
        let mut child = command
            .current_dir(&base)
            .spawn()
            .expect("the command starts");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(lines.as_bytes()).expect("a reader");
        input.write_all(b"{\"html\":\"half").expect("a reader");
        // What is in flight may or may not come.
        thread::sleep(Duration::from_millis(300));
        signal(&child, "INT");
        let ended = child.wait_with_output().expect("the command ends");
        drop(input);
        let told = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(130), "{told}");
        let part = format!("{output}.part");
        assert!(
            told.contains(&format!(
                "what was done is in {}",
                base.join(&part).display()
            )) || told.contains(&part),
            "{told}"
        );
        let mut content = fs::read(base.join(&part)).expect("a part");
        if output.ends_with("gz") {
            content = gunzip(&content);
        }
        let content = String::from_utf8(content).expect("text");
        assert!(expected.starts_with(&content));
        assert!(!base.join(output).exists());
    }
}

#[cfg(unix)]
#[test]
fn being_stopped_leaves_whole_files() {
    let page = format!("<p>{}</p>{X}", "word ".repeat(20_000));
    let base = folder("stopped-tree", &[]);
    for i in 0..600 {
        write_all(&base, &[(&format!("in/{i:03}.html"), page.as_bytes())]);
    }
    let mut command = dehusk(&["-o", "out", "in", "-j2"]);
    let child = command
        .current_dir(&base)
        .spawn()
        .expect("the command starts");
    while !base.join("out/003.html").exists() {
        thread::sleep(Duration::from_millis(1));
    }
    signal(&child, "INT");
    let ended = child.wait_with_output().expect("the command ends");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{told}");
    assert!(told.contains("stopped after"), "{told}");
    let files = files_in(&base.join("out"));
    assert!(files.len() < 600, "it was too fast");
    for file in &files {
        assert!(!file.contains("part"), "{file}");
        assert_eq!(
            read(base.join("out").join(file)).len(),
            page.len() - X.len()
        );
    }
    let count = told.split_whitespace().find_map(|word| word.parse().ok());
    assert_eq!(count, Some(files.len()), "{told}");
}

#[test]
fn who_waits_for_a_line_gets_it() {
    for jobs in ["1", "2"] {
        let mut child = dehusk(&["--jsonl", "-j", jobs])
            .spawn()
            .expect("the command starts");
        let mut input = child.stdin.take().expect("a pipe");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        for i in 0..20 {
            writeln!(input, "{{\"id\":{i},\"html\":\"a{X}\"}}").expect("a reader");
            let mut line = String::new();
            output.read_line(&mut line).expect("a line");
            assert_eq!(line, format!("{{\"id\":{i},\"html\":\"a\"}}\n"));
        }
        drop(input);
        assert!(child.wait().expect("the command ends").success());
    }
}

#[test]
fn who_has_read_enough_may_go() {
    let mut child = dehusk(&["--jsonl", "-j2"])
        .spawn()
        .expect("the command starts");
    let mut input = child.stdin.take().expect("a pipe");
    let lines = records(300);
    let writer = thread::spawn(move || while input.write_all(lines.as_bytes()).is_ok() {});
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    output.read_line(&mut String::new()).expect("a line");
    drop(output);
    let ended = child.wait_with_output().expect("the command ends");
    writer.join().expect("the writer ends");
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

/// 100 MB through two workers, whose memory is looked at before the end.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_input() {
    let mut child = dehusk(&["--jsonl", "-j2"])
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the command starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = child.stdout.take().expect("a pipe");
    let reader = thread::spawn(move || io::copy(&mut output, &mut io::sink()).expect("a pipe"));
    let lines = records(1000);
    for _ in 0..13 {
        input.write_all(lines.as_bytes()).expect("a reader");
    }
    let status = read(format!("/proc/{}/status", child.id()));
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
    drop(input);
    assert!(child.wait().expect("the command ends").success());
    assert_eq!(
        reader.join().expect("the reader ends"),
        13 * cleaned_records(1000).len() as u64
    );
    assert!(kilobytes.expect("a number") < 64 * 1024, "{peak:?} kB");
}

/// In a terminal, which `script` makes.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_sees_progress() {
    let base = folder("terminal", &[("a.jsonl", records(300).as_bytes())]);
    let seen = |flags: &str| {
        let line = format!(
            "'{}' --jsonl a.jsonl {flags} > out",
            env!("CARGO_BIN_EXE_dehusk")
        );
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).current_dir(&base);
        script.env("TERM", "xterm").stdin(Stdio::null());
        script
            .output()
            .ok()
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(shown) = seen("") else {
        // Past the test runner's capture: what was not tested must be seen.
        let _ = writeln!(io::stderr(), "batch: no script; a terminal was not tested");
        return;
    };
    for part in ["pages", "MB/s", "% dropped", "ETA"] {
        assert!(shown.contains(part), "{shown:?}");
    }
    assert_eq!(seen("--quiet").as_deref(), Some(""));
    assert_eq!(read(base.join("out")).lines().count(), 300);
}
