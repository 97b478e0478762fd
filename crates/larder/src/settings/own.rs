//! The own checksum database: its name, its key file, and where its newest head is kept a second time.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use gomod::DbName;
use sumdb::{Signer, Verifier};
use toml::Spanned;

use super::{
    file,
    origin::{Origin, Valued},
    pick::{self, Pick},
    wrong::Wrong,
};

/// The own checksum database. The private key is not in it: [`Own::signer`] reads it where it is needed.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    /// The name in its key.
    pub(crate) name: Valued<DbName>,
    /// What clients verify with.
    pub(crate) verifier: Verifier,
    /// The file with the private key.
    pub(crate) key: Valued<PathBuf>,
    /// The file with the newest head, by which an old backup of the data directory is known.
    pub(crate) head: Valued<PathBuf>,
}

impl Own {
    /// Checks `[sumdb.own]`; what is wrong is noted in `pick`. `public` is the name of the public database.
    pub(super) fn check(
        entry: &Spanned<file::Own>,
        public: Option<&DbName>,
        pick: &mut Pick<'_>,
    ) -> Option<Self> {
        let before = pick.count();
        let file::Own { name, key, head } = entry.get_ref();
        let file = pick.file()?;
        let path = |text: &String| pick::path(OsStr::new(text)).map(|_| file.resolve(text));
        let head = pick.in_file("sumdb.own.head", head.as_ref(), path);
        let Some(key_text) = key else {
            let wrong = Wrong::new("`key` is missing");
            let help = "make one with `larder sumdb keygen NAME`, and set key = \"FILE\"";
            pick.wrong_in_file("sumdb.own", entry, wrong.help(help));
            return None;
        };
        let key = pick.in_file("sumdb.own.key", Some(key_text), path)?;
        let signer = pick.in_file("sumdb.own.key", Some(key_text), |_| read_key(&key.value))?.value;
        let verifier = signer.verifier().clone();
        let in_key = pick.in_file("sumdb.own.key", Some(key_text), |_| name_of(&verifier, public))?.value;
        let name = match name {
            Some(name) => pick.in_file("sumdb.own.name", Some(name), |text| same_name(text, in_key))?,
            None => Valued { value: in_key, origin: Origin::Default },
        };
        let head = head.unwrap_or_else(|| Valued { value: beside(&key.value), origin: Origin::Default });
        (pick.count() == before).then_some(Own { name, verifier, key, head })
    }

    /// The private key, read from its file.
    pub(crate) fn signer(&self) -> Result<Signer, Wrong> {
        read_key(&self.key.value)
    }

    /// What is valid, and yet not wise.
    pub(super) fn warn(&self, data: &Path, warnings: &mut Vec<String>) {
        for (what, path) in [("key", &self.key), ("head", &self.head)] {
            if path.value.starts_with(data) {
                warnings.push(format!(
                    "sumdb.own.{what} lies in the data directory: who gets a copy of that gets it too, and a backup \
                     that is older than the log goes unnoticed; keep it elsewhere"
                ));
            }
        }
    }
}

/// The default place of the second head.
fn beside(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push(".head");
    name.into()
}

fn name_of(verifier: &Verifier, public: Option<&DbName>) -> Result<DbName, Wrong> {
    let name = own_name(verifier.name())?;
    if public == Some(&name) {
        return Err(Wrong::new(format!("its name is {name}, and so is that of the public database"))
            .help("make a key with another name: `larder sumdb keygen NAME`"));
    }
    Ok(name)
}

fn same_name(text: &str, in_key: DbName) -> Result<DbName, Wrong> {
    if text == in_key.as_str() {
        return Ok(in_key);
    }
    Err(Wrong::new(format!("{text:?} is not the name in the key, which is {:?}", in_key.as_str()))
        .help("take the line out, or make a key with this name: `larder sumdb keygen NAME`"))
}

/// A name that an own database may have: it is served below it, and `go` takes well-known names for somebody else's.
pub(crate) fn own_name(name: &str) -> Result<DbName, Wrong> {
    let help = "take a name of your own, like sum.corp.example";
    let name = DbName::new(name).map_err(|error| Wrong::new(error.to_string()).help(help))?;
    if WELL_KNOWN.contains(&name.as_str()) {
        return Err(Wrong::new(format!("the go command knows {name} with another key")).help(help));
    }
    Ok(name)
}

/// Reads a private key that nobody but its owner can read.
pub(crate) fn read_key(path: &Path) -> Result<Signer, Wrong> {
    let shown = path.display();
    let unreadable = |error| {
        Wrong::new(format!("{shown} cannot be read: {error}"))
            .help("`larder sumdb keygen NAME` makes a key file; a relative path begins where this file lies")
    };
    // Opening something else could wait for ever.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(Wrong::new(format!("{shown} is not a file")).help("name the file with the private key"));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    closed_to_others(path, &file.metadata().map_err(unreadable)?)?;
    let mut text = String::new();
    file.by_ref().take(LARGEST).read_to_string(&mut text).map_err(unreadable)?;
    Signer::parse(text.trim_end()).map_err(|_| {
        Wrong::new(format!("{shown} holds no private key of a checksum database"))
            .help("name the file that `larder sumdb keygen` wrote, unaltered")
    })
}

#[cfg(unix)]
fn closed_to_others(path: &Path, meta: &fs::Metadata) -> Result<(), Wrong> {
    use std::os::unix::fs::PermissionsExt;
    let mode = meta.permissions().mode() & 0o7777;
    if mode.is_multiple_of(0o100) {
        return Ok(());
    }
    let shown = path.display();
    Err(Wrong::new(format!(
        "{shown} is open to others (mode {mode:04o}), and who has the key can sign for you"
    ))
    .help(format!("chmod 600 {shown}")))
}

#[cfg(not(unix))]
fn closed_to_others(_: &Path, _: &fs::Metadata) -> Result<(), Wrong> {
    Ok(())
}

/// Names for which the go command has a key built in.
const WELL_KNOWN: [&str; 2] = ["sum.golang.org", "sum.golang.google.cn"];
/// A key is much shorter.
const LARGEST: u64 = 4096;
