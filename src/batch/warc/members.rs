//! The members of a WARC file: each record is compressed by itself, as a gzip member or zstd frames
//! (<https://iipc.github.io/warc-specifications/specifications/warc-zstd/>), so that it can be found and
//! read alone. Content comes out member by member, and with it the bytes that it was made from, so that what
//! does not change can be passed on as it is.

use super::packing::Form;
use crate::batch::compression::Compressed;
use flate2::{Decompress, FlushDecompress, Status};
use std::io::{self, Read};
use zstd::stream::raw::{Decoder, InBuffer, Operation as _, OutBuffer};

/// What a reader asks for, and makes room for, at a time.
const PIECE: usize = 64 * 1024;
/// The largest dictionary, packed or not, and other frame to be skipped: what the proposal asks of readers.
const LARGEST_SKIPPED: usize = 8 * 1024 * 1024;
/// How gzip members begin.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// zstd's magic numbers: a frame, one to be skipped that holds a dictionary, a dictionary.
const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const DICTIONARY_FRAME: [u8; 4] = [0x5d, 0x2a, 0x4d, 0x18];
const DICTIONARY: [u8; 4] = [0x37, 0xa4, 0x30, 0xec];
/// So many bytes tell whether a member holds a record: a header with a file's name, and some content.
const BEGINNING: usize = 4096;
/// The content that a member begins with, after others that could not be read.
const SIGN: &[u8] = b"WARC/";

/// What came of reading on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Some content, or none yet.
    Content,
    /// The end of a member; its last content has come before.
    MemberEnd,
    /// The end of the file.
    End,
    /// The end of the file within a member.
    Cut,
    /// What comes is no member, or a broken one.
    Damaged(String),
}

enum Codec {
    Plain,
    Gzip(Decompress),
    Zstd(Decoder<'static>),
}

impl Codec {
    fn begin(&mut self) -> io::Result<()> {
        match self {
            Codec::Plain => {}
            Codec::Gzip(inflate) => inflate.reset(true),
            Codec::Zstd(decoder) => decoder.reinit()?,
        }
        Ok(())
    }
}

/// A file being read.
pub(crate) struct Members<R> {
    input: R,
    codec: Codec,
    form: Form,
    /// Where it is read to.
    piece: Box<[u8]>,
    /// What has been read and not been used.
    buffer: Vec<u8>,
    at: usize,
    /// The place in the file of what comes next.
    offset: u64,
    in_member: bool,
    /// The input has ended.
    ended: bool,
}

impl<R: Read> Members<R> {
    /// Begins with a file; looks how it is compressed, and for a dictionary. What that was is in the bytes
    /// that come back.
    ///
    /// # Errors
    ///
    /// Those of the reader; a dictionary that cannot be read.
    pub(crate) fn open(input: R) -> io::Result<(Self, Vec<u8>)> {
        let mut members = Members {
            input,
            codec: Codec::Plain,
            form: Form::default(),
            piece: vec![0; PIECE].into(),
            buffer: Vec::new(),
            at: 0,
            offset: 0,
            in_member: false,
            ended: false,
        };
        members.have(4)?;
        let kind = Compressed::by_content(members.rest());
        let mut first = Vec::new();
        members.form.kind = kind;
        match kind {
            Compressed::No => {}
            Compressed::Gzip => members.codec = Codec::Gzip(Decompress::new_gzip(15)),
            Compressed::Zstd => {
                if members.rest().starts_with(&DICTIONARY_FRAME) {
                    let bad = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
                    let frame = members.skippable()?.map_err(|why| bad(&why))?;
                    first = frame.ok_or_else(|| bad("its dictionary breaks off"))?;
                    let dictionary = unpacked_dictionary(&first[8..])?;
                    members.form.dictionary = Some(dictionary.into());
                }
                let dictionary = members.form.dictionary.as_deref().unwrap_or_default();
                members.codec = Codec::Zstd(Decoder::with_dictionary(dictionary)?);
            }
        }
        Ok((members, first))
    }

    /// How the file is compressed.
    pub(crate) fn form(&self) -> &Form {
        &self.form
    }

    /// Whether there are members.
    pub(crate) fn are_there(&self) -> bool {
        self.form.kind != Compressed::No
    }

    /// The place in the file of what comes next.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads on: content is added to `content`, and what it was made from to `raw`.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    pub(crate) fn read(&mut self, content: &mut Vec<u8>, raw: &mut Vec<u8>) -> io::Result<Step> {
        let is_more = self.have(1)?;
        if matches!(self.codec, Codec::Plain) {
            content.extend_from_slice(self.rest());
            self.used(self.rest().len());
            return Ok(if is_more { Step::Content } else { Step::End });
        }
        if !self.in_member {
            if !is_more {
                return Ok(Step::End);
            }
            if let Some(step) = self.before_member(raw)? {
                return Ok(step);
            }
        }
        self.in_member = true;
        let before = content.len();
        content.reserve(PIECE);
        let source = &self.buffer[self.at..];
        let (used, ended) = match &mut self.codec {
            Codec::Plain => (0, false),
            Codec::Gzip(inflate) => {
                let used = inflate.total_in();
                let status = inflate.decompress_vec(source, content, FlushDecompress::None);
                let used = (inflate.total_in() - used) as usize;
                match status {
                    Ok(status) => (used, status == Status::StreamEnd),
                    // Which error it is depends on how much came at once.
                    Err(_) => return Ok(Step::Damaged("broken gzip".to_owned())),
                }
            }
            Codec::Zstd(decoder) => {
                let mut from = InBuffer::around(source);
                let mut to = OutBuffer::around_pos(content, before);
                match decoder.run(&mut from, &mut to) {
                    Ok(hint) => (from.pos(), hint == 0),
                    Err(error) => return Ok(Step::Damaged(format!("zstd: {error}"))),
                }
            }
        };
        raw.extend_from_slice(&source[..used]);
        self.used(used);
        if ended {
            self.begin_member()?;
            return Ok(Step::MemberEnd);
        }
        Ok(match used == 0 && content.len() == before {
            false => Step::Content,
            // What was read before may have had more in it, but has not.
            true if !is_more => Step::Cut,
            true => Step::Damaged("no headway is made".to_owned()),
        })
    }

    /// What comes where a member is to begin, if none does.
    fn before_member(&mut self, raw: &mut Vec<u8>) -> io::Result<Option<Step>> {
        self.have(4)?;
        let rest = self.rest();
        let magic = self.magic();
        if rest.starts_with(magic) {
            return Ok(None);
        }
        if magic.starts_with(rest) {
            raw.extend_from_slice(rest);
            self.used(self.rest().len());
            return Ok(Some(Step::Cut));
        }
        if Compressed::by_content(rest) != self.form.kind {
            return Ok(Some(Step::Damaged("no member begins there".to_owned())));
        }
        Ok(Some(match self.skippable()? {
            Ok(Some(mut frame)) => {
                raw.append(&mut frame);
                Step::MemberEnd
            }
            Ok(None) => {
                raw.extend_from_slice(self.rest());
                self.used(self.rest().len());
                Step::Cut
            }
            Err(why) => Step::Damaged(why),
        }))
    }

    /// Puts bytes back that came out last.
    ///
    /// # Errors
    ///
    /// There should be none.
    pub(crate) fn put_back(&mut self, raw: &[u8]) -> io::Result<()> {
        self.offset -= raw.len() as u64;
        self.buffer.splice(..self.at, raw.iter().copied());
        self.at = 0;
        self.begin_member()
    }

    /// What lies before the next member that begins a record, or some of it; empty if there is no more of
    /// it. With `past` no member begins with the first byte.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    pub(crate) fn junk(&mut self, past: bool) -> io::Result<Vec<u8>> {
        let magic = self.magic();
        let mut length = usize::from(past);
        while length < PIECE {
            self.have(length + PIECE)?;
            let rest = &self.buffer[self.at..];
            let new = rest.get(length..).unwrap_or_default();
            let Some(at) = memchr::memchr(magic[0], new) else {
                length = rest.len();
                break;
            };
            length += at;
            let candidate = &rest[length..];
            // Enough of it has to be there to tell.
            if candidate.len() < BEGINNING && !self.ended {
                break;
            }
            let candidate = &candidate[..candidate.len().min(BEGINNING)];
            if candidate.starts_with(magic) && is_beginning(&mut self.codec, candidate)? {
                break;
            }
            length += 1;
        }
        self.begin_member()?;
        let junk = self.rest()[..length.min(self.rest().len())].to_vec();
        self.used(junk.len());
        Ok(junk)
    }

    /// The bytes that a member with content begins with.
    fn magic(&self) -> &'static [u8] {
        match self.form.kind {
            Compressed::Zstd => &FRAME,
            _ => &GZIP,
        }
    }

    fn begin_member(&mut self) -> io::Result<()> {
        self.in_member = false;
        self.codec.begin()
    }

    /// A whole frame that is to be skipped; `None` if the file ends before it does.
    fn skippable(&mut self) -> io::Result<Result<Option<Vec<u8>>, String>> {
        if !self.have(8)? {
            return Ok(Ok(None));
        }
        let size = self.rest()[4..8].iter().rev();
        let size = size.fold(0_usize, |size, byte| size << 8 | usize::from(*byte));
        if size > LARGEST_SKIPPED {
            return Ok(Err(format!("a frame to be skipped of {size} bytes")));
        }
        if !self.have(8 + size)? {
            return Ok(Ok(None));
        }
        let frame = self.rest()[..8 + size].to_vec();
        self.used(frame.len());
        Ok(Ok(Some(frame)))
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    fn used(&mut self, bytes: usize) {
        self.at += bytes;
        self.offset += bytes as u64;
    }

    /// Reads until so many bytes are there; false if the input ends before.
    fn have(&mut self, wanted: usize) -> io::Result<bool> {
        while self.buffer.len() - self.at < wanted {
            if self.ended {
                return Ok(false);
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            match self.input.read(&mut self.piece) {
                Ok(0) => self.ended = true,
                Ok(n) => self.buffer.extend_from_slice(&self.piece[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// Whether a member begins here whose content begins like a record.
fn is_beginning(codec: &mut Codec, bytes: &[u8]) -> io::Result<bool> {
    codec.begin()?;
    let mut content = Vec::with_capacity(SIGN.len());
    Ok(match codec {
        Codec::Plain => false,
        Codec::Gzip(inflate) => {
            let status = inflate.decompress_vec(bytes, &mut content, FlushDecompress::None);
            status.is_ok() && content.starts_with(SIGN)
        }
        Codec::Zstd(decoder) => {
            let mut to = OutBuffer::around(&mut content);
            let hint = decoder.run(&mut InBuffer::around(bytes), &mut to);
            // A frame gives nothing until a whole block of it has come.
            hint.is_ok() && (content.is_empty() || content.starts_with(SIGN))
        }
    })
}

/// A dictionary as it is used, from what a file has.
fn unpacked_dictionary(packed: &[u8]) -> io::Result<Vec<u8>> {
    let bad = |why| Err(io::Error::new(io::ErrorKind::InvalidData, why));
    if packed.starts_with(&DICTIONARY) {
        return Ok(packed.to_vec());
    }
    if !packed.starts_with(&FRAME) {
        return bad("its dictionary is none of zstd's");
    }
    let mut dictionary = Vec::new();
    let decoder = zstd::Decoder::with_buffer(packed)?;
    decoder
        .take(LARGEST_SKIPPED as u64 + 1)
        .read_to_end(&mut dictionary)?;
    if dictionary.len() > LARGEST_SKIPPED {
        return bad("its dictionary is too large");
    }
    if !dictionary.starts_with(&DICTIONARY) {
        return bad("its dictionary is none of zstd's");
    }
    Ok(dictionary)
}
