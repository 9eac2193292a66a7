//! The way of a page through the filter: tags and text come in from the scanner, open elements and
//! the page's state are kept up to date, the matcher is asked, and its verdicts become cuts in the
//! output. What each of them does is left to them.

use crate::charset;
use crate::element::{Element, decode};
use crate::gap::GapSink;
use crate::matcher::{Context, Entered, Matcher, RuleRef, Verdict};
use crate::open_elements::{Namespace, OpenElements, Opened, Step, Steps};
use crate::page::{Ended, Page};
use crate::report::{Cut, Recorder, Removal, Report, first_words};
use crate::rules::host::Address;
use crate::rules::{KindSet, Rules};
use crate::scanner::Tag;
use crate::splice::{Position, Splice};
use crate::tag::{Class, Name, name};
use crate::text::{Link, Text, UNITS};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::io::{self, Write};

/// Text kept for a preview of an element that is cut as it comes, in bytes.
const PREVIEW_TEXT: u64 = 1024;

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

/// What a stream needs to know from the start.
pub(crate) struct Setup {
    pub wanted: KindSet,
    pub hold_limit: u64,
    pub explain: bool,
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
    /// A `<meta charset>` is to be added: the page was decoded and had none.
    add_meta: bool,
}

impl<W: Write> Stream<W> {
    pub(crate) fn new(rules: &Rules, setup: Setup, sink: W) -> Self {
        let mut stream = Stream {
            rules: rules.clone(),
            open: OpenElements::default(),
            matcher: Matcher::new(rules, setup.wanted),
            text: Text::new(),
            page: Page::default(),
            splice: Splice::new(sink),
            recorder: Recorder::new(setup.explain),
            hold_limit: setup.hold_limit,
            explain: setup.explain,
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
            add_meta: false,
        };
        if let Some(address) = setup.address {
            stream.locate(address);
        }
        stream
    }

    /// The page was decoded and says nowhere in which encoding it is: say it.
    pub(crate) fn declare_encoding(&mut self) {
        self.add_meta = true;
    }

    pub(crate) fn in_foreign(&self) -> bool {
        self.open.in_foreign()
    }

    /// Writes what is decided.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub(crate) fn release(&mut self) -> io::Result<()> {
        self.splice.release(self.held.unwrap_or(Position::MAX))
    }

    /// The page's address is known: its site's rules take effect.
    fn locate(&mut self, address: Address) {
        self.located = true;
        if let Some(sheet) = self.rules.site(&address.host) {
            self.matcher.add_site(sheet);
        }
        self.recorder.report.site = Some(address.host.clone());
        self.address = Some(address);
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
        let foreign = self.open.is_foreign(tag.name, font_attributes);
        // lol_html reads an SVG title as HTML, but its text as that of SVG.
        let plain = self.open.in_foreign() && self.open.is_integration_point(tag.name);
        let element = element_of(source, tag, foreign);
        self.end_text();
        if let Some(table) = self.open.fosters(element.name, element.class_of_name) {
            self.settle_from(table);
        }
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
        if !element.class_of_name.has(Class::INLINE) {
            self.break_line(element.name != name::BR);
        }
        let raw_text = tag.raw_text && !plain;
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
        self.end_text();
        self.closing = None;
        while let Some(depth) = self.matcher.len().checked_sub(1) {
            self.close(depth);
        }
        self.recorder.settle();
        self.recorder.report.text = self.text.counts.text / UNITS;
        self.recorder.report.bytes_in = self.offset;
        self.recorder.report.bytes_out = self.splice.position();
        let report = std::mem::take(&mut self.recorder.report);
        Ok((self.splice.finish()?, report))
    }

    /// The page cannot be parsed further: what is held stays, what comes is passed on as it is.
    pub(crate) fn give_up(&mut self) {
        self.cut = None;
        self.splice.end_cut();
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
        self.offset += bytes.len() as u64;
        self.splice.push(bytes);
        while let Some(held) = self.held
            && self.splice.position() - held > self.hold_limit
            && let Some(depth) = self.matcher.outermost_held()
        {
            self.matcher.give_up(depth);
            self.recorder.report.undecided += 1;
            self.update_hold();
        }
    }

    /// Adds bytes to the output that are not the page's.
    fn insert_meta(&mut self) {
        self.add_meta = false;
        self.splice.push(b"<meta charset=\"utf-8\">");
    }

    /// A `<meta>`: what it says of the page, and its encoding corrected to that of the output.
    fn meta(&mut self, raw: &[u8], element: &Element<'_>) {
        let key = element.attribute("property").or(element.attribute("name"));
        if let (Some(key), Some(content)) = (key, element.attribute("content")) {
            self.page.meta(key, content);
        }
        self.find_address(element);
        match charset::meta_encoding(raw) {
            (_, Some(range)) if !charset::is_utf_8(&raw[range.clone()]) => {
                self.add_meta = false;
                self.offset += raw.len() as u64;
                self.splice.push(&raw[..range.start]);
                self.splice.push(b"utf-8");
                self.splice.push(&raw[range.end..]);
            }
            _ => self.pass(raw),
        }
    }

    /// `<link rel=canonical>`, `<meta property=og:url>`, `<base>`: where the page comes from.
    fn find_address(&mut self, element: &Element<'_>) {
        if self.located {
            return;
        }
        let is = |name: &str, value: &str| {
            element.attribute(name).is_some_and(|v| {
                v.split_ascii_whitespace()
                    .any(|w| w.eq_ignore_ascii_case(value))
            })
        };
        let url = match element.name {
            name::LINK if is("rel", "canonical") => element.attribute("href"),
            name::META if is("property", "og:url") || is("name", "og:url") => {
                element.attribute("content")
            }
            name::BASE => element.attribute("href"),
            _ => None,
        };
        if let Some(address) = url.filter(|u| u.contains("//")).and_then(Address::parse) {
            self.locate(address);
        }
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
        if self.cut.is_none() || self.matcher.outermost_pending().is_some() {
            let context = context!(self);
            let entered = self.matcher.enter(element, context, self.cut.is_some());
            match entered {
                Entered::Cut(rule) if self.cut.is_none() => self.begin_cut(depth, rule),
                Entered::Held => self.update_hold(),
                _ => {}
            }
            self.cut_what_is_certain();
        }
        if self.matcher.element(depth).aside {
            self.page.enter_aside();
        }
    }

    fn begin_cut(&mut self, depth: usize, rule: RuleRef) {
        for inner in depth..self.matcher.len() {
            self.matcher.give_up(inner);
        }
        self.splice.truncate(self.matcher.element(depth).position);
        self.splice.begin_cut();
        self.cut = Some((depth, rule));
        self.update_hold();
    }

    /// What happened may have settled the fate of an element around: drop it at once, so that no
    /// more of it is held.
    fn cut_what_is_certain(&mut self) {
        if self.cut.is_none()
            && self.matcher.take_news()
            && let Some((depth, rule)) = self.matcher.certain()
        {
            self.begin_cut(depth, rule);
        }
    }

    fn update_hold(&mut self) {
        let held = self
            .matcher
            .outermost_held()
            .map(|depth| self.matcher.element(depth).position);
        if held == self.held {
            return;
        }
        let report = &mut self.recorder.report;
        if let Some(from) = self.held {
            report.longest_hold = report
                .longest_hold
                .max(self.splice.position().saturating_sub(from));
        }
        if held.is_some() {
            report.holds += 1;
        } else {
            self.recorder.settle();
        }
        self.held = held;
    }

    fn step_at_start(&mut self, step: Step) {
        match step {
            Step::CloseFrom(depth) => self.close_from(depth),
            Step::CloseWith(depth) | Step::Detach(depth) => {
                self.settle_above(depth);
                self.close(depth);
            }
            Step::Settle(depth) => self.settle_from(depth),
            Step::Imply(name) => self.enter_implied(name),
        }
    }

    fn enter_implied(&mut self, name: Name) {
        let element = Element {
            name,
            class_of_name: Class::of(name),
            namespace: Namespace::Html,
            attributes: SmallVec::new(),
            id: None,
            class: None,
        };
        self.enter(&element, None);
    }

    fn close_from(&mut self, depth: usize) {
        while self.matcher.len() > depth {
            self.close(self.matcher.len() - 1);
        }
    }

    /// The elements above `depth` stay open, but what there is to decide about them is decided:
    /// one below them ends across them, and a cut must not take its end tag along.
    fn settle_above(&mut self, depth: usize) {
        self.settle_from(depth + 1);
    }

    fn settle_from(&mut self, depth: usize) {
        for above in (depth..self.matcher.len()).rev() {
            self.decide(above);
            self.matcher.give_up(above);
        }
        self.update_hold();
    }

    /// A piece of text has ended: what was cut off at its end is text after all.
    fn end_text(&mut self) {
        let before = self.text.counts.text;
        let lead = self.text.flush(self.link());
        if lead.words {
            self.text_came(before, lead.space);
        }
    }

    fn break_line(&mut self, ends_block: bool) {
        let Some(block) = self.text.break_line(ends_block) else {
            return;
        };
        if block.paragraph > 0 {
            self.page.paragraph(block.paragraph);
        }
        if self.matcher.asks_repeats() {
            self.page
                .block(self.text.slice(block.start, block.end), block.start);
        }
        self.forget_text();
    }

    /// Lets go of text that no candidate can ask for.
    fn forget_text(&mut self) {
        let mut needed = self.text.end();
        if let Some(depth) = self.matcher.outermost_pending() {
            needed = self.matcher.element(depth).text_start;
            if self.text.end() - needed > self.hold_limit {
                self.matcher.give_up(depth);
                self.recorder.report.undecided += 1;
                self.update_hold();
            }
        }
        if let (true, Some((depth, _))) = (self.explain, self.cut) {
            let start = self.matcher.element(depth).text_start;
            if self.text.end() - start < PREVIEW_TEXT {
                needed = needed.min(start);
            } else if self.matcher.element(depth).preview.is_empty() {
                let words = first_words(self.text.slice(start, start + PREVIEW_TEXT));
                self.matcher.element_mut(depth).preview = words;
            }
        }
        self.text.release(needed);
    }

    /// Visible text has come: elements that began right before it begin at its first word.
    fn text_came(&mut self, before: u64, space: bool) {
        if space {
            for depth in (0..self.matcher.len()).rev() {
                let state = self.matcher.element_mut(depth);
                if state.before.text != before {
                    break;
                }
                state.before.text += UNITS;
                state.text_start += 1;
            }
        }
        if self.matcher.is_alarmed(self.text.counts.text) {
            let context = context!(self);
            self.matcher.text_grew(context);
            self.update_hold();
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
        let state = self.matcher.element(depth);
        let paragraph = self.text.counts.paragraph - before.paragraph;
        if !dropped {
            if element_name == name::H1 && has_text && self.unseen == 0 {
                self.page.headline();
            }
            if let Some(make) = state.make {
                self.page.element_ended(&Ended {
                    make,
                    class,
                    named: state.named_body,
                    paragraph,
                    paragraph_children: state.paragraph_children,
                });
            }
        }
        if state.aside {
            self.page.leave_aside();
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

    /// Decides about the element at `depth`, of which all has been seen; true if it is dropped.
    fn decide(&mut self, depth: usize) -> bool {
        if let Some((cut, rule)) = self.cut {
            if cut == depth {
                self.cut = None;
                self.splice.end_cut();
                self.record(depth, rule);
                return true;
            }
            if cut < depth {
                // Whatever it is, it goes; but others may have asked for it.
                let context = context!(self);
                self.matcher.decide(depth, context);
                return false;
            }
        }
        if !self.matcher.element(depth).is_candidate() {
            return false;
        }
        let context = context!(self);
        match self.matcher.decide(depth, context) {
            Verdict::Stays => false,
            Verdict::Protected(_) => {
                self.recorder.report.protected += 1;
                false
            }
            Verdict::Dropped(rule) => {
                self.splice.truncate(self.matcher.element(depth).position);
                self.record(depth, rule);
                true
            }
        }
    }

    /// The element at `depth` has been dropped up to here.
    fn record(&mut self, depth: usize, rule: RuleRef) {
        let state = self.matcher.element(depth);
        let text = (state.text_start, self.text.end());
        let preview = if !self.explain {
            String::new()
        } else if state.preview.is_empty() {
            first_words(self.text.slice(text.0, text.1))
        } else {
            state.preview.clone()
        };
        let start = state.start;
        let text_length = (self.text.counts.text - state.before.text) / UNITS;
        let element = state.label.clone();
        let snapshot = state.snapshot;
        let rule = self.matcher.rule(rule);
        if let crate::rules::sheet::Action::Drop(kind) = rule.action {
            let removal = Removal {
                kind,
                file: rule.file.clone(),
                line: rule.line,
                selector: if self.explain {
                    rule.selector.to_string()
                } else {
                    String::new()
                },
                element,
                bytes: start..self.offset,
                text_length,
                text: preview,
            };
            self.recorder.cut(Cut { removal, text });
        }
        if let Some(snapshot) = snapshot {
            self.page.restore(snapshot, text.0);
        }
        if self.held.is_none() {
            self.recorder.settle();
        }
    }

    fn link(&self) -> Link {
        match (self.links, self.text.counts.text > self.before_link) {
            (0, _) => Link::Outside,
            (_, false) => Link::Fresh,
            (_, true) => Link::Begun,
        }
    }

    fn take_visible(&mut self, bytes: &[u8]) {
        if self.unseen > 0 {
            return;
        }
        let before = self.text.counts.text;
        let lead = self.text.push(bytes, self.link());
        if lead.words {
            self.text_came(before, lead.space);
        }
    }
}

impl<W: Write> GapSink for Stream<W> {
    fn text(&mut self, bytes: &[u8]) {
        if !self.open.in_body() && bytes.iter().any(|b| !b.is_ascii_whitespace()) {
            let mut steps = Steps::new();
            self.open.text(&mut steps);
            for step in steps {
                self.step_at_start(step);
            }
        }
        if bytes.iter().any(|b| !b.is_ascii_whitespace())
            && let Some(table) = self.open.fosters_text()
        {
            self.settle_from(table);
        }
        self.take_visible(bytes);
        self.pass(bytes);
    }

    fn raw_text(&mut self, bytes: &[u8]) {
        match self.raw_text {
            RawText::Seen => self.take_visible(bytes),
            RawText::JsonLd => self.page.json_ld(bytes),
            RawText::Unseen => {}
        }
        self.pass(bytes);
    }

    fn markup(&mut self, bytes: &[u8]) {
        self.pass(bytes);
    }

    fn end_tag(&mut self, name: Name, bytes: &[u8]) {
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
        self.closing = None;
        for step in steps {
            match step {
                Step::CloseWith(depth) => {
                    self.close_from(depth + 1);
                    self.closing = Some(depth);
                }
                Step::Detach(depth) => {
                    self.settle_above(depth);
                    self.closing = Some(depth);
                }
                Step::CloseFrom(depth) => self.close_from(depth),
                Step::Settle(depth) => self.settle_from(depth),
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
}

/// The tag's element, from where lol_html found its parts.
fn element_of<'a>(source: &'a str, tag: &Tag, foreign: bool) -> Element<'a> {
    let name = tag.name;
    let namespace = if foreign {
        Namespace::Foreign
    } else {
        Namespace::Html
    };
    let mut element = Element {
        name,
        class_of_name: if foreign {
            // Of foreign names only those of the roots mean anything.
            match name {
                name::SVG | name::MATH => Class::of(name),
                _ => Class::of(name::SPAN),
            }
        } else {
            Class::of(name)
        },
        namespace,
        attributes: SmallVec::with_capacity(tag.attributes.len()),
        id: None,
        class: None,
    };
    for (name, value) in &tag.attributes {
        let name = &source[name.clone()];
        let name = if name.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        };
        let i = element.attributes.len();
        match &*name {
            "id" if element.id.is_none() => element.id = Some(i),
            "class" if element.class.is_none() => element.class = Some(i),
            _ => {}
        }
        element
            .attributes
            .push((name, decode(&source[value.clone()])));
    }
    element
}

/// A start tag in short: `div#id.class.class`, at most 60 characters.
fn label(out: &mut String, source: &str, element: &Element<'_>) {
    const LONGEST: usize = 60;
    let name = source[1..]
        .split(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>')
        .next()
        .unwrap_or_default();
    out.push_str(&name.to_ascii_lowercase());
    if let Some(id) = element.id().filter(|id| !id.trim().is_empty()) {
        out.push('#');
        out.push_str(id.trim());
    }
    for class in element.classes() {
        out.push('.');
        out.push_str(class);
    }
    if let Some((end, _)) = out.char_indices().nth(LONGEST) {
        out.truncate(end);
        out.push('…');
    }
}
