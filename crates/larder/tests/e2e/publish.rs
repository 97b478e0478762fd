//! Private modules that are published here: by tokens, once and for all, whatever the chain says.

use std::{fs, path::Path, process::Command, time::Duration};

use rustix::process::Signal;

use testkit::{Archive, GoCommand, Larder, ModuleTree, Ran, ScriptedUpstream, TestServer, run};

use crate::world::larder;

/// A Larder that keeps `corp.example` private, with a checksum database of its own.
struct World {
    larder: Larder,
    server: TestServer,
    vkey: String,
    /// Where modules are written.
    dir: tempfile::TempDir,
}

const OWN: &str = "sum.corp.example.test";

impl World {
    fn new(chain: &str) -> Self {
        Self::with(chain, "")
    }

    /// The same with more in the configuration file.
    fn with(chain: &str, more: &str) -> Self {
        let larder = larder();
        let key = larder.home().join("sum.key");
        let made = larder.run(["sumdb", "keygen", OWN, "--out", key.to_str().unwrap()]).ok();
        let file = larder.home().join("larder.toml");
        let config = format!(
            "failure = \"0s\"\n[sumdb.own]\nkey = \"sum.key\"\n\
             [[route]]\nmodules = [\"corp.example\"]\nchain = \"{chain}\"\nsumdb = \"ledger\"\n{more}"
        );
        fs::write(&file, config).unwrap();
        let server = larder.serve("off").flag("--config", file).start();
        Self { larder, server, vkey: made.stdout.trim_end().to_owned(), dir: tempfile::tempdir().unwrap() }
    }

    /// Runs a command on the data directory, beside the server.
    fn run(&self, words: &[&str]) -> Ran {
        let (data, config) = (self.larder.data(), self.larder.home().join("larder.toml"));
        let more = ["--data", data.to_str().unwrap(), "--config", config.to_str().unwrap()];
        self.larder.clone().env("LARDER_SUMDB", "off").run(words.iter().copied().chain(more))
    }

    fn token(&self, name: &str, modules: &str, actions: &str) -> String {
        let made = self.run(&["token", "create", name, "--modules", modules, "--actions", actions]).ok();
        made.stdout.trim_end().to_owned()
    }

    /// A module in a directory of its own.
    fn module(&self, name: &str, path: &str, n: u32) -> String {
        let dir = self.dir.path().join(name);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("go.mod"), format!("module {path}\n\ngo 1.21\n")).unwrap();
        fs::write(dir.join("m.go"), format!("package m\n\nconst N = {n}\n")).unwrap();
        dir.to_str().unwrap().to_owned()
    }

    fn publish(&self, token: &str, version: &str, dir: &str) -> Ran {
        let words = ["publish", version, "--dir", dir, "--to", &self.server.url(), "--json"];
        self.larder.clone().env("LARDER_TOKEN", token).run(words)
    }

    /// The size of the own log.
    fn records(&self) -> u64 {
        let latest = self.server.get("/latest").expect(200).text();
        latest.lines().nth(1).unwrap().parse().unwrap()
    }

    fn list_or_nothing(&self) -> String {
        let list = self.server.get("/corp.example/m/@v/list");
        if list.status == 200 { list.text() } else { String::new() }
    }

    fn list(&self) -> String {
        self.server.get("/corp.example/m/@v/list").expect(200).text()
    }

    /// A `PUT` with a body, and its status and text.
    fn put(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
        let mut connection = self.server.connect();
        let len = body.len().to_string();
        let headers: Vec<_> = headers.iter().copied().chain([("Content-Length", len.as_str())]).collect();
        connection.ask("PUT", path, &headers).unwrap();
        // Who is refused before his body is read may find the connection closed.
        let _ = connection.send(body);
        let answer = connection.response("PUT").expect("an answer");
        (answer.status, answer.text())
    }
}

const AT: &str = "/api/v1/modules/corp.example/m/@v/v1.0.0";

/// The zip of a module with these files, whatever they are.
fn zip(version: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let files = files.iter().map(|(name, content)| (format!("{version}/{name}"), content.as_bytes()));
    files.fold(Archive::new(), |zip, (name, content)| zip.file(&name, content)).finish()
}

#[test]
fn another_machines_go_gets_and_verifies_what_was_published() {
    let world = World::new("off");
    let token = world.token("ci", "corp.example", "push");
    let dir = world.module("m", "corp.example/m", 7);
    let published = world.publish(&token, "v1.0.0", &dir).ok();
    let said: serde_json::Value = serde_json::from_str(&published.stdout).unwrap();
    assert_eq!((&said["new"], &said["record"]), (&true.into(), &0.into()), "{said}");
    assert_eq!(world.list(), "v1.0.0\n");

    let url = world.server.url();
    let go = GoCommand::new(&url).sumdb(&format!("{} {url}", world.vkey));
    go.write("go.mod", "module test\n\ngo 1.21\n");
    go.write("main.go", "package main\n\nimport \"corp.example/m\"\n\nfunc main() { println(m.N) }\n");
    go.run(["get", "corp.example/m@latest"]).ok();
    go.run(["build", "-o", "out", "."]).ok();
    go.run(["mod", "verify"]).ok();
    let h1 = said["h1"].as_str().unwrap();
    assert!(go.read("go.sum").contains(&format!("corp.example/m v1.0.0 {h1}")), "{}", go.read("go.sum"));
    let info = world.server.get("/corp.example/m/@v/v1.0.0.info").expect(200);
    assert_eq!(info.header("x-larder-verified"), Some("published"));
}

#[test]
fn a_version_never_changes_and_is_recorded_once() {
    let world = World::new("off");
    let token = world.token("ci", "corp.example", "push");
    let (one, other) = (world.module("one", "corp.example/m", 1), world.module("other", "corp.example/m", 2));
    world.publish(&token, "v1.0.0", &one).ok();
    let again = world.publish(&token, "v1.0.0", &one).ok();
    assert!(again.stdout.contains("\"new\": false"), "{again}");
    let refused = world.publish(&token, "v1.0.0", &other);
    assert_eq!(refused.code(), Some(1), "{refused}");
    assert!(refused.stderr.contains("conflict") && refused.stderr.matches("h1:").count() == 2, "{refused}");
    // Straight into the directory, beside the server.
    let refused = world.run(&["publish", "v1.0.0", "--dir", &other]);
    assert_eq!(refused.code(), Some(1), "{refused}");
    world.run(&["publish", "v1.1.0", "--dir", &other]).ok();
    assert_eq!(world.list(), "v1.0.0\nv1.1.0\n");
    assert_eq!(world.records(), 2);
}

#[test]
fn of_those_who_publish_different_contents_at_once_exactly_one_wins() {
    let world = World::new("off");
    let config = world.larder.home().join("larder.toml");
    let second = world.larder.serve("off").flag("--config", config).start();
    let token = world.token("ci", "corp.example", "push");
    let ran: Vec<Ran> = std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..6)
            .map(|n| {
                let dir = world.module(&n.to_string(), "corp.example/m", n);
                let url = if n % 2 == 0 { world.server.url() } else { second.url() };
                let larder = world.larder.clone().env("LARDER_TOKEN", &token);
                scope.spawn(move || larder.run(["publish", "v1.0.0", "--dir", &dir, "--to", &url]))
            })
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    let won = ran.iter().filter(|ran| ran.code() == Some(0)).count();
    let lost = ran.iter().filter(|ran| ran.code() == Some(1) && ran.stderr.contains("conflict")).count();
    assert_eq!((won, lost), (1, 5), "{ran:?}");
    assert_eq!(world.records(), 1);
    assert_eq!(world.list(), "v1.0.0\n");
    second.get("/corp.example/m/@v/v1.0.0.zip").expect(200);
}

#[test]
fn nothing_is_changed_without_the_right_token() {
    let world = World::new("off");
    let body = zip("corp.example/m@v1.0.0", &[("go.mod", "module corp.example/m\n")]);
    let bearer = |token: &str| format!("Bearer {token}");
    for (method, path) in [
        ("PUT", AT),
        ("DELETE", AT),
        ("POST", AT),
        ("PATCH", "/api/v1/sumdb"),
        ("POST", "/api/v1/anything"),
        ("PUT", "/corp.example/m/@v/v1.0.0.zip"),
        ("DELETE", "/corp.example/m/@v/v1.0.0.zip"),
        ("PUT", "/"),
    ] {
        let answer = world.server.connect().request(method, path, &[("Content-Length", "0")]);
        assert_eq!(answer.status, 401, "{method} {path}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"), "{method} {path}");
    }
    let push = world.token("push", "corp.example/m", "push");
    let other = world.token("other", "corp.example/other,public.example", "push,delete");
    let short = world.run(&[
        "token",
        "create",
        "short",
        "--modules",
        "corp.example",
        "--actions",
        "push",
        "--expires",
        "1s",
    ]);
    let short = short.ok().stdout.trim_end().to_owned();
    let wrong = format!("larder_{}", "0".repeat(64));
    for (authorization, path, status) in [
        ("Bearer".to_owned(), AT, 401),
        ("Basic eDp5".to_owned(), AT, 401),
        (bearer("nonsense"), AT, 401),
        (bearer(&wrong), AT, 401),
        (bearer(&other), AT, 403),
        (bearer(&other), "/api/v1/modules/public.example/m/@v/v1.0.0", 403),
        (bearer(&push), "/api/v1/modules/corp.example/m/@v/v1", 400),
        (bearer(&push), "/api/v1/nowhere", 404),
    ] {
        let (got, text) = world.put(path, &[("Authorization", &authorization)], &body);
        assert_eq!(got, status, "{path}: {text}");
    }
    let answer = world.server.connect().request("DELETE", AT, &[("Authorization", &bearer(&push))]);
    assert_eq!(answer.status, 403);
    let (status, text) =
        world.put("/api/v1/modules/public.example/m/@v/v1.0.0", &[("Authorization", &bearer(&other))], b"");
    assert!(status == 403 && text.contains("[[route]]"), "{text}");

    // Revoked while the server runs, and expired.
    let (status, text) = world.put(AT, &[("Authorization", &bearer(&push))], &body);
    assert_eq!(status, 201, "{text}");
    world.run(&["token", "revoke", "push"]).ok();
    assert_eq!(world.put(AT, &[("Authorization", &bearer(&push))], &body).0, 401);
    let expired = || world.run(&["token", "list"]).ok().stdout.contains("expired");
    while !expired() {}
    let (status, text) = world.put(AT, &[("Authorization", &bearer(&short))], &body);
    assert!(status == 401 && text.contains("expired"), "{text}");
    assert!(
        !fs::read(world.larder.data().join("catalog.sqlite"))
            .unwrap()
            .windows(64)
            .any(|part| part == &short.as_bytes()[7..])
    );
}

#[test]
fn what_is_no_module_is_refused() {
    let world = World::new("off");
    let token = world.token("ci", "corp.example", "push");
    let authorization = format!("Bearer {token}");
    let put = |kind: &str, body: &[u8]| {
        world.put(AT, &[("Authorization", &authorization), ("Content-Type", kind)], body)
    };
    let of = "corp.example/m@v1.0.0";
    let go_mod = ("go.mod", "module corp.example/m\n");
    let good = zip(of, &[go_mod, ("m.go", "package m\n")]);
    let (name, text) = (format!("{of}/go.mod"), go_mod.1.as_bytes());
    let twice = Archive::new().file(&name, text).file(&name, text).finish();
    let bomb = vec![0; 32 << 20];
    let lying = Archive::new().file(&name, text).file_claiming(&format!("{of}/bomb"), &bomb, 10).finish();
    let table: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("application/zip", Vec::new(), 400, "empty"),
        ("application/zip", b"no zip at all".to_vec(), 422, ""),
        ("application/zip", good[..good.len() / 2].to_vec(), 422, ""),
        ("application/zip", zip("corp.example/m@v1.0.1", &[go_mod]), 422, ""),
        ("application/zip", zip("corp.example/other@v1.0.0", &[go_mod]), 422, ""),
        ("application/zip", twice, 422, ""),
        ("application/zip", lying, 422, ""),
        ("application/zip", zip(of, &[go_mod, ("M.go", "x"), ("m.go", "x")]), 422, ""),
        (
            "application/zip",
            zip(of, &[go_mod, ("sub/go.mod", "module x.example\n")]),
            422,
            "go.mod below the root",
        ),
        ("application/zip", zip(of, &[go_mod, ("../x", "x")]), 422, ""),
        ("application/zip", zip(of, &[("m.go", "package m\n")]), 422, "no go.mod"),
        ("application/zip", zip(of, &[("go.mod", "module corp.example/other\n")]), 422, "corp.example/other"),
        (
            "application/zip",
            zip(of, &[("go.mod", "module corp.example/m\nrequire ((\n")]),
            422,
            "go cannot read",
        ),
        ("application/x-tar", b"no archive".to_vec(), 422, "archive"),
        ("application/x-tar", vec![0; 1024], 422, ""),
        ("text/html", good.clone(), 415, "application/zip"),
    ];
    for (kind, body, status, part) in table {
        let (got, text) = put(kind, &body);
        assert_eq!(got, status, "{part}: {text}");
        assert!(text.contains(part), "{part:?}: {text}");
    }
    // Larger than any module may be, announced before a byte of it came.
    let mut connection = world.server.connect();
    let headers = [("Authorization", authorization.as_str()), ("Content-Length", "524288001")];
    connection.ask("PUT", AT, &headers).unwrap();
    assert_eq!(connection.response("PUT").unwrap().status, 413);
    world.server.get("/corp.example/m/@v/list").expect(404);
    assert_eq!(world.records(), 0);
    let (status, text) = put("application/zip", &good);
    assert_eq!(status, 201, "what was refused has pinned nothing: {text}");
}

#[test]
fn a_body_that_does_not_come_holds_nobody_up() {
    let world = World::with("off", "[publish]\nat_once = 1\ntime = \"1s\"\n");
    let token = world.token("ci", "corp.example", "push");
    let authorization = format!("Bearer {token}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Length", "1000")];
    let mut slow = world.server.connect();
    slow.ask("PUT", AT, &headers).unwrap();
    slow.send(b"PK").unwrap();
    assert_eq!(slow.response("PUT").unwrap().status, 408);
    let mut cut = world.server.connect();
    cut.ask("PUT", AT, &headers).unwrap();
    cut.send(b"PK").unwrap();
    drop(cut);
    // Both places are free again, whenever the server notices.
    let body = zip("corp.example/m@v1.0.0", &[("go.mod", "module corp.example/m\n")]);
    let status = loop {
        match world.put(AT, &headers[..1], &body).0 {
            503 => {}
            status => break status,
        }
    };
    assert_eq!(status, 201);
}

#[test]
fn a_tree_is_packed_as_go_packs_it() {
    let world = World::new("off");
    let token = world.token("ci", "corp.example", "push");
    let dir = world.module("m", "corp.example/m", 1);
    fs::create_dir_all(Path::new(&dir).join("nested")).unwrap();
    fs::write(Path::new(&dir).join("nested/go.mod"), "module corp.example/m/nested\n").unwrap();
    let tar = Command::new("tar").args(["-c", "-f", "-", "."]).current_dir(&dir).output().unwrap().stdout;
    let headers =
        [("Authorization", format!("Bearer {token}")), ("Content-Type", "application/x-tar".to_owned())];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (status, text) = world.put(AT, &headers, &tar);
    assert_eq!(status, 201, "{text}");
    // The same files from their directory.
    let again = world.publish(&token, "v1.0.0", &dir).ok();
    assert!(again.stdout.contains("\"new\": false"), "{again}");
}

#[test]
fn what_is_withdrawn_is_gone_for_good_and_says_why() {
    let tree = "-- corp.example/m@v1.0.0/go.mod --\nmodule corp.example/m\n-- corp.example/m@v0.9.0/go.mod --\nmodule corp.example/m\n";
    let upstream = ScriptedUpstream::serving(ModuleTree::parse(tree));
    let world = World::new(&upstream.url());
    let token = world.token("ci", "corp.example", "push,delete");
    world.server.get("/corp.example/m/@v/v1.0.0.zip").expect(200);
    world.server.get("/lookup/corp.example/m@v1.0.0").expect(200);
    assert_eq!(world.list(), "v0.9.0\nv1.0.0\n");
    let without = world.larder.clone().env("LARDER_TOKEN", &token).run([
        "withdraw",
        "corp.example/m@v1.0.0",
        "--reason",
        "a key leaked",
        "--to",
        &world.server.url(),
    ]);
    without.ok();
    for file in ["info", "mod", "zip"] {
        let gone = world.server.get(&format!("/corp.example/m/@v/v1.0.0.{file}"));
        assert_eq!(gone.status, 410);
        assert!(gone.text().contains("a key leaked"), "{}", gone.text());
    }
    assert_eq!(world.list(), "v0.9.0\n");
    assert!(world.server.get("/corp.example/m/@latest").expect(200).text().contains("v0.9.0"));
    world.server.get("/lookup/corp.example/m@v1.0.0").expect(200);
    let dir = world.module("m", "corp.example/m", 1);
    let refused = world.publish(&token, "v1.0.0", &dir);
    assert_eq!(refused.code(), Some(1), "{refused}");
    assert!(refused.stderr.contains("a key leaked"), "{refused}");
    let unknown = world.run(&["withdraw", "corp.example/m@v1.9.9", "--reason", "x"]);
    assert_eq!(unknown.code(), Some(1), "{unknown}");
    // After a restart too, with nobody but the chain that still has it.
    let server = world.server.again().start();
    assert_eq!(server.get("/corp.example/m/@v/v1.0.0.zip").status, 410);
    assert_eq!(server.get("/corp.example/m/@v/list").expect(200).text(), "v0.9.0\n");
}

#[test]
fn published_versions_are_merged_into_the_chains_list_and_no_failure_hides_them() {
    let tree = "-- corp.example/m@v1.0.0/go.mod --\nmodule corp.example/m\n";
    let upstream = ScriptedUpstream::serving(ModuleTree::parse(tree));
    let world = World::new(&upstream.url());
    assert_eq!(world.list(), "v1.0.0\n");
    let dir = world.module("m", "corp.example/m", 1);
    world.run(&["publish", "v1.1.0", "--dir", &dir]).ok();
    assert_eq!(world.list(), "v1.0.0\nv1.1.0\n");
    assert!(world.server.get("/corp.example/m/@latest").expect(200).text().contains("v1.1.0"));
    drop(upstream);
    let server = world.server.again().start();
    assert!(server.get("/corp.example/m/@v/list").expect(200).text().contains("v1.1.0\n"));
    server.get("/corp.example/m/@v/v1.1.0.zip").expect(200);
}

#[test]
fn of_a_git_work_tree_what_is_committed_is_published() {
    let world = World::new("off");
    let dir = world.module("repo/sub", "corp.example/m", 1);
    let root = world.dir.path().join("repo");
    fs::write(root.join("LICENSE"), "mine\n").unwrap();
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=x", "-c", "user.email=x@example.com"]).args(args).current_dir(&root);
        run(&mut command).ok()
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first", "--date", "2024-02-03T04:05:06Z"]);
    fs::write(Path::new(&dir).join("m.go"), "package m\n\nconst N = 2\n").unwrap();
    let refused = world.run(&["publish", "v1.0.0", "--dir", &dir]);
    assert_eq!(refused.code(), Some(2), "{refused}");
    assert!(
        refused.stderr.contains("not committed") && refused.stderr.contains("--allow-dirty"),
        "{refused}"
    );
    git(&["checkout", "-q", "."]);
    fs::write(root.join(".git/info/exclude"), "ignored\n").unwrap();
    fs::write(Path::new(&dir).join("ignored"), "x").unwrap();
    let out = world.run(&["publish", "v1.0.0", "--dir", &dir]).ok();
    let zip = world.server.get("/corp.example/m/@v/v1.0.0.zip").expect(200).body;
    let names = String::from_utf8_lossy(&zip).into_owned();
    assert!(names.contains("corp.example/m@v1.0.0/LICENSE"), "of the repository's root, as go does: {out}");
    assert!(!names.contains("v1.0.0/ignored"), "{out}");
    fs::write(Path::new(&dir).join("m.go"), "package m\n\nconst N = 2\n").unwrap();
    world.run(&["publish", "v1.1.0", "--allow-dirty", "--dir", &dir]).ok();
    let refused =
        world.run(&["publish", "v1.2.0", "--allow-dirty", "--dir", &dir, "--module", "public.example/m"]);
    assert_eq!(refused.code(), Some(2), "{refused}");
}

/// `kill -9` at any moment of a publication: to publish the same again comes to the end, and the log has one record.
#[test]
fn a_publication_that_was_killed_is_finished_by_the_same_again() {
    let world = World::new("off");
    let (data, config) = (world.larder.data(), world.larder.home().join("larder.toml"));
    for round in 0..KILLED {
        let (version, dir) =
            (format!("v1.{round}.0"), world.module(&format!("m{round}"), "corp.example/m", round));
        let words = [
            "publish",
            &version,
            "--dir",
            &dir,
            "--data",
            data.to_str().unwrap(),
            "--config",
            config.to_str().unwrap(),
        ];
        let larder = world.larder.clone().env("LARDER_SUMDB", "off");
        let publishing = larder.spawn(words);
        // At any moment: nothing waits for it.
        std::thread::sleep(Duration::from_millis(u64::from(round) * 4));
        publishing.signal(Signal::KILL);
        publishing.wait();
        let visible = world.list_or_nothing().contains(&version);
        let info = world.server.get(&format!("/corp.example/m/@v/{version}.info")).status;
        assert_eq!(visible, info == 200, "{version}: in the list and there, or neither");
        if visible {
            world.server.get(&format!("/corp.example/m/@v/{version}.zip")).expect(200);
            world.server.get(&format!("/lookup/corp.example/m@{version}")).expect(200);
        }
        larder.run(words).ok();
    }
    assert_eq!(world.list().lines().count(), KILLED as usize);
    assert_eq!(world.records(), u64::from(KILLED));
    world.run(&["sumdb", "audit"]).ok();
}

const KILLED: u32 = 20;
