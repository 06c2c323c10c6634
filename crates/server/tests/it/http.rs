//! The few requests outside the socket.

use evendesk_domain::decide::World;
use evendesk_domain::feedback::{FeedbackKind, FeedbackSource, FeedbackStatus};
use evendesk_domain::id::{DeviceId, FeedbackId};
use evendesk_domain::stream::Actor;
use evendesk_domain::time::Timestamp;
use evendesk_protocol::http::{HeardFeedback, Problem, SUBMIT_KEY_HEADER, SignIn, UndoFeedback};
use evendesk_server::auth::HashingError;
use reqwest::{Client, StatusCode};
use uuid::Uuid;

use crate::office::{Office, PASSWORD};

fn sign_in(login: &str, password: &str) -> SignIn {
    SignIn {
        login: login.into(),
        password: password.into(),
        device: DeviceId(Uuid::nil()),
        device_name: String::new(),
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_guessing_is_slowed_down() {
    let office = Office::open().await;
    let url = format!("{}/api/session", office.running.url());
    let attempt =
        |login: &'static str| Client::new().post(&url).json(&sign_in(login, "wrong password")).send();
    for login in ["ada", "nobody"] {
        let answer = attempt(login).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.json::<Problem>().await.unwrap().code, "wrong_password");
    }
    let mut last = StatusCode::OK;
    for _ in 0..8 {
        last = attempt("ada").await.unwrap().status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn who_knows_the_password_may_sign_in_as_often_as_they_like() {
    let office = Office::open().await;
    for _ in 0..12 {
        office.sign_in("ada").await;
    }
}

/// However many strangers come at once: passwords are hashed a few at a time, and only so many may wait.
#[tokio::test]
async fn a_crowd_that_signs_in_is_sent_away_in_words_and_those_who_are_in_work_on() {
    let office = Office::open().await;
    let token = office.sign_in("sue").await.token;
    let url = |path: &str| format!("{}{path}", office.running.url());
    let client = Client::new();
    let attempt = |password: &str| client.post(url("/api/session")).json(&sign_in("ada", password)).send();

    let (end, ended) = std::sync::mpsc::channel::<()>();
    let ended = std::sync::Arc::new(std::sync::Mutex::new(ended));
    let app = office.app();
    let mut crowd = Vec::new();
    let told = loop {
        let (app, ended) = (app.clone(), std::sync::Arc::clone(&ended));
        let slow = move || {
            let _ = ended.lock().unwrap().recv();
        };
        let mut one = Box::pin(async move { app.hashing.run(slow).await });
        match futures_util::poll!(&mut one) {
            std::task::Poll::Ready(refused) => break refused.unwrap_err(),
            std::task::Poll::Pending => crowd.push(one),
        }
    };
    assert!(matches!(told, HashingError::Crowded));
    let refused = attempt(PASSWORD).await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    let problem: Problem = refused.json().await.unwrap();
    assert!(problem.code == "busy" && problem.sentence.contains("try again"), "{problem:?}");
    for _ in 0..20 {
        assert_eq!(attempt("wrong").await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    let devices = client.get(url("/api/devices")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(devices.status(), StatusCode::OK);

    drop(end);
    for one in crowd {
        one.await.unwrap();
    }
    assert_eq!(attempt(PASSWORD).await.unwrap().status(), StatusCode::OK, "nothing is held against her");
}

#[tokio::test]
async fn a_token_is_needed_and_void_after_signing_out() {
    let office = Office::open().await;
    let token = office.sign_in("sue").await.token;
    let url = |path: &str| format!("{}{path}", office.running.url());
    let client = Client::new();
    let accounts = || client.get(url("/api/accounts"));
    assert_eq!(accounts().send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(accounts().bearer_auth(&token).send().await.unwrap().status(), StatusCode::OK);
    let out = client.delete(url("/api/session")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    assert_eq!(accounts().bearer_auth(&token).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_page_elsewhere_cannot_make_a_browser_talk_to_us() {
    let office = Office::open().await;
    let url = format!("{}/health", office.running.url());
    let status = async |name: &'static str, value: &str| {
        Client::new().get(&url).header(name, value).send().await.unwrap().status()
    };
    assert_eq!(status("host", "evil.example").await, StatusCode::FORBIDDEN);
    assert_eq!(status("origin", "https://evil.example").await, StatusCode::FORBIDDEN);
    assert_eq!(status("origin", "null").await, StatusCode::FORBIDDEN);
    assert_eq!(status("origin", &office.running.url()).await, StatusCode::OK);
}

#[tokio::test]
async fn feedback_without_a_name_leaves_none_and_can_be_undone_by_its_secret_alone() {
    let office = Office::open().await;
    let feedback = FeedbackId(Uuid::new_v4());
    let secret = "the reporter's own";
    let heard = HeardFeedback {
        feedback,
        undo_digest: hex::encode(evendesk_server::auth::digest(secret)),
        text: "Rant112 says the hinges squeak".into(),
        kind: FeedbackKind::Unsorted,
        source: FeedbackSource { title: "A blog".into(), address: String::new() },
        heard_at: Timestamp::from_seconds(1_700_000_000),
    };
    let url = |path: &str| format!("{}{path}", office.running.url());
    let client = Client::new();
    let send =
        |key: &str| client.post(url("/api/feedback")).header(SUBMIT_KEY_HEADER, key).json(&heard).send();
    assert_eq!(send("guessed").await.unwrap().status(), StatusCode::FORBIDDEN);
    let key = office.app().workspace.submit_key.clone();
    for _ in 0..2 {
        assert_eq!(send(&key).await.unwrap().status(), StatusCode::CREATED);
    }
    let events = office.app().journal.read_stream(feedback.into()).unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].by, events[0].command), (Actor::Nobody, None));
    for person in [office.ada, office.bob, office.sue] {
        assert!(!events[0].event.to_text().contains(&person.to_string()));
    }

    let undo = |secret: &str| {
        let undo = UndoFeedback { feedback, secret: secret.into() };
        client.post(url("/api/feedback/undo")).header(SUBMIT_KEY_HEADER, &key).json(&undo).send()
    };
    // However often it is tried without the key, there is a try left for who has it.
    let keyless = UndoFeedback { feedback, secret: secret.into() };
    for _ in 0..130 {
        let tried = client.post(url("/api/feedback/undo")).json(&keyless).send().await.unwrap();
        assert_eq!(tried.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(undo("guessed").await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(undo(secret).await.unwrap().status(), StatusCode::NO_CONTENT);
    let case = office.app().readers.get().unwrap().world_kept().feedback(feedback).unwrap().unwrap();
    assert_eq!(case.status, FeedbackStatus::Withdrawn);
}
