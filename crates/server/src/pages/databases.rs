//! What is known of checksum databases, for programs. It names no module.

use axum::extract::{Path, State};
use http::header::CONTENT_TYPE;
use http::{HeaderName, StatusCode};
use mirror::DatabaseState;
use serde_json::{Value, json};

use super::{Facts, PLAIN};

type Answer = (StatusCode, [(HeaderName, &'static str); 1], String);

/// `/api/v1/sumdb`: each of them.
pub(super) async fn all(State(facts): State<Facts>) -> Answer {
    match facts.mirror.databases().await {
        Ok(states) => found(&json!({"databases": states.iter().map(object).collect::<Vec<_>>()})),
        Err(error) => unreadable(&error),
    }
}

/// `/api/v1/sumdb/NAME`: one.
pub(super) async fn one(State(facts): State<Facts>, Path(name): Path<String>) -> Answer {
    let states = match facts.mirror.databases().await {
        Ok(states) => states,
        Err(error) => return unreadable(&error),
    };
    match states.iter().find(|state| state.name.as_str() == name) {
        Some(state) => found(&object(state)),
        None => {
            let text = "not found: this checksum database is not configured here\n".to_owned();
            (StatusCode::NOT_FOUND, [(CONTENT_TYPE, PLAIN)], text)
        }
    }
}

fn object(state: &DatabaseState) -> Value {
    let head = state.head.as_ref().map(|head| {
        json!({
            "size": head.head.size,
            "root": head.head.root.to_string(),
            "note": head.note,
            "stored": head.stored.map(|at| at.to_string()),
        })
    });
    json!({
        "name": state.name.as_str(),
        "own": state.own,
        "key": state.key.as_ref().map(ToString::to_string),
        "head": head,
        "trouble": state.trouble,
        "misbehaviour": state.misbehaviour,
    })
}

fn found(value: &Value) -> Answer {
    (StatusCode::OK, [(CONTENT_TYPE, "application/json")], format!("{value:#}\n"))
}

fn unreadable(error: &storage::StoreError) -> Answer {
    tracing::error!("cannot read what is stored of checksum databases: {error}");
    let text = "the store cannot be read; the log says why\n".to_owned();
    (StatusCode::INTERNAL_SERVER_ERROR, [(CONTENT_TYPE, PLAIN)], text)
}
