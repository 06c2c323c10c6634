//! [`Desk`]: cache, outbox and client as one thing that a window talks to. Plain functions that may be
//! called from any thread; reads never wait for writes.

mod accounts;
mod doctor;
mod heard;
mod letters;
mod outgoing;
mod people;
mod queries;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use evendesk_domain::command::CommandBody;
use evendesk_domain::id::{CommandId, ConversationId, DeviceId, MessageId, UserId};
use evendesk_domain::permission::Agent;
use evendesk_domain::settings::User;
use evendesk_domain::time::Timestamp;
use evendesk_protocol::FromDesk;
use evendesk_replica::UserView;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::attachments::Attachments;
use crate::client::address::Server;
use crate::client::backoff::Backoff;
use crate::client::courier::Courier;
use crate::client::files::{self, Wanted};
use crate::client::parts::{self, Parts};
use crate::client::session::SignedInAt;
use crate::client::socket::Dialler;
use crate::client::trust::Trust;
use crate::core::{Action, Core};
use crate::error::Error;
use crate::folder::Folder;
use crate::outbox::Outbox;
use crate::outbox::settings::Setting;
use crate::view::{Connection, News, Session, SessionState, Submitted};

/// This computer's clock, right or wrong.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

#[derive(Clone)]
pub struct Options {
    /// Sample data: only said to the window.
    pub demo: bool,
    pub clock: Clock,
    /// Unsigned feedback leaves within this long, at a random moment.
    pub feedback_within: Duration,
    /// At least so long between attempts to send feedback.
    pub feedback_retry: Duration,
    pub backoff: Backoff,
    /// As people know this installation again in the list of their devices.
    pub device_name: String,
    /// A PEM file of authorities to believe besides the system's.
    pub ca: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            demo: false,
            clock: Arc::new(|| {
                let since =
                    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }),
            feedback_within: Duration::from_secs(180),
            feedback_retry: Duration::from_secs(30),
            backoff: Backoff::default(),
            device_name: String::new(),
            ca: None,
        }
    }
}

pub struct Desk {
    shared: Arc<worker::Shared>,
    outbox: Arc<Outbox>,
    options: Options,
    attachments: Attachments,
    line: Mutex<Line>,
    /// Rung when there is feedback to carry.
    feedback: Arc<Notify>,
    redial: Arc<Notify>,
    trust: Trust,
    http: reqwest::Client,
    /// Where parts of a snapshot are put for a moment.
    parts: PathBuf,
    worker: Option<std::thread::JoinHandle<()>>,
    runtime: Option<Runtime>,
    folder: Option<Folder>,
}

/// The sign-in in use.
#[derive(Default)]
struct Line {
    server: Option<Server>,
    token: Option<String>,
    dialler: Option<JoinHandle<()>>,
}

impl Desk {
    /// Opens the desk in `folder`, which it locks. Shows what is there; talks to nobody yet.
    pub fn open(folder: &Path, options: Options) -> Result<Self, Error> {
        let trust = Trust::new(options.ca.as_deref())?;
        let folder = Folder::lock(folder)?;
        let attachments = Attachments::open(&folder)?;
        let parts = folder.private_folder("parts")?;
        parts::sweep(&parts)?;
        let outbox = Core::outbox_in(&folder)?;
        let core = Core::open(&folder, Arc::clone(&outbox), Uuid::new_v4(), (options.clock)())?;
        let feedback = Arc::new(Notify::new());
        let (greeted, online) = watch::channel(false);
        let (shared, worker) = worker::start(core, Arc::clone(&options.clock), greeted)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("desk-net")
            .enable_all()
            .build()
            .map_err(Error::file("the desk's network"))?;
        let courier = Courier {
            outbox: Arc::clone(&outbox),
            trust: trust.clone(),
            clock: Arc::clone(&options.clock),
            wake: Arc::clone(&feedback),
            online,
            within: options.feedback_within,
            retry: options.feedback_retry,
            chance: rand::random::<f64>,
        };
        runtime.spawn(courier.run());
        Ok(Self {
            shared,
            outbox,
            options,
            attachments,
            line: Mutex::default(),
            feedback,
            redial: Arc::new(Notify::new()),
            http: trust.http()?,
            trust,
            parts,
            worker: Some(worker),
            runtime: Some(runtime),
            folder: Some(folder),
        })
    }

    /// The id of this installation, for signing in elsewhere.
    pub fn device(&self) -> Result<DeviceId, Error> {
        self.outbox.device(Uuid::new_v4())
    }

    /// Connects with a token from an earlier sign-in on this desk. Without a network this succeeds too:
    /// the desk goes on with what it has and connects when it can.
    pub fn resume(&self, token: &str) -> Result<(), Error> {
        let server = self.outbox.get(Setting::Server)?.ok_or(Error::SignedOut)?;
        self.agent()?;
        self.dial(Server::parse(&server)?, token.to_owned())
    }

    /// Signs out: what could be seen goes from this computer, what is not decided yet stays in the
    /// outbox for the next sign-in of the same person. The server is told if it can be reached.
    pub fn sign_out(&self) -> Result<(), Error> {
        let at = self.signed_in_at();
        self.hang_up();
        *self.line() = Line::default();
        if let Ok(at) = at
            && let Err(error) = self.on_net(at.sign_out())
        {
            tracing::info!(%error, "signed out here; the server was not told");
        }
        self.shared.call(|core, _| Ok(((), core.sign_out()?)))
    }

    /// Tries to connect now rather than later.
    pub fn reconnect(&self) {
        self.redial.notify_one();
    }

    /// What changes, from here on.
    pub fn subscribe(&self) -> broadcast::Receiver<News> {
        self.shared.news.subscribe()
    }

    pub fn session(&self) -> Result<Session, Error> {
        let server = self.outbox.get(Setting::Server)?.unwrap_or_default();
        let agent = self.outbox.agent()?;
        let state = match &agent {
            Some(_) => SessionState::SignedIn,
            None if server.is_empty() => SessionState::FirstRun,
            None => SessionState::SignedOut,
        };
        let away = if agent.is_none() { self.outbox.turned_away()? } else { None };
        let kept = away.map(|a| self.kept_of(a.user)).transpose()?.unwrap_or(0);
        Ok(Session {
            state,
            ended: away.map(|a| a.why),
            kept,
            user: agent.map(user_view),
            workspace: self.outbox.get(Setting::WorkspaceName)?.unwrap_or_default(),
            server,
            demo: self.options.demo,
            keychain: None,
        })
    }

    /// What of a person waits in the outbox.
    fn kept_of(&self, user: UserId) -> Result<u32, Error> {
        let tally = self.outbox.tally(user)?;
        let drafts = u32::try_from(self.outbox.drafts(user)?.len()).unwrap_or(u32::MAX);
        Ok((tally.pending + tally.attention).saturating_add(drafts))
    }

    pub fn connection(&self) -> Connection {
        self.shared.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The best estimate of the server's time.
    pub fn now(&self) -> Timestamp {
        let offset = self.shared.connection.read().unwrap_or_else(PoisonError::into_inner).offset_ms;
        Timestamp::from_millis((self.options.clock)().millis().saturating_add(offset))
    }

    /// Keeps a command and shows it; it goes out by itself.
    pub fn submit(&self, body: CommandBody) -> Result<Submitted, Error> {
        let id = CommandId(Uuid::now_v7());
        self.shared.call(move |core, now| core.submit(id, body, now))
    }

    /// Sends again what was refused, set aside, or wanted a second look; `seen` as in
    /// [`Core::confirm`].
    pub fn outgoing_confirm(&self, command: CommandId, seen: Option<MessageId>) -> Result<(), Error> {
        let fresh = CommandId(Uuid::now_v7());
        self.shared.call(move |core, now| Ok(((), core.confirm(command, fresh, seen, now)?)))
    }

    /// Moves the words back into the draft, and drops the command.
    pub fn outgoing_edit(&self, command: CommandId) -> Result<(), Error> {
        self.shared.call(move |core, now| Ok(((), core.edit(command, now)?)))
    }

    /// Words anew what came back, where it is.
    pub fn outgoing_reword(&self, command: CommandId, text: String) -> Result<(), Error> {
        self.shared.call(move |core, _| Ok((core.reword(command, text)?, Vec::new())))
    }

    pub fn outgoing_drop(&self, command: CommandId) -> Result<(), Error> {
        self.shared.call(move |core, now| Ok(((), core.drop_command(command, now)?)))
    }

    /// Takes a drop back.
    pub fn outgoing_undrop(&self, command: CommandId) -> Result<(), Error> {
        self.shared.call(move |core, now| Ok(((), core.undrop(command, now)?)))
    }

    pub fn draft_get(&self, conversation: ConversationId) -> Result<Option<String>, Error> {
        self.outbox.draft(self.agent()?.user, conversation)
    }

    pub fn draft_put(&self, conversation: ConversationId, text: &str) -> Result<(), Error> {
        // The page may have been typed into when the customer was erased.
        if !text.is_empty() && self.reader()?.is_erased(conversation)? {
            return Err(Error::not_now("This customer was erased; nothing is kept about them any more."));
        }
        // Also of someone who was signed out while they typed: the words are theirs still.
        let away = || Ok::<_, Error>(self.outbox.turned_away()?.ok_or(Error::SignedOut)?.user);
        let author = self.outbox.agent()?.map_or_else(away, |agent| Ok(agent.user))?;
        self.outbox.put_draft(author, conversation, text, (self.options.clock)())
    }

    /// Tells colleagues what this agent looks at.
    pub fn set_conversation_view(
        &self,
        conversation: Option<ConversationId>,
        writing: bool,
    ) -> Result<(), Error> {
        let said = Action::Send(FromDesk::Presence { conversation, writing });
        self.shared.call(move |_, _| Ok(((), vec![said])))
    }

    /// The file of a message that is here, fetched if it is not here yet itself.
    pub fn attachment(&self, wanted: Wanted) -> Result<PathBuf, Error> {
        let (conversation, message, blob) = (wanted.conversation, wanted.message, wanted.blob.clone());
        let folder = self.attachments.of(conversation);
        let path = files::place(&folder, &wanted)?;
        self.check_held(conversation, message, &blob)?;
        if path.exists() {
            return Ok(path);
        }
        let SignedInAt { http, server, token } = self.signed_in_at()?;
        let path =
            self.on_net(async move { files::fetch(&http, &server, &token, &folder, &wanted).await })?;
        // It may have been withdrawn meanwhile.
        if let Err(gone) = self.check_held(conversation, message, &blob) {
            self.attachments.forget(conversation)?;
            return Err(gone);
        }
        Ok(path)
    }

    fn check_held(&self, conversation: ConversationId, message: MessageId, blob: &str) -> Result<(), Error> {
        if self.reader()?.has_blob(conversation, message, blob)? {
            return Ok(());
        }
        Err(Error::not_found("This file's message is not here; it may have been withdrawn from your teams."))
    }

    fn agent(&self) -> Result<Agent, Error> {
        self.outbox.agent()?.ok_or(Error::SignedOut)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn dial(&self, server: Server, token: String) -> Result<(), Error> {
        self.hang_up();
        let dial = self.shared.new_dial()?;
        let dialler = Dialler {
            server: server.clone(),
            token: token.clone(),
            trust: self.trust.clone(),
            backoff: self.options.backoff,
            parts: Parts { http: self.http.clone(), folder: self.parts.clone() },
            now: Arc::clone(&self.redial),
        };
        let shared = Arc::clone(&self.shared);
        let Some(runtime) = &self.runtime else { return Err(Error::Closing) };
        let task = runtime.spawn(dialler.run(move |what| shared.tell(dial, what)));
        *self.line() = Line { server: Some(server), token: Some(token), dialler: Some(task) };
        Ok(())
    }

    fn hang_up(&self) {
        if let Some(task) = self.line().dialler.take() {
            task.abort();
            let _ = self.shared.new_dial();
        }
    }

    /// Runs a request on the desk's own network threads and waits for it: the caller may be on an
    /// async thread, where blocking on a runtime is not allowed.
    fn on_net<T: Send + 'static>(
        &self,
        f: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        let Some(runtime) = &self.runtime else { return Err(Error::Closing) };
        runtime.spawn(async move {
            let _ = answer.send(f.await);
        });
        answered.recv().map_err(|_| Error::Closing)?
    }
}

impl Drop for Desk {
    /// Ends the threads before the folder's lock goes.
    fn drop(&mut self) {
        self.hang_up();
        self.shared.close();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
        self.folder.take();
    }
}

fn user_view(agent: Agent) -> UserView {
    let Agent { user: id, name, role, teams } = agent;
    let user = User { id, name, login: String::new(), role, teams, active: true };
    UserView::from(&user)
}
