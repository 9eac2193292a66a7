//! Which elements of a page each of many selectors drops: what `eval/ftr_sameness.py` compares with
//! what XPath expressions find. Requests and answers are lines of JSON; `Request` and `Answer` say
//! which.
//!
//! The page is first brought into the form that an HTML parser gives it, so that dehusk and whoever
//! reads the answer look at the same tree, and each element is given a number.

use dehusk::{Options, Rules, clean};
use html5ever::interface::Attribute;
use html5ever::serialize::{SerializeOpts, serialize};
use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, QualName, ns, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom, SerializableHandle};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};

/// The attribute with an element's number.
const NUMBER: &str = "data-n";

/// Selectors that are tried together first: most of them find nothing on most pages.
const TOGETHER: usize = 300;

/// Some pages change when they are written and read again; few more than twice.
const ROUNDS: usize = 4;

/// Pages nest deep.
const STACK: usize = 1 << 30;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Request {
    /// XPath expressions. Answered by `Imported`.
    Import(Vec<String>),
    /// The selectors that the other requests are about; comes first. Answered by `Refused`.
    Selectors(Vec<String>),
    /// A page. Answered by `Tree`.
    Page(String),
    /// What the selectors drop of that page; those of these places in the list are likely to.
    /// Answered by `Found`.
    Find(Vec<usize>),
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    /// For each expression the selector it becomes, if it does, and why not all of it does.
    Imported(Vec<(Option<String>, Vec<String>)>),
    /// What cannot be used, and why.
    Refused(BTreeMap<usize, String>),
    /// The page's tree as XML, each element with its number; none if the page is another each time
    /// it is written and read.
    Tree(Option<String>),
    /// By place of the selector: the outermost elements that it drops.
    Found(BTreeMap<usize, Vec<u32>>),
}

fn main() {
    let work = std::thread::Builder::new().stack_size(STACK).spawn(run);
    let done = work.map_err(|e| e.to_string()).and_then(|thread| {
        let result = thread.join().map_err(|_| "a panic".to_owned())?;
        result.map_err(|e| e.to_string())
    });
    if let Err(error) = done {
        eprintln!("which: {error}");
        std::process::exit(1);
    }
}

fn run() -> std::io::Result<()> {
    let mut finder = Finder::new(Vec::new());
    let mut page = String::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = match serde_json::from_str(&line?)? {
            Request::Import(all) => Answer::Imported(all.iter().map(|x| import(x)).collect()),
            Request::Selectors(selectors) => {
                finder = Finder::new(selectors);
                Answer::Refused(finder.refused.clone())
            }
            Request::Page(html) => {
                let tree = settled(&html);
                page = tree.as_ref().map(to_html).transpose()?.unwrap_or_default();
                Answer::Tree(tree.map(|tree| to_xml(&tree.document)))
            }
            Request::Find(likely) => Answer::Found(finder.find(&page, &likely)?),
        };
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}

fn import(expression: &str) -> (Option<String>, Vec<String>) {
    let file = format!("strip: {expression}");
    let imported = dehusk::import::read("example.com.txt", &file);
    let selector = imported.rules.first().map(|rule| rule.selector.to_string());
    let left_out = imported.left_out.iter();
    let reasons = left_out.map(|left| format!("{}: {}", left.reason.name(), left.detail));
    (selector, reasons.collect())
}

// ---- what selectors drop ----

struct Finder {
    selectors: Vec<String>,
    refused: BTreeMap<usize, String>,
    /// Each selector on a site of its own.
    each: Rules,
}

impl Finder {
    fn new(selectors: Vec<String>) -> Finder {
        let mut refused = BTreeMap::new();
        let mut builder = Rules::builder().builtin(false);
        for (i, selector) in selectors.iter().enumerate() {
            if let Err(error) = Rules::builder().builtin(false).select(selector).build() {
                refused.insert(i, error.to_string());
                continue;
            }
            // A line of one attribute would be a section.
            builder = builder.file(
                format!("{}.sel", site(i)),
                format!("no-such-element, {selector}"),
            );
        }
        Finder {
            each: builder.build().unwrap_or_else(|_| Rules::none()),
            selectors,
            refused,
        }
    }

    /// What each selector drops by itself.
    fn find(&self, page: &str, likely: &[usize]) -> std::io::Result<BTreeMap<usize, Vec<u32>>> {
        let mut finds: BTreeSet<usize> = likely.iter().copied().collect();
        let all = 0..self.selectors.len();
        let unlikely = all.filter(|i| !finds.contains(i) && !self.refused.contains_key(i));
        let unlikely: Vec<usize> = unlikely.collect();
        for some in unlikely.chunks(TOGETHER) {
            let mut rest = some.to_vec();
            // One that drops something hides what others drop in it: ask again without it.
            loop {
                let builder = Rules::builder().builtin(false);
                let selectors = rest.iter().map(|&i| self.selectors[i].as_str());
                let rules = selectors.fold(builder, |builder, s| builder.select(s));
                let rules = rules.build().map_err(std::io::Error::other)?;
                let dropped = dropped(&rules, &Options::new(), page)?;
                let dropping: BTreeSet<usize> = dropped.into_iter().map(|(n, _)| rest[n]).collect();
                if dropping.is_empty() {
                    break;
                }
                rest.retain(|i| !dropping.contains(i));
                finds.extend(dropping);
            }
        }
        let mut found = BTreeMap::new();
        for i in finds {
            let options = Options::new().url(&site(i));
            let elements = dropped(&self.each, &options, page)?;
            if !elements.is_empty() {
                found.insert(i, elements.into_iter().map(|(_, number)| number).collect());
            }
        }
        Ok(found)
    }
}

fn site(selector: usize) -> String {
    format!("s{selector}.example")
}

/// The outermost elements that go: the rule's place and the element's number.
fn dropped(rules: &Rules, options: &Options, page: &str) -> std::io::Result<Vec<(usize, u32)>> {
    let options = options.clone().explain(true);
    let report = clean(rules, &options, page.as_bytes(), std::io::sink())?;
    let number = |start: u64| {
        let (_, rest) = page.get(start as usize..)?.split_once(NUMBER)?;
        rest.split('"').nth(1)?.parse().ok()
    };
    let all = report.removals.iter();
    let inside = |r: &&dehusk::Removal| {
        let mut others = report.removals.iter();
        others.any(|o| {
            o.bytes != r.bytes && o.bytes.start <= r.bytes.start && r.bytes.end <= o.bytes.end
        })
    };
    Ok(all
        .filter(|r| !inside(r))
        .filter_map(|r| Some((r.line as usize - 1, number(r.bytes.start)?)))
        .collect())
}

// ---- pages ----

fn parse(html: &str) -> RcDom {
    parse_document(RcDom::default(), ParseOpts::default()).one(html)
}

fn to_html(tree: &RcDom) -> std::io::Result<String> {
    let mut out = Vec::new();
    let document: SerializableHandle = tree.document.clone().into();
    serialize(&mut out, &document, SerializeOpts::default())?;
    String::from_utf8(out).map_err(std::io::Error::other)
}

/// The tree of a page that stays the same when it is written and read, numbered; templates are
/// emptied, for they are no part of the tree.
fn settled(html: &str) -> Option<RcDom> {
    let mut tree = parse(html);
    empty_templates(&tree.document);
    let mut before = to_html(&tree).ok()?;
    for _ in 0..ROUNDS {
        tree = parse(&before);
        let after = to_html(&tree).ok()?;
        if after == before {
            number(&tree.document, &mut 0);
            return Some(tree);
        }
        before = after;
    }
    None
}

fn empty_templates(node: &Handle) {
    if let NodeData::Element {
        template_contents, ..
    } = &node.data
        && let Some(contents) = &*template_contents.borrow()
    {
        contents.children.borrow_mut().clear();
    }
    for child in &*node.children.borrow() {
        empty_templates(child);
    }
}

fn number(node: &Handle, next: &mut u32) {
    if let NodeData::Element { attrs, .. } = &node.data {
        let name = QualName::new(None, ns!(), NUMBER.into());
        let value = next.to_string().into();
        attrs.borrow_mut().insert(0, Attribute { name, value });
        *next += 1;
    }
    for child in &*node.children.borrow() {
        number(child, next);
    }
}

/// The tree as XML. What XML has no way to say is left out: attributes of other names, control
/// characters.
fn to_xml(document: &Handle) -> String {
    let mut out = String::new();
    for child in &*document.children.borrow() {
        write_xml(child, &mut out);
    }
    out
}

fn write_xml(node: &Handle, out: &mut String) {
    match &node.data {
        NodeData::Text { contents } => write_text(&contents.borrow(), out),
        // It parts text nodes.
        NodeData::Comment { .. } => out.push_str("<!---->"),
        NodeData::Element { name, attrs, .. } => {
            let name = xml_name(&name.local);
            out.push('<');
            out.push_str(&name);
            let mut seen = BTreeSet::new();
            for attribute in &*attrs.borrow() {
                let own = &*attribute.name.local;
                if own != "xmlns"
                    && xml_name(own) == *own
                    && attribute.name.ns == ns!()
                    && seen.insert(own.to_owned())
                {
                    out.push(' ');
                    out.push_str(own);
                    out.push_str("=\"");
                    write_text(&attribute.value, out);
                    out.push('"');
                }
            }
            out.push('>');
            for child in &*node.children.borrow() {
                write_xml(child, out);
            }
            out.push_str("</");
            out.push_str(&name);
            out.push('>');
        }
        _ => {}
    }
}

/// The name in lower case, and without what no name may have in XML.
fn xml_name(name: &str) -> String {
    let is_start = |c: char| c.is_ascii_lowercase() || c == '_';
    let mut out: String = name
        .to_ascii_lowercase()
        .chars()
        .map(|c| {
            if is_start(c) || c.is_ascii_digit() || c == '-' || c == '.' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if !out.starts_with(is_start) {
        out.insert(0, '_');
    }
    out
}

fn write_text(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", c as u32)),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
}
