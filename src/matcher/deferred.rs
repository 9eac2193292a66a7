//! Tests that need an element's text or content: what they say while it is open, what at its end,
//! and when it is worth looking again.

use super::makes::Bounds;
use super::{Context, Matcher, NodeRef, Truth};
use crate::rules::pattern::{BEGINNING, Pattern, Place, Traits, beginning};
use crate::rules::phrases::{Asked, MAX_EXACT, Openings};
use crate::rules::selector::{Limit, Measure};
use crate::rules::sheet::{FIRST_WORD, Test};
use crate::text::{UNITS, fold, fold_into, opens_speech, trim_after_word, trim_to_word};

/// A beginning that is not yet long enough is looked at again after so many half characters.
const AGAIN: u64 = 32 * UNITS;

/// One look at an open element, for all tests that ask.
pub(super) struct Look<'a> {
    pub(super) depth: usize,
    /// All of the element has been seen.
    pub(super) ended: bool,
    pub(super) context: Context<'a>,
    pub(super) measures: Measures,
    /// The beginning of its text, folded; empty: not yet folded.
    pub(super) beginning: String,
    pub(super) openings: Option<Openings>,
    whole: Option<String>,
    traits: Option<Traits>,
    may_hold: Option<u64>,
}

/// What a text, all of it, said of phrase lists: the page-wide offsets of the last that was asked.
#[derive(Clone, Copy)]
pub(super) struct LastOpenings {
    range: (u64, u64),
    asked: Asked,
    openings: Openings,
}

/// What of an element is counted.
pub(super) struct Measures {
    ended: bool,
    /// In half characters.
    pub(super) text: u64,
    pub(super) link: u64,
    pub(super) paragraph: u64,
    /// The article's text before the element.
    article: u64,
    pub(super) links: u32,
    children: u32,
    /// A `:has()` has found something inside.
    matched: bool,
}

impl Matcher {
    /// What the text of an element says of phrase lists. A box around a box often has the same text.
    pub(super) fn openings(&self, depth: usize, asked: Asked, look: &mut Look<'_>) -> Openings {
        let text = look.context.text;
        let range = (self.stack[depth].text_start, text.end());
        if look.ended
            && let Some(last) = self.last_openings.get()
            && last.range == range
            && last.asked.covers(asked)
        {
            return last.openings;
        }
        let book = self.rules.book();
        let text = trim_to_word(self.slice(depth, look.context));
        let openings = book.openings(text, look.ended, asked, &mut look.beginning);
        look.beginning.clear();
        if look.ended {
            self.last_openings.set(Some(LastOpenings {
                range,
                asked,
                openings,
            }));
        }
        openings
    }

    /// A look at an element; `ended` if all of it has been seen.
    pub(super) fn look<'a>(&self, depth: usize, ended: bool, context: Context<'a>) -> Look<'a> {
        Look {
            depth,
            ended,
            context,
            measures: self.measures(depth, ended, context),
            beginning: String::new(),
            openings: None,
            whole: None,
            traits: None,
            may_hold: None,
        }
    }

    fn measures(&self, depth: usize, ended: bool, context: Context<'_>) -> Measures {
        let state = &self.stack[depth];
        let now = context.text.counts;
        Measures {
            ended,
            text: now.text - state.before.text,
            link: now.link - state.before.link,
            paragraph: now.paragraph - state.before.paragraph,
            article: state.snapshot.map_or(0, |s| s.article()),
            links: now.links - state.before.links,
            children: state.children,
            matched: !state.fired.is_empty(),
        }
    }

    /// All deferred tests of a node.
    pub(super) fn all(&self, r: NodeRef, bits: u32, look: &mut Look<'_>) -> Truth {
        let mut truth = Truth::Yes;
        for test in &self.node(r).deferred {
            match self.test_deferred(test, r, bits, look) {
                Truth::No => return Truth::No,
                Truth::Yes => {}
                later => truth = later,
            }
        }
        truth
    }

    pub(super) fn test_deferred(
        &self,
        test: &Test,
        r: NodeRef,
        bits: u32,
        look: &mut Look<'_>,
    ) -> Truth {
        let measured = look.measures.test(test);
        measured.unwrap_or_else(|| self.test(test, r, bits, look))
    }

    pub(super) fn test(&self, test: &Test, r: NodeRef, bits: u32, look: &mut Look<'_>) -> Truth {
        match test {
            Test::Has(probes) => {
                let fired = &self.stack[look.depth].fired;
                let has = probes.iter().any(|&p| fired.contains(&r.sibling(p)));
                look.measures.at_least(has)
            }
            Test::Text(place, pattern) => self.text_test(*place, pattern, look),
            Test::Code(_) if !look.ended => Truth::Later(0),
            Test::Code(pattern) => {
                let code = String::from_utf8_lossy(&self.stack[look.depth].code);
                match pattern {
                    Pattern::Expression(expression) => expression.is_match(&code).into(),
                    Pattern::Literal(words) => fold(&code).contains(&**words).into(),
                    Pattern::List(_) => Truth::No,
                }
            }
            Test::Repeats => {
                if look.ended {
                    let text = self.slice(look.depth, look.context);
                    repeats(text, look.depth, self, look.context).into()
                } else {
                    Truth::Later(0)
                }
            }
            Test::Any(alternatives) | Test::Not(alternatives) => {
                let mut any = Truth::No;
                for alternative in alternatives {
                    if bits & 1 << alternative.bit == 0 {
                        continue;
                    }
                    match self.all(r.sibling(alternative.node), bits, look) {
                        Truth::Yes => {
                            any = Truth::Yes;
                            break;
                        }
                        Truth::No => {}
                        later => any = later,
                    }
                }
                match (test, any) {
                    (Test::Not(_), Truth::Yes) => Truth::No,
                    (Test::Not(_), Truth::No) => Truth::Yes,
                    (_, truth) => truth,
                }
            }
            // Everything else was decided at the start tag.
            _ => Truth::Yes,
        }
    }

    fn slice<'t>(&self, depth: usize, context: Context<'t>) -> &'t str {
        let text = context.text;
        text.slice(self.stack[depth].text_start, text.end())
    }

    /// The lists that are looked for anywhere, of which something may stand in the element's text so far.
    pub(super) fn may_hold(&self, look: &mut Look<'_>) -> u64 {
        if let Some(lists) = look.may_hold {
            return lists;
        }
        let book = self.rules.book();
        let mut hits = self.hits.borrow_mut();
        hits.search(book, &self.starts, look.context.text);
        let text = self.slice(look.depth, look.context);
        let traits = *look.traits.get_or_insert_with(|| Traits::of(text));
        let start = self.stack[look.depth].text_start;
        let lists = hits.since(start, self.scanned) | book.gated(self.scanned, traits);
        look.may_hold = Some(lists);
        lists
    }

    fn text_test(&self, place: Place, pattern: &Pattern, look: &mut Look<'_>) -> Truth {
        let book = self.rules.book();
        let Look {
            depth,
            ended,
            context,
            ..
        } = *look;
        match place {
            Place::Anywhere => {
                if !ended {
                    return Truth::Later(0);
                }
                let text = self.slice(depth, context);
                match pattern {
                    Pattern::Expression(expression) => expression.is_match(text).into(),
                    Pattern::Literal(words) => look.whole(text).contains(&**words).into(),
                    Pattern::List(list) => {
                        if self.may_hold(look) & list.bit() == 0 {
                            return Truth::No;
                        }
                        let start = self.stack[depth].text_start;
                        let hits = self.hits.borrow();
                        let found = hits.has_phrase(*list, start) || {
                            let traits = *look.traits.get_or_insert_with(|| Traits::of(text));
                            let has_needle = hits.has_needle(*list, start);
                            book.expression_found(*list, traits, has_needle, || look.whole(text))
                        };
                        found.into()
                    }
                }
            }
            Place::Begins => {
                let slice = self.slice(depth, context);
                let text = trim_to_word(slice);
                if opens_speech(&slice[..slice.len() - text.len()]) {
                    return Truth::No;
                }
                // Decided once there is enough text, or at the end.
                let enough = match pattern {
                    Pattern::Expression(_) => beginning(text).len() < text.len(),
                    Pattern::Literal(words) => text.len() > words.len() + 9,
                    Pattern::List(_) => true,
                };
                if !ended && !enough {
                    return Truth::Later(0);
                }
                match pattern {
                    Pattern::Expression(expression) => expression.is_match(beginning(text)).into(),
                    Pattern::Literal(words) => look
                        .beginning(text)
                        .strip_prefix(&**words)
                        .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
                        .into(),
                    Pattern::List(list) => {
                        let Some(o) = look.openings else {
                            return Truth::No;
                        };
                        told(o.begins & list.bit() != 0, o.may_begin & list.bit() != 0)
                    }
                }
            }
            Place::Exact => {
                if let Pattern::List(list) = pattern {
                    let Some(o) = look.openings else {
                        return Truth::No;
                    };
                    return told(o.exact & list.bit() != 0, o.may_be_exact & list.bit() != 0);
                }
                let slice = self.slice(depth, context);
                let longest = match pattern {
                    Pattern::Literal(words) => words.len() * 2 + 64,
                    _ => MAX_EXACT,
                };
                if slice.len() > longest {
                    return Truth::No;
                }
                if !ended {
                    return Truth::Later(0);
                }
                match pattern {
                    Pattern::Expression(expression) => expression.is_match(slice).into(),
                    Pattern::Literal(words) => {
                        let text = trim_after_word(trim_to_word(look.whole(slice)));
                        (text == trim_after_word(words)).into()
                    }
                    Pattern::List(_) => Truth::No,
                }
            }
        }
    }

    /// The length of the page's text at which a candidate may be decided; `u64::MAX` if only the
    /// element's end decides it.
    pub(super) fn alarm_of(&self, r: NodeRef, bits: u32, look: &Look<'_>) -> u64 {
        let m = &look.measures;
        let now = look.context.text.counts.text;
        let tests = self.node(r).deferred.iter();
        let alarm = |test: &Test| {
            let left = match test {
                Test::Length(measure, limit) => {
                    let have = match measure {
                        Measure::MinText => return None,
                        Measure::MaxText => m.text,
                        Measure::MaxNonlink => m.text - m.link.min(m.text),
                        Measure::MaxParagraph => m.paragraph,
                    };
                    m.allowed(*limit).saturating_sub(have)
                }
                Test::Text(Place::Begins | Place::Exact, pattern) => {
                    let have = m.text;
                    let longest = self.rules.book().longest() + 9;
                    let steps = match pattern {
                        Pattern::Expression(_) => [BEGINNING; 3],
                        Pattern::Literal(words) => [words.len() + 9; 3],
                        // The first word rules most lists out.
                        Pattern::List(_) => [FIRST_WORD, longest, BEGINNING.max(longest)],
                    };
                    let next = steps.iter().map(|&n| n as u64 * UNITS).find(|&n| n > have);
                    next.map_or(AGAIN, |n| n - have)
                }
                Test::Any(alternatives) | Test::Not(alternatives) => {
                    return alternatives
                        .iter()
                        .filter(|a| bits & 1 << a.bit != 0)
                        .map(|a| self.alarm_of(r.sibling(a.node), bits, look))
                        .min();
                }
                _ => return None,
            };
            Some(now + left + 1)
        };
        tests.filter_map(alarm).min().unwrap_or(u64::MAX)
    }
}

impl Look<'_> {
    /// Whether one of the lists that must begin the text may, and of those that must be all of it.
    pub(super) fn may_open(&self, begins: u64, exact: u64) -> bool {
        let one_of = |wanted: u64, lists: u64| wanted == 0 || wanted & lists != 0;
        self.openings.is_none_or(|o| {
            one_of(begins, o.begins | o.may_begin) && one_of(exact, o.exact | o.may_be_exact)
        })
    }

    /// The beginning of the text, folded.
    fn beginning(&mut self, text: &str) -> &str {
        if self.beginning.is_empty() {
            fold_into(beginning(text), &mut self.beginning);
        }
        &self.beginning
    }

    /// All of the text, folded.
    fn whole(&mut self, text: &str) -> &str {
        self.whole.get_or_insert_with(|| {
            let mut folded = String::with_capacity(text.len());
            fold_into(text, &mut folded);
            folded
        })
    }
}

impl Measures {
    /// The length of the text as [`Bounds`] has lengths.
    pub(super) fn text_bound(&self) -> u32 {
        self.text.min(u64::from(u32::MAX)) as u32
    }

    /// Whether they rule out a node with these bounds.
    pub(super) fn rule_out(&self, bounds: &Bounds) -> bool {
        let above = |length: u64, max: u32| max != u32::MAX && length > u64::from(max);
        above(self.text, bounds.max_text)
            || above(self.text - self.link.min(self.text), bounds.max_nonlink)
            || above(self.paragraph, bounds.max_paragraph)
            || self.ended
                && (self.text < u64::from(bounds.min_text)
                    || self.links < bounds.min_links
                    || bounds.wants_match && !self.matched)
    }

    /// What the numbers say of a test; `None` if it asks for something else.
    pub(super) fn test(&self, test: &Test) -> Option<Truth> {
        Some(match test {
            Test::Length(Measure::MaxText, limit) => self.at_most(self.text, *limit),
            Test::Length(Measure::MaxNonlink, limit) => {
                self.at_most(self.text - self.link.min(self.text), *limit)
            }
            Test::Length(Measure::MaxParagraph, limit) => self.at_most(self.paragraph, *limit),
            Test::Length(Measure::MinText, limit) => {
                self.at_least(self.text >= self.allowed(*limit))
            }
            Test::MinLinks(n) => self.at_least(self.links >= *n),
            Test::MinLinkDensity(x) => {
                self.at_end(self.text > 0 && self.link * 1000 >= u64::from(*x) * self.text)
            }
            Test::MaxLinkDensity(x) => self.at_end(self.link * 1000 <= u64::from(*x) * self.text),
            Test::MaxLinkText(n) => {
                let links = u64::from(self.links);
                self.at_end(links > 0 && self.link <= u64::from(*n) * UNITS * links)
            }
            Test::Empty if self.text > 0 || self.children > 0 => Truth::No,
            Test::Empty => self.at_end(true),
            _ => return None,
        })
    }

    /// A limit in half characters.
    pub(super) fn allowed(&self, limit: Limit) -> u64 {
        u64::from(limit.characters) * UNITS + self.article * u64::from(limit.percent) / 100
    }

    /// A length that can only grow: past a maximum it is certain, short of it only at the end.
    fn at_most(&self, value: u64, limit: Limit) -> Truth {
        if value > self.allowed(limit) {
            Truth::No
        } else {
            self.at_end(true)
        }
    }

    fn at_least(&self, enough: bool) -> Truth {
        if enough {
            Truth::Yes
        } else {
            self.at_end(false)
        }
    }

    fn at_end(&self, yes: bool) -> Truth {
        if self.ended {
            yes.into()
        } else {
            Truth::Later(0)
        }
    }
}

fn told(yes: bool, maybe: bool) -> Truth {
    match (yes, maybe) {
        (true, _) => Truth::Yes,
        (false, true) => Truth::Later(0),
        (false, false) => Truth::No,
    }
}

/// Whether this text stood on the page before, or nothing but dashes and bullets is left of it.
fn repeats(text: &str, depth: usize, matcher: &Matcher, context: Context<'_>) -> bool {
    if text.is_empty() {
        return false;
    }
    let state = &matcher.stack[depth];
    if context.page.stood_before(text, state.text_start) {
        return true;
    }
    let end = context.text.end();
    let from = state.text_start;
    let mut at = from;
    let mut left = false;
    // What has been cut from the element, in the order of the page.
    let inside = context.cuts.iter().filter(|(start, _)| *start >= from);
    for &(start, stop) in inside.chain(std::iter::once(&(end, end))) {
        if start > at {
            let piece = context.text.slice(at, start);
            if !piece.chars().all(is_bullet) {
                return false;
            }
            left |= piece.chars().any(|c| !c.is_whitespace());
        }
        at = at.max(stop);
    }
    left
}

/// A dash or a bullet, or white space. Not an asterisk: three of them part the scenes of a story.
fn is_bullet(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '\u{2010}'
                ..='\u{2015}'
                    | '\u{2212}'
                    | '•'
                    | '·'
                    | '▪'
                    | '●'
                    | '◦'
                    | '‣'
                    | '∙'
                    | '|'
                    | '/'
                    | '»'
                    | '›'
                    | '>'
        )
}
