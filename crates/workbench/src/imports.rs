//! What the packages of a module import, read from their files without running `go`.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

/// What the packages below a directory import.
#[derive(Clone, Debug, Default)]
pub struct Imports {
    packages: BTreeMap<String, Import>,
    files: usize,
    truncated: bool,
}

/// Where something is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// A file that does.
    pub file: PathBuf,
    /// Whether some file does that is part of every build: no test, for no single system, without conditions.
    pub always: bool,
}

impl Imports {
    /// Reads the Go files of a module: everything below its root but nested modules, `vendor`, `testdata`, and what
    /// begins with `_` or a dot (go help packages).
    pub fn of_module(root: &Path) -> Self {
        let mut imports = Imports::default();
        let mut open = vec![root.to_owned()];
        while let Some(dir) = open.pop() {
            let Ok(entries) = fs::read_dir(&dir) else { continue };
            if dir != root && dir.join("go.mod").is_file() {
                continue;
            }
            for entry in entries.flatten() {
                let name = entry.file_name();
                let Some(name) = name.to_str().filter(|name| !name.starts_with(['.', '_'])) else { continue };
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() && !matches!(name, "vendor" | "testdata" | "node_modules") {
                    open.push(entry.path());
                } else if kind.is_file() && is_go(name) {
                    if imports.files >= MOST {
                        imports.truncated = true;
                        return imports;
                    }
                    imports.add(&entry.path(), name);
                }
            }
        }
        imports
    }

    /// Reads the Go files of one directory alone.
    pub fn of_package(dir: &Path) -> Self {
        let mut imports = Imports::default();
        let Ok(entries) = fs::read_dir(dir) else { return imports };
        for entry in entries.flatten().take(MOST) {
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| is_go(name) && !name.starts_with(['.', '_'])) else {
                continue;
            };
            if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                imports.add(&entry.path(), name);
            }
        }
        imports
    }

    fn add(&mut self, path: &Path, name: &str) {
        self.files += 1;
        let mut head = Vec::new();
        let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut head));
        if read.is_err() {
            return;
        }
        let Some(source) = Source::read(&String::from_utf8_lossy(&head)) else { return };
        let always = !source.conditional && !is_special(name);
        for package in source.imports {
            let import =
                self.packages.entry(package).or_insert_with(|| Import { file: path.to_owned(), always });
            if always && !import.always {
                *import = Import { file: path.to_owned(), always };
            }
        }
    }

    /// The imported packages, with a file that imports each.
    pub fn packages(&self) -> impl Iterator<Item = (&str, &Import)> {
        self.packages.iter().map(|(package, import)| (package.as_str(), import))
    }

    /// How many files were read.
    pub fn files(&self) -> usize {
        self.files
    }

    /// Whether there are more files than are read.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }
}

/// Whether a directory holds a file of a package.
pub fn is_package(dir: &Path) -> bool {
    let Ok(entries) = fs::read_dir(dir) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_str().is_some_and(is_go))
}

fn is_go(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "go")
}

/// A test, or a name that ends in a system or a processor, as `file_linux.go`. Any one-word ending counts: a package that
/// is imported there only is then not looked for, which is the harmless mistake.
fn is_special(name: &str) -> bool {
    name.trim_end_matches(".go").contains('_')
}

/// The head of a Go file.
#[derive(Debug, Default, PartialEq, Eq)]
struct Source {
    imports: Vec<String>,
    /// Whether a `//go:build` line says when it counts.
    conditional: bool,
}

impl Source {
    /// Reads up to the end of the imports. `None` for a file that is left out of every build (`//go:build ignore`).
    fn read(text: &str) -> Option<Self> {
        let mut source = Source::default();
        let mut rest = text;
        let mut in_block = false;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ';' || c == '\u{feff}');
            if let Some(comment) = rest.strip_prefix("//") {
                let (line, after) = comment.split_once('\n').unwrap_or((comment, ""));
                if let Some(when) = line.strip_prefix("go:build ").or_else(|| line.strip_prefix(" +build ")) {
                    if when.trim() == "ignore" {
                        return None;
                    }
                    source.conditional = true;
                }
                rest = after;
            } else if let Some(comment) = rest.strip_prefix("/*") {
                rest = comment.split_once("*/")?.1;
            } else if in_block && let Some(after) = rest.strip_prefix(')') {
                in_block = false;
                rest = after;
            } else if let Some(after) = rest.strip_prefix("import").filter(|after| {
                !in_block
                    && after.starts_with(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '`' | '/'))
            }) {
                rest = after.trim_start();
                if let Some(after) = rest.strip_prefix('(') {
                    in_block = true;
                    rest = after;
                } else {
                    rest = source.spec(rest)?;
                }
            } else if in_block {
                rest = source.spec(rest)?;
            } else if let Some(after) = rest.strip_prefix("package") {
                rest = after.trim_start().trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
            } else {
                return Some(source);
            }
        }
    }

    /// One import: perhaps a name, then a string.
    fn spec<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let text =
            text.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.')).trim_start();
        let quote = text.chars().next().filter(|c| matches!(c, '"' | '`'))?;
        let (package, rest) = text.get(1..)?.split_once(quote)?;
        self.imports.push(package.to_owned());
        Some(rest)
    }
}

/// How many files are read: those of the largest known projects are fewer.
const MOST: usize = 50_000;
/// How much of a file is read; imports stand at its beginning.
const LONGEST: u64 = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_stand_at_the_beginning() {
        let text = "\u{feff}// Copyright\n/* package x */\n\npackage main // here\n\nimport \"fmt\"; import ( // more\n\
                    \t_ \"example.com/a/x\"\n\t. `example.com/b` /* why */\n\tc2 \"example.com/c\"\n)\n\
                    import `example.com/d`\nimportant := \"no\"\nimport \"late\"\n";
        let source = Source::read(text).unwrap();
        let wanted = ["fmt", "example.com/a/x", "example.com/b", "example.com/c", "example.com/d"];
        assert_eq!(source.imports, wanted);
        assert!(!source.conditional);
    }

    #[test]
    fn conditions_are_seen() {
        assert_eq!(Source::read("//go:build ignore\n\npackage main\nimport \"x\"\n"), None);
        assert!(Source::read("//go:build tools\n\npackage main\nimport \"x\"\n").unwrap().conditional);
        assert_eq!(Source::read("package x").unwrap(), Source::default());
        assert_eq!(Source::read(""), Some(Source::default()));
        assert_eq!(Source::read("import \""), None);
    }
}
