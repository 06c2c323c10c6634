//! A small company to test in: two teams, an agent in each, a supervisor, and customers who write.

use std::net::SocketAddr;
use std::time::Duration;

use evendesk_domain::channel::{Channel, Identity};
use evendesk_domain::command::{Command, CommandBody, SystemCommand};
use evendesk_domain::decide::World;
use evendesk_domain::id::{
    AccountId, CommandId, ConversationId, CustomerId, DeviceId, MessageId, TeamId, UserId, WorkspaceId,
};
use evendesk_domain::inbound::{Author, Inbound, MailThread};
use evendesk_domain::settings::Role;
use evendesk_domain::stream::Actor;
use evendesk_domain::time::Timestamp;
use evendesk_protocol::http::{SignIn, SignedIn};
use evendesk_protocol::{FromDesk, FromServer, Mode, NEWEST, Outcome, Pushed};
use evendesk_server::state::App;
use evendesk_server::writer::Work;
use evendesk_server::{Options, Running, Server};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

pub const PASSWORD: &str = "correct horse battery";

pub struct Office {
    pub dir: tempfile::TempDir,
    pub running: Running,
    /// The team that a first start makes.
    pub support: TeamId,
    pub sales: TeamId,
    pub ada: UserId,
    pub bob: UserId,
    pub sue: UserId,
}

impl Office {
    /// Ada works in Support, Bob in Sales, Sue supervises.
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub async fn open_to_private_webhooks() -> Self {
        Self::open_with(|options| options.private_webhooks = true).await
    }

    pub async fn open_behind_a_proxy() -> Self {
        Self::open_with(|options| options.behind_proxy = true).await
    }

    async fn open_with(set: impl FnOnce(&mut Options)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut options = Options::new(dir.path());
        set(&mut options);
        let running = Server::start(options).await.unwrap();
        let support = running.app().readers.get().unwrap().world_kept().default_team().unwrap().unwrap();
        let sales = TeamId(Uuid::now_v7());
        let terms = support.terms;
        operate(running.app(), CommandBody::SaveTeam { id: sales, name: "Sales".into(), terms }).await;
        let ada = hire(running.app(), "ada", Role::Agent, vec![support.id]).await;
        let bob = hire(running.app(), "bob", Role::Agent, vec![sales]).await;
        let sue = hire(running.app(), "sue", Role::Supervisor, vec![]).await;
        Self { dir, running, support: support.id, sales, ada, bob, sue }
    }

    pub fn app(&self) -> &App {
        self.running.app()
    }

    /// A mail from a customer: a conversation of Support's. Returns it and the message.
    pub async fn mail(&self, from: &str, text: &str) -> (ConversationId, MessageId) {
        let (conversation, message) = (ConversationId(Uuid::now_v7()), MessageId(Uuid::now_v7()));
        let customer = CustomerId(Uuid::now_v7());
        let inbound = Box::new(inbound(from, text));
        let command = SystemCommand::Receive { message, customer, conversation, inbound };
        let outcome = settle(self.app(), Work::System { commands: vec![command], by: Actor::System }).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        (conversation, message)
    }

    pub async fn command(&self, user: UserId, body: CommandBody) -> Outcome {
        let command = Box::new(Command { id: CommandId(Uuid::now_v7()), depends_on: None, body });
        settle(self.app(), Work::Agent { user, command }).await
    }

    pub async fn sign_in(&self, login: &str) -> SignedIn {
        let device = DeviceId(Uuid::now_v7());
        let request = SignIn {
            login: login.into(),
            password: PASSWORD.into(),
            device,
            device_name: format!("{login}'s desk"),
        };
        let url = format!("{}/api/session", self.running.url());
        let answer = reqwest::Client::new().post(url).json(&request).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.json().await.unwrap()
    }

    /// A desk that begins with nothing.
    pub async fn desk(&self, login: &str) -> Desk {
        let token = self.sign_in(login).await.token;
        Desk::connect(self.running.addr(), &token, None).await
    }

    pub async fn restart(self) -> Self {
        let Self { dir, running, support, sales, ada, bob, sue } = self;
        running.stop().await;
        let running = Server::start(Options::new(dir.path())).await.unwrap();
        Self { dir, running, support, sales, ada, bob, sue }
    }
}

pub async fn settle(app: &App, work: Work) -> Outcome {
    app.writer.settle(work).await.unwrap()
}

pub async fn operate(app: &App, body: CommandBody) {
    let outcome = settle(app, Work::Operator(Box::new(body))).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
}

async fn hire(app: &App, login: &str, role: Role, teams: Vec<TeamId>) -> UserId {
    let id = UserId(Uuid::now_v7());
    operate(app, user(id, login, role, teams)).await;
    app.journal.set_password(id, &evendesk_server::auth::hash(PASSWORD).unwrap()).unwrap();
    id
}

pub fn user(id: UserId, login: &str, role: Role, teams: Vec<TeamId>) -> CommandBody {
    CommandBody::SaveUser { id, name: login.to_uppercase(), login: login.into(), role, teams }
}

pub fn inbound(from: &str, text: &str) -> Inbound {
    Inbound {
        channel: Channel::Email,
        account: AccountId(Uuid::nil()),
        remote_id: Uuid::now_v7().to_string(),
        from: Identity::email(from).unwrap(),
        from_name: String::new(),
        verified: true,
        subject: "Help".into(),
        text: text.into(),
        folded: Vec::new(),
        spoke_at: Timestamp::from_millis(i64::MAX),
        attachments: Vec::new(),
        raw: None,
        author: Author::Person,
        bounce: None,
        doubts: Vec::new(),
        mail: MailThread::default(),
        thread: None,
        reply_to: Some(from.into()),
        cc: Vec::new(),
        answers: None,
    }
}

pub fn note(conversation: ConversationId, text: &str) -> CommandBody {
    CommandBody::Note { conversation, message: MessageId(Uuid::now_v7()), text: text.into() }
}

/// A desk's end of the socket, with everything it was told in order.
pub struct Desk {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub welcome: FromServer,
    pub cursor: u64,
    visible_set: String,
}

/// Where a desk has left off.
#[derive(Clone)]
pub struct Left {
    pub workspace: WorkspaceId,
    pub incarnation: Uuid,
    pub cursor: u64,
    pub visible_set: String,
}

impl Desk {
    /// Says hello, from where it `left` off, if it has been there.
    pub async fn connect(addr: SocketAddr, token: &str, left: Option<&Left>) -> Self {
        Self::connect_speaking(addr, token, left, NEWEST).await
    }

    pub async fn connect_speaking(addr: SocketAddr, token: &str, left: Option<&Left>, protocol: u32) -> Self {
        let mut request = format!("ws://{addr}/api/socket").into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let (socket, _) = connect_async(request).await.unwrap();
        let welcome = FromServer::Pong { server_time: Timestamp::from_millis(0) };
        let cursor = left.map_or(0, |l| l.cursor);
        let mut desk = Self { socket, welcome, cursor, visible_set: String::new() };
        desk.say(&FromDesk::Hello {
            protocol,
            oldest: None,
            read_model: String::new(),
            device: DeviceId(Uuid::nil()),
            workspace: left.map(|l| l.workspace),
            incarnation: left.map(|l| l.incarnation),
            cursor,
            visible_set: left.map(|l| l.visible_set.clone()),
        })
        .await;
        desk.welcome = desk.hear().await;
        if let FromServer::Welcome { mode, visible_set, .. } = &desk.welcome {
            desk.visible_set.clone_from(visible_set);
            if *mode == Mode::Afresh {
                desk.cursor = 0;
            }
        }
        desk
    }

    pub fn mode(&self) -> Mode {
        let FromServer::Welcome { mode, .. } = &self.welcome else { panic!("{:?}", self.welcome) };
        *mode
    }

    /// Hangs up without a word.
    pub fn leave(self) -> Left {
        let FromServer::Welcome { workspace, incarnation, .. } = self.welcome else { panic!() };
        Left { workspace, incarnation, cursor: self.cursor, visible_set: self.visible_set }
    }

    /// Says something that is not in this build's protocol.
    pub async fn say_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub async fn say(&mut self, message: &FromDesk) {
        let text = serde_json::to_string(message).unwrap();
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub async fn push(&mut self, command: Command) {
        self.say(&FromDesk::Push(Box::new(Pushed { command, reoffered: false }))).await;
    }

    /// The next message, not answered.
    pub async fn overhear(&mut self) -> FromServer {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(10), self.socket.next()).await;
            match next.expect("the server says nothing").expect("the server hung up").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(_) => panic!("the server closed"),
                _ => {}
            }
        }
    }

    /// The next message; acknowledged and confirmed as a good desk does.
    pub async fn hear(&mut self) -> FromServer {
        let message = self.overhear().await;
        match &message {
            FromServer::Events { from, to, visible_set, .. } => {
                assert_eq!(*from, self.cursor, "a gap");
                self.visible_set = visible_set.clone().unwrap_or_else(|| self.visible_set.clone());
                self.cursor = *to;
                self.say(&FromDesk::Ack { cursor: *to }).await;
            }
            FromServer::Advance { to } => self.cursor = *to,
            FromServer::Grant { directive, more: false, .. } | FromServer::Forget { directive, .. } => {
                self.say(&FromDesk::Confirm { directive: *directive }).await;
            }
            _ => {}
        }
        message
    }

    /// Everything until the desk has come as far as `head`.
    pub async fn hear_to(&mut self, head: u64) -> Vec<FromServer> {
        let mut heard = Vec::new();
        while self.cursor < head {
            heard.push(self.hear().await);
        }
        heard
    }

    pub async fn outcome(&mut self, id: CommandId) -> Outcome {
        loop {
            if let FromServer::Outcome { id: of, outcome } = self.hear().await
                && of == id
            {
                return outcome;
            }
        }
    }
}
