//! A provider of tokens for tests: gives one for the grant it knows, tells a mail server whose it is, and takes
//! both back when told to. A real server on a port of this machine, gone when dropped.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(5);

pub struct TokenServer {
    port: u16,
    state: Arc<State>,
}

struct State {
    known: Mutex<Known>,
    gone: AtomicBool,
}

struct Known {
    address: String,
    /// What a token is given for; each time another, as some providers do.
    grant: Option<String>,
    /// Those that are good.
    tokens: Vec<String>,
    given: usize,
}

impl TokenServer {
    /// Knows one person, by their mail address and the first grant.
    pub fn start(address: &str, grant: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its number").port();
        listener.set_nonblocking(true).expect("a socket that can be asked");
        let (address, grant) = (address.to_owned(), Some(grant.to_owned()));
        let known = Mutex::new(Known { address, grant, tokens: Vec::new(), given: 0 });
        let state = Arc::new(State { known, gone: AtomicBool::new(false) });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            while !shared.gone.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((socket, _)) => drop(serve(socket, &shared)),
                    Err(_) => std::thread::sleep(TICK),
                }
            }
        });
        Self { port, state }
    }

    /// Where tokens are given.
    pub fn token_url(&self) -> String {
        format!("http://127.0.0.1:{}/token", self.port)
    }

    /// Where a mail server asks whose a token is.
    pub fn introspection_url(&self) -> String {
        format!("http://127.0.0.1:{}/whose", self.port)
    }

    /// No token given so far is good any more.
    pub fn expire(&self) {
        self.known().tokens.clear();
    }

    /// The person has taken back that they allowed us in.
    pub fn revoke(&self) {
        self.known().grant = None;
        self.expire();
    }

    pub fn given(&self) -> usize {
        self.known().given
    }

    /// All that must not be in any log: the grant and the tokens.
    pub fn secrets(&self) -> Vec<String> {
        let known = self.known();
        known.grant.iter().chain(&known.tokens).cloned().collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.state.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TokenServer {
    fn drop(&mut self) {
        self.state.gone.store(true, Ordering::SeqCst);
    }
}

fn serve(mut socket: TcpStream, state: &State) -> std::io::Result<()> {
    socket.set_nonblocking(false)?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(socket.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let fields = fields(&String::from_utf8_lossy(&body));
    let mut known = state.known.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, said) =
        if first.contains("/whose") { whose(&known, &fields) } else { token(&mut known, &fields) };
    drop(known);
    let said = said.to_string();
    write!(
        socket,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}",
        said.len()
    )
}

type Answer = (&'static str, serde_json::Value);

fn token(known: &mut Known, fields: &HashMap<String, String>) -> Answer {
    if known.grant.is_none() || fields.get("refresh_token") != known.grant.as_ref() {
        let why = "the person has taken access back";
        return ("400 Bad Request", serde_json::json!({"error": "invalid_grant", "error_description": why}));
    }
    known.given += 1;
    let (token, grant) = (format!("token-{}", known.given), format!("grant-{}", known.given));
    known.tokens.push(token.clone());
    known.grant = Some(grant.clone());
    ("200 OK", serde_json::json!({"access_token": token, "expires_in": 3600, "refresh_token": grant}))
}

fn whose(known: &Known, fields: &HashMap<String, String>) -> Answer {
    let good = fields.get("token").is_some_and(|token| known.tokens.contains(token));
    ("200 OK", serde_json::json!({"active": good, "email": known.address}))
}

/// Of a form; what is sent here needs little decoding.
fn fields(body: &str) -> HashMap<String, String> {
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.replace("%3A", ":").replace("%2F", "/"))).collect()
}
