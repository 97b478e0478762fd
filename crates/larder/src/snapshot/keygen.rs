//! `larder snapshot keygen`: the key of somebody who vouches for snapshots.

use std::{io, path::PathBuf};

use serde_json::json;
use sumdb::{PrivateKey, Signer};

use crate::{args::SnapshotKeygenArgs, config::Printed, databases, settings::own_name};

/// Writes a new private key to a file of its own, and prints the public one.
pub(super) fn keygen(args: &SnapshotKeygenArgs) -> Printed {
    match make(args) {
        Ok((vkey, file)) if args.json => {
            let json = json!({"name": args.name, "vkey": vkey, "file": file.to_string_lossy()});
            Printed { out: format!("{json:#}\n"), ..Printed::default() }
        }
        Ok((vkey, file)) => {
            let file = file.display();
            let err = format!(
                "The private key of {} is in {file}. Keep it where nobody else can read it.\n\
                 \n\
                 Where snapshots are made:      larder snapshot create --sign {file} -o FILE\n\
                 Where snapshots are restored:  larder snapshot restore --key {vkey} FILE\n",
                args.name
            );
            Printed { out: format!("{vkey}\n"), err, code: 0 }
        }
        Err(why) => Printed { err: format!("larder: {why}\n"), code: crate::FAILED, ..Printed::default() },
    }
}

fn make(args: &SnapshotKeygenArgs) -> Result<(String, PathBuf), String> {
    let name = own_name(&args.name).map_err(|wrong| {
        let help = wrong.help.map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}{help}", wrong.what)
    })?;
    let private = PrivateKey::generate(name.as_str()).map_err(|error| error.to_string())?;
    let signer = Signer::parse(private.expose()).map_err(|error| error.to_string())?;
    let default = || PathBuf::from(format!("{}.key", name.as_str().replace(['/', ':'], "-")));
    let file = args.out.clone().unwrap_or_else(default);
    databases::write_key(&file, &private).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!(
            "{} is there already, and a private key is never overwritten; name another file with --out",
            file.display()
        ),
        _ => format!("{} cannot be written: {error}", file.display()),
    })?;
    Ok((signer.verifier().to_string(), file))
}
