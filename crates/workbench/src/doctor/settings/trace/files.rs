//! The files that usually set variables.

use std::path::{Path, PathBuf};

use crate::Environment;

/// Shell profiles, of the user before those of the machine.
pub(super) fn profiles(env: &Environment) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if let Some(home) = env.home() {
        files.extend(PROFILES.map(|name| home.join(name)));
        files.extend(listed(&home.join(".config/fish/conf.d"), |name| ends(name, "fish")));
        files.extend(listed(&home.join(".config/environment.d"), |name| ends(name, "conf")));
    }
    for variable in ["ZDOTDIR", "BASH_ENV", "ENV"] {
        match env.get(variable).map(Path::new) {
            Some(dir) if variable == "ZDOTDIR" => {
                files.extend([".zshenv", ".zprofile", ".zshrc", ".zlogin"].map(|name| dir.join(name)));
            }
            Some(file) => files.push(file.to_owned()),
            None => {}
        }
    }
    files.extend(MACHINE.map(PathBuf::from));
    files.extend(listed(Path::new("/etc/profile.d"), |name| ends(name, "sh")));
    files
}

/// Settings of the user's editors.
pub(super) fn editors(env: &Environment) -> Vec<PathBuf> {
    let Some(config) = env.config_dir() else { return Vec::new() };
    ["Code", "Code - OSS", "VSCodium", "Cursor"]
        .map(|editor| config.join(editor).join("User/settings.json"))
        .into_iter()
        .chain([config.join("zed/settings.json")])
        .collect()
}

/// Files of the project: at the directory itself, its module's root, and above up to the top of the repository.
pub(super) fn project(dir: &Path, root: Option<&Path>) -> Vec<PathBuf> {
    let top = dir.ancestors().find(|dir| dir.join(".git").exists()).or(root).unwrap_or(dir);
    let mut files = Vec::new();
    for place in dir.ancestors().take_while(|place| place.starts_with(top)).take(MOST_LEVELS) {
        files.extend(PROJECT.map(|name| place.join(name)));
        files.extend(listed(place, is_of_a_build));
        files.extend(listed(&place.join(".github/workflows"), is_yaml));
        files.extend(listed(&place.join(".devcontainer"), |name| ends(name, "json")));
    }
    files
}

/// Dockerfiles, compose files and parts of makefiles, by their names.
fn is_of_a_build(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("dockerfile")
        || ends(&lower, "dockerfile")
        || lower.starts_with("containerfile")
        || ends(&lower, "mk")
        || (is_yaml(&lower) && (lower.starts_with("docker-compose") || lower.starts_with("compose")))
}

fn is_yaml(name: &str) -> bool {
    ends(name, "yml") || ends(name, "yaml")
}

fn ends(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == extension)
}

/// The files of a directory whose names are such, in order.
fn listed(dir: &Path, such: fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = dir.read_dir() else { return Vec::new() };
    let mut files: Vec<_> = entries
        .take(MOST_ENTRIES)
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_str().is_some_and(such))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

/// In the home directory.
const PROFILES: [&str; 20] = [
    ".profile",
    ".bash_profile",
    ".bash_login",
    ".bashrc",
    ".bash_aliases",
    ".zshenv",
    ".zprofile",
    ".zshrc",
    ".zlogin",
    ".kshrc",
    ".mkshrc",
    ".cshrc",
    ".tcshrc",
    ".login",
    ".xprofile",
    ".xsessionrc",
    ".pam_environment",
    ".config/fish/config.fish",
    ".config/fish/fish_variables",
    ".config/nushell/env.nu",
];

/// For every user of the machine.
const MACHINE: [&str; 10] = [
    "/etc/environment",
    "/etc/profile",
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/zshenv",
    "/etc/zsh/zshenv",
    "/etc/zsh/zprofile",
    "/etc/zsh/zshrc",
    "/etc/fish/config.fish",
    "/etc/security/pam_env.conf",
];

/// In the directories of a project.
const PROJECT: [&str; 24] = [
    ".vscode/settings.json",
    ".vscode/launch.json",
    ".vscode/tasks.json",
    ".zed/settings.json",
    ".idea/workspace.xml",
    ".devcontainer.json",
    ".envrc",
    ".env",
    "mise.toml",
    ".mise.toml",
    "Makefile",
    "makefile",
    "GNUmakefile",
    "justfile",
    "Taskfile.yml",
    "Taskfile.yaml",
    "Jenkinsfile",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    ".drone.yml",
    ".woodpecker.yml",
];

/// Directories between the project and the top of its repository.
const MOST_LEVELS: usize = 20;
/// Entries of a directory that are looked at.
const MOST_ENTRIES: usize = 1000;
