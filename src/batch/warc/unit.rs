//! What goes from the reader of a file to the workers: some records at a time, in parts that say what is to
//! be done with them.

use super::packing::Form;
use super::record::Parts;
use crate::batch::compression::Compressed;
use std::sync::Arc;

/// How an output is to be compressed.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// As the input is.
    Same,
    Kind(Compressed),
    /// It has begun in this form.
    Begun(Arc<Form>),
}

/// A record, by its number in the file, from 1, and the byte that it or its member begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub record: u64,
    pub offset: u64,
}

/// A part of a file.
#[derive(Debug)]
pub(crate) enum Part {
    /// To be written as it is.
    Ready(Vec<u8>),
    /// A record to be packed.
    Pack(Vec<u8>),
    /// A record with a page, and its members if they can be written as they are.
    Page {
        record: Vec<u8>,
        parts: Parts,
        raw: Option<Vec<u8>>,
        place: Place,
    },
    /// Something is wrong with what comes next, which is passed on.
    Problem(Place, String),
}

/// Some parts of a file.
#[derive(Debug)]
pub(crate) struct Unit {
    pub parts: Vec<Part>,
    pub size: usize,
    /// It ends within a record.
    pub open: bool,
    /// Records without a page that begin in it.
    pub others: u64,
    /// The record that it ends with.
    pub last: u64,
    /// How the output is compressed.
    pub form: Arc<Form>,
}

impl Unit {
    pub(super) fn new(form: &Arc<Form>) -> Self {
        Unit {
            parts: Vec::new(),
            size: 0,
            open: false,
            others: 0,
            last: 0,
            form: Arc::clone(form),
        }
    }

    pub(super) fn ready(&mut self, bytes: &[u8]) {
        self.size += bytes.len();
        match self.parts.last_mut() {
            Some(Part::Ready(ready)) => ready.extend_from_slice(bytes),
            _ if bytes.is_empty() => {}
            _ => self.parts.push(Part::Ready(bytes.to_vec())),
        }
    }
}
