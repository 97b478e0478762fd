//! The text of the build info: a line for the main package, the main module, each module and each setting
//! (runtime/debug, `ParseBuildInfo`).

use gomod::{H1, ModulePath, ModuleVersion, Version, unquote};

/// How a program was built, and from which modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildInfo {
    go: String,
    package: String,
    main: Option<Listed>,
    deps: Vec<Listed>,
    settings: Vec<(String, String)>,
}

/// A module as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    path: String,
    version: String,
    sum: String,
    replacement: Option<Box<Listed>>,
}

/// What the content of a listed module can be compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A version with the hash of what was built.
    Hashed(ModuleVersion, H1),
    /// A version without a hash, as programs built from a vendor directory have it.
    Unhashed(ModuleVersion),
    /// A directory of the machine that built it.
    Local,
    /// Nothing that the linker writes: the list was changed.
    Malformed,
}

/// A line that the linker does not write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the build info: {what}")]
pub struct BuildInfoFault {
    line: usize,
    what: &'static str,
}

impl BuildInfo {
    /// Reads the text that stands between the marks of the linker. What is unknown is passed over, as Go does.
    ///
    /// # Errors
    /// [`BuildInfoFault`], where Go refuses it too.
    pub fn parse(go: String, text: &str) -> Result<Self, BuildInfoFault> {
        let mut info =
            BuildInfo { go, package: String::new(), main: None, deps: Vec::new(), settings: Vec::new() };
        let mut last = Last::Nothing;
        for (index, line) in text.lines().enumerate() {
            info.line(line, &mut last).map_err(|what| BuildInfoFault { line: index + 1, what })?;
        }
        Ok(info)
    }

    fn line(&mut self, line: &str, last: &mut Last) -> Result<(), &'static str> {
        let Some((word, rest)) = line.split_once('\t') else { return Ok(()) };
        match word {
            "path" => rest.clone_into(&mut self.package),
            "mod" => {
                self.main = Some(Listed::parse(rest)?);
                *last = Last::Main;
            }
            "dep" => {
                self.deps.push(Listed::parse(rest)?);
                *last = Last::Dep;
            }
            "=>" => {
                if rest.split('\t').count() != 3 {
                    return Err("a replacement has three words");
                }
                let replacement = Listed::parse(rest)?;
                let replaced = match std::mem::replace(last, Last::Nothing) {
                    Last::Main => self.main.as_mut(),
                    Last::Dep => self.deps.last_mut(),
                    Last::Nothing => None,
                };
                replaced.ok_or("a replacement follows no module")?.replacement = Some(Box::new(replacement));
            }
            "build" => self.settings.push(setting(rest)?),
            _ => {}
        }
        Ok(())
    }

    /// The version of Go: `go1.26.8`, perhaps with experiments behind it.
    pub fn go(&self) -> &str {
        &self.go
    }

    /// The path of the main package.
    pub fn package(&self) -> &str {
        &self.package
    }

    /// The main module, where there was one.
    pub fn main(&self) -> Option<&Listed> {
        self.main.as_ref()
    }

    /// The other modules, in the order of the list.
    pub fn deps(&self) -> &[Listed] {
        &self.deps
    }

    /// The settings of the build, in their order.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The value of a setting: `vcs.revision`, `-ldflags`.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings().find_map(|(known, value)| (known == key).then_some(value))
    }
}

enum Last {
    Nothing,
    Main,
    Dep,
}

impl Listed {
    fn parse(words: &str) -> Result<Self, &'static str> {
        let words: Vec<_> = words.split('\t').collect();
        let (path, version, sum) = match *words.as_slice() {
            [path, version] => (path, version, ""),
            [path, version, sum] => (path, version, sum),
            _ => return Err("a module has two or three words"),
        };
        Ok(Listed { path: path.into(), version: version.into(), sum: sum.into(), replacement: None })
    }

    /// The path under which it is imported.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The version as it stands there, or `(devel)`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The hash as it stands there, perhaps nothing.
    pub fn sum(&self) -> &str {
        &self.sum
    }

    /// What was built in its place.
    pub fn replacement(&self) -> Option<&Listed> {
        self.replacement.as_deref()
    }

    /// What was built: the replacement, or the module itself.
    pub fn built(&self) -> &Listed {
        self.replacement().unwrap_or(self)
    }

    /// What can be compared of what was built.
    pub fn standing(&self) -> Standing {
        let built = self.built();
        if built.version.is_empty() || built.version == DEVEL {
            return Standing::Local;
        }
        let module = ModulePath::new(&built.path)
            .ok()
            .zip(Version::new(&built.version).ok())
            .and_then(|(path, version)| ModuleVersion::new(path, version).ok());
        match (module, built.sum.as_str()) {
            (None, _) => Standing::Malformed,
            (Some(module), "") => Standing::Unhashed(module),
            (Some(module), sum) => match sum.parse() {
                Ok(h1) => Standing::Hashed(module, h1),
                Err(_) => Standing::Malformed,
            },
        }
    }
}

impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.version.as_str() {
            "" => f.write_str(&self.path),
            version => write!(f, "{} {version}", self.path),
        }
    }
}

fn setting(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = if text.starts_with(['"', '`']) {
        let (key, rest) = quoted(text).ok_or("a quoted key does not end")?;
        (key, rest.strip_prefix('=').ok_or("a setting has no =")?)
    } else {
        let (key, value) = text.split_once('=').ok_or("a setting has no =")?;
        if key.is_empty() {
            return Err("a setting has no key");
        }
        (key.to_owned(), value)
    };
    let value = if value.starts_with(['"', '`']) {
        unquote(value).ok_or("a quoted value is malformed")?
    } else {
        value.to_owned()
    };
    Ok((key, value))
}

/// A quoted text at the beginning, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mark = text.chars().next()?;
    let mut escaped = false;
    let end = text.char_indices().skip(1).find_map(|(at, c)| {
        let ends = c == mark && !escaped;
        escaped = c == '\\' && mark == '"' && !escaped;
        ends.then_some(at + 1)
    })?;
    let (word, rest) = text.split_at_checked(end)?;
    Some((unquote(word)?, rest))
}

/// The version of what is no version.
const DEVEL: &str = "(devel)";

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn every_line_is_read() {
        let text = format!(
            "path\texample.com/app/cmd/x\nmod\texample.com/app\tv1.0.0\t\ndep\texample.com/a\tv1.2.0\t{SUM}\n\
             dep\texample.com/b\tv1.0.0\n=>\t./b\t(devel)\t\ndep\texample.com/c\tv1.0.0\n=>\texample.com/d\tv1.1.0\t{SUM}\n\
             dep\texample.com/e\tv1.0.0\ndep\texample.com/f\t(devel)\t\nnew\tline\n\
             build\t-ldflags=\"-X main.a=b c\"\nbuild\tvcs.modified=true\nbuild\t\"odd key\"=`x`\n"
        );
        let info = BuildInfo::parse("go1.26.8".into(), &text).unwrap();
        assert_eq!((info.go(), info.package()), ("go1.26.8", "example.com/app/cmd/x"));
        assert_eq!(info.main().unwrap().to_string(), "example.com/app v1.0.0");
        let shown: Vec<_> = info
            .deps()
            .iter()
            .map(|dep| match dep.standing() {
                Standing::Hashed(module, _) => format!("{module} hashed"),
                Standing::Unhashed(module) => format!("{module} unhashed"),
                Standing::Local => "local".to_owned(),
                Standing::Malformed => "malformed".to_owned(),
            })
            .collect();
        assert_eq!(
            shown,
            [
                "example.com/a@v1.2.0 hashed",
                "local",
                "example.com/d@v1.1.0 hashed",
                "example.com/e@v1.0.0 unhashed",
                "local"
            ]
        );
        assert_eq!(info.setting("-ldflags"), Some("-X main.a=b c"));
        assert_eq!(info.setting("odd key"), Some("x"));
        assert_eq!(info.setting("vcs.revision"), None);
    }

    #[test]
    fn what_the_linker_never_writes_is_refused() {
        for (text, line) in [
            ("path\tx\nmod\ta\n", 2),
            ("mod\ta\tb\tc\td\n", 1),
            ("=>\ta\tb\tc\n", 1),
            ("dep\ta\tv1.0.0\n=>\ta\tb\n", 2),
            ("dep\ta\tv1.0.0\n=>\ta\tb\t\n=>\ta\tb\t\n", 3),
            ("build\tx\n", 1),
            ("build\t=x\n", 1),
            ("build\t\"x=y\n", 1),
            ("build\tx=\"y\n", 1),
        ] {
            let fault = BuildInfo::parse("go1.26".into(), text).unwrap_err();
            assert_eq!(fault.line, line, "{text:?}: {fault}");
        }
        for (path, version, sum) in [
            ("example.com/A B", "v1.0.0", SUM),
            ("example.com/a", "latest", SUM),
            ("example.com/a", "v1.0.0", "h1:short"),
            ("example.com/a", "v1.0.0", "h2:later"),
            ("../a", "v1.0.0", SUM),
        ] {
            let text = format!("dep\t{path}\t{version}\t{sum}\n");
            let info = BuildInfo::parse("go1.26".into(), &text).unwrap();
            assert_eq!(info.deps()[0].standing(), Standing::Malformed, "{text}");
        }
    }
}
