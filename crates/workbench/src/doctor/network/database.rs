//! The checksum database, on the way on which `go` asks it (cmd/go/internal/modfetch/sumdb.go).

use gomod::ModuleVersion;
use sumdb::{Head, Lookup, Verifier};

use super::{
    host::HostSeen,
    plan::{Database, Plan, Source},
    reached::{broken, short},
};
use crate::{
    Diagnosis, Finding,
    diagnoses::{network, proxy},
    doctor::Seen,
    wire::{Answer, Ask, Failure, Line, Offer, Problem, Wire},
};

/// What was seen of the checksum database.
pub(super) struct DatabaseSeen {
    name: String,
    /// Who is asked for it.
    host: String,
    /// The URL below which it is asked, for commands.
    url: String,
    /// What is wrong with it, in a diagnosis and words.
    wrong: Option<(&'static Diagnosis, String)>,
    /// What is in order.
    fine: Option<String>,
    /// The way to the database itself, where it is asked there.
    pub(super) direct: Option<HostSeen>,
}

/// Where it is asked.
enum Base<'a> {
    /// Through this proxy.
    Proxy(&'a Source, &'a Wire),
    /// Itself.
    Direct,
    /// Nowhere, because this proxy failed.
    Nowhere(&'a Source, &'static Diagnosis, String),
}

impl DatabaseSeen {
    /// `hosts` are those of the plan's proxies.
    pub(super) async fn look(
        wire: &Wire,
        plan: &Plan,
        database: &Database,
        hosts: &[HostSeen],
        servers: &[crate::wire::Nameserver],
    ) -> Self {
        let mut seen = DatabaseSeen {
            name: database.name.clone(),
            host: database.direct.host(),
            url: database.direct.base(),
            wrong: None,
            fine: None,
            direct: None,
        };
        let proven = plan.proven.as_ref();
        match base(plan, database, hosts).await {
            Base::Proxy(source, wire) => {
                seen.host = source.host();
                let below = format!("sumdb/{}", database.name);
                seen.url = source.below(&below).to_string();
                seen.judge(wire, source, &below, database, proven).await;
            }
            Base::Direct => {
                let host = HostSeen::look(wire, &database.direct, servers).await;
                match &host.end {
                    Ok(()) => seen.judge(&host.wire.clone(), &database.direct, "", database, proven).await,
                    Err(failure) => seen.wrong = Some((&proxy::SUMDB_UNREACHABLE, failure.to_string())),
                }
                seen.direct = Some(host);
            }
            Base::Nowhere(source, diagnosis, words) => {
                seen.host = source.host();
                seen.url = source.below(&format!("sumdb/{}", database.name)).to_string();
                seen.wrong = Some((diagnosis, words));
            }
        }
        seen
    }

    /// Says what was seen. `summed`: nothing is asked of it before the project changes.
    pub(super) fn examine(&self, summed: impl FnOnce() -> bool, seen: &mut Seen) {
        if let Some((diagnosis, words)) = &self.wrong {
            let away = *diagnosis == &proxy::SUMDB_UNREACHABLE && summed();
            let finding = self.about(if away { &proxy::SUMDB_AWAY } else { diagnosis });
            seen.found(finding.evidence(format!("{}: {words}", self.name)));
        }
        if let Some(fine) = &self.fine {
            seen.passed(fine.clone());
        }
    }

    /// A finding about it.
    pub(super) fn about(&self, diagnosis: &'static Diagnosis) -> Finding {
        let finding = Finding::new(diagnosis).name("host", &self.host).name("url", &self.url);
        finding.name("database", &self.name)
    }

    async fn judge(
        &mut self,
        wire: &Wire,
        source: &Source,
        below: &str,
        database: &Database,
        proven: Option<&ModuleVersion>,
    ) {
        let path = |rest: &str| format!("{below}/{rest}").trim_start_matches('/').to_owned();
        let mut lines = Vec::new();
        let latest = match ask(wire, source, &path("latest"), &mut lines).await {
            Ok(answer) => answer,
            Err(wrong) => {
                self.wrong = Some(wrong);
                return;
            }
        };
        let took = latest.took;
        if let Ok(key) = Verifier::parse(&database.key)
            && let Err(error) = Head::open(&latest.body, &key)
        {
            // Something that has the form of a head and another signature is no accident.
            let diagnosis = if latest.body.starts_with(b"go.sum database tree\n") {
                &proxy::SUMDB_LIES
            } else {
                &proxy::SUMDB_ANSWER
            };
            self.wrong = Some((diagnosis, format!("latest: {error}")));
            return;
        }
        if let Some(module) = proven {
            let asked =
                format!("lookup/{}@{}", module.path().escaped(), escaped(&module.version().to_string()));
            match ask(wire, source, &path(&asked), &mut lines).await {
                Ok(answer) if answer.status.as_u16() == 200 && Lookup::parse(&answer.body).is_err() => {
                    self.wrong = Some((&proxy::SUMDB_ANSWER, format!("{asked}: no record")));
                    return;
                }
                // That it does not know one module is no fault of it.
                Ok(_) => {}
                Err((diagnosis, words)) => {
                    self.wrong = Some((diagnosis, format!("{asked}: {words}")));
                    return;
                }
            }
        }
        let way = if below.is_empty() { "directly" } else { "through" };
        self.fine = Some(if below.is_empty() {
            format!("the checksum database {}: {way}, {}", self.name, short(took))
        } else {
            format!("the checksum database {}: {way} {}, {}", self.name, self.host, short(took))
        });
    }
}

/// Finds out where it is asked, as `go` does: at the first proxy that says it is supported there.
async fn base<'a>(plan: &'a Plan, database: &Database, hosts: &'a [HostSeen]) -> Base<'a> {
    for (source, host) in plan.proxies.iter().zip(hosts) {
        if let Err(failure) = &host.end {
            if source.spare {
                continue;
            }
            return Base::Nowhere(source, &proxy::SUMDB_UNREACHABLE, failure.to_string());
        }
        let path = format!("sumdb/{}/supported", database.name);
        match ask(&host.wire, source, &path, &mut Vec::new()).await {
            Ok(answer) if answer.status.as_u16() == 200 => return Base::Proxy(source, &host.wire),
            Ok(_) => {}
            Err(_) if source.spare => {}
            Err((diagnosis, words)) => return Base::Nowhere(source, diagnosis, words),
        }
    }
    Base::Direct
}

/// A 200 or an absence, or what is wrong.
async fn ask(
    wire: &Wire,
    source: &Source,
    path: &str,
    lines: &mut Vec<Line>,
) -> Result<Answer, (&'static Diagnosis, String)> {
    let mut ask = Ask::get(source.below(path));
    ask.headers = source.headers();
    // What is signed is compared byte by byte.
    ask.headers.insert(http::header::ACCEPT_ENCODING, http::HeaderValue::from_static("identity"));
    let mut end = wire.fetch(&ask, Offer::Both, lines).await.end;
    if !matches!(&end, Err(failure) if failure.problem == Problem::TimedOut) && !is_good(&end) {
        end = wire.fetch(&ask, Offer::Both, &mut Vec::new()).await.end;
    }
    match end {
        Ok(answer) => match (answer.status.as_u16(), answer.broken.clone()) {
            (200 | 404 | 410, None) => Ok(answer),
            (200, Some(failure)) => Err((&proxy::SUMDB_UNREACHABLE, failure.to_string())),
            _ => Err((&proxy::SUMDB_UNREACHABLE, format!("{path}: {}", answer.status))),
        },
        Err(failure) if broken(failure.problem) == &network::NOT_HTTP => {
            Err((&proxy::SUMDB_ANSWER, failure.to_string()))
        }
        Err(failure) => Err((&proxy::SUMDB_UNREACHABLE, failure.to_string())),
    }
}

fn is_good(end: &Result<Answer, Failure>) -> bool {
    end.as_ref()
        .is_ok_and(|answer| matches!(answer.status.as_u16(), 200 | 404 | 410) && answer.broken.is_none())
}

/// As module paths: an upper-case letter is `!` and the lower-case one.
fn escaped(version: &str) -> String {
    let letters = version
        .chars()
        .map(|c| if c.is_ascii_uppercase() { format!("!{}", c.to_ascii_lowercase()) } else { c.to_string() });
    letters.collect()
}
