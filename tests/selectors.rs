//! Every selector of `selectors/README.md`, one row a case. In a row's page `⟦…⟧` stands around what
//! must go; the page is filtered whole, byte by byte and in pieces of seven, and must come out the
//! same each time. `§` is a paragraph's text of 100 characters.

use dehusk::{Filter, Kind, Options, Rules, RulesBuilder};

const SENTENCE: &str = "The mayor said on Monday that the bridge over the river would be closed until the end of the season.";

/// The address of every page here.
const URL: &str = "https://www.example.org/video/one?page=2";

/// A row's page as it comes in, and as it must come out.
fn page_of(row: &str) -> (String, String) {
    let row = row.replace('§', SENTENCE);
    let mut expected = String::new();
    let mut rest = row.as_str();
    while let Some((before, marked)) = rest.split_once('⟦') {
        expected.push_str(before);
        let mut depth = 1;
        let end = marked.char_indices().find_map(|(i, c)| {
            depth += i32::from(c == '⟦') - i32::from(c == '⟧');
            (depth == 0).then_some(i + c.len_utf8())
        });
        rest = &marked[end.unwrap_or_else(|| panic!("an unclosed ⟦ in {row}"))..];
    }
    expected.push_str(rest);
    (row.replace(['⟦', '⟧'], ""), expected)
}

fn filtered(rules: &Rules, options: &Options, page: &str, piece: usize) -> String {
    let mut out = Vec::new();
    let mut filter = Filter::new(rules, options, &mut out);
    for piece in page.as_bytes().chunks(piece) {
        filter.write(piece).expect("a Vec takes every byte");
    }
    let report = filter.finish().expect("a Vec takes every byte");
    assert_eq!(report.unfiltered, None, "{page}");
    String::from_utf8(out).expect("output is UTF-8")
}

/// Runs one row; the complaint, if there is one.
fn complaint(what: &str, rules: RulesBuilder, options: &Options, row: &str) -> Option<String> {
    let rules = match rules.build() {
        Ok(rules) => rules,
        Err(errors) => return Some(format!("{what}\n  refused: {errors}")),
    };
    // A page that does not name its encoding is held until 4 KiB of it are there, so that none of
    // these would come in pieces.
    let options = options.clone().encoding("utf-8").expect("a known label");
    let (page, expected) = page_of(row);
    for (piece, how) in [(usize::MAX, "whole"), (1, "byte by byte"), (7, "in sevens")] {
        let got = filtered(&rules, &options, &page, piece);
        if got != expected {
            return Some(format!(
                "{what}\n  row      {row}\n  expected {expected}\n  got      {got}\n  {how}"
            ));
        }
    }
    None
}

fn assert_none(complaints: impl Iterator<Item = String>) {
    let complaints: Vec<String> = complaints.collect();
    assert!(
        complaints.is_empty(),
        "{} rows fail\n\n{}\n",
        complaints.len(),
        complaints.join("\n\n")
    );
}

/// The lists that rows name: (list, content).
const LISTS: [(&str, &str); 3] = [
    (
        "test-more",
        "! en\nread also\n! fr\nà lire aussi\n! it\nl'altra notizia\n! ja\n関連記事\n",
    ),
    (
        "test-left",
        "! de\nnoch zu lesen\n/noch [\\d.,]+ ?% dieses artikels/\n",
    ),
    // With needles: a group, a string beyond ASCII, none at all.
    (
        "test-needles",
        "/(abonnez|identifiez)-vous .{0,9}lire/\n/\\d+ été réservé/\n/\\d\\d-\\d\\d/\n",
    ),
];

fn with_lists(mut rules: RulesBuilder) -> RulesBuilder {
    for (list, content) in LISTS {
        rules = rules.phrases(list, format!("phrases/{list}.txt"), content);
    }
    rules
}

/// (selector, page)
type Row = (&'static str, &'static str);

const AT_THE_START_TAG: &[Row] = &[
    // type, *
    ("nav", "⟦<nav>a</nav>⟧<p>b</p>"),
    ("NAV", "⟦<nav>a</nav>⟧⟦<Nav>b</NAV>⟧<p>c</p>"),
    ("nav", "<navigation>a</navigation><p>b</p>"),
    ("my-menu", "⟦<my-menu>a</my-menu>⟧<my-menu-x>b</my-menu-x>"),
    ("div *", "<div>⟦<b>a</b>⟧b⟦<img>⟧</div><b>c</b>"),
    // #id
    (
        "#top",
        "⟦<div id=top>a</div>⟧<div id=Top>b</div><div class=top>c</div>",
    ),
    ("p#a\\:b", "⟦<p id=a:b>a</p>⟧<p id=a>b</p>"),
    // .class
    (
        ".ad",
        "⟦<div class='x ad y'>a</div>⟧<div class=ads>b</div><div class=AD>c</div>",
    ),
    (
        ".ad",
        "⟦<div CLASS=\"\tad\n\">a</div>⟧<div class=x class=ad>b</div>",
    ),
    (".ad.big", "<p class=ad>a</p>⟦<p class='big ad'>b</p>⟧"),
    (".a\\&b", "⟦<p class='a&amp;b'>a</p>⟧<p class=a>b</p>"),
    // [attr]
    (
        "[hidden]",
        "⟦<p hidden>a</p>⟧⟦<p HIDDEN=''>b</p>⟧<p class=hidden>c</p>",
    ),
    (
        "[role=\"search\"]",
        "⟦<div role=search>a</div>⟧<div role=Search>b</div><div role=searchbox>c</div>",
    ),
    (
        "[role=\"search\" i]",
        "⟦<div role=search>a</div>⟧⟦<div role=Search>b</div>⟧",
    ),
    (
        "[data-x~=\"b\"]",
        "⟦<p data-x='a b'>a</p>⟧<p data-x=ab>b</p>",
    ),
    (
        "[id^=\"ad-\"]",
        "⟦<p id=ad-1>a</p>⟧<p id=bad-1>b</p><p id=AD-1>c</p>",
    ),
    ("[id$=\"-ad\"]", "⟦<p id=top-ad>a</p>⟧<p id=top-ads>b</p>"),
    (
        "[class*=\"cookie\"]",
        "⟦<p class=mycookies>a</p>⟧<p class=Cookie>b</p>",
    ),
    (
        "[class*=\"cookie\" i]",
        "⟦<p class='x MyCookies'>a</p>⟧<p class=cook>b</p>",
    ),
    (
        "[lang|=\"de\"]",
        "⟦<p lang=de>a</p>⟧⟦<p lang=de-AT>b</p>⟧<p lang=den>c</p>",
    ),
    (
        "a[href^=\"/tag/\"]",
        "⟦<a href=/tag/x>a</a>⟧<a href=/news/>b</a><b href=/tag/>c</b>",
    ),
    (
        "[title=\"R&D\"]",
        "⟦<p title='R&amp;D'>a</p>⟧<p title=RD>b</p>",
    ),
    (
        "[data-x=\"\"]",
        "⟦<p data-x>a</p>⟧⟦<p data-x=''>b</p>⟧<p data-x=c>c</p>",
    ),
    // A B, A > B, A + B, A ~ B
    (
        "article .share",
        "<article><div>⟦<p class=share>a</p>⟧</div></article><p class=share>b</p>",
    ),
    ("div div", "<div>⟦<div>a<div>b</div></div>⟧</div>"),
    (
        "body > footer",
        "<body>⟦<footer>a</footer>⟧<div><footer>b</footer></div></body>",
    ),
    (
        "body > footer",
        "⟦<footer>a</footer>⟧<div><footer>b</footer></div>",
    ),
    ("ul > li > b", "<ul><li>⟦<b>a</b>⟧<li><i><b>b</b></i></ul>"),
    (
        "h3.more + ul",
        "<h3 class=more>a</h3>⟦<ul><li>b</ul>⟧<ul><li>c</ul>",
    ),
    (
        "h3.more + ul",
        "<h3 class=more>a</h3>text<!-- x -->⟦<ul><li>b</ul>⟧",
    ),
    (
        "h3.more + ul",
        "<h3 class=more>a</h3><p>b</p><ul><li>c</ul>",
    ),
    (
        ".end ~ div",
        "<div>a</div><p class=end>b</p>⟦<div>c</div>⟧<p>d</p>⟦<div>e</div>⟧",
    ),
    (
        ".end ~ div",
        "<section><p class=end>a</p></section><div>b</div>",
    ),
    ("li + li", "<ul><li>a⟦<li>b⟧⟦<li>c⟧</ul>"),
    // :not(…)
    (
        "header:not(article *, main *)",
        "⟦<header>a</header>⟧<article><header>b</header></article><main><div><header>c</header></div></main>",
    ),
    ("p:not(.keep)", "⟦<p>a</p>⟧<p class=keep>b</p>"),
    (
        "p:not([class], :first-child)",
        "<p>a</p>⟦<p>b</p>⟧<p class=x>c</p>",
    ),
    ("p:not(:not(.x))", "<p>a</p>⟦<p class=x>b</p>⟧"),
    // :is(…), :where(…)
    (
        ":is(ul, ol).tags",
        "⟦<ul class=tags><li>a</ul>⟧⟦<ol class=tags><li>b</ol>⟧<dl class=tags><dt>c</dl>",
    ),
    (
        ":where(ul, ol).tags",
        "⟦<ul class=tags><li>a</ul>⟧<p class=tags>b</p>",
    ),
    (
        ":is(.a .b, .c > .d)",
        "<p class=a>⟦<b class=b>a</b>⟧</p><p class=c>⟦<b class=d>b</b>⟧<i><b class=d>c</b></i></p><b class=b>d</b>",
    ),
    (
        ":is(article, main) > :is(nav, aside)",
        "<main>⟦<nav>a</nav>⟧<p>b</p></main><nav>c</nav>",
    ),
    // :first-child, :nth-child(an+b)
    ("li:first-child", "<ul>⟦<li>a⟧<li>b</ul><ol>⟦<li>c⟧</ol>"),
    (
        "p:first-child",
        "<div><b>a</b><p>b</p></div><div>text⟦<p>c</p>⟧</div>",
    ),
    ("li:nth-child(2n+1)", "<ul>⟦<li>a⟧<li>b⟦<li>c⟧<li>d</ul>"),
    ("li:nth-child(even)", "<ul><li>a⟦<li>b⟧<li>c⟦<li>d⟧</ul>"),
    ("li:nth-child(3)", "<ul><li>a<li>b⟦<li>c⟧<li>d</ul>"),
    ("li:nth-child(-n+2)", "<ul>⟦<li>a⟧⟦<li>b⟧<li>c</ul>"),
    // :first-of-type, :nth-of-type(an+b)
    ("p:first-of-type", "<div><b>a</b>⟦<p>b</p>⟧<p>c</p></div>"),
    (
        "p:nth-of-type(2)",
        "<div><b>a</b><p>b</p><b>c</b>⟦<p>d</p>⟧<p>e</p></div>",
    ),
    (
        ":nth-of-type(2n)",
        "<div><i>a</i><b>b</b>⟦<i>c</i>⟧⟦<b>d</b>⟧<i>e</i></div>",
    ),
    // :matches-path(…)
    (
        ":matches-path(/^\\/video\\//) .transcript",
        "<body>⟦<p class=transcript>a</p>⟧</body>",
    ),
    (
        ".transcript:matches-path(/^\\/news\\//)",
        "<p class=transcript>a</p>",
    ),
    ("p:matches-path(page=2)", "⟦<p>a</p>⟧"),
    ("p:matches-path(\"/VIDEO/one\")", "⟦<p>a</p>⟧"),
    ("p:not(:matches-path(/audio/))", "⟦<p>a</p>⟧"),
    // :root
    (":root > body > nav", "⟦<nav>a</nav>⟧"),
    // lists
    (
        "nav, .ad, #x",
        "⟦<nav>a</nav>⟧⟦<p class=ad>b</p>⟧⟦<p id=x>c</p>⟧<p>d</p>",
    ),
    // never dropped
    (
        "html, body, noscript, head",
        "<html><head><title>a</title></head><body><noscript><p>b</p></noscript>c</body></html>",
    ),
    ("*", "<html><body><noscript>a</noscript></body></html>"),
    // where elements end
    (".x", "<ul><li>a⟦<li class=x>b⟧<li>c</ul>after"),
    (".x", "<div>⟦<p class=x>a⟧<p>b</div>after"),
    (".x", "<table>⟦<tr class=x><td>a⟧<tr><td>b</table>after"),
    (".x", "<p>a⟦<br class=x>⟧b⟦<img class=x>⟧c"),
    (".x", "⟦<div class=x>a<p>b</div>⟧c"),
    (
        ".x",
        "<script>'<p class=x>a</p>'</script><!-- <p class=x> --><textarea><p class=x></textarea>⟦<p class=x>b</p>⟧",
    ),
];

const NAMED: &[Row] = &[
    (
        "div:named(newsletter)",
        "⟦<div class=site-newsletter>a</div>⟧⟦<div id=NewsletterBox>b</div>⟧<div class=newsletters>c</div>",
    ),
    (
        "div:named(newsletter)",
        "⟦<div class=site_newsletter_box>a</div>⟧⟦<div class='x NEWSLETTER'>b</div>⟧<p class=newsletter>c</p>",
    ),
    (
        "div:named(newsletter)",
        "⟦<div class=newsletter2>a</div>⟧⟦<div class=myNewsletterForm>b</div>⟧<div class=mynewsletterform>c</div>",
    ),
    (
        "div:named(most read)",
        "⟦<div class=box-most-read>a</div>⟧⟦<div id=readMost>b</div>⟧<div class='most read'>c</div><div class=most id=read>d</div>",
    ),
    (
        "div:named(share, social)",
        "⟦<div class=share-bar>a</div>⟧⟦<div class=social>b</div>⟧<div class=bar>c</div>",
    ),
    // of more than five words: a headline
    (
        "div:named(newsletter)",
        "<div id=a-newsletter-about-the-end-of-print>a</div>⟦<div id=the-end-of-a-newsletter>b</div>⟧",
    ),
    (
        "div:named(newsletter)",
        "⟦<div id=a-headline-of-six-words-newsletter class=newsletter>a</div>⟧",
    ),
    (
        ":named(search)",
        "<h2 id=search>a</h2><dl><dt id=search-paths>b</dt></dl>⟦<h2 class=search>c</h2>⟧⟦<div id=search>d</div>⟧",
    ),
    // a state or a topic
    (
        "div:named(newsletter)",
        "<div class=has-newsletter>a</div><div class=tag-newsletter>b</div>⟦<div class=newsletter-tag>c</div>⟧",
    ),
    (
        "div:named(sidebar)",
        "<div class='has-sidebar page'>a</div>⟦<div class='has-sidebar sidebar'>b</div>⟧",
    ),
    ("div:named(show)", "⟦<div class=show>a</div>⟧"),
    (
        "div:not(:named(menu))",
        "<div class=main-menu>a</div>⟦<div class=text>b</div>⟧",
    ),
    (
        "header > :named(tools)",
        "<header>⟦<p class=page-tools>a</p>⟧<div><p class=page-tools>b</p></div></header>",
    ),
];

const WHAT_THE_PAGE_HAS_SHOWN: &[Row] = &[
    // :article-page
    (
        "aside:article-page",
        "<head><meta property=\"og:type\" content=\"article\"></head>⟦<aside>a</aside>⟧",
    ),
    (
        "aside:article-page",
        "<head><meta name=og:type content=Article></head>⟦<aside>a</aside>⟧",
    ),
    (
        "aside:article-page",
        "<head><meta property=\"og:type\" content=\"website\"></head><aside>a</aside>",
    ),
    (
        "aside:article-page",
        "<head><meta property=\"article:published_time\" content=\"2026-01-02T03:04:05Z\"></head>⟦<aside>a</aside>⟧",
    ),
    (
        "aside:article-page",
        "<head><meta property=\"article:published_time\" content=\"\"></head><aside>a</aside>",
    ),
    (
        "aside:article-page",
        "<head><script type=\"application/ld+json\">{\"@context\":\"https://schema.org\",\"@type\":\"NewsArticle\"}</script></head>⟦<aside>a</aside>⟧",
    ),
    (
        "aside:article-page",
        "<head><script type=\"application/ld+json\">{\"@graph\":[{\"@type\" : [\"Thing\", \"ReportageNewsArticle\"]}]}</script></head>⟦<aside>a</aside>⟧",
    ),
    (
        "aside:article-page",
        "<head><script type=\"application/ld+json\">{\"@type\":\"WebPage\",\"name\":\"Article\"}</script></head><aside>a</aside>",
    ),
    (
        "aside:article-page",
        "<head><script>{\"@type\":\"NewsArticle\"}</script></head><aside>a</aside>",
    ),
    ("aside:article-page", "<aside>a</aside>"),
    ("aside:not(:article-page)", "⟦<aside>a</aside>⟧"),
    // :before-headline
    (
        "ul:before-headline",
        "⟦<ul><li>a</ul>⟧<h1>b</h1><ul><li>c</ul>",
    ),
    (
        "ul:before-headline",
        "<h1><img src=logo></h1>⟦<ul><li>a</ul>⟧<h1> b </h1><ul><li>c</ul>",
    ),
    (
        "ul:before-headline",
        "<h1>a⟦<ul><li>b</ul>⟧</h1><ul><li>c</ul>",
    ),
    ("ul:before-headline", "<h2>a</h2>⟦<ul><li>b</ul>⟧"),
    // A dropped headline was none.
    (
        ".logo, ul:before-headline",
        "⟦<h1 class=logo>a</h1>⟧⟦<ul><li>b</ul>⟧<h1>c</h1><ul><li>d</ul>",
    ),
    // :under(X)
    (
        "ul:under(h2)",
        "<ul><li>a</ul><h2>b</h2>⟦<ul><li>c</ul>⟧<p>d</p>⟦<ul><li>e</ul>⟧",
    ),
    (
        "ul:under(h2:has-text(\"Read also\"))",
        "<h2>Read also</h2>⟦<ul><li>a</ul>⟧<h2>Results</h2><ul><li>b</ul>",
    ),
    (
        "ul:under(h2:begins-with(@test-more))",
        "<h2>À lire aussi :</h2><p>a</p>⟦<ul><li>b</ul>⟧",
    ),
    (
        "ul:under(:exact-text(@test-more))",
        "<h4>Read also</h4>⟦<ul><li>a</ul>⟧<h3>Read also the rest</h3><ul><li>b</ul>",
    ),
    // the nearest, or one above it
    (
        "ul:under(h2.more)",
        "<h2 class=more>a</h2><h3>b</h3>⟦<ul><li>c</ul>⟧<h2>d</h2><ul><li>e</ul>",
    ),
    (
        "ul:under(h3.more)",
        "<h3 class=more>a</h3><h2>b</h2><ul><li>c</ul>",
    ),
    (
        "ul:under(h3.more)",
        "<h2>a</h2><h3 class=more>b</h3><h3>c</h3><ul><li>d</ul>",
    ),
    (
        "ul:under(h3.more)",
        "<h2>a</h2><h3 class=more>b</h3><h4>c</h4>⟦<ul><li>d</ul>⟧",
    ),
    // among its siblings
    (
        "ul:under(h2.more)",
        "<h2 class=more>a</h2><div><ul><li>b</ul></div>",
    ),
    (
        "div:under(h2.more)",
        "<h2 class=more>a</h2>⟦<div><ul><li>b</ul></div>⟧",
    ),
    // a heading alone in its own box
    (
        "ul:under(h2.more)",
        "<div><h2 class=more>a</h2></div>⟦<ul><li>b</ul>⟧",
    ),
    (
        "ul:under(h2.more)",
        "<header><div> <h2 class=more>a</h2> </div></header>⟦<ul><li>b</ul>⟧",
    ),
    (
        "ul:under(h2.more)",
        "<div><h2 class=more>a</h2><p>b</p></div><ul><li>c</ul>",
    ),
    (
        "ul:under(h2.more)",
        "<div><h2 class=more>a</h2><h3>b</h3></div><ul><li>c</ul>",
    ),
    // a heading without text is none
    (
        "ul:under(h2.more)",
        "<h2 class=more>a</h2><h2><img></h2>⟦<ul><li>b</ul>⟧",
    ),
    (
        "ul:not(:under(h2))",
        "⟦<ul><li>a</ul>⟧<h2>b</h2><ul><li>c</ul>",
    ),
    (
        ":under(.a, .b) > li",
        "<h2 class=b>a</h2><ul>⟦<li>b⟧</ul><h2>c</h2><ul><li>d</ul>",
    ),
];

const WHEN_THE_ELEMENT_ENDS: &[Row] = &[
    // :has(X), :has(> X)
    (
        "aside:has(form)",
        "⟦<aside><div><form>a</form></div></aside>⟧<aside>b</aside><form>c</form>",
    ),
    (
        "aside:has(> form)",
        "⟦<aside><form>a</form></aside>⟧<aside><div><form>b</form></div></aside>",
    ),
    (
        "aside:has(form, .ad)",
        "⟦<aside><i class=ad>a</i></aside>⟧⟦<aside><form>b</form></aside>⟧<aside><p>c</p></aside>",
    ),
    (
        "aside:has(> h3:has-text(\"Mehr zum Thema\"))",
        "⟦<aside><h3>MEHR zum\n Thema:</h3><p>a</p></aside>⟧<aside><h3>Mehr</h3><p>zum Thema</p></aside>",
    ),
    (
        "p:has(> strong:has-text(\"Lire aussi\")):has(> a)",
        "⟦<p><strong>Lire aussi</strong> <a>a</a></p>⟧<p><strong>Lire aussi</strong> b</p><p><a>Lire aussi</a></p>",
    ),
    (
        "div:has(.a .b)",
        "⟦<div><p class=a><i class=b>a</i></p></div>⟧<div><i class=b>b</i></div>",
    ),
    (
        "div:has(> .a > .b)",
        "⟦<div><p class=a><i class=b>a</i></p></div>⟧<div><section><p class=a><i class=b>b</i></p></section></div>",
    ),
    (
        "div:has(.a > .b:has-text(x))",
        "⟦<div><p class=a><b class=b>x</b></p></div>⟧<div><p class=a><b class=b>y</b></p></div>",
    ),
    (
        "div:has(> h3 + ul)",
        "⟦<div><h3>a</h3><ul><li>b</ul></div>⟧<div><h3>c</h3><p>d</p><ul><li>e</ul></div>",
    ),
    (
        "div:has(h3:has-text(more) ~ ul)",
        "⟦<div><h3>More</h3><p>a</p><ul><li>b</ul></div>⟧<div><h3>Less</h3><ul><li>c</ul></div>",
    ),
    // The chain may begin above the element: `.a .b` is looked for in the element's inside.
    (
        "section:has(:is(.a .b))",
        "<div class=a>⟦<section><i class=b>a</i></section>⟧</div><section><i class=b>b</i></section>",
    ),
    (
        "section:has(.a .b)",
        "<div class=a><section><i class=b>a</i></section></div>",
    ),
    (
        "div:has(li:nth-child(3))",
        "⟦<div><ul><li>a<li>b<li>c</ul></div>⟧<div><ul><li>d<li>e</ul></div>",
    ),
    ("p:has(img)", "⟦<p><img></p>⟧<p>a</p>⟦<p>b<br><img></p>⟧"),
    ("div:has(.x)", "<p class=x>a</p><div>b</div>"),
    (
        "div:has(a:has-text(x)):has(a:has-text(y))",
        "⟦<div><a>x</a><a>y</a></div>⟧<div><a>x</a></div>",
    ),
    // What is dropped inside counts all the same.
    (
        ".ad, div:has(> .ad):max-text-length(10)",
        "⟦<div><i class=ad>a</i>b</div>⟧<div>⟦<i class=ad>c</i>⟧a longer text</div>",
    ),
    // :not() and :is() around deferred tests
    (
        "div:not(:has(p))",
        "<div><p>a</p></div>⟦<div><b>b</b></div>⟧",
    ),
    (
        "div:not(.keep, :has(p))",
        "<div><p>a</p></div><div class=keep>b</div>⟦<div>c</div>⟧",
    ),
    ("p:not(:has-text(x))", "<p>x</p>⟦<p>y</p>⟧"),
    (
        "p:is(.ad, :has-text(\"Advert\"))",
        "⟦<p class=ad>a</p>⟧⟦<p>Advert</p>⟧<p>c</p>",
    ),
    (
        "p:is(.a:has-text(x), .b:has-text(y), .c)",
        "⟦<p class=a>x</p>⟧<p class=a>y</p>⟦<p class=b>y</p>⟧<p class=b>x</p>⟦<p class=c>z</p>⟧<p>x y</p>",
    ),
    (
        "p:not(.a:has-text(x), .b)",
        "<p class=a>x</p>⟦<p class=a>y</p>⟧<p class=b>y</p>⟦<p>x</p>⟧",
    ),
    (
        "p:is(:not(:has-text(x)), .a)",
        "<p>x</p>⟦<p>y</p>⟧⟦<p class=a>x</p>⟧",
    ),
    (
        "p:is(.a, .b):is(:has-text(x), .c)",
        "⟦<p class=a>x</p>⟧<p class=a>y</p>⟦<p class='b c'>y</p>⟧<p class=c>x</p>",
    ),
    (
        "div:has(:is(b, i:has-text(x)))",
        "⟦<div><b>a</b></div>⟧⟦<div><i>x</i></div>⟧<div><i>y</i></div>",
    ),
    (
        "div:is(section > :has(b))",
        "<section>⟦<div><b>a</b></div>⟧<div>b</div></section><div><b>c</b></div>",
    ),
    // :has-text(…)
    (
        "p:has-text(\"Lire aussi\")",
        "⟦<p>LIRE   aussi\n: b</p>⟧<p>Lire</p><p>aussi</p>",
    ),
    (
        "p:has-text(\"Lire aussi\")",
        "⟦<p><b>Li</b>re <i>aussi</i></p>⟧⟦<p>Lire<br>aussi</p>⟧⟦<p>Lire&nbsp;aussi</p>⟧<p>Lireaussi</p>",
    ),
    ("p:has-text(Lire aussi)", "⟦<p>à lire aussi</p>⟧"),
    (
        "p:has-text(a b)",
        "<p>a<!-- b --></p>⟦<p>a<!-- x --> b</p>⟧<p>a<script> b</script></p><p>a<style> b</style></p>",
    ),
    (
        "div:has-text(one two)",
        "⟦<div><p>one</p><p>two</p></div>⟧<div><b>one</b><b>two</b></div>",
    ),
    (
        "p:has-text(\"l'or\")",
        "⟦<p>L’or noir</p>⟧⟦<p>l&rsquo;or</p>⟧<p>l or</p>",
    ),
    (
        "p:has-text(\"R&D\")",
        "⟦<p>R&amp;D</p>⟧⟦<p>R&#38;D</p>⟧⟦<p>R&D</p>⟧<p>RD</p>",
    ),
    (
        "p:has-text(don't \\(ever\\))",
        "⟦<p>Don't (ever) do</p>⟧<p>don't</p>",
    ),
    (
        "p:has-text(/^Noch \\d+ % /)",
        "⟦<p> Noch 40 % übrig</p>⟧<p>Es sind noch 40 % da</p><p>noch 40 % da</p>",
    ),
    (
        "p:has-text(/noch \\d+/i)",
        "⟦<p>Es sind NOCH 4</p>⟧<p>noch vier</p>",
    ),
    ("p:has-text(/[)(/]/)", "⟦<p>a/b</p>⟧⟦<p>(</p>⟧<p>ab</p>"),
    (
        "p:has-text(@test-more)",
        "⟦<p>Please read also this.</p>⟧<p>Read alsop</p><p>bread also</p>⟦<p>À LIRE\u{a0}AUSSI</p>⟧",
    ),
    (
        "p:has-text(@test-more)",
        "⟦<p>この関連記事を読む</p>⟧⟦<p>Qui l’altra notizia</p>⟧",
    ),
    (
        "p:has-text(@test-needles)",
        "<p>Abonnez</p>⟦<p>«ABONNEZ-VOUS pour lire»</p>⟧<p>-vous lire</p>⟦<p>a <b>Iden</b>tifiez-<i>vous et </i>lire</p>⟧",
    ),
    (
        "p:has-text(@test-needles)",
        "⟦<p>12 É&#84;é r&eacute;servé</p>⟧<p>été réservé</p>⟦<p>a 10-12 b</p>⟧<p>10- 12</p>",
    ),
    (
        "div:has-text(@test-needles):max-text-length(40)",
        "<div>abonnez-vous pour lire, § <div>abonnez</div></div>⟦<div><div>Identifiez-vous et lire</div></div>⟧",
    ),
    // What can begin is known by its first byte, whatever the case.
    (
        "p:begins-with(/prev(ious)? /i)",
        "⟦<p>PREV page</p>⟧⟦<p>» previous x</p>⟧<p>the prev page</p><p>preview x</p>",
    ),
    (
        "p:has-text(@test-left)",
        "⟦<p>Ihnen bleiben noch 62,5 % dieses Artikels.</p>⟧<p>noch viel % dieses Artikels</p>⟦<p>Noch zu lesen</p>⟧",
    ),
    (
        "p:has-text(x)",
        "<p>ab</p>⟦<p>x</p>⟧⟦<p>axb</p>⟧<div>x</div>",
    ),
    // the text as it came in
    ("b, p:has-text(x)", "⟦<p>a <b>x</b></p>⟧<p>⟦<b>y</b>⟧</p>"),
    // :begins-with(…)
    (
        "p:begins-with(\"Read also\")",
        "⟦<p>Read also: a</p>⟧⟦<p>» READ ALSO</p>⟧<p>Please read also</p><p>Read alsop</p>",
    ),
    (
        "p:begins-with(Read)",
        "⟦<p><b>Re</b>ad</p>⟧⟦<p>(Read § §)</p>⟧<p>Reads</p>",
    ),
    (
        "p:begins-with(@test-more)",
        "⟦<p>– Read also</p>⟧⟦<p>関連記事はこちら</p>⟧<p>Reading also</p><p>You read also</p>",
    ),
    (
        "p:begins-with(@test-left)",
        "⟦<p>Noch 5% dieses Artikels</p>⟧<p>Es sind noch 5% dieses Artikels</p>",
    ),
    (
        "p:begins-with(/\\d+ comments/)",
        "⟦<p>(12 comments)</p>⟧<p>There are 12 comments</p>",
    ),
    (
        "p:begins-with(\"Read also\")",
        "<p>“Read also what it does not say,” he said</p><p>\"Read also\"</p>⟦<p>» Read also: b</p>⟧",
    ),
    ("p:begins-with(/.*season/)", "⟦<p>§</p>⟧"),
    // beyond the first 300 characters
    (
        "p:begins-with(/.*end here/)",
        "<p>§ § § end here</p>⟦<p>§ § end here</p>⟧",
    ),
    (
        "p:begins-with(/.*end here/)",
        "<p>§ § § end here.</p>⟦<p>§ end here, § § §</p>⟧",
    ),
    // :exact-text(…)
    (
        "a:exact-text(\"Print\")",
        "⟦<a>Print</a>⟧⟦<a> » PRINT! </a>⟧<a>Print it</a><a>Printer</a>",
    ),
    (
        "a:exact-text(@test-more)",
        "⟦<a>Read also:</a>⟧<a>Read also a</a>⟦<a>関連記事</a>⟧",
    ),
    ("a:exact-text(/\\d+/)", "⟦<a>12</a>⟧<a>12 a</a><a>a</a>"),
    (
        "a:exact-text(/(?i)share|print/)",
        "⟦<a>Share</a>⟧⟦<a>print</a>⟧<a>share it</a><a>reprint</a>",
    ),
    (
        "div:exact-text(\"one two\")",
        "⟦<div><p>One</p><p>two.</p></div>⟧<div>one two three</div>",
    ),
    // :min-text-length(n), :max-text-length(n)
    (
        "p:min-text-length(5)",
        "<p>abcd</p>⟦<p>abcde</p>⟧⟦<p>ab cd</p>⟧<p>ab   c </p>",
    ),
    (
        "p:max-text-length(5)",
        "⟦<p>abcde</p>⟧<p>abcdef</p>⟦<p></p>⟧⟦<p>  &amp;<b>bcde</b>  </p>⟧<p>a<br>bcdef</p>",
    ),
    ("p:max-text-length(5)", "⟦<p>日本</p>⟧<p>日本語</p>"),
    ("p:min-text-length(10)", "⟦<p>日本語語</p>⟧<p>日本語</p>"),
    (
        "p:min-text-length(3):max-text-length(4)",
        "<p>ab</p>⟦<p>abc</p>⟧⟦<p>abcd</p>⟧<p>abcde</p>",
    ),
    (
        "p:max-text-length(0)",
        "⟦<p><img></p>⟧⟦<p>&nbsp;</p>⟧<p>a</p>⟦<p><!-- a --><script>b</script></p>⟧",
    ),
    // n + p%
    (
        "div:max-text-length(10 + 10%)",
        "<p>§</p><div>twenty-one characters</div>⟦<div>a text of twenty ch.</div>⟧",
    ),
    (
        "div:max-text-length(10 + 10%)",
        "⟦<div>ten chars.</div>⟧<div>eleven char</div>",
    ),
    (
        "div:max-paragraph-text(50 + 50%)",
        "<p>§</p><p>§</p>⟦<div><p>§</p></div>⟧<div><p>§</p><p>§</p></div>",
    ),
    (
        "div:max-paragraph-text(50+50%)",
        "<p>§</p><p>§</p>⟦<div><p>§</p></div>⟧<div><p>§</p><p>§</p></div>",
    ),
    // :max-nonlink-text(n)
    (
        "nav:max-nonlink-text(3)",
        "⟦<nav><a>a long link</a>abc</nav>⟧<nav><a>a</a> abc</nav>",
    ),
    (
        "nav:max-nonlink-text(4)",
        "⟦<nav>abc <a>a long <b>link</b></a></nav>⟧<nav>abc d <a>e</a></nav>",
    ),
    // A space between two words of a link is the link's, one between two links is not.
    (
        "p:min-link-density(1)",
        "⟦<p><a>a b</a></p>⟧<p><a>a</a> <a>b</a></p>",
    ),
    (
        "p:min-link-density(1)",
        "⟦<p><a>a <b>b</b></a></p>⟧<p><a>a</a> <b>b</b></p>",
    ),
    // :max-paragraph-text(n)
    (
        "aside:max-paragraph-text(100)",
        "⟦<aside><p>§</p><p>short, no paragraph.</p></aside>⟧<aside><p>§</p><p>§</p></aside>",
    ),
    (
        "aside:max-paragraph-text(0)",
        "⟦<aside><a>§</a></aside>⟧<aside>§</aside>⟦<aside>no punctuation however long it may be and it is more than eighty characters long</aside>⟧",
    ),
    (
        "aside:max-paragraph-text(0)",
        "<aside><a>A link</a> and § </aside>⟦<aside>a, <a>§</a></aside>⟧",
    ),
    // :min-link-density(x), :max-link-density(x)
    (
        "ul:min-link-density(0.8)",
        "⟦<ul><li><a>aaaaaaaa</a>bb</ul>⟧<ul><li><a>aaaaaaa</a>bbb</ul><ul><li></ul>",
    ),
    (
        "ul:max-link-density(0.2)",
        "⟦<ul><li><a>aa</a>bbbbbbbb</ul>⟧<ul><li><a>aaa</a>bbbbbbb</ul>⟦<ul><li>a</ul>⟧",
    ),
    ("p:min-link-density(1)", "⟦<p><a>a</a></p>⟧<p><a>a</a>.</p>"),
    // :min-links(n)
    (
        "div:min-links(3)",
        "⟦<div><a>a</a><p><a>b</a></p><a>c</a></div>⟧<div><a>a</a><a>b</a></div>",
    ),
    (
        "div:min-links(2)",
        "<div><a>a</a><a><img></a><a> </a></div>⟦<div><a>a</a><a>b</a></div>⟧",
    ),
    // :max-link-text(n)
    (
        "ul:max-link-text(3)",
        "⟦<ul><li><a>ab</a><li><a>abcd</a></ul>⟧<ul><li><a>ab</a><li><a>abcde</a></ul><ul><li>a</ul>",
    ),
    // :empty
    (
        "div.ad:empty",
        "⟦<div class=ad> <!-- a --> </div>⟧<div class=ad>b</div><div class=ad><img></div><div></div>",
    ),
    (
        "div:empty",
        "<div><div>a</div></div>⟦<div></div>⟧<div>&amp;</div>⟦<div>&nbsp;</div>⟧",
    ),
    ("div:not(:empty)", "<div></div>⟦<div>a</div>⟧"),
    // :repeats
    (
        "p:repeats",
        "<h1>A headline</h1>⟦<p>a  HEADLINE</p>⟧<p>A headline!</p>",
    ),
    (
        "p:repeats",
        "<p>a</p><p>b</p>⟦<p>a</p>⟧⟦<p>b</p>⟧<p>c</p><p></p><p></p>",
    ),
    ("p:repeats", "<p><b>One</b> two</p>⟦<p>one <i>two</i></p>⟧"),
    // A dropped block did not stand before.
    (".x, p:repeats", "⟦<p class=x>a</p>⟧<p>a</p>⟦<p>a</p>⟧"),
    (
        "p:repeats",
        "⟦<p>–</p>⟧⟦<p> • </p>⟧⟦<p>&middot; |</p>⟧<p>*</p><p>1</p>",
    ),
    // … of which nothing else is left
    (
        "a, li:repeats",
        "⟦<li><a>Gallery</a> –</li>⟧<li>⟦<a>Video</a>⟧ – to see</li>",
    ),
    (
        "a, li:repeats",
        "⟦<li>• <a>One</a> | <a>Two</a> |</li>⟧<li>⟦<a>Three</a>⟧</li>",
    ),
    (
        "a:has-text(x), li:repeats",
        "⟦<li>» <a>x</a></li>⟧<li>» <a>y</a></li>",
    ),
    // The source of what has no text
    (
        "script:has-text(/ads?\\.js/)",
        "⟦<script>load('ads.js')</script>⟧<script>load('a.js')</script><p>load('ads.js')</p>",
    ),
    (
        "style:has-text('@media print')",
        "⟦<style>@media\n PRINT {}</style>⟧<style>p {}</style>",
    ),
    (
        "div:has(> script:has-text(ads))",
        "⟦<div><p>a</p><script>ads()</script></div>⟧<div>ads</div>",
    ),
    (
        "script:not(.x):has-text(ads)",
        "⟦<script type=application/ld+json>ads</script>⟧<script class=x>ads</script>",
    ),
    // … which is not the text of what is around it
    (
        "div:has-text(ads)",
        "<div><p>a</p><script>ads()</script></div>",
    ),
    // X:upward(T), X:upward(n)
    (
        "a:has-text(x):upward(div)",
        "⟦<div><p><a>x</a></p></div>⟧<div><p><a>y</a></p></div><p><a>x</a></p>",
    ),
    (
        "a.x:upward(.box)",
        "⟦<div class=box><p><a class=x>a</a></p></div>⟧<div><a class=x>b</a></div>",
    ),
    (
        "p > a.x:upward(.box, li)",
        "⟦<div class=box><p><a class=x>a</a></p></div>⟧<div class=box><a class=x>b</a></div><ul>⟦<li><p><a class=x>c</a></p>⟧</ul>",
    ),
    // … of which the nearest goes
    (
        "a:has-text(x):upward(div)",
        "<div><p>a</p>⟦<div><p><a>x</a></p></div>⟧</div><div>b</div>",
    ),
    (
        "a.x:upward(.box, li)",
        "<div class=box><ul>⟦<li><p><a class=x>a</a></p>⟧</ul></div><div class=box>b</div>",
    ),
    (
        "a.x:upward(section > div)",
        "<section>⟦<div><div><p><a class=x>a</a></p></div></div>⟧<p>b</p></section>",
    ),
    // … unless its text tells which it is
    (
        "a.x:upward(div:has-text(b))",
        "<main>⟦<div>b<div><p><a class=x>a</a></p></div></div>⟧</main>",
    ),
    (
        "a.x:upward(1)",
        "<div>⟦<p><a class=x>a</a></p>⟧<p>b</p></div>",
    ),
    (
        "a.x:upward(2)",
        "<section>⟦<div><p><a class=x>a</a></p></div>⟧<div><a>b</a></div></section>",
    ),
    (
        "a:has-text(x):upward(2)",
        "<section>⟦<div><p><a>x</a></p></div>⟧<div><p><a>y</a></p></div></section>",
    ),
    // A + B, A ~ B with a deferred A
    (
        "h3:has-text(more) + ul",
        "<h3>More</h3>⟦<ul><li>a</ul>⟧<h3>Less</h3><ul><li>b</ul>",
    ),
    (
        "h3:has-text(more) ~ p",
        "<p>a</p><h3>More</h3>⟦<p>b</p>⟧<ul><li>c</ul>⟦<p>d</p>⟧",
    ),
    (
        "div:has(.end) ~ *",
        "<div>a</div><div><i class=end>b</i></div>⟦<div>c</div>⟧⟦<p>d</p>⟧",
    ),
    ("p:has-text(/^\\*+$/) + p", "<p>***</p>⟦<p>a</p>⟧<p>b</p>"),
    (
        "h3:has-text(x) + p + p",
        "<h3>x</h3><p>a</p>⟦<p>b</p>⟧<p>c</p>",
    ),
    (
        "h3:has-text(x) + ul > li",
        "<h3>x</h3><ul>⟦<li>a⟧⟦<li>b⟧</ul><ul><li>c</ul>",
    ),
    (
        "h3:has-text(x) + p:has-text(y)",
        "<h3>x</h3>⟦<p>y</p>⟧<h3>x</h3><p>z</p>",
    ),
];

/// A set of rules and a page that it is tried on.
struct Case {
    what: &'static str,
    /// Whether the built-in rules are part of the set.
    builtin: bool,
    /// (name, content)
    files: &'static [(&'static str, &'static str)],
    select: &'static [&'static str],
    options: fn(Options) -> Options,
    page: &'static str,
}

/// A case that says nothing.
const CASE: Case = Case {
    what: "",
    builtin: false,
    files: &[],
    select: &[],
    options: |options| options.url(URL),
    page: "",
};

const BODY: &str = "[body]\narticle\n[related]\nsection:after-body\n";

const FILES: &[Case] = &[
    // The form of a file
    Case {
        what: "comments, blank lines, white space, a BOM, Windows line ends",
        files: &[(
            "mine.sel",
            "\u{feff}! .a\r\n\r\n  .b  \r\n\t! .c\r\n[ads]\r\n.d",
        )],
        page: "<p class=a>a</p>⟦<p class=b>b</p>⟧<p class=c>c</p>⟦<p class=d>d</p>⟧",
        ..CASE
    },
    Case {
        what: "[name] of a section is a section, anything else in brackets is a selector",
        files: &[("mine.sel", "[ads]\n[data-ad]\n[role=search]\n*[share]\n")],
        page: "⟦<p data-ad>a</p>⟧⟦<p role=search>b</p>⟧⟦<p share>c</p>⟧<p ads>d</p>",
        ..CASE
    },
    // Kinds
    Case {
        what: "lines before the first section are custom, and custom is dropped whatever is chosen",
        files: &[("mine.sel", ".c\n[ads]\n.a\n[share]\n.s\n")],
        options: |options| options.drop([Kind::Ads]),
        page: "⟦<p class=c>a</p>⟧⟦<p class=a>b</p>⟧<p class=s>c</p>",
        ..CASE
    },
    Case {
        what: "a kind is kept",
        files: &[("mine.sel", ".c\n[ads]\n.a\n[share]\n.s\n")],
        options: |options| options.keep([Kind::Share]),
        page: "⟦<p class=c>a</p>⟧⟦<p class=a>b</p>⟧<p class=s>c</p>",
        ..CASE
    },
    Case {
        what: "a file named after a kind begins in it",
        files: &[("more/share.sel", ".s\n[ads]\n.a\n")],
        options: |options| options.keep([Kind::Share]),
        page: "<p class=s>a</p>⟦<p class=a>b</p>⟧",
        ..CASE
    },
    Case {
        what: "comments, bylines and captions stay",
        files: &[(
            "mine.sel",
            "[comments]\n.a\n[byline]\n.b\n[captions]\n.c\n[repeats]\n.d\n",
        )],
        page: "<p class=a>a</p><p class=b>b</p><p class=c>c</p>⟦<p class=d>d</p>⟧",
        ..CASE
    },
    Case {
        what: "comments, bylines and captions go when asked for",
        files: &[("mine.sel", "[comments]\n.a\n[byline]\n.b\n[captions]\n.c\n")],
        options: |options| options.drop(Kind::ALL),
        page: "⟦<p class=a>a</p>⟧⟦<p class=b>b</p>⟧⟦<p class=c>c</p>⟧",
        ..CASE
    },
    Case {
        what: "text of comments is no article text, dropped or not",
        files: &[(
            "mine.sel",
            "[comments]\n.comments\n[ads]\naside:max-paragraph-text(0 + 50%)\n",
        )],
        page: "<div class=comments><p>§</p><p>§</p></div><aside><p>§</p></aside><p>§</p><p>§</p>⟦<aside><p>§</p></aside>⟧",
        ..CASE
    },
    Case {
        what: "text of comments is no article text, however late they are known",
        files: &[(
            "mine.sel",
            "[comments]\ndiv:has-text(Reply)\n[ads]\naside:max-paragraph-text(0 + 50%)\n",
        )],
        page: "<div><p>§</p><p>§</p><p>Reply</p></div><aside><p>§</p></aside><p>§</p><p>§</p>⟦<aside><p>§</p></aside>⟧",
        ..CASE
    },
    Case {
        what: "text of comments that are dropped is no article text",
        files: &[(
            "mine.sel",
            "[comments]\n.comments\n[ads]\naside:max-paragraph-text(0 + 50%)\n",
        )],
        options: |options| options.drop(Kind::ALL),
        page: "⟦<div class=comments><p>§</p><p>§</p></div>⟧<aside><p>§</p></aside>",
        ..CASE
    },
    // Hosts
    Case {
        what: "a file named like a host serves the host and its subdomains",
        files: &[
            ("example.org.sel", ".a\n"),
            ("my/www.example.org.sel", ".b\n"),
            ("blog.example.org.sel", ".c\n"),
            ("ample.org.sel", ".d\n"),
            ("Mine.sel", ".e\n"),
        ],
        page: "⟦<p class=a>a</p>⟧⟦<p class=b>b</p>⟧<p class=c>c</p><p class=d>d</p>⟦<p class=e>e</p>⟧",
        ..CASE
    },
    Case {
        what: "`! hosts:` counts instead of the file's name",
        files: &[
            ("group.sel", "! hosts: example.com, EXAMPLE.org\n.a\n"),
            ("example.org.sel", "! hosts: example.net\n.b\n"),
        ],
        page: "⟦<p class=a>a</p>⟧<p class=b>b</p>",
        ..CASE
    },
    Case {
        what: "a host's rules take effect once the page says where it is from",
        files: &[("example.org.sel", ".a\n")],
        options: |options| options,
        page: "<head><link rel=canonical href=https://example.org/a></head>⟦<p class=a>a</p>⟧",
        ..CASE
    },
    Case {
        what: "og:url tells the address too, and its path",
        files: &[("example.org.sel", ".a:matches-path(/^\\/a$/)\n")],
        options: |options| options,
        page: "<head><meta property=og:url content=//example.org/a></head>⟦<p class=a>a</p>⟧",
        ..CASE
    },
    Case {
        what: "an address that was given counts for more than the page's",
        files: &[("example.org.sel", ".a\n"), ("example.net.sel", ".b\n")],
        page: "<head><link rel=canonical href=https://example.net/a></head>⟦<p class=a>a</p>⟧<p class=b>b</p>",
        ..CASE
    },
    Case {
        what: "an archive's address is unwrapped",
        files: &[("example.net.sel", ".a\n")],
        options: |options| {
            options.url("https://web.archive.org/web/20240102030405/https://example.net/x")
        },
        page: "⟦<p class=a>a</p>⟧",
        ..CASE
    },
    Case {
        what: "without an address no path matches",
        files: &[("mine.sel", "p:matches-path(/./)\n")],
        options: |options| options,
        page: "<p>a</p>",
        ..CASE
    },
    // [keep]
    Case {
        what: "what is protected stays, and so does what contains it; what lies inside may go",
        files: &[("mine.sel", ".a\n[keep]\n.k\n")],
        page: "<div class=a><p>a</p><div class='k a'>b⟦<i class=a>c</i>⟧</div></div>⟦<div class=a>d</div>⟧",
        ..CASE
    },
    Case {
        what: "a protection may need the element's end",
        files: &[("mine.sel", ".a\n[keep]\np:has-text(important)\n")],
        page: "<div class=a><p>Important!</p></div>⟦<div class=a><p>other</p></div>⟧",
        ..CASE
    },
    Case {
        what: "a generic protection holds against generic rules",
        builtin: true,
        page: "<div class=newsletter><main><p>a</p></main></div>⟦<nav><a>b</a></nav>⟧",
        ..CASE
    },
    Case {
        what: "… not against a site's own, the user's, or a selector by itself",
        builtin: true,
        files: &[("mine.sel", "main.a\n"), ("example.org.sel", "main.b\n")],
        select: &["main.c"],
        page: "⟦<main class=a>a</main>⟧⟦<main class=b>b</main>⟧⟦<main class=c>c</main>⟧<main>d</main>",
        ..CASE
    },
    Case {
        what: "a user's protection holds against the rules that come with dehusk",
        builtin: true,
        files: &[("mine.sel", "[keep]\nnav\n")],
        page: "<nav><a>a</a></nav>",
        ..CASE
    },
    Case {
        what: "a site's protection holds against generic rules",
        builtin: true,
        options: |options| options.url("https://www.lemonde.fr/"),
        page: "<div class=newsletter><section class=article__content><p>a</p></section></div>",
        ..CASE
    },
    Case {
        what: "… not against the user's",
        builtin: true,
        files: &[("mine.sel", "section.article__content")],
        options: |options| options.url("https://www.lemonde.fr/"),
        page: "<p>a</p>⟦<section class=article__content><p>b</p></section>⟧",
        ..CASE
    },
    Case {
        what: "a user's protection holds against the user's own rules",
        files: &[("a.sel", "[keep]\n.k\n"), ("b.sel", "p\n")],
        page: "<p class=k>a</p>⟦<p>b</p>⟧",
        ..CASE
    },
    Case {
        what: "… not against those for a site",
        files: &[("a.sel", "[keep]\n.k\n"), ("example.org.sel", "p\n")],
        page: "⟦<p class=k>a</p>⟧",
        ..CASE
    },
    Case {
        what: "a user's protection for a site holds against the user's rules for every page",
        files: &[("a.sel", "p\n"), ("example.org.sel", "[keep]\n.k\n")],
        page: "<p class=k>a</p>⟦<p>b</p>⟧",
        ..CASE
    },
    Case {
        what: "no protection holds against a selector by itself",
        files: &[
            ("a.sel", "[keep]\n.k\n"),
            ("example.org.sel", "[keep]\n.k\n"),
        ],
        select: &["p.k"],
        page: "⟦<p class=k>a</p>⟧<p>b</p>",
        ..CASE
    },
    // [body], :after-body
    Case {
        what: "a body has ended",
        files: &[("mine.sel", BODY)],
        page: "<section>a</section><article><section>b</section><p>§§§§§</p><p>§§§§§</p><p>§§§§§</p></article>⟦<section>c</section>⟧<div>⟦<section>d</section>⟧</div>",
        ..CASE
    },
    Case {
        what: "a short one is no body",
        files: &[("mine.sel", BODY)],
        page: "<article><p>§§§§§</p><p>§§§§§</p></article><section>a</section>",
        ..CASE
    },
    Case {
        what: "one with but a part of the text is no body",
        files: &[("mine.sel", BODY)],
        page: "<p>§§§§§§§§§§</p><article><p>§§§§§</p><p>§§§§§</p><p>§§§§§</p></article><section>a</section>",
        ..CASE
    },
    Case {
        what: "more paragraphs have come since",
        files: &[("mine.sel", BODY)],
        page: "<article><p>§§§§§</p><p>§§§§§</p><p>§§§§§</p></article>⟦<section>a</section>⟧<p>§§§§§§§§§§</p><section>b</section>",
        ..CASE
    },
    Case {
        what: "a sibling of the same make goes on with the body",
        files: &[(
            "mine.sel",
            "[body]\nsection.text\n[related]\nsection:after-body\n",
        )],
        page: "<section class=text><p>§§§§§</p><p>§§§§§</p><p>§§§§§</p></section><section class='text x'><p>a</p></section>⟦<section class=y>b</section>⟧",
        ..CASE
    },
    // :after-prose
    Case {
        what: "four paragraphs in a row are running text",
        select: &["section:after-prose"],
        page: "<p>§</p><p>§</p><section>a</section><h2>b</h2><p>§</p><p>c</p><section>d</section><div><p>§</p></div>⟦<section>e</section>⟧<p><a href=/>f</a></p>⟦<section>g</section>⟧",
        ..CASE
    },
    Case {
        what: "titles that are links stand between teasers",
        select: &["section:after-prose"],
        page: "<p>§</p><p>§</p><p>§</p><h2><a href=/>a</a></h2><p>§</p><p>§</p><p>§</p><section>b</section>",
        ..CASE
    },
    Case {
        what: "the page of an article has a body without a name",
        select: &["section:after-body"],
        page: "<head><meta property=og:type content=article></head><div><p>§§§§</p><p>§§§§</p><p>§§§§</p><p>§§§§</p></div>⟦<section>a</section>⟧",
        ..CASE
    },
    Case {
        what: "any other page has not",
        select: &["section:after-body"],
        page: "<div><p>§§§§</p><p>§§§§</p><p>§§§§</p><p>§§§§</p></div><section>a</section>",
        ..CASE
    },
    Case {
        what: "a body that was dropped has not ended",
        files: &[("mine.sel", BODY), ("more.sel", "article.x\n")],
        page: "⟦<article class=x><p>§§§§§</p><p>§§§§§</p><p>§§§§§</p></article>⟧<section>a</section>",
        ..CASE
    },
    // The hold limit
    Case {
        what: "an element longer than the hold limit is kept undecided",
        select: &["div:has-text(x)"],
        options: |options| options.hold_limit(40),
        page: "<div>x and much more than forty bytes of text</div>⟦<div>x and a little more</div>⟧",
        ..CASE
    },
];

/// (selector, a part of the reason)
const REFUSED: &[Row] = &[
    ("p:last-child", "the later ones have not come yet"),
    ("p:nth-last-child(2)", "the later ones have not come yet"),
    ("p:last-of-type", "the later ones have not come yet"),
    ("p:nth-last-of-type(2)", "the later ones have not come yet"),
    ("p:only-child", "the later ones have not come yet"),
    ("p:only-of-type", "the later ones have not come yet"),
    ("p:has(+ a)", "after the element has ended"),
    ("p:has(~ a)", "after the element has ended"),
    ("p:has-text(x) b", "must be decided at its start tag"),
    ("p:has(x) > b", "must be decided at its start tag"),
    ("div:not(:has(b)) a", "must be decided at its start tag"),
    ("div:is(:empty) a", "must be decided at its start tag"),
    ("p::before", "no pseudo-elements"),
    ("a:hover", "no states"),
    ("input:checked", "no states"),
    (
        "p:has-text(@no-such-list)",
        "there is no phrase list 'no-such-list'",
    ),
    ("p:has-text()", "a text to look for is missing"),
    ("p:has-text(/(/)", "bad regular expression"),
    ("p:has-text(/a/q)", "unknown flag 'q'"),
    ("p:min-link-density(2)", "a share from 0 to 1"),
    ("p:max-text-length(-1)", "a number from 0 up"),
    ("p:upward(0)", "the element itself"),
    ("p:upward(2) a", ":upward() must come last"),
    ("div:named(most-read)", "write 'most read'"),
    ("p:contains(x)", "say :has-text()"),
    ("p:no-such-thing", "selectors/README.md"),
    ("p >", "missing"),
    ("", "missing"),
    ("p..a", "a class name is wanted"),
    // CSS has no :has() in a :has().
    ("div:has(p:has(b))", ":has()"),
];

fn run(rows: &[Row]) {
    let options = Options::new().url(URL);
    assert_none(rows.iter().filter_map(|(selector, row)| {
        let rules = with_lists(Rules::builder().builtin(false)).select(*selector);
        complaint(selector, rules, &options, row)
    }));
}

#[test]
fn decided_at_the_start_tag() {
    run(AT_THE_START_TAG);
}

#[test]
fn named() {
    run(NAMED);
}

#[test]
fn from_what_the_page_has_shown() {
    run(WHAT_THE_PAGE_HAS_SHOWN);
}

#[test]
fn decided_when_the_element_ends() {
    run(WHEN_THE_ELEMENT_ENDS);
}

#[test]
fn files_kinds_hosts_and_protections() {
    assert_none(FILES.iter().filter_map(|case| {
        let mut rules = with_lists(Rules::builder().builtin(case.builtin));
        for (name, content) in case.files {
            rules = rules.file(*name, *content);
        }
        for selector in case.select {
            rules = rules.select(*selector);
        }
        let options = (case.options)(Options::new());
        complaint(case.what, rules, &options, case.page)
    }));
}

#[test]
fn refused_with_a_reason() {
    assert_none(REFUSED.iter().filter_map(|(selector, reason)| {
        let rules = Rules::builder().builtin(false).select(*selector);
        match rules.build() {
            Ok(_) => Some(format!("{selector}: not refused")),
            Err(errors) => {
                let told = errors.to_string();
                (!told.contains(reason)).then(|| format!("{selector}: {reason} is not in: {told}"))
            }
        }
    }));
}

/// `:name` of each selector in the first column of the README's tables that `select` allows.
fn named_in_readme(refused: bool) -> Vec<String> {
    let readme = include_str!("../selectors/README.md");
    let mut names = Vec::new();
    let mut in_refused = false;
    for line in readme.lines() {
        if line.starts_with("## ") {
            in_refused = line == "## Refused";
        }
        if in_refused != refused {
            continue;
        }
        let Some(cell) = line.strip_prefix("| `") else {
            continue;
        };
        let cell = cell.split(" | ").next().unwrap_or_default();
        for part in cell.split([' ', '`', ',']) {
            if let Some(name) = part.split(':').nth(1) {
                let name = name.split('(').next().unwrap_or_default();
                if !name.is_empty() {
                    names.push(format!(":{name}"));
                }
            }
        }
    }
    names
}

#[test]
fn every_selector_of_the_readme_has_a_row() {
    let tables = [
        AT_THE_START_TAG,
        NAMED,
        WHAT_THE_PAGE_HAS_SHOWN,
        WHEN_THE_ELEMENT_ENDS,
    ];
    let rows = || tables.iter().copied().flatten();
    let names = named_in_readme(false);
    assert!(names.len() > 25, "the tables of the README: {names:?}");
    for name in names {
        let in_files = || {
            let files = FILES.iter().flat_map(|case| case.files.iter());
            let select = FILES.iter().flat_map(|case| case.select.iter());
            files
                .map(|(_, content)| content)
                .chain(select)
                .any(|s| s.contains(&name))
        };
        assert!(
            rows().any(|(selector, row)| selector.contains(&name) && row.contains('⟦'))
                || in_files(),
            "{name}: no row shows it drop"
        );
        assert!(
            rows().any(|(selector, row)| selector.contains(&name) && !page_of(row).1.is_empty())
                || in_files(),
            "{name}: no row shows it spare"
        );
    }
    for name in named_in_readme(true) {
        assert!(
            REFUSED.iter().any(|(selector, _)| selector.contains(&name)),
            "{name}: no row shows it refused"
        );
    }
}
