//! The network: names, connections, certificates, proxies that stand in the way.

use crate::diagnosis::{Diagnosis, Layer, Severity};

pub(crate) static DNS_NO_NAME: Diagnosis = Diagnosis {
    code: "L2-DNS-NO-SUCH-HOST",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The name {host} is not known",
    cause: "The resolver says that there is no such host: the name is misspelled, it is known only inside another network (a VPN that is down), or the resolver lies.",
    cure: "Compare the name with the setting that it comes from; connect the VPN; try another of the machine's resolvers.",
    commands: &["getent hosts {host}", "cat /etc/resolv.conf", "go env GOPROXY GOSUMDB"],
};

pub(crate) static DNS_FAILS: Diagnosis = Diagnosis {
    code: "L2-DNS-SERVER-FAILURE",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The resolver could not answer for {host}",
    cause: "The resolver answered that it failed. It is overloaded, cut off from its own servers, or refuses signatures that it cannot check.",
    cure: "Ask again later or use another resolver of this network; Larder goes on with the addresses that it knew.",
    commands: &["getent hosts {host}", "cat /etc/resolv.conf", "larder run -- go mod download"],
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
    commands: &["getent hosts {host}", "go env GOPROXY"],
};

pub(crate) static REFUSED: Diagnosis = Diagnosis {
    code: "L2-CONNECT-REFUSED",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "Nothing listens at {host}",
    cause: "The machine was reached, and nothing accepts connections at that port: the server is down, the port is wrong, or a firewall answers in its place.",
    cure: "Check the port in the URL and whether the server runs; name a second proxy behind it.",
    commands: &["curl -sv -o /dev/null https://{host}/", "go env GOPROXY"],
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
        "curl -6 -sv -o /dev/null https://{host}/",
        "curl -4 -sv -o /dev/null https://{host}/",
        "larder run -- go mod download",
    ],
};

pub(crate) static CONNECT_TIMEOUT: Diagnosis = Diagnosis {
    code: "L2-CONNECT-TIMEOUT",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "{host} cannot be reached",
    cause: "No answer came to the first packet: a firewall drops it without a word, the server is gone, or an HTTP proxy has to be used that is not set.",
    cure: "If this network needs an HTTP proxy, set HTTPS_PROXY; else name a proxy in GOPROXY that can be reached.",
    commands: &["env | grep -i _proxy", "curl -sv -m 10 -o /dev/null https://{host}/", "go env GOPROXY"],
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
    commands: &["curl -sv -m 15 -o /dev/null https://{host}/", "ip link | grep mtu"],
};

pub(crate) static TLS_INTERCEPTED: Diagnosis = Diagnosis {
    code: "L2-TLS-INTERCEPTED",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The certificate of {host} is signed by somebody whom this machine does not trust",
    cause: "A middlebox reads the traffic and signs in the place of {host}, or the server uses a certificate authority of the company that is not installed here.",
    cure: "Have the authority's certificate installed on this machine, from the people who run it. Never switch the check off.",
    commands: &[
        "openssl s_client -connect {host}:443 -servername {host} </dev/null | openssl x509 -noout -issuer",
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
        "getent hosts {host}",
        "openssl s_client -connect {host}:443 -servername {host} </dev/null | openssl x509 -noout -subject -ext subjectAltName",
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
    commands: &["openssl s_client -connect {host}:443 -servername {host} </dev/null"],
};

pub(crate) static PORTAL: Diagnosis = Diagnosis {
    code: "L2-PORTAL",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "A page came where a module was asked for",
    cause: "A portal or a filter answered with its own page, and with status 200.",
    cure: "Log in at the portal, in a browser. Larder refuses such pages and asks the next source.",
    commands: &["curl -s https://{host}/ | head -5", "larder run -- go mod download"],
};

pub(crate) static HTTP_PROXY: Diagnosis = Diagnosis {
    code: "L2-HTTP-PROXY",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "The HTTP proxy of this network cannot be used",
    cause: "HTTPS_PROXY or HTTP_PROXY names a proxy that cannot be reached, or that does not let the connection to {host} through.",
    cure: "Correct the variable, or exempt the host with NO_PROXY if it lies inside.",
    commands: &["env | grep -i _proxy", "export NO_PROXY={host}"],
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
    commands: &["curl -sIL --max-redirs 12 https://{host}/"],
};

pub(crate) static NOT_HTTP: Diagnosis = Diagnosis {
    code: "L2-NOT-HTTP",
    layer: Layer::Network,
    severity: Severity::Error,
    title: "What came from {host} is not HTTP",
    cause: "A middlebox or another program answers at that port.",
    cure: "Check the port; ask the network's owner.",
    commands: &["curl -sv -o /dev/null https://{host}/"],
};

pub(super) static ALL: &[&Diagnosis] = &[
    &DNS_NO_NAME,
    &DNS_FAILS,
    &DNS_DEAD,
    &DNS_HIJACKED,
    &REFUSED,
    &NO_ROUTE,
    &IPV6,
    &CONNECT_TIMEOUT,
    &NO_ANSWER,
    &RESET,
    &CUT,
    &HTTP2,
    &TLS_TIMEOUT,
    &TLS_INTERCEPTED,
    &TLS_EXPIRED,
    &CLOCK,
    &TLS_NAME,
    &TLS_PLAIN,
    &TLS_REFUSED,
    &PORTAL,
    &HTTP_PROXY,
    &HTTP_PROXY_AUTH,
    &REDIRECTS,
    &NOT_HTTP,
];
