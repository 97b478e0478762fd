//! A server in this process, with a mirror, a store and a scripted upstream of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use mirror::{Chain, Freshness, Link, Mirror, Policy, Private, Route, Source, SumdbUse};
use prometheus_client::registry::Registry;
use server::{Config, Instruments, Meters};
use storage::{Data, OpenOptions, Store};
use tempfile::TempDir;
use testkit::{Connection, Module, ModuleTree, Response, ScriptedUpstream};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use upstream::{Door, DoorConfig, Env, Proxy, SafeUrl, SourceConfig};

pub(crate) const INFO: &str = "/example.com/app/@v/v1.0.0.info";
pub(crate) const ZIP: &str = "/example.com/app/@v/v1.0.0.zip";
pub(crate) const BIG: &str = "/example.com/big/@v/v1.0.0.zip";

/// What tests may set; the rest is as everybody has it.
pub(crate) struct World {
    pub(crate) config: Config,
    /// How long a zip may take before clients are fed while it arrives.
    pub(crate) patience: Duration,
    /// Content of the larger module, in bytes.
    pub(crate) big: u64,
    pub(crate) degraded: &'static [&'static str],
    pub(crate) freshness: Freshness,
}

impl Default for World {
    fn default() -> Self {
        World {
            config: Config::default(),
            patience: Duration::from_mins(10),
            big: 1 << 20,
            degraded: &[],
            freshness: Freshness::default(),
        }
    }
}

/// A running server.
pub(crate) struct Served {
    pub(crate) upstream: ScriptedUpstream,
    pub(crate) tree: ModuleTree,
    pub(crate) address: SocketAddr,
    pub(crate) data: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

pub(crate) fn tree(big: u64) -> ModuleTree {
    let mut tree = ModuleTree::parse(
        "-- example.com/app@v1.0.0/go.mod --\nmodule example.com/app\n-- example.com/app@v1.0.0/app.go --\npackage app\n",
    );
    tree.add(Module::of_noise("example.com/big", "v1.0.0", big));
    tree
}

impl World {
    pub(crate) fn serve(self) -> Served {
        let upstream = ScriptedUpstream::serving(tree(self.big));
        let url = upstream.url();
        let data = TempDir::new().unwrap();
        let dir = data.path().to_owned();
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let tree = tree(self.big);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async move {
                let mirror = mirror(&url, &dir, self.patience, self.freshness);
                let meters = Meters::default();
                let mut registry = Registry::default();
                meters.register(&mut registry);
                let degraded = self.degraded;
                let instruments = Instruments {
                    meters,
                    registry: Arc::new(registry),
                    degraded: Arc::new(move || degraded.iter().map(ToString::to_string).collect()),
                };
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let stopped = async move { drop(stopped.await) };
                server::serve(listener, mirror, &self.config, instruments, stopped).await;
            });
        });
        let address = told.recv().unwrap();
        Served { upstream, tree, address, data, stop: Some(stop), thread: Some(thread) }
    }
}

fn mirror(url: &str, dir: &std::path::Path, patience: Duration, freshness: Freshness) -> Arc<Mirror> {
    let data = Data::open(dir, OpenOptions::default()).unwrap();
    let door = Door::new(DoorConfig::new("test", Env::new(Vec::<(&str, &str)>::new()))).unwrap();
    let source = Proxy::open(&door, &SourceConfig::new(SafeUrl::parse(url).unwrap())).unwrap();
    let link = Link { source: Arc::new(Source::Proxy(source)), after: gomod::Separator::Comma };
    let route = Route {
        name: "default".into(),
        chain: Chain { links: vec![link], ..Chain::default() },
        sumdb: SumdbUse::Public,
        fallback: mirror::Fallback::Strict,
        on_unverifiable: mirror::OnUnverifiable::default(),
    };
    let policy = Policy::new(Vec::new(), Arc::new(route), Private::default(), Vec::new(), freshness);
    let config = mirror::Config { patience, ..mirror::Config::default() };
    Mirror::new(config, Arc::new(policy), Store::open(&data), mirror::Meters::default())
}

impl Served {
    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.connect().request("GET", path, &[])
    }

    pub(crate) fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        self.connect().request("GET", path, headers)
    }

    /// The bytes that a path must give.
    pub(crate) fn zip(&self, module: &str) -> Vec<u8> {
        self.tree.module(module, "v1.0.0").zip.to_vec()
    }

    /// Orders the server to stop, and does not wait.
    pub(crate) fn order_to_stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) fn wait_stopped(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.order_to_stop();
        if !std::thread::panicking() {
            self.wait_stopped();
        }
    }
}
