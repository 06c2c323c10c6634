//! The line to an IMAP server: encrypted, or in the clear on this machine only, with an end to how long
//! it waits and to how much it lets a server say.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use imap::extensions::idle::SetReadTimeout;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::address::ServerAddress;

const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(30);

pub struct Stream {
    line: Line,
    left: Allowance,
}

enum Line {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// How many bytes a server may still send before it is cut off; set anew before each command.
#[derive(Clone)]
pub struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    pub fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

impl Stream {
    pub fn connect(server: &ServerAddress, left: Allowance) -> io::Result<Self> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
        for address in (server.host.as_str(), server.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(tcp) => {
                    tcp.set_read_timeout(Some(SILENCE))?;
                    tcp.set_write_timeout(Some(SILENCE))?;
                    tcp.set_nodelay(true)?;
                    return Ok(Self { line: Line::Plain(tcp), left });
                }
                Err(e) => last = e,
            }
        }
        Err(last)
    }

    /// Reads the greeting and asks for STARTTLS; false where the server will not. Byte by byte, so that
    /// nothing said in the clear is ever taken for something said under TLS.
    pub fn start_tls(&mut self) -> io::Result<bool> {
        self.line_of_text()?;
        self.write_all(b"S1 STARTTLS\r\n")?;
        self.flush()?;
        loop {
            let line = self.line_of_text()?;
            if let Some(answer) = line.strip_prefix("S1 ") {
                return Ok(answer.starts_with("OK"));
            }
        }
    }

    /// The same line, to be hung up on by whoever is not in the conversation.
    pub fn other_end(&self) -> io::Result<TcpStream> {
        self.tcp().try_clone()
    }

    fn tcp(&self) -> &TcpStream {
        match &self.line {
            Line::Plain(tcp) => tcp,
            Line::Tls(tls) => &tls.sock,
        }
    }

    fn line_of_text(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        let mut byte = [0];
        while line.len() < 8192 && !line.ends_with(b"\n") {
            self.read_exact(&mut byte)?;
            line.push(byte[0]);
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    /// The same line, encrypted, with the server's certificate checked against the system's roots and, as
    /// PEM, those in `ca`.
    pub fn encrypt(self, host: &str, ca: Option<&str>) -> io::Result<Self> {
        let Line::Plain(tcp) = self.line else { return Ok(self) };
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let mut tls =
            StreamOwned::new(ClientConnection::new(tls_settings(ca)?, name).map_err(io::Error::other)?, tcp);
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock)?;
        }
        Ok(Self { line: Line::Tls(Box::new(tls)), left: self.left })
    }
}

/// Ends the conversation from outside: whoever waits on the line is told that it is gone. Nobody is left
/// behind in a wait that nobody wants any more.
pub struct HangUp(Option<TcpStream>);

impl HangUp {
    pub fn on(line: TcpStream) -> Self {
        Self(Some(line))
    }

    /// The line is to stay after all.
    pub fn call_off(mut self) {
        self.0 = None;
    }
}

impl Drop for HangUp {
    fn drop(&mut self) {
        if let Some(tcp) = &self.0 {
            let _ = tcp.shutdown(Shutdown::Both);
        }
    }
}

fn tls_settings(ca: Option<&str>) -> io::Result<Arc<ClientConfig>> {
    static SETTINGS: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    match ca {
        None => SETTINGS.get_or_init(|| trusting(None)).clone(),
        ca => trusting(ca),
    }
    .map_err(io::Error::other)
}

fn trusting(ca: Option<&str>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in CertificateDer::pem_slice_iter(ca.unwrap_or_default().as_bytes()) {
        let certificate = certificate.map_err(|e| format!("the kept certificates cannot be read: {e}"))?;
        roots.add(certificate).map_err(|e| format!("a kept certificate vouches for nothing: {e}"))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let settings = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let settings = settings.map_err(|e| e.to_string())?;
    Ok(Arc::new(settings.with_root_certificates(roots).with_no_client_auth()))
}

/// Whether somebody answers whom nobody we trust vouches for.
pub fn is_distrust(e: &io::Error) -> bool {
    let tls = e.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
    matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
}

impl SetReadTimeout for Stream {
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> imap::Result<()> {
        Ok(self.tcp().set_read_timeout(Some(timeout.unwrap_or(SILENCE)))?)
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.left.0.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it sends more than was asked for"));
        }
        let end = into.len().min(left);
        let read = match &mut self.line {
            Line::Plain(tcp) => tcp.read(&mut into[..end]),
            Line::Tls(tls) => tls.read(&mut into[..end]),
        }?;
        self.left.0.fetch_sub(read, Ordering::Relaxed);
        Ok(read)
    }
}

impl Write for Stream {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        match &mut self.line {
            Line::Plain(tcp) => tcp.write(from),
            Line::Tls(tls) => tls.write(from),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.line {
            Line::Plain(tcp) => tcp.flush(),
            Line::Tls(tls) => tls.flush(),
        }
    }
}
