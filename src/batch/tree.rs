//! Which files there are below the paths that are named, and where each is written. Nothing is written
//! over what is read, unless that is what was asked for.

use super::compression::Compressed;
use super::output::is_same;
use anyhow::{Context as _, Result, anyhow, bail};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Where cleaned files go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Below this folder: a file by its name, what lies in a folder by its path in it.
    Folder(PathBuf),
    /// Where they came from.
    InPlace,
}

/// A file, and where what comes of it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub input: PathBuf,
    pub output: PathBuf,
}

/// The files below some paths.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    paths: Vec<PathBuf>,
    target: Target,
    /// The target folder and the paths by their true names.
    true_target: PathBuf,
    true_paths: Vec<PathBuf>,
    /// What files of a folder are called, behind the dot; a file that is named is taken in any case.
    extensions: &'static [&'static str],
}

impl Tree {
    /// Makes the target folder.
    ///
    /// # Errors
    ///
    /// The target folder cannot be made, or is one of those that are read.
    pub(crate) fn new(
        paths: &[PathBuf],
        target: Target,
        extensions: &'static [&'static str],
    ) -> Result<Tree> {
        let mut true_target = PathBuf::new();
        if let Target::Folder(folder) = &target {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
            if let Some(path) = paths.iter().find(|path| is_same(path, folder)) {
                bail!(
                    "{}: cleaned pages would be written over those that are read; --in-place does that",
                    path.display()
                );
            }
            true_target = fs::canonicalize(folder)
                .with_context(|| format!("cannot find the folder {}", folder.display()))?;
        }
        if let Some(path) = paths.iter().find(|path| path.as_os_str() == "-") {
            bail!(
                "{}: standard input has no name to be written under",
                path.display()
            );
        }
        Ok(Tree {
            paths: paths.to_vec(),
            true_paths: paths.iter().flat_map(fs::canonicalize).collect(),
            target,
            true_target,
            extensions,
        })
    }

    /// All files, in the order of their names, and what cannot be read.
    pub(crate) fn walk(&self) -> Walk {
        Walk {
            tree: self.clone(),
            path: 0,
            open: Vec::new(),
            root: PathBuf::new(),
            taken: HashSet::new(),
        }
    }

    /// Bytes of all files.
    pub(crate) fn size(&self) -> u64 {
        let sizes = self.walk().flatten().map(|item| fs::metadata(item.input));
        sizes.flatten().map(|metadata| metadata.len()).sum()
    }

    /// Whether what is written below the target folder may be one of the files that are read.
    fn reads(&self, below: &Path) -> bool {
        let output = self.true_target.join(below);
        let mut paths = self.true_paths.iter();
        // Where the target folder lies in one that is read, what is in it is left out.
        paths.any(|path| output.starts_with(path) && !self.true_target.starts_with(path))
    }
}

/// Whether a file is called so, compressed or not.
pub(crate) fn is_called(name: &OsStr, extensions: &[&str]) -> bool {
    let extension = Path::new(Compressed::plain_name(name)).extension();
    extension.is_some_and(|e| extensions.iter().any(|known| e.eq_ignore_ascii_case(known)))
}

/// A walk through a [`Tree`].
pub(crate) struct Walk {
    tree: Tree,
    /// The number of the path that comes next.
    path: usize,
    /// What is still to be looked at of open folders, last first.
    open: Vec<PathBuf>,
    /// The folder whose files these are.
    root: PathBuf,
    /// Places that files have been given, if those of several paths may meet.
    taken: HashSet<PathBuf>,
}

impl Iterator for Walk {
    type Item = Result<Item>;

    fn next(&mut self) -> Option<Result<Item>> {
        loop {
            let Some(path) = self.open.pop() else {
                let path = self.tree.paths.get(self.path)?.clone();
                self.path += 1;
                self.root.clone_from(&path);
                if !path.is_dir() {
                    let below = path.file_name().map(PathBuf::from).unwrap_or_default();
                    return Some(self.item(path, &below));
                }
                if let Err(error) = self.open(&path) {
                    return Some(Err(error));
                }
                continue;
            };
            // What a link leads to is a folder elsewhere, or one that this one lies in.
            if path.is_dir() {
                if !path.is_symlink()
                    && !self.is_target(&path)
                    && let Err(error) = self.open(&path)
                {
                    return Some(Err(error));
                }
            } else if path
                .file_name()
                .is_some_and(|name| is_called(name, self.tree.extensions))
            {
                let below = path.strip_prefix(&self.root).unwrap_or(&path).to_owned();
                return Some(self.item(path, &below));
            }
        }
    }
}

impl Walk {
    fn open(&mut self, folder: &Path) -> Result<()> {
        let mut paths = crate::rule_set::sorted(folder)?;
        paths.reverse();
        self.open.append(&mut paths);
        Ok(())
    }

    /// Whether a folder is the one that is written to; what lies there came out of here.
    fn is_target(&self, folder: &Path) -> bool {
        fs::canonicalize(folder).is_ok_and(|folder| folder == self.tree.true_target)
    }

    fn item(&mut self, input: PathBuf, below: &Path) -> Result<Item> {
        let Target::Folder(folder) = &self.tree.target else {
            let output = input.clone();
            return Ok(Item { input, output });
        };
        let output = folder.join(below);
        let why = if self.tree.reads(below) {
            "that is where files are read"
        } else if self.tree.paths.len() > 1 && !self.taken.insert(output.clone()) {
            "another file is written there; a folder that both lie in keeps them apart"
        } else {
            return Ok(Item { input, output });
        };
        let (input, output) = (input.display(), output.display());
        Err(anyhow!("{input}: not written to {output}: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder for a test, with these files in it.
    fn folder(name: &str, files: &[&str]) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("dehusk-tree-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for file in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "<p>").unwrap();
        }
        folder
    }

    /// What goes where, by paths in the test's folder, or why it does not.
    fn walked(base: &Path, paths: &[&str], target: Target) -> Vec<String> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| base.join(path)).collect();
        let tree = match Tree::new(&paths, target, &["html"]) {
            Ok(tree) => tree,
            Err(error) => return vec![format!("{error:#}")],
        };
        let base = format!("{}/", base.display());
        let shown = |item: Result<Item>| match item {
            Ok(item) => format!("{} > {}", item.input.display(), item.output.display()),
            Err(error) => format!("{error:#}"),
        };
        tree.walk()
            .map(|item| shown(item).replace(&base, ""))
            .collect()
    }

    #[test]
    fn where_files_go() {
        let files = [
            "in/b.html",
            "in/a/x.HTML.gz",
            "in/a/x.html",
            "in/a/pic.png",
            "in/.html",
            "c.txt",
        ];
        let base = folder("go", &files);
        let out = || Target::Folder(base.join("out"));
        let below = [
            "in/a/x.HTML.gz > out/a/x.HTML.gz",
            "in/a/x.html > out/a/x.html",
            "in/b.html > out/b.html",
        ];
        assert_eq!(walked(&base, &["in"], out()), below);
        assert_eq!(
            walked(&base, &["c.txt", "in/b.html"], out()),
            ["c.txt > out/c.txt", "in/b.html > out/b.html"]
        );
        assert_eq!(
            walked(&base, &["c.txt"], Target::InPlace),
            ["c.txt > c.txt"]
        );
        let missing = walked(&base, &["in/a", "missing"], out());
        assert_eq!(missing[2..], ["missing > out/missing"]);
        let _ = fs::remove_dir_all(&base);
    }

    #[test]
    fn nothing_goes_where_files_are_read() {
        let base = folder(
            "read",
            &["in/a.html", "in/in/a.html", "in/out/old.html", "b/a.html"],
        );
        let target = |name: &str| Target::Folder(base.join(name));
        let over = walked(&base, &["in"], target("in"));
        assert!(over[0].contains("--in-place"), "{over:?}");
        // The folder that is written to is not read.
        let inside = walked(&base, &["in"], target("in/out"));
        assert_eq!(
            inside,
            [
                "in/a.html > in/out/a.html",
                "in/in/a.html > in/out/in/a.html"
            ]
        );
        // in/in/a.html would become in/a.html.
        let around = walked(&base, &["in"], target("."));
        assert_eq!(around[0], "in/a.html > ./a.html");
        assert!(
            around[1].ends_with("that is where files are read"),
            "{around:?}"
        );
        let other = walked(&base, &["b/a.html", "in/a.html"], target("in"));
        assert!(other[0].ends_with("where files are read"), "{other:?}");
        let same = walked(&base, &["b/a.html", "in/a.html"], target("new"));
        assert_eq!(same[0], "b/a.html > new/a.html");
        assert!(same[1].contains("keeps them apart"), "{same:?}");
        let _ = fs::remove_dir_all(&base);
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_ring_end() {
        use std::os::unix::fs::symlink;
        let base = folder("ring", &["in/a/x.html", "in/b/y.html"]);
        symlink(base.join("in"), base.join("in/a/up")).unwrap();
        symlink(base.join("in/b"), base.join("in/a/b")).unwrap();
        symlink(base.join("in/b/self.html"), base.join("in/b/self.html")).unwrap();
        symlink(base.join("in/a/x.html"), base.join("in/b/x.html")).unwrap();
        let walked = walked(&base, &["in"], Target::Folder(base.join("out")));
        let expected = [
            "in/a/x.html > out/a/x.html",
            "in/b/self.html > out/b/self.html",
            "in/b/x.html > out/b/x.html",
            "in/b/y.html > out/b/y.html",
        ];
        assert_eq!(walked, expected);
        let _ = fs::remove_dir_all(&base);
    }
}
