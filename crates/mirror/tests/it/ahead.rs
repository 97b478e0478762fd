//! Lookups before anybody needs them: nobody waits for those, nobody has to believe them, and nothing private is among them.

use std::sync::{Arc, Mutex};

use gomod::{ModulePath, ModuleVersion};
use mirror::{Config, SumdbUse};
use storage::{
    Blobs, BoxFuture, Key, Listing, LocalBlobs, Prefix, Put, QuarantineId, Staged, StoreError, Stored, Tag,
    When,
};
use testkit::{Gate, ModuleTree, Reply, ScriptedUpstream};

use crate::{
    INFO, MOD,
    door::{database, verifying},
    tree, upstream,
    world::{read, until},
};

const LOOKUP: &str = "lookup/example.com/m@v1.0.0";

#[tokio::test(flavor = "multi_thread")]
async fn an_info_waits_for_no_database_and_its_record_is_looked_up_meanwhile() {
    let (a, db, gate) = (upstream(), database(&tree()), Gate::new());
    db.always("lookup/*", Reply::natural().hold(&gate));
    let world = verifying(a.url(), &db).start();
    world.get(INFO).await.unwrap();
    db.wait_asked(LOOKUP, 1);
    // Who needs it joins.
    let got = tokio::spawn({
        let (mirror, ask) = (Arc::clone(&world.mirror), world.ask(MOD));
        async move { read(mirror.answer(&ask).await?).await }
    });
    a.wait_asked(MOD, 1);
    assert_eq!(db.asked("tile/*"), 0, "nobody needed any");
    gate.open();
    got.await.unwrap().unwrap();
    assert_eq!(db.asked("lookup/*"), 1);
    assert_eq!((world.meters.ahead.get(), world.meters.ahead_used.get()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_record_looked_up_a_file_waits_for_tiles_alone() {
    let (a, db) = (upstream(), database(&tree()));
    let world = verifying(a.url(), &db).start();
    world.get(INFO).await.unwrap();
    db.wait_asked("lookup/*", 1);
    let lookups = db.asked("lookup/*");
    db.always("lookup/*", Reply::status(500));
    world.get(MOD).await.unwrap();
    assert_eq!((lookups, db.asked("lookup/*")), (1, 1));
}

/// `a` needs what is public, what is private, and less than it needed elsewhere.
fn graph() -> ModuleTree {
    ModuleTree::parse(
        "\
-- example.com/a@v1.0.0/go.mod --
module example.com/a

go 1.21

require (
\texample.com/b v1.2.0
\texample.com/b/v2 v2.0.0
\tsecret.example.com/c v1.0.0
)
-- example.com/a@v1.1.0/go.mod --
module example.com/a

require example.com/b v1.1.0
-- example.com/b@v1.1.0/go.mod --
module example.com/b
-- example.com/b@v1.2.0/go.mod --
module example.com/b
-- example.com/b/v2@v2.0.0/go.mod --
module example.com/b/v2
-- secret.example.com/c@v1.0.0/go.mod --
module secret.example.com/c
",
    )
}

fn lookups(db: &ScriptedUpstream) -> Vec<String> {
    let paths = db.seen().into_iter().map(|seen| seen.path);
    let mut lookups: Vec<_> =
        paths.filter_map(|path| Some(path.split_once("lookup/")?.1.to_owned())).collect();
    lookups.sort();
    lookups
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_go_mod_names_is_looked_up_once_at_its_highest_and_nothing_private() {
    let (a, db) = (ScriptedUpstream::serving(graph()), database(&graph()));
    let mut setup = verifying(a.url(), &db);
    setup.no_sumdb = "secret.example.com";
    let world = setup.start();
    for version in ["v1.0.0", "v1.1.0"] {
        world.get(&format!("example.com/a/@v/{version}.mod")).await.unwrap();
        until(async || world.meters.ahead.get() == 2 && world.is_idle()).await;
    }
    until(async || lookups(&db).len() == 4).await;
    let named =
        ["example.com/a@v1.0.0", "example.com/a@v1.1.0", "example.com/b/v2@v2.0.0", "example.com/b@v1.2.0"];
    assert_eq!(lookups(&db), named);
    let tiles = db.asked("tile/*");
    world.get("example.com/b/@v/v1.2.0.mod").await.unwrap();
    assert_eq!((lookups(&db).len(), world.meters.ahead_used.get()), (4, 1));
    assert_eq!(db.asked("tile/*"), tiles, "one tree, and its tiles are here");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_expected_is_looked_up_once_as_soon_as_the_first_of_it_is_fetched() {
    let (a, db) = (ScriptedUpstream::serving(graph()), database(&graph()));
    let mut setup = verifying(a.url(), &db);
    setup.no_sumdb = "secret.example.com";
    let world = setup.start();
    let all =
        [("example.com/b", "v1.2.0"), ("example.com/b/v2", "v2.0.0"), ("secret.example.com/c", "v1.0.0")];
    let all = all.map(|(path, version)| {
        ModuleVersion::new(ModulePath::new(path).unwrap(), version.parse().unwrap()).unwrap()
    });
    world.mirror.expect(all.to_vec());
    world.get("example.com/a/@v/v1.1.0.info").await.unwrap();
    until(async || world.meters.ahead.get() == 1 && world.is_idle()).await;
    assert_eq!(lookups(&db), ["example.com/a@v1.1.0"], "this is something else");

    world.get("example.com/b/@v/v1.2.0.mod").await.unwrap();
    until(async || world.meters.ahead.get() == 2 && world.is_idle()).await;
    let others = ["example.com/a@v1.1.0", "example.com/b/v2@v2.0.0", "example.com/b@v1.2.0"];
    assert_eq!(lookups(&db), others);
    for file in ["v2.0.0.info", "v2.0.0.mod"] {
        world.get(&format!("example.com/b/v2/@v/{file}")).await.unwrap();
    }
    until(async || world.is_idle()).await;
    assert_eq!(lookups(&db), others, "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_looked_up_ahead_where_that_is_off_or_no_database_is_asked() {
    let ways: [fn(&mut crate::world::Setup); 4] = [
        |setup| setup.config = Config { ahead: 0, ..setup.config },
        |setup| setup.sumdb = SumdbUse::Ledger,
        |setup| setup.sumdb = SumdbUse::Off,
        |setup| setup.no_sumdb = "example.com",
    ];
    for way in ways {
        let (a, db) = (ScriptedUpstream::serving(graph()), database(&graph()));
        let mut setup = verifying(a.url(), &db);
        way(&mut setup);
        let world = setup.start();
        world.get("example.com/b/@v/v1.2.0.info").await.unwrap();
        world.get("example.com/a/@v/v1.0.0.mod").await.unwrap();
        until(async || world.is_idle()).await;
        assert!(lookups(&db).iter().all(|asked| asked == "example.com/a@v1.0.0"), "{:?}", lookups(&db));
        assert_eq!(world.meters.ahead.get(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_came_early_and_is_wrong_is_asked_for_again() {
    let (a, db) = (upstream(), database(&tree()));
    let world = verifying(a.url(), &db).start();
    let wrong = |body: &mut Vec<u8>| {
        let at = body.windows(3).position(|part| part == b"h1:").unwrap() + 3;
        body[at] = if body[at] == b'A' { b'B' } else { b'A' };
    };
    db.script("lookup/*", [Reply::natural().edit(wrong)]);
    world.get(INFO).await.unwrap();
    db.wait_asked("lookup/*", 1);
    world.get(MOD).await.unwrap();
    assert_eq!(db.asked("lookup/*"), 2);

    // One that could not be had is in nobody's way.
    let (a, db) = (upstream(), database(&tree()));
    let world = verifying(a.url(), &db).start();
    db.script("lookup/*", [Reply::status(501)]);
    world.get(INFO).await.unwrap();
    db.wait_asked("lookup/*", 1);
    world.get(MOD).await.unwrap();
}

/// Remembers which objects were looked for at once.
#[derive(Debug)]
struct Watched(LocalBlobs);

static LOOKS: Mutex<Vec<Vec<Key>>> = Mutex::new(Vec::new());

impl Blobs for Watched {
    fn get(&self, key: &Key) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        LOOKS.lock().unwrap().push(vec![key.clone()]);
        self.0.get(key)
    }

    fn get_each(&self, keys: &[Key]) -> BoxFuture<'_, Result<Vec<Option<Stored>>, StoreError>> {
        LOOKS.lock().unwrap().push(keys.to_vec());
        self.0.get_each(keys)
    }

    fn put(&self, key: &Key, from: &Arc<Staged>, when: When) -> BoxFuture<'_, Result<Put, StoreError>> {
        self.0.put(key, from, when)
    }

    fn put_all<'a>(
        &'a self,
        objects: &'a [(Key, Arc<Staged>)],
    ) -> BoxFuture<'a, Result<Vec<Put>, StoreError>> {
        self.0.put_all(objects)
    }

    fn remove(&self, key: &Key) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.remove(key)
    }

    fn set_aside(
        &self,
        key: &Key,
        tag: &Tag,
        reason: &str,
    ) -> BoxFuture<'_, Result<Option<QuarantineId>, StoreError>> {
        self.0.set_aside(key, tag, reason)
    }

    fn refuse(
        &self,
        key: &Key,
        from: &Arc<Staged>,
        reason: &str,
    ) -> BoxFuture<'_, Result<QuarantineId, StoreError>> {
        self.0.refuse(key, from, reason)
    }

    fn list(&self, prefix: &Prefix) -> Listing {
        self.0.list(prefix)
    }

    fn derive(&self, module: &ModulePath) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.derive(module)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_record_takes_is_looked_for_once_and_together_with_the_file() {
    let (a, db) = (ScriptedUpstream::serving(graph()), database(&graph()));
    let mut setup = verifying(a.url(), &db);
    setup.wrap = Some(|blobs| Arc::new(Watched(blobs)));
    setup.no_sumdb = "secret.example.com";
    let world = setup.start();
    let looked = || -> Vec<Vec<Key>> {
        let looks = std::mem::take(&mut *LOOKS.lock().unwrap());
        let for_b = |look: &Vec<Key>| {
            look.iter().any(|key| matches!(key, Key::Lookup(_, of) if of.path().as_str() == "example.com/b"))
        };
        looks.into_iter().filter(for_b).collect()
    };
    world.get("example.com/a/@v/v1.0.0.mod").await.unwrap();
    until(async || world.meters.ahead.get() == 2 && world.is_idle()).await;
    assert_eq!(looked().len(), 1, "before it was looked up");

    world.get("example.com/b/@v/v1.2.0.mod").await.unwrap();
    let [look] = &looked()[..] else { panic!("it was looked for again") };
    let has = |sort: fn(&Key) -> bool| look.iter().any(sort);
    assert!(has(|key| matches!(key, Key::Receipt(_))) && has(|key| matches!(key, Key::Tile(..))), "{look:?}");
    assert_eq!(world.meters.ahead_used.get(), 1);

    // One that comes later does not ask for what is stored.
    let mut later = verifying(a.url(), &db);
    later.no_sumdb = "secret.example.com";
    let later = later.start_in(Arc::clone(world.dir()));
    let before = lookups(&db);
    later.get("example.com/b/@v/v1.2.0.info").await.unwrap();
    until(async || later.is_idle()).await;
    later.get("example.com/b/@v/v1.2.0.mod").await.unwrap();
    assert_eq!((lookups(&db), later.meters.ahead.get()), (before, 0));
}
