//! Whom the server answers, in-process too, and what it gives out to whom.

use evendesk_domain::command::SystemCommand;
use evendesk_domain::id::{ConversationId, CustomerId, MessageId};
use evendesk_domain::inbound::Attachment;
use evendesk_domain::stream::Actor;
use evendesk_server::writer::Work;
use reqwest::{Client, Method, StatusCode};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use uuid::Uuid;

use crate::office::{Office, inbound, settle};

/// What a socket is answered that is asked for with these headers.
async fn knock(office: &Office, headers: &[(&'static str, String)]) -> u16 {
    let mut request = format!("ws://{}/api/socket", office.running.addr()).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
    }
    match connect_async(request).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_socket_opens_for_who_has_a_token_and_comes_from_no_page_but_ours() {
    let office = Office::open().await;
    let token = ("authorization", format!("Bearer {}", office.sign_in("ada").await.token));
    let own = ("origin", office.running.url());
    for headers in [vec![token.clone()], vec![token.clone(), own]] {
        assert_eq!(knock(&office, &headers).await, 101, "{headers:?}");
    }
    let no_token = [Vec::new(), vec![("authorization", "Bearer guessed".to_owned())]];
    for headers in no_token {
        assert_eq!(knock(&office, &headers).await, 401, "{headers:?}");
    }
    let port = office.running.addr().port();
    for elsewhere in [
        ("origin", "https://evil.example".to_owned()),
        ("origin", "null".to_owned()),
        ("origin", format!("http://localhost.evil.example:{port}")),
        ("host", format!("evil.example:{port}")),
        ("host", format!("192.168.7.7:{port}")),
    ] {
        let headers = [token.clone(), elsewhere];
        assert_eq!(knock(&office, &headers).await, 403, "{headers:?}");
    }
}

#[tokio::test]
async fn no_door_opens_to_a_page_elsewhere_and_those_to_what_is_ours_need_a_token() {
    let office = Office::open().await;
    let token = office.sign_in("sue").await.token;
    let nil = Uuid::nil();
    let ours = [
        (Method::GET, "api/accounts".to_owned()),
        (Method::GET, "api/accounts/aside".to_owned()),
        (Method::GET, format!("api/accounts/aside/{nil}/1/0")),
        (Method::POST, format!("api/accounts/aside/{nil}/1/0")),
        (Method::DELETE, "api/session".to_owned()),
        (Method::POST, "api/password".to_owned()),
        (Method::GET, "api/devices".to_owned()),
        (Method::DELETE, format!("api/devices/{nil}/{nil}")),
        (Method::GET, "api/invitations".to_owned()),
        (Method::POST, "api/invitations".to_owned()),
        (Method::DELETE, format!("api/invitations/{nil}")),
        (Method::GET, "api/socket".to_owned()),
        (Method::GET, format!("api/blob/{nil}/{nil}/00")),
        (Method::GET, "api/snapshot/all/0/0".to_owned()),
        (Method::GET, format!("api/customers/{nil}/elsewhere")),
    ];
    let everyones = [
        (Method::GET, "health".to_owned()),
        (Method::POST, "api/session".to_owned()),
        (Method::POST, "api/join".to_owned()),
        (Method::POST, "api/feedback".to_owned()),
        (Method::POST, "api/feedback/undo".to_owned()),
        (Method::GET, format!("forms/{nil}")),
        (Method::POST, format!("forms/{nil}")),
        (Method::POST, format!("api/forms/{nil}")),
        (Method::POST, format!("hooks/social/{nil}")),
    ];
    let ask = |method: &Method, path: &str| {
        Client::new().request(method.clone(), format!("{}/{path}", office.running.url()))
    };
    for (method, path) in &ours {
        let answer = ask(method, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
    }
    for (method, path) in ours.iter().chain(&everyones) {
        for (header, elsewhere) in [("origin", "https://evil.example"), ("host", "evil.example")] {
            let request = ask(method, path).bearer_auth(&token).header(header, elsewhere);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path} with {header}");
        }
    }
}

#[tokio::test]
async fn browsers_are_told_to_come_encrypted_where_a_proxy_encrypts_and_not_where_nobody_does() {
    let hsts = async |office: &Office| {
        let answer = Client::new().get(format!("{}/health", office.running.url())).send().await.unwrap();
        answer.headers().get("strict-transport-security").map(|v| v.to_str().unwrap().to_owned())
    };
    assert_eq!(hsts(&Office::open().await).await, None);
    let behind = hsts(&Office::open_behind_a_proxy().await).await;
    assert!(behind.is_some_and(|v| v.contains("max-age=")));
}

#[tokio::test]
async fn a_file_is_given_out_through_a_message_that_its_reader_may_see_and_no_other_way() {
    let office = Office::open().await;
    let blob = office.app().blobs.put(b"for Support's eyes".to_vec()).await.unwrap();
    let (conversation, message) = (ConversationId(Uuid::now_v7()), MessageId(Uuid::now_v7()));
    let mut mail = inbound("cid@customer.example", "see the file");
    mail.attachments = vec![Attachment {
        name: "letter.txt".into(),
        media_type: "text/plain".into(),
        bytes: 18,
        blob: blob.clone(),
        inline: false,
    }];
    let customer = CustomerId(Uuid::now_v7());
    let command = SystemCommand::Receive { message, customer, conversation, inbound: Box::new(mail) };
    settle(office.app(), Work::System { commands: vec![command], by: Actor::System }).await;
    let (other, other_message) = office.mail("bo@customer.example", "no file here").await;

    let get = async |login: &str, conversation: ConversationId, message: MessageId| {
        let token = office.sign_in(login).await.token;
        let url = format!("{}/api/blob/{conversation}/{message}/{blob}", office.running.url());
        Client::new().get(url).bearer_auth(token).send().await.unwrap()
    };
    for login in ["ada", "sue"] {
        let given = get(login, conversation, message).await;
        assert_eq!(given.bytes().await.unwrap(), b"for Support's eyes".as_slice());
    }
    assert_eq!(get("bob", conversation, message).await.status(), StatusCode::NOT_FOUND);
    for (conversation, message) in [(other, other_message), (conversation, other_message), (other, message)] {
        assert_eq!(get("ada", conversation, message).await.status(), StatusCode::NOT_FOUND);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_servers_folder_is_closed_to_other_users_and_so_are_the_files_that_say_the_most() {
    use std::os::unix::fs::PermissionsExt as _;
    let office = Office::open().await;
    office.mail("cid@customer.example", "hello").await;
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(office.dir.path()), 0o700);
    for file in ["journal.db", "journal.db-wal", "key", "erasures.jsonl"] {
        assert_eq!(mode(&office.dir.path().join(file)), 0o600, "{file}");
    }
}
