//! What lines of ftr-site-config do to a page: what XPath would do to it.

mod common;

use common::config;
use dehusk::{Options, Rules, clean, import};
use proptest::prelude::*;
use proptest::sample::select;

/// What a site file with this line leaves of a page's body.
fn left(line: &str, body: &str) -> String {
    let rules = Rules::builder()
        .builtin(false)
        .file("example.com.txt", line)
        .build()
        .unwrap_or_else(|error| panic!("{error}"));
    let options = Options::new().url("https://www.example.com/");
    let mut out = Vec::new();
    clean(&rules, &options, body.as_bytes(), &mut out).expect("a Vec takes everything");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn lines_do_what_they_say() {
    for (line, body, expected) in [
        // Names.
        (
            "strip_id_or_class: promo",
            "<i class='a promo'>1</i><i id=promo>2</i><i class=promos>3</i><i class=Promo>4</i>",
            "<i class=promos>3</i><i class=Promo>4</i>",
        ),
        (
            "strip_id_or_class: promo-",
            "<i class=promo-box>1</i><i id=a-promo-b>2</i><i class=promo>3</i>",
            "<i class=promo>3</i>",
        ),
        (
            "strip_image_src: pixel.gif",
            "<img src=/a/pixel.gif?b><img src=/a.gif><i src=pixel.gif>1</i>",
            "<img src=/a.gif><i src=pixel.gif>1</i>",
        ),
        // Case.
        (
            "strip: //a[@rel='Tag']",
            "<a rel=tag>1</a><a rel=Tag>2</a>",
            "<a rel=tag>1</a>",
        ),
        (
            "strip: //p[contains(., 'Ad')]",
            "<p>Ad</p><p>ad</p><p>the<b>Ad</b></p>",
            "<p>ad</p>",
        ),
        // Places.
        (
            "strip: //p[@class='a'][2]",
            "<p class=a>1<p>2<p class=a>3<p class=a>4<div><p class=a>5</div>",
            "<p class=a>1<p>2<p class=a>4<div><p class=a>5</div>",
        ),
        (
            "strip: (//p[@class='a'])[1]",
            "<div><p>1<b></b></div><div><p class=a>2</div><p class=a>3",
            "<div><p>1<b></b></div><div></div><p class=a>3",
        ),
        (
            "strip: //h2/following-sibling::p[1]",
            "<p>1<h2>2</h2><i>3</i><p>4<p>5",
            "<p>1<h2>2</h2><i>3</i><p>5",
        ),
        (
            "strip: //h2[.='More']/following::*",
            "<div><p>1</p><h2>More</h2>a<p>2</p></div><div>3</div>",
            "<div><p>1</p><h2>More</h2>a</div>",
        ),
        // What is around.
        (
            "strip: //b/ancestor::div[1]",
            "<div>1<div>2<p><b>3</b></p></div>4</div>",
            "<div>14</div>",
        ),
        (
            "strip: //img/ancestor::div[2]",
            "<div>1<div>2<div>3<img></div></div>4</div>",
            "<div>14</div>",
        ),
        (
            "strip: //div[p[a][b]]",
            "<div>1<p><a>2</a></p></div><div>3<p><a>4</a><b>5</b></p></div>",
            "<div>1<p><a>2</a></p></div>",
        ),
        // Text of an element's own.
        (
            "strip: //div[contains(text(), 'More')]/parent::div",
            "<div>1<div>2<div>More</div></div></div>",
            "<div>1</div>",
        ),
        (
            "strip: //div[text()='*']",
            "<div><p>*</p></div><div>*</div>",
            "<div><p>*</p></div>",
        ),
    ] {
        assert_eq!(left(line, body), expected, "{line}");
    }
}

#[test]
fn a_file_serves_its_site_alone() {
    let rules = Rules::builder()
        .builtin(false)
        .file("www.example.com.txt", "strip: //nav")
        .build()
        .unwrap_or_else(|error| panic!("{error}"));
    for (url, left) in [
        ("https://example.com/", ""),
        ("https://blog.example.com/", ""),
        ("https://example.org/", "<nav>1</nav>"),
    ] {
        let mut out = Vec::new();
        let options = Options::new().url(url);
        clean(&rules, &options, &b"<nav>1</nav>"[..], &mut out).expect("a Vec takes everything");
        assert_eq!(String::from_utf8_lossy(&out), left, "{url}");
    }
}

/// Pieces of expressions; most ways to put them together make none.
const PIECES: [&str; 40] = [
    "//",
    "/",
    "(",
    ")",
    "[",
    "]",
    "|",
    " and ",
    " or ",
    "=",
    ",",
    "@",
    "..",
    ".",
    "*",
    "::",
    "'a b'",
    "\"'é/\"",
    "1",
    "2",
    "p",
    "div",
    "@class",
    "text()",
    "node()",
    "last()",
    "position()",
    "not(",
    "contains(",
    "starts-with(.,",
    "normalize-space(",
    "concat(' ',",
    "translate(",
    "self::*",
    "parent::p",
    "ancestor::div[1]",
    "ancestor::*",
    "following-sibling::p[1]",
    "following::*",
    "preceding::p",
];

/// Steps and predicates that are each well formed.
const STEPS: [&str; 24] = [
    "//p",
    "/div",
    "//*",
    "/..",
    "/parent::p",
    "/ancestor::div",
    "/ancestor::p[1]",
    "/ancestor::div[2]",
    "/self::div",
    "/following-sibling::*",
    "/following-sibling::p[2]",
    "/following::p",
    "[1]",
    "[p]",
    "[.//p[b]]",
    "[@a='x' or @b]",
    "[not(p)]",
    "[contains(., 'x')]",
    "[text()='x']",
    "[position()>1]",
    "[ancestor::p]",
    "[preceding::p]",
    "[//p]",
    "[p/@a!='x']",
];

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn nothing_makes_it_stumble(pieces in prop::collection::vec(select(&PIECES[..]), 0..14)) {
        let line = format!("strip: {}", pieces.concat());
        let imported = import::read("example.com.txt", &line);
        prop_assert!(!imported.rules.is_empty() || !imported.left_out.is_empty());
    }

    #[test]
    fn what_is_taken_can_be_used(steps in prop::collection::vec(select(&STEPS[..]), 0..7)) {
        let line = format!("strip: //i{}", steps.concat());
        let imported = import::read("example.com.txt", &line);
        prop_assert!(!imported.rules.is_empty() || !imported.left_out.is_empty());
        for rule in imported.rules {
            let rules = Rules::builder().builtin(false).select(&*rule.selector);
            prop_assert!(rules.build().is_ok(), "{line}: {}", rule.selector);
        }
    }
}
