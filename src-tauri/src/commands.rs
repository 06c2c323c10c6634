//! The commands that the page may call. Each one only translates; what it does lives elsewhere, most
//! of it in `crates/desk`. All but `take_opening` run off the main thread, since they may wait for a disk;
//! those that ask the server wait elsewhere still ([`Home::ask`]).

use evendesk_desk::view::{Connection, FeedbackTicket, OutgoingItem, Session, Submitted, Unsent};
use evendesk_desk::{ApiError, Code, Wanted};
use evendesk_domain::channel::Channel;
use evendesk_domain::clock::Target;
use evendesk_domain::command::CommandBody;
use evendesk_domain::feedback::{FeedbackKind, FeedbackSource};
use evendesk_domain::id::{
    CommandId, ConversationId, CustomerId, DeviceId, FeedbackId, InvitationId, MessageId, UserId,
};
use evendesk_protocol::http::{DeviceView, InvitationView, Invite, Invited};
use evendesk_replica::{
    Board, BoardState, Counts, CustomerPage, Directory, Elsewhere, Explanation, FeedbackPage, HeldAnswer,
    PersonHit, Place, QueuePage, SearchPage,
};
use tauri::{AppHandle, State};

use crate::Start;
use crate::home::Home;
use crate::keychain::{Keychain, Place as KeychainPlace};
use crate::opening::{OpenCustomer, Openings};
use crate::selection::{self, Captured};

pub(crate) type Answer<T> = Result<T, ApiError>;

/// Rows of a list at most in one answer.
const PAGE_ROWS: usize = 500;

#[tauri::command(async)]
pub fn session(
    home: State<'_, Home>,
    start: State<'_, Start>,
    keychain: State<'_, Keychain>,
) -> Answer<Session> {
    let mut session = home.session()?;
    let place = match keychain.place() {
        KeychainPlace::Keychain => "keychain",
        KeychainPlace::File => "file",
    };
    session.keychain = Some(place.to_owned());
    if session.server.is_empty()
        && let Some(server) = &start.server
    {
        session.server.clone_from(server);
    }
    Ok(session)
}

#[tauri::command(async)]
pub fn connection(home: State<'_, Home>) -> Connection {
    home.desk().connection()
}

/// Tries to reach the server now rather than later.
#[tauri::command(async)]
pub fn reconnect(home: State<'_, Home>) {
    home.desk().reconnect();
}

#[tauri::command(async)]
pub fn directory(home: State<'_, Home>) -> Answer<Directory> {
    Ok(home.desk().directory()?)
}

#[tauri::command(async)]
pub fn counts(home: State<'_, Home>) -> Answer<Counts> {
    Ok(home.desk().counts()?)
}

#[tauri::command(async)]
pub fn queue(home: State<'_, Home>, place: Place, offset: usize, limit: usize) -> Answer<QueuePage> {
    Ok(home.desk().queue(&place, offset, limit.min(PAGE_ROWS))?)
}

#[tauri::command(async)]
pub fn customer(
    home: State<'_, Home>,
    customer: CustomerId,
    before: Option<u64>,
    limit: usize,
) -> Answer<CustomerPage> {
    Ok(home.desk().customer(customer, before, limit.min(PAGE_ROWS))?)
}

#[tauri::command]
pub async fn elsewhere(home: State<'_, Home>, customer: CustomerId) -> Answer<Elsewhere> {
    home.ask(move |desk| desk.elsewhere(customer)).await
}

#[tauri::command(async)]
pub fn find_person(home: State<'_, Home>, text: &str) -> Answer<Vec<PersonHit>> {
    Ok(home.desk().find_person(text)?)
}

#[tauri::command(async)]
pub fn why(home: State<'_, Home>, conversation: ConversationId, target: Target) -> Answer<Explanation> {
    Ok(home.desk().why(conversation, target)?)
}

#[tauri::command(async)]
pub fn search(home: State<'_, Home>, text: &str, offset: usize, limit: usize) -> Answer<SearchPage> {
    Ok(home.desk().search(text, offset, limit.min(PAGE_ROWS))?)
}

#[tauri::command(async)]
pub fn board(home: State<'_, Home>, days: u32) -> Answer<Board> {
    Ok(home.desk().board(days)?)
}

#[tauri::command(async)]
pub fn board_list(home: State<'_, Home>, channel: Option<Channel>, state: BoardState) -> Answer<QueuePage> {
    Ok(home.desk().board_list(channel, state, PAGE_ROWS)?)
}

#[tauri::command(async)]
pub fn feedback(home: State<'_, Home>, offset: usize, limit: usize) -> Answer<FeedbackPage> {
    Ok(home.desk().feedback(offset, limit.min(PAGE_ROWS))?)
}

#[tauri::command(async)]
pub fn outgoing(home: State<'_, Home>) -> Answer<Vec<OutgoingItem>> {
    Ok(home.desk().outgoing()?)
}

/// Answers that wait for a supervisor since the server was restored.
#[tauri::command(async)]
pub fn held_answers(home: State<'_, Home>) -> Answer<Vec<HeldAnswer>> {
    Ok(home.desk().held_answers()?)
}

#[tauri::command(async)]
pub fn unsent(home: State<'_, Home>) -> Answer<Unsent> {
    Ok(home.desk().unsent()?)
}

#[tauri::command(async)]
pub fn draft_get(home: State<'_, Home>, conversation: ConversationId) -> Answer<Option<String>> {
    Ok(home.desk().draft_get(conversation)?)
}

#[tauri::command(async)]
pub fn draft_put(home: State<'_, Home>, conversation: ConversationId, text: &str) -> Answer<()> {
    Ok(home.desk().draft_put(conversation, text)?)
}

/// Fetches a message's file if it is not here yet, and opens it with the desktop's program for it.
#[tauri::command]
pub async fn attachment_open(
    home: State<'_, Home>,
    conversation: ConversationId,
    message: MessageId,
    blob: String,
    name: String,
) -> Answer<()> {
    let wanted = Wanted { conversation, message, blob, name };
    let path = home.ask(move |desk| desk.attachment(wanted)).await?;
    opener::open(&path).map_err(|error| ApiError {
        code: Code::Storage,
        sentence: format!("No program could open it ({error}); it is kept at {}.", path.display()),
    })
}

#[tauri::command(async)]
pub fn submit(home: State<'_, Home>, body: CommandBody) -> Answer<Submitted> {
    Ok(home.desk().submit(body)?)
}

#[tauri::command(async)]
pub fn outgoing_confirm(home: State<'_, Home>, command: CommandId, seen: Option<MessageId>) -> Answer<()> {
    Ok(home.desk().outgoing_confirm(command, seen)?)
}

#[tauri::command(async)]
pub fn outgoing_edit(home: State<'_, Home>, command: CommandId) -> Answer<()> {
    Ok(home.desk().outgoing_edit(command)?)
}

#[tauri::command(async)]
pub fn outgoing_reword(home: State<'_, Home>, command: CommandId, text: String) -> Answer<()> {
    Ok(home.desk().outgoing_reword(command, text)?)
}

#[tauri::command(async)]
pub fn outgoing_undrop(home: State<'_, Home>, command: CommandId) -> Answer<()> {
    Ok(home.desk().outgoing_undrop(command)?)
}

#[tauri::command(async)]
pub fn outgoing_drop(home: State<'_, Home>, command: CommandId) -> Answer<()> {
    Ok(home.desk().outgoing_drop(command)?)
}

#[tauri::command(async)]
pub fn log_feedback(
    home: State<'_, Home>,
    text: String,
    kind: FeedbackKind,
    source_title: String,
    source_address: String,
    sign: bool,
) -> Answer<FeedbackTicket> {
    let source = FeedbackSource { title: source_title, address: source_address };
    Ok(home.desk().log_feedback(text, kind, source, sign)?)
}

#[tauri::command]
pub async fn undo_feedback(home: State<'_, Home>, id: FeedbackId) -> Answer<()> {
    home.ask(move |desk| desk.undo_feedback(id)).await
}

#[tauri::command(async)]
pub fn start_local(home: State<'_, Home>, name: &str) -> Answer<()> {
    home.start_local(name)
}

#[tauri::command(async)]
pub fn join(
    home: State<'_, Home>,
    keychain: State<'_, Keychain>,
    server: &str,
    code: Option<String>,
    login: &str,
    password: &str,
) -> Answer<()> {
    home.join(&keychain, server, code.as_deref(), login, password)
}

#[tauri::command]
pub async fn devices(home: State<'_, Home>) -> Answer<Vec<DeviceView>> {
    home.ask(move |desk| desk.devices()).await
}

#[tauri::command]
pub async fn device_revoke(home: State<'_, Home>, user: UserId, device: DeviceId) -> Answer<()> {
    home.ask(move |desk| desk.revoke_device(user, device)).await
}

#[tauri::command]
pub async fn invitations(home: State<'_, Home>) -> Answer<Vec<InvitationView>> {
    home.ask(move |desk| desk.invitations()).await
}

#[tauri::command]
pub async fn invite(home: State<'_, Home>, invite: Invite) -> Answer<Invited> {
    home.ask(move |desk| desk.invite(invite)).await
}

#[tauri::command]
pub async fn invitation_withdraw(home: State<'_, Home>, invitation: InvitationId) -> Answer<()> {
    home.ask(move |desk| desk.withdraw_invitation(invitation)).await
}

#[tauri::command]
pub async fn password_change(home: State<'_, Home>, old: String, new: String) -> Answer<()> {
    home.ask(move |desk| desk.new_password(&old, &new)).await
}

#[tauri::command(async)]
pub fn look_around(app: AppHandle, home: State<'_, Home>) -> Answer<()> {
    home.look_around(&app)
}

#[tauri::command(async)]
pub fn sign_out(app: AppHandle, home: State<'_, Home>, keychain: State<'_, Keychain>) -> Answer<()> {
    home.sign_out(&app, &keychain)
}

#[tauri::command(async)]
pub fn set_conversation_view(
    home: State<'_, Home>,
    conversation: Option<ConversationId>,
    writing: bool,
) -> Answer<()> {
    Ok(home.desk().set_conversation_view(conversation, writing)?)
}

/// What is marked or copied on this screen.
#[tauri::command(async)]
pub fn read_selection() -> Option<Captured> {
    selection::read()
}

/// Says that the page is there and hears events, and takes what it was asked to open before.
#[tauri::command]
pub fn take_opening(openings: State<'_, Openings>) -> Option<OpenCustomer> {
    openings.take()
}
