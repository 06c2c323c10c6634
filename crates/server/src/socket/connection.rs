//! Carries a session over its WebSocket: frames in and out, the writer's queue, the stores. One task and
//! no channels of its own: most connections are idle most of the time.

use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use evendesk_domain::id::CommandId;
use evendesk_protocol::frame::{self, Unreadable};
use evendesk_protocol::{FromDesk, FromServer, Pushed};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{Sink, StreamExt};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};

use super::session::{End, Found, Here, PATIENCE, Session, Todo, Wanted};
use super::slice::{self, FetchError};
use crate::state::{App, SignedInAs};
use crate::writer::{Answer, Undecided, Work};

/// Frames under way to one desk; while there are more it is told nothing new, and listened to no more.
const OUTGOING: usize = 64;
/// A desk that another node has told more than this one knows waits so long for it to catch up.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(3);
/// What is under way when the server goes down is answered within this, or by the next server.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

struct Connection {
    app: App,
    user: evendesk_domain::id::UserId,
    session: Session,
    began: Instant,
    /// In the order asked.
    asked: VecDeque<(CommandId, oneshot::Receiver<Answer>)>,
    wire: Wire,
}

pub async fn serve(app: App, who: SignedInAs, socket: WebSocket) {
    let (sink, mut stream) = socket.split();
    let wire = Wire { sink, waiting: VecDeque::new(), leaving: false, moved: Instant::now() };
    let user = who.agent.user;
    let (session, asked) = (Session::new(who).tailing(app.snapshots.tailed_events), VecDeque::new());
    let mut connection = Connection { app, user, session, began: Instant::now(), asked, wire };
    let end = connection.converse(&mut stream).await.err().unwrap_or(End::Left);
    if let End::Failed(why) = &end {
        tracing::error!("a desk's connection failed: {why}");
    }
    if let Some(present) = connection.session.leaves() {
        // Nobody else connected is no failure.
        let _ = connection.app.presence.send(present);
    }
    connection.wire.finish(&end).await;
}

impl Connection {
    /// Goes on until something ends it.
    async fn converse(&mut self, stream: &mut SplitStream<WebSocket>) -> Result<(), End> {
        let mut commits = self.app.writer.follow();
        let mut presence = self.app.presence.subscribe();
        let mut sign_ins = self.app.sign_ins.subscribe();
        let mut stopping = self.app.stopping.clone();
        // What ended before it was listened to.
        let first = self.with(Session::sign_ins_ended);
        self.perform(first).await?;
        loop {
            let room = self.wire.waiting.len() < OUTGOING;
            let todo = tokio::select! {
                said = read(stream), if room && self.session.listens() => {
                    match said? {
                        Heard::Said(said) => self.with(|s, here| s.said(said, here)),
                        Heard::NoCommand(id) => self.with(|s, here| s.pushed_unknown(id, here)),
                    }
                }
                (id, answer) = next_answer(&mut self.asked) => self.with(|s, here| s.answered(id, answer, here)),
                commit = commits.recv(), if room => match commit {
                    Ok(commit) => self.with(|s, here| s.committed(&commit, here)),
                    Err(RecvError::Lagged(_)) => self.with(Session::fell_behind),
                    Err(RecvError::Closed) => return Err(End::Stopping),
                },
                Ok(present) = presence.recv(), if room => {
                    self.session.present(&present).map(Todo::Say).into_iter().collect()
                }
                ended = sign_ins.recv() => match ended {
                    Ok(user) if user != self.user => continue,
                    _ => self.with(Session::sign_ins_ended),
                },
                () = sleep_until(self.began + self.session.due()) => {
                    self.wire.patience()?;
                    self.with(Session::ticked)
                }
                sent = self.wire.send() => {
                    sent?;
                    continue;
                }
                _ = stopping.changed() => return Err(self.drain().await),
            };
            self.perform(todo).await?;
        }
    }

    fn with<T>(&mut self, f: impl FnOnce(&mut Session, &Here<'_>) -> T) -> T {
        let here = Here {
            workspace: &self.app.workspace,
            head: *self.app.writer.head().borrow(),
            now: self.app.clock.now(),
            age: self.began.elapsed(),
        };
        f(&mut self.session, &here)
    }

    async fn perform(&mut self, todo: Vec<Todo>) -> Result<(), End> {
        let mut todo = VecDeque::from(todo);
        while let Some(next) = todo.pop_front() {
            match next {
                Todo::Say(message) => self.wire.queue(&message)?,
                Todo::Decide(pushed) => self.decide(*pushed).await?,
                Todo::Fetch(wanted) => {
                    let found = self.fetch(wanted).await?;
                    todo.extend(self.with(|s, here| s.fetched(found, here)));
                }
                // Nobody else connected is no failure.
                Todo::Tell(present) => drop(self.app.presence.send(present)),
                Todo::HangUp(end) => return Err(end),
            }
        }
        Ok(())
    }

    /// Queues a command; while the writer's queue is full, this desk is not read from.
    async fn decide(&mut self, pushed: Pushed) -> Result<(), End> {
        let id = pushed.command.id;
        let work = Work::pushed(self.user, pushed);
        let answer = self.app.writer.ask(work).await.map_err(|_| End::Stopping)?;
        self.asked.push_back((id, answer));
        Ok(())
    }

    /// Answers what is under way, and takes nothing more.
    async fn drain(&mut self) -> End {
        let answers = async {
            while !self.asked.is_empty() {
                let (id, answer) = next_answer(&mut self.asked).await;
                let todo = self.with(|s, here| s.answered(id, answer, here));
                self.perform(todo).await?;
            }
            Ok::<(), End>(())
        };
        // What is not answered now, the next server answers.
        let _ = timeout(ANSWERS_WITHIN, answers).await;
        End::Stopping
    }

    async fn fetch(&self, wanted: Wanted) -> Result<Result<Found, FetchError>, End> {
        let app = self.app.clone();
        if let Wanted::Reach(cursor) = wanted
            && app.journal.is_shared()
        {
            app.writer.reach(cursor, CATCH_UP_WITHIN).await;
        }
        let fetch = move || slice::fetch(&*app.journal, &app.readers, wanted);
        tokio::task::spawn_blocking(fetch).await.map_err(|e| End::Failed(e.to_string()))
    }
}

/// The answer to what was asked first.
async fn next_answer(asked: &mut VecDeque<(CommandId, oneshot::Receiver<Answer>)>) -> (CommandId, Answer) {
    let Some((id, answer)) = asked.front_mut() else { return pending().await };
    let answered = (*id, answer.await.unwrap_or(Err(Undecided::Stopping)));
    asked.pop_front();
    answered
}

/// The way to the desk: frames leave as it takes them, while everything else goes on.
struct Wire {
    sink: SplitSink<WebSocket, Message>,
    waiting: VecDeque<Message>,
    /// One has been handed over and not gone yet.
    leaving: bool,
    /// When it last took one, or last had nothing to take.
    moved: Instant,
}

impl Wire {
    fn queue(&mut self, message: &FromServer) -> Result<(), End> {
        let frames = frame::frames(message).map_err(|e| End::Failed(e.to_string()))?;
        if self.is_idle() {
            self.moved = Instant::now();
        }
        self.waiting.extend(frames.into_iter().map(Message::text));
        Ok(())
    }

    /// Sends the next frame; never ready while there is none. Given up half-way, it loses nothing.
    async fn send(&mut self) -> Result<(), End> {
        let mut sink = Pin::new(&mut self.sink);
        if !self.leaving {
            if self.waiting.is_empty() {
                return pending().await;
            }
            poll_fn(|cx| sink.as_mut().poll_ready(cx)).await.map_err(|_| End::Left)?;
            if let Some(frame) = self.waiting.pop_front() {
                sink.as_mut().start_send(frame).map_err(|_| End::Left)?;
                self.leaving = true;
            }
        }
        poll_fn(|cx| sink.as_mut().poll_flush(cx)).await.map_err(|_| End::Left)?;
        self.leaving = false;
        self.moved = Instant::now();
        Ok(())
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && !self.leaving
    }

    /// Whether a desk that takes nothing may be waited for a little longer.
    fn patience(&self) -> Result<(), End> {
        if !self.is_idle() && self.moved.elapsed() > PATIENCE { Err(End::TooSlow) } else { Ok(()) }
    }

    /// The last words, as far as the desk takes them in time.
    async fn finish(mut self, end: &End) {
        if let Some(bye) = end.bye() {
            let _ = self.queue(&bye);
        }
        let last = async {
            while !self.is_idle() {
                self.send().await?;
            }
            let mut sink = Pin::new(&mut self.sink);
            poll_fn(|cx| sink.as_mut().poll_close(cx)).await.map_err(|_| End::Left)
        };
        if *end != End::TooSlow {
            let _ = timeout(PATIENCE, last).await;
        }
    }
}

/// What a frame turned out to be.
enum Heard {
    Said(FromDesk),
    /// A push of a command that this server cannot read.
    NoCommand(CommandId),
}

/// The next thing a desk says.
async fn read(stream: &mut SplitStream<WebSocket>) -> Result<Heard, End> {
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => {
                return match frame::from_desk(&text) {
                    Ok(said) => Ok(Heard::Said(said)),
                    // What is wrong with it is not said: it might say what is in it.
                    Err(Unreadable::Command { id, .. }) => {
                        tracing::warn!("command {id} is of a kind that is not known here, and is set aside");
                        Ok(Heard::NoCommand(id))
                    }
                    Err(unreadable) => Err(End::Nonsense(unreadable.to_string())),
                };
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Binary(_))) => return Err(End::Nonsense("a binary frame".into())),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Left),
        }
    }
}
