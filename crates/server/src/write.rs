//! Requests that change something: a version published, a version withdrawn. Everything else that would is refused,
//! and without a token nobody is even told what there is.

mod notices;
mod upload;

use std::net::IpAddr;
use std::sync::Arc;

use gomod::{ModulePath, ModuleVersion, Version};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};
use hyper::body::Incoming;
use jiff::Timestamp;
use mirror::{Action, Denied, Mirror, Offer, Published, Unidentified, Who};
use serde_json::{Value, json};
use storage::TokenSecret;
use tokio::sync::Semaphore;

use self::notices as say;
use self::upload::{Kind, Upload};
use crate::body::Body;
use crate::client_address::TrustedProxies;
use crate::config::Config;
use crate::reply::Reply;
use crate::respond::Refused;

/// What changing requests are answered with.
pub(crate) struct Desk {
    mirror: Arc<Mirror>,
    trusted: TrustedProxies,
    places: Arc<Semaphore>,
    upload: Upload,
}

/// Whether a request would change something if it were allowed, whatever its path.
pub(crate) fn changes(head: &Parts) -> bool {
    let api = head.uri.path().starts_with("/api/");
    match head.method {
        Method::PUT | Method::DELETE => true,
        Method::POST | Method::PATCH => api,
        _ => false,
    }
}

impl Desk {
    pub(crate) fn new(mirror: Arc<Mirror>, config: &Config) -> Self {
        Self {
            mirror,
            trusted: config.trusted_proxies.clone(),
            places: Arc::new(Semaphore::new(config.uploads)),
            upload: Upload { stall: config.stall, time: config.upload_time },
        }
    }

    /// Answers a request that [`changes`] something. Says also whether its body was read to the end.
    pub(crate) async fn answer(&self, head: &Parts, body: Incoming, peer: IpAddr) -> (Reply, bool) {
        let mut body = body;
        let answered = self.decide(head, &mut body, peer).await;
        let whole = http_body::Body::is_end_stream(&body);
        let reply = match answered {
            Ok((status, value)) => Reply::plain(json_response(status, &value)),
            Err(refused) => {
                let refused = if whole { *refused } else { say::closing(*refused) };
                let error = refused.notice.text().lines().next().map(str::to_owned);
                Reply::refused(head, refused, error)
            }
        };
        (reply, whole)
    }

    async fn decide(
        &self,
        head: &Parts,
        body: &mut Incoming,
        peer: IpAddr,
    ) -> Result<(StatusCode, Value), Box<Refused>> {
        let who = self.who(&head.headers).await?;
        let Some(version) = version_at(head.uri.path()) else {
            // Who has no token is told nothing about paths.
            return Err(if who == Who::Anyone { say::denied(&Denied::NoToken) } else { say::nowhere() });
        };
        let action = match head.method {
            Method::PUT => Action::Push,
            Method::DELETE => Action::Delete,
            _ if who == Who::Anyone => return Err(say::denied(&Denied::NoToken)),
            _ => return Err(say::method()),
        };
        let version = match version {
            Ok(version) => version,
            Err(_) if who == Who::Anyone => return Err(say::denied(&Denied::NoToken)),
            Err(why) => return Err(say::bad_path(&why)),
        };
        self.mirror.may(&who, action, version.path()).map_err(|denied| say::denied(&denied))?;
        let from: Arc<str> = self.trusted.client(peer, &head.headers).to_string().into();
        if action == Action::Push {
            self.publish(head, body, Offer { who, from: Some(from), version, time: None }).await
        } else {
            let reason = self.reason(head, body).await?;
            let done = self.mirror.withdraw(&who, Some(from), &version, &reason).await;
            done.map_err(|error| say::unpublished(&version, &error))?;
            let (module, number) = (version.path().as_str(), version.version().as_str());
            Ok((StatusCode::OK, json!({"module": module, "version": number, "withdrawn": reason.trim()})))
        }
    }

    async fn publish(
        &self,
        head: &Parts,
        body: &mut Incoming,
        offer: Offer,
    ) -> Result<(StatusCode, Value), Box<Refused>> {
        let kind = Kind::of(&head.headers).ok_or_else(say::media_type)?;
        let time = head.headers.get("x-larder-time").map(|time| {
            let time = time.to_str().ok().and_then(|time| time.parse::<Timestamp>().ok());
            time.ok_or_else(say::bad_time)
        });
        let offer = Offer { time: time.transpose()?, ..offer };
        let version = offer.version.clone();
        let Ok(_place) = self.places.try_acquire() else { return Err(say::busy()) };
        let mut staging = self.mirror.stage();
        self.upload.receive(&head.headers, body, kind, &mut staging).await?;
        let staged = staging.finish();
        let zip = match kind {
            Kind::Zip => staged,
            Kind::Tree => {
                let packed = self.mirror.pack(&version, staged).await;
                packed.map_err(|error| say::unpublished(&version, &error))?
            }
        };
        let published = self.mirror.publish(offer, zip).await;
        let published = published.map_err(|error| say::unpublished(&version, &error))?;
        let status = if published.new { StatusCode::CREATED } else { StatusCode::OK };
        Ok((status, object(&published)))
    }

    /// The reason of a withdrawal: of the query `reason=`, or the body.
    async fn reason(&self, head: &Parts, body: &mut Incoming) -> Result<String, Box<Refused>> {
        if let Some(reason) = head.uri.query().and_then(upload::reason_in_query) {
            return Ok(reason);
        }
        let text = self.upload.small(body).await?;
        let json =
            head.headers.get(CONTENT_TYPE).is_some_and(|is| is.as_bytes().starts_with(b"application/json"));
        if !json {
            return Ok(text);
        }
        let value: Option<Value> = serde_json::from_str(&text).ok();
        let reason = value.as_ref().and_then(|value| value.get("reason")).and_then(Value::as_str);
        reason.map(str::to_owned).ok_or_else(say::no_reason)
    }

    /// Who asks, by the one header that says so.
    async fn who(&self, headers: &HeaderMap) -> Result<Who, Box<Refused>> {
        let mut shown = headers.get_all(AUTHORIZATION).iter();
        let Some(first) = shown.next() else { return Ok(Who::Anyone) };
        let bearer = first.to_str().ok().and_then(|value| value.split_once(' '));
        let secret = bearer
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer") && shown.next().is_none())
            .and_then(|(_, secret)| TokenSecret::parse(secret.trim()).ok());
        let Some(secret) = secret else { return Err(say::unidentified(&Unidentified::Unknown)) };
        let who = self.mirror.identify(&secret, Timestamp::now()).await;
        who.map_err(|error| say::unidentified(&error))
    }
}

/// The version that a path of the administration is about: `/api/v1/modules/<module>/@v/<version>`, escaped as
/// in a GOPROXY or not. `None` for another path, an error for one that can name nothing.
fn version_at(path: &str) -> Option<Result<ModuleVersion, String>> {
    let rest = path.strip_prefix("/api/v1/modules/")?;
    let rest = percent_decoded(rest)?;
    let (module, version) = rest.rsplit_once("/@v/")?;
    let read = || {
        let module = ModulePath::from_escaped(module).or_else(|_| ModulePath::new(module));
        let version = Version::from_escaped(version).or_else(|_| Version::new(version));
        let (module, version) = (module.map_err(|e| e.to_string())?, version.map_err(|e| e.to_string())?);
        ModuleVersion::new(module, version).map_err(|e| e.to_string())
    };
    Some(read())
}

fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(behind.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = behind.get(2..)?;
        } else {
            bytes.push(first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok()
}

fn object(published: &Published) -> Value {
    let Published { version, h1, gomod, new, record } = published;
    json!({
        "module": version.path().as_str(),
        "version": version.version().as_str(),
        "h1": h1.to_string(),
        "go_mod_h1": gomod.to_string(),
        "new": new,
        "record": record,
    })
}

fn json_response(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::whole(format!("{value:#}\n").into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    headers.insert(http::header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_versions_escaped_or_not() {
        let at = |path: &str| version_at(path).map(|read| read.map(|version| version.to_string()));
        let ok = |text: &str| Some(Ok(text.to_owned()));
        assert_eq!(at("/api/v1/modules/corp.example/a/@v/v1.0.0"), ok("corp.example/a@v1.0.0"));
        for path in [
            "corp.example/!a/@v/v1.0.0-!r!c1",
            "corp.example/A/@v/v1.0.0-RC1",
            "corp.example/%41/%40v/v1.0.0-RC1",
        ] {
            assert_eq!(at(&format!("/api/v1/modules/{path}")), ok("corp.example/A@v1.0.0-RC1"), "{path}");
        }
        for path in [
            "corp.example/a/@v/v1",
            "corp.example/a/@v/v2.0.0",
            "a/@v/v1.0.0",
            "corp.example/../a/@v/v1.0.0",
            "corp.example/a/@v/v1.0.0.zip",
        ] {
            assert!(matches!(at(&format!("/api/v1/modules/{path}")), Some(Err(_))), "{path}");
        }
        for path in [
            "/api/v1/modules/corp.example/a",
            "/corp.example/a/@v/v1.0.0",
            "/api/v1/modules/%zz/@v/v1.0.0",
            "/",
        ] {
            assert_eq!(at(path), None, "{path}");
        }
    }
}
