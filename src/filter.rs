//! The one entry point: bytes of a page in, its bytes less the husk out.

use crate::charset::{self, Charset, Piece};
use crate::report::Report;
use crate::rules::host::Address;
use crate::rules::{Kind, KindSet, Rules};
use crate::scanner::{Refused, Scanner};
use crate::stream::{Setup, Stream};
use encoding_rs::Encoding;
use std::fmt;
use std::io::{self, Read, Write};

/// Bytes that one candidate may hold back, unless said otherwise: 1 MiB. On 700 real pages one
/// element in 29,000 is larger.
pub const HOLD_LIMIT: u64 = 1024 * 1024;

/// Pieces in which input is read and worked on.
const PIECE: usize = 64 * 1024;

/// How a page is to be filtered.
///
/// ```
/// use dehusk::{Kind, Options};
/// let options = Options::new()
///     .url("https://www.lemonde.fr/article")
///     .keep([Kind::Share])
///     .explain(true);
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    kinds: KindSet,
    address: Option<Address>,
    encoding: Option<&'static Encoding>,
    hold_limit: u64,
    explain: bool,
    explain_kept: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            kinds: KindSet::DEFAULT,
            address: None,
            encoding: None,
            hold_limit: HOLD_LIMIT,
            explain: false,
            explain_kept: false,
        }
    }
}

impl Options {
    /// The defaults: every kind but comments, bylines and captions goes; site and encoding are
    /// found in the page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Drops only these kinds. `custom` is always among them.
    #[must_use]
    pub fn drop(mut self, kinds: impl IntoIterator<Item = Kind>) -> Self {
        self.kinds = kinds.into_iter().collect::<KindSet>().with(Kind::Custom);
        self
    }

    /// Keeps these kinds, whatever was to be dropped so far.
    #[must_use]
    pub fn keep(mut self, kinds: impl IntoIterator<Item = Kind>) -> Self {
        self.kinds = kinds.into_iter().fold(self.kinds, KindSet::without);
        self
    }

    /// The page's address, or a bare host: it chooses the site's rules. Without it the address is
    /// looked for in the page's head. An address without a host is as good as none.
    #[must_use]
    pub fn url(mut self, url: &str) -> Self {
        self.address = Address::parse(url);
        self
    }

    /// The page's encoding, by a label of the
    /// [Encoding Standard](https://encoding.spec.whatwg.org/#names-and-labels). It counts for more
    /// than what the page says, and for less than a BOM.
    ///
    /// # Errors
    ///
    /// A label that the standard does not know.
    pub fn encoding(mut self, label: &str) -> Result<Self, UnknownEncoding> {
        let encoding = charset::encoding_of_user(label);
        self.encoding = Some(encoding.ok_or_else(|| UnknownEncoding(label.to_owned()))?);
        Ok(self)
    }

    /// Bytes that one candidate may hold back before it is kept undecided; [`HOLD_LIMIT`] if not
    /// said.
    #[must_use]
    pub fn hold_limit(mut self, bytes: u64) -> Self {
        self.hold_limit = bytes;
        self
    }

    /// Whether the report lists every removal.
    #[must_use]
    pub fn explain(mut self, yes: bool) -> Self {
        self.explain = yes;
        self
    }

    /// Whether the report lists what a rule nearly dropped as well, with what saved it:
    /// [`Report::kept`]. It says that every removal is to be listed, too.
    ///
    /// It takes longer, and memory for the text of what may be listed, up to 1 MiB. What is dropped
    /// does not depend on it.
    #[must_use]
    pub fn explain_kept(mut self, yes: bool) -> Self {
        self.explain_kept = yes;
        self
    }
}

/// A label that names no encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownEncoding(pub String);

impl fmt::Display for UnknownEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown encoding '{}'; a label such as utf-8, windows-1252 or shift_jis is wanted",
            self.0
        )
    }
}

impl std::error::Error for UnknownEncoding {}

/// A page on its way through the filter. Bytes are pushed in with [`write`](Filter::write), in
/// pieces of any size; what is decided comes out at the sink.
///
/// ```
/// use dehusk::{Filter, Options, Rules};
/// let rules = Rules::builder().builtin(false).select(".promo").build()?;
/// let mut out = Vec::new();
/// let mut filter = Filter::new(&rules, &Options::new(), &mut out);
/// filter.write(b"<p>Text</p><div class=pro")?;
/// filter.write(b"mo>Buy!</div>")?;
/// let report = filter.finish()?;
/// assert_eq!(out, b"<p>Text</p>");
/// assert_eq!(report.total().elements, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Filter<W: Write> {
    charset: Charset,
    scanner: Scanner<W>,
    unfiltered: Option<String>,
    bytes_in: u64,
}

impl<W: Write> Filter<W> {
    /// A filter that writes to `sink`.
    #[must_use]
    pub fn new(rules: &Rules, options: &Options, sink: W) -> Self {
        let setup = Setup {
            wanted: options.kinds,
            hold_limit: options.hold_limit,
            explain: options.explain || options.explain_kept,
            explain_kept: options.explain_kept,
            address: options.address.clone(),
        };
        Filter {
            charset: Charset::new(options.encoding),
            scanner: Scanner::new(Stream::new(rules, setup, sink)),
            unfiltered: None,
            bytes_in: 0,
        }
    }

    /// Pushes the next bytes of the page in.
    ///
    /// # Errors
    ///
    /// Those of the sink; nothing that stands in a page is one.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes_in += bytes.len() as u64;
        for piece in bytes.chunks(PIECE) {
            self.decode(piece, false)?;
        }
        Ok(())
    }

    /// The page has ended: writes what was held back, and tells what was done.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub fn finish(mut self) -> io::Result<Report> {
        self.decode(&[], true)?;
        let Filter {
            charset,
            scanner,
            mut unfiltered,
            bytes_in,
        } = self;
        let (stream, result) = scanner.finish();
        if let Err(Refused(why)) = result {
            unfiltered.get_or_insert_with(|| why.to_owned());
        }
        let (_, mut report) = stream.finish()?;
        report.bytes_in = bytes_in;
        report.encoding = charset::name_of(charset.encoding()).into_owned();
        report.malformed = charset.malformed();
        report.unfiltered = unfiltered;
        Ok(report)
    }

    fn decode(&mut self, piece: &[u8], last: bool) -> io::Result<()> {
        match self.charset.decode(piece, last) {
            Piece::Raw(bytes, what) => {
                if self.unfiltered.is_none() {
                    self.unfiltered = Some(match what {
                        "binary" => "input is binary, not a page".to_owned(),
                        what => format!("input is {what}"),
                    });
                    self.scanner.with(Stream::give_up);
                }
                self.scanner.with(|stream| stream.pass_raw(bytes));
            }
            Piece::Text { text, declare } => {
                if declare {
                    self.scanner.with(Stream::declare_encoding);
                }
                if let Err(Refused(why)) = self.scanner.write(text) {
                    self.unfiltered.get_or_insert_with(|| why.to_owned());
                }
            }
        }
        self.scanner.with(Stream::release)
    }
}

/// The page as the filter reads it and reports count it: decoded to UTF-8, each malformed sequence
/// replaced by U+FFFD. Ranges such as [`Removal::bytes`](crate::Removal::bytes) are ranges of this.
/// Of the options only the encoding is asked. `None` if it is no page but binary or compressed.
///
/// ```
/// use dehusk::{Options, Rules, clean};
/// let page = b"<meta charset=latin1><p>\xe9t\xe9</p><p class=x>\xe0</p>";
/// let rules = Rules::builder().builtin(false).select(".x").build()?;
/// let options = Options::new().explain(true);
/// let report = clean(&rules, &options, &page[..], std::io::sink())?;
/// let text = dehusk::decoded(page, &options).unwrap_or_default();
/// let bytes = &report.removals[0].bytes;
/// assert_eq!(&text[bytes.start as usize..bytes.end as usize], "<p class=x>\u{e0}</p>");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn decoded(page: &[u8], options: &Options) -> Option<String> {
    let mut charset = Charset::new(options.encoding);
    let mut text = Vec::with_capacity(page.len());
    let mut pieces = page.chunks(PIECE);
    loop {
        let piece = pieces.next();
        match charset.decode(piece.unwrap_or_default(), piece.is_none()) {
            Piece::Raw(..) => return None,
            Piece::Text { text: decoded, .. } => text.extend_from_slice(decoded),
        }
        if piece.is_none() {
            return String::from_utf8(text).ok();
        }
    }
}

/// Filters a page from a reader to a writer.
///
/// # Errors
///
/// Those of the reader and the writer. After an error of the reader everything that had been read
/// has been written.
///
/// ```
/// use dehusk::{Options, Rules};
/// let page = b"<article><p>Text</p></article><div id=ad>Buy!</div>";
/// let rules = Rules::builder().builtin(false).select("#ad").build()?;
/// let mut out = Vec::new();
/// dehusk::clean(&rules, &Options::new(), &page[..], &mut out)?;
/// assert_eq!(out, b"<article><p>Text</p></article>");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn clean(
    rules: &Rules,
    options: &Options,
    mut input: impl Read,
    output: impl Write,
) -> io::Result<Report> {
    let mut filter = Filter::new(rules, options, output);
    let mut buffer = vec![0; PIECE];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return filter.finish(),
            Ok(n) => filter.write(&buffer[..n])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                filter.finish()?;
                return Err(error);
            }
        }
    }
}
