//! A database that contradicts itself under its own signature. Nothing that depends on it is answered any more, until
//! somebody has looked at the evidence.

use std::{
    fs,
    time::{Duration, Instant},
};

use testkit::{Lie, Module, TestLog};

use super::{
    play,
    stage::{LOG, Place, Said, Stage, each_file, early, forged, head_size, late, latest, log, lookup, tree},
};

/// How the other tree differs from the one that Larder knows.
#[derive(Clone, Copy, Debug)]
enum Fork {
    SameSize,
    /// It is larger, and does not go on from the known one.
    Larger,
    /// It is smaller, and no beginning of the known one. Tiles are still those of the known one, without which nobody
    /// could tell that from a database that was set back.
    Smaller,
}

/// The module whose record differs; nobody asks for it.
fn aside() -> Module {
    tree().module("example.com/aside", "v1.0.0").clone()
}

/// A log, and another one with the same key.
fn logs(fork: Fork) -> (TestLog, TestLog) {
    let log = log(300);
    let other = log.fork(&forged(&aside()));
    match fork {
        Fork::SameSize => {}
        Fork::Larger => other.fill(700),
        Fork::Smaller => log.fill(700),
    }
    (log, other)
}

#[test]
fn a_database_that_contradicts_itself_is_not_believed_again() {
    let rows: Vec<_> = [Fork::SameSize, Fork::Larger, Fork::Smaller]
        .into_iter()
        .flat_map(|fork| [Place::Alone, Place::Before, Place::OwnUrl].map(|place| (fork, place)))
        .collect();
    play("forks", &rows, |(fork, place)| {
        let (log, other) = logs(*fork);
        let stage = Stage::new(*place, &log, tree());
        let begun = expect(&stage, &early().url_path("zip"), &Said::True);
        log.lie(match fork {
            Fork::SameSize | Fork::Larger => Lie::Instead(other.clone()),
            Fork::Smaller => Lie::Heads(other.clone()),
        });
        let heads = [log.head(), other.head()];
        let (stage, played) = match begun.and_then(|()| contradicted(&stage, &heads)) {
            Ok(()) => {
                log.be_honest();
                let stage = stage.restarted();
                let played = contradicted(&stage, &heads);
                (stage, played)
            }
            Err(why) => (stage, Err(why)),
        };
        played.map_err(|why| format!("{fork:?}, {place:?}: {why}\n    {}", stage.told()))
    });
}

fn contradicted(stage: &Stage, heads: &[String; 2]) -> Result<(), String> {
    let [gomod, zip, record] = [late().url_path("mod"), late().url_path("zip"), lookup(&late())];
    for path in [zip, gomod, record, latest()] {
        match stage.ask(&path)? {
            Said::Refused(502, text) if text.contains("SECURITY") && text.contains(LOG) => {}
            said => return Err(format!("{path}: {said:?}")),
        }
    }
    expect(stage, &early().url_path("zip"), &Said::True)?;
    stage.stores_no_lie()?;
    for head in heads {
        let mut kept = false;
        // The signature is enough: it says which head it was.
        let signature = head.trim_end().rsplit(' ').next().unwrap();
        each_file(stage.server.data(), &mut |file| {
            kept |= !file.ends_with("latest")
                && String::from_utf8_lossy(&fs::read(file).unwrap()).contains(signature);
        });
        if !kept {
            return Err(format!("no evidence is kept that it signed\n{head}"));
        }
    }
    Ok(())
}

fn expect(stage: &Stage, path: &str, said: &Said) -> Result<(), String> {
    let answer = stage.ask(path)?;
    if answer == *said { Ok(()) } else { Err(format!("{path}: {answer:?}")) }
}

/// An older head says nothing against a database: a cache may stand before it. Larder itself does not go back.
#[test]
fn an_older_head_is_lived_with() {
    let log = log(300);
    let stage = Stage::new(Place::Alone, &log, tree());
    stage.server.get(&format!("/{}", late().url_path("zip"))).expect(200);
    let latest = format!("/sumdb/{LOG}/latest");
    let known = log.size();
    log.fill(10);
    log.lie(Lie::OldHead(100));
    for _ in 0..2 {
        let head = stage.server.get(&latest).expect(200).body;
        assert!(head_size(&head).unwrap() >= known, "{}", String::from_utf8_lossy(&head));
    }
    assert_eq!(stage.ask(&early().url_path("zip")).unwrap(), Said::True);
    assert_eq!(stage.ask(&lookup(&early())).unwrap(), Said::True);
}

/// A source can pass on a head that the database never showed it, and tiles that do not belong to it; a database that was
/// set back has forgotten its newest tiles. That proves nothing, so nothing is marked, but nothing is believed either.
#[test]
fn a_head_without_its_tiles_proves_nothing() {
    for fork in [Fork::Larger, Fork::Smaller] {
        let (log, other) = logs(fork);
        let stage = Stage::new(Place::Alone, &log, tree());
        assert_eq!(stage.ask(&early().url_path("zip")).unwrap(), Said::True);
        log.lie(match fork {
            Fork::SameSize | Fork::Larger => Lie::Heads(other),
            Fork::Smaller => Lie::Instead(other),
        });
        for path in [late().url_path("zip"), late().url_path("mod"), lookup(&late())] {
            let said = stage.ask(&path).unwrap();
            assert!(matches!(said, Said::Refused(..)), "{fork:?}: {path}: {said:?}");
        }
        log.be_honest();
        assert_eq!(stage.ask(&late().url_path("zip")).unwrap(), Said::True, "{fork:?}");
        stage.stores_no_lie().unwrap();
    }
}

/// The mark is a file: all processes on the directory see it, and an operator who has looked at it takes it away.
#[test]
fn the_mark_holds_for_all_processes_until_it_is_taken_away() {
    let (log, other) = logs(Fork::SameSize);
    let stage = Stage::new(Place::Alone, &log, tree());
    assert_eq!(stage.ask(&early().url_path("zip")).unwrap(), Said::True);
    let twin = stage.server.again().start();
    let until = |fits: &dyn Fn(u16) -> bool| {
        let begun = Instant::now();
        while !fits(twin.get(&format!("/{}", lookup(&late()))).status) {
            assert!(begun.elapsed() < SOON, "{}", twin.running().stderr());
        }
    };
    until(&|status| status == 200);
    log.lie(Lie::Instead(other));
    let said = stage.ask(&latest()).unwrap();
    assert!(said.security(), "{said:?}");
    until(&|status| status == 502);
    log.be_honest();
    assert_eq!(twin.get(&format!("/{}", lookup(&late()))).status, 502);

    let mut marks = Vec::new();
    each_file(stage.server.data(), &mut |file| {
        if file.ends_with("@misbehaviour") {
            marks.push(file.to_owned());
        }
    });
    let [mark] = &marks[..] else { panic!("{marks:?}") };
    let evidence = fs::read_to_string(mark).unwrap();
    assert!(evidence.matches("go.sum database tree").count() >= 2, "{evidence}");
    fs::remove_file(mark).unwrap();
    until(&|status| status == 200);
}

/// By when another process has surely seen a mark that came or went. It takes a second or two.
const SOON: Duration = Duration::from_secs(20);
