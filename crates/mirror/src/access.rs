//! Who may do what: one decision, for whatever way a wish comes in.

use std::sync::Arc;

use gomod::ModulePath;
use jiff::Timestamp;
use storage::{CatalogError, Scope, Token, TokenSecret};

use crate::{Mirror, Policy};

/// Something that may be done or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// To be given modules, and what is known of them.
    Pull,
    /// To publish a version.
    Push,
    /// To withdraw a version.
    Delete,
    /// To change how the mirror works.
    Admin,
}

impl Action {
    /// What a token must allow for it; nothing allows the rest.
    fn scope(self) -> Option<Scope> {
        match self {
            Action::Pull => Some(Scope::Pull),
            Action::Push => Some(Scope::Push),
            Action::Delete => Some(Scope::Delete),
            Action::Admin => None,
        }
    }
}

/// Who wishes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Nobody in particular.
    Anyone,
    /// Who works in the data directory itself, and could change it without asking.
    Operator,
    /// Who has shown a token that is good at this moment.
    Token(Arc<Token>),
}

impl Who {
    /// The name that stands in receipts and in the audit trail.
    pub fn name(&self) -> Arc<str> {
        match self {
            Who::Anyone => "anyone".into(),
            Who::Operator => "operator".into(),
            Who::Token(token) => format!("token {}", token.name).into(),
        }
    }
}

/// Why something may not be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// It takes a token, and none was shown.
    #[error("this takes a token")]
    NoToken,
    /// The token is for other actions.
    #[error("token {token} does not allow to {action}")]
    Scope {
        /// The token's name.
        token: Arc<str>,
        /// What it would have to allow.
        action: &'static str,
    },
    /// The token is for other modules.
    #[error("token {token} is not for {module}")]
    Module {
        /// The token's name.
        token: Arc<str>,
        /// The module.
        module: ModulePath,
    },
    /// No route keeps the module private, so its versions are not made here.
    #[error("no private route matches {0}")]
    Public(ModulePath),
}

/// Why it is not known who somebody is.
#[derive(Debug, thiserror::Error)]
pub enum Unidentified {
    /// There is no such token, or not any more.
    #[error("the token is not known here, or was revoked")]
    Unknown,
    /// Its time is over.
    #[error("token {0} is expired")]
    Expired(Arc<str>),
    /// Tokens cannot be looked up at present.
    #[error("tokens cannot be looked up: {0}")]
    Unavailable(#[from] CatalogError),
}

impl Policy {
    /// Whether somebody may do something with a module. Everybody may pull; the rest takes a token for it, and a module
    /// that a route keeps private.
    pub fn may(&self, who: &Who, action: Action, what: &ModulePath) -> Result<(), Denied> {
        if action == Action::Pull {
            return Ok(());
        }
        match who {
            Who::Anyone => return Err(Denied::NoToken),
            Who::Operator => {}
            Who::Token(token) => {
                let name = || token.name.as_str().into();
                if action.scope().is_none_or(|scope| !token.scopes.contains(&scope)) {
                    let action = action.scope().map_or("administer", Scope::as_str);
                    return Err(Denied::Scope { token: name(), action });
                }
                if !token.modules.matches(what.as_str()) {
                    return Err(Denied::Module { token: name(), module: what.clone() });
                }
            }
        }
        if action != Action::Admin && !self.route(what).is_private() {
            return Err(Denied::Public(what.clone()));
        }
        Ok(())
    }
}

impl Mirror {
    /// Whether somebody may do something with a module under the rules of this moment.
    pub fn may(&self, who: &Who, action: Action, what: &ModulePath) -> Result<(), Denied> {
        self.policy.may(who, action, what)
    }

    /// Who shows this secret. The catalog is asked each time, so that a token that another process has revoked is worth
    /// nothing from then on; while it cannot be asked, nobody is let in.
    pub async fn identify(&self, secret: &TokenSecret, now: Timestamp) -> Result<Who, Unidentified> {
        let token = self.store.catalog().token(secret.hash()).await?.ok_or(Unidentified::Unknown)?;
        if token.is_expired(now) {
            return Err(Unidentified::Expired(token.name.as_str().into()));
        }
        Ok(Who::Token(Arc::new(token)))
    }
}

#[cfg(test)]
mod tests {
    use gomod::Patterns;
    use storage::TokenName;

    use super::*;
    use crate::{Chain, Fallback, Freshness, OnUnverifiable, Private, Route, Rule, SumdbUse};

    fn policy() -> Policy {
        let route = |name: &str, sumdb| {
            Arc::new(Route {
                name: name.into(),
                chain: Chain::default(),
                sumdb,
                fallback: Fallback::default(),
                on_unverifiable: OnUnverifiable::default(),
            })
        };
        let rule = |modules, sumdb| Rule { modules: Patterns::new(modules), route: route(modules, sumdb) };
        let rules = vec![rule("corp.example", SumdbUse::Ledger), rule("open.example", SumdbUse::Public)];
        let private = Private { no_proxy: Patterns::new("secret.example"), ..Private::default() };
        Policy::new(rules, route("rest", SumdbUse::Public), private, Vec::new(), Freshness::default())
    }

    fn token(modules: &str, scopes: &[Scope]) -> Who {
        Who::Token(Arc::new(Token {
            name: TokenName::new("ci").unwrap(),
            modules: Patterns::new(modules),
            scopes: scopes.to_vec(),
            created: Timestamp::UNIX_EPOCH,
            expires: None,
        }))
    }

    #[test]
    fn who_may_do_what() {
        let policy = policy();
        let may = |who: &Who, action, module: &str| {
            let denied = policy.may(who, action, &ModulePath::new(module).unwrap()).err();
            denied.map(|denied| denied.to_string()).unwrap_or_default()
        };
        let push = token("corp.example,secret.example/x,open.example,public.example", &[Scope::Push]);
        let delete = token("corp.example", &[Scope::Pull, Scope::Delete]);
        for (who, action, module, denied) in [
            (&Who::Anyone, Action::Pull, "corp.example/a", ""),
            (&Who::Anyone, Action::Push, "corp.example/a", "this takes a token"),
            (&Who::Anyone, Action::Delete, "public.example/a", "this takes a token"),
            (&Who::Anyone, Action::Admin, "corp.example/a", "this takes a token"),
            (&push, Action::Pull, "other.example/a", ""),
            (&push, Action::Push, "corp.example/a", ""),
            (&push, Action::Push, "secret.example/x/y", ""),
            (&push, Action::Push, "secret.example/y", "token ci is not for secret.example/y"),
            (&push, Action::Delete, "corp.example/a", "token ci does not allow to delete"),
            (&push, Action::Admin, "corp.example/a", "token ci does not allow to administer"),
            (&push, Action::Push, "open.example/a", "no private route matches open.example/a"),
            (&push, Action::Push, "public.example/a", "no private route matches public.example/a"),
            (&delete, Action::Delete, "corp.example/a", ""),
            (&delete, Action::Push, "corp.example/a", "token ci does not allow to push"),
            (&Who::Operator, Action::Push, "corp.example/a", ""),
            (&Who::Operator, Action::Push, "public.example/a", "no private route matches public.example/a"),
        ] {
            assert_eq!(may(who, action, module), denied, "{who:?} {action:?} {module}");
        }
    }
}
