//! Starting and stopping a server: from the command line, or inside the desktop app.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum_server::tls_rustls::RustlsConfig;
use evendesk_domain::id::DeviceId;
use evendesk_protocol::http::SignedIn;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch as observe};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::access::TokensOfAll;
use crate::auth::Hashing;
use crate::clock::Clock;
use crate::folder::Folder;
use crate::founding;
use crate::health::Health;
use crate::http::network::Network;
use crate::http::session::Device;
use crate::http::{self, HttpError};
use crate::location::Location;
use crate::sample;
use crate::snapshot::{self, Snapshots};
use crate::state::{App, Hosts, Limits, Shared};
use crate::store::{self, Store, StoreError};
use crate::tls;
use crate::watch;
use crate::writer::{self, Standing, Writer};

/// What nodes decide is stamped by their own clocks, so these should agree.
const CLOCK_MAY_BE_OFF_S: i64 = 2;

/// How to run a server. `Options::new` gives what suits one person on their own computer.
#[derive(Clone)]
pub struct Options {
    pub at: Location,
    /// Port 0 takes any free one.
    pub bind: SocketAddr,
    /// Fill an empty folder with a sample workspace, and let its customers keep writing.
    pub demo: bool,
    /// Of the workspace, where a new one is made.
    pub workspace: String,
    /// Names besides localhost by which clients may call this server.
    pub hosts: Vec<String>,
    /// Whether webhooks on this machine and its networks may be called.
    pub private_webhooks: bool,
    /// Whether callers come through a proxy on this machine that says who they are, and encrypts.
    pub behind_proxy: bool,
    /// Proxies on other machines whose word about their callers is taken.
    pub proxies: Vec<Network>,
    /// Encrypts itself with these.
    pub tls: Option<tls::Files>,
    pub clock: Clock,
    /// A desk that has nothing of a journal up to this long is sent all of it; of a longer one, a snapshot.
    pub tailed_events: u64,
    /// Streams in one part of a snapshot, where not as many as suit; for tests.
    pub part_streams: Option<usize>,
}

impl Options {
    pub fn new(at: impl Into<Location>) -> Self {
        Self {
            at: at.into(),
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            demo: false,
            workspace: "Evendesk".into(),
            hosts: Vec::new(),
            private_webhooks: false,
            behind_proxy: false,
            proxies: Vec::new(),
            tls: None,
            clock: Clock::system(),
            tailed_events: evendesk_protocol::limits::TAILED_EVENTS,
            part_streams: None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Blobs(#[from] crate::blobs::BlobError),
    #[error("cannot listen on {addr}: {source}")]
    Listen { addr: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    #[error(
        "on {0} others could read what is said, passwords too: give --tls-cert and --tls-key, or put a TLS proxy \
         in front and say --behind-proxy, or listen on 127.0.0.1"
    )]
    Plain(SocketAddr),
    #[error("the server's writer cannot be started: {0}")]
    Writer(std::io::Error),
}

pub struct Server;

/// A server at work. Dropped, it goes down in the background; `stop` waits until it has.
pub struct Running {
    addr: SocketAddr,
    scheme: &'static str,
    app: App,
    stop: observe::Sender<bool>,
    tasks: JoinSet<()>,
    writer: thread::JoinHandle<()>,
    /// Unlocked last.
    _folder: Folder,
}

impl Server {
    pub async fn start(options: Options) -> Result<Running, StartError> {
        // Whoever came first has installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        if options.tls.is_none() && !options.behind_proxy && !options.bind.ip().is_loopback() {
            return Err(StartError::Plain(options.bind));
        }
        let config = options.tls.as_ref().map(tls::Files::load).transpose()?.map(RustlsConfig::from_config);
        let (stop, stopping) = observe::channel(false);
        let opening = options.clone();
        let opened = tokio::task::spawn_blocking(move || open(&opening, stopping)).await;
        let (app, folder, writer) = opened.map_err(|e| StartError::Writer(e.into()))??;
        let bind = options.bind;
        let listener =
            TcpListener::bind(bind).await.map_err(|source| StartError::Listen { addr: bind, source })?;
        let addr = listener.local_addr().map_err(|source| StartError::Listen { addr: bind, source })?;
        let mut tasks = JoinSet::new();
        let scheme = if config.is_some() { "https" } else { "http" };
        if let (Some(files), Some(config)) = (options.tls, &config) {
            tasks.spawn(tls::keep_fresh(files, config.clone(), app.stopping.clone()));
        }
        tasks.spawn(listen(app.clone(), listener, config));
        let (journal, standing) = (Arc::clone(&app.journal), Arc::clone(&app.standing));
        tasks.spawn(writer::follow(journal, app.writer.clone(), standing, app.stopping.clone()));
        watch::start(&app, &mut tasks);
        if options.demo {
            tasks.spawn(sample::live(app.clone()));
        }
        Ok(Running { addr, scheme, app, stop, tasks, writer, _folder: folder })
    }
}

/// Everything that blocks.
fn open(
    options: &Options,
    stopping: observe::Receiver<bool>,
) -> Result<(App, Folder, thread::JoinHandle<()>), StartError> {
    let store = Store::open(&options.at)?;
    let now = options.clock.now();
    let name = if options.demo { sample::NAME } else { &options.workspace };
    founding::found(&*store.journal, name, now)?;
    let turn = founding::Turn::wait(&store.journal, &options.clock)?;
    if let Some(theirs) = store.journal.time().map_err(StoreError::from)? {
        let off_s = now.seconds_since(theirs);
        if off_s.abs() >= CLOCK_MAY_BE_OFF_S {
            tracing::warn!(
                "this machine's clock is {off_s} s ahead of the database's; keep both in step by NTP"
            );
        }
    }
    let (folder, journal, seal, mut scribe) = store.into_scribe()?;
    let blobs = store::blobs(&options.at)?;
    if options.demo {
        let filled = sample::fill(&mut scribe, &*journal, &seal, &blobs, now);
        tokio::runtime::Handle::current().block_on(filled)?;
    }
    founding::first_team(&mut scribe, now)?;
    drop(turn);
    let readers = scribe.replica().readers();
    let erasures = scribe.erasures();
    let workspace = journal.workspace().map_err(StoreError::from)?;
    let workspace = workspace.ok_or(StoreError::Journal(evendesk_journal::Error::NoWorkspace))?;
    let (writer, thread) = Writer::start(scribe, options.clock.clone()).map_err(StartError::Writer)?;
    let mut snapshots = Snapshots::open(snapshot::folder(folder.root())).map_err(StoreError::Replace)?;
    snapshots.tailed_events = options.tailed_events;
    snapshots.most_streams = options.part_streams;
    let node = holder(&*journal);
    folder.is_served_by(node).map_err(StoreError::from)?;
    let app = App::new(Shared {
        journal: Arc::clone(&journal),
        readers,
        writer,
        blobs,
        erasures,
        seal,
        snapshots,
        clock: options.clock.clone(),
        workspace,
        hosts: Hosts::new(&options.hosts, options.bind),
        limits: Limits::default(),
        hashing: Hashing::default(),
        presence: broadcast::channel(256).0,
        sign_ins: broadcast::channel(256).0,
        stopping,
        standing: Arc::new(observe::channel(Standing::Abreast).0),
        node,
        private_webhooks: options.private_webhooks,
        behind_proxy: options.behind_proxy,
        proxies: options.proxies.clone(),
        private: options.behind_proxy || options.tls.is_some(),
        health: Health::kept_in(folder.contacts()),
        tokens: TokensOfAll::default(),
        sample_answers: broadcast::channel(64).0,
    });
    Ok((app, folder, thread))
}

/// As whom this process holds leases. Drawn anew at every start, so that no two are ever the same one, copied
/// folders and machines included: a lease that was not given back must run out. Where only whoever has the
/// folder can hold one, as its lock sees to, what it held when it was killed is its own again at once.
fn holder(journal: &dyn evendesk_journal::Journal) -> Uuid {
    if journal.is_shared() { Uuid::new_v4() } else { Uuid::nil() }
}

/// Answers callers until the server stops.
async fn listen(app: App, listener: TcpListener, config: Option<RustlsConfig>) {
    let mut stopping = app.stopping.clone();
    let router = http::app(app).into_make_service_with_connect_info::<SocketAddr>();
    let served = match config {
        None => {
            let stopped = async move {
                let _ = stopping.wait_for(|stop| *stop).await;
            };
            axum::serve(listener, router).with_graceful_shutdown(stopped).await
        }
        Some(config) => match listener.into_std() {
            Ok(listener) => tls::serve(listener, config, router, stopping).await,
            Err(e) => Err(e),
        },
    };
    if let Err(e) = served {
        tracing::error!("the server stopped listening: {e}");
    }
}

impl Running {
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// For desks on this machine: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.addr)
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    /// Signs in the person at this computer, who is made an admin, called `name`, at the first time.
    pub async fn sign_in_here(
        &self,
        name: &str,
        device: DeviceId,
        device_name: &str,
    ) -> Result<SignedIn, HttpError> {
        let user = founding::local_user(&self.app, name).await?;
        http::session::open_for(&self.app, user, Device { id: device, name: device_name.to_owned() }).await
    }

    /// Waits until this server has had to stop working by itself, as when another has taken its journal
    /// over; says why. What is left is to `stop`.
    pub async fn ended(&self) -> String {
        self.app.writer.ended().await
    }

    /// Goes down in order: no new work, desks told, queue drained, files closed. Returns when the folder is free.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let patience = Duration::from_secs(10);
        let ended =
            tokio::time::timeout(patience, async { while self.tasks.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            self.tasks.shutdown().await;
        }
        drop(self.app);
        let writer = self.writer;
        let _ = tokio::time::timeout(patience, tokio::task::spawn_blocking(move || writer.join())).await;
    }
}
