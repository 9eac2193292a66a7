//! What a long list of Adblock Plus filters costs: to load it, and a page after that.
//!
//!     cargo bench --bench lists
//!     DEHUSK_BENCH_LIST=easylist.txt DEHUSK_BENCH_PAGES=folder/of/pages cargo bench --bench lists
//!
//! Without a list one of the same shape and length as EasyList is made up.

mod pages;

use dehusk::{Filter, Options, Rules, import};
use divan::Bencher;
use divan::counter::BytesCount;
use pages::pages;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::OnceLock;
use std::{env, fs};

fn main() {
    divan::main();
}

fn list() -> &'static str {
    static LIST: OnceLock<String> = OnceLock::new();
    LIST.get_or_init(|| match env::var_os("DEHUSK_BENCH_LIST") {
        Some(path) => fs::read_to_string(path).expect("the list can be read"),
        None => made_up(),
    })
}

/// 78,000 lines: filters for addresses, generic rules of one class or id, for links, of other
/// shapes, rules of sites.
fn made_up() -> String {
    let mut list = "[Adblock Plus 2.0]\n! Title: Filters of no use\n".to_owned();
    for i in 0..43_500 {
        let _ = writeln!(list, "||ads-{i}.example^$third-party");
    }
    for i in 0..8_850 {
        let _ = writeln!(list, "##.bench-class-{i}");
    }
    for i in 0..4_250 {
        let _ = writeln!(list, "###bench-id-{i}");
    }
    for i in 0..300 {
        let _ = writeln!(list, "##a[href^=\"https://www.track-{i}.example/\"]");
    }
    for i in 0..240 {
        let shape = match i % 4 {
            0 => format!("##[data-bench-{i}]"),
            1 => format!("##div[id^=\"bench-{i}-\"]"),
            2 => format!("##.bench-{i}:not(body)"),
            _ => format!("##[href^=\"https://go-{i}.example/\"] > img"),
        };
        let _ = writeln!(list, "{shape}");
    }
    for i in 0..20_000 {
        let _ = writeln!(
            list,
            "news-{i}.example,blog-{i}.example##.bench-{} > p",
            i % 97
        );
    }
    list
}

#[divan::bench]
fn reading(bencher: Bencher) {
    bencher
        .counter(BytesCount::of_str(list()))
        .bench_local(|| black_box(import::read("list.txt", list())).rules.len());
}

#[divan::bench]
fn loading_default_rules(bencher: Bencher) {
    bencher.bench_local(Rules::builtin);
}

#[divan::bench]
fn loading_default_rules_and_a_list(bencher: Bencher) {
    bencher.bench_local(with_list);
}

fn with_list() -> Rules {
    let rules = Rules::builder().file("list.txt", list()).build();
    rules.expect("what cannot be read in a list is passed over")
}

fn run(bencher: Bencher, rules: &Rules) {
    let bytes = pages().iter().map(Vec::len).sum::<usize>();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
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
fn pages_with_default_rules(bencher: Bencher) {
    run(bencher, &Rules::builtin());
}

#[divan::bench]
fn pages_with_default_rules_and_a_list(bencher: Bencher) {
    run(bencher, &with_list());
}
