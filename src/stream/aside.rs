//! What waits until it is known what it is part of: what stands at `</body>` and behind it, which may
//! be the end of the page, and white space in a table but in no cell, which goes where the words
//! behind it go. Only while something is cut or held does it make a difference.

use super::Stream;
use std::io::Write;

/// Bytes put aside. There are no more than the hold limit; what is longer is part of what is open.
pub(super) enum Aside {
    /// `</body>`, `</html>` and what may stand behind them.
    AfterBody(Vec<u8>),
    /// White space between the parts of a table.
    TableSpace(Vec<u8>),
    /// White space that was too long to wait, and goes on.
    LongSpace,
}

impl<W: Write> Stream<W> {
    /// `</body>` and `</html>` end nothing: what comes behind them still goes into what is open. Only
    /// if nothing does, what is open ends here, and they are no part of it.
    pub(super) fn end_body(&mut self, bytes: &[u8]) {
        if !matches!(self.aside, Some(Aside::AfterBody(_))) {
            self.release_aside();
            self.put_aside(Aside::AfterBody(Vec::new()));
        }
        self.pass(bytes);
    }

    /// White space in a table but in no cell. The words behind it are moved out of the table, and it
    /// with them.
    pub(super) fn table_space(&mut self, bytes: &[u8]) {
        if self.aside.is_none() && !bytes.is_empty() {
            self.put_aside(Aside::TableSpace(Vec::new()));
        }
        match self.aside {
            Some(Aside::TableSpace(_)) => self.pass(bytes),
            _ => self.pass_visible(bytes),
        }
    }

    fn put_aside(&mut self, aside: Aside) {
        if self.cut.is_some() || self.held.is_some() {
            self.aside = Some(aside);
        }
    }

    /// A comment and the like: it may follow `</body>`, but white space ends there.
    pub(super) fn end_space(&mut self) {
        if !matches!(self.aside, Some(Aside::AfterBody(_))) {
            self.release_aside();
        }
    }

    /// What was put aside is part of what is open, or nothing is open any more.
    pub(super) fn release_aside(&mut self) {
        match self.aside.take() {
            Some(Aside::AfterBody(bytes)) => self.pass(&bytes),
            Some(Aside::TableSpace(bytes)) => self.pass_visible(&bytes),
            Some(Aside::LongSpace) | None => {}
        }
    }

    /// Takes bytes of the page if they are to wait.
    pub(super) fn takes_aside(&mut self, bytes: &[u8]) -> bool {
        let Some(Aside::AfterBody(aside) | Aside::TableSpace(aside)) = &mut self.aside else {
            return false;
        };
        aside.extend_from_slice(bytes);
        if aside.len() as u64 > self.hold_limit {
            let is_space = matches!(self.aside, Some(Aside::TableSpace(_)));
            self.release_aside();
            self.aside = is_space.then_some(Aside::LongSpace);
        }
        true
    }
}
