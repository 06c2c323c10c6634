//! Where this app is at work: on this computer alone (a server in this process), with a team, or on
//! sample data. One desk at a time; the first two are remembered for the next start.
//!
//! | folder | holds |
//! | --- | --- |
//! | `desk/` | the desk's cache and outbox |
//! | `server/` | the server's journal, when it runs here |
//! | `demo/` | both, for sample data |
//! | `home` | one word: `here` or `team` |

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};

use evendesk_desk::view::Session;
use evendesk_desk::{ApiError, Code, Desk, Error, Options as DeskOptions};
use evendesk_server::{Options as ServerOptions, Running, Server};
use tauri::{AppHandle, Manager as _};

use crate::keychain::Keychain;
use crate::{Start, computer, news};

/// What the token is called in the keychain.
const TOKEN: &str = "token";

pub struct Home {
    data: PathBuf,
    desk: RwLock<Arc<Desk>>,
    server: Mutex<Option<Running>>,
    settled: Settled,
}

/// Where the next start goes on.
#[derive(Clone, Copy)]
enum Choice {
    Here,
    Team,
}

const CHOICE: &str = "home";

/// Whether the first sign-in of this start has been tried, so that nobody is asked to choose while
/// a server here is still starting.
#[derive(Default)]
struct Settled(Mutex<bool>, Condvar);

impl Settled {
    fn wait(&self) {
        let mut settled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !*settled {
            settled = self.1.wait(settled).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn set(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.1.notify_all();
    }
}

fn folder(data: &std::path::Path, demo: bool) -> PathBuf {
    if demo { data.join("demo") } else { data.to_owned() }
}

fn open(start: &Start, demo: bool) -> Result<Desk, Error> {
    let options = DeskOptions {
        demo,
        feedback_within: start.feedback_within,
        device_name: computer::name(),
        ca: start.ca.clone(),
        ..DeskOptions::default()
    };
    Desk::open(&folder(&start.data, demo).join("desk"), options)
}

impl Home {
    /// Opens the desk; what it holds can be shown before anything is connected.
    pub fn open(start: &Start) -> Result<Self, Error> {
        let desk = open(start, start.demo)?;
        Ok(Self {
            data: start.data.clone(),
            desk: RwLock::new(Arc::new(desk)),
            server: Mutex::default(),
            settled: Settled::default(),
        })
    }

    pub fn desk(&self) -> Arc<Desk> {
        Arc::clone(&self.desk.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has the desk ask the server, on a thread that may wait for it: those that run commands are few, and
    /// with a server in this process they are its own, which would then wait for themselves.
    pub async fn ask<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Desk) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, ApiError> {
        let desk = self.desk();
        let asked = tauri::async_runtime::spawn_blocking(move || f(&desk)).await;
        Ok(asked.map_err(|e| ApiError { code: Code::Storage, sentence: e.to_string() })??)
    }

    /// Who is signed in. Waits only where nobody is and somebody is about to be.
    pub fn session(&self) -> Result<Session, Error> {
        let session = self.desk().session()?;
        if session.user.is_some() {
            return Ok(session);
        }
        self.settled.wait();
        self.desk().session()
    }

    /// Goes on where the last start left off.
    pub fn resume(&self, app: &AppHandle) {
        let start = app.state::<Start>();
        news::follow(app, self.desk());
        let resumed = match self.chosen() {
            _ if start.demo => self.start_here(true, ""),
            Some(Choice::Here) => self.start_here(false, ""),
            Some(Choice::Team) => self.resume_with_team(&app.state::<Keychain>()),
            None => Ok(()),
        };
        if let Err(error) = resumed {
            tracing::warn!(sentence = error.sentence, "the last sign-in could not be taken up");
        }
        self.settled.set();
    }

    fn resume_with_team(&self, keychain: &Keychain) -> Result<(), ApiError> {
        let desk = self.desk();
        if desk.session()?.user.is_none() {
            return Ok(());
        }
        match keychain.get(TOKEN).map_err(kept)? {
            Some(token) => Ok(desk.resume(&token)?),
            None => Ok(()),
        }
    }

    /// Starts a server in this process, in the folder beside the desk's, and signs its person in.
    fn start_here(&self, demo: bool, name: &str) -> Result<(), ApiError> {
        let options = ServerOptions { demo, ..ServerOptions::new(folder(&self.data, demo).join("server")) };
        let desk = self.desk();
        let device = desk.device()?;
        let begun = wait_for(async {
            let server = Server::start(options).await.map_err(|e| e.to_string())?;
            let signed_in =
                server.sign_in_here(name, device, &computer::name()).await.map_err(|e| e.to_string())?;
            Ok::<_, String>((server, signed_in))
        });
        let (server, signed_in) = begun.map_err(|sentence| ApiError { code: Code::Storage, sentence })?;
        desk.adopt(&server.url(), signed_in)?;
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        Ok(())
    }

    /// Use on this computer.
    pub fn start_local(&self, name: &str) -> Result<(), ApiError> {
        self.start_here(false, name)?;
        self.choose(Some(Choice::Here))
    }

    /// Join a team: with an invitation's `code`, choosing login and password, or as who is known there.
    pub fn join(
        &self,
        keychain: &Keychain,
        server: &str,
        code: Option<&str>,
        login: &str,
        password: &str,
    ) -> Result<(), ApiError> {
        let desk = self.desk();
        let token = match code {
            Some(code) => desk.join(server, code, login, password)?,
            None => desk.sign_in(server, login, password)?,
        };
        self.stop_server();
        keychain.set(TOKEN, &token).map_err(kept)?;
        self.choose(Some(Choice::Team))
    }

    fn chosen(&self) -> Option<Choice> {
        match std::fs::read_to_string(self.data.join(CHOICE)).ok()?.trim() {
            "here" => Some(Choice::Here),
            "team" => Some(Choice::Team),
            _ => None,
        }
    }

    fn choose(&self, choice: Option<Choice>) -> Result<(), ApiError> {
        let file = self.data.join(CHOICE);
        let written = match choice {
            Some(Choice::Here) => std::fs::write(&file, "here\n"),
            Some(Choice::Team) => std::fs::write(&file, "team\n"),
            None if file.exists() => std::fs::remove_file(&file),
            None => Ok(()),
        };
        written.map_err(|source| Error::File { path: file, source }.into())
    }

    /// Sample data, in a folder of its own, with a desk of its own.
    pub fn look_around(&self, app: &AppHandle) -> Result<(), ApiError> {
        self.move_to(app, true)?;
        self.start_here(true, "")
    }

    /// Signs out, and leaves sample data for the desk proper.
    pub fn sign_out(&self, app: &AppHandle, keychain: &Keychain) -> Result<(), ApiError> {
        let desk = self.desk();
        let demo = desk.session()?.demo;
        desk.sign_out()?;
        drop(desk);
        self.stop_server();
        if demo && !app.state::<Start>().demo {
            return self.move_to(app, false);
        }
        if !demo {
            self.choose(None)?;
        }
        keychain.forget(TOKEN).map_err(kept)
    }

    fn move_to(&self, app: &AppHandle, demo: bool) -> Result<(), ApiError> {
        let desk = Arc::new(open(&app.state::<Start>(), demo)?);
        *self.desk.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&desk);
        news::follow(app, desk);
        Ok(())
    }

    fn stop_server(&self) {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(server) = server {
            wait_for(server.stop());
        }
    }

    /// Ends in order, when the app is quit.
    pub fn close(&self) {
        self.stop_server();
    }
}

/// Waits on a thread of its own: commands of the page run on the runtime's threads, where waiting for
/// the runtime is not allowed.
fn wait_for<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(|| tauri::async_runtime::block_on(work)).join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

fn kept(error: crate::KeychainError) -> ApiError {
    ApiError { code: Code::Storage, sentence: error.to_string() }
}
