//! `kill -9` at any moment: nothing torn, nothing acknowledged lost.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::Path,
    sync::mpsc::{self, Sender},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use testkit::{Connection, End, LIMIT, Module, ModuleTree, Reply, ScriptedUpstream, note};

use crate::world::larder;

const MODULES_A_ROUND: usize = 8;
const CLIENTS: usize = 6;
/// A round ends after a random number of answers, fewer than this, and up to so many microseconds later.
const MOST_ANSWERS: usize = MODULES_A_ROUND * 3 * CLIENTS * 3 / 4;
const MOST_MICROS: usize = 10_000;

type Bodies = BTreeMap<String, Vec<u8>>;

fn rounds() -> usize {
    if std::env::var_os("LARDER_LONG").is_some() { 500 } else { 50 }
}

/// Random numbers from `LARDER_SEED`, to repeat a run, or from the clock. (xorshift64)
struct Random(u64);

impl Random {
    fn new() -> Self {
        let given = std::env::var("LARDER_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos())
        });
        note(&format!("LARDER_SEED={seed}"));
        Self(seed | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn split(&mut self) -> Self {
        Self(self.below(usize::MAX) as u64 | 1)
    }
}

/// The modules of all rounds, and the body of each of their files by path.
fn world(rounds: usize) -> (ModuleTree, Vec<Bodies>) {
    let mut tree = ModuleTree::default();
    let mut all = Vec::new();
    for round in 0..rounds {
        let mut bodies = Bodies::new();
        for n in 0..MODULES_A_ROUND {
            let path = format!("example.com/round{round}/module{n}");
            let module = if n % 2 == 0 {
                Module::of_noise(&path, "v1.0.0", 200_000)
            } else {
                let gomod = format!("module {path}\n").into_bytes();
                Module::new(
                    &path,
                    "v1.0.0",
                    &[("go.mod".into(), gomod), ("m.go".into(), b"package m\n".into())],
                )
            };
            bodies.insert(module.url_path("info"), module.info.clone());
            bodies.insert(module.url_path("mod"), module.gomod.clone());
            bodies.insert(module.url_path("zip"), module.zip.to_vec());
            tree.add(module);
        }
        all.push(bodies);
    }
    (tree, all)
}

/// Asks for everything in an order of its own until the server dies; notes what came whole.
fn client(
    address: SocketAddr,
    expected: &Bodies,
    mut order: Random,
    acknowledged: &Mutex<Bodies>,
    answers: &Sender<()>,
) {
    let Ok(mut connection) = Connection::try_open(address) else { return };
    let mut paths: Vec<_> = expected.keys().collect();
    while !paths.is_empty() {
        let path = paths.swap_remove(order.below(paths.len()));
        if connection.ask("GET", &format!("/{path}"), &[]).is_err() {
            return;
        }
        let Some(answer) = connection.response("GET") else { return };
        if answer.end != End::Whole {
            return;
        }
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(answer.body == expected[path], "{path}: other bytes");
        acknowledged.lock().unwrap().insert(path.clone(), answer.body);
        let _ = answers.send(());
    }
}

/// Every file under the name of an artifact has that artifact's bytes.
fn nothing_torn(dir: &Path, root: &Path, expected: &Bodies) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += nothing_torn(&path, root, expected);
        } else if path.extension().is_some_and(|ext| ext == "info" || ext == "mod" || ext == "zip") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            assert!(fs::read(&path).unwrap() == expected[name], "{name} is torn");
            files += 1;
        }
    }
    files
}

#[test]
fn nothing_torn_and_nothing_acknowledged_lost() {
    let mut random = Random::new();
    let (tree, all) = world(rounds());
    let upstream = ScriptedUpstream::serving(tree);
    // So that many rounds end in the middle of a zip.
    upstream.always("*.zip", Reply::natural().drip(16 << 10, Duration::from_millis(1)));
    let larder = larder();
    let mut serve = larder.serve(&upstream.url());
    let acknowledged = Arc::new(Mutex::new(Bodies::new()));
    for expected in &all {
        let server = serve.start();
        let address = server.address();
        let (answers, answered) = mpsc::channel();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (expected, acknowledged) = (expected.clone(), Arc::clone(&acknowledged));
                let (order, answers) = (random.split(), answers.clone());
                thread::spawn(move || client(address, &expected, order, &acknowledged, &answers))
            })
            .collect();
        for _ in 0..random.below(MOST_ANSWERS) {
            answered.recv_timeout(LIMIT).unwrap();
        }
        // In the middle of whatever follows that answer; nothing waits for it.
        let micros = random.below(MOST_MICROS).try_into().unwrap();
        thread::sleep(Duration::from_micros(micros));
        serve = server.kill();
        for client in clients {
            client.join().unwrap();
        }
    }

    let acknowledged = acknowledged.lock().unwrap();
    assert!(acknowledged.len() > all.len(), "the loop did not get far: {}", acknowledged.len());
    let server = serve.with("--offline").start();
    let mut connection = server.connect();
    for (path, body) in acknowledged.iter() {
        let answer = connection.request("GET", &format!("/{path}"), &[]);
        assert_eq!(answer.status, 200, "{path} was acknowledged and is lost: {}", answer.text());
        assert!(answer.body == *body, "{path}: other bytes");
    }
    let staging = fs::read_dir(larder.data().join("staging")).unwrap();
    let staging = staging.filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
    assert!(staging <= 1, "{staging} staging directories; only that of the running process may be left");
    let expected: Bodies = all.into_iter().flatten().collect();
    let modules = larder.data().join("modules");
    let files = nothing_torn(&modules, &modules, &expected);
    note(&format!("kill -9: {} files acknowledged, {files} stored, none torn or lost", acknowledged.len()));
}
