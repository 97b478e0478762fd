//! Looks at repositories, and who may read them.

mod credential;
mod denied;
mod follows;
mod govcs;
mod listing;
mod netrc;
mod pages;
mod remote;
mod setup;
mod ssh;
mod straight;
mod token;
mod turns;

use std::{
    collections::BTreeSet,
    sync::Mutex,
    time::{Duration, Instant},
};

pub(super) use self::follows::FOLLOWS;
pub(in crate::doctor) use self::netrc::Netrc;
use self::{govcs::GoVcs, listing::Listing, pages::Asking, straight::Straight};
use super::{Check, Patient, Run, Seen, modules, program};
use crate::{
    Finding, GoVariable,
    diagnoses::{
        network,
        source::{
            GIT_CERTIFICATE, GIT_CONFIG, GIT_OWNER, GIT_PROXY, GOAUTH_OFF, GOVCS, HELPER_MISSING,
            HELPER_WAITS, INSTEAD_OF, INSTEAD_OF_PLAIN, META_FAILS, NETRC_HTTP, NETRC_MODE, NETRC_NOT_GIT,
            NETRC_PORT, NETRC_SYNTAX, NETRC_UNREADABLE, NO_GIT, NO_META, NO_PASSWORD, NO_SSH,
            REPOSITORY_ABSENT, SSH_AGENT, SSH_CONFIG, SSH_HOST_CHANGED, SSH_HOST_UNKNOWN, SSH_KEY,
            SSH_KEY_MODE, SSH_NO_KEY, TOKEN_EXPIRED, UNKNOWN_REVISION, UNREACHABLE, VCS_FAILS,
            WRONG_PASSWORD,
        },
    },
};

/// All of it.
pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "netrc",
        about: "the file of logins",
        finds: &[&NETRC_UNREADABLE, &NETRC_SYNTAX, &NETRC_MODE],
        run: Run::Blocking(|patient| {
            let mut seen = Seen::default();
            Netrc::read(patient).examine(&mut seen);
            seen
        }),
    },
    Check {
        name: "logins",
        about: "logins that proxies are not shown",
        finds: &[&NETRC_PORT, &NETRC_HTTP, &GOAUTH_OFF],
        run: Run::Blocking(denied::look),
    },
    Check {
        name: "git",
        about: "git and its settings",
        finds: &[&GIT_CONFIG, &GIT_OWNER],
        run: Run::Blocking(setup::look),
    },
    Check {
        name: "source",
        about: "repositories that go reads itself",
        finds: &[
            &NO_GIT,
            &NO_SSH,
            &GOVCS,
            &INSTEAD_OF,
            &INSTEAD_OF_PLAIN,
            &UNREACHABLE,
            &GIT_PROXY,
            &GIT_CERTIFICATE,
            &NETRC_PORT,
            &NETRC_NOT_GIT,
            &HELPER_MISSING,
            &HELPER_WAITS,
            &NO_PASSWORD,
            &WRONG_PASSWORD,
            &TOKEN_EXPIRED,
            &SSH_HOST_UNKNOWN,
            &SSH_HOST_CHANGED,
            &SSH_CONFIG,
            &SSH_NO_KEY,
            &SSH_AGENT,
            &SSH_KEY_MODE,
            &SSH_KEY,
            &REPOSITORY_ABSENT,
            &NO_META,
            &META_FAILS,
            &UNKNOWN_REVISION,
            &VCS_FAILS,
            &network::TLS_INTERCEPTED,
            &network::TLS_EXPIRED,
            &network::TLS_NAME,
        ],
        run: Run::Blocking(look),
    },
];

fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let straight = straight::of(patient);
    if straight.is_empty() {
        return seen;
    }
    let asking = match Asking::new(patient) {
        Ok(asking) => asking,
        Err(why) => {
            seen.unchecked(format!("source: repositories cannot be asked: {why}"));
            return seen;
        }
    };
    let env = patient.env.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = vcs::git::Config::read(env);
    // What git cannot read is told by another check; here nothing would be right.
    if config.rewritten("").is_err() {
        seen.unchecked("source: repositories, for git cannot read its settings");
        return seen;
    }
    let netrc = Netrc::read(patient);
    let begun = Instant::now();
    let listing = Listing { patient, config: &config, netrc: &netrc, asking: &asking, until: begun + ENDS };
    let known = Mutex::new(BTreeSet::new());
    let look = |module: &Straight| look_at(&listing, module, &known);
    seen.add(turns::take(&straight, patient.offline, begun + turns::BEGIN, look));
    seen
}

/// Looks at the repository of one module, if none of the others has the same.
fn look_at(listing: &Listing<'_>, module: &Straight, known: &Mutex<BTreeSet<String>>) -> Seen {
    let mut seen = Seen::default();
    let (patient, path) = (listing.patient, module.path.as_str());
    let root = match listing.asking.root(module) {
        Ok(root) => root,
        Err(_) if patient.offline => {
            seen.unchecked(format!("source: where the repository of {path} is, with --offline"));
            return seen;
        }
        Err(error) => {
            seen.found(pages::finding(module, listing.netrc, &error));
            return seen;
        }
    };
    let is_new = known.lock().is_ok_and(|mut known| known.insert(root.prefix().to_owned()));
    if !is_new {
        return seen;
    }
    let program = root.vcs().as_str();
    let text = patient.go().value(GoVariable::Vcs);
    let finding =
        |diagnosis| Finding::new(diagnosis).name("host", modules::host(path)).name("module", root.prefix());
    // A text that go refuses is another check's.
    if GoVcs::parse(&text).is_some_and(|rules| !rules.allows(root.prefix(), module.private, program)) {
        let shown = if text.is_empty() { "public:git|hg,private:all" } else { &text };
        seen.found(
            finding(&GOVCS)
                .evidence(format!("{} is kept with {program}", root.prefix()))
                .evidence(format!("GOVCS is {shown}")),
        );
        return seen;
    }
    let command = if program == "bzr" { "brz" } else { program };
    let is_there = [program, command].iter().any(|name| program::find(name, &patient.env).is_some());
    match root.vcs() {
        vcs::Vcs::Mod => {}
        _ if !is_there && module.here => {
            seen.passed(format!("source: {path} lies here already, so that no {program} is needed"));
        }
        _ if !is_there => seen.found(
            finding(&NO_GIT)
                .name("program", program)
                .evidence(format!("{path} is kept with {program}, and PATH leads to none"))
                .evidence(format!("straight from its repository: {}", module.why)),
        ),
        vcs::Vcs::Git => return listing.look(module, &root),
        _ => seen.unchecked(format!("source: the repository of {path}, which is kept with {program}")),
    }
    seen
}

/// How long all of it may take: a little less than [`CHECK`](super::CHECK), after which nothing of it would be said.
const ENDS: Duration = Duration::from_secs(19);
