//! Failed tests in words: the test as it was written, what was measured, what would have been enough.

use super::{Failing, SHOWN};
use crate::matcher::deferred::Look;
use crate::matcher::{Matcher, NodeRef};
use crate::report::{Amount, FailedTest};
use crate::rules::selector::{Limit, Measure};
use crate::rules::sheet::Test;
use crate::rules::written;
use crate::text::UNITS;
use std::fmt;

impl Matcher {
    /// A failed test in words.
    pub(super) fn told(&self, r: NodeRef, failing: Failing, look: &Look<'_>) -> FailedTest {
        let measures = &look.measures;
        match failing {
            Failing::Page(flag) => {
                let name = SHOWN.iter().find(|(shown, _)| *shown == flag);
                FailedTest::of(name.map_or("", |(_, name)| name).to_owned())
            }
            Failing::Guard(place, at) => {
                let not = self.written(r, place);
                let argument =
                    not.and_then(|not| written::arguments(not).get(usize::from(at)).copied());
                let argument = argument.unwrap_or("…");
                FailedTest::of(format!(":not({argument})"))
            }
            Failing::Either(place) => {
                FailedTest::of(self.written(r, place).unwrap_or(":is(…)").to_owned())
            }
            Failing::Measure(i) => match &self.node(r).deferred[usize::from(i)] {
                Test::Length(measure, limit) => {
                    let have = measures.length(*measure);
                    let name = match measure {
                        Measure::MinText => "min-text-length",
                        Measure::MaxText => "max-text-length",
                        Measure::MaxNonlink => "max-nonlink-text",
                        Measure::MaxParagraph => "max-paragraph-text",
                    };
                    FailedTest {
                        test: format!(":{name}({})", Said(*limit)),
                        measured: Some(Amount::Characters(have.div_ceil(UNITS))),
                        limit: Some(Amount::Characters(measures.allowed(*limit) / UNITS)),
                    }
                }
                Test::MinLinkDensity(x) => density("min-link-density", *x, look),
                Test::MaxLinkDensity(x) => density("max-link-density", *x, look),
                Test::MinLinks(n) => FailedTest {
                    test: format!(":min-links({n})"),
                    measured: Some(Amount::Links(u64::from(measures.links))),
                    limit: Some(Amount::Links(u64::from(*n))),
                },
                Test::MaxLinkText(n) => {
                    let links = u64::from(measures.links);
                    let mean = measures.link.checked_div(links * UNITS);
                    FailedTest {
                        test: format!(":max-link-text({n})"),
                        measured: mean.map(Amount::Characters),
                        limit: Some(Amount::Characters(u64::from(*n))),
                    }
                }
                _ => FailedTest::of(":empty".to_owned()),
            },
        }
    }

    /// A simple selector of a node's rule as it was written, by its place in the compound.
    fn written(&self, r: NodeRef, place: u8) -> Option<&str> {
        let sheet = &self.active[r.sheet()].sheet;
        let rule = sheet.node(r.node()).uses.rule?;
        let subjects = sheet.nodes.iter().enumerate();
        let mut subjects = subjects.filter(|(_, node)| node.uses.rule == Some(rule));
        let nth = subjects.position(|(id, _)| id == r.node().0 as usize)?;
        written::simple(
            &sheet.rules[rule as usize].selector,
            nth,
            usize::from(place),
        )
    }
}

/// A limit as a selector says it.
struct Said(Limit);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.characters)?;
        match self.0.percent {
            0 => Ok(()),
            percent => write!(f, " + {percent}%"),
        }
    }
}

fn density(name: &str, wanted: u32, look: &Look<'_>) -> FailedTest {
    let measured = (look.measures.link * 1000).checked_div(look.measures.text);
    FailedTest {
        test: format!(":{name}({})", Amount::Share(wanted)),
        measured: measured.map(|share| Amount::Share(share.min(1000) as u32)),
        limit: Some(Amount::Share(wanted)),
    }
}
