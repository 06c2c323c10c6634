//! Who comes in, who goes, and on which devices they are.

use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World;
use evendesk_domain::id::{DeviceId, UserId};
use evendesk_domain::settings::Role;
use evendesk_domain::stream::Actor;
use evendesk_protocol::http::{
    DeviceView, InvitationView, Invite, Invited, Join, NewPassword, Problem, SignIn, SignedIn,
};
use evendesk_protocol::{FromServer, Outcome};
use evendesk_server::{Options, Server, StartError};
use reqwest::{Client, Method, Response, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use crate::office::{Desk, Office, PASSWORD, operate, user};

async fn ask(office: &Office, token: &str, method: Method, path: &str, body: &impl Serialize) -> Response {
    let url = format!("{}/api/{path}", office.running.url());
    Client::new().request(method, url).bearer_auth(token).json(body).send().await.unwrap()
}

/// Someone who may change people.
async fn admin(office: &Office) -> SignedIn {
    let id = UserId(Uuid::now_v7());
    operate(office.app(), user(id, "admin", Role::Admin, vec![office.support])).await;
    office.app().journal.set_password(id, &evendesk_server::auth::hash(PASSWORD).unwrap()).unwrap();
    office.sign_in("admin").await
}

fn newcomer(office: &Office) -> Invite {
    Invite::NewPerson { name: "Cleo".into(), role: Role::Agent, teams: vec![office.support] }
}

async fn invite(office: &Office, token: &str, invite: &Invite) -> Invited {
    let answer = ask(office, token, Method::POST, "invitations", invite).await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

async fn join(office: &Office, code: &str, login: &str) -> Response {
    let join = Join {
        code: code.into(),
        login: login.into(),
        password: PASSWORD.into(),
        device: DeviceId(Uuid::now_v7()),
        device_name: "a laptop".into(),
    };
    Client::new().post(format!("{}/api/join", office.running.url())).json(&join).send().await.unwrap()
}

async fn problem(answer: Response) -> (u16, String) {
    (answer.status().as_u16(), answer.json::<Problem>().await.unwrap().code)
}

#[tokio::test]
async fn an_invitation_lets_one_person_in_once_as_the_inviters_doing() {
    let office = Office::open().await;
    let admin = admin(&office).await;
    let invited = invite(&office, &admin.token, &newcomer(&office)).await;
    assert_eq!(invited.invitation.by, Some(admin.agent.user));

    let taken = join(&office, &invited.code, "ada").await;
    assert_eq!(problem(taken).await, (422, "invalid".into()), "the login is somebody else's");
    let short = Join {
        code: invited.code.clone(),
        login: "cleo".into(),
        password: "short".into(),
        device: DeviceId(Uuid::nil()),
        device_name: String::new(),
    };
    let short = Client::new().post(format!("{}/api/join", office.running.url())).json(&short).send().await;
    assert_eq!(problem(short.unwrap()).await.0, 422);

    let (first, second) =
        tokio::join!(join(&office, &invited.code, "cleo"), join(&office, &invited.code, "leo"));
    let let_in = [first.status(), second.status()];
    assert!(let_in.contains(&StatusCode::OK) && let_in.contains(&StatusCode::NOT_FOUND), "{let_in:?}");
    let winner = if first.status() == StatusCode::OK { first } else { second };
    let cleo: SignedIn = winner.json().await.unwrap();
    assert_eq!((cleo.agent.name.as_str(), &cleo.agent.teams), ("Cleo", &vec![office.support]));
    Desk::connect(office.running.addr(), &cleo.token, None).await;

    let made = office.app().journal.read_stream(cleo.agent.user.into()).unwrap();
    assert_eq!(made.iter().map(|e| e.by).collect::<Vec<_>>(), [Actor::User(admin.agent.user)]);
    let journal = std::fs::read(office.dir.path().join("journal.db")).unwrap();
    let log = std::fs::read(office.dir.path().join("journal.db-wal")).unwrap_or_default();
    let plain = invited.code.replace('-', "");
    for secret in [invited.code.as_str(), &plain, PASSWORD, &cleo.token] {
        let kept = |bytes: &[u8]| bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
        assert!(!kept(&journal) && !kept(&log), "a secret is kept in the clear");
    }
}

#[tokio::test]
async fn an_invitation_that_was_withdrawn_or_whose_inviter_lost_the_right_lets_nobody_in() {
    let office = Office::open().await;
    let admin = admin(&office).await;
    let withdrawn = invite(&office, &admin.token, &newcomer(&office)).await;
    let id = withdrawn.invitation.id;
    let path = format!("invitations/{id}");
    assert_eq!(ask(&office, &admin.token, Method::DELETE, &path, &()).await.status(), StatusCode::NO_CONTENT);
    let again = ask(&office, &admin.token, Method::DELETE, &path, &()).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    assert_eq!(problem(join(&office, &withdrawn.code, "cleo").await).await, (404, "no_invitation".into()));

    let open = invite(&office, &admin.token, &newcomer(&office)).await;
    let listed = ask(&office, &admin.token, Method::GET, "invitations", &()).await;
    assert_eq!(listed.json::<Vec<InvitationView>>().await.unwrap(), [open.invitation]);
    operate(office.app(), user(office.sue, "sue", Role::Admin, Vec::new())).await;
    operate(office.app(), user(admin.agent.user, "admin", Role::Agent, Vec::new())).await;
    assert_eq!(join(&office, &open.code, "cleo").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn guessing_codes_is_slowed_down() {
    let office = Office::open().await;
    let mut last = StatusCode::OK;
    for _ in 0..9 {
        last = join(&office, "7777-7777-7777-7777-7777", "mallory").await.status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn only_an_admin_invites_and_sees_others_devices() {
    let office = Office::open().await;
    let (ada, sue) = (office.sign_in("ada").await, office.sign_in("sue").await);
    for token in [&ada.token, &sue.token] {
        let refused = ask(&office, token, Method::POST, "invitations", &newcomer(&office)).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert_eq!(
            ask(&office, token, Method::GET, "invitations", &()).await.status(),
            StatusCode::FORBIDDEN
        );
        let theirs: Vec<DeviceView> =
            ask(&office, token, Method::GET, "devices", &()).await.json().await.unwrap();
        assert_eq!(theirs.len(), 1);
        assert!(theirs[0].this);
    }
    let bobs = office.sign_in("bob").await;
    let device = office.app().journal.sessions(Some(bobs.agent.user), office.app().clock.now()).unwrap();
    let path = format!("devices/{}/{}", bobs.agent.user, device[0].device);
    assert_eq!(ask(&office, &sue.token, Method::DELETE, &path, &()).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_device_that_is_revoked_is_out_at_once_and_told_why() {
    let office = Office::open().await;
    let admin = admin(&office).await;
    let ada = office.sign_in("ada").await;
    let mut desk = Desk::connect(office.running.addr(), &ada.token, None).await;
    desk.hear_to(office.app().journal.head().unwrap()).await;

    let all: Vec<DeviceView> =
        ask(&office, &admin.token, Method::GET, "devices", &()).await.json().await.unwrap();
    let adas = all.iter().find(|d| d.user == office.ada).unwrap();
    assert_eq!((adas.name.as_str(), adas.this), ("ada's desk", false));
    let path = format!("devices/{}/{}", adas.user, adas.device);
    assert_eq!(ask(&office, &admin.token, Method::DELETE, &path, &()).await.status(), StatusCode::NO_CONTENT);

    let said = desk.hear().await;
    assert!(matches!(&said, FromServer::Bye { retry_after_s: 0, .. }), "{said:?}");
    let answer = ask(&office, &ada.token, Method::GET, "devices", &()).await;
    assert_eq!(problem(answer).await, (401, "revoked".into()));
    office.sign_in("ada").await;
}

#[tokio::test]
async fn who_is_deactivated_is_out_and_their_old_token_stays_dead_when_they_come_back() {
    let office = Office::open().await;
    let (conversation, _) = office.mail("cid@customer.example", "hello").await;
    let assign = CommandBody::Assign { conversation, assignee: Some(office.ada) };
    assert!(matches!(office.command(office.ada, assign).await, Outcome::Accepted { .. }));
    let ada = office.sign_in("ada").await;
    let mut desk = Desk::connect(office.running.addr(), &ada.token, None).await;
    desk.hear_to(office.app().journal.head().unwrap()).await;

    operate(office.app(), CommandBody::DeactivateUser { id: office.ada }).await;
    loop {
        if let FromServer::Bye { .. } = desk.hear().await {
            break;
        }
    }
    let answer = ask(&office, &ada.token, Method::GET, "devices", &()).await;
    assert_eq!(problem(answer).await, (401, "deactivated".into()));
    let sign_in = SignIn {
        login: "ada".into(),
        password: PASSWORD.into(),
        device: DeviceId(Uuid::nil()),
        device_name: String::new(),
    };
    let url = format!("{}/api/session", office.running.url());
    let answer = Client::new().post(&url).json(&sign_in).send().await.unwrap();
    assert_eq!(problem(answer).await, (401, "deactivated".into()));
    let free = office.app().readers.get().unwrap().world_kept().conversation(conversation).unwrap();
    assert_eq!(free.unwrap().assignee, None, "nobody is left waiting for her");

    operate(office.app(), CommandBody::ReactivateUser { id: office.ada }).await;
    let answer = ask(&office, &ada.token, Method::GET, "devices", &()).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    office.sign_in("ada").await;
}

#[tokio::test]
async fn a_new_password_signs_ones_other_devices_out_and_needs_the_old_one() {
    let office = Office::open().await;
    let (here, there) = (office.sign_in("ada").await, office.sign_in("ada").await);
    let change = |old: &str| NewPassword { old: old.into(), new: "better horse battery".into() };
    let wrong = ask(&office, &here.token, Method::POST, "password", &change("wrong")).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let done = ask(&office, &here.token, Method::POST, "password", &change(PASSWORD)).await;
    assert_eq!(done.status(), StatusCode::NO_CONTENT);
    assert_eq!(ask(&office, &here.token, Method::GET, "devices", &()).await.status(), StatusCode::OK);
    let answer = ask(&office, &there.token, Method::GET, "devices", &()).await;
    assert_eq!(problem(answer).await, (401, "new_password".into()));
}

#[tokio::test]
async fn a_code_for_somebody_who_is_here_gives_them_a_new_password_and_changes_nothing_else() {
    let office = Office::open().await;
    let admin = admin(&office).await;
    let old = office.sign_in("ada").await;
    let again = Invite::Again { user: office.ada };
    let first = invite(&office, &admin.token, &again).await;
    let second = invite(&office, &admin.token, &again).await;
    assert_eq!(join(&office, &first.code, "ada").await.status(), StatusCode::NOT_FOUND, "a newer one is out");
    let back: SignedIn = join(&office, &second.code, "ada").await.json().await.unwrap();
    assert_eq!(back.agent, old.agent);
    let answer = ask(&office, &old.token, Method::GET, "devices", &()).await;
    assert_eq!(problem(answer).await, (401, "new_password".into()));
}

#[tokio::test]
async fn the_last_admin_stays_and_nobody_else_makes_admins() {
    let office = Office::open().await;
    let admin = admin(&office).await.agent.user;
    for body in
        [user(admin, "admin", Role::Supervisor, Vec::new()), CommandBody::DeactivateUser { id: admin }]
    {
        let answer = office.command(admin, body).await;
        assert!(
            matches!(&answer, Outcome::Refused { sentence, .. } if sentence.contains("last admin")),
            "{answer:?}"
        );
    }
    for body in [
        user(office.sue, "sue", Role::Admin, Vec::new()),
        user(office.ada, "ada", Role::Admin, Vec::new()),
        CommandBody::DeactivateUser { id: admin },
    ] {
        assert!(matches!(office.command(office.sue, body).await, Outcome::Refused { .. }));
    }
    let promote = user(office.sue, "sue", Role::Admin, Vec::new());
    assert!(matches!(office.command(admin, promote).await, Outcome::Accepted { .. }));
    let leave = CommandBody::DeactivateUser { id: admin };
    assert!(matches!(office.command(admin, leave).await, Outcome::Accepted { .. }));
}

#[tokio::test]
async fn a_server_does_not_listen_in_plain_text_where_others_could_read_along() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = Options::new(dir.path());
    options.bind = "0.0.0.0:0".parse().unwrap();
    let refused = Server::start(options.clone()).await.err().unwrap();
    assert!(matches!(refused, StartError::Plain(_)) && refused.to_string().contains("--tls-cert"));
    options.behind_proxy = true;
    Server::start(options).await.unwrap().stop().await;
}
