//! The pages of a site side by side: what they have in common, and where each name stands on them.

use super::hints::{Hints, Sign};
use super::names::{Form, Handle, Names, words};
use super::page::Page;
use super::tree::Element;
use anyhow::Result;
use dehusk::Kind;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What a name's telling must be worth to be sure.
const SURE: f64 = 0.6;

/// An element of one of the pages.
pub(super) type Place = (usize, usize);

/// A name, and the elements that bear it.
pub(super) struct Named {
    pub handle: Handle,
    /// What the name tells.
    pub sign: Option<Sign>,
    /// It tells it so clearly that prose in it is no article's.
    pub is_sure: bool,
    /// In the order of pages and elements.
    pub places: Vec<Place>,
    /// It stands among names that tell how an element looks, not what it is: `md:flex`.
    pub is_styled: bool,
    /// The pages that have it are made in this way.
    pub is_in_style: bool,
    /// Other classes stand with it on every other element.
    pub is_mixed: bool,
    /// It is an id that ends in a number, and no other page has it.
    pub is_of_one_page: bool,
}

impl Named {
    /// Whether it cannot name what its elements are: it tells how they look (`flex`, `mt-4`), or
    /// counts them.
    pub(super) fn is_poor(&self) -> bool {
        match self.sign {
            _ if self.is_of_one_page => true,
            None => self.is_styled || self.is_mixed,
            Some(_) if self.is_mixed => self.is_styled || self.is_in_style,
            Some(_) => self.is_styled && !self.is_sure,
        }
    }

    /// The kind that the name tells.
    pub(super) fn kind(&self) -> Option<Kind> {
        match self.sign? {
            Sign::Husk(kind) => Some(kind),
            Sign::Article => None,
        }
    }
}

/// The pages and the names on them.
pub(super) struct Site {
    pub pages: Vec<Page>,
    pub hints: Hints,
    pub named: Vec<Named>,
    /// The names of each element: page, element, places in `named`.
    pub names_of: Vec<Vec<Vec<usize>>>,
}

impl Site {
    /// # Errors
    ///
    /// None: see [`Hints::states`].
    pub(super) fn new(mut pages: Vec<Page>, hints: Hints) -> Result<Site> {
        share(&mut pages);
        let mut index = Index::new(&pages, &hints);
        index.read(&pages);
        let (named, names_of) = index.finish();
        let mut site = Site {
            pages,
            hints,
            named,
            names_of,
        };
        site.forget_states()?;
        Ok(site)
    }

    /// A name that is a state tells nothing: `has-sidebar`.
    fn forget_states(&mut self) -> Result<()> {
        let firsts: Vec<Option<String>> = self
            .named
            .iter()
            .map(|named| {
                let words = words(&named.handle.name);
                (words.len() > 1).then(|| words.into_iter().next())?
            })
            .collect();
        let states: BTreeSet<&str> = firsts.iter().flatten().map(String::as_str).collect();
        let states = self.hints.states(&states)?;
        for (named, first) in self.named.iter_mut().zip(&firsts) {
            if first.as_deref().is_some_and(|first| states.contains(first)) {
                named.sign = None;
                named.is_sure = false;
            }
        }
        Ok(())
    }

    /// The kind as which the rules there take most of the words of places, with its words, and the
    /// words of all kinds.
    pub(super) fn gone_as(&self, places: &[Place]) -> Option<(Kind, usize, usize)> {
        let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
        for &(p, e) in places {
            let page = &self.pages[p];
            for i in page.tree.elements[e].pieces.clone() {
                if let Some(kind) = page.gone_as[i] {
                    *kinds.entry(kind).or_default() += page.tree.pieces[i].words;
                }
            }
        }
        let all = kinds.values().sum();
        let (kind, words) = kinds.into_iter().max_by_key(|(_, words)| *words)?;
        Some((kind, words, all))
    }

    /// Of places, those that are in no other of them.
    pub(super) fn outermost(&self, places: &[Place]) -> Vec<Place> {
        let mut outermost: Vec<Place> = Vec::new();
        for &(p, e) in places {
            let inside = outermost
                .last()
                .is_some_and(|&(q, outer)| p == q && self.pages[p].tree.is_inside(e, outer));
            if !inside {
                outermost.push((p, e));
            }
        }
        outermost
    }
}

/// Collects the names of all elements.
struct Index<'a> {
    names: Names,
    hints: &'a Hints,
    known: HashMap<String, usize>,
    named: Vec<Named>,
    /// Elements of each name that are styled by their classes, and the classes of its elements.
    styled: Vec<usize>,
    together: Vec<HashSet<&'a str>>,
    names_of: Vec<Vec<Vec<usize>>>,
}

impl<'a> Index<'a> {
    fn new(pages: &'a [Page], hints: &'a Hints) -> Self {
        Index {
            names: Names::of(pages.iter().map(|page| &page.tree)),
            hints,
            known: HashMap::new(),
            named: Vec::new(),
            styled: Vec::new(),
            together: Vec::new(),
            names_of: Vec::new(),
        }
    }

    fn read(&mut self, pages: &'a [Page]) {
        for (p, page) in pages.iter().enumerate() {
            let most = most_classes(page);
            let elements = page.tree.elements.iter().enumerate();
            let names_of = elements.map(|(e, element)| self.element(element, (p, e), most));
            let names_of = names_of.collect();
            self.names_of.push(names_of);
        }
    }

    /// The names of an element.
    fn element(&mut self, element: &'a Element, place: Place, most: usize) -> Vec<usize> {
        let never = matches!(&*element.name, "html" | "head" | "body" | "noscript");
        if never || element.start.is_none() {
            return Vec::new();
        }
        let is_styled = is_styled(element, most);
        let mut own: Vec<usize> = Vec::new();
        for handle in self.names.handles(element) {
            let i = match self.known.get(&handle.selector) {
                Some(&i) => i,
                None => self.add(handle),
            };
            if !own.contains(&i) {
                own.push(i);
                self.named[i].places.push(place);
                self.named[i].is_in_style |= most == CLASSES_IN_STYLE;
                let short = most == CLASSES_IN_STYLE && self.named[i].handle.name.len() < SHORT;
                self.styled[i] += usize::from(is_styled || short);
                self.together[i].extend(element.attribute("class"));
            }
        }
        own
    }

    fn add(&mut self, handle: Handle) -> usize {
        let told = match handle.form {
            Form::Type => {
                let kind = self.hints.of_type(&handle.name);
                kind.map(|kind| (Sign::Husk(kind), 0.0))
            }
            _ => self.hints.of_name(&handle.name),
        };
        self.known.insert(handle.selector.clone(), self.named.len());
        self.styled.push(0);
        self.together.push(HashSet::new());
        self.named.push(Named {
            handle,
            sign: told.map(|(sign, _)| sign),
            is_sure: told.is_some_and(|(_, worth)| worth >= SURE),
            places: Vec::new(),
            is_styled: false,
            is_in_style: false,
            is_of_one_page: false,
            is_mixed: false,
        });
        self.named.len() - 1
    }

    /// An id that ends in a number is another one on the next page, unless two pages have it.
    fn is_of_one_page(&self, named: &Named) -> bool {
        named.handle.form == Form::Id
            && named.handle.name.ends_with(|c: char| c.is_ascii_digit())
            && named
                .places
                .iter()
                .all(|(p, _)| Some(p) == named.places.first().map(|(p, _)| p))
    }

    fn finish(mut self) -> (Vec<Named>, Vec<Vec<Vec<usize>>>) {
        let one_page: Vec<bool> = self.named.iter().map(|n| self.is_of_one_page(n)).collect();
        for (i, named) in self.named.iter_mut().enumerate() {
            let (styled, together) = (self.styled[i], self.together[i].len());
            let is_class = matches!(named.handle.form, Form::Class | Form::ClassPart);
            named.is_styled = is_class && styled * 3 > named.places.len();
            named.is_of_one_page = one_page[i];
            let most = together * 3 > named.places.len();
            named.is_mixed = is_class && together > 4 && (most || together > MANY);
        }
        (self.named, self.names_of)
    }
}

/// How many classes an element may have, and not be styled by them: on most pages, and on those that
/// are made in this way.
const CLASSES: usize = 8;
const CLASSES_IN_STYLE: usize = 3;

/// So many lists of classes with a name in them say that it is but one of many.
const MANY: usize = 10;

/// Characters of a name that on such a page is more than a style.
const SHORT: usize = 10;

/// The share of such elements on a page that is made in this way.
const IN_STYLE: f64 = 0.15;

/// Whether an element's classes are a list of styles: words that no selector can hold unescaped, or
/// very many.
fn is_styled(element: &Element, most: usize) -> bool {
    let mut classes = element.classes();
    classes.clone().count() > most
        || classes.any(|class| class.contains([':', '/', '[', '!', '.', '%']))
}

/// How many classes an element of a page may have and not be styled by them.
fn most_classes(page: &Page) -> usize {
    let elements = page.tree.elements.iter();
    let with_class: Vec<&Element> = elements.filter(|e| e.classes().next().is_some()).collect();
    let styled = with_class.iter().filter(|e| is_styled(e, CLASSES)).count();
    if styled as f64 > IN_STYLE * with_class.len() as f64 {
        CLASSES_IN_STYLE
    } else {
        CLASSES
    }
}

/// Marks the lines that two pages have.
fn share(pages: &mut [Page]) {
    let mut on: HashMap<String, usize> = HashMap::new();
    for page in pages.iter() {
        let keys: HashSet<&str> = page.lines.iter().map(|line| &*line.key).collect();
        for key in keys {
            *on.entry(key.to_owned()).or_default() += 1;
        }
    }
    for line in pages.iter_mut().flat_map(|page| &mut page.lines) {
        line.shared = on.get(&line.key).is_some_and(|&pages| pages > 1);
    }
}

/// The first page that says the same as this one, half of its paragraphs or more: its name.
pub(super) fn same_as<'p>(pages: &'p [Page], page: &Page) -> Option<&'p str> {
    let paragraphs = |page: &Page| -> HashSet<String> {
        let lines = page.lines.iter();
        let lines = lines.filter(|line| line.paragraph && !line.gone);
        lines.map(|line| line.key.clone()).collect()
    };
    let own = paragraphs(page);
    let is_same = |other: &&Page| {
        let other = paragraphs(other);
        let both = own.intersection(&other).count();
        both > 2 && both * 2 > own.len().min(other.len())
    };
    pages.iter().find(is_same).map(|page| &*page.name)
}
