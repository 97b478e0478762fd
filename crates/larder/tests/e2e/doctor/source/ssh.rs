//! Repositories behind `ssh`. Its settings, keys, agent and known hosts are real, and so is the program that reads them;
//! for the server speaks a program with the words of OpenSSH.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use testkit::{GitFixture, GoCommand, require, run};

use super::{at_home, go_fails, requiring, source};
use crate::doctor::doctor;

const HOST: &str = "code.corp.example.com";
const REFUSED: &str = "git@code.corp.example.com: Permission denied (publickey).\n";

/// A project whose repository lies behind ssh, where a server says this.
fn behind_ssh(says: &str) -> Option<GoCommand> {
    let there = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
    };
    if !require("git", GitFixture::is_possible()) || !require("ssh", there("ssh") && there("ssh-keygen")) {
        return None;
    }
    let go = requiring(&format!("{HOST}/team/lib.git v1.0.0")).env("GOPRIVATE", HOST);
    at_home(&go, ".gitconfig", &format!("[url \"git@{HOST}:\"]\n\tinsteadOf = https://{HOST}/\n"), 0o600);
    let home = go.work().join("../home").canonicalize().unwrap();
    let shown = home.display();
    at_home(
        &go,
        "ssh_config",
        &format!(
            "Host *\n\tIdentityFile {shown}/.ssh/id_ed25519\n\tUserKnownHostsFile {shown}/.ssh/known_hosts\n\tGlobalKnownHostsFile none\n\tStrictHostKeyChecking ask\n"
        ),
        0o600,
    );
    at_home(&go, "says", says, 0o600);
    at_home(
        &go,
        "bin/ssh",
        &format!(
            "#!/bin/sh\nfor word; do [ \"$word\" != -G ] || exec ssh -F {shown}/ssh_config \"$@\"; done\ncat {shown}/says >&2\nexit 255\n"
        ),
        0o755,
    );
    Some(go.env("GIT_SSH_COMMAND", home.join("bin/ssh")))
}

/// A key in the file where ssh looks for one.
fn key(go: &GoCommand, passphrase: &str, mode: u32) {
    let file = go.work().join("../home/.ssh/id_ed25519");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let mut command = Command::new("ssh-keygen");
    run(command.args(["-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f"]).arg(&file)).ok();
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn there_is_no_key() {
    let Some(go) = behind_ssh(REFUSED) else { return };
    go_fails(&go);
    source(&go).is("L4-SSH-NO-KEY");
}

#[test]
fn the_key_wants_a_passphrase_and_no_agent_runs() {
    let Some(go) = behind_ssh(REFUSED) else { return };
    key(&go, "hunter2", 0o600);
    go_fails(&go);
    source(&go).is("L4-SSH-AGENT");
    source(&go.env("SSH_AUTH_SOCK", "/nowhere/agent")).is("L4-SSH-AGENT");
}

#[test]
fn others_can_read_the_key() {
    let Some(go) = behind_ssh(REFUSED) else { return };
    key(&go, "", 0o644);
    go_fails(&go);
    source(&go).is("L4-SSH-KEY-MODE");
}

#[test]
fn the_server_does_not_know_the_key() {
    let Some(go) = behind_ssh(REFUSED) else { return };
    key(&go, "", 0o600);
    go_fails(&go);
    source(&go).is("L4-SSH-KEY");
}

#[test]
fn the_servers_key_is_not_known() {
    let Some(go) = behind_ssh("Host key verification failed.\n") else { return };
    go_fails(&go);
    source(&go).is("L4-SSH-HOST-UNKNOWN");
    // That can be seen without asking anybody.
    doctor(&go, &["--check", "source", "--offline"]).is("L4-SSH-HOST-UNKNOWN");
    key(&go, "", 0o600);
    let public = fs::read_to_string(go.work().join("../home/.ssh/id_ed25519.pub")).unwrap();
    at_home(&go, ".ssh/known_hosts", &format!("{HOST} {public}"), 0o600);
    doctor(&go, &["--check", "source", "--offline"]).healthy();
}

#[test]
fn the_servers_key_has_changed() {
    let says = "@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@@@@\nHost key verification failed.\n";
    let Some(go) = behind_ssh(says) else { return };
    go_fails(&go);
    source(&go).is("L4-SSH-HOST-CHANGED");
}

#[test]
fn ssh_refuses_its_configuration() {
    let Some(go) = behind_ssh("") else { return };
    at_home(&go, "ssh_config", "NoSuchOption yes\n", 0o600);
    let config = go.work().join("../home/ssh_config");
    let go = go.env("GIT_SSH_COMMAND", format!("ssh -F {}", config.display()));
    go_fails(&go);
    source(&go).is("L4-SSH-CONFIG");
}

#[test]
fn there_is_no_ssh() {
    let Some(go) = behind_ssh("") else { return };
    let go = go.env("GIT_SSH_COMMAND", "/nowhere/ssh");
    go_fails(&go);
    source(&go).is("L4-NO-SSH");
}
