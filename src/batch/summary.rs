//! What was done to many pages, counted: part by part as the workers go, and shown at the end.

use dehusk::{Kind, Report, Tally};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Rules that are shown.
const BUSIEST: usize = 10;

/// What was done to some pages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    /// Pages that were looked at, those that could not be filtered too.
    pub pages: u64,
    /// Their bytes, and what is left of them.
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// Pages that say that their article is cut short.
    pub prompts: u64,
    /// Pages that came through whole, but not all filtered.
    pub unfiltered: u64,
    /// Records and files that went through as they were, or not at all.
    pub failed: u64,
    /// Files that were up to date.
    pub skipped: u64,
    /// Records without a page, which went through as they were.
    pub others: u64,
    kinds: [Tally; Kind::ALL.len()],
    /// By file and line: elements, and characters of their text.
    rules: FxHashMap<(Arc<str>, u32), (u64, u64)>,
}

impl Summary {
    /// Adds a page.
    pub(crate) fn add(&mut self, report: &Report) {
        self.pages += 1;
        self.bytes_in += report.bytes_in;
        self.bytes_out += report.bytes_out;
        self.prompts += u64::from(report.truncated().is_some());
        self.unfiltered += u64::from(report.unfiltered.is_some());
        for (sum, kind) in self.kinds.iter_mut().zip(Kind::ALL) {
            add(sum, report.tally(kind));
        }
        for removal in &report.removals {
            let rule = (Arc::clone(&removal.file), removal.line);
            let (times, text) = self.rules.entry(rule).or_default();
            *times += 1;
            *text += removal.text_length;
        }
    }

    /// Adds what another part was.
    pub(crate) fn merge(&mut self, other: Summary) {
        self.pages += other.pages;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.prompts += other.prompts;
        self.unfiltered += other.unfiltered;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.others += other.others;
        for (sum, kind) in self.kinds.iter_mut().zip(other.kinds) {
            add(sum, kind);
        }
        for (rule, (times, text)) in other.rules {
            let sum = self.rules.entry(rule).or_default();
            sum.0 += times;
            sum.1 += text;
        }
    }

    /// Whether everything was filtered.
    pub(crate) fn is_clean(&self) -> bool {
        self.unfiltered == 0 && self.failed == 0
    }

    /// Bytes that were dropped, in percent.
    pub(crate) fn dropped(&self) -> u64 {
        let gone = self.bytes_in.saturating_sub(self.bytes_out);
        (gone * 100).checked_div(self.bytes_in).unwrap_or(0)
    }

    /// As lines for people.
    pub(crate) fn shown(&self, time: Duration) -> Shown<'_> {
        Shown {
            summary: self,
            time,
        }
    }
}

fn add(sum: &mut Tally, more: Tally) {
    sum.elements += more.elements;
    sum.bytes += more.bytes;
    sum.text += more.text;
}

/// A summary, and how long it took.
pub(crate) struct Shown<'a> {
    summary: &'a Summary,
    time: Duration,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.summary;
        let mut line = |name: &str, number: u64, more: &str| {
            writeln!(f, "{name:<17} {:>15}{more}", digits(number))
        };
        let seconds = self.time.as_secs_f64();
        let speed = |n: u64| n as f64 / seconds.max(1e-9);
        let pages = format!("  in {seconds:.1} s, {:.0} a second", speed(s.pages));
        line("pages", s.pages, &pages)?;
        let bytes = format!("  {:.1} MB/s", speed(s.bytes_in) / 1e6);
        line("bytes in", s.bytes_in, &bytes)?;
        let bytes = format!("  {} % dropped", s.dropped());
        line("bytes out", s.bytes_out, &bytes)?;
        line("cut short", s.prompts, "  by a paywall's prompt")?;
        line("not all filtered", s.unfiltered, "")?;
        line("failed", s.failed, "")?;
        if s.others > 0 {
            line("other records", s.others, "")?;
        }
        if s.skipped > 0 {
            line("up to date", s.skipped, "")?;
        }
        let kinds = || {
            let kinds = Kind::ALL.into_iter().zip(&s.kinds);
            kinds.filter(|(_, tally)| tally.elements > 0)
        };
        if kinds().next().is_some() {
            let (elements, bytes) = ("elements", "bytes");
            writeln!(
                f,
                "{:<17} {elements:>15} {bytes:>15}  characters",
                "dropped"
            )?;
        }
        for (kind, tally) in kinds() {
            let [elements, bytes] = [tally.elements, tally.bytes].map(digits);
            let (name, text) = (kind.name(), digits(tally.text));
            writeln!(f, "  {name:<15} {elements:>15} {bytes:>15} {text:>11}")?;
        }
        let mut rules: Vec<_> = s.rules.iter().collect();
        rules.sort_by_key(|((file, line), (times, text))| (Reverse((*times, *text)), file, line));
        if !rules.is_empty() {
            let (elements, text) = ("elements", "characters");
            writeln!(f, "{:<17} {elements:>15} {text:>15}", "busiest rules")?;
        }
        for ((file, line), (times, text)) in rules.into_iter().take(BUSIEST) {
            let place = format!("{file}:{line}");
            let [times, text] = [*times, *text].map(digits);
            writeln!(f, "  {:<31} {times} {text:>15}", Fit(&place, &times))?;
        }
        Ok(())
    }
}

/// A place, filled up so far that a number behind it ends in its column.
struct Fit<'a>(&'a str, &'a str);

impl fmt::Display for Fit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = f.width().unwrap_or(0).saturating_sub(self.1.len());
        write!(f, "{:<width$}", self.0)
    }
}

/// A number with its thousands apart.
pub(crate) fn digits(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use dehusk::{Options, Rules};

    fn report(page: &str) -> Report {
        let rules = Rules::builder()
            .builtin(false)
            .file("a.sel", "[ads]\n.ad\n[share]\n.share\n")
            .build()
            .unwrap();
        let options = Options::new().explain(true);
        dehusk::clean(&rules, &options, page.as_bytes(), std::io::sink()).unwrap()
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let pages = [
            "<p>a</p><i class=ad>1234</i>",
            "<i class=ad>5</i>",
            "<b class=share>six</b>",
        ];
        let mut whole = Summary::default();
        let mut parts = Summary::default();
        for page in pages {
            whole.add(&report(page));
            let mut part = Summary::default();
            part.add(&report(page));
            parts.merge(part);
        }
        let shown = |s: &Summary| s.shown(Duration::from_secs(1)).to_string();
        assert_eq!(shown(&whole), shown(&parts));
        let shown = shown(&whole);
        let words: Vec<Vec<&str>> = shown
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        for row in [
            &["pages", "3", "in", "1.0", "s,", "3", "a", "second"][..],
            &["bytes", "in", "67", "0.0", "MB/s"],
            &["bytes", "out", "8", "88", "%", "dropped"],
            &["ads", "2", "37", "5"],
            &["share", "1", "22", "3"],
            &["a.sel:2", "2", "5"],
            &["a.sel:4", "1", "3"],
        ] {
            assert!(words.iter().any(|words| words == row), "{row:?}\n{shown}");
        }
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, shown) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(digits(number), shown);
        }
    }
}
