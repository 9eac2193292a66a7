//! Digests as records have them: the name of an algorithm, a colon, a value in base32 or hexadecimal. A new
//! one is written as the old one was; what cannot be written so is told, for a wrong digest is worse than
//! none.

use data_encoding::{BASE32, BASE32_NOPAD, BASE64, Encoding, HEXLOWER, HEXUPPER};
use sha1::Digest;

/// How values are written, with what comes of so many bytes.
const ENCODINGS: [&Encoding; 5] = [&BASE32_NOPAD, &BASE32, &HEXLOWER, &HEXUPPER, &BASE64];

/// The digest of some bytes, as this one of others is written; `None` if it cannot be told how that is.
pub(crate) fn like(old: &[u8], parts: &[&[u8]]) -> Option<String> {
    let colon = memchr::memchr(b':', old)?;
    let (label, value) = (old[..colon].trim_ascii(), old[colon + 1..].trim_ascii());
    let name = std::str::from_utf8(label).ok()?;
    let bytes = match &*name.to_ascii_lowercase() {
        "sha1" | "sha-1" => digest::<sha1::Sha1>(parts),
        "sha256" | "sha-256" => digest::<sha2::Sha256>(parts),
        "sha512" | "sha-512" => digest::<sha2::Sha512>(parts),
        "md5" => digest::<md5::Md5>(parts),
        _ => return None,
    };
    // By length and letters: what is read back is as long as what is to be written.
    let upper = value.to_ascii_uppercase();
    let reads = |encoding: &Encoding, value: &[u8]| {
        let read = encoding.decode(value);
        read.is_ok_and(|read| read.len() == bytes.len())
    };
    if let Some(encoding) = ENCODINGS.into_iter().find(|e| reads(e, value)) {
        return Some(format!("{name}:{}", encoding.encode(&bytes)));
    }
    let lower = [BASE32_NOPAD, BASE32]
        .into_iter()
        .find(|e| reads(e, &upper))?;
    let value = lower.encode(&bytes).to_ascii_lowercase();
    Some(format!("{name}:{value}"))
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut digest = D::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_written_as_before() {
        // Those of "abc", in the place of those of nothing.
        for (old, new) in [
            (
                "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
                Some("sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5"),
            ),
            (
                "sha1:3i42h3s6nnfq2msvx7xzkyayscx5qbyj",
                Some("sha1:vgmt4nsha2awvor6evyxqugcnsonbwe5"),
            ),
            (
                "SHA-1: da39a3ee5e6b4b0d3255bfef95601890afd80709",
                Some("SHA-1:a9993e364706816aba3e25717850c26c9cd0d89d"),
            ),
            (
                "sha1:DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
                Some("sha1:A9993E364706816ABA3E25717850C26C9CD0D89D"),
            ),
            (
                "md5:d41d8cd98f00b204e9800998ecf8427e",
                Some("md5:900150983cd24fb0d6963f7d28e17f72"),
            ),
            (
                "md5:2QOYZWMPACZAJ2MABGMOZ6CCPY",
                Some("md5:SAAVBGB42JH3BVUWH56SRYL7OI"),
            ),
            (
                "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                Some("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ),
            (
                "sha256:4OYMIQUY7QOBJGX36TEJS35ZEQT24QPEMSNZGTFESWMRW6CSXBKQ====",
                Some("sha256:XJ4BNP4PAHH6UQKBIDPF3LRCEOYAGYNDSYLXVHFUCD7WD4QACWWQ===="),
            ),
            (
                "md5:1B2M2Y8AsgTpgAmY7PhCfg==",
                Some("md5:kAFQmDzST7DWlj99KOF/cg=="),
            ),
            ("blake3:af1349b9f5f9a1a6a0404dea36dcc949", None),
            ("sha1:123", None),
            ("sha1", None),
            ("", None),
        ] {
            let found = like(old.as_bytes(), &[b"a", b"", b"bc"]);
            assert_eq!(found.as_deref(), new, "{old}");
        }
        let long = like(format!("sha512:{}", "0".repeat(128)).as_bytes(), &[b"abc"]);
        assert!(long.is_some_and(|new| new.starts_with("sha512:ddaf35a193617aba")));
    }
}
