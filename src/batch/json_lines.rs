//! Files of JSON lines as a [`Format`]: which fields are meant, and from an input to an output.

use super::compression::{Compressed, Packed, content};
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
pub(crate) struct JsonLines(Records);

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
        Ok(JsonLines(Records {
            settings,
            names,
            one_site,
            strict: many.strict,
            compressed: Compressed::No,
        }))
    }
}

impl Format for JsonLines {
    const EXTENSIONS: &'static [&'static str] = &["jsonl", "ndjson"];

    fn begin(&mut self, to: Output, place: Place<'_>) -> Result<Packed<Output>> {
        self.0.compressed = match place {
            Place::Stdout => Compressed::No,
            Place::Named(path) | Place::Beside(path) => Compressed::by_name(path),
        };
        Ok(Packed::new(to, self.0.compressed)?)
    }

    fn filter(&mut self, run: &mut Run, input: Input, to: &mut Packed<Output>) -> Result<Ended> {
        let name = input.name.clone();
        let place = input.place();
        // Somebody may wait for each line, as long as nothing holds it back behind here.
        let eager = input.size().is_none() && self.0.compressed == Compressed::No;
        let counted = Counted::new(input.reader, run.progress.meter());
        let mut cutter = Cutter::new(content(counted), &name, eager);
        let mut last = 0;
        let mut ended = Ended::Strict;
        let end = pool::run(
            &self.0,
            run.threads,
            &run.stop,
            move || cutter.next(),
            |done| {
                if let Err(error) = to.write(&done.block?) {
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
