//! Everything that may know a password, on the real binary with all its logging: it is let in, and when it fails, no
//! log, no answer and no page shows the password.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use testkit::{Larder, Ran, Reply, ScriptedUpstream, TestServer, run};

use super::site::{CODE, Site};
use crate::world::tree;

const SECRET: &str = "hunter2-is-secret";

fn write(file: &Path, text: &str, mode: u32) {
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

/// `robot` and that password, as a header has them.
fn basic(dir: &Path) -> String {
    let plain = dir.join("plain");
    fs::write(&plain, format!("robot:{SECRET}")).unwrap();
    run(std::process::Command::new("base64").arg("-w0").arg(&plain)).ok().stdout.trim().to_owned()
}

/// Ways of knowing it, each on a machine of its own.
fn knowing(site: &Site, how: &str) -> Larder {
    let mut larder = site.larder().env("LARDER_LOG", "trace").unset("GOAUTH");
    let home = larder.home();
    fs::remove_file(home.join(".netrc")).unwrap();
    let header = basic(&home);
    match how {
        "a token file" => {
            write(&home.join("token"), SECRET, 0o600);
            let text = "[[credential]]\nhost = \"code.corp.example.com\"\nuser = \"robot\"\ntoken_file = \"token\"\n";
            write(&home.join("larder.toml"), text, 0o644);
            larder = larder.env("LARDER_CONFIG", home.join("larder.toml"));
        }
        "a variable" => {
            let text = "[[credential]]\nhost = \"code.corp.example.com/team\"\nuser = \"robot\"\ntoken_env = \"GIT_TOKEN\"\n";
            write(&home.join("larder.toml"), text, 0o644);
            larder = larder.env("LARDER_CONFIG", home.join("larder.toml")).env("GIT_TOKEN", SECRET);
        }
        "netrc" => {
            write(&home.join(".netrc"), &format!("machine {CODE} login robot password {SECRET}\n"), 0o600);
        }
        "a GOAUTH command" => {
            let text =
                format!("#!/bin/sh\nprintf 'https://{CODE}\\n\\nAuthorization: Basic {header}\\n\\n'\n");
            write(&home.join("goauth"), &text, 0o700);
            larder = larder.env("GOAUTH", home.join("goauth"));
        }
        "a credential helper" => {
            write(&home.join("store"), &format!("https://robot:{SECRET}@{CODE}\n"), 0o600);
            let text = format!("[credential]\n\thelper = store --file={}\n", home.join("store").display());
            write(&home.join(".gitconfig"), &text, 0o600);
            larder = larder.env("GIT_CONFIG_GLOBAL", home.join(".gitconfig"));
        }
        "insteadOf and a header" => {
            let text = format!(
                "[url \"https://robot:{SECRET}@{CODE}/team/\"]\n\tinsteadOf = https://{CODE}/team/\n\
                 [http \"https://{CODE}\"]\n\textraHeader = X-Token: {SECRET}\n"
            );
            write(&home.join(".gitconfig"), &text, 0o600);
            larder = larder.env("GIT_CONFIG_GLOBAL", home.join(".gitconfig"));
        }
        _ => panic!("{how}"),
    }
    larder
}

const WAYS: [&str; 6] = [
    "a token file",
    "a variable",
    "netrc",
    "a GOAUTH command",
    "a credential helper",
    "insteadOf and a header",
];

/// What can be asked without changing anything.
const PAGES: [&str; 4] = ["/metrics", "/readyz", "/healthz", "/api/v1/sumdb"];

fn nothing_is_shown(how: &str, server: TestServer, answers: &[String]) {
    let pages = PAGES.map(|page| server.get(page).text());
    let Ran { stdout, stderr, .. } = server.stop();
    assert!(stderr.contains("TRACE") || stderr.contains("DEBUG"), "{how}: it logs everything");
    for text in answers.iter().chain(&pages).chain([&stdout, &stderr]) {
        let shown = text.find(SECRET).map(|at| text.get(at.saturating_sub(200)..at + 40).unwrap_or_default());
        assert_eq!(shown, None, "{how}");
        let shown =
            text.find("cm9ib3Q6aHVudGVyMi1pcy1zZWNyZXQ").map(|at| text.get(at.saturating_sub(200)..at));
        assert_eq!(shown, None, "{how}");
    }
}

#[test]
fn whoever_knows_the_password_is_let_in_and_nothing_shows_it() {
    let Some(site) = Site::with_lib() else { return };
    let upstream = ScriptedUpstream::serving(tree());
    for how in WAYS {
        let server = knowing(&site, how).serve(&upstream.url()).start();
        site.server.natural();
        site.server.demand("*", "robot", SECRET);
        let lib = format!("/{CODE}/team/lib.git");
        let mut answers = Vec::new();
        for kind in ["@v/list", "@v/v1.1.0.info", "@v/v1.1.0.zip"] {
            let got = server.get(&format!("{lib}/{kind}"));
            assert_eq!(got.status, 200, "{how}, {kind}: {}", got.text());
            answers.push(got.text());
        }
        // Everything that may go wrong, told in every detail.
        for reply in [
            Reply::status(401),
            Reply::status(403),
            Reply::status(500),
            Reply::ok(format!("you said {SECRET}")).content_type("text/plain"),
            Reply::reset(),
            Reply::redirect(302, "https://elsewhere.example.com/r"),
        ] {
            site.server.always("*", reply);
            for module in ["other", "lib"] {
                for kind in ["@latest", "@v/list", "@v/main.info"] {
                    answers.push(server.get(&format!("/{CODE}/team/{module}.git/{kind}")).text());
                }
            }
        }
        nothing_is_shown(how, server, &answers);
    }
}
