//! What a page's head says of the page, and what is corrected in it.

use super::Stream;
use crate::charset;
use crate::element::Element;
use crate::page::Page;
use crate::rules::host::Address;
use crate::tag::name;
use std::io::Write;

impl<W: Write> Stream<W> {
    /// The page's address is known: its site's rules take effect.
    pub(super) fn locate(&mut self, address: Address) {
        self.located = true;
        if let Some(sheet) = self.rules.site(&address.host) {
            self.matcher.add_site(sheet);
        }
        self.recorder.report.site = Some(address.host.clone());
        self.address = Some(address);
    }

    /// Adds bytes to the output that are not the page's.
    pub(super) fn insert_meta(&mut self) {
        self.add_meta = false;
        self.splice.push(b"<meta charset=\"utf-8\">");
    }

    /// A `<meta>`: what it says of the page, and its encoding corrected to that of the output.
    pub(super) fn meta(&mut self, raw: &[u8], element: &Element<'_>) {
        let key = element.attribute("property").or(element.attribute("name"));
        if let Some(key) = key
            && Page::asks_meta(&key)
            && let Some(content) = element.attribute("content")
        {
            self.page.meta(&key, &content);
        }
        self.find_address(element);
        match charset::meta_encoding(raw) {
            (_, Some(range)) if !charset::is_utf_8(&raw[range.clone()]) => {
                self.add_meta = false;
                self.offset += raw.len() as u64;
                self.splice.push(&raw[..range.start]);
                self.splice.push(b"utf-8");
                self.splice.push(&raw[range.end..]);
            }
            _ => self.pass(raw),
        }
    }

    /// `<link rel=canonical>`, `<meta property=og:url>`, `<base>`: where the page comes from.
    pub(super) fn find_address(&mut self, element: &Element<'_>) {
        if self.located {
            return;
        }
        let is = |name: &str, value: &str| {
            element.attribute(name).is_some_and(|v| {
                v.split_ascii_whitespace()
                    .any(|w| w.eq_ignore_ascii_case(value))
            })
        };
        let url = match element.name {
            name::LINK if is("rel", "canonical") => element.attribute("href"),
            name::META if is("property", "og:url") || is("name", "og:url") => {
                element.attribute("content")
            }
            name::BASE => element.attribute("href"),
            _ => None,
        };
        let url = url.filter(|url| url.contains("//"));
        if let Some(address) = url.and_then(|url| Address::parse(&url)) {
            self.locate(address);
        }
    }
}
