//! Nothing is let in: what was dropped stays dropped, what comes out was in the page, and rules are
//! words that are looked for, whatever they say.

mod common;

use common::*;
use dehusk::Rules;

#[test]
fn a_dropped_script_stays_dropped() {
    for (selector, page) in [
        ("script", "<script>evil</script>"),
        ("script", "<SCRIPT src=evil>evil</sCript\n>"),
        ("script", "<script>'<script>evil'</script>"),
        (
            "script",
            "<script><!-- <script> evil </script> evil --></script>",
        ),
        ("script", "<script>evil</script/></script>"),
        ("script", "<script>evil"),
        ("script", "<script/>evil</script>"),
        ("script", "<svg><script>evil</script></svg>"),
        ("script", "<svg><script/>good</svg>"),
        (
            "script",
            "<math><title><script>evil</script></title></math>",
        ),
        ("script", "<table><script>evil</script></table>"),
        ("script", "<table><tr><script>evil</script><td>good"),
        ("script", "<select><script>evil</script></select>"),
        ("script", "<template><script>evil</script></template>"),
        ("script", "<a><p><script>evil</a></script>"),
        ("script", "</body></html><script>evil</script>"),
        ("script:has-text(evil)", "<script>evil</script>"),
        (".x", "<div class=x><script>evil</script></div>"),
        (".x", "<div class=x></p><script>evil</script></div>"),
        (".x", "<iframe class=x srcdoc='evil'>evil</iframe>"),
        (".x", "<div class=x><!-- evil </div>"),
    ] {
        let page = format!("<p>good</p>{page}");
        let (out, _) = filter(&rules([selector]), &page);
        assert!(!out.contains("evil"), "{selector}: {page:?} left {out:?}");
        assert!(
            out.starts_with("<p>good</p>"),
            "{selector}: {page:?} left {out:?}"
        );
    }
}

/// What stands on both sides of a cut stays two pieces.
#[test]
fn no_tag_is_made_of_two_pieces() {
    for page in [
        "<<b class=x></b>script>evil</script>",
        "<scr<b class=x></b>ipt>evil</script>",
        "<<p class=x>a</p>/script>",
        "a <<i class=x></i>img src=x onerror=evil>",
        "&lt<b class=x></b>;script>",
        "<!<b class=x></b>-- evil -->",
        "<<table class=x></table>svg>",
    ] {
        let (out, _) = filter(&rules([".x"]), page);
        let count = |page: &str| places(page).0.len();
        assert!(count(&out) <= count(page), "{page:?} became {out:?}");
        for tag in ["script", "img", "svg"] {
            let made = count_of(&out, tag) > count_of(page, tag);
            assert!(!made, "{page:?} became {out:?}");
        }
    }
}

fn count_of(page: &str, tag: &str) -> usize {
    fn walk(node: &markup5ever_rcdom::Handle, tag: &str) -> usize {
        let own = matches!(&node.data, markup5ever_rcdom::NodeData::Element { name, .. } if &*name.local == tag);
        let children = node.children.borrow();
        usize::from(own) + children.iter().map(|child| walk(child, tag)).sum::<usize>()
    }
    walk(&parse(page).document, tag)
}

/// A list of phrases is one of those that come with the rules: its name is no path.
#[test]
fn rules_read_no_files() {
    for selector in [
        "p:has-text(@/etc/passwd)",
        "p:has-text(@../../../etc/passwd)",
        "p:has-text(@phrases/../../secret)",
        "p:begins-with(@file:///etc/passwd)",
        "p:exact-text(@|id)",
        "p:has-text(@$(id))",
    ] {
        let built = Rules::builder().builtin(false).select(selector).build();
        let error = built.expect_err(selector).to_string();
        assert!(error.contains("-e"), "{selector}: {error}");
        assert!(!error.contains("root:"), "{selector}: {error}");
    }
    for text in [
        "!#include /etc/passwd\n[ads]\np\n",
        "! include: /etc/passwd\n@import '/etc/passwd';\n",
        "[ads]\np { background: url(file:///etc/passwd) }\n",
    ] {
        // Read as what it is, or refused as a whole: nothing else is opened.
        match Rules::builder()
            .builtin(false)
            .file("evil.sel", text)
            .build()
        {
            Ok(rules) => assert_eq!(filter(&rules, "<p>a</p>b").0, "b", "{text}"),
            Err(error) => assert!(error.to_string().contains("evil.sel:"), "{text}: {error}"),
        }
    }
}
