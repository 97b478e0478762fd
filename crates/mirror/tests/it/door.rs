//! What a checksum database vouches for: nothing else gets in, whoever sends it.

use std::time::Duration;

use mirror::{Body, Contradiction, Known, Refusal, Security, Unverified, Verified};
use storage::{Evidence, Kind, Offence};
use testkit::{Gate, Module, ModuleTree, Reply, ScriptedUpstream, TestLog};

use crate::{
    INFO, MOD, ZIP, faults, large, other_tree, tree, upstream,
    world::{Setup, World, rest, setup, until},
};

pub(crate) const NAME: &str = "sum.example.com";
const LOOKUP: &str = "lookup/example.com/m@v1.0.0";
const PSEUDO: &str = "example.com/m/@v/v1.1.1-0.20240506070809-0123456789ab.info";

/// The database that vouches for a tree, at an address of its own.
pub(crate) fn database(tree: &ModuleTree) -> ScriptedUpstream {
    ScriptedUpstream::with_log(ModuleTree::default(), TestLog::over(NAME, tree).with_filler(300))
}

pub(crate) fn vkey() -> String {
    TestLog::over(NAME, &ModuleTree::default()).vkey()
}

/// A mirror in front of these sources that has everything vouched for by this database.
pub(crate) fn verifying(chain: impl Into<String>, database: &ScriptedUpstream) -> Setup {
    setup(chain).database(&vkey(), &[], &database.url())
}

#[track_caller]
pub(crate) fn contradiction<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Contradiction {
    match result {
        Err(Refusal::Security(Security::Content(contradiction))) => contradiction,
        other => panic!("no contradiction: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn unverified<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Unverified {
    match result {
        Err(Refusal::Unverified(unverified)) => unverified,
        other => panic!("not unverified: {other:?}"),
    }
}

/// What vouches for a file, as its receipt says.
pub(crate) async fn evidence(world: &World, kind: Kind) -> Evidence {
    let version = match mirror_version() {
        gomod::Request::Zip(version) => version,
        other => panic!("{other:?}"),
    };
    let receipt = world.store.receipt(&version).await.unwrap().unwrap();
    receipt.fact(kind).unwrap().evidence().clone()
}

fn mirror_version() -> gomod::Request {
    gomod::Request::parse(ZIP).unwrap()
}

/// The audit trail, once something is in it.
pub(crate) async fn audited(world: &World) -> Vec<storage::Refused> {
    let trail = || world.store.catalog().audit(10);
    until(async || !trail().await.unwrap().is_empty()).await;
    trail().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_vouches_for_is_served_on_its_evidence() {
    let (a, db) = (upstream(), database(&tree()));
    let world = verifying(a.url(), &db).start();
    for (path, kind) in [(ZIP, Kind::Zip), (MOD, Kind::Mod)] {
        let got = world.get(path).await.unwrap();
        assert_eq!(got.meta.verified, Some(Verified::Log), "{path}");
        let Evidence::Log { db, size, .. } = evidence(&world, kind).await else { panic!() };
        assert_eq!((db.as_str(), size), (NAME, 303));
    }
    world.get(INFO).await.unwrap();
    assert_eq!(db.asked("lookup/*"), 1, "one record is enough for all files of a version");
    db.forget();
    assert_eq!(world.get(ZIP).await.unwrap().meta.verified, Some(Verified::Log));
    assert_eq!(db.seen().len(), 0, "a hit needs no database");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_looked_up_while_the_body_is_still_to_come() {
    for path in [ZIP, MOD] {
        let (a, db, gate) = (upstream(), database(&tree()), Gate::new());
        a.always(path, Reply::natural().hold(&gate));
        let world = verifying(a.url(), &db).start();
        let got = tokio::spawn({
            let (mirror, ask) = (std::sync::Arc::clone(&world.mirror), world.ask(path));
            async move { crate::world::read(mirror.answer(&ask).await?).await }
        });
        gate.wait_for(1);
        db.wait_asked(LOOKUP, 1);
        until(async || db.asked("tile/*") > 0).await;
        gate.open();
        got.await.unwrap().unwrap();
    }
}

/// Every altered file from the first source; the second has the right one.
#[tokio::test(flavor = "multi_thread")]
async fn an_altered_file_is_refused_with_its_evidence_and_the_next_source_is_asked() {
    for separator in [',', '|'] {
        for (path, kind) in [(ZIP, Kind::Zip), (MOD, Kind::Mod)] {
            let (a, b, db) = (upstream(), upstream(), database(&tree()));
            a.serve(other_tree());
            let world = verifying(format!("{}{separator}{}", a.url(), b.url()), &db).start();
            let got = world.get(path).await.unwrap();
            let right = tree().module("example.com/m", "v1.0.0").clone();
            let right = if kind == Kind::Zip { right.zip.to_vec() } else { right.gomod };
            assert_eq!(got.bytes, right, "{separator} {path}");
            assert_eq!(got.meta.source.as_deref(), Some(&*b.address().to_string()));
            assert_eq!(got.meta.verified, Some(Verified::Log));
            assert_eq!((world.meters.contradictions.get(), world.meters.absorbed.get()), (1, 1));

            let reasons = world.reasons();
            for part in [&a.address().to_string(), "h1:", "record 0", NAME] {
                assert!(reasons.contains(part), "{part} is not in {reasons}");
            }
            let trail = audited(&world).await;
            assert_eq!(trail.len(), 1);
            assert_eq!(*trail[0].source, a.address().to_string());
            let Offence::Database { kind: refused, had, got, .. } = &trail[0].offence else {
                panic!("{trail:?}")
            };
            assert!(*refused == kind && had != got);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_file_that_nobody_has_otherwise_is_a_matter_of_security() {
    for path in [ZIP, MOD] {
        let (a, db) = (upstream(), database(&tree()));
        a.serve(other_tree());
        let world = verifying(a.url(), &db).start();
        let refused = contradiction(world.get(path).await);
        assert!(matches!(&*refused.known, Known::Vouched { db, id: 0 } if db.as_str() == NAME));
        assert_eq!(refused.source_name, a.address().to_string());
        assert!(!world.file(path).exists());
        assert_eq!(world.quarantined(), 2, "the bytes and the reason");
        // It pins nothing: whoever has the right one is taken.
        a.serve(tree());
        assert_eq!(world.get(path).await.unwrap().meta.verified, Some(Verified::Log));
    }
}

/// The same for zips that clients are fed with while they arrive.
#[tokio::test(flavor = "multi_thread")]
async fn an_altered_large_zip_never_ends_for_a_client() {
    let (a, right) = large(1 << 20);
    let (wrong, altered) = large((1 << 20) + 1);
    let mut vouched = ModuleTree::default();
    vouched.add(Module::of_noise("example.com/m", "v1.0.0", 1 << 20));
    let db = database(&vouched);
    let gate = Gate::new();
    wrong.always(ZIP, Reply::natural().stall_after(700_000, &gate));
    let world = verifying(wrong.url(), &db).patience(Duration::ZERO).start();
    let answer = world.mirror.answer(&world.ask(ZIP)).await.unwrap();
    assert_eq!(answer.meta.verified, Some(Verified::Log));
    let Body::Growing(mut follow) = answer.body else { panic!() };
    gate.open();
    let mut fed = 0;
    let refusal = loop {
        match follow.next().await {
            Ok(piece) => fed += piece.expect("no clean end").len(),
            Err(refusal) => break refusal,
        }
    };
    assert!(fed <= altered.len() - (64 << 10), "{fed}");
    contradiction::<()>(Err(refusal));
    until(async || world.is_idle()).await;

    // The next source has it.
    let world = verifying(format!("{},{}", wrong.url(), a.url()), &db).start();
    assert_eq!(world.get(ZIP).await.unwrap().bytes, right);
    assert_eq!(world.meters.contradictions.get(), 1);
}

/// The CRC-32 of zips.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    })
}

/// Two texts of one length that no zip can tell apart.
fn collision() -> [Vec<u8>; 2] {
    let mut seen = std::collections::HashMap::new();
    for n in 0_u64.. {
        let text = format!("{:016x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).into_bytes();
        if let Some(other) = seen.insert(crc32(&text), text.clone()) {
            return [other, text];
        }
    }
    unreachable!()
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_beginning_was_forged_by_another_is_asked_once_more() {
    let mut noise = Module::of_noise("example.com/m", "v1.0.0", 1 << 20).zip.to_vec();
    noise.truncate(1 << 20);
    let [right, forged] = collision().map(|text| {
        let files = [("go.mod".to_owned(), b"module example.com/m\n".to_vec())];
        let files =
            files.into_iter().chain([("a.txt".to_owned(), text), ("b.bin".to_owned(), noise.clone())]);
        let mut tree = ModuleTree::default();
        tree.add(Module::new("example.com/m", "v1.0.0", &files.collect::<Vec<_>>()));
        tree
    });
    let module = right.module("example.com/m", "v1.0.0").clone();
    let db = database(&right);
    let (a, b) = (ScriptedUpstream::serving(forged), ScriptedUpstream::serving(right));
    // It breaks off and comes back no more, so that the other one goes on with what it sent.
    a.always(ZIP, Reply::status(501));
    a.script(ZIP, [Reply::natural().etag("W/\"weak\"").reset_after(700_000)]);
    b.always(ZIP, Reply::natural().etag("W/\"weak\""));
    let world = verifying(format!("{}|{}", a.url(), b.url()), &db).start();
    let got = world.get(ZIP).await.unwrap();
    assert_eq!(got.bytes, module.zip.to_vec());
    assert_eq!((world.meters.contradictions.get(), b.asked(ZIP)), (1, 2));
    let both = format!("{} and {} sent", a.address(), b.address());
    assert!(world.reasons().contains(&both), "{}", world.reasons());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_fed_before_it_is_known_what_a_zip_has_to_be() {
    let (a, bytes) = large(1 << 20);
    let mut vouched = ModuleTree::default();
    vouched.add(Module::of_noise("example.com/m", "v1.0.0", 1 << 20));
    let (db, silent, late) = (database(&vouched), Gate::new(), Gate::new());
    db.always("lookup/*", Reply::natural().hold(&silent));
    a.always(ZIP, Reply::natural().stall_after(700_000, &late));
    let world = verifying(a.url(), &db).patience(Duration::ZERO).start();
    let (mirror, ask) = (std::sync::Arc::clone(&world.mirror), world.ask(ZIP));
    let mut asking = tokio::spawn(async move { mirror.answer(&ask).await.unwrap().body });
    late.wait_for(1);
    silent.wait_for(1);
    assert!(futures_util::FutureExt::now_or_never(&mut asking).is_none());
    silent.open();
    let Body::Growing(follow) = asking.await.unwrap() else { panic!() };
    late.open();
    assert_eq!(rest(follow).await.unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_vouched_for_may_come_from_any_source() {
    for (reply, name) in
        [(Reply::status(501), "a failure"), (Reply::html(), "a lie"), (Reply::status(404), "an absence")]
    {
        for path in [INFO, MOD, ZIP] {
            let (a, b, db) = (upstream(), upstream(), database(&tree()));
            a.always("*", reply.clone());
            let world = verifying(format!("{},{}", a.url(), b.url()), &db).start();
            let got = world.get(path).await.unwrap_or_else(|refusal| panic!("{name} {path}: {refusal}"));
            assert_eq!(got.meta.source.as_deref(), Some(&*b.address().to_string()), "{name} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_vouched_for_stops_at_a_comma() {
    for path in [INFO, MOD, ZIP] {
        let (a, b, mut db) = (upstream(), upstream(), database(&ModuleTree::default()));
        a.always("*", Reply::status(501));
        let chain = format!("{},{}", a.url(), b.url());
        assert_eq!(faults(verifying(&chain, &db).start().get(path).await).len(), 1, "unknown: {path}");
        db.take_down();
        assert_eq!(faults(verifying(&chain, &db).start().get(path).await).len(), 1, "dead: {path}");
        assert_eq!(b.seen().len(), 0, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_word_of_a_silent_database_is_waited_for_no_longer_than_an_answer_may_take() {
    let (a, b, db, gate) = (upstream(), upstream(), database(&tree()), Gate::new());
    a.always("*", Reply::status(501));
    db.always("*", Reply::natural().hold(&gate));
    for path in [INFO, MOD, ZIP] {
        let mut setup = verifying(format!("{},{}", a.url(), b.url()), &db);
        setup.config.begin = Duration::from_millis(300);
        let refused = faults(setup.start().get(path).await);
        assert_eq!(refused.len(), 1, "{path}");
    }
    assert_eq!(b.seen().len(), 0);
    gate.open();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_source_is_asked_beside_a_silent_one_once_the_version_is_vouched_for() {
    for path in [INFO, MOD, ZIP] {
        let (a, b, db, gate) = (upstream(), upstream(), database(&tree()), Gate::new());
        a.always("*", Reply::natural().hold(&gate));
        let world = verifying(format!("{},{}", a.url(), b.url()), &db).start();
        let got = world.get(path).await.unwrap();
        assert_eq!(got.meta.source.as_deref(), Some(&*b.address().to_string()), "{path}");
        assert_eq!(world.meters.hedges_won.get(), 1);
        gate.open();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_silent_database_keeps_nobody_from_the_sources() {
    let (a, db, gate) = (upstream(), database(&tree()), Gate::new());
    db.always("*", Reply::natural().hold(&gate));
    let mut setup = verifying(a.url(), &db);
    setup.config.room = mirror::Room { fetches: 1, queue: 0, wait: Duration::from_secs(1) };
    let world = setup.start();
    let waiting = tokio::spawn({
        let (mirror, ask) = (std::sync::Arc::clone(&world.mirror), world.ask(MOD));
        async move { mirror.answer(&ask).await.map(|answer| answer.meta.verified) }
    });
    a.wait_asked(MOD, 1);
    until(async || world.meters.fetching.get() <= 1 && world.get(crate::LIST).await.is_ok()).await;
    gate.open();
    assert_eq!(waiting.await.unwrap().unwrap(), Some(Verified::Log));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_info_from_any_source_may_say_only_what_is_known() {
    let (a, b, c, db) = (upstream(), upstream(), upstream(), database(&tree()));
    a.always(PSEUDO, Reply::status(501));
    let later = r#"{"Version":"v1.1.1-0.20240506070809-0123456789ab","Time":"2024-05-06T07:08:10Z"}"#;
    b.always(PSEUDO, Reply::ok(later));
    let world = verifying(format!("{},{},{}", a.url(), b.url(), c.url()), &db).start();
    let got = world.get(PSEUDO).await.unwrap();
    assert_eq!(got.meta.source.as_deref(), Some(&*c.address().to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_without_a_line_for_the_file_vouches_for_nothing() {
    let (a, db) = (upstream(), database(&other_name()));
    let sent = |db: &ScriptedUpstream, path: &str| {
        let mut connection = testkit::Connection::open(db.address());
        connection.request("GET", path, &[]).expect(200).body
    };
    let other = sent(&db, "/lookup/example.com/other@v1.0.0");
    db.always(LOOKUP, Reply::ok(other));
    let world = verifying(a.url(), &db).start();
    for path in [ZIP, MOD] {
        assert!(world.get(path).await.is_err());
        assert!(!world.file(path).exists());
    }
}

fn other_name() -> ModuleTree {
    ModuleTree::parse("-- example.com/other@v1.0.0/go.mod --\nmodule example.com/other\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn toolchains_are_verified_whatever_is_set() {
    const PATH: &str = "golang.org/toolchain/@v/v0.0.1-go1.22.3.linux-amd64.zip";
    let toolchain = |content: &str| {
        let files = [("bin/go".to_owned(), content.as_bytes().to_vec())];
        let mut tree = ModuleTree::default();
        tree.add(Module::new("golang.org/toolchain", "v0.0.1-go1.22.3.linux-amd64", &files));
        tree
    };
    for sumdb in [mirror::SumdbUse::Public, mirror::SumdbUse::Ledger, mirror::SumdbUse::Off] {
        let (good, bad) =
            (ScriptedUpstream::serving(toolchain("go")), ScriptedUpstream::serving(toolchain("evil")));
        let mut db = database(&toolchain("go"));
        let setup = |source: &ScriptedUpstream, db: &ScriptedUpstream| {
            let mut setup = verifying(source.url(), db);
            setup.sumdb = sumdb;
            setup.no_sumdb = "golang.org";
            setup.on_unverifiable = mirror::OnUnverifiable::ServePending;
            setup.start()
        };
        assert_eq!(setup(&good, &db).get(PATH).await.unwrap().meta.verified, Some(Verified::Log));
        contradiction(setup(&bad, &db).get(PATH).await);
        db.take_down();
        let why = unverified(setup(&good, &db).get(PATH).await);
        assert!(matches!(why, Unverified::Unreachable { .. }), "{why}");
    }
}
