//! What was dropped, and what nearly was, on standard error: aligned lines for people, in colour on a
//! terminal, or JSON lines, of which `docs/report.schema.json` says what stands in them.

use crate::cli::{Color, Explain};
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, Result};
use dehusk::{Kept, Kind, Printable, Removal, Report};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// Characters that a column takes at most for the sake of alignment; what is longer moves its line on.
const WIDEST: usize = 44;
/// Characters of the first words of a text that has last words too.
const FIRST: usize = 48;
/// Elements of the same name that the same rule nearly took: so many are shown to people, for pages repeat
/// themselves. Programs are told of all.
const ALIKE: usize = 3;

/// Tells what was done to a page.
///
/// # Errors
///
/// Standard error cannot be written to.
pub(crate) fn tell(report: &Report, format: Explain, color: Color) -> Result<()> {
    let told = match format {
        Explain::Text => {
            let mut out = AutoStream::new(io::stderr().lock(), color.choice());
            let painted = out.current_choice() != ColorChoice::Never;
            out.write_all(as_text(report, painted).as_bytes())
        }
        Explain::Json => as_json(report).and_then(|json| io::stderr().write_all(&json)),
    };
    match told {
        // Nobody reads standard error: nothing is lost.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to standard error"),
    }
}

impl Color {
    /// The same in the words of the crate that knows terminals, `NO_COLOR` and `CLICOLOR`.
    pub(crate) fn choice(self) -> ColorChoice {
        match self {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
    }
}

/// The colour of a kind.
pub(crate) fn style_of(kind: Kind) -> Style {
    let color = match kind {
        Kind::Subscription => AnsiColor::BrightRed,
        Kind::Related => AnsiColor::BrightBlue,
        Kind::Navigation => AnsiColor::Cyan,
        Kind::Share => AnsiColor::Green,
        Kind::Newsletter => AnsiColor::Magenta,
        Kind::Consent => AnsiColor::Yellow,
        Kind::Ads => AnsiColor::Red,
        Kind::Repeats => AnsiColor::BrightBlack,
        Kind::Comments => AnsiColor::BrightCyan,
        Kind::Byline => AnsiColor::BrightGreen,
        Kind::Captions => AnsiColor::BrightMagenta,
        Kind::Custom => AnsiColor::BrightYellow,
    };
    color.on_default()
}

/// Something that went, or nearly did.
#[derive(Clone, Copy)]
enum Told<'a> {
    Gone(&'a Removal),
    Kept(&'a Kept),
}

impl Told<'_> {
    fn start(&self) -> u64 {
        match self {
            Told::Gone(removal) => removal.bytes.start,
            Told::Kept(kept) => kept.bytes.start,
        }
    }
}

/// What went and what nearly did, in the order of the page.
fn in_order(report: &Report) -> Vec<Told<'_>> {
    let gone = report.removals.iter().map(Told::Gone);
    let mut told: Vec<Told<'_>> = gone.chain(report.kept.iter().map(Told::Kept)).collect();
    told.sort_by_key(Told::start);
    told
}

/// A line, its columns as text.
struct Row {
    label: &'static str,
    style: Style,
    /// Rule, element, bytes.
    columns: [String; 3],
    words: String,
    saved: Option<String>,
}

impl Row {
    fn of(told: Told<'_>) -> Row {
        match told {
            Told::Gone(r) => Row {
                label: r.kind.name(),
                style: style_of(r.kind),
                columns: columns(&r.file, r.line, &r.element, &r.bytes),
                words: words(&r.text, &r.last_words),
                saved: None,
            },
            Told::Kept(k) => Row {
                label: "kept",
                style: Style::new().dimmed(),
                columns: columns(&k.file, k.line, &k.element, &k.bytes),
                words: words(&k.text, &k.last_words),
                saved: Some(format!("{}: {}", k.kind, k.saved)),
            },
        }
    }
}

fn columns(file: &str, line: u32, element: &str, bytes: &std::ops::Range<u64>) -> [String; 3] {
    [
        format!("{}:{line}", Printable(file)),
        Printable(element).to_string(),
        format!("{}-{}", bytes.start, bytes.end),
    ]
}

/// A text by its beginning and its end.
pub(crate) fn words(first: &str, last: &str) -> String {
    if last.is_empty() {
        return format!("\"{}\"", Printable(first));
    }
    let cut = match first.char_indices().nth(FIRST) {
        None => first.trim_end_matches(" …"),
        Some((end, _)) => {
            let cut = &first[..end];
            cut.rsplit_once(' ').map_or(cut, |(words, _)| words)
        }
    };
    format!("\"{} … {}\"", Printable(cut), Printable(last))
}

/// The report for people.
pub(crate) fn as_text(report: &Report, painted: bool) -> String {
    let mut rows: Vec<Row> = Vec::new();
    let mut alike: HashMap<(&str, u32, &str), (usize, usize)> = HashMap::new();
    for told in in_order(report) {
        if let Told::Kept(kept) = told {
            let (count, last) = alike
                .entry((&kept.file, kept.line, &kept.element))
                .or_default();
            *count += 1;
            if *count > ALIKE {
                continue;
            }
            *last = rows.len();
        }
        rows.push(Row::of(told));
    }
    for (count, last) in alike.into_values() {
        if count > ALIKE
            && let Some(saved) = &mut rows[last].saved
        {
            saved.push_str(&format!("; {} more like this", count - ALIKE));
        }
    }
    rows.extend(report.prompt.iter().map(|p| Row {
        label: "truncated",
        style: AnsiColor::Yellow.on_default().bold(),
        columns: columns(&p.file, p.line, &p.element, &p.bytes),
        words: words(&p.text, ""),
        saved: None,
    }));
    let width = |i: usize| {
        let widths = rows.iter().map(|row| row.columns[i].chars().count());
        widths.filter(|&width| width <= WIDEST).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let mut out = String::new();
    for row in &rows {
        let paint = |style: Style| if painted { style } else { Style::new() };
        let (style, dim) = (paint(row.style), paint(Style::new().dimmed()));
        let [rule, element, bytes] = &row.columns;
        let [w0, w1, w2] = widths;
        let _ = write!(
            out,
            "{style}{:<12}{style:#} {dim}{rule:<w0$}{dim:#}  {style}{element:<w1$}{style:#}  {dim}{bytes:<w2$}{dim:#}  {}",
            row.label, row.words
        );
        if let Some(saved) = &row.saved {
            let _ = write!(out, "  {saved}");
        }
        out.push('\n');
    }
    out
}

/// The report for programs: an object a line, and one for the page at the end.
fn as_json(report: &Report) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    for told in in_order(report) {
        match told {
            Told::Gone(removal) => serde_json::to_writer(&mut out, removal)?,
            Told::Kept(kept) => serde_json::to_writer(&mut out, kept)?,
        }
        out.push(b'\n');
    }
    serde_json::to_writer(&mut out, report)?;
    out.push(b'\n');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_text() {
        let long = "one two three four five six seven eight nine ten eleven twelve …";
        for (first, last, expected) in [
            ("a b", "", "\"a b\""),
            ("", "", "\"\""),
            ("a b …", "c", "\"a b … c\""),
            (
                long,
                "the end.",
                "\"one two three four five six seven eight nine … the end.\"",
            ),
            ("a\u{1b}[2J", "\u{202e}b", "\"a\\u{1b}[2J … \\u{202e}b\""),
        ] {
            assert_eq!(words(first, last), expected);
        }
    }
}
