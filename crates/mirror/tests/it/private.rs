//! Names that must not get out.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use futures_util::future::BoxFuture;
use mirror::Absent;
use testkit::{ScriptedUpstream, TestLog};
use upstream::Resolver;

use crate::{INFO, LATEST, LIST, MAIN, MOD, ZIP, absent, tree, world::setup};

const LOOKUP: &str = "sumdb/sum.example.com/lookup/example.com/m@v1.0.0";

/// Every name is this machine, and is written down.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<String>>>);

impl Resolver for Names {
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        self.0.lock().unwrap().push(host.to_owned());
        Box::pin(async { Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))]) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_name_reaches_no_source_no_database_and_no_name_server() {
    for no_sumdb in ["example.com/m", ""] {
        let log = TestLog::over("sum.example.com", &tree());
        let vkey = log.vkey();
        let a = ScriptedUpstream::with_log(tree(), log);
        let url = format!("http://proxy.example.com:{}", a.address().port());
        let names = Names::default();
        let mut setup = setup(&url);
        setup.resolver = Some(Arc::new(names.clone()));
        setup.no_proxy = "example.com/m";
        setup.no_sumdb = no_sumdb;
        let world = setup.database(&vkey, &[&a], &url).start();
        for path in [INFO, MOD, ZIP, LIST, LATEST, MAIN, "example.com/m/deep/@v/list"] {
            // Their chain has no source here.
            let Absent::Everywhere { said } = absent(world.get(path).await) else { panic!("{path}") };
            assert!(said.is_empty(), "{path}");
            assert!(matches!(absent(world.stored(path).await), Absent::NotStored), "{path}");
        }
        assert!(matches!(absent(world.get(LOOKUP).await), Absent::NoDatabase));
        assert_eq!(a.seen().len(), 0);
        assert!(names.0.lock().unwrap().is_empty());
        // The logs would show it.
        absent(world.get("example.com/open/@v/list").await);
        assert_eq!((a.seen().len(), names.0.lock().unwrap().len()), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_without_a_database_is_fetched_and_never_looked_up() {
    let log = TestLog::over("sum.example.com", &tree());
    let vkey = log.vkey();
    let a = ScriptedUpstream::with_log(tree(), log);
    let mut setup = setup(a.url());
    setup.no_sumdb = "example.com/*";
    let world = setup.database(&vkey, &[&a], &a.url()).start();
    for path in [INFO, MOD, ZIP, LIST, LATEST, MAIN] {
        world.get(path).await.unwrap();
    }
    assert!(matches!(absent(world.get(LOOKUP).await), Absent::NoDatabase));
    assert_eq!((a.asked("sumdb/*"), a.asked("lookup/*")), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_of_a_private_module_is_served() {
    let a = ScriptedUpstream::serving(tree());
    let open = setup(a.url()).start();
    let mut setup = setup(a.url());
    setup.no_proxy = "example.com";
    let private = setup.start_in(Arc::clone(open.dir()));
    for path in [INFO, MOD, ZIP, LIST] {
        let got = open.get(path).await.unwrap();
        assert_eq!(private.get(path).await.unwrap().bytes, got.bytes);
    }
}
