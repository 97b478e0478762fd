//! `larder sumdb keygen`: the key of an own checksum database.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use gomod::DbName;
use serde_json::json;
use sumdb::{PrivateKey, Signer};

use crate::{config::Printed, settings::own_name};

/// Writes a new private key to a file of its own, and prints the public one.
pub(super) fn keygen(args: &crate::args::KeygenArgs) -> Printed {
    match make(&args.name, args.out.as_deref()) {
        Ok(made) if args.json => Printed { out: format!("{:#}\n", made.json()), ..Printed::default() },
        Ok(made) => Printed { out: format!("{}\n", made.vkey), err: made.advice(), code: 0 },
        Err(why) => Printed { err: format!("larder: {why}\n"), code: crate::FAILED, ..Printed::default() },
    }
}

/// What was made. The private key is in the file alone.
struct Made {
    name: DbName,
    vkey: String,
    file: PathBuf,
}

fn make(name: &str, out: Option<&Path>) -> Result<Made, String> {
    let name = own_name(name).map_err(|wrong| {
        let help = wrong.help.map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}{help}", wrong.what)
    })?;
    let private = PrivateKey::generate(name.as_str()).map_err(|error| error.to_string())?;
    let signer = Signer::parse(private.expose()).map_err(|error| error.to_string())?;
    let file = out.map_or_else(|| default_file(&name), Path::to_owned);
    write(&file, &private).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!(
            "{} is there already, and a private key is never overwritten; name another file with --out",
            file.display()
        ),
        _ => format!("{} cannot be written: {error}", file.display()),
    })?;
    Ok(Made { name, vkey: signer.verifier().to_string(), file })
}

/// In the working directory, under the database's name.
fn default_file(name: &DbName) -> PathBuf {
    PathBuf::from(format!("{}.key", name.as_str().replace(['/', ':'], "-")))
}

/// Durably, and closed to others from the first byte on.
pub(crate) fn write(path: &Path, key: &PrivateKey) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = writeln!(file, "{}", key.expose())
        .and_then(|()| file.sync_all())
        .and_then(|()| File::open(dir)?.sync_all());
    if written.is_err() {
        // Half a key is worth nothing, and would be in the way of the next try.
        let _ = std::fs::remove_file(path);
    }
    written
}

impl Made {
    fn json(&self) -> serde_json::Value {
        json!({"name": self.name.as_str(), "vkey": self.vkey, "file": self.file.to_string_lossy()})
    }

    fn advice(&self) -> String {
        let (name, vkey, file) = (&self.name, &self.vkey, self.file.display());
        format!(
            "The private key of {name} is in {file}. Keep a copy in a safe place.\n\
             \n\
             In Larder's configuration file:\n\
             \n\
             \x20 [sumdb.own]\n\
             \x20 key = \"{file}\"\n\
             \n\
             On clients, with the URL of your Larder:\n\
             \n\
             \x20 go env -w GOSUMDB='{vkey} http://larder.example.com:4873'\n"
        )
    }
}
