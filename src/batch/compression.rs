//! gzip and zstd: told by a file's first bytes when it is read, and by its name when it is written. What
//! is written is one gzip member or one zstd frame, for not every reader goes on behind the first.
//!
//! Deflating is slower than filtering, so workers do it: each compresses its block by itself, and the
//! blocks one behind the other are the member's content. Its bytes do not depend on how many worked.

use anyhow::{Context as _, Result};
use flate2::{Compress, Compression, Crc, FlushCompress};
use std::ffi::OsStr;
use std::io::{self, BufReader, Cursor, Read, Write};
use std::path::Path;

/// What a reader asks for at a time.
const BUFFER: usize = 64 * 1024;
/// zstd's own level.
pub(crate) const ZSTD_LEVEL: i32 = 3;
/// A gzip header: deflate, no flags, no time, no particular level, no particular system.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// The last block of a deflate stream, empty.
const DEFLATE_END: [u8; 2] = [3, 0];

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compressed {
    No,
    Gzip,
    Zstd,
}

impl Compressed {
    /// By the end of its name.
    pub(crate) fn by_name(path: &Path) -> Compressed {
        let is = |extension: &str| {
            path.extension()
                .is_some_and(|e| e.eq_ignore_ascii_case(extension))
        };
        if is("gz") {
            Compressed::Gzip
        } else if is("zst") {
            Compressed::Zstd
        } else {
            Compressed::No
        }
    }

    /// By its first bytes, four of them if there are so many.
    pub(crate) fn by_content(bytes: &[u8]) -> Compressed {
        match bytes {
            [0x1f, 0x8b, ..] => Compressed::Gzip,
            // A frame, or one to be skipped: archives have their dictionary in it.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compressed::Zstd,
            _ => Compressed::No,
        }
    }

    /// A file's name without what says how it is compressed.
    pub(crate) fn plain_name(name: &OsStr) -> &OsStr {
        let path = Path::new(name);
        match Compressed::by_name(path) {
            Compressed::No => name,
            _ => path.file_stem().unwrap_or(name),
        }
    }
}

/// The content of what is read, whether or not it is compressed: all gzip members, all zstd frames.
/// The reader is asked when this is.
pub(crate) fn content<R: Read + Send + 'static>(input: R) -> Content<R> {
    Content(State::New(input))
}

/// What [`content`] gives.
pub(crate) struct Content<R>(State<R>);

enum State<R> {
    New(R),
    Open(Box<dyn Read + Send>),
    /// It could not be opened.
    Broken,
}

impl<R: Read + Send + 'static> Content<R> {
    fn open(mut input: R) -> io::Result<Box<dyn Read + Send>> {
        let mut first = Vec::with_capacity(4);
        input.by_ref().take(4).read_to_end(&mut first)?;
        let kind = Compressed::by_content(&first);
        let all = Cursor::new(first).chain(input);
        let buffered = |all| BufReader::with_capacity(BUFFER, all);
        Ok(match kind {
            Compressed::No => Box::new(all),
            Compressed::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered(all))),
            Compressed::Zstd => Box::new(zstd::Decoder::with_buffer(buffered(all))?),
        })
    }
}

impl<R: Read + Send + 'static> Read for Content<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.0 = match std::mem::replace(&mut self.0, State::Broken) {
                State::New(input) => State::Open(Self::open(input)?),
                State::Open(mut open) => {
                    let read = open.read(buffer);
                    self.0 = State::Open(open);
                    return read;
                }
                State::Broken => return Ok(0),
            }
        }
    }
}

/// What a worker makes of a block of output, ready for a [`Packed`].
#[derive(Debug)]
pub(crate) enum Block {
    Plain(Vec<u8>),
    Deflated { bytes: Vec<u8>, crc: Crc },
}

/// What a worker compresses its blocks with.
pub(crate) struct Packer(Option<Compress>);

impl Packer {
    pub(crate) fn new(kind: Compressed) -> Self {
        let gzip = kind == Compressed::Gzip;
        Packer(gzip.then(|| Compress::new(Compression::default(), false)))
    }

    /// Compresses a block as far as that is a worker's task.
    pub(crate) fn pack(&mut self, block: Vec<u8>) -> Result<Block> {
        let Some(deflate) = &mut self.0 else {
            return Ok(Block::Plain(block));
        };
        deflate.reset();
        let mut bytes = Vec::with_capacity(block.len() / 3 + 128);
        let mut crc = Crc::new();
        crc.update(&block);
        loop {
            let read = deflate.total_in() as usize;
            let rest = block.get(read..).unwrap_or_default();
            deflate.compress_vec(rest, &mut bytes, FlushCompress::Sync)?;
            // Room left over says that everything is out.
            if bytes.len() < bytes.capacity() {
                return Ok(Block::Deflated { bytes, crc });
            }
            bytes.reserve(block.len() / 4 + 128);
        }
    }
}

/// A file being written of blocks.
pub(crate) struct Packed<W: Write> {
    to: Inner<W>,
}

enum Inner<W: Write> {
    Plain(W),
    Gzip(W, Crc),
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Write> Packed<W> {
    /// Begins the file.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub(crate) fn new(mut to: W, kind: Compressed) -> io::Result<Self> {
        let to = match kind {
            Compressed::No => Inner::Plain(to),
            Compressed::Gzip => {
                to.write_all(&GZIP_HEADER)?;
                Inner::Gzip(to, Crc::new())
            }
            Compressed::Zstd => {
                let mut encoder = zstd::Encoder::new(to, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Inner::Zstd(encoder)
            }
        };
        Ok(Packed { to })
    }

    /// Adds a block, which a [`Packer`] for the same kind of file has made.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub(crate) fn write(&mut self, block: &Block) -> io::Result<()> {
        match (&mut self.to, block) {
            (Inner::Gzip(to, all), Block::Deflated { bytes, crc }) => {
                all.combine(crc);
                to.write_all(bytes)
            }
            (Inner::Plain(to), Block::Plain(bytes)) => to.write_all(bytes),
            (Inner::Zstd(to), Block::Plain(bytes)) => to.write_all(bytes),
            _ => Err(io::Error::other("a block of another kind of file")),
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub(crate) fn finish(self) -> io::Result<W> {
        let mut to = match self.to {
            Inner::Plain(to) => to,
            Inner::Zstd(to) => to.finish()?,
            Inner::Gzip(mut to, crc) => {
                to.write_all(&DEFLATE_END)?;
                to.write_all(&crc.sum().to_le_bytes())?;
                to.write_all(&crc.amount().to_le_bytes())?;
                to
            }
        };
        to.flush()?;
        Ok(to)
    }
}

/// A file being written as a whole by one worker.
pub(crate) enum Packing<W: Write> {
    Plain(W),
    Gzip(flate2::write::GzEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Write> Packing<W> {
    /// Begins the file.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub(crate) fn new(to: W, kind: Compressed) -> Result<Self> {
        Ok(match kind {
            Compressed::No => Packing::Plain(to),
            Compressed::Gzip => {
                Packing::Gzip(flate2::write::GzEncoder::new(to, Compression::default()))
            }
            Compressed::Zstd => {
                let mut encoder = zstd::Encoder::new(to, ZSTD_LEVEL).context("zstd")?;
                encoder.include_checksum(true)?;
                Packing::Zstd(encoder)
            }
        })
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Packing::Plain(to) => Ok(to),
            Packing::Gzip(to) => to.finish(),
            Packing::Zstd(to) => to.finish(),
        }
    }
}

impl<W: Write> Write for Packing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Packing::Plain(to) => to.write(bytes),
            Packing::Gzip(to) => to.write(bytes),
            Packing::Zstd(to) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Packing::Plain(to) => to.flush(),
            Packing::Gzip(to) => to.flush(),
            Packing::Zstd(to) => to.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Compressed; 3] = [Compressed::No, Compressed::Gzip, Compressed::Zstd];

    fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        content(Cursor::new(bytes)).read_to_end(&mut out)?;
        Ok(out)
    }

    /// Bytes that do not compress well, and some that do.
    fn noise(n: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..n)
            .map(|i| if i % 3 == 0 { b' ' } else { byte() })
            .collect()
    }

    #[test]
    fn what_blocks_are_packed_to_is_read_again() -> Result<()> {
        for kind in KINDS {
            for sizes in [&[][..], &[0], &[1], &[300_000, 0, 5, 70_000], &[3; 50]] {
                let mut packer = Packer::new(kind);
                let mut packed = Packed::new(Vec::new(), kind)?;
                let mut all = Vec::new();
                for &size in sizes {
                    all.extend(noise(size));
                    packed.write(&packer.pack(noise(size))?)?;
                }
                let file = packed.finish()?;
                assert_eq!(read(file.clone())?, all, "{kind:?} {sizes:?}");
                if kind == Compressed::Gzip {
                    // One member: who stops behind the first has everything.
                    let mut first = Vec::new();
                    flate2::read::GzDecoder::new(&file[..]).read_to_end(&mut first)?;
                    assert_eq!(first, all, "{sizes:?}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn blocks_of_another_kind_are_refused() -> Result<()> {
        let plain = Packer::new(Compressed::No).pack(vec![1])?;
        assert!(
            Packed::new(Vec::new(), Compressed::Gzip)?
                .write(&plain)
                .is_err()
        );
        Ok(())
    }

    #[test]
    fn members_and_frames_one_behind_the_other_are_read() -> Result<()> {
        for kind in KINDS {
            let mut file = Vec::new();
            for part in ["a", "", "bc"] {
                let mut packing = Packing::new(Vec::new(), kind)?;
                packing.write_all(part.as_bytes())?;
                file.extend(packing.finish()?);
            }
            assert_eq!(read(file)?, b"abc", "{kind:?}");
        }
        Ok(())
    }

    #[test]
    fn what_is_cut_short_is_an_error() -> Result<()> {
        for kind in [Compressed::Gzip, Compressed::Zstd] {
            let mut packing = Packing::new(Vec::new(), kind)?;
            packing.write_all(&noise(100_000))?;
            let mut file = packing.finish()?;
            file.truncate(file.len() - 9);
            assert!(read(file).is_err(), "{kind:?}");
        }
        Ok(())
    }

    #[test]
    fn names_and_first_bytes() {
        for (name, kind, plain) in [
            ("a.jsonl", Compressed::No, "a.jsonl"),
            ("a.jsonl.gz", Compressed::Gzip, "a.jsonl"),
            ("a.html.ZST", Compressed::Zstd, "a.html"),
            ("gz", Compressed::No, "gz"),
            (".gz", Compressed::No, ".gz"),
        ] {
            assert_eq!(Compressed::by_name(Path::new(name)), kind, "{name}");
            assert_eq!(Compressed::plain_name(OsStr::new(name)), plain);
        }
        for (bytes, kind) in [
            (&b""[..], Compressed::No),
            (b"\x1f", Compressed::No),
            (b"\x1f\x8b", Compressed::Gzip),
            (b"\x28\xb5\x2f\xfd", Compressed::Zstd),
            (b"\x5d\x2a\x4d\x18", Compressed::Zstd),
            (b"<htm", Compressed::No),
        ] {
            assert_eq!(Compressed::by_content(bytes), kind, "{bytes:x?}");
        }
    }
}
