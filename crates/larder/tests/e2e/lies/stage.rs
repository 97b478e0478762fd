//! A Larder between sources of which some lie, and what may leave it.

use std::{fmt::Write, fs, path::Path};

use testkit::{Connection, End, Larder, Module, ModuleTree, Response, ScriptedUpstream, TestLog, TestServer};

use crate::world::{NO_MEMO, larder};

/// The name of the database, whose own host refuses every connection at once.
pub(super) const LOG: &str = "localhost:1/lies";

const MODULES: &str = "\
-- example.com/Early@v1.0.0/go.mod --
module example.com/Early
-- example.com/Early@v1.0.0/early.go --
package early
-- example.com/Early@v1.1.0/go.mod --
module example.com/Early

go 1.21
-- example.com/Early@v1.1.0/early.go --
package early

const Next = 1
-- example.com/aside@v1.0.0/go.mod --
module example.com/aside
";

/// What the log got last: its record lies at the right edge.
const LATE: &str = "\
-- example.com/late@v1.0.0/go.mod --
module example.com/late
-- example.com/late@v1.0.0/late.go --
package late
";

/// All modules.
pub(super) fn tree() -> ModuleTree {
    ModuleTree::parse(&[MODULES, LATE].concat())
}

/// The module whose record is one of the first.
pub(super) fn early() -> Module {
    tree().module("example.com/Early", "v1.0.0").clone()
}

/// The module whose record is the last.
pub(super) fn late() -> Module {
    tree().module("example.com/late", "v1.0.0").clone()
}

/// The same module version with one more file.
pub(super) fn forged(module: &Module) -> Module {
    let gomod = ("go.mod".to_owned(), [&*module.gomod, b"\n// forged\n"].concat());
    let evil = ("evil.go".to_owned(), b"package evil\n".to_vec());
    Module::new(&module.path, &module.version, &[gomod, evil])
}

/// A log of all modules, with so many records between the first and the last.
pub(super) fn log(fillers: usize) -> TestLog {
    TestLog::over(LOG, &ModuleTree::parse(MODULES)).with_filler(fillers).then(&ModuleTree::parse(LATE))
}

/// Which sources there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// One source of modules and records, which lies.
    Alone,
    /// The same, and an honest one behind it: `A|B`.
    Before,
    /// The database is asked at its own URL, and lies; modules come from elsewhere.
    OwnUrl,
}

/// A Larder and its sources.
pub(super) struct Stage {
    pub(super) server: TestServer,
    /// The source that may lie.
    pub(super) liar: ScriptedUpstream,
    /// The same log, honest, and what is true of modules.
    pub(super) truth: ScriptedUpstream,
    log: TestLog,
}

impl Stage {
    /// `log` is what may lie; `modules` are those of the source that may.
    pub(super) fn new(place: Place, log: &TestLog, modules: ModuleTree) -> Self {
        Self::with(place, log, modules, "")
    }

    /// The same, with more lines in the configuration.
    pub(super) fn with(place: Place, log: &TestLog, modules: ModuleTree, config: &str) -> Self {
        let truth = ScriptedUpstream::with_log(tree(), log.elsewhere());
        let liar = ScriptedUpstream::with_log(modules, log.clone());
        let (chain, sumdb) = match place {
            Place::Alone => (liar.url(), log.vkey()),
            Place::Before => (format!("{}|{}", liar.url(), truth.url()), log.vkey()),
            Place::OwnUrl => (truth.url(), format!("{} {}", log.vkey(), liar.url())),
        };
        let larder = if config.contains("min_free") { larder().unset(Larder::MIN_FREE) } else { larder() };
        let file = larder.home().join("larder.toml");
        fs::write(&file, format!("{NO_MEMO}absence = \"0s\"\n{config}")).unwrap();
        let server = larder.serve(&chain).flag("--config", file).sumdb(&sumdb).start();
        Self { server, liar, truth, log: log.clone() }
    }

    /// The same Larder, in another process.
    pub(super) fn restarted(self) -> Self {
        let server = self.server.kill().start();
        Self { server, ..self }
    }

    /// Everything that may be asked: the files of two modules, their records, tiles, the newest head.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths: Vec<_> = [early(), late()].iter().flat_map(asks).collect();
        let size = self.log.size();
        let mut tiles = vec![("data", size)];
        let levels = ["0", "1", "2"].into_iter().zip([size, size >> 8, size >> 16]);
        tiles.extend(levels.filter(|(_, count)| *count > 0));
        for (level, count) in tiles {
            for n in [0, count / 256] {
                match (count - n * 256).min(256) {
                    0 => {}
                    256 => paths.push(format!("sumdb/{LOG}/tile/8/{level}/{n:03}")),
                    width => paths.push(format!("sumdb/{LOG}/tile/8/{level}/{n:03}.p/{width}")),
                }
            }
        }
        paths.dedup();
        paths.push(latest());
        paths
    }

    /// What Larder says to a path: whether it is true, or why there is nothing. What is neither is the error.
    pub(super) fn ask(&self, path: &str) -> Result<Said, String> {
        self.judge(path, &self.server.get(&format!("/{path}"))).map_err(|why| format!("{path}: {why}"))
    }

    fn judge(&self, path: &str, answer: &Response) -> Result<Said, String> {
        match (answer.status, answer.end) {
            (200, End::Whole) if self.is_true(path, &answer.body) => Ok(Said::True),
            (200, End::Whole) => Err(format!("a lie left Larder: {:?}", start(answer))),
            (404, _) if path.starts_with("sumdb/") => Ok(Said::Absent),
            (404, _) => Err(format!("a failure is no absence: {}", start(answer))),
            (500.., End::Whole) => Ok(Said::Refused(answer.status, answer.text())),
            (200, _) => Ok(Said::Aborted),
            (status, end) => Err(format!("{status}, {end:?}: {}", start(answer))),
        }
    }

    /// Whether these bytes may be the answer to this path: heads of any size that the log has had are true.
    fn is_true(&self, path: &str, body: &[u8]) -> bool {
        let rest = path.strip_prefix("sumdb/").and_then(|rest| rest.strip_prefix(LOG));
        let truth = || {
            let path = format!("/{path}");
            let answer =
                Connection::open(self.truth.address()).request("GET", &path, &[("Connection", "close")]);
            answer.expect(200).body
        };
        match rest {
            Some("/latest") => self.is_head(body),
            Some(rest) if rest.starts_with("/lookup/") => {
                let split = |body: &[u8]| {
                    let at = body.windows(2).position(|two| two == b"\n\n")?;
                    Some((body[..at].to_vec(), body[at + 2..].to_vec()))
                };
                let truth = split(&truth()).unwrap();
                split(body).is_some_and(|(record, head)| record == truth.0 && self.is_head(&head))
            }
            _ => body == truth(),
        }
    }

    fn is_head(&self, body: &[u8]) -> bool {
        head_size(body)
            .is_some_and(|size| size <= self.log.size() && self.log.head_at(size).as_bytes() == body)
    }

    /// Nothing that is stored for clients is a lie.
    pub(super) fn stores_no_lie(&self) -> Result<(), String> {
        let root = self.server.data().join("modules");
        let mut lies = String::new();
        each_file(&root, &mut |file| {
            let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
            let served = path.starts_with("sumdb/") || [".mod", ".zip"].iter().any(|end| path.ends_with(end));
            if served && !path.ends_with("/supported") && !self.is_true(path, &fs::read(file).unwrap()) {
                let _ = write!(lies, "a lie is stored: {path}; ");
            }
        });
        if lies.is_empty() { Ok(()) } else { Err(lies) }
    }

    /// What the Larder wrote, for the text of a failure.
    pub(super) fn told(&self) -> String {
        let stderr = self.server.running().stderr();
        let lines: Vec<_> = stderr.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n    ")
    }
}

/// What Larder said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The truth.
    True,
    /// Nothing, with this status, which is 5xx, and this text.
    Refused(u16, String),
    /// A beginning, and an end that is no clean one.
    Aborted,
    /// The log does not have it.
    Absent,
}

impl Said {
    /// Refused as misbehaviour of somebody.
    pub(super) fn security(&self) -> bool {
        matches!(self, Said::Refused(502, text) if text.contains("SECURITY"))
    }
}

/// What is asked of a module.
pub(super) fn asks(module: &Module) -> [String; 3] {
    [module.url_path("mod"), module.url_path("zip"), lookup(module)]
}

/// The lookup of a module.
pub(super) fn lookup(module: &Module) -> String {
    let path = module.url_path("zip").replace("/@v/", "@");
    format!("sumdb/{LOG}/lookup/{}", path.trim_end_matches(".zip"))
}

/// The newest head.
pub(super) fn latest() -> String {
    format!("sumdb/{LOG}/latest")
}

/// The size that a signed head names.
pub(super) fn head_size(head: &[u8]) -> Option<u64> {
    std::str::from_utf8(head).ok()?.lines().nth(1)?.parse().ok()
}

/// Calls with each file below a directory.
pub(super) fn each_file(dir: &Path, see: &mut impl FnMut(&Path)) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            each_file(&entry.path(), see);
        } else {
            see(&entry.path());
        }
    }
}

fn start(answer: &Response) -> String {
    answer.text().chars().take(300).collect()
}
