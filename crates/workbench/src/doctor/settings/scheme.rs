//! Proxies that are named without a scheme: go takes https for it, and perhaps http was meant.

use std::{future::Future, pin::Pin};

use http::StatusCode;
use url::Url;

use super::{
    super::{Patient, Seen},
    chain, told,
};
use crate::{
    Change, GoVariable,
    diagnoses::settings::value,
    wire::{Ask, Failure, Offer, Problem, Step, Wire},
};

pub(super) fn look(patient: &Patient) -> Pin<Box<dyn Future<Output = Seen> + Send + '_>> {
    Box::pin(async {
        let mut seen = Seen::default();
        ask(patient, &mut seen).await;
        seen
    })
}

async fn ask(patient: &Patient, seen: &mut Seen) {
    let Some(found) = patient.go().get(GoVariable::Proxy) else { return };
    let entries = chain::entries(&found.value).take_while(|entry| !matches!(*entry, "direct" | "off"));
    for entry in entries.filter(|entry| !entry.contains(":/") && !entry.contains("//")) {
        let (Some(host), Ok(url)) = (chain::host(entry), Url::parse(&format!("https://{entry}"))) else {
            continue;
        };
        if patient.offline {
            seen.unchecked(format!(
                "whether {host} speaks https, which go takes for the scheme it lacks: offline"
            ));
            continue;
        }
        let wire = match Wire::new(&upstream::Env::new(patient.env.iter()), patient.patience) {
            Ok(wire) => wire,
            Err(error) => {
                seen.unchecked(format!("whether {host} speaks https: {error}"));
                return;
            }
        };
        let Err(failure) = wire.open(&url, Offer::Http1).await.line else {
            seen.passed(format!(
                "{host} speaks https, which go takes for the scheme that it lacks in GOPROXY"
            ));
            continue;
        };
        if !speaks_plainly(&wire, entry, &failure).await {
            seen.unchecked(format!("whether {host} speaks https: {failure}"));
            continue;
        }
        let finding = told::finding(patient, &value::SCHEME, &found).name("host", host);
        let plain = if told::is_plain(entry) { entry } else { host };
        let change = Change::set(&found, &found.value.replacen(entry, &format!("http://{entry}"), 1));
        seen.found(finding.name("entry", plain).evidence(failure.to_string()).fixed(change));
    }
}

/// What answers there is HTTP without TLS: it says so, or breaks the handshake off and answers a plain request.
async fn speaks_plainly(wire: &Wire, entry: &str, failure: &Failure) -> bool {
    if failure.problem == Problem::NotTls {
        return true;
    }
    let Ok(url) = Url::parse(&format!("http://{entry}")) else { return false };
    if !matches!(failure.step, Step::Tls(_))
        || matches!(failure.problem, Problem::Distrust(_) | Problem::TlsRefused)
    {
        return false;
    }
    match wire.open(&url, Offer::Http1).await.line {
        // A server that wants TLS answers 400.
        Ok(mut line) => {
            line.ask(&Ask::get(url)).await.is_ok_and(|answer| answer.status != StatusCode::BAD_REQUEST)
        }
        Err(_) => false,
    }
}
