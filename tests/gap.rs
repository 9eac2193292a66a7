//! Where end tags, comments, raw text and CDATA sections begin and end: dehusk must see what
//! html5ever's tokenizer sees. All elements have names that the Standard does not know, so that an
//! end tag closes the nearest element of its name and nothing else: an end tag seen too many or too
//! few shows as text that stays or goes.

mod common;

use common::*;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use proptest::prelude::*;
use std::cell::{Cell, RefCell};

/// What is left of a page's text, and what the tree keeps of it.
fn left_and_kept(page: &str, class: &str) -> (String, String) {
    let (out, _) = filter(&rules([class_selector(class).as_str()]), page);
    (text_of_tree(&out), kept_by_tree(page, class))
}

proptest! {
    #![proptest_config(config(800))]

    #[test]
    fn end_tags_are_those_of_the_tokenizer(page in unknown_elements()) {
        let (left, kept) = left_and_kept(&page, "x");
        prop_assert_eq!(numbered(&left), numbered(&kept), "of {}", page);
    }
}

/// Renames elements as the tokenizer meets them; it is fed one character at a time, so that it is
/// known where a tag ends.
#[derive(Default)]
struct Renamer {
    fed: Cell<usize>,
    /// Where the token before ended.
    before: Cell<usize>,
    /// Where the names of tags begin.
    names: RefCell<Vec<usize>>,
    page: String,
}

impl TokenSink for Renamer {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut result = TokenSinkResult::Continue;
        match token {
            Token::ParseError(_) => return result,
            Token::TagToken(tag) => {
                let raw = match &*tag.name {
                    "script" => Some(RawKind::ScriptData),
                    "textarea" | "title" => Some(RawKind::Rcdata),
                    "style" | "noscript" | "iframe" => Some(RawKind::Rawtext),
                    _ => None,
                };
                if let Some(raw) = raw {
                    if tag.kind == TagKind::StartTag {
                        result = TokenSinkResult::RawData(raw);
                    }
                } else {
                    // A `<` that was text after all is handed on with the character behind it.
                    let from = self.before.get().saturating_sub(1);
                    let tag = self.page.as_bytes()[from..].iter().position(|&b| b == b'<');
                    let tag = from + tag.expect("a tag has a `<`");
                    let slash = usize::from(self.page[tag..].starts_with("</"));
                    self.names.borrow_mut().push(tag + 1 + slash);
                }
            }
            _ => {}
        }
        self.before.set(self.fed.get());
        result
    }
}

/// The page with every element made unknown, but those that hold raw text.
fn made_unknown(page: &str) -> String {
    let renamer = Renamer {
        page: page.to_owned(),
        ..Renamer::default()
    };
    let tokenizer = Tokenizer::new(renamer, TokenizerOpts::default());
    let queue = BufferQueue::default();
    for (i, c) in page.char_indices() {
        tokenizer.sink.fed.set(i + c.len_utf8());
        queue.push_back(StrTendril::from_char(c));
        let _ = tokenizer.feed(&queue);
    }
    tokenizer.end();
    let mut out = String::new();
    let mut from = 0;
    for &at in &*tokenizer.sink.names.borrow() {
        out.push_str(&page[from..at]);
        out.push_str("x-");
        from = at;
    }
    out.push_str(&page[from..]);
    out
}

#[test]
fn elements_are_made_unknown() {
    let page = "<p a='<b>'>1 << 2<br><!-- <i> --><script>'<b>'</script></p >";
    let unknown = "<x-p a='<b>'>1 << 2<x-br><!-- <i> --><script>'<b>'</script></x-p >";
    assert_eq!(made_unknown(page), unknown);
}

#[test]
fn end_tags_of_the_corpus_are_those_of_the_tokenizer() {
    for (path, page) in corpus() {
        let unknown = made_unknown(&page);
        for class in some_classes_of(&unknown) {
            let (left, kept) = left_and_kept(&unknown, &class);
            assert_eq!(words(&left), words(&kept), "{} .{class}", path.display());
        }
    }
}
