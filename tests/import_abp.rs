//! Lists of Adblock Plus and uBlock Origin as they are: each operator does to a page what uBlock's
//! documentation says it does. What goes from a page stands between ⟦ and ⟧.

use dehusk::import::{self, Reason};
use dehusk::{Kind, Options, Rules};
use proptest::prelude::*;

/// The page that comes out for a page of `url`.
fn cleaned(list: &str, url: &str, page: &str) -> String {
    let rules = Rules::builder()
        .builtin(false)
        .file("list.txt", format!("[Adblock Plus 2.0]\n{list}\n"))
        .build()
        .expect("what cannot be read in a list is passed over");
    let mut out = Vec::new();
    let options = Options::new().url(url);
    dehusk::clean(&rules, &options, page.as_bytes(), &mut out).expect("a Vec takes every byte");
    String::from_utf8(out).expect("the page is UTF-8")
}

/// Asserts that what is marked goes, and nothing else.
#[track_caller]
fn assert_goes(list: &str, url: &str, marked: &str) {
    let page = marked.replace(['⟦', '⟧'], "");
    let mut expected = String::new();
    for (i, part) in marked.split('⟦').enumerate() {
        let kept = if i == 0 {
            part
        } else {
            part.split_once('⟧').expect("every ⟦ has its ⟧").1
        };
        expected.push_str(kept);
    }
    assert_eq!(
        cleaned(list, url, &page),
        expected,
        "{list} on {url}: {marked}"
    );
}

const URL: &str = "https://news.example/2026/story?id=1";

#[test]
fn generic_and_site_filters() {
    let page = "⟦<p class=ad>a</p>⟧⟦<p id=ad>b</p>⟧<p class=promo>c</p>";
    assert_goes("##.ad\n###ad\nother.example##.promo", URL, page);
    let page = "<p class=ad>a</p>⟦<p class=promo>c</p>⟧";
    for url in [URL, "https://www.news.example/", "news.example"] {
        assert_goes("other.example,news.example##.promo", url, page);
    }
}

#[test]
fn exceptions() {
    let list = "##.ad\nnews.example##.promo\nblog.news.example#@#.ad\nblog.news.example#@#.promo";
    assert_goes(list, URL, "⟦<p class=ad>a</p>⟧⟦<p class=promo>b</p>⟧");
    let blog = "https://blog.news.example/";
    assert_goes(list, blog, "<p class=ad>a</p><p class=promo>b</p>");
    // Without hosts they hold everywhere.
    assert_goes(
        "##.ad\n##.promo\n#@#.ad",
        URL,
        "<p class=ad>a</p>⟦<p class=promo>b</p>⟧",
    );
}

#[test]
fn negated_hosts() {
    let list = "~news.example##.ad\nother.example,~blog.other.example##.promo";
    assert_goes(list, URL, "<p class=ad>a</p>");
    assert_goes(
        list,
        "https://other.example/",
        "⟦<p class=ad>a</p>⟧⟦<p class=promo>b</p>⟧",
    );
    let blog = "https://blog.other.example/";
    assert_goes(list, blog, "⟦<p class=ad>a</p>⟧<p class=promo>b</p>");
}

#[test]
fn entities() {
    for (url, page) in [
        ("https://shop.example/", "⟦<p class=ad>a</p>⟧"),
        ("https://www.shop.co.uk/", "⟦<p class=ad>a</p>⟧"),
        ("https://workshop.example/", "<p class=ad>a</p>"),
    ] {
        assert_goes("shop.*##.ad", url, page);
    }
}

#[test]
fn not() {
    assert_goes(
        "news.example##p:not(.a, #b)",
        URL,
        "<p class=a>a</p><p id=b>b</p>⟦<p>c</p>⟧",
    );
    assert_goes(
        "news.example##p:not(:has-text(Story))",
        URL,
        "<p>A Story</p>⟦<p>Offers</p>⟧",
    );
}

#[test]
fn has() {
    let page = "⟦<div><p><b>a</b></p></div>⟧<div><b>b</b></div><b>c</b>";
    assert_goes("news.example##div:has(> p > b)", URL, page);
    assert_goes("news.example#?#div:-abp-has(p b)", URL, page);
    assert_goes("news.example##div:if(p)", URL, page);
    assert_goes("news.example##div:has(p:has(b))", URL, page);
    // Plain CSS needs no host.
    assert_goes("##div:has(> p > b)", URL, page);
    assert_goes(
        "news.example##div:has(> i):has(> b:has-text(Ad))",
        URL,
        "⟦<div><i>i</i><b>An Ad</b></div>⟧<div><i>i</i><b>add</b></div>",
    );
}

#[test]
fn has_text() {
    // A text is compared with its case, wherever it stands.
    assert_goes(
        "news.example##p:has-text(Ad)",
        URL,
        "⟦<p>Advert</p>⟧<p>mad</p>⟦<p>Here: <b>An</b> Ad</p>⟧",
    );
    assert_goes(
        "news.example##p:has-text(/^ad(vert)?$/i)",
        URL,
        "⟦<p> Advert\n</p>⟧⟦<p><b>AD</b></p>⟧<p>Adverts</p>",
    );
    assert_goes(
        "news.example#?#p:-abp-contains(a \"b\" (c))",
        URL,
        "⟦<p>a \"b\" (c)</p>⟧<p>a b c</p>",
    );
    assert_goes(
        "news.example##h2:has-text(Offers) + ul",
        URL,
        "<h2>Offers</h2>⟦<ul><li>a</li></ul>⟧<h2>News</h2><ul><li>b</li></ul>",
    );
}

#[test]
fn upward() {
    let page = "<main><div>⟦<div class=box><p><a class=ad>a</a></p></div>⟧</div></main>";
    assert_goes("news.example##a.ad:upward(2)", URL, page);
    assert_goes("news.example##a.ad:nth-ancestor(2)", URL, page);
    assert_goes("news.example##a.ad:xpath(../..)", URL, page);
    // The nearest, not all of them.
    assert_goes("news.example##a.ad:upward(div)", URL, page);
    assert_goes("news.example##a:has-text(a):upward(.box)", URL, page);
}

#[test]
fn matches_path() {
    for (list, url, goes) in [
        ("news.example##:matches-path(/2026/) p", URL, true),
        ("news.example##:matches-path(/2026) p", URL, true),
        ("news.example##:matches-path(?id=) p", URL, true),
        (r"news.example##:matches-path(/^\/\d+\/story/) p", URL, true),
        ("news.example##p:matches-path(/^\\/story/)", URL, false),
        ("news.example##p:matches-path(Story)", URL, false),
        ("news.example##p:not(:matches-path(/2025))", URL, true),
        (
            "news.example##:matches-path(/2026/) p",
            "news.example",
            false,
        ),
    ] {
        let page = if goes { "⟦<p>a</p>⟧" } else { "<p>a</p>" };
        assert_goes(list, url, page);
    }
}

#[test]
fn min_text_length() {
    assert_goes(
        "news.example##p:min-text-length(6)",
        URL,
        "<p>Short</p>⟦<p>Longer</p>⟧⟦<p>The <b>longest</b></p>⟧",
    );
}

#[test]
fn html_filters() {
    assert_goes("news.example##^.ad", URL, "⟦<p class=ad>a</p>⟧<p>b</p>");
    assert_goes(
        "news.example##^script:has-text(/ads?\\.js|Tracker/)",
        URL,
        "<head>⟦<script>load('ad.js')</script>⟧<script>load('a.js')</script></head><p>Tracker</p>",
    );
    assert_goes("##^.ad\nnews.example#@#^.ad", URL, "<p class=ad>a</p>");
}

#[test]
fn what_is_left_alone() {
    let list = "news.example##+js(set, p, 1)\nnews.example##p:style(color: red)\n\
                news.example##p::before\nnews.example##p:matches-css(color: red)\n\
                news.example##^responseheader(location)\nnews.example#$#p { color: red; }\n\
                ||news.example^\n@@||news.example^$generichide\n##p:last-child\n##p..\n\
                news.example##p:remove-attr(class)";
    assert_goes(list, URL, "<p>a</p>");
}

#[test]
fn attributes_and_removal() {
    assert_goes(
        "news.example##a:matches-attr(data-x=\"/^ad-/\"):remove()",
        URL,
        "⟦<a data-x=ad-1>a</a>⟧<a data-x=bad-1>b</a>",
    );
    assert_goes(
        "news.example##.ad {remove: true;}",
        URL,
        "⟦<p class=ad>a</p>⟧",
    );
}

#[test]
fn lines_for_this_reader() {
    let list =
        "!#if env_mobile\n##.a\n!#else\n##.b\n!#endif\n!#if cap_html_filtering\n##^.c\n!#endif";
    assert_goes(
        list,
        URL,
        "<p class=a>a</p>⟦<p class=b>b</p>⟧⟦<p class=c>c</p>⟧",
    );
}

#[test]
fn a_list_says_what_kind_of_thing_goes() {
    let page = "<p class=a>a</p>";
    for (name, kind) in [("easylist.txt", Kind::Ads), ("cookies.txt", Kind::Consent)] {
        let rules = Rules::builder().builtin(false).file(name, "##.a\n");
        let rules = rules.build().expect("a list that can be read");
        let options = Options::new().explain(true);
        let report = dehusk::clean(&rules, &options, page.as_bytes(), Vec::new());
        let report = report.expect("a Vec takes every byte");
        let removal = &report.removals[0];
        assert_eq!(
            (removal.kind, &*removal.file, removal.line),
            (kind, name, 1)
        );
    }
}

/// A list is loaded without a look into its rules; whoever wants to know asks.
#[test]
fn what_is_left_out_is_told_with_the_reason() {
    let list =
        "##.a\nx.example##.b:last-child\nx.example##+js(c)\n! d\n||e.example^\nx.example##f..";
    let imported = import::read("list.txt", list).validated(list);
    let rules: Vec<usize> = imported.rules.iter().map(|rule| rule.line).collect();
    assert_eq!(rules, [1]);
    let left_out: Vec<_> = imported
        .left_out
        .iter()
        .map(|l| (l.line, l.reason))
        .collect();
    let expected = [
        (2, Reason::NotInAStream),
        (3, Reason::NotHtml),
        (6, Reason::Broken),
    ];
    assert_eq!(left_out, expected);
}

/// Written as selector files, a list does what it did.
#[test]
fn selector_files_do_the_same() {
    let list = "##.ad\n##[hidden]\nnews.example##.promo\nshop.*##.box\n~news.example##.teaser\n\
                news.example#@#.ad\nnews.example##p:has-text(Ad)";
    let page = "<p class=ad>a</p><p hidden>b</p><p class=promo>c</p><p class=box>d</p>\
                <p class=teaser>e</p><p>An Ad</p><p>f</p>";
    let files = import::to_sel("my-list.txt", &import::read("my-list.txt", list));
    for host in ["news.example", "www.shop.example", "other.example"] {
        let mut builder = Rules::builder().builtin(false);
        for file in &files {
            builder = builder.file(&file.name, &file.content);
        }
        let rules = builder.build().expect("files that can be read");
        let mut out = Vec::new();
        dehusk::clean(&rules, &Options::new().url(host), page.as_bytes(), &mut out)
            .expect("a Vec takes every byte");
        let out = String::from_utf8(out).expect("the page is UTF-8");
        assert_eq!(out, cleaned(list, host, page), "{host}");
        assert_ne!(out, page, "{host}");
    }
}

proptest! {
    /// Whatever stands in a list, it is read, and its rules are told sound from unsound.
    #[test]
    fn any_line_is_read(lines in prop::collection::vec("[a-z.,~*]{0,8}##?[@?$^]?#(\\PC|[:()\\[\\]{}/\"'\\\\,>+ a-z]){0,24}", 0..8)) {
        let list = lines.join("\n");
        let imported = import::read("[Adblock] list.txt", &list).validated(&list);
        for file in import::to_sel("list.txt", &imported) {
            let rules = Rules::builder().builtin(false).file(&file.name, &file.content).build();
            prop_assert!(rules.is_ok(), "{list}\n{}\n{:?}", file.content, rules.err());
        }
    }

    #[test]
    fn any_operator_is_read(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "p", ".a", "#b", "[c]", "[c=\"", "\"]", ":has(", ":not(", ")", ":has-text(", "/", "a\\",
                ":upward(", "2", ":xpath(", "..", ":matches-attr(", "=", "(", " > ", ", ", "::", ":remove()",
                "é", "{", "}", ":matches-path(", "'", "[", "^", ":if-not(", ":style(",
            ]),
            0..12,
        )
    ) {
        let list = format!("x.example##{}", parts.concat());
        let imported = import::read("list.txt", &list);
        prop_assert!(imported.rules.len() + imported.left_out.len() <= 1);
        let _ = imported.validated(&list);
    }
}
