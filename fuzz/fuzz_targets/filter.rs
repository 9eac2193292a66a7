//! Any bytes as a page, the built-in rules, the rules of any site, any pieces, any hold limit.

#![no_main]

use dehusk::Rules;
use dehusk_fuzz::{Control, check};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static RULES: LazyLock<(Rules, Vec<String>)> = LazyLock::new(|| {
    let rules = Rules::builtin();
    let hosts = rules
        .hosts()
        .into_iter()
        .map(|host| host.replace('*', "com"));
    let hosts = hosts.collect();
    (rules, hosts)
});

fuzz_target!(|data: &[u8]| {
    let (rules, hosts) = &*RULES;
    let (page, control) = Control::split(data);
    let mut options = control.options();
    if control.says_utf_8() {
        options = options.encoding("utf-8").expect("a label of the Standard");
    }
    if let Some(host) = control.choice(hosts.len()) {
        options = options.url(&format!("https://www.{}/a/b.html?c", hosts[host]));
    }
    check(rules, &options, page, control);
});
