//! A stretch of network that a test can harm: what connects to its port comes out at another one, until the
//! link is cut or held up, in one direction or both.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How soon a change of mind is noticed.
const TICK: Duration = Duration::from_millis(10);

/// Open until told otherwise; gone, with every connection through it, when dropped.
pub struct Link {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    target: AtomicU16,
    /// No connection is let through.
    cut: AtomicBool,
    /// What is on its way there, and back, stays where it is; as if it were lost again and again, it
    /// arrives once the link is whole.
    held: [AtomicBool; 2],
    /// Connections from before the last cut have ended.
    cuts: AtomicU64,
    gone: AtomicBool,
    /// Bytes that went through, there and back.
    carried: Mutex<[u64; 2]>,
}

impl Link {
    /// Leads to a port of this machine, whether anyone listens there yet or not.
    pub fn to(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its number").port();
        listener.set_nonblocking(true).expect("a socket that can be asked");
        let state = Arc::new(State { target: AtomicU16::new(target), ..State::default() });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || accept(&listener, &shared));
        Self { port, state }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Leads to another port for whoever connects from here on, as a name does that was given a new address.
    pub fn lead_to(&self, target: u16) {
        self.state.target.store(target, Ordering::SeqCst);
    }

    /// Ends every connection and refuses new ones.
    pub fn cut(&self) {
        self.state.cut.store(true, Ordering::SeqCst);
        self.state.cuts.fetch_add(1, Ordering::SeqCst);
    }

    /// Nothing arrives on the other side any more, and nobody is told.
    pub fn hold_there(&self) {
        self.state.held[0].store(true, Ordering::SeqCst);
    }

    /// Nothing comes back any more, and nobody is told.
    pub fn hold_back(&self) {
        self.state.held[1].store(true, Ordering::SeqCst);
    }

    /// Whole again: what was held up arrives, and new connections are let through.
    pub fn heal(&self) {
        self.state.cut.store(false, Ordering::SeqCst);
        self.state.held.iter().for_each(|held| held.store(false, Ordering::SeqCst));
    }

    /// Bytes that went through, there and back.
    pub fn carried(&self) -> [u64; 2] {
        *self.state.carried.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.state.gone.store(true, Ordering::SeqCst);
    }
}

fn accept(listener: &TcpListener, state: &Arc<State>) {
    while !state.gone.load(Ordering::SeqCst) {
        let Ok((near, _)) = listener.accept() else {
            std::thread::sleep(TICK);
            continue;
        };
        if state.cut.load(Ordering::SeqCst) {
            continue;
        }
        let target = state.target.load(Ordering::SeqCst);
        let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)) else { continue };
        let cuts = state.cuts.load(Ordering::SeqCst);
        for (way, from, to) in [(0, &near, &far), (1, &far, &near)] {
            let (from, to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
            let state = Arc::clone(state);
            std::thread::spawn(move || carry(way, from, to, cuts, &state));
        }
    }
}

/// One direction of one connection, until either side or a cut ends it.
fn carry(way: usize, mut from: TcpStream, mut to: TcpStream, cuts: u64, state: &State) {
    let _ = from.set_nonblocking(false).and_then(|()| from.set_read_timeout(Some(TICK)));
    let _ = to.set_nodelay(true);
    let mut buffer = [0; 16 * 1024];
    let open = || !state.gone.load(Ordering::SeqCst) && state.cuts.load(Ordering::SeqCst) == cuts;
    let wait_while_held = || {
        while open() && state.held[way].load(Ordering::SeqCst) {
            std::thread::sleep(TICK);
        }
    };
    while open() {
        wait_while_held();
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                // It may have been held up while this one waited for something to carry.
                wait_while_held();
                if !open() || to.write_all(&buffer[..read]).is_err() {
                    break;
                }
                state.carried.lock().unwrap_or_else(PoisonError::into_inner)[way] += read as u64;
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
