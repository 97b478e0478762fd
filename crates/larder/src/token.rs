//! `larder token`: who may publish and withdraw over HTTP.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use gomod::Patterns;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use storage::{
    Act, CatalogError, Data, Deed, Event, OpenOptions, Scope, Store, Token, TokenName, TokenSecret,
};
use tracing::Level;
use workbench::Environment;

use crate::{
    FAILED,
    args::{CreateArgs, DataOptions, ListArgs, RevokeArgs, TokenCommand},
    config::Printed,
    settings::{Settings, pattern_fault},
    with_settings,
};

/// Does one of the commands.
pub(crate) fn run(command: TokenCommand, env: &Environment) -> Printed {
    let with = |data: &DataOptions, work: &dyn Fn(Arc<Store>) -> Work| {
        with_settings(&data.options(), None, env, FAILED, async |settings| {
            crate::log::to_stderr(settings, Level::ERROR);
            let (_data, store) = open(settings)?;
            work(store).await
        })
    };
    match command {
        TokenCommand::Create(args) => {
            let args = Arc::new(args);
            with(&args.data, &|store| Box::pin(create(store, Arc::clone(&args))))
        }
        TokenCommand::List(args) => {
            let args = Arc::new(args);
            with(&args.data, &|store| Box::pin(list(store, Arc::clone(&args))))
        }
        TokenCommand::Revoke(args) => {
            let args = Arc::new(args);
            with(&args.data, &|store| Box::pin(revoke(store, Arc::clone(&args))))
        }
    }
}

type Work = std::pin::Pin<Box<dyn Future<Output = anyhow::Result<Printed>>>>;

fn open(settings: &Settings) -> anyhow::Result<(Arc<Data>, Arc<Store>)> {
    let dir = &settings.data.value;
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let data = Data::open(dir, OpenOptions::default())?;
    if data.is_read_only() {
        bail!("{} cannot be written", dir.display());
    }
    let store = Store::open(&data);
    Ok((data, store))
}

async fn create(store: Arc<Store>, args: Arc<CreateArgs>) -> anyhow::Result<Printed> {
    let now = Timestamp::now();
    let name = TokenName::new(&args.name)?;
    if let Some(fault) = args.modules.split(',').find_map(pattern_fault) {
        bail!("--modules: a pattern {fault}; write them like 'corp.example/*'");
    }
    let mut scopes =
        args.actions.iter().map(|word| word.trim().parse()).collect::<Result<Vec<Scope>, _>>()?;
    scopes.sort_unstable();
    scopes.dedup();
    let expires = args.expires.as_deref().map(|text| end(text, now)).transpose()?;
    let secret = generate()?;
    let token = Token { name, modules: Patterns::new(&args.modules), scopes, created: now, expires };
    let added = store.catalog().add_token(token.clone(), secret.hash()).await.map_err(unavailable)?;
    if !added {
        bail!("there is a token {} already; revoke it first, or take another name", token.name);
    }
    note(&store, Act::TokenCreated { token: token.name.to_string() }).await;
    if args.json {
        let mut object = shown(&token, now);
        object["token"] = secret.expose().into();
        return Ok(Printed { out: format!("{object:#}\n"), ..Printed::default() });
    }
    let err = format!(
        "Token {} may {} what {} match{}. It is shown only now:\n",
        token.name,
        words(&token.scopes),
        token.modules,
        token.expires.map(|end| format!(", until {end:.0}")).unwrap_or_default(),
    );
    Ok(Printed { out: format!("{}\n", secret.expose()), err, code: 0 })
}

async fn list(store: Arc<Store>, args: Arc<ListArgs>) -> anyhow::Result<Printed> {
    let now = Timestamp::now();
    let tokens = store.catalog().tokens().await.map_err(unavailable)?;
    if args.json {
        let all: Vec<_> = tokens.iter().map(|token| shown(token, now)).collect();
        return Ok(Printed { out: format!("{:#}\n", json!({"tokens": all})), ..Printed::default() });
    }
    if tokens.is_empty() {
        let err = "there are no tokens; `larder token create` makes one\n".to_owned();
        return Ok(Printed { err, ..Printed::default() });
    }
    let width = tokens.iter().map(|token| token.name.as_str().len()).max().unwrap_or_default();
    let out = tokens.iter().map(|token| {
        let end = match token.expires {
            Some(end) if token.is_expired(now) => format!("expired {end:.0}"),
            Some(end) => format!("until {end:.0}"),
            None => "no end".to_owned(),
        };
        format!("{:width$}  {}  {}  {end}\n", token.name.as_str(), words(&token.scopes), token.modules)
    });
    Ok(Printed { out: out.collect(), ..Printed::default() })
}

async fn revoke(store: Arc<Store>, args: Arc<RevokeArgs>) -> anyhow::Result<Printed> {
    let name = TokenName::new(&args.name)?;
    let revoked = store.catalog().revoke_token(name.clone()).await.map_err(unavailable)?;
    if revoked {
        note(&store, Act::TokenRevoked { token: name.to_string() }).await;
    }
    let code = u8::from(!revoked);
    if args.json {
        let object = json!({"name": name.as_str(), "revoked": revoked});
        return Ok(Printed { out: format!("{object:#}\n"), code, ..Printed::default() });
    }
    let err = if revoked {
        format!("token {name} is worth nothing from now on\n")
    } else {
        format!("larder: there is no token {name}; `larder token list` shows those there are\n")
    };
    Ok(Printed { err, code, ..Printed::default() })
}

async fn note(store: &Store, act: Act) {
    let deed = Deed { act, who: "operator".into(), from: None, at: Timestamp::now() };
    if let Err(error) = store.catalog().record(vec![Event::Deed(Box::new(deed))]).await {
        tracing::warn!("the audit trail misses a deed: {error}");
    }
}

fn generate() -> anyhow::Result<TokenSecret> {
    let mut random = [0; 32];
    aws_lc_rs::rand::fill(&mut random).ok().context("the system gives no random numbers")?;
    Ok(TokenSecret::of(&random))
}

/// A time, or so long from now.
fn end(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    let end = text.parse::<Timestamp>().ok().or_else(|| {
        let (number, unit) = text.split_at_checked(text.trim_end_matches(char::is_alphabetic).len())?;
        let seconds: u64 = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            _ => return None,
        };
        let long = Duration::from_secs(number.trim().parse::<u64>().ok()?.checked_mul(seconds)?);
        now.checked_add(SignedDuration::try_from(long).ok()?).ok()
    });
    let help = "write a time like 2027-01-31T00:00:00Z, or how long, like 90d or 12h";
    let end = end.with_context(|| format!("--expires: {text:?} is not known; {help}"))?;
    if end <= now {
        bail!("--expires: {text:?} is not in the future");
    }
    Ok(end)
}

fn words(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",")
}

fn shown(token: &Token, now: Timestamp) -> Value {
    json!({
        "name": token.name.as_str(),
        "modules": token.modules.iter().collect::<Vec<_>>(),
        "actions": token.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "created": token.created,
        "expires": token.expires,
        "expired": token.is_expired(now),
    })
}

fn unavailable(error: CatalogError) -> anyhow::Error {
    anyhow::Error::new(error)
        .context("the catalog in the data directory, where tokens are kept, cannot be used")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_time_or_a_while() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        for (text, want) in [
            ("90d", "2026-04-02T03:04:05Z"),
            ("12h", "2026-01-02T15:04:05Z"),
            ("2w", "2026-01-16T03:04:05Z"),
            ("2027-01-31T00:00:00Z", "2027-01-31T00:00:00Z"),
        ] {
            assert_eq!(end(text, now).unwrap().to_string(), want, "{text}");
        }
        for bad in ["", "d", "0d", "-1d", "90", "90 years", "99999999999999999999d", "2020-01-01T00:00:00Z"] {
            assert!(end(bad, now).is_err(), "{bad}");
        }
    }
}
