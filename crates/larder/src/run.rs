//! `larder run`: a command behind a private mirror on loopback.

use std::{ffi::OsString, io::Write, net::Ipv4Addr, path::Path, sync::Arc};

use anyhow::Context;
use gomod::DbName;
use mirror::{CacheStatus, Mirror};
use tokio::{net::TcpListener, sync::oneshot, task};
use workbench::{Environment, GoSettings, ahead, modcache::ModCache, project::Project};

use crate::{
    child::{self, Signals},
    engine::Engine,
    profile::Profile,
    settings::Settings,
};

/// Runs the command and returns the exit code to end with.
pub(crate) async fn run(
    settings: &Settings,
    profile: Option<Profile>,
    command: &[OsString],
    env: &Environment,
) -> anyhow::Result<u8> {
    let mut settings = settings.clone();
    if let Some(profile) = profile {
        profile.apply(&mut settings)?;
    }
    let settings = &settings;
    let signals = Signals::catch().context("cannot catch signals")?;
    let engine = Engine::start(settings).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("cannot listen on loopback")?;
    let address = listener.local_addr().context("the address that was bound")?;
    let (mirrored, served, asked) = (engine.mirrored.clone(), engine.served.clone(), engine.asked.clone());
    expect(&engine.mirror, env);
    let (stop, stopped) = oneshot::channel::<()>();
    let settings_of_server = settings.clone();
    let server = tokio::spawn(async move {
        let stop = async move { drop(stopped.await) };
        engine.serve(listener, &settings_of_server, stop).await;
    });
    let child = match child::start(command, |child| {
        let larder = format!("http://{address}");
        child.env("GOPROXY", &larder);
        for line in profile.iter().flat_map(|profile| profile.lines(&larder, settings)) {
            child.env(line.variable, line.value);
        }
    }) {
        Ok(child) => child,
        Err(error) => {
            say(&error.to_string());
            return Ok(error.code);
        }
    };
    let code = child::finish(child, signals).await.context("cannot wait for the command")?;
    drop(stop);
    drop(server.await);
    if code != 0
        && let Some(hint) = outside_a_module(command)
    {
        say(hint);
    }
    let stored = served.answered(CacheStatus::Hit) + served.answered(CacheStatus::Stale);
    let fetched = served.answered(CacheStatus::Miss) + served.answered(CacheStatus::Revalidated);
    let how = how(&[
        (asked.all_retries(), "retry", "retries"),
        (asked.all_resumes(), "resumed body", "resumed bodies"),
        (mirrored.hedges_won.get(), "hedge won", "hedges won"),
        (served.answered(CacheStatus::Stale), "stale answer", "stale answers"),
    ]);
    let verified = verified(mirrored.vouched.get(), mirrored.held.get(), settings);
    say(&format!(
        "{stored} files from cache, {fetched} fetched, {} faults absorbed{how}{verified}",
        mirrored.absorbed.get()
    ));
    Ok(code)
}

/// Tells the mirror what the project here is going to fetch, beside the start of the command.
fn expect(mirror: &Arc<Mirror>, env: &Environment) {
    let (mirror, env) = (Arc::clone(mirror), env.clone());
    task::spawn_blocking(move || {
        let go = GoSettings::read(&env);
        let (Ok(dir), Some(cache)) = (std::env::current_dir(), go.mod_cache()) else { return };
        // Without a project there is nothing to expect; what is wrong with one, the command says.
        if let Ok(project) = Project::read(&dir, &go) {
            mirror.expect(ahead::to_fetch(&project, &ModCache::new(cache)));
        }
    });
}

/// What was done about faults, as far as anything was: ` (1 retry, 2 resumed bodies)`.
fn how(done: &[(u64, &str, &str)]) -> String {
    let done = done.iter().filter(|(count, ..)| *count > 0);
    let done: Vec<_> =
        done.map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many })).collect();
    if done.is_empty() { String::new() } else { format!(" ({})", done.join(", ")) }
}

/// What the checksum database vouched for, and what waits for it, as far as it was asked:
/// `, 3 records of sum.golang.org proven, 1 file held back until it answers`.
fn verified(records: u64, held: i64, settings: &Settings) -> String {
    let name = settings.sumdb.value.name().map_or("the checksum database", DbName::as_str);
    let records = match records {
        0 => String::new(),
        1 => format!(", 1 record of {name} proven"),
        _ => format!(", {records} records of {name} proven"),
    };
    match held {
        ..=0 => records,
        1 => format!("{records}, 1 file held back until {name} answers"),
        _ => format!("{records}, {held} files held back until {name} answers"),
    }
}

/// A line for people; a closed stderr is no reason to fail the command.
fn say(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "larder: {line}"));
}

/// The one thing that makes a `go` command fail before it asks for anything.
fn outside_a_module(command: &[OsString]) -> Option<&'static str> {
    let program = Path::new(command.first()?).file_stem()?;
    let inside =
        |dir: &Path| dir.ancestors().any(|dir| dir.join("go.mod").exists() || dir.join("go.work").exists());
    let changes_directory =
        command.iter().skip(1).any(|argument| argument.to_string_lossy().starts_with("-C"));
    (program == "go" && !changes_directory && !inside(&std::env::current_dir().ok()?))
        .then_some("there is no go.mod or go.work here or above; run this inside a Go project")
}
