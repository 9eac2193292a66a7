//! `dehusk preview --serve`: a list of pages and their previews, for this machine alone. Rules are read
//! again when a file with rules or a page changes, and what is open is loaded again. A rule that cannot
//! be read is told there, and the rules before it stay.

use super::document::{Previewed, STYLE, Served, filled, policy, text};
use super::watch::Watch;
use crate::batch::{PAGES, Stop, Target, Tree};
use crate::cli::{How, Preview};
use crate::job::{self, Exit};
use crate::{rule_set, rules_command};
use anyhow::{Context as _, Result, anyhow, bail};
use axum::Router;
use axum::extract::{Path as UrlPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use dehusk::{Kind, Options, Report, Rules};
use futures_util::future::{Either, select};
use futures_util::stream::{Stream, unfold};
use serde::Serialize;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{Notify, watch};

const TEMPLATE: &str = include_str!("index.html");
const INDEX_SCRIPT: &str = include_str!("index.js");
const LIVE_SCRIPT: &str = include_str!("live.js");

/// How long the server works on the reports of a list before it answers with those it has.
const MOMENT: Duration = Duration::from_millis(250);

/// What every answer says: nobody else may show it, keep it or guess what it is.
const HEADERS: [(header::HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_DNS_PREFETCH_CONTROL, "off"),
];

/// Names of this machine. A page elsewhere whose name leads here has another one.
const HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The rules as they are now.
struct Now {
    rules: Rules,
    /// Why these are not the ones that the files say.
    problem: Option<String>,
    /// Goes up with each change.
    version: u64,
}

struct Site {
    how: How,
    paths: Vec<PathBuf>,
    now: Mutex<Now>,
    /// Every page that was ever listed: its place here is its number.
    pages: Mutex<Vec<PathBuf>>,
    versions: watch::Sender<u64>,
}

/// Serves until somebody asks to stop.
///
/// # Errors
///
/// What the user has to know, in words.
pub(super) fn run(asked: &Preview) -> Result<Exit> {
    let site = Arc::new(Site::new(asked)?);
    let (pages, problems) = site.list()?;
    for problem in problems {
        eprintln!("dehusk: {problem}");
    }

    let port = asked.serve.port;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| {
        format!("cannot listen on port {port} of 127.0.0.1; --port 0 takes one that is free")
    })?;
    let address = listener.local_addr().context("cannot listen")?;
    let stop = Stop::on_signal().context("cannot listen to signals")?;
    watch_files(&site)?;

    if rule_set::checkout().is_some() && !asked.how.set.no_default_selectors {
        eprintln!("dehusk: the rules are those of selectors/, not those built in");
    }
    eprintln!("dehusk: {} pages; Ctrl-C ends this", pages.len());
    println!("http://{address}/");
    // Who does not read it knows the address.
    let _ = io::stdout().flush();

    serve(site, listener, &stop)?;
    Ok(Exit::Filtered)
}

fn serve(site: Arc<Site>, listener: TcpListener, stop: &Stop) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .context("cannot start the server")?;
    let asked = Arc::new(Notify::new());
    let wake = Arc::clone(&asked);
    let _awake = stop.awake(move || wake.notify_one());
    let result = runtime.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let serving = axum::serve(listener, router(site));
        match select(pin!(serving.into_future()), pin!(asked.notified())).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Ok(()),
        }
    });
    // Who listens for changes would wait for ever.
    runtime.shutdown_background();
    result.context("the server failed")
}

fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/page/{number}", get(page))
        .route("/reports/{numbers}", get(reports))
        .route("/changes", get(changes))
        .layer(from_fn(guard))
        .with_state(site)
}

/// Lets nobody in but this machine's own browser, under this machine's names: any site can have its own
/// name lead here (DNS rebinding).
async fn guard(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let mut response = if HOSTS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        next.run(request).await
    } else {
        let why = "dehusk serves this machine alone: http://127.0.0.1\n";
        (StatusCode::FORBIDDEN, why).into_response()
    };
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

/// A page of the server, made where it does not keep the others waiting.
async fn html(
    site: Arc<Site>,
    make: impl FnOnce(&Site) -> Result<String> + Send + 'static,
) -> Response {
    let made = blocking(move || {
        let result = make(&site);
        result.or_else(|error| site.message("This cannot be shown", &format!("{error:#}")))
    });
    match made.await {
        Ok(html) => Html(html).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response(),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| {
        Err(anyhow!(
            "dehusk failed on this page, which should not be; please report it"
        ))
    })
}

async fn index(State(site): State<Arc<Site>>) -> Response {
    html(site, Site::index).await
}

async fn page(State(site): State<Arc<Site>>, UrlPath(number): UrlPath<usize>) -> Response {
    html(site, move |site| site.preview(number)).await
}

async fn reports(State(site): State<Arc<Site>>, UrlPath(numbers): UrlPath<String>) -> Response {
    match blocking(move || site.reports(&numbers)).await {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error:#}\n")).into_response(),
    }
}

async fn changes(
    State(site): State<Arc<Site>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut versions = site.versions.subscribe();
    // What came after the page was made and before it asked counts too.
    versions.mark_changed();
    let events = unfold(versions, async |mut versions| {
        versions.changed().await.ok()?;
        let version = *versions.borrow_and_update();
        Some((Ok(Event::default().data(version.to_string())), versions))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// Reads the rules again whenever something changes, in a thread of its own.
fn watch_files(site: &Arc<Site>) -> Result<()> {
    let mut places = rule_set::places(&site.how.set);
    places.extend(site.paths.iter().cloned());
    let watch = Watch::new(&places).context("cannot watch files")?;
    for problem in &watch.problems {
        eprintln!("dehusk: {problem}");
    }
    let site = Arc::clone(site);
    std::thread::Builder::new()
        .spawn(move || {
            while watch.next().is_some() {
                site.read_again();
            }
        })
        .context("cannot watch files")?;
    Ok(())
}

impl Site {
    fn new(asked: &Preview) -> Result<Site> {
        if asked.files.is_empty() {
            bail!("--serve: which pages? files and folders are wanted");
        }
        if let Some(missing) = asked.files.iter().find(|path| !path.exists()) {
            bail!("cannot open {}", missing.display());
        }
        let how = asked.how.clone();
        // The time, so that no version is one of an earlier run.
        let version = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |time| time.as_millis() as u64);
        job::options(&how)?;
        Ok(Site {
            now: Mutex::new(Now {
                rules: job::rules_here(&how)?,
                problem: None,
                version,
            }),
            how,
            paths: asked.files.clone(),
            pages: Mutex::default(),
            versions: watch::Sender::new(version),
        })
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_again(&self) {
        let read = job::rules_here(&self.how);
        let mut now = self.now();
        match read {
            Ok(rules) => {
                now.rules = rules;
                now.problem = None;
            }
            Err(error) => {
                let problem = format!("{error:#}");
                if now.problem.as_ref() != Some(&problem) {
                    eprintln!("dehusk: {problem}\ndehusk: the rules stay as they were");
                }
                now.problem = Some(problem);
            }
        }
        now.version += 1;
        self.versions.send_replace(now.version);
    }

    /// The pages that there are now, with their numbers, and what cannot be read.
    fn list(&self) -> Result<(Vec<(usize, PathBuf)>, Vec<String>)> {
        let tree = Tree::new(&self.paths, Target::InPlace, PAGES)?;
        let mut known = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut pages, mut problems) = (Vec::new(), Vec::new());
        for item in tree.walk() {
            match item {
                // What came out of a page, kept beside it, is no page.
                Ok(item)
                    if item.input.ends_with("clean.html")
                        && item.input.with_file_name("page.html").exists() => {}
                Ok(item) => {
                    let place = known.iter().position(|path| *path == item.input);
                    let number = place.unwrap_or_else(|| {
                        known.push(item.input.clone());
                        known.len() - 1
                    });
                    pages.push((number, item.input));
                }
                Err(error) => problems.push(format!("{error:#}")),
            }
        }
        Ok((pages, problems))
    }

    fn path_of(&self, number: usize) -> Result<PathBuf> {
        let known = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let path = known.get(number).cloned();
        path.ok_or_else(|| anyhow!("there is no page {number}"))
    }

    /// A page's bytes, and what is known of it.
    fn read(&self, path: &Path) -> Result<(Vec<u8>, Options)> {
        let name = path.display();
        let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
        let mut page = Vec::new();
        crate::batch::content(file)
            .read_to_end(&mut page)
            .with_context(|| format!("cannot read {name}"))?;
        let options = job::options_on(rules_command::options_of(path)?, &self.how)?;
        Ok((page, options))
    }

    fn report(&self, number: usize, rules: &Rules) -> Result<Report> {
        let (page, options) = self.read(&self.path_of(number)?)?;
        let options = options.explain(true);
        Ok(dehusk::clean(rules, &options, &page[..], io::sink())?)
    }

    fn preview(&self, number: usize) -> Result<String> {
        let path = self.path_of(number)?;
        let (rules, problem, version) = self.snapshot();
        let (bytes, options) = self.read(&path)?;
        let previewed =
            Previewed::new(&rules, &options, &bytes).with_context(|| path.display().to_string())?;
        let served = Served {
            script: LIVE_SCRIPT,
            problem: problem.as_deref(),
            version,
        };
        previewed.html(&path.display().to_string(), Some(&served))
    }

    fn snapshot(&self) -> (Rules, Option<String>, u64) {
        let now = self.now();
        (now.rules.clone(), now.problem.clone(), now.version)
    }

    /// The reports of some pages, by their numbers, as far as they are done in a moment.
    fn reports(&self, numbers: &str) -> Result<String> {
        #[derive(Serialize)]
        struct Told {
            report: Option<Report>,
            problem: Option<String>,
        }
        let began = Instant::now();
        let rules = self.snapshot().0;
        let mut reports = Vec::new();
        for number in numbers.split(',') {
            let number = number.parse().context("numbers of pages are wanted")?;
            reports.push(match self.report(number, &rules) {
                Ok(report) => Told {
                    report: Some(report),
                    problem: None,
                },
                Err(error) => Told {
                    report: None,
                    problem: Some(format!("{error:#}")),
                },
            });
            if began.elapsed() > MOMENT {
                break;
            }
        }
        serde_json::to_string(&reports).context("the reports cannot be written as JSON")
    }

    fn index(&self) -> Result<String> {
        let (pages, problems) = self.list()?;
        let mut table = String::from(
            "<p class=\"hint\">What would go of each page’s text, in percent: all of it, and by kind.</p>\
             <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Pages\"><table><thead><tr>\
             <th scope=\"col\">page</th><th scope=\"col\">all</th>",
        );
        for kind in Kind::ALL {
            table.push_str(&format!("<th scope=\"col\">{kind}</th>"));
        }
        table.push_str("<th scope=\"col\">notes</th></tr></thead><tbody>");
        let cells = "<td></td>".repeat(1 + Kind::ALL.len());
        for (number, path) in pages {
            let name = text(&path.display().to_string());
            table.push_str(&format!(
                "<tr data-page=\"{number}\"><th scope=\"row\"><a href=\"/page/{number}\">{name}</a></th>\
                 {cells}<td class=\"note-cell\"></td></tr>"
            ));
        }
        table.push_str("</tbody></table></div>");
        for problem in problems {
            table.push_str(&format!("<p class=\"hint\">{}</p>", text(&problem)));
        }
        self.shown("Pages", &table)
    }

    /// A page that says something.
    fn message(&self, title: &str, message: &str) -> Result<String> {
        let message = text(message);
        self.shown(
            title,
            &format!("<p>{message}</p><p><a href=\"/\">All pages</a></p>"),
        )
    }

    fn shown(&self, title: &str, content: &str) -> Result<String> {
        #[derive(Serialize)]
        struct Data {
            kinds: [&'static str; Kind::ALL.len()],
            served: u64,
        }
        let (_, problem, served) = self.snapshot();
        let kinds = Kind::ALL.map(Kind::name);
        let data = serde_json::to_string(&Data { kinds, served })
            .context("the data cannot be written as JSON")?;
        let scripts = [INDEX_SCRIPT, LIVE_SCRIPT];
        Ok(filled(
            TEMPLATE,
            &[
                ("policy", &policy(&scripts, true)),
                ("title", title),
                ("style", STYLE),
                ("hidden", if problem.is_some() { "" } else { " hidden" }),
                ("problem", &text(&problem.unwrap_or_default())),
                ("content", content),
                ("data", &data),
                ("script", &scripts.join("</script>\n<script>")),
            ],
        ))
    }
}
