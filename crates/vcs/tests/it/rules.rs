//! The rules of versions one by one, each with a repository of its own: what we answer, and that go answers the same.

mod paths;
mod queries;
mod script;
mod versions;
mod zips;

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

use gomod::{ModuleVersion, Rev};
use testkit::{GitFixture, GoCommand, ModuleTree, ScriptedUpstream, require};
use vcs::{Code, Place, Repo, VcsError};

use self::script::{Built, Expected, unescaped};
use crate::{
    differ::{compare, oracle::Signposts},
    own::World,
};

/// What a rule is called, and its script.
type Rule = (&'static str, &'static str);

fn all() -> impl Iterator<Item = Rule> {
    [versions::RULES, paths::RULES, queries::RULES, zips::RULES].into_iter().flatten().copied()
}

#[test]
fn every_rule_holds() {
    if !require("git", GitFixture::is_possible()) {
        return;
    }
    let fixture = GitFixture::empty();
    let dir = tempfile::tempdir().unwrap();
    let cache = crate::cache(dir.path());
    let rules: Vec<_> = all().enumerate().map(|(number, rule)| (format!("n{number}"), rule)).collect();
    let built: Vec<_> =
        rules.iter().map(|(name, (_, script))| script::build(&fixture, name, script)).collect();
    let world = World::of(&fixture);
    let binary: Vec<_> = rules.iter().map(|(name, _)| crate::binary(&cache, &fixture.url(name))).collect();
    let own: Vec<_> = rules.iter().map(|(name, _)| world.repo(name)).collect();
    let binary: Vec<_> = binary.iter().map(|repo| repo as &dyn Repo).collect();
    let own: Vec<_> = own.iter().map(|repo| repo as &dyn Repo).collect();
    let mut wrong = Vec::new();
    for (way, repos) in [("git", &binary), ("in process", &own)] {
        for (((_, (rule, _)), built), repo) in rules.iter().zip(&built).zip(repos) {
            assert!(!built.expected.is_empty(), "{rule}");
            for line in &built.expected {
                let place = compare::place(&line.module);
                if let Err(why) = check(Code::new(*repo, &place), &place, line) {
                    let Expected { module, query, verb, value } = line;
                    wrong.push(format!("{rule} ({way}): {} {query} {verb} {value}\n    {why}", module.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if require("go", GoCommand::find().is_some()) {
        go_says_the_same(&fixture, &rules, &built, &own);
    }
}

fn go_says_the_same(fixture: &GitFixture, rules: &[(String, Rule)], built: &[Built], repos: &[&dyn Repo]) {
    let signposts = Signposts::new();
    let mut questions = Vec::new();
    for (number, built) in built.iter().enumerate() {
        for line in &built.expected {
            signposts.lead(&line.module, &rules[number].0);
            let words = if line.query == "list" { "latest" } else { &line.query };
            let asked = (number, line.module.clone(), words.to_owned());
            if !questions.contains(&asked) {
                questions.push(asked);
            }
        }
    }
    let first = rules.iter().zip(built).filter(|(_, built)| !built.oldest.is_empty());
    let first: Vec<_> =
        first.map(|((name, _), built)| format!("git.example.com/{name}.git@{}", built.oldest)).collect();
    let go = signposts.go(fixture);
    let wrong = compare::differences(&go, &first, &questions, repos, &|_| false);
    let wrong: Vec<_> =
        wrong.iter().map(|(number, what)| format!("{}: {what}", rules[*number].1.0)).collect();
    drop(signposts);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(code: Code<'_>, place: &Place, line: &Expected) -> Result<(), String> {
    let Expected { query, verb, value, .. } = line;
    let is = |ours: &str| if ours == value { Ok(()) } else { Err(format!("we say {ours:?}")) };
    let refused = |error: VcsError| match error {
        VcsError::Absent(text) if text.contains(value.as_str()) => Ok(()),
        other => Err(format!("we say {other:?}")),
    };
    let found = match &**query {
        "list" => {
            let list = code
                .versions()
                .map(|list| list.iter().map(|version| version.to_string()).collect::<Vec<_>>());
            return match (list, &**verb) {
                (Ok(list), "=") => is(&list.join(" ")),
                (Err(error), "!") => refused(error),
                (other, _) => Err(format!("we say {other:?}")),
            };
        }
        "latest" => code.latest(),
        query => Rev::new(query)
            .map_err(|error| VcsError::absent(error.to_string()))
            .and_then(|rev| code.stat(&rev)),
    };
    let found = match (found, &**verb) {
        (Err(error), "!") => return refused(error),
        (Ok(found), "=") => return is(found.version.as_str()),
        (Ok(found), "mod" | "zip" | "nozip") => found,
        (other, _) => return Err(format!("we say {other:?}")),
    };
    let of = ModuleVersion::new(place.path().clone(), found.version).unwrap();
    if verb == "mod" {
        let go_mod = code.go_mod(&of).map_err(|error| error.to_string())?;
        let go_mod = String::from_utf8_lossy(&go_mod).into_owned();
        return if go_mod == unescaped(value) { Ok(()) } else { Err(format!("we say {go_mod:?}")) };
    }
    match (code.zip(&of, Cursor::new(Vec::new())), &**verb) {
        (Err(error), "nozip") => refused(error),
        (Ok(zip), "zip") => {
            let (ours, wanted) = (files(zip, &of), wanted(value));
            let same = ours.keys().eq(wanted.keys())
                && wanted
                    .iter()
                    .all(|(name, content)| content.as_ref().is_none_or(|content| *content == ours[name]));
            if same { Ok(()) } else { Err(format!("we say {ours:?}")) }
        }
        (other, _) => Err(format!("we say {:?}", other.map(drop))),
    }
}

/// Files with their content, from `name name=content`.
fn wanted(text: &str) -> BTreeMap<String, Option<String>> {
    let file = |file: &str| match file.split_once('=') {
        Some((name, content)) => (unescaped(name), Some(unescaped(content))),
        None => (unescaped(file), None),
    };
    text.split(" | ").filter(|name| !name.is_empty()).map(file).collect()
}

fn files(zip: Cursor<Vec<u8>>, of: &ModuleVersion) -> BTreeMap<String, String> {
    let mut zip = zip::ZipArchive::new(zip).unwrap();
    let top = format!("{}@{}/", of.path(), of.version());
    (0..zip.len())
        .map(|at| {
            let mut file = zip.by_index(at).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (
                file.name().unwrap().strip_prefix(&top).unwrap().to_owned(),
                String::from_utf8_lossy(&content).into_owned(),
            )
        })
        .collect()
}

/// A branch with a slash, or a reference in full: no proxy is ever asked for one.
#[test]
fn what_has_a_slash_never_reaches_a_proxy() {
    for asked in ["feature/x", "refs/heads/main", "refs/pull/1/head"] {
        assert!(Rev::new(asked).is_err(), "{asked}");
    }
    if !require("go", GoCommand::find().is_some()) {
        return;
    }
    let proxy = ScriptedUpstream::serving(ModuleTree::default());
    let go = GoCommand::new(&proxy.url());
    let ran = go.run(["list", "-m", "-json", "example.com/m@feature/x"]).fails();
    assert!(ran.stderr.contains("disallowed version string"), "{ran}");
    assert!(proxy.seen().iter().all(|seen| !seen.path.contains("feature")));
}
