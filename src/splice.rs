//! The output. Bytes are passed on as they came, except those of dropped elements: while a
//! candidate is open its bytes are held back, and dropping it is truncating what is held to where
//! it began. Which bytes are whose is left to the caller.

use std::io::{self, Write};

/// A position in the output, counted from its beginning.
pub(crate) type Position = u64;

/// The output behind a buffer that can be cut back.
pub(crate) struct Splice<W> {
    sink: W,
    held: Vec<u8>,
    /// Bytes at the beginning of `held` that have been written already.
    written: usize,
    /// Position of `held`'s first byte.
    base: Position,
    /// While an element is being cut, nothing is taken.
    cutting: bool,
    /// The byte pushed last.
    last: u8,
}

impl<W: Write> Splice<W> {
    pub(crate) fn new(sink: W) -> Self {
        Splice {
            sink,
            held: Vec::with_capacity(64 * 1024),
            written: 0,
            base: 0,
            cutting: false,
            last: 0,
        }
    }

    /// Where the next byte goes.
    #[inline]
    pub(crate) fn position(&self) -> Position {
        self.base + self.held.len() as u64
    }

    /// Takes bytes of the page.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if !self.cutting {
            self.held.extend_from_slice(bytes);
            self.last = bytes.last().copied().unwrap_or(self.last);
        }
    }

    /// Whether what comes next follows a `<` that is text: were the next element dropped, what comes
    /// after it could become a tag.
    pub(crate) fn ends_with_less(&self) -> bool {
        self.last == b'<'
    }

    /// Drops everything from `position` on, which must not have been released.
    pub(crate) fn truncate(&mut self, position: Position) {
        debug_assert!(position >= self.base + self.written as u64);
        let keep = position.saturating_sub(self.base) as usize;
        self.held.truncate(keep.max(self.written));
    }

    /// Drops what comes from here on, until [`Splice::end_cut`].
    pub(crate) fn begin_cut(&mut self) {
        self.cutting = true;
    }

    /// The cut is over.
    pub(crate) fn end_cut(&mut self) {
        self.cutting = false;
    }

    /// Writes what lies before `position`.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub(crate) fn release(&mut self, position: Position) -> io::Result<()> {
        let end = (position.saturating_sub(self.base) as usize).min(self.held.len());
        if end > self.written {
            self.sink.write_all(&self.held[self.written..end])?;
            self.written = end;
        }
        if self.written == self.held.len() {
            self.base += self.written as u64;
            self.held.clear();
            self.written = 0;
        } else if self.written > self.held.len() / 2 {
            self.held.drain(..self.written);
            self.base += self.written as u64;
            self.written = 0;
        }
        Ok(())
    }

    /// Writes everything and gives the sink back.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.release(Position::MAX)?;
        self.sink.flush()?;
        Ok(self.sink)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_never_reaches_the_sink() -> io::Result<()> {
        let mut splice = Splice::new(Vec::new());
        splice.push(b"keep ");
        let start = splice.position();
        splice.push(b"maybe");
        splice.release(start)?;
        splice.truncate(start);
        splice.push(b"this");
        splice.begin_cut();
        splice.push(b" not this");
        splice.end_cut();
        assert_eq!(splice.finish()?, b"keep this");
        Ok(())
    }

    #[test]
    fn positions_survive_releases() -> io::Result<()> {
        let mut splice = Splice::new(Vec::new());
        let mut expected = Vec::new();
        for round in 0..100_u8 {
            let start = splice.position();
            splice.push(&[round; 10]);
            if round % 3 == 0 {
                splice.truncate(start);
            } else {
                expected.extend_from_slice(&[round; 10]);
            }
            splice.release(start.saturating_sub(7))?;
        }
        assert_eq!(splice.finish()?, expected);
        Ok(())
    }
}
