//! Tests that need an element's text or content: what they say while it is open, what at its end,
//! and when it is worth looking again.

use super::element_state::Pending;
use super::{Context, Matcher, NodeRef, Occasion, Truth};
use crate::rules::pattern::{BEGINNING, Pattern, Place, Traits, beginning};
use crate::rules::phrases::{Asked, ListId, MAX_EXACT, Openings};
use crate::rules::selector::{Limit, Measure};
use crate::rules::sheet::Test;
use crate::text::{UNITS, fold, fold_into, opens_speech, trim_after_word, trim_to_word};

/// A beginning that is not yet long enough is looked at again after so many half characters.
const AGAIN: u64 = 32 * UNITS;

pub(super) use crate::rules::sheet::FIRST_WORD;

/// An element's text, folded once for all tests that ask.
#[derive(Default)]
struct Folded {
    /// Empty: not yet folded.
    beginning: String,
    openings: Option<Openings>,
    whole: Option<String>,
    traits: Option<Traits>,
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
    /// Looks again at the candidates of an element; at its end all of them are decided.
    pub(super) fn review(&mut self, depth: usize, occasion: Occasion, context: Context<'_>) {
        if !self.stack[depth].is_candidate() {
            return;
        }
        let ended = occasion == Occasion::End;
        let now = context.text.counts.text;
        let mut pending = std::mem::take(&mut self.stack[depth].pending);
        for p in &mut pending {
            p.due = match occasion {
                Occasion::Text => p.alarm <= now,
                Occasion::Match(probe) => {
                    p.node.sheet() == probe.sheet()
                        && self.node(p.node).waits.contains(&probe.node())
                }
                Occasion::End => true,
            };
        }
        let is_due = |p: &Pending| p.due;
        let mut folded = Folded {
            beginning: std::mem::take(&mut self.folded),
            ..Folded::default()
        };
        let unread = match occasion {
            Occasion::Match(_) => None,
            _ => self.stack[depth].unread.take(),
        };
        let due = pending.iter().filter(|p| is_due(p));
        let asked = due.fold(Asked::default(), |all, p| all.and(p.asks));
        let asked = asked.and(
            unread
                .as_ref()
                .map_or(Asked::default(), |(make, _)| make.asked),
        );
        if asked != Asked::default() {
            // One look at the text rules most candidates out.
            let o = self.openings(depth, ended, asked, context, &mut folded.beginning);
            folded.openings = Some(o);
            let may = |p: &Pending| {
                let one_of = |wanted: u64, lists: u64| wanted == 0 || wanted & lists != 0;
                one_of(p.begins, o.begins | o.may_begin)
                    && one_of(p.exact, o.exact | o.may_be_exact)
            };
            pending.retain(|p| {
                let stays = !is_due(p) || may(p);
                if !stays {
                    self.stop_waiting(p.node);
                }
                stays
            });
            match unread {
                Some(unread) if o == Openings::OPEN => self.stack[depth].unread = Some(unread),
                Some((make, shown)) => {
                    let left = make.unread.iter();
                    let left = left.filter(|(needs, p)| needs & !shown == 0 && may(p));
                    pending.extend(left.map(|(_, p)| Pending { due: true, ..*p }));
                }
                None => {}
            }
        }
        folded.beginning.clear();
        let mut yes: smallvec::SmallVec<[NodeRef; 4]> = smallvec::SmallVec::new();
        pending.retain_mut(|p| {
            if !is_due(p) {
                return true;
            }
            match self.all(p.node, p.bits, depth, ended, context, &mut folded) {
                Truth::Later(_) if !ended => {
                    p.alarm = self.alarm_of(p.node, p.bits, depth, context);
                    return true;
                }
                Truth::Yes => yes.push(p.node),
                _ => {}
            }
            self.stop_waiting(p.node);
            false
        });
        self.folded = folded.beginning;
        // What a match sets off can only add to others' candidates, never to this element's.
        self.stack[depth].pending = pending;
        for node in yes {
            self.matched(node, depth, context);
        }
    }

    /// All deferred tests of a node.
    fn all(
        &self,
        r: NodeRef,
        bits: u32,
        depth: usize,
        ended: bool,
        context: Context<'_>,
        folded: &mut Folded,
    ) -> Truth {
        let mut truth = Truth::Yes;
        for test in &self.node(r).deferred {
            match self.test(test, r, bits, depth, ended, context, folded) {
                Truth::No => return Truth::No,
                Truth::Yes => {}
                later => truth = later,
            }
        }
        truth
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one call site each; a struct would be no clearer"
    )]
    fn test(
        &self,
        test: &Test,
        r: NodeRef,
        bits: u32,
        depth: usize,
        ended: bool,
        context: Context<'_>,
        folded: &mut Folded,
    ) -> Truth {
        let state = &self.stack[depth];
        let now = context.text.counts;
        let text = now.text - state.before.text;
        let link = now.link - state.before.link;
        let links = now.links - state.before.links;
        // A length that may only grow: past a maximum it is certain, short of it only at the end.
        let at_most = |value: u64, limit: Limit| {
            let allowed = self.allowed(limit, depth);
            if value > allowed {
                Truth::No
            } else if ended {
                Truth::Yes
            } else {
                Truth::Later(0)
            }
        };
        let at_least = |enough: bool| match (enough, ended) {
            (true, _) => Truth::Yes,
            (false, true) => Truth::No,
            (false, false) => Truth::Later(0),
        };
        let at_end = |yes: bool| if ended { yes.into() } else { Truth::Later(0) };
        match test {
            Test::Length(Measure::MaxText, limit) => at_most(text, *limit),
            Test::Length(Measure::MaxNonlink, limit) => at_most(text - link.min(text), *limit),
            Test::Length(Measure::MaxParagraph, limit) => {
                at_most(now.paragraph - state.before.paragraph, *limit)
            }
            Test::Length(Measure::MinText, limit) => at_least(text >= self.allowed(*limit, depth)),
            Test::MinLinks(n) => at_least(links >= *n),
            Test::MinLinkDensity(x) => at_end(text > 0 && link * 1000 >= u64::from(*x) * text),
            Test::MaxLinkDensity(x) => at_end(link * 1000 <= u64::from(*x) * text),
            Test::MaxLinkText(n) => {
                at_end(links > 0 && link <= u64::from(*n) * UNITS * u64::from(links))
            }
            Test::Empty => {
                if text > 0 || state.children > 0 {
                    Truth::No
                } else {
                    at_end(true)
                }
            }
            Test::Has(probes) => {
                let has = probes.iter().any(|&p| state.fired.contains(&r.sibling(p)));
                at_least(has)
            }
            Test::Text(place, pattern) => {
                self.text_test(*place, pattern, depth, ended, context, folded)
            }
            Test::Repeats => {
                if ended {
                    repeats(self.slice(depth, context), depth, self, context).into()
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
                    let node = r.sibling(alternative.node);
                    match self.all(node, bits, depth, ended, context, folded) {
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

    /// A limit in half characters, for the element at `depth`.
    fn allowed(&self, limit: Limit, depth: usize) -> u64 {
        let article = self.stack[depth].snapshot.map_or(0, |s| s.article());
        u64::from(limit.characters) * UNITS + article * u64::from(limit.percent) / 100
    }

    fn slice<'t>(&self, depth: usize, context: Context<'t>) -> &'t str {
        let text = context.text;
        text.slice(self.stack[depth].text_start, text.end())
    }

    fn text_test(
        &self,
        place: Place,
        pattern: &Pattern,
        depth: usize,
        ended: bool,
        context: Context<'_>,
        folded: &mut Folded,
    ) -> Truth {
        let book = self.rules.book();
        match place {
            Place::Anywhere => {
                if !ended {
                    return Truth::Later(0);
                }
                let text = self.slice(depth, context);
                match pattern {
                    Pattern::Expression(expression) => expression.is_match(text).into(),
                    Pattern::Literal(words) => self.whole(text, folded).contains(&**words).into(),
                    Pattern::List(list) => {
                        let start = self.stack[depth].text_start;
                        let found = self.has_hit(*list, start, context) || {
                            let traits = *folded.traits.get_or_insert_with(|| Traits::of(text));
                            book.expression_found(*list, traits, || self.whole(text, folded))
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
                    Pattern::Literal(words) => {
                        let folded = self.beginning(text, folded);
                        folded
                            .strip_prefix(&**words)
                            .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
                            .into()
                    }
                    Pattern::List(list) => {
                        let Some(o) = folded.openings else {
                            return Truth::No;
                        };
                        told(o.begins & list.bit() != 0, o.may_begin & list.bit() != 0)
                    }
                }
            }
            Place::Exact => {
                if let Pattern::List(list) = pattern {
                    let Some(o) = folded.openings else {
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
                        let text = trim_after_word(trim_to_word(self.whole(slice, folded)));
                        (text == trim_after_word(words)).into()
                    }
                    Pattern::List(_) => Truth::No,
                }
            }
        }
    }

    /// What the text of an element says of the phrase lists.
    fn openings(
        &self,
        depth: usize,
        ended: bool,
        asked: Asked,
        context: Context<'_>,
        buffer: &mut String,
    ) -> Openings {
        let text = trim_to_word(self.slice(depth, context));
        self.rules.book().openings(text, ended, asked, buffer)
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
            let open = book.scan(text.raw_slice(from, end), buffer, |at, lists| {
                places.push((from + at as u64, lists));
            });
            // A phrase that reaches to the end may go on, and a word may.
            *searched = from + open as u64;
        }
        let inside = places.iter().rev().take_while(|(at, _)| *at >= start);
        inside.into_iter().any(|(_, lists)| lists & list.bit() != 0)
    }

    /// The beginning of the text, folded.
    fn beginning<'f>(&self, text: &str, folded: &'f mut Folded) -> &'f str {
        if folded.beginning.is_empty() {
            fold_into(beginning(text), &mut folded.beginning);
        }
        &folded.beginning
    }

    /// All of the text, folded.
    fn whole<'f>(&self, text: &str, folded: &'f mut Folded) -> &'f str {
        folded.whole.get_or_insert_with(|| fold(text))
    }

    /// The length of the page's text at which a candidate may be decided; `u64::MAX` if only the
    /// element's end decides it.
    pub(super) fn alarm_of(
        &self,
        r: NodeRef,
        bits: u32,
        depth: usize,
        context: Context<'_>,
    ) -> u64 {
        let state = &self.stack[depth];
        let now = context.text.counts;
        let tests = self.node(r).deferred.iter();
        let alarm = |test: &Test| {
            let left = match test {
                Test::Length(measure, limit) => {
                    let have = match measure {
                        Measure::MinText => return None,
                        Measure::MaxText => now.text - state.before.text,
                        Measure::MaxNonlink => (now.text - now.link)
                            .saturating_sub(state.before.text - state.before.link),
                        Measure::MaxParagraph => now.paragraph - state.before.paragraph,
                    };
                    self.allowed(*limit, depth).saturating_sub(have)
                }
                Test::Text(Place::Begins | Place::Exact, pattern) => {
                    let have = now.text - state.before.text;
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
                        .map(|a| self.alarm_of(r.sibling(a.node), bits, depth, context))
                        .min();
                }
                _ => return None,
            };
            Some(now.text + left + 1)
        };
        tests.filter_map(alarm).min().unwrap_or(u64::MAX)
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
