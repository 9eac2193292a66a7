//! Records as they are written: each a gzip member or a zstd frame of its own, or as it is.

use crate::batch::compression::{Compressed, ZSTD_LEVEL};
use flate2::{Compress, Compression, FlushCompress, Status};
use std::io;
use std::sync::Arc;
use zstd::bulk::Compressor;
use zstd::stream::raw::CParameter;

/// How the records of a file are compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub kind: Compressed,
    /// zstd's, as it is used.
    pub dictionary: Option<Arc<[u8]>>,
}

impl Default for Form {
    fn default() -> Self {
        Form {
            kind: Compressed::No,
            dictionary: None,
        }
    }
}

/// Packs one record after the other.
pub(crate) enum Packer {
    Plain,
    Gzip(Compress),
    Zstd(Compressor<'static>),
}

impl Packer {
    /// # Errors
    ///
    /// A dictionary that is none.
    pub(crate) fn new(form: &Form) -> io::Result<Packer> {
        Ok(match form.kind {
            Compressed::No => Packer::Plain,
            Compressed::Gzip => Packer::Gzip(Compress::new_gzip(Compression::default(), 15)),
            Compressed::Zstd => {
                let dictionary = form.dictionary.as_deref().unwrap_or_default();
                let mut compressor = Compressor::with_dictionary(ZSTD_LEVEL, dictionary)?;
                compressor.set_parameter(CParameter::ChecksumFlag(true))?;
                compressor.set_parameter(CParameter::ContentSizeFlag(true))?;
                Packer::Zstd(compressor)
            }
        })
    }

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// There should be none.
    pub(crate) fn pack(&mut self, record: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Packer::Plain => out.extend_from_slice(record),
            Packer::Gzip(_) => {
                self.begin();
                self.add(record, true, out)?;
            }
            Packer::Zstd(compressor) => out.extend(compressor.compress(record)?),
        }
        Ok(())
    }

    /// Begins a record that comes in parts.
    pub(crate) fn begin(&mut self) {
        if let Packer::Gzip(deflate) = self {
            deflate.reset();
        }
    }

    /// Adds a part of a record. (zstd's may be several frames.)
    ///
    /// # Errors
    ///
    /// There should be none.
    pub(crate) fn add(&mut self, part: &[u8], last: bool, out: &mut Vec<u8>) -> io::Result<()> {
        let Packer::Gzip(deflate) = self else {
            return if part.is_empty() {
                Ok(())
            } else {
                self.pack(part, out)
            };
        };
        let flush = if last {
            FlushCompress::Finish
        } else {
            FlushCompress::None
        };
        let start = deflate.total_in();
        loop {
            let read = (deflate.total_in() - start) as usize;
            let rest = part.get(read..).unwrap_or_default();
            if rest.is_empty() && !last {
                return Ok(());
            }
            out.reserve(rest.len() / 3 + 512);
            if deflate.compress_vec(rest, out, flush)? == Status::StreamEnd {
                return Ok(());
            }
        }
    }
}
