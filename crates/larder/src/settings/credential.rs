//! What hosts are told of who asks.

use std::fmt;

use toml::Spanned;
use vcs::{BadToken, GoAuth, Token, TokenKind, TokenSource};
use workbench::{Environment, Found, GoSettings, GoVariable};

use super::{
    file,
    origin::{Origin, Valued},
    pick::Pick,
    wrong::Wrong,
};

/// One `[[credential]]`. It shows nothing of the token.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    place: String,
    kind: TokenKind,
    source: TokenSource,
    /// The setting that the token comes from: `token`, `token_file /etc/larder/token`, `token_env NAME`.
    from: String,
    pub(crate) origin: Origin,
}

impl Credential {
    /// Checks an entry; what is wrong is noted in `pick`.
    pub(super) fn check(
        entry: &Spanned<file::Credential>,
        env: &Environment,
        pick: &mut Pick<'_>,
    ) -> Option<Self> {
        let file::Credential { host, user, bearer, token, token_file, token_env } = entry.get_ref();
        let mut wrong = |what: &str, help: &str| {
            pick.wrong_in_file("credential", entry, Wrong::new(what).help(help));
        };
        let Some(place) = host else {
            wrong("`host` is missing", "set host = \"git.corp.example\", with a path behind it if need be");
            return None;
        };
        if [token, token_file, token_env].into_iter().flatten().count() != 1 {
            wrong(
                "it needs exactly one of `token`, `token_file` and `token_env`",
                "a file that only Larder may read is the safest",
            );
            return None;
        }
        let kind = if bearer.as_ref().is_some_and(|bearer| *bearer.get_ref()) {
            if user.is_some() {
                wrong("a bearer token has no user", "take `user` or `bearer` out");
                return None;
            }
            TokenKind::Bearer
        } else {
            TokenKind::Basic(user.as_ref().map_or_else(|| USER.to_owned(), |user| user.get_ref().clone()))
        };
        let file = pick.file()?;
        let (source, from, at) = if let Some(path) = token_file {
            let path_of = file.resolve(path.get_ref());
            let from = format!("token_file {}", path_of.display());
            (TokenSource::File(path_of), from, path)
        } else if let Some(name) = token_env {
            let value = pick.in_file("credential.token_env", Some(name), |name| variable(name, env))?;
            (TokenSource::Text(value.value), format!("token_env {}", name.get_ref()), name)
        } else {
            let text = token.as_ref()?;
            (TokenSource::Text(text.get_ref().clone()), "token".to_owned(), text)
        };
        let made = Token::new(place.get_ref(), kind.clone(), source.clone());
        let found = match made {
            Err(error @ BadToken::Place(_)) => {
                pick.in_file("credential.host", Some(place), |_| Err::<(), _>(Wrong::new(error.to_string())))
            }
            Err(error) => {
                let setting = format!("credential.{}", from.split(' ').next().unwrap_or_default());
                pick.in_file(&setting, Some(at), |_| Err::<(), _>(Wrong::new(error.to_string())))
            }
            Ok(_) => Some(pick.at(entry, ())),
        };
        let origin = found?.origin;
        Some(Credential { place: place.get_ref().clone(), kind, source, from, origin })
    }

    /// The token, read again.
    pub(crate) fn token(&self) -> Result<Token, BadToken> {
        Token::new(&self.place, self.kind.clone(), self.source.clone())
    }
}

/// What is printed for it.
impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            TokenKind::Basic(user) => write!(f, "{}: user {user}, {}", self.place, self.from),
            TokenKind::Bearer => write!(f, "{}: bearer, {}", self.place, self.from),
        }
    }
}

fn variable(name: &str, env: &Environment) -> Result<String, Wrong> {
    let value = env.get(name).and_then(|value| value.to_str());
    value.map(str::to_owned).ok_or_else(|| Wrong::new(format!("{name} is not set, or is no text")))
}

/// GOAUTH.
pub(super) fn goauth(go: &GoSettings, pick: &mut Pick<'_>) -> Valued<GoAuth> {
    let found = go.get(GoVariable::Auth).and_then(|Found { variable, value, place }| {
        let parsed = value.parse().map_err(|error: vcs::BadGoAuth| Wrong::new(error.to_string()));
        pick.judge(Origin::go(variable, &place), parsed)
    });
    found.unwrap_or(Valued::default(GoAuth::default()))
}

/// The name beside a token where none is set; most servers look at the token alone.
const USER: &str = "git";
