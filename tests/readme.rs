//! What the README says is run: its two commands, its samples of `--explain`, its Rust example, and
//! every `sh recipe` block, each in a folder of its own with `page.html` in it, `crawl.warc.gz` with a
//! response that is this page, and the built binary first on the path. The words behind `sh recipe` are
//! tools it needs; where one is missing the recipe is skipped, and standard error says so.

#![cfg(unix)]

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const README: &str = include_str!("../README.md");
const DEHUSK: &str = env!("CARGO_BIN_EXE_dehusk");

/// The page that recipes work on; its site's rules leave nothing of the husk.
const CASE: &str = "corpus/lemonde.fr/article";
/// Words of its article: in one line and in ASCII, so that any converter leaves them be.
const ARTICLE: [&str; 5] = ["poireaux", "remblai", "carburant", "vannes", "calendrier"];
/// Words of its husk.
const HUSK: [&str; 6] = [
    "Messenger",
    "semelles",
    "Ateliers",
    "Consulter",
    "guetteurs",
    "41.7",
];
/// What a recipe with rules of its own drops beside the husk: words of the recipe, words that go.
const OWN_RULES: [(&str, &[&str]); 2] = [
    ("'p:has-text(\"Odile Garance\")'", &["Garance"]),
    (
        "~/.config/dehusk/selectors/lemonde.fr.sel",
        &["AMBRE", "Achev"],
    ),
];

/// A fenced block of the README: the words behind its fence, and its lines.
struct Block {
    info: Vec<&'static str>,
    text: String,
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = README.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
            blocks.push(Block {
                info: info.split_whitespace().collect(),
                text: body.join("\n"),
            });
        }
    }
    blocks
}

/// The one block whose fence says this.
fn block(info: &[&str]) -> String {
    let mut found: Vec<Block> = blocks().into_iter().filter(|b| b.info == info).collect();
    assert_eq!(found.len(), 1, "blocks marked {info:?}");
    found.remove(0).text
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// An empty folder with an empty home in it.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("readme")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("home")).expect("a temporary folder can be made");
    folder
}

/// Runs a script in a folder, the built binary first on the path.
fn run(script: &str, folder: &Path) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    let binary = Path::new(DEHUSK).parent().expect("a file has a folder");
    Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", binary.display()))
        .env("HOME", folder.join("home"))
        .env_remove("XDG_CONFIG_HOME")
        .env("LC_ALL", "C.UTF-8")
        .env("URL", format!("file://{}/page.html", folder.display()))
        .stdin(Stdio::null())
        .output()
        .expect("sh runs")
}

/// Whether a tool is there, in the way in which recipes use it.
fn is_there(tool: &str, folder: &Path) -> bool {
    let script = match tool {
        "trafilatura" => "python3 -c 'import trafilatura'".to_owned(),
        // Two programs have this name.
        "html2text" => "echo '<p>words' | html2text -utf8 | grep words".to_owned(),
        tool => format!("command -v {tool}"),
    };
    run(&script, folder).status.success()
}

/// A gzipped WARC file with this page in it.
fn crawl(page: &str) -> Vec<u8> {
    let http = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{page}");
    let record = format!(
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\n\
         WARC-Date: 2026-01-01T00:00:00Z\r\nWARC-Target-URI: https://www.lemonde.fr/article\r\n\
         Content-Type: application/http; msgtype=response\r\nContent-Length: {}\r\n\r\n{http}\r\n\r\n",
        http.len()
    );
    let mut member = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    member
        .write_all(record.as_bytes())
        .expect("memory takes everything");
    member.finish().expect("memory takes everything")
}

/// What came out of a recipe: standard output, `clean.html`, `clean.warc.gz` and the files of `clean/`.
fn product(output: &Output, folder: &Path) -> String {
    let mut product = String::from_utf8_lossy(&output.stdout).into_owned();
    let clean = fs::read_dir(folder.join("clean")).into_iter().flatten();
    let mut files: Vec<PathBuf> = clean.flatten().map(|entry| entry.path()).collect();
    files.push(folder.join("clean.html"));
    for file in files.iter().filter(|file| file.exists()) {
        product.push_str(&read(file));
    }
    if let Ok(file) = fs::File::open(folder.join("clean.warc.gz")) {
        let mut records = MultiGzDecoder::new(file);
        records
            .read_to_string(&mut product)
            .expect("members with text");
    }
    product
}

/// What is wrong with a cleaned page.
fn complaints(product: &str, also_gone: &[&str]) -> Vec<String> {
    let missing = ARTICLE.iter().filter(|word| !product.contains(**word));
    let left = HUSK
        .iter()
        .chain(also_gone)
        .filter(|word| product.contains(**word));
    missing
        .map(|word| format!("'{word}' of the article is missing"))
        .chain(left.map(|word| format!("'{word}' of the husk is left")))
        .collect()
}

#[test]
fn recipes() {
    let page = read(&repository(CASE).join("page.html"));
    let mut own_rules = OWN_RULES.to_vec();
    let (mut count, mut failures) = (0, Vec::new());
    for block in blocks() {
        let ["sh", "recipe", tools @ ..] = &block.info[..] else {
            continue;
        };
        count += 1;
        let folder = folder(&format!("recipe-{count}"));
        fs::write(folder.join("page.html"), &page).expect("a page can be written");
        fs::write(folder.join("crawl.warc.gz"), crawl(&page)).expect("a page can be written");
        if let Some(tool) = tools.iter().find(|tool| !is_there(tool, &folder)) {
            // Past the test runner's capture: what was not tested must be seen.
            let first = block.text.lines().next().unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "readme: no {tool}; skipped: {first}");
            continue;
        }
        let also_gone = match own_rules
            .iter()
            .position(|(mark, _)| block.text.contains(mark))
        {
            Some(i) => own_rules.remove(i).1,
            None => &[],
        };
        let output = run(&block.text, &folder);
        let mut wrong = complaints(&product(&output, &folder), also_gone);
        if !output.status.success() {
            wrong.push(output.status.to_string());
        }
        if !wrong.is_empty() {
            let said = String::from_utf8_lossy(&output.stderr);
            failures.push(format!("{}\n{}\n{said}", block.text, wrong.join("\n")));
        }
    }
    assert!(count >= 10, "only {count} recipes were found");
    assert!(own_rules.is_empty(), "no recipe has {own_rules:?}");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn an_unfiltered_page_and_an_empty_one_are_complained_of() {
    let page = read(&repository(CASE).join("page.html"));
    let own: Vec<&str> = OWN_RULES
        .iter()
        .flat_map(|(_, gone)| *gone)
        .copied()
        .collect();
    let wrong = complaints(&page, &own);
    assert_eq!(wrong.len(), HUSK.len() + own.len(), "{wrong:?}");
    assert_eq!(complaints("", &[]).len(), ARTICLE.len());
}

#[test]
fn the_command_that_runs_the_main_job() {
    let command = block(&["sh", "run"]);
    let arguments = command
        .strip_prefix("cargo run --release --quiet -- ")
        .expect("the command builds and runs");
    let folder = folder("run");
    fs::create_dir_all(folder.join(CASE)).expect("a folder can be made");
    fs::copy(
        repository(CASE).join("page.html"),
        folder.join(CASE).join("page.html"),
    )
    .expect("the page can be copied");
    let output = run(&format!("dehusk {arguments}"), &folder);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(
        read(&folder.join("clean.html")),
        read(&repository(CASE).join("clean.html"))
    );
    assert!(said.contains("subscription"), "{said}");
}

#[test]
fn the_command_that_runs_the_tests() {
    assert_eq!(block(&["sh", "test"]), "cargo test");
}

/// The samples' lines are lines that the command prints; line numbers, offsets and columns may move on.
#[test]
fn the_samples_of_explain() {
    for (sample, least) in [("explain", 2), ("explain-kept", 1)] {
        let folder = folder(sample);
        fs::copy(repository(CASE).join("page.html"), folder.join("page.html"))
            .expect("the page can be copied");
        let output = run(
            &format!("dehusk --{sample} page.html > clean.html"),
            &folder,
        );
        let said = String::from_utf8(output.stderr).expect("the report is UTF-8");
        let said: Vec<String> = said.lines().map(without_numbers).collect();
        let sample = block(&["text", sample]);
        assert!(sample.lines().count() >= least);
        for line in sample.lines() {
            assert!(said.contains(&without_numbers(line)), "{line}\n{said:#?}");
        }
    }
}

fn without_numbers(line: &str) -> String {
    let mut out = String::new();
    for c in line.chars() {
        match c {
            '0'..='9' if out.ends_with('0') => {}
            ' ' if out.ends_with(' ') => {}
            '0'..='9' => out.push('0'),
            c => out.push(c),
        }
    }
    out
}

#[test]
fn man_page_and_completions() {
    let folder = folder("manual");
    let output = run(&block(&["sh", "manual"]), &folder);
    assert!(output.status.success());
    let share = folder.join("home/.local/share");
    let manual = read(&share.join("man/man1/dehusk.1"));
    assert!(read(&share.join("man/man1/dehusk-rules-check.1")).contains(".TH dehusk"));
    assert!(manual.contains(".TH dehusk 1") && manual.contains("explain"));
    let completions = read(&share.join("bash-completion/completions/dehusk"));
    assert!(completions.contains("complete -F _dehusk"));
}

// The README's Rust example; below it is shown that it is the same and that it runs.
use dehusk::{Filter, Kind, Options, Rules};

fn tidy(page: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let rules = Rules::builder().select("p.legal").build()?;
    let options = Options::new()
        .url("https://example.org/")
        .keep([Kind::Share]);
    let mut clean = Vec::new();
    let mut filter = Filter::new(&rules, &options, &mut clean);
    for piece in page.chunks(4096) {
        filter.write(piece)?; // pieces of any size
    }
    let report = filter.finish()?;
    assert_eq!(report.unfiltered, None);
    Ok(clean)
}

#[test]
fn the_rust_example() {
    let example = block(&["rust"]);
    assert!(example.contains("fn tidy("));
    assert!(include_str!("readme.rs").contains(&example), "{example}");
    let page = b"<main><h1>Rain</h1><p>It rained.</p></main><p class=legal>All rights</p>";
    let clean = tidy(page).expect("the page is filtered");
    assert_eq!(clean, b"<main><h1>Rain</h1><p>It rained.</p></main>");
}
