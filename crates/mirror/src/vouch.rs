//! Whether a version is vouched for, and with which hashes.
//!
//! Where a checksum database has said what a version is, its source does not matter any more: the hash decides.

use gomod::{H1, ModuleVersion, Request};
use jiff::Timestamp;
use storage::Kind;

use crate::{Mirror, judge::Lie};

/// What a checksum database says of one version, authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// The hash of its zip; a record may be of the go.mod alone.
    pub zip: Option<H1>,
    /// The hash of its go.mod.
    pub gomod: H1,
}

impl Mirror {
    /// What is known of a version from its checksum database. No proof is checked yet, so this is nothing.
    pub fn vouched(&self, _version: &ModuleVersion) -> Option<Vouched> {
        None
    }
}

impl Vouched {
    /// The hash that a file must have; an `.info` has none.
    pub(crate) fn h1(&self, kind: Kind) -> Option<H1> {
        match kind {
            Kind::Zip => self.zip,
            Kind::Mod => Some(self.gomod),
            Kind::Info => None,
        }
    }

    /// Whether it holds for what is asked, so that any source will do: an `.info` says nothing but what the version
    /// itself says, see [`is_given`].
    pub(crate) fn covers(&self, what: &Request) -> bool {
        match what {
            Request::Info(_) | Request::Mod(_) => true,
            Request::Zip(_) => self.zip.is_some(),
            Request::List(_) | Request::Latest(_) | Request::Query(..) | Request::Sumdb(..) => false,
        }
    }
}

/// Whether an `.info` that may come from any source adds nothing to what is known: the version was compared with the
/// one that was asked for, and a pseudo-version names the time of its commit.
pub(crate) fn is_given(version: &ModuleVersion, info: &[u8]) -> Result<(), Lie> {
    let Some(pseudo) = version.version().pseudo() else { return Ok(()) };
    let read = |time: &str| time.parse::<Timestamp>().ok();
    let stamp = pseudo.time().as_deref().and_then(read);
    let info = gomod::Info::parse(info).map_err(|error| Lie(format!("sent a bad .info: {error}")))?;
    let time = info.time().and_then(read);
    if stamp.is_some() && time == stamp {
        return Ok(());
    }
    let time = info.time().unwrap_or("none");
    Err(Lie(format!("sent the time {time} for {version}, which names {}", pseudo.stamp())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_pseudo_version_is_in_its_name() {
        let version = |text: &str| {
            ModuleVersion::new(gomod::ModulePath::new("example.com/m").unwrap(), text.parse().unwrap())
                .unwrap()
        };
        let pseudo = "v1.1.1-0.20240506070809-0123456789ab";
        let table = [
            ("v1.0.0", r#"{"Version":"v1.0.0","Time":"2001-02-03T04:05:06Z"}"#, true),
            ("v1.0.0", r#"{"Version":"v1.0.0"}"#, true),
            (pseudo, r#"{"Version":"VERSION","Time":"2024-05-06T07:08:09Z"}"#, true),
            (pseudo, r#"{"Version":"VERSION","Time":"2024-05-06T09:08:09+02:00"}"#, true),
            (pseudo, r#"{"Version":"VERSION","Time":"2024-05-06T07:08:10Z"}"#, false),
            (pseudo, r#"{"Version":"VERSION"}"#, false),
        ];
        for (name, info, given) in table {
            let info = info.replace("VERSION", name);
            assert_eq!(is_given(&version(name), info.as_bytes()).is_ok(), given, "{info}");
        }
    }
}
