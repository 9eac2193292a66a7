//! The one place that drives lol_html. It is an observer: one handler that sees every start tag,
//! and a sink that gets every byte. A handler fires before its tag's bytes reach the sink, and a
//! tag's bytes reach it as one piece, so the sink knows tags from what lies between them.
//!
//! lol_html keeps a stack of its own, which grows with every element that is not closed by a tag
//! of its name (a million `<p>`). When it reaches its limit, a new rewriter goes on where the old
//! one stopped: all it needs to know about the page is that a tag begins there, and whether in SVG
//! or MathML.
//!
//! Whether the tokenizer takes what follows a start tag for raw text depends on that. lol_html only
//! guesses it from the tags (`<svg/>` leaves it in SVG for good), the open elements know. Where the
//! two disagree about a tag on which it depends, a new rewriter that knows better goes on too.

use crate::gap::Gap;
use crate::open_elements::Root;
use crate::stream::Stream;
use crate::tag::{Class, Name, name};
use lol_html::html_content::Element;
use lol_html::{
    ElementContentHandlers, HandlerResult, HtmlRewriter, MemorySettings, OutputSink, Selector,
    Settings,
};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io::Write;
use std::ops::Range;
use std::rc::Rc;

/// Memory that lol_html may take, in bytes: its stack (some 100 bytes an element) and a tag that
/// comes in pieces. A start tag longer than this ends the filtering.
const MEMORY: usize = 8 * 1024 * 1024;

/// Pieces in which a new rewriter gets what the one before had not handed on, so that what little
/// lies between two of them is not gone over more often than that.
const STEP: usize = 1024;

const HTML: &str = "http://www.w3.org/1999/xhtml";

/// Where the parts of a start tag stand, from its `<` on.
#[derive(Default)]
pub(crate) struct Tag {
    pub name: Name,
    pub attributes: Vec<(Range<usize>, Range<usize>)>,
    /// In SVG or MathML.
    pub foreign: bool,
    pub self_closing: bool,
    /// Its content is raw text to the tokenizer.
    pub raw_text: bool,
}

/// What the handlers tell the sink.
#[derive(Default)]
struct Told {
    /// The next bytes are those of this start tag.
    tag: RefCell<Tag>,
    tag_follows: Cell<bool>,
    /// The next bytes are those of the end tag that ends raw text.
    raw_text_ended: Cell<bool>,
    /// lol_html has given up; what comes is what it had not yet handed on.
    bailed_out: Cell<bool>,
    /// Where the page is, by its open elements.
    place: Cell<Option<Root>>,
    /// Whether lol_html took what follows the last start tag for SVG or MathML.
    foreign: Cell<bool>,
    /// A new rewriter gets a tag that is not the page's.
    priming: Cell<bool>,
    /// No start tag since the rewriter was made.
    fresh: Cell<bool>,
}

struct Shared<W> {
    stream: Stream<W>,
    gap: Gap,
    told: Rc<Told>,
    /// What lol_html had not handed on when it gave up.
    salvage: Vec<u8>,
    /// Bytes handed on since the rewriter was made.
    progress: u64,
}

struct Sink<W>(Rc<RefCell<Shared<W>>>);

impl<W: Write> OutputSink for Sink<W> {
    fn handle_chunk(&mut self, chunk: &[u8]) {
        if chunk.is_empty() {
            return;
        }
        let shared = &mut *self.0.borrow_mut();
        if shared.told.priming.get() {
            return;
        }
        if shared.told.bailed_out.get() {
            shared.salvage.extend_from_slice(chunk);
            return;
        }
        shared.progress += chunk.len() as u64;
        shared.take(chunk);
        shared.told.place.set(shared.stream.foreign_root());
    }
}

impl<W: Write> Shared<W> {
    /// Takes a start tag, or some of what lies between two.
    fn take(&mut self, chunk: &[u8]) {
        if self.told.tag_follows.take() {
            let tag = self.told.tag.borrow();
            self.gap.finish(&mut self.stream);
            if self.stream.start_tag(chunk, &tag) {
                self.gap.enter_raw_text();
            }
            return;
        }
        if self.told.raw_text_ended.take() {
            self.gap.leave_raw_text();
        }
        self.gap.feed(chunk, &mut self.stream);
    }
}

/// lol_html at work on one page.
pub(crate) struct Scanner<W: Write> {
    shared: Rc<RefCell<Shared<W>>>,
    told: Rc<Told>,
    rewriter: Option<HtmlRewriter<'static, Sink<W>>>,
}

/// Why the rest of a page cannot be filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub &'static str);

impl<W: Write> Scanner<W> {
    pub(crate) fn new(stream: Stream<W>) -> Self {
        let told = Rc::new(Told::default());
        let shared = Rc::new(RefCell::new(Shared {
            stream,
            gap: Gap::new(),
            told: Rc::clone(&told),
            salvage: Vec::new(),
            progress: 0,
        }));
        let rewriter = Some(rewriter(&shared, &told));
        Scanner {
            shared,
            told,
            rewriter,
        }
    }

    /// Runs `f` on the stream.
    pub(crate) fn with<T>(&mut self, f: impl FnOnce(&mut Stream<W>) -> T) -> T {
        f(&mut self.shared.borrow_mut().stream)
    }

    /// Scans the next piece of the page, valid UTF-8.
    pub(crate) fn write(&mut self, piece: &[u8]) -> Result<(), Refused> {
        let Some(rewriter) = &mut self.rewriter else {
            self.shared.borrow_mut().stream.pass_raw(piece);
            return Ok(());
        };
        if rewriter.write(piece).is_ok() {
            return Ok(());
        }
        self.resume()
    }

    /// lol_html has reached a limit, or does not know where it is: goes on with a new rewriter, or
    /// passes on the rest.
    fn resume(&mut self) -> Result<(), Refused> {
        self.rewriter = None;
        let rest = std::mem::take(&mut self.shared.borrow_mut().salvage);
        let mut from = 0;
        'rewriter: loop {
            self.told.bailed_out.set(false);
            self.told.tag_follows.set(false);
            if std::mem::take(&mut self.shared.borrow_mut().progress) == 0 {
                let mut shared = self.shared.borrow_mut();
                shared.stream.give_up();
                shared.stream.pass_raw(&rest[from..]);
                return Err(Refused("a start tag takes more than 8 MiB to read"));
            }
            let mut rewriter = rewriter(&self.shared, &self.told);
            let mut to = from;
            while to < rest.len() {
                let piece = &rest[to..rest.len().min(to + STEP)];
                to += piece.len();
                if rewriter.write(piece).is_err() {
                    let not_handed_on = std::mem::take(&mut self.shared.borrow_mut().salvage);
                    from = to - not_handed_on.len();
                    continue 'rewriter;
                }
            }
            self.rewriter = Some(rewriter);
            return Ok(());
        }
    }

    /// The page has ended.
    pub(crate) fn finish(mut self) -> (Stream<W>, Result<(), Refused>) {
        let mut result = Ok(());
        while let Some(rewriter) = self.rewriter.take() {
            if rewriter.end().is_ok() {
                break;
            }
            result = self.resume();
        }
        let Scanner { shared, .. } = self;
        let Ok(shared) = Rc::try_unwrap(shared) else {
            // Rewriters own the only other references, and none is left.
            unreachable!("the rewriter outlived its scanner");
        };
        let Shared {
            mut stream,
            mut gap,
            ..
        } = shared.into_inner();
        gap.finish(&mut stream);
        (stream, result)
    }
}

fn rewriter<W: Write>(
    shared: &Rc<RefCell<Shared<W>>>,
    told: &Rc<Told>,
) -> HtmlRewriter<'static, Sink<W>> {
    let every: Selector = match "*".parse() {
        Ok(selector) => selector,
        Err(_) => unreachable!("`*` is a selector"),
    };
    let on_tag = {
        let told = Rc::clone(told);
        move |element: &mut Element<'_, '_>| observe(element, &told)
    };
    let on_bail_out = {
        let told = Rc::clone(told);
        move |_: &lol_html::errors::RewritingError, _: &mut lol_html::html_content::BailOut<'_>| {
            told.bailed_out.set(true);
        }
    };
    let settings = Settings::new()
        .append_element_content_handler((
            Cow::Owned(every),
            ElementContentHandlers::default().element(on_tag),
        ))
        .append_bail_out_handler(on_bail_out)
        .with_graceful_bail_out_on_content_handler_error(true)
        .with_memory_settings(
            MemorySettings::new()
                .with_max_allowed_memory_usage(MEMORY)
                .with_graceful_bail_out_on_memory_limit_exceeded(true),
        )
        // Strict mode gives up on `<select><xmp>` and `<frameset>` without any output.
        .with_strict(false);
    let mut rewriter = HtmlRewriter::new(settings, Sink(Rc::clone(shared)));
    let root: &[u8] = match told.place.get() {
        None => b"",
        Some(Root::Svg) => b"<svg>",
        Some(Root::Math) => b"<math>",
    };
    told.foreign.set(!root.is_empty());
    told.fresh.set(true);
    told.priming.set(true);
    let primed = rewriter.write(root);
    debug_assert!(primed.is_ok(), "a tag fits");
    told.priming.set(false);
    rewriter
}

fn observe(element: &mut Element<'_, '_>, told: &Rc<Told>) -> HandlerResult {
    if told.priming.get() {
        return Ok(());
    }
    let tag = &mut *told.tag.borrow_mut();
    let start = element.source_location().bytes().start;
    tag.foreign = element.namespace_uri() != HTML;
    tag.self_closing = element.is_self_closing();
    tag.name = Name::new(element.tag_name().as_bytes());
    let before = told.foreign.replace(tag.foreign);
    let fresh = told.fresh.take();
    if Class::of(tag.name).has(Class::RAW_TEXT) {
        // Of a `title` lol_html tells what it is to what is in it.
        let foreign = tag.name == name::TITLE && before || tag.foreign;
        if foreign != told.place.get().is_some() && !fresh {
            return Err("lol_html does not know where it is".into());
        }
    }
    tag.raw_text = !tag.foreign && Class::of(tag.name).has(Class::RAW_TEXT);
    tag.attributes.clear();
    for attribute in element.attributes() {
        let Some(name) = attribute.name_source_location().map(|l| l.bytes()) else {
            continue;
        };
        let name = name.start - start..name.end - start;
        let value = match attribute.value_source_location().map(|l| l.bytes()) {
            Some(value) => value.start - start..value.end - start,
            None => name.end..name.end,
        };
        tag.attributes.push((name, value));
    }
    told.tag_follows.set(true);
    if tag.raw_text
        && let Some(handlers) = element.end_tag_handlers()
    {
        let told = Rc::clone(told);
        handlers.push(Box::new(move |_| {
            told.raw_text_ended.set(true);
            Ok(())
        }));
    }
    Ok(())
}
