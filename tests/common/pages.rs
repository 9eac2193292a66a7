//! Generators of pages: well-formed ones, misnested ones, tag soup, soup of unknown elements. A
//! generated page has `~` where a word is to stand; [`number`] makes each of them a word of its own,
//! so that a word lost can be told from a word moved.

use super::tree::words;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Write as _;

/// Gives each `~` a word of its own.
pub fn number(page: &str) -> String {
    let mut out = String::new();
    for (i, part) in page.split('~').enumerate() {
        if i > 0 {
            let _ = write!(out, " w{i} ");
        }
        out.push_str(part);
    }
    out
}

/// The words that [`number`] made. They stand alone whatever is cut beside them; other pieces of
/// text may grow together.
pub fn numbered(text: &str) -> Vec<String> {
    let mut words = words(text);
    words.retain(|word| {
        word.strip_prefix('w')
            .is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
    });
    words
}

fn literal(choices: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(choices).prop_map(str::to_owned)
}

const SOUP_NAMES: &[&str] = &[
    "p",
    "p",
    "p",
    "div",
    "div",
    "div",
    "span",
    "section",
    "article",
    "li",
    "li",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "b",
    "i",
    "em",
    "a",
    "a",
    "font",
    "nobr",
    "h1",
    "h2",
    "table",
    "table",
    "tbody",
    "thead",
    "tr",
    "td",
    "td",
    "th",
    "caption",
    "colgroup",
    "form",
    "button",
    "select",
    "option",
    "optgroup",
    "svg",
    "math",
    "g",
    "desc",
    "foreignObject",
    "mi",
    "mtext",
    "annotation-xml",
    "template",
    "ruby",
    "rt",
    "rp",
    "blockquote",
    "pre",
    "object",
    "marquee",
    "address",
    "header",
    "html",
    "head",
    "body",
    "x-y",
    "main",
    "fieldset",
    "details",
    "summary",
    "label",
    "hgroup",
    "center",
    "dir",
    "strong",
    "code",
    "q",
    "ins",
    "x-card",
    "title",
    "tfoot",
];

const VOIDS: &[&str] = &[
    "<br>",
    "<br/>",
    "</br>",
    "<hr class=x>",
    "<img class=x alt='>'>",
    "<input>",
    "<input type=hidden class=x>",
    "<col class=x>",
    "<meta name=a>",
    "<link rel=b>",
    "<wbr class=x>",
    "<image class=x>",
    "<base target=c>",
    "<keygen>",
    "<source class=x>",
];

const RAW: &[&str] = &[
    "<script>~</script>",
    "<script class=x>~</p></script>",
    "<script><!-- ~ <script> </script> ~ --></script>",
    "<script type=application/ld+json>{\"a\":\"</div>~\"}</script>",
    "<style class=x>~</styl></style >",
    "<textarea class=x><div>~</textarea>",
    "<textarea>\n~</p></textarea/>",
    "<title class=x>~<b></title>",
    "<iframe class=x>~<p></iframe>",
    "<noembed>~</noembed>",
    "<noframes class=x>~</noframes>",
    "<noscript class=x><p>~</noscript>",
    "<script/>~</script>",
    "<textarea class=x>~<p>",
    "<xmp class=x>~<p></xmp>",
    "<plaintext class=x>~</plaintext>~",
    "<style><!-- ~ </style> ~ -->",
    "<script class=x><!-- ~ <script </script > ~ --></script>",
    "</textarea>",
    "</script>",
];

const MARKUP: &[&str] = &[
    "<!-- ~ -->",
    "<!-- ~ </div> -->",
    "<!-- ~ --!> ",
    "<!-- ~ --!",
    "<!-- ~ </p> --!> ~ -->",
    "<!-->",
    "<!--->",
    "<!-- ~ -- ~ --->",
    "<!--<!-- ~ -->",
    "<!~>",
    "<!DOCTYPE html>",
    "<?php ~ ?> ",
    "</ ~>",
    "</>",
    "<![CDATA[ ~ </div> ]]> ",
    "<![CDATA[ ~ > ~ ]]> ",
    "<!",
    "<!-",
    "<![CDATA",
    "</",
    // Not `<` alone: what is cut behind it can bring a letter right after it, and make a tag of it.
    "< ",
];

const TEXT: &[&str] = &[
    "~",
    "~",
    "~",
    "~",
    " ",
    "\n",
    "&amp;~",
    "&nbsp;",
    "&#120;~",
    "&notin;~",
    "&~",
    " a < b ~",
    "> ~",
    "\u{e9}~\u{4f1a}\u{793e} ",
    "&#x0;~",
    "\r\n~",
    "~&lt;/p&gt; ",
    "\0~",
    "~ \0 ~",
    "\u{b}~",
];

const ATTRIBUTES: &[&str] = &[
    "",
    "",
    "",
    " class=x",
    " class=x",
    " class='x y'",
    " class=\"y\"",
    " class = x ",
    " CLASS=x",
    " class=y class=x",
    " title=\"a > b\" class=x",
    " title='</p>' class='y'",
    " a=b/",
    " \"=x",
    " =x",
    " class=\"&#120;\"",
    " id=i",
    " href=# class=x",
    "\n\tclass\n=\nx\n",
    " class=x/",
    // An attribute without quotes ends at the first `>`.
    " title=a>b class=x",
    " class=x title=\"~\"",
    " class=x title='~",
    " class=x title=\"~>",
    " class=x\0",
    " \0 class=x",
    " class=x<p",
    " class=x class",
];

/// A start tag as it should not be written.
fn start_tag(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let close = prop_oneof![8 => Just(">"), 1 => Just("/>"), 1 => Just(" >")];
    (select(names), select(ATTRIBUTES), close)
        .prop_map(|(name, attributes, close)| format!("<{name}{attributes}{close}"))
}

fn end_tag(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let close = prop_oneof![
        12 => Just(">"), 1 => Just(" >"), 1 => Just("/>"), 1 => Just(" a='>'>"), 1 => Just(" =\">\"> ")
    ];
    (select(names), close).prop_map(|(name, close)| format!("</{name}{close}"))
}

/// The pieces of tag soup: no end tag need match a start tag.
pub fn soup_pieces() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        10 => start_tag(SOUP_NAMES),
        9 => end_tag(SOUP_NAMES),
        8 => literal(TEXT),
        1 => literal(VOIDS),
        1 => literal(RAW),
        1 => literal(MARKUP),
    ];
    vec(piece, 0..40)
}

/// Tag soup.
pub fn soup() -> impl Strategy<Value = String> {
    (any::<bool>(), soup_pieces()).prop_map(|(doctype, pieces)| {
        let doctype = if doctype { "<!DOCTYPE html>" } else { "" };
        number(&(doctype.to_owned() + &pieces.concat()))
    })
}

const UNKNOWN_NAMES: &[&str] = &["x-a", "x-b", "X-A", "x-c"];

const UNKNOWN_RAW: &[&str] = &[
    "<script class=x>~</x-a></script>",
    "<script><!-- ~ <script> </script> ~ --></script>",
    "<script><!-- ~ </script> ~ -->",
    "<style>~</x-b><x-a class=x></style >",
    "<textarea class=x></x-a>~</textarea\n>",
    "<title>~</x-z></titl></title a='>'>",
    "<iframe></x-a>~</iframe>",
    "<noscript></x-a>~</noscript>",
    "<svg>",
    "<svg class=x>",
    "<svg>~<![CDATA[ ~ </x-a> ]] ]]]>~</x-a>~</svg>",
    "<svg><x-a class=x>~<![CDATA[ </x-a> > ]]>~</x-a>~</svg>",
    "</svg>",
    "<math><x-b class=x/>~<![CDATA[<x-a>]]></math>",
    "<svg><script class=x>~</x-a></script></svg>",
    "<svg><style>~<x-a class=x></style>~</x-a></svg>",
    // No stray end tag in an integration point: html5ever lets it close what is outside, for it
    // does not count these elements as special, as the Standard does.
    "<svg><title>~</title>~</svg>",
    "<svg><foreignObject>~<![CDATA[ ~ ]]>~</foreignObject></svg>",
    "<svg><desc class=x>~<![CDATA[ </desc> ]]>~</desc>~</svg>",
    "<svg><desc><style></x-a></style>~</desc>~<x-a>~</svg>",
    "<x-a class=x>~",
    "<x-a class=x>~</x-a>",
    "</x-a >",
];

/// Soup of elements that the Standard does not know: which end tag closes what is simple with
/// them, so that all that is put to the test is where tags, comments and raw text begin and end.
pub fn unknown_elements() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => start_tag(UNKNOWN_NAMES),
        6 => end_tag(UNKNOWN_NAMES),
        5 => literal(TEXT),
        3 => literal(UNKNOWN_RAW),
        4 => literal(MARKUP),
    ];
    vec(piece, 0..24).prop_map(|pieces| number(&format!("<body>{}", pieces.concat())))
}

/// A node of a well-formed page: its tags, its content, and whether the end tag is left out where
/// the Standard allows it.
fn element(
    names: &'static [&'static str],
    content: impl Strategy<Value = Vec<String>>,
) -> impl Strategy<Value = Vec<String>> {
    (
        select(names),
        select(PLAIN_ATTRIBUTES),
        any::<bool>(),
        content,
    )
        .prop_map(|(name, attributes, omit, content)| {
            let mut tokens = vec![format!("<{name}{attributes}>")];
            tokens.extend(content);
            if !(omit && matches!(name, "p" | "li" | "dd" | "td" | "th" | "tr" | "option")) {
                tokens.push(format!("</{name}>"));
            }
            tokens
        })
}

const PLAIN_ATTRIBUTES: &[&str] = &[
    "",
    "",
    "",
    "",
    " class=x",
    " class=\"y x\"",
    " class='y'",
    " id=i",
    " data-a=\"x > y\"",
    " class=z",
];

fn many(
    one: impl Strategy<Value = Vec<String>>,
    size: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<String>> {
    vec(one, size).prop_map(|nodes| nodes.concat())
}

fn text() -> impl Strategy<Value = Vec<String>> {
    select(
        &[
            "~",
            "~",
            "~",
            "~&amp;~",
            "~ <!-- ~ --> ~",
            "<br>",
            "<img alt='~' class=x>",
        ][..],
    )
    .prop_map(|text| vec![text.to_owned()])
}

/// A leaf: an element with nothing but text in it.
fn leaf() -> impl Strategy<Value = Vec<String>> {
    element(
        &["q"],
        select(&["~", "needle ~", "~ needle"][..]).prop_map(|text| vec![text.to_owned()]),
    )
}

fn phrasing(depth: u32) -> BoxedStrategy<Vec<String>> {
    if depth == 0 {
        return prop_oneof![3 => text(), 1 => leaf()].boxed();
    }
    let inner = || many(phrasing(depth - 1), 0..3);
    prop_oneof![
        3 => text(),
        1 => leaf(),
        1 => element(&["span", "code", "cite", "x-y"], inner()),
        // Formatting elements alternate with the depth: none stands in one of its name.
        1 => element(if depth.is_multiple_of(2) { &["b", "i"] } else { &["em", "small"] }, inner()),
    ]
    .boxed()
}

fn flow(depth: u32) -> BoxedStrategy<Vec<String>> {
    let paragraph = element(&["p", "p", "h2", "h3", "pre"], many(phrasing(2), 0..4));
    if depth == 0 {
        return paragraph.boxed();
    }
    let inner = || many(flow(depth - 1), 0..4);
    let cells = || many(element(&["td", "th"], inner()), 0..3);
    let rows = || many(element(&["tr"], cells()), 0..3);
    let script = select(
        &[
            "<hr class=x>",
            "<div><script class=x>~</p></script></div>",
            "<div><style>~</style></div>",
            "<div><textarea class=x><p>~</textarea></div>",
            "<div><svg class=x><g><title>~</title></g><path d=''/>~</svg></div>",
            "<div><noscript><p class=x>~</p></noscript></div>",
            "<div><select><option class=x>~<option>~</select></div>",
            "<div><template class=x><p>~</p></template></div>",
            "<div><button class=x>~</button></div>",
        ][..],
    )
    .prop_map(|text| vec![text.to_owned()]);
    prop_oneof![
        4 => paragraph,
        1 => script,
        4 => element(&["div", "section", "aside", "nav", "blockquote", "article", "figure"], inner()),
        2 => element(&["ul", "ol"], many(element(&["li"], inner()), 0..4)),
        1 => element(&["dl"], many(element(&["dd"], inner()), 0..3)),
        1 => element(&["table"], many(element(&["tbody", "thead", "tfoot"], rows()), 0..2)),
        1 => element(&["table"], rows()),
    ]
    .boxed()
}

/// The tokens of a well-formed page, with optional end tags left out here and there.
pub fn well_formed_tokens() -> impl Strategy<Value = Vec<String>> {
    many(flow(3), 0..5).prop_map(|content| {
        let head = "<!DOCTYPE html><html><head><title>~</title></head>";
        [vec![head.to_owned(), "<body>".to_owned()], content].concat()
    })
}

/// A well-formed page.
pub fn well_formed() -> impl Strategy<Value = String> {
    well_formed_tokens().prop_map(|tokens| number(&tokens.concat()))
}

/// A well-formed page in which a few tags got lost, doubled or swapped.
pub fn misnested() -> impl Strategy<Value = String> {
    let slips = vec((any::<prop::sample::Index>(), 0..3_u8), 1..5);
    (well_formed_tokens(), slips).prop_map(|(mut tokens, slips)| {
        for (at, slip) in slips {
            let at = at.index(tokens.len());
            match slip {
                0 if tokens.len() > 1 => drop(tokens.remove(at)),
                1 => tokens.insert(at, tokens[at].clone()),
                _ if at > 0 => tokens.swap(at - 1, at),
                _ => {}
            }
        }
        number(&tokens.concat())
    })
}
