//! What the go command says, straight from the same repositories.

use std::{collections::HashMap, fs, path::Path};

use serde_json::Value;
use testkit::{Authority, GitFixture, GoCommand, ModuleTree, Reply, ScriptedUpstream, Tunnel};

use super::{build::Named, compare::Answer};

/// A web server that leads from module paths to repositories.
pub(crate) struct Signposts {
    server: ScriptedUpstream,
    tunnel: Tunnel,
    authority: Authority,
}

impl Signposts {
    pub(crate) fn new() -> Self {
        let authority = Authority::for_hosts(&["code.example.com", "gopkg.in"]);
        let server = ScriptedUpstream::over_tls(ModuleTree::default(), &authority);
        let tunnel = Tunnel::to(server.address());
        Self { server, tunnel, authority }
    }

    /// Leads from a module that its path alone does not tell to a repository.
    pub(crate) fn lead(&self, module: &Named, name: &str) {
        let Named { root, subdir, .. } = module;
        let Some((_, path)) = root.split_once('/').filter(|(host, _)| *host != "git.example.com") else {
            return;
        };
        let tag = format!("{root} git https://git.example.com/{name} {subdir}");
        let page =
            format!("<html><head><meta name=\"go-import\" content=\"{}\"></head></html>", tag.trim_end());
        for asked in [path.to_owned(), format!("{path}/*")] {
            self.server.always(&asked, Reply::ok(page.clone()).content_type("text/html"));
        }
    }

    /// A go that is on a machine of its own, with these repositories behind the names of their servers.
    pub(crate) fn go(&self, fixture: &GitFixture) -> GoCommand {
        let go = GoCommand::new("direct").env("HTTPS_PROXY", self.tunnel.url());
        let ca = go.work().join("ca.pem");
        fs::write(&ca, self.authority.ca()).unwrap();
        let instead = format!("url.{}/.insteadOf", fixture.url("").trim_end_matches('/'));
        let settings =
            [(&*instead, "https://git.example.com/"), ("gc.auto", "0"), ("maintenance.auto", "false")];
        let count = settings.len().to_string();
        let go = go.env("SSL_CERT_FILE", ca).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_COUNT", count);
        settings.iter().enumerate().fold(go, |go, (n, (key, value))| {
            go.env(&format!("GIT_CONFIG_KEY_{n}"), key).env(&format!("GIT_CONFIG_VALUE_{n}"), value)
        })
    }
}

/// The versions of each of these modules, or why there is no list.
pub(crate) fn lists(go: &GoCommand, modules: &[String]) -> HashMap<String, Result<Vec<String>, String>> {
    let mut args = vec!["list", "-m", "-e", "-json", "-versions", "-retracted"];
    args.extend(modules.iter().map(String::as_str));
    let answers = json(&go.run(args).stdout);
    assert_eq!(answers.len(), modules.len());
    let list = |answer: &Value| match answer["Error"]["Err"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(answer["Versions"].as_array().into_iter().flatten().map(text).collect()),
    };
    answers.iter().map(|answer| (text(&answer["Path"]), list(answer))).collect()
}

/// What go says of each of these, `PATH@WORDS`; the first ones are only to make it fetch.
pub(crate) fn downloads(go: &GoCommand, first: &[String], asked: &[String]) -> Vec<Answer> {
    go.run(["mod", "download", "-json"].into_iter().chain(first.iter().map(String::as_str)));
    let ran = go.run(["mod", "download", "-json"].into_iter().chain(asked.iter().map(String::as_str)));
    let answers = json(&ran.stdout);
    assert_eq!(answers.len(), asked.len(), "{ran}");
    answers.iter().map(answer).collect()
}

fn answer(answer: &Value) -> Answer {
    let refusal = || answer["Error"].as_str().unwrap_or_default().to_owned();
    let file = |field: &str| answer[field].as_str().map(|path| fs::read(Path::new(path)).unwrap());
    let Some(info) = file("Info") else { return Answer { found: Err(refusal()), ..Answer::default() } };
    let info: Value = serde_json::from_slice(&info).unwrap();
    // What led to it stands only in what the query gave.
    let reference = if answer["Query"].is_null() { &info["Origin"]["Ref"] } else { &answer["Origin"]["Ref"] };
    let found =
        [&info["Version"], &info["Time"], &info["Origin"]["Hash"], &info["Origin"]["Subdir"], reference];
    let Some(go_mod) = file("GoMod") else {
        return Answer { found: Ok(found.map(text)), go_mod: Err(refusal()), ..Answer::default() };
    };
    let zip = answer["Sum"].as_str().map_or_else(|| Err(refusal()), |sum| Ok(sum.to_owned()));
    Answer { found: Ok(found.map(text)), go_mod: Ok(go_mod), zip }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn json(text: &str) -> Vec<Value> {
    serde_json::Deserializer::from_str(text).into_iter().map(|value| value.unwrap()).collect()
}
