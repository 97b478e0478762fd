//! Versions that are vouched for. Nobody vouches yet, so the word of the database is put in by hand.

use std::sync::Arc;

use gomod::Request;
use storage::{Data, OpenOptions, Store};
use testkit::{Module, ModuleTree, Reply, ScriptedUpstream};
use upstream::{Door, DoorConfig, Env, Priority, Proxy, SafeUrl, SourceConfig};

use super::*;
use crate::{Chain, Config, Fallback, Freshness, Link, Meters, Policy, Private, Security, Source};

const PSEUDO: &str = "v1.1.1-0.20240506070809-0123456789ab";

struct World {
    mirror: Arc<Mirror>,
    route: Arc<Route>,
    _dir: tempfile::TempDir,
}

/// A mirror in front of two sources, `,` between them.
fn world(first: &ScriptedUpstream, second: &ScriptedUpstream, sumdb: SumdbUse) -> World {
    let door = Door::new(DoorConfig::new("test", Env::default())).unwrap();
    let link = |upstream: &ScriptedUpstream| Link {
        source: Arc::new(Source::Proxy(
            Proxy::open(&door, &SourceConfig::new(SafeUrl::parse(&upstream.url()).unwrap())).unwrap(),
        )),
        after: gomod::Separator::Comma,
    };
    let chain = Chain { links: vec![link(first), link(second)], ..Chain::default() };
    let (fallback, on_unverifiable) = (Fallback::default(), crate::OnUnverifiable::default());
    let route = Arc::new(Route { name: "rest".into(), chain, sumdb, fallback, on_unverifiable });
    let dir = tempfile::tempdir().unwrap();
    let options = OpenOptions { min_free: storage::MinFree::Percent(0), ..OpenOptions::default() };
    let store = Store::open(&Data::open(dir.path(), options).unwrap());
    let policy =
        Policy::new(Vec::new(), Arc::clone(&route), Private::default(), Vec::new(), Freshness::default());
    World {
        mirror: Mirror::new(Config::default(), Arc::new(policy), store, Meters::default()),
        route,
        _dir: dir,
    }
}

impl World {
    async fn fetch(&self, path: &str, vouched: Option<Vouched>) -> Result<Arc<Landed>, Refusal> {
        let what = Request::parse(path).unwrap();
        let (version, kind) = match &what {
            Request::Info(version) => (version.clone(), Kind::Info),
            Request::Mod(version) => (version.clone(), Kind::Mod),
            Request::Zip(version) => (version.clone(), Kind::Zip),
            other => panic!("{other:?}"),
        };
        let key = (version.clone(), kind, Arc::clone(&self.route.name), Reach::Anywhere);
        let (mirror, route) = (Arc::clone(&self.mirror), Arc::clone(&self.route));
        let ask = mirror.ask(what, Reach::Anywhere);
        let flight = self.mirror.artifacts.join(key, Priority::Client, |pilot| {
            Fetch { mirror, ask, version, kind, route, vouched, pilot }.run()
        });
        flight.done().await
    }

    /// Who sent it.
    async fn source(&self, path: &str, vouched: Option<Vouched>) -> String {
        let landed = self.fetch(path, vouched).await.unwrap_or_else(|refusal| panic!("{path}: {refusal}"));
        landed.arrived.as_ref().unwrap().source.to_string()
    }
}

fn module(version: &str, content: &str) -> Module {
    let files = [
        ("go.mod".to_owned(), format!("module example.com/m // {content}\n").into_bytes()),
        ("m.go".to_owned(), format!("package m // {content}\n").into_bytes()),
    ];
    Module::new("example.com/m", version, &files)
}

fn serving(content: &str) -> ScriptedUpstream {
    let mut tree = ModuleTree::default();
    for version in ["v1.0.0", PSEUDO] {
        tree.add(module(version, content));
    }
    ScriptedUpstream::serving(tree)
}

/// What the database says of a version.
fn vouched(version: &str, content: &str) -> Vouched {
    let module = module(version, content);
    Vouched {
        zip: Some(module.h1.parse().unwrap()),
        gomod: Some(H1::of_gomod(&module.gomod)),
        db: "sum.example.com".parse().unwrap(),
        id: 0,
        size: 1,
    }
}

fn paths(version: &str) -> [String; 3] {
    ["info", "mod", "zip"].map(|kind| format!("example.com/m/@v/{version}.{kind}"))
}

#[tokio::test]
async fn any_source_will_do_for_a_version_that_is_vouched_for() {
    for (reply, name) in
        [(Reply::status(503), "a failure"), (Reply::html(), "a lie"), (Reply::status(404), "an absence")]
    {
        let (a, b) = (serving("right"), serving("right"));
        a.always("*", reply);
        let known = vouched("v1.0.0", "right");
        for path in paths("v1.0.0") {
            let world = world(&a, &b, SumdbUse::Public);
            assert_eq!(
                world.source(&path, Some(known.clone())).await,
                b.address().to_string(),
                "{name} {path}"
            );
        }
    }
}

#[tokio::test]
async fn without_that_and_for_private_modules_a_comma_stops_at_a_failure() {
    let (a, b) = (serving("right"), serving("right"));
    a.always("*", Reply::status(503));
    let known = vouched("v1.0.0", "right");
    let gomod_only = Vouched { zip: None, ..known.clone() };
    let zip = &paths("v1.0.0")[2];
    for (sumdb, vouched, path) in [
        (SumdbUse::Public, None, &paths("v1.0.0")[0]),
        (SumdbUse::Public, None, &paths("v1.0.0")[1]),
        (SumdbUse::Public, None, zip),
        (SumdbUse::Public, Some(gomod_only), zip),
        (SumdbUse::Ledger, Some(known.clone()), zip),
        (SumdbUse::Off, Some(known.clone()), zip),
    ] {
        let refusal = world(&a, &b, sumdb).fetch(path, vouched).await.unwrap_err();
        assert!(matches!(&refusal, Refusal::Failed(faults) if faults.len() == 1), "{path}: {refusal}");
    }
    assert_eq!(b.asked("*"), 0);
}

#[tokio::test]
async fn content_that_nobody_vouches_for_is_refused_and_the_next_source_asked() {
    let (a, b) = (serving("wrong"), serving("right"));
    let known = vouched("v1.0.0", "right");
    for path in &paths("v1.0.0")[1..] {
        let right = world(&a, &b, SumdbUse::Public);
        assert_eq!(right.source(path, Some(known.clone())).await, b.address().to_string());
        assert_eq!(right.mirror.meters.contradictions.get(), 1);
        let wrong = world(&a, &a, SumdbUse::Public);
        let refusal = wrong.fetch(path, Some(known.clone())).await.unwrap_err();
        let Refusal::Security(Security::Content(Contradiction { known: Known::Vouched, pinned, .. })) =
            refusal
        else {
            panic!("{path}: {refusal}")
        };
        assert!([known.gomod, known.zip].contains(&Some(pinned)));
    }
}

#[tokio::test]
async fn an_info_from_anywhere_may_say_only_what_is_known() {
    let (a, b) = (serving("right"), serving("right"));
    let path = &paths(PSEUDO)[0];
    let later = format!(r#"{{"Version":"{PSEUDO}","Time":"2024-05-06T07:08:10Z"}}"#);
    a.always(path, Reply::ok(later.into_bytes()));
    let known = Some(vouched(PSEUDO, "right"));
    assert_eq!(world(&a, &b, SumdbUse::Public).source(path, known).await, b.address().to_string());
    assert_eq!(world(&a, &b, SumdbUse::Public).source(path, None).await, a.address().to_string());
}
