//! A desk that is only its socket: says hello, acknowledges, and tells when a marked note comes by.

use evendesk_domain::permission::visible_set;
use evendesk_journal::Workspace;
use evendesk_protocol::{FromDesk, version};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::crowd::Member;

const MARK: &str = "load note ";
/// Seconds between signs of life, well within what the server waits for.
const SIGN_OF_LIFE_S: u64 = 20;

pub struct Line {
    pub say: mpsc::UnboundedSender<FromDesk>,
}

/// The text of a note that is told when it arrives.
pub fn marked(marker: usize) -> String {
    format!("{MARK}{marker}.")
}

/// Opens it at the head of the journal; returns once it is welcome. Belongs on a `LocalSet`.
pub async fn open(
    address: &str,
    member: &Member,
    place: &Workspace,
    heard: impl Fn(usize) + 'static,
) -> Line {
    let mut request = format!("ws://{address}/api/socket").into_client_request().expect("an address");
    let bearer = format!("Bearer {}", member.token).parse().expect("a header");
    request.headers_mut().insert("authorization", bearer);
    let small = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
    let (socket, _) =
        connect_async_with_config(request, Some(small), true).await.expect("the server takes it");
    let (mut to_server, mut from_server) = socket.split();
    let (say, mut said) = mpsc::unbounded_channel();
    let hello = FromDesk::Hello {
        protocol: version::NEWEST,
        oldest: Some(version::OLDEST),
        read_model: String::new(),
        device: member.device,
        workspace: Some(place.id),
        incarnation: Some(place.incarnation),
        cursor: place.head,
        visible_set: Some(visible_set(&member.agent)),
    };
    to_server.send(text(&hello)).await.expect("it is open");
    let welcome = from_server.next().await;
    assert!(matches!(&welcome, Some(Ok(Message::Text(t))) if t.contains("\"tail\"")), "{welcome:?}");
    tokio::task::spawn_local(async move {
        let mut life = tokio::time::interval(std::time::Duration::from_secs(SIGN_OF_LIFE_S));
        loop {
            let out = tokio::select! {
                frame = from_server.next() => {
                    let Some(Ok(frame)) = frame else { panic!("a desk was cut off: {frame:?}") };
                    let Message::Text(frame) = frame else { continue };
                    if let Some(marker) = number_behind(&frame, MARK) {
                        heard(usize::try_from(marker).expect("a marker of ours"));
                    }
                    let Some(cursor) = number_behind(&frame, "\"to\":") else { continue };
                    FromDesk::Ack { cursor }
                }
                out = said.recv() => match out {
                    Some(out) => out,
                    None => return,
                },
                _ = life.tick() => FromDesk::Ping,
            };
            if to_server.send(text(&out)).await.is_err() {
                return;
            }
        }
    });
    Line { say }
}

fn text(message: &FromDesk) -> Message {
    Message::text(serde_json::to_string(message).expect("a message is JSON"))
}

/// Reading all of every frame would make this program the one that is measured.
fn number_behind(frame: &str, what: &str) -> Option<u64> {
    let digits = &frame[frame.find(what)? + what.len()..];
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}
