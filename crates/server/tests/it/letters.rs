//! Mails as they are laid out, and the pictures that they have elsewhere: for who may see them, and never from inside.

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::get;
use evendesk_domain::command::SystemCommand;
use evendesk_domain::id::{ConversationId, CustomerId, MessageId};
use evendesk_domain::stream::Actor;
use evendesk_protocol::http::Letter;
use evendesk_server::writer::Work;
use reqwest::{Response, StatusCode};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::office::{Office, inbound, settle};

/// Takes a mail in, raw and all, and says where its letter is.
async fn take_in(office: &Office, raw: &str) -> String {
    let mut mail = inbound("ada@x.example", "Hello");
    mail.raw = Some(office.app().blobs.put(raw.as_bytes().to_vec()).await.unwrap());
    let (conversation, message) = (ConversationId(Uuid::now_v7()), MessageId(Uuid::now_v7()));
    let customer = CustomerId(Uuid::now_v7());
    let command = SystemCommand::Receive { message, customer, conversation, inbound: Box::new(mail) };
    settle(office.app(), Work::System { commands: vec![command], by: Actor::System }).await;
    format!("{}/api/letter/{conversation}/{message}", office.running.url())
}

async fn ask(office: &Office, login: &str, url: &str) -> Response {
    let token = office.sign_in(login).await.token;
    reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap()
}

fn mail(html: &str) -> String {
    format!(
        "From: Ada <ada@x.example>\r\nSubject: Hello\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n"
    )
}

/// Somewhere else, where pictures are: what each request had to say is told.
async fn elsewhere() -> (String, mpsc::UnboundedReceiver<HeaderMap>) {
    let (tell, told) = mpsc::unbounded_channel();
    let picture = move |headers: HeaderMap| async move {
        let _ = tell.send(headers);
        "a picture"
    };
    let moved = || async { (StatusCode::FOUND, [(header::LOCATION, "/a.png")]) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let pages = Router::new().route("/a.png", get(picture)).route("/moved.png", get(moved));
    tokio::spawn(async move { axum::serve(listener, pages).await });
    (address, told)
}

#[tokio::test]
async fn a_letter_is_cleaned_on_reading_and_only_for_who_may_see_its_message() {
    let office = Office::open().await;
    let url =
        take_in(&office, &mail("<h1>Hello</h1><script>x()</script><img src=https://a.example/b.png>")).await;
    let letter: Letter = ask(&office, "ada", &url).await.json().await.unwrap();
    assert_eq!(letter.html.as_deref().map(str::trim), Some("<h1>Hello</h1><img data-remote=\"0\">"));
    assert_eq!((letter.pictures, letter.picture_hosts), (1, vec!["a.example".to_owned()]));
    for (login, status) in [("bob", StatusCode::NOT_FOUND), ("sue", StatusCode::OK)] {
        assert_eq!(ask(&office, login, &url).await.status(), status, "{login}");
    }
    let anybody = reqwest::get(&url).await.unwrap();
    assert_eq!(anybody.status(), StatusCode::UNAUTHORIZED);
    let plain = "From: ada@x.example\r\nSubject: Hello\r\n\r\nHello\r\n";
    let letter: Letter = ask(&office, "ada", &take_in(&office, plain).await).await.json().await.unwrap();
    assert_eq!(letter, Letter::default());
}

#[tokio::test]
async fn a_picture_elsewhere_is_fetched_without_a_word_of_who_asks_and_never_from_inside() {
    let (address, mut told) = elsewhere().await;
    let html =
        mail(&format!("<img src={address}/a.png><img src={address}/moved.png><img src={address}/none.png>"));
    let office = Office::open().await;
    let url = take_in(&office, &html).await;
    assert_eq!(ask(&office, "ada", &format!("{url}/0")).await.status(), StatusCode::NOT_FOUND);
    assert!(told.try_recv().is_err(), "this machine is inside");
    drop(office);

    let office = Office::open_to_private_webhooks().await;
    let url = take_in(&office, &html).await;
    for (place, status) in
        [(0, StatusCode::OK), (1, StatusCode::OK), (2, StatusCode::NOT_FOUND), (3, StatusCode::NOT_FOUND)]
    {
        let answer = ask(&office, "ada", &format!("{url}/{place}")).await;
        assert_eq!(answer.status(), status, "{place}");
        if status == StatusCode::OK {
            assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/octet-stream");
            assert_eq!(answer.text().await.unwrap(), "a picture");
            let said = told.try_recv().unwrap();
            assert!(
                said.get(header::COOKIE)
                    .or(said.get(header::REFERER))
                    .or(said.get(header::AUTHORIZATION))
                    .is_none()
            );
        }
    }
    assert_eq!(ask(&office, "bob", &format!("{url}/0")).await.status(), StatusCode::NOT_FOUND);
}
