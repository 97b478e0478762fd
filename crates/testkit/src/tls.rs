//! Certificates for one test, and connections that may be encrypted.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    sync::Arc,
};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned, crypto::aws_lc_rs,
    server::WebPkiClientVerifier,
};

/// A certificate authority of this test alone, with one certificate for `127.0.0.1` and `localhost` and one for a client.
#[derive(Debug)]
pub struct Authority {
    ca: Certificate,
    server: (Certificate, KeyPair),
    client: (Certificate, KeyPair),
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new authority with new keys.
    pub fn new() -> Self {
        Self::for_hosts(&[])
    }

    /// The same; its server's certificate is for these hosts as well. A name may begin with `*.`.
    pub fn for_hosts(hosts: &[&str]) -> Self {
        Self::signing("testkit authority", hosts, None)
    }

    /// The same; its server's certificate is valid from the first to the last of these years, their first days.
    pub fn in_years(hosts: &[&str], from: i32, to: i32) -> Self {
        Self::signing("testkit authority", hosts, Some((from, to)))
    }

    /// The same under another name, as that of a middlebox, and with a certificate for some years or the usual ones.
    pub fn signing(name: &str, hosts: &[&str], years: Option<(i32, i32)>) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let ca = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let issue = |names: &[String], name: &str, usage| {
            let mut params = CertificateParams::new(names).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            params.extended_key_usages = vec![usage];
            if let Some((from, to)) = years {
                (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
            }
            let key = KeyPair::generate().unwrap();
            (params.signed_by(&key, &issuer).unwrap(), key)
        };
        let mut names = vec![Ipv4Addr::LOCALHOST.to_string(), "localhost".to_owned()];
        names.extend(hosts.iter().map(|&host| host.to_owned()));
        Self {
            server: issue(&names, "testkit server", ExtendedKeyUsagePurpose::ServerAuth),
            client: issue(&[], "testkit client", ExtendedKeyUsagePurpose::ClientAuth),
            ca,
        }
    }

    /// The authority's certificate, PEM.
    pub fn ca(&self) -> String {
        self.ca.pem()
    }

    /// The client's certificate, PEM.
    pub fn client_cert(&self) -> String {
        self.client.0.pem()
    }

    /// The client's private key, PEM.
    pub fn client_key(&self) -> String {
        self.client.1.serialize_pem()
    }

    /// The server's certificate and its private key, PEM, for a program that serves by itself.
    pub fn server_pem(&self) -> String {
        self.server.1.serialize_pem() + &self.server.0.pem()
    }

    /// How a server of this authority speaks TLS; with `clients`, only to those who show a certificate of it.
    pub(crate) fn server(&self, clients: bool) -> Arc<ServerConfig> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = if clients {
            let mut roots = RootCertStore::empty();
            roots.add(self.ca.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let (cert, key) = (&self.server.0, &self.server.1);
        let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Arc::new(builder.with_single_cert(vec![cert.der().clone()], key).unwrap())
    }
}

/// A connection as the server has it.
pub(crate) enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> Self {
        match tls {
            None => Self::Plain(stream),
            Some(config) => {
                let connection = ServerConnection::new(config).unwrap();
                Self::Tls(Box::new(StreamOwned::new(connection, stream)))
            }
        }
    }

    /// Says in TLS that nothing more comes, so that an end is not taken for an attack.
    pub(crate) fn goodbye(&mut self) {
        if let Self::Tls(tls) = self {
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
    }
}

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(out),
            Self::Tls(stream) => stream.read(out),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
