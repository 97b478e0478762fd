//! The network: names, connections, certificates, proxies that stand in the way.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static DNS_NO_NAME: Diagnosis = Diagnosis {
    code: "L2-DNS-NO-SUCH-HOST",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The name {host} is not known",
    cause: "The resolver says that there is no such host: the name is misspelled, it is known only inside another network (a VPN that is down), or the resolver lies.",
    cure: "Compare the name with the setting that it comes from; connect the VPN; try another of the machine's resolvers.",
    commands: &["getent hosts {server}", "cat /etc/resolv.conf", "go env GOPROXY GOSUMDB"],
};

pub(crate) static DNS_FAILS: Diagnosis = Diagnosis {
    code: "L2-DNS-SERVER-FAILURE",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The resolver could not answer for {host}",
    cause: "The resolver answered that it failed. It is overloaded, cut off from its own servers, or refuses signatures that it cannot check.",
    cure: "Ask again later or use another resolver of this network; Larder goes on with the addresses that it knew.",
    commands: &["getent hosts {server}", "cat /etc/resolv.conf", "larder run -- go mod download"],
};

pub(crate) static DNS_DEAD: Diagnosis = Diagnosis {
    code: "L2-DNS-DEAD",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The resolver does not answer",
    cause: "The address in /etc/resolv.conf does not answer, or nothing listens there: a resolver that crashed, a VPN that left its settings behind, a container without a network.",
    cure: "Put a resolver that answers into the machine's settings; restart the local one.",
    commands: &[
        "cat /etc/resolv.conf",
        "systemctl restart systemd-resolved",
        "larder run -- go mod download",
    ],
};

pub(crate) static DNS_HIJACKED: Diagnosis = Diagnosis {
    code: "L2-DNS-HIJACKED",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The name {host} leads somewhere else",
    cause: "The address that the resolver gives belongs to another machine: a portal, a filter, or a private network.",
    cure: "Ask the network's owner for the true answer; a Larder elsewhere in the company can be asked instead.",
    commands: &["getent hosts {server}", "go env GOPROXY"],
};

pub(crate) static REFUSED: Diagnosis = Diagnosis {
    code: "L2-CONNECT-REFUSED",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "Nothing listens at {host}",
    cause: "The machine was reached, and nothing accepts connections at that port: the server is down, the port is wrong, or a firewall answers in its place.",
    cure: "Check the port in the URL and whether the server runs; name a second proxy behind it.",
    commands: &["curl -sv -o /dev/null {url}/", "go env GOPROXY"],
};

pub(crate) static NO_ROUTE: Diagnosis = Diagnosis {
    code: "L2-NO-ROUTE",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "There is no way to {host}",
    cause: "The machine has no route to that network: it is offline, a VPN is down, or the container has no network.",
    cure: "Connect the machine. What was fetched before is still there.",
    commands: &["ip route get 1.1.1.1 || ip route", "larder run --offline -- go build ./..."],
};

pub(crate) static IPV6: Diagnosis = Diagnosis {
    code: "L2-IPV6-BROKEN",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "IPv6 leads nowhere",
    cause: "The name has an IPv6 address, the machine believes that it has IPv6, and the connection fails.",
    cure: "Repair IPv6 or switch it off for this network. Larder tries the addresses of both kinds side by side.",
    commands: &[
        "curl -6 -sv -o /dev/null {url}/",
        "curl -4 -sv -o /dev/null {url}/",
        "larder run -- go mod download",
    ],
};

pub(crate) static IPV6_WAITS: Diagnosis = Diagnosis {
    code: "L2-IPV6-FALLS-BACK",
    layer: Layer::Network,
    severity: Severity::Risk,
    title: "IPv6 to {host} leads nowhere, and every new connection waits for it",
    cause: "The name has IPv6 addresses, this machine believes that it has IPv6, and no answer comes; go takes IPv4 after a moment, other programs after minutes.",
    cure: "Repair IPv6, or switch it off for this network.",
    commands: &["curl -6 -sv -m 5 -o /dev/null {url}/", "ip -6 route"],
};

pub(crate) static CONNECT_TIMEOUT: Diagnosis = Diagnosis {
    code: "L2-CONNECT-TIMEOUT",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "{host} cannot be reached",
    cause: "No answer came to the first packet: a firewall drops it without a word, the server is gone, or an HTTP proxy has to be used that is not set.",
    cure: "If this network needs an HTTP proxy, set HTTPS_PROXY; else name a proxy in GOPROXY that can be reached.",
    commands: &["env | grep -i _proxy", "curl -sv -m 10 -o /dev/null {url}/", "go env GOPROXY"],
};

pub(crate) static NO_ANSWER: Diagnosis = Diagnosis {
    code: "L2-NO-ANSWER",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "{host} took the connection and then said nothing",
    cause: "A server that hangs, a firewall that lets connections through and no data, or a link that loses too much.",
    cure: "Try again through Larder: it leaves a silent source alone and asks the next.",
    commands: &["larder run -- go mod download", "go env GOPROXY"],
};

pub(crate) static RESET: Diagnosis = Diagnosis {
    code: "L2-CONNECTION-RESET",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The connection to {host} was reset half way",
    cause: "Somebody between here and {host}, or that server, broke the connection off. go never tries a fetch again, so one reset fails the build.",
    cure: "Fetch through Larder: it goes on where the body broke off.",
    commands: &["larder run -- go mod download"],
};

pub(crate) static CUT: Diagnosis = Diagnosis {
    code: "L2-BODY-CUT",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "An answer of {host} ended too early",
    cause: "The connection was closed before the whole answer had come: a middlebox with a limit of size or time, or a server that was restarted.",
    cure: "Fetch through Larder: it goes on where the body broke off, and no half file counts.",
    commands: &["larder run -- go mod download"],
};

pub(crate) static HTTP2: Diagnosis = Diagnosis {
    code: "L2-HTTP2-BROKEN",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "HTTP/2 to {host} breaks",
    cause: "The server or a middlebox ended an HTTP/2 connection or stream in the middle of an answer.",
    cure: "Fetch through Larder, which tries again. To see whether HTTP/2 is the cause, run once without it.",
    commands: &["larder run -- go mod download", "GODEBUG=http2client=0 go mod download"],
};

pub(crate) static TLS_TIMEOUT: Diagnosis = Diagnosis {
    code: "L2-TLS-TIMEOUT",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The TLS handshake with {host} never ends",
    cause: "The connection stands, and a middlebox swallows the handshake, often by the name in it; or the packets are too large for a tunnel (MTU).",
    cure: "Ask the network's owner about {host}; behind a VPN try a smaller MTU. A proxy in GOPROXY that can be reached avoids it.",
    commands: &["curl -sv -m 15 -o /dev/null {url}/", "ip link | grep mtu"],
};

pub(crate) static TLS_INTERCEPTED: Diagnosis = Diagnosis {
    code: "L2-TLS-INTERCEPTED",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The certificate of {host} is signed by somebody whom this machine does not trust",
    cause: "A middlebox reads the traffic and signs in the place of {host}, or the server uses a certificate authority of the company that is not installed here.",
    cure: "Have the authority's certificate installed on this machine, from the people who run it. Never switch the check off.",
    commands: &[
        "openssl s_client -connect {address} -servername {server} </dev/null | openssl x509 -noout -issuer",
        "export SSL_CERT_FILE=/path/to/company-ca.pem",
    ],
};

pub(crate) static TLS_EXPIRED: Diagnosis = Diagnosis {
    code: "L2-TLS-EXPIRED",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The certificate of {host} is out of date, or this machine's clock is wrong",
    cause: "The time of this machine does not lie within the certificate's. A clock that is years off makes every certificate look so.",
    cure: "Compare the clock with the true time first. If it is right, the server's owner has to renew the certificate.",
    commands: &["date -u", "timedatectl set-ntp true"],
};

pub(crate) static CLOCK: Diagnosis = Diagnosis {
    code: "L2-CLOCK-WRONG",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "This machine's clock is wrong",
    cause: "By this machine's clock the certificate of {host} is not valid yet, or not any more. After a flat battery or a resumed snapshot the clock is far off.",
    cure: "Set the clock.",
    commands: &["date -u", "timedatectl set-ntp true"],
};

pub(crate) static TLS_NAME: Diagnosis = Diagnosis {
    code: "L2-TLS-WRONG-NAME",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "Somebody else answers for {host}",
    cause: "The certificate is for another name: a portal that wants a login, a resolver that lies, or a server that is set up wrongly.",
    cure: "Open any page in a browser and log in, if the network has a portal; else compare the addresses.",
    commands: &[
        "getent hosts {server}",
        "openssl s_client -connect {address} -servername {server} </dev/null | openssl x509 -noout -subject -ext subjectAltName",
    ],
};

pub(crate) static TLS_PLAIN: Diagnosis = Diagnosis {
    code: "L2-TLS-NOT-SPOKEN",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "{host} does not speak TLS there",
    cause: "Something answers in plain HTTP, or not HTTP at all, where https was asked for: a wrong port, a wrong scheme, or a middlebox.",
    cure: "Correct scheme and port of the URL.",
    commands: &["curl -sv -o /dev/null http://{host}/", "go env GOPROXY"],
};

pub(crate) static TLS_REFUSED: Diagnosis = Diagnosis {
    code: "L2-TLS-REFUSED",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "{host} and this machine do not agree on TLS",
    cause: "The server refused the handshake: it wants a client certificate, speaks only old versions, or a filter cuts by name.",
    cure: "Ask the server's owner what it expects.",
    commands: &["openssl s_client -connect {address} -servername {server} </dev/null"],
};

pub(crate) static CLIENT_CERTIFICATE: Diagnosis = Diagnosis {
    code: "L2-TLS-CLIENT-CERTIFICATE",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "{host} wants a certificate of this machine, and go has none to show",
    cause: "In the TLS handshake {host} asks for a client certificate, and it ends the connection of whoever shows none. go has no setting for one.",
    cure: "Let a Larder stand before it: give it the certificate and its key in a [[source]] of larder.toml, and name that Larder in GOPROXY.",
    commands: &[
        "openssl s_client -connect {address} -servername {server} </dev/null 2>/dev/null | grep -A3 \"Acceptable client\"",
        "larder config example | grep client_cert",
    ],
};

pub(crate) static PORTAL: Diagnosis = Diagnosis {
    code: "L2-PORTAL",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "A page came where a module was asked for",
    cause: "A portal or a filter answered with its own page, and with status 200.",
    cure: "Log in at the portal, in a browser. Larder refuses such pages and asks the next source.",
    commands: &["curl -s {url}/ | head -5", "larder run -- go mod download"],
};

pub(crate) static HTTP_PROXY: Diagnosis = Diagnosis {
    code: "L2-HTTP-PROXY",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The HTTP proxy of this network cannot be used",
    cause: "HTTPS_PROXY or HTTP_PROXY names a proxy that cannot be reached, or that does not let the connection to {host} through.",
    cure: "Correct the variable, or exempt the host with NO_PROXY if it lies inside.",
    commands: &["env | grep -i _proxy", "export NO_PROXY={server}"],
};

pub(crate) static HTTP_PROXY_AUTH: Diagnosis = Diagnosis {
    code: "L2-HTTP-PROXY-AUTH",
    layer: Layer::Auth,
    severity: Severity::Error,
    title: "The HTTP proxy of this network wants a password",
    cause: "The proxy named by HTTPS_PROXY answered 407.",
    cure: "Put user and password into the variable, as the people who run it say.",
    commands: &["env | grep -i _proxy"],
};

pub(crate) static REDIRECTS: Diagnosis = Diagnosis {
    code: "L2-REDIRECTS",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "{host} sends go in circles, or from https to http",
    cause: "A login page or a wrongly set up server answers with redirects that go must not follow.",
    cure: "Look where it leads; log in at a portal, or correct the URL in GOPROXY.",
    commands: &["curl -sIL --max-redirs 12 {url}/"],
};

pub(crate) static NOT_HTTP: Diagnosis = Diagnosis {
    code: "L2-NOT-HTTP",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "What came from {host} is not HTTP",
    cause: "A middlebox or another program answers at that port.",
    cure: "Check the port; ask the network's owner.",
    commands: &["curl -sv -o /dev/null {url}/"],
};

pub(crate) static DNS_DISAGREE: Diagnosis = Diagnosis {
    code: "L2-DNS-DISAGREE",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "One resolver knows {host}, and the one that this machine listens to does not",
    cause: "The resolvers in /etc/resolv.conf give different answers, and the first one counts: it belongs to another network than the name does (a VPN that came or went), or it filters.",
    cure: "Put the resolver that knows the name first, or ask the owner of the other one to forward such names.",
    commands: &["cat /etc/resolv.conf", "getent hosts {server}", "resolvectl status"],
};

pub(crate) static DNS_SLOW: Diagnosis = Diagnosis {
    code: "L2-DNS-SLOW",
    layer: Layer::Network,
    severity: Severity::Risk,
    title: "Looking up {host} takes seconds",
    cause: "A resolver in /etc/resolv.conf does not answer, so that every lookup waits for it before the next one is asked; or the one that answers is overloaded.",
    cure: "Take resolvers that do not answer out of the machine's settings, or put them last.",
    commands: &["cat /etc/resolv.conf", "time getent hosts {server}"],
};

pub(crate) static HOSTS_FILE: Diagnosis = Diagnosis {
    code: "L2-HOSTS-FILE",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "/etc/hosts sends {host} somewhere else",
    cause: "A line of the file counts before every resolver, and what it names is not {host}: left from a test, or put there by a filter.",
    cure: "Remove the line.",
    commands: &["grep -n \"{server}\" /etc/hosts", "sudoedit /etc/hosts"],
};

pub(crate) static CLOCK_DRIFTS: Diagnosis = Diagnosis {
    code: "L2-CLOCK-DRIFTS",
    layer: Layer::Network,
    severity: Severity::Risk,
    title: "This machine's clock goes wrong",
    cause: "Several servers agree on another time. Certificates still count at both, which ends with the next one that is renewed, and tokens of short life fail already.",
    cure: "Let the machine set its clock from the network.",
    commands: &["date -u", "timedatectl status", "timedatectl set-ntp true"],
};

pub(crate) static NO_AUTHORITIES: Diagnosis = Diagnosis {
    code: "L2-NO-AUTHORITIES",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "This machine knows no certificate authority, so it trusts nobody",
    cause: "The bundle of authorities is not installed, as in many small container images, or SSL_CERT_FILE or SSL_CERT_DIR name a place where there is none.",
    cure: "Install the package ca-certificates, or correct the variable.",
    commands: &["env | grep SSL_CERT", "apt-get install ca-certificates || apk add ca-certificates"],
};

pub(crate) static TLS_SNI: Diagnosis = Diagnosis {
    code: "L2-TLS-NAME-FILTERED",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "Connections are broken because they name {host}",
    cause: "A TLS handshake with the same address that does not name {host} is answered; with the name it breaks. So something between here and there filters by name.",
    cure: "Ask the network's owner to let {host} through, or name a proxy in GOPROXY that this network lets through.",
    commands: &[
        "openssl s_client -connect {address} -servername {server} </dev/null",
        "openssl s_client -connect {address} -noservername </dev/null",
        "go env GOPROXY",
    ],
};

pub(crate) static HTTP_PROXY_DENIES: Diagnosis = Diagnosis {
    code: "L2-HTTP-PROXY-DENIES",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The HTTP proxy {proxy} does not let connections to {host} through",
    cause: "HTTPS_PROXY names it, it answers, and it refuses the tunnel: {host} is not on its list, or it cannot reach it itself.",
    cure: "Ask the people who run it to admit {host}, or name a proxy in GOPROXY that lies inside.",
    commands: &["curl -sv -o /dev/null -x http://{proxy} {url}/", "go env GOPROXY"],
};

pub(crate) static HTTP_PROXY_FORM: Diagnosis = Diagnosis {
    code: "L2-HTTP-PROXY-VARIABLE",
    layer: Layer::Settings,
    severity: Severity::Error,
    title: "A proxy variable names no proxy",
    cause: "HTTPS_PROXY or HTTP_PROXY holds something that is no URL of a proxy, and go uses it all the same.",
    cure: "Write it like http://proxy.example.com:3128, or unset it.",
    commands: &["env | grep -i _proxy", "unset HTTPS_PROXY https_proxy"],
};

pub(crate) static HTTP_PROXY_UNUSED: Diagnosis = Diagnosis {
    code: "L2-HTTP-PROXY-NOT-USED",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "This network has an HTTP proxy, and go does not use it for {host}",
    cause: "{host} cannot be reached directly, and the variables do not send it through the proxy: HTTPS_PROXY counts for https alone and HTTP_PROXY for http alone, go knows no ALL_PROXY, and NO_PROXY exempts what it lists.",
    cure: "Set HTTPS_PROXY to the proxy, and take {host} out of NO_PROXY.",
    commands: &["env | grep -i _proxy", "export HTTPS_PROXY=http://proxy.example.com:3128"],
};

pub(crate) static NO_PROXY: Diagnosis = Diagnosis {
    code: "L2-NO-PROXY-MISSING",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "{host} is reached directly, and not through the HTTP proxy",
    cause: "HTTPS_PROXY sends everything through {proxy}, which cannot lead to {host}; without it {host} answers.",
    cure: "Exempt the host.",
    commands: &["export NO_PROXY=\"$NO_PROXY,{server}\"", "env | grep -i _proxy"],
};

pub(crate) static PATHS: Diagnosis = Diagnosis {
    code: "L2-PATHS-FILTERED",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "Something before {host} does not bear @ or ! in paths",
    cause: "The URLs of modules hold /@v/, and ! for upper-case letters. A middlebox or a web server before the proxy takes them for an attack or rewrites them; spelled otherwise the same URLs work.",
    cure: "Ask its owner to let them through. Larder finds the spelling that works by itself.",
    commands: &[
        "curl -sI {url}/{module}/@v/list",
        "curl -sI {url}/{module}/%40v/list",
        "larder run -- go mod download",
    ],
};

pub(crate) static ENCODING: Diagnosis = Diagnosis {
    code: "L2-ENCODING-REWRITTEN",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "Answers of {host} come in a compression that nobody asked for",
    cause: "A middlebox rewrites Accept-Encoding or compresses on its own, so that go gets bytes that it cannot read.",
    cure: "Ask its owner to leave answers of {host} as they are.",
    commands: &["curl -sI -H \"Accept-Encoding: gzip\" {url}/{module}/@v/list"],
};

pub(crate) static BODY_LIMIT: Diagnosis = Diagnosis {
    code: "L2-BODY-LIMIT",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "Answers of {host} are cut at a certain size",
    cause: "The same answer ended twice at the same byte: a middlebox or a web server before the proxy lets no more through.",
    cure: "Ask its owner to raise the limit; the zips of modules may have 500 MB. Larder fetches the rest in parts, where parts are given.",
    commands: &["larder run -- go mod download", "curl -s -o /dev/null -w \"%{size_download}\\n\" {url}/"],
};

pub(crate) static BODY_STALLS: Diagnosis = Diagnosis {
    code: "L2-BODY-STALLS",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "Answers of {host} begin and then stop",
    cause: "A part of the body comes, and then nothing more: a middlebox that wants to look at the whole file first, or packets of full size that get lost (MTU). go waits without an end.",
    cure: "Fetch through Larder, which leaves a silent connection and goes on elsewhere; behind a VPN try a smaller MTU.",
    commands: &["larder run -- go mod download", "ip link | grep mtu"],
};

pub(crate) static BODY_HELD: Diagnosis = Diagnosis {
    code: "L2-BODY-HELD-BACK",
    layer: Layer::Network,
    severity: Severity::Risk,
    title: "Large answers of {host} are held back on the way until they are whole",
    cause: "A middlebox collects a whole file, to scan it most often, before it gives the first byte of it away: small answers come at once, large ones after a silence that grows with their size. With the next large module some time limit on the way ends that silence.",
    cure: "Ask its owner to exempt {host}, or to pass on what has been scanned. A Larder waits once for everybody.",
    commands: &[
        "curl -s -o /dev/null -w \"%{time_starttransfer} %{time_total}\\n\" {url}/",
        "larder run -- go mod download",
    ],
};

pub(crate) static SLOW: Diagnosis = Diagnosis {
    code: "L2-SLOW",
    layer: Layer::Network,
    severity: Severity::Risk,
    title: "{host} answers slowly",
    cause: "Every answer takes seconds, or little comes at a time: a far or overloaded server, a poor line, or a middlebox that reads along.",
    cure: "Compare with other proxies, or let a Larder nearby keep what was fetched once.",
    commands: &["larder bench", "larder run -- go mod download"],
};

pub(super) static ALL: &[&Diagnosis] = &[
    &DNS_NO_NAME,
    &DNS_FAILS,
    &DNS_DEAD,
    &HOSTS_FILE,
    &DNS_HIJACKED,
    &DNS_DISAGREE,
    &DNS_SLOW,
    &HTTP_PROXY_FORM,
    &HTTP_PROXY,
    &HTTP_PROXY_AUTH,
    &HTTP_PROXY_DENIES,
    &HTTP_PROXY_UNUSED,
    &NO_PROXY,
    &CLOCK,
    &CLOCK_DRIFTS,
    &NO_AUTHORITIES,
    &PORTAL,
    &TLS_INTERCEPTED,
    &REFUSED,
    &NO_ROUTE,
    &IPV6,
    &IPV6_WAITS,
    &CONNECT_TIMEOUT,
    &NO_ANSWER,
    &RESET,
    &CUT,
    &HTTP2,
    &TLS_TIMEOUT,
    &TLS_EXPIRED,
    &TLS_NAME,
    &TLS_PLAIN,
    &CLIENT_CERTIFICATE,
    &TLS_REFUSED,
    &TLS_SNI,
    &REDIRECTS,
    &NOT_HTTP,
    &PATHS,
    &ENCODING,
    &BODY_LIMIT,
    &BODY_STALLS,
    &BODY_HELD,
    &SLOW,
];
