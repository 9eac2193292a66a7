//! Tests that need an element's text or content: what they say while it is open, what at its end,
//! and when it is worth looking again.

use super::element_state::Pending;
use super::{Context, Matcher, NodeRef, Truth};
use crate::rules::pattern::{BEGINNING, Pattern, Place, beginning};
use crate::rules::selector::{Limit, Measure};
use crate::rules::sheet::Test;
use crate::text::{UNITS, fold, fold_into, trim_after_word, trim_to_word};

/// `:exact-text(/re/)` does not look at longer texts, in bytes.
const MAX_EXACT: usize = 4096;
/// A beginning that is not yet long enough is looked at again after so many half characters.
const AGAIN: u64 = 32 * UNITS;

/// An element's text, folded once for all tests that ask.
#[derive(Default)]
struct Folded {
    beginning: Option<String>,
    /// Lists with a phrase at the beginning.
    begins: Option<u64>,
    whole: Option<String>,
}

impl Matcher {
    /// Looks again at the candidates of an element; at its end all of them are decided.
    pub(super) fn review(&mut self, depth: usize, ended: bool, context: Context<'_>) {
        if self.stack[depth].pending.is_empty() {
            return;
        }
        let mut pending = std::mem::take(&mut self.stack[depth].pending);
        let mut folded = Folded {
            beginning: Some(std::mem::take(&mut self.folded)),
            ..Folded::default()
        };
        if let Some(buffer) = &mut folded.beginning {
            buffer.clear();
        }
        let mut yes: smallvec::SmallVec<[NodeRef; 4]> = smallvec::SmallVec::new();
        pending.retain(|p| {
            match self.candidate(p, depth, ended, context, &mut folded) {
                Truth::Later(_) if !ended => return true,
                Truth::Yes => yes.push(p.node),
                _ => {}
            }
            self.stop_waiting(p.node);
            false
        });
        self.folded = folded.beginning.unwrap_or_default();
        // What a match sets off can only add to others' candidates, never to this element's.
        self.stack[depth].pending = pending;
        for node in yes {
            self.matched(node, depth, context);
        }
    }

    fn candidate(
        &self,
        p: &Pending,
        depth: usize,
        ended: bool,
        context: Context<'_>,
        folded: &mut Folded,
    ) -> Truth {
        self.all(p.node, p.bits, depth, ended, context, folded)
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
                    Pattern::List(list) => book.found(*list, self.whole(text, folded)).into(),
                }
            }
            Place::Begins => {
                let text = trim_to_word(self.slice(depth, context));
                // Decided once there is enough text, or at the end.
                let wanted = match pattern {
                    Pattern::Expression(_) => beginning(text).len() + 1,
                    Pattern::Literal(words) => words.len() + 1,
                    Pattern::List(list) => book.decided_after(*list),
                };
                let enough = match pattern {
                    Pattern::Expression(_) => beginning(text).len() < text.len(),
                    _ => text.len() > wanted + 8,
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
                        let begins = match folded.begins {
                            Some(begins) => begins,
                            None => {
                                let begins = book.begins(self.beginning(text, folded));
                                folded.begins = Some(begins);
                                begins
                            }
                        };
                        let yes = begins & list.bit() != 0
                            || book.expression(*list, Place::Begins, self.beginning(text, folded));
                        yes.into()
                    }
                }
            }
            Place::Exact => {
                let slice = self.slice(depth, context);
                let longest = match pattern {
                    Pattern::Expression(_) => MAX_EXACT,
                    Pattern::Literal(words) => words.len() * 2 + 64,
                    Pattern::List(list) => (book.decided_after(*list) * 2 + 64).min(MAX_EXACT),
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
                    Pattern::List(list) => {
                        let text = trim_after_word(trim_to_word(self.whole(slice, folded)));
                        (book.exact(text) & list.bit() != 0
                            || book.expression(*list, Place::Exact, text))
                        .into()
                    }
                }
            }
        }
    }

    /// The beginning of the text, folded.
    fn beginning<'f>(&self, text: &str, folded: &'f mut Folded) -> &'f str {
        let buffer = folded.beginning.get_or_insert_with(String::new);
        if buffer.is_empty() {
            fold_into(beginning(text), buffer);
        }
        buffer
    }

    /// All of the text, folded.
    fn whole<'f>(&self, text: &str, folded: &'f mut Folded) -> &'f str {
        folded.whole.get_or_insert_with(|| fold(text))
    }

    /// The length of the page's text at which a candidate of this element may be decided.
    pub(super) fn next_alarm(&self, depth: usize, context: Context<'_>) -> Option<u64> {
        let state = &self.stack[depth];
        state
            .pending
            .iter()
            .filter_map(|p| self.alarm_of(p.node, p.bits, depth, context))
            .min()
    }

    fn alarm_of(&self, r: NodeRef, bits: u32, depth: usize, context: Context<'_>) -> Option<u64> {
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
                    let bytes = match pattern {
                        Pattern::Expression(_) => BEGINNING,
                        Pattern::Literal(words) => words.len() + 9,
                        Pattern::List(list) => self.rules.book().decided_after(*list) + 9,
                    };
                    let at = state.before.text + bytes as u64 * UNITS;
                    if at > now.text { at - now.text } else { AGAIN }
                }
                Test::Any(alternatives) | Test::Not(alternatives) => {
                    return alternatives
                        .iter()
                        .filter(|a| bits & 1 << a.bit != 0)
                        .filter_map(|a| self.alarm_of(r.sibling(a.node), bits, depth, context))
                        .min();
                }
                _ => return None,
            };
            Some(now.text + left + 1)
        };
        tests.filter_map(alarm).min()
    }
}

/// Whether this text stood on the page before, or nothing but dashes and bullets is left of it.
fn repeats(text: &str, depth: usize, matcher: &Matcher, context: Context<'_>) -> bool {
    if text.is_empty() {
        return false;
    }
    let state = &matcher.stack[depth];
    if context.page.stood_before(&fold(text), state.text_start) {
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
