//! Running the command, for tests.

#![allow(dead_code, reason = "not all tests need all of it")]

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::thread;

/// A run of the command that has ended.
pub struct Run {
    pub exit: Option<i32>,
    pub out: Vec<u8>,
    pub err: String,
}

/// The command, its configuration folder empty.
pub fn dehusk(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dehusk"));
    command
        .args(args)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs a command; `write` gives it its input while its output is read.
pub fn run_with(mut command: Command, write: impl FnOnce(ChildStdin) + Send + 'static) -> Run {
    let mut child = command.spawn().expect("the command starts");
    let input = child.stdin.take().expect("a pipe");
    let writer = thread::spawn(move || write(input));
    let output = child.wait_with_output().expect("the command ends");
    writer.join().expect("the writer ends");
    Run {
        exit: output.status.code(),
        out: output.stdout,
        err: String::from_utf8(output.stderr).expect("messages are UTF-8"),
    }
}

pub fn run(args: &[&str], page: &[u8]) -> Run {
    let page = page.to_vec();
    run_with(dehusk(args), move |mut input| {
        // Who refuses the flags does not read the page.
        let _ = input.write_all(&page);
    })
}

/// A folder of this test's own, with these files.
pub fn folder(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for tests");
    for (file, content) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for tests");
        fs::write(path, content).expect("a file for tests");
    }
    folder
}

/// Runs a line of shell with `$dehusk` on a terminal of its own; what is written to it, and the exit
/// status. `None` where no terminal can be had: there is no `script` here.
#[cfg(unix)]
#[allow(dead_code)] // Not all tests that run the command need a terminal.
pub fn on_terminal(line: &str) -> Option<(String, Option<i32>)> {
    let status = "; echo \"exit $?\"";
    let mut command = Command::new("script");
    // Where `CI` is set, colour is taken to be wanted whatever the terminal.
    for variable in ["CI", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    let output = command
        .args(["-qec", &format!("{line}{status}"), "/dev/null"])
        .env("dehusk", env!("CARGO_BIN_EXE_dehusk"))
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        // Past the test runner's capture: what was not tested must be seen.
        let _ = writeln!(std::io::stderr(), "no script(1) here; skipped: {line}");
        return None;
    };
    let out = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    let (out, status) = out.rsplit_once("exit ").expect("the shell's status");
    Some((out.to_owned(), status.trim().parse().ok()))
}
