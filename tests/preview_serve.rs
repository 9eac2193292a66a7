//! `dehusk preview --serve` as a browser and others on the network see it, over plain sockets. That open
//! pages load again is seen in `tests/browser/`.

#![cfg(unix)]

mod run;

use run::{dehusk, folder, run};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server of previews in a folder; it ends with this.
struct Server {
    child: Child,
    /// `127.0.0.1:PORT`.
    address: String,
}

impl Server {
    fn start(here: &Path, args: &[&str]) -> Server {
        let args = [&["preview", "--serve", "--port", "0"], args].concat();
        let mut child = dehusk(&args)
            .current_dir(here)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the command starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe"))
            .read_line(&mut line)
            .expect("an address");
        let address = line.trim().strip_prefix("http://").expect("an address");
        let address = address.trim_end_matches('/').to_owned();
        Server { child, address }
    }

    fn request(&self, start: &str, host: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("somebody listens");
        write!(
            stream,
            "{start} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        .expect("a request can be sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// An answer without its style sheet and scripts.
    fn get(&self, path: &str) -> String {
        let mut answer = self.request(&format!("GET {path}"), &self.address);
        for (start, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
            while let Some((before, rest)) = answer.split_once(start) {
                let after = rest.split_once(end).map_or("", |(_, after)| after);
                answer = format!("{before}{after}");
            }
        }
        answer
    }

    /// The first answer that says this.
    fn until(&self, path: &str, says: &str) -> String {
        let began = Instant::now();
        loop {
            let answer = self.get(path);
            if answer.contains(says) {
                return answer;
            }
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "{says:?} is not in {answer}"
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn only_this_machine_is_served() {
    let here = folder("serve-hosts", &[("a.html", b"<p>a")]);
    let server = Server::start(&here, &["a.html"]);
    let port = server.address.rsplit(':').next().expect("a port");
    for (host, status) in [
        (format!("127.0.0.1:{port}"), "200"),
        (format!("localhost:{port}"), "200"),
        ("LOCALHOST".to_owned(), "200"),
        (format!("[::1]:{port}"), "200"),
        (format!("evil.example:{port}"), "403"),
        (format!("127.0.0.1.evil.example:{port}"), "403"),
        ("localhost:x".to_owned(), "403"),
        ("[::1]:80.evil.example".to_owned(), "403"),
        (String::new(), "403"),
    ] {
        let answer = server.request("GET /", &host);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{host}: {answer}"
        );
        for header in ["frame-ancestors 'none'", "no-store", "nosniff"] {
            assert!(answer.contains(header), "{host}: {answer}");
        }
    }
    // Nothing but reading.
    let answer = server.request("POST /page/0", &server.address);
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    assert!(
        TcpStream::connect_timeout(
            &format!("127.0.0.2:{port}").parse().expect("an address"),
            Duration::from_millis(500)
        )
        .is_err(),
        "it listens at no other address"
    );
}

#[test]
fn pages_and_their_reports() {
    let packed = Command::new("gzip")
        .arg("-c")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .and_then(|mut gzip| {
            gzip.stdin
                .take()
                .expect("a pipe")
                .write_all(b"<p class=x>packed")?;
            gzip.wait_with_output()
        })
        .expect("gzip runs")
        .stdout;
    let here = folder(
        "serve-pages",
        &[
            (
                "pages/one.example/case/page.html",
                b"<p class=x>ab</p><p>cd",
            ),
            ("pages/one.example/case/clean.html", b"<p>cd"),
            ("pages/one.example/case/args", b"--drop all"),
            ("pages/two.htm", b"<p>&lt;b"),
            ("pages/three.html.gz", &packed),
            ("pages/four.html", b"%PDF-"),
            ("pages/notes.txt", b"<p>"),
            ("secret.html", b"<p>secret"),
            ("x.sel", b"[byline]\n.x\n"),
        ],
    );
    let server = Server::start(&here, &["--no-default-selectors", "-s", "x.sel", "pages"]);
    let index = server.get("/");
    let names: Vec<&str> = index
        .split("<a href=\"/page/")
        .skip(1)
        .map(|link| link.split(['>', '<']).nth(1).expect("a name"))
        .collect();
    assert_eq!(
        names,
        [
            "four.html",
            "one.example/case/page.html",
            "three.html.gz",
            "two.htm"
        ]
    );
    // In its folder of cases bylines go.
    let page = server.get("/page/1");
    assert!(
        page.contains("<p data-dehusk=&quot;byline-1&quot; class=x>ab"),
        "{page}"
    );
    assert!(page.contains("\"site\":\"one.example\""), "{page}");
    let packed = server.get("/page/2");
    assert!(packed.contains("<p class=x>packed"), "{packed}");
    let binary = server.get("/page/0");
    assert!(
        binary.contains("a PDF file; there is nothing to show"),
        "{binary}"
    );

    let reports = server.get("/reports/1,3");
    assert!(
        reports.contains("\"byline\":{\"elements\":1,\"bytes\":17,\"text\":2}"),
        "{reports}"
    );
    for path in [
        "/page/9",
        "/page/../../secret.html",
        "/page/secret.html",
        "/reports/x",
    ] {
        let answer = server.get(path);
        assert!(!answer.contains("<p>secret"), "{path}: {answer}");
        assert!(
            answer.contains("there is no page 9") || answer.starts_with("HTTP/1.1 40"),
            "{path}: {answer}"
        );
    }
    // What comes later is listed too, below a number of its own.
    fs::write(here.join("pages/a.html"), "<p>new").expect("a page");
    let index = server.get("/");
    assert!(index.contains("<a href=\"/page/4\">a.html"), "{index}");
    assert!(server.get("/page/1").contains("class=x>ab"));
}

#[test]
fn rules_are_read_again_when_they_change() {
    let here = folder(
        "serve-rules",
        &[
            ("a.html", b"<p class=x>ab</p><p class=y>cd</p>"),
            ("mine/ads.sel", b".x\n"),
        ],
    );
    let server = Server::start(&here, &["--no-default-selectors", "-s", "mine", "a.html"]);
    let rules = here.join("mine/ads.sel");
    server.until("/page/0", "ads-1&quot; class=x");

    fs::write(&rules, ".y\n").expect("rules can be written");
    let page = server.until("/page/0", "ads-1&quot; class=y");
    assert!(page.contains("<p class=x>"), "{page}");

    // What cannot be read is said, and the rules stay.
    fs::write(&rules, ".x\n.y:nope(\n").expect("rules can be written");
    let page = server.until("/page/0", "\"problem\":\"mine/ads.sel:2:9: ");
    assert!(page.contains("ads-1&quot; class=y"), "{page}");
    assert!(server.get("/").contains("mine/ads.sel:2:9: "));

    // As editors do it: another file takes the name.
    fs::write(here.join("mine/.ads.sel.swp"), ".x\n").expect("rules can be written");
    fs::rename(here.join("mine/.ads.sel.swp"), &rules).expect("a file can be renamed");
    let page = server.until("/page/0", "\"problem\":null");
    assert!(page.contains("ads-1&quot; class=x"), "{page}");

    // New files, and pages, count as well.
    fs::write(here.join("mine/share.sel"), ".y\n").expect("rules can be written");
    server.until("/page/0", "share-2&quot; class=y");
    fs::write(here.join("a.html"), "<p class=y>ef</p>").expect("a page can be written");
    server.until(
        "/page/0",
        "share-1&quot; class=y&quot;>ef"
            .replace("&quot;>", ">")
            .as_str(),
    );
}

#[test]
fn a_checkout_shows_its_own_rules() {
    let here = folder(
        "serve-checkout",
        &[
            ("selectors/generic/ads.sel", b".x\np:has-text(@mine)\n"),
            ("selectors/sites/one.example.sel", b"[share]\n.y\n"),
            ("selectors/phrases/mine.txt", b"ef\n"),
            (
                "a.html",
                b"<nav>menu</nav><p class=x>ab</p><p class=y>cd</p><p>ef</p>",
            ),
        ],
    );
    let server = Server::start(&here, &["--site", "one.example", "a.html"]);
    let page = server.get("/page/0");
    assert!(
        page.contains("<nav>menu"),
        "built-in rules are not asked: {page}"
    );
    assert!(page.contains("\"file\":\"generic/ads.sel\""), "{page}");
    assert!(page.contains("share-2&quot; class=y"), "{page}");
    assert!(page.contains("ads-3&quot;>ef"), "{page}");
    fs::write(here.join("selectors/phrases/mine.txt"), "menu\n").expect("phrases can be written");
    server.until("/page/0", "share-2&quot; class=y>cd</p><p>ef");
    fs::write(here.join("selectors/generic/ads.sel"), "nav\n").expect("rules can be written");
    server.until("/page/0", "<nav data-dehusk=&quot;ads-1");
}

#[test]
fn what_cannot_be_served_is_said() {
    let here = folder("serve-errors", &[("a.html", b"<p>")]);
    let a = here.join("a.html").display().to_string();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    for (args, message) in [
        (&["--port", "1"][..], "--serve"),
        (&["--serve"], "which pages?"),
        (&["--serve", "no-such-folder"], "cannot open no-such-folder"),
        (&["--serve", "-e", ":nope", &a], "no such pseudo-class"),
        (
            &["--serve", "--site", "/", &a],
            "a host such as example.com",
        ),
        (
            &["--serve", "--port", &port, &a],
            "--port 0 takes one that is free",
        ),
        (&[&a, &a], "several pages: --serve shows them"),
    ] {
        let run = run(&[&["preview"], args].concat(), b"");
        assert_eq!(run.exit, Some(2), "{args:?}: {}", run.err);
        assert!(run.err.contains(message), "{args:?}: {}", run.err);
    }
}

#[test]
fn ctrl_c_ends_it() {
    let here = folder("serve-end", &[("a.html", b"<p>a")]);
    for (signal, listening) in [("-INT", false), ("-TERM", true)] {
        let mut server = Server::start(&here, &["a.html"]);
        // Somebody may wait for changes.
        let mut stream = TcpStream::connect(&server.address).expect("somebody listens");
        if listening {
            write!(stream, "GET /changes HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a request");
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            while !line.starts_with("data: ") {
                line.clear();
                reader.read_line(&mut line).expect("an event");
            }
        }
        let pid = server.child.id().to_string();
        let told = Command::new("kill").args([signal, &pid]).status();
        assert!(told.expect("kill runs").success());
        let status = server.child.wait().expect("it ends");
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}
