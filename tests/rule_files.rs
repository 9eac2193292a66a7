//! What the files of a rule set do together: whom they serve, and what takes a rule back.

use dehusk::{Options, Rules, RulesBuilder};

/// The page that comes out, for a page of `host`.
fn cleaned(builder: RulesBuilder, host: &str, page: &str) -> String {
    let rules = builder.build().expect("rules that can be read");
    let options = Options::new().url(&format!("https://{host}/x"));
    let mut out = Vec::new();
    dehusk::clean(&rules, &options, page.as_bytes(), &mut out).expect("a Vec takes every byte");
    String::from_utf8(out).expect("the page is UTF-8")
}

fn own() -> RulesBuilder {
    Rules::builder().builtin(false)
}

const PAGE: &str = "<p class=a>A</p><p class=b>B</p><p>Text</p>";

#[test]
fn an_exception_takes_a_rule_back_on_its_hosts() {
    for (generic, except, host, expected) in [
        (".a", ".a", "x.example", PAGE),
        (".a", ".a", "y.example", "<p class=b>B</p><p>Text</p>"),
        (".a, .b", ".a", "x.example", "<p class=a>A</p><p>Text</p>"),
        (
            ".a,.b",
            "  .b ",
            "sub.x.example",
            "<p class=b>B</p><p>Text</p>",
        ),
        (".a", "p.a", "x.example", "<p class=b>B</p><p>Text</p>"),
        (":is(.a, .b)", ".a", "x.example", "<p>Text</p>"),
    ] {
        let builder = own()
            .file("every.sel", generic)
            .file("x.example.sel", format!("[except]\n{except}\n"));
        assert_eq!(
            cleaned(builder, host, PAGE),
            expected,
            "{generic} {except} {host}"
        );
    }
}

#[test]
fn an_exception_holds_for_rules_of_its_level_and_below() {
    let files = || own().file("x.example.sel", ".a\n.b");
    // A file for a site stands above one for every page.
    let below = files().file("every.sel", "[except]\n.a");
    assert_eq!(cleaned(below, "x.example", PAGE), "<p>Text</p>");
    let same = files().file("other.sel", "! hosts: x.example\n[except]\n.a");
    assert_eq!(
        cleaned(same, "x.example", PAGE),
        "<p class=a>A</p><p>Text</p>"
    );
    let select = own().select(".a").file("x.example.sel", "[except]\n.a");
    assert_eq!(
        cleaned(select, "x.example", PAGE),
        "<p class=b>B</p><p>Text</p>"
    );
}

#[test]
fn an_exception_is_not_a_protection() {
    let page = "<div class=box><p class=a>A</p></div><p>Text</p>";
    let builder = own()
        .file("every.sel", ".a\n.box")
        .file("x.example.sel", "[except]\n.a");
    assert_eq!(cleaned(builder, "x.example", page), "<p>Text</p>");
}

#[test]
fn a_host_with_an_open_top_level_serves_them_all() {
    for (host, goes) in [
        ("example.com", true),
        ("example.co.uk", true),
        ("www.example.fr", true),
        ("example.org.co.uk", false),
        ("notexample.com", false),
    ] {
        let builder = own().file("list.sel", "! hosts: example.*\n.a, .b");
        let expected = if goes { "<p>Text</p>" } else { PAGE };
        assert_eq!(cleaned(builder, host, PAGE), expected, "{host}");
    }
}

#[test]
fn site_files_of_others_are_read_as_they_are() {
    let ftr = "strip: //p[@class='a']\nstrip_id_or_class: b\n";
    let site = own().file("some/x.example.txt", ftr);
    assert_eq!(cleaned(site, "www.x.example", PAGE), "<p>Text</p>");
    let site = own().file("some/x.example.txt", ftr);
    assert_eq!(cleaned(site, "y.example", PAGE), PAGE);
    let global = own().file("some/global.txt", ftr);
    assert_eq!(cleaned(global, "y.example", PAGE), "<p>Text</p>");

    let nobody = own().file("some/notes.txt", ftr).build();
    let errors = nobody.expect_err("nobody knows whom it serves");
    assert!(
        errors.to_string().contains("named after its host"),
        "{errors}"
    );
}
