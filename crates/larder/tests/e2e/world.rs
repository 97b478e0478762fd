//! The modules and servers that most tests stand on.

use testkit::{GoCommand, Larder, ModuleTree, ScriptedUpstream, TestLog, TestServer};

/// A small world: a module with requirements, upper-case letters, `+incompatible`, a pseudo-version behind a branch, and
/// a major version. None of its packages imports the standard library, so that a build takes no time.
pub(crate) const MODULES: &str = "\
example.com/branch@main => v0.1.1-0.20240203040506-abcdefabcdef
-- example.com/app@v1.0.0/go.mod --
module example.com/app

go 1.21

require (
\texample.com/Upper v1.0.0-RC1
\texample.com/branch v0.1.1-0.20240203040506-abcdefabcdef
\texample.com/old v2.1.0+incompatible
)
-- example.com/app@v1.0.0/app.go --
package app

import (
\t\"example.com/Upper\"
\t\"example.com/branch\"
\t\"example.com/old\"
)

const Sum = upper.N + branch.N + old.N
-- example.com/app@v1.1.0/go.mod --
module example.com/app

go 1.21

require (
\texample.com/Upper v1.0.0-RC1
\texample.com/branch v0.1.1-0.20240203040506-abcdefabcdef
\texample.com/major/v2 v2.0.0
\texample.com/old v2.1.0+incompatible
)
-- example.com/app@v1.1.0/app.go --
package app

import (
\t\"example.com/Upper\"
\t\"example.com/branch\"
\t\"example.com/major/v2\"
\t\"example.com/old\"
)

const Sum = upper.N + branch.N + old.N + major.N
-- example.com/app@v1.2.0-beta.1/go.mod --
module example.com/app
-- example.com/app@v1.2.0-beta.1/app.go --
package app
-- example.com/Upper@v1.0.0-RC1/go.mod --
module example.com/Upper
-- example.com/Upper@v1.0.0-RC1/upper.go --
package upper

const N = 1
-- example.com/branch@v0.1.0/go.mod --
module example.com/branch
-- example.com/branch@v0.1.0/branch.go --
package branch

const N = 2
-- example.com/branch@v0.1.1-0.20240203040506-abcdefabcdef/go.mod --
module example.com/branch
-- example.com/branch@v0.1.1-0.20240203040506-abcdefabcdef/branch.go --
package branch

const N = 3
-- example.com/old@v2.1.0+incompatible/old.go --
package old

const N = 4
-- example.com/major/v2@v2.0.0/go.mod --
module example.com/major/v2
-- example.com/major/v2@v2.0.0/major.go --
package major

const N = 5
";

/// What a project that uses the world's modules looks like.
pub(crate) const PROJECT: &str =
    "package main\n\nimport \"example.com/app\"\n\nfunc main() { println(app.Sum) }\n";

/// The name of the world's checksum database. No host has it.
pub(crate) const LOG: &str = "sum.example.test";

pub(crate) fn tree() -> ModuleTree {
    ModuleTree::parse(MODULES)
}

/// The binary under test.
pub(crate) fn larder() -> Larder {
    Larder::new(env!("CARGO_BIN_EXE_larder"))
}

/// An upstream with the world's modules, and a Larder in front of it that knows no checksum database.
pub(crate) fn served() -> (ScriptedUpstream, TestServer) {
    serving(tree())
}

/// The same with other modules.
pub(crate) fn serving(tree: ModuleTree) -> (ScriptedUpstream, TestServer) {
    let upstream = ScriptedUpstream::serving(tree);
    let server = larder().serve(&upstream.url()).start();
    (upstream, server)
}

/// The same, with lines in a configuration file.
pub(crate) fn configured(tree: ModuleTree, config: &str) -> (ScriptedUpstream, TestServer) {
    let upstream = ScriptedUpstream::serving(tree);
    let server = chained(&upstream.url(), config);
    (upstream, server)
}

/// A Larder in front of a chain, with lines in a configuration file.
pub(crate) fn chained(chain: &str, config: &str) -> TestServer {
    let larder = larder();
    let file = larder.home().join("larder.toml");
    std::fs::write(&file, config).unwrap();
    larder.serve(chain).flag("--config", file).start()
}

/// For tests that fail first and succeed next: no failure is remembered, not even for a moment.
pub(crate) const NO_MEMO: &str = "failure = \"0s\"\n";

/// The world with a checksum database, and its key.
pub(crate) fn logged() -> (ScriptedUpstream, TestServer, String) {
    let log = TestLog::over(LOG, &tree()).with_filler(300);
    let vkey = log.vkey();
    let upstream = ScriptedUpstream::with_log(tree(), log);
    let server = larder().serve(&upstream.url()).sumdb(&vkey).start();
    (upstream, server, vkey)
}

/// A `go` whose working directory is a project that uses the world's modules.
pub(crate) fn project(proxy: &str) -> GoCommand {
    let go = GoCommand::new(proxy);
    go.write("go.mod", "module test\n\ngo 1.21\n\nrequire example.com/app v1.0.0\n");
    go.write("main.go", PROJECT);
    go
}
