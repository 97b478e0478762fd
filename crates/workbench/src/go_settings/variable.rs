//! The variables that matter when modules are fetched.

/// A variable that `go` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GoVariable {
    /// The chain of proxies.
    Proxy,
    /// The checksum database.
    Sumdb,
    /// What is private; stands for the next two where they are not set.
    Private,
    /// What no proxy is asked for.
    NoProxy,
    /// What no checksum database is asked for.
    NoSumdb,
    /// What may be fetched without proof of who answers.
    Insecure,
    /// Flags for every command.
    Flags,
    /// Which version of Go runs.
    Toolchain,
    /// Where modules lie.
    ModCache,
    /// Where what was built lies.
    BuildCache,
    /// Where `go install` puts programs.
    Bin,
    /// Where Go itself lies.
    Root,
    /// Where what is fetched and installed lies.
    Path,
    /// The workspace.
    Work,
    /// Which version control systems may be used for what.
    Vcs,
    /// Who knows credentials.
    Auth,
    /// Whether modules are used at all.
    Modules,
    /// Where temporary files go.
    Temporary,
    /// The user's settings file itself.
    EnvFile,
    /// The file of passwords.
    Netrc,
    /// The network's proxy for http URLs.
    HttpProxy,
    /// The network's proxy for https URLs.
    HttpsProxy,
    /// What is fetched without the network's proxy.
    Bypass,
}

impl GoVariable {
    /// All of them.
    pub const ALL: [GoVariable; 23] = [
        GoVariable::Proxy,
        GoVariable::Sumdb,
        GoVariable::Private,
        GoVariable::NoProxy,
        GoVariable::NoSumdb,
        GoVariable::Insecure,
        GoVariable::Flags,
        GoVariable::Toolchain,
        GoVariable::ModCache,
        GoVariable::BuildCache,
        GoVariable::Bin,
        GoVariable::Root,
        GoVariable::Path,
        GoVariable::Work,
        GoVariable::Vcs,
        GoVariable::Auth,
        GoVariable::Modules,
        GoVariable::Temporary,
        GoVariable::EnvFile,
        GoVariable::Netrc,
        GoVariable::HttpProxy,
        GoVariable::HttpsProxy,
        GoVariable::Bypass,
    ];

    /// The name, as it is set.
    pub fn name(self) -> &'static str {
        match self {
            GoVariable::Proxy => "GOPROXY",
            GoVariable::Sumdb => "GOSUMDB",
            GoVariable::Private => "GOPRIVATE",
            GoVariable::NoProxy => "GONOPROXY",
            GoVariable::NoSumdb => "GONOSUMDB",
            GoVariable::Insecure => "GOINSECURE",
            GoVariable::Flags => "GOFLAGS",
            GoVariable::Toolchain => "GOTOOLCHAIN",
            GoVariable::ModCache => "GOMODCACHE",
            GoVariable::BuildCache => "GOCACHE",
            GoVariable::Bin => "GOBIN",
            GoVariable::Root => "GOROOT",
            GoVariable::Path => "GOPATH",
            GoVariable::Work => "GOWORK",
            GoVariable::Vcs => "GOVCS",
            GoVariable::Auth => "GOAUTH",
            GoVariable::Modules => "GO111MODULE",
            GoVariable::Temporary => "GOTMPDIR",
            GoVariable::EnvFile => "GOENV",
            GoVariable::Netrc => "NETRC",
            GoVariable::HttpProxy => "HTTP_PROXY",
            GoVariable::HttpsProxy => "HTTPS_PROXY",
            GoVariable::Bypass => "NO_PROXY",
        }
    }

    /// The other name that counts where the first one is not set: `http_proxy`
    /// (golang.org/x/net/http/httpproxy, FromEnvironment).
    pub fn lower_case(self) -> Option<&'static str> {
        match self {
            GoVariable::HttpProxy => Some("http_proxy"),
            GoVariable::HttpsProxy => Some("https_proxy"),
            GoVariable::Bypass => Some("no_proxy"),
            _ => None,
        }
    }

    /// Whether settings files can set it. The others count from the environment alone.
    pub fn is_in_files(self) -> bool {
        !matches!(
            self,
            GoVariable::EnvFile
                | GoVariable::Netrc
                | GoVariable::HttpProxy
                | GoVariable::HttpsProxy
                | GoVariable::Bypass
        )
    }

    /// What stands for it where it is not set.
    pub fn stand_in(self) -> Option<GoVariable> {
        matches!(self, GoVariable::NoProxy | GoVariable::NoSumdb).then_some(GoVariable::Private)
    }

    /// What counts where nobody set it, if that is the same everywhere (cmd/go/internal/cfg; cmd/go/internal/vcs).
    /// `go.env` of the installed Go sets GOPROXY, GOSUMDB and GOTOOLCHAIN since Go 1.21.
    pub fn default(self) -> Option<&'static str> {
        match self {
            GoVariable::Sumdb => Some("sum.golang.org"),
            GoVariable::Toolchain => Some("auto"),
            GoVariable::Vcs => Some("public:git|hg,private:all"),
            GoVariable::Auth => Some("netrc"),
            GoVariable::Modules => Some("on"),
            _ => None,
        }
    }
}
