//! Passes over a folder of pages, one for each line of standard input; for each, the seconds of
//! processor time it took are printed. `eval/peers.py` times the library with it, in turns with others.
//!
//!     passes dehusk|lol_html FOLDER
//!
//! `lol_html` is one `*` handler that reads class and id, as in `benches/throughput.rs`.

use dehusk::{Filter, Options, Rules};
use lol_html::html_content::Element;
use lol_html::{ElementContentHandlers, HtmlRewriter, Settings};
use std::borrow::Cow;
use std::error::Error;
use std::hint::black_box;
use std::io::{Write as _, stdin, stdout};
use std::time::{Duration, Instant};
use std::{env, fs};

type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    let mut arguments = env::args().skip(1);
    let (Some(way), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("passes dehusk|lol_html FOLDER".into());
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    let pages: Vec<Vec<u8>> = paths.iter().map(fs::read).collect::<Result<_, _>>()?;
    let rules = Rules::builtin();
    let options = Options::new().encoding("utf-8")?;
    for line in stdin().lines() {
        line?;
        let begun = Clock::new();
        for page in &pages {
            match &*way {
                "dehusk" => filter(page, &rules, &options)?,
                "lol_html" => read(page)?,
                way => return Err(format!("no way {way}").into()),
            }
        }
        let took = begun.elapsed();
        writeln!(stdout(), "{}", took.as_secs_f64())?;
    }
    Ok(())
}

fn filter(page: &[u8], rules: &Rules, options: &Options) -> Done {
    let mut out = Vec::with_capacity(page.len());
    let mut filter = Filter::new(rules, options, &mut out);
    filter.write(page)?;
    black_box(filter.finish()?);
    black_box(&out);
    Ok(())
}

fn read(page: &[u8]) -> Done {
    let handler = ElementContentHandlers::default().element(|element: &mut Element<'_, '_>| {
        black_box((element.get_attribute("class"), element.get_attribute("id")));
        Ok(())
    });
    let settings = Settings::new()
        .append_element_content_handler((Cow::Owned("*".parse()?), handler))
        .with_strict(false);
    let mut out = Vec::with_capacity(page.len());
    let mut rewriter = HtmlRewriter::new(settings, |chunk: &[u8]| out.extend_from_slice(chunk));
    for piece in page.chunks(64 * 1024) {
        rewriter.write(piece)?;
    }
    rewriter.end()?;
    black_box(&out);
    Ok(())
}

/// The processor time of this thread; where the system does not tell it, time.
struct Clock(Option<Duration>, Instant);

impl Clock {
    fn new() -> Self {
        Clock(on_processor(), Instant::now())
    }

    fn elapsed(&self) -> Duration {
        match (self.0, on_processor()) {
            (Some(then), Some(now)) => now.saturating_sub(then),
            _ => self.1.elapsed(),
        }
    }
}

/// Linux: nanoseconds on the processor come first in `schedstat`.
fn on_processor() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = stat.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}
