//! Repositories over HTTP, as `git http-backend` gives them out.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::Seen;
use crate::reply::{Framing, Natural};

/// A body longer than this is nothing that a test sends on purpose.
const BODY_LIMIT: u64 = 16 << 20;

/// What somebody asks a repository.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    /// The repository, whatever name it was asked for by.
    dir: PathBuf,
    rest: &'static str,
    query: String,
    method: String,
    headers: BTreeMap<&'static str, String>,
    body: Vec<u8>,
}

/// What is asked of the repositories of a directory; nothing where the request is not about one of them. `NAME` and
/// `NAME.git` are the same one.
pub(super) fn question(root: &Path, seen: &Seen, body: &[u8]) -> Option<Question> {
    let (name, rest) = ["/info/refs", "/git-upload-pack"]
        .into_iter()
        .find_map(|rest| Some((seen.path.strip_suffix(rest)?, rest)))?;
    let query = seen.target.split_once('?').map_or("", |(_, query)| query);
    let header = |(variable, name)| Some((variable, seen.header(name)?.to_owned()));
    Some(Question {
        dir: find(root, name)?.canonicalize().ok()?,
        rest,
        query: query.to_owned(),
        method: seen.method.clone(),
        headers: HEADERS.into_iter().filter_map(header).collect(),
        body: body.to_vec(),
    })
}

/// What `git http-backend` says to that.
pub(super) fn answer(root: &Path, question: &Question) -> Natural {
    let Question { dir, rest, query, method, headers, body } = question;
    let root = root.canonicalize().unwrap();
    let settings = [("uploadpack.allowFilter", "true"), ("uploadpack.allowAnySHA1InWant", "true")];
    let mut command = Command::new("git");
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_CONFIG_COUNT", settings.len().to_string())
        .env("PATH_INFO", format!("/{}{rest}", dir.strip_prefix(&root).unwrap().display()))
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", method)
        .env("CONTENT_LENGTH", body.len().to_string())
        .envs(headers)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    for (index, (key, value)) in settings.into_iter().enumerate() {
        command.env(format!("GIT_CONFIG_KEY_{index}"), key).env(format!("GIT_CONFIG_VALUE_{index}"), value);
    }
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let body = body.clone();
    // Else a long request and a long answer would wait for each other.
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&body)));
    let said = child.wait_with_output().unwrap().stdout;
    let _ = feeding.join();
    cgi(&said)
}

/// Headers that the program is told of, and the variables in which it looks for them.
const HEADERS: [(&str, &str); 3] = [
    ("CONTENT_TYPE", "content-type"),
    ("HTTP_CONTENT_ENCODING", "content-encoding"),
    ("GIT_PROTOCOL", "git-protocol"),
];

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
