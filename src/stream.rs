//! The way of a page through the filter: tags and text come in from the scanner, open elements and
//! the page's state are kept up to date, the matcher is asked, and its verdicts become cuts in the
//! output. What each of them does is left to them.

use crate::doctype::Doctype;
use crate::element::{Element, element_of, label};
use crate::gap::GapSink;
use crate::matcher::{Context, Entered, Matcher, RuleRef};
use crate::open_elements::{Namespace, OpenElements, Opened, Root, Step, Steps};
use crate::page::{Ended, Page};
use crate::report::{Recorder, Report};
use crate::rules::host::Address;
use crate::rules::{KindSet, Rules};
use crate::scanner::Tag;
use crate::splice::{Position, Splice};
use crate::tag::{Class, Name, name};
use crate::text::{Text, UNITS};
use aside::Aside;
use std::io::{self, Write};

/// Text kept for a preview of an element that is cut as it comes, in bytes.
const PREVIEW_TEXT: u64 = 1024;

/// A byte order mark is no text of the page.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// What tests may look at; a macro, for it borrows some fields while others change.
macro_rules! context {
    ($stream:ident) => {
        Context {
            text: &$stream.text,
            page: &$stream.page,
            path: $stream.address.as_ref().map(|a| a.path.as_str()),
            cuts: $stream.recorder.ranges(),
        }
    };
}

mod aside;
mod cuts;
mod head;
mod kept;
mod words;

/// What a stream needs to know from the start.
pub(crate) struct Setup {
    pub wanted: KindSet,
    pub hold_limit: u64,
    pub explain: bool,
    pub explain_kept: bool,
    pub address: Option<Address>,
}

/// The element whose raw text comes now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RawText {
    Unseen,
    Seen,
    JsonLd,
}

/// A page on its way.
pub(crate) struct Stream<W> {
    rules: Rules,
    open: OpenElements,
    matcher: Matcher,
    text: Text,
    page: Page,
    splice: Splice<W>,
    recorder: Recorder,
    hold_limit: u64,
    explain: bool,
    explain_kept: bool,
    address: Option<Address>,
    /// The address was given, or has been found.
    located: bool,
    /// Offset in the page of the next byte.
    offset: u64,
    /// Open elements whose text is not seen; open links.
    unseen: u32,
    links: u32,
    /// The page's text before the outermost open link.
    before_link: u64,
    raw_text: RawText,
    /// The element that is being cut, and why.
    cut: Option<(usize, RuleRef)>,
    /// The element whose end tag is being read.
    closing: Option<usize>,
    /// From where on output is held back.
    held: Option<Position>,
    /// The start tag that is being read ends SVG or MathML that stays.
    breaks_out: bool,
    /// A `<meta charset>` is to be added: the page was decoded and had none.
    add_meta: bool,
    /// What waits until it is known what it is part of.
    aside: Option<Aside>,
    /// No tag and no text have been seen: there may be a doctype.
    doctype: Option<Doctype>,
}

impl<W: Write> Stream<W> {
    pub(crate) fn new(rules: &Rules, setup: Setup, sink: W) -> Self {
        let mut stream = Stream {
            rules: rules.clone(),
            open: OpenElements::default(),
            matcher: Matcher::new(rules, setup.wanted, setup.explain),
            text: Text::new(),
            page: Page::default(),
            splice: Splice::new(sink),
            recorder: Recorder::new(setup.explain),
            hold_limit: setup.hold_limit,
            explain: setup.explain,
            explain_kept: setup.explain_kept,
            address: None,
            located: false,
            offset: 0,
            unseen: 0,
            links: 0,
            before_link: 0,
            raw_text: RawText::Unseen,
            cut: None,
            closing: None,
            held: None,
            breaks_out: false,
            add_meta: false,
            aside: None,
            doctype: Some(Doctype::default()),
        };
        if setup.explain_kept {
            stream.matcher.watch();
        }
        if let Some(address) = setup.address {
            stream.locate(address);
        }
        stream
    }

    /// The page was decoded and says nowhere in which encoding it is: say it.
    pub(crate) fn declare_encoding(&mut self) {
        self.add_meta = true;
    }

    pub(crate) fn foreign_root(&self) -> Option<Root> {
        self.open.foreign_root()
    }

    /// Writes what is decided.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub(crate) fn release(&mut self) -> io::Result<()> {
        self.splice.release(self.held.unwrap_or(Position::MAX))
    }

    /// A start tag, as it stands in the page.
    pub(crate) fn start_tag(&mut self, raw: &[u8], tag: &Tag) -> bool {
        let Ok(source) = std::str::from_utf8(raw) else {
            // Not possible behind the charset stage; pass what cannot be read.
            self.pass(raw);
            return false;
        };
        let font_attributes = tag.name == name::FONT
            && tag.attributes.iter().any(|(name, _)| {
                ["color", "face", "size"].contains(&&*source[name.clone()].to_ascii_lowercase())
            });
        let foreign = self.open.is_foreign(tag.name, font_attributes, tag.foreign);
        let element = element_of(source, tag, foreign);
        self.begin_page();
        self.release_aside();
        self.end_text();
        if let Some(table) = self.open.fosters(element.name, element.class_of_name) {
            self.settle_from(table);
        }
        let left = self.open.leaves_foreign(element.namespace);
        let left = left.map(|depth| self.matcher.element(depth).position);
        self.breaks_out = false;
        let mut steps = Steps::new();
        let opened = self.open.start_tag(
            element.name,
            element.class_of_name,
            element.namespace,
            tag.self_closing,
            &mut steps,
        );
        for step in steps {
            self.step_at_start(step);
        }
        // What is left of SVG or MathML would go on without the tag that ends it.
        self.breaks_out = left.is_some_and(|position| self.splice.position() > position);
        if !element.class_of_name.has(Class::INLINE) {
            self.break_line(element.name != name::BR);
        }
        // lol_html reads a foreign title as HTML, but its text as markup.
        let raw_text = tag.raw_text && !foreign;
        if opened == Opened::Nothing {
            self.pass(raw);
            self.raw_text = RawText::Unseen;
            return raw_text;
        }
        if self.add_meta && !matches!(element.name, name::HTML | name::HEAD) {
            self.insert_meta();
        }
        self.enter(&element, Some(source));
        match element.name {
            name::META => self.meta(raw, &element),
            name::LINK | name::BASE => {
                self.find_address(&element);
                self.pass(raw);
            }
            _ => self.pass(raw),
        }
        if self.add_meta && element.name == name::HEAD {
            self.insert_meta();
        }
        if opened == Opened::Void {
            let depth = self.matcher.len() - 1;
            self.close(depth);
            return false;
        }
        if raw_text {
            self.raw_text = if element.name == name::SCRIPT
                && element
                    .attribute("type")
                    .is_some_and(|t| t.trim().eq_ignore_ascii_case("application/ld+json"))
            {
                self.page.begin_json_ld();
                RawText::JsonLd
            } else if element.class_of_name.has(Class::UNSEEN) {
                RawText::Unseen
            } else {
                RawText::Seen
            };
        }
        raw_text
    }

    /// The end of the page.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub(crate) fn finish(mut self) -> io::Result<(W, Report)> {
        self.end_space();
        self.end_text();
        self.closing = None;
        while let Some(depth) = self.matcher.len().checked_sub(1) {
            self.close(depth);
        }
        self.release_aside();
        self.recorder.settle(None);
        self.recorder.sort_kept();
        self.recorder.report.text = self.text.counts.text / UNITS;
        self.recorder.report.bytes_in = self.offset;
        self.recorder.report.bytes_out = self.splice.position();
        let report = std::mem::take(&mut self.recorder.report);
        Ok((self.splice.finish()?, report))
    }

    /// The page cannot be parsed further: what is held stays, what comes is passed on as it is.
    pub(crate) fn give_up(&mut self) {
        if let Some((depth, _)) = self.cut {
            self.decide(depth);
        }
        self.release_aside();
        for depth in 0..self.matcher.len() {
            self.matcher.give_up(depth);
        }
        self.update_hold();
    }

    /// Bytes passed on unread, after [`Stream::give_up`].
    pub(crate) fn pass_raw(&mut self, bytes: &[u8]) {
        self.pass(bytes);
    }

    /// Takes bytes of the page into the output.
    fn pass(&mut self, bytes: &[u8]) {
        if self.takes_aside(bytes) {
            return;
        }
        self.offset += bytes.len() as u64;
        self.splice.push(bytes);
        while let Some(held) = self.held
            && self.splice.position() - held > self.hold_limit
            && let Some(depth) = self.matcher.outermost_held()
        {
            self.matcher.reach_limit(depth);
            self.recorder.report.undecided += 1;
            self.update_hold();
        }
    }

    /// Takes text that a reader sees. It is taken apart where the hold limit is reached, so that what
    /// is known of a candidate by then does not depend on the pieces in which the page comes.
    fn pass_visible(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(self.within_limit(bytes));
            self.take_visible(now);
            self.pass(now);
            bytes = rest;
        }
    }

    /// How many bytes of this text can be held; if none can, the length of its first character.
    fn within_limit(&self, text: &[u8]) -> usize {
        let Some(held) = self.held.filter(|_| self.cut.is_none()) else {
            return text.len();
        };
        let limit = held.saturating_add(self.hold_limit);
        let room = limit.saturating_sub(self.splice.position());
        if room >= text.len() as u64 {
            return text.len();
        }
        let begins = |&i: &usize| text[i] & 0xc0 != 0x80;
        let fits = (1..=room as usize).rev().find(begins);
        fits.unwrap_or_else(|| (1..text.len()).find(begins).unwrap_or(text.len()))
    }

    /// Puts an element on the stack and asks the matcher about it.
    fn enter(&mut self, element: &Element<'_>, source: Option<&str>) {
        let (start, position) = (self.offset, self.splice.position());
        let (before, text_start) = (self.text.counts, self.text.end());
        let snapshot = self.page.snapshot();
        let explain = self.explain;
        let class = if element.namespace == Namespace::Html {
            element.class_of_name
        } else {
            Class::of(element.name)
        };
        let state = self.matcher.push(element.name, class);
        state.start = start;
        state.position = position;
        state.before = before;
        state.text_start = text_start;
        state.snapshot = Some(snapshot);
        if !class.has(Class::INLINE) {
            state.make = Some(element.make());
        }
        if explain && let Some(source) = source {
            label(&mut state.label, source, element);
        }
        if class.has(Class::UNSEEN) {
            self.unseen += 1;
        }
        if element.name == name::A {
            if self.links == 0 {
                self.before_link = before.text;
            }
            self.links += 1;
        }
        let depth = self.matcher.len() - 1;
        if self.cut.is_none() || self.explain || self.matcher.outermost_pending().is_some() {
            let context = context!(self);
            let stays = self.cut.is_some() || self.breaks_out || self.splice.ends_with_less();
            let entered = self.matcher.enter(element, context, stays);
            match entered {
                Entered::Cut(_) if self.open.may_lose_content(depth) => self.update_hold(),
                Entered::Cut(rule) if self.cut.is_none() => self.begin_cut(depth, rule),
                Entered::Held => self.update_hold(),
                _ => {}
            }
            self.cut_what_is_certain();
        }
        let state = self.matcher.element_mut(depth);
        if state.aside {
            state.aside_at_start = true;
            self.page.enter_aside();
        }
    }

    /// A tag or text has come: no doctype will count any more.
    fn begin_page(&mut self) {
        if let Some(doctype) = self.doctype.take() {
            self.open.set_standard(doctype.is_standard());
        }
    }

    fn step_at_start(&mut self, step: Step) {
        match step {
            Step::CloseFrom(depth) => self.close_from(depth),
            Step::CloseWith(depth) | Step::Detach(depth) => {
                self.settle_from(depth + 1);
                self.close(depth);
            }
            Step::Settle(depth) => self.settle_from(depth),
            Step::Adopt(depth) => self.adopt_from(depth),
            Step::Imply(name) => self.enter_implied(name),
        }
    }

    fn enter_implied(&mut self, name: Name) {
        self.enter(&Element::implied(name), None);
    }

    fn close_from(&mut self, depth: usize) {
        while self.matcher.len() > depth {
            self.close(self.matcher.len() - 1);
        }
    }

    /// The element at `depth` ends here: decides about it and takes it off the stack.
    fn close(&mut self, depth: usize) {
        let (class, element_name) = {
            let state = self.matcher.element(depth);
            (state.class, state.name)
        };
        if !class.has(Class::INLINE) {
            self.break_line(true);
        }
        let before = self.matcher.element(depth).before;
        let has_text = self.text.counts.text > before.text;
        if class.has(Class::UNSEEN) {
            self.unseen -= 1;
        }
        if element_name == name::A {
            self.links -= 1;
            self.text.counts.links += u32::from(has_text);
        }
        let dropped = self.decide(depth);
        if !dropped && self.explain_kept {
            self.tell_kept(depth);
        }
        let state = self.matcher.element(depth);
        let paragraph = self.text.counts.paragraph - before.paragraph;
        if !dropped {
            if element_name == name::H1 && has_text && self.unseen == 0 {
                self.page.headline();
            }
            if let Some(make) = state.make.filter(|_| !state.aside) {
                self.page.element_ended(&Ended {
                    make,
                    class,
                    named: state.named_body,
                    paragraph,
                    paragraph_children: state.paragraph_children,
                });
            }
        }
        if state.aside_at_start {
            self.page.leave_aside();
        } else if let Some(snapshot) = state.snapshot.filter(|_| state.aside) {
            self.page.forget_paragraphs(snapshot);
        }
        if paragraph > 0
            && let Some(parent) = depth.checked_sub(1)
        {
            self.matcher.element_mut(parent).paragraph_children += 1;
        }
        self.matcher.leave(depth, self.text.counts.text);
        if let Some((cut, rule)) = self.cut
            && cut > depth
        {
            self.cut = Some((cut - 1, rule));
        }
        self.update_hold();
        self.cut_what_is_certain();
    }
}

impl<W: Write> GapSink for Stream<W> {
    fn text(&mut self, mut bytes: &[u8]) {
        if self.offset == 0
            && let Some(rest) = bytes.strip_prefix(BOM)
        {
            self.pass(BOM);
            bytes = rest;
        }
        if let Some(Aside::AfterBody(_)) = self.aside {
            if bytes.iter().all(u8::is_ascii_whitespace) {
                return self.pass(bytes);
            }
            self.release_aside();
        }
        if self.open.in_body() && self.open.fosters_text().is_none() {
            return self.pass_visible(bytes);
        }
        // Only words have their place, and they may come in another piece than the space before.
        let space = bytes.iter().take_while(|b| b.is_ascii_whitespace());
        let (space, words) = bytes.split_at(space.count());
        if self.open.fosters_text().is_some() {
            self.table_space(space);
        } else {
            self.pass_visible(space);
        }
        if words.is_empty() {
            return;
        }
        self.begin_page();
        if !self.open.in_body() {
            let mut steps = Steps::new();
            self.open.text(&mut steps);
            for step in steps {
                self.step_at_start(step);
            }
        }
        if let Some(table) = self.open.fosters_text() {
            self.settle_from(table);
            self.release_aside();
        }
        self.pass_visible(words);
    }

    fn raw_text(&mut self, bytes: &[u8]) {
        match self.raw_text {
            RawText::Seen => return self.pass_visible(bytes),
            RawText::JsonLd => {
                self.page.json_ld(bytes);
                self.matcher.code_came(bytes);
            }
            RawText::Unseen => self.matcher.code_came(bytes),
        }
        self.pass(bytes);
    }

    fn markup(&mut self, bytes: &[u8]) {
        if let Some(doctype) = &mut self.doctype {
            doctype.push(bytes);
        }
        self.end_space();
        self.pass(bytes);
    }

    fn end_tag(&mut self, name: Name, bytes: &[u8]) {
        self.begin_page();
        self.closing = None;
        if matches!(name, name::BODY | name::HTML) {
            self.end_text();
            self.break_line(true);
            return self.end_body(bytes);
        }
        self.release_aside();
        self.end_text();
        if self.raw_text == RawText::JsonLd {
            self.page.end_json_ld();
            self.raw_text = RawText::Unseen;
        }
        if !Class::of(name).has(Class::INLINE) {
            self.break_line(true);
        }
        let mut steps = Steps::new();
        self.open.end_tag(name, &mut steps);
        for step in steps {
            match step {
                Step::CloseWith(depth) => {
                    self.close_from(depth + 1);
                    self.closing = Some(depth);
                }
                Step::Detach(depth) => {
                    self.settle_from(depth + 1);
                    self.closing = Some(depth);
                }
                Step::CloseFrom(depth) => self.close_from(depth),
                Step::Settle(depth) => self.settle_from(depth),
                Step::Adopt(depth) => self.adopt_from(depth),
                Step::Imply(name) => self.enter_implied(name),
            }
        }
        self.pass(bytes);
    }

    fn end_tag_done(&mut self) {
        if let Some(depth) = self.closing.take() {
            self.close(depth);
        }
    }
    fn in_foreign(&self) -> bool {
        self.open.in_foreign()
    }
}
