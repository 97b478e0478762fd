//! Everything at once: two upstreams that come and go, links that break, a disk that fills up, `kill -9` every few seconds,
//! and 200 clients who ask on.
//!
//! `LARDER_CHAOS_MINUTES` is how long: ten in a long run of CI (`LARDER_LONG`), else two thirds of one. `LARDER_CHAOS_SEED` repeats the chances of a
//! run, whose seed is its first line; the moments at which threads and processes meet are new each time.
//!
//! The promise, and what counts:
//!
//! * A try is one request and its whole answer. It fails when the connection is refused or breaks, and on 5xx. Nothing
//!   else may happen: a whole 200 has the right bytes, and what exists is never 404.
//! * A request has failed when its first try and three retries have. Clients wait 1, 2 and 3 seconds between them, or as
//!   long as `Retry-After` says. Larder lives for 4 to 7 seconds at a time, so the four tries fall into at least two lives.
//! * Of 1,000 tries at most five may fail by what Larder says: what remains are those that it cannot help, while it is dead.
//! * Of the two upstreams at least one answers at any time, though perhaps over a link that breaks connections or halts for
//!   a moment.
//! * When it is over, everything is answered at the first try again, what is stored passes `larder scrub`, and no file
//!   has other bytes than its name promises.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod clients;
mod disk;
mod random;
mod weather;
mod world;

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use testkit::{Larder, TestServer, note};

use crate::{clients::Client, disk::Disk, random::Random, weather::Weather, world::World};

const CLIENTS: usize = 200;
const SECONDS: u64 = 40;
const LONG: Duration = Duration::from_mins(10);

#[test]
fn nothing_that_goes_wrong_reaches_a_client_that_asks_again() {
    let run = length();
    let mut random = Random::new();
    let world = Arc::new(World::lasting(run, &mut random));
    let mut weather = Weather::over(&world.tree, random.split());
    let larder = Larder::new(env!("CARGO_BIN_EXE_larder"));
    fs::create_dir_all(larder.data()).unwrap();
    let mut disk = Disk::over(&larder.data());
    let seen = disk.as_ref().map_or_else(|| larder.clone(), |disk| disk.seen_by(larder.clone()));
    let address = free_address(&mut random);
    let serve = seen.serve(&weather.chain()).flag("--listen", address.to_string()).flag("--min-free", "0 %");

    let server = serve.start();
    let (tally, clients) = Client::start_all(CLIENTS, &world, address, run, &mut random);
    let (server, kills) = storm(server, &mut weather, disk.as_mut(), &mut random, run);
    weather.clear_up();
    for client in clients {
        client.join().unwrap();
    }

    let tally = tally.lock().unwrap();
    let episodes = disk.as_ref().map_or(0, |disk| disk.episodes);
    note(&format!(
        "chaos of {run:?}: {kills} kills, {episodes} full disks, weather: {weather}; \
         succeeded at try 1 to 4: {:?}, slowest {:.1?}, {} absences; failed tries: {:?}",
        tally.succeeded, tally.slowest, tally.absent, tally.failures
    ));
    assert!(tally.lies.is_empty(), "lies:\n{}", tally.lies.join("\n"));
    assert!(tally.failed.is_empty(), "every try failed:\n{}", tally.failed.join("\n"));
    assert!(kills >= 3 && tally.succeeded[0] > CLIENTS, "this was no chaos");
    let (refused, tries) = (tally.refused(), tally.succeeded.iter().sum::<usize>());
    assert!(refused * 200 <= tries, "{refused} of about {tries} tries were refused: {:?}", tally.failures);

    for path in world.unasked() {
        let answer = server.get(&format!("/{path}")).expect(200);
        assert!(world.body(path).is_some_and(|right| answer.body == right), "{path}: other bytes");
    }
    server.kill();
    let data = larder.data();
    seen.run(["scrub", "--rate", "0", "--data", data.to_str().unwrap()]).ok();
    nothing_torn(&disk.as_ref().map_or(data.as_path(), Disk::root).join("modules"), &world);
}

/// How long it lasts.
fn length() -> Duration {
    let minutes = std::env::var("LARDER_CHAOS_MINUTES").ok();
    let minutes = minutes.map(|text| text.parse::<f64>().expect("LARDER_CHAOS_MINUTES is a number"));
    let long = std::env::var_os("LARDER_LONG").is_some();
    let usual = if long { LONG } else { Duration::from_secs(SECONDS) };
    minutes.map_or(usual, |minutes| Duration::from_secs_f64(minutes * 60.0))
}

/// An address that stays free while nobody listens there: its port is not one that the system gives to clients, who might
/// otherwise even meet themselves there.
fn free_address(random: &mut Random) -> SocketAddr {
    loop {
        let port = u16::try_from(10_000 + random.below(20_000)).unwrap();
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener.local_addr().unwrap();
        }
    }
}

/// Lets things happen until the run is over. The Larder that is left, and how many were killed.
fn storm(
    mut server: TestServer,
    weather: &mut Weather,
    mut disk: Option<&mut Disk>,
    random: &mut Random,
    run: Duration,
) -> (TestServer, usize) {
    let mut kills = 0;
    let mut full = false;
    let over = Instant::now() + run;
    let mut next_kill = Instant::now() + random.millis(4_000, 7_000);
    let mut next_disk = Instant::now() + random.millis(2_000, 5_000);
    while Instant::now() < over {
        let next = next_kill.min(next_disk).min(weather.changes()).min(over);
        thread::sleep(next.saturating_duration_since(Instant::now()));
        weather.change();
        let now = Instant::now();
        if now >= next_disk
            && let Some(disk) = disk.as_deref_mut()
        {
            full = !full;
            if full {
                disk.fill();
            } else {
                disk.free();
            }
            next_disk = now + if full { random.millis(500, 2_500) } else { random.millis(3_000, 6_000) };
        }
        if now >= next_kill {
            server = server.kill().start();
            kills += 1;
            next_kill = Instant::now() + random.millis(4_000, 7_000);
        }
    }
    if let Some(disk) = disk {
        disk.free();
    }
    (server, kills)
}

/// Every file under the name of an artifact has that artifact's bytes.
fn nothing_torn(modules: &Path, world: &World) {
    let mut files = 0;
    for (path, body) in world.bodies() {
        if let Ok(stored) = fs::read(modules.join(path)) {
            let list = path.ends_with("/list");
            assert!(list || stored == body, "{path} is torn");
            files += 1;
        }
    }
    note(&format!("{files} files are stored, none is torn"));
    assert!(files > 0, "nothing was stored at all");
}
