//! The kinds of husk, and sets of them. A kind is what a section of a selector file names; it says
//! what a rule drops, so that a user can choose by kind and a report can count by kind.

use std::fmt;
use std::str::FromStr;

/// What a rule drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// Prompts to subscribe, log in, register, donate.
    Subscription,
    /// "Read also" blocks, teasers, most-read lists, recommendations.
    Related,
    /// Menus, breadcrumbs, page headers and footers, pagination, search boxes, controls.
    Navigation,
    /// Share bars and "follow us".
    Share,
    /// Newsletter forms and what they promise.
    Newsletter,
    /// Cookie banners and two-click notices of embedded content.
    Consent,
    /// Advertising slots and their labels.
    Ads,
    /// Text that stands on the page already; a lone dash or bullet.
    Repeats,
    /// Reader comments. Kept unless asked for.
    Comments,
    /// Author, date, reading time. Kept unless asked for.
    Byline,
    /// Captions and credits of pictures. Kept unless asked for.
    Captions,
    /// The user's own rules outside any section. Always dropped.
    Custom,
}

impl Kind {
    /// Every kind, in the order in which they are listed to people.
    pub const ALL: [Kind; 12] = [
        Kind::Subscription,
        Kind::Related,
        Kind::Navigation,
        Kind::Share,
        Kind::Newsletter,
        Kind::Consent,
        Kind::Ads,
        Kind::Repeats,
        Kind::Comments,
        Kind::Byline,
        Kind::Captions,
        Kind::Custom,
    ];

    /// The kind's name, as it stands in a section of a selector file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Subscription => "subscription",
            Kind::Related => "related",
            Kind::Navigation => "navigation",
            Kind::Share => "share",
            Kind::Newsletter => "newsletter",
            Kind::Consent => "consent",
            Kind::Ads => "ads",
            Kind::Repeats => "repeats",
            Kind::Comments => "comments",
            Kind::Byline => "byline",
            Kind::Captions => "captions",
            Kind::Custom => "custom",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKind(pub String);

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown kind '{}'; the kinds are", self.0)?;
        for (i, kind) in Kind::ALL.iter().enumerate() {
            write!(f, "{} {kind}", if i == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownKind {}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(s: &str) -> Result<Self, UnknownKind> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == s)
            .ok_or_else(|| UnknownKind(s.to_owned()))
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KindSet(u16);

impl KindSet {
    /// No kind at all.
    pub const EMPTY: KindSet = KindSet(0);
    /// Every kind.
    pub const ALL: KindSet = KindSet((1 << Kind::ALL.len()) - 1);
    /// What is dropped unless the user says otherwise: all but comments, bylines and captions.
    pub const DEFAULT: KindSet = KindSet::ALL
        .without(Kind::Comments)
        .without(Kind::Byline)
        .without(Kind::Captions);

    /// This set and `kind`.
    #[must_use]
    pub const fn with(self, kind: Kind) -> KindSet {
        KindSet(self.0 | 1 << kind as u16)
    }

    /// This set less `kind`.
    #[must_use]
    pub const fn without(self, kind: Kind) -> KindSet {
        KindSet(self.0 & !(1 << kind as u16))
    }

    /// Whether `kind` is in the set.
    #[must_use]
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }
}

impl Default for KindSet {
    fn default() -> Self {
        KindSet::DEFAULT
    }
}

impl FromIterator<Kind> for KindSet {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        kinds.into_iter().fold(KindSet::EMPTY, KindSet::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert!("header".parse::<Kind>().is_err());
    }

    #[test]
    fn the_default_set_leaves_comments_bylines_and_captions() {
        let left: Vec<Kind> = Kind::ALL
            .into_iter()
            .filter(|&kind| !KindSet::DEFAULT.contains(kind))
            .collect();
        assert_eq!(left, [Kind::Comments, Kind::Byline, Kind::Captions]);
    }
}
