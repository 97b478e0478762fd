//! Whom `go` would ask for the modules of the project, by its settings.

use std::collections::BTreeSet;

use gomod::{ModuleVersion, Patterns, ProxyList, ProxyTarget, Require, Separator, SumdbSpec};
use http::{HeaderMap, HeaderName, HeaderValue};
use upstream::{Env, Login, Netrc, SafeUrl};
use url::Url;

use crate::{GoVariable, doctor::Patient, project::Project};

/// Whom `go` would ask, and for what.
pub(super) struct Plan {
    /// The proxies of GOPROXY that are reached over the network, in their order.
    pub(super) proxies: Vec<Source>,
    /// The checksum database, if one is asked.
    pub(super) database: Option<Database>,
    /// Modules of the project that proxies may be asked for, at most [`MOST_MODULES`].
    pub(super) modules: Vec<ModuleVersion>,
    /// One of the project that the database may be asked for.
    pub(super) proven: Option<ModuleVersion>,
    /// What could not be read.
    pub(super) unread: Vec<String>,
}

/// One server.
pub(super) struct Source {
    /// Its URL, without credentials.
    pub(super) url: Url,
    /// What it is told of who asks.
    login: Option<Login>,
    /// Another entry follows in GOPROXY, and is asked after any failure of this one.
    pub(super) spare: bool,
    /// Another entry follows that is asked where this one says 404.
    pub(super) more: bool,
}

/// The checksum database.
pub(super) struct Database {
    /// Its name.
    pub(super) name: String,
    /// Its key, in text form.
    pub(super) key: String,
    /// Where it is itself.
    pub(super) direct: Source,
}

impl Plan {
    /// What the settings say. What cannot be read in them is for who looks at settings.
    pub(super) fn of(patient: &Patient, env: &Env) -> Self {
        let go = patient.go();
        let mut plan = Plan {
            proxies: Vec::new(),
            database: None,
            modules: Vec::new(),
            proven: None,
            unread: Vec::new(),
        };
        let netrc = Netrc::load(env);
        match go.value(GoVariable::Proxy).parse::<ProxyList>() {
            Ok(list) => plan.proxies = proxies(&list, &netrc),
            Err(_) => plan.unread.push("the proxies: GOPROXY cannot be read".to_owned()),
        }
        match go.value(GoVariable::Sumdb).parse::<SumdbSpec>() {
            Ok(SumdbSpec::On { name, key, url }) => {
                let url = url.map_or_else(|| format!("https://{name}"), |url| url.as_str().to_owned());
                let direct = SafeUrl::parse(&url).ok().map(|url| Source::of(&url, &netrc));
                plan.database = direct.map(|direct| Database { name: name.to_string(), key, direct });
            }
            Ok(SumdbSpec::Off) => {}
            Err(_) => plan.unread.push("the checksum database: GOSUMDB cannot be read".to_owned()),
        }
        let required = required(patient);
        let requires = !required.is_empty();
        let not_asked = Patterns::new(&go.value(GoVariable::NoProxy));
        let not_proven = Patterns::new(&go.value(GoVariable::NoSumdb));
        let may_be_asked: Vec<_> =
            required.into_iter().filter(|module| !not_asked.matches(module.path().as_str())).collect();
        plan.proven = may_be_asked.iter().find(|m| !not_proven.matches(m.path().as_str())).cloned();
        // Where every module is private, no database is asked.
        if requires && plan.proven.is_none() {
            plan.database = None;
        }
        plan.modules = chosen(may_be_asked);
        plan
    }
}

impl Source {
    fn of(url: &SafeUrl, netrc: &Netrc) -> Self {
        // As the go command, which tells nobody anything without TLS.
        let login = url.login().or_else(|| netrc.login(url.authority()));
        let login = login.filter(|_| url.scheme() == "https");
        Source { url: url.as_url().clone(), login, spare: false, more: false }
    }

    /// Host and port, as people read them.
    pub(super) fn host(&self) -> String {
        label(&self.url)
    }

    /// Its URL without a slash at the end, for commands that ask it.
    pub(super) fn base(&self) -> String {
        self.url.as_str().trim_end_matches('/').to_owned()
    }

    /// The URL of a path below it, spelled as the go command does: `!` is `%21`.
    pub(super) fn below(&self, path: &str) -> Url {
        self.spelled(&path.replace('!', "%21"))
    }

    /// The same for a path that is spelled already.
    pub(super) fn spelled(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url
    }

    /// Headers that say who asks.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in self.login.iter().flat_map(Login::expose) {
            if let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                value.set_sensitive(true);
                headers.append(name, value);
            }
        }
        headers
    }
}

/// Host, and port if it is not the usual one.
pub(super) fn label(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn proxies(list: &ProxyList, netrc: &Netrc) -> Vec<Source> {
    let entries = list.entries();
    let mut found = Vec::new();
    for (n, entry) in entries.iter().enumerate() {
        let ProxyTarget::Url(url) = &entry.target else { continue };
        let Ok(url) = SafeUrl::parse(url.as_str()) else { continue };
        if url.scheme() == "file" || found.len() == MOST_PROXIES {
            continue;
        }
        let next = entries.get(n + 1).is_some_and(|next| next.target != ProxyTarget::Off);
        let spare = next && entry.after == Separator::Pipe;
        found.push(Source { spare, more: next, ..Source::of(&url, netrc) });
    }
    found
}

/// What the main modules require and nothing replaces, those first that they name themselves.
fn required(patient: &Patient) -> Vec<ModuleVersion> {
    let Ok(project) = Project::read(&patient.dir, patient.go()) else { return Vec::new() };
    let is_own = |path: &str| project.mains().iter().any(|main| main.path() == path);
    let all = project.mains().iter().flat_map(|main| main.mods().require());
    let mut required: Vec<_> = all
        .filter(|require| !is_own(require.path()))
        .filter(|require| project.instead(require.path(), require.version()).is_none())
        .collect();
    required.sort_by_key(|require| require.is_indirect());
    let mut known = BTreeSet::new();
    let versions = required.into_iter().filter_map(Require::module_version);
    versions.filter(|module| known.insert(module.clone())).collect()
}

/// A few of them, and one with an upper-case letter among them, whose path has a `!`.
fn chosen(modules: Vec<ModuleVersion>) -> Vec<ModuleVersion> {
    let marked = |module: &ModuleVersion| module.path().escaped().contains('!');
    let special = modules.iter().position(marked).filter(|at| *at >= MOST_MODULES);
    let mut modules = modules;
    if let Some(at) = special {
        modules.swap(MOST_MODULES - 1, at);
    }
    modules.truncate(MOST_MODULES);
    modules
}

const MOST_MODULES: usize = 3;
const MOST_PROXIES: usize = 4;
