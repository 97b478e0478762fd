//! Where the project's own repository lies.

use std::path::{Path, PathBuf};

use crate::doctor::modules;

/// The host of a remote of the repository around `dir`, and the path on it: `git.example.com`, `team/app`.
pub(super) fn of(dir: &Path) -> Vec<(String, String)> {
    let Some(config) = dir.ancestors().map(|dir| dir.join(".git")).find_map(|git| config(&git)) else {
        return Vec::new();
    };
    let text = modules::read(&config).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    urls(&text.unwrap_or_default()).filter_map(place).collect()
}

/// The configuration of a repository, or of the one that a worktree belongs to.
fn config(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.join("config"));
    }
    let text = String::from_utf8(modules::read(git).ok()?).ok()?;
    let dir = git.parent()?.join(text.strip_prefix("gitdir:")?.trim());
    let shared = modules::read(&dir.join("commondir")).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Some(shared.map_or_else(|| dir.clone(), |shared| dir.join(shared.trim())).join("config"))
}

fn urls(text: &str) -> impl Iterator<Item = &str> {
    let mut remote = false;
    text.lines().filter_map(move |line| {
        let line = line.trim();
        if line.starts_with('[') {
            remote = line.starts_with("[remote ");
        }
        let (name, value) = line.split_once('=').filter(|_| remote)?;
        (name.trim() == "url").then(|| value.trim().trim_matches('"'))
    })
}

/// Of a URL, or of `user@host:path`.
fn place(url: &str) -> Option<(String, String)> {
    let (authority, path) = match url.split_once("://") {
        Some(("file", _)) => return None,
        Some((_, rest)) => rest.split_once('/')?,
        None => url.split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split(':').next().unwrap_or(host).to_lowercase();
    let path = path.trim_matches('/').trim_end_matches(".git").to_owned();
    host.contains('.').then_some((host, path))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn remotes_are_read_wherever_the_configuration_lies() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let text = "[core]\n\turl = no.example.com/x\n[remote \"origin\"]\n\turl = ssh://git@git.example.com:2222/team/app.git\n\
                    [remote \"b\"]\n\turl = git@Code.example.com:team/b.git\n[remote \"c\"]\n\turl = /srv/c\n\turl = file:///srv/d\n";
        fs::create_dir_all(root.join("a/.git/worktrees/w")).unwrap();
        fs::create_dir_all(root.join("a/sub")).unwrap();
        fs::create_dir_all(root.join("w")).unwrap();
        fs::write(root.join("a/.git/config"), text).unwrap();
        fs::write(root.join("a/.git/worktrees/w/commondir"), "../..\n").unwrap();
        fs::write(root.join("w/.git"), "gitdir: ../a/.git/worktrees/w\n").unwrap();
        let wanted = [("git.example.com", "team/app"), ("code.example.com", "team/b")]
            .map(|(host, path)| (host.to_owned(), path.to_owned()));
        assert_eq!(of(&root.join("a/sub")), wanted);
        assert_eq!(of(&root.join("w")), wanted);
        assert_eq!(of(Path::new("/nowhere")), []);
    }
}
