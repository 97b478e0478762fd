//! Pages that are no module: whether the server lives, what is wrong with it, its metrics, its databases.

mod databases;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http::{HeaderName, StatusCode};
use mirror::Mirror;
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

/// What the pages show.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) registry: Arc<Registry>,
    pub(crate) degraded: Degraded,
    pub(crate) mirror: Arc<Mirror>,
}

/// Says what is wrong at the moment, one sentence each; nothing when all is well.
pub type Degraded = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

type Page = (StatusCode, [(HeaderName, &'static str); 1], String);

/// The pages, on paths whose first element has no dot, so that none can hide a module.
pub(crate) fn router(facts: Facts) -> Router {
    Router::new()
        .route("/healthz", get(async || plain("ok\n".to_owned())))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/api/v1/sumdb", get(databases::all))
        .route("/api/v1/sumdb/{*name}", get(databases::one))
        .with_state(facts)
}

/// Ready means that stored modules are served. What else is wrong stands in the body, because taking a mirror out of
/// rotation when its upstream is down would take away what it is there for.
async fn readyz(State(facts): State<Facts>) -> Page {
    let degraded = (facts.degraded)();
    if degraded.is_empty() {
        return plain("ready\n".to_owned());
    }
    plain(format!("ready\ndegraded: {}\n", degraded.join("\ndegraded: ")))
}

async fn metrics(State(facts): State<Facts>) -> Page {
    let mut body = String::new();
    match text::encode(&mut body, &facts.registry) {
        Ok(()) => (StatusCode::OK, [(CONTENT_TYPE, OPENMETRICS)], body),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                [(CONTENT_TYPE, PLAIN)],
                "metrics cannot be written\n".to_owned(),
            )
        }
    }
}

fn plain(body: String) -> Page {
    (StatusCode::OK, [(CONTENT_TYPE, PLAIN)], body)
}

pub(crate) const PLAIN: &str = "text/plain; charset=utf-8";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
