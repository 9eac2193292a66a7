//! What stands before a page's first tag, as far as one thing depends on it: whether a `table` ends
//! the paragraph before it. It does, except in
//! [quirks mode](https://html.spec.whatwg.org/multipage/parsing.html#the-initial-insertion-mode).

/// Bytes looked at; a doctype behind longer comments is not seen.
const LONGEST: usize = 1024;

/// The comments and the doctype before the first tag.
#[derive(Default)]
pub(crate) struct Doctype {
    seen: Vec<u8>,
}

impl Doctype {
    /// A piece of what stands before the first tag.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let room = LONGEST - self.seen.len();
        self.seen.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Whether the page is certainly not in quirks mode. Of the doctypes that are none of the
    /// Standard's list only those are known here that pages have.
    pub(crate) fn is_standard(&self) -> bool {
        let text = String::from_utf8_lossy(&self.seen).to_ascii_lowercase();
        let mut rest = text.trim_ascii_start();
        loop {
            let end = match rest {
                _ if rest.starts_with("<!-->") || rest.starts_with("<!--->") => return false,
                _ if rest.starts_with("<!--") => "-->",
                _ if rest.starts_with("<?") => ">",
                _ => break,
            };
            match rest.split_once(end) {
                Some((comment, behind)) if !comment.contains("--!>") => {
                    rest = behind.trim_ascii_start();
                }
                _ => return false,
            }
        }
        let Some((doctype, _)) = rest
            .strip_prefix("<!doctype")
            .and_then(|r| r.split_once('>'))
        else {
            return false;
        };
        let mut words = doctype.split_ascii_whitespace();
        if words.next() != Some("html") {
            return false;
        }
        let ids: Vec<&str> = doctype.split(['"', '\'']).map(str::trim_ascii).collect();
        match (words.next(), &ids[..]) {
            (None, _) => true,
            (Some("system"), [_, system, ""]) => *system == "about:legacy-compat",
            (Some("public"), [_, public, "", system, ""]) => {
                let xhtml = public.starts_with("-//w3c//dtd xhtml 1.");
                let known = xhtml || public.starts_with("-//w3c//dtd html 4.01");
                known && system.starts_with("http://www.w3.org/")
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_or_not() {
        for (page, standard) in [
            ("<!DOCTYPE html>", true),
            ("<!doctype HTML >", true),
            ("<!-- a --> <?xml version='1.0'?><!doctype html>", true),
            ("<!DOCTYPE html SYSTEM 'about:legacy-compat'>", true),
            (
                "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">",
                true,
            ),
            (
                "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\"\n\"http://www.w3.org/TR/html4/loose.dtd\">",
                true,
            ),
            (
                "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\">",
                false,
            ),
            ("<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML//EN\">", false),
            ("<!DOCTYPE html-ish>", false),
            ("<!DOCTYPE html", false),
            ("<!-- <!DOCTYPE html>", false),
            ("<!--><!DOCTYPE html> -->", false),
            ("", false),
        ] {
            let mut doctype = Doctype::default();
            page.as_bytes()
                .chunks(3)
                .for_each(|bytes| doctype.push(bytes));
            assert_eq!(doctype.is_standard(), standard, "{page}");
        }
    }
}
