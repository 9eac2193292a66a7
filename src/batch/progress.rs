//! A bar on the terminal while the work goes on, and lines that do not run into it. Where standard error
//! is no terminal there is none.

use super::summary::{Summary, digits};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt;
use std::io::{self, Read, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Pictures of the bar a second.
const PICTURES: u8 = 5;

/// Bytes of the input that have been read; readers count them, the bar shows them.
#[derive(Clone, Default)]
pub(crate) struct Meter(Arc<AtomicU64>);

impl Meter {
    pub(crate) fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A reader whose bytes are counted.
pub(crate) struct Counted<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Counted<R> {
    pub(crate) fn new(inner: R, meter: &Meter) -> Self {
        Counted {
            inner,
            meter: meter.clone(),
        }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.meter.add(n as u64);
        Ok(n)
    }
}

/// What is told while the work goes on.
pub(crate) struct Progress {
    bar: ProgressBar,
    meter: Meter,
    started: Instant,
}

impl Progress {
    /// A bar, unless nobody wants to see it.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = if quiet {
            ProgressBar::hidden()
        } else {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(PICTURES))
        };
        bar.set_style(style("{spinner} {msg}  {elapsed}"));
        bar.enable_steady_tick(Duration::from_millis(500));
        Progress {
            bar,
            meter: Meter::default(),
            started: Instant::now(),
        }
    }

    /// Whether anybody sees the bar.
    pub(crate) fn is_seen(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// So many bytes there are to be read.
    pub(crate) fn expect(&self, bytes: u64) {
        self.bar.set_length(bytes);
        self.bar
            .set_style(style("{wide_bar} {percent} %  {msg}  ETA {eta}"));
    }

    /// Where readers count.
    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Shows how far it is.
    pub(crate) fn show(&self, so_far: &Summary) {
        if !self.is_seen() {
            return;
        }
        self.bar.set_position(self.meter.get());
        let seconds = self.started.elapsed().as_secs_f64();
        self.bar.set_message(format!(
            "{} pages  {:.1} MB/s  {} % dropped",
            digits(so_far.pages),
            so_far.bytes_in as f64 / seconds.max(1e-9) / 1e6,
            so_far.dropped()
        ));
    }

    /// A line on standard error.
    pub(crate) fn say(&self, line: impl fmt::Display) {
        // Nobody reads standard error: nothing is lost.
        self.bar.suspend(|| {
            let _ = writeln!(io::stderr(), "dehusk: {line}");
        });
    }

    /// The bar goes; tells how long it was there.
    pub(crate) fn finish(&self) -> Duration {
        self.bar.finish_and_clear();
        self.started.elapsed()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_can_be_read() {
        for template in [
            "{spinner} {msg}  {elapsed}",
            "{wide_bar} {percent} %  {msg}  ETA {eta}",
        ] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
