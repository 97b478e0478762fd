//! What a server lists.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read},
};

use super::{Binary, Call};
use crate::{
    Cause, Oid, Refs, Tag, VcsError,
    git::{cache::Format, run::SOURCE},
};

impl Format {
    /// Digits of an object's name.
    pub(in crate::git) fn digits(self) -> usize {
        match self {
            Format::Sha1 => 40,
            Format::Sha256 => 64,
        }
    }
}

impl Binary {
    /// Asks the server, once more where it wants to know who asks and something else can be told.
    pub(super) fn list(&self) -> Result<Refs, VcsError> {
        match self.list_once() {
            Err(VcsError::Failed { cause: Cause::Auth, .. }) if self.cache.git().knows_more(&self.remote) => {
                self.list_once()
            }
            listed => listed,
        }
    }

    fn list_once(&self) -> Result<Refs, VcsError> {
        let call = Call { remote: Some(&self.remote), ..Call::new(LIST) };
        let mut running = self.cache.git().start(call)?;
        let refs = read(BufReader::new(running.stdout()), self.cache.git().limits().output, &call.what());
        let ended = match &refs {
            // It may go on for ever.
            Err(VcsError::Failed { cause: Cause::Limit, .. }) => return refs,
            _ => running.finish()?,
        };
        if ended.code == Some(0) {
            if refs.as_ref().is_ok_and(|refs| *refs == Refs::default()) {
                self.confirm_empty()?;
            }
            return refs;
        }
        let failure = call.failure(&ended);
        // Not even a repository that asks for a name and a password, for all that a plain request tells: go's rule.
        let refused = matches!(failure, VcsError::Failed { cause: Cause::Auth | Cause::Server, .. });
        if refused && self.remote.is_web() && (self.gone)(self.remote.secret()) {
            return Err(VcsError::absent(failure.to_string()));
        }
        Err(failure)
    }

    /// Whether a web server that lists nothing speaks git's protocol at all: git takes any page that it does not
    /// understand for the list of an empty repository.
    fn confirm_empty(&self) -> Result<(), VcsError> {
        if !self.remote.is_web() {
            return Ok(());
        }
        let call = Call { remote: Some(&self.remote), traced: true, ..Call::new(LIST) };
        let (_, ended) = self.cache.git().run(call)?;
        if ended.stderr.contains("packet:") {
            return Ok(());
        }
        Err(VcsError::failed(Cause::Server, call.what(), "the answer is not that of a git server"))
    }
}

const LIST: &[&str] = &["ls-remote", "-q", "--symref", "--end-of-options", SOURCE];

/// Reads the output of `git ls-remote --symref`, up to `most` bytes.
fn read(from: impl BufRead, most: u64, what: &str) -> Result<Refs, VcsError> {
    let mut from = from.take(most);
    let failed = |cause, why: &str| VcsError::failed(cause, what, why);
    let mut refs = Refs::default();
    let (mut direct, mut peeled) = (BTreeMap::new(), BTreeMap::new());
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = from.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        let read = read.map_err(|error| failed(Cause::Local, &error.to_string()))?;
        if read == 0 && from.limit() > 0 {
            break;
        }
        if line.pop() != Some(b'\n') {
            return Err(failed(Cause::Limit, "the list of references is longer than allowed"));
        }
        // A name that is not UTF-8 is no version's, and cannot be asked for.
        let Some((id, name)) = std::str::from_utf8(&line).ok().and_then(|line| line.split_once('\t')) else {
            continue;
        };
        if let Some(target) = id.strip_prefix("ref: ") {
            if name == "HEAD" {
                refs.default_branch = target.strip_prefix("refs/heads/").map(str::to_owned);
            }
            continue;
        }
        let Ok(id) = id.parse::<Oid>() else { continue };
        if name == "HEAD" {
            refs.head = Some(id);
        } else if let Some(name) = name.strip_prefix("refs/heads/").filter(|name| is_name(name)) {
            refs.heads.insert(name.to_owned(), id);
        } else if let Some(name) = name.strip_prefix("refs/tags/") {
            match name.strip_suffix("^{}") {
                Some(name) => peeled.insert(name.to_owned(), id),
                None if is_name(name) => direct.insert(name.to_owned(), id),
                None => None,
            };
        }
        if refs.heads.len() + direct.len() > MOST {
            return Err(failed(Cause::Limit, "it has more references than allowed"));
        }
    }
    refs.tags = direct
        .into_iter()
        .map(|(name, direct)| {
            let target = peeled.get(&name).copied().unwrap_or(direct);
            (name, Tag { direct, target })
        })
        .collect();
    Ok(refs)
}

/// Whether git can have a reference of this name (`git check-ref-format`); what a server makes up may be a pattern.
pub(in crate::git) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(|c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c))
        && !["..", "@{", "//"].iter().any(|part| name.contains(part))
        && !name.ends_with(['.', '/'])
        && name
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.') && part.strip_suffix(".lock").is_none())
}

/// References of one repository.
pub(in crate::git) const MOST: usize = 500_000;
/// Bytes of a line.
const LONGEST: u64 = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "ddee2166b377b4e7f0ffbb44907e6106ebb48788";
    const B: &str = "97478c8d5642484ebe2a13b82dae7804bfab7e5e";

    #[test]
    fn a_listing_is_read() {
        let text = format!(
            "ref: refs/heads/main\tHEAD\n{A}\tHEAD\n{A}\trefs/heads/main\n{B}\trefs/pull/1/head\n\
             {B}\trefs/tags/v1\n{A}\trefs/tags/v1^{{}}\n{A}\trefs/tags/x:y\n{A}\trefs/tags/*\nrubbish\n"
        );
        let refs = read(text.as_bytes(), 1 << 20, "test").unwrap();
        let (a, b) = (A.parse().unwrap(), B.parse().unwrap());
        assert_eq!(refs.default_branch.as_deref(), Some("main"));
        assert_eq!(refs.head, Some(a));
        assert_eq!(refs.heads, BTreeMap::from([("main".to_owned(), a)]));
        assert_eq!(refs.tags, BTreeMap::from([("v1".to_owned(), Tag { direct: b, target: a })]));
    }

    #[test]
    fn a_cut_listing_is_a_failure() {
        let text = format!("{A}\tHEAD\n{A}\trefs/heads/ma");
        assert!(matches!(
            read(text.as_bytes(), 1 << 20, "test"),
            Err(VcsError::Failed { cause: Cause::Limit, .. })
        ));
    }
}
