//! Where the installed Go lies, found without running it.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::Environment;

/// The GOROOT: the one that is set, in the user's file or else in the environment (cmd/go asks in this order), or
/// that of the first `go` in PATH that has a `go.env` beside its `bin` directory.
pub(super) fn find(in_user_file: Option<&str>, env: &Environment) -> Option<PathBuf> {
    let set = in_user_file.filter(|value| !value.is_empty()).map(PathBuf::from);
    set.or_else(|| env.get("GOROOT").map(PathBuf::from)).or_else(|| {
        env.path().map(|dir| dir.join("go")).filter(|go| is_executable(go)).find_map(|go| root_of(&go))
    })
}

/// A package manager's `go` is often a link into the GOROOT; a version manager's is often a script that lies in
/// none, and is passed over.
fn root_of(go: &Path) -> Option<PathBuf> {
    let go = go.canonicalize().ok()?;
    let root = go.parent()?.parent()?;
    root.join("go.env").is_file().then(|| root.to_owned())
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn install(root: &Path) {
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::write(root.join("bin/go"), "").unwrap();
        fs::set_permissions(root.join("bin/go"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(root.join("go.env"), "").unwrap();
    }

    #[test]
    fn goroot_is_found_from_settings_or_path() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let (real, linked, shims, docs) =
            (dir.join("real"), dir.join("linked"), dir.join("shims/bin"), dir.join("docs"));
        install(&real);
        for dir in [&linked, &shims, &docs] {
            fs::create_dir_all(dir).unwrap();
        }
        symlink("../real/bin/go", linked.join("go")).unwrap();
        // A script without a GOROOT around it, and a file that is no program.
        fs::write(shims.join("go"), "").unwrap();
        fs::set_permissions(shims.join("go"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(docs.join("go"), "").unwrap();

        let joined = |dirs: &[&Path]| std::env::join_paths(dirs).unwrap();
        let direct = real.join("bin");
        let found = |in_file: Option<&str>, env: &[(&str, &std::ffi::OsStr)]| {
            find(in_file, &Environment::new(env.iter().copied()))
        };
        assert_eq!(found(None, &[]), None);
        assert_eq!(found(None, &[("PATH", &joined(&[&direct]))]), Some(real.clone()));
        assert_eq!(found(None, &[("PATH", &joined(&[&linked]))]), Some(real.clone()));
        assert_eq!(found(None, &[("PATH", &joined(&[&docs, &shims]))]), None);
        assert_eq!(found(None, &[("PATH", &joined(&[&docs, &shims, &linked]))]), Some(real.clone()));
        let path = joined(&[&direct]);
        let (set, by_file): (PathBuf, PathBuf) = ("/opt/go".into(), "/opt/other".into());
        assert_eq!(found(None, &[("PATH", &path), ("GOROOT", set.as_os_str())]), Some(set.clone()));
        assert_eq!(found(Some(""), &[("PATH", &path), ("GOROOT", set.as_os_str())]), Some(set.clone()));
        assert_eq!(found(Some("/opt/other"), &[("PATH", &path), ("GOROOT", set.as_os_str())]), Some(by_file));
    }
}
