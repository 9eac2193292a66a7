//! Tag soup by the hundred thousand: all that must hold of a page, of each. `cargo test` tries some;
//! the gate tries 100,000, built for release: `PROPTEST_CASES=100000 cargo test --release --test soup`.

mod common;

use common::*;
use dehusk::{Options, Rules};
use proptest::prelude::*;
use std::sync::LazyLock;

static MIXED: LazyLock<Rules> = LazyLock::new(mixed_rules);
static X: LazyLock<Rules> = LazyLock::new(|| rules([".x"]));

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn soup_is_eaten(
        page in any_page(),
        places in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let (out, _) = filter(&Rules::none(), &page);
        prop_assert_eq!(&out, &page, "without rules nothing changes");

        let (out, report) = filter(&MIXED, &page);
        check_removals(&page, &out, &report.removals);
        let options = Options::new().explain(true).encoding("utf-8").expect("a label");
        let whole = filter_pieces(&MIXED, &options, [page.as_bytes()]);
        let pieces = filter_pieces(&MIXED, &options, cut_at(page.as_bytes(), &places));
        prop_assert_eq!(String::from_utf8_lossy(&pieces.0), String::from_utf8_lossy(&whole.0));
        prop_assert_eq!(without_holds(pieces.1), without_holds(whole.1));

        let (out, _) = filter(&X, &page);
        let kept = numbered(&kept_by_tree(&page, "x"));
        let lost = missing(&kept, &numbered(&text_of_tree(&out)));
        prop_assert!(lost.is_empty(), "lost {lost:?} of\n{page}\nleft\n{out}");
    }
}
