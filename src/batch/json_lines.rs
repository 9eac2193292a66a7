//! Files of JSON lines as a [`Format`]: which fields are meant, and from an input to an output.

use super::compression::{Compressed, Packed, Packer, content};
use super::files::{Format, Place};
use super::input::Input;
use super::json::Names;
use super::lines::{Cutter, Records};
use super::output::Output;
use super::page::Settings;
use super::pool::{self, End, Flow};
use super::progress::Counted;
use super::summary::digits;
use super::{Ended, Run};
use crate::cli::Many;
use anyhow::{Context as _, Result, bail};
use std::io;

/// JSON lines as the flags describe them.
pub(crate) struct JsonLines {
    records: Records,
    /// The last line of the output has no end yet, for its input had none.
    is_open: bool,
}

impl JsonLines {
    /// # Errors
    ///
    /// The fields are not three.
    pub(crate) fn new(many: &Many, settings: Settings, one_site: bool) -> Result<Self> {
        let names = Names {
            html: many.html_field.clone(),
            url: many.url_field.clone(),
            report: many.report_field.clone(),
        };
        if names.html == names.url
            || names
                .report
                .as_ref()
                .is_some_and(|r| [&names.html, &names.url].contains(&r))
        {
            bail!("--html-field, --url-field and --report-field must name three fields");
        }
        let records = Records {
            settings,
            names,
            one_site,
            strict: many.strict,
            compressed: Compressed::No,
        };
        Ok(JsonLines {
            records,
            is_open: false,
        })
    }
}

impl Format for JsonLines {
    const EXTENSIONS: &'static [&'static str] = &["jsonl", "ndjson"];

    fn begin(&mut self, to: Output, place: Place<'_>) -> Result<Packed<Output>> {
        let compressed = match place {
            Place::Stdout => Compressed::No,
            Place::Named(path) | Place::Beside(path) => Compressed::by_name(path),
        };
        self.records.compressed = compressed;
        self.is_open = false;
        Ok(Packed::new(to, compressed)?)
    }

    fn filter(&mut self, run: &mut Run, input: Input, to: &mut Packed<Output>) -> Result<Ended> {
        let name = input.name.clone();
        let place = input.place();
        // Somebody may wait for each line, as long as nothing holds it back behind here.
        let eager = input.size().is_none() && self.records.compressed == Compressed::No;
        let counted = Counted::new(input.reader, run.progress.meter());
        let mut cutter = Cutter::new(content(counted), &name, eager);
        let mut last = 0;
        // The lines of two inputs do not become one.
        let mut open_before = self.is_open;
        let mut ended = Ended::Strict;
        let end = pool::run(
            &self.records,
            run.threads,
            &run.stop,
            move || cutter.next(),
            |done| {
                let mut written = Ok(());
                if std::mem::take(&mut open_before) {
                    let end = Packer::new(self.records.compressed).pack(b"\n".to_vec())?;
                    written = to.write(&end);
                }
                self.is_open = done.is_open;
                let block = done.block?;
                if let Err(error) = written.and_then(|()| to.write(&block)) {
                    if error.kind() == io::ErrorKind::BrokenPipe {
                        ended = Ended::Gone;
                        return Ok(Flow::Enough);
                    }
                    return Err(error).context("cannot write");
                }
                last = done.last;
                for problem in done.problems {
                    let (line, what) = (problem.line, problem.what);
                    run.progress.say(format_args!("{place}line {line}: {what}"));
                }
                run.summary.merge(done.summary);
                run.progress.show(&run.summary);
                Ok(if done.halt { Flow::Enough } else { Flow::On })
            },
        )?;
        Ok(match end {
            End::All => Ended::All,
            End::Enough => ended,
            End::Stopped => {
                let last = digits(last);
                run.progress
                    .say(format_args!("stopped after line {last} of {name}"));
                Ended::Stopped
            }
        })
    }
}
