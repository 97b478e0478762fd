//! Who Larder is for servers: tokens of its configuration, `GOAUTH`, netrc, git's credential helpers.
//!
//! What a URL itself says is stronger than all of them. They serve repositories, the pages that say where code is, and
//! proxies alike, over `https` alone. Nothing of it is ever an argument of a program, or in a message.

mod goauth;
mod programs;
mod token;

use std::{
    collections::HashMap,
    ffi::OsString,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use upstream::{Env, Login, Logins, Netrc, Refusal};

pub use self::{
    goauth::{BadGoAuth, GoAuth},
    token::{BadToken, Token, TokenKind, TokenSource},
};
use self::{
    goauth::{Given, Method},
    programs::{Description, Filled, Programs},
};
use crate::git::{Git, Limits};

/// What is known of logins, and who is asked for more. Clones are the same.
#[derive(Clone)]
pub struct Credentials(Arc<Inner>);

/// What [`Credentials`] are made of.
pub struct CredentialsConfig {
    /// Tokens. Of several that a URL is covered by, the one with the longest path counts.
    pub tokens: Vec<Token>,
    /// `GOAUTH`.
    pub goauth: GoAuth,
    /// The user's environment.
    pub environment: Vec<(OsString, OsString)>,
    /// How long what a helper said is remembered. Default 15 min.
    pub remembered: Duration,
}

struct Inner {
    tokens: Vec<Token>,
    methods: Vec<Method>,
    /// `None`: `GOAUTH=off`.
    netrc: Option<Netrc>,
    programs: Programs,
    remembered: Duration,
    ready: AtomicBool,
    given: Mutex<Given>,
    helped: Mutex<HashMap<Description, Helped>>,
    /// When somebody was asked in vain, by URL.
    vain: Mutex<HashMap<String, Instant>>,
    /// Programs run one after the other: who waits finds what the one before found.
    turn: Mutex<()>,
}

/// What helpers said.
struct Helped {
    filled: Filled,
    login: Login,
    at: Instant,
    /// Whether they know that it was right.
    told: bool,
}

impl CredentialsConfig {
    /// No tokens, in this environment.
    pub fn new(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self {
            tokens: Vec::new(),
            goauth: GoAuth::default(),
            environment: environment.into_iter().collect(),
            remembered: Duration::from_mins(15),
        }
    }
}

impl Credentials {
    /// Reads netrc and the git configuration. Runs nothing yet.
    pub fn new(config: CredentialsConfig) -> Self {
        let CredentialsConfig { tokens, goauth, environment, remembered } = config;
        let methods = goauth.methods;
        let env = Env::new(environment.iter().map(|(name, value)| (name, value.clone())));
        let netrc = methods.is_some().then(|| Netrc::load(&env));
        let methods = methods.unwrap_or_default();
        let ready = !methods.iter().any(|method| matches!(method, Method::Command(_)));
        Self(Arc::new(Inner {
            tokens,
            methods,
            netrc,
            programs: Programs::new(&Git::with_environment(environment, Limits::default())),
            remembered,
            ready: AtomicBool::new(ready),
            given: Mutex::default(),
            helped: Mutex::default(),
            vain: Mutex::default(),
            turn: Mutex::default(),
        }))
    }

    fn token(&self, url: &str) -> Option<&Token> {
        let covering = self.0.tokens.iter().filter_map(|token| Some((token.covers(url)?, token)));
        covering.max_by_key(|(length, _)| *length).map(|(_, token)| token)
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        lock(&self.0.given)
    }

    /// Whether GOAUTH names programs.
    fn has_programs(&self) -> bool {
        self.0.methods.iter().any(|method| *method != Method::Netrc)
    }

    /// What GOAUTH gives for a URL. Where it names netrc before anything else, that counts more.
    fn told_by_go(&self, url: &str) -> Option<Login> {
        let netrc_first = self.0.methods.first() == Some(&Method::Netrc);
        self.given().of(url, |place, given| {
            let netrc = || self.0.netrc.as_ref().filter(|_| !place.contains('/'))?.login(place);
            if netrc_first { netrc().or_else(|| given.cloned()) } else { given.cloned().or_else(netrc) }
        })
    }

    /// What the helpers are told of a URL.
    fn about(&self, url: &str) -> Option<(Description, crate::git::CredentialRules)> {
        let rules = self.0.programs.git().config().credential(url).ok()?;
        let about = Description::of(url, rules.with_path)?.for_user(rules.user.as_deref());
        Some((about, rules))
    }

    fn told_by_helpers(&self, url: &str) -> Option<Login> {
        let (about, _) = self.about(url)?;
        let mut helped = lock(&self.0.helped);
        helped.retain(|_, helped| helped.at.elapsed() < self.0.remembered);
        helped.get(&about).map(|helped| helped.login.clone())
    }

    /// Asks the helpers, after they have been told that what they said was wrong.
    fn ask_helpers(&self, url: &str, said: Option<&Login>) -> Option<Login> {
        let (about, rules) = self.about(url)?;
        let wrong = {
            let mut helped = lock(&self.0.helped);
            let wrong = helped.get(&about).is_some_and(|helped| Some(&helped.login) == said);
            if wrong { helped.remove(&about) } else { None }
        };
        if let Some(wrong) = wrong {
            self.0.programs.tell(&rules, &about, &wrong.filled, false);
            // What they say next may be as wrong, and has to wait for the next request.
            return None;
        }
        if let Some(known) = self.told_by_helpers(url) {
            return Some(known);
        }
        let filled = self.0.programs.ask(&rules, &about)?;
        let login = filled.login()?;
        let mut helped = lock(&self.0.helped);
        if helped.len() < MOST {
            helped.insert(about, Helped { filled, login: login.clone(), at: Instant::now(), told: false });
        }
        Some(login)
    }

    /// Whether somebody was asked about this URL in vain a moment ago; from now on it counts as asked.
    fn was_vain(&self, key: &str) -> bool {
        let mut vain = lock(&self.0.vain);
        vain.retain(|_, at| at.elapsed() < VAIN);
        vain.contains_key(key)
    }
}

impl Logins for Credentials {
    fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
    }

    fn prepare(&self) {
        let _turn = lock(&self.0.turn);
        if !self.is_ready() {
            self.run_goauth(None);
            self.0.ready.store(true, Ordering::Release);
        }
    }

    fn known(&self, url: &str) -> Option<Login> {
        let token = || self.token(url).map(Token::login);
        token().or_else(|| self.told_by_go(url)).or_else(|| self.told_by_helpers(url))
    }

    fn asks(&self, status: u16) -> bool {
        // The go command asks after any refusal; a helper is for those that want a password.
        matches!(status, 401 | 403) || self.has_programs()
    }

    fn refused(&self, url: &str, refusal: &Refusal, said: Option<&Login>) -> Option<Login> {
        let other = |found: &Login| Some(found) != said;
        if let Some(token) = self.token(url) {
            return Some(token.renew()).filter(other);
        }
        let _turn = lock(&self.0.turn);
        // Somebody else may have found it meanwhile.
        if let Some(known) = self.known(url).filter(other) {
            return Some(known);
        }
        // What is not there is often asked for, and mostly nobody has to say anything.
        let exact = matches!(refusal.status(), 401 | 403)
            && (self.has_programs() || self.about(url).is_some_and(|(_, rules)| rules.with_path));
        let key = if exact { url } else { origin(url) };
        if self.was_vain(key) {
            return None;
        }
        self.run_goauth(Some((url, refusal)));
        let found = self.told_by_go(url).filter(other);
        let found = match found {
            None if refusal.status() == 401 => self.ask_helpers(url, said).filter(other),
            found => found,
        };
        if found.is_none() {
            let mut vain = lock(&self.0.vain);
            if vain.len() < MOST {
                vain.insert(key.to_owned(), Instant::now());
            }
        }
        found
    }

    fn accepted(&self, url: &str, login: &Login) {
        let Some((about, rules)) = self.about(url) else { return };
        let filled = match lock(&self.0.helped).get_mut(&about) {
            Some(helped) if helped.login == *login && !helped.told => {
                helped.told = true;
                helped.filled.clone()
            }
            _ => return,
        };
        let own = self.clone();
        let tell = move || own.0.programs.tell(&rules, &about, &filled, true);
        let _ = thread::Builder::new().name("git-credential".to_owned()).spawn(tell);
    }

    fn secrets(&self) -> Vec<String> {
        let tokens =
            self.0.tokens.iter().map(Token::login).flat_map(|login| login.secrets().collect::<Vec<_>>());
        let netrc = self.0.netrc.iter().flat_map(Netrc::secrets);
        let mut secrets: Vec<String> = tokens.chain(netrc).collect();
        secrets.extend(self.given().secrets());
        secrets.extend(lock(&self.0.helped).values().flat_map(|helped| helped.login.secrets()));
        secrets
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("tokens", &self.0.tokens).finish_non_exhaustive()
    }
}

impl fmt::Debug for CredentialsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsConfig").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Scheme, host and port.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or(url)
}

/// How long nobody is asked again who said nothing.
const VAIN: Duration = Duration::from_secs(10);
/// Hosts and URLs that are remembered.
const MOST: usize = 10_000;
