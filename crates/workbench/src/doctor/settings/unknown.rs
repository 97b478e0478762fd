//! Names that are nearly those of go's variables, and values with something around them.

use super::{
    super::{Patient, Seen},
    spelling::distance,
    told,
};
use crate::{
    Change, Finding, Found, GoVariable,
    diagnoses::settings::{risk, value},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    for name in patient.env.names() {
        if let Some(meant) = nearly(name) {
            let value = patient.env.text(name).unwrap_or_default();
            let mut finding = slip(patient, name, meant)
                .evidence(format!("{name}={} in the environment", told::shown(value)));
            for line in told::exported(patient, name, value) {
                finding = finding.evidence(line);
            }
            seen.found(finding);
        }
    }
    let file = patient.go().user_file().unwrap_or(std::path::Path::new("")).display();
    for (name, line) in patient.go().in_user() {
        if let Some(meant) = nearly(name) {
            seen.found(slip(patient, name, meant).evidence(format!("{file}:{line} sets {name}")));
        }
    }
    for variable in GoVariable::ALL {
        if let Some(found) = patient.go().get(variable).filter(|found| found.variable == variable) {
            form(patient, &found, &mut seen);
        }
    }
    if seen.is_clean() {
        seen.passed("the names and values of Go's variables are in order");
    }
    seen
}

/// A name that means nothing. Where it seems to mean GOPROXY, those whom go asks instead are what follows.
fn slip(patient: &Patient, name: &str, meant: GoVariable) -> Finding {
    let proxies = patient.go().value(GoVariable::Proxy);
    let host = Some(proxies).filter(|_| meant == GoVariable::Proxy);
    let host = host.as_deref().and_then(|list| super::chain::hosts(list).next()).unwrap_or_default();
    Finding::new(&risk::UNKNOWN).name("variable", name).name("meant", meant.name()).name("host", host)
}

/// The variable of go that a name is one letter away from, if it is none itself.
fn nearly(name: &str) -> Option<GoVariable> {
    let upper = name.to_ascii_uppercase();
    let begins = upper.starts_with('G') || upper.starts_with("OG");
    let known = GoVariable::ALL.iter().any(|known| known.name() == name) || OTHERS.contains(&name);
    let numbered = name.ends_with(|c: char| c.is_ascii_digit());
    if !begins || known || numbered || OTHERS.contains(&upper.as_str()) || name.len() > LONGEST {
        return None;
    }
    let targets = GoVariable::ALL.into_iter().filter(|variable| variable.name().starts_with("GO"));
    targets
        .filter(|variable| distance(&upper, variable.name()) <= 1)
        .min_by_key(|variable| distance(&upper, variable.name()))
}

fn form(patient: &Patient, found: &Found, seen: &mut Seen) {
    let quoted = |quote: char| {
        let inside = found.value.trim().strip_prefix(quote)?;
        Some(inside.strip_suffix(quote).unwrap_or(inside).to_owned())
    };
    let words = matches!(found.variable, GoVariable::Flags | GoVariable::Auth);
    if let Some(inside) = quoted('"').or_else(|| quoted('\'')).filter(|_| !words) {
        seen.found(told::finding(patient, &value::QUOTED, found).fixed(Change::set(found, &inside)));
    }
    let trimmed = matches!(
        found.variable,
        GoVariable::Proxy | GoVariable::Sumdb | GoVariable::Auth | GoVariable::Flags
    );
    if found.value.ends_with('\r') && !trimmed {
        seen.found(
            told::finding(patient, &value::LINE_END, found).fixed(Change::set(found, found.value.trim_end())),
        );
    }
}

/// Longer names mean something else.
const LONGEST: usize = 16;

/// What go, its runtime and its tests read besides (internal/cfg, KnownEnv; runtime; cmd/go help environment).
const OTHERS: [&str; 47] = [
    "GO386",
    "GOAMD64",
    "GOARCH",
    "GOARM",
    "GOARM64",
    "GOCACHEPROG",
    "GOCOVERDIR",
    "GODEBUG",
    "GOENVFLAGS",
    "GOEXE",
    "GOEXPERIMENT",
    "GOFILE",
    "GOFIPS140",
    "GOFIPS140LATEST",
    "GOGC",
    "GOGCCFLAGS",
    "GOHOSTARCH",
    "GOHOSTOS",
    "GOLINE",
    "GOMAXPROCS",
    "GOMEMLIMIT",
    "GOMIPS",
    "GOMIPS64",
    "GOMOD",
    "GOOBJ",
    "GOOS",
    "GOPACKAGE",
    "GOPPC64",
    "GORACE",
    "GORISCV64",
    "GOROOT_BOOTSTRAP",
    "GOROOT_FINAL",
    "GOSSAFUNC",
    "GOSSAHASH",
    "GOSUM",
    "GOTELEMETRY",
    "GOTELEMETRYDIR",
    "GOTESTFLAGS",
    "GOTMP",
    "GOTOOLDIR",
    "GOTRACEBACK",
    "GOVERSION",
    "GOWASM",
    "GO_EXTLINK_ENABLED",
    "GCCGO",
    "GOPACKAGESDRIVER",
    "GONOSUMCHECK",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_one_letter_away_are_slips() {
        for (name, want) in [
            ("GOPORXY", Some("GOPROXY")),
            ("GO_PROXY", Some("GOPROXY")),
            ("goproxy", Some("GOPROXY")),
            ("GOPRIVAT", Some("GOPRIVATE")),
            ("GOFLAG", Some("GOFLAGS")),
            ("GONOSUMBD", Some("GONOSUMDB")),
            ("OGPROXY", Some("GOPROXY")),
            ("GOPROXY", None),
            ("GOPROXY2", None),
            ("GOMOD", None),
            ("GOGC", None),
            ("GOPATHS_EXTRA", None),
            ("NOPROXY", None),
        ] {
            assert_eq!(nearly(name).map(GoVariable::name), want, "{name}");
        }
    }
}
