//! What asks: many clients, none of which gives up at the first failure.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use testkit::{Connection, End, Response};

use crate::{
    random::Random,
    world::{Ask, World},
};

/// The first one, and up to three retries.
pub(crate) const TRIES: usize = 4;
/// How long a client waits after its first failed try; twice and three times that after the next ones.
const PAUSE: Duration = Duration::from_secs(1);
/// `Retry-After` is followed up to here.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How many failures are told.
const TOLD: usize = 20;

/// What all clients saw.
#[derive(Default)]
pub(crate) struct Tally {
    /// How many requests succeeded at which try.
    pub(crate) succeeded: [usize; TRIES],
    /// Requests of which every try failed, and how each did.
    pub(crate) failed: Vec<String>,
    /// Answers with 200 that were whole and had other bytes; that something is absent which exists, or the other way round.
    pub(crate) lies: Vec<String>,
    /// How often tries for something that exists failed, by what the client saw, and what one of them was told.
    pub(crate) failures: BTreeMap<String, (usize, String)>,
    /// Absences that were told as absences.
    pub(crate) absent: usize,
    pub(crate) slowest: Duration,
}

impl Tally {
    /// How many tries Larder itself said no to.
    pub(crate) fn refused(&self) -> usize {
        let statuses = self.failures.iter().filter(|(kind, _)| kind.parse::<u16>().is_ok());
        statuses.map(|(_, (times, _))| times).sum()
    }
}

/// How one try went.
enum Try {
    Right,
    Absent,
    Lie(String),
    Failed(Failure),
}

struct Failure {
    /// In few words, the same for all of its kind.
    kind: String,
    /// What Larder had to say about it.
    said: String,
    retry_after: Option<Duration>,
}

impl Failure {
    fn of(kind: impl Into<String>) -> Try {
        Try::Failed(Self { kind: kind.into(), said: String::new(), retry_after: None })
    }
}

pub(crate) struct Client {
    world: Arc<World>,
    address: SocketAddr,
    tally: Arc<Mutex<Tally>>,
    random: Random,
    /// Every second client keeps its connection.
    keeps: bool,
    kept: Option<Connection>,
}

impl Client {
    /// Clients that ask until the run is over.
    pub(crate) fn start_all(
        count: usize,
        world: &Arc<World>,
        address: SocketAddr,
        run: Duration,
        random: &mut Random,
    ) -> (Arc<Mutex<Tally>>, Vec<JoinHandle<()>>) {
        let tally = Arc::default();
        let started = Instant::now();
        let clients = (0..count).map(|n| {
            let mut client = Self {
                world: Arc::clone(world),
                address,
                tally: Arc::clone(&tally),
                random: random.split(),
                keeps: n % 2 == 0,
                kept: None,
            };
            thread::spawn(move || {
                while started.elapsed() < run {
                    let share = started.elapsed().as_millis() * 1000 / run.as_millis();
                    let ask = client.world.pick(share.try_into().unwrap(), &mut client.random);
                    client.insist(&ask);
                    thread::sleep(client.random.millis(100, 500));
                }
            })
        });
        let clients = clients.collect();
        (tally, clients)
    }

    /// Asks up to [`TRIES`] times.
    fn insist(&mut self, ask: &Ask) {
        let started = Instant::now();
        let mut failures = Vec::new();
        for attempt in 0..TRIES {
            let began = started.elapsed();
            match self.attempt(ask) {
                Try::Right => {
                    let mut tally = self.tally();
                    tally.succeeded[attempt] += 1;
                    tally.slowest = tally.slowest.max(started.elapsed());
                    return;
                }
                Try::Absent => {
                    self.tally().absent += 1;
                    return;
                }
                Try::Lie(what) => {
                    self.tally().lies.push(format!("{}: {what}", ask.path));
                    return;
                }
                Try::Failed(Failure { kind, said, retry_after }) => {
                    failures.push(format!("{began:.1?} to {:.1?}: {kind} {said}", started.elapsed()));
                    if ask.exists {
                        let mut tally = self.tally();
                        let (times, example) = tally.failures.entry(kind).or_default();
                        *times += 1;
                        *example = said;
                    }
                    let pause = PAUSE * u32::try_from(attempt + 1).unwrap();
                    thread::sleep(pause.max(retry_after.unwrap_or_default().min(LONGEST_PAUSE)));
                }
            }
        }
        // That something is absent cannot be known while a source fails.
        if ask.exists {
            let mut tally = self.tally();
            if tally.failed.len() < TOLD {
                tally.failed.push(format!("{}\n  {}", ask.path, failures.join("\n  ")));
            }
        }
    }

    fn attempt(&mut self, ask: &Ask) -> Try {
        let path = format!("/{}", ask.path);
        // A kept connection may have ended meanwhile; that is no answer to anything, and every HTTP client opens another.
        let kept = self.kept.take().and_then(|mut connection| {
            connection.ask("GET", &path, &[]).ok()?;
            let answer = connection.response("GET")?;
            Some((connection, answer))
        });
        let (connection, answer) = match kept {
            Some(both) => both,
            None => match self.anew(&path) {
                Ok(both) => both,
                Err(why) => return Failure::of(why),
            },
        };
        if answer.end != End::Whole {
            return Failure::of(format!("{} and {:?}", answer.status, answer.end));
        }
        if self.keeps {
            self.kept = Some(connection);
        }
        judge(ask, &answer, &self.world)
    }

    fn anew(&self, path: &str) -> Result<(Connection, Response), String> {
        let mut connection = Connection::try_open(self.address).map_err(|error| error.to_string())?;
        connection.ask("GET", path, &[]).map_err(|error| error.to_string())?;
        let answer = connection.response("GET").ok_or("the connection ended without an answer")?;
        Ok((connection, answer))
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a whole answer is worth.
fn judge(ask: &Ask, answer: &Response, world: &World) -> Try {
    match (answer.status, world.body(&ask.path)) {
        (200, Some(right)) if answer.body == right => Try::Right,
        (200, Some(right)) => {
            Try::Lie(format!("{} bytes that are not its {}", answer.body.len(), right.len()))
        }
        (200, None) => Try::Lie(format!("200, and it does not exist: {}", answer.text())),
        (404 | 410, None) => Try::Absent,
        (404 | 410, Some(_)) => Try::Lie(format!("{}, and it exists: {}", answer.status, answer.text())),
        (500.., _) => {
            let retry_after = answer.header("retry-after").and_then(|value| value.parse().ok());
            Try::Failed(Failure {
                kind: answer.status.to_string(),
                said: answer.text().trim().to_owned(),
                retry_after: retry_after.map(Duration::from_secs),
            })
        }
        (status, _) => Try::Lie(format!("{status}: {}", answer.text())),
    }
}
