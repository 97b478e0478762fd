//! Tokens and deeds in the catalog.

use std::{fs, sync::Arc};

use gomod::Patterns;
use jiff::{SignedDuration, Timestamp};
use storage::{
    Act, Catalog, CatalogError, Deed, Event, NoCatalog, Scope, SqliteCatalog, Token, TokenName, TokenSecret,
};

use crate::world::{hash, mv, open};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn token(name: &str) -> Token {
    Token {
        name: TokenName::new(name).unwrap(),
        modules: Patterns::new("corp.example/*,other.example"),
        scopes: vec![Scope::Push, Scope::Delete],
        created: at(1),
        expires: Some(at(9)),
    }
}

#[tokio::test]
async fn another_process_sees_a_token_at_once_and_no_more_when_it_is_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (SqliteCatalog::start(&open(dir.path())), SqliteCatalog::start(&open(dir.path())));
    let (secret, wrong) = (TokenSecret::of(&[1; 32]), TokenSecret::of(&[2; 32]));
    assert!(one.add_token(token("ci"), secret.hash()).await.unwrap());
    assert!(!one.add_token(token("ci"), wrong.hash()).await.unwrap(), "a name is given once");
    assert_eq!(other.token(secret.hash()).await.unwrap(), Some(token("ci")));
    assert_eq!(other.token(wrong.hash()).await.unwrap(), None);
    let without_end = Token { expires: None, ..token("a") };
    other.add_token(without_end.clone(), wrong.hash()).await.unwrap();
    assert_eq!(one.tokens().await.unwrap(), [without_end, token("ci")]);
    let name = TokenName::new("ci").unwrap();
    assert!(other.revoke_token(name.clone()).await.unwrap());
    assert!(!other.revoke_token(name).await.unwrap());
    assert_eq!(one.token(secret.hash()).await.unwrap(), None);
}

#[test]
fn an_end_is_an_end() {
    let token = token("ci");
    assert!(!token.is_expired(at(9) - SignedDuration::from_millis(1)) && token.is_expired(at(9)));
    assert!(!Token { expires: None, ..token }.is_expired(Timestamp::MAX));
}

#[tokio::test]
async fn the_secret_is_nowhere_on_the_disk_and_with_the_catalog_the_token_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let secret = TokenSecret::of(&[0xab; 32]);
    let catalog = SqliteCatalog::start(&open(dir.path()));
    catalog.add_token(token("ci"), secret.hash()).await.unwrap();
    drop(catalog);
    let mut files = 0;
    for entry in dir.path().read_dir().unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = fs::read(&path) else { continue };
        for form in [secret.expose().as_bytes(), &[0xab; 32]] {
            assert!(!bytes.windows(form.len()).any(|part| part == form), "{}", path.display());
        }
        files += 1;
        if path.file_name().unwrap().to_str().unwrap().starts_with("catalog.sqlite") {
            fs::remove_file(path).unwrap();
        }
    }
    assert!(files > 1);
    let catalog = SqliteCatalog::start(&open(dir.path()));
    assert_eq!(catalog.token(secret.hash()).await.unwrap(), None);
    let unknown = NoCatalog.token(secret.hash()).await;
    assert!(matches!(unknown, Err(CatalogError::Unavailable)), "that is no answer");
}

#[tokio::test]
async fn there_are_not_more_tokens_than_can_be_compared() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::start(&open(dir.path()));
    // The thread makes the file.
    catalog.tokens().await.unwrap();
    let db = rusqlite::Connection::open(dir.path().join("catalog.sqlite")).unwrap();
    db.execute_batch(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         INSERT INTO tokens SELECT 't' || i, CAST(i AS BLOB), 'a.example', 'push', 0, NULL FROM n",
    )
    .unwrap();
    let added = catalog.add_token(token("ci"), TokenSecret::of(&[1; 32]).hash()).await;
    assert!(matches!(added, Err(CatalogError::Crowded(1000))), "{added:?}");
}

#[tokio::test]
async fn deeds_are_kept_as_they_were_told() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Arc::new(SqliteCatalog::start(&open(dir.path())));
    let version = mv("corp.example/a@v1.0.0");
    let acts = [
        Act::TokenCreated { token: "ci".to_owned() },
        Act::Published { version: version.clone(), h1: hash("zip") },
        Act::Withdrawn { version, reason: "a key leaked".to_owned() },
        Act::TokenRevoked { token: "ci".to_owned() },
    ];
    let deeds: Vec<_> = (1..)
        .zip(acts)
        .map(|(n, act)| {
            let from = (n == 2).then(|| "192.0.2.1".into());
            Deed { act, who: "ci".into(), from, at: at(n) }
        })
        .collect();
    let events = || deeds.iter().cloned().map(|deed| Event::Deed(Box::new(deed))).collect();
    catalog.record(events()).await.unwrap();
    catalog.record(events()).await.unwrap();
    let newest: Vec<_> = deeds.iter().rev().cloned().collect();
    assert_eq!(catalog.deeds(10).await.unwrap(), newest);
    assert_eq!(catalog.deeds(1).await.unwrap(), newest[..1]);
    let json = serde_json::to_value(&deeds[1]).unwrap();
    let want = serde_json::json!({
        "at": "1970-01-01T00:00:02Z", "act": "published", "who": "ci", "from": "192.0.2.1",
        "module": "corp.example/a", "version": "v1.0.0", "h1": hash("zip").to_string(),
    });
    assert_eq!(json, want);
}
