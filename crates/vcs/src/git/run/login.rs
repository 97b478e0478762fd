//! What a command tells a web server, and programs that may know it.

use std::{io::Read, path::Path};

use upstream::{Login, Refusal};

use super::{Call, Git, Running};
use crate::{VcsError, git::remote::Remote};

impl Git {
    /// What a web server is told; nothing where the URL or the user's configuration says who asks.
    pub(super) fn login(&self, call: &Call<'_>) -> Result<Option<Login>, VcsError> {
        let (Some(remote), Some(logins)) = (call.remote.filter(|remote| remote.is_web()), &self.logins)
        else {
            return Ok(None);
        };
        let url = remote.shown_target();
        if !url.starts_with("https://")
            || url != remote.secret()
            || self.config.http(remote.secret())?.authorizes()
        {
            return Ok(None);
        }
        if !logins.is_ready() {
            logins.prepare();
        }
        Ok(logins.known(&url))
    }

    /// Whether there is something else to tell a web server that refused.
    pub(in crate::git) fn knows_more(&self, remote: &Remote) -> bool {
        let call = Call { remote: Some(remote), ..Call::new(&[]) };
        let Ok(said) = self.login(&call) else { return false };
        let url = remote.shown_target();
        let Some(logins) =
            self.logins.as_ref().filter(|_| url.starts_with("https://") && url == remote.secret())
        else {
            return false;
        };
        logins.refused(&url, &Refusal::unauthorized(), said.as_ref()).is_some()
    }

    /// What a program says that may know credentials; else why it said nothing, in words that are nobody's secret.
    pub(crate) fn helper(&self, words: &[&str], dir: Option<&Path>, stdin: &str) -> Result<String, String> {
        let (what, most) = (words.first().copied().unwrap_or_default(), self.limits.output);
        let command = self.user.helper(words, dir, &self.config).map_err(|error| error.to_string())?;
        let running = Running::start(command, what, self.limits(), None);
        let mut running = running.map_err(|error| error.to_string())?;
        // One that does not listen may still know.
        let _ = running.ask(stdin.as_bytes());
        running.listen_no_more();
        let mut output = Vec::new();
        let read = running.stdout().take(most.saturating_add(1)).read_to_end(&mut output);
        if output.len() as u64 > most {
            return Err(format!("it says more than {most} bytes"));
        }
        let ended = running.finish().map_err(|error| error.to_string())?;
        match (ended.code, read) {
            (Some(0), Ok(_)) => String::from_utf8(output).map_err(|_| "it says what is no text".to_owned()),
            (Some(code), _) => Err(format!("it ended with {code}")),
            (None, _) => Err("a signal ended it".to_owned()),
        }
    }
}
