//! How fast pages go through the filter, beside lol_html with one `*` handler that only reads class
//! and id.
//!
//!     cargo bench --bench throughput
//!     DEHUSK_BENCH_PAGES=folder/of/pages cargo bench --bench throughput
//!
//! Without a folder the pages of `corpus/` are taken. Every `*.html` below the folder is one.

mod pages;

use dehusk::{Filter, Options, Rules};
use divan::Bencher;
use divan::counter::BytesCount;
use lol_html::{ElementContentHandlers, HtmlRewriter, Settings};
use pages::pages;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::hint::black_box;

fn main() {
    divan::main();
}

fn bytes() -> BytesCount {
    BytesCount::new(pages().iter().map(Vec::len).sum::<usize>())
}

/// The yardstick: every start tag seen, its class and id read, nothing done with them.
#[divan::bench]
fn lol_html_reading_class_and_id(bencher: Bencher) {
    bencher.counter(bytes()).bench_local(|| {
        for page in pages() {
            let settings = Settings::new().append_element_content_handler((
                Cow::Owned("*".parse().expect("`*` is a selector")),
                ElementContentHandlers::default().element(
                    |element: &mut lol_html::html_content::Element<'_, '_>| {
                        black_box((element.get_attribute("class"), element.get_attribute("id")));
                        Ok(())
                    },
                ),
            ));
            let mut out = Vec::with_capacity(page.len());
            let mut rewriter = HtmlRewriter::new(settings.with_strict(false), |chunk: &[u8]| {
                out.extend_from_slice(chunk);
            });
            for piece in page.chunks(64 * 1024) {
                rewriter.write(piece).expect("lol_html reads the page");
            }
            rewriter.end().expect("lol_html reads the page");
            black_box(&out);
        }
    });
}

fn run(bencher: Bencher, rules: &Rules) {
    bencher.counter(bytes()).bench_local(|| {
        for page in pages() {
            let mut out = Vec::with_capacity(page.len());
            let mut filter = Filter::new(rules, &Options::new(), &mut out);
            filter.write(page).expect("a Vec takes everything");
            black_box(filter.finish().expect("a Vec takes everything"));
            black_box(&out);
        }
    });
}

#[divan::bench]
fn no_rules(bencher: Bencher) {
    run(bencher, &Rules::none());
}

#[divan::bench]
fn default_rules(bencher: Bencher) {
    run(bencher, &Rules::builtin());
}

/// 5,000 rules more, of the kind that block lists are made of: one class or one id each.
#[divan::bench]
fn default_rules_and_5000_more(bencher: Bencher) {
    let mut more = String::new();
    for i in 0..2_500 {
        let _ = writeln!(more, ".bench-class-{i}\n#bench-id-{i}");
    }
    let rules = Rules::builder().file("more.sel", more).build();
    run(bencher, &rules.expect("the rules can be read"));
}
