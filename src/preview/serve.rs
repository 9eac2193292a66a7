//! `dehusk preview --serve`: the server. It answers this machine alone, and tells who listens when rules
//! or pages have changed; what is on its pages is [`Site`]'s.

use super::site::Site;
use super::watch::Watch;
use crate::batch::Stop;
use crate::cli::Preview;
use crate::job::Exit;
use crate::rule_set;
use anyhow::{Context as _, Result, anyhow};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures_util::future::{Either, select};
use futures_util::stream::{Stream, unfold};
use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::Notify;

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

/// Serves until somebody asks to stop.
///
/// # Errors
///
/// What the user has to know, in words.
pub(super) fn run(asked: &Preview) -> Result<Exit> {
    let site = Arc::new(Site::new(asked)?);
    let found = site.list()?;
    for problem in &found.problems {
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
    eprintln!("dehusk: {} pages; Ctrl-C ends this", found.pages.len());
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

async fn page(State(site): State<Arc<Site>>, Path(number): Path<usize>) -> Response {
    html(site, move |site| site.preview(number)).await
}

async fn reports(State(site): State<Arc<Site>>, Path(numbers): Path<String>) -> Response {
    match blocking(move || site.reports(&numbers)).await {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error:#}\n")).into_response(),
    }
}

async fn changes(
    State(site): State<Arc<Site>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut versions = site.versions();
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
    let watch = Watch::new(&site.places()).context("cannot watch files")?;
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
