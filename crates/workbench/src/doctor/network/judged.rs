//! What the answers of a proxy mean.

use std::{fmt::Write as _, time::Duration};

use gomod::{Info, scan_module_line};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::{
    answers::{Asked, Other, ProxySeen, What},
    reached::{broken, short},
};
use crate::{
    Diagnosis, Finding,
    diagnoses::{network, proxy},
    doctor::Seen,
    wire::{Answer, Problem},
};

/// What is wrong with a proxy's answers.
pub(super) fn examine(proxy: &ProxySeen, seen: &mut Seen) {
    if proxy.asked.is_empty() {
        return;
    }
    match root(proxy) {
        Some((diagnosis, evidence)) => {
            let module =
                proxy.asked.iter().find(|asked| fault(proxy, asked).is_some()).or(proxy.asked.first());
            let module = module.map(|asked| asked.module.path().to_string()).unwrap_or_default();
            let finding = about(diagnosis, proxy).name("module", &module);
            seen.found(evidence.into_iter().take(MOST_LINES).fold(finding, Finding::evidence));
        }
        None => {
            slow(proxy, seen);
            let answers = proxy.asked.iter().filter_map(|asked| asked.answer.as_ref().ok());
            let latency = answers.map(|answer| answer.head_after).max().unwrap_or_default();
            let mut line = format!(
                "{}: {} answers about modules of this project, each within {}",
                proxy.host,
                proxy.asked.len(),
                short(latency)
            );
            if let Some(rate) = zip(proxy).and_then(rate) {
                let _ = write!(line, ", a zip at {:.0} kB/s", rate / 1000.0);
            }
            seen.passed(line);
        }
    }
}

fn about(diagnosis: &'static Diagnosis, proxy: &ProxySeen) -> Finding {
    Finding::new(diagnosis).name("host", &proxy.host).name("url", &proxy.url)
}

type Root = (&'static Diagnosis, Vec<String>);

/// The one cause, in order of what hides what.
fn root(proxy: &ProxySeen) -> Option<Root> {
    let faults: Vec<_> = proxy.asked.iter().filter_map(|asked| Some((asked, fault(proxy, asked)?))).collect();
    let of = |wanted: &Diagnosis| {
        let lines: Vec<_> = faults
            .iter()
            .filter(|(_, (diagnosis, _))| *diagnosis == wanted)
            .map(|(asked, (_, words))| format!("{}: {words}", asked.path))
            .collect();
        (!lines.is_empty()).then_some(lines)
    };
    let one_way =
        [&network::PORTAL, &network::HTTP_PROXY_AUTH, &network::ENCODING, &network::PATHS, &network::HTTP2];
    if let Some(found) = one_way.into_iter().find_map(|diagnosis| Some((diagnosis, of(diagnosis)?))) {
        return Some(found);
    }
    let statuses = [&proxy::PROXY_DENIES, &proxy::PROXY_BLOCKED, &proxy::PROXY_BUSY, &proxy::PROXY_FAILS];
    for diagnosis in statuses {
        if everywhere(proxy, &faults, diagnosis) {
            return Some((diagnosis, of(diagnosis)?));
        }
    }
    let others = [
        &network::NO_ANSWER,
        &network::REDIRECTS,
        &network::NOT_HTTP,
        &network::REFUSED,
        &network::NO_ROUTE,
        &network::CLIENT_CERTIFICATE,
        &network::TLS_REFUSED,
        &network::BODY_STALLS,
        &network::BODY_LIMIT,
        &network::CUT,
        &network::RESET,
        &proxy::ZIP_BAD,
        &proxy::PROXY_LIES,
    ];
    if let Some(found) = others.into_iter().find_map(|diagnosis| Some((diagnosis, of(diagnosis)?))) {
        return Some(found);
    }
    let chance: Vec<_> = proxy.asked.iter().filter(|asked| asked.recovered).collect();
    if chance.len() >= CHANCES {
        let lines = chance.iter().map(|asked| format!("{}: failed once, then not", asked.path));
        return Some((&network::RESET, lines.collect()));
    }
    absent(proxy)
}

/// Whether something was answered for every module, and not just for one of several.
fn everywhere(
    proxy: &ProxySeen,
    faults: &[(&Asked, (&'static Diagnosis, String))],
    diagnosis: &Diagnosis,
) -> bool {
    let said = |asked: &Asked| faults.iter().any(|(at, (d, _))| std::ptr::eq(*at, asked) && *d == diagnosis);
    proxy.asked.iter().all(|asked| proxy.asked.iter().filter(|other| other.module == asked.module).any(said))
}

/// It knows none of the modules, and nobody else is asked.
fn absent(proxy: &ProxySeen) -> Option<Root> {
    let gone =
        |asked: &Asked| asked.answer.as_ref().is_ok_and(|answer| matches!(answer.status.as_u16(), 404 | 410));
    let needed = || proxy.asked.iter().filter(|asked| matches!(asked.what, What::Info | What::Mod));
    if proxy.more || needed().next().is_none() || !needed().all(gone) {
        return None;
    }
    let one = proxy.asked.iter().all(|asked| Some(&asked.module) == proxy.asked.first().map(|a| &a.module));
    let lines = needed().filter(|asked| asked.what == What::Mod).map(|asked| format!("{}: 404", asked.path));
    Some((if one { &proxy::NOT_FOUND } else { &proxy::PROXY_EMPTY }, lines.collect()))
}

/// What is wrong with one answer.
fn fault(proxy: &ProxySeen, asked: &Asked) -> Option<(&'static Diagnosis, String)> {
    if let Some(works) = asked.works {
        let (diagnosis, how) = match works {
            Other::Spelled => (&network::PATHS, "with @ and ! spelled otherwise it comes"),
            Other::Http1 => (&network::HTTP2, "with HTTP/1.1 it comes"),
        };
        return Some((diagnosis, format!("{}; {how}", said(asked))));
    }
    let answer = match &asked.answer {
        Ok(answer) => answer,
        Err(failure) if asked.silent_alone => {
            return Some((&network::BODY_STALLS, format!("{failure}, and small answers come")));
        }
        // With TLS 1.3 the alert that says so comes after the handshake, and the end of the connection may overtake it.
        Err(failure)
            if proxy.wants_certificate
                && matches!(failure.problem, Problem::TlsRefused | Problem::Reset | Problem::Closed) =>
        {
            let words = format!("it asked for a certificate of this machine, then: {failure}");
            return Some((&network::CLIENT_CERTIFICATE, words));
        }
        Err(failure) => return Some((broken(failure.problem), failure.to_string())),
    };
    let status = answer.status.as_u16();
    let diagnosis = match status {
        404 | 410 => return None,
        200 => return content(asked),
        511 => &network::PORTAL,
        407 => &network::HTTP_PROXY_AUTH,
        429 => &proxy::PROXY_BUSY,
        451 => &proxy::PROXY_BLOCKED,
        401 | 403 => &proxy::PROXY_DENIES,
        500..=599 => &proxy::PROXY_FAILS,
        _ => &proxy::PROXY_LIES,
    };
    Some((diagnosis, said(asked)))
}

/// What is wrong with an answer of status 200.
fn content(asked: &Asked) -> Option<(&'static Diagnosis, String)> {
    let answer = asked.answer.as_ref().ok()?;
    let (diagnosis, words) = body(asked, answer)?;
    // Go looks at no other compression than the one that it asks for: the name of one does no harm, its bytes do.
    let named = answer.headers.get(CONTENT_ENCODING).and_then(|named| named.to_str().ok());
    let other = named.filter(|named| !matches!(*named, "identity" | "gzip" | "x-gzip"));
    match other.filter(|_| [&proxy::PROXY_LIES, &proxy::ZIP_BAD].contains(&diagnosis)) {
        Some(named) => Some((&network::ENCODING, format!("compressed as {named:?}, so go finds {words}"))),
        None => Some((diagnosis, words)),
    }
}

/// What is wrong with a body, whatever it is said to be.
fn body(asked: &Asked, answer: &Answer) -> Option<(&'static Diagnosis, String)> {
    if let Some(failure) = &answer.broken {
        let same = asked.broke_at.is_some_and(|at| at == answer.len && at > SMALL);
        let diagnosis = match failure.problem {
            Problem::TimedOut => &network::BODY_STALLS,
            Problem::Closed if same => &network::BODY_LIMIT,
            Problem::Closed => &network::CUT,
            problem => broken(problem),
        };
        let to = answer.headers.get(http::header::CONTENT_LENGTH).and_then(|len| len.to_str().ok());
        let to = to.map(|len| format!(" of {len}")).unwrap_or_default();
        return Some((diagnosis, format!("{} after {}{to} bytes", failure.words, answer.len)));
    }
    let Some(body) = &asked.body else {
        return Some((&network::ENCODING, "called gzip, and not compressed like that".to_owned()));
    };
    let html = answer.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if html || body.trim_ascii_start().starts_with(b"<") {
        let from = asked.from.as_ref().map(|host| format!(", from {host}")).unwrap_or_default();
        return Some((&network::PORTAL, format!("a page{from}: {}", beginning(body))));
    }
    if body.starts_with(b"\x1f\x8b") {
        return Some((&network::ENCODING, "compressed, and nothing says so".to_owned()));
    }
    let lies = |words: String| Some((&proxy::PROXY_LIES, words));
    match asked.what {
        What::List if body.is_ascii() => None,
        What::List => lies("no list".to_owned()),
        What::Info => match Info::parse(body) {
            Ok(info) if info.version() == asked.module.version() => None,
            Ok(info) => lies(format!("for {}", info.version())),
            Err(error) => lies(error.to_string()),
        },
        What::Mod => {
            let named = std::str::from_utf8(body).ok().and_then(|text| scan_module_line(text.as_bytes()));
            named.is_none().then(|| (&proxy::PROXY_LIES, "no go.mod".to_owned()))
        }
        What::Zip if !body.starts_with(b"PK") => {
            Some((&proxy::ZIP_BAD, format!("no zip, but {}", beginning(body))))
        }
        What::Zip => (answer.whole && !ends_as_zip(body)).then(|| {
            (
                &proxy::ZIP_BAD,
                format!(
                    "its end is missing: {} bytes came, and nothing says that there are more",
                    answer.len
                ),
            )
        }),
    }
}

/// Whether the record that ends every zip is there.
fn ends_as_zip(body: &[u8]) -> bool {
    let end = body.get(body.len().saturating_sub(66_000)..).unwrap_or_default();
    end.windows(4).any(|four| four == b"PK\x05\x06")
}

/// It works, but not as anybody would like it.
fn slow(proxy: &ProxySeen, seen: &mut Seen) {
    let mut latencies: Vec<_> = proxy
        .asked
        .iter()
        .filter(|asked| asked.what != What::Zip)
        .filter_map(|asked| Some(asked.answer.as_ref().ok()?.head_after))
        .collect();
    latencies.sort_unstable();
    let late = latencies.get(latencies.len() / 2).copied().filter(|median| *median >= LATE);
    let held = proxy.asked.iter().find_map(|asked| Some((asked, asked.held.as_ref()?)));
    if let Some((asked, held)) = held {
        let finding = about(&network::BODY_HELD, proxy).name("module", asked.module.path().as_str());
        seen.found(
            finding
                .evidence(format!(
                    "{}: the first of {} bytes after {}, the last one {} later",
                    asked.path,
                    held.len,
                    short(held.first),
                    short(held.rest)
                ))
                .evidence(format!("a small answer begins after {}", short(held.control))),
        );
    }
    let thin = zip(proxy).filter(|_| held.is_none()).and_then(rate).filter(|rate| *rate < THIN);
    let mut lines = Vec::new();
    lines.extend(late.map(|median| format!("half of the small answers take longer than {}", short(median))));
    lines.extend(thin.map(|rate| format!("a zip comes at {:.0} kB/s", rate / 1000.0)));
    if !lines.is_empty() {
        let finding = about(&network::SLOW, proxy);
        seen.found(lines.into_iter().fold(finding, Finding::evidence));
    }
}

/// The zip that was asked for, if it came.
fn zip(proxy: &ProxySeen) -> Option<&Answer> {
    proxy.asked.iter().find(|asked| asked.what == What::Zip)?.answer.as_ref().ok()
}

/// Bytes in a second, where there were enough to tell.
fn rate(answer: &Answer) -> Option<f64> {
    let seconds = answer.took.saturating_sub(answer.head_after).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "at most a few megabytes")]
    let rate = answer.len as f64 / seconds.max(0.001);
    (answer.len >= ENOUGH).then_some(rate)
}

fn said(asked: &Asked) -> String {
    match &asked.answer {
        Ok(answer) => answer.status.to_string(),
        Err(failure) => failure.to_string(),
    }
}

/// The first words of a body, fit for a line.
fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..80.min(body.len())).unwrap_or_default());
    format!("{:?}", text.trim())
}

/// Evidence is a few lines.
const MOST_LINES: usize = 6;
/// So many requests that failed once are no chance.
const CHANCES: usize = 2;
/// A limit of size is above this.
const SMALL: u64 = 4 << 10;
const LATE: Duration = Duration::from_secs(2);
/// Bytes that show how fast a line is.
const ENOUGH: u64 = 64 << 10;
/// Bytes in a second.
const THIN: f64 = 50_000.0;
