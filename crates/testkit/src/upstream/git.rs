//! Repositories over HTTP, as `git http-backend` gives them out.

use std::{
    io::{self, BufRead, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::Seen;
use crate::reply::{Framing, Natural};

/// A body longer than this is nothing that a test sends on purpose.
const BODY_LIMIT: u64 = 16 << 20;

/// What the repositories of a directory say to a request; nothing where it is not about one of them. `NAME` and
/// `NAME.git` are the same one.
pub(super) fn answer(root: &Path, seen: &Seen, body: &[u8]) -> Option<Natural> {
    let (name, rest) = ["/info/refs", "/git-upload-pack"]
        .into_iter()
        .find_map(|rest| Some((seen.path.strip_suffix(rest)?, rest)))?;
    let dir = find(root, name)?;
    let query = seen.target.split_once('?').map_or("", |(_, query)| query);
    let settings = [("uploadpack.allowFilter", "true"), ("uploadpack.allowAnySHA1InWant", "true")];
    let mut command = Command::new("git");
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_CONFIG_COUNT", settings.len().to_string())
        .env("PATH_INFO", format!("/{}{rest}", dir.strip_prefix(root).ok()?.display()))
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", &seen.method)
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("GIT_PROTOCOL", seen.header("git-protocol").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    for (index, (key, value)) in settings.into_iter().enumerate() {
        command.env(format!("GIT_CONFIG_KEY_{index}"), key).env(format!("GIT_CONFIG_VALUE_{index}"), value);
    }
    for (variable, header) in
        [("CONTENT_TYPE", "content-type"), ("HTTP_CONTENT_ENCODING", "content-encoding")]
    {
        if let Some(value) = seen.header(header) {
            command.env(variable, value);
        }
    }
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let body = body.to_vec();
    // Else a long request and a long answer would wait for each other.
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&body)));
    let said = child.wait_with_output().unwrap().stdout;
    let _ = feeding.join();
    Some(cgi(&said))
}

/// Where a repository of that name is.
fn find(root: &Path, name: &str) -> Option<PathBuf> {
    let without = name.strip_suffix(".git");
    [Some(name), without].into_iter().flatten().map(|name| root.join(name)).find(|dir| dir.is_dir())
}

/// The answer of a CGI program.
fn cgi(said: &[u8]) -> Natural {
    let end = said.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(said.len());
    let (head, body) = said.split_at(end);
    let head = String::from_utf8_lossy(head);
    let value = |name: &str| {
        head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let status = value("status").and_then(|status| status.split(' ').next()?.parse().ok()).unwrap_or(200);
    Natural {
        status,
        content_type: value("content-type").unwrap_or_default().into(),
        body: body.get(4..).unwrap_or_default().into(),
        framing: Framing::Chunked,
    }
}

/// Reads the body of a request.
pub(super) fn read_body(seen: &Seen, reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let chunked = seen.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    if !chunked {
        let len = seen.header("content-length").and_then(|len| len.parse().ok()).unwrap_or(0_u64);
        reader.take(len.min(BODY_LIMIT)).read_to_end(&mut body)?;
        return Ok(body);
    }
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let len = u64::from_str_radix(line.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
        reader.take(len.min(BODY_LIMIT)).read_to_end(&mut body)?;
        reader.read_line(&mut line)?;
        if len == 0 {
            return Ok(body);
        }
    }
}
