//! What must not stand in any file of the repository.

use std::process::Command;

use crate::{none, top};

/// Hosts of public registries and proxies, and paths of one person's machine. In pieces, so that this list does not
/// find itself.
const NEVER: [[&str; 2]; 13] = [
    ["proxy.golang", ".org"],
    ["goproxy", ".io"],
    ["goproxy", ".cn"],
    ["athens.azurefd", ".net"],
    ["mirrors.aliyun", ".com"],
    ["index.crates", ".io"],
    ["static.crates", ".io"],
    ["registry.npmjs", ".org"],
    ["files.pythonhosted", ".org"],
    ["pypi", ".org"],
    ["/ro", "ot/"],
    ["/wo", "rk/"],
    ["/Us", "ers/"],
];

#[test]
fn no_public_proxy_and_no_machine_is_named() {
    let git = Command::new("git").args(["ls-files", "-z"]).current_dir(top()).output().unwrap();
    if !testkit::require("a git checkout", git.status.success()) {
        return;
    }
    let names = String::from_utf8(git.stdout).unwrap();
    let mut findings = Vec::new();
    // Cargo.lock names the registry that it was resolved with.
    for name in names.split_terminator('\0').filter(|name| *name != "Cargo.lock") {
        let Ok(bytes) = std::fs::read(top().join(name)) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for never in NEVER.map(|parts| parts.concat()) {
            let hit = text.lines().position(|line| line.contains(&never));
            findings.extend(hit.map(|line| format!("{name}:{}: {never}", line + 1)));
        }
    }
    none(&findings, "no file names a public registry or proxy, nor a path of one machine");
}
