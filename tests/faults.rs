//! What happens when something around the filter fails: whatever was written up to then is the beginning
//! of what would have come, the exit status says that it is not all, and so does a message.

mod run;

use dehusk::{Options, Rules};
use run::{dehusk, folder, run, run_with};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Only `.x` goes.
const X: &[&str] = &["--no-default-selectors", "-e", ".x"];

/// A page's paragraphs, every second of which goes.
fn paragraphs(n: usize) -> String {
    "<p>It stays.</p>\n<p class=x>It goes.</p>\n".repeat(n)
}

/// What is left of them.
fn kept(n: usize) -> String {
    "<p>It stays.</p>\n\n".repeat(n)
}

/// Gives some bytes, and then an error.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::Error::other("the line went dead"));
        }
        let n = buffer.len().min(self.0.len()).min(1000);
        let (now, later) = self.0.split_at(n);
        buffer[..n].copy_from_slice(now);
        self.0 = later;
        Ok(n)
    }
}

/// Takes so many bytes, and then none.
struct Full {
    out: Vec<u8>,
    room: usize,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(self.room - self.out.len());
        if n == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.out.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn x() -> Rules {
    let rules = Rules::builder().builtin(false).select(".x");
    rules.build().expect("a rule")
}

#[test]
fn input_that_fails_ends_what_it_had_given() {
    let page = paragraphs(500);
    for given in [0, 1, 17, 1000, 4096, 12_345] {
        let mut out = Vec::new();
        let failed = dehusk::clean(
            &x(),
            &Options::new(),
            Failing(&page.as_bytes()[..given]),
            &mut out,
        );
        assert_eq!(
            failed.expect_err("the input failed").to_string(),
            "the line went dead"
        );
        let out = String::from_utf8(out).expect("UTF-8");
        assert!(kept(500).starts_with(&out), "{given}: {out}");
    }
}

#[test]
fn output_that_is_full_has_the_beginning() {
    let page = paragraphs(500);
    for room in [0, 1, 17, 1000, 4096] {
        let mut full = Full {
            out: Vec::new(),
            room,
        };
        let failed = dehusk::clean(&x(), &Options::new(), page.as_bytes(), &mut full);
        let error = failed.expect_err("the output is full");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(full.out, &kept(500).as_bytes()[..room]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_as_standard_input_is_told() {
    let mut command = dehusk(X);
    command.stdin(File::open(env!("CARGO_TARGET_TMPDIR")).expect("a folder"));
    let output = command.output().expect("the command ends");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(
        err.starts_with("dehusk: cannot read standard input: "),
        "{err}"
    );
}

#[test]
fn a_compressed_file_that_breaks_off_is_told() {
    // Deflate's stored blocks: five bytes of header each, then the bytes themselves.
    let page = paragraphs(100);
    let length = u16::try_from(page.len()).expect("a block");
    let mut gz = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 0];
    gz.extend(length.to_le_bytes());
    gz.extend((!length).to_le_bytes());
    gz.extend(page.as_bytes());
    let here = folder("broken-gzip", &[("page.html.gz", &gz)]);
    let path = here.join("page.html.gz").display().to_string();
    let run = run(&[X, &[&path]].concat(), b"");
    assert_eq!(run.exit, Some(2), "{}", run.err);
    assert!(
        run.err
            .starts_with(&format!("dehusk: cannot read {path}: ")),
        "{}",
        run.err
    );
    assert!(kept(100).as_bytes().starts_with(&run.out));
}

/// Waits until so much has come out, and gives it.
fn read_some(child: &mut Child, bytes: usize) -> Vec<u8> {
    let mut out = vec![0; bytes];
    let output = child.stdout.as_mut().expect("a pipe");
    output.read_exact(&mut out).expect("output");
    out
}

#[test]
#[cfg(target_os = "linux")]
fn being_ended_leaves_the_beginning() {
    use std::os::unix::process::ExitStatusExt;
    // Whoever runs the tests in the background or under nohup has some of these ignored, and so would
    // the command: env undoes that.
    let command = || {
        let mut command = Command::new("env");
        command.args(["--default-signal", env!("CARGO_BIN_EXE_dehusk")]);
        command.args(X).env("XDG_CONFIG_HOME", "/nonexistent");
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    for (name, signal) in [("TERM", 15), ("INT", 2), ("HUP", 1)] {
        let mut child = command().spawn().expect("the command starts");
        let mut input = child.stdin.take().expect("a pipe");
        input
            .write_all(paragraphs(3000).as_bytes())
            .expect("it is read");
        let mut out = read_some(&mut child, 30_000);
        let ended = Command::new("kill")
            .args(["-s", name, &child.id().to_string()])
            .status();
        assert!(ended.expect("kill").success());
        let rest = child.wait_with_output().expect("the command ends");
        drop(input);
        out.extend(rest.stdout);
        assert_eq!(rest.status.signal(), Some(signal), "{name}");
        assert!(kept(3000).as_bytes().starts_with(&out), "{name}");
        assert!(rest.stderr.is_empty(), "{name}");
    }
}

/// The command in a shell that lets it have so many KiB of address space.
#[cfg(target_os = "linux")]
fn with_memory(kib: u64, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            &format!("ulimit -v {kib} && ulimit -c 0 && exec \"$@\""),
            "sh",
        ])
        .arg(env!("CARGO_BIN_EXE_dehusk"))
        .args(args)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
#[cfg(target_os = "linux")]
fn little_memory_is_enough() {
    const N: usize = 30_000;
    let run = run_with(with_memory(40 * 1024, X), |mut input| {
        let _ = input.write_all(paragraphs(N).as_bytes());
    });
    assert_eq!((run.exit, &*run.err), (Some(0), ""));
    assert!(run.out == kept(N).as_bytes());
}

#[test]
#[cfg(target_os = "linux")]
fn too_little_memory_is_told() {
    // Of a page that is held whole: more than there is.
    let args = [
        "--no-default-selectors",
        "-e",
        "div:has(.x)",
        "--hold-limit",
        "1000000000",
    ];
    let page = format!(
        "<p>It stays.</p><div>{}",
        "<p>Some text.</p>".repeat(3_000_000)
    );
    let run = run_with(with_memory(40 * 1024, &args), move |mut input| {
        let _ = input.write_all(page.as_bytes());
    });
    assert_ne!(run.exit, Some(0), "{}", run.err);
    assert!(run.err.contains("memory allocation of"), "{}", run.err);
    assert!("<p>It stays.</p>".as_bytes().starts_with(&run.out));
}

#[test]
#[cfg(unix)]
fn links_among_selector_files() {
    use std::os::unix::fs::symlink;
    let own = folder(
        "links",
        &[
            ("rules/a.sel", b".x\n"),
            ("rules/sub/b.sel", b".y\n"),
            ("other/c.sel", b".z\n"),
        ],
    );
    let link = |to: &str, from: &str| symlink(to, own.join(from)).expect("a link");
    link(".", "rules/here");
    link("..", "rules/sub/up");
    link("../other", "rules/linked");
    link("loop", "rules/loop");
    // An editor's lock on a file.
    link("somebody@somewhere", "rules/.#a.sel");
    let rules = own.join("rules").display().to_string();
    let page = b"<p>a</p><p class=x>b</p><p class=y>c</p><p class=z>d</p>";
    let filtered = run(&["--no-default-selectors", "-s", &rules], page);
    assert_eq!((filtered.exit, &*filtered.err), (Some(0), ""));
    assert_eq!(filtered.out, b"<p>a</p>");
    // A rule file that leads nowhere, and one that leads to itself.
    for (to, what) in [
        ("nowhere", "No such file"),
        ("d.sel", "Too many levels of symbolic links"),
    ] {
        link(to, "rules/d.sel");
        let told = run(&["--no-default-selectors", "-s", &rules], page);
        assert_eq!((told.exit, &*told.out), (Some(2), &b""[..]));
        assert!(told.err.contains("rules/d.sel: "), "{}", told.err);
        assert!(told.err.contains(what), "{}", told.err);
        fs::remove_file(own.join("rules/d.sel")).expect("a link");
    }
}

#[test]
#[cfg(unix)]
fn a_pipe_among_selector_files_is_not_waited_for() {
    let own = folder("pipe", &[("a.sel", b".x\n")]);
    let made = Command::new("mkfifo").arg(own.join("b.sel")).status();
    assert!(made.expect("mkfifo").success());
    let own = own.display().to_string();
    let run = run(
        &["--no-default-selectors", "-s", &own],
        b"a<p class=x>b</p>",
    );
    assert_eq!((run.exit, &*run.out), (Some(0), &b"a"[..]));
}

#[test]
fn selector_files_that_change_while_they_are_read() {
    let own = folder("changing", &[("a.sel", b".x\n"), ("b.sel", b".y\n")]);
    let args = own.display().to_string();
    let page = b"<p>a</p><p class=x>b</p>";
    let end = Instant::now() + Duration::from_secs(2);
    let changing = thread::spawn(move || {
        let b = own.join("b.sel");
        while Instant::now() < end {
            let _ = fs::remove_file(&b);
            let _ = fs::write(&b, b".y\n");
        }
    });
    let mut runs = 0;
    while Instant::now() < end {
        let run = run(&["--no-default-selectors", "-s", &args], page);
        match run.exit {
            Some(0) => assert_eq!((&*run.out, &*run.err), (&b"<p>a</p>"[..], "")),
            other => {
                assert_eq!((other, &*run.out), (Some(2), &b""[..]), "{}", run.err);
                assert!(run.err.contains("b.sel: "), "{}", run.err);
            }
        }
        runs += 1;
    }
    changing.join().expect("the other thread ends");
    assert!(runs > 1);
}
