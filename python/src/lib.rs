//! The part of the Python package that is not Python: a page from Python's objects to the filter and
//! back, without the interpreter's lock while the filter works. Types, defaults and words for people
//! are in `lib/dehusk/__init__.py`.

#![warn(missing_docs)]

use dehusk::import::Format;
use dehusk::{Filter, Kind, Options, Report};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PyString};
use std::io;
use std::sync::OnceLock;

/// The rules that come with the library; read when the first page comes.
static BUILTIN: OnceLock<dehusk::Rules> = OnceLock::new();

/// A rule set, built.
#[pyclass(frozen, module = "dehusk._native")]
struct Rules(dehusk::Rules);

#[pymethods]
impl Rules {
    /// `files` are pairs of name and content, `phrases` a list's name, a file's, and content.
    #[new]
    fn new(
        py: Python<'_>,
        builtin: bool,
        files: Vec<(String, String)>,
        phrases: Vec<(String, String, String)>,
        select: Vec<String>,
    ) -> PyResult<Self> {
        let built = py.detach(|| {
            let mut builder = dehusk::Rules::builder().builtin(builtin);
            for (name, content) in files {
                builder = builder.file(name, content);
            }
            for (list, name, content) in phrases {
                builder = builder.phrases(list, name, content);
            }
            for selector in select {
                builder = builder.select(selector);
            }
            builder.build()
        });
        Ok(Rules(built.map_err(value_error)?))
    }

    /// The hosts that have rules of their own, sorted.
    fn hosts(&self) -> Vec<&str> {
        self.0.hosts()
    }
}

/// Filters a page: its text, and with `explain` the report as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // those of the Python functions, all in one place
fn clean<'py>(
    py: Python<'py>,
    html: &Bound<'py, PyAny>,
    url: Option<&Bound<'py, PyString>>,
    encoding: Option<&Bound<'py, PyString>>,
    drop: Option<Vec<String>>,
    keep: Option<Vec<String>>,
    rules: Option<&Bound<'py, Rules>>,
    explain: bool,
    explain_kept: bool,
) -> PyResult<(Bound<'py, PyString>, Option<String>)> {
    let page = Page::of(html)?;
    let mut options = Options::new().explain(explain).explain_kept(explain_kept);
    if let Some(kinds) = drop {
        options = options.drop(parsed(&kinds)?);
    }
    if let Some(kinds) = keep {
        options = options.keep(parsed(&kinds)?);
    }
    if let Some(url) = url {
        options = options.url(&url.to_string_lossy());
    }
    if page.is_text() {
        if encoding.is_some() {
            let why = "encoding is for bytes; a str has been decoded already";
            return Err(PyValueError::new_err(why));
        }
        options = options.encoding("utf-8").map_err(value_error)?;
    } else if let Some(label) = encoding {
        let label = label.to_string_lossy();
        options = options.encoding(&label).map_err(value_error)?;
    }
    let rules = rules.map(|rules| rules.get().0.clone());
    let bytes = page.bytes();
    let (clean, mut report) = py.detach(|| {
        let rules = rules.as_ref();
        filter(
            rules.unwrap_or_else(|| BUILTIN.get_or_init(dehusk::Rules::builtin)),
            &options,
            bytes,
        )
    })?;
    let text = PyString::from_bytes(py, &clean).map_err(|error| match &report.unfiltered {
        Some(why) => PyValueError::new_err(format!("{why}; there is no text in it")),
        None => error,
    })?;
    report.malformed += page.replaced();
    let json = explain
        .then(|| to_json(&report, explain_kept))
        .transpose()?;
    Ok((text, json))
}

/// Whether a file of a folder is a collection that others made, by its name and content.
#[pyfunction]
fn is_collection(name: &str, content: &str) -> bool {
    Format::of(name, content) != Format::Sel
}

/// A page as it came from Python.
enum Page<'py> {
    /// A str, encoded.
    Text(Bound<'py, PyBytes>),
    /// A str with surrogates that stand alone, which no encoding can hold: they are replaced by
    /// U+FFFD, and so many there were.
    Mended(Vec<u8>, u64),
    Bytes(Bound<'py, PyBytes>),
    /// Bytes that somebody could change meanwhile.
    Copied(Vec<u8>),
}

impl<'py> Page<'py> {
    fn of(html: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = html.cast::<PyString>() {
            return match text.encode_utf8() {
                Ok(bytes) => Ok(Page::Text(bytes)),
                Err(_) => {
                    let bytes = text.call_method1("encode", ("utf-8", "surrogatepass"))?;
                    let mut bytes = bytes.cast::<PyBytes>()?.as_bytes().to_vec();
                    let replaced = replace_surrogates(&mut bytes);
                    Ok(Page::Mended(bytes, replaced))
                }
            };
        }
        if let Ok(bytes) = html.cast::<PyBytes>() {
            Ok(Page::Bytes(bytes.clone()))
        } else if let Ok(bytes) = html.cast::<PyByteArray>() {
            Ok(Page::Copied(bytes.to_vec()))
        } else if html.is_instance_of::<PyMemoryView>() {
            let bytes = html.call_method0("tobytes")?;
            Ok(Page::Bytes(bytes.cast_into::<PyBytes>()?))
        } else {
            let name = html.get_type().name()?;
            let why = format!("a page is str or bytes, not {name}");
            Err(PyTypeError::new_err(why))
        }
    }

    fn is_text(&self) -> bool {
        matches!(self, Page::Text(_) | Page::Mended(..))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Page::Text(bytes) | Page::Bytes(bytes) => bytes.as_bytes(),
            Page::Mended(bytes, _) | Page::Copied(bytes) => bytes,
        }
    }

    fn replaced(&self) -> u64 {
        match self {
            Page::Mended(_, replaced) => *replaced,
            _ => 0,
        }
    }
}

/// Puts U+FFFD, which is as long, in the place of surrogates. In what is UTF-8 but for them, ED with
/// a byte from A0 on behind it begins nothing else.
fn replace_surrogates(bytes: &mut [u8]) -> u64 {
    let mut replaced = 0;
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&byte| byte == 0xed) {
        rest = &mut rest[at..];
        let Some((character, after)) = rest.split_first_chunk_mut::<3>() else {
            break;
        };
        if character[1] >= 0xa0 {
            *character = [0xef, 0xbf, 0xbd];
            replaced += 1;
        }
        rest = after;
    }
    replaced
}

fn filter(rules: &dehusk::Rules, options: &Options, page: &[u8]) -> io::Result<(Vec<u8>, Report)> {
    let mut clean = Vec::with_capacity(page.len());
    let mut filter = Filter::new(rules, options, &mut clean);
    filter.write(page)?;
    let report = filter.finish()?;
    Ok((clean, report))
}

/// The report as `dehusk --explain=json` prints its last line, and the removals in it; with `kept` what
/// nearly went as well.
fn to_json(report: &Report, kept: bool) -> PyResult<String> {
    let whole = || -> serde_json::Result<String> {
        let mut value = serde_json::to_value(report)?;
        value["removals"] = serde_json::to_value(&report.removals)?;
        if kept {
            value["kept"] = serde_json::to_value(&report.kept)?;
        }
        serde_json::to_string(&value)
    };
    whole().map_err(value_error)
}

/// Kinds by their names; `all` is every one.
fn parsed(kinds: &[String]) -> PyResult<Vec<Kind>> {
    if kinds.iter().any(|kind| kind == "all") {
        return Ok(Kind::ALL.to_vec());
    }
    let kinds = kinds.iter().map(|kind| kind.parse());
    kinds.collect::<Result<_, _>>().map_err(value_error)
}

fn value_error(error: impl ToString) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// What `lib/dehusk/__init__.py` is made of.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use super::{Rules, clean, is_collection};
}
