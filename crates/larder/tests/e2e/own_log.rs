//! A checksum database of one's own, as an unmodified `go` meets it.

use std::fs;

use testkit::{GoCommand, Larder, ModuleTree, ScriptedUpstream, TestLog, TestServer};

use crate::world::{LOG, larder, project, tree};

/// The name of the own database. No host has it.
const OWN: &str = "sum.corp.example.test";

const PRIVATE: &str = "\
-- corp.example.com/secret@v1.0.0/go.mod --
module corp.example.com/secret

go 1.21
-- corp.example.com/secret@v1.0.0/secret.go --
package secret

const N = 6
";

/// A Larder with a database of its own between a public upstream with its log and a private one.
struct World {
    public: ScriptedUpstream,
    private: ScriptedUpstream,
    server: TestServer,
    larder: Larder,
    vkey: String,
}

impl World {
    fn new() -> Self {
        let log = TestLog::over(LOG, &tree()).with_filler(300);
        let public_vkey = log.vkey();
        let public = ScriptedUpstream::with_log(tree(), log);
        let private = ScriptedUpstream::serving(ModuleTree::parse(PRIVATE));
        let larder = larder();
        let key = larder.home().join("sum.key");
        let made = larder.run(["sumdb", "keygen", OWN, "--out", key.to_str().unwrap()]).ok();
        let vkey = made.stdout.trim_end().to_owned();
        let file = larder.home().join("larder.toml");
        let config = format!(
            "[sumdb]\nuse = \"{public_vkey}\"\n[sumdb.own]\nkey = \"sum.key\"\n\
             [[route]]\nmodules = [\"corp.example.com\"]\nchain = \"{}\"\nsumdb = \"ledger\"\n",
            private.url()
        );
        fs::write(&file, config).unwrap();
        let server = larder.serve(&public.url()).without("--sumdb").flag("--config", file).start();
        World { public, private, server, larder, vkey }
    }

    /// A `go` in a project of public and private modules.
    fn go(&self, gosumdb: &str) -> GoCommand {
        let go = project(&self.server.url()).sumdb(gosumdb);
        go.write("go.mod", "module test\n\ngo 1.21\n\nrequire (\n\tcorp.example.com/secret v1.0.0\n\texample.com/app v1.0.0\n)\n");
        go.write(
            "main.go",
            "package main\n\nimport (\n\t\"corp.example.com/secret\"\n\t\"example.com/app\"\n)\n\nfunc main() { println(app.Sum + secret.N) }\n",
        );
        go
    }
}

#[test]
fn one_gosumdb_with_a_url_verifies_public_and_private_modules() {
    let world = World::new();
    let go = world.go(&format!("{} {}", world.vkey, world.server.url()));
    go.run(["mod", "tidy"]).ok();
    go.run(["mod", "verify"]).ok();
    let sums = fs::read_to_string(go.work().join("go.sum")).unwrap();
    assert!(
        sums.contains("corp.example.com/secret v1.0.0 h1:") && sums.contains("example.com/app v1.0.0 h1:"),
        "{sums}"
    );
    assert!(
        world.public.seen().iter().all(|asked| !asked.path.contains("corp.example.com")),
        "no private name leaves"
    );
    assert_eq!(world.private.asked("sumdb/*"), 0);

    // The URL in GOSUMDB goes past proxies; without it, the database is asked through this one.
    let through = world.go(&world.vkey);
    through.run(["mod", "tidy"]).ok();
    assert_eq!(fs::read_to_string(through.work().join("go.sum")).unwrap(), sums);
}

#[test]
fn the_root_gives_what_lies_below_the_name() {
    let world = World::new();
    world.go(&format!("{} {}", world.vkey, world.server.url())).run(["mod", "tidy"]).ok();
    let latest = world.server.get("/latest").expect(200);
    let size: u64 = latest.text().lines().nth(1).unwrap().parse().unwrap();
    assert!(size >= 5, "{}", latest.text());
    let edge = format!("/tile/8/0/000.p/{size}");
    for path in [
        "/lookup/corp.example.com/secret@v1.0.0",
        "/lookup/example.com/%21upper@v1.0.0-%21r%21c1",
        "/latest",
        "/supported",
        &edge,
    ] {
        let below = world.server.get(&format!("/sumdb/{OWN}{path}")).expect(200);
        let root = world.server.get(path).expect(200);
        assert_eq!(root.body, below.body, "{path}");
        for header in ["content-type", "cache-control", "etag"] {
            assert_eq!(root.header(header), below.header(header), "{path} {header}");
        }
        let head = world.server.connect().request("HEAD", path, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-length"), root.header("content-length"), "{path}");
    }
    // What nobody has is absent, and nothing is recorded.
    world.server.get("/lookup/example.com/none@v1.0.0").expect(404);
    world.server.get("/lookup/corp.example.com/none@v1.0.0").expect(404);
    world.server.get("/tile/8/0/001").expect(404);
    assert_eq!(world.server.get("/latest").expect(200).body, latest.body);
}

#[test]
fn operators_see_the_log_grow() {
    let world = World::new();
    let api = |path: &str| -> serde_json::Value {
        serde_json::from_slice(&world.server.get(&format!("/api/v1/sumdb{path}")).expect(200).body).unwrap()
    };
    let before = api(&format!("/{OWN}"));
    assert_eq!((&before["own"], &before["key"]), (&true.into(), &world.vkey.clone().into()));
    assert_eq!(before["head"]["size"], 0);
    world.server.get("/lookup/corp.example.com/secret@v1.0.0").expect(200);
    world.server.get("/lookup/corp.example.com/secret@v1.0.0").expect(200);
    assert_eq!(api(&format!("/{OWN}"))["head"]["size"], 1);
    let metrics = world.server.get("/metrics").expect(200).text();
    assert!(metrics.contains("larder_mirror_records_appended_total 1\n"), "{metrics}");
    let names: Vec<_> =
        api("")["databases"].as_array().unwrap().iter().map(|one| one["name"].to_string()).collect();
    assert_eq!(names, [format!("{LOG:?}"), format!("{OWN:?}")]);

    let config = world.larder.home().join("larder.toml");
    let data = world.server.data().to_owned();
    let args = ["sumdb", "show", "--config", config.to_str().unwrap(), "--data", data.to_str().unwrap()];
    let shown = world.larder.run(args).ok().stdout;
    assert!(shown.contains(&format!("{OWN} (your own)")) && shown.contains("size     1 records"), "{shown}");
    assert!(shown.contains(&format!("GOSUMDB='{} http://", world.vkey)), "{shown}");
}

#[test]
fn a_key_file_that_others_can_read_keeps_larder_from_starting() {
    use std::os::unix::fs::PermissionsExt;
    let World { larder, server, public, private: _private, .. } = World::new();
    assert_eq!(server.stop().code(), Some(0));
    let key = larder.home().join("sum.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let config = larder.home().join("larder.toml");
    let ran =
        larder.serve(&public.url()).without("--sumdb").flag("--config", config).try_start().unwrap_err();
    assert_eq!(ran.code(), Some(2));
    assert!(ran.stderr.contains("is open to others (mode 0640)"), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("chmod 600 {}", key.display())), "{}", ran.stderr);
    assert!(!ran.stderr.contains("PRIVATE+KEY"), "{}", ran.stderr);
}

#[test]
fn a_store_that_is_older_than_what_clients_saw_keeps_larder_from_starting() {
    let World { larder, server, public, private: _private, .. } = World::new();
    server.get("/lookup/corp.example.com/secret@v1.0.0").expect(200);
    let data = server.data().to_owned();
    assert_eq!(server.stop().code(), Some(0));
    fs::rename(&data, data.with_extension("lost")).unwrap();
    let config = larder.home().join("larder.toml");
    let start = || larder.serve(&public.url()).without("--sumdb").flag("--config", &config);
    let ran = start().try_start().unwrap_err();
    assert_eq!(ran.code(), Some(2));
    assert!(ran.stderr.contains("older") && ran.stderr.contains("sum.key.head"), "{}", ran.stderr);
    drop(fs::remove_dir_all(&data));
    fs::rename(data.with_extension("lost"), &data).unwrap();
    let server = start().start();
    server.get("/lookup/corp.example.com/secret@v1.0.0").expect(200);
}

/// The keys are those of the settings.
#[test]
fn an_audit_computes_the_log_from_its_first_record() {
    let world = World::new();
    for what in
        ["corp.example.com/secret@v1.0.0", "example.com/app@v1.0.0", "example.com/!upper@v1.0.0-!r!c1"]
    {
        world.server.get(&format!("/lookup/{what}")).expect(200);
    }
    let (data, config) = (world.larder.data(), world.larder.home().join("larder.toml"));
    let audit = || {
        let words = [
            "sumdb",
            "audit",
            "--json",
            "--data",
            data.to_str().unwrap(),
            "--config",
            config.to_str().unwrap(),
        ];
        let ran = world.larder.run(words);
        let last: serde_json::Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
        (ran.code(), last["summary"].clone(), ran)
    };
    let (code, summary, ran) = audit();
    assert_eq!((code, &summary["log"], &summary["found"]), (Some(0), &3.into(), &0.into()), "{ran}");
    assert!(summary["records"].as_u64() >= Some(5) && summary["heads"] == 2, "the public ones too: {ran}");

    // As if the directory had come back from an older backup.
    let key = fs::read_to_string(world.larder.home().join("sum.key")).unwrap();
    let head = sumdb::Head { size: 9, root: sumdb::Hash::empty() };
    let note = sumdb::Signer::parse(key.trim()).unwrap().sign(&head.to_string()).unwrap();
    fs::write(world.larder.home().join("sum.key.head"), note).unwrap();
    let (code, summary, ran) = audit();
    assert_eq!((code, &summary["found"]), (Some(1), &1.into()), "{ran}");
    assert!(ran.stdout.contains("older than what clients have seen"), "{ran}");
}
