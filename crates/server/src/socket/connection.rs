//! One desk's connection from hello to good-bye.

use std::pin::Pin;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use evendesk_domain::id::{CommandId, ConversationId};
use evendesk_domain::permission::visible;
use evendesk_domain::stream::Recorded;
use evendesk_protocol::limits::{FRAME_FROM_SERVER_BYTES, HEARTBEAT_S};
use evendesk_protocol::{FromDesk, FromServer, Mode, PROTOCOL, Pushed};
use futures_util::stream::{FuturesOrdered, SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::slice;
use super::tail::Tail;
use crate::state::{App, Present, SignedInAs};
use crate::writer::{Answer, Committed, Undecided, Work};

/// Frames under way to one desk; one that cannot take more is cut off and catches up by cursor.
const OUTGOING: usize = 64;
/// Commands of one desk that may await their decision.
const UNDER_WAY: usize = 64;
const HEARTBEAT: Duration = Duration::from_secs(HEARTBEAT_S);
const PATIENCE: Duration = Duration::from_secs(3 * HEARTBEAT_S);
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// A desk that another node has told more than this one knows waits so long for it to catch up.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(3);
/// What is under way when the server goes down is answered within this, or by the next server.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// Why a connection ends. Said to the desk where it can still hear it.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("The desk has left.")]
    Left,
    #[error("This desk takes what it is sent too slowly; it is cut off and may come again.")]
    TooSlow,
    #[error("This desk has said nothing for too long.")]
    Silent,
    #[error("This desk said something that is not in the protocol: {0}")]
    Nonsense(String),
    #[error("The server is going down.")]
    Stopping,
    #[error("This server has not caught up with what this desk knows; come again, or to another.")]
    Behind,
    #[error("This sign-in is over; sign in again.")]
    SignedOut,
    #[error("The server failed at this; come again.")]
    Failed(String),
}

impl End {
    const fn retry_after_s(&self) -> u64 {
        match self {
            Self::Stopping | Self::Behind => 1,
            Self::Nonsense(_) => 30,
            _ => 3,
        }
    }
}

type Pending = FuturesOrdered<Pin<Box<dyn Future<Output = (CommandId, Answer)> + Send + Sync>>>;

struct Connection {
    app: App,
    who: SignedInAs,
    frames: mpsc::Sender<Message>,
    tail: Tail,
    pending: Pending,
}

pub async fn serve(app: App, who: SignedInAs, socket: WebSocket) {
    let (sink, mut stream) = socket.split();
    let (frames, outgoing) = mpsc::channel(OUTGOING);
    let sender = tokio::spawn(carry(sink, outgoing));
    let ended = match Connection::greet(app, who, frames.clone(), &mut stream).await {
        Ok(Some(mut connection)) => connection.converse(&mut stream).await.err().unwrap_or(End::Left),
        Ok(None) => End::Left,
        Err(end) => end,
    };
    if let End::Failed(why) = &ended {
        tracing::error!("a desk's connection failed: {why}");
    }
    if !matches!(ended, End::Left | End::TooSlow) {
        let bye = FromServer::Bye { retry_after_s: ended.retry_after_s(), sentence: ended.to_string() };
        if let Ok(text) = text(&bye) {
            let _ = frames.try_send(Message::text(text));
        }
    }
    drop(frames);
    // Ends once what is queued has gone, or the desk is too slow even for that.
    let _ = sender.await;
}

async fn carry(mut sink: SplitSink<WebSocket, Message>, mut outgoing: mpsc::Receiver<Message>) {
    while let Some(frame) = outgoing.recv().await {
        if !matches!(timeout(PATIENCE, sink.send(frame)).await, Ok(Ok(()))) {
            return;
        }
    }
    let _ = timeout(Duration::from_secs(1), sink.close()).await;
}

impl Connection {
    /// Hello and welcome. None: the desk was told to upgrade.
    async fn greet(
        app: App,
        who: SignedInAs,
        frames: mpsc::Sender<Message>,
        stream: &mut SplitStream<WebSocket>,
    ) -> Result<Option<Self>, End> {
        let hello = timeout(HELLO_WITHIN, read(stream)).await.map_err(|_| End::Silent)??;
        let FromDesk::Hello { protocol, incarnation, cursor, .. } = hello else {
            return Err(End::Nonsense("hello comes first".into()));
        };
        let ours = app.workspace.incarnation;
        if incarnation == Some(ours) {
            catch_up_with(&app, cursor).await?;
        }
        let head = *app.writer.head().borrow();
        let mode = match incarnation {
            _ if protocol != PROTOCOL => Mode::Upgrade,
            Some(theirs) if theirs == ours && cursor <= head => {
                let same = slice::sees_as_then(&app, &who.agent, cursor);
                if same.map_err(|e| End::Failed(e.to_string()))? { Mode::Tail } else { Mode::Afresh }
            }
            _ => Mode::Afresh,
        };
        let cursor = if mode == Mode::Tail { cursor } else { 0 };
        let welcome = FromServer::Welcome {
            server_time: app.clock.now(),
            workspace: app.workspace.id,
            incarnation: ours,
            head,
            mode,
            agent: who.agent.clone(),
            submit_key: app.workspace.submit_key.clone(),
        };
        let tail = Tail::new(who.agent.clone(), cursor);
        let connection = Self { app, who, frames, tail, pending: Pending::new() };
        connection.send(&welcome).await?;
        Ok((mode != Mode::Upgrade).then_some(connection))
    }

    /// Goes on until something ends it.
    async fn converse(&mut self, stream: &mut SplitStream<WebSocket>) -> Result<(), End> {
        let mut commits = self.app.writer.follow();
        let mut presence = self.app.presence.subscribe();
        let mut stopping = self.app.stopping.clone();
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        let mut heard = Instant::now();
        loop {
            self.pump().await?;
            tokio::select! {
                said = read(stream), if self.pending.len() < UNDER_WAY => {
                    heard = Instant::now();
                    self.said(said?).await?;
                }
                Some((id, answer)) = self.pending.next() => self.answered(id, answer).await?,
                commit = commits.recv() => match commit {
                    Ok(commit) => self.committed(&commit).await?,
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Err(End::Stopping),
                },
                Ok(present) = presence.recv() => self.relay(present)?,
                _ = heartbeat.tick() => {
                    if heard.elapsed() > PATIENCE {
                        return Err(End::Silent);
                    }
                    self.still_signed_in().await?;
                }
                _ = stopping.changed() => return Err(self.drain().await),
            }
        }
    }

    async fn said(&mut self, said: FromDesk) -> Result<(), End> {
        match said {
            FromDesk::Hello { .. } => Err(End::Nonsense("hello comes once".into())),
            FromDesk::Push(pushed) => self.push(*pushed).await,
            FromDesk::Ack { cursor } => {
                self.tail.acknowledged(cursor);
                Ok(())
            }
            FromDesk::Confirm { directive } => {
                let due = self.tail.confirmed(directive);
                self.send_all(&due).await
            }
            FromDesk::Presence { conversation, writing } => {
                self.present(conversation, writing);
                Ok(())
            }
            FromDesk::Ping => self.send(&FromServer::Pong { server_time: self.app.clock.now() }).await,
        }
    }

    /// Queues a command; while the writer's queue is full, this desk is not read from.
    async fn push(&mut self, pushed: Pushed) -> Result<(), End> {
        let id = pushed.command.id;
        let work = Work::Agent { user: self.who.agent.user, command: Box::new(pushed.command) };
        let answer = self.app.writer.ask(work).await.map_err(|_| End::Stopping)?;
        self.pending
            .push_back(Box::pin(async move { (id, answer.await.unwrap_or(Err(Undecided::Stopping))) }));
        Ok(())
    }

    async fn answered(&self, id: CommandId, answer: Answer) -> Result<(), End> {
        self.send(&outcome(id, answer)?).await
    }

    /// A commit just made goes straight on where the desk has all that came before it.
    async fn committed(&mut self, commit: &Committed) -> Result<(), End> {
        let next = commit.from == self.tail.cursor() && self.tail.is_ready();
        if !next || slice::needs_reading(self.who.agent.user, &commit.events) {
            return Ok(());
        }
        let due = self.tail.follow(slice::of(commit));
        self.send_all(&due).await
    }

    /// Sends what the desk lacks, as far as it has credit.
    async fn pump(&mut self) -> Result<(), End> {
        while self.tail.is_ready() && self.tail.cursor() < *self.app.writer.head().borrow() {
            let (app, agent, after) = (self.app.clone(), self.tail.agent().clone(), self.tail.cursor());
            let next = tokio::task::spawn_blocking(move || slice::next(&app, &agent, after)).await;
            let next =
                next.map_err(|e| End::Failed(e.to_string()))?.map_err(|e| End::Failed(e.to_string()))?;
            let Some(slice) = next else { return Ok(()) };
            let due = self.tail.follow(slice);
            self.send_all(&due).await?;
        }
        Ok(())
    }

    fn present(&self, conversation: Option<ConversationId>, writing: bool) {
        if let Some(conversation) = conversation {
            // Nobody else connected is no failure.
            let _ = self.app.presence.send(Present { conversation, user: self.who.agent.user, writing });
        }
    }

    /// Others' presence, where this desk may see the conversation. Never worth waiting for.
    fn relay(&self, present: Present) -> Result<(), End> {
        let Present { conversation, user, writing } = present;
        if user == self.who.agent.user {
            return Ok(());
        }
        let scope = self.app.readers.get().and_then(|r| r.scope(conversation.into()));
        let scope = scope.map_err(|e| End::Failed(e.to_string()))?;
        if scope.is_some_and(|s| visible(self.tail.agent(), s)) {
            let text = text(&FromServer::Presence { conversation, user, writing })?;
            let _ = self.frames.try_send(Message::text(text));
        }
        Ok(())
    }

    /// Asked again at the next heartbeat where the journal does not answer: it tells this desk nothing
    /// meanwhile.
    async fn still_signed_in(&self) -> Result<(), End> {
        let (digest, now) = (self.who.digest, self.app.clock.now());
        match self.app.ask_journal(move |journal| journal.session(&digest, now)).await {
            Ok(None) => Err(End::SignedOut),
            Ok(Some(_)) => Ok(()),
            Err(e) => {
                tracing::warn!("whether a desk is still signed in cannot be told: {e}");
                Ok(())
            }
        }
    }

    /// Answers what is under way, and takes nothing more.
    async fn drain(&mut self) -> End {
        let answers = async {
            while let Some((id, answer)) = self.pending.next().await {
                self.frames.send(Message::text(text(&outcome(id, answer)?)?)).await.map_err(|_| End::Left)?;
            }
            Ok::<(), End>(())
        };
        // What is not answered now, the next server answers.
        let _ = timeout(ANSWERS_WITHIN, answers).await;
        End::Stopping
    }

    async fn send_all(&self, messages: &[FromServer]) -> Result<(), End> {
        for message in messages {
            self.send(message).await?;
        }
        Ok(())
    }

    async fn send(&self, message: &FromServer) -> Result<(), End> {
        let text = text(message)?;
        if text.len() > FRAME_FROM_SERVER_BYTES
            && let FromServer::Events { from, to, events } = message
            && events.len() > 1
        {
            let (first, second) = halves(*from, *to, events);
            Box::pin(self.send(&first)).await?;
            return Box::pin(self.send(&second)).await;
        }
        self.frames.send_timeout(Message::text(text), PATIENCE).await.map_err(|_| End::TooSlow)
    }
}

/// What was decided. Where nothing was, the desk keeps its command and pushes it again when it comes back.
fn outcome(id: CommandId, answer: Answer) -> Result<FromServer, End> {
    match answer {
        Ok(outcome) => Ok(FromServer::Outcome { id, outcome }),
        Err(Undecided::Stopping) => Err(End::Stopping),
        Err(undecided) => Err(End::Failed(undecided.to_string())),
    }
}

/// Another node may have told this desk of what this one has not folded yet. Ahead of the journal itself,
/// its cursor is a place in one that was.
async fn catch_up_with(app: &App, cursor: u64) -> Result<(), End> {
    if cursor <= *app.writer.head().borrow() || !app.journal.is_shared() {
        return Ok(());
    }
    let head = app.ask_journal(|journal| journal.head()).await.map_err(|e| End::Failed(e.to_string()))?;
    let reached = cursor > head || app.writer.reach(cursor, CATCH_UP_WITHIN).await;
    if reached { Ok(()) } else { Err(End::Behind) }
}

fn text(message: &FromServer) -> Result<String, End> {
    serde_json::to_string(message).map_err(|e| End::Failed(e.to_string()))
}

/// Two batches for one that is too large for a frame.
fn halves(from: u64, to: u64, events: &[Recorded]) -> (FromServer, FromServer) {
    let (first, second) = events.split_at(events.len() / 2);
    let middle = first.last().map_or(from, |e| e.seq);
    (
        FromServer::Events { from, to: middle, events: first.to_vec() },
        FromServer::Events { from: middle, to, events: second.to_vec() },
    )
}

/// The next thing a desk says.
async fn read(stream: &mut SplitStream<WebSocket>) -> Result<FromDesk, End> {
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => {
                return serde_json::from_str(&text).map_err(|e| End::Nonsense(e.to_string()));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Binary(_))) => return Err(End::Nonsense("a binary frame".into())),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Left),
        }
    }
}
