//! Tests that need an element's text or content: what they say while it is open, what at its end,
//! and when it is worth looking again.

use super::element_state::{Pending, Unread};
use super::start::{Shared, Subject};
use super::{Context, Matcher, NodeRef, Occasion, Truth};
use crate::rules::pattern::{BEGINNING, Pattern, Place, Traits, beginning};
use crate::rules::phrases::{Asked, ListId, MAX_EXACT, Openings};
use crate::rules::selector::{Limit, Measure};
use crate::rules::sheet::{FIRST_WORD, Test};
use crate::text::{UNITS, fold, fold_into, opens_speech, trim_after_word, trim_to_word};
use smallvec::SmallVec;

/// A beginning that is not yet long enough is looked at again after so many half characters.
const AGAIN: u64 = 32 * UNITS;

/// One look at an open element, for all tests that ask.
pub(super) struct Look<'a> {
    pub(super) depth: usize,
    /// All of the element has been seen.
    ended: bool,
    context: Context<'a>,
    pub(super) measures: Measures,
    /// The beginning of its text, folded; empty: not yet folded.
    beginning: String,
    openings: Option<Openings>,
    whole: Option<String>,
    traits: Option<Traits>,
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
}

/// Where phrases begin in the page's text: found once, whoever asks.
#[derive(Default)]
pub(super) struct Hits {
    /// Page-wide offset of the text, and the lists with a phrase there.
    places: Vec<(u64, u64)>,
    /// Up to here the text has been searched.
    searched: u64,
    buffer: String,
}

impl Matcher {
    /// Looks at the candidates of an element; at its end all of them are decided.
    pub(super) fn review(&mut self, depth: usize, occasion: Occasion, context: Context<'_>) {
        if !self.stack[depth].is_candidate() {
            return;
        }
        let now = context.text.counts.text;
        let mut pending = std::mem::take(&mut self.stack[depth].pending);
        for p in &mut pending {
            p.due = match occasion {
                Occasion::Text => p.alarm <= now,
                Occasion::Match(probe) => self.waits_for(p.node, probe, depth),
                Occasion::End => true,
            };
        }
        let mut unread = self.stack[depth].unread.take();
        let is_due = |unread: &Unread| match occasion {
            Occasion::Match(probe) => {
                let mut shared = unread.make.all(unread.shown, true);
                shared.any(|shared| self.waits_for(shared.node, probe, depth))
            }
            _ => true,
        };
        if !unread.as_ref().is_some_and(is_due) {
            self.stack[depth].unread = unread.take();
        }
        let mut look = Look {
            depth,
            ended: occasion == Occasion::End,
            context,
            measures: self.measures(depth, occasion == Occasion::End, context),
            beginning: std::mem::take(&mut self.folded),
            openings: None,
            whole: None,
            traits: None,
        };
        look.beginning.clear();
        let due = pending.iter().filter(|p| p.due);
        let asked = due.fold(Asked::default(), |all, p| all.and(self.node(p.node).asks));
        let asked = unread
            .as_ref()
            .map_or(asked, |unread| asked.and(unread.make.asked));
        if asked != Asked::default() {
            // One look at the text rules most candidates out.
            let text = trim_to_word(self.slice(depth, context));
            let book = self.rules.book();
            let openings = book.openings(text, look.ended, asked, &mut look.beginning);
            look.beginning.clear();
            look.openings = Some(openings);
            if openings == Openings::OPEN && matches!(occasion, Occasion::Text) {
                self.stack[depth].unread = unread.take();
            }
        }
        let mut yes: SmallVec<[(u8, NodeRef); 4]> = SmallVec::new();
        pending.retain_mut(|p| {
            if !p.due {
                return true;
            }
            let node = self.node(p.node);
            let truth = if look.may_open(node.begins, node.exact) {
                self.all(p.node, p.bits, &mut look)
            } else {
                Truth::No
            };
            match truth {
                Truth::Later(_) if !look.ended => {
                    p.alarm = self.alarm_of(p.node, p.bits, &look);
                    return true;
                }
                Truth::Yes => yes.push((p.rank, p.node)),
                _ => {}
            }
            false
        });
        if let Some(unread) = &unread {
            let Unread { make, shown, .. } = unread;
            let subject = Subject {
                looks: &make.looks,
                element: None,
                id_words: unread.id_words.as_ref(),
                depth,
                shown: *shown,
            };
            let worded = look.openings != Some(Openings::NONE);
            for shared in make.all(*shown, worded) {
                if unread.goes && !self.tells(shared.node)
                    || !look.may_open(shared.begins, shared.exact)
                {
                    continue;
                }
                let r = shared.node;
                let bits = match self.late_start(shared, &subject, &look) {
                    Truth::Later(bits) => bits,
                    _ => continue,
                };
                match self.all(r, bits, &mut look) {
                    Truth::Later(_) if !look.ended => pending.push(Pending {
                        node: r,
                        bits,
                        drops: shared.drops,
                        rank: shared.rank,
                        alarm: self.alarm_of(r, bits, &look),
                        due: false,
                    }),
                    Truth::Yes => yes.push((shared.rank, r)),
                    _ => {}
                }
            }
        }
        self.folded = look.beginning;
        let state = &mut self.stack[depth];
        state.pending = pending;
        state.set_alarm(now);
        if matches!(occasion, Occasion::Match(_)) {
            self.alarm = 0;
        }
        // What a match sets off can only add to others' candidates, never to this element's.
        yes.sort_unstable();
        for (_, node) in yes {
            self.matched(node, depth, context);
        }
    }

    /// Whether a match of `probe` is worth a look at a node of the element: it is, if the element
    /// could be cut at once.
    fn waits_for(&self, node: NodeRef, probe: NodeRef, depth: usize) -> bool {
        let waits = &self.node(node).waits;
        node.sheet() == probe.sheet()
            && waits.contains(&probe.node())
            && self
                .rule_of(node)
                .is_some_and(|rule| self.can_cut_now(depth, rule))
    }

    /// The last look at an element, for nodes that ask for these lists.
    pub(super) fn last_look<'a>(
        &self,
        depth: usize,
        asked: Asked,
        context: Context<'a>,
    ) -> Look<'a> {
        let mut look = Look {
            depth,
            ended: true,
            context,
            measures: self.measures(depth, true, context),
            beginning: String::new(),
            openings: None,
            whole: None,
            traits: None,
        };
        if asked != Asked::default() {
            let text = trim_to_word(self.slice(depth, context));
            let book = self.rules.book();
            let openings = book.openings(text, true, asked, &mut look.beginning);
            look.beginning.clear();
            look.openings = Some(openings);
        }
        look
    }

    /// What the start tag says of a candidate that was not looked at when it came by.
    fn late_start(&self, shared: &Shared, subject: &Subject<'_, '_>, look: &Look<'_>) -> Truth {
        let node = self.node(shared.node);
        // Most are ruled out by their lengths.
        let measured = node
            .deferred
            .iter()
            .map_while(|test| look.measures.test(test));
        if measured.into_iter().any(|truth| truth == Truth::No) {
            return Truth::No;
        }
        if shared.settled {
            return Truth::Later(0);
        }
        self.at_start(shared.node, subject, look.context)
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
        }
    }

    /// All deferred tests of a node.
    pub(super) fn all(&self, r: NodeRef, bits: u32, look: &mut Look<'_>) -> Truth {
        let mut truth = Truth::Yes;
        for test in &self.node(r).deferred {
            let measured = look.measures.test(test);
            match measured.unwrap_or_else(|| self.test(test, r, bits, look)) {
                Truth::No => return Truth::No,
                Truth::Yes => {}
                later => truth = later,
            }
        }
        truth
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
                        let start = self.stack[depth].text_start;
                        let found = self.has_hit(*list, start, context) || {
                            let traits = *look.traits.get_or_insert_with(|| Traits::of(text));
                            book.expression_found(*list, traits, || look.whole(text))
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

    /// Whether a phrase of the list stands in the text from `start` on.
    fn has_hit(&self, list: ListId, start: u64, context: Context<'_>) -> bool {
        let Hits {
            places,
            searched,
            buffer,
        } = &mut *self.hits.borrow_mut();
        let text = context.text;
        let end = text.end();
        if *searched < end {
            let book = self.rules.book();
            let from = (*searched).max(text.begin());
            while places.pop_if(|(at, _)| *at >= from).is_some() {}
            if places.first().is_some_and(|(at, _)| *at < text.begin()) {
                places.retain(|(at, _)| *at >= text.begin());
            }
            let text = text.raw_slice(from, end);
            let open = book.scan(&self.starts, text, buffer, |at, lists| {
                places.push((from + at as u64, lists));
            });
            // A phrase that reaches to the end may go on, and a word may.
            *searched = from + open as u64;
        }
        let inside = places.iter().rev().take_while(|(at, _)| *at >= start);
        inside.into_iter().any(|(_, lists)| lists & list.bit() != 0)
    }

    /// The length of the page's text at which a candidate may be decided; `u64::MAX` if only the
    /// element's end decides it.
    fn alarm_of(&self, r: NodeRef, bits: u32, look: &Look<'_>) -> u64 {
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
