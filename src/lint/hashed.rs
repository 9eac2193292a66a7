//! Names that programs make up: `css-1x7k2q`, `sc-gsDKAQ`, `_3hJ2k`, `Teaser_box__x3Kd9`.

/// Shorter parts of a name are abbreviations (`h2`, `btn`, `col3`).
const SHORTEST: usize = 5;
/// Longer ones with digits between letters are words (`mp3player`).
const LONGEST_WITH_FEW: usize = 8;

/// Whether a class or id looks like one that a program made up: a part of it (between `-`, `_` and
/// the like) changes between letters and digits more often than words do, or mixes cases with hardly
/// a vowel.
#[must_use]
pub fn looks_hashed(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(is_hash)
}

fn is_hash(part: &str) -> bool {
    if part.len() < SHORTEST {
        return false;
    }
    let letters = part.bytes().filter(u8::is_ascii_alphabetic).count();
    if letters == 0 {
        return false;
    }
    let changes = part
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit())
        .count();
    // `mc4wp` and `link2me` are puns, `teaserList3x1` a word and a measure.
    let pun = part.contains(['2', '4']);
    let runs = part.split(|c: char| c.is_ascii_digit());
    let is_word = runs.map(str::len).max() >= Some(SHORTEST);
    if changes >= 3 && !is_word || changes == 2 && part.len() <= LONGEST_WITH_FEW && !pun {
        return true;
    }
    changes == 0 && part.len() > SHORTEST && is_jumble(part, letters)
}

/// Whether capitals stand where no words begin: two or more in the middle, hardly a vowel, and no
/// word of four letters between them.
fn is_jumble(part: &str, letters: usize) -> bool {
    let capitals = part.bytes().skip(1).filter(u8::is_ascii_uppercase).count();
    let small = part.split(|c: char| !c.is_ascii_lowercase());
    let longest = small.map(str::len).max().unwrap_or(0);
    let vowels = part.bytes().filter(|b| b"aeiouAEIOU".contains(b)).count();
    capitals >= 2 && longest > 0 && longest < 3 && vowels * 4 < letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_hashes() {
        for name in [
            "css-1x7k2q",
            "sc-gsDKAQ",
            "kIrNdw",
            "_3hJ2k9",
            "Teaser_box__x3Kd9",
            "eyFFhJ",
            "sc-s3egft-2",
            "jsx-2871293847ab12cd",
        ] {
            assert!(looks_hashed(name), "{name}");
        }
        for name in [
            "article__content",
            "col-md-6",
            "h2",
            "articleHTML",
            "navBarTop",
            "mp3player",
            "post-123456",
            "BtnPrimary",
            "OUTBRAIN",
            "wp-block-group",
            "VPNav",
            "teaserList3x1",
            "mc4wp-form",
            "RichTextStoryBody",
            "prnShortURL",
            "sidebar2",
            "ob-smartfeed",
            "gptSlot",
            "web3",
        ] {
            assert!(!looks_hashed(name), "{name}");
        }
    }
}
