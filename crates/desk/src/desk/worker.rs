//! The one thread that owns the core. What the window asks goes before what the server says, so that a
//! long catch-up does not keep an agent waiting.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, mpsc};
use std::thread::JoinHandle;

use evendesk_domain::time::Timestamp;
use evendesk_replica::Readers;
use tokio::sync::{broadcast, mpsc as tokio_mpsc, watch};

use super::Clock;
use crate::client::socket::{In, Out};
use crate::core::{Action, Core};
use crate::error::Error;
use crate::view::{Connection, News};

/// News that a subscriber may be behind; one that is further behind is told that it missed some.
const NEWS: usize = 256;
/// The cache is built again after this many messages in a row that it could not take.
const FAILURES: u32 = 3;

/// The window is told of every so many slices of the search index.
const SLICES_TOLD: u32 = 16;

type Job = Box<dyn FnOnce(&mut Worker) + Send>;

#[derive(Default)]
struct Queue {
    asked: VecDeque<Job>,
    told: VecDeque<(u64, In)>,
    closed: bool,
}

/// What others see of the worker.
pub(super) struct Shared {
    queue: Mutex<Queue>,
    ready: Condvar,
    pub readers: RwLock<Readers>,
    pub connection: RwLock<Connection>,
    pub news: broadcast::Sender<News>,
    /// Whether the server has greeted on the connection there is; sent anew at every greeting.
    online: watch::Sender<bool>,
}

pub(super) struct Worker {
    core: Core,
    shared: Arc<Shared>,
    clock: Clock,
    /// The connection in use; what others still say is of the past.
    dial: u64,
    socket: Option<tokio_mpsc::UnboundedSender<Out>>,
    failures: u32,
    /// There may be something to index.
    idle_work: bool,
    /// Of the search index, made so far.
    slices: u32,
}

pub(super) fn start(
    core: Core,
    clock: Clock,
    online: watch::Sender<bool>,
) -> Result<(Arc<Shared>, JoinHandle<()>), Error> {
    let shared = Arc::new(Shared {
        queue: Mutex::default(),
        ready: Condvar::new(),
        readers: RwLock::new(core.readers()),
        connection: RwLock::new(core.connection()?),
        news: broadcast::channel(NEWS).0,
        online,
    });
    let mut worker = Worker {
        core,
        shared: Arc::clone(&shared),
        clock,
        dial: 0,
        socket: None,
        failures: 0,
        idle_work: true,
        slices: 0,
    };
    let thread = std::thread::Builder::new()
        .name("desk".to_owned())
        .spawn(move || worker.run())
        .map_err(Error::file("the desk's thread"))?;
    Ok((shared, thread))
}

impl Shared {
    /// Has the core do something, and waits for the answer.
    pub fn call<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Core, Timestamp) -> Result<(T, Vec<Action>), Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.post(Box::new(move |worker| {
            let now = (worker.clock)();
            let result = f(&mut worker.core, now).map(|(value, actions)| {
                worker.perform(actions);
                value
            });
            let _ = answer.send(result);
        }))?;
        answered.recv().map_err(|_| Error::Closing)?
    }

    /// As [`Shared::call`], without waiting.
    pub fn post(&self, job: Job) -> Result<(), Error> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            return Err(Error::Closing);
        }
        queue.asked.push_back(job);
        self.ready.notify_one();
        Ok(())
    }

    /// Begins a connection of its own: what an earlier one still says is not heard.
    pub fn new_dial(&self) -> Result<u64, Error> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.post(Box::new(move |worker| {
            worker.dial += 1;
            worker.socket = None;
            let actions = worker.disconnected();
            worker.perform(actions);
            let _ = answer.send(worker.dial);
        }))?;
        answered.recv().map_err(|_| Error::Closing)
    }

    pub fn tell(&self, dial: u64, what: In) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        // A tick that has not been taken yet is as good as two.
        let idle_tick = matches!(what, In::Tick) && matches!(queue.told.back(), Some((_, In::Tick)));
        if !queue.closed && !idle_tick {
            queue.told.push_back((dial, what));
            self.ready.notify_one();
        }
    }

    pub fn close(&self) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.closed = true;
        queue.told.clear();
        self.ready.notify_one();
    }
}

enum Next {
    /// Nobody wants anything: time for what can wait.
    Idle,
    Asked(Job),
    Told(u64, In),
    Closed,
}

impl Worker {
    fn run(&mut self) {
        loop {
            // A mistake in one job is not the end of the desk: its transaction is rolled back.
            let step = match self.next() {
                Next::Asked(job) => catch_unwind(AssertUnwindSafe(|| job(self))),
                Next::Told(dial, what) if dial == self.dial => {
                    catch_unwind(AssertUnwindSafe(|| self.hear(what)))
                }
                Next::Told(..) => Ok(()),
                Next::Idle => catch_unwind(AssertUnwindSafe(|| self.index_some())),
                Next::Closed => return,
            };
            if step.is_err() {
                tracing::error!("something went wrong in the desk; it goes on");
                self.hang_up(None);
            }
        }
    }

    /// A slice of the search index, as long as there is something to index.
    fn index_some(&mut self) {
        match self.core.index_some() {
            Ok(more) => self.idle_work = more,
            Err(error) => {
                tracing::warn!(%error, "the search index waits");
                self.idle_work = false;
            }
        }
        self.slices = self.slices.wrapping_add(1);
        // Counting what is left costs more than a slice does.
        if !self.idle_work || self.slices.is_multiple_of(SLICES_TOLD) {
            self.connection();
        }
    }

    fn next(&self) -> Next {
        let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(job) = queue.asked.pop_front() {
                return Next::Asked(job);
            }
            if queue.closed {
                return Next::Closed;
            }
            if let Some((dial, what)) = queue.told.pop_front() {
                return Next::Told(dial, what);
            }
            if self.idle_work {
                return Next::Idle;
            }
            queue = self.shared.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn hear(&mut self, what: In) {
        let now = (self.clock)();
        let part_came = matches!(what, In::Part(_, Ok(_)) | In::Received(_));
        let heard = match what {
            In::Connected(socket) => {
                self.socket = Some(socket);
                Ok(self.core.connected(now))
            }
            In::Disconnected => {
                self.socket = None;
                Ok(self.disconnected())
            }
            In::TurnedAway(problem) => {
                self.socket = None;
                self.shared.online.send_replace(false);
                self.core.turned_away(problem)
            }
            In::Distrusted(why) => {
                self.core.set_trouble(Some(why));
                self.perform(vec![Action::Connection]);
                return;
            }
            In::Tick => self.core.tick(now),
            In::Part(number, Ok(file)) => self.core.part_fetched(number, file, now),
            In::Part(number, Err(error)) => self.core.part_failed(number, &error, now),
            // What comes after a hang-up is as if it had been lost.
            In::Received(_) if self.socket.is_none() => Ok(Vec::new()),
            In::Received(message) => {
                let greeting = matches!(*message, evendesk_protocol::FromServer::Welcome { .. });
                let heard = self.core.received(*message, now);
                if greeting && heard.is_ok() {
                    self.shared.online.send_replace(true);
                }
                heard
            }
        };
        match heard {
            Ok(actions) => {
                self.failures = 0;
                self.core.set_trouble(None);
                self.idle_work |= part_came;
                self.perform(actions);
            }
            Err(error) => self.mend(&error, now),
        }
    }

    /// Nothing of the message was stored; asking again from the cursor brings it once more.
    fn mend(&mut self, error: &Error, now: Timestamp) {
        tracing::warn!(%error, "a message could not be taken");
        self.failures += 1;
        self.core.set_trouble(Some(error.sentence()));
        if error.is_damage() || self.failures == FAILURES {
            match self.core.rebuild_cache(now) {
                Ok(actions) => self.perform(actions),
                Err(error) => tracing::error!(%error, "the cache could not be built again"),
            }
        }
        self.hang_up(None);
    }

    fn hang_up(&mut self, after_s: Option<u64>) {
        if let Some(socket) = self.socket.take() {
            let _ = socket.send(Out::HangUp { after_s });
        }
        let actions = self.disconnected();
        self.perform(actions);
    }

    fn disconnected(&mut self) -> Vec<Action> {
        self.shared.online.send_replace(false);
        self.core.disconnected()
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send(message) => {
                    if let Some(socket) = &self.socket {
                        let _ = socket.send(Out::Say(Box::new(message)));
                    }
                }
                Action::FetchPart(wanted) => {
                    if let Some(socket) = &self.socket {
                        let _ = socket.send(Out::Fetch(wanted));
                    }
                }
                Action::HangUp { after_s } => self.hang_up(after_s),
                Action::Changed(change) => self.publish(News::Changed(change)),
                Action::Presence(presence) => self.publish(News::Presence(presence)),
                Action::Connection => self.connection(),
                Action::NewCache => {
                    *self.shared.readers.write().unwrap_or_else(PoisonError::into_inner) =
                        self.core.readers();
                }
            }
        }
    }

    fn connection(&self) {
        let Ok(now) = self.core.connection() else { return };
        {
            let mut shown = self.shared.connection.write().unwrap_or_else(PoisonError::into_inner);
            if *shown == now {
                return;
            }
            *shown = now.clone();
        }
        self.publish(News::Connection(now));
    }

    /// Nobody listening is no mistake.
    fn publish(&self, news: News) {
        let _ = self.shared.news.send(news);
    }
}
