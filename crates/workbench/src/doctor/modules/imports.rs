//! What the Go files of a directory import.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

/// The import paths whose first element has a dot, each with a file that has it, below `root`. Other modules, `vendor`,
/// `testdata` and hidden directories are passed over, and so is what comes after [`MOST_FILES`] files.
pub(super) fn of(root: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![root.to_owned()];
    let mut files = 0;
    while let Some(dir) = dirs.pop() {
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        for entry in entries.flatten().take(MOST_ENTRIES) {
            let name = entry.file_name();
            let (Some(name), Ok(kind)) = (name.to_str(), entry.file_type()) else { continue };
            let passed_over = name.starts_with(['.', '_']) || matches!(name, "vendor" | "testdata");
            let path = entry.path();
            if kind.is_dir() && !passed_over && !path.join("go.mod").exists() {
                dirs.push(path);
            } else if kind.is_file()
                && !passed_over
                && path.extension().is_some_and(|extension| extension == "go")
            {
                files += 1;
                if files > MOST_FILES {
                    return found;
                }
                for import in head(&path).as_deref().map(imports).into_iter().flatten() {
                    found.entry(import).or_insert_with(|| path.clone());
                }
            }
        }
    }
    found
}

fn head(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(HEAD).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The paths of the import declarations, line by line; the first other declaration ends them.
fn imports(text: &str) -> Vec<String> {
    let (mut found, mut inside) = (Vec::new(), false);
    for line in text.lines() {
        let line = line.trim();
        let spec = match line.strip_prefix("import") {
            Some(rest) if rest.trim_start().starts_with('(') => {
                inside = true;
                rest.trim_start().strip_prefix('(').unwrap_or_default()
            }
            Some(rest) if rest.starts_with([' ', '\t', '"', '`']) => rest,
            _ if inside => line,
            _ if ["func ", "type ", "var ", "const "].iter().any(|word| line.starts_with(word)) => break,
            _ => continue,
        };
        let code = spec.split("//").next().unwrap_or_default();
        let path = code.split(['"', '`']).nth(1).unwrap_or_default();
        if path.split('/').next().is_some_and(|host| host.contains('.') && !host.starts_with('.')) {
            found.push(path.to_owned());
        }
        if inside && line.ends_with(')') {
            inside = false;
        }
    }
    found
}

const MOST_FILES: usize = 5000;
const MOST_ENTRIES: usize = 10_000;
/// Bytes of a file in which its imports are.
const HEAD: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::imports;

    #[test]
    fn import_declarations_are_read() {
        let text = "// import \"no.example/x\"\npackage p\n\nimport \"a.example/x\"\nimport (\n\t\"fmt\"\n\n\tb \"b.example/x\" // why\n\t. `c.example/x`\n\t// \"g.example/x\"\n\t\"./local\"\n)\nimport(\"d.example/x\")\n\nfunc f() { _ = \"e.example/x\" }\nimport \"f.example/x\"\n";
        assert_eq!(imports(text), ["a.example/x", "b.example/x", "c.example/x", "d.example/x"]);
        assert!(imports("").is_empty());
    }
}
