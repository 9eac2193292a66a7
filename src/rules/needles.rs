//! What the expressions of phrase lists cannot do without, looked for all at once while text comes.

use super::parts::Gate;
use super::pattern::PhraseExpression;
use super::phrases::ListId;
use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::dfa::DFA;

/// The needles of some expressions: of those of which nothing else tells that they do not match.
pub(crate) struct Needles {
    /// None if there are no needles.
    automaton: Option<DFA>,
    /// The lists of each.
    lists: Vec<u64>,
    /// The lists with an expression that has none.
    always: u64,
}

/// How far a search has come: a needle may have begun.
#[derive(Clone, Copy, Default)]
pub(crate) struct Searched(Option<StateID>);

impl Needles {
    pub(super) fn new<'a>(
        expressions: impl Iterator<Item = (ListId, &'a PhraseExpression)>,
    ) -> Needles {
        let mut needles: Vec<String> = Vec::new();
        let mut lists = Vec::new();
        let mut always = 0;
        for (list, expression) in expressions.filter(|(_, e)| e.gate() == Gate::Open) {
            let any = expression.needles();
            if any.is_empty() || any.iter().any(String::is_empty) {
                always |= list.bit();
                continue;
            }
            lists.extend(any.iter().map(|_| list.bit()));
            needles.extend(any);
        }
        let automaton = DFA::new(&needles).ok();
        if automaton.is_none() {
            // More needles than an automaton can have: each list may have one in any text.
            always |= lists.iter().fold(0, |all, list| all | list);
        }
        Needles {
            automaton: automaton.filter(|_| !needles.is_empty()),
            lists,
            always,
        }
    }

    /// The lists whose needles may stand anywhere.
    pub(crate) fn always(&self) -> u64 {
        self.always
    }

    /// Searches the next piece of folded text; the lists of needles that end in it.
    pub(crate) fn search(&self, searched: &mut Searched, bytes: impl Iterator<Item = u8>) -> u64 {
        let mut found = 0;
        let Some(automaton) = &self.automaton else {
            return found;
        };
        // An automaton of this kind is made for searches that begin anywhere.
        let start = || automaton.start_state(Anchored::No).unwrap_or_default();
        let mut state = searched.0.unwrap_or_else(start);
        for byte in bytes {
            state = automaton.next_state(Anchored::No, state, byte);
            if automaton.is_match(state) {
                for i in 0..automaton.match_len(state) {
                    found |= self.lists[automaton.match_pattern(state, i).as_usize()];
                }
            }
        }
        searched.0 = Some(state);
        found
    }
}
