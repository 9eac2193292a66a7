//! The pages that benches run on: those below `DEHUSK_BENCH_PAGES`, or those of `corpus/`.

use std::path::Path;
use std::sync::OnceLock;
use std::{env, fs, io};

/// The pages, each as a whole.
pub fn pages() -> &'static [Vec<u8>] {
    static PAGES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    PAGES.get_or_init(|| {
        let folder = env::var_os("DEHUSK_BENCH_PAGES");
        let folder =
            folder.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/corpus").into());
        let mut pages = Vec::new();
        collect(Path::new(&folder), &mut pages).expect("the folder of pages can be read");
        assert!(!pages.is_empty(), "no *.html in {}", folder.display());
        pages
    })
}

fn collect(folder: &Path, pages: &mut Vec<Vec<u8>>) -> io::Result<()> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    paths.sort_by_key(fs::DirEntry::path);
    for entry in paths {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, pages)?;
        } else if path.extension().is_some_and(|e| e == "html") && !path.ends_with("clean.html") {
            pages.push(fs::read(path)?);
        }
    }
    Ok(())
}
