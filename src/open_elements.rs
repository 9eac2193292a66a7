//! The stack of open elements: who is inside whom. lol_html reports tags; which elements a tag
//! opens and closes, implied end tags included, is decided here, after the HTML Standard's
//! [tree construction](https://html.spec.whatwg.org/multipage/parsing.html#tree-construction).
//! Where this stack is simpler than the Standard's (the adoption agency, foster parenting) it
//! closes elements early: what is dropped then ends early, and nothing else goes with it.

mod foreign;
mod tables;

use crate::tag::{Class, Name, name};
use smallvec::SmallVec;

/// Elements deeper than this are not told apart: they count as part of the 512th, the depth at
/// which browsers stop nesting (Blink's and WebKit's `maximumHTMLParserDOMTreeDepth`).
pub(crate) const MAX_DEPTH: usize = 512;

/// The namespace of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namespace {
    Html,
    /// SVG or MathML.
    Foreign,
}

/// The two kinds of foreign content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    Svg,
    Math,
}

/// What a tag does to the stack, step by step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The elements from this depth on end where the tag begins.
    CloseFrom(usize),
    /// The elements above this depth end where the tag begins, that of this depth where it ends.
    CloseWith(usize),
    /// The element at this depth ends with the tag, those above stay open: a formatting element
    /// closed across blocks.
    Detach(usize),
    /// The elements from this depth on stay open, but nothing that is dropped reaches further.
    Settle(usize),
    /// The same; besides, what is no [block](OpenElements::is_block) stays.
    Adopt(usize),
    /// An element opens that has no tag on the page.
    Imply(Name),
}

pub(crate) type Steps = SmallVec<[Step; 4]>;

/// What a start tag opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// No element: the Standard ignores the tag here, or it lies too deep to be told apart.
    Nothing,
    /// An element without content.
    Void,
    /// An element, now on top of the stack.
    Element,
}

#[derive(Clone, Copy)]
struct Open {
    /// Its name, if it is HTML's: names of SVG and MathML mean nothing to HTML's tags.
    name: Name,
    /// Its name, if it is foreign.
    foreign_name: Name,
    class: Class,
    namespace: Namespace,
    /// HTML may stand inside although it is foreign:
    /// <https://html.spec.whatwg.org/multipage/parsing.html#html-integration-point>
    integration: bool,
    /// It is MathML's, not SVG's, if it is foreign.
    math: bool,
}

/// The stack.
#[derive(Default)]
pub(crate) struct OpenElements {
    stack: Vec<Open>,
    /// Open elements too deep to be on the stack.
    overflow: usize,
    /// The Standard's form element pointer: a form in a form is ignored.
    form: bool,
    body_seen: bool,
    head_seen: bool,
    /// Formatting elements that were closed with what was around them, and how many of each: the
    /// Standard opens them again in what follows, and there their end tags close more than
    /// themselves.
    reopened: SmallVec<[(Name, u32); 8]>,
    /// The page is not in quirks mode.
    standard: bool,
    /// A table has ended a `p` at this depth that quirks mode may have left open: what has been
    /// opened from here on would be in it.
    table_p: Option<usize>,
}

impl OpenElements {
    /// Whether the body has been opened.
    pub(crate) fn in_body(&self) -> bool {
        self.body_seen
    }

    /// A start tag.
    pub(crate) fn start_tag(
        &mut self,
        name: Name,
        class: Class,
        namespace: Namespace,
        self_closing: bool,
        steps: &mut Steps,
    ) -> Opened {
        if namespace == Namespace::Foreign {
            self.ensure_body(Class::of(name), steps);
            return if self_closing {
                Opened::Void
            } else {
                let class = if self.is_integration_point(name) {
                    Class::SPECIAL
                } else {
                    Class::INLINE
                };
                self.open(name, class, namespace)
            };
        }
        self.leave_foreign(steps);
        if self.stack.last().is_some_and(|e| e.name == name::COLGROUP)
            && !matches!(name, name::COL | name::TEMPLATE)
        {
            self.close_from(self.stack.len() - 1, steps);
        }
        match name {
            name::HTML => {
                if !self.stack.is_empty() {
                    return Opened::Nothing;
                }
            }
            name::HEAD => {
                if self.head_seen || self.body_seen || self.in_template() {
                    return Opened::Nothing;
                }
                self.ensure_html(steps);
                self.head_seen = true;
            }
            name::BODY => {
                if self.body_seen || self.in_template() {
                    return Opened::Nothing;
                }
                self.ensure_html(steps);
                self.close_head(steps);
                self.body_seen = true;
            }
            _ => {
                self.ensure_body(class, steps);
                if name == name::FORM && self.is_in_table() {
                    // In a table a form is closed as soon as it is opened.
                    let first = !std::mem::replace(&mut self.form, true);
                    return if first { Opened::Void } else { Opened::Nothing };
                }
                if self.ignored_in_select(name, steps) {
                    self.might_open_in_select(name, class, steps);
                    return Opened::Nothing;
                }
                if !self.make_room(name, class, steps) {
                    return Opened::Nothing;
                }
            }
        }
        if class.has(Class::VOID) {
            Opened::Void
        } else {
            self.open(name, class, namespace)
        }
    }

    /// The doctype, or that there is none, puts the page in quirks mode, or not.
    pub(crate) fn set_standard(&mut self, standard: bool) {
        self.standard = standard;
    }

    /// Text that is not white space: it opens the body, if nothing did.
    pub(crate) fn text(&mut self, steps: &mut Steps) {
        self.ensure_body(Class::of(name::P), steps);
    }

    /// An end tag.
    pub(crate) fn end_tag(&mut self, name: Name, steps: &mut Steps) {
        if self.overflow > 0 && !matches!(name, name::BODY | name::HTML) {
            self.overflow -= 1;
            return;
        }
        // https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inforeign
        if matches!(name, name::P | name::BR) && self.in_foreign() {
            self.leave_foreign(steps);
        }
        for i in (0..self.stack.len()).rev() {
            let open = self.stack[i];
            if open.namespace == Namespace::Html {
                break;
            }
            if open.foreign_name == name {
                return self.close_with(i, steps);
            }
        }
        let class = Class::of(name);
        if let Some(select) = self.in_scope(name::SELECT, &[]) {
            if class.has(Class::TABLE_PART) || name == name::TABLE {
                if self.in_table_scope(name).is_none() {
                    return;
                }
                self.close_from(select, steps);
            } else if !matches!(
                name,
                name::SELECT
                    | name::SCRIPT
                    | name::TEXTAREA
                    | name::OPTION
                    | name::OPTGROUP
                    | name::TEMPLATE
                    | name::HTML
                    | name::BODY
            ) {
                // Newer parsers have opened what it closes, and close the option in it as well.
                steps.push(Step::Settle(select + 1));
                return;
            }
        }
        let found = match name {
            // What comes after them still goes into what is open.
            name::BODY | name::HTML => return,
            name::HEAD if self.in_template() => None,
            name::HEAD => self.stack.iter().position(|e| e.name == name::HEAD),
            name::P => {
                let open = self.in_scope(name, &[name::BUTTON]);
                if open.is_none() {
                    self.end_table_p(steps);
                }
                open
            }
            name::LI => self.in_scope(name, &[name::OL, name::UL]),
            name::DD | name::DT | name::SELECT | name::APPLET | name::MARQUEE | name::OBJECT => {
                self.in_scope(name, &[])
            }
            name::FORM => {
                self.form = false;
                let form = self.in_scope(name, &[]);
                let implied = |e: &Open| matches!(e.name, name::P | name::LI | name::DD | name::DT);
                if let Some(i) = form
                    && !self.stack[i + 1..].iter().all(implied)
                {
                    // `</form>` ends the form alone.
                    self.remove(i);
                    steps.push(Step::Detach(i));
                    return;
                }
                form
            }
            name::TEMPLATE => self.stack.iter().rposition(|e| e.name == name::TEMPLATE),
            _ if class.has(Class::HEADING) => self.heading_in_scope(),
            _ if class.has(Class::TABLE_PART) || name == name::TABLE => self.in_table_scope(name),
            _ if class.has(Class::BLOCK_END) => self.in_scope(name, &[]),
            _ if class.has(Class::FORMATTING) => return self.end_formatting(name, steps),
            // "Any other end tag"
            _ => {
                let ends = |e: &Open| e.name == name || e.class.has(Class::SPECIAL);
                let found = self.stack.iter().rposition(ends);
                // Some parsers do not stop where SVG ends and HTML begins.
                if found.is_some_and(|i| self.stack[i].integration)
                    && let Some(i) = self.stack.iter().rposition(|e| e.name == name)
                {
                    steps.push(Step::Settle(i));
                }
                found.filter(|&i| self.stack[i].name == name)
            }
        };
        if let Some(i) = found {
            self.close_with(i, steps);
        }
    }

    fn open(&mut self, name: Name, class: Class, namespace: Namespace) -> Opened {
        if self.stack.len() >= MAX_DEPTH {
            self.overflow += 1;
            return Opened::Nothing;
        }
        let foreign = namespace == Namespace::Foreign;
        self.stack.push(Open {
            name: if foreign { Name::default() } else { name },
            foreign_name: if foreign { name } else { Name::default() },
            class,
            namespace,
            integration: foreign && self.is_integration_point(name),
            math: self.is_math(name),
        });
        Opened::Element
    }

    fn close_from(&mut self, depth: usize, steps: &mut Steps) {
        if depth < self.stack.len() {
            self.truncate(depth, depth);
            steps.push(Step::CloseFrom(depth));
        }
    }

    fn close_with(&mut self, depth: usize, steps: &mut Steps) {
        self.truncate(depth, depth + 1);
        steps.push(Step::CloseWith(depth));
    }

    /// Takes the elements from `depth` on off the stack; those from `inner` on were not closed by
    /// tags of their own.
    fn truncate(&mut self, depth: usize, inner: usize) {
        for open in &self.stack[inner..] {
            if open.class.has(Class::FORMATTING) {
                reopen(&mut self.reopened, open.name);
            }
        }
        self.stack.truncate(depth);
        self.table_p = self.table_p.filter(|&p| p <= depth);
    }

    fn imply(&mut self, name: Name, steps: &mut Steps) {
        if self.open(name, Class::of(name), Namespace::Html) == Opened::Element {
            steps.push(Step::Imply(name));
        } else {
            self.overflow -= 1;
        }
    }

    fn ensure_html(&mut self, steps: &mut Steps) {
        if self.stack.is_empty() {
            self.imply(name::HTML, steps);
        }
    }

    fn close_head(&mut self, steps: &mut Steps) {
        if let Some(i) = self.stack.iter().position(|e| e.name == name::HEAD) {
            self.close_from(i, steps);
        }
    }

    /// The implied `html`, `head` and `body`:
    /// <https://html.spec.whatwg.org/multipage/parsing.html#the-before-html-insertion-mode> ff.
    fn ensure_body(&mut self, class: Class, steps: &mut Steps) {
        if self.body_seen {
            return;
        }
        self.ensure_html(steps);
        if self.in_template() {
            return;
        }
        if class.has(Class::METADATA) {
            if !self.head_seen {
                self.head_seen = true;
                self.imply(name::HEAD, steps);
            }
            return;
        }
        self.head_seen = true;
        self.body_seen = true;
        self.close_head(steps);
        self.imply(name::BODY, steps);
    }

    /// Closes what this start tag closes; false if the tag is ignored here.
    fn make_room(&mut self, name: Name, class: Class, steps: &mut Steps) -> bool {
        if class.has(Class::TABLE_PART) {
            return self.make_room_in_table(name, steps);
        }
        // In body: https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inbody
        match name {
            name::LI => self.close_item(&[name::LI], steps),
            name::DD | name::DT => self.close_item(&[name::DD, name::DT], steps),
            name::BUTTON => {
                if let Some(i) = self.in_scope(name::BUTTON, &[]) {
                    self.close_from(i, steps);
                }
            }
            name::A | name::NOBR => {
                let marker = self.stack.iter().rposition(|e| is_marker(e.name));
                let open = self.stack.iter().rposition(|e| e.name == name);
                if open > marker {
                    self.end_formatting_at_start(open, steps);
                } else {
                    self.end_reopened(name, steps);
                }
            }
            name::OPTION => self.close_top(&[name::OPTION], steps),
            name::OPTGROUP => {
                self.close_top(&[name::OPTION], steps);
                self.close_top(&[name::OPTGROUP], steps);
            }
            name::SELECT => {
                if let Some(i) = self.in_scope(name::SELECT, &[]) {
                    self.close_from(i, steps);
                    return false;
                }
            }
            name::RB | name::RTC | name::RT | name::RP => {
                let closes_rtc = matches!(name, name::RB | name::RTC);
                let implied =
                    |e: &Open| ends_by_itself(e.name) || closes_rtc && e.name == name::RTC;
                if self.in_scope(name::RUBY, &[]).is_some() {
                    let stays = self.stack.iter().rposition(|e| !implied(e));
                    self.close_from(stays.map_or(0, |i| i + 1), steps);
                }
            }
            name::FORM => {
                let in_template = self.in_template();
                if self.form && !in_template {
                    return false;
                }
                self.form |= !in_template;
            }
            name::TABLE if self.is_in_table() => {
                if let Some(i) = self.in_table_scope(name::TABLE) {
                    self.close_from(i, steps);
                }
            }
            _ => {}
        }
        if class.has(Class::CLOSES_P) {
            if name != name::TABLE {
                self.end_table_p(steps);
            }
            if let Some(i) = self.in_scope(name::P, &[name::BUTTON]) {
                self.close_from(i, steps);
                self.table_p = (name == name::TABLE && !self.standard).then_some(i);
            }
        }
        if class.has(Class::HEADING)
            && self
                .stack
                .last()
                .is_some_and(|e| e.class.has(Class::HEADING))
        {
            self.close_from(self.stack.len() - 1, steps);
        }
        true
    }

    /// The element at `depth` ends, but what is in it does not.
    fn remove(&mut self, depth: usize) {
        self.stack.remove(depth);
        self.table_p = self.table_p.map(|p| p - usize::from(depth < p));
    }

    /// What ends a `p` ends the one that a table may have left open, and all in it.
    fn end_table_p(&mut self, steps: &mut Steps) {
        let Some(depth) = self.table_p else { return };
        let mut inside = self.stack[depth.min(self.stack.len())..].iter();
        let ends_scope =
            |e: &Open| e.class.has(Class::SCOPE) || e.integration || e.name == name::BUTTON;
        if !inside.any(ends_scope) {
            self.table_p = None;
            steps.push(Step::Settle(depth));
        }
    }

    /// `li`, `dd`, `dt`: an open one is closed unless another list has begun inside it.
    fn close_item(&mut self, items: &[Name], steps: &mut Steps) {
        for i in (0..self.stack.len()).rev() {
            let open = self.stack[i];
            if items.contains(&open.name) {
                return self.close_from(i, steps);
            }
            if open.class.has(Class::SPECIAL)
                && !matches!(open.name, name::ADDRESS | name::DIV | name::P)
            {
                return;
            }
        }
    }

    fn close_top(&mut self, names: &[Name], steps: &mut Steps) {
        if self.stack.last().is_some_and(|e| names.contains(&e.name)) {
            self.close_from(self.stack.len() - 1, steps);
        }
    }

    /// A formatting element that the Standard has opened again ends.
    fn end_reopened(&mut self, name: Name, steps: &mut Steps) {
        if let Some(i) = self.reopened.iter().position(|&(n, _)| n == name) {
            self.reopened[i].1 -= 1;
            if self.reopened[i].1 == 0 {
                self.reopened.remove(i);
            }
            let special = self.stack.iter().rposition(|e| e.class.has(Class::SPECIAL));
            steps.push(Step::Adopt(special.map_or(0, |i| i + 1)));
        }
    }

    /// The adoption agency, cut short: a formatting element that is closed across a block ends,
    /// the block stays open.
    fn end_formatting(&mut self, name: Name, steps: &mut Steps) {
        let Some(i) = self.in_scope(name, &[]) else {
            return self.end_reopened(name, steps);
        };
        if self.stack[i + 1..]
            .iter()
            .any(|e| e.class.has(Class::SPECIAL))
        {
            self.remove(i);
            steps.push(Step::Detach(i));
        } else {
            self.close_with(i, steps);
        }
    }

    fn end_formatting_at_start(&mut self, open: Option<usize>, steps: &mut Steps) {
        let Some(i) = open else { return };
        if self.stack[i + 1..]
            .iter()
            .any(|e| e.class.has(Class::SPECIAL))
        {
            self.remove(i);
            steps.push(Step::Detach(i));
        } else {
            self.close_from(i, steps);
        }
    }

    /// Whether blocks in the element at `depth` may turn out to be none of its content: it is no
    /// block itself and stands in a formatting element, and when that ends, the adoption agency
    /// moves what blocks are open then out of both. So it cannot be cut as it comes.
    pub(crate) fn may_lose_content(&self, depth: usize) -> bool {
        if self.is_block(depth) {
            return false;
        }
        let around = self.stack.iter().take(depth).rev();
        !self.reopened.is_empty()
            || around
                .take_while(|e| !is_marker(e.name))
                .any(|e| e.class.has(Class::FORMATTING))
    }

    /// Whether the element at `depth` takes its content along when the adoption agency moves it.
    pub(crate) fn is_block(&self, depth: usize) -> bool {
        let open = self.stack.get(depth);
        open.is_none_or(|e| e.class.has(Class::SPECIAL) || e.namespace == Namespace::Foreign)
    }

    /// <https://html.spec.whatwg.org/multipage/parsing.html#has-an-element-in-scope>
    fn in_scope(&self, name: Name, also: &[Name]) -> Option<usize> {
        for (i, open) in self.stack.iter().enumerate().rev() {
            if open.name == name {
                return Some(i);
            }
            if open.class.has(Class::SCOPE) || open.integration || also.contains(&open.name) {
                return None;
            }
        }
        None
    }

    fn in_template(&self) -> bool {
        self.stack.iter().any(|e| e.name == name::TEMPLATE)
    }

    fn heading_in_scope(&self) -> Option<usize> {
        for (i, open) in self.stack.iter().enumerate().rev() {
            if open.class.has(Class::HEADING) {
                return Some(i);
            }
            if open.class.has(Class::SCOPE) || open.integration {
                return None;
            }
        }
        None
    }
}

/// The Standard opens a formatting element of this name again in what follows.
fn reopen(reopened: &mut SmallVec<[(Name, u32); 8]>, name: Name) {
    match reopened.iter_mut().find(|(n, _)| *n == name) {
        Some((_, count)) => *count += 1,
        None => reopened.push((name, 1)),
    }
}

/// What has implied end tags, `rtc` left out:
/// <https://html.spec.whatwg.org/multipage/parsing.html#generate-implied-end-tags>
fn ends_by_itself(name: Name) -> bool {
    let lists = matches!(name, name::DD | name::DT | name::LI | name::P);
    lists
        || matches!(
            name,
            name::OPTGROUP | name::OPTION | name::RB | name::RP | name::RT
        )
}

/// Ends the list of active formatting elements:
/// <https://html.spec.whatwg.org/multipage/parsing.html#the-list-of-active-formatting-elements>
fn is_marker(name: Name) -> bool {
    matches!(
        name,
        name::APPLET
            | name::OBJECT
            | name::MARQUEE
            | name::TEMPLATE
            | name::TD
            | name::TH
            | name::CAPTION
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `tags` and gives the names open at the end.
    fn open_after(tags: &str) -> String {
        let mut elements = OpenElements::default();
        let mut names: Vec<String> = Vec::new();
        let all: Vec<&str> = crate::tag::ALL.to_vec();
        for tag in tags.split_whitespace() {
            let mut steps = Steps::new();
            let (end, tag) = match tag.strip_prefix('/') {
                Some(tag) => (true, tag),
                None => (false, tag),
            };
            let name = Name::new(tag.as_bytes());
            let mut opened = Opened::Nothing;
            if end {
                elements.end_tag(name, &mut steps);
            } else {
                opened =
                    elements.start_tag(name, Class::of(name), Namespace::Html, false, &mut steps);
            }
            for step in steps {
                match step {
                    Step::CloseFrom(n) | Step::CloseWith(n) => names.truncate(n),
                    Step::Settle(_) | Step::Adopt(_) => {}
                    Step::Detach(n) => drop(names.remove(n)),
                    Step::Imply(name) => {
                        let known = all.iter().find(|n| Name::new(n.as_bytes()) == name);
                        names.push(known.map_or("?", |n| *n).to_owned());
                    }
                }
            }
            if opened == Opened::Element {
                names.push(tag.to_owned());
            }
            assert_eq!(names.len(), elements.stack.len(), "{tags}");
        }
        names.join(" ")
    }

    #[test]
    fn what_closes_what() {
        for (tags, open) in [
            ("p p", "html body p"),
            ("p div", "html body div"),
            ("p span p", "html body p"),
            ("p button p", "html body p button p"),
            ("ul li p li", "html body ul li"),
            ("ul li ul li", "html body ul li ul li"),
            ("ul li div li", "html body ul li"),
            ("ul li section li", "html body ul li section li"),
            ("dl dt dd dt", "html body dl dt"),
            ("h1 h2", "html body h2"),
            ("h1 /h3", "html body"),
            ("div span /div", "html body"),
            ("div p /div", "html body"),
            ("p /div", "html body p"),
            ("div p /span", "html body div p"),
            ("div section span /section", "html body div"),
            ("select option option", "html body select option"),
            (
                "select optgroup option optgroup",
                "html body select optgroup",
            ),
            ("table tr td tr", "html body table tbody tr"),
            ("table tr td td", "html body table tbody tr td"),
            ("table td table tr td /table", "html body table tbody tr td"),
            ("table table", "html body table"),
            ("table tr div td", "html body table tbody tr td"),
            ("td p", "html body p"),
            ("div table td /div", "html body div table tbody tr td"),
            ("a b a", "html body a"),
            ("a div a", "html body div a"),
            ("b p /b", "html body p"),
            ("b i /b", "html body"),
            ("title /title p", "html body p"),
            ("html head meta link /head body", "html body"),
            ("head div", "html body div"),
            ("body div /body p", "html body div p"),
            ("div body p", "html body div p"),
            ("form form", "html body form"),
            ("div form /div form", "html body"),
            ("template tr td", "html head template tr td"),
            ("img br hr", "html body"),
            ("ruby rt rt", "html body ruby rt"),
        ] {
            assert_eq!(open_after(tags), open, "{tags}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let mut elements = OpenElements::default();
        let mut steps = Steps::new();
        for _ in 0..10_000 {
            elements.start_tag(
                name::DIV,
                Class::of(name::DIV),
                Namespace::Html,
                false,
                &mut steps,
            );
        }
        assert_eq!(elements.stack.len(), MAX_DEPTH);
        for _ in 0..10_000 {
            elements.end_tag(name::DIV, &mut steps);
        }
        assert_eq!(elements.stack.len(), 2);
    }
}
