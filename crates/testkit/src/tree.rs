//! Many modules, from a text that people can read.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use crate::module::{Module, Shared, escape};

/// The modules that a proxy has.
///
/// The text has the form of txtar: a line `-- example.com/m@v1.0.0/go.mod --` begins that file of that module version,
/// and its content goes to the next such line. Lines before the first file name what a query means:
/// `example.com/m@main => v1.0.1-0.20240102030405-abcdefabcdef`. `@latest` is the last release in the text, unless such a
/// line says otherwise. Lists have every version that is not a pseudo-version, in the text's order.
#[derive(Clone, Debug, Default)]
pub struct ModuleTree {
    modules: BTreeMap<(String, String), Shared>,
    /// Versions of each path in the order of the text.
    versions: BTreeMap<String, Vec<String>>,
    queries: BTreeMap<(String, String), String>,
}

impl ModuleTree {
    /// The modules that a text describes.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        let mut tree = Self::default();
        let mut drafts: Vec<Draft> = Vec::new();
        let mut current = None;
        for line in text.split_inclusive('\n') {
            if let Some(name) = line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --"))
            {
                let (path, rest) = name.split_once('@').expect("a file's line names `path@version/file`");
                let (version, file) = rest.split_once('/').expect("a file's line names `path@version/file`");
                let known =
                    drafts.iter().position(|draft| (&*draft.path, &*draft.version) == (path, version));
                let at = known.unwrap_or_else(|| {
                    drafts.push(Draft { path: path.into(), version: version.into(), files: Vec::new() });
                    drafts.len() - 1
                });
                drafts[at].files.push((file.to_owned(), Vec::new()));
                current = Some(at);
            } else if let Some(at) = current {
                drafts[at].files.last_mut().unwrap().1.extend(line.as_bytes());
            } else if let Some((question, version)) = line.split_once("=>") {
                let (path, query) =
                    question.trim().split_once('@').expect("a query is `path@query => version`");
                tree.query(path, query, version.trim());
            }
        }
        for Draft { path, version, files } in drafts {
            tree.add(Module::new(&path, &version, &files));
        }
        tree
    }

    /// Adds a module version, or puts it in the place of the one that is there.
    pub fn add(&mut self, module: Module) -> &mut Self {
        let versions = self.versions.entry(module.path.clone()).or_default();
        if !versions.contains(&module.version) {
            versions.push(module.version.clone());
        }
        self.modules.insert((module.path.clone(), module.version.clone()), Arc::new(module));
        self
    }

    /// Says what a branch, a tag, a hash or `latest` means.
    pub fn query(&mut self, path: &str, query: &str, version: &str) -> &mut Self {
        self.queries.insert((path.to_owned(), query.to_owned()), version.to_owned());
        self
    }

    /// A module version that must be there.
    #[track_caller]
    pub fn module(&self, path: &str, version: &str) -> &Module {
        let key = (path.to_owned(), version.to_owned());
        self.modules.get(&key).unwrap_or_else(|| panic!("{path}@{version} is not in this tree"))
    }

    /// Every module version, by path.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.values().map(AsRef::as_ref)
    }

    /// Writes the tree as a GOPROXY in a directory, which `file://` can serve.
    pub fn write_to(&self, root: &Path) {
        for module in self.modules() {
            let dir = root.join(escape(&module.path)).join("@v");
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("list"), self.list(&module.path)).unwrap();
            fs::write(root.join(module.url_path("info")), &module.info).unwrap();
            fs::write(root.join(module.url_path("mod")), &module.gomod).unwrap();
            fs::write(root.join(module.url_path("zip")), module.zip.to_vec()).unwrap();
        }
    }

    /// What a proxy with these modules says to a path (percent-decoded, without the leading slash): content type and body.
    pub(crate) fn answer(&self, path: &str) -> Option<(&'static str, crate::Body)> {
        const TEXT: &str = "text/plain; charset=utf-8";
        if let Some(escaped) = path.strip_suffix("/@latest") {
            let module = self.find(escaped, "latest")?;
            return Some(("application/json", module.info.clone().into()));
        }
        let (escaped, file) = path.split_once("/@v/")?;
        if file == "list" {
            let known = self.versions.keys().find(|path| escape(path) == escaped)?;
            return Some((TEXT, self.list(known).into()));
        }
        let (version, ext) = file.rsplit_once('.')?;
        let module = self.find(escaped, version);
        match ext {
            "info" => Some(("application/json", module?.info.clone().into())),
            "mod" => Some((TEXT, module?.gomod.clone().into())),
            "zip" => Some(("application/zip", module?.zip.clone())),
            _ => None,
        }
    }

    fn list(&self, path: &str) -> String {
        let versions = self.versions.get(path).map_or(&[][..], Vec::as_slice);
        let tagged = versions.iter().filter(|version| !self.module(path, version).is_pseudo());
        tagged.flat_map(|version| [version, "\n"]).collect()
    }

    /// The module of an escaped path and an escaped version or query.
    fn find(&self, path: &str, query: &str) -> Option<&Module> {
        let (path, versions) = self.versions.iter().find(|(known, _)| escape(known) == path)?;
        if let Some(version) = versions.iter().find(|version| escape(version) == query) {
            return Some(self.module(path, version));
        }
        let meant = self.queries.iter().find(|((p, q), _)| p == path && escape(q) == query);
        let version = match meant {
            Some((_, version)) => version,
            None if query == "latest" => versions
                .iter()
                .rfind(|version| !self.module(path, version).is_pseudo())
                .or_else(|| versions.last())?,
            None => return None,
        };
        Some(self.module(path, version))
    }
}

/// A module version while its files are being read.
struct Draft {
    path: String,
    version: String,
    files: Vec<(String, Vec<u8>)>,
}
