//! The one WebSocket: connects, carries frames both ways, comes back by backoff. What the frames mean is
//! the core's to say.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use evendesk_protocol::http::Problem;
use evendesk_protocol::limits::FRAME_FROM_SERVER_BYTES;
use evendesk_protocol::{FromDesk, FromServer, frame};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use super::address::Server;
use super::backoff::Backoff;
use super::parts::Parts;
use super::trust::{Trust, distrust};
use crate::core::PartWanted;
use crate::error::Error;
use crate::part_file::PartFile;

const CONNECT: Duration = Duration::from_secs(15);
const TICK: Duration = Duration::from_secs(1);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What the core wants of the socket.
#[derive(Debug)]
pub enum Out {
    Say(Box<FromDesk>),
    HangUp { after_s: Option<u64> },
    Fetch(PartWanted),
}

/// What the socket tells the core. Everything from one connection comes between its `Connected` and its
/// `Disconnected`.
pub enum In {
    Connected(mpsc::UnboundedSender<Out>),
    Received(Box<FromServer>),
    Tick,
    /// A part of a snapshot, by the number under which it was wanted.
    Part(u64, Result<PartFile, Error>),
    Disconnected,
    /// The token is not valid any more.
    TurnedAway(Problem),
    /// The server could not prove itself: why, for a person.
    Distrusted(String),
}

pub struct Dialler {
    pub server: Server,
    pub token: String,
    pub trust: Trust,
    pub backoff: Backoff,
    pub parts: Parts,
    /// Try now instead of later.
    pub now: Arc<Notify>,
}

/// How a connection ended.
struct End {
    greeted: bool,
    after_s: Option<u64>,
}

impl Dialler {
    /// Runs until the token is turned away, or the task is aborted. Where there are several addresses, each
    /// connection that ends or fails is followed by one to the next.
    pub async fn run(self, tell: impl Fn(In) + Send) {
        super::install_tls();
        let mut failures = 0_u32;
        loop {
            let mut after_s = None;
            match timeout(CONNECT, self.connect()).await {
                Ok(Ok(socket)) => {
                    let end = self.exchange(socket, &tell).await;
                    tell(In::Disconnected);
                    after_s = end.after_s;
                    if end.greeted {
                        failures = 0;
                    }
                }
                Ok(Err(error)) => {
                    if let Some(problem) = turned_away(&error) {
                        tell(In::TurnedAway(problem));
                        return;
                    }
                    if let Some(distrust) = distrust(&error) {
                        tell(In::Distrusted(distrust.to_string()));
                    }
                    tracing::debug!(%error, "no connection");
                }
                Err(_) => tracing::debug!("no connection in time"),
            }
            self.server.move_on();
            let jitter = self.backoff.wait(failures, rand::random());
            failures = failures.saturating_add(1);
            // 0 is this desk's own wish, when there is something to say at once.
            let wait = match after_s {
                Some(0) => Duration::ZERO,
                Some(s) => Duration::from_secs(s) + jitter,
                None => jitter,
            };
            let _ = timeout(wait, self.now.notified()).await;
        }
    }

    async fn connect(&self) -> Result<Socket, tungstenite::Error> {
        let mut request = self.server.socket().into_client_request()?;
        let bearer = format!("Bearer {}", self.token);
        let bearer =
            bearer.parse().map_err(|_| tungstenite::Error::Utf8("the token is not text".to_owned()))?;
        request.headers_mut().insert("authorization", bearer);
        let config = WebSocketConfig::default()
            .max_message_size(Some(FRAME_FROM_SERVER_BYTES))
            .max_frame_size(Some(FRAME_FROM_SERVER_BYTES));
        let connector = Some(self.trust.connector());
        Ok(connect_async_tls_with_config(request, Some(config), true, connector).await?.0)
    }
}

fn turned_away(error: &tungstenite::Error) -> Option<Problem> {
    let tungstenite::Error::Http(response) = error else { return None };
    if response.status() != StatusCode::UNAUTHORIZED {
        return None;
    }
    let body = response.body().as_deref().unwrap_or_default();
    let unsaid = || Problem {
        class: evendesk_protocol::Class::SignInAgain,
        code: "sign_in".to_owned(),
        sentence: "Your sign-in is not valid any more; sign in again.".to_owned(),
    };
    Some(serde_json::from_slice(body).unwrap_or_else(|_| unsaid()))
}

impl Dialler {
    /// One connection, from its first word to its last.
    async fn exchange(&self, socket: Socket, tell: &(impl Fn(In) + Send)) -> End {
        let (mut to_server, mut from_server) = socket.split();
        let (say, mut said) = mpsc::unbounded_channel();
        tell(In::Connected(say));
        let mut greeted = false;
        // Ends with the connection; what it has brought by then is asked for again.
        let mut fetching: Option<Fetching> = None;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.reset_at(Instant::now() + TICK);
        loop {
            tokio::select! {
                frame = from_server.next() => match frame {
                    Some(Ok(Message::Text(text))) => match frame::from_server(&text) {
                        Ok(message) => {
                            greeted = true;
                            tell(In::Received(Box::new(message)));
                        }
                        // What it said is not known now; from the cursor it is said again.
                        Err(error) => {
                            tracing::warn!(%error, "the server said something that cannot be read");
                            return End { greeted: false, after_s: None };
                        }
                    },
                    Some(Ok(Message::Close(_))) | None => return End { greeted, after_s: None },
                    Some(Ok(_)) => {}
                    Some(Err(error)) => {
                        tracing::debug!(%error, "the connection broke");
                        return End { greeted, after_s: None };
                    }
                },
                out = said.recv() => match out {
                    Some(Out::Say(message)) => {
                        let Ok(text) = serde_json::to_string(&message) else { continue };
                        if to_server.send(Message::text(text)).await.is_err() {
                            return End { greeted, after_s: None };
                        }
                    }
                    Some(Out::Fetch(wanted)) => fetching = Some(self.fetch(wanted)),
                    Some(Out::HangUp { after_s }) => {
                        let _ = to_server.send(Message::Close(None)).await;
                        return End { greeted, after_s };
                    }
                    None => return End { greeted, after_s: None },
                },
                (number, part) = arrived(&mut fetching) => {
                    fetching = None;
                    tell(In::Part(number, part));
                }
                _ = ticks.tick() => tell(In::Tick),
            }
        }
    }

    fn fetch(&self, wanted: PartWanted) -> Fetching {
        let (parts, server, token) = (self.parts.clone(), self.server.clone(), self.token.clone());
        Box::pin(async move { (wanted.number, parts.fetch(&server, &token, &wanted).await) })
    }
}

type Fetching = Pin<Box<dyn Future<Output = (u64, Result<PartFile, Error>)> + Send>>;

/// What is being fetched; never, while nothing is.
async fn arrived(fetching: &mut Option<Fetching>) -> (u64, Result<PartFile, Error>) {
    match fetching {
        Some(fetching) => fetching.await,
        None => std::future::pending().await,
    }
}
